"""Two shares side by side: intervals of their difference and ratio, and tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr

from toolkit.analysis.intervals import quantile, wilson
from toolkit.analysis.results import Interval, Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = [
    "agresti_caffo",
    "chi_square_2x2",
    "cohen_h",
    "miettinen_nurminen",
    "newcombe",
    "odds_ratio",
    "pooled_z",
    "prop_test",
    "risk_ratio",
    "wald_difference",
]

Array = npt.NDArray[np.float64]
Number = Numbers
_HALVINGS = 110


def checked(x1: Number, n1: Number, x2: Number, n2: Number) -> tuple[Array, Array, Array, Array]:
    """The four numbers as arrays of one shape.

    Raises
    ------
    InvalidInput
        Where an n is not above 0, or an x lies outside 0–n.
    """
    arrays = [np.asarray(part, dtype=np.float64) for part in (x1, n1, x2, n2)]
    problems = []
    for side, x, n in ((1, arrays[0], arrays[1]), (2, arrays[2], arrays[3])):
        if not bool(((n > 0) & (n < np.inf)).all()):
            problems.append(
                Problem("out-of-range", f"n{side}", "is no number above 0", "give the number of answers")
            )
        elif not bool(((x >= 0) & (x <= n)).all()):
            problems.append(
                Problem(
                    "out-of-range", f"x{side}", f"lies outside 0–n{side}", "give how many of the n said so"
                )
            )
    if problems:
        raise InvalidInput("two proportions", problems)
    broadcast = np.broadcast_arrays(*arrays)
    return broadcast[0], broadcast[1], broadcast[2], broadcast[3]


def _untestable(said: str, statistic: Any) -> str:
    """The method's words, and why some comparison has no statistic."""
    return said + "; none where both sides say so to a person, or nobody does" * bool(
        np.isnan(statistic).any()
    )


def _out(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _interval(estimate: Any, low: Any, high: Any, error: Any = None) -> Interval:
    return Interval(_out(estimate), _out(low), _out(high), None if error is None else _out(error))


@typed
def newcombe(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """Newcombe's hybrid-score interval of p1 − p2 (1998, method 10).

    Parameters
    ----------
    x1, n1, x2, n2
        How many said so, of how many answers; numbers or arrays.
    level
        Confidence level.

    Notes
    -----
    d − √((p1 − l1)² + (u2 − p2)²) to d + √((u1 − p1)² + (p2 − l2)²), with l and u each side's Wilson limits.

    Examples
    --------
    >>> found = newcombe(56, 70, 48, 80)
    >>> round(found.conf_low, 4), round(found.conf_high, 4)
    (0.0524, 0.3339)
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    p, q = a / n, b / m
    return _interval(p - q, *newcombe_limits(p, n, q, m, quantile(level)))


def newcombe_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Newcombe's limits from shares and (effective) numbers of answers."""
    (l1, u1), (l2, u2) = wilson(p, n, z), wilson(q, m, z)
    d = p - q
    return d - np.sqrt((p - l1) ** 2 + (u2 - q) ** 2), d + np.sqrt((u1 - p) ** 2 + (q - l2) ** 2)


@typed
def miettinen_nurminen(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """Miettinen–Nurminen score interval of p1 − p2 (1985), variance times N / (N − 1).

    Examples
    --------
    >>> found = miettinen_nurminen(56, 70, 48, 80)
    >>> round(found.conf_low, 4), round(found.conf_high, 4)
    (0.0528, 0.3382)
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    return _interval(a / n - b / m, *miettinen_nurminen_limits(a / n, n, b / m, m, quantile(level)))


def miettinen_nurminen_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Miettinen and Nurminen's limits from shares and (effective) numbers of answers."""
    d = np.asarray(p - q, dtype=np.float64)
    low = _score_root(p, n, q, m, z, inner=d, outer=np.full(d.shape, -1.0))
    high = _score_root(p, n, q, m, -z, inner=d, outer=np.full(d.shape, 1.0))
    return np.where(d <= -1 + 1e-12, -1.0, low), np.where(d >= 1 - 1e-12, 1.0, high)


def _score_root(p: Any, n: Any, q: Any, m: Any, z: float, *, inner: Array, outer: Array) -> Array:
    """Bisect for the difference whose score statistic is z."""
    for _ in range(_HALVINGS):
        middle = (inner + outer) / 2
        inside = _score(p, n, q, m, middle) / z < 1
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    return (inner + outer) / 2


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
    """Maximum-likelihood shares whose difference is d: the closed root of a cubic."""
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


@typed
def agresti_caffo(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """Agresti–Caffo interval of p1 − p2 (2000): Wald after adding one success and one failure a side.

    The estimate is the interval's centre, not the observed difference.

    Examples
    --------
    >>> round(agresti_caffo(56, 70, 48, 80).estimate, 4)
    0.1941
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    low, high = agresti_caffo_limits(a / n, n, b / m, m, quantile(level))
    return _interval((low + high) / 2, low, high)


def agresti_caffo_limits(p: Any, n: Any, q: Any, m: Any, z: float) -> tuple[Any, Any]:
    """Agresti and Caffo's limits from shares and (effective) numbers of answers."""
    a, b = (p * n + 1) / (n + 2), (q * m + 1) / (m + 2)
    half = z * np.sqrt(a * (1 - a) / (n + 2) + b * (1 - b) / (m + 2))
    return a - b - half, a - b + half


@typed
def wald_difference(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """Wald interval of p1 − p2 with unpooled standard error; too narrow in small samples.

    Examples
    --------
    >>> round(wald_difference(56, 70, 48, 80).std_error, 4)
    0.0727
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    p, q = a / n, b / m
    error = wald_error(p, n, q, m)
    half = quantile(level) * error
    return _interval(p - q, p - q - half, p - q + half, error)


def wald_error(p: Any, n: Any, q: Any, m: Any) -> Any:
    """√(p(1 − p)/n + q(1 − q)/m)."""
    return np.sqrt(p * (1 - p) / n + q * (1 - q) / m)


@typed
def pooled_z(x1: Number, n1: Number, x2: Number, n2: Number) -> Test:
    """Pearson's test as a z: (p1 − p2) over the standard error under one common share.

    NaN where everyone, or no one, said so on both sides.

    Examples
    --------
    >>> round(pooled_z(56, 70, 48, 80).p_value, 5)
    0.00805
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    z, p_value = pooled_statistic(a / n, n, b / m, m)
    return Test(_out(z), _out(p_value), _untestable("pooled z test", z), symbol="z")


def pooled_statistic(p: Any, n: Any, q: Any, m: Any) -> tuple[Any, Any]:
    """The pooled z and its two-sided p from shares and (effective) numbers of answers."""
    pooled = (p * n + q * m) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = np.where((pooled > 0) & (pooled < 1), z, np.nan)
    return z, 2 * ndtr(-np.abs(z))


@typed
def chi_square_2x2(x1: Number, n1: Number, x2: Number, n2: Number, *, correct: bool = True) -> Test:
    """Pearson's chi-square of the 2 × 2 table, with Yates' correction as R's `chisq.test` applies it.

    Examples
    --------
    >>> round(chi_square_2x2(56, 70, 48, 80, correct=False).statistic, 4)
    7.0234
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    pooled = (a + b) / (n + m)
    apart = np.abs(a - n * pooled)
    apart = apart - (np.minimum(0.5, apart) if correct else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = apart**2 * (n + m) / (n * m * pooled * (1 - pooled))
    statistic = np.where((pooled > 0) & (pooled < 1), statistic, np.nan)
    said = "Pearson's chi-square test" + (" with Yates' correction" if correct else "")
    return Test(_out(statistic), _out(chdtrc(1, statistic)), _untestable(said, statistic), df=1, symbol="χ²")


@typed
def prop_test(
    x1: Number, n1: Number, x2: Number, n2: Number, *, correct: bool = True, level: float = 0.95
) -> Test:
    """Equality of two shares as R's `prop.test`: Pearson's chi-square and a Wald interval.

    Examples
    --------
    >>> round(prop_test(56, 70, 48, 80).conf_low, 4)
    0.0441
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    tested = chi_square_2x2(a, n, b, m, correct=correct)
    d, inverse = a / n - b / m, 1 / n + 1 / m
    yates = np.minimum(0.5, np.abs(d) / inverse) * inverse if correct else 0.0
    half = quantile(level) * wald_error(a / n, n, b / m, m) + yates
    said = (
        "two-sample test for equality of proportions with"
        + ("" if correct else "out")
        + " continuity correction"
    )
    said = _untestable(said, tested.statistic)
    return Test(
        tested.statistic,
        tested.p_value,
        said,
        1,
        _out(d),
        _out(np.maximum(d - half, -1)),
        _out(np.minimum(d + half, 1)),
        symbol="χ²",
    )


@typed
def risk_ratio(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """p1 / p2 with Katz's interval; `std_error` is that of its logarithm.

    NaN where a side has no success: a ratio has no interval there.

    Examples
    --------
    >>> round(risk_ratio(56, 70, 48, 80).estimate, 4)
    1.3333
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (a / n) / (b / m)
        error = np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    return _ratio(ratio, error, (a > 0) & (b > 0), level)


@typed
def odds_ratio(x1: Number, n1: Number, x2: Number, n2: Number, *, level: float = 0.95) -> Interval:
    """Odds ratio with Woolf's interval; `std_error` is that of its logarithm.

    NaN where a cell of the table is empty.

    Examples
    --------
    >>> round(odds_ratio(56, 70, 48, 80).estimate, 4)
    2.6667
    """
    a, n, b, m = checked(x1, n1, x2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = a * (m - b) / ((n - a) * b)
        error = np.sqrt(1 / a + 1 / (n - a) + 1 / b + 1 / (m - b))
    return _ratio(ratio, error, (a > 0) & (b > 0) & (a < n) & (b < m), level)


def _ratio(ratio: Any, error: Any, usable: Any, level: float) -> Interval:
    kept, error = np.where(usable, ratio, np.nan), np.where(usable, error, np.nan)
    half = quantile(level) * error
    return _interval(kept, kept * np.exp(-half), kept * np.exp(half), error)


@typed
def cohen_h(p1: Number, p2: Number) -> Any:
    """Cohen's h: 2 asin √p1 − 2 asin √p2; NaN where a share is.

    Raises
    ------
    InvalidInput
        For shares outside 0–1.

    Examples
    --------
    >>> round(cohen_h(0.8, 0.6), 4)
    0.4421
    """
    first, second = np.asarray(p1, dtype=np.float64), np.asarray(p2, dtype=np.float64)
    problems = [
        Problem(
            "out-of-range",
            name,
            f"holds {share[(share < 0) | (share > 1)].ravel()[0]:g}",
            "give fractions: 0.96 for 96 %",
        )
        for name, share in (("p1", first), ("p2", second))
        if bool(((share < 0) | (share > 1)).any())
    ]
    if problems:
        raise InvalidInput("cohen_h", problems)
    return _out(2 * np.arcsin(np.sqrt(first)) - 2 * np.arcsin(np.sqrt(second)))
