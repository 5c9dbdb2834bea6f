"""Tests of means and ranks under a design: weights, strata, clusters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import fdtrc, ndtri, stdtr, stdtrit

from toolkit.analysis.classes import numbers_of, two_sides
from toolkit.analysis.design import Design
from toolkit.analysis.plain import ROUNDING, is_constant
from toolkit.analysis.results import Test
from toolkit.analysis.sampled import Sampled, ratio_estimates
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable

__all__ = ["design_rank_test", "design_t_test"]

Array = npt.NDArray[np.float64]
Score = Literal["wilcoxon", "van-der-waerden", "median"]
Ties = Literal["in-order", "midrank"]
_NO_SPREAD = "not tested: the answers do not vary, or the design fixes them, so no error can be estimated"
_LONE = "not tested: a group lies in one primary unit, from which no error can be estimated"
_SCORES: dict[str, Callable[[Array], Array]] = {
    "wilcoxon": lambda share: share,
    "van-der-waerden": lambda share: np.asarray(ndtri(share)),
    "median": lambda share: (share > 0.5).astype(np.float64),
}


@typed
def design_t_test(
    frame: pd.DataFrame,
    item: Variable | str,
    *,
    between: Variable | str | None = None,
    pair: tuple[str, str] | None = None,
    mu: float = 0.0,
    measure: str = "mean",
    design: Design | None = None,
    level: float = 0.95,
) -> Test:
    """Difference of two means, or one mean against a benchmark, under a design, as R's `svyttest`.

    Parameters
    ----------
    frame
        One row a respondent; who lacks an answer or is in neither group is outside the domain.
    item
        A variable or column name.
    between, pair
        Column of the groups, and which two; without a pair the column has two groups. Without
        `between` the mean of everyone who answered is held against `mu`.
    mu
        Difference (mean) under the null hypothesis, a benchmark without error.
    measure
        "mean", or what to count a share of.
    design
        How respondents were drawn.
    level
        Confidence level.

    Returns
    -------
    Test
        `estimate` is a − b, in the order of `pair` or of the groups. Where the answers do not vary, p is NaN
        and `method` says why.

    Raises
    ------
    InvalidInput
        For a missing column or measure, other than two groups, an unusable design.

    Notes
    -----
    df: primary units less strata among those in the domain, less one.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 4, 6.0], "g": list("aabbb"), "w": [1, 2, 1, 1, 1.0]})
    >>> design_t_test(frame, "y", between="g", design=Design(weights="w")).df
    3.0
    """
    if not 0 < level < 1:
        hint = "give a fraction between 0 and 1"
        raise InvalidInput("design_t_test", [Problem("out-of-range", "level", f"is {level}", hint)])
    values = numbers_of(frame, item, measure)
    sampled = (design or Design()).over(frame, linearise=True)
    sides: Any = np.zeros(len(frame), dtype=np.intp)
    labels: tuple[str, ...] = ("all",)
    if between is not None:
        sides, labels = two_sides(frame, between, pair, sampled.weights)
    if between is not None and len(labels) != 2:
        raise InvalidInput(
            "design_t_test",
            [Problem("wrong-shape", "groups", f"are {list(labels)}", "name two of them with pair=")],
        )
    means, covariance, df = _means(sampled, values, sides, labels)
    contrast = np.array([1.0, -1.0])[: len(labels)]
    variance = float(contrast @ covariance @ contrast)
    said = "design-based t test" if between is not None else "design-based one-sample t test"
    estimate = float(contrast @ means)
    if not variance > ROUNDING * np.trace(covariance):
        why = _LONE if math.isnan(variance) else _NO_SPREAD
        return Test(math.nan, math.nan, why, df - 1, estimate, math.nan, math.nan)
    error = math.sqrt(variance)
    t, reach = (estimate - mu) / error, float(stdtrit(df - 1, (1 + level) / 2)) * error
    p = float(2 * stdtr(df - 1, -abs(t)))
    return Test(t, p, said, df - 1, estimate, estimate - reach, estimate + reach, symbol="t")


@typed
def design_rank_test(
    frame: pd.DataFrame,
    item: Variable | str,
    *,
    between: Variable | str,
    pair: tuple[str, str] | None = None,
    score: Score = "wilcoxon",
    ties: Ties = "midrank",
    design: Design | None = None,
) -> Test:
    """Rank test of two or more groups under a design, as R's `svyranktest`.

    Parameters
    ----------
    frame, item, between, pair, design
        As in `design_t_test`; without a pair, as many groups as the column has.
    score
        "wilcoxon" (for more groups: Kruskal–Wallis), "van-der-waerden" (normal scores) or "median".
    ties
        "midrank" gives people with the same answer the middle of their common share; "in-order" ranks them
        in the order of rows before averaging, as R does: with unequal weights p then depends on that order.

    Returns
    -------
    Test
        Two groups: t with `estimate` a − b of the mean scores. More: F with two df.

    Raises
    ------
    InvalidInput
        As `design_t_test`.

    Notes
    -----
    Lumley and Scott (2013): ranks estimated from the weights, then tested as means. For more groups R
    prints the chi-square, which is F times its first df; the p value is that of F.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 4, 6.0], "g": list("aabbb"), "w": [1, 2, 1, 1, 1.0]})
    >>> round(design_rank_test(frame, "y", between="g", design=Design(weights="w")).estimate, 4)
    -0.5
    """
    problems = [
        Problem("unknown-option", name, f"{value!r} is not known", f"use one of {list(known)}")
        for name, value, known in (("score", score, _SCORES), ("ties", ties, ("in-order", "midrank")))
        if value not in known
    ]
    if problems:
        raise InvalidInput("design_rank_test", problems)
    values = numbers_of(frame, item)
    sampled = (design or Design()).over(frame, linearise=True)
    sides, labels = two_sides(frame, between, pair, sampled.weights)
    inside = ~np.isnan(values) & (sides >= 0) & (sampled.weights > 0)
    scores = np.full(len(frame), np.nan)
    if inside.any():
        scores[inside] = _SCORES[score](_shares_below(values[inside], sampled.weights[inside], ties))
    means, covariance, df = _means(sampled, scores, sides, labels, fixed=True)
    said = f"design-based rank test, {score} scores"
    apart = np.column_stack([np.ones(len(labels) - 1), -np.eye(len(labels) - 1)])
    away, variance = apart @ means, apart @ covariance @ apart.T
    lone = bool(np.isnan(variance).any())
    if lone or np.linalg.matrix_rank(variance) < len(variance):
        two = len(labels) == 2
        freedom = df - 1 if two else (len(labels) - 1.0, df - len(labels) + 1)
        return Test(
            math.nan, math.nan, _LONE if lone else _NO_SPREAD, freedom, float(away[0]) if two else None
        )
    if len(labels) == 2:
        t = float(away[0] / math.sqrt(variance[0, 0]))
        return Test(t, float(2 * stdtr(df - 1, -abs(t))), said, df - 1, float(away[0]), symbol="t")
    more = len(labels) - 1.0
    f = float(away @ np.linalg.solve(variance, away)) / more
    return Test(f, float(fdtrc(more, df - more, f)), said, (more, df - more))


def _shares_below(values: Array, weights: Array, ties: str) -> Array:
    """Estimated share of the population below each answer, half of one's own weight included."""
    order = np.argsort(values, kind="stable")
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    if ties == "midrank":
        size = np.bincount(at, weights)
        return np.asarray(((np.cumsum(size) - size / 2) / size.sum())[at])
    middle = np.empty(len(values))
    middle[order] = np.cumsum(weights[order]) - weights[order] / 2
    return np.asarray((np.bincount(at, middle) / counts)[at] / weights.sum())


def _means(
    sampled: Sampled, values: Array, sides: Any, labels: tuple[str, ...], *, fixed: bool = False
) -> tuple[Array, Array, float]:
    """Means by group, their covariance, and the domain's df.

    With `fixed`, replicate weights reweight each answer's influence, not the means (R's rank tests).
    """
    known = ~np.isnan(values)
    member = (sides[:, None] == np.arange(len(labels))) & known[:, None]
    empty = [
        label for label, one in zip(labels, member.T, strict=True) if not (sampled.weights[one] > 0).any()
    ]
    if empty:
        what, hint = "nobody gave an answer", "leave the group out"
        raise InvalidInput(
            "groups", [Problem("no-answers", f"group {label!r}", what, hint) for label in empty]
        )
    bottom = member.astype(np.float64)
    # Distances from one answer keep the digits that large answers would lose, and are 0 where all are alike
    inside = member.any(axis=1) & (sampled.weights > 0)
    size, first = float(np.abs(values[inside]).max()), float(values[inside][0])
    top = bottom * np.where(known, values - first, 0.0)[:, None]
    means, covariance = ratio_estimates(sampled, top, bottom)
    if fixed and sampled.replicated is not None:
        influence = (top - means * bottom) / (sampled.weights @ bottom)
        covariance = ratio_estimates(sampled, influence, None)[1]
    away = values[inside] - first
    if is_constant(away, size=size):
        covariance[:] = 0.0
    else:
        flat = np.sqrt(np.maximum(np.diag(covariance), 0.0)) <= ROUNDING * np.abs(away).max()
        covariance[flat], covariance[:, flat] = 0.0, 0.0
    counted = member & (sampled.weights > 0)[:, None]
    unit = np.arange(len(values)) if sampled.replicated is not None else sampled.psu
    lone = np.array([len(np.unique(unit[one])) < 2 for one in counted.T])
    covariance[lone], covariance[:, lone] = np.nan, np.nan
    return means + first, covariance, sampled.degrees_of_freedom(member.any(axis=1))
