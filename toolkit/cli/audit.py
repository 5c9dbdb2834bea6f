"""The command audit: whether reports reveal what their policy hides."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, Commands, add_command, count, study_file
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from toolkit.disclosure.auditor import Certificate
    from toolkit.study import Study


def add(commands: Commands) -> None:
    """Add audit to the parser."""
    audit = add_command(
        commands,
        "audit",
        _audit,
        "bound every hidden count of reports that were made",
        "survey-toolkit audit reports/my_study/2026/org-01 --study my_study --earlier handed_out/june",
        description="Read every file of reports as an attacker would, bound each hidden count from what is "
        "printed, and list what reveals more than the policy allows.",
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
        help="reports released earlier; their numbers count as known (repeatable)",
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
        help="limit of processor time; undecided counts are refused (default: 120)",
    )


def _audit(given: argparse.Namespace) -> int:
    from toolkit.disclosure.auditor import audit_release
    from toolkit.study import load_study

    study = load_study(study_file(given.study), data=given.data) if given.study else None
    every = [*given.folders, *given.earlier]
    recorded, notes = (False, []) if study is None else _recorded(study, every)
    found = audit_release(
        given.folders,
        study=study,
        earlier=given.earlier,
        notes=notes,
        recorded=recorded,
        seconds=given.seconds,
    )
    print_certificate(found)
    if given.out:
        Path(given.out).mkdir(parents=True, exist_ok=True)
        found.save(given.out)
    return 0 if found.passed else FAILED


def _recorded(study: Study, folders: Sequence[str]) -> tuple[bool, list[str]]:
    """Return whether the study's ledger holds the releases, and why that cannot be known."""
    try:
        return study.ledger.exists and study.ledger.holds(folders), []
    except InvalidInput as fault:
        return False, [f"the ledger is unknown: {problem}" for problem in fault.problems]


def audit_reports(made: pd.DataFrame, given: argparse.Namespace, message: Callable[[str], None]) -> bool:
    """Audit reports that were just built, write their certificates, and move those refused out of the way.

    Both are in the batch's own folder, which is not delivered: a list of hidden counts shows where to
    attack.
    """
    from toolkit.disclosure.auditor import audit_release
    from toolkit.reporting.manifest import BATCH_FOLDER
    from toolkit.study import load_study

    rows = made[made["status"].isin(["made", "unchanged", "withheld"])]
    if rows["folder"].astype(str).str.contains("://").any():
        message("Not audited: the reports are in a store. Run survey-toolkit audit on a copy of them.")
        return True
    study, verdicts = load_study(study_file(given.study), data=given.data), {}
    for row in rows.itertuples():
        folder = Path(str(row.folder))
        own = folder.parent / BATCH_FOLDER
        recorded, notes = _recorded(study, given.earlier)  # the reports were made beside them
        found = audit_release(folder, study=study, earlier=given.earlier, notes=notes, recorded=recorded)
        found.save(own / "certificates", str(row.organisation))
        verdicts[str(row.organisation)] = found.passed
        if not found.passed:
            shutil.rmtree(own / "refused" / folder.name, ignore_errors=True)
            (own / "refused").mkdir(parents=True, exist_ok=True)
            folder.rename(own / "refused" / folder.name)
            why = next(iter((*(f"{one.where}: {one.what}" for one in found.breaches), *found.unfinished)))
            message(f"{row.organisation}: refused by the audit and moved to {own / 'refused'}; {why}")
    given.result |= {"audit": verdicts}
    message(f"Audited: {sum(verdicts.values())} of {len(verdicts)} passed")
    return all(verdicts.values())


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
