"""Worker processes, one a report: a worker that dies takes only its own report with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import toolkit
from toolkit.reporting.worker import Job, Outcome

__all__ = ["Crew"]

LOG_TAIL = 20_000
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Crew:
    """Starts workers, waits for them, and can stop them all.

    Parameters
    ----------
    scratch
        A folder for what Jupyter keeps while it runs; the user's own Jupyter and IPython set-up is not read.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def run(self, job: Job) -> Outcome:
        """Make one report in a process of its own and say how it ended, whatever becomes of the process."""
        with tempfile.TemporaryFile() as log:
            with self._lock:
                if self._stopping:
                    return Outcome("stopped")
                worker = subprocess.Popen(
                    [sys.executable, "-P", "-m", "toolkit.reporting.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=worker_environment(os.environ, self._scratch),
                    start_new_session=True,
                )
                self._running.add(worker)
            try:
                answer = _talk(worker, job)
            finally:
                with self._lock:
                    self._running.discard(worker)
            if self.stopping:
                return Outcome("stopped")
            if answer:
                told = json.loads(answer)
                return Outcome(**{**told, "warnings": tuple(told["warnings"])})
            log.seek(0)
            tail = log.read().decode(errors="replace")[-LOG_TAIL:]
            return Outcome("failed", _last_words(worker.returncode), tail)

    def stop(self, *, patience: float = 5.0) -> None:
        """Ask every worker to end, and end those that do not."""
        with self._lock:
            self._stopping = True
            running = list(self._running)
        for worker in running:
            _signal_group(worker, signal.SIGTERM)
        for worker in running:
            try:
                worker.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                _signal_group(worker, signal.SIGKILL)


def worker_environment(own: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """One thread a worker, this very package, and none of the user's Jupyter or IPython start-up files."""
    package_root = str(Path(toolkit.__file__).resolve().parent.parent)
    path = os.pathsep.join([package_root, *([own["PYTHONPATH"]] if own.get("PYTHONPATH") else [])])
    return {
        **{name: value for name, value in own.items() if name != "MPLBACKEND"},
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }


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


def _last_words(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed from outside, often because memory ran out"
    if code < 0:
        return f"its process was ended by signal {signal.Signals(-code).name}"
    return f"its process ended with code {code} before the report was finished"
