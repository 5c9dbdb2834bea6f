"""The command verify: a delivered file compared with the report it claims to be."""

from __future__ import annotations

import argparse

from toolkit.cli.common import FAILED, Commands, add_command


def add(commands: Commands) -> None:
    """Add verify to the parser."""
    verify = add_command(
        commands,
        "verify",
        _verify,
        "compare a document with the report it was made from",
        "survey-toolkit verify returned/report.docx --report reports/ai_at_work/2026/org-01",
        description="Write a document again from the report and compare it cell by cell: figures and labels "
        "that were changed, added or removed are listed; words that people added without numbers are "
        "listed, and do not fail.",
    )
    verify.add_argument("file", metavar="FILE", help="the document, perhaps edited")
    verify.add_argument("--report", metavar="FOLDER", help="the report's folder (default: the file's)")


def _verify(given: argparse.Namespace) -> int:
    from toolkit.reporting.verification import FAULTS, verify

    found = verify(given.file, given.report)
    for row in found.itertuples():
        print(f"{row.place}: {row.kind}: {row.expected or '–'} → {row.found or '–'}")
    faults = int(found["kind"].isin(FAULTS).sum())
    print(f"{given.file}: {'as it was made' if not faults else f'{faults} differences from the report'}")
    return FAILED if faults else 0
