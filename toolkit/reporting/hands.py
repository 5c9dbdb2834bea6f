"""Who makes the reports of a run: threads of this process that fork, or an executor from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from toolkit.reporting.crew import Crew
from toolkit.reporting.making import make_one
from toolkit.reporting.planning import Checked, Plan, imports_of
from toolkit.reporting.prepared import write_study
from toolkit.reporting.worker import Job, Outcome

__all__ = ["Hands"]

_WRITERS = {"pdf": "pdf", "docx": "word", "pptx": "slides", "xlsx": "workbook"}


class Hands:
    """Makes the jobs of a plan, as many at a time as there are workers.

    Parameters
    ----------
    scratch
        Where the study is kept for them.
    executor
        Anything with the interface of concurrent.futures; None for threads of this process.
    say
        Takes a sentence for whoever started the run.
    """

    def __init__(
        self,
        run: Checked,
        scratch: Path,
        workers: int,
        executor: Executor | None,
        say: Callable[[str], None],
    ) -> None:
        self._run, self._scratch, self._workers, self.say = run, scratch, workers, say
        self._given = executor
        self._crew: Crew | None = None
        self._starting: Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None

    def prepare(self) -> None:
        """Keep the study for the jobs, and start importing while the answers are still being read."""
        kept = write_study(self._run.study, self._kept)
        if self._given is None:
            modules = [*imports_of(self._run.notebooks), *_writers(self._run.wanted.formats)]
            self._crew = Crew(self._scratch, kept=str(kept), modules=modules)
            self._pool = ThreadPoolExecutor(max_workers=max(1, self._workers))
            self._starting = self._pool.submit(self._crew.start)

    def make(self, planned: Plan) -> Iterator[tuple[Job, Outcome]]:
        """Each job with its outcome as it ends.

        Whatever ends this early (Ctrl-C too) ends the processes of its jobs.
        """
        if not planned.to_make:
            return
        planned.study.forget_answers()
        work: Callable[[Job], Outcome] = make_one
        if self._crew is not None and self._starting is not None:
            self._starting.result()
            work = partial(make_one, crew=self._crew)
            if self._crew.why_cold:
                why = self._crew.why_cold
                self.say(f"{why[0].upper()}{why[1:]}. Each report starts a kernel of its own.")
        try:
            yield from self._as_they_end(work, planned.jobs(self._run.wanted, self._kept))
        except BaseException:
            if self._crew is not None:
                self._crew.stop()
            raise

    def close(self) -> None:
        """End what was started."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._crew is not None:
            self._crew.close()

    @property
    def _kept(self) -> Path:
        return self._scratch / "study.pickle"

    def _as_they_end(
        self, work: Callable[[Job], Outcome], jobs: Iterable[Job]
    ) -> Iterator[tuple[Job, Outcome]]:
        pool: Executor | None = self._given or self._pool
        if pool is None:
            raise RuntimeError("the answers were not read, so nothing was prepared for making reports")
        running = {pool.submit(work, job): job for job in jobs}
        try:
            for future in as_completed(running):
                yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()


def _writers(formats: Iterable[str]) -> list[str]:
    """The module of each format's writer, to be imported once."""
    return [f"toolkit.reporting.documents.{_WRITERS[one]}" for one in formats if one in _WRITERS]
