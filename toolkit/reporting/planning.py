"""Before anything is made: which reports, from what, and which of them stand already."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.reporting.asked import Tried, check_asked
from toolkit.reporting.choosing import chosen_organisations, chosen_wave, notebook_path, opened, report_folder
from toolkit.reporting.inputs import Inputs, keep_key, kept_key, sealed, stands, study_inputs
from toolkit.reporting.standing import check_kept, refuse_foreign
from toolkit.reporting.validation import check_names, check_study
from toolkit.reporting.worker import Job

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["Plan", "Wanted", "plan"]

REPORT_NOTEBOOK = "organisation_report.ipynb"
NOTICE_NOTEBOOK = "withheld_notice.ipynb"
INDEX = "index.html"

_HELPFUL = {
    "matplotlib": "matplotlib.pyplot",
    "pingouin": "pingouin",
    "scipy": "scipy.stats",
    "seaborn": "seaborn",
    "statsmodels": "statsmodels.api",
    "toolkit": "toolkit.analysis",
}
"""What notebooks import that may be imported before a fork, and the part of it worth importing."""


@dataclass(frozen=True)
class Wanted:
    """What a run was asked for; see `toolkit.reporting.run_reports`."""

    organisations: tuple[str, ...] | None = None
    wave: str | None = None
    out: str | Path = "reports"
    notebook: str | Path | None = None
    data: str | Path | None = None
    formats: tuple[str, ...] = ("html",)
    force: bool = False
    seconds: float | None = None
    memory: int | None = None
    workers: int | None = None
    sealed: bool = False
    """Whether the seals alone are here, each of a report found whole (`toolkit.reporting.destinations`)."""


@dataclass(frozen=True)
class Plan:
    """One run, before anything is made.

    Parameters
    ----------
    chosen
        The organisations, in the order of the table.
    unchanged
        Those whose report stands and would come out the same.
    read
        Rows read, kept and set aside in this wave.
    parts, hashes
        Organisation → its stored answers and its input hash. No parts where no file has changed since the run
        that made all.
    names
        Organisation → the name under which it is reported.
    withheld
        Those of which the policy lets no audience be shown.
    """

    study: Study
    wave: str
    folder: Path
    chosen: tuple[str, ...]
    unchanged: frozenset[str]
    notebooks: tuple[Path, Path]
    inputs: Inputs
    read: dict[str, int]
    parts: dict[str, Path]
    hashes: dict[str, str]
    names: dict[str, str]
    withheld: frozenset[str] = frozenset()

    @property
    def to_make(self) -> list[str]:
        """The organisations whose report is to be made."""
        return [one for one in self.chosen if one not in self.unchanged]

    def jobs(self, wanted: Wanted, kept: str) -> Iterator[Job]:
        """What is to be made."""
        for one in self.to_make:
            yield Job(
                study=str(Path(self.study.path).resolve()),
                data=str(Path(wanted.data).resolve()) if wanted.data else None,
                organisation=one,
                wave=self.wave,
                notebook=str(self.notebooks[one in self.withheld]),
                withheld=one in self.withheld,
                kept=kept,
                part=str(self.parts[one]),
                final=str(self.folder / one),
                formats=wanted.formats,
                hashed=self.hashes[one],
                seconds=wanted.seconds,
                memory=wanted.memory,
            )


@dataclass(frozen=True)
class Checked:
    """A run whose names are all known: nothing of the answers has been read.

    `wanted` as it was asked for, its formats by their names.
    """

    study: Study
    wave: str
    folder: Path
    notebooks: tuple[Path, Path]
    wanted: Wanted


def checked(study: str | Path | Study, wanted: Wanted) -> Checked:
    """Load the study and look up the wave, the organisations, the notebooks and what reports are made with.

    Raises
    ------
    InvalidInput
        Everything at once: what is not there, a notebook that does not take the parameters, options that
        cannot be meant.
    """
    from toolkit.reporting.documents import check_formats

    tried = Tried()
    tried(
        check_asked,
        wanted.out,
        workers=wanted.workers,
        seconds=wanted.seconds,
        memory=wanted.memory,
    )
    formats = tried(check_formats, wanted.formats)
    notebooks = tried(_notebooks, wanted.notebook)
    read = tried(opened, study, wanted.data)
    wave = tried(_wave, read, wanted) if read is not None else None
    if read is not None:
        tried(check_study, read, wave or read.wave, formats or ())
    tried.end()
    if read is None or wave is None or formats is None or notebooks is None:
        raise RuntimeError("a check failed and was not told")
    folder = report_folder(wanted.out, read.id, wave).resolve()
    return Checked(read, wave, folder, notebooks, replace(wanted, formats=formats))


def _notebooks(named: str | Path | None) -> tuple[Path, Path]:
    """The report's notebook and the notice's, which take what a report is given."""
    from toolkit.reporting.execute import check_parameters

    notebooks = (notebook_path(named or REPORT_NOTEBOOK), notebook_path(NOTICE_NOTEBOOK))
    names = Job(study="", data=None, organisation="", wave="", notebook="", kept="", part="")
    for notebook in notebooks:
        check_parameters(notebook, names.parameters)
    return notebooks


def _wave(study: Study, wanted: Wanted) -> str:
    """The wave to be reported on; organisations are looked up where the study lists them itself."""
    wave = chosen_wave(study, wanted.wave)
    if study.table is not None:
        chosen_organisations(study, wave, wanted.organisations)
    return wave


def plan(
    run: Checked, scratch: Path, *, writes: bool = True, before: Callable[[], object] | None = None
) -> Plan:
    """Find out what stands, reading answers only where a file has changed since they were last read.

    Parameters
    ----------
    scratch
        Where the answers are kept, an organisation a folder, while the run lasts.
    writes
        False leaves the output folder as it is.
    before
        Called once it is clear that answers have to be read.

    Raises
    ------
    InvalidInput
        Everything wrong in the answers, or an organisation there is not.
    """
    from toolkit.reporting.gathering import reportable
    from toolkit.study.store import part_bytes, write_parts

    study, wanted = run.study, run.wanted
    check_kept(run.folder)
    key = kept_key(run.folder)
    inputs = study_inputs(study, key, wave=run.wave, notebooks=run.notebooks, formats=wanted.formats)
    known = inputs.known(run.folder)
    if known and study.table is not None:
        hashes, read = dict(known["hashes"]), dict(known["read"])
        chosen = chosen_organisations(study, run.wave, wanted.organisations)
        unchanged = _unchanged(run, chosen, hashes)
        if len(unchanged) == len(chosen):
            return _plan(run, inputs, chosen, unchanged, read, {}, hashes)
    if study.table is not None:
        refuse_foreign(run.folder, chosen_organisations(study, run.wave, wanted.organisations), page=INDEX)
    if before is not None:
        before()
    study.check()
    read = rows_read(study, run.wave)
    chosen = chosen_organisations(study, run.wave, wanted.organisations)
    if study.table is None:  # only the answers know the organisations
        check_names(study, run.wave, wanted.formats)
        refuse_foreign(run.folder, chosen, page=INDEX)
    parts = write_parts(study, scratch / "parts", study.organisation_ids(run.wave))
    hashes = {one: inputs.of(part_bytes(part)) for one, part in parts.items()}
    if writes:
        keep_key(run.folder, key)
        inputs.keep(run.folder, hashes, read)
    planned = _plan(run, inputs, chosen, _unchanged(run, chosen, hashes), read, parts, hashes)
    return replace(planned, withheld=frozenset(chosen) - reportable(study, run.wave))


def _plan(
    run: Checked,
    inputs: Inputs,
    chosen: Sequence[str],
    unchanged: frozenset[str],
    read: dict[str, int],
    parts: dict[str, Path],
    hashes: dict[str, str],
) -> Plan:
    return Plan(
        study=run.study,
        wave=run.wave,
        folder=run.folder,
        chosen=tuple(chosen),
        unchanged=unchanged,
        notebooks=run.notebooks,
        inputs=inputs,
        read=read,
        parts=parts,
        hashes=hashes,
        names=run.study.names(run.wave),
    )


def rows_read(study: Study, wave: str) -> dict[str, int]:
    """How many rows of a wave were read, kept and set aside."""
    rows = study.disposition(wave).groupby("outcome")["rows"].sum()
    return {outcome: int(rows.get(outcome, 0)) for outcome in ("read", "kept", "set aside")}


def imports_of(notebooks: Iterable[Path]) -> list[str]:
    """What notebooks import that is worth importing once for all."""
    from toolkit.reporting.execute import code_cells

    found: set[str] = set()
    for source in (source for notebook in notebooks for source in code_cells(notebook)):
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a line of IPython's own, or a fault its cell will tell
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    return [_HELPFUL[name] for name in sorted(found & set(_HELPFUL))]


def _unchanged(run: Checked, chosen: Sequence[str], hashes: dict[str, str]) -> frozenset[str]:
    if run.wanted.force:
        return frozenset()
    same = sealed if run.wanted.sealed else stands
    return frozenset(one for one in chosen if one in hashes and same(run.folder / one, hashes[one]))
