"""Adjusting p values for the number of questions asked, as R's `p.adjust` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["METHODS", "adjust_p"]

Array = npt.NDArray[np.float64]


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
    Equal to R's `stats::p.adjust` (4.2.2), checked on every method with ties, zeros and missing values.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, float("nan")], "holm")
    array([0.02, 0.02,  nan])
    """
    if method not in METHODS:
        raise InvalidInput(
            "adjust_p",
            [
                Problem(
                    "unknown-option", "method", f"{method!r} is not known", f"use one of {sorted(METHODS)}"
                )
            ],
        )
    given = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(given)
    values = given[known]
    if ((values < 0) | (values > 1)).any():
        raise InvalidInput(
            "adjust_p",
            [
                Problem(
                    "out-of-range",
                    "p",
                    "a p value lies outside 0–1",
                    "give p values, not percentages or statistics",
                )
            ],
        )
    adjusted = given.copy()
    if values.size:
        adjusted[known] = METHODS[method](values)
    return adjusted


def _step_down(p: Array) -> Array:
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate((p.size - np.arange(p.size)) * p[order])
    return _back(np.minimum(scaled, 1.0), order)


def _step_up(p: Array, factor: Array) -> Array:
    """Running minimum from the largest p down; `factor` belongs to the descending order."""
    order = np.argsort(-p, kind="stable")
    return _back(np.minimum(np.minimum.accumulate(factor * p[order]), 1.0), order)


def _back(ordered: Array, order: Any) -> Array:
    result = np.empty_like(ordered)
    result[order] = ordered
    return result


def _hochberg(p: Array) -> Array:
    return _step_up(p, np.arange(1.0, p.size + 1))


def _bh(p: Array) -> Array:
    return _step_up(p, p.size / np.arange(p.size, 0, -1.0))


def _by(p: Array) -> Array:
    harmonic = float((1.0 / np.arange(1, p.size + 1)).sum())
    return _step_up(p, harmonic * p.size / np.arange(p.size, 0, -1.0))


def _hommel(p: Array) -> Array:
    n = p.size
    if n == 1:
        return p.copy()
    order = np.argsort(p, kind="stable")
    s = p[order]
    rank = np.arange(1, n + 1)
    q = np.full(n, float((n * s / rank).min()))
    adjusted = q.copy()
    for m in range(n - 1, 1, -1):
        low = np.arange(n - m + 1)
        high = np.arange(n - m + 1, n)
        least = float((m * s[high] / np.arange(2, m + 1)).min())
        q[low] = np.minimum(m * s[low], least)
        q[high] = q[n - m]
        adjusted = np.maximum(adjusted, q)
    return _back(np.maximum(adjusted, s), order)


METHODS: dict[str, Callable[[Array], Array]] = {
    "holm": _step_down,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "bonferroni": lambda p: np.minimum(p * p.size, 1.0),
    "BH": _bh,
    "BY": _by,
    "none": lambda p: p.copy(),
}
"""Method → its procedure."""
