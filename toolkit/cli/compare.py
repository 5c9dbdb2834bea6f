"""The command compare: changes between two versions of a questionnaire."""

from __future__ import annotations

import argparse
from pathlib import Path

from toolkit.cli.common import Commands, add_command


def add(commands: Commands) -> None:
    """Add compare to the parser."""
    compare = add_command(
        commands,
        "compare",
        _compare,
        "list the changes between two versions of a questionnaire, and which trends remain valid",
        "survey-toolkit compare instruments_2025 instruments_2026 --out changes.csv",
    )
    compare.add_argument(
        "old", metavar="OLD", help="earlier version: a file, or a folder with one file per audience"
    )
    compare.add_argument("new", metavar="NEW", help="later version")
    compare.add_argument("--all", action="store_true", dest="everything", help="list unchanged questions too")
    compare.add_argument("--out", metavar="FILE", help="also write the whole comparison as CSV")


def _compare(given: argparse.Namespace) -> int:
    from toolkit.instrument import compare, load_instruments
    from toolkit.records import csv_for_people
    from toolkit.system import write_whole

    old, new = load_instruments(given.old), load_instruments(given.new)
    found = compare(old, new)
    print(f"{old.id} {old.version} → {new.id} {new.version}")
    for row in found.to_dict("records"):
        if given.everything or row["change"] != "same":
            why = f" ({row['what']})" if row["what"] else ""
            print(f"{row['item']}, {row['audience']}: {row['change']}, trend: {row['trend']}{why}")
    drawn = int((found["trend"] == "yes").sum())
    print(f"Trends remain valid for {drawn} of {len(found)} rows (one per question and audience).")
    if given.out:
        write_whole(Path(given.out), csv_for_people(found))
        print(given.out)
    return 0
