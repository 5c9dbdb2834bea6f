"""The command audit: whether reports give away what their policy hides."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, Commands, add_command, count, study_file

if TYPE_CHECKING:
    from toolkit.disclosure.auditor import Certificate


def add(commands: Commands) -> None:
    """Add audit to the parser."""
    audit = add_command(
        commands,
        "audit",
        _audit,
        "bound every hidden count of reports that were made",
        "survey-toolkit audit reports/my_study/2026/org-01 --study my_study --earlier handed_out/june",
        description="Read every file of reports as an attacker would, bound each hidden count from what is "
        "printed, and list what gives away more than the policy allows.",
    )
    audit.add_argument("folders", nargs="+", metavar="FOLDER", help="folders of reports, or of many reports")
    audit.add_argument(
        "--study", metavar="STUDY", help="the study file: questionnaire, policy, names, answers (recommended)"
    )
    audit.add_argument("--data", metavar="FOLDER", help="folder containing the answer files")
    audit.add_argument(
        "--earlier",
        action="append",
        default=[],
        metavar="FOLDER",
        help="reports that left before; their numbers count as known (repeatable)",
    )
    audit.add_argument(
        "--out",
        metavar="FOLDER",
        help="write the certificate here, as JSON and Markdown (default: print only)",
    )
    audit.add_argument(
        "--seconds",
        type=count,
        default=120,
        metavar="SECONDS",
        help="time limit; not decided is refused (default: 120)",
    )


def _audit(given: argparse.Namespace) -> int:
    from toolkit.disclosure.auditor import audit_release
    from toolkit.study import load_study

    study = load_study(study_file(given.study), data=given.data) if given.study else None
    found = audit_release(given.folders, study=study, earlier=given.earlier, seconds=given.seconds)
    print_certificate(found)
    if given.out:
        Path(given.out).mkdir(parents=True, exist_ok=True)
        found.save(given.out)
    return 0 if found.passed else FAILED


def print_certificate(found: Certificate) -> None:
    """Print the verdict, each breach with its evidence, and what was not decided."""
    for breach in found.breaches:
        print(f"{breach.kind}: {breach.where}: {breach.what}")
        for evidence in breach.evidence:
            print(f"    {evidence}")
    for words in (*found.unfinished, *found.notes):
        print(words)
    verdict = "passed" if found.passed else f"refused: {len(found.breaches)} breaches"
    print(f"{verdict}; {len(found.counts)} hidden counts bounded, {found.files} files read")
