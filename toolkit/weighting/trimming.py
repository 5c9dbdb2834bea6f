"""Trimming of weights, with the excess redistributed over the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, NotConverged, Problem
from toolkit.weighting.weights import Weights, effective_n

__all__ = ["trim"]

Array = npt.NDArray[np.float64]


@typed
def trim(
    weights: Weights | pd.Series | Numbers,
    *,
    lower: float = 0.0,
    upper: float = np.inf,
    strict: bool = True,
) -> Weights:
    """Trim weights to limits, keeping their sum.

    Parameters
    ----------
    weights
        What `rake` and its like gave, or one number a row.
    lower, upper
        The limits.
    strict
        Repeat until no weight lies outside, as spreading what was cut off can push others over a limit;
        False does it once.

    Returns
    -------
    Weights
        `iterations` counts the rounds. Trimming gives up the margins a little: `margins` shows them after
        it where they were known before. Errors treat trimmed weights as sampling weights.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite or negative, limits that are none.
    NotConverged
        Where every weight would have to be trimmed to keep the sum.

    Notes
    -----
    What is cut off is shared equally among the weights never trimmed. Checked against R:
    `survey::trimWeights` 4.5 (4.1.1 gives, when strict, some of it back to weights trimmed before).

    Examples
    --------
    >>> trim([1.0, 1.0, 1.0, 5.0], upper=3.5).values.tolist()
    [1.5, 1.5, 1.5, 3.5]
    """
    given = weights.values if isinstance(weights, Weights) else weights
    start = np.asarray(given, dtype=np.float64)
    effective_n(start)
    if not 0 <= lower < upper:
        raise InvalidInput(
            "trim",
            [
                Problem(
                    "wrong-order", "limits", f"are {lower:g} and {upper:g}", "give lower below upper, from 0"
                )
            ],
        )
    values, rounds = _spread(start, lower, upper, strict)
    index = given.index if isinstance(given, pd.Series) else None
    series = pd.Series(values, index=index, name="weight")
    effective = effective_n(values)
    margins = _after(weights, values) if isinstance(weights, Weights) else _no_margins()
    return Weights(series, np.count_nonzero(values) / effective, effective, rounds, margins)


def _spread(start: Array, lower: float, upper: float, strict: bool) -> tuple[Array, int]:
    values, free, rounds = start.copy(), np.ones(len(start), dtype=bool), 0
    slack = 1e-12 * max(start.max(), 1e-300)
    while True:
        outside = (values < lower - slack) | (values > upper + slack)
        if not outside.any() or (rounds and not strict):
            return values, rounds
        rounds += 1
        cut = values - np.clip(values, lower, upper)
        values = values - cut
        free &= ~outside
        if not free.any():
            raise NotConverged(
                f"every weight would be trimmed: no weights between {lower:g} and {upper:g} keep the sum; "
                "widen the limits"
            )
        values[free] += cut.sum() / free.sum()


def _after(weights: Weights, values: Array) -> pd.DataFrame:
    known = weights.calibration
    if known is None:
        return weights.margins
    if known.matrix is not None:
        after = (known.matrix.T @ values)[1:]
    else:
        after = np.concatenate([np.bincount(code, weights=values) for code in known.codes])
    return weights.margins.assign(after=after)


def _no_margins() -> pd.DataFrame:
    return pd.DataFrame(columns=["variable", "category", "target", "before", "after"])
