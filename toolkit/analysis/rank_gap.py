"""Gaps of ordered answers: how likely one audience's answer is above the other's.

Mann and Whitney's test is computed from counts for all items and pairs at once; scipy's `mannwhitneyu`, which
takes one pair of samples, returns the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from toolkit.analysis.answers import Column, Items, Request, read_columns, request
from toolkit.analysis.chosen_pairs import Pairs
from toolkit.analysis.dominance import dominance
from toolkit.analysis.gap_rows import finish, refuse_options
from toolkit.analysis.gaps import Plan, plan_pairs
from toolkit.analysis.intervals import quantile
from toolkit.analysis.overlap import refuse_overlap
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["rank_gap"]

Array = npt.NDArray[np.float64]
_TEST = "Mann–Whitney test (normal approximation, continuity and tie correction)"
_SAID = {
    "mann_whitney+feng_cliff": f"{_TEST}; Feng–Cliff interval",
    "mann_whitney": f"{_TEST}; no interval: the groups do not overlap",
    "not_computed": "not computed: too few answers",
    "no_variation": "not computed: everyone gave the same answer",
}
"""Code of the method → its words."""


@typed
def rank_gap(
    frame: pd.DataFrame,
    items: Items,
    *,
    between: str = "audience",
    pairs: Pairs | None = None,
    reference: str | None = None,
    by: str | Sequence[str] = (),
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    power: float = 0.8,
) -> pd.DataFrame:
    """Probability of superiority between audiences, for items whose answers are ordered.

    Parameters
    ----------
    frame, items, between, pairs, reference, by, level, adjust, family, other_adjust, power
        As in `gaps`. Respondents count alike: there are no weights here.
    margin
        Differences of the two probabilities within it count as similar.

    Returns
    -------
    pandas.DataFrame
        The gaps contract, measure "probability_of_superiority". `estimate_a` is P(A > B) + ½ P(A = B),
        `estimate_b` its complement, and `gap` their difference, which is Cliff's delta, with its interval
        (that of `estimate_a` is (1 + limit) / 2); `statistic` is Mann–Whitney's W.

    Raises
    ------
    InvalidInput
        As `gaps`, and for a named item whose answers have no order.

    Notes
    -----
    Interval: Cliff's delta with the consistent variance and the asymmetric limits of Feng and Cliff (2004).
    p: normal approximation with continuity and tie correction (R: `wilcox.test(exact=FALSE)`).
    Smallest gap found: (z.975 + z_power) times twice the tie-corrected standard error of W / (n_a n_b).

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["a"] * 3 + ["b"] * 3, "agrees": [3, 4, 5, 1, 2, 4]})
    >>> round(float(rank_gap(frame, "agrees")["estimate_a"].iloc[0]), 4)
    0.8333
    """
    refuse_options(None, level, margin, power, (adjust, other_adjust))
    wanted, columns = _ordered(read_columns(frame, items, kinds=("single",), shared=between == "audience"))
    refuse_overlap(frame, between)
    plan = plan_pairs(frame, wanted, between, pairs, by, reference=reference)
    # Items × groups × ordered answers, padded to the longest scale: one count per item
    groups = len(plan.groups.labels)
    found = []
    for column, one in zip(columns, wanted, strict=True):
        # each row's place in the order of answers, −1 for none
        scores = column.raw if one.table is None else one.table
        values = np.unique(scores[~np.isnan(scores)])
        position = np.where(np.isnan(scores), -1, np.searchsorted(values, scores))
        position, levels = position if one.table is None else position[column.raw], max(values.size, 1)
        inside = (plan.groups.codes >= 0) & (position >= 0)
        counted = np.bincount(
            plan.groups.codes[inside] * levels + position[inside], minlength=groups * levels
        )
        found.append(counted.reshape(groups, levels))
    widest = max((table.shape[1] for table in found), default=1)
    tables = np.zeros((len(found), groups, widest))
    for row, table in zip(tables, found, strict=True):
        row[:, : table.shape[1]] = table
    rows = plan.labels() | _compared(tables, plan, level, power)
    return finish(
        rows,
        plan.by,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=np.full(len(plan.item), margin),
        units=["superiority"] * len(plan.item),
    )


def _ordered(columns: Sequence[Column]) -> tuple[list[Request], list[Column]]:
    problems: list[Problem] = []
    found, kept = [], []
    for column in columns:
        try:
            made = request(column, "mean")
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        if made is not None:
            found.append(
                Request(
                    made.item, "probability_of_superiority", made.raw, made.table, True, made.audiences, 1.0
                )
            )
            kept.append(column)
    if problems:
        raise InvalidInput("measure", problems)
    return found, kept


def _compared(tables: Array, plan: Plan, level: float, power: float) -> dict[str, Any]:
    a, b = tables[plan.item, plan.a], tables[plan.item, plan.b]
    n, m = a.sum(axis=1), b.sum(axis=1)
    found = dominance(a, b, quantile(level))
    both = a + b
    w = (a * (np.cumsum(b, axis=1) - b / 2)).sum(axis=1)
    apart, ties = w - n * m / 2, (both**3 - both).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
        null = 2 * error / (n * m)
        z = np.where(error > 0, (apart - np.sign(apart) * 0.5) / error, np.nan)
    p = 2 * np.minimum(ndtr(z), ndtr(-z))
    few = (n < 2) | (m < 2)
    detectable = (ndtri((1 + level) / 2) + ndtri(power)) * null
    bare = np.isnan(found.conf_low) | (found.variance <= 0)
    flat = (both > 0).sum(axis=1) < 2
    code = np.full(len(n), "mann_whitney+feng_cliff", dtype=object)
    code[bare] = "mann_whitney"
    code[few] = "not_computed"
    code[flat & ~few] = "no_variation"
    unusable = few | flat
    nothing = np.where(unusable, np.nan, 1.0)
    hollow = np.where(unusable | bare, np.nan, 1.0)
    return {
        "n_a": n,
        "n_b": m,
        "estimate_a": found.superiority,
        "estimate_b": 1 - found.superiority,
        "gap": found.delta,
        "std_error": np.sqrt(np.maximum(found.variance, 0.0)) * hollow,
        "conf_low": found.conf_low * hollow,
        "conf_high": found.conf_high * hollow,
        "statistic": w * nothing,
        "df": np.full(len(n), np.nan),
        "p_value": p * nothing,
        "effect_size": found.delta,
        "effect_size_kind": np.full(len(n), "cliff_delta", dtype=object),
        "minimum_detectable_gap": np.where((detectable > 0) & (detectable < 1), detectable, np.nan) * nothing,
        "method": [_SAID[one] for one in code],
        "method_code": code,
    }
