"""The command translate: export, check and import of translation sheets."""

from __future__ import annotations

import argparse

from toolkit.cli.common import FAILED, INSTRUMENTS_HELP, Commands, add_command, add_group


def add(commands: Commands) -> None:
    """Add translate to the parser."""
    example = "survey-toolkit translate {} core_german.xlsx instruments/core/*.yaml"
    first = "survey-toolkit translate export instruments/core/*.yaml --to de --out core_german.xlsx"
    actions = add_group(commands, "translate", "export, check and import translation sheets", first)
    export = add_command(actions, "export", _export, "write the translation sheet of a questionnaire", first)
    export.add_argument(
        "--to",
        nargs="+",
        action="extend",
        required=True,
        metavar="LANGUAGE",
        help="languages: fr, pt-BR …",
    )
    export.add_argument("--from", dest="source", metavar="LANGUAGE", help="default: its first language")
    export.add_argument("--out", required=True, metavar="SHEET", help="workbook to write (.xlsx)")
    check = add_command(
        actions, "check", _check, "list what is missing or changed in a sheet", example.format("check")
    )
    load = add_command(
        actions,
        "import",
        _import,
        "write the questionnaire with the languages of a sheet",
        example.format("import") + " --out core_german.yaml",
    )
    load.add_argument("--out", required=True, metavar="FILE", help="questionnaire to write (.yaml)")
    for action in (export, check, load):
        if action is not export:
            action.add_argument("sheet", metavar="SHEET", help="translation sheet (.xlsx)")
        action.add_argument("instruments", nargs="+", metavar="INSTRUMENT", help=INSTRUMENTS_HELP)


def _export(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments
    from toolkit.instrument.translation import texts, write_sheet

    instrument = load_instruments(given.instruments)
    written = write_sheet(instrument, given.out, to=given.to, source=given.source)
    print(f"{written}: {len(texts(instrument))} texts to translate into {', '.join(given.to)}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments
    from toolkit.instrument.translation import check_sheet, read_sheet

    problems = check_sheet(read_sheet(given.sheet), load_instruments(given.instruments))
    for problem in problems:
        print(problem)
    print(f"{given.sheet}: {len(problems) or 'no'} problem(s) found")
    return FAILED if problems else 0


def _import(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments
    from toolkit.instrument.translation import read_sheet, translated, write_instrument

    made = translated(read_sheet(given.sheet), load_instruments(given.instruments))
    print(f"{write_instrument(made, given.out)}: languages {', '.join(made.languages)}")
    return 0
