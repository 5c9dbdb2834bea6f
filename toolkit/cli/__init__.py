"""The command `survey-toolkit`: a module a subcommand, each one call deep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import toolkit
from toolkit.cli import (
    batch,
    check,
    checklist,
    compare,
    export,
    fetch,
    findings,
    formats,
    lint,
    read,
    report,
    reproduce,
    run,
    schema,
    simulate,
    translate,
)
from toolkit.cli.common import BAD_INPUT, INTERRUPTED, TERMINATED
from toolkit.errors import ToolkitError
from toolkit.system import Terminated, interruptible

__all__ = ["main"]

# in the order --help lists them; a module here imports nothing heavy before its command runs
_COMMANDS = (
    report,
    batch,
    run,
    formats,
    check,
    read,
    fetch,
    simulate,
    lint,
    compare,
    translate,
    export,
    schema,
    findings,
    reproduce,
    checklist,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Returns
    -------
    int
        0 done; 1 some reports failed or a check found problems; 2 bad input; 130 interrupted; 143 terminated.
    """
    _speak_utf8()
    given = _parser().parse_args(arguments)
    job: Callable[[argparse.Namespace], int] = given.job
    try:
        with interruptible():
            return job(given)
    except ToolkitError as fault:
        print(fault, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt as fault:
        print("Interrupted. Finished reports were kept; unfinished ones were removed.", file=sys.stderr)
        return TERMINATED if isinstance(fault, Terminated) else INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0


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


def _speak_utf8() -> None:
    """A terminal that cannot print a name, or an output that was closed, must not end a batch."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open while the program runs
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
