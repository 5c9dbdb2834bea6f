"""Who makes the reports of a run: threads of this process that fork, an executor, or a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.reporting.destinations import Place, deliver
from toolkit.reporting.pool import WorkerPool
from toolkit.reporting.worker import Job, Outcome

if TYPE_CHECKING:
    from toolkit.reporting.cluster import Cluster
    from toolkit.study import Study

__all__ = ["Hands", "Shared", "joined", "writers"]

_WRITERS = {"pdf": "pdf", "docx": "word", "pptx": "slides", "xlsx": "workbook"}
_LOOK_SECONDS = 5.0
_AHEAD = 2
"""Jobs handed out for every worker: the next one is there when it ends, and no list grows with the batch."""


@dataclass(frozen=True)
class Shared:
    """What all jobs of a run share: its study, if it has one, its notebooks, what is worth importing once."""

    study: Study | None
    notebooks: tuple[Path, Path]
    modules: Sequence[str]


class Hands:
    """Makes jobs, as many at a time as there are workers.

    Parameters
    ----------
    scratch
        Where the study is kept for them.
    executor
        Anything with the interface of concurrent.futures; None for threads of this process.
    cluster
        Machines elsewhere, instead.
    place
        A store the reports are brought to; None where they stand in their folders.
    say
        Takes a sentence for whoever started the run.
    """

    def __init__(
        self,
        shared: Shared,
        scratch: Path,
        workers: int,
        say: Callable[[str], None],
        *,
        executor: Executor | None = None,
        cluster: Cluster | None = None,
        place: Place | None = None,
    ) -> None:
        self._shared, self._scratch, self._workers, self.say = shared, scratch, max(1, workers), say
        self._given, self._cluster, self._place = executor, cluster, place
        self._processes: WorkerPool | None = None
        self._starting: Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None

    @property
    def kept(self) -> str:
        """Where the study is kept for the jobs; "" where there is none."""
        return str(self._scratch / "study.pickle") if self._shared.study else ""

    def prepare(self) -> None:
        """Keep the study for the jobs, and start importing while the answers are still being read."""
        from toolkit.reporting.prepared import write_study

        if self._shared.study is not None:
            write_study(self._shared.study, Path(self.kept))
        if self._given is None and self._cluster is None:
            self._processes = WorkerPool(self._scratch, study=self.kept, modules=self._shared.modules)
            self._pool = ThreadPoolExecutor(max_workers=self._workers)
            self._starting = self._pool.submit(self._processes.start)

    def make(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Each job with its outcome as it ends.

        Whatever ends this early (Ctrl-C too) ends the processes of its jobs.
        """
        if self._processes is not None and self._starting is not None:
            self._starting.result()
            if self._processes.why_cold:
                why = self._processes.why_cold
                self.say(f"{why[0].upper()}{why[1:]}. Each report starts a kernel of its own.")
        if self._cluster is not None:
            self._cluster.begin(self._bundle(), self._place)
        try:
            yield from self._as_they_end(jobs)
        except BaseException:
            if self._processes is not None:
                self._processes.stop()
            raise

    def close(self) -> None:
        """End what was started."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._processes is not None:
            self._processes.close()

    def _as_they_end(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        waiting, running = iter(jobs), dict[Future[Any], Job]()
        try:
            while True:
                for job in islice(waiting, max(0, min(self._window(), sys.maxsize) - len(running))):
                    running[self._submit(job)] = job
                if not running:
                    return
                done, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                if not done and self._cluster is not None and not self._cluster.there():
                    raise self._cluster.gone()
                for future in done:
                    yield (job := running.pop(future)), self._outcome(job, future)
        finally:
            for future in running:
                future.cancel()

    def _window(self) -> int:
        return self._cluster.window if self._cluster is not None else _AHEAD * self._workers

    def _submit(self, job: Job) -> Future[Any]:
        if self._cluster is not None:
            return self._cluster.submit(job)
        pool: Executor | None = self._given or self._pool
        if pool is None:
            raise RuntimeError("nothing was prepared for making reports")
        return pool.submit(partial(deliver, pool=self._processes, place=self._place), job)

    def _outcome(self, job: Job, future: Future[Any]) -> Outcome:
        if self._cluster is not None:
            return self._cluster.outcome(job, future)
        outcome: Outcome = future.result()
        return outcome

    def _bundle(self) -> Any:
        from toolkit.reporting.cluster import Bundle, bundle_of

        shared = self._shared
        if shared.study is not None:
            return bundle_of(shared.study, Path(self.kept), shared.notebooks, tuple(shared.modules))
        name, modules = shared.notebooks[0], tuple(shared.modules)
        return Bundle(b"", {f"notebook/{name.name}": name.read_bytes()}, modules)


def joined(address: str | None, stack: ExitStack) -> Cluster | None:
    """The Dask cluster at an address, let go of when the stack ends; None where none is named.

    Raises
    ------
    ToolkitError
        Nobody answers there, or Dask is not installed.
    """
    if address is None:
        return None
    from toolkit.reporting.cluster import Cluster

    cluster = Cluster(address)
    stack.callback(cluster.close)
    return cluster


def writers(formats: Iterable[str]) -> list[str]:
    """The module of each format's writer, to be imported once."""
    return [f"toolkit.reporting.documents.{_WRITERS[one]}" for one in formats if one in _WRITERS]
