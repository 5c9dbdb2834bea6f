"""The process that has imported everything: it forks a keeper for each connection and does nothing else.

Run as `python -P -m toolkit.reporting.warm.zygote SOCKET [--clear FOLDER]… [--import MODULE[:FUNCTION]]…`.
Standard input is a lifeline: when its other end closes, the zygote ends and clears away the folders named.
On standard output it says one line of JSON when it listens, or why it cannot.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from toolkit.reporting.warm.keeper import keep
from toolkit.reporting.warm.wire import GoneError, Wire

if TYPE_CHECKING:
    from toolkit.reporting.warm.shell import WarmShell

__all__ = ["main", "threads"]

EVERY_NOTEBOOK = (
    "IPython.core.pylabtools",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "pandas",
    "toolkit.reporting.notebook_help",
)
"""What is imported whatever is to be run. The inline backend is not: it looks for its shell when imported."""

SELDOM = 50_000
"""New objects before the collector looks: a picture makes thousands and keeps nearly all to its end."""


def threads() -> int:
    """How many threads this process has."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def main(arguments: Sequence[str] | None = None) -> int:
    """Import, listen, fork."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    shell = _imported(given.modules)
    if threads() != 1:
        said.write(json.dumps({"problem": f"what was imported has started {threads() - 1} threads"}) + "\n")
        said.close()
        return 1
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    listening.bind(given.socket)
    os.umask(before)
    listening.listen(256)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a keeper ended
    said.write(json.dumps({"listening": os.getpid()}) + "\n")
    said.close()
    try:
        _serve(listening, shell)
    finally:
        for folder in given.clear:
            shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # there is nothing to tidy up, and taking apart all that was imported would take a second


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zygote")
    parser.add_argument("socket")
    parser.add_argument("--import", dest="modules", action="append", default=[], metavar="MODULE[:FUNCTION]")
    parser.add_argument("--clear", action="append", default=[], type=Path, metavar="FOLDER")
    return parser


def _imported(modules: Sequence[str]) -> WarmShell:
    """Make the shell every notebook starts with, and import under it: some packages ask where they run."""
    from toolkit.reporting.warm.shell import WarmShell

    shell = WarmShell.made()
    with shell.builtin_trap:
        for name in (*EVERY_NOTEBOOK, *modules):
            module, _, function = name.partition(":")
            imported = importlib.import_module(module)
            if function:
                getattr(imported, function)()
    gc.collect()
    gc.freeze()  # what is here now is shared; the collector would touch, and so copy, all of it
    gc.set_threshold(SELDOM, 20, 20)
    return shell


def _serve(listening: socket.socket, shell: WarmShell) -> None:
    """Fork a keeper for each connection until the lifeline closes."""
    ready = select.poll()
    ready.register(listening, select.POLLIN)
    ready.register(0, select.POLLIN | select.POLLHUP)
    while True:
        happened = dict(ready.poll())
        if 0 in happened and not os.read(0, 1024):
            return
        if listening.fileno() in happened:
            asked, _ = listening.accept()
            try:
                if os.fork() == 0:
                    _be_a_keeper(listening, Wire(asked), shell)
            except OSError as fault:  # no more processes or memory just now: whoever asked may ask again
                sys.stderr.write(f"no process could be forked: {fault}\n")
                sys.stderr.flush()
            finally:
                asked.close()


def _be_a_keeper(listening: socket.socket, asked: Wire, shell: WarmShell) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        listening.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)  # the lifeline is the zygote's own
        os.close(nothing)
        wanted, files = asked.receive_files()
        keep(asked, files, lambda: _work(wanted, files, shell))
    except GoneError:
        pass  # whoever asked has gone
    finally:
        os._exit(1)


def _work(wanted: dict[str, Any], files: list[int], shell: WarmShell) -> None:
    """Become what was asked for; `wanted` names a function that gets the message, files and the shell."""
    module, _, name = wanted["call"].partition(":")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(wanted.get("environment", {}))
    if wanted.get("folder"):
        os.chdir(wanted["folder"])
    _fresh_chance()
    if wanted.get("memory"):
        _limit_memory(int(wanted["memory"]))
    getattr(importlib.import_module(module), name)(wanted, files, shell)


def _fresh_chance() -> None:
    """Forks share the zygote's random states; each gets its own."""
    import random

    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002 - the state that notebooks with the old calls draw from


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes beyond what it was forked with."""
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    sys.exit(main())
