"""Means compared: t tests and the standardised difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, stdtr, stdtrit

from toolkit.analysis.plain import as_numbers, is_constant
from toolkit.analysis.results import Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

__all__ = ["CohenD", "cohen_d", "t_test"]

Alternative = Literal["two-sided", "less", "greater"]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class CohenD(Displayed):
    """The difference of two means in standard deviations.

    Attributes
    ----------
    d
        Cohen's d, over the pooled standard deviation.
    hedges_g
        d corrected for its small-sample bias, exactly.
    hedges_g_approximate
        The same by the factor 1 − 3 / (4 df − 1) that most texts print.
    sd_pooled
        What the difference was divided by.
    """

    d: float
    hedges_g: float
    hedges_g_approximate: float
    sd_pooled: float


@typed
def cohen_d(a: Numbers, b: Numbers) -> CohenD:
    """Cohen's d and Hedges' g of two samples; missing values are left out.

    Raises
    ------
    InvalidInput
        Where a sample has fewer than two values, or neither varies.

    Notes
    -----
    Hedges (1981): g = d · Γ(df/2) / (Γ((df − 1)/2) √(df/2)). Checked against R in `tests/analysis`.

    Examples
    --------
    >>> round(cohen_d([1, 2, 3], [2, 3, 4]).d, 4)
    -1.0
    """
    first, second = sample_of("a", a), sample_of("b", b)
    df = first.size + second.size - 2
    pooled = ((first.size - 1) * first.var(ddof=1) + (second.size - 1) * second.var(ddof=1)) / df
    _refuse_no_spread(is_constant(first) and is_constant(second), "cohen_d")
    sd = math.sqrt(float(pooled))
    d = float(first.mean() - second.mean()) / sd
    exact = math.exp(float(gammaln(df / 2) - gammaln((df - 1) / 2))) * math.sqrt(2 / df)
    return CohenD(d, d * exact, d * (1 - 3 / (4 * df - 1)), sd)


@typed
def t_test(
    a: Numbers,
    b: Numbers | None = None,
    *,
    mu: float = 0.0,
    paired: bool = False,
    equal_variances: bool = False,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> Test:
    """Student's and Welch's t tests, as R's `t.test`.

    Parameters
    ----------
    a, b
        Samples; missing values (paired: pairs with a missing side) are left out. Without `b` the mean
        of `a` is held against `mu`, a benchmark without error.
    mu
        Difference (without `b`: mean) under the null hypothesis.
    paired
        The two are answers of the same people, in the same order.
    equal_variances
        Pool the variances (Student) instead of Welch's df.
    alternative
        "two-sided", or the direction in which a − b (or a) departs from `mu`.
    level
        Confidence level.

    Returns
    -------
    Test
        `estimate` is the mean, or the difference of means.

    Raises
    ------
    InvalidInput
        Where a sample has fewer than two values (one will do where variances are pooled), nothing varies,
        or pairs are of unequal length.

    Examples
    --------
    >>> round(t_test([1, 2, 3, 4], [2, 4, 6, 8]).p_value, 4)
    0.1516
    """
    if b is None or paired:
        if b is None:
            first, said = sample_of("a", a), "one-sample t test"
            flat = is_constant(first)
        else:
            first, size = _pairs(a, b)
            flat, said = is_constant(first, size=size), "paired t test"
        mean, variance, df = float(first.mean()), float(first.var(ddof=1)) / first.size, first.size - 1.0
    else:
        least = 1 if equal_variances else 2
        first, second = sample_of("a", a, least=least), sample_of("b", b, least=least)
        flat = is_constant(first) and is_constant(second)
        mean, variance, df = _two(first, second, equal_variances)
        said = "two-sample t test, pooled variance" if equal_variances else "Welch two-sample t test"
    _refuse_no_spread(flat or not variance > 0, "t_test")
    return t_test_of(mean, math.sqrt(variance), df, mu=mu, alternative=alternative, level=level, method=said)


def t_test_of(
    estimate: float,
    std_error: float,
    df: float,
    *,
    mu: float = 0.0,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    method: str,
) -> Test:
    """A t test of an estimate whose standard error and df are known, with its interval."""
    if alternative not in ("two-sided", "less", "greater"):
        what, hint = f"{alternative!r} is not known", 'use "two-sided", "less" or "greater"'
        raise InvalidInput("t test", [Problem("unknown-option", "alternative", what, hint)])
    if not 0 < level < 1:
        raise InvalidInput(
            "t test", [Problem("out-of-range", "level", f"is {level}", "give a fraction between 0 and 1")]
        )
    t = (estimate - mu) / std_error
    both = alternative == "two-sided"
    p = {"less": stdtr(df, t), "greater": stdtr(df, -t)}.get(alternative, 2 * stdtr(df, -abs(t)))
    reach = float(stdtrit(df, (1 + level) / 2 if both else level)) * std_error
    low = -math.inf if alternative == "less" else estimate - reach
    high = math.inf if alternative == "greater" else estimate + reach
    return Test(t, float(p), method, df, estimate, low, high, symbol="t")


def _two(a: Array, b: Array, pooled: bool) -> tuple[float, float, float]:
    """Difference, its variance, and df."""
    n, m = a.size, b.size
    apart = float(a.mean() - b.mean())
    if pooled:
        df = float(n + m - 2)
        squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
        return apart, squares / max(df, 1.0) * (1 / n + 1 / m), df
    v, w = float(a.var(ddof=1)), float(b.var(ddof=1))
    variance = v / n + w / m
    below = (v / n) ** 2 / (n - 1) + (w / m) ** 2 / (m - 1)
    return apart, variance, variance**2 / below if below > 0 else math.nan


def _pairs(a: Numbers, b: Numbers) -> tuple[Array, float]:
    """Differences within pairs, and how large the answers are that they come from."""
    first, second = as_numbers("a", a), as_numbers("b", b)
    if first.size != second.size:
        what = f"are of unequal length ({first.size} and {second.size})"
        raise InvalidInput(
            "t_test", [Problem("unequal-length", "pairs", what, "give one value a person on both sides")]
        )
    largest = np.nanmax(np.abs([first, second]), initial=0.0)
    return sample_of("pairs", first - second), float(largest)


def sample_of(name: str, values: Numbers, *, least: int = 2) -> Array:
    """The numbers that are there, refused where fewer than `least`."""
    numbers = as_numbers(name, values)
    numbers = numbers[~np.isnan(numbers)]
    problems = []
    if numbers.size < least:
        problems.append(
            Problem(
                "too-few-answers", name, f"has {numbers.size} answer(s)", f"a variance needs at least {least}"
            )
        )
    if np.isinf(numbers).any():
        problems.append(Problem("not-finite", name, "holds an infinite number", "correct it"))
    if problems:
        raise InvalidInput("means", problems)
    return numbers


def _refuse_no_spread(flat: bool, what: str) -> None:
    if flat:
        raise InvalidInput(
            what,
            [
                Problem(
                    "no-variation",
                    "answers",
                    "everyone gave the same answer",
                    "there is no spread to test against",
                )
            ],
        )
