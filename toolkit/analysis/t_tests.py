"""Tests of means: t tests, analysis of variance, equivalence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

Margin = float | tuple[float, float]


@dataclass(frozen=True, repr=False)
class Equivalence(Displayed):
    """Two one-sided tests; numbers, or arrays of one entry per comparison.

    `p_value`, the larger of the two, decides: below `alpha` the difference is within
    the margin. That is so exactly where the interval, of level 1 − 2 alpha, does.
    """

    estimate: Any
    std_error: Any
    df: Any
    statistic_low: Any
    p_low: Any
    statistic_high: Any
    p_high: Any
    p_value: Any
    conf_low: Any
    conf_high: Any
    method: str


@typed
def equivalence(
    estimate: Numbers,
    std_error: Numbers,
    *,
    margin: Margin,
    df: Numbers | None = None,
    alpha: float = 0.05,
    method: str = "two one-sided tests",
) -> Equivalence:
    """Test differences for equivalence from their standard errors, weighted ones included.

    Parameters
    ----------
    estimate, std_error, df
        Of each difference, as the columns `gap`, `std_error` and `df` of a gap table. Where df is
        missing the normal distribution is used.
    margin
        The largest difference that does not matter, either way; or (low, high).
    alpha
        Level of each test; the interval has level 1 − 2 alpha.

    Returns
    -------
    Equivalence
        NaN where the estimate or its error is.

    Raises
    ------
    InvalidInput
        Where the margin is not above 0 or its ends are out of order.

    Notes
    -----
    Schuirmann (1987).

    Examples
    --------
    >>> round(equivalence(0.02, 0.03, margin=0.10).p_value, 4)
    0.0038
    """
    ends = margin if isinstance(margin, tuple) else (margin, margin)
    if len(ends) != 2 or not all(isinstance(one, int | float | np.number) for one in ends):
        hint = "give a number above 0, or (low, high)"
        raise InvalidInput("equivalence", [Problem("wrong-type", "margin", f"is {margin!r}", hint)])
    low, high = ends if isinstance(margin, tuple) else (-margin, margin)
    problems = []
    if not low < high:
        problems.append(
            Problem(
                "wrong-order",
                "margin",
                f"is {margin}",
                "give a number above 0, or (low, high) with low below high",
            )
        )
    if not 0 < alpha < 0.5:
        problems.append(Problem("out-of-range", "alpha", f"is {alpha}", "give a fraction between 0 and .5"))
    if problems:
        raise InvalidInput("equivalence", problems)
    at, error = np.asarray(estimate, dtype=np.float64), np.asarray(std_error, dtype=np.float64)
    freedom = np.asarray(np.inf if df is None else df, dtype=np.float64)
    freedom = np.where(np.isnan(freedom), np.inf, freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(error > 0, error, np.nan)
        over, under = (at - low) / error, (at - high) / error
        p_low, p_high = _below(freedom, -over), _below(freedom, under)
        reach = np.where(
            np.isinf(freedom), ndtri(1 - alpha), stdtrit(np.where(np.isinf(freedom), 1, freedom), 1 - alpha)
        )
    larger = np.maximum(p_low, p_high)
    return Equivalence(
        estimate=_out(at),
        std_error=_out(error),
        df=_out(freedom),
        statistic_low=_out(over),
        p_low=_out(p_low),
        statistic_high=_out(under),
        p_high=_out(p_high),
        p_value=_out(larger),
        conf_low=_out(at - reach * error),
        conf_high=_out(at + reach * error),
        method=method,
    )


def _out(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _below(df: Any, t: Any) -> Any:
    return np.where(np.isinf(df), ndtr(t), stdtr(np.where(np.isinf(df), 1, df), t))
