"""The command crosswalk: our items beside the questions of public questionnaires."""

from __future__ import annotations

import argparse
from pathlib import Path

from toolkit.cli.common import Commands, add_command


def add(commands: Commands) -> None:
    """Add crosswalk to the parser."""
    crosswalk = add_command(
        commands,
        "crosswalk",
        _crosswalk,
        "list public questions that correspond to items of the shipped questionnaires",
        "survey-toolkit crosswalk --item aidays",
    )
    crosswalk.add_argument(
        "file", nargs="?", metavar="FILE", help="a crosswalk of your own (default: the shipped one)"
    )
    crosswalk.add_argument("--item", action="append", metavar="ITEM", help="only this item (repeatable)")
    crosswalk.add_argument("--out", metavar="FILE", help="also write the rows as CSV")


def _crosswalk(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput, Problem, near_names
    from toolkit.findings import load_crosswalk
    from toolkit.findings.register import asked_columns
    from toolkit.records import csv_for_people
    from toolkit.system import write_whole

    found = load_crosswalk(given.file)
    if given.item:
        known = asked_columns()
        unknown = [name for name in given.item if name not in known]
        if unknown:
            what = "is not an item of the shipped questionnaires"
            problems = [Problem("unknown-item", name, what, near_names(name, known)) for name in unknown]
            raise InvalidInput("--item", problems)
        found = found[found["item"].isin(given.item)]
    for row in found[found["grade"] != "not read"].itertuples():
        print(f"{row.item}: {row.grade} to {row.title}, {row.variable}")
        print(f"  “{row.question}”\n  {row.note} (licence: {row.licence}; read: {row.read})")
    unread = found.loc[found["grade"] == "not read", "title"]
    if len(unread):
        print(f"not read: {'; '.join(unread)}")
    if found.empty:
        print("no public question is listed for these items")
    if given.out:
        write_whole(Path(given.out), csv_for_people(found))
        print(given.out)
    return 0
