"""Execution of jobs: each in its own process, retried if useful, published atomically."""

from __future__ import annotations

import atexit
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.reporting.job import DONE, FAILED, FAILURE_FILE, FAILURE_NOTE, Job, Outcome, build
from toolkit.reporting.parts import write_study
from toolkit.reporting.pool import WorkerDied, WorkerPool, memory_can_be_limited
from toolkit.reporting.stores import OutputStore
from toolkit.system import publish, staging_folder, temporary_folder

if TYPE_CHECKING:
    from toolkit.reporting.cluster import Cluster
    from toolkit.study import Study

TRIES = 3
PAUSE = 0.2
GRACE_SECONDS = 30.0
"""Seconds beyond its own limit that a job has for writing what it made; then it is killed."""

_POLL_SECONDS = 5.0
_JOBS_PER_WORKER = 2
"""Jobs submitted per worker: none waits for the next one, and no list grows with the run."""

_POOLS: dict[str, WorkerPool] = {}


class JobExecutor:
    """Executor of jobs, as many at a time as there are workers.

    Parameters
    ----------
    study
        Of the jobs, if they have one; it is pickled into `scratch` for them.
    scratch
        The run's temporary folder.
    message
        Called with each message.
    memory
        Memory limit of each job, in bytes.
    executor
        Anything with the interface of concurrent.futures; None for threads of this process.
    cluster
        A Dask cluster, instead.
    store
        A store to upload reports to; None keeps them in their folders.
    """

    def __init__(
        self,
        study: Study | None,
        notebooks: tuple[Path, Path],
        modules: Iterable[str],
        scratch: Path,
        workers: int,
        message: Callable[[str], None],
        *,
        memory: int | None = None,
        executor: Executor | None = None,
        cluster: Cluster | None = None,
        store: OutputStore | None = None,
    ) -> None:
        self._study, self._notebooks, self._modules = study, notebooks, tuple(modules)
        self._scratch, self._workers, self.message = scratch, max(1, workers), message
        self._memory = memory
        self._given, self._cluster, self._store = executor, cluster, store
        self._pool: WorkerPool | None = None
        self._starting: Future[None] | None = None
        self._threads: ThreadPoolExecutor | None = None

    @property
    def study_file(self) -> Path | None:
        """The pickled study; None if the jobs have none."""
        return self._scratch / "study.pickle" if self._study is not None else None

    def prepare(self) -> None:
        """Pickle the study for the jobs, and start the preload while answers are still being read."""
        if self._study is not None and self.study_file is not None:
            write_study(self._study, self.study_file)
        if self._given is None and self._cluster is None:
            self._pool = WorkerPool(self._scratch, study=str(self.study_file or ""), modules=self._modules)
            self._threads = ThreadPoolExecutor(max_workers=self._workers)
            self._starting = self._threads.submit(self._pool.start)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Yield each job with its outcome as it ends.

        If it ends early (by Ctrl-C, for example), it ends the processes of its jobs.
        """
        if self._pool is not None and self._starting is not None:
            self._starting.result()
            if self._pool.cold_reason:
                why = self._pool.cold_reason
                self.message(f"{why[0].upper()}{why[1:]}. Each report starts its own Python and kernel.")
            if self._memory is not None and (self._pool.cold_reason or not memory_can_be_limited()):
                self.message("The memory of a report cannot be limited here.")
        if self._cluster is not None:
            self._cluster.begin(self._study, self.study_file, self._notebooks, self._modules, self._store)
        try:
            yield from self._as_completed(jobs)
        except BaseException:
            if self._pool is not None:
                self._pool.stop()
            raise

    def close(self) -> None:
        """Stop everything that was started."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        if self._pool is not None:
            self._pool.close()

    def _as_completed(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        waiting, running = iter(jobs), dict[Future[Any], Job]()
        try:
            while True:
                for job in islice(waiting, max(0, min(self._window(), sys.maxsize) - len(running))):
                    running[self._submit(job)] = job
                if not running:
                    return
                done, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                if not done and self._cluster is not None and not self._cluster.connected():
                    raise self._cluster.lost_scheduler()
                for future in done:
                    yield (job := running.pop(future)), self._outcome(job, future)
        finally:
            for future in running:
                future.cancel()

    def _window(self) -> int:
        return self._cluster.window if self._cluster is not None else _JOBS_PER_WORKER * self._workers

    def _submit(self, job: Job) -> Future[Any]:
        if self._cluster is not None:
            return self._cluster.submit(job)
        executor: Executor | None = self._given or self._threads
        if executor is None:
            raise RuntimeError("the executor was not prepared")
        return executor.submit(partial(run_job, pool=self._pool, store=self._store), job)

    def _outcome(self, job: Job, future: Future[Any]) -> Outcome:
        if self._cluster is not None:
            return self._cluster.outcome(job, future)
        outcome: Outcome = future.result()
        return outcome


def run_job(job: Job, *, pool: WorkerPool | None = None, store: OutputStore | None = None) -> Outcome:
    """Build one report and publish it; on failure, keep its notebook and traceback under _failed.

    A plain function of a plain value, so that it can run in a thread of the run, or in a process or on a
    machine elsewhere that sees the same folders.

    Parameters
    ----------
    pool
        Whose process builds it; None for this process's own, which is kept for the next job of the study.
    store
        Where the report is copied to.

    Returns
    -------
    Outcome
        With the seconds it took; nothing is raised for what went wrong with the report.
    """
    pool = pool or _own_pool(job)
    began = time.monotonic()
    outcome = Outcome("failed", "was not attempted")
    for attempt in range(1, TRIES + 1):
        outcome = _try(job, pool)
        if not outcome.passing or pool.stopping:
            break
        if attempt < TRIES:
            time.sleep(PAUSE * attempt)
    outcome = replace(outcome, seconds=time.monotonic() - began)
    if store is None or outcome.status not in (*DONE, "failed"):
        return outcome
    return store.bring(Path(job.final), outcome)


def clear_failure(final: Path) -> None:
    """Remove what an earlier failure left, now that the report exists."""
    shutil.rmtree(final.parent / FAILED / final.name, ignore_errors=True)


def private_folder(failed: Path) -> None:
    """Create the folder of failures for its owner only: tracebacks may contain answers."""
    failed.mkdir(parents=True, exist_ok=True)
    failed.chmod(0o700)


def _try(job: Job, pool: WorkerPool) -> Outcome:
    final = Path(job.final)
    try:
        staged = staging_folder(final)
    except OSError as fault:
        return Outcome("failed", f"its folder could not be made: {fault.strerror}")
    try:
        outcome = _build_in(pool, replace(job, folder=str(staged)))
        if outcome.status in DONE:
            publish(staged, final)
            clear_failure(final)
        elif outcome.status == "failed":
            outcome = _keep_failure(staged, final.parent / FAILED / final.name, outcome)
    except OSError as fault:
        outcome = Outcome("failed", f"its folder could not be put in place: {fault.strerror}")
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return outcome


def _build_in(pool: WorkerPool, job: Job) -> Outcome:
    """Build one report in its own process; the death of the process is an outcome too."""
    seconds = None if job.options.seconds is None else job.options.seconds + GRACE_SECONDS
    try:
        return pool.run(build, job, seconds=seconds)
    except TimeoutError:
        return Outcome("failed", f"took longer than {job.options.seconds:g} seconds and was stopped")
    except WorkerDied as fault:
        if pool.stopping:
            return Outcome("stopped")
        return Outcome("failed", str(fault), fault.log, passing=fault.temporary)


def _keep_failure(staged: Path, kept: Path, outcome: Outcome) -> Outcome:
    """Keep the partial notebook and the traceback for the analyst; on a full disk at least the message."""
    try:
        for path in staged.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "report.ipynb":
                path.unlink()
        (staged / FAILURE_NOTE).write_text(outcome.sentence + "\n", encoding="utf-8")
        (staged / FAILURE_FILE).write_text(outcome.traceback + "\n", encoding="utf-8")
        private_folder(kept.parent)
        publish(staged, kept)
    except OSError as fault:
        sentence = f"{outcome.sentence} (its notebook could not be kept: {fault.strerror})"
        return replace(outcome, sentence=sentence)
    return outcome


def _own_pool(job: Job) -> WorkerPool:
    """Return this process's pool for a study; its fork server stays warm for the next job."""
    if job.study not in _POOLS:
        scratch = temporary_folder()
        _POOLS[job.study] = pool = WorkerPool(scratch.__enter__(), study=job.study)
        pool.start()
        atexit.register(scratch.__exit__, None, None, None)
        atexit.register(pool.close)
    return _POOLS[job.study]
