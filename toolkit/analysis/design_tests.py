"""Tests of tables, means and ranks under a survey design."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from toolkit.analysis.answers import ROUNDING, classes_of, is_constant, numbers_of, two_sides
from toolkit.analysis.contract import Test
from toolkit.analysis.design import Design, Sampled, ratio_estimates
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

# Tail of a weighted sum of chi-squares, the distribution of a Pearson statistic under a design.


Array = npt.NDArray[np.float64]
_NEAR_MEAN = 1e-4


def satterthwaite(weights: Array) -> tuple[float, float]:
    """Return scale and df of the chi-square with the mean and variance of Σ weight · χ²₁."""
    mean = float(weights.mean())
    spread = float((weights**2).mean()) / mean**2
    return mean * spread, len(weights) / spread


def saddlepoint_tail(x: float, weights: Array) -> float:
    """Approximate P(Σ weight · χ²₁ > x) by Lugannani and Rice's saddlepoint (Kuonen 1999).

    Near the mean, where the saddlepoint is 0 and the formula has none, Satterthwaite's chi-square.
    """
    scale, df = satterthwaite(weights)
    found = _tail(x, weights, np.ones(len(weights))) if x > 0 else math.nan
    return float(chdtrc(df, x / scale)) if math.isnan(found) else found


def f_sum_tail(x: float, weights: Array, df: float) -> float:
    """Compute the tail where the sum is divided by a chi-square over its df, as an F is.

    The event is Σ weight · χ²₁ − (x / df) · χ²_df > 0, a sum with one negative weight. As in R the df of
    that term are whole (cut), its weight is not.
    """
    if math.isinf(df):
        return saddlepoint_tail(x, weights)
    scale, numerator = satterthwaite(weights)
    found = math.nan
    if x > 0 and df >= 1:
        times = np.append(np.ones(len(weights)), math.floor(df))
        found = _tail(0.0, np.append(weights, -x / df), times)
    return float(fdtrc(numerator, df, x / numerator / scale)) if math.isnan(found) else found


def _tail(x: float, weights: Array, times: Array) -> float:
    """Return P(Σ weight · χ²_times > x); NaN where the saddlepoint is 0."""
    largest = float(weights.max())
    share, at = weights / largest, x / largest
    # Where the derivative of the cumulant function is x; between its two poles
    from scipy.optimize import brentq

    if share.min() < 0:
        low = float((1 / (2 * share[share < 0])).max()) * (1 - 1e-12)
    else:
        low = -0.01 if at > (times * share).sum() else -float(times.sum()) / (2 * at) - 1e-9

    def slope(zeta: float) -> float:
        return float((times * share / (1 - 2 * zeta * share)).sum()) - at

    point = float(brentq(slope, low, 0.5 * (1 - 1e-12), xtol=1e-15, rtol=1e-13))
    if abs(point) < _NEAR_MEAN:
        return math.nan
    left = 1 - 2 * point * share
    cumulant = -float((times * np.log(left)).sum()) / 2
    w = math.copysign(math.sqrt(max(2 * (point * at - cumulant), 0.0)), point)
    v = point * math.sqrt(2 * float((times * share**2 / left**2).sum()))
    return float(ndtr(-(w + math.log(v / w) / w)))


# Weighted tables: counts, Rao–Scott tests, goodness of fit.


Statistic = Literal["F", "chi-square", "wald", "adjusted-wald", "saddlepoint"]
_SINGULAR = 1e14
"""A covariance worse conditioned than this has no inverse in floating point; R stops at about the same."""
_STATISTICS = ("F", "chi-square", "wald", "adjusted-wald", "saddlepoint")


@dataclass(frozen=True, repr=False)
class GoodnessOfFit(Displayed):
    """Answers against given shares, under a design.

    `statistic` is Pearson's of the weighted counts; it follows about `scale` times a chi-square of `df`.
    """

    statistic: float
    scale: float
    df: float
    p_value: float
    shares: dict[str, float]
    expected: dict[str, float]
    method: str


@dataclass(frozen=True)
class _Table:
    """Weighted counts of two answers, and what a variance needs."""

    member: Array
    rows: int
    columns: int
    counts: Array
    sampled: Sampled

    @property
    def people(self) -> int:
        """Rows of the frame, those of weight 0 left out."""
        return int((self.sampled.weights > 0).sum())


@typed
def crosstab(
    frame: pd.DataFrame, rows: Variable | str, columns: Variable | str, *, design: Design | None = None
) -> pd.DataFrame:
    """Tabulate weighted counts of two answers, as R's `svytable`.

    Parameters
    ----------
    frame
        One row per respondent; rows without one of the answers are not counted.
    rows, columns
        Variables or column names.
    design
        Whose weights are summed.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 1, 0], "w": [2, 3, 4.0]})
    >>> float(crosstab(frame, "a", "b", design=Design(weights="w")).loc["x", "1"])
    2.0
    """
    weights = (design or Design()).over(frame, linearise=True).weights
    (one, down), (other, across) = (classes_of(frame, item, weights) for item in (rows, columns))
    counts = np.zeros((len(down), len(across)))
    both = (one >= 0) & (other >= 0)
    np.add.at(counts, (one[both], other[both]), weights[both])
    names = [entry.name if isinstance(entry, Variable) else entry for entry in (rows, columns)]
    return pd.DataFrame(
        counts,
        index=pd.Index(pd.array(list(down), dtype="str"), name=names[0]),
        columns=pd.Index(pd.array(list(across), dtype="str"), name=names[1]),
    )


@typed
def independence(
    frame: pd.DataFrame,
    rows: Variable | str,
    columns: Variable | str,
    *,
    statistic: Statistic = "F",
    design: Design | None = None,
) -> Test:
    """Test of a table's independence under a design, as R's `svychisq`.

    Parameters
    ----------
    frame, rows, columns, design
        As in `crosstab`.
    statistic
        "F": Rao and Scott's second-order correction with F (the one to use). "chi-square": their first
        order. "wald" and "adjusted-wald": of observed less expected counts. "saddlepoint": Pearson's
        against the distribution it follows.

    Returns
    -------
    Test
        `df` is one number or a pair; for "saddlepoint" None.

    Raises
    ------
    InvalidInput
        Where an answer is the same throughout, or the design leaves no spread.

    Notes
    -----
    Rao and Scott (1984), Thomas and Rao. Pearson's statistic is that of weighted counts scaled to the
    number of rows in the frame, those without an answer included (but none of weight 0), as in R; p does
    not depend on it.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": list("xxyyxy"), "b": list("uvvvuu")})
    >>> independence(frame, "a", "b").method
    "Pearson's chi-square, Rao–Scott F"
    """
    if statistic not in _STATISTICS:
        what, hint = f"{statistic!r} is unknown", f"use one of {list(_STATISTICS)}"
        raise InvalidInput("independence", [Problem("unknown-option", "statistic", what, hint)])
    sampled = (design or Design()).over(frame, linearise=True)
    (one, down), (other, across) = (classes_of(frame, item, sampled.weights) for item in (rows, columns))
    both = (one >= 0) & (other >= 0) & (sampled.weights > 0)
    cell = np.where(both, one + other * len(down), -1)
    member = (cell[:, None] == np.arange(len(down) * len(across))).astype(np.float64)
    counts = (sampled.weights @ member).reshape(len(across), len(down)).T
    problems = []
    for name, sums in (("rows", counts.sum(axis=1)), ("columns", counts.sum(axis=0))):
        if len(sums) < 2 or bool((sums <= 0).any()):
            lacks = "have fewer than two answers among those who gave both"
            if len(sums) >= 2:
                lacks = "have an answer that no one who answered both gave"
            problems.append(
                Problem(
                    "too-few" if len(sums) < 2 else "empty-cell",
                    name,
                    lacks,
                    "leave the answer, or the table, out",
                )
            )
    if problems:
        raise InvalidInput("table", problems)
    table = _Table(member, len(down), len(across), counts, sampled)
    df = table.sampled.degrees_of_freedom()
    try:
        if statistic in ("wald", "adjusted-wald"):
            return _wald(table, df, adjusted=statistic == "adjusted-wald")
        weights = _generalised_effects(table)
    except np.linalg.LinAlgError:
        what, hint = "the design leaves no spread to test against", "merge sparse answers"
        raise InvalidInput("independence", [Problem("not-estimable", "table", what, hint)]) from None
    # Pearson's statistic of the shares, that is per respondent
    shares = table.counts / table.counts.sum()
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    pearson = float(((shares - independent) ** 2 / independent).sum()) * table.people
    total, d0 = float(weights.sum()), float(weights.sum() ** 2 / (weights**2).sum())
    if statistic == "F":
        f, freedom = pearson / total, (d0, d0 * df)
        return Test(f, float(fdtrc(*freedom, f)), "Pearson's chi-square, Rao–Scott F", freedom)
    if statistic == "chi-square":
        k = float(len(weights))
        p = float(chdtrc(k, pearson / (total / k)))
        return Test(pearson, p, "Pearson's chi-square, Rao–Scott first order", k, symbol="χ²")
    # R takes the df of replicate weights as infinite here
    below = np.inf if table.sampled.replicated is not None else d0 * df
    p = f_sum_tail(pearson, weights, below)
    return Test(pearson, p, "Pearson's chi-square, saddlepoint approximation", symbol="χ²")


@typed
def goodness_of_fit(
    frame: pd.DataFrame,
    item: Variable | str,
    expected: Mapping[Any, float],
    *,
    design: Design | None = None,
) -> GoodnessOfFit:
    """Test answers against given shares under a design, as R's `svygofchisq`.

    Parameters
    ----------
    frame
        One row per respondent.
    item
        Variable or column name.
    expected
        Answer → share; scaled to sum to 1.

    Raises
    ------
    InvalidInput
        Naming every answer that has no share, every share whose answer no one gave, shares not above 0.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": list("xxyyxyzz")})
    >>> goodness_of_fit(frame, "a", {"x": 0.4, "y": 0.4, "z": 0.2}).statistic < 1
    True
    """
    sampled = (design or Design()).over(frame, linearise=True)
    codes, labels = classes_of(frame, item, sampled.weights)
    given = {str(code): share for code, share in expected.items()}
    problems = [
        Problem("missing-value", f"answer {one!r}", "has no expected share", "give one")
        for one in labels
        if one not in given
    ]
    problems += [
        Problem(
            "empty-cell",
            f"share of {one!r}",
            "no one gave that answer",
            "merge it with another or leave it out",
        )
        for one in given
        if one not in labels
    ]
    problems += [
        Problem("out-of-range", f"share of {one!r}", f"is {share}", "give a number above 0")
        for one, share in given.items()
        if not (isinstance(share, int | float | np.number) and 0 < share < np.inf)
    ]
    if not problems and len(labels) < 2:
        problems = [Problem("too-few", "answers", "are fewer than two", "there is nothing to test")]
    if problems:
        raise InvalidInput("goodness_of_fit", problems)
    p = np.array([given[one] for one in labels])
    p = p / p.sum()
    counts, covariance = ratio_estimates(sampled, (codes[:, None] == np.arange(len(labels))) * 1.0, None)
    n = float(counts.sum())
    wanted = n * p
    jacobian = np.diag(1 / np.sqrt(wanted)) - ((counts + wanted) / (2 * np.sqrt(wanted) * n))[:, None]
    effects = np.maximum(np.linalg.eigvalsh(jacobian @ covariance @ jacobian.T), 0.0)
    if not effects.sum() > ROUNDING * float(sampled.weights.max()):
        what, hint = "the design leaves no spread to test against", "give answers that differ"
        raise InvalidInput("goodness_of_fit", [Problem("no-variation", "answers", what, hint)])
    scale, df = satterthwaite(effects)
    statistic = float(((counts - wanted) ** 2 / wanted).sum())
    return GoodnessOfFit(
        statistic=statistic,
        scale=scale,
        df=df,
        p_value=float(chdtrc(df, statistic / scale)),
        shares=dict(zip(labels, (counts / n).tolist(), strict=True)),
        expected=dict(zip(labels, p.tolist(), strict=True)),
        method="Pearson's goodness of fit under the design, Satterthwaite",
    )


def _generalised_effects(table: _Table) -> Array:
    """Return the eigenvalues of Rao and Scott's Δ: design effects of the interaction contrasts."""
    member = table.member
    everyone = np.repeat(member.sum(axis=1, keepdims=True), member.shape[1], axis=1)
    shares, covariance = ratio_estimates(table.sampled, member, everyone)
    down = np.tile(np.arange(table.rows), table.columns)
    across = np.repeat(np.arange(table.columns), table.rows)
    first = (down[:, None] == np.arange(1, table.rows)) * 1.0
    second = (across[:, None] == np.arange(1, table.columns)) * 1.0
    mains = np.column_stack([np.ones(len(down)), first, second])
    both = (first[:, None, :] * second[:, :, None]).reshape(len(down), -1)
    contrast = both - mains @ np.linalg.lstsq(mains, both, rcond=None)[0]
    scaled = contrast * np.where(shares > 0, 1 / np.where(shares > 0, shares, 1.0), 0.0)[:, None]
    effects = np.linalg.eigvals(np.linalg.solve(contrast.T @ scaled, scaled.T @ covariance @ scaled))
    found: Array = np.real(effects) * table.people
    if not found.sum() > ROUNDING:
        raise np.linalg.LinAlgError
    return found


def _wald(table: _Table, df: float, *, adjusted: bool) -> Test:
    """Compute the Wald statistic of observed less expected weighted counts."""
    counts, covariance = ratio_estimates(table.sampled, table.member, None)
    observed = counts.reshape(table.columns, table.rows).T
    down, across, total = observed.sum(axis=1), observed.sum(axis=0), float(observed.sum())
    apart = (observed - np.outer(down, across) / total)[1:, 1:].T.ravel()
    jacobian = np.empty((len(apart), len(counts)))
    at = [(row, column) for column in range(1, table.columns) for row in range(1, table.rows)]
    for line, (row, column) in enumerate(at):
        effect = np.full(observed.shape, down[row] * across[column] / total**2)
        effect[row, :] -= across[column] / total
        effect[:, column] -= down[row] / total
        effect[row, column] += 1
        jacobian[line] = effect.T.ravel()
    k = float(len(apart))
    below = df - k + 1 if adjusted else df
    if below <= 0:
        what = f"the design has {df:g} degrees of freedom for {k:g} contrasts of cells"
        hint = 'merge sparse answers, or use statistic="F"'
        raise InvalidInput("independence", [Problem("not-estimable", "table", what, hint)])
    spread = jacobian @ covariance @ jacobian.T
    if np.linalg.cond(spread) > _SINGULAR:
        raise np.linalg.LinAlgError
    statistic = float(apart @ np.linalg.solve(spread, apart))
    f = statistic * below / (k * df) if adjusted else statistic / k
    label = "design-based Wald test of association" + (", adjusted" if adjusted else "")
    return Test(f, float(fdtrc(k, below, f)), label, (k, below))


# Design-based tests of means and ranks.


Score = Literal["wilcoxon", "van-der-waerden", "median"]
Ties = Literal["in-order", "midrank"]
_NO_SPREAD = "not tested: the answers do not vary, or the design fixes them, so no error can be estimated"
_LONE = "not tested: a group is in a single primary unit, from which no error can be estimated"
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
    """Test the difference of two means, or one mean against a benchmark, as R's `svyttest`.

    Parameters
    ----------
    frame
        One row per respondent; rows without an answer or outside both groups are outside the domain.
    item
        A variable or column name.
    between, pair
        Column of the groups, and which two; without a pair the column has two groups. Without
        `between` the mean of everyone who answered is compared with `mu`.
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
        and `method` gives the reason.

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
    label = "design-based t test" if between is not None else "design-based one-sample t test"
    estimate = float(contrast @ means)
    if not variance > ROUNDING * np.trace(covariance):
        why = _LONE if math.isnan(variance) else _NO_SPREAD
        return Test(math.nan, math.nan, why, df - 1, estimate, math.nan, math.nan)
    error = math.sqrt(variance)
    t, reach = (estimate - mu) / error, float(stdtrit(df - 1, (1 + level) / 2)) * error
    p = float(2 * stdtr(df - 1, -abs(t)))
    return Test(t, p, label, df - 1, estimate, estimate - reach, estimate + reach, symbol="t")


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
        Problem("unknown-option", name, f"{value!r} is unknown", f"use one of {list(known)}")
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
    label = f"design-based rank test, {score} scores"
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
        return Test(t, float(2 * stdtr(df - 1, -abs(t))), label, df - 1, float(away[0]), symbol="t")
    more = len(labels) - 1.0
    f = float(away @ np.linalg.solve(variance, away)) / more
    return Test(f, float(fdtrc(more, df - more, f)), label, (more, df - more))


def _shares_below(values: Array, weights: Array, ties: str) -> Array:
    """Estimate the population share below each answer, half of its own weight included."""
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
    """Return means by group, their covariance, and the domain's df.

    With `fixed`, replicate weights reweight each answer's influence, not the means (R's rank tests).
    """
    known = ~np.isnan(values)
    member = (sides[:, None] == np.arange(len(labels))) & known[:, None]
    empty = [
        label for label, one in zip(labels, member.T, strict=True) if not (sampled.weights[one] > 0).any()
    ]
    if empty:
        what, hint = "no one gave an answer", "leave the group out"
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
