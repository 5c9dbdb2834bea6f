"""Tests of tables of counts, asymptotic and exact, and of tables within strata."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, gammaln, logsumexp, ndtri

from toolkit.analysis.contract import Test
from toolkit.analysis.two_proportions import checked
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

# Tables of counts as numbers, and Cramér's V without bias, which no library has.


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


# Fisher's exact test of many 2 × 2 tables; scipy's `fisher_exact` takes one.


_SLACK = 1 + 1e-7
_AT_ONCE = 4_000_000


@typed
def fisher_p(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers) -> Any:
    """Compute two-sided p values of Fisher's exact test for many tables at once.

    Parameters
    ----------
    x1, n1, x2, n2
        Counts of those who chose the answer, and of answers; whole numbers or arrays of them.

    Raises
    ------
    InvalidInput
        Where counts are not whole, or x is outside 0–n.

    Notes
    -----
    p adds every table that is not likelier than the observed one, with R's slack of 1e-7.

    Examples
    --------
    >>> fisher_p([9, 6], [10, 7], [3, 2], [10, 7]).round(4).tolist()
    [0.0198, 0.1026]
    """
    tables = checked(x1, n1, x2, n2)
    if not all(bool((part == np.rint(part)).all()) for part in tables):
        raise InvalidInput(
            "fisher",
            [Problem("not-whole", "counts", "are not whole numbers", "give numbers of people")],
        )
    shape = tables[0].shape
    flat = np.stack([part.ravel() for part in tables])
    keys, back = np.unique(flat, axis=1, return_inverse=True)
    widths = np.minimum(keys[1], keys[0] + keys[2]) - np.maximum(0, keys[0] + keys[2] - keys[3]) + 1
    result = np.empty(keys.shape[1])
    order = np.argsort(widths, kind="stable")
    start = 0
    while start < order.size:  # tables of like width together, so that little is padding
        stop = start + 1
        while stop < order.size and widths[order[stop]] * (stop + 1 - start) <= _AT_ONCE:
            stop += 1
        chosen = order[start:stop]
        support, logs = _conditional(*keys[:, chosen])
        mass = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        seen = np.where(support == keys[0, chosen, None], mass, 0.0).sum(axis=1, keepdims=True)
        result[chosen] = np.minimum(np.where(mass <= seen * _SLACK, mass, 0.0).sum(axis=1), 1.0)
        start = stop
    return result[back.ravel()].reshape(shape)


def _conditional(x1: Array, n1: Array, x2: Array, n2: Array) -> tuple[Array, Array]:
    """Return every first cell that the margins allow, with log weights; −inf beyond a table's last."""
    total = x1 + x2
    low, high = np.maximum(0, total - n2), np.minimum(n1, total)
    support: Array = low[:, None] + np.arange(int((high - low).max()) + 1, dtype=np.float64)
    inside = support <= high[:, None]
    k = np.where(inside, support, low[:, None])
    a, b, t = n1[:, None], n2[:, None], total[:, None]
    logs = -(gammaln(k + 1) + gammaln(a - k + 1) + gammaln(t - k + 1) + gammaln(b - t + k + 1))
    return support, np.where(inside, logs, -np.inf)


# Fisher's exact test of a table of any size.


_TIE_TOLERANCE = 1e-7
_MOST = 4_000_000


@typed
def fisher_table(table: Any) -> Test:
    """Test an r × c table by Fisher's exact test, as R's `fisher.test`.

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
    p adds every table with the same margins that is not likelier than the one seen (slack 1e-7). Rows are
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
    p = _joined(first, second, columns, seen + math.log1p(_TIE_TOLERANCE), total)
    return Test(None, min(1.0, p), "Fisher's exact test")


def _enumerate(rows: Array, columns: Array) -> tuple[Array, Array]:
    """Return column sums and Σ −log x! of every table of these rows that fits the columns."""
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
    """Yield every way to put n people into the columns without overfilling one."""
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
    """Sum the mass of all joined tables whose Σ −log x! is at most `most`."""
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


# Stratified tables: association given a third question.


@typed
def mantel_haenszel(
    tables: Numbers, *, correct: bool = True, exact: bool = False, level: float = 0.95
) -> Test:
    """Test association over strata by Cochran–Mantel–Haenszel, as R's `mantelhaen.test`.

    Parameters
    ----------
    tables
        Counts: rows × columns × strata. With more than two rows or columns, the generalised test.
    correct
        Continuity correction (2 × 2 × K), where the departure is at least the half it takes off.
    exact
        Exact conditional test (2 × 2 × K).
    level
        Confidence level of the common odds ratio's interval.

    Returns
    -------
    Test
        `estimate` is the common odds ratio of a 2 × 2 × K table: Mantel and Haenszel's, or the
        conditional maximum-likelihood one where exact.

    Raises
    ------
    InvalidInput
        Where counts are negative or missing, or a stratum has fewer than two people.

    Notes
    -----
    Interval of the odds ratio: Robins, Breslow and Greenland (1986).

    Examples
    --------
    >>> tables = np.array([[[10, 5], [4, 8]], [[6, 9], [12, 7]]]).transpose(1, 2, 0)
    >>> mantel_haenszel(tables).df
    1.0
    """
    counts = np.asarray(tables, dtype=np.float64)
    problems = []
    if counts.ndim != 3 or min(counts.shape[:2]) < 2:
        problems.append(
            Problem(
                "wrong-shape",
                "tables",
                f"have shape {counts.shape}",
                "give rows × columns × strata, two rows or more",
            )
        )
    elif not bool((counts >= 0).all()):
        problems.append(
            Problem("not-finite", "tables", "have a negative or missing count", "give counts of people")
        )
    elif bool((counts.sum(axis=(1, 2)) == 0).any() | (counts.sum(axis=(0, 2)) == 0).any()):
        problems.append(Problem("empty-cell", "tables", "have an empty row or column", "leave it out"))
    elif not bool((counts.sum(axis=(0, 1)) > 1).any()):
        problems.append(
            Problem(
                "too-few-answers", "tables", "have fewer than two people in every stratum", "merge strata"
            )
        )
    if problems:
        raise InvalidInput("mantel_haenszel", problems)
    counts = counts[:, :, counts.sum(axis=(0, 1)) > 1]
    if counts.shape[:2] != (2, 2):
        if exact:
            raise InvalidInput(
                "mantel_haenszel",
                [Problem("unsuited-method", "exact", "is for 2 × 2 tables", "leave it out")],
            )
        return _generalised(counts)
    return _exact(counts, level) if exact else _asymptotic(counts, correct, level)


def _asymptotic(x: Array, correct: bool, level: float) -> Test:
    n = x.sum(axis=(0, 1))
    rows, columns = x.sum(axis=1), x.sum(axis=0)
    apart = abs(float((x[0, 0] - rows[0] * columns[0] / n).sum()))
    variance = float((rows[0] * rows[1] * columns[0] * columns[1] / (n**2 * (n - 1))).sum())
    yates = 0.5 if correct and apart >= 0.5 else 0.0  # as R: a departure below a half is not corrected
    statistic = (apart - yates) ** 2 / variance
    both, against = x[0, 0] * x[1, 1] / n, x[0, 1] * x[1, 0] / n
    r, s = float(both.sum()), float(against.sum())
    odds = r / s if s > 0 else math.inf
    agree, differ = (x[0, 0] + x[1, 1]) / n, (x[0, 1] + x[1, 0]) / n
    spread = (
        float((agree * both).sum()) / (2 * r**2)
        + float((agree * against + differ * both).sum()) / (2 * r * s)
        + float((differ * against).sum()) / (2 * s**2)
        if r > 0 and s > 0
        else math.nan
    )
    reach = float(ndtri((1 + level) / 2)) * math.sqrt(spread)
    label = "Cochran–Mantel–Haenszel test" + (" with continuity correction" if correct else "")
    return Test(
        statistic,
        float(chdtrc(1, statistic)),
        label,
        1.0,
        odds,
        odds * math.exp(-reach) if r > 0 and s > 0 else math.nan,
        odds * math.exp(reach) if r > 0 and s > 0 else math.nan,
        symbol="χ²",
    )


def _generalised(x: Array) -> Test:
    """Compare Σ of observed less expected over strata with its covariance under no association."""
    rows, columns, n = x.sum(axis=1), x.sum(axis=0), x.sum(axis=(0, 1))
    apart = (x - rows[:, None, :] * columns[None, :, :] / n)[:-1, :-1].sum(axis=2).T.ravel()
    variance = np.zeros((apart.size, apart.size))
    for at in range(x.shape[2]):
        across = columns[:-1, at]
        down = rows[:-1, at]
        wide = n[at] * np.diag(across) - np.outer(across, across)
        tall = n[at] * np.diag(down) - np.outer(down, down)
        variance += np.kron(wide, tall) / (n[at] ** 2 * (n[at] - 1))
    statistic, df = float(apart @ np.linalg.solve(variance, apart)), float(apart.size)
    return Test(
        statistic, float(chdtrc(df, statistic)), "generalised Cochran–Mantel–Haenszel test", df, symbol="χ²"
    )


def _exact(x: Array, level: float) -> Test:
    """Condition on every stratum's margins: the sum of hypergeometric counts."""
    low, logs = 0.0, np.zeros(1)
    for at in range(x.shape[2]):
        first, second, label = x[:, 0, at].sum(), x[:, 1, at].sum(), x[0, :, at].sum()
        start, stop = max(0.0, label - second), min(label, first)
        support = np.arange(start, stop + 1)
        part = _choose(first, support) + _choose(second, label - support)
        mass = np.convolve(np.exp(logs), np.exp(part - part.max()))
        with np.errstate(divide="ignore"):
            found = np.log(mass)
        centred: Array = found - found.max()
        logs, low = centred, low + start
    support, seen = low + np.arange(len(logs)), float(x[0, 0].sum())

    def tilted(odds: float) -> Array:
        moved = logs + math.log(odds) * support
        mass = np.exp(moved - moved.max())
        tilt: Array = mass / mass.sum()
        return tilt

    plain = tilted(1.0)
    p = float(plain[plain <= plain[int(seen - low)] * _SLACK].sum())
    high, tail = support[-1], (1 - level) / 2
    estimate = (
        0.0
        if seen == low
        else math.inf
        if seen == high
        else _root(lambda odds: float(support @ tilted(odds)) - seen)
    )
    below = 0.0 if seen == low else _root(lambda odds: float(tilted(odds)[support >= seen].sum()) - tail)
    above = (
        math.inf if seen == high else _root(lambda odds: tail - float(tilted(odds)[support <= seen].sum()))
    )
    return Test(
        seen, min(1.0, p), "exact conditional test of a common odds ratio", None, estimate, below, above
    )


def _choose(n: float, k: Array) -> Array:
    found: Array = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def _root(rising: Any) -> float:
    from scipy.optimize import brentq

    return float(math.exp(brentq(lambda log: rising(math.exp(log)), -50.0, 50.0, xtol=1e-13, rtol=1e-14)))
