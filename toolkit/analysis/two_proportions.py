"""Differences of two shares, vectorised: limits and tests that the gap engine takes per comparison.

Miettinen and Nurminen's interval is our own because statsmodels' `method="score"` is wrong or raises (issue
10269). The others equal `confint_proportions_2indep`; they take effective numbers of answers and are called
for every gap table, without statsmodels' import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from toolkit.analysis.contract import Interval
from toolkit.analysis.intervals import bisect, quantile, wilson
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

Array = npt.NDArray[np.float64]


def checked(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers) -> tuple[Array, Array, Array, Array]:
    """Return the four numbers as arrays of one shape.

    Raises
    ------
    InvalidInput
        Where an n is not above 0, or an x is outside 0–n.
    """
    arrays = [np.asarray(part, dtype=np.float64) for part in (x1, n1, x2, n2)]
    problems = []
    for side, x, n in ((1, arrays[0], arrays[1]), (2, arrays[2], arrays[3])):
        if not bool(((n > 0) & (n < np.inf)).all()):
            problems.append(
                Problem("out-of-range", f"n{side}", "must be a number above 0", "give the number of answers")
            )
        elif not bool(((x >= 0) & (x <= n)).all()):
            problems.append(
                Problem(
                    "out-of-range",
                    f"x{side}",
                    f"is outside 0–n{side}",
                    "give a count from 0 to n",
                )
            )
    if problems:
        raise InvalidInput("two proportions", problems)
    broadcast = np.broadcast_arrays(*arrays)
    return broadcast[0], broadcast[1], broadcast[2], broadcast[3]


def newcombe_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Compute Newcombe's (1998, method 10) limits from shares and (effective) numbers of answers.

    d − √((p − l1)² + (u2 − q)²) to d + √((u1 − p)² + (q − l2)²), with l and u each side's Wilson limits.
    """
    (l1, u1), (l2, u2) = wilson(p, n, z), wilson(q, m, z)
    d = p - q
    return d - np.sqrt((p - l1) ** 2 + (u2 - q) ** 2), d + np.sqrt((u1 - p) ** 2 + (q - l2) ** 2)


@typed
def miettinen_nurminen(
    x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers, *, level: float = 0.95
) -> Interval:
    """Compute Miettinen and Nurminen's (1985) score interval of p1 − p2, variance times N / (N − 1).

    Parameters
    ----------
    x1, n1, x2, n2
        Counts of those who chose the answer, and of answers; numbers or arrays.
    level
        Confidence level.

    Examples
    --------
    >>> found = miettinen_nurminen(56, 70, 48, 80)
    >>> round(found.conf_low, 4), round(found.conf_high, 4)
    (0.0528, 0.3382)
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    parts = (a / n - b / m, *miettinen_nurminen_limits(a / n, n, b / m, m, quantile(level)))
    return Interval(*(float(part) if np.ndim(part) == 0 else part for part in parts))


def miettinen_nurminen_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Compute Miettinen and Nurminen's limits from shares and (effective) numbers of answers."""
    d = np.asarray(p - q, dtype=np.float64)

    def beyond(z: float) -> Callable[[Array], Array]:
        return lambda at: _score(p, n, q, m, at) / z - 1

    low = bisect(beyond(z), inner=d, outer=np.full(d.shape, -1.0))
    high = bisect(beyond(-z), inner=d, outer=np.full(d.shape, 1.0))
    return np.where(d <= -1 + 1e-12, -1.0, low), np.where(d >= 1 - 1e-12, 1.0, high)


def _score(p: Any, n: Any, q: Any, m: Any, difference: Array) -> Array:
    total = n + m
    first, second = _restricted(p * n, n, q * m, m, difference)
    variance = (first * (1 - first) / n + second * (1 - second) / m) * total / (total - 1)
    apart = p - q - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            np.abs(apart) < 1e-14,
            0.0,
            np.where(variance > 0, apart / np.sqrt(variance), np.sign(apart) * np.inf),
        )


def _restricted(x1: Any, n1: Any, x2: Any, n2: Any, d: Array) -> tuple[Array, Array]:
    """Solve the cubic for the maximum-likelihood shares whose difference is d."""
    total = n1 + n2
    l2 = (n1 + 2 * n2) * d - total - (x1 + x2)
    l1 = (n2 * d - total - 2 * x2) * d + (x1 + x2)
    l0 = x2 * d * (1 - d)
    c = l2**3 / (3 * total) ** 3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    b = np.sign(c) * np.sqrt(np.maximum(0.0, l2**2 / (3 * total) ** 2 - l1 / (3 * total)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.clip(np.where(b == 0, 0.0, c / b**3), -1, 1)
    angle = np.where(b == 0, 0.0, (np.pi + np.arccos(ratio)) / 3)
    second = np.clip(2 * b * np.cos(angle) - l2 / (3 * total), 0, 1)
    return np.clip(second + d, 0, 1), second


def agresti_caffo_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Compute Agresti and Caffo's (2000) limits: Wald after one success and one failure more per side."""
    a, b = (p * n + 1) / (n + 2), (q * m + 1) / (m + 2)
    half = z * np.sqrt(a * (1 - a) / (n + 2) + b * (1 - b) / (m + 2))
    return a - b - half, a - b + half


def wald_error(p: Any, n: Any, q: Any, m: Any) -> Any:
    """Return √(p(1 − p)/n + q(1 − q)/m)."""
    return np.sqrt(p * (1 - p) / n + q * (1 - q) / m)


def pooled_statistic(p: Any, n: Any, q: Any, m: Any) -> tuple[Any, Any]:
    """Return the pooled z and its two-sided p from shares and (effective) numbers of answers."""
    pooled = (p * n + q * m) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = np.where((pooled > 0) & (pooled < 1), z, np.nan)
    return z, 2 * ndtr(-np.abs(z))


def cohen_h(p: Any, q: Any) -> Any:
    """Return Cohen's h of each pair of shares: 2 asin √p − 2 asin √q.

    Examples
    --------
    >>> round(float(cohen_h(0.8, 0.6)), 4)
    0.4421
    """
    return 2 * np.arcsin(np.sqrt(p)) - 2 * np.arcsin(np.sqrt(q))
