"""Text files with delimiters, read whole and strictly: encoding named, every ragged row listed.

A file that is provably clean (every quote opens or closes a cell, every row is as long as the first) is
parsed by pandas; any other goes through Python's own strict parser, which reports what is wrong and where.
"""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import (
    LARGEST_ANSWERS,
    LARGEST_CELL,
    MOST_CELLS,
    MOST_COLUMNS,
    gunzipped,
    is_folder,
    read_bytes,
)
from toolkit.platforms.files.sheet import Sheet, headings_of, no_rows
from toolkit.platforms.naming import rows_said

__all__ = [
    "Sheet",
    "bytes_of",
    "check_cells",
    "csv_reader",
    "headings_of",
    "read_sheet",
    "sheet_of_text",
]

_CHUNK = 1 << 22
_SAMPLE = 200
_HEAD = 1 << 20
_QUOTE = ord('"')


def read_sheet(path: Path, *, source: str, heading_rows: int = 1) -> Sheet:
    """Read a delimited text file (`;`, `,` or tab; plain or .gz) in UTF-8 with every cell as text.

    A row in which every cell is blank is skipped: spreadsheet programs leave such rows at the end.

    Raises
    ------
    InvalidInput
        Where the file is missing, empty, not UTF-8, cut short or ragged.
    """
    data = bytes_of(path, source)
    problem = _not_utf8(data)
    if problem is not None:
        raise InvalidInput(source, [problem])
    return sheet_of_text(data.decode("utf-8-sig"), source=source, heading_rows=heading_rows)


def sheet_of_text(
    text: str,
    *,
    source: str,
    heading_rows: int = 1,
    notes: tuple[str, ...] = (),
    categories: bool = False,
) -> Sheet:
    """Split a text into cells; see `read_sheet`.

    Parameters
    ----------
    notes
        Notes of the sheet on how it was read.
    categories
        Keep columns as Categoricals of text where they were parsed as such: each different cell is then
        parsed once.
    """
    if "\x00" in text:
        what = "holds zero bytes: it is damaged or not text"
        raise InvalidInput(source, [Problem("damaged-file", "file", what, "export the answers again as CSV")])
    if not text.strip("\ufeff \t\r\n"):
        raise InvalidInput(source, [Problem("empty", "file", "is empty", "export it again")])
    delimiter, columns = _delimiter(text)
    check_cells(text.count(delimiter) + text.count("\n"), source, columns=columns)
    try:
        cells = _parsed_fast(text, delimiter)
    except csv.Error:  # in the first rows already
        cells = None
    if cells is not None and not categories:
        cells = cells.astype(str)
    if cells is None:
        cells = _parsed_strictly(text, delimiter, source, heading_rows)
    blank = cells[0].str.strip() == ""
    if blank.any():  # only rows whose first cell is blank can be blank altogether
        rest = cells[blank].apply(lambda column: column.str.strip() == "").all(axis=1)
        cells = cells.drop(index=rest.index[rest])
    if cells.empty:
        raise InvalidInput(source, [Problem("empty", "file", "is empty", "export it again")])
    if len(cells) <= heading_rows:
        raise InvalidInput(source, [no_rows()])
    headings = tuple(tuple(map(str.strip, row)) for row in cells.iloc[:heading_rows].to_numpy().tolist())
    return Sheet(headings, cells.iloc[heading_rows:], delimiter, notes)


def bytes_of(path: Path, source: str) -> bytes:
    """Read the bytes of a file, decompressing a .gz.

    Raises
    ------
    InvalidInput
        Where it is missing, a folder, device or pipe, larger than `LARGEST_ANSWERS` as it is or unpacked,
        cannot be read or is damaged.
    """
    try:
        data = read_bytes(path, most=LARGEST_ANSWERS)
    except IsADirectoryError:
        problem = Problem("wrong-path", "file", f"'{path.name}' is a folder", "name the file in it")
        raise InvalidInput(source, [problem]) from None
    except FileNotFoundError:
        folder = path.parent
        beside = [other.name for other in folder.iterdir()] if is_folder(folder) else []
        hint = near_names(path.name, sorted(beside)) if beside else "the folder is missing or empty"
        raise InvalidInput(
            source, [Problem("file-not-found", "file", f"'{path.name}' does not exist", hint)]
        ) from None
    except OSError as error:
        hint = {
            errno.EACCES: "ask for permission to read it, or copy it to a folder of your own",
            errno.EPERM: "ask for permission to read it, or copy it to a folder of your own",
            errno.EFBIG: "name a file of at most that size",
            errno.ELOOP: "the link leads to itself; name the file that it should lead to",
            errno.ENAMETOOLONG: "give it a shorter name",
        }.get(error.errno or 0, "name an ordinary file; if another program has it open, close it there")
        raise InvalidInput(
            source, [Problem("unreadable-file", "file", f"cannot be read ({error.strerror})", hint)]
        ) from error
    try:
        return gunzipped(data, most=LARGEST_ANSWERS) if data[:2] == b"\x1f\x8b" else data
    except ValueError as error:
        problem = Problem(
            "damaged-file", "file", f"is a .gz file that cannot be unpacked: {error}", "download it again"
        )
        raise InvalidInput(source, [problem]) from error


@contextmanager
def csv_reader(lines: Iterable[str], delimiter: str = ",", *, strict: bool = True) -> Iterator[Any]:
    """Yield Python's CSV parser with cells of up to `LARGEST_CELL` characters inside the block."""
    # the parser's limit belongs to the process, and other libraries set it as well
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield csv.reader(lines, delimiter=delimiter, strict=strict)
    finally:
        csv.field_size_limit(before)


def check_cells(number: int, source: str, *, columns: int = 1) -> None:
    """Refuse a table of more than `MOST_CELLS` cells or `MOST_COLUMNS` columns.

    Raises
    ------
    InvalidInput
        Naming both numbers.
    """
    if columns > MOST_COLUMNS:
        what = f"holds {columns:,} columns; at most {MOST_COLUMNS:,} are read"
        raise InvalidInput(
            source, [Problem("too-large", "file", what, "leave out columns that are not needed")]
        )
    if number > MOST_CELLS:
        what = f"holds about {number:,} cells; at most {MOST_CELLS:,} are read"
        raise InvalidInput(
            source, [Problem("too-large", "file", what, "leave out columns or rows that are not needed")]
        )


def _not_utf8(data: bytes) -> Problem | None:
    again = "export or save it again as UTF-8 (in Excel: 'CSV UTF-8')"
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return Problem("empty", "file", "is empty", "export it again")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4000].count(b"\x00") > len(data[:4000]) / 4:
        return Problem("wrong-encoding", "file", "is UTF-16, not UTF-8", again)
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        return Problem(
            "unsupported-format", "file", "is a spreadsheet, not text", "export the answers as CSV"
        )
    if b"\x00" in data:
        return Problem(
            "damaged-file",
            "file",
            "holds zero bytes: it is damaged or not text",
            "export the answers again as CSV",
        )
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        what = f"the file is not UTF-8 (byte 0x{data[error.start]:02x}; it looks like Windows-1252)"
        return Problem("wrong-encoding", f"line {row}", what, again)
    return None


def _delimiter(text: str) -> tuple[str, int]:
    """Find the delimiter and the number of columns that it makes of the first line."""
    lines = text[:_HEAD].lstrip("\r\n ").split("\n", 3)[:3]
    first, *below = ("".join(line.split('"')[::2]) for line in lines)
    delimiter = max(";,\t", key=first.count)
    if first.count(delimiter) == 0 and below and 0 < first.count("|") == below[0].count("|"):
        delimiter = "|"
    if first.count(delimiter) == 0 and len(below) == 2:  # perhaps a title above the headings
        counts = {
            one: below[0].count(one) for one in ";,\t" if below[0].count(one) == below[1].count(one) > 1
        }
        delimiter = max(counts, key=lambda one: counts[one], default=delimiter)
        return delimiter, counts.get(delimiter, 0) + 1
    return delimiter, first.count(delimiter) + 1


def _parsed_fast(text: str, delimiter: str) -> pd.DataFrame | None:
    """Return every record of a provably clean text, numbered from 1; None in case of doubt."""
    data = text.encode("utf-8").rstrip(b"\r\n")
    delimiters = _all_quoted(data, delimiter)
    if delimiters is None and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")):
        delimiters = _clean_delimiters(data, ord(delimiter))
    if delimiters is None:
        return None
    with csv_reader(io.StringIO(text[:_HEAD], newline=""), delimiter, strict=False) as reader:
        sample = list(islice(reader, _SAMPLE))
    width = len(sample[0])
    if width < 2:
        return None
    try:
        cells = pd.read_csv(
            io.BytesIO(data),
            sep=delimiter,
            header=None,
            names=list(range(width)),
            dtype=dict(enumerate(_kinds(sample))),
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError:  # a row that is too long
        return None
    # pandas fills rows that are too short, and makes numbers of categories that all look like numbers
    as_text = all(kind == "str" or kind.categories.dtype == "str" for kind in cells.dtypes)
    if not as_text or delimiters != (width - 1) * len(cells):
        return None
    cells.index = range(1, len(cells) + 1)
    return cells


def _kinds(sample: list[list[str]]) -> Iterator[str]:
    """Yield Categoricals for columns of few values under words; plain text for ids and the like."""
    for number, heading in enumerate(sample[0]):
        cells = {row[number] for row in sample[1:] if number < len(row)}
        few = len(cells) * 2 <= len(sample) and any(map(str.isalpha, heading))
        yield "category" if few else "str"


def _all_quoted(data: bytes, delimiter: str) -> int | None:
    """Count the delimiters of cells that are all quoted, as LimeSurvey quotes; None where any is not."""
    if not (data[:1] == data[-1:] == b'"'):
        return None
    end = b'"\r\n"' if b'"\r\n"' in data[:_HEAD] else b'"\n"'
    between = _times(data, f'"{delimiter}"'.encode())
    clean = between is not None and data.count(b'"') == 2 * (between + data.count(end)) + 2
    return between if clean else None


def _times(data: bytes, pattern: bytes) -> int | None:
    """Count three bytes in a text, faster than `bytes.count`; None where two matches overlap."""
    held = np.frombuffer(data, dtype=np.uint8)
    times = 0
    for start in range(0, len(held) - 2, _CHUNK):
        here = held[
            start : start + _CHUNK + 4
        ]  # two more bytes for a match at the end, two for one overlapping
        found = (here[:-2] == pattern[0]) & (here[1:-1] == pattern[1]) & (here[2:] == pattern[2])
        if bool((found[:-2] & found[2:]).any()):
            return None
        times += int(np.count_nonzero(found[:_CHUNK]))
    return times


def _clean_delimiters(data: bytes, delimiter: int) -> int | None:
    """Count the delimiters outside quotes; None where a quote does not open or close a cell, or double."""
    edges = (delimiter, ord("\n"), ord("\r"), _QUOTE)
    framed = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    seen = delimiters = 0
    for start in range(1, len(framed) - 1, _CHUNK):
        held = framed[start : min(start + _CHUNK, len(framed) - 1)]
        here, parts = held == _QUOTE, held == delimiter
        before = framed[start - 1 : start - 1 + len(here)][here][seen % 2 :: 2]
        after = framed[start + 1 : start + 1 + len(here)][here][1 - seen % 2 :: 2]
        for bytes_ in (before, after):
            if sum(int(np.count_nonzero(bytes_ == edge)) for edge in edges) != len(bytes_):
                return None
        quoted = np.logical_xor.accumulate(here) if len(before) + len(after) else np.zeros_like(here)
        delimiters += int(np.count_nonzero(parts & (quoted == bool(seen % 2))))
        seen += int(np.count_nonzero(here))
    return None if seen % 2 else delimiters


def _parsed_strictly(text: str, delimiter: str, source: str, heading_rows: int) -> pd.DataFrame:
    try:
        with csv_reader(io.StringIO(text, newline=""), delimiter) as reader:
            numbered = dict(enumerate(reader, start=1))
    except csv.Error as error:
        what = f"{error}: the file is cut short or damaged"
        if "unexpected end" in str(error):
            what = "a quoted cell never ends: the file is cut short or damaged"
        if "field larger" in str(error):
            what = (
                f"a cell holds more than {LARGEST_CELL:,} characters, the most that is read: "
                "perhaps a quote is not closed"
            )
        problem = Problem("damaged-file", f"line {reader.line_num}", what, "export it again")
        raise InvalidInput(source, [problem]) from error
    filled = {number: record for number, record in numbered.items() if any(map(str.strip, record))}
    if not filled:
        raise InvalidInput(source, [Problem("empty", "file", "is empty", "export it again")])
    lengths = pd.Series([len(record) for record in filled.values()], index=list(filled))
    width, answers = int(lengths.iloc[0]), list(filled)[heading_rows:]
    surplus = ("".join(filled[number][width:]).strip() for number in answers)
    if lengths[answers].nunique() == 1 and lengths[answers[0]] > width and not any(surplus):
        # a delimiter at the end of every row; in some rows alone, it may be one that a cell holds
        filled |= {number: filled[number][:width] for number in answers}
        lengths[answers] = width
    problems = list(_ragged(lengths))
    if len(filled) <= heading_rows:
        problems.append(no_rows())
    if problems:
        raise InvalidInput(source, problems)
    return pd.DataFrame(
        list(filled.values()), index=list(filled), columns=range(int(lengths.iloc[0])), dtype=str
    )


def _ragged(lengths: pd.Series) -> Iterator[Problem]:
    width = lengths.iloc[0]
    others = lengths.iloc[1:]
    usual = others.mode()
    if len(others) > 1 and len(usual) == 1 and usual[0] != width and (others == usual[0]).mean() > 0.5:
        less = "cells are missing in every row, so the answers cannot be matched to headings"
        more = "a title or 'sep=' line is above the headings, or headings are missing"
        yield Problem(
            "ragged-row",
            f"row {lengths.index[0]}",
            f"{width} cells where most rows below it have {usual[0]}: {less if width > usual[0] else more}",
            "export it again"
            if width > usual[0]
            else "the headings must be the first row; remove what is above, or export it again",
        )
        width = usual[0]
    lengths = others
    for length, rows in lengths[lengths != width].groupby(lengths):
        yield Problem(
            "ragged-row",
            rows_said(rows.index),
            f"{length} cells where the heading has {width}",
            "the file is cut short, or a cell holds the delimiter without quotes; export it again",
        )
