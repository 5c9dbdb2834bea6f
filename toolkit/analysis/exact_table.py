"""Fisher's exact test of a table of any size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from toolkit.analysis.results import Test
from toolkit.analysis.tables import table_of
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["fisher_table"]

Array = npt.NDArray[np.float64]
_SLACK = 1e-7
_MOST = 4_000_000


@typed
def fisher_table(table: Any) -> Test:
    """Fisher's exact test of an r × c table, as R's `fisher.test`.

    Parameters
    ----------
    table
        Whole counts; empty rows and columns are left out.

    Raises
    ------
    InvalidInput
        Where counts are not whole, or the table is too large to enumerate.

    Notes
    -----
    p adds every table with the same margins that is no likelier than the one seen (slack 1e-7). Rows are
    split into two halves; each half's tables are enumerated, and halves whose column sums complete each
    other are joined by sorting, so that the cost is about the square root of the number of tables.

    Examples
    --------
    >>> round(fisher_table([[3, 1, 2], [0, 4, 5]]).p_value, 4)
    0.1469
    """
    counts = table_of(table, "fisher_table", empty=True)
    if not bool((counts == np.rint(counts)).all()):
        raise InvalidInput(
            "fisher_table", [Problem("not-whole", "table", "has counts that are not whole", "count people")]
        )
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if counts.size == 0 or min(counts.shape) < 2:
        raise InvalidInput(
            "fisher_table",
            [Problem("empty-cell", "table", "has one row or column that is not empty", "nothing to test")],
        )
    if counts.shape[0] < counts.shape[1]:
        counts = counts.T
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    seen = float(-gammaln(counts + 1).sum())
    # Rows in two parts that cost about the same to enumerate
    cost = [float(gammaln(n + len(columns)) - gammaln(n + 1) - gammaln(len(columns))) for n in rows]
    parts: tuple[list[int], list[int]] = ([], [])
    spent = [0.0, 0.0]
    for at in sorted(range(len(rows)), key=lambda row: -cost[row]):
        side = 0 if spent[0] <= spent[1] else 1
        parts[side].append(at)
        spent[side] += cost[at]
    if max(spent) > math.log(_MOST):
        hint = "merge sparse answers, or use chi_square, which is right for tables this large"
        raise InvalidInput("fisher_table", [Problem("too-large", "table", "is too large to enumerate", hint)])
    upper, lower = parts
    first, second = _enumerate(rows[upper], columns), _enumerate(rows[lower], columns)
    total = float(gammaln(rows + 1).sum() + gammaln(columns + 1).sum() - gammaln(rows.sum() + 1))
    p = _joined(first, second, columns, seen + math.log1p(_SLACK), total)
    return Test(None, min(1.0, p), "Fisher's exact test")


def _enumerate(rows: Array, columns: Array) -> tuple[Array, Array]:
    """Column sums and Σ −log x! of every table of these rows that fits the columns."""
    sums, logs = np.zeros((1, len(columns))), np.zeros(1)
    for n in rows:
        options = _compositions(int(n), columns)
        weight = -gammaln(options + 1).sum(axis=1)
        sums = (sums[:, None, :] + options[None, :, :]).reshape(-1, len(columns))
        logs = (logs[:, None] + weight[None, :]).ravel()
        fits = (sums <= columns).all(axis=1)
        sums, logs = sums[fits], logs[fits]
    return sums, logs


def _compositions(n: int, columns: Array) -> Array:
    """Every way to put n people into the columns without overfilling one."""
    made = np.zeros((1, 0))
    for at, column in enumerate(columns):
        left = n - made.sum(axis=1)
        if at == len(columns) - 1:
            made = np.column_stack([made, left])[left <= column]
            break
        most = np.minimum(left, column).astype(np.intp) + 1
        start = np.repeat(np.cumsum(most) - most, most)
        made = np.column_stack([np.repeat(made, most, axis=0), np.arange(most.sum()) - start])
    return made


def _joined(
    first: tuple[Array, Array], second: tuple[Array, Array], columns: Array, most: float, total: float
) -> float:
    """Mass of all joined tables whose Σ −log x! is at most `most`."""
    (sums, logs), (others, other_logs) = first, second
    base = np.concatenate([[1.0], np.cumprod(columns[:-1] + 1)])
    key, other_key = (sums @ base), ((columns - others) @ base)
    order = np.lexsort((other_logs, other_key))
    other_key, other_logs = other_key[order], other_logs[order]
    keys, starts = np.unique(other_key, return_index=True)
    ends = np.append(starts[1:], len(other_key))
    mass = 0.0
    by_key = np.argsort(key, kind="stable")
    own_keys, own_starts = np.unique(key[by_key], return_index=True)
    own_ends = np.append(own_starts[1:], len(key))
    for at, low, high in zip(own_keys, own_starts, own_ends, strict=True):
        place = np.searchsorted(keys, at)
        if place == len(keys) or keys[place] != at:
            continue
        there = other_logs[starts[place] : ends[place]]
        here = logs[by_key[low:high]]
        peak = there.max()
        tail = np.concatenate([[0.0], np.cumsum(np.exp(there - peak))])
        reach = np.searchsorted(there, most - here, side="right")
        mass += float((np.exp(here + peak + total) * tail[reach]).sum())
    return mass
