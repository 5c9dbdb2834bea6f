"""survey-toolkit checklist: what a report says of how it was made, and what it leaves out."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.common import FAILED, register_folder, study_file, takes_register

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    checklist = commands.add_parser(
        "checklist", help="hold a report or study against the AAPOR and CHERRIES checklists"
    )
    checklist.add_argument(
        "source",
        nargs="?",
        metavar="REPORT_FOLDER|STUDY",
        help="the folder of a report, or a study.yaml (default: the synthetic sample)",
    )
    checklist.add_argument(
        "--published", metavar="ID", help="a published study of the register instead: upwork-2024"
    )
    takes_register(checklist)
    checklist.add_argument("--list", choices=("aapor", "cherries"), help="one of the two only")
    checklist.add_argument("--missing", action="store_true", help="list only what is missing")
    checklist.add_argument("--strict", action="store_true", help="end with 1 where an item is missing")
    checklist.add_argument("--out", metavar="FILE", help="write the filled checklist as CSV as well")
    checklist.set_defaults(job=_checklist)


def _checklist(given: argparse.Namespace) -> int:

    from toolkit.records import csv_for_people
    from toolkit.reporting.checklists import CHECKLISTS, STATUSES, checklist, load_checklist
    from toolkit.system import write_whole

    lists = [given.list] if given.list else list(CHECKLISTS)
    found = checklist(_source(given), lists=lists)
    for name in lists:
        rows = found[found["checklist"] == name]
        print(f"{load_checklist(name).title} ({load_checklist(name).source})")
        for row in rows.to_dict("records"):
            if row["status"] == "missing" or not given.missing:
                _print(row)
        counted = rows["status"].value_counts()
        print("  " + ", ".join(f"{counted.get(status, 0)} {status}" for status in STATUSES) + "\n")
    print(
        "“to check”: a sentence may say it, and a person must read it. “missing”: nothing says it; it may "
        "have been done all the same."
    )
    if given.out:
        write_whole(Path(given.out), csv_for_people(found))
        print(given.out)
    return FAILED if given.strict and (found["status"] == "missing").any() else 0


def _source(given: argparse.Namespace) -> Any:
    if not given.published:
        return study_file(given.source)
    from toolkit.errors import InvalidInput, Problem
    from toolkit.findings import load_register

    if given.source:
        problem = Problem(
            "conflict", "arguments", "name a source and a published study", "give one of the two"
        )
        raise InvalidInput("checklist", [problem])
    return load_register(register_folder(given.register)).of(given.published).studies[given.published]


def _print(row: dict[str, str]) -> None:
    print(f"  {row['status']:<9} {row['title']}")
    words = row["asks"] if row["status"] == "missing" else f"{row['answer']} [{row['where']}]"
    print(textwrap.fill(words, 100, initial_indent=" " * 12, subsequent_indent=" " * 12))
