"""survey-toolkit report: the report of every organisation, or of some."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, count, study_file, takes_study
from toolkit.cli.progress import STATUS, Teller
from toolkit.reporting.formats import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.cli.common import Commands
    from toolkit.reporting.options import RunOptions

__all__ = ["add", "make", "options_of", "seen_from_here", "takes_choice"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", help="build reports for all or selected organisations")
    takes_study(report)
    takes_choice(report)
    report.set_defaults(job=_report)


def takes_choice(command: argparse.ArgumentParser) -> None:
    """Give a command what says which reports are made, of what, and where."""
    command.add_argument(
        "--organisation",
        "-o",
        dest="organisations",
        action="append",
        metavar="ID",
        help="only this organisation (repeatable)",
    )
    command.add_argument("--wave", help="the wave, as the study file writes it (default: the latest)")
    command.add_argument(
        "--out", default="reports", metavar="FOLDER", help="where to write, s3://… too (default: reports)"
    )
    command.add_argument(
        "--workers", type=count, metavar="N", help="number of parallel workers (default: one per CPU)"
    )
    command.add_argument("--notebook", metavar="FILE", help="another parameterised notebook")
    command.add_argument(
        "--formats",
        default="html",
        metavar="LIST",
        help=f"output formats, of {','.join(FORMATS)} (default: html)",
    )
    command.add_argument("--force", action="store_true", help="rebuild reports even if up to date")


def options_of(given: argparse.Namespace) -> RunOptions:
    """Return a run's options: every one the command has, under the name it has everywhere."""
    from toolkit.reporting.options import RunOptions

    names = [field.name for field in fields(RunOptions) if hasattr(given, field.name)]
    return RunOptions(**{name: getattr(given, name) for name in names})


def make(given: argparse.Namespace) -> int:
    """Build the reports and print how it went; the exit code."""
    from toolkit.reporting.batch import run_study

    teller = Teller()
    try:
        made = run_study(
            study_file(given.study), options_of(given), progress=teller.progress, told=teller.say
        )
    finally:
        teller.end()
    teller.say(summary_of(made))
    index = str(made.attrs["index"])
    teller.say(f"Open {index if '://' in index else seen_from_here(index)}")
    return FAILED if (made["status"] == "failed").any() else 0


def seen_from_here(path: str | Path) -> str:
    """A path from where the command is given, or as it is where that is another drive or gone."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)


def summary_of(made: pd.DataFrame) -> str:
    """How many reports ended how."""
    counts = made["status"].value_counts()
    return ", ".join(f"{counts[status]} {words}" for status, words in STATUS.items() if status in counts)


def _report(given: argparse.Namespace) -> int:
    return make(given)
