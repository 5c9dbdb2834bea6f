"""Adjustment of p values for the number of questions asked, as R's `p.adjust`; missing ones are no tests.

statsmodels' `multipletests` counts a NaN as a test (Holm) or returns NaN throughout (Hommel), issue 2899. It
computes Hommel's method here; the others take a line each, so that a report loads no scipy.stats.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["METHODS", "adjust_p"]

Array = npt.NDArray[np.float64]
METHODS = ("holm", "hochberg", "hommel", "bonferroni", "BH", "BY", "none")


@typed
def adjust_p(p: Numbers, method: str = "holm") -> Array:
    """Adjust p values; missing ones stay missing and are not counted as tests.

    Parameters
    ----------
    p
        p values, NaN where there is none.
    method
        "holm", "hochberg", "hommel", "bonferroni", "BH", "BY" or "none".

    Returns
    -------
    numpy.ndarray
        Adjusted p values in the order given.

    Raises
    ------
    InvalidInput
        For an unknown method or a p value outside 0–1.

    Notes
    -----
    Equal to R's `p.adjust`, checked on every method with ties, zeros and missing values.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, float("nan")], "holm")
    array([0.02, 0.02,  nan])
    """
    adjusted = np.array(p, dtype=np.float64)
    known = ~np.isnan(adjusted)
    problems = []
    if method not in METHODS:
        problems.append(
            Problem("unknown-option", "method", f"{method!r} is not known", f"use one of {sorted(METHODS)}")
        )
    if not ((adjusted[known] >= 0) & (adjusted[known] <= 1)).all():
        hint = "give p values, not percentages or statistics"
        problems.append(Problem("out-of-range", "p", "a p value lies outside 0–1", hint))
    if problems:
        raise InvalidInput("adjust_p", problems)
    if method != "none" and known.any():
        adjusted[known] = _adjusted(adjusted[known], method)
    return adjusted


def _adjusted(p: Array, method: str) -> Array:
    if method == "hommel":
        from statsmodels.stats.multitest import multipletests

        return np.asarray(multipletests(p, method="hommel")[1])
    order, n = np.argsort(p, kind="stable"), p.size
    rank = np.arange(1.0, n + 1)
    harmonic = (1 / rank).sum() if method == "BY" else 1.0
    factor = {"bonferroni": np.full(n, n), "BH": n / rank, "BY": harmonic * n / rank}
    scaled = factor.get(method, n + 1 - rank) * p[order]
    if method == "holm":
        scaled = np.maximum.accumulate(scaled)
    elif method != "bonferroni":
        scaled = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty(n)
    result[order] = np.minimum(scaled, 1.0)
    return result
