"""Tail of a weighted sum of chi-squares: what a Pearson statistic follows under a design."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc, ndtr

__all__ = ["f_sum_tail", "saddlepoint_tail", "satterthwaite"]

Array = npt.NDArray[np.float64]
_NEAR_MEAN = 1e-4


def satterthwaite(weights: Array) -> tuple[float, float]:
    """Scale and df of the chi-square with the same mean and variance as Σ weight · χ²₁."""
    mean = float(weights.mean())
    spread = float((weights**2).mean()) / mean**2
    return mean * spread, len(weights) / spread


def saddlepoint_tail(x: float, weights: Array) -> float:
    """Chance that Σ weight · χ²₁ exceeds x, by Lugannani and Rice's saddlepoint (Kuonen 1999).

    Near the mean, where the saddlepoint is 0 and the formula has none, Satterthwaite's chi-square.
    """
    scale, df = satterthwaite(weights)
    found = _tail(x, weights, np.ones(len(weights))) if x > 0 else math.nan
    return float(chdtrc(df, x / scale)) if math.isnan(found) else found


def f_sum_tail(x: float, weights: Array, df: float) -> float:
    """The same where the sum is divided by a chi-square over its df, as an F is.

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
    """P(Σ weight · χ²_times > x); NaN where the saddlepoint is 0."""
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
