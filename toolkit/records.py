"""Row dictionaries, CSV files for spreadsheets, and short displays of values in a notebook."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COUNT = "count"
"""The type of a column of counts: Int64, or Float64 where some are not whole, as weighted bases may be."""


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Convert a frame to one dictionary per row, with Python's own types.

    The same as `to_dict("records")`, which takes four times as long over columns of text.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"item": ["a", "b"], "n": pd.array([5, None], dtype="Int64")}))
    [{'item': 'a', 'n': 5}, {'item': 'b', 'n': None}]
    """
    names = list(frame.columns)
    columns = (_plain(column) for _, column in frame.items())
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    import pandas as pd

    if getattr(column.dtype, "na_value", None) is pd.NA:
        return list(column.array.to_numpy(dtype=object, na_value=None))
    return list(column.tolist())


def frame_of(rows: Sequence[Mapping[str, Any]], types: Mapping[str, Any]) -> pd.DataFrame:
    """Build a frame with the given column types; keys missing from a row become missing values.

    Parameters
    ----------
    types
        Column → "float64", "str", "bool", `COUNT` or a categorical dtype.

    Examples
    --------
    >>> frame_of([{"item": "a", "n": 5.0}, {"item": "b"}], {"item": "str", "n": COUNT})["n"].tolist()
    [5, <NA>]
    """
    import pandas as pd

    return pd.DataFrame({name: _typed([row.get(name) for row in rows], types[name]) for name in types})


def _typed(values: list[Any], dtype: Any) -> Any:
    import numpy as np
    import pandas as pd

    if dtype == "bool":
        return np.array(values, dtype=bool)
    if dtype == "str":
        return pd.array(values, dtype="str")
    if dtype not in ("float64", COUNT):
        return pd.Categorical(values, dtype=dtype)
    try:
        found = np.array(values, dtype=np.float64)  # None becomes NaN
    except TypeError:  # pd.NA among them
        found = np.array([np.nan if pd.isna(value) else value for value in values], dtype=np.float64)
    if dtype == "float64":
        return found
    missing = np.isnan(found)
    if (found[~missing] % 1 == 0).all():
        return pd.arrays.IntegerArray(np.where(missing, 0, found).astype(np.int64), missing)
    return pd.arrays.FloatingArray(found, missing)


def by_item(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Group rows by item, in their order.

    Examples
    --------
    >>> by_item([{"item": "a", "n": 5}, {"item": "b", "n": 7}, {"item": "a", "n": 6}])["a"]
    [{'item': 'a', 'n': 5}, {'item': 'a', 'n': 6}]
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["item"]), []).append(row)
    return found


_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def inert(value: Any) -> Any:
    """Prefix a text with an apostrophe if a spreadsheet would run it as a formula.

    A number, and a text that is only a number, stays as it is. For files that people read; data and exchange
    files keep every text to the letter. After OWASP, CSV Injection.

    Examples
    --------
    >>> inert("=1+1"), inert("-0.3"), inert(-0.3), inert("Acme")
    ("'=1+1", '-0.3', -0.3, 'Acme')
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _PLAIN_NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def csv_for_people(frame: pd.DataFrame) -> str:
    """Write a frame as CSV without its index; no cell or heading starts a formula (see `inert`).

    Examples
    --------
    >>> import pandas as pd
    >>> print(csv_for_people(pd.DataFrame({"label": ["@SUM(A1)"], "gap": [-0.3]})), end="")
    label,gap
    '@SUM(A1),-0.3
    """
    cells: dict[str, str] = {}  # most texts come up many times

    def safe(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in cells:
            cells[value] = _cell(value)
        return cells[value]

    table = frame.astype(object).map(safe).rename(columns=_cell)
    return str(table.to_csv(index=False, lineterminator="\n"))


def _cell(value: Any) -> Any:
    """Make a cell inert and its line ends "\\n", because a lone carriage return would end the row."""
    safe = inert(value)
    return re.sub(r"\r\n?", "\n", safe) if isinstance(safe, str) else safe


_LONGEST_SHOWN = 80
_MOST_ROWS = 20


class Displayed:
    """Mixin with a short `repr` and an HTML display, for dataclasses or classes that override `_shown`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, repr=False)
    ... class Found(Displayed):
    ...     p_value: float
    ...     draws: tuple[float, ...]
    >>> Found(0.0412345678, (0.5,) * 1000)
    Found(p_value=0.0412346, draws=<1000 values>)
    """

    def _shown(self) -> dict[str, Any]:
        """Return the attributes to display, as name → value."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.repr}  # type: ignore[arg-type]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_short(value)}" for name, value in self._shown().items())
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{_displayed(value)}</td></tr>"
            for name, value in self._shown().items()
            if value is not None
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _short(value: Any) -> str:
    """Format a value on one line, numbers with six digits; of tables and long arrays only the size."""
    if isinstance(value, float):
        return f"{value:.6g}"
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape) == 2:
        return f"<{shape[0]} × {shape[1]} table>"
    text = repr(value)
    if len(text) <= _LONGEST_SHOWN and "\n" not in text:
        return text
    return (
        f"<{len(value)} values>"
        if hasattr(value, "__len__") and not isinstance(value, str)
        else (f"{' '.join(text.split())[:_LONGEST_SHOWN]}…")
    )


def _displayed(value: Any) -> str:
    if hasattr(value, "to_html"):  # a frame; pandas escapes what is in it
        return str(value.to_html(max_rows=_MOST_ROWS, max_cols=12))
    return html.escape(value if isinstance(value, str) else _short(value))
