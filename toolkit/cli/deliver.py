"""The command deliver: one archive per client, with an e-mail text."""

from __future__ import annotations

import argparse
import os

from toolkit.cli.common import Commands, add_command


def add(commands: Commands) -> None:
    """Add deliver to the parser."""
    deliver = add_command(
        commands,
        "deliver",
        _deliver,
        "pack finished reports into one archive per client",
        "survey-toolkit deliver reports/ai_at_work/2026 -o org-01",
        description="Pack each organisation's documents and results.csv into one .zip, and write the text of "
        "an e-mail beside it. Notebooks, manifests and the index stay with you; changed files and drafts are "
        "refused.",
    )
    deliver.add_argument("folder", metavar="FOLDER", help="folder of a wave's reports")
    deliver.add_argument(
        "--organisation", "-o", action="append", metavar="ID", help="only this organisation (repeatable)"
    )
    deliver.add_argument("--drafts", action="store_true", help="pack drafts as well; not for clients")
    deliver.add_argument("--out", metavar="FOLDER", help="output folder (default: FOLDER/_delivery)")


def _deliver(given: argparse.Namespace) -> int:
    from toolkit.reporting.delivery import deliver

    packed = deliver(given.folder, out=given.out, organisations=given.organisation, drafts=given.drafts)
    for row in packed.itertuples():
        print(f"{row.organisation}: {os.path.relpath(row.archive)} ({row.files} files)")
    return 0
