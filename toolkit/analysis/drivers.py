"""Relative weights of items as drivers of an outcome, with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import is_constant, numbers_of
from toolkit.analysis.design import Design, Sampled
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

Array = npt.NDArray[np.floating[Any]]
_FEWEST = 30
_PER_ITEM = 5


@dataclass(frozen=True, repr=False)
class Drivers(Displayed):
    """Share of an outcome's variance that goes with each item.

    Attributes
    ----------
    table
        A row per item, in the order given: item, weight (its part of R²), conf_low, conf_high, share
        (of R²), correlation with the outcome, rank, rank_low and rank_high (limits of its rank).
    r_squared, r_squared_low, r_squared_high
        Of all items together.
    n
        People who answered everything.
    """

    table: pd.DataFrame = field(repr=False)
    r_squared: float
    r_squared_low: float
    r_squared_high: float
    n: int
    method: str


@typed
def drivers(
    frame: pd.DataFrame,
    outcome: Variable | str,
    items: Sequence[Variable | str],
    *,
    seed: int,
    measure: str = "mean",
    design: Design | None = None,
    resamples: int = 1000,
    level: float = 0.95,
) -> Drivers:
    """Compute relative weights of items for an outcome, with bootstrap intervals.

    Parameters
    ----------
    frame
        One row per respondent; rows without an answer are left out.
    outcome, measure
        Outcome to explain, and the measure of it.
    items
        Two or more, taken as numbers.
    seed
        Of the bootstrap.
    design
        Weights count; primary units are resampled within strata. (Not for replicate weights.)
    resamples
        How many.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        Below 30 people or five per item, for items that do not vary or repeat each other, and for the
        outcome among the items.

    Notes
    -----
    Johnson (2000): the items' best uncorrelated approximations are regressed on, and what they explain is
    handed back; the weights sum to R². What goes together need not cause: a weight is not the gain from
    changing an item. Percentile intervals; they are of weights, which cannot be below 0.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    >>> frame["y"] = 2 * frame["a"] + frame["b"] + rng.normal(size=200)
    >>> drivers(frame, "y", ["a", "b"], seed=1).table["rank"].tolist()
    [1, 2]
    """
    names, x = item_values(frame, items, "drivers")
    y = numbers_of(frame, outcome, measure)
    sampled = (design or Design()).over(frame, linearise=True)
    inside = ~np.isnan(x).any(axis=1) & ~np.isnan(y) & (sampled.weights > 0)
    n = int(inside.sum())
    least = max(_FEWEST, _PER_ITEM * len(names))
    problems = []
    if n < least:
        hint = f"give at least {least}, or look at the correlations alone"
        problems.append(Problem("too-few-answers", "respondents", f"{n} answered everything", hint))
    if (outcome.name if isinstance(outcome, Variable) else outcome) in names:
        problems.append(Problem("conflict", "outcome", "is among the items", "leave it out of them"))
    if sampled.replicated is not None:
        problems.append(
            Problem(
                "unsuited-design", "design", "has replicate weights", "name its strata and clusters instead"
            )
        )
    if not 0 < level < 1 or not 100 <= resamples <= 1_000_000:
        what = f"are {level} and {resamples}"
        problems.append(
            Problem("out-of-range", "level, resamples", what, "give a fraction, and 100 to 1,000,000")
        )
    if problems:
        raise InvalidInput("drivers", problems)
    values = np.column_stack([x[inside], y[inside]])
    weights = sampled.weights[inside]
    problems = [
        Problem("no-variation", f"item {name}", "does not vary", "leave it out")
        for name, flat in zip([*names, "(the outcome)"], is_constant(values), strict=True)
        if flat
    ]
    if not problems:
        between = np.corrcoef(values[:, :-1].T)
        if np.linalg.eigvalsh(between)[0] < 1e-9:
            problems = [
                Problem("collinear", "items", "one is a combination of the others", "leave one of them out")
            ]
    if problems:
        raise InvalidInput("drivers", problems)
    counts = _draws(sampled, inside, np.random.default_rng(seed), resamples) * weights
    found, total, correlation = _weights(_correlations(values, weights[None, :]))
    each, totals, _ = _weights(_correlations(values, counts))
    tail = (1 - level) / 2
    order = (-each).argsort(axis=1).argsort(axis=1) + 1
    low, high = np.quantile(each, [tail, 1 - tail], axis=0)
    ranks = np.quantile(order, [tail, 1 - tail], axis=0, method="inverted_cdf")
    table = pd.DataFrame(
        {
            "item": pd.array(list(names), dtype="str"),
            "weight": found[0],
            "conf_low": low,
            "conf_high": high,
            "share": found[0] / total[0],
            "correlation": correlation[0],
            "rank": (-found[0]).argsort().argsort() + 1,
            "rank_low": ranks[0].astype(np.int64),
            "rank_high": ranks[1].astype(np.int64),
        }
    )
    bounds = np.quantile(totals, [tail, 1 - tail])
    label = f"relative weights (Johnson), {resamples} resamples of primary units, {sampled.label}"
    return Drivers(table, float(total[0]), float(bounds[0]), float(bounds[1]), int(inside.sum()), label)


def _correlations(values: Array, weights: Array) -> Array:
    """Compute one correlation matrix per row of weights, from sums of products."""
    k = values.shape[1]
    centred = values - values.mean(axis=0)
    products = (centred[:, :, None] * centred[:, None, :]).reshape(len(centred), -1)
    size = weights.sum(axis=1)
    mean = weights @ centred / size[:, None]
    second = (weights @ products / size[:, None]).reshape(-1, k, k)
    covariance = second - mean[:, :, None] * mean[:, None, :]
    spread = np.sqrt(np.maximum(np.einsum("bii->bi", covariance), 1e-300))
    found: Array = covariance / (spread[:, :, None] * spread[:, None, :])
    return found


def _weights(correlations: Array) -> tuple[Array, Array, Array]:
    """Return Johnson's weights, their sum R², and the correlations with the outcome."""
    between, outer = correlations[:, :-1, :-1], correlations[:, :-1, -1]
    values, vectors = np.linalg.eigh(between)
    root = np.sqrt(np.maximum(values, 1e-12))
    loadings = (vectors * root[:, None, :]) @ vectors.transpose(0, 2, 1)
    slopes = np.einsum("bij,bj->bi", (vectors / root[:, None, :]) @ vectors.transpose(0, 2, 1), outer)
    found = np.einsum("bij,bj->bi", loadings**2, slopes**2)
    return found, found.sum(axis=1), outer


def _draws(sampled: Sampled, inside: Any, rng: np.random.Generator, resamples: int) -> Array:
    """Count how often each person is drawn when primary units are resampled within strata."""
    # units in the order of these rows, so that rows outside the base change no draw
    unit, units = pd.factorize(sampled.psu[inside])
    stratum = np.zeros(len(units), dtype=np.intp)
    stratum[unit] = sampled.stratum[inside]
    times = np.zeros((resamples, len(units)))
    for one in pd.unique(stratum):
        at = np.nonzero(stratum == one)[0]
        times[:, at] = rng.multinomial(len(at), np.full(len(at), 1 / len(at)), size=resamples)
    found: Array = times[:, unit]
    return found
