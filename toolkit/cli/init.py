"""The commands init, draft and notebooks: new studies, drafted questionnaires, shipped notebooks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from toolkit.cli.common import Commands, Names, add_command


def add(commands: Commands) -> None:
    """Add init, draft and notebooks to the parser."""
    init = add_command(
        commands,
        "init",
        _init,
        "create a study folder, with simulated answers or from an export",
        "survey-toolkit init my_study --audiences manager,staff --platform qualtrics\n"
        "survey-toolkit init my_study --from export.csv --audience-column Role",
        description="Create a study folder that `check` and `report` accept at once: study file, "
        "questionnaire, organisations, simulated answers and a notebook. Options that are missing are asked "
        "for on a terminal and take their defaults elsewhere. Existing files are never overwritten.",
    )
    init.add_argument(
        "folder", metavar="FOLDER", help="a new or empty folder; its name becomes the study's id"
    )
    init.add_argument(
        "--platform",
        metavar="NAME",
        choices=Names(_platforms),
        help="one of %(choices)s (default: limesurvey)",
    )
    init.add_argument("--audiences", metavar="LIST", help="respondent groups (default: executive,employee)")
    init.add_argument("--waves", metavar="LIST", help="waves, earliest first (default: this year)")
    init.add_argument("--weights", metavar="COLUMN", help="column of weights, by which reports are weighted")
    init.add_argument(
        "--instrument",
        metavar="NAME",
        help="a questionnaire to start from, such as core (default: a small one)",
    )
    init.add_argument(
        "--from",
        dest="export",
        metavar="FILE",
        help="draft the questionnaire and the mapping from an answer file (.csv, .xlsx, .sav, .dta)",
    )
    init.add_argument(
        "--audience-column", metavar="HEADING", help="with --from: column of the respondent group"
    )
    init.add_argument(
        "--organisation-column", metavar="HEADING", help="with --from: column of the organisation"
    )
    init.add_argument("--title", help="title of the study")
    init.add_argument("--seed", type=int, default=1, help="seed of the simulated answers (default: 1)")
    init.add_argument("--yes", action="store_true", help="use the defaults without asking")
    draft = add_command(
        commands,
        "draft",
        _draft_instrument,
        "draft a questionnaire from the labels of an answer file",
        "survey-toolkit draft export.sav --out questionnaire.yaml",
        description="Draft a questionnaire from the value labels, headings and cells of an answer file "
        "(.sav, .dta, .csv, .xlsx, .parquet) and list what was guessed. `init --from` also drafts the study "
        "file around it.",
    )
    draft.add_argument("file", metavar="FILE", help="the answer file")
    draft.add_argument("--audience-column", metavar="HEADING", help="column of the respondent group")
    draft.add_argument("--organisation-column", metavar="HEADING", help="column of the organisation")
    draft.add_argument("--out", metavar="YAML", help="a new file to write (default: print the questionnaire)")
    notebooks = add_command(
        commands,
        "notebooks",
        _notebooks,
        "copy the shipped notebooks and the course to a folder",
        "survey-toolkit notebooks my_notebooks && jupyter lab my_notebooks/index.ipynb",
        description="Copy the shipped notebooks and the course to a new or empty folder.",
    )
    notebooks.add_argument(
        "folder", nargs="?", default="notebooks", metavar="FOLDER", help="default: notebooks"
    )


def _platforms() -> tuple[str, ...]:
    from toolkit.study.starting import PLATFORMS

    return PLATFORMS


_QUESTIONS = {
    "platform": ("Platform of the answers", "limesurvey"),
    "audiences": ("Respondent groups, separated by commas", "executive,employee"),
    "waves": ("Waves, earliest first, separated by commas (blank: this year)", ""),
    "weights": ("Column of weights (blank: none)", ""),
}


def _init(given: argparse.Namespace) -> int:
    from toolkit.study.starting import start_study

    _check_options(given)
    if given.export:
        return _draft(given)
    values = {name: getattr(given, name) for name in _QUESTIONS}
    asks = not given.yes and sys.stdin is not None and sys.stdin.isatty()
    for name, (question, default) in _QUESTIONS.items():
        if values[name] is None:
            values[name] = (_ask(question, default) if asks else "") or default
    files = start_study(
        given.folder,
        platform=values["platform"],
        audiences=_split(values["audiences"]),
        waves=_split(values["waves"]) or None,
        weights=values["weights"] or None,
        instrument=given.instrument,
        title=given.title,
        seed=given.seed,
    )
    _print(files, "The answers are SIMULATED, not given by anyone.")
    return 0


def _check_options(given: argparse.Namespace) -> None:
    from toolkit.errors import InvalidInput, Problem

    for_drafts = ("audience_column", "organisation_column")
    refused = ("platform", "audiences", "instrument") if given.export else for_drafts
    what = "cannot be combined with --from" if given.export else "can only be used with --from"
    wrong = [f"--{name.replace('_', '-')}" for name in refused if getattr(given, name) is not None]
    if given.export and given.waves and len(_split(given.waves)) != 1:
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
        weights=given.weights,
        wave=given.waves,
        title=given.title,
    )
    print("These were guessed; correct them in questionnaire.yaml and study.yaml:")
    for guess in guesses:
        print(f"- {guess}")
    _print(files, "This is a DRAFT: the methods in study.yaml are still to be written.")
    try:
        load_study(given.folder).check()
    except InvalidInput as fault:
        print(f"Still to be fixed:\n{fault}")
    return 0


def _draft_instrument(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.study.drafting import draft_instrument
    from toolkit.system import write_whole

    if given.out and Path(given.out).exists():
        what, hint = "exists already", "name a new file: nothing is overwritten"
        raise InvalidInput("draft", [Problem("file-exists", f"--out {given.out}", what, hint)])
    drafted = draft_instrument(
        given.file,
        audience_column=given.audience_column,
        organisation_column=given.organisation_column,
    )
    if not given.out:
        print(drafted.text)
        return 0
    print("These were guessed; correct them in the questionnaire:")
    for guess in drafted.guesses:
        print(f"- {guess}")
    try:
        write_whole(Path(given.out), drafted.text)
    except OSError as fault:
        what = f"cannot be written: {fault.strerror or fault}"
        problem = Problem("unwritable", f"--out {given.out}", what, "name a file in a folder that exists")
        raise InvalidInput("draft", [problem]) from fault
    print(given.out)
    return 0


def _ask(question: str, default: str) -> str:
    try:
        return input(f"{question}{f' [{default}]' if default else ''}: ").strip()
    except EOFError:
        return ""


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _print(files: list[Path], note: str) -> None:
    for path in files:
        print(path)
    folder = next(path.parent for path in files if path.name == "study.yaml")
    print(note)
    print(f"Next: survey-toolkit check {folder}")
    print(f"      survey-toolkit report {folder}")


def _notebooks(given: argparse.Namespace) -> int:
    from toolkit.shipped import shipped
    from toolkit.system import write_new_folder

    own = shipped("notebooks")
    found = {path.relative_to(own).as_posix(): path.read_bytes() for path in sorted(own.rglob("*.ipynb"))}
    for path in write_new_folder(Path(given.folder), found):
        print(path)
    return 0
