"""survey-toolkit init: a new study folder, with simulated answers or drafted from a real export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    init = commands.add_parser(
        "init",
        help="start a study: study file, questionnaire, organisations, simulated answers, a notebook",
        description="Write a study that `check` and `report` accept at once, to be changed step by step. "
        "What no option says is asked, or takes its default where there is no terminal. "
        "Nothing is written over.",
        epilog="examples: survey-toolkit init my_study --audiences manager,staff --platform qualtrics; "
        "survey-toolkit init my_study --from export.csv --audience-column Role",
    )
    init.add_argument(
        "folder", metavar="FOLDER", help="a new or empty folder; its name becomes the study's id"
    )
    init.add_argument(
        "--platform", metavar="NAME", help="limesurvey, qualtrics or table (default: limesurvey)"
    )
    init.add_argument("--audiences", metavar="LIST", help="respondent groups (default: executive,employee)")
    init.add_argument("--waves", metavar="LIST", help="waves in the order of time (default: this year)")
    init.add_argument(
        "--weights", metavar="COLUMN", help="a column of weights, noted in the study file (default: none)"
    )
    init.add_argument(
        "--instrument",
        metavar="NAME",
        help="a questionnaire to start from, such as core (default: a small one)",
    )
    init.add_argument(
        "--from",
        dest="export",
        metavar="FILE",
        help="draft questionnaire and mapping from this file of answers (.csv, .xlsx, .sav, .dta)",
    )
    init.add_argument("--audience-column", metavar="HEADING", help="with --from: who answered")
    init.add_argument("--organisation-column", metavar="HEADING", help="with --from: of which organisation")
    init.add_argument("--title", help="title of the study")
    init.add_argument("--seed", type=int, default=1, help="the same seed gives the same answers (default: 1)")
    init.add_argument("--yes", action="store_true", help="ask nothing and take the defaults")
    init.set_defaults(job=_init)


_QUESTIONS = {
    "platform": ("Platform of the answers: limesurvey, qualtrics or table", "limesurvey"),
    "audiences": ("Respondent groups, divided by commas", "executive,employee"),
    "waves": ("Waves in the order of time, divided by commas (blank: this year)", ""),
    "weights": ("Column of weights (blank: none)", ""),
}


def _init(given: argparse.Namespace) -> int:
    from toolkit.study.starting import start_study

    _check_options(given)
    if given.export:
        return _draft(given)
    said = {name: getattr(given, name) for name in _QUESTIONS}
    asks = not given.yes and sys.stdin is not None and sys.stdin.isatty()
    for name, (question, default) in _QUESTIONS.items():
        if said[name] is None:
            said[name] = (_asked(question, default) if asks else "") or default
    files = start_study(
        given.folder,
        platform=said["platform"],
        audiences=_listed(said["audiences"]),
        waves=_listed(said["waves"]) or None,
        weights=said["weights"] or None,
        instrument=given.instrument,
        title=given.title,
        seed=given.seed,
    )
    _print(files, "The answers are SIMULATED: nobody gave them.")
    return 0


def _check_options(given: argparse.Namespace) -> None:
    from toolkit.errors import InvalidInput, Problem

    for_drafts = ("audience_column", "organisation_column")
    refused = ("platform", "audiences", "weights", "instrument") if given.export else for_drafts
    what = "is not taken together with --from" if given.export else "is taken together with --from only"
    wrong = [f"--{name.replace('_', '-')}" for name in refused if getattr(given, name) is not None]
    if given.export and given.waves and len(_listed(given.waves)) != 1:
        wrong.append("--waves with several waves")
    if wrong:
        raise InvalidInput("init", [Problem("conflict", name, what, "leave it out") for name in wrong])


def _draft(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput
    from toolkit.study import load_study
    from toolkit.study.drafting import draft_study

    files, guesses = draft_study(
        given.folder,
        given.export,
        audience_column=given.audience_column,
        organisation_column=given.organisation_column,
        wave=given.waves,
        title=given.title,
    )
    print("Guessed; change what is wrong in questionnaire.yaml and study.yaml:")
    for guess in guesses:
        print(f"- {guess}")
    _print(files, "A DRAFT: the methods in study.yaml are still to be written.")
    try:
        load_study(given.folder).check()
    except InvalidInput as fault:
        print(f"Still to be solved:\n{fault}")
    return 0


def _asked(question: str, default: str) -> str:
    try:
        return input(f"{question}{f' [{default}]' if default else ''}: ").strip()
    except EOFError:
        return ""


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _print(files: list[Path], note: str) -> None:
    for path in files:
        print(path)
    folder = next(path.parent for path in files if path.name == "study.yaml")
    print(note)
    print(f"Next: survey-toolkit check {folder}")
    print(f"      survey-toolkit report {folder}")
