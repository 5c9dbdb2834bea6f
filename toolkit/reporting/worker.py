"""One report, made in the process that was started for it."""

from __future__ import annotations

import errno
import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, ToolkitError

__all__ = ["Job", "Outcome", "make_report"]

FAILURE_FILE = "traceback.txt"
DONE = ("made", "withheld")


@dataclass(frozen=True)
class Job:
    """What one worker is to make.

    Parameters
    ----------
    study, data
        As the notebook is given them: absolute paths.
    kept, part
        The study as the batch has read it, and this organisation's answers (`toolkit.reporting.prepared`).
    notebook
        The report's, or the one where no audience may be shown.
    withheld
        Whether it is the latter.
    final, folder
        Where the report will stand, and where it is made.
    formats
        What it is written as.
    hashed
        Its input hash.
    seconds, memory
        Limits: of the whole job, and of bytes its notebook may take.
    given
        Parameters of a notebook of somebody's own (`toolkit.reporting.run`); None for a report.
    synthetic
        Whether such a notebook's page says that its answers are synthetic.
    """

    study: str
    data: str | None
    organisation: str
    wave: str
    notebook: str
    kept: str
    part: str
    final: str = ""
    folder: str = ""
    formats: tuple[str, ...] = ("html",)
    hashed: str = ""
    seconds: float | None = None
    memory: int | None = None
    given: Mapping[str, Any] | None = None
    synthetic: bool = False
    withheld: bool = False

    @property
    def parameters(self) -> dict[str, object]:
        """What the notebook is given."""
        return {
            "study": self.study,
            "organisation": self.organisation,
            "wave": self.wave,
            "data": self.data,
            "output": self.folder,
        }

    @property
    def shown_parameters(self) -> dict[str, object]:
        """The same without paths of the machine, for the delivered notebook and the manifest."""
        return {
            "study": Path(self.study).name,
            "organisation": self.organisation,
            "wave": self.wave,
            "data": Path(self.data).name if self.data else None,
            "output": None,
        }

    @property
    def environment(self) -> dict[str, str]:
        """What tells the processes of this job which part of which study is theirs."""
        from toolkit.reporting.prepared import environment_of

        return environment_of(study=self.study, data=self.data, kept=self.kept, part=self.part)


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `status` "made", "withheld", "failed" or "stopped", and a sentence for the index.

    `passing`: another try may well succeed.
    """

    status: str
    sentence: str = ""
    traceback: str = ""
    warnings: tuple[str, ...] = ()
    passing: bool = False
    seconds: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)


def make_report(job: Job) -> Outcome:
    """Execute one organisation's notebook and write its documents, notebook, results and manifest.

    Whatever goes wrong becomes an Outcome: one report must not take the others with it.
    """
    from toolkit.reporting.execute import CellError

    try:
        if job.given is not None:
            from toolkit.reporting.run import make_own

            return make_own(job)
        return _make(job)
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
    except Exception as fault:  # noqa: BLE001 - the last line of defence of the batch; nothing is swallowed
        return Outcome("failed", f"{type(fault).__name__}: {fault}", traceback.format_exc())


def _make(job: Job) -> Outcome:
    from toolkit.reporting.documents import document_of, without_blocks, write_documents
    from toolkit.reporting.documents.brand import cover_of, templates_of
    from toolkit.reporting.execute import Limits, clean, execute, read_notebook
    from toolkit.reporting.manifest import MANIFEST, as_json, build_manifest
    from toolkit.reporting.prepared import input_hashes, prepared_study

    study = prepared_study(job.study, job.data, told=job.environment)
    if study is None:
        raise ToolkitError("the job's part of the study is not where the batch has put it")
    kind = "withheld" if job.withheld else "made"
    template, folder = Path(job.notebook), Path(job.folder)
    delivered = folder / "report.ipynb"
    limits = Limits(whole=job.seconds, memory=job.memory)
    execute(template, delivered, job.parameters, limits=limits, environment=job.environment)
    notebook, warnings = clean(read_notebook(delivered), job.shown_parameters)
    cover = cover_of(study, job.organisation, job.wave)
    document = document_of(notebook, cover, templates=templates_of(study))
    text = json.dumps(without_blocks(notebook), indent=1, ensure_ascii=False)
    delivered.write_text(text + "\n", encoding="utf-8")
    write_documents(document, folder, job.formats)
    manifest = build_manifest(
        study,
        folder,
        organisation=job.organisation,
        wave=job.wave,
        status=kind,
        notebook=template,
        parameters=job.shown_parameters,
        hashed=job.hashed,
        known=input_hashes(job.kept),
    )
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")
    return Outcome(kind, warnings=tuple(warnings), outputs=manifest["outputs"])
