"""Rank tests, correlations and Cliff's delta for ordinal answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import as_numbers
from toolkit.analysis.intervals import quantile
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class CliffDelta(Displayed):
    """P(a > b) − P(a < b) between two groups, with the asymmetric interval of Feng and Cliff (2004).

    `superiority` is P(a > b) + ½ P(a = b) (Vargha and Delaney's A). `variance` is the consistent one, from
    which the limits come; `variance_unbiased` is Cliff's (1993).
    """

    delta: Any
    conf_low: Any
    conf_high: Any
    superiority: Any
    wins: Any
    losses: Any
    ties: Any
    variance: Any
    variance_unbiased: Any


@typed
def cliff_delta(a: Numbers, b: Numbers, *, level: float = 0.95) -> CliffDelta:
    """Compute Cliff's delta of two samples; missing values are left out.

    Parameters
    ----------
    a, b
        Numbers, or scores of ordered answers.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        Where a side has no answer.

    Examples
    --------
    >>> round(cliff_delta([3, 4, 5], [1, 2, 4]).delta, 4)
    0.6667
    """
    first, second = (numbers[~np.isnan(numbers)] for numbers in (as_numbers("a", a), as_numbers("b", b)))
    problems = [
        Problem("no-answers", name, "has no answer", "give at least one value")
        for name, values in (("a", first), ("b", second))
        if values.size == 0
    ]
    if problems:
        raise InvalidInput("cliff_delta", problems)
    values = np.unique(np.concatenate([first, second]))
    counts_a = np.bincount(np.searchsorted(values, first), minlength=values.size)
    counts_b = np.bincount(np.searchsorted(values, second), minlength=values.size)
    found = dominance(
        counts_a[None, :].astype(np.float64), counts_b[None, :].astype(np.float64), quantile(level)
    )
    return CliffDelta(*(float(part[0]) for part in vars(found).values()))


def dominance(counts_a: Array, counts_b: Array, z: float) -> CliffDelta:
    """Compute Cliff's delta of many items at once, from counts of ordered codes (one row per item).

    Parameters
    ----------
    counts_a, counts_b
        Items × codes, codes in order.
    z
        Critical value.
    """
    n, m = counts_a.sum(axis=1), counts_b.sum(axis=1)
    below_b, below_a = np.cumsum(counts_b, axis=1) - counts_b, np.cumsum(counts_a, axis=1) - counts_a
    above_b = m[:, None] - below_b - counts_b
    above_a = n[:, None] - below_a - counts_a
    wins, losses = (counts_a * below_b).sum(axis=1), (counts_a * above_b).sum(axis=1)
    ties = n * m - wins - losses
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = (wins - losses) / (n * m)
        by_a, by_b = (below_b - above_b) / m[:, None], (above_a - below_a) / n[:, None]
        sum_a = (counts_a * (by_a - delta[:, None]) ** 2).sum(axis=1)
        sum_b = (counts_b * (by_b - delta[:, None]) ** 2).sum(axis=1)
        every = wins * (1 - delta) ** 2 + losses * (1 + delta) ** 2 + ties * delta**2
        degrees = (n - 1) * (m - 1)
        unbiased = (m**2 * sum_a + n**2 * sum_b - every) / (n * m * degrees)
        v1, v2 = sum_a / (n - 1), sum_b / (m - 1)
        consistent = ((m - 1) * v1 + (n - 1) * v2 + every / degrees) / (n * m)
        root = z * np.sqrt(consistent) * np.sqrt((1 - delta**2) ** 2 + z**2 * consistent)
        centre, below = delta - delta**3, 1 - delta**2 + z**2 * consistent
        low, high = (centre - root) / below, (centre + root) / below
    return CliffDelta(delta, low, high, (delta + 1) / 2, wins, losses, ties, consistent, unbiased)
