"""Text files with delimiters, read whole and strictly: encoding named, every ragged row listed."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.responses.naming import rows_said

__all__ = ["Sheet", "headings_of", "read_sheet"]


@dataclass(frozen=True)
class Sheet:
    """The cells of one file as text.

    Parameters
    ----------
    headings
        One list a heading row.
    cells
        One row a record, columns numbered from 0, indexed by the row number a spreadsheet shows.
    delimiter
        What stood between the cells.
    """

    headings: tuple[tuple[str, ...], ...]
    cells: pd.DataFrame
    delimiter: str


def read_sheet(path: Path, *, source: str, heading_rows: int = 1) -> Sheet:
    """Read a delimited text file (`;`, `,` or tab; plain or .gz) with every cell as text.

    A row in which every cell is blank is no row: spreadsheet programs leave such rows at the end.

    Raises
    ------
    InvalidInput
        Where the file is missing, empty, not UTF-8, cut short or ragged.
    """
    text = _decoded(path, source)
    delimiter = _delimiter(text)
    numbered = enumerate(_records(text, delimiter, source), start=1)
    filled = {number: record for number, record in numbered if any(map(str.strip, record))}
    if not filled:
        raise InvalidInput(source, [Problem("file", "is empty", "export it again")])
    records = list(filled.values())
    lengths = pd.Series([len(record) for record in records], index=list(filled))
    problems = list(_ragged(lengths))
    if len(records) <= heading_rows:
        problems.append(Problem("file", "has headings but no rows below them", "export it again"))
    if problems:
        raise InvalidInput(source, problems)
    rows = lengths.index[heading_rows:]
    cells = pd.DataFrame(records[heading_rows:], index=rows, columns=range(len(records[0])), dtype=str)
    headings = tuple(tuple(cell.strip() for cell in record) for record in records[:heading_rows])
    return Sheet(headings, cells, delimiter)


def headings_of(names: Sequence[str], what: str = "heading") -> Iterator[Problem]:
    """Find headings that are blank or stand twice."""
    counts = pd.Series(names, dtype=str).value_counts()
    for name in counts.index[counts > 1]:
        if name:
            yield Problem(
                f"column {name}", f"{what} stands {counts[name]} times", "rename all but one and export again"
            )
    blank = [number + 1 for number, name in enumerate(names) if not name]
    if blank:
        yield Problem(f"column {blank[0]}", "has no heading", "export again with headings")


def _decoded(path: Path, source: str) -> str:
    if path.is_dir():
        raise InvalidInput(source, [Problem("file", f"'{path.name}' is a folder", "name the file in it")])
    if not path.is_file():
        folder = path.parent
        beside = [other.name for other in folder.iterdir()] if folder.is_dir() else []
        mend = near_names(path.name, sorted(beside)) if beside else "the folder is not there or is empty"
        raise InvalidInput(source, [Problem("file", f"'{path.name}' is not there", mend)])
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem(
            "file", f"cannot be read ({error.strerror})", "close it elsewhere, or get the right to read it"
        )
        raise InvalidInput(source, [problem]) from error
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        problem = Problem("file", f"is a damaged .gz file ({error})", "copy or download it again")
        raise InvalidInput(source, [problem]) from error
    problem_found = _not_text(data)
    if problem_found is None:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = data[: error.start].count(b"\n") + 1
            problem_found = Problem(
                f"line {row}",
                f"the file is not UTF-8 (byte 0x{data[error.start]:02x}; it looks like Windows-1252)",
                "export or save it again as UTF-8 (in Excel: 'CSV UTF-8')",
            )
    raise InvalidInput(source, [problem_found])


def _not_text(data: bytes) -> Problem | None:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return Problem("file", "is empty", "export it again")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4000].count(b"\x00") > len(data[:4000]) / 4:
        return Problem(
            "file", "is UTF-16, not UTF-8", "export or save it again as UTF-8 (in Excel: 'CSV UTF-8')"
        )
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        return Problem("file", "is a spreadsheet, not text", "export the answers as CSV")
    if b"\x00" in data:
        return Problem(
            "file", "holds zero bytes: it is damaged or no text", "export the answers again as CSV"
        )
    return None


def _delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    unquoted = "".join(first.split('"')[::2])
    return max(";,\t", key=unquoted.count)


def _records(text: str, delimiter: str, source: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        what = "a quoted cell never ends" if "unexpected end" in str(error) else str(error)
        problem = Problem(
            f"line {reader.line_num}", f"{what}: the file is cut short or damaged", "export it again"
        )
        raise InvalidInput(source, [problem]) from error


def _ragged(lengths: pd.Series) -> Iterator[Problem]:
    width = lengths.iloc[0]
    others = lengths.iloc[1:]
    usual = others.mode()
    if len(others) > 1 and len(usual) == 1 and usual[0] != width and (others == usual[0]).mean() > 0.5:
        yield Problem(
            f"row {lengths.index[0]}",
            f"{width} cells where most rows below it have {usual[0]}: a title or 'sep=' line stands above "
            "the headings, or headings are missing",
            "the headings must be the first row; take out what stands above, or export it again",
        )
        width = usual[0]
    lengths = others
    for length, rows in lengths[lengths != width].groupby(lengths):
        yield Problem(
            rows_said(rows.index),
            f"{length} cells where the heading has {width}",
            "the file is cut short, or a cell holds the delimiter without quotes; export it again",
        )
