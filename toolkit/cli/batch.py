"""survey-toolkit batch: many reports with limits, in a run that can be interrupted and resumed."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from toolkit.cli.common import count, study_file, takes_study
from toolkit.cli.report import make, options_of, takes_choice

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    batch = commands.add_parser("batch", help="build many reports with time and memory limits; resumable")
    takes_study(batch)
    takes_choice(batch)
    batch.add_argument("--dry-run", action="store_true", help="list what would be built, and write nothing")
    batch.add_argument(
        "--timeout",
        dest="seconds",
        type=count,
        default=1800,
        metavar="SECONDS",
        help="time limit per report (default: 1800)",
    )
    batch.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask scheduler whose workers make the reports (docs/scale.md)"
    )
    batch.add_argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="memory limit per report, e.g. 2G (default: no limit)",
    )
    batch.set_defaults(job=_batch)


def size(text: str) -> int:
    """A number of bytes, as an argument: 500M, 2G.

    Examples
    --------
    >>> size("2G")
    2147483648
    """
    found = re.fullmatch(r"([1-9][0-9]*)([kmg]?)b?", text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 500M or 2G")
    return int(found[1]) * _UNITS.get(found[2], 1)


def _batch(given: argparse.Namespace) -> int:
    if not given.dry_run:
        return make(given)
    from toolkit.reporting.batch import plan_study

    planned = plan_study(study_file(given.study), options_of(given))
    for row in planned.itertuples():
        print(f"{row.organisation} {row.name}: {row.status}")
    counts = planned["status"].value_counts()
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return 0
