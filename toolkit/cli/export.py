"""The command export: a questionnaire for a survey platform or a data package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.common import INSTRUMENTS_HELP, Commands, Names, add_command, platform_names

if TYPE_CHECKING:
    from toolkit.instrument import Instrument
    from toolkit.platforms.limesurvey.writing import Quota


def add(commands: Commands) -> None:
    """Add export to the parser."""
    export = add_command(
        commands,
        "export",
        _export,
        "write a questionnaire for a survey platform",
        "survey-toolkit export instruments/employee.yaml --to limesurvey --out build --language en",
        description="Write a questionnaire for a survey platform, and the manifest that is needed to read "
        "its answers back.",
    )
    export.add_argument(
        "instruments",
        nargs="+",
        metavar="INSTRUMENT",
        help=INSTRUMENTS_HELP,
    )
    export.add_argument(
        "--to",
        required=True,
        metavar="PLATFORM",
        choices=platform_names("files"),
        help="one of %(choices)s; spss, stata and frictionless write data files, empty or with --answers",
    )
    export.add_argument("--out", required=True, metavar="FOLDER", help="output folder")
    export.add_argument(
        "--language",
        action="append",
        dest="languages",
        help="only this language (repeatable; the first is the base language)",
    )
    export.add_argument(
        "--audience", action="append", dest="audiences", help="only this audience (repeatable)"
    )
    export.add_argument(
        "--layout",
        metavar="LAYOUT",
        choices=Names(_layouts),
        help="how the output is split into files: %(choices)s (see docs/fielding; qsf is experimental)",
    )
    export.add_argument(
        "--quota",
        action="append",
        dest="quotas",
        metavar="ITEM=CODE[+CODE…][,ITEM=…]:LIMIT",
        help="limesurvey: accept at most LIMIT people who answer so, e.g. audience=executive:50 (repeatable)",
    )
    export.add_argument(
        "--hidden",
        action="append",
        metavar="NAME",
        help="limesurvey: a hidden question filled in by the link, e.g. organisation (repeatable)",
    )
    export.add_argument(
        "--matrix",
        choices=("array", "questions"),
        help="limesurvey: write a matrix as one array (the default) or as one question per row",
    )
    export.add_argument(
        "--organisation",
        metavar="NAME",
        help="name that texts with {organisation} show (default: this organisation)",
    )
    export.add_argument(
        "--policy",
        metavar="STUDY",
        help="study file whose thresholds the texts promise (default: 5 answers, 7 on sensitive questions)",
    )
    export.add_argument(
        "--fielding",
        action="store_true",
        help="refuse a questionnaire without welcome, consent, confidentiality, contact and end texts",
    )
    export.add_argument(
        "--anonymous",
        action="store_true",
        help="limesurvey: anonymised responses; not for a panel, because it severs answers from tokens",
    )
    export.add_argument(
        "--answers",
        metavar="FILE",
        help="spss, stata, frictionless: the coded frame to write, from `survey-toolkit read --out`",
    )


def _layouts() -> list[str]:
    from toolkit.platforms import PLATFORMS

    return list(dict.fromkeys(layout for one in PLATFORMS.values() for layout in one.layouts))


def _export(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instruments
    from toolkit.platforms import export, get_platform

    instrument = load_instruments(given.instruments)
    if given.answers:
        return _print(_with_answers(given, instrument))
    options: dict[str, Any] = {}
    if given.quotas:
        options["quotas"] = _quotas(given.quotas)
    if given.hidden:
        options["hidden"] = given.hidden
    if given.matrix:
        options["matrix"] = given.matrix
    if given.anonymous:
        options["anonymous"] = True
    if given.policy:
        from toolkit.study import load_study

        policy = load_study(given.policy).policy
        options |= {"threshold": policy.threshold, "sensitive_threshold": policy.sensitive_threshold}
    written = export(
        instrument,
        given.to,
        given.out,
        languages=given.languages,
        audiences=given.audiences,
        layout=given.layout,
        organisation=given.organisation,
        fielding=given.fielding,
        **options,
    )
    absent = [name for name, words in instrument.texts if not words]
    if absent and not given.fielding and get_platform(given.to).fielding:
        text = f"Before fieldwork: the questionnaire has no {', '.join(absent)} (--fielding refuses that)"
        print(text, file=sys.stderr)
    return _print(written)


def _with_answers(given: argparse.Namespace, instrument: Instrument) -> list[Path]:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.platforms import read_coded, write_answers

    flags = {
        "--layout": given.layout,
        "--quota": given.quotas,
        "--hidden": given.hidden,
        "--matrix": given.matrix,
    }
    problems = [
        Problem("conflict", name, "means nothing for answers", "remove it")
        for name, value in flags.items()
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


def _print(written: list[Path]) -> int:
    """Print the files written, and once each what the manifests note as changed for the platform."""
    from toolkit.platforms.manifest import MANIFEST_ENDING, read_manifest

    for path in written:
        print(path)
    manifests = [read_manifest(path) for path in written if path.name.endswith(MANIFEST_ENDING)]
    for notice in dict.fromkeys(notice for manifest in manifests for notice in manifest.notices):
        print(f"Notice: {notice}")
    return 0


def _quotas(texts: list[str]) -> list[Quota]:
    """Parse quotas from the command line; every one that cannot be read is reported."""
    from toolkit.errors import InvalidInput, Problem
    from toolkit.platforms.limesurvey.writing import Quota

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
