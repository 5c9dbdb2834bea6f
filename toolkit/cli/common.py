"""Parts shared by the commands: exit codes, common arguments, argument types."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

# a string, because argparse's class takes no type arguments while the program runs
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

SAMPLE = "ai_at_work"
FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
INSTRUMENTS_HELP = "one complete questionnaire, or one file per audience"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST = 100_000_000
"""More workers, or seconds (three years), than can be meant; beyond some number systems refuse to wait."""


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
) -> argparse.ArgumentParser:
    """Add a subcommand whose help page ends with an example."""
    parser = commands.add_parser(
        name,
        help=help,
        description=textwrap.fill(description or f"{help[0].upper()}{help[1:]}.", 80),
        epilog="example:\n" + textwrap.indent(example, "  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


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
