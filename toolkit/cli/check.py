"""survey-toolkit check: read everything a study names and say what is kept and what is wrong."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import study_file, takes_study

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.study import Study

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    check = commands.add_parser(
        "check", help="read everything a study names and say what is kept and what is wrong"
    )
    takes_study(check)
    check.set_defaults(job=_check)


def _check(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import refuse_others
    from toolkit.presentation.theme import Theme
    from toolkit.study import load_study

    path = study_file(given.study)
    refuse_others(path, "a study file")
    study = load_study(path, data=given.data)
    study.check()
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
    print("Nothing is wrong with it.")
    return 0


def _not_drawn(study: Study, wave: str) -> str:
    """Of which questions no trend to the last wave may be drawn."""
    compared = study.compared(wave, study.wave)
    if compared is None:
        return f"Wave {wave} had the questionnaire of wave {study.wave}."
    changed = compared[~compared["change"].isin(["same", "new", "gone"])]
    names = ", ".join(dict.fromkeys(changed["item"])) or "none"
    return f"Wave {wave} had another questionnaire; no trend to {study.wave} is drawn of: {names}."
