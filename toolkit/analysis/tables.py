"""Tables of counts as numbers, and Cramér's V without bias, which no library has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["cramers_v", "table_of"]

Array = npt.NDArray[np.float64]


@typed
def cramers_v(table: Any) -> float:
    """Compute Cramér's V with Bergsma's (2013) correction of the upward bias in small tables.

    Parameters
    ----------
    table
        Counts, two rows and two columns or more (`pandas.crosstab`).

    Returns
    -------
    float
        From 0 (independent) to 1. Without the correction: `scipy.stats.contingency.association`.

    Raises
    ------
    InvalidInput
        Where counts are negative or missing, or a row or column is empty.

    Examples
    --------
    >>> round(cramers_v([[10, 20], [20, 10]]), 4)
    0.3095
    """
    counts = table_of(table, "cramers_v")
    (rows, columns), n = counts.shape, float(counts.sum())
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    phi = max(0.0, chi_square / n - (columns - 1) * (rows - 1) / (n - 1))
    side = min(columns - (columns - 1) ** 2 / (n - 1), rows - (rows - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(phi / side) if side > 0 else math.nan


def table_of(table: Any, what: str, *, empty: bool = False) -> Array:
    """Return a table of counts as numbers; raise InvalidInput where it is not one."""
    raw = table.to_numpy() if isinstance(table, pd.DataFrame) else table
    try:
        counts = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        hint = "give rows of counts, all of one length"
        raise InvalidInput(
            what, [Problem("wrong-type", "table", "is not a table of numbers", hint)]
        ) from None
    problems: list[Problem] = []
    if counts.ndim != 2 or min(counts.shape) < 2:
        problems.append(
            Problem(
                "wrong-shape", "table", f"has shape {counts.shape}", "give two rows and two columns or more"
            )
        )
    elif not bool((counts >= 0).all()):
        problems.append(
            Problem("not-finite", "table", "has a negative or missing count", "give counts of people")
        )
    elif not empty and bool((counts.sum(axis=0) == 0).any() | (counts.sum(axis=1) == 0).any()):
        problems.append(Problem("empty-cell", "table", "has an empty row or column", "leave it out"))
    if problems:
        raise InvalidInput(what, problems)
    return counts
