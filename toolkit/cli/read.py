"""The command read: one answer file as a coded frame, with the disposition of every row."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.common import INSTRUMENTS_HELP, Commands, add_command, platform_names

if TYPE_CHECKING:
    from toolkit.platforms import AnswersFile


def add(commands: Commands) -> None:
    """Add read to the parser."""
    read = add_command(
        commands,
        "read",
        _read,
        "read one answer file and report the disposition of every row",
        "survey-toolkit read results.csv --instrument instruments/employee.yaml --out answers.csv",
        description="Read one answer file as a platform exported it, print its disposition, and write the "
        "coded frame if --out is given.",
    )
    read.add_argument("file", metavar="FILE", help="the answer file, as exported")
    read.add_argument(
        "--instrument",
        required=True,
        nargs="+",
        action="extend",
        metavar="INSTRUMENT",
        help=INSTRUMENTS_HELP,
    )
    read.add_argument(
        "--platform",
        metavar="PLATFORM",
        choices=platform_names("dialect"),
        help="one of %(choices)s (default: detected from the headings)",
    )
    read.add_argument("--manifest", help="manifest written when the questionnaire was exported")
    read.add_argument(
        "--entry",
        metavar="YAML",
        help="further settings, as under `answers` in a study file",
    )
    read.add_argument("--audience", help="audience of all its rows")
    read.add_argument("--organisation", help="organisation of all its rows")
    read.add_argument(
        "--out",
        metavar="FILE",
        help="write the coded frame to this file (.parquet or .csv); missing answers are codes from -1 to "
        "-6, which toolkit.responses.plain makes NaN",
    )


def _read(given: argparse.Namespace) -> int:
    import pandas as pd

    from toolkit.errors import InvalidInput, Problem
    from toolkit.instrument import load_instruments
    from toolkit.platforms import divided, read_answers
    from toolkit.platforms.answer_files import coded_bytes
    from toolkit.responses import decode
    from toolkit.responses.gather import nobody_kept
    from toolkit.system import write_files

    _check_out(given.out)
    instrument = load_instruments(given.instrument)
    path = Path(given.file)
    entries = divided(_entry(given, path), path)
    parts = [decode(read_answers(path, instrument, entry=entry), instrument) for entry in entries]
    print(f"{path.name}: read as {entries[0].platform}")
    problems: list[Problem] = []
    for entry, coded in zip(entries, parts, strict=True):
        if len(entries) > 1:
            print(f"Wave {entry.wave}:")
        print(coded.disposition[["outcome", "reason", "rows"]].to_string(index=False))
        problems += nobody_kept(coded.coded, coded.disposition, path.name)
    if problems:
        raise InvalidInput(path.name, problems)
    if given.out:
        frame = (
            parts[0].coded if len(parts) == 1 else pd.concat([one.coded for one in parts], ignore_index=True)
        )
        out = Path(given.out)
        write_files(out.parent, {out.name: coded_bytes(frame, out)}, private=True)
        print(f"{given.out}: {len(frame)} respondents, {len(instrument.variables)} columns of answers")
    return 0


def _check_out(out: str | None) -> None:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.inputs import no_parquet

    if out is not None and Path(out).suffix not in (".parquet", ".csv"):
        what = "is neither .parquet nor .csv"
        raise InvalidInput(
            "--out",
            [Problem("unsupported-format", out, what, "end its name in .parquet (keeps types) or .csv")],
        )
    if out is not None and Path(out).suffix == ".parquet" and (problems := no_parquet(out)):
        raise InvalidInput("--out", problems)


def _entry(given: argparse.Namespace, path: Path) -> AnswersFile:
    """Merge the settings of the file: command line first, then --entry, then the file itself."""
    from toolkit.instrument.yaml_loader import checked, read_document
    from toolkit.platforms import AnswersFile, platform_of
    from toolkit.platforms.reading import headings_of_file

    options: dict[str, Any] = {"file": path.name}
    for name in ("platform", "audience", "organisation", "manifest"):
        if getattr(given, name):
            options[name] = getattr(given, name)
    if not given.entry:
        options = {"wave": "1", "platform": given.platform or platform_of(path), **options}
        entry = _checked(options, path.name)
    else:
        document = read_document(Path(given.entry))
        if not isinstance(document.data, dict | None):
            checked(AnswersFile, document)  # raises with what it must be
        written = dict(document.data or {})
        mapped = written.get("mapping")
        by_mapping = isinstance(mapped, dict) and isinstance(mapped.get("wave"), dict)
        if "wave" not in written and not by_mapping:
            written["wave"] = "1"
        if "platform" not in {**written, **options}:
            written["platform"] = platform_of(path)
        if isinstance(written.get("manifest"), str):
            written["manifest"] = str(Path(given.entry).parent / written["manifest"])
        entry = checked(AnswersFile, replace(document, data={**written, **options}))
    if entry.mapping is None and "organisation_column" not in entry.model_fields_set:
        headings = headings_of_file(entry, path)
        if entry.organisation_column not in headings:
            entry = entry.model_copy(update={"organisation_column": None})
    return entry


def _checked(options: dict[str, Any], source: str) -> AnswersFile:
    from pydantic import ValidationError

    from toolkit.errors import InvalidInput, Problem
    from toolkit.platforms import AnswersFile

    try:
        return AnswersFile.model_validate(options)
    except ValidationError as fault:
        problems = [
            Problem(
                "malformed",
                f"--{one['loc'][0] if one['loc'] else 'entry'}",
                one["msg"],
                "see --entry and --help",
            )
            for one in fault.errors()
        ]
        raise InvalidInput(source, problems) from fault
