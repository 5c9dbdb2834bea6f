"""The command `survey-toolkit`: one function per subcommand, each one call deep."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import asdict
from functools import partial
from typing import Any, TextIO

import toolkit
from toolkit.cli import (
    audit,
    check,
    checklist,
    comments,
    compare,
    convert,
    crosswalk,
    deliver,
    export,
    fetch,
    findings,
    init,
    lint,
    preview,
    read,
    register,
    release,
    report,
    simulate,
    translate,
    verify,
)
from toolkit.cli.common import (
    BAD_INPUT,
    EXIT_CODES,
    INTERRUPTED,
    TERMINATED,
    Parser,
    add_command,
    echo,
    explain,
)
from toolkit.errors import InvalidInput, Problem, ToolkitError, printable
from toolkit.shipped import shipped
from toolkit.system import Terminated, interruptible

# in the order --help lists them; a module here imports nothing heavy before its command runs
_COMMANDS = (
    init,
    report,
    release,
    convert,
    deliver,
    verify,
    comments,
    register,
    check,
    audit,
    read,
    fetch,
    simulate,
    lint,
    compare,
    translate,
    preview,
    export,
    findings,
    crosswalk,
    checklist,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit code.

    Returns
    -------
    int
        One of `EXIT_CODES`.
    """
    # keep a batch alive if the terminal cannot print a name, or if an output stream is closed
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open while the program runs
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    with _escaping():
        given = _parser().parse_args(arguments)
        given.result, given.fault = {}, None
        with _output(given):
            try:
                shipped()  # refuses to run from a zip archive
                with interruptible():
                    code: int = given.run(given)
            except (ToolkitError, KeyboardInterrupt, OSError) as raised:
                given.fault, code = raised, _explained(raised)
        if given.json:
            print(json.dumps(_envelope(given, code), indent=2))
        return code


def _explained(fault: BaseException) -> int:
    """Print what stopped a command, and return the exit code."""
    if isinstance(fault, KeyboardInterrupt):
        print("Interrupted. Finished reports were kept; unfinished ones were removed.", file=sys.stderr)
        return TERMINATED if isinstance(fault, Terminated) else INTERRUPTED
    if isinstance(fault, BrokenPipeError):
        sys.stderr.close()
        return 0
    if isinstance(fault, ToolkitError):
        explain(fault)
    elif isinstance(fault, OSError):
        named = f"{fault.filename}: " if fault.filename else ""
        echo(f"{named}{fault.strerror or fault}", colour="red", file=sys.stderr)
    return BAD_INPUT


@contextmanager
def _output(given: argparse.Namespace) -> Iterator[None]:
    """Print nothing but errors with --quiet; with --json, print everything but the result to stderr."""
    with ExitStack() as stack:
        if given.quiet:
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123
            stack.enter_context(redirect_stdout(nowhere))
        elif given.json:
            stack.enter_context(redirect_stdout(sys.stderr))
        yield


def _envelope(given: argparse.Namespace, code: int) -> dict[str, Any]:
    """Return what --json prints: the same keys for every command, then the command's own."""
    fault = given.fault
    problems: Sequence[Problem] = fault.problems if isinstance(fault, InvalidInput) else ()
    return {
        "format": f"survey-toolkit/{given.command.replace(' ', '-')}/1",
        "version": toolkit.__version__,
        "exit_code": code,
        "error": None if fault is None else str(fault) or type(fault).__name__,
        "problems": [asdict(one) for one in problems],
        **given.result,
    }


def _parser() -> argparse.ArgumentParser:
    examples = "survey-toolkit init my_study\nsurvey-toolkit check my_study\nsurvey-toolkit report my_study"
    parser = Parser(
        prog="survey-toolkit",
        description="Where executives, employees and freelancers see the same workplace differently.",
        epilog=f"examples:\n{textwrap.indent(examples, '  ')}\n\n{EXIT_CODES}",
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=16),
    )
    parser.add_argument("--version", action="version", version=f"survey-toolkit {toolkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    completion = add_command(
        commands,
        "completion",
        _completion,
        "print the completion script of a shell",
        'eval "$(survey-toolkit completion bash)"        # in ~/.bashrc\n'
        "survey-toolkit completion zsh > ~/.zfunc/_survey-toolkit\n"
        "survey-toolkit completion fish > ~/.config/fish/completions/survey-toolkit.fish",
        description="Print the script that lets a shell complete commands, options and file names.",
        quiet=False,
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    return parser


def _completion(given: argparse.Namespace) -> int:
    import shtab

    parser = _parser()
    parsers = [parser]
    for one in parsers:  # the list grows: commands have commands of their own
        for action in one._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
            elif action.metavar in _PATHS:
                action.complete = _PATHS[str(action.metavar)]  # type: ignore[attr-defined]
    print(shtab.complete(parser, given.shell))
    return 0


_PATHS = dict.fromkeys(
    ("FILE", "YAML", "SHEET", "NOTEBOOK", "RECIPE", "INSTRUMENT", "STUDY", "OLD", "NEW"), "file"
)
_PATHS |= {"FOLDER": "directory", "REPORT_FOLDER|STUDY": "file"}
"""Placeholder of an argument in help → what a shell completes for it."""


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
