"""The command check: everything that `report` would refuse or fail at, without building anything."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import Commands, add_command, add_study, echo, failed, records, study_file
from toolkit.errors import InvalidInput
from toolkit.inputs import is_file
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
        "problem that would stop `report`. The exit code is 1 if there is one.",
        as_json=True,
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
    from toolkit.reporting.options import Checks
    from toolkit.study import load_study

    path = study_file(given.study)
    refuse_others(path, "a study file")
    checks = Checks()
    formats = checks(check_formats, given.formats) or ()
    study = checks(load_study, path, data=given.data)
    read = None
    if study is not None:
        read = checks(study.check)
        if not given.answers_only:
            _try_reports(study, formats, checks, read=read is not None)
    if study is not None and read is not None:
        _describe(study, given)
    try:
        checks.raise_problems()
    except InvalidInput as fault:
        if study is None and not is_file(path):
            raise
        return failed(given, fault)
    if given.answers_only:
        echo(
            "No problems found in the answers; whether reports can be built was not checked.", colour="green"
        )
        return 0
    refused = [] if study is None or study.release else _refused_release(study)  # does not stop drafts
    for why in refused:
        print(f"survey-toolkit release would be refused: {why}")
    given.result["release_refused"] = refused
    failing = list(_formats_that_fail(study, formats)) if study is not None else []
    for form, why in failing:
        print(f"Format {form} cannot be written: {why}")
    given.result["formats_that_fail"] = [{"format": form, "reason": why} for form, why in failing]
    echo("No problems found.", colour="green")
    return 0


def _describe(study: Study, given: argparse.Namespace) -> None:
    """Print what was read, and put it into the result."""
    from toolkit.presentation.theme import Theme

    waves = [{"wave": one, "organisations": len(study.organisation_ids(one))} for one in study.waves]
    disposition, below = study.disposition(), study.headcounts_below()
    notes = [_not_drawn(study, wave) for wave in study.wave_instruments]
    if len(study.waves) > 1 and study.person is None:
        notes.append(
            "changes between waves are hidden where few people may have come or gone; write person: "
            "respondent, token or new into the study file to show more (docs/comparing_waves.md)"
        )
    brands = {"": study.brand} | {f"{one}: ": study.for_client(one).brand for one in study.client_brands}
    notes += [
        f"{one}{note}"
        for one, brand in brands.items()
        for note in Theme.of(brand, study.instrument.audiences).notes
    ]
    given.result |= {
        "study": {"id": study.id, "title": study.title, "synthetic": study.synthetic},
        "waves": waves,
        "questions": len(study.instrument.items),
        "disposition": records(disposition),
        "headcounts_below": records(below),
        "notes": notes,
    }
    print(f"{study.title}{' (SYNTHETIC DATA)' if study.synthetic else ''}")
    listed = ", ".join(f"{one['wave']} (organisations: {one['organisations']})" for one in waves)
    print(f"Waves: {listed}. Questions: {len(study.instrument.items)}.")
    print(disposition.to_string(index=False))
    for row in below.itertuples():
        print(
            f"organisation {row.organisation}, wave {row.wave}, audience {row.audience}: {row.answered} "
            f"answered but the headcount is {row.headcount}; it is ignored, and the report states so"
        )
    for row in _few_in_effect(study):
        print(row)
    for note in notes:
        print(note)


def _try_reports(study: Study, formats: Sequence[str], checks: Checks, *, read: bool) -> None:
    """Check everything that `report` checks, and build the largest report in memory if all else is valid."""
    from toolkit.reporting.options import RunOptions, chosen_organisations, report_folder
    from toolkit.reporting.plan import check_release, refuse_lost_ledger
    from toolkit.reporting.validation import check_dates, check_names, check_study, try_report

    sound = checks.passed
    checks(check_study, study, study.wave, formats, all_templates=True)
    checks(refuse_lost_ledger, study, report_folder(RunOptions().out, study.id, study.wave))
    if read:
        checks(chosen_organisations, study, study.wave, None)
        checks(check_dates, study, study.wave)
        if study.table is None:
            checks(check_names, study, study.wave, formats)
    if read and sound and checks.passed:
        checks(try_report, study, study.wave)
    if read and checks.passed and study.release:
        checks(check_release, study)


def _refused_release(study: Study) -> list[str]:
    """Return why a release would be refused because of earlier ones."""
    from toolkit.reporting.plan import check_release

    try:
        check_release(study)
    except InvalidInput as fault:
        return list(map(str, fault.problems))
    return []


def _formats_that_fail(study: Study, formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the formats that were not requested and cannot be written, with the first reason."""
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
