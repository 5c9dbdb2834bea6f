"""What a design costs: the variance of an estimate over that of a simple sample of as many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from toolkit.analysis.answers import Items
from toolkit.analysis.design import Design
from toolkit.analysis.joint import estimate
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["design_effects"]


@typed
def design_effects(
    frame: pd.DataFrame,
    items: Items,
    *,
    statistic: Literal["mean", "total"] = "mean",
    measure: str | None = "mean",
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    replacement: bool = False,
) -> pd.DataFrame:
    """Design effect of every mean (or total), by item and group.

    Parameters
    ----------
    frame, items, measure, by, design
        As in `estimate`.
    statistic
        "mean" or "total".
    replacement
        Compare with a simple sample drawn with replacement; else from a population of the weights' sum.

    Returns
    -------
    pandas.DataFrame
        item, response or measure, groups, n, estimate, std_error, simple_error, design_effect. NA where the
        simple sample has no error.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    SE² over S²/n · (N − n)/N, with S² the weighted variance of answers (n − 1 below) and N the weights'
    sum over the n who answered. Weights must add up to the population for N to mean it: with weights that
    average 1, use `replacement=True`. Kish's design effect of weights alone is
    `toolkit.weighting.design_effect`. Checked against R: `svymean(deff = TRUE)` and `deff = "replace"`.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 8.0], "w": [1.0, 1.0, 2.0, 2.0]})
    >>> found = design_effects(frame, "y", design=Design(weights="w"), replacement=True)
    >>> found["design_effect"].round(2).tolist()
    [1.05]
    """
    if statistic not in ("mean", "total"):
        raise InvalidInput(
            "design_effects",
            [Problem("unknown-option", "statistic", f"{statistic!r} is not known", 'use "mean" or "total"')],
        )
    given = estimate(frame, items, statistic=statistic, measure=measure, by=by, design=design).table
    spread = estimate(frame, items, statistic="variance", measure=measure, by=by, design=design).table
    sums = estimate(frame, items, statistic="size", measure=measure, by=by, design=design).table
    n = given["n"].to_numpy(dtype=np.float64)
    population = sums["estimate"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = spread["estimate"].to_numpy(dtype=np.float64) / n
        if not replacement:
            simple = simple * (population - n) / population
        if statistic == "total":
            simple = simple * population**2
        simple = np.where(simple > 0, simple, np.nan)
    shown = list(given.columns[: list(given.columns).index("n") + 1])
    return given[[*shown, "estimate", "std_error"]].assign(
        simple_error=np.sqrt(simple), design_effect=given["std_error"] ** 2 / simple
    )
