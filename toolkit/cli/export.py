"""survey-toolkit export: a questionnaire for a survey platform or a data package."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.instrument import Instrument
    from toolkit.instrument.exchange.limesurvey import Quota

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    export = commands.add_parser(
        "export",
        help="write a questionnaire for a survey platform",
        description="Write a questionnaire for a survey platform, and a manifest to read answers back by.",
    )
    export.add_argument(
        "instruments",
        nargs="+",
        metavar="INSTRUMENT",
        help="one file that holds everything, or a file an audience",
    )
    export.add_argument(
        "--to",
        required=True,
        metavar="PLATFORM",
        help="limesurvey, qualtrics, xlsform, surveyjs or preview; for data: sav (SPSS), dta (Stata) or "
        "frictionless, empty or with --answers; for documentation: ddi or codebook",
    )
    export.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    export.add_argument(
        "--language",
        action="append",
        dest="languages",
        help="only this language; may be given again, the first is the base language",
    )
    export.add_argument(
        "--audience", action="append", dest="audiences", help="only this audience; may be given again"
    )
    export.add_argument(
        "--layout",
        help="how files are cut, the default first; limesurvey: one, language, audience; xlsform: audience, "
        "one; surveyjs: one, audience; qualtrics: audience, qsf (experimental)",
    )
    export.add_argument(
        "--quota",
        action="append",
        dest="quotas",
        metavar="ITEM=CODE[+CODE…][,ITEM=…]:LIMIT",
        help="limesurvey: let no more than LIMIT people in who answer so, as audience=executive:50",
    )
    export.add_argument(
        "--hidden",
        action="append",
        metavar="NAME",
        help="limesurvey: a question nobody sees, filled in by the link, as organisation",
    )
    export.add_argument(
        "--matrix",
        choices=("array", "questions"),
        help="limesurvey: a matrix as one array (the default), or each of its rows as a question",
    )
    export.add_argument(
        "--answers",
        metavar="FILE",
        help="sav, dta, frictionless: the coded frame to write, as `survey-toolkit read --out` made it",
    )
    export.set_defaults(job=_export)


def _export(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments
    from toolkit.instrument.exchange import export

    instrument = load_instruments(given.instruments)
    if given.answers:
        return _told(_with_answers(given, instrument))
    options: dict[str, Any] = {}
    if given.quotas:
        options["quotas"] = _quotas(given.quotas)
    if given.hidden:
        options["hidden"] = given.hidden
    if given.matrix:
        options["matrix"] = given.matrix
    written = export(
        instrument,
        given.to,
        given.out,
        languages=given.languages,
        audiences=given.audiences,
        layout=given.layout,
        **options,
    )
    return _told(written)


def _with_answers(given: argparse.Namespace, instrument: Instrument) -> list[Path]:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.responses.writers import read_coded, write_answers

    said = {
        "--layout": given.layout,
        "--quota": given.quotas,
        "--hidden": given.hidden,
        "--matrix": given.matrix,
    }
    problems = [
        Problem("conflict", name, "means nothing for answers", "take it out")
        for name, value in said.items()
        if value
    ]
    if problems:
        raise InvalidInput("export", problems)
    return write_answers(
        read_coded(given.answers, instrument),
        instrument,
        given.out,
        to=given.to,
        languages=given.languages,
        audiences=given.audiences,
    )


def _told(written: list[Path]) -> int:
    for path in written:
        print(path)
    for notice in _notices(written):
        print(f"Notice: {notice}")
    return 0


def _notices(written: list[Path]) -> Iterator[str]:
    """What the manifests say had to be changed, each once."""
    from toolkit.instrument.exchange.manifest import MANIFEST_ENDING, read_manifest

    manifests = [read_manifest(path) for path in written if path.name.endswith(MANIFEST_ENDING)]
    yield from dict.fromkeys(notice for manifest in manifests for notice in manifest.notices)


def _quotas(texts: list[str]) -> list[Quota]:
    """Quotas as they are written on the command line; every one that cannot be read is said."""
    from toolkit.errors import InvalidInput, Problem
    from toolkit.instrument.exchange.limesurvey import Quota

    quotas, problems = [], []
    for text in texts:
        conditions, _, limit = text.rpartition(":")
        answers = dict(part.partition("=")[::2] for part in conditions.split(",") if part)
        if not limit.isdigit() or not answers or not all(answers.values()):
            hint = "write ITEM=CODE:LIMIT, as audience=executive:50 or country=US+UK,q=1:100"
            problems.append(Problem("malformed", f"--quota {text}", "cannot be read", hint))
            continue
        counted = {name: tuple(codes.split("+")) for name, codes in answers.items()}
        quotas.append(Quota(conditions, int(limit), counted))
    if problems:
        raise InvalidInput("quotas", problems)
    return quotas
