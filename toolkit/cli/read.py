"""survey-toolkit read: one file of answers into a coded frame, with what became of every row."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.cli.common import Commands
    from toolkit.responses import AnswersFile

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    read = commands.add_parser(
        "read",
        help="read one file of answers and say what became of every row",
        description="Read one file of answers as a platform exported it, print its disposition, and write "
        "the coded frame where --out names a file.",
    )
    read.add_argument("file", metavar="FILE", help="the file of answers, as it was exported")
    read.add_argument(
        "--instrument",
        required=True,
        nargs="+",
        metavar="INSTRUMENT",
        help="one file that holds everything, or a file an audience",
    )
    read.add_argument("--platform", help="who wrote it; told by its headings where left out")
    read.add_argument("--manifest", help="the manifest written when the questionnaire was exported")
    read.add_argument(
        "--entry", metavar="YAML", help="more about the file, as under `answers` of a study file"
    )
    read.add_argument("--audience", help="the one audience it holds")
    read.add_argument("--organisation", help="the one organisation it holds")
    read.add_argument("--out", metavar="FILE", help="where to write the coded frame: .parquet or .csv")
    read.set_defaults(job=_read)


def _read(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput
    from toolkit.instrument import load_instrument, load_instruments
    from toolkit.responses import decode, read_answers
    from toolkit.responses.gather import nobody_kept

    _check_out(given.out)
    files = given.instrument
    instrument = load_instrument(files[0]) if len(files) == 1 else load_instruments(files)
    path = Path(given.file)
    entry = _entry(given, path)
    coded = decode(read_answers(entry, path, instrument), instrument)
    print(f"{path.name}: read as {entry.platform}")
    print(coded.disposition[["outcome", "reason", "rows"]].to_string(index=False))
    problems = list(nobody_kept(coded.frame, coded.disposition, path.name))
    if problems:
        raise InvalidInput(path.name, problems)
    if given.out:
        _write(coded.frame, Path(given.out))
        print(f"{given.out}: {len(coded.frame)} respondents, {len(instrument.variables)} columns of answers")
    return 0


def _check_out(out: str | None) -> None:
    from toolkit.errors import InvalidInput, Problem

    if out is not None and Path(out).suffix not in (".parquet", ".csv"):
        what = "is neither .parquet nor .csv"
        raise InvalidInput("--out", [Problem(out, what, "end its name in .parquet (keeps types) or .csv")])


def _entry(given: argparse.Namespace, path: Path) -> AnswersFile:
    from toolkit.instrument.strict import checked
    from toolkit.instrument.yaml_loader import read_document
    from toolkit.responses import AnswersFile
    from toolkit.responses.detecting import has_heading, platform_of

    if given.entry:
        document = read_document(Path(given.entry))
        written = checked(AnswersFile, document)
        manifest = written.manifest and str(Path(given.entry).parent / written.manifest)
        return written.model_copy(update={"file": path.name, "manifest": given.manifest or manifest})
    said: dict[str, Any] = {"wave": "1", "file": path.name}
    if not has_heading(path, "organisation"):
        said["organisation_column"] = None
    said["platform"] = given.platform or platform_of(path)
    for name in ("audience", "organisation", "manifest"):
        if getattr(given, name):
            said[name] = getattr(given, name)
    return _checked(said, path.name)


def _checked(said: dict[str, Any], source: str) -> AnswersFile:
    from pydantic import ValidationError

    from toolkit.errors import InvalidInput, Problem
    from toolkit.responses import AnswersFile

    try:
        return AnswersFile.model_validate(said)
    except ValidationError as fault:
        problems = [
            Problem(f"--{one['loc'][0] if one['loc'] else 'entry'}", one["msg"], "see --entry and --help")
            for one in fault.errors()
        ]
        raise InvalidInput(source, problems) from fault


def _write(frame: pd.DataFrame, out: Path) -> None:
    import io

    from toolkit.instrument.exchange.files import write_files

    held = io.BytesIO()
    if out.suffix == ".csv":
        frame.to_csv(held, index=False, encoding="utf-8-sig")
    else:
        frame.to_parquet(held)
    write_files(out.parent, {out.name: held.getvalue()}, private=True)
