"""A process pool for reports: one process per task, forked by multiprocessing's fork server.

`multiprocessing` imports the caller's main module again in every child, so that a script without a
``__main__`` guard would start itself, and it lets no daemonic process (a worker under Dask's nanny) have
children. The pool's server is therefore a subprocess of its own, which owns the fork server. Its standard
input carries tasks and its standard output results, both pickled; when its input ends because its owner was
killed, it kills what still runs, removes the pool's folder and ends.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from toolkit.errors import ToolkitError

T = TypeVar("T")


@dataclass(frozen=True)
class Preloaded:
    """Modules and data that the fork server and all its forks have.

    Parameters
    ----------
    pid
        The fork server's.
    shell
        The IPython shell notebooks start with.
    problem
        Why the process must not be forked; "" where it may be.
    """

    pid: int
    shell: Any
    problem: str = ""


preloaded: Preloaded | None = None
"""Set in the fork server by `toolkit.reporting.preload`, and so in each of its forks; None elsewhere."""

STUDY = "SURVEY_TOOLKIT_STUDY"
"""Environment variable that names the pickled study, read before the first fork."""

PRELOAD = "SURVEY_TOOLKIT_PRELOAD"
"""Environment variable that names, as JSON, what the fork server imports (`toolkit.reporting.preload`)."""

FORK_SERVER, SPAWN = "forkserver", "spawn"
GRACE = 5.0
"""Seconds a process has to end before it is killed."""

LOG_TAIL = 20_000
LONGEST_SOCKET_FOLDER = 60
"""Bytes; the address of a Unix socket may have 100 or so, and multiprocessing adds some forty."""

STATM = Path("/proc/self/statm")
_SERVER = "from toolkit.reporting.pool import serve; serve()"
_PR_SET_PDEATHSIG = 1


class WorkerDied(ToolkitError):
    """Error of a task whose process ended without a result.

    Parameters
    ----------
    code
        Its exit code, negative for a signal; None where it could not be started or its server is gone.
    log
        The end of what it printed.
    """

    def __init__(self, code: int | None, log: str = "") -> None:
        super().__init__(_describe_exit(code))
        self.code, self.log = code, log

    @property
    def temporary(self) -> bool:
        """Whether a retry may succeed, because the process was killed from outside."""
        return self.code is None or self.code in (255, -signal.SIGKILL)


class WorkerPool:
    """Pool that runs each function call in a process of its own.

    A process that dies takes no other with it. Safe to use from several threads.

    Parameters
    ----------
    folder
        Temporary files of the processes are here. The server removes it when its owner is gone.
    study
        The pickled study (`toolkit.reporting.job`), read once before the first fork.
    modules
        More modules to import before the first fork.
    method
        "forkserver" or "spawn"; None takes the fork server where the system has one.

    Attributes
    ----------
    cold_reason
        Why each process is a fresh Python instead of a fork; "" where it is a fork.
    """

    def __init__(
        self, folder: Path, *, study: str = "", modules: Sequence[str] = (), method: str | None = None
    ) -> None:
        self._folder, self._study, self._modules = folder, study, tuple(modules)
        self._method = method or _best_method()
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._stopped = False
        self.cold_reason = ""

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running_server().process.pid

    def start(self) -> None:
        """Start the server and import everything before the first task."""
        self._running_server()

    def run(self, function: Callable[..., T], *given: Any, seconds: float | None = None) -> T:
        """Call a function in a process of its own and return its result.

        Parameters
        ----------
        function
            Importable by its name; its arguments and its result are pickled.
        seconds
            Kill the process when it takes longer.

        Raises
        ------
        TimeoutError
            It took longer.
        WorkerDied
            Its process ended without a result.
        """
        server = self._running_server()
        log = self._folder / f"{uuid.uuid4().hex}.log"
        log.touch(mode=0o600)
        try:
            answer = server.submit(_Task(function, given, seconds, str(log))).result()
            tail = "" if answer.done else log.read_text("utf-8", errors="replace")[-LOG_TAIL:]
        finally:
            log.unlink(missing_ok=True)
        if answer.late:
            raise TimeoutError
        if not answer.done:
            raise WorkerDied(answer.code, tail)
        result: T = answer.result
        return result

    def stop(self) -> None:
        """Kill every process and refuse new ones."""
        with self._lock:
            self._stopped = True
            server = self._server
        if server is not None:
            server.close()

    def close(self) -> None:
        """Close the server and kill its processes."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running_server(self) -> _Server:
        """Return the server, starting one if there is none or it was killed."""
        with self._lock:
            if self._stopped:
                raise WorkerDied(None)
            if self._server is None or not self._server.alive:
                if self._server is not None:
                    self._server.close()
                self._server = _Server(self._folder, self._study, self._modules, self._method)
                self.cold_reason = self._server.cold_reason
            return self._server


@dataclass(frozen=True)
class _Task:
    """A function call for a process of its own, and the file for its output."""

    function: Callable[..., Any]
    given: tuple[Any, ...]
    seconds: float | None
    log: str


@dataclass(frozen=True)
class _Answer:
    """Outcome of a task."""

    done: bool = False
    result: Any = None
    code: int | None = None
    late: bool = False


class _Server:
    """The client's end of the server process."""

    def __init__(self, folder: Path, study: str, modules: Sequence[str], method: str) -> None:
        self._pending: dict[int, Future[_Answer]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ended = False
        settings = {"method": method, "folder": str(folder), "modules": list(modules)}
        with (folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _SERVER, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment_of(os.environ, folder, study=study),
                start_new_session=True,  # Ctrl-C on the terminal is for the owner alone
            )
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the server was started without pipes")
        self._tasks, self._answers = self.process.stdin, self.process.stdout
        try:
            self.cold_reason: str = pickle.load(self._answers)
        except EOFError:
            self.close()
            last = (folder / "server.log").read_text(errors="replace").strip().rpartition("\n")[2]
            raise ToolkitError(f"the process pool could not be started: {last}") from None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it accepts tasks."""
        return not self._ended and self.process.poll() is None

    def submit(self, task: _Task) -> Future[_Answer]:
        """Send a task; its future is always resolved."""
        future: Future[_Answer] = Future()
        with self._lock:
            number = next(self._numbers)
            if self._ended:
                future.set_result(_Answer())
                return future
            self._pending[number] = future
            try:
                pickle.dump((number, task), self._tasks)
                self._tasks.flush()
            except OSError:
                future = self._pending.pop(number)
                future.set_result(_Answer())
        return future

    def close(self) -> None:
        """Close the server and kill its processes."""
        with self._lock, suppress(OSError, ValueError):
            if not self._ended:
                self._ended = True
                pickle.dump(None, self._tasks)
            self._tasks.close()
        try:
            self.process.wait(timeout=2 * GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if hasattr(self, "_reader"):
            self._reader.join()
        self._answers.close()

    def _read(self) -> None:
        """Resolve futures as answers arrive; once none can arrive, all remaining ones."""
        try:
            while True:
                number, answer = pickle.load(self._answers)
                with self._lock:
                    future = self._pending.pop(number)
                future.set_result(answer)
        except (EOFError, pickle.UnpicklingError):
            pass
        with self._lock:
            self._ended = True
            left, self._pending = list(self._pending.values()), {}
        for future in left:
            future.set_result(_Answer())


def environment_of(own: Mapping[str, str], folder: Path, *, study: str = "") -> dict[str, str]:
    """Return the environment of the server and its children.

    One thread per process and none before a fork, none of the user's Jupyter or IPython start-up files, and
    temporary files in the pool's folder, so that they are removed with it.
    """
    import toolkit

    package_root = str(Path(toolkit.__file__).resolve().parent.parent)
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True, mode=0o700)
    return {
        **dict(own),
        **dict.fromkeys(_ONE_THREAD, "1"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # jemalloc starts one when pyarrow is loaded
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": os.pathsep.join(
            [package_root, *([own["PYTHONPATH"]] if own.get("PYTHONPATH") else [])]
        ),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        STUDY: study,
    }


_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def end_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the system signal this process when its parent dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the process cannot be tied to its parent")
    if os.getppid() != parent:
        os._exit(1)


def memory_can_be_limited() -> bool:
    """Return whether a forked notebook's memory can be limited beyond what it starts with."""
    return STATM.is_file()


def _best_method() -> str:
    return FORK_SERVER if FORK_SERVER in multiprocessing.get_all_start_methods() else SPAWN


def _describe_exit(code: int | None) -> str:
    if code is None:
        return "its process could not be started, or was ended from outside"
    if code in (255, -signal.SIGKILL):  # 255: multiprocessing's word for a fork server that was killed
        return "its process was killed from outside, often because memory ran out"
    if code < 0:
        return f"its process was ended by signal {signal.Signals(-code).name}"
    return f"its process ended with code {code} before the report was finished"


# What follows runs in the server and in the processes it starts.


@dataclass(frozen=True)
class _Running:
    """A task's process, the pipe for its result, and its deadline."""

    process: Any
    result: Connection
    deadline: float | None


def serve() -> None:
    """Run tasks until the client is gone (the server's main function)."""
    settings = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_SOCKET_FOLDER and hasattr(os, "fork"):
        tempfile.tempdir = "/tmp"  # of this process, for its sockets alone
    dispatcher = _Dispatcher(settings["method"], settings["modules"], answers)
    owner_is_gone = False
    try:
        dispatcher.start()
        owner_is_gone = not dispatcher.dispatch(_forwarded(tasks))
    finally:
        dispatcher.end_all()
        if owner_is_gone:
            shutil.rmtree(settings["folder"], ignore_errors=True)


def _forwarded(tasks: BinaryIO) -> Connection:
    """Forward tasks to a connection that can be waited for together with processes."""
    here, there = multiprocessing.Pipe(duplex=False)

    def forward() -> None:
        with there, suppress(EOFError, pickle.UnpicklingError):
            while True:
                there.send(pickle.load(tasks))

    threading.Thread(target=forward, daemon=True).start()
    return here


class _Dispatcher:
    """Starts a process per task, watches all of them, and reports how each ended."""

    def __init__(self, method: str, modules: Sequence[str], answers: BinaryIO) -> None:
        self._method, self._modules, self._answers = method, modules, answers
        self._context: Any = multiprocessing.get_context(method)
        self._running: dict[int, _Running] = {}

    def start(self) -> None:
        """Start the fork server and report whether it is usable: threads in it would not survive a fork."""
        cold_reason = f"this system ({sys.platform}) has no fork server"
        if self._method == FORK_SERVER:
            os.environ[PRELOAD] = json.dumps({"modules": list(self._modules), "server": os.getpid()})
            self._context.set_forkserver_preload(["toolkit.reporting.preload"])
            cold_reason = self._probe()
            if cold_reason:
                os.environ.pop(PRELOAD)
                self._method, self._context = SPAWN, multiprocessing.get_context(SPAWN)
        self._answer(cold_reason)

    def dispatch(self, tasks: Connection) -> bool:
        """Dispatch tasks until the pool is closed (True) or its owner is gone (False)."""
        while True:
            handles = [
                handle for one in self._running.values() for handle in (one.result, one.process.sentinel)
            ]
            deadlines = [one.deadline for one in self._running.values() if one.deadline is not None]
            left = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
            ready = wait([tasks, *handles], timeout=left)
            for number, one in list(self._running.items()):
                late = one.deadline is not None and time.monotonic() >= one.deadline
                if one.result in ready or one.process.sentinel in ready or late:
                    self._finish(number, one, late=late)
            if tasks in ready:
                try:
                    task = tasks.recv()
                except EOFError:
                    return False
                if task is None:
                    return True
                self._begin(*task)

    def end_all(self) -> None:
        """Kill every process."""
        for one in self._running.values():
            self._end(one)

    def _probe(self) -> str:
        """Ask a first fork whether the fork server is usable; "" or the reason why not."""
        here, there = self._context.Pipe(duplex=False)
        try:
            process = self._context.Process(target=_report_preload, args=(there,))
            process.start()
            there.close()
            problem: str = here.recv()
            process.join()
        except (EOFError, OSError) as fault:
            return f"the fork server ended at its start ({type(fault).__name__})"
        return problem

    def _begin(self, number: int, task: _Task) -> None:
        here, there = self._context.Pipe(duplex=False)
        try:
            process = self._context.Process(target=_work, args=(task, there, self._method))
            self._start(process)
        except (OSError, EOFError):  # no more processes or memory just now, or the fork server was killed
            here.close()
            self._answer((number, _Answer()))
        else:
            deadline = None if task.seconds is None else time.monotonic() + task.seconds
            self._running[number] = _Running(process, here, deadline)
        finally:
            there.close()

    def _start(self, process: Any) -> None:
        """Start a process; wait for a fork server that was just killed to be gone.

        Its socket is closed before its process counts as ended: until then multiprocessing does not start a
        new one. Nothing was handed over, so that trying again cannot run a task twice.
        """
        until = time.monotonic() + GRACE
        while True:
            try:
                process.start()
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return

    def _finish(self, number: int, one: _Running, *, late: bool) -> None:
        """Settle the job of a process that has finished, died or timed out, and end the process."""
        answer = _Answer(late=True)
        try:
            if one.result.poll():
                answer = _Answer(done=True, result=one.result.recv())
            elif not late:
                raise EOFError
        except (EOFError, OSError):
            one.process.join(GRACE)
            answer = _Answer(code=one.process.exitcode)
        self._end(one, at_once=answer.done)
        del self._running[number]
        one.result.close()
        self._answer((number, answer))

    def _end(self, one: _Running, *, at_once: bool = False) -> None:
        """Kill a process and its children.

        A fork leads a process group that holds its notebook and whatever that has started. A fresh Python has
        an ordinary kernel, which is in a group of its own: it is asked first, so that it can end its kernel.
        """
        if self._method == SPAWN and not at_once and one.process.is_alive():
            one.process.terminate()
            one.process.join(GRACE)
        with suppress(ProcessLookupError, PermissionError, AttributeError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.kill()
        one.process.join()
        one.process.close()

    def _answer(self, answer: Any) -> None:
        with suppress(OSError):  # no one listens any more; seen where tasks are read
            pickle.dump(answer, self._answers)
            self._answers.flush()


def _report_preload(answer: Connection) -> None:
    """Return why this process's fork server is unusable; "" if it is usable."""
    answer.send(preloaded.problem if preloaded else "nothing was imported before the fork")


def _work(task: _Task, answer: Connection, method: str) -> None:
    """Call the function in its own process, answer, and wait to be ended."""
    log = os.open(task.log, os.O_WRONLY | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    if method == FORK_SERVER and preloaded is not None:
        end_with_parent(preloaded.pid)
    else:
        signal.signal(signal.SIGTERM, _exit)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid is not None:
            end_with_parent(parent.pid, signal.SIGTERM)
    answer.send(task.function(*task.given))
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()  # until it has the result and kills this process with all that was started from it


def _exit(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
