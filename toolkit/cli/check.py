"""The command check: everything that `report` would refuse or fail at, without building anything."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import BAD_INPUT, Commands, add_command, add_study, study_file
from toolkit.reporting.formats import FORMATS, check_formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.reporting.options import Checks
    from toolkit.study import Study


def add(commands: Commands) -> None:
    """Add check to the parser."""
    check = add_command(
        commands,
        "check",
        _check,
        "read a study's files; list what is kept and every problem",
        "survey-toolkit check my_study --formats html,pdf",
        description="Read every file a study names, list what is kept and set aside, and report every "
        "problem that would stop `report`.",
    )
    add_study(check)
    check.add_argument(
        "--formats",
        default="html",
        metavar="LIST",
        help=f"comma-separated output formats to check, from {','.join(FORMATS)} (default: html)",
    )
    check.add_argument(
        "--answers-only",
        action="store_true",
        help="check the answers only, not whether reports can be built",
    )


def _check(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import refuse_others
    from toolkit.presentation.theme import Theme
    from toolkit.reporting.options import Checks
    from toolkit.study import load_study

    path = study_file(given.study)
    refuse_others(path, "a study file")
    checks = Checks()
    formats = checks(check_formats, given.formats) or ()
    study = checks(load_study, path, data=given.data)
    if study is None:
        checks.raise_problems()
        return BAD_INPUT
    read = checks(study.check)
    if not given.answers_only:
        _try_reports(study, formats, checks, read=read is not None)
    if read is None:
        checks.raise_problems()
    print(f"{study.title}{' (SYNTHETIC DATA)' if study.synthetic else ''}")
    waves = ", ".join(f"{wave} (organisations: {len(study.organisation_ids(wave))})" for wave in study.waves)
    print(f"Waves: {waves}. Questions: {len(study.instrument.items)}.")
    print(study.disposition().to_string(index=False))
    for row in study.headcounts_below().itertuples():
        print(
            f"organisation {row.organisation}, wave {row.wave}, audience {row.audience}: {row.answered} "
            f"answered but the headcount is {row.headcount}; it is ignored, and the report says so"
        )
    for row in _few_in_effect(study):
        print(row)
    for wave in study.wave_instruments:
        print(_not_drawn(study, wave))
    for note in Theme.of(study.brand, study.instrument.audiences).notes:
        print(note)
    checks.raise_problems()
    if given.answers_only:
        print("No problems found in the answers; whether reports can be built was not checked.")
        return 0
    for form, why in _formats_that_fail(study, formats):
        print(f"Format {form} cannot be written: {why}")
    print("No problems found.")
    return 0


def _try_reports(study: Study, formats: Sequence[str], checks: Checks, *, read: bool) -> None:
    """Check everything that `report` checks, and build the largest report in memory if all else is valid."""
    from toolkit.reporting.options import chosen_organisations
    from toolkit.reporting.validation import check_dates, check_names, check_study, try_report

    sound = checks.passed
    checks(check_study, study, study.wave, formats, all_templates=True)
    if read:
        checks(chosen_organisations, study, study.wave, None)
        checks(check_dates, study, study.wave)
        if study.table is None:
            checks(check_names, study, study.wave, formats)
    if read and sound and checks.passed:
        checks(try_report, study, study.wave)


def _formats_that_fail(study: Study, formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the formats that were not requested and cannot be written, with the first reason."""
    from toolkit.errors import InvalidInput
    from toolkit.reporting.validation import check_names, check_study

    for form in (one for one in FORMATS if one not in formats):
        try:
            check_study(study, study.wave, [form])
            check_names(study, study.wave, [form])
        except InvalidInput as fault:
            more = len(fault.problems) - 1
            yield form, f"{fault.problems[0]}{f' (+{more} more)' if more else ''}"


def _few_in_effect(study: Study) -> Iterator[str]:
    """Yield the audiences that are large enough only without their weights: they are not shown."""
    from toolkit.study.weighting import WEIGHT
    from toolkit.weighting import effective_n

    frame, k = study.responses(), study.policy.threshold
    if study.design is None or WEIGHT not in frame:
        return
    for (organisation, audience), weights in frame.groupby(["organisation", "audience"], observed=True)[
        WEIGHT
    ]:
        if len(weights) >= k > (effective := effective_n(weights)):
            yield (
                f"organisation {organisation}, audience {audience}: weighted, its {len(weights)} answers "
                f"count as {effective:.1f}, fewer than {k}; they are not shown"
            )


def _not_drawn(study: Study, wave: str) -> str:
    """Name the questions without a valid trend to the last wave."""
    compared = study.compared(wave, study.wave)
    if compared is None:
        return f"Wave {wave} used the same questionnaire as wave {study.wave}."
    changed = compared[~compared["change"].isin(["same", "new", "gone"])]
    names = ", ".join(dict.fromkeys(changed["item"])) or "none"
    return f"Wave {wave} used a different questionnaire; no trend to {study.wave} for: {names}."
