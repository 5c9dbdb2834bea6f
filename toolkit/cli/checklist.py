"""The command checklist: disclosure checklists applied to a report or a study."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from toolkit.cli.common import FAILED, Commands, add_command, add_register, register_folder, study_file


def add(commands: Commands) -> None:
    """Add checklist to the parser."""
    checklist = add_command(
        commands,
        "checklist",
        _checklist,
        "check a report or study against the AAPOR and CHERRIES checklists",
        "survey-toolkit checklist reports/ai_at_work/2026/org-03 --list aapor --missing",
    )
    checklist.add_argument(
        "source",
        nargs="?",
        metavar="REPORT_FOLDER|STUDY",
        help="folder of a report, or a study file (default: the synthetic sample)",
    )
    checklist.add_argument(
        "--published", metavar="ID", help="a published study of the register instead, e.g. upwork-2024"
    )
    add_register(checklist)
    checklist.add_argument("--list", choices=("aapor", "cherries"), help="only this checklist")
    checklist.add_argument("--missing", action="store_true", help="list only missing items")
    checklist.add_argument("--strict", action="store_true", help="exit with 1 if an item is missing")
    checklist.add_argument("--out", metavar="FILE", help="also write the filled checklist as CSV")


def _checklist(given: argparse.Namespace) -> int:

    from toolkit.checklists import CHECKLISTS, STATUSES, checklist, load_checklist
    from toolkit.records import csv_for_people
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
        "“to check”: a sentence may cover it; a person must read it. “missing”: no sentence does, though it "
        "may have been done."
    )
    if given.out:
        write_whole(Path(given.out), csv_for_people(found))
        print(given.out)
    return FAILED if given.strict and (found["status"] == "missing").any() else 0


def _source(given: argparse.Namespace) -> Any:
    if not given.published:
        return study_file(given.source)
    from toolkit.claims import load_register
    from toolkit.errors import InvalidInput, Problem

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
