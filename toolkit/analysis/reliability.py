"""Reliability of scales and agreement of raters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import fdtri

from toolkit.analysis.answers import ROUNDING, as_numbers, classes_of, group_by, read_columns, requests_for
from toolkit.analysis.design import Design
from toolkit.analysis.totals import Estimates, contrast, estimate
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

# Reliability of scales: alpha with its interval, item by item, and the agreement of raters.
#
# Alpha is our own: pingouin's `cronbach_alpha` rounds its limits to three digits and has neither λ6, λ4,
# alpha without an item nor item-rest correlations.


Array = npt.NDArray[np.float64]
Missing = Literal["pairwise", "complete"]
_MOST_SPLITS = 14


@dataclass(frozen=True, repr=False)
class Reliability(Displayed):
    """Internal consistency of a scale.

    Attributes
    ----------
    alpha
        Cronbach's, from covariances, with Feldt's interval and Duhachek's standard error.
    standardised
        Alpha from correlations.
    guttman6
        Guttman's λ6, from each item's squared multiple correlation.
    best_split
        Guttman's λ4 of the best split in halves; NaN above 14 items.
    mean_correlation, median_correlation
        Between items.
    n, n_items
        People (who answered at least one item; all, where "complete") and items.
    items
        A row per item: item, item_rest (its correlation with the sum of the others), alpha_without,
        reversed.
    """

    alpha: float
    conf_low: float
    conf_high: float
    std_error: float
    standardised: float
    guttman6: float
    best_split: float
    mean_correlation: float
    median_correlation: float
    n: int
    n_items: int
    items: pd.DataFrame = field(repr=False)


@typed
def reliability(
    frame: pd.DataFrame,
    items: Sequence[Variable | str],
    *,
    reverse: Sequence[str] = (),
    missing: Missing = "pairwise",
    level: float = 0.95,
) -> Reliability:
    """Compute Cronbach's alpha of a scale and alpha without each item, as R's `psych::alpha`.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        Variables or column names, at least two, taken as numbers.
    reverse
        Names of the items whose high end means little of the trait.
    missing
        "pairwise" takes each covariance from everyone who answered both items; "complete" only people
        who answered all.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        For fewer than two items, items that do not vary, a name to reverse that is not an item, fewer than
        three people.

    Notes
    -----
    Feldt (1965): 1 − (1 − α) F with n − 1 and (n − 1)(k − 1) df. Unrounded.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 3, 5, 4], "c": [1, 3, 2, 5, 5]})
    >>> round(reliability(frame, ["a", "b", "c"]).alpha, 4)
    0.9198
    """
    names, values = item_values(frame, items, "reliability", reverse=reverse)
    if missing not in ("pairwise", "complete"):
        what, hint = f"{missing!r} is unknown", 'use "pairwise" or "complete"'
        raise InvalidInput("reliability", [Problem("unknown-option", "missing", what, hint)])
    if missing == "complete":
        values = values[~np.isnan(values).any(axis=1)]
    n, k = int((~np.isnan(values)).any(axis=1).sum()), len(names)
    if missing == "pairwise":
        n = len(values)
    found = pd.DataFrame(values).cov(min_periods=3).to_numpy()
    problems = [
        Problem("no-variation", f"item {name}", "does not vary, or too few answered it", "leave it out")
        for name, spread, size in zip(names, np.sqrt(np.diag(found)), np.abs(values).T, strict=True)
        if not spread > ROUNDING * np.nanmax(size, initial=0.0)
    ]
    if not problems and np.isnan(found).any():
        problems = [
            Problem(
                "too-few-answers",
                "items",
                "fewer than three people answered some pair",
                "leave one of them out",
            )
        ]
    if problems:
        raise InvalidInput("reliability", problems)
    covariance = np.asarray(found, dtype=np.float64)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    alpha = _alpha(covariance)
    tail, df = (1 - level) / 2, ((n - 1.0), (n - 1.0) * (k - 1))
    between = correlation[np.tril_indices(k, -1)]
    # Duhachek and Iacobucci (2004)
    total, trace = covariance.sum(), np.trace(covariance)
    inner = (
        total * (np.trace(covariance @ covariance) + trace**2) - 2 * trace * (covariance @ covariance).sum()
    )
    own = np.diag(covariance)
    rest = covariance.sum(axis=1) - own
    without = total - 2 * covariance.sum(axis=1) + own
    with np.errstate(divide="ignore", invalid="ignore"):
        dropped = (k - 1) / (k - 2) * (1 - (trace - own) / without) if k > 2 else np.full(k, np.nan)
        correlated = rest / np.sqrt(own * without)
    return Reliability(
        alpha=alpha,
        conf_low=float(1 - (1 - alpha) * fdtri(*df, 1 - tail)),
        conf_high=float(1 - (1 - alpha) * fdtri(*df, tail)),
        std_error=float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * inner / n)),
        standardised=_alpha(correlation),
        guttman6=_guttman6(correlation),
        best_split=_best_split(correlation),
        mean_correlation=float(between.mean()),
        median_correlation=float(np.median(between)),
        n=n,
        n_items=k,
        items=pd.DataFrame(
            {
                "item": pd.array(list(names), dtype="str"),
                "item_rest": correlated,
                "alpha_without": dropped,
                "reversed": [name in set(reverse) for name in names],
            }
        ),
    )


def _alpha(covariance: Array) -> float:
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _guttman6(correlation: Array) -> float:
    try:
        explained = 1 - 1 / np.diag(np.linalg.inv(correlation))
    except np.linalg.LinAlgError:
        return float("nan")
    return float(1 - (len(correlation) - explained.sum()) / correlation.sum())


def _best_split(correlation: Array) -> float:
    k = len(correlation)
    if k > _MOST_SPLITS:
        return float("nan")
    member = np.array([[float(at in chosen) for at in range(k)] for chosen in combinations(range(k), k // 2)])
    across = np.einsum("si,ij,sj->s", member, correlation, 1 - member)
    return float(4 * across.max() / correlation.sum())


@typed
def intraclass(frame: pd.DataFrame, items: Sequence[Variable | str]) -> pd.DataFrame:
    """Compute how far raters (columns) agree about the rated (rows), by pingouin's `intraclass_corr`.

    Parameters
    ----------
    frame
        One row per rated person or thing; rows with a missing rating are left out.
    items
        Variables or column names, at least two, taken as numbers.

    Returns
    -------
    pandas.DataFrame
        One row per kind (Shrout and Fleiss 1979): kind, estimate, conf_low and conf_high (95%), statistic,
        df, df_within, p_value. "ICC1": raters differ by row; "ICC2": raters are a sample; "ICC3": these
        raters alone; with "k": of the raters' mean.

    Raises
    ------
    InvalidInput
        Where fewer than three rows are complete, or the ratings do not differ.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 3, 5, 4]})
    >>> round(float(intraclass(frame, ["a", "b"])["estimate"][2]), 4)
    0.8
    """
    names, values = item_values(frame, items, "intraclass")
    values = values[~np.isnan(values).any(axis=1)]
    problems = []
    if len(values) < 3:
        problems.append(
            Problem("too-few-answers", "rows", f"{len(values)} are complete", "at least three must be")
        )
    elif not (np.ptp(values.mean(axis=1)) > 0 and np.ptp(values - values.mean(axis=1)[:, None]) > 0):
        problems.append(Problem("no-variation", ", ".join(names), "do not differ", "nothing to estimate"))
    if problems:
        raise InvalidInput("intraclass", problems)
    import pingouin

    rated = pd.DataFrame(values, columns=list(names)).rename_axis("row").reset_index()
    before = pingouin.options["round.column.CI95"]
    with warnings.catch_warnings():  # pingouin 0.7 calls dropna(inplace=True)
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="pingouin")
        try:
            pingouin.options["round.column.CI95"] = None  # it would round the limits to two digits
            table = pingouin.intraclass_corr(
                rated.melt("row"), targets="row", raters="variable", ratings="value"
            )
        finally:
            pingouin.options["round.column.CI95"] = before
    limits = np.array(table.pop("CI95").tolist())
    table.insert(0, "kind", pd.array(["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"], dtype="str"))
    table.insert(3, "conf_low", limits[:, 0])
    table.insert(4, "conf_high", limits[:, 1])
    names_here = {"ICC": "estimate", "F": "statistic", "df1": "df", "df2": "df_within", "pval": "p_value"}
    return table.drop(columns="Type").rename(columns=names_here)


@typed
def within_agreement(variances: Sequence[float], categories: int) -> float:
    """Compute r_wg(j): how far the raters of one group agree, against answers drawn at random.

    Parameters
    ----------
    variances
        Of each item's answers within the group (dividing by n − 1), in steps of the scale.
    categories
        The number of answers of the scale; random answers have the variance (categories² − 1)/12.

    Returns
    -------
    float
        1 where all agree, 0 where answers vary as random ones do, or more (James, Demaree and Wolf 1984).

    Examples
    --------
    >>> round(within_agreement([0.5, 0.5], 5), 3)
    0.857
    """
    j, left = len(variances), 1 - sum(variances) / len(variances) * 12 / (categories**2 - 1)
    return j * left / (j * left + 1 - left) if left > 0 else 0.0


@typed
def rater_agreement(
    frame: pd.DataFrame, items: Sequence[Variable | str], *, group: str, categories: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute how far people who rate the same organisation agree, for a rubric rather than a scale.

    Parameters
    ----------
    frame
        One row per rater; raters with a missing answer are left out.
    items
        Variables or column names, at least two, taken as numbers.
    group
        Column of the rated organisation (or team).
    categories
        The number of answers of the items' scale.

    Returns
    -------
    per group : pandas.DataFrame
        group, n, mean (of the items), rwg; groups of two raters or more.
    over groups : pandas.DataFrame
        One row: groups, raters (per group, adjusted for unequal numbers), icc1 with conf_low and conf_high
        (95%), and icc2, the reliability of a group's mean (Bliese 2000), from a one-way analysis of variance.

    Raises
    ------
    InvalidInput
        Where fewer than two groups have two raters.

    Examples
    --------
    >>> frame = pd.DataFrame({"o": ["x"] * 3 + ["y"] * 3, "a": [1, 1, 2, 4, 5, 5], "b": [1, 2, 2, 4, 4, 5]})
    >>> groups, over = rater_agreement(frame, ["a", "b"], group="o", categories=5)
    >>> groups["rwg"].round(2).tolist(), round(float(over["icc1"].iloc[0]), 2)
    ([0.91, 0.91], 0.95)
    """
    _, values = item_values(frame, items, "rater_agreement")
    rated = group_by(frame, (group,), every_category=False)
    whole = ~np.isnan(values).any(axis=1) & (rated.codes >= 0)
    names = np.array([str(label[0]) for label in rated.labels], dtype=object)[rated.codes[whole]]
    raters = pd.DataFrame(values[whole]).groupby(names)
    sizes = raters.size()
    if (sizes >= 2).sum() < 2:
        hint = "compare organisations of which two people or more rated every item"
        what = f"has {(sizes >= 2).sum()} group(s) of two raters or more"
        raise InvalidInput("rater_agreement", [Problem("too-few-answers", f"column {group}", what, hint)])
    kept = sizes[sizes >= 2]
    per_group = pd.DataFrame(
        {
            group: kept.index.astype("str"),
            "n": kept.to_numpy(),
            "mean": raters.mean().mean(axis=1)[kept.index].to_numpy(),
            "rwg": [
                within_agreement(list(row), categories) for row in raters.var().loc[kept.index].to_numpy()
            ],
        }
    )
    scores = pd.Series(values[whole].mean(axis=1)).groupby(names)
    k, n = len(sizes), int(sizes.sum())
    between = float((sizes * (scores.mean() - values[whole].mean()) ** 2).sum()) / (k - 1)
    within = float(((sizes - 1) * scores.var().fillna(0)).sum()) / (n - k)
    size = (n - float((sizes**2).sum()) / n) / (k - 1)
    ratio = between / within if within else np.inf

    def icc1(f: float) -> float:
        return (f - 1) / (f + size - 1) if np.isfinite(f) else 1.0

    low, high = (icc1(ratio / fdtri(k - 1, n - k, end)) for end in (0.975, 0.025))
    row = {
        "groups": k,
        "raters": size,
        "icc1": icc1(ratio),
        "conf_low": low,
        "conf_high": high,
        "icc2": 1 - 1 / ratio,
    }
    return per_group, pd.DataFrame([row])


def item_values(
    frame: pd.DataFrame, items: Sequence[Variable | str], what: str, *, reverse: Sequence[str] = ()
) -> tuple[tuple[str, ...], Array]:
    """Return items as numbers, people × items, reversed ones mirrored about the scale's middle."""
    wanted = requests_for(read_columns(frame, items), "mean")
    names = tuple(one.item for one in wanted)
    problems = [
        Problem("unknown-item", f"reverse {name!r}", "is not in the scale", f"use some of {list(names)}")
        for name in reverse
        if name not in names
    ]
    if len(names) < 2:
        problems.append(Problem("too-few", "items", f"are {len(names)}", "a scale has at least two"))
    if problems:
        raise InvalidInput(what, problems)
    values = np.empty((len(frame), len(names)))
    for column, one in zip(values.T, wanted, strict=True):
        one.fill(column)
    known = values[~np.isnan(values)]
    middle: Any = (known.min() + known.max()) if known.size else 0.0
    for at, name in enumerate(names):
        if name in reverse:
            values[:, at] = middle - values[:, at]
    return names, values


# Agreement under a design: Cronbach's alpha of a scale, Cohen's kappa of two ratings.


@typed
def weighted_alpha(
    frame: pd.DataFrame, items: Sequence[str], *, design: Design | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Compute Cronbach's alpha of a scale under a design, from complete answers.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        Columns of the scale, all scored in one direction.
    design
        How respondents were drawn.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row as `contrast` gives it: estimate, std_error, conf_low, conf_high and more.

    Raises
    ------
    InvalidInput
        For fewer than two items and columns that are not numbers.

    Notes
    -----
    k/(k − 1) · (1 − Σ item variances / variance of the sum), on weighted variances; the error by the delta
    method from their covariances. The estimate is checked against R: `svycralpha`, which has no error.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 5.0]})
    >>> weighted_alpha(frame, ["a", "b"])["estimate"].round(4).tolist()
    [0.972]
    """
    listed = [items] if isinstance(items, str) else list(items)
    if len(listed) < 2:
        raise InvalidInput(
            "weighted_alpha",
            [Problem("too-few", "items", f"are {len(listed)}", "a scale needs at least two")],
        )
    numbers = estimate(frame, listed, design=design)  # refuses what is not a number, by name
    answers = pd.DataFrame({name: as_numbers(name, frame[name]) for name in numbers.names}, index=frame.index)
    total = "sum of all"
    while total in frame.columns:
        total += " "
    widened = frame.assign(**answers, **{total: answers.sum(axis=1, skipna=False)})
    spread = estimate(widened, [*listed, total], statistic="variance", design=design, complete=True)
    k = len(listed)
    parts = " + ".join(f"`{name}`" for name in listed)
    return contrast(spread, {"alpha": f"{k} / {k - 1} * (1 - ({parts}) / `{total}`)"}, level=level)


@typed
def kappa(
    frame: pd.DataFrame, first: str, second: str, *, design: Design | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Compute Cohen's kappa of two answers with the same codes, under a design.

    Parameters
    ----------
    frame
        One row per respondent; those without both answers are out.
    first, second
        The two columns.
    design
        How respondents were drawn.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row as `contrast` gives it.

    Raises
    ------
    InvalidInput
        For columns that are missing or share no code.

    Notes
    -----
    (p_o − p_e)/(1 − p_e) of the weighted table, its error by the delta method. Checked against R: `svykappa`.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["x", "y", "y", "y"]})
    >>> kappa(frame, "a", "b")["estimate"].tolist()
    [0.5]
    """
    sides = [classes_of(frame, name) for name in (first, second)]
    codes = sorted({label for _, labels in sides for label in labels})
    if not set(sides[0][1]) & set(sides[1][1]):
        raise InvalidInput(
            "kappa",
            [Problem("inconsistent", f"columns {first}, {second}", "share no code", "recode them alike")],
        )
    a, b = (np.array([*map(codes.index, labels), -1])[at] for at, labels in sides)
    k = len(codes)
    seen = " + ".join(f"r{i}c{i}" for i in range(k))
    rows = ["(" + " + ".join(f"r{i}c{j}" for j in range(k)) + ")" for i in range(k)]
    columns = ["(" + " + ".join(f"r{i}c{j}" for i in range(k)) + ")" for j in range(k)]
    chance = " + ".join(f"{row} * {column}" for row, column in zip(rows, columns, strict=True))
    return contrast(
        _cells(frame, a, b, len(codes), design),
        {"kappa": f"(({seen}) - ({chance})) / (1 - ({chance}))"},
        level=level,
    )


def _cells(frame: pd.DataFrame, a: Any, b: Any, codes: int, design: Design | None) -> Estimates:
    known = (a >= 0) & (b >= 0)
    cells = {
        f"r{i}c{j}": np.where(known, (a == i) & (b == j), np.nan) for i in range(codes) for j in range(codes)
    }
    widened = pd.concat(
        [frame.drop(columns=[name for name in cells if name in frame]), pd.DataFrame(cells, frame.index)],
        axis=1,
    )
    return estimate(widened, list(cells), design=design)
