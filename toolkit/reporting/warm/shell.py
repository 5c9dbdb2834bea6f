"""The IPython shell of a forked notebook process: ipykernel's own, its messages sent over a socket pair."""

from __future__ import annotations

import builtins
import io
import os
import sys
import types
from collections.abc import Mapping
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError, UsageError
from jupyter_client.session import Session
from traitlets.config import Config

from toolkit.reporting.warm.wire import GoneError, Wire

__all__ = ["WarmShell", "WarmZMQShell", "serve"]

_BUFFERED = 1 << 16


class _Sender(Session):
    """Takes what a kernel would publish over ZMQ and puts it on the wire."""

    wire: Wire | None = None

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **more: Any
    ) -> dict[str, Any]:
        """Send one message; only its type and content are wanted."""
        if isinstance(msg_or_type, Mapping):
            message = {"type": msg_or_type["header"]["msg_type"], "content": msg_or_type["content"]}
        else:
            message = {"type": str(msg_or_type), "content": content}
        if self.wire is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            self.wire.send(message)
        return message


class WarmZMQShell(ZMQInteractiveShell):
    """ipykernel's shell without ZMQ; packages look for these letters in its name to know a notebook."""

    sender: _Sender

    @classmethod
    def made(cls) -> WarmZMQShell:
        """The shell, made once before the fork: quiet, without history, without the user's start-up files."""
        config = Config()
        config.HistoryManager.enabled = False
        config.IPKernelApp.parent_handle = 0  # tqdm and others look whether this section is there
        config.InteractiveShell.banner1 = ""
        main = types.ModuleType(
            "__main__", "Automatically created module for IPython interactive environment"
        )
        shell: WarmZMQShell = cls.instance(config=config, user_module=main, user_ns=main.__dict__)
        shell.sender = _Sender()
        hook: Any = shell.displayhook
        publisher: Any = shell.display_pub
        hook.session = publisher.session = shell.sender
        hook.topic = b""
        extensions: Any = shell.extension_manager
        extensions.load_extension("storemagic")  # as every kernel does
        return shell

    def enable_gui(self, gui: Any = None) -> None:
        """What `%matplotlib inline` asks for at its end: pictures go into the notebook, so nothing is to do.

        There is neither a screen for windows here nor a loop to serve them.
        """
        if gui not in _WITHOUT_WINDOWS:
            raise UsageError(f"there are no windows for {gui} here; write %matplotlib inline")

    def ask_exit(self) -> None:
        """`exit` ends a notebook as sys.exit() does: there is no kernel around it to be told."""
        raise SystemExit("the notebook ended itself")


WarmShell = WarmZMQShell

_WITHOUT_WINDOWS = (None, "inline", "auto", "agg", "nbagg", "notebook", "ipympl", "widget", "webagg")


class _Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a notebook: what is printed goes out in pieces, in order with the rest."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._named, self._pieces, self._length = wire, name, list[str](), 0
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
                self._wire.send({"type": "stream", "content": {"name": self._named, "text": text}})


class _Collected:
    """What other programs and C code write to a descriptor: kept in memory until it is asked for."""

    def __init__(self, number: int) -> None:
        self.number, self._read = number, 0
        self._file = os.memfd_create(f"output-{number}")
        os.set_inheritable(self._file, False)
        again = os.open(f"/proc/self/fd/{self._file}", os.O_WRONLY | os.O_APPEND)
        os.dup2(again, number)
        os.close(again)

    def read(self) -> str:
        data = os.pread(self._file, os.fstat(self._file).st_size - self._read, self._read)
        self._read += len(data)
        return data.decode("utf-8", "replace")


def serve(wanted: Mapping[str, Any], files: list[int], shell: WarmZMQShell) -> None:
    """Run the cells that come over the first file until its other end closes."""
    import socket

    wire = Wire(socket.socket(fileno=files[0]))
    sys.stdout, sys.stderr = _Stream(wire, "stdout"), _Stream(wire, "stderr")
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - stands as long as the process
    sys.modules["__main__"] = shell.user_module
    builtins.input = _no_input
    shell.sender.wire = wire
    while True:
        try:
            asked = wire.receive()
        except KeyboardInterrupt:
            continue  # it was meant for a cell that had just ended
        except GoneError:
            return
        wire.send(_run(shell, asked["execute"]))


def _run(shell: WarmZMQShell, code: str) -> dict[str, Any]:
    run: Any = shell.run_cell
    result = run(code, store_history=True)
    sys.stdout.flush()
    sys.stderr.flush()
    fault = result.error_before_exec or result.error_in_exec
    told = "" if fault is None else type(fault).__name__
    return {"type": "done", "failed": told, "count": result.execution_count}


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")
