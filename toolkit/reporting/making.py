"""One job from beginning to end: made in a temporary folder, put in its place, tried again where that helps.

`make_one(job)` is what a batch hands to an executor: a plain function of a plain value, so that it can run
in a thread of the batch, or in a process or on a machine elsewhere that sees the same folders.
"""

from __future__ import annotations

import atexit
import shutil
import time
from dataclasses import replace
from pathlib import Path

from toolkit.reporting.pool import WorkerDied, WorkerPool
from toolkit.reporting.system import publish, staging_folder, temporary_folder
from toolkit.reporting.worker import DONE, FAILURE_FILE, Job, Outcome, make_report

__all__ = ["FAILED", "FAILURE_NOTE", "clear_failure", "make_one", "private_folder"]

FAILED = "_failed"
FAILURE_NOTE = "why.txt"
TRIES = 3
PAUSE = 0.2

LEEWAY = 30.0
"""Seconds beyond its own limit that a job has for writing what it made; then it is killed."""

_POOLS: dict[str, WorkerPool] = {}


def make_one(job: Job, *, pool: WorkerPool | None = None) -> Outcome:
    """Make one report and put it in its place, or its notebook and traceback among the failed.

    Parameters
    ----------
    pool
        Whose process makes it; None for this process's own, which is kept for the next job of the same study.

    Returns
    -------
    Outcome
        With the seconds it took; nothing is raised for what went wrong with the report.
    """
    pool = pool or _own_pool(job)
    began = time.monotonic()
    outcome = Outcome("failed", "it was not tried")
    for attempt in range(1, TRIES + 1):
        outcome = _try(job, pool)
        if not outcome.passing or pool.stopping:
            break
        if attempt < TRIES:
            time.sleep(PAUSE * attempt)
    return replace(outcome, seconds=time.monotonic() - began)


def clear_failure(final: Path) -> None:
    """Take away what an earlier failure left: the report stands now."""
    shutil.rmtree(final.parent / FAILED / final.name, ignore_errors=True)


def private_folder(failed: Path) -> None:
    """Make the folder of failures its owner's alone: their cells may have come upon answers."""
    failed.mkdir(parents=True, exist_ok=True)
    failed.chmod(0o700)


def _try(job: Job, pool: WorkerPool) -> Outcome:
    final = Path(job.final)
    try:
        making = staging_folder(final)
    except OSError as fault:
        return Outcome("failed", f"its folder could not be made: {fault.strerror}")
    try:
        outcome = _run(replace(job, folder=str(making)), pool)
        if outcome.status in DONE:
            publish(making, final)
            clear_failure(final)
        elif outcome.status == "failed":
            outcome = _keep_failure(making, final.parent / FAILED / final.name, outcome)
    except OSError as fault:
        outcome = Outcome("failed", f"its folder could not be put in place: {fault.strerror}")
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return outcome


def _run(job: Job, pool: WorkerPool) -> Outcome:
    """Make one report in a process of its own; whatever becomes of the process is an outcome."""
    seconds = None if job.seconds is None else job.seconds + LEEWAY
    try:
        return pool.run(make_report, job, seconds=seconds)
    except TimeoutError:
        return Outcome("failed", f"it took longer than {job.seconds:g} seconds and was stopped")
    except WorkerDied as fault:
        if pool.stopping:
            return Outcome("stopped")
        return Outcome("failed", str(fault), fault.log, passing=fault.temporary)


def _keep_failure(making: Path, kept: Path, outcome: Outcome) -> Outcome:
    """Keep the partial notebook and the traceback for the analyst; on a full disk at least the sentence."""
    try:
        for path in making.iterdir():
            if path.name != "report.ipynb":
                path.unlink()
        (making / FAILURE_NOTE).write_text(outcome.sentence + "\n", encoding="utf-8")
        (making / FAILURE_FILE).write_text(outcome.traceback + "\n", encoding="utf-8")
        private_folder(kept.parent)
        publish(making, kept)
    except OSError as fault:
        sentence = f"{outcome.sentence} (its notebook could not be kept: {fault.strerror})"
        return replace(outcome, sentence=sentence)
    return outcome


def _own_pool(job: Job) -> WorkerPool:
    """Return this process's pool for a study: what it forks from stays warm for the next job."""
    if job.kept not in _POOLS:
        scratch = temporary_folder()
        folder = scratch.__enter__()
        _POOLS[job.kept] = pool = WorkerPool(folder, study=job.kept)
        pool.start()
        atexit.register(scratch.__exit__, None, None, None)
        atexit.register(pool.close)
    return _POOLS[job.kept]
