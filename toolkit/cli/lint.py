"""The commands lint and schema: checks of questionnaires, and the JSON Schema of their files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, Commands, add_command
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.errors import Problem
    from toolkit.instrument import Instrument
    from toolkit.instrument.reading import Finding


def add(commands: Commands) -> None:
    """Add lint and schema to the parser."""
    lint = add_command(
        commands,
        "lint",
        _lint,
        "check questionnaires for errors and poor wording",
        "survey-toolkit lint instruments/employee.yaml --strict",
        description="List the errors in questionnaires, warn of what may bias answers, and estimate how many "
        "minutes each takes.",
    )
    lint.add_argument("instruments", nargs="+", metavar="INSTRUMENT", help="questionnaires or folders")
    lint.add_argument("--strict", action="store_true", help="treat warnings as errors")
    add_command(
        commands,
        "schema",
        _schema,
        "print the JSON Schema of a questionnaire file",
        "survey-toolkit schema > questionnaire.schema.json",
        quiet=False,
    )


def _lint(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import refuse_others
    from toolkit.instrument import advise, load_instrument, notes
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
        warnings = _placed(path, advise(instrument))
        for warning in warnings:
            print(f"{path}: warning: {warning}")
        for note in _placed(path, notes(instrument)):
            print(f"{path}: note: {note}")
        print(f"{path}: {_summary(warnings, strict=given.strict)}; {_length(instrument)}")
        for language in instrument.languages:
            if language not in ("en", "fr"):
                print(f"{path}: wording in '{language}' was not checked: no word list (en, fr)")
        if warnings and given.strict:
            answer = FAILED
    return answer


def _placed(path: Path, findings: list[Finding]) -> list[Problem]:
    """Return findings with file and line."""
    from toolkit.instrument.loader import files_of
    from toolkit.instrument.reading import Reading
    from toolkit.instrument.yaml_loader import read_document

    reading = Reading(documents=[read_document(file) for file in files_of([path])])
    reading.add(findings)
    return reading.problems()


def _summary(warnings: list[Problem], *, strict: bool) -> str:
    if not warnings:
        return "no problems found"
    return f"{len(warnings)} warning(s){', treated as errors' if strict else ''}"


def _length(instrument: Instrument) -> str:
    from toolkit.instrument import minutes

    lengths = []
    for row in minutes(instrument).itertuples(index=False):
        low, high = (max(round(value), 1) for value in (row.shortest, row.longest))
        span = f"{low} to {high} minutes" if high > low else f"{low} minute{'s' * (low > 1)}"
        lengths.append(f"{row.audience} {span}")
    return f"about {', '.join(lengths)}"


def _schema(given: argparse.Namespace) -> int:
    import json

    from toolkit.instrument import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
