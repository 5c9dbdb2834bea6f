"""survey-toolkit translate: the translator's sheet out, checked, and in."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.instrument import Instrument

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    translate = commands.add_parser("translate", help="a sheet for the translator: out, checked, in")
    jobs = translate.add_subparsers(title="jobs", metavar="JOB", required=True)
    out = jobs.add_parser("out", help="write the sheet of a questionnaire")
    _takes_instruments(out)
    out.add_argument("--to", nargs="+", required=True, metavar="LANGUAGE", help="such as fr or pt-BR")
    out.add_argument("--from", dest="source", metavar="LANGUAGE", help="default: its first language")
    out.add_argument("--out", required=True, metavar="SHEET", help="the workbook to write (.xlsx)")
    out.set_defaults(job=_out)
    check = jobs.add_parser("check", help="say what is missing or changed in a sheet")
    check.add_argument("sheet", metavar="SHEET")
    _takes_instruments(check)
    check.set_defaults(job=_check)
    bring = jobs.add_parser("in", help="write the questionnaire with the languages of a sheet")
    bring.add_argument("sheet", metavar="SHEET")
    _takes_instruments(bring)
    bring.add_argument("--out", required=True, metavar="FILE", help="the questionnaire to write (.yaml)")
    bring.set_defaults(job=_in)


def _takes_instruments(command: argparse.ArgumentParser) -> None:
    words = "a whole questionnaire, or a file an audience"
    command.add_argument("instruments", nargs="+", metavar="INSTRUMENT", help=words)


def _loaded(given: argparse.Namespace) -> Instrument:
    from toolkit.instrument import load_instruments

    return load_instruments(given.instruments)


def _out(given: argparse.Namespace) -> int:
    from toolkit.instrument.translation import texts, write_sheet

    instrument = _loaded(given)
    written = write_sheet(instrument, given.out, to=given.to, source=given.source)
    print(f"{written}: {len(texts(instrument))} texts to translate into {', '.join(given.to)}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from toolkit.instrument.translation import check_sheet, read_sheet

    problems = check_sheet(read_sheet(given.sheet), _loaded(given))
    for problem in problems:
        print(problem)
    print(f"{given.sheet}: {len(problems)} problem(s)" if problems else f"{given.sheet}: no problems")
    return FAILED if problems else 0


def _in(given: argparse.Namespace) -> int:
    from toolkit.instrument.translation import read_sheet, translated, write_instrument

    made = translated(read_sheet(given.sheet), _loaded(given))
    print(f"{write_instrument(made, given.out)}: in {', '.join(made.languages)}")
    return 0
