"""Workbooks (.xlsx) and Parquet as text cells."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.responses.files.sheet import Sheet, no_rows

__all__ = ["as_text", "frame_sheet", "parquet_sheet", "workbook_sheet"]


def as_text(value: object) -> str:
    """A cell as it would stand in a CSV file.

    Examples
    --------
    >>> as_text(3.0), as_text(True), as_text(None), as_text(" a ")
    ('3', 'TRUE', '', ' a ')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, str):
        return value
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
    """The one sheet of a workbook that holds cells, or the one named.

    Raises
    ------
    InvalidInput
        Where it is damaged, empty, holds several sheets and none is named, or has none of that name.
    """
    import openpyxl  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles and validations openpyxl does not keep
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except (InvalidFileException, KeyError, ValueError, OSError) as error:
        problem = Problem(
            "file", f"is a spreadsheet that cannot be opened ({error})", "save it again as .xlsx"
        )
        raise InvalidInput(source, [problem]) from error
    filled = {one.title: rows for one in book.worksheets if (rows := _rows(one))}
    if not filled:
        raise InvalidInput(source, [Problem("file", "is empty", "export it again")])
    if {"survey", "choices"} <= filled.keys():
        what = "is an XLSForm, which holds questions and no answers"
        raise InvalidInput(source, [Problem("file", what, "export the submissions")])
    if sheet is not None and sheet not in filled:
        what = "is an empty sheet" if sheet in book.sheetnames else "is no sheet of the workbook"
        raise InvalidInput(source, [Problem(f"sheet '{sheet}'", what, near_names(sheet, filled))])
    if len(filled) > 1 and sheet is None:
        what = f"holds {len(filled)} sheets ({', '.join(list(filled)[:6])})"
        raise InvalidInput(source, [Problem("file", what, "name the one with the answers: sheet: …")])
    name = sheet or next(iter(filled))
    said = "read from a workbook (.xlsx)" + (f", sheet '{name}'" if len(filled) > 1 else "")
    return _of_records(filled[name], source, (*notes, said))


def _rows(sheet: object) -> dict[int, list[str]]:
    values = getattr(sheet, "values", ())
    numbered = {number: [as_text(cell) for cell in row] for number, row in enumerate(values, start=1)}
    return {number: row for number, row in numbered.items() if any(map(str.strip, row))}


def _of_records(records: dict[int, list[str]], source: str, notes: tuple[str, ...]) -> Sheet:
    numbers = list(records)
    first = records[numbers[0]]
    width = max(
        (place for row in records.values() for place, cell in enumerate(row) if cell.strip()), default=0
    )
    if len(records) < 2:
        raise InvalidInput(source, [no_rows()])
    cells = pd.DataFrame(
        [records[number][: width + 1] for number in numbers[1:]],
        index=numbers[1:],
        columns=range(width + 1),
        dtype=str,
    )
    return Sheet((tuple(cell.strip() for cell in first[: width + 1]),), cells, "", notes)


def parquet_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """A Parquet file.

    Raises
    ------
    InvalidInput
        Where it cannot be read.
    """
    import pyarrow as pa

    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = Problem("file", f"is Parquet that cannot be read ({error})", "write it again")
        raise InvalidInput(source, [problem]) from error
    return frame_sheet(frame, source=source, notes=(*notes, "read from Parquet"))


def frame_sheet(
    frame: pd.DataFrame,
    *,
    source: str,
    notes: Sequence[str] = (),
    labels: dict[int, dict[str, str]] | None = None,
) -> Sheet:
    """A frame as text cells, rows numbered from 2 as below one row of headings."""
    if frame.empty:
        raise InvalidInput(source, [no_rows()])
    columns = {place: _text_column(frame.iloc[:, place]) for place in range(frame.shape[1])}
    cells = pd.DataFrame(columns).set_axis(range(2, len(frame) + 2))
    return Sheet((tuple(str(name).strip() for name in frame.columns),), cells, "", tuple(notes), labels or {})


def _text_column(column: pd.Series) -> pd.Series:
    """Text of each different value, once."""
    plain = column.astype(object)
    return pd.Series([as_text(value) for value in plain], dtype=str)
