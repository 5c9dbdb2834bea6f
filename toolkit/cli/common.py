"""What several commands share: exit codes, the study argument, counts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = [
    "BAD_INPUT",
    "FAILED",
    "INTERRUPTED",
    "TERMINATED",
    "count",
    "register_folder",
    "study_file",
    "takes_register",
    "takes_study",
]

_SAMPLE = "ai_at_work"
FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
_MOST = 100_000_000
"""More workers, or seconds (three years), than can be meant; beyond some number systems refuse to wait."""


def takes_study(command: argparse.ArgumentParser) -> None:
    """Give the command its STUDY and --data."""
    command.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help=f"a study file, its folder or a shipped study (default: {_SAMPLE}, the synthetic sample)",
    )
    command.add_argument("--data", metavar="FOLDER", help="another folder in which the answer files lie")


def count(text: str) -> int:
    """A whole number of at least 1, as an argument."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        most = f" and at most {_MOST}" if text.isdecimal() and int(text) else ""
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1{most}")
    return int(text)


def study_file(given: str | None) -> str:
    """Find the study file that is meant: the synthetic sample where none is named."""
    from toolkit.shipped import study_path

    if not given:
        print(f"No study named: using the synthetic sample, {_SAMPLE}", flush=True)
    return str(study_path(given or _SAMPLE))


def takes_register(command: argparse.ArgumentParser) -> None:
    """Add the option --register."""
    command.add_argument(
        "--register", metavar="FOLDER", help="a register of published claims (default: the shipped one)"
    )


def register_folder(given: str | None) -> str:
    """Find the register of published claims: the shipped one where none is named."""
    from toolkit.shipped import shipped

    return given or str(shipped("data_samples", "published"))
