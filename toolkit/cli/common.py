"""What several commands share: exit codes, the study argument, counts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = [
    "BAD_INPUT",
    "FAILED",
    "INTERRUPTED",
    "SAMPLE_STUDY",
    "TERMINATED",
    "count",
    "study_file",
    "takes_study",
]

SAMPLE_STUDY = "data_samples/ai_at_work/study.yaml"
FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
_MOST = 100_000_000
"""More workers, or seconds (three years), than can be meant; beyond some number systems refuse to wait."""


def takes_study(command: argparse.ArgumentParser) -> None:
    """Give the command its STUDY and --data."""
    command.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help=f"study.yaml (default: {SAMPLE_STUDY}, the synthetic sample)",
    )
    command.add_argument("--data", metavar="FOLDER", help="another folder in which the answer files lie")


def count(text: str) -> int:
    """A whole number of at least 1, as an argument."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        most = f" and at most {_MOST}" if text.isdecimal() and int(text) else ""
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1{most}")
    return int(text)


def study_file(given: str | None) -> str:
    """The study named, or the sample study of the project folder one stands in."""
    if given:
        return given
    if not Path(SAMPLE_STUDY).is_file():
        raise ToolkitError(f"say which study: there is no {SAMPLE_STUDY} here; survey-toolkit report STUDY")
    print(f"No study named: using the synthetic sample, {SAMPLE_STUDY}", flush=True)
    return SAMPLE_STUDY
