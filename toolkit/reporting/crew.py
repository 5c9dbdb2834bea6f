"""Makes reports side by side, each in a process of its own: one that dies takes no other report with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from toolkit.reporting.prepared import STUDY
from toolkit.reporting.warm.client import NotWarm, Warm, WarmProcess, environment_of, unavailable
from toolkit.reporting.warm.wire import GoneError, LateError, Wire
from toolkit.reporting.worker import Job, Outcome

__all__ = ["Crew"]

LOG_TAIL = 20_000
LEEWAY = 30.0
"""Seconds beyond its own limit that a job has for writing what it made; then it is killed."""

MODULES = (
    "nbformat",
    "papermill",
    "pandas.core.arrays.arrow._arrow_utils",
    "pandas.io.formats.csvs",
    "pandas.io.formats.string",
    "pyarrow.parquet",
    "toolkit.reporting.choosing",
    "toolkit.reporting.documents.brand",
    "toolkit.reporting.documents.collect",
    "toolkit.reporting.gathering",
    "toolkit.reporting.execute:preload",
    "toolkit.reporting.html:preload",
    "toolkit.reporting.manifest:preload",
    "toolkit.reporting.report",
    "toolkit.reporting.results",
    "toolkit.reporting.statements",
    "toolkit.reporting.warm.engine",
    "toolkit.reporting.worker",
    "toolkit.analysis.rank_gap",
    "toolkit.presentation.tables",
    "toolkit.presentation.appendix",
    "toolkit.presentation.figures",
    "toolkit.presentation.methods",
    "toolkit.study.store",
    "toolkit.reporting.prepared:preload",
)
"""What every report needs, imported once; and the study, read once."""


class Crew:
    """Starts the processes that make reports, waits for them, and can stop them all.

    Warm where the system allows it, else each in a fresh Python; `why_cold` says why.

    Parameters
    ----------
    scratch
        A folder for what is kept while the batch runs; cleared even when the batch is killed.
    kept
        The study as the batch has read it.
    modules
        More to import before the first fork: what a notebook of one's own needs, and the writers of formats.
    """

    def __init__(self, scratch: Path, *, kept: str = "", modules: Sequence[str] = ()) -> None:
        self._scratch = scratch
        self._running: set[WarmProcess | subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.why_cold = unavailable()
        self._warm = Warm((*MODULES, *modules), environment={**os.environ, STUDY: kept}, clear=[scratch])

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._ended.is_set()

    def start(self) -> None:
        """Have everything imported before the first report; where that cannot be, note why."""
        if not self.why_cold:
            try:
                _ = self._warm.address
            except NotWarm as fault:
                self.why_cold = str(fault)

    def run(self, job: Job) -> Outcome:
        """Make one report in a process of its own and say how it ended, whatever becomes of the process."""
        if self.stopping:
            return Outcome("stopped")
        with tempfile.TemporaryFile() as log:
            try:
                outcome, code = (self._cold if self.why_cold else self._forked)(job, log.fileno())
            except NotWarm as fault:
                return Outcome("failed", str(fault), passing=True)
            if outcome is not None:
                return outcome
            if self._ended.is_set():
                return Outcome("stopped")
            log.seek(0)
            tail = log.read().decode(errors="replace")[-LOG_TAIL:]
            return Outcome("failed", _last_words(code), tail, passing=code is None or code == -signal.SIGKILL)

    def stop(self, *, patience: float = 5.0) -> None:
        """End every process; those started rather than forked are asked first."""
        with self._lock:
            self._ended.set()
            running = list(self._running)
        started = [worker for worker in running if isinstance(worker, subprocess.Popen)]
        for worker in running:
            if isinstance(worker, WarmProcess):
                worker.end()
        for worker in started:
            _signal_group(worker, signal.SIGTERM)
        for worker in started:
            try:
                worker.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                _signal_group(worker, signal.SIGKILL)

    def close(self) -> None:
        """End the process that others are forked from."""
        self._warm.close()

    def _forked(self, job: Job, log: int) -> tuple[Outcome | None, int | None]:
        mine, theirs = socket.socketpair()
        answer = Wire(mine)
        address = self._warm.address
        try:
            with theirs:
                worker = self._warm.ask(
                    "toolkit.reporting.worker:forked",
                    files=[theirs.fileno(), log],
                    job=asdict(job),
                    zygote=str(address),
                    environment=job.environment,
                )
            with self._lock:
                self._running.add(worker)
                if self.stopping:
                    worker.end()
            try:
                return _answer(answer, worker, job.seconds)
            finally:
                with self._lock:
                    self._running.discard(worker)
                worker.end()
        finally:
            answer.close()

    def _cold(self, job: Job, log: int) -> tuple[Outcome | None, int | None]:
        with self._lock:
            if self.stopping:
                return Outcome("stopped"), None
            worker = subprocess.Popen(
                [sys.executable, "-P", "-m", "toolkit.reporting.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment_of(None, self._scratch),
                start_new_session=True,
            )
            self._running.add(worker)
        try:
            answer = _talk(worker, job)
        finally:
            with self._lock:
                self._running.discard(worker)
        return (Outcome.told(json.loads(answer)) if answer else None), worker.returncode


def _answer(answer: Wire, worker: WarmProcess, seconds: float | None) -> tuple[Outcome | None, int | None]:
    """Wait for a forked worker's answer and its end."""
    until = None if seconds is None else time.monotonic() + seconds + LEEWAY
    try:
        return Outcome.told(answer.receive(until=until)), worker.wait(until=until)
    except GoneError:
        return None, worker.wait(until=time.monotonic() + LEEWAY)
    except LateError:
        return Outcome("failed", f"it took longer than {seconds:g} seconds and was stopped"), None


def _talk(worker: subprocess.Popen[bytes], job: Job) -> bytes:
    """Hand over the job and wait for the answer; standard input stays open as the worker's lifeline."""
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("the worker was started without pipes")
    try:
        worker.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        worker.stdin.flush()
        answer = worker.stdout.read()
        worker.wait()
    except BrokenPipeError:
        worker.wait()
        answer = b""
    finally:
        worker.stdout.close()
        with suppress(BrokenPipeError):
            worker.stdin.close()
    return answer if worker.returncode == 0 else b""


def _signal_group(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(worker.pid, number)
    except ProcessLookupError:
        return


def _last_words(code: int | None) -> str:
    if code is None:
        return "its process was ended from outside"
    if code == -signal.SIGKILL:
        return "its process was killed from outside, often because memory ran out"
    if code < 0:
        return f"its process was ended by signal {signal.Signals(-code).name}"
    return f"its process ended with code {code} before the report was finished"
