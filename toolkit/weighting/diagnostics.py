"""Diagnostics of unequal weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import is_missing_code
from toolkit.weighting.weights import Weights, effective_n

__all__ = ["diagnose"]

_TOP = 0.05


@typed
def diagnose(
    weights: Weights | pd.Series | Numbers, *, by: pd.Series | npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Summarise the spread and the cost of weights, overall and by group.

    Parameters
    ----------
    weights
        What `rake` and its like gave, or one number a row.
    by
        A group a row.

    Returns
    -------
    pandas.DataFrame
        group ("all" first), n, sum, smallest, median, largest, largest_over_median, top_share (part of the
        sum held by the largest 5 % of weights, at least one), cv (population standard deviation over mean),
        design_effect (Kish), effective_n, zeros: rows of weight 0, which count in nothing else.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite, negative or all 0, and groups that do not fit.

    Notes
    -----
    Kish's design effect is 1 + cv². A largest weight many times the median says that a few people speak for
    many: see `trim`.

    Examples
    --------
    >>> diagnose([1.0, 1.0, 2.0, 4.0])[["design_effect", "effective_n", "top_share"]].iloc[0].tolist()
    [1.375, 2.909090909090909, 0.5]
    """
    values = np.asarray(weights.values if isinstance(weights, Weights) else weights, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInput(
            "diagnose", [Problem("wrong-type", "weights", "are not a list", "give one number per row")]
        )
    effective_n(values)
    rows = [_row("all", values)]
    if by is not None:
        groups = pd.Categorical(by)
        if len(groups) != len(values):
            raise InvalidInput(
                "diagnose",
                [
                    Problem(
                        "unequal-length",
                        "by",
                        f"has {len(groups)} rows for {len(values)}",
                        "give one per row",
                    )
                ],
            )
        rows += [
            _row(str(level), values[groups.codes == at])
            for at, level in enumerate(groups.categories)
            if (groups.codes == at).any() and not is_missing_code(level)
        ]
    return pd.DataFrame(rows)


def _row(group: str, given: npt.NDArray[np.float64]) -> dict[str, object]:
    values = given[given > 0]
    if not values.size:
        nothing = ("smallest", "median", "largest", "largest_over_median", "top_share", "cv")
        none = dict.fromkeys((*nothing, "design_effect", "effective_n"), np.nan)
        return {"group": group, "n": 0, "sum": 0.0, **none, "zeros": len(given)}
    whole, mean = float(values.sum()), float(values.mean())
    top = np.sort(values)[-max(int(np.ceil(_TOP * len(values))), 1) :]
    median = float(np.median(values))
    effective = effective_n(values) if whole > 0 else np.nan
    return {
        "group": group,
        "n": len(values),
        "sum": whole,
        "smallest": float(values.min()),
        "median": median,
        "largest": float(values.max()),
        "largest_over_median": float(values.max() / median) if median > 0 else np.nan,
        "top_share": float(top.sum() / whole) if whole > 0 else np.nan,
        "cv": float(values.std() / mean) if mean > 0 else np.nan,
        "design_effect": len(values) / effective,
        "effective_n": effective,
        "zeros": len(given) - len(values),
    }
