"""The command comments: the review file in which an analyst approves comments."""

from __future__ import annotations

import argparse
from pathlib import Path

from toolkit.cli.common import Commands, add_command


def add(commands: Commands) -> None:
    """Add comments to the parser."""
    comments = add_command(
        commands,
        "comments",
        _comments,
        "list free-text comments for an analyst to approve",
        "survey-toolkit comments my_study",
        description="Write the comments of those who agreed to be quoted, without addresses, numbers and "
        "known names, to the review file that the study file names. What is already written there is kept. "
        "Read every line before you write yes: rules cannot tell who is meant.",
    )
    comments.add_argument("study", metavar="STUDY", help="a study file or its folder")
    comments.add_argument("--out", metavar="FILE", help="another file (default: comments → review)")


def _comments(given: argparse.Namespace) -> int:
    from toolkit.disclosure.comments import merge_review, read_review
    from toolkit.errors import InvalidInput, Problem
    from toolkit.records import csv_for_people
    from toolkit.study import load_study
    from toolkit.system import write_whole

    study = load_study(given.study)
    if study.comments is None:
        hint = "add comments: {items: [comment], consent: asked, review: comments.csv}"
        raise InvalidInput(study.path, [Problem("missing-key", "comments", "is not in the study file", hint)])
    if not (given.out or study.comments.review):
        hint = "add comments → review: comments.csv, or give --out"
        raise InvalidInput(study.path, [Problem("missing-key", "comments → review", "is missing", hint)])
    path = Path(given.out) if given.out else study.folder / str(study.comments.review)
    table = merge_review(study.comments_to_review(), read_review(path) if path.is_file() else None)
    write_whole(path, "\ufeff" + csv_for_people(table), private=True)
    approved = int((table["approved"] == "yes").sum())
    print(f"{path}: {len(table):,} comments, {approved:,} of them approved")
    return 0
