"""A Papermill engine that runs notebooks in forked processes, without a Jupyter kernel.

The report's process comes from the fork server with everything imported (`toolkit.reporting.preload`). Its
engine forks the notebook from it: an IPython shell, ipykernel's own class, that takes cells over a pipe and
sends back what a kernel would publish. Nothing is saved while cells run; the notebook is written once, by
Papermill at the end, or here where it could not get that far.
"""

from __future__ import annotations

import builtins
import io
import json
import multiprocessing
import os
import platform
import random
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError, UsageError
from jupyter_client.session import Session
from traitlets.config import Config

from toolkit.reporting.pool import GRACE, STATM, end_with_parent, memory_can_be_limited

NAME = "survey-toolkit"
SKIP, MAY_FAIL = "skip-execution", "raises-exception"
_BUFFERED = 1 << 16


class NotebookZMQShell(ZMQInteractiveShell):
    """ipykernel's shell without ZMQ, whose name pandas looks for to detect a notebook."""

    sender: _Sender

    @classmethod
    def prepared(cls) -> NotebookZMQShell:
        """Create the shell once, before a fork: quiet, without history, without the user's start-up files."""
        config = Config()
        config.HistoryManager.enabled = False
        config.IPKernelApp.parent_handle = 0  # tqdm and others look whether this section is there
        config.InteractiveShell.banner1 = ""
        main = types.ModuleType(
            "__main__", "Automatically created module for IPython interactive environment"
        )
        shell: NotebookZMQShell = cls.instance(config=config, user_module=main, user_ns=main.__dict__)
        shell.sender = _Sender()
        hook: Any = shell.displayhook
        publisher: Any = shell.display_pub
        hook.session = publisher.session = shell.sender
        hook.topic = b""
        extensions: Any = shell.extension_manager
        extensions.load_extension("storemagic")  # as every kernel does
        return shell

    def enable_gui(self, gui: Any = None) -> None:
        """Accept the call that `%matplotlib inline` makes: figures go into the notebook.

        There is neither a screen for windows here nor a loop to serve them.
        """
        if gui not in _WITHOUT_WINDOWS:
            raise UsageError(f"GUI backend {gui} is not available here; use %matplotlib inline")

    def ask_exit(self) -> None:
        """End the notebook as sys.exit() does, since there is no kernel to ask."""
        raise SystemExit("the notebook ended itself")


_WITHOUT_WINDOWS = (None, "inline", "auto", "agg", "nbagg", "notebook", "ipympl", "widget", "webagg")


class NotebookProcess:
    """A forked notebook that runs one cell after the other.

    Parameters
    ----------
    shell
        Of this process, which the fork has a copy of.
    folder
        The fork's current folder.
    environment, memory
        Added to its environment; bytes it may take beyond what it starts with (None: no limit).
    """

    def __init__(
        self,
        shell: NotebookZMQShell,
        *,
        folder: str | Path,
        environment: Mapping[str, str] | None = None,
        memory: int | None = None,
    ) -> None:
        self._connection, theirs = multiprocessing.Pipe()
        with theirs:
            self.process = multiprocessing.get_context("fork").Process(
                target=_serve,
                args=(
                    shell,
                    theirs,
                    self._connection,
                    os.getpid(),
                    str(folder),
                    dict(environment or {}),
                    memory,
                ),
            )
            self.process.start()

    def run(
        self, code: str, publish: Callable[[str, Mapping[str, Any]], None], *, until: float | None = None
    ) -> tuple[str, int | None]:
        """Run one cell.

        Parameters
        ----------
        publish
            Called with the type and the content of each message.
        until
            A time of the monotonic clock.

        Returns
        -------
        tuple
            The name of the error the cell ended in, or "", and the cell's number.

        Raises
        ------
        EOFError
            The process died.
        TimeoutError
            The cell has not ended by then; end the process.
        """
        try:
            self._connection.send_bytes(json.dumps(code).encode("utf-8", "surrogatepass"))
            while True:
                message = self._receive(until)
                if message["type"] == "done":
                    return message["failed"], message["count"]
                publish(message["type"], message["content"])
        except OSError as fault:
            if isinstance(fault, TimeoutError):
                raise
            raise EOFError from fault

    def end(self) -> int | None:
        """Kill the process and return its exit code; the pool kills its children."""
        self._connection.close()
        self.process.kill()
        self.process.join(GRACE)
        return self.process.exitcode

    def exit_code(self) -> int | None:
        """Return the exit code of a dead process."""
        self.process.join(GRACE)
        return self.process.exitcode

    def _receive(self, until: float | None) -> dict[str, Any]:
        """Wait for a message; exit if the parent, the pool's server, is gone."""
        parent = multiprocessing.parent_process()
        handles: list[Any] = [self._connection, *([parent.sentinel] if parent is not None else [])]
        ready = wait(handles, None if until is None else max(0.0, until - time.monotonic()))
        if self._connection in ready:
            message: dict[str, Any] = json.loads(
                self._connection.recv_bytes().decode("utf-8", "surrogatepass")
            )
            return message
        if ready:
            self.end()
            os._exit(1)
        raise TimeoutError


class ForkEngine:
    """Papermill engine that executes notebooks in forked processes.

    It does not subclass Papermill's Engine, because Papermill loads it during its own import.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **given: Any,
    ) -> Any:
        """Execute all cells (called by Papermill)."""
        from papermill.engines import NotebookExecutionManager

        manager = NotebookExecutionManager(
            nb, output_path=output_path, progress_bar=progress_bar, log_output=log_output
        )
        save, manager.save = manager.save, _not_now
        manager.notebook_start()
        try:
            _execute(manager, given)
        except BaseException:
            manager.notebook_complete()
            save()
            raise
        finally:
            manager.cleanup_pbar()
        manager.notebook_complete()
        return manager.nb

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel's name, from the notebook or as given."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the notebook's language."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


def register() -> str:
    """Register the engine with Papermill and return its name."""
    from papermill.engines import papermill_engines

    papermill_engines.register(NAME, ForkEngine)
    return NAME


def _not_now(**_: object) -> None:
    """Skip Papermill's save after every cell."""


def _execute(manager: Any, given: Mapping[str, Any]) -> None:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = NotebookProcess(
        given["shell"], folder=Path.cwd(), environment=given.get("environment"), memory=given.get("memory")
    )
    seconds, last = given.get("execution_timeout"), given.get("until")
    outputs = Outputs()
    try:
        for index, cell in enumerate(manager.nb.cells):
            limits = [limit for limit in (last, seconds and time.monotonic() + seconds) if limit]
            manager.cell_start(cell, index)
            try:
                if not _run_cell(notebook, cell, outputs, min(limits) if limits else None):
                    manager.cell_exception(cell, cell_index=index)
                    break
            except TimeoutError:
                manager.cell_exception(cell, cell_index=index)
                raise CellTimeoutError.error_from_timeout_and_cell("timed out", seconds or 0, cell) from None
            except EOFError:
                manager.cell_exception(cell, cell_index=index)
                fault: Exception = DeadKernelError("Kernel died")
                fault.__dict__["code"] = notebook.exit_code()
                raise fault from None
            finally:
                manager.cell_complete(cell, cell_index=index)
    finally:
        notebook.end()
    manager.nb.metadata["language_info"] = _language()


def _run_cell(notebook: NotebookProcess, cell: Any, outputs: Outputs, until: float | None) -> bool:
    """Run one cell; return False if an error in it ends the notebook."""
    tags = cell.metadata.get("tags", ())
    if cell.cell_type != "code" or not cell.source.strip() or SKIP in tags:
        return True
    cell.outputs = outputs.start_cell()
    failed, cell.execution_count = notebook.run(cell.source, outputs.publish, until=until)
    return not failed or MAY_FAIL in tags


def _language() -> dict[str, Any]:
    """Return the language metadata of a Python kernel."""
    major = sys.version_info[0]
    return {
        "codemirror_mode": {"name": "ipython", "version": major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{major}",
        "version": platform.python_version(),
    }


class Outputs:
    """Outputs of successive cells; displays with an id can be updated by later cells."""

    _KEPT = types.MappingProxyType(
        {
            "stream": ("name", "text"),
            "display_data": ("metadata", "data"),
            "execute_result": ("metadata", "data", "execution_count"),
            "error": ("ename", "evalue", "traceback"),
        }
    )
    """Type of message → what of its content an output keeps."""

    def __init__(self) -> None:
        self._outputs: list[Any] = []
        self._by_display: dict[str, list[Any]] = {}
        self._clear_first = False

    def start_cell(self) -> list[Any]:
        """Return a new list that is filled as messages arrive."""
        self._outputs, self._clear_first = [], False
        return self._outputs

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Handle a message; types that leave nothing in a notebook are skipped."""
        if kind == "clear_output":
            self._clear_first = bool(content.get("wait"))
            if not self._clear_first:
                self._clear()
        elif kind == "update_display_data":
            named = content.get("transient", {}).get("display_id", "")
            for output in self._by_display.get(named, ()):
                output["data"], output["metadata"] = content["data"], content["metadata"]
        elif kind in self._KEPT:
            if self._clear_first:
                self._clear()
            self._add(kind, content)

    def _add(self, kind: str, content: Mapping[str, Any]) -> None:
        last = self._outputs[-1] if self._outputs else None
        if kind == "stream" and last and last.output_type == kind and last.name == content["name"]:
            last.text += content["text"]
            return
        from nbformat import from_dict

        # not nbformat's `output_from_msg`: it checks each output alone, and the whole is checked anyway
        output = from_dict({"output_type": kind, **{name: content[name] for name in self._KEPT[kind]}})
        self._outputs.append(output)
        named = content.get("transient", {}).get("display_id")
        if named:
            self._by_display.setdefault(named, []).append(output)

    def _clear(self) -> None:
        self._outputs.clear()
        self._clear_first = False


# What follows runs in the notebook's process.


class _Sender(Session):
    """Sends over a pipe what a kernel would publish over ZMQ."""

    connection: Connection | None = None

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **more: Any
    ) -> dict[str, Any]:
        """Send a message's type and content."""
        if isinstance(msg_or_type, Mapping):
            message = {"type": msg_or_type["header"]["msg_type"], "content": msg_or_type["content"]}
        else:
            message = {"type": str(msg_or_type), "content": content}
        if self.connection is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            _send(self.connection, message)
        return message


class _Stream(io.TextIOBase):
    """Replacement for a notebook's sys.stdout or sys.stderr that sends output in order."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._named, self._pieces, self._length = connection, name, list[str](), 0
        self._copied = _Collected(2 if name == "stderr" else 1)

    @property
    def name(self) -> str:
        return f"<{self._named}>"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._copied.number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._pieces.append(text)
        self._length += len(text)
        if self._length > _BUFFERED:
            self.flush()
        return len(text)

    def flush(self) -> None:
        printed, self._pieces, self._length = "".join(self._pieces), [], 0
        for text in (printed, self._copied.read()):
            if text:
                _send(self._connection, {"type": "stream", "content": {"name": self._named, "text": text}})


class _Collected:
    """Output of other programs and C code to a descriptor, collected in a file."""

    def __init__(self, number: int) -> None:
        self.number, self._read = number, 0
        self._file, path = tempfile.mkstemp(prefix=f"output-{number}-")
        again = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(again, number)
        os.close(again)
        Path(path).unlink()

    def read(self) -> str:
        data = os.pread(self._file, os.fstat(self._file).st_size - self._read, self._read)
        self._read += len(data)
        return data.decode("utf-8", "replace")


def _send(connection: Connection, message: Mapping[str, Any]) -> None:
    connection.send_bytes(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _serve(
    shell: NotebookZMQShell,
    connection: Connection,
    others: Connection,
    parent: int,
    folder: str,
    environment: Mapping[str, str],
    memory: int | None,
) -> None:
    """Run the cells that arrive over a connection until it closes."""
    end_with_parent(parent)
    others.close()
    os.environ.update(environment)
    os.chdir(folder)
    _seed_anew()
    _limit_memory(memory)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.stdout, sys.stderr = _Stream(connection, "stdout"), _Stream(connection, "stderr")
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - open as long as the process
    sys.modules["__main__"] = shell.user_module
    builtins.input = _no_input
    shell.sender.connection = connection
    while True:
        try:
            code = json.loads(connection.recv_bytes().decode("utf-8", "surrogatepass"))
        except KeyboardInterrupt:
            continue  # it was meant for a cell that had just ended
        except EOFError:
            return
        _send(connection, _run(shell, code))


def _run(shell: NotebookZMQShell, code: str) -> dict[str, Any]:
    run: Any = shell.run_cell
    result = run(code, store_history=True)
    sys.stdout.flush()
    sys.stderr.flush()
    fault = result.error_before_exec or result.error_in_exec
    failed = "" if fault is None else type(fault).__name__
    return {"type": "done", "failed": failed, "count": result.execution_count}


def _seed_anew() -> None:
    """Reseed this fork's random generators, which all forks inherit from the fork server."""
    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002 - the state that notebooks with the old calls draw from


def _limit_memory(more: int | None) -> None:
    """Limit this process's memory to this many bytes beyond what it inherited."""
    if more is None or not memory_can_be_limited():
        return
    import resource

    pages = int(STATM.read_text(encoding="ascii").split()[5])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")
