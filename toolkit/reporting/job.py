"""Jobs: the description of one report to build, how it is built, and its outcome."""

from __future__ import annotations

import errno
import importlib
import json
import platform
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit.disclosure.ledger import TABLES
from toolkit.errors import DisclosureError, InvalidInput, ToolkitError
from toolkit.reporting.options import RunOptions
from toolkit.reporting.parts import ENVIRONMENT, PATHS, input_hashes, part_of

REPORT, NOTICE, ALL, OWN = "report", "notice", "all", "own"
DONE = ("made", "withheld")
FAILED = "_failed"
FAILURE_NOTE, FAILURE_FILE = "why.txt", "traceback.txt"


@dataclass(frozen=True)
class Job:
    """Description of one report to build.

    Parameters
    ----------
    name
        The organisation, or the value of the parameter that varies.
    notebook
        Its path.
    parameters
        Of the notebook, without `output`.
    options
        Of the run.
    kind
        "report", "notice" (of an organisation where no audience may be shown), "all" (of all organisations
        together), or "own" for a custom notebook.
    final, folder
        Where the finished report will be, and where it is built.
    study, part
        The pickled study as the run has read it, and this organisation's own answers; "" for none.
    key
        Its cache key.
    modules
        Modules that register the formats it is written in: a worker imports them first.
    earlier, lost, notes
        Folders with the numbers of earlier releases, those that cannot be found, and those not covered.
    synthetic
        Whether the page of a custom notebook states that its answers are synthetic.
    """

    name: str
    notebook: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: RunOptions = field(default_factory=RunOptions)
    kind: str = REPORT
    final: str = ""
    folder: str = ""
    study: str = ""
    part: str = ""
    key: str = ""
    modules: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    @property
    def shown_parameters(self) -> dict[str, object]:
        """The parameters without local paths, for the delivered notebook and the manifest.

        In a report not even the names of files and folders are kept: they may name another client.
        """
        own = self.kind == OWN
        shown = {
            name: (Path(value).name if own else PATHS[name])
            if name in PATHS and isinstance(value, str)
            else value
            for name, value in self.parameters.items()
        }
        return shown if own else {**shown, "output": None}

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables by which a process of this job finds its part of the study."""
        if not self.part:
            return {}
        given = {name: self.parameters.get(name) or None for name in PATHS}
        return {ENVIRONMENT: json.dumps({**given, "pickled": self.study, "part": self.part})}


@dataclass(frozen=True)
class Outcome:
    """Outcome of a job.

    Parameters
    ----------
    status
        "made", "withheld", "failed" or "stopped".
    sentence
        Why, for the index.
    passing
        Whether another try may well succeed.
    outputs
        File → hash.
    certificate
        What an audit of the report found, as JSON; "" where there was none.
    tables
        Numbers that a release reveals, which the next audit counts as known.
    """

    status: str
    sentence: str = ""
    traceback: str = ""
    warnings: tuple[str, ...] = ()
    passing: bool = False
    seconds: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)
    certificate: str = ""
    tables: bytes = b""


def build(job: Job) -> Outcome:
    """Execute a job's notebook and write its documents, notebook and manifest into its folder.

    Whatever goes wrong becomes an Outcome: one report must not take the others with it.
    """
    from toolkit.reporting.notebook import CellError

    try:
        return _build(job)
    except CellError as fault:
        return Outcome("failed", str(fault), fault.traceback, passing=fault.passing)
    except InvalidInput as fault:
        sentence = f"{fault.source}: {'; and '.join(map(str, fault.problems[:3]))}"
        more = f" (+{len(fault.problems) - 3} more)" if len(fault.problems) > 3 else ""
        return Outcome("failed", sentence + more, str(fault))
    except ToolkitError as fault:
        return Outcome("failed", str(fault).partition("\n")[0], str(fault))
    except OSError as fault:
        passing = fault.errno in (errno.EAGAIN, errno.ENOMEM, errno.EINTR, errno.ESTALE)
        sentence = f"a file could not be written or read: {fault.strerror}"
        return Outcome("failed", sentence, traceback.format_exc(), passing=passing)
    except MemoryError:
        return Outcome("failed", "there was not enough memory", traceback.format_exc())
    except Exception as fault:  # noqa: BLE001 - the last line of defence of the run; nothing is swallowed
        return Outcome("failed", f"{type(fault).__name__}: {fault}", traceback.format_exc())


def _build(job: Job) -> Outcome:
    from toolkit.reporting.manifest import MANIFEST, as_json
    from toolkit.reporting.notebook import Limits, clean, execute, read_notebook, taken

    path, folder = Path(job.notebook), Path(job.folder)
    given = dict(job.parameters)
    if job.kind != OWN or "output" in taken(path):
        given["output"] = str(folder)
    limits = Limits(whole=job.options.seconds, memory=job.options.memory)
    delivered = folder / "report.ipynb"
    execute(path, delivered, given, limits=limits, environment=job.environment)
    notebook, warnings = clean(read_notebook(delivered), job.shown_parameters)
    manifest = (_write_page if job.kind == OWN else _write_report)(job, notebook, delivered)
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")
    released = job.options.release and job.kind == REPORT
    certificate = _audited(job, folder) if released and job.options.audit else ""
    return Outcome(
        manifest["status"],
        warnings=tuple(warnings),
        outputs=manifest["outputs"],
        certificate=certificate,
        tables=(folder / TABLES).read_bytes() if released and TABLES in manifest["outputs"] else b"",
    )


def _audited(job: Job, folder: Path) -> str:
    """Audit a release before it is in its place.

    Raises
    ------
    DisclosureError
        It gives something away, or that could not be decided in time.
    """
    from toolkit.disclosure.auditor import audit_release

    study = part_of(job.study, job.part)
    found = audit_release(
        folder, study=study, earlier=job.earlier, lost=job.lost, notes=job.notes, recorded=True
    )
    if not found.passed:
        first = [f"{one.where}: {one.what}" for one in found.breaches] + list(found.unfinished)
        counts = f"{len(found.breaches)} breaches, {len(found.unfinished)} not decided in time"
        raise DisclosureError(f"the audit refuses it: {counts}; first {first[0]}\n{found.to_markdown()}")
    return found.to_json()


def _write_report(job: Job, notebook: dict[str, Any], delivered: Path) -> dict[str, Any]:
    """Write an organisation's documents and return the manifest."""
    from toolkit.reporting.documents import Section, document_of, without_blocks, write_documents
    from toolkit.reporting.documents.brand import cover_of, templates_of
    from toolkit.reporting.manifest import build_manifest
    from toolkit.reporting.report import open_report

    for module in job.modules:
        importlib.import_module(module)
    study = part_of(job.study, job.part)
    cover = cover_of(study, job.name, job.parameters["wave"], draft=not job.options.release)
    document = document_of(notebook, cover, templates=templates_of(study))
    _write_notebook(without_blocks(notebook), delivered)
    write_documents(document, delivered.parent, job.options.formats)
    if job.options.groups and job.kind == REPORT:
        from toolkit.reporting.sections.cuts import write_group_pages

        report = open_report(study, job.name, job.parameters["wave"])
        write_group_pages(report, replace(document, opening=Section("")), delivered.parent, job.options)
    return build_manifest(
        study,
        delivered.parent,
        organisation=job.name,
        wave=job.parameters["wave"],
        status="withheld" if job.kind == NOTICE else "made",
        notebook=Path(job.notebook),
        parameters=job.shown_parameters,
        hashed=job.key,
        known=input_hashes(job.study),
        draft=not job.options.release,
    )


def _write_page(job: Job, notebook: dict[str, Any], delivered: Path) -> dict[str, Any]:
    """Write the page of a user's notebook and return the manifest."""
    from toolkit.reporting.documents.model import Cover
    from toolkit.reporting.html import render_html
    from toolkit.reporting.manifest import output_hashes, package_versions, sha256_of

    path, wave = Path(job.notebook), str(job.parameters.get("wave") or "")
    _write_notebook(notebook, delivered)
    cover = Cover(title=path.stem, subject=job.name, wave=wave, synthetic=job.synthetic)
    (delivered.parent / "report.html").write_text(render_html(notebook, cover), encoding="utf-8")
    return {
        "notebook": {"name": path.name, "sha256": sha256_of(path)},
        "parameters": job.shown_parameters,
        "status": "made",
        "input": job.key,
        "outputs": output_hashes(delivered.parent),
        "python": platform.python_version(),
        "packages": package_versions(),
    }


def _write_notebook(notebook: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
