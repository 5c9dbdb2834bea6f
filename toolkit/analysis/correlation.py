"""Do two answers go together? Pearson's, Spearman's and Kendall's correlations."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr

from toolkit.analysis.plain import as_numbers, is_constant
from toolkit.analysis.rank import mid_ranks
from toolkit.analysis.results import Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["correlation"]

Method = Literal["pearson", "spearman", "kendall"]
Array = npt.NDArray[np.float64]


@typed
def correlation(a: Numbers, b: Numbers, *, method: Method = "pearson", level: float = 0.95) -> Test:
    """Correlation of two answers of the same people, with its test, as R's `cor.test(exact=FALSE)`.

    Parameters
    ----------
    a, b
        One value a person, in the same order; people with a missing answer are left out.
    method
        "pearson"; "spearman" (of ranks) or "kendall" (tau-b) for ordered answers.
    level
        Confidence level of Pearson's interval (Fisher's z).

    Returns
    -------
    Test
        `statistic` is t, S or z. Three people have no interval (NaN), as in R.

    Raises
    ------
    InvalidInput
        Where fewer than three people answered both, or an answer does not vary.

    Examples
    --------
    >>> round(correlation([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]).estimate, 4)
    0.8
    """
    x, y = _both(a, b, method)
    n = x.size
    if method == "kendall":
        return _kendall(x, y)
    if method == "spearman":
        x, y = mid_ranks(x)[0], mid_ranks(y)[0]
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    df = n - 2.0
    t = r / math.sqrt((1 - r * r) / df) if abs(r) < 1 else math.copysign(math.inf, r)
    p = float(2 * stdtr(df, -abs(t)))
    if method == "spearman":
        return Test((n**3 - n) * (1 - r) / 6, p, "Spearman's rank correlation, t approximation", df, r)
    reach = float(ndtri((1 + level) / 2)) / math.sqrt(n - 3) if n > 3 else math.nan
    with np.errstate(divide="ignore"):
        z = float(np.arctanh(r))
    low, high = math.tanh(z - reach), math.tanh(z + reach)
    return Test(t, p, "Pearson's correlation", df, r, low, high, symbol="t")


def _kendall(x: Array, y: Array) -> Test:
    n = x.size
    table = np.zeros((np.unique(x).size, np.unique(y).size))
    np.add.at(table, (np.unique(x, return_inverse=True)[1], np.unique(y, return_inverse=True)[1]), 1)
    above = table[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    left = table[::-1].cumsum(axis=0).cumsum(axis=1)[::-1]
    agree = float((table[:-1, :-1] * above[1:, 1:]).sum())
    differ = float((table[:-1, 1:] * left[1:, :-1]).sum())
    score = agree - differ
    tx, ty = table.sum(axis=1), table.sum(axis=0)
    pairs = n * (n - 1) / 2
    tau = score / math.sqrt((pairs - (tx * (tx - 1)).sum() / 2) * (pairs - (ty * (ty - 1)).sum() / 2))
    plain = n * (n - 1) * (2 * n + 5) - sum((t * (t - 1) * (2 * t + 5)).sum() for t in (tx, ty))
    third = (tx * (tx - 1) * (tx - 2)).sum() * (ty * (ty - 1) * (ty - 2)).sum()
    second = (tx * (tx - 1)).sum() * (ty * (ty - 1)).sum()
    variance = plain / 18 + third / (9 * n * (n - 1) * (n - 2)) + second / (2 * n * (n - 1))
    z = score / math.sqrt(float(variance))
    return Test(z, float(2 * ndtr(-abs(z))), "Kendall's tau-b, normal approximation", None, tau, symbol="z")


def _both(a: Numbers, b: Numbers, method: str) -> tuple[Array, Array]:
    x, y = as_numbers("a", a), as_numbers("b", b)
    problems = []
    if method not in ("pearson", "spearman", "kendall"):
        hint = 'use "pearson", "spearman" or "kendall"'
        problems.append(Problem("unknown-option", "method", f"{method!r} is not known", hint))
    if x.size != y.size:
        what = f"are of unequal length ({x.size} and {y.size})"
        problems.append(Problem("unequal-length", "a, b", what, "give one value a person on both sides"))
    else:
        known = ~(np.isnan(x) | np.isnan(y))
        x, y = x[known], y[known]
        if x.size < 3:
            problems.append(
                Problem("too-few-answers", "a, b", f"{x.size} answered both", "at least three must")
            )
        elif is_constant(x) or is_constant(y):
            problems.append(
                Problem("no-variation", "a, b", "an answer does not vary", "there is no correlation to find")
            )
    if problems:
        raise InvalidInput("correlation", problems)
    return x, y
