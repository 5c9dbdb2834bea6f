"""survey-toolkit check: read everything a study names, and find what `report` would refuse or fail at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import BAD_INPUT, study_file, takes_study
from toolkit.reporting.formats import FORMATS, check_formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.cli.common import Commands
    from toolkit.reporting.options import Tried
    from toolkit.study import Study

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    check = commands.add_parser(
        "check",
        help="read everything a study names and list what is kept and what report would refuse",
    )
    takes_study(check)
    check.add_argument(
        "--formats",
        default="html",
        metavar="LIST",
        help=f"formats the reports are to be written as, of {','.join(FORMATS)} (default: html)",
    )
    check.add_argument(
        "--answers-only",
        action="store_true",
        help="check what is read, not whether reports can be made (for a study that is only analysed)",
    )
    check.set_defaults(job=_check)


def _check(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import refuse_others
    from toolkit.presentation.theme import Theme
    from toolkit.reporting.options import Tried
    from toolkit.study import load_study

    path = study_file(given.study)
    refuse_others(path, "a study file")
    tried = Tried()
    formats = tried(check_formats, given.formats) or ()
    study = tried(load_study, path, data=given.data)
    if study is None:
        tried.end()
        return BAD_INPUT
    read = tried(study.check)
    if not given.answers_only:
        _try_reports(study, formats, tried, read=read is not None)
    if read is None:
        tried.end()
    print(f"{study.title}{' (SYNTHETIC DATA)' if study.synthetic else ''}")
    waves = ", ".join(f"{wave} (organisations: {len(study.organisation_ids(wave))})" for wave in study.waves)
    print(f"Waves: {waves}. Questions: {len(study.instrument.items)}.")
    print(study.disposition().to_string(index=False))
    for row in study.headcounts_below().itertuples():
        print(
            f"organisation {row.organisation}, wave {row.wave}, audience {row.audience}: {row.answered} "
            f"answered but the headcount is {row.headcount}; it is not used, and the report says so"
        )
    for wave in study.wave_instruments:
        print(_not_drawn(study, wave))
    for note in Theme.of(study.brand, study.instrument.audiences).notes:
        print(note)
    tried.end()
    if given.answers_only:
        print("Nothing is wrong with what was read; whether reports can be made was not checked.")
        return 0
    for form, why in _formats_that_fail(study, formats):
        print(f"No {form} could be made: {why}")
    print("Nothing is wrong with it.")
    return 0


def _try_reports(study: Study, formats: Sequence[str], tried: Tried, *, read: bool) -> None:
    """Look at everything `report` looks at, and make the largest report in memory where all else is well."""
    from toolkit.reporting.options import chosen_organisations
    from toolkit.reporting.validation import check_names, check_study, try_report

    sound = tried.sound
    tried(check_study, study, study.wave, formats, all_templates=True)
    if read:
        tried(chosen_organisations, study, study.wave, None)
        if study.table is None:
            tried(check_names, study, study.wave, formats)
    if read and sound and tried.sound:
        tried(try_report, study, study.wave)


def _formats_that_fail(study: Study, formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Formats that were not asked for and could not be made, with the first reason."""
    from toolkit.errors import InvalidInput
    from toolkit.reporting.validation import check_names, check_study

    for form in (one for one in FORMATS if one not in formats):
        try:
            check_study(study, study.wave, [form])
            check_names(study, study.wave, [form])
        except InvalidInput as fault:
            more = len(fault.problems) - 1
            yield form, f"{fault.problems[0]}{f' (+{more} more)' if more else ''}"


def _not_drawn(study: Study, wave: str) -> str:
    """Of which questions no trend to the last wave may be drawn."""
    compared = study.compared(wave, study.wave)
    if compared is None:
        return f"Wave {wave} had the questionnaire of wave {study.wave}."
    changed = compared[~compared["change"].isin(["same", "new", "gone"])]
    names = ", ".join(dict.fromkeys(changed["item"])) or "none"
    return f"Wave {wave} had another questionnaire; no trend to {study.wave} is drawn of: {names}."
