"""A report for every organisation of a study: planned, made side by side, each whole or absent."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from toolkit.reporting.atomic import fresh_folder, lock_folder, put_in_place, sweep
from toolkit.reporting.choosing import chosen_organisations, chosen_wave, notebook_path, opened, report_folder
from toolkit.reporting.crew import Crew
from toolkit.reporting.worker import FAILURE_FILE, Job, Outcome

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["Progress", "run_reports"]

FAILED = "_failed"
REPORT_NOTEBOOK = "organisation_report.ipynb"
NOTICE_NOTEBOOK = "withheld_notice.ipynb"
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
    progress: Callable[[Progress], None] | None = None,
) -> pd.DataFrame:
    """Make the report of every organisation of a study, or of those named.

    Each is made in a process of its own and stands under `<out>/<study>/<wave>/<organisation>/` only when
    it is whole: report.ipynb, report.html, results.csv, manifest.json. What fails leaves the others done and
    its notebook and traceback under `_failed/<organisation>/`. `index.html` lists all.

    Parameters
    ----------
    study
        The study file, or a study loaded from one.
    organisations
        Ids; None for all of the wave.
    wave
        None for the latest.
    out
        Where to write.
    workers
        Reports made side by side; None for one a processor.
    notebook
        Another parameterised notebook instead of notebooks/organisation_report.ipynb; its "parameters" cell
        must take study, organisation, wave, data and output.
    data
        Another folder in which the answer files lie.
    progress
        Called after each report.

    Returns
    -------
    DataFrame
        A row a report: organisation, name, status ("made", "withheld", "failed"), sentence, seconds, folder,
        warnings. Its attrs["index"] is the page that lists all.

    Raises
    ------
    InvalidInput
        Before anything is made: the study's files, an unknown organisation or wave, a notebook that does not
        take the parameters, an output folder that cannot be written.
    KeyboardInterrupt
        After workers were stopped and the index written; what was finished stays.

    Examples
    --------
    >>> import toolkit as tk
    >>> study = "data_samples/ai_at_work/study.yaml"
    >>> made = tk.run_reports(study, organisations=["org-01"])  # doctest: +SKIP
    """
    study = opened(study, data)
    wave = chosen_wave(study, wave)
    chosen = chosen_organisations(study, wave, organisations)
    template = notebook_path(notebook or REPORT_NOTEBOOK)
    notice = notebook_path(NOTICE_NOTEBOOK)
    study.check()
    folder = report_folder(out, study.id, wave).resolve()
    jobs = [_job(study, data, organisation, wave, template, notice) for organisation in chosen]
    _check_notebooks(jobs)
    with lock_folder(folder), tempfile.TemporaryDirectory(prefix="survey-toolkit-") as scratch:
        sweep(folder)
        return _run(study, jobs, folder, Crew(Path(scratch)), workers or os.cpu_count() or 1, progress)


def _run(
    study: Study,
    jobs: Sequence[Job],
    folder: Path,
    crew: Crew,
    workers: int,
    progress: Callable[[Progress], None] | None,
) -> pd.DataFrame:
    """Make the jobs side by side; whatever happens, workers end and the index says what stands."""
    from toolkit.reporting.index import write_index

    began = time.monotonic()
    rows: list[dict[str, object]] = []
    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(jobs) or 1)))
    try:
        running = {pool.submit(_make_one, crew, job, folder): job for job in jobs}
        for future in as_completed(running):
            row = _row(study, running[future], future, folder)
            rows.append(row)
            if progress:
                progress(_progress(row, len(rows), len(jobs), began))
    except BaseException:
        crew.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        write_index(study, jobs[0].wave if jobs else study.wave, folder)
    order = {job.organisation: place for place, job in enumerate(jobs)}
    rows.sort(key=lambda row: order[str(row["organisation"])])
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    made.attrs["index"] = str(folder / "index.html")
    return made


def _make_one(crew: Crew, job: Job, folder: Path) -> tuple[Outcome, float]:
    """Make one report in a temporary folder and put it in its place, or among the failed."""
    began = time.monotonic()
    final = folder / job.organisation
    try:
        making = fresh_folder(final)
    except OSError as fault:
        return Outcome("failed", f"its folder could not be made: {fault.strerror}"), time.monotonic() - began
    try:
        outcome = crew.run(replace(job, folder=str(making)))
        if outcome.status in ("made", "withheld"):
            put_in_place(making, final)
            shutil.rmtree(folder / FAILED / job.organisation, ignore_errors=True)
        elif outcome.status == "failed":
            outcome = _keep_failure(making, folder / FAILED / job.organisation, outcome)
    except OSError as fault:
        outcome = Outcome("failed", f"its folder could not be put in place: {fault.strerror}")
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return outcome, time.monotonic() - began


def _keep_failure(making: Path, kept: Path, outcome: Outcome) -> Outcome:
    """Keep the partial notebook and the traceback for the analyst; on a full disk at least the sentence."""
    from toolkit.reporting.index import FAILURE_NOTE

    for name in ("report.html", "results.csv", "manifest.json"):
        (making / name).unlink(missing_ok=True)
    try:
        (making / FAILURE_NOTE).write_text(outcome.sentence + "\n", encoding="utf-8")
        (making / FAILURE_FILE).write_text(outcome.traceback + "\n", encoding="utf-8")
        put_in_place(making, kept)
    except OSError as fault:
        return replace(
            outcome, sentence=f"{outcome.sentence} (its notebook could not be kept: {fault.strerror})"
        )
    return outcome


def _row(study: Study, job: Job, future: Future[tuple[Outcome, float]], folder: Path) -> dict[str, object]:
    outcome, seconds = future.result()
    final = folder / (
        job.organisation if outcome.status in ("made", "withheld") else f"{FAILED}/{job.organisation}"
    )
    return {
        "organisation": job.organisation,
        "name": study.organisation_name(job.organisation),
        "status": outcome.status,
        "sentence": outcome.sentence,
        "seconds": seconds,
        "folder": str(final),
        "warnings": "\n".join(outcome.warnings),
    }


def _progress(row: dict[str, object], done: int, total: int, began: float) -> Progress:
    told = {key: row[key] for key in ("organisation", "name", "status", "sentence", "seconds")}
    return Progress(done=done, total=total, elapsed=time.monotonic() - began, **told)  # type: ignore[arg-type]


def _job(
    study: Study, data: str | Path | None, organisation: str, wave: str, template: Path, notice: Path
) -> Job:
    from toolkit.reporting.gathering import reportable

    kind = "made" if reportable(study, organisation, wave) else "withheld"
    return Job(
        study=str(Path(study.path).resolve()),
        data=str(Path(data).resolve()) if data else None,
        organisation=organisation,
        wave=wave,
        kind=kind,
        notebook=str(template if kind == "made" else notice),
        folder="",
    )


def _check_notebooks(jobs: Sequence[Job]) -> None:
    from toolkit.reporting.execute import check_parameters

    for notebook in {job.notebook for job in jobs}:
        check_parameters(notebook, jobs[0].parameters)
