"""The command release: reports that may leave, and the ledger that remembers what has left."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, Commands, add_command, count, study_file
from toolkit.cli.report import add_selection, build, options_of

if TYPE_CHECKING:
    from toolkit.disclosure import Ledger


def add(commands: Commands) -> None:
    """Add release to the parser."""
    release = add_command(
        commands,
        "release",
        _release,
        "build reports to hand out, checked against all that left before",
        "survey-toolkit release my_study -o org-01 --formats html,pdf\n"
        "survey-toolkit release my_study --promote sent/org-01.pdf\n"
        "survey-toolkit release my_study --withdraw 12 --reason 'never left'",
        description="Build reports that may be handed out. Each is compared with everything released of the "
        "organisation before and recorded in the study's ledger; what report builds are drafts.",
    )
    add_selection(release)
    other = release.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list the ledger's entries, and build nothing")
    other.add_argument(
        "--promote", metavar="FILE", help="record a draft that was handed out, by one of its files"
    )
    other.add_argument("--withdraw", type=count, metavar="ENTRY", help="a release never sent; give a reason")
    other.add_argument("--erase", metavar="PERSON", help="a person who asks to be erased; give the ground")
    other.add_argument(
        "--policy", action="store_true", help="accept the study file's policy for later waves; give a reason"
    )
    release.add_argument("--no-audit", dest="audit", action="store_false", help="do not audit the reports")
    release.add_argument("--reason", default="", help="written into the ledger")


def _release(given: argparse.Namespace) -> int:
    given.release = True
    if not (given.list or given.promote or given.withdraw or given.erase or given.policy):
        return build(given)
    given.study = study_file(given.study)
    if given.promote:
        return _promote(given)
    from toolkit.study import load_study

    study = load_study(given.study, data=given.data)
    ledger: Ledger = study.ledger
    if given.list:
        print(ledger.describe().to_string(index=False))
    elif given.withdraw:
        ledger.withdraw(given.withdraw, given.reason)
        print(f"Entry {given.withdraw} is no longer binding.")
    elif given.erase:
        entries = ledger.erase(given.erase, given.reason, waves=study.waves)
        print(f"Erased from {entries} entries. Remove the row from the answer file as well.")
    else:
        ledger.change_policy(study.policy, given.reason)
        print("Recorded. Waves released before keep the strictest policy they were released under.")
    return 0


def _promote(given: argparse.Namespace) -> int:
    from toolkit.reporting.batch import promote_draft

    promoted = promote_draft(given.study, Path(given.promote), options_of(given))
    for row in promoted.itertuples():
        print(f"{row.organisation}, wave {row.wave}: entry {row.entry}")
        if row.near:
            print(
                "  Warning: together with an earlier release it reveals the answers of fewer people than k."
            )
    return FAILED if promoted["near"].any() else 0
