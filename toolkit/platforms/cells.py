"""Cells as text: trimmed, said otherwise, several columns made one, columns put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.platforms.mapping import Condition
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import plain_number, tidy

__all__ = ["assemble", "blank_column", "holds", "merged_cells", "met", "recoded", "tidied"]


_BLANK = (
    r"\t\n\x0b\x0c\r \x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
)


_UNTIDY = f"^[{_BLANK}]|[{_BLANK}]$|[{_BLANK}][{_BLANK}]|[{_BLANK.replace(' ', '')}]"
"""Cells that `tidy` would change: blanks around them, several of them, or one that is no plain blank."""


def tidied(cells: pd.DataFrame) -> pd.DataFrame:
    """Trim every cell and make every run of blanks one; each different cell is looked at once."""
    return pd.DataFrame({name: _tidied(cells[name]) for name in cells}, index=cells.index, copy=False)


def _tidied(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return recoded(column, {cell: tidy(cell) for cell in column.cat.categories})
    loose = _untidy(column)
    if not loose.any():
        return column
    return column.where(~loose, column[loose].map(tidy).reindex(column.index))


def _untidy(column: pd.Series) -> pd.Series:
    import pyarrow as pa
    from pyarrow import compute

    found = compute.match_substring_regex(pa.array(column.array), _UNTIDY)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index)


def recoded(cells: pd.Series, changed: Mapping[str, str]) -> pd.Series:
    """Say some cells otherwise; of a Categorical each category once."""
    changed = {cell: said for cell, said in changed.items() if cell != said}
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        found = cells.isin(list(changed)) if changed else None
        return cells if found is None or not found.any() else cells.where(~found, cells.map(changed))
    before = list(cells.cat.categories)
    if not changed.keys() & set(before):
        return cells
    places, distinct = pd.factorize(np.array([changed.get(cell, cell) for cell in before], dtype=object))
    codes = places[cells.cat.codes.to_numpy(dtype=np.intp)]
    made = pd.Categorical.from_codes(codes, categories=pd.Index(distinct, dtype=str))
    return pd.Series(made, index=cells.index)


def holds(cells: pd.Series, cell: str) -> pd.Series:
    """Where a column says one thing."""
    if isinstance(cells.dtype, pd.CategoricalDtype) and cell not in cells.cat.categories:
        return pd.Series(False, index=cells.index)
    return cells == cell


def met(cells: pd.Series, condition: Condition) -> np.ndarray:
    """Where the cells of a condition's column meet it; 5.0 is 5."""
    cells = cells.astype(str)
    if condition.contains is not None:
        return np.asarray(cells.str.contains(tidy(condition.contains), regex=False))
    if condition.not_contains is not None:
        return ~np.asarray(cells.str.contains(tidy(condition.not_contains), regex=False))
    one = condition.not_equals if condition.equals is None else condition.equals
    wanted = {tidy(value) for value in (condition.one_of or () if one is None else (one,))}
    places, distinct = pd.factorize(cells)
    alike = np.array([cell in wanted or plain_number(cell) in wanted for cell in distinct], dtype=bool)
    found = alike[places] if len(alike) else np.zeros(len(cells), dtype=bool)
    return ~found if condition.not_equals is not None else found


def merged_cells(
    frame: pd.DataFrame, headings: Sequence[str], name: str, problems: list[Problem]
) -> pd.Series:
    """The cells of one variable, from one column or from one column an audience."""
    cells = frame[headings[0]].astype(str)
    for heading in headings[1:]:
        other = frame[heading].astype(str)
        both = (cells != "") & (other != "") & (cells != other)
        if both.any():
            problems.append(
                Problem(
                    "contradiction",
                    f"columns {headings[0]} and {heading}, {rows_said(frame.index[both])}",
                    f"both answer '{name}', differently",
                    "a respondent may answer in one of them only; correct the export or `columns`",
                )
            )
        cells = cells.where(cells != "", other)
    return cells.rename(headings[0])


def blank_column(variable: Variable, index: pd.Index) -> pd.Series:
    """A column in which nobody answered."""
    if variable.kind == "number":
        return pd.Series(np.nan, index=index, dtype="float64")
    if variable.kind == "text":
        return pd.Series("", index=index, dtype=str)
    none = pd.Categorical.from_codes(
        np.full(len(index), -1, dtype="int8"), categories=list(variable.categories), ordered=variable.ordered
    )
    return pd.Series(none, index=index)


def assemble(columns: Mapping[str, pd.Series], instrument: Instrument, index: pd.Index) -> pd.DataFrame:
    """Put the answers in questionnaire order, blank where the file has no column."""
    return pd.DataFrame(
        {
            v.name: columns[v.name] if v.name in columns else blank_column(v, index)
            for v in instrument.variables
        },
        index=index,
    )
