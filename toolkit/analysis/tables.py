"""Tables of counts: Pearson's test with its residuals, shares of several groups, trends, pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, chdtrc

from toolkit.analysis.results import Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

__all__ = ["TableTest", "chi_square", "mcnemar", "trend_test"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class TableTest(Displayed):
    """Pearson's test of a table, with where its departures lie.

    Attributes
    ----------
    statistic, df, p_value
        Of the test that rows and columns are independent.
    n
        Sum of the table.
    smallest_expected
        The chi-square distribution is a poor guide where it is below 5.
    expected
        Counts under independence.
    residuals
        (observed − expected) / √expected.
    adjusted_residuals
        Those with variance 1 under independence: beyond ±2 a cell stands out.
    cramers_v
        √(χ² / (n · (smaller side − 1))), 0 to 1.
    cramers_v_corrected
        Bergsma's (2013), without the upward bias of small tables.
    """

    statistic: float
    df: float
    p_value: float
    n: float
    smallest_expected: float
    expected: Array
    residuals: Array
    adjusted_residuals: Array
    cramers_v: float
    cramers_v_corrected: float
    method: str


@typed
def chi_square(table: Any, *, correct: bool = False) -> TableTest:
    """Pearson's chi-square test of a table of counts, as R's `chisq.test`.

    Parameters
    ----------
    table
        Counts, two rows and two columns or more (`pandas.crosstab`). For k groups and yes/no it is the
        test of k equal shares, as R's `prop.test`.
    correct
        Yates' correction; for a 2 × 2 table alone.

    Raises
    ------
    InvalidInput
        Where counts are negative or missing, or a row or column is empty.

    Examples
    --------
    >>> found = chi_square([[10, 20], [20, 10]])
    >>> round(found.statistic, 4), round(found.cramers_v, 4)
    (6.6667, 0.3333)
    """
    counts = table_of(table, "chi_square")
    rows, columns, n = counts.sum(axis=1), counts.sum(axis=0), float(counts.sum())
    expected = np.outer(rows, columns) / n
    apart = counts - expected
    if correct and counts.shape != (2, 2):
        raise InvalidInput(
            "chi_square",
            [Problem("unsuited-method", "correct", "is for 2 × 2 tables", "leave it out for this table")],
        )
    yates = min(0.5, float(np.abs(apart).min())) if correct else 0.0
    statistic = float(((np.abs(apart) - yates) ** 2 / expected).sum())
    plain = float((apart**2 / expected).sum())
    df = float((len(rows) - 1) * (len(columns) - 1))
    v, corrected = _cramers_v(plain, n, len(rows), len(columns))
    spread = np.outer(1 - rows / n, 1 - columns / n)
    said = "Pearson's chi-square test" + (" with Yates' correction" if correct else "")
    return TableTest(
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        n=n,
        smallest_expected=float(expected.min()),
        expected=expected,
        residuals=apart / np.sqrt(expected),
        adjusted_residuals=apart / np.sqrt(expected * spread),
        cramers_v=v,
        cramers_v_corrected=corrected,
        method=said,
    )


def _cramers_v(statistic: float, n: float, rows: int, columns: int) -> tuple[float, float]:
    lost = n - 1
    phi = max(0.0, statistic / n - (columns - 1) * (rows - 1) / lost)
    side = min(columns - (columns - 1) ** 2 / lost, rows - (rows - 1) ** 2 / lost) - 1
    corrected = float(np.sqrt(phi / side)) if side > 0 else float("nan")
    return float(np.sqrt(statistic / (n * (min(rows, columns) - 1)))), corrected


@typed
def trend_test(x: Numbers, n: Numbers, *, scores: Numbers | None = None) -> Test:
    """Chi-square test for a trend of shares over ordered groups (Cochran–Armitage), as R's `prop.trend.test`.

    Parameters
    ----------
    x, n
        How many said so, of how many answers, in each group, in order.
    scores
        Distances between groups; 1, 2, 3 … unless given.

    Returns
    -------
    Test
        `estimate` is the slope: change of the share for one step of the scores.

    Examples
    --------
    >>> round(trend_test([15, 10, 5], [30, 30, 30]).p_value, 5)
    0.00617
    """
    hits, sizes = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    at = np.arange(1.0, len(hits) + 1) if scores is None else np.asarray(scores, dtype=np.float64)
    problems = []
    if hits.shape != sizes.shape or hits.shape != at.shape or hits.ndim != 1 or hits.size < 2:
        problems.append(
            Problem("unequal-length", "x, n, scores", "differ in length or are one", "give one entry a group")
        )
    elif not bool(((hits >= 0) & (hits <= sizes) & (sizes > 0)).all()):
        problems.append(Problem("out-of-range", "x", "lies outside 0–n", "give how many of the n said so"))
    elif hits.sum() in (0, sizes.sum()) or np.ptp(at) == 0:
        problems.append(
            Problem("no-variation", "x", "nobody differs, or all scores are one", "there is no trend to test")
        )
    if problems:
        raise InvalidInput("trend_test", problems)
    share = hits.sum() / sizes.sum()
    away = at - (sizes * at).sum() / sizes.sum()
    spread = float((sizes * away**2).sum())
    slope = float((hits * away).sum() / spread)
    statistic = slope**2 * spread / float(share * (1 - share))
    return Test(
        statistic, float(chdtrc(1, statistic)), "chi-square test for trend in shares", 1.0, slope, symbol="χ²"
    )


@typed
def mcnemar(table: Any, *, correct: bool = True, exact: bool = False) -> Test:
    """McNemar's test of two yes/no answers of the same people, as R's `mcnemar.test`.

    Parameters
    ----------
    table
        2 × 2 (or larger and square: Bowker's test of symmetry): first answer by second answer.
    correct
        Continuity correction, of a 2 × 2 table.
    exact
        Binomial test of those who changed (2 × 2): right for few.

    Returns
    -------
    Test
        `estimate` is the change of the share in the second row and column (2 × 2).

    Examples
    --------
    >>> round(mcnemar([[30, 12], [5, 40]]).p_value, 4)
    0.1456
    """
    counts = table_of(table, "mcnemar", empty=True)
    if counts.shape[0] != counts.shape[1]:
        raise InvalidInput(
            "mcnemar",
            [Problem("wrong-shape", "table", "is not square", "give the same answers as rows and columns")],
        )
    two = counts.shape[0] == 2
    a, b = counts[np.triu_indices_from(counts, 1)], counts.T[np.triu_indices_from(counts, 1)]
    changed = a + b > 0
    if not changed.any():
        raise InvalidInput(
            "mcnemar", [Problem("no-variation", "table", "nobody changed", "there is nothing to test")]
        )
    estimate = float((a[0] - b[0]) / counts.sum()) if two else None
    if exact:
        if not two:
            raise InvalidInput(
                "mcnemar", [Problem("unsuited-method", "exact", "is for 2 × 2 tables", "leave it out")]
            )
        p = min(1.0, 2 * float(bdtr(min(a[0], b[0]), int(a[0] + b[0]), 0.5)))
        return Test(float(a[0]), p, "exact McNemar test", None, estimate)
    yates = 1.0 if correct and two and bool((a != b).any()) else 0.0
    apart = (np.abs(a - b) - yates)[changed] ** 2 / (a + b)[changed]
    statistic, df = float(apart.sum()), float(len(a))
    said = "McNemar's test" if two else "Bowker's test of symmetry"
    said += " with continuity correction" if correct and two else ""
    return Test(statistic, float(chdtrc(df, statistic)), said, df, estimate, symbol="χ²")


def table_of(table: Any, what: str, *, empty: bool = False) -> Array:
    """A table of counts as numbers, refused where it is none."""
    raw = table.to_numpy() if isinstance(table, pd.DataFrame) else table
    try:
        counts = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        hint = "give rows of counts, all of one length"
        raise InvalidInput(what, [Problem("wrong-type", "table", "is no table of numbers", hint)]) from None
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
