"""survey-toolkit compare: two versions of a questionnaire, and which trends may be drawn."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.instrument import Instrument

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    compare = commands.add_parser(
        "compare",
        help="say what changed between two versions of a questionnaire, and which trends may be drawn",
    )
    compare.add_argument(
        "old", metavar="OLD", help="the earlier one: a file, or a folder with a file an audience"
    )
    compare.add_argument("new", metavar="NEW", help="the later one")
    compare.add_argument(
        "--all", action="store_true", dest="everything", help="list what stayed the same too"
    )
    compare.add_argument("--out", metavar="FILE", help="write the whole comparison as CSV as well")
    compare.set_defaults(job=_compare)


def _compare(given: argparse.Namespace) -> int:
    from toolkit.instrument import compare
    from toolkit.records import csv_for_people
    from toolkit.system import write_whole

    old, new = _questionnaire(given.old), _questionnaire(given.new)
    found = compare(old, new)
    print(f"{old.id} {old.version} → {new.id} {new.version}")
    for row in found.to_dict("records"):
        if given.everything or row["change"] != "same":
            why = f" ({row['what']})" if row["what"] else ""
            print(f"{row['item']}, {row['audience']}: {row['change']}, trend: {row['trend']}{why}")
    drawn = int((found["trend"] == "yes").sum())
    print(f"A trend may be drawn for {drawn} of {len(found)} question(s) of an audience.")
    if given.out:
        write_whole(Path(given.out), csv_for_people(found))
        print(given.out)
    return 0


def _questionnaire(path: str) -> Instrument:
    from toolkit.instrument import load_instruments

    return load_instruments(path)
