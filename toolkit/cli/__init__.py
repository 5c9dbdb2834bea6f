"""The command `survey-toolkit`: one function per subcommand, each one call deep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import toolkit
from toolkit.cli import (
    audit,
    check,
    checklist,
    compare,
    convert,
    export,
    fetch,
    findings,
    init,
    lint,
    read,
    report,
    simulate,
    translate,
)
from toolkit.cli.common import BAD_INPUT, INTERRUPTED, TERMINATED
from toolkit.errors import ToolkitError, printable
from toolkit.shipped import shipped
from toolkit.system import Terminated, interruptible

# in the order --help lists them; a module here imports nothing heavy before its command runs
_COMMANDS = (
    init,
    report,
    convert,
    check,
    audit,
    read,
    fetch,
    simulate,
    lint,
    compare,
    translate,
    export,
    findings,
    checklist,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit code.

    Returns
    -------
    int
        0 success; 1 some reports failed or a check found problems; 2 bad input; 130 interrupted;
        143 terminated.
    """
    _harden_streams()
    with _escaping():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    try:
        shipped()  # refuses to run from a zip archive
        with interruptible():
            return run(given)
    except ToolkitError as fault:
        print(fault, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt as fault:
        print("Interrupted. Finished reports were kept; unfinished ones were removed.", file=sys.stderr)
        return TERMINATED if isinstance(fault, Terminated) else INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as fault:
        named = f"{fault.filename}: " if fault.filename else ""
        print(f"{named}{fault.strerror or fault}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="survey-toolkit",
        description="Where executives, employees and freelancers see the same workplace differently.",
    )
    parser.add_argument("--version", action="version", version=f"survey-toolkit {toolkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


class Escaping:
    """A text stream that prints control characters as escapes.

    Every command prints names, answers and file contents; written raw, they could move a terminal's cursor,
    recolour it or hide lines. The toolkit's own control characters go to `stream`.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text with control characters escaped, except line ends and tabs."""
        return self.stream.write(printable(text, keep="\n\t"))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def _escaping() -> Iterator[None]:
    usual = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Escaping(sys.stdout), Escaping(sys.stderr)
    try:
        yield
    except (SystemExit, KeyboardInterrupt):
        sys.stdout, sys.stderr = usual
        raise
    # any other error leaves the streams escaped: the interpreter prints its traceback after this
    sys.stdout, sys.stderr = usual


def _harden_streams() -> None:
    """Keep a batch alive if the terminal cannot print a name, or if an output stream is closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open while the program runs
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
