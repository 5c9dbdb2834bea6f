"""Workbooks (.xlsx) and Parquet as text cells."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import LARGEST_WORKBOOK, check_archive, no_parquet, whole_characters
from toolkit.platforms.files.delimited import check_cells
from toolkit.platforms.files.sheet import Sheet, no_rows
from toolkit.system import temporary_folder


def as_text(value: object) -> str:
    """Return a cell as a CSV file would hold it.

    Examples
    --------
    >>> as_text(3.0), as_text(True), as_text(None), as_text(" a ")
    ('3', 'TRUE', '', ' a ')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0).isoformat(sep=" ")
    return str(value)


def workbook_sheet(
    data: bytes, *, source: str, notes: tuple[str, ...] = (), sheet: str | None = None
) -> Sheet:
    """Return the sheet of a workbook that was named, or the only one with cells.

    A formula counts with the value stored beside it. One without a stored value, an error such as #REF!, and
    merged cells below the headings, of which only the first holds a value, are refused by cell. An answer
    that begins with "=" and that an exporting program took for a formula is read as the text it is.

    Raises
    ------
    InvalidInput
        Where it is damaged, empty, larger than `LARGEST_WORKBOOK` unpacked or than `MOST_CELLS`; where it
        holds several sheets and none is named, or has none of that name; cells that cannot be read.
    """
    found = _opened(data, source)
    filled = {name: one for name, one in found.items() if one.rows}
    if not filled:
        raise InvalidInput(source, [Problem("empty", "file", "is empty", "export it again")])
    if {"survey", "choices"} <= filled.keys():
        what = "is an XLSForm, which holds questions and no answers"
        raise InvalidInput(source, [Problem("wrong-file", "file", what, "export the submissions")])
    if sheet is not None and sheet not in filled:
        what = "is an empty sheet" if sheet in found else "is not a sheet of the workbook"
        raise InvalidInput(
            source,
            [
                Problem(
                    "empty" if sheet in found else "unknown-name",
                    f"sheet '{sheet}'",
                    what,
                    near_names(sheet, filled),
                )
            ],
        )
    if len(filled) > 1 and sheet is None:
        what = f"holds {len(filled)} sheets ({', '.join(list(filled)[:6])})"
        raise InvalidInput(
            source, [Problem("ambiguous", "file", what, "name the one with the answers: sheet: …")]
        )
    name = sheet or next(iter(filled))
    one = filled[name]
    problems = list(one.problems())
    if problems:
        raise InvalidInput(source, problems)
    stated = "read from a workbook (.xlsx)" + (f", sheet '{name}'" if len(filled) > 1 else "")
    return _of_records(one.rows, source, (*notes, stated, *one.notes()))


def workbook_sheets(data: bytes, *, source: str) -> dict[str, Sheet | None]:
    """Read every sheet of a workbook that holds cells; None for those that cannot be read as a table.

    Raises
    ------
    InvalidInput
        Where the workbook cannot be opened.
    """
    tables: dict[str, Sheet | None] = {}
    for name, one in _opened(data, source).items():
        if one.rows:
            usable = len(one.rows) > 1 and not any(one.problems())
            tables[name] = _of_records(one.rows, source, tuple(one.notes())) if usable else None
    return tables


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""A character that XML cannot hold, or half of one, as spreadsheet programs write it."""
_FORMULA = re.compile(
    r"\b\$?[A-Za-z]{1,3}\$?[0-9]{1,7}\b|\b[A-Za-z][A-Za-z0-9.]*\(|^[\w.]+$|^(?=.*\d)[\d\s.,+*/^()&%-]+$"
)
"""A cell reference, a call, one name or a sum: no sentence that begins with = consists of these."""
_MOST_NAMED = 20


@dataclass
class _Found:
    """The cells of one sheet of a workbook that hold something, and those that cannot be read."""

    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    uncalculated: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    sentences: int = 0
    not_available: int = 0

    def problems(self) -> Iterator[Problem]:
        """Find cells without a value that can be relied on."""
        hint = "open it in a spreadsheet program and save it, so that values are stored, or export as CSV"
        yield from _named_cells(self.uncalculated, "holds a formula without a calculated value", hint)
        yield from _named_cells(self.errors, "holds an error or a date that cannot be shown", "correct it")
        what = "are merged: only the first of them holds the value"
        yield from _named_cells(self.merged, what, "undo the merging and fill in every cell")

    def notes(self) -> Iterator[str]:
        """Note what was read differently from how it is stored."""
        if self.sentences:
            yield f"cells that begin with '=' but are not formulas, read as text: {self.sentences}"
        if self.not_available:
            yield f"cells that hold #N/A, read as blank: {self.not_available}"


def _named_cells(cells: Sequence[str], what: str, hint: str) -> Iterator[Problem]:
    yield from (Problem("unreadable-cell", f"cell {one}", what, hint) for one in cells[:_MOST_NAMED])
    if len(cells) > _MOST_NAMED:
        yield Problem("unreadable-cell", f"{len(cells) - _MOST_NAMED:,} more cells", what, hint)


def _opened(data: bytes, source: str) -> dict[str, _Found]:
    """Read the cells of every sheet."""
    import openpyxl  # type: ignore[import-untyped]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles and validations openpyxl does not keep
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                check_archive(archive, most=LARGEST_WORKBOOK)
                stale = _left_to_calculate(archive)
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                return {one.title: _cells(one, stale, source) for one in book.worksheets}
            finally:
                book.close()
    except InvalidInput:
        raise
    except Exception as error:
        stated = " ".join(str(error).split())[:100] or type(error).__name__
        problem = Problem(
            "damaged-file",
            "file",
            f"is a spreadsheet that cannot be opened ({stated})",
            "save it again as .xlsx",
        )
        raise InvalidInput(source, [problem]) from error


def _left_to_calculate(archive: zipfile.ZipFile) -> bool:
    """Return whether the writer left all formulas uncalculated, so that stored values mean nothing."""
    parts = [name for name in archive.namelist() if name.endswith("workbook.xml")]
    return any(re.search(rb'fullCalcOnLoad="(1|true)"', archive.read(name)) for name in parts)


def _cells(sheet: Any, stale: bool, source: str) -> _Found:
    """Read the cells a sheet holds, skipping empty ones: one may be in the very last row."""
    from openpyxl.utils import get_column_letter, range_boundaries  # type: ignore[import-untyped]
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser  # type: ignore[import-untyped]

    found, widest = _Found(), 0

    class Parser(WorkSheetParser):  # type: ignore[misc]
        """Give the stored values of formulas, and note which cells are formulas."""

        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            formula = element.find(FORMULA_TAG)
            if formula is not None and (stale or cell["value"] is None):
                text = (formula.text or "").strip().removeprefix("=")
                if text and not _FORMULA.search(text):
                    cell["value"] = f"={text}"
                    found.sentences += 1
                else:
                    found.uncalculated.append(f"{get_column_letter(cell['column'])}{cell['row']}")
            elif cell["data_type"] == "e" and cell["value"] == "#N/A":
                cell["value"] = None
                found.not_available += 1
            elif cell["data_type"] == "e" and cell["value"] is not None:
                found.errors.append(f"{get_column_letter(cell['column'])}{cell['row']}")
            return cell

    with sheet._get_source() as stream:
        parser = Parser(
            stream,
            sheet._shared_strings,
            data_only=True,
            epoch=sheet.parent.epoch,
            date_formats=sheet.parent._date_formats,
            timedelta_formats=sheet.parent._timedelta_formats,
        )
        for number, cells in parser.parse():
            row = {
                cell["column"] - 1: _as_typed(cell["value"]) for cell in cells if cell["value"] is not None
            }
            row = {place: text for place, text in row.items() if text != ""}
            if not any(map(str.strip, row.values())):
                continue
            if number in found.rows:
                what = "is in the sheet twice"
                raise InvalidInput(
                    source, [Problem("damaged-file", f"row {number}", what, "save it again as .xlsx")]
                )
            found.rows[number] = row
            widest = max(widest, max(row) + 1)
            check_cells(len(found.rows) * widest, source)
    for one in parser.merged_cells.mergeCell if parser.merged_cells else ():
        left, top, _, bottom = range_boundaries(str(one.ref))
        if (top > 1 or bottom > 2) and found.rows.get(top, {}).get(left - 1, "").strip():
            found.merged.append(str(one.ref))
    found.rows = dict(sorted(found.rows.items()))
    return found


def _as_typed(value: object) -> str:
    """Return a cell of a workbook as text, with escaped characters decoded."""
    if isinstance(value, str) and "_x" in value:
        value = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return as_text(value)


def _of_records(records: dict[int, dict[int, str]], source: str, notes: tuple[str, ...]) -> Sheet:
    numbers = list(records)
    if len(records) < 2:
        raise InvalidInput(source, [no_rows()])
    first, second = list(records.values())[:2]
    if len(first) == 1 and len(second) > 2:
        what = "holds one cell where the next row has several: a title is above the headings"
        hint = "the headings must be the first row; remove what is above, or export it again"
        raise InvalidInput(source, [Problem("ragged-row", f"row {numbers[0]}", what, hint)])
    width = max(max(row) for row in records.values()) + 1
    table = [[row.get(place, "") for place in range(width)] for row in records.values()]
    cells = pd.DataFrame(table[1:], index=numbers[1:], columns=range(width), dtype=str)
    return Sheet((tuple(cell.strip() for cell in table[0]),), cells, "", (*notes, *_lost(cells)))


def _lost(cells: pd.DataFrame) -> Iterator[str]:
    """Count the cells that hold the sign for a lost character."""
    lost = int(sum(column.str.contains("\ufffd", regex=False).sum() for _, column in cells.items()))
    if lost:
        yield f"cells with '\ufffd', a character lost before or an emoji cut in half: {lost}"


def parquet_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """Read a Parquet file.

    Raises
    ------
    InvalidInput
        Where it cannot be read.
    """
    if problems := no_parquet("file"):
        raise InvalidInput(source, problems)
    import pyarrow.parquet as pq

    try:
        about = pq.ParquetFile(io.BytesIO(data)).metadata
        check_cells(about.num_rows * about.num_columns, source, columns=about.num_columns)
        frame = pd.read_parquet(io.BytesIO(data))
    except InvalidInput:
        raise
    except Exception as error:
        stated = " ".join(str(error).split())[:100] or type(error).__name__
        problem = Problem(
            "damaged-file", "file", f"is Parquet that cannot be read ({stated})", "write it again"
        )
        raise InvalidInput(source, [problem]) from error
    return frame_sheet(frame, source=source, notes=(*notes, "read from Parquet"))


def frame_sheet(
    frame: pd.DataFrame,
    *,
    source: str,
    notes: Sequence[str] = (),
    labels: dict[int, dict[str, str]] | None = None,
) -> Sheet:
    """Turn a frame into text cells, with rows numbered from 2 as below one row of headings."""
    if frame.empty:
        raise InvalidInput(source, [no_rows()])
    check_cells(frame.size, source, columns=frame.shape[1])
    columns = {place: text_column(frame.iloc[:, place]) for place in range(frame.shape[1])}
    cells = pd.DataFrame(columns).set_axis(range(2, len(frame) + 2))
    names = tuple(whole_characters(str(name)).strip() for name in frame.columns)
    return Sheet((names,), cells, "", (*notes, *_lost(cells)), labels or {})


def text_column(column: pd.Series) -> pd.Series:
    """Format each distinct value as text once."""
    plain = column.astype(object)
    return pd.Series([as_text(value) for value in plain], dtype=str)


# Files of SPSS and Stata: values as text, value labels beside them, user-missing values kept as values.


def spss_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """Read a .sav or .zsav file, keeping values that are declared user-missing.

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    return _guarded("spss", data, source, notes)


def stata_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """Read a .dta file, keeping extended missing values as ".a" to ".z".

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    return _guarded("stata", data, source, notes)


_ENDINGS = {"spss": ".sav", "stata": ".dta"}
_LARGEST_MEMORY = 2**33
"""Bytes of memory for the process that reads a file of SPSS or Stata: 8 GiB."""
_LONGEST_WORK = 600
"""Seconds of processor time for it."""


def _guarded(kind: str, data: bytes, source: str, notes: tuple[str, ...]) -> Sheet:
    """Read a file in a process of its own: ReadStat ends the process where some files of others trip it."""
    ending = _ENDINGS[kind]
    read = _read_apart(kind, data)
    if read is not None:
        about, _, cells = read.partition(b"\n")
        told = json.loads(about)
        if "problem" in told:
            problem = Problem(
                "damaged-file", "file", f"cannot be read as {ending} ({told['problem']})", "save it again"
            )
            raise InvalidInput(source, [problem])
        if not told["rows"]:
            raise InvalidInput(source, [no_rows()])
        with np.load(io.BytesIO(cells)) as stored:  # not unpickled: a hostile file may speak for the process
            distinct = json.loads(stored["distinct"].tobytes())
            columns = [np.array(one, object)[at] for one, at in zip(distinct, stored["places"], strict=True)]
        return Sheet(
            (tuple(told["names"]),),
            pd.DataFrame(dict(enumerate(columns)), index=range(2, told["rows"] + 2), dtype=str),
            "",
            (*notes, f"read from {'SPSS' if kind == 'spss' else 'Stata'} ({ending})"),
            {int(place): words for place, words in told["labels"].items()},
            {int(place): frozenset(held) for place, held in told["declared"].items()},
            sets={name: tuple(places) for name, places in told["sets"].items()},
            counted={int(place): value for place, value in told["counted"].items()},
        )
    what = f"ends the program that reads {ending} files: it is damaged, or as LimeSurvey writes some of them"
    raise InvalidInput(source, [Problem("damaged-file", "file", what, "export the answers as CSV instead")])


def _read_apart(kind: str, data: bytes) -> bytes | None:
    """Return what `_packed` returns in a process of its own; None where that process died."""
    made = subprocess.run(
        [sys.executable, "-P", "-m", "toolkit.platforms.files.workbooks", kind],
        input=data,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    return made.stdout if made.returncode == 0 else None


def main(kind: str) -> None:
    """Read a file from standard input and write names, labels and cells, all as text, to standard output."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever a library prints is not read
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for limit, most in ((resource.RLIMIT_AS, _LARGEST_MEMORY), (resource.RLIMIT_CPU, _LONGEST_WORK)):
            hard = resource.getrlimit(limit)[1]
            soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (soft, hard))
    with out:
        out.write(_packed(kind, sys.stdin.buffer.read()))


def _packed(kind: str, data: bytes) -> bytes:
    """Return names and labels as a line of JSON, and below it the different cells and where they are."""
    held = io.BytesIO()
    try:
        about, frame = _as_text(kind, data)
    except Exception as error:  # noqa: BLE001 - the process that waits makes one message of them all
        about = {"problem": " ".join(str(error).split())[:100] or type(error).__name__}
    else:
        found = [pd.factorize(column) for _, column in frame.items()]
        distinct = np.frombuffer(json.dumps([list(one) for _, one in found]).encode(), dtype=np.uint8)
        places = np.array([places for places, _ in found], dtype=np.int32)
        np.savez(held, distinct=distinct, places=places)
    return json.dumps(about).encode() + b"\n" + held.getvalue()


def _as_text(kind: str, data: bytes) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return names, labels and declared missing values by column number, and the cells as text."""
    import pyreadstat

    with _path_of(data, _ENDINGS[kind]) as path:
        read = pyreadstat.read_sav if kind == "spss" else pyreadstat.read_dta
        frame, found = read(path, user_missing=True)
    labels: Mapping[Any, Mapping[Any, str]] = found.variable_value_labels
    declared: dict[int, list[str]] = {}
    if kind == "spss":
        ranges: dict[str, Any] = {str(name): held for name, held in (found.missing_ranges or {}).items()}
        for place, name in enumerate(frame.columns):
            in_ranges = _declared(frame.iloc[:, place], ranges.get(str(name), ()))
            if in_ranges:
                declared[place] = sorted(in_ranges)
    else:
        letters = {name: set(held) for name, held in (found.missing_user_values or {}).items()}
        for name, held in letters.items():
            frame[name] = frame[name].map(lambda v, held=held: f".{v}" if v in held else v)
        labels = {
            name: {f".{v}" if v in letters.get(name, ()) else v: label for v, label in words.items()}
            for name, words in labels.items()
        }
    places = {name: place for place, name in enumerate(frame.columns)}
    about = {
        "names": [str(name).strip() for name in frame.columns],
        "rows": len(frame),
        "labels": {
            places[name]: {as_text(value): label for value, label in words.items()}
            for name, words in labels.items()
            if name in places
        },
        "declared": declared,
    }
    lower = {str(name).lower(): place for name, place in places.items()}
    response_sets = getattr(found, "mr_sets", None) or {}
    about["sets"] = {
        str(name): [lower[str(one).lower()] for one in held["variable_list"] if str(one).lower() in lower]
        for name, held in response_sets.items()
        if held["type"] == "C"
    }
    counted: dict[int, set[str]] = {}
    for held in response_sets.values():
        for one in held["variable_list"] if held["is_dichotomy"] else ():
            if str(one).lower() in lower:
                counted.setdefault(lower[str(one).lower()], set()).add(as_text(held["counted_value"]))
    about["counted"] = {place: values.pop() for place, values in counted.items() if len(values) == 1}
    columns = {str(place): text_column(frame.iloc[:, place]) for place in range(frame.shape[1])}
    return about, pd.DataFrame(columns)


@contextmanager
def _path_of(data: bytes, ending: str) -> Iterator[str]:
    """Give bytes a path that a library can open; in memory where the system can, so that nothing is left."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("answers")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{handle}"
        return
    with temporary_folder() as folder:  # it is cleared even if this process is killed
        path = folder / f"answers{ending}"
        path.write_bytes(data)
        yield str(path)


def _declared(cells: pd.Series, ranges: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the cells of a column that fall in one of its ranges of missing values."""
    held = set()
    for one in ranges:
        low, high = one["lo"], one["hi"]
        alike = [value for value in cells.dropna().unique() if isinstance(value, str) == isinstance(low, str)]
        held |= {as_text(value) for value in alike if low <= value <= high}
    return frozenset(held)


if __name__ == "__main__":
    main(sys.argv[1])
