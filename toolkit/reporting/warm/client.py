"""Whoever wants a warm process: starts the zygote, asks it, waits, and ends what it asked for."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.reporting.scratch import scratch_folder
from toolkit.reporting.warm.wire import GoneError, LateError, Wire

__all__ = ["NotWarm", "Warm", "WarmProcess", "own_warm", "unavailable"]

START_SECONDS = 120
SOCKET = "zygote.sock"


class NotWarm(ToolkitError):
    """Warm processes are not to be had here; the sentence says why."""


def unavailable() -> str:
    """Why warm kernels are not to be had on this system, or "" where they are."""
    if not sys.platform.startswith("linux"):
        return f"on {sys.platform} a process that has imported libraries cannot safely be forked"
    if not hasattr(os, "pidfd_open"):
        return "this Python has no pidfd_open"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as fault:
        return f"this system cannot watch processes ({fault.strerror})"
    return ""


class WarmProcess:
    """One forked process: its connection is its life.

    Parameters
    ----------
    pid
        For those who look; use `signal` to send it something.
    """

    def __init__(self, asked: Wire, pid: int) -> None:
        self._asked, self.pid = asked, pid
        self.code: int | None = None

    def wait(self, *, until: float | None = None) -> int | None:
        """Its exit code, negative for a signal; None where not even its keeper can tell.

        Raises
        ------
        LateError
            It has not ended by then (a time of the monotonic clock).
        """
        if self.code is None:
            try:
                self.code = int(self._asked.receive(until=until)["exit"])
            except GoneError:
                return None
        return self.code

    def signal(self, number: int) -> None:
        """Send a signal to it and what it has started; nothing where it has ended."""
        try:
            self._asked.send({"signal": int(number)})
        except GoneError:
            return

    def end(self) -> None:
        """Kill it and what it has started."""
        self._asked.close()


class Warm:
    """A zygote and the way to it; the first process asked for starts it. Safe to use from several threads.

    Parameters
    ----------
    modules
        What to import before the first fork.
    environment
        The zygote's; None for that of this process.
    clear
        Folders the zygote removes when this process is gone.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        clear: Sequence[Path] = (),
    ) -> None:
        self._modules, self._environment, self._clear = tuple(modules), environment, tuple(clear)
        self._lock = threading.Lock()
        self._owned: tuple[subprocess.Popen[bytes], Any, Path] | None = None

    @property
    def address(self) -> Path:
        """The zygote's socket; starts the zygote where none lives."""
        with self._lock:
            if self._owned is not None and self._owned[0].poll() is not None:
                self._close()
            if self._owned is None:
                self._owned = self._start()
            return self._owned[2] / SOCKET

    def ask(self, call: str, *, files: Sequence[int] = (), **wanted: Any) -> WarmProcess:
        """Have a process forked.

        Parameters
        ----------
        call
            "module:function" it runs; given the message, the files and the shell.
        files
            Open descriptors it gets.
        wanted
            The rest of the message; `folder` is changed to, `environment` is added.

        Raises
        ------
        NotWarm
            None is to be had.
        """
        return ask(self.address, call, files=files, **wanted)

    def close(self) -> None:
        """End the zygote; processes it has forked live until whoever asked for them lets go."""
        with self._lock:
            self._close()

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close(self) -> None:
        if self._owned is None:
            return
        process, scratch, _ = self._owned
        self._owned = None
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        scratch.__exit__(None, None, None)

    def _start(self) -> tuple[subprocess.Popen[bytes], Any, Path]:
        why = unavailable()
        if why:
            raise NotWarm(f"warm kernels are not to be had: {why}")
        scratch = scratch_folder()
        folder = scratch.__enter__()
        command = [sys.executable, "-P", "-m", "toolkit.reporting.warm.zygote", str(folder / SOCKET)]
        command += [f"--import={name}" for name in self._modules]
        command += [f"--clear={one}" for one in (folder, *self._clear)]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment_of(self._environment, folder),
                start_new_session=True,
            )
            told = process.stdout.readline() if process.stdout else b""
            if process.stdout:
                process.stdout.close()
            problem = json.loads(told).get("problem", "") if told else "its process ended at the start"
            if problem:
                if process.stdin:
                    process.stdin.close()
                process.wait()
                log.seek(0)
                last = log.read().decode(errors="replace").strip().rpartition("\n")[2]
                scratch.__exit__(None, None, None)
                raise NotWarm(f"warm kernels are not to be had: {problem}{f' ({last})' if last else ''}")
        return process, scratch, folder


def ask(address: Path, call: str, *, files: Sequence[int] = (), **wanted: Any) -> WarmProcess:
    """Ask the zygote at an address for a process; see `Warm.ask`."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    wire = Wire(end)
    try:
        end.connect(str(address))
        wire.send({"call": call, **wanted}, files)
        pid = int(wire.receive(until=time.monotonic() + START_SECONDS)["pid"])
    except (OSError, GoneError, LateError) as fault:
        wire.close()
        raise NotWarm("no process could be forked: the process they are forked from is gone") from fault
    return WarmProcess(wire, pid)


_OWN: list[Warm] = []


def own_warm() -> Warm:
    """This process's own zygote, for kernels that nobody made one for; it ends with the process."""
    if not _OWN:
        _OWN.append(Warm())
        atexit.register(_OWN[0].close)
    return _OWN[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_OWN.clear)  # a fork of this process has none of its own


_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment_of(own: Mapping[str, str] | None, scratch: Path) -> dict[str, str]:
    """One thread a process and none before the fork; none of the user's Jupyter or IPython start-up files."""
    import toolkit

    own = os.environ if own is None else own
    package_root = str(Path(toolkit.__file__).resolve().parent.parent)
    path = os.pathsep.join([package_root, *([own["PYTHONPATH"]] if own.get("PYTHONPATH") else [])])
    return {
        **dict(own),
        **dict.fromkeys(_ONE_THREAD, "1"),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # the library starts one when it is loaded
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }
