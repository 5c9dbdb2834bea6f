"""What a model says in points: average marginal effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.fitting import mean_and_slope
from toolkit.analysis.model_frame import ModelFrame
from toolkit.analysis.regression import Regression, coefficient_table
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["marginal_effects"]

Array = npt.NDArray[np.floating[Any]]


@typed
def marginal_effects(model: Regression, *, level: float = 0.95) -> pd.DataFrame:
    """Average marginal effects: by how much the share (or mean) changes, others as they are.

    Parameters
    ----------
    model
        From `regression`, without interactions.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        A row a column of the model: term, estimate (a fraction for shares: .05 is five points),
        std_error, statistic, df, p_value, conf_low, conf_high. Of a category: everyone in it instead of
        in the first one. Of a column with two values: the higher instead of the lower. Of another number:
        the slope.

    Raises
    ------
    InvalidInput
        For a model with interactions, whose terms have no effect of their own.

    Notes
    -----
    Averaged over the model's rows with their weights; errors by the delta method from the model's
    covariance, the rows taken as given.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [0, 1, 1, 0, 1, 0, 0, 1], "g": list("aaabbbba")})
    >>> from toolkit.analysis.regression import regression
    >>> marginal_effects(regression(frame, "y ~ g", family="binomial"))["estimate"].round(4).tolist()
    [-0.5]
    """
    crossed = [term for term in model.terms if ":" in term]
    if crossed:
        mend = "fit it without, or compare predictions group by group"
        raise InvalidInput(
            "marginal_effects", [Problem(f"term {term!r}", "is an interaction", mend) for term in crossed]
        )
    data, weights = model.data
    x, share = data.predictors, weights / weights.sum()
    beta = model.table["estimate"].to_numpy(dtype=np.float64)
    names, effects, gradients = [], [], []
    for place in model.terms.values():
        for at in place:
            if data.names[at] == "(Intercept)":
                continue
            values = np.unique(x[:, at])
            if len(values) == 2:
                effect, gradient = _step(data, place, at, values, beta, share, model.family)
            else:
                effect, gradient = _slope(data, at, beta, share, model.family)
            names.append(data.names[at])
            effects.append(effect)
            gradients.append(gradient)
    jacobian = np.array(gradients)
    errors = jacobian @ model.covariance @ jacobian.T
    return coefficient_table(tuple(names), np.array(effects), errors, model.df, level)


def _step(
    data: ModelFrame,
    place: tuple[int, ...],
    at: int,
    values: Array,
    beta: Array,
    share: Array,
    family: str,
) -> tuple[float, Array]:
    """Everyone at the higher value instead of the lower; the term's other columns at their lower."""
    x = data.predictors
    low = x.copy()
    for column in place:
        low[:, column] = x[:, column].min()
    high = low.copy()
    low[:, at], high[:, at] = values[0], values[1]
    (before, slope), (after, steeper) = (
        mean_and_slope(each @ beta + data.offset, family) for each in (low, high)
    )
    gradient = (share * steeper) @ high - (share * slope) @ low
    return float(share @ (after - before)), gradient


def _slope(data: ModelFrame, at: int, beta: Array, share: Array, family: str) -> tuple[float, Array]:
    x = data.predictors
    mean, slope = mean_and_slope(x @ beta + data.offset, family)
    bend = {"gaussian": np.zeros_like(mean), "binomial": slope * (1 - 2 * mean), "poisson": slope}[family]
    gradient = beta[at] * ((share * bend) @ x)
    gradient[at] += float(share @ slope)
    return float(share @ slope) * float(beta[at]), gradient
