"""survey-toolkit lint: check questionnaires."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.errors import Problem
    from toolkit.instrument import Instrument

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    lint = commands.add_parser(
        "lint",
        help="check questionnaires",
        description="Say what is wrong with questionnaires, what may spoil their answers, and how many "
        "minutes each takes. Warnings do not fail, unless --strict is given.",
    )
    lint.add_argument("instruments", nargs="+", metavar="INSTRUMENT")
    lint.add_argument("--strict", action="store_true", help="let warnings fail too")
    lint.set_defaults(job=_lint)


def _lint(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import refuse_others
    from toolkit.instrument import load_instrument
    from toolkit.shipped import instrument_files

    answer = 0
    for path in instrument_files(given.instruments):
        try:
            refuse_others(path, "a questionnaire")
            instrument = load_instrument(path)  # raises whatever lint would find
        except InvalidInput as fault:
            print(fault)
            answer = FAILED
            continue
        warnings = _warnings(path, instrument)
        for warning in warnings:
            print(f"{path}: warning: {warning}")
        print(f"{path}: {_summary(warnings, strict=given.strict)}; {_length(instrument)}")
        for language in instrument.languages:
            if language not in ("en", "fr"):
                print(f"{path}: words in '{language}' were not looked at: the lists are English and French")
        if warnings and given.strict:
            answer = FAILED
    return answer


def _warnings(path: Path, instrument: Instrument) -> list[Problem]:
    """What may spoil the answers, with file and line."""
    from toolkit.instrument import advise
    from toolkit.instrument.loader import files_of
    from toolkit.instrument.reading import Reading
    from toolkit.instrument.yaml_loader import read_document

    reading = Reading(documents=[read_document(file) for file in files_of([path])])
    reading.add(advise(instrument))
    return reading.problems()


def _summary(warnings: list[Problem], *, strict: bool) -> str:
    if not warnings:
        return "no problems"
    return f"{len(warnings)} warning(s){', which fail with --strict' if strict else ''}"


def _length(instrument: Instrument) -> str:
    from toolkit.instrument import minutes

    told = []
    for row in minutes(instrument).itertuples(index=False):
        low, high = (max(round(value), 1) for value in (row.shortest, row.longest))
        span = f"{low} to {high} minutes" if high > low else f"{low} minute{'s' * (low > 1)}"
        told.append(f"{row.audience} {span}")
    return f"about {', '.join(told)}"
