"""Parts shared by the commands: the parser, exit codes, common arguments, argument types, output."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeAlias

from toolkit.errors import near_names, printable

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.errors import InvalidInput, ToolkitError

# a string, because argparse's class takes no type arguments while the program runs
Commands: TypeAlias = "argparse._SubParsersAction[Any]"

SAMPLE = "ai_at_work"
FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
EXIT_CODES = """exit codes:
  0    success
  1    the command ran, and a report failed or what it checked has problems
  2    the command line, or a file that the command needs, cannot be used
  130  interrupted by Ctrl-C; finished reports are kept
  143  terminated; finished reports are kept"""
INSTRUMENTS_HELP = "one complete questionnaire, or one file per audience"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST = 100_000_000
"""More workers, or seconds (three years), than can be meant; beyond some number systems refuse to wait."""


class Parser(argparse.ArgumentParser):
    """A parser that suggests the commands and options nearest to one that it does not know."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse arguments; those left over are refused by the command that was given them."""
        given, left = super().parse_known_args(args, namespace)
        if left:
            self._refuse(left)
        return given, left

    def _refuse(self, left: Sequence[str]) -> NoReturn:
        options = [name for name in self._option_string_actions if name.startswith("--")]
        told = []
        for text in left:
            name = text.partition("=")[0]
            near = near_names(name, options) if name.startswith("--") else f"see {self.prog} --help"
            told.append(f"unknown {'option' if text.startswith('-') else 'argument'} {name!r}; {near}")
        self.error("\n".join(told))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = "command" if isinstance(action.choices, dict) else "value"
            raise argparse.ArgumentError(
                action, f"unknown {what} {value!r}; {near_names(value, action.choices)}"
            )


class Names:
    """Names that a help page lists as %(choices)s, looked up only when it is printed: commands start quickly.

    Any name passes argparse: those that are unknown are refused where they are used, with a hint.
    """

    def __init__(self, look_up: Callable[[], Iterable[str]]) -> None:
        self._look_up = look_up

    def __iter__(self) -> Iterator[str]:
        return iter(self._look_up())

    def __contains__(self, name: object) -> bool:
        return True


def platform_names(able: str) -> Names:
    """List the platforms that have `files`, `answers` or a `dialect`, as on their registration."""

    def look_up() -> Iterable[str]:
        from toolkit.platforms import PLATFORMS

        return [name for name, platform in PLATFORMS.items() if getattr(platform, able)]

    return Names(look_up)


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    help: str,  # noqa: A002 - argparse's own name
    example: str,
    *,
    description: str = "",
    quiet: bool = True,
    as_json: bool = False,
) -> argparse.ArgumentParser:
    """Add a subcommand whose help page ends with an example.

    Parameters
    ----------
    quiet
        Whether it has --quiet: not where what it prints is all that it does.
    as_json
        Whether it has --json: it then puts its result into `given.result`.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=textwrap.fill(description or f"{help[0].upper()}{help[1:]}.", 80),
        epilog=_examples(example),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, quiet=False, json=False, command=parser.prog.partition(" ")[2])
    if quiet:
        parser.add_argument("--quiet", "-q", action="store_true", help="print errors only")
    if as_json:
        parser.add_argument(
            "--json", action="store_true", help="print the result as JSON (see docs/command_line.md)"
        )
    return parser


def add_group(commands: Commands, name: str, help: str, example: str) -> Commands:  # noqa: A002
    """Add a command with commands of its own, and return these."""
    parser = commands.add_parser(
        name, help=help, epilog=_examples(example), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    own: Commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    return own


def _examples(example: str) -> str:
    several = "s" if re.search(r"(?<!\\)\n", example) else ""
    return f"example{several}:\n" + textwrap.indent(example, "  ")


def add_study(command: argparse.ArgumentParser) -> None:
    """Add the arguments STUDY and --data."""
    command.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help=f"a study file, its folder or a shipped study (default: {SAMPLE}, the synthetic sample)",
    )
    command.add_argument("--data", metavar="FOLDER", help="folder containing the answer files")


def add_register(command: argparse.ArgumentParser) -> None:
    """Add the option --register."""
    command.add_argument(
        "--register", metavar="FOLDER", help="a register of published claims (default: the shipped one)"
    )


def count(text: str) -> int:
    """Parse a positive integer."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        most = f", at most {_MOST}" if text.isdecimal() and int(text) else ""
        raise argparse.ArgumentTypeError(f"must be a positive integer{most} (got {text!r})")
    return int(text)


def size(text: str) -> int:
    """Parse a number of bytes such as 500M or 2G.

    Examples
    --------
    >>> size("2G")
    2147483648
    """
    found = re.fullmatch(r"([1-9][0-9]*)([kmg]?)b?", text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid size; write it as 500M or 2G")
    return int(found[1]) * _UNITS[found[2]]


def study_file(given: str | None) -> str:
    """Return the path of a study file: the synthetic sample's where none is named."""
    from toolkit.shipped import study_path

    if not given:
        print(f"No study named: using the synthetic sample, {SAMPLE}", flush=True)
    return str(study_path(given or SAMPLE))


def register_folder(given: str | None) -> str:
    """Return the folder of a register of published claims: the shipped one where none is named."""
    from toolkit.shipped import shipped

    return given or str(shipped("data_samples", "published"))


_COLOURS = {"red": 31, "green": 32}


def echo(line: str, *, colour: str, file: TextIO | None = None) -> None:
    """Print a line in a colour, which only terminals are sent, and none if NO_COLOR is set."""
    out = file or sys.stdout
    raw = getattr(out, "stream", out)  # the toolkit's own control characters are written unescaped
    if raw.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb":
        raw.write(f"\x1b[{_COLOURS[colour]}m{printable(line, keep=chr(10) + chr(9))}\x1b[0m\n")
    else:
        print(line, file=out)


def failed(given: argparse.Namespace, fault: InvalidInput) -> int:
    """Print the problems of what a command checked, and return the exit code for it."""
    given.fault = fault
    explain(fault)
    return FAILED


def explain(fault: ToolkitError) -> None:
    """Print an error to stderr; its first line in red."""
    first, _, others = str(fault).partition("\n")
    echo(first, colour="red", file=sys.stderr)
    if others:
        print(others, file=sys.stderr)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame for --json: missing values are null, numbers keep every digit."""
    import json

    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return rows
