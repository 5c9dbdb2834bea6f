"""A report for every organisation of a study: planned, made side by side, each whole or absent."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from toolkit.reporting.asked import check_asked, open_line
from toolkit.reporting.atomic import lock_folder, sweep
from toolkit.reporting.destinations import Place, is_address
from toolkit.reporting.hands import Hands, Shared, joined, writers
from toolkit.reporting.inputs import KEPT
from toolkit.reporting.journal import Journal
from toolkit.reporting.making import FAILED, clear_failure
from toolkit.reporting.plainly import said_plainly
from toolkit.reporting.planning import Plan, Wanted, checked, imports_of, plan
from toolkit.reporting.scratch import scratch_folder
from toolkit.reporting.worker import DONE, Job, Outcome

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["Progress", "plan_reports", "run_reports"]

COLUMNS = ("organisation", "name", "status", "sentence", "seconds", "folder", "warnings")


@dataclass(frozen=True)
class Progress:
    """One report ended: how many of how many, which, how, and the seconds it and the whole run have taken."""

    done: int
    total: int
    organisation: str
    name: str
    status: str
    sentence: str
    seconds: float
    elapsed: float


def run_reports(
    study: str | Path | Study,
    *,
    organisations: Iterable[str] | None = None,
    wave: str | None = None,
    out: str | Path = "reports",
    workers: int | None = None,
    notebook: str | Path | None = None,
    data: str | Path | None = None,
    formats: Iterable[str] = ("html",),
    force: bool = False,
    seconds: float | None = None,
    memory: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Make the report of every organisation of a study, or of those named.

    Each is made in a process of its own and stands under `<out>/<study>/<wave>/<organisation>/` only when
    it is whole: report.ipynb, the formats asked for, results.csv, manifest.json. One that stands already and
    would come out the same is not made again. What fails leaves the others done and its notebook and
    traceback under `_failed/<organisation>/`. `index.html` lists all; `_batch/` holds the run's manifest
    and log.

    Parameters
    ----------
    study
        The study file, or a study loaded from one.
    organisations
        Ids; None for all of the wave.
    wave
        None for the latest.
    out
        Where to write: a folder, or an address fsspec knows (s3://bucket/reports), where a report stands once
        its manifest does.
    workers
        Reports made side by side; None for one a processor.
    notebook
        Another parameterised notebook instead of notebooks/organisation_report.ipynb; its "parameters" cell
        must take study, organisation, wave, data and output.
    data
        Another folder in which the answer files lie.
    formats
        Some of html, pdf, docx, pptx, xlsx.
    force
        Make again what stands unchanged.
    seconds, memory
        Limits of one report: time, and bytes its notebook may take (where kernels are warm).
    executor
        Runs the jobs instead of threads of this process; anything with the interface of concurrent.futures.
    cluster
        Address of a Dask scheduler whose workers make the reports; they need the toolkit, not the files.
    progress
        Called after each report.
    told
        Called with sentences worth saying: what was read, what had to be done otherwise.

    Returns
    -------
    DataFrame
        A row a report: organisation, name, status ("made", "unchanged", "withheld", "failed"), sentence,
        seconds, folder, warnings. Its attrs["index"] is the page that lists all.

    Raises
    ------
    InvalidInput
        Before anything is made: the study's files, an unknown organisation or wave, a notebook that does not
        take the parameters, an output folder that cannot be written.
    ToolkitError
        The disk is full, the cluster is gone: what was finished stands.
    KeyboardInterrupt
        After workers were stopped and the index written; what was finished stays.

    Examples
    --------
    >>> import toolkit as tk
    >>> study = "data_samples/ai_at_work/study.yaml"
    >>> made = tk.run_reports(study, organisations=["org-01"])  # doctest: +SKIP
    """
    wanted = Wanted(
        _named(organisations), wave, out, notebook, data, _formats(formats), force, seconds, memory, workers
    )
    say = told or _silent
    with said_plainly(), _desk(wanted) as (wanted, place):
        run = checked(study, wanted)
        wanted = run.wanted
        with ExitStack() as stack:
            here = place and place.at(*run.folder.parts[-2:])
            machines = joined(cluster, stack)
            if cluster and open_line(cluster):
                say(open_line(cluster))
            stack.enter_context(lock_folder(run.folder))
            scratch = stack.enter_context(scratch_folder())
            if here:
                stack.enter_context(here.held())
                here.mirror(run.folder)
            sweep(run.folder)
            modules = [*imports_of(run.notebooks), *writers(wanted.formats)]
            shared = Shared(run.study, run.notebooks, modules)
            count = workers or os.cpu_count() or 1
            hands = Hands(shared, scratch, count, say, executor=executor, cluster=machines, place=here)
            stack.callback(hands.close)
            planned = plan(run, scratch, before=hands.prepare)
            say(_what_was_read(planned))
            if here:
                here.save(run.folder)  # the key first: without it nothing that is made could be known again
                stack.callback(here.save, run.folder)
            return _placed(_run(planned, wanted, hands, progress), run.folder, here)


@contextmanager
def _desk(wanted: Wanted) -> Iterator[tuple[Wanted, Place | None]]:
    """Where the run works: in the output folder itself, or for a store in a folder that ends with it."""
    if not is_address(wanted.out):
        yield wanted, None
        return
    check_asked(wanted.out)
    with tempfile.TemporaryDirectory(prefix="reports-") as desk:
        yield replace(wanted, out=desk, sealed=True), Place(str(wanted.out))


def _placed(made: pd.DataFrame, folder: Path, here: Place | None) -> pd.DataFrame:
    """Say the store's addresses instead of those of the run's own folder."""
    if here is None:
        return made
    told = made.assign(folder=made["folder"].str.replace(str(folder), here.address, regex=False))
    told.attrs["index"] = f"{here.address}/index.html"
    return told


def plan_reports(
    study: str | Path | Study,
    *,
    organisations: Iterable[str] | None = None,
    wave: str | None = None,
    out: str | Path = "reports",
    notebook: str | Path | None = None,
    data: str | Path | None = None,
    formats: Iterable[str] = ("html",),
    force: bool = False,
) -> pd.DataFrame:
    """Say what `run_reports` would make, and write nothing.

    Returns
    -------
    DataFrame
        organisation, name, status: "to make" or "unchanged".

    Raises
    ------
    InvalidInput
        As `run_reports`.
    """
    wanted = Wanted(_named(organisations), wave, out, notebook, data, _formats(formats), force)
    with said_plainly(), _desk(wanted) as (wanted, place), scratch_folder() as scratch:
        run = checked(study, wanted)
        if place:
            place.at(*run.folder.parts[-2:]).mirror(run.folder)
        planned = plan(run, scratch, writes=False)
    rows = [
        (one, planned.names[one], "unchanged" if one in planned.unchanged else "to make")
        for one in planned.chosen
    ]
    return pd.DataFrame(rows, columns=["organisation", "name", "status"])


def _made(planned: Plan, wanted: Wanted, hands: Hands) -> Iterator[tuple[Job, Outcome]]:
    if planned.to_make:
        planned.study.forget_answers()
        yield from hands.make(planned.jobs(wanted, hands.kept))


def _run(
    planned: Plan, wanted: Wanted, hands: Hands, progress: Callable[[Progress], None] | None
) -> pd.DataFrame:
    """Make what is to be made; whatever happens, workers end and the index says what stands."""
    from toolkit.reporting.index import write_index

    began = time.monotonic()
    rows = [_unchanged_row(planned, one) for one in planned.chosen if one in planned.unchanged]
    log = Journal(planned.folder / KEPT / "log.jsonl")
    manifest = Journal(planned.folder / KEPT / "manifest.jsonl")
    log.add(event="begun", wave=planned.wave, to_make=len(planned.to_make), unchanged=len(rows))
    try:
        for job, outcome in _made(planned, wanted, hands):
            row = _row(planned, job, outcome)
            rows.append(row)
            _note(log, manifest, row)
            if progress:
                progress(_progress(row, len(rows) - len(planned.unchanged), len(planned.to_make), began))
    finally:
        log.add(event="ended", seconds=round(time.monotonic() - began, 1))
        manifest.close()
        log.close()
        write_index(planned.study, planned.wave, planned.folder)
    if log.lost + manifest.lost:
        hands.say(f"{log.lost + manifest.lost} lines of the log could not be written (is the disk full?)")
    order = {organisation: place for place, organisation in enumerate(planned.chosen)}
    rows.sort(key=lambda row: order[str(row["organisation"])])
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    made.attrs["index"] = str(planned.folder / "index.html")
    return made


def _row(planned: Plan, job: Job, outcome: Outcome) -> dict[str, object]:
    final = Path(job.final)
    stands = final if outcome.status in DONE else final.parent / FAILED / final.name
    return {
        "organisation": job.organisation,
        "name": planned.names[job.organisation],
        "status": outcome.status,
        "sentence": outcome.sentence,
        "seconds": outcome.seconds,
        "folder": str(stands),
        "warnings": "\n".join(outcome.warnings),
        "outputs": dict(outcome.outputs),
        "input": job.hashed,
    }


def _unchanged_row(planned: Plan, organisation: str) -> dict[str, object]:
    clear_failure(planned.folder / organisation)
    return {
        "organisation": organisation,
        "name": planned.names[organisation],
        "status": "unchanged",
        "sentence": "",
        "seconds": 0.0,
        "folder": str(planned.folder / organisation),
        "warnings": "",
    }


def _note(log: Journal, manifest: Journal, row: dict[str, object]) -> None:
    facts = {key: row[key] for key in ("organisation", "status", "sentence", "warnings")}
    log.add(event="report", seconds=round(float(str(row["seconds"])), 3), warned=_lines(row), **facts)
    if row["status"] in DONE:
        told = {key: row[key] for key in ("organisation", "status", "input", "outputs")}
        manifest.add(**told)


def _lines(row: dict[str, object]) -> int:
    return len([line for line in str(row["warnings"]).splitlines() if "Warning" in line])


def _progress(row: dict[str, object], done: int, total: int, began: float) -> Progress:
    told = {key: row[key] for key in ("organisation", "name", "status", "sentence", "seconds")}
    return Progress(done=done, total=total, elapsed=time.monotonic() - began, **told)  # type: ignore[arg-type]


def _what_was_read(planned: Plan) -> str:
    read, kept, aside = (planned.read.get(outcome, 0) for outcome in ("read", "kept", "set aside"))
    why = "; survey-toolkit check says why" if aside else ""
    return f"Wave {planned.wave}: {read:,} rows read, {kept:,} kept, {aside:,} set aside{why}"


def _named(organisations: Iterable[str] | None) -> tuple[str, ...] | None:
    if organisations is None:
        return None
    return (organisations,) if isinstance(organisations, str) else tuple(organisations)


def _formats(formats: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(formats.split(",")) if isinstance(formats, str) else tuple(formats)


def _silent(_: str) -> None:
    return
