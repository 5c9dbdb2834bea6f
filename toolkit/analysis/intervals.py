"""Intervals of one share: from counts, or from a share, its standard error and the design's df."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, expit, gammaln, logit, ndtri, stdtrit, xlogy

from toolkit.errors import InvalidInput, Problem

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Interval = tuple[Any, Any]

LABELS = {
    "wilson": "Wilson score interval",
    "wald": "Wald interval",
    "mean": "Wald interval",
    "logit": "logit interval",
    "xlogit": "logit interval",
    "beta": "Clopper–Pearson exact interval",
    "clopper-pearson": "Clopper–Pearson exact interval",
    "jeffreys": "Jeffreys interval",
    "agresti-coull": "Agresti–Coull interval",
    "likelihood": "likelihood-ratio interval",
    "asin": "arcsine interval",
    "hypergeometric": "exact hypergeometric interval for the known population",
}
"""Method → words for a methods section."""


def quantile(level: float, df: npt.ArrayLike | None = None) -> Any:
    """Return the two-sided critical value: normal, or Student's t where `df` is finite."""
    if not 0 < level < 1:
        raise InvalidInput(
            "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    upper = (1 + level) / 2
    if df is None:
        return float(ndtri(upper))
    freedom = np.asarray(df, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        t = stdtrit(np.where(np.isfinite(freedom) & (freedom > 0), freedom, 1.0), upper)
    return np.where(np.isinf(freedom), ndtri(upper), np.where(freedom > 0, t, np.nan))


def wilson(p: Any, n: Any, z: Any) -> Interval:
    """Compute Wilson's interval (1927): the shares a score test at that level would not reject."""
    denominator = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / denominator
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / denominator
    return np.where(p == 0, 0.0, centre - half), np.where(p == 1, 1.0, centre + half)


def wald(p: Any, n: Any, z: Any) -> Interval:
    """Compute p ± z √(p(1 − p)/n); meaningless at 0 and 1."""
    half = np.where((p > 0) & (p < 1), z * np.sqrt(p * (1 - p) / n), np.nan)
    return p - half, p + half


def logit_interval(p: Any, n: Any, z: Any) -> Interval:
    """Compute Wald's interval on the log odds; meaningless at 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        half = z / np.sqrt(n * p * (1 - p))
        inside = (p > 0) & (p < 1)
        return (
            np.where(inside, expit(logit(p) - half), np.nan),
            np.where(inside, expit(logit(p) + half), np.nan),
        )


def korn_graubard(p: Any, n: Any, level: float) -> Interval:
    """Compute Clopper–Pearson limits for a possibly fractional n (Korn and Graubard 1998)."""
    tail = (1 - level) / 2
    x = p * n
    rest = n * (1 - p)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(p <= 0, 0.0, betaincinv(np.where(p > 0, x, 1.0), rest + 1, tail))
        high = np.where(p >= 1, 1.0, betaincinv(x + 1, np.where(p < 1, rest, 1.0), 1 - tail))
    return low, high


def jeffreys(p: Any, n: Any, level: float) -> Interval:
    """Compute the equal-tailed interval of Beta(x + ½, n − x + ½)."""
    tail = (1 - level) / 2
    a, b = p * n + 0.5, n * (1 - p) + 0.5
    return betaincinv(a, b, tail), betaincinv(a, b, 1 - tail)


def agresti_coull(p: Any, n: Any, z: Any) -> Interval:
    """Compute Wald's interval about Wilson's centre, with n + z² answers."""
    more = n + z * z
    centre = (p * n + z * z / 2) / more
    half = z * np.sqrt(centre * (1 - centre) / more)
    return centre - half, centre + half


def arcsine(p: Any, n: Any, z: Any) -> Interval:
    """Compute sin²(asin √p ± z / (2√n)), the angle kept between 0 and a right one (R lets it wrap)."""
    angle, half = np.arcsin(np.sqrt(p)), z / (2 * np.sqrt(n))
    low, high = np.maximum(angle - half, 0.0), np.minimum(angle + half, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def likelihood(p: Any, n: Any, z: Any) -> Interval:
    """Find by bisection the shares whose log-likelihood is within z²/2 of the maximum."""
    p, n = np.broadcast_arrays(np.asarray(p, dtype=np.float64), np.asarray(n, dtype=np.float64))

    def drop(candidate: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            best = xlogy(p, p) + xlogy(1 - p, 1 - p)
            apart: Array = 2 * n * (best - xlogy(p, candidate) - xlogy(1 - p, 1 - candidate)) - z * z
        return apart

    low, high = [
        bisect(drop, inner=p.astype(np.float64), outer=np.full(p.shape, edge)) for edge in (0.0, 1.0)
    ]
    return np.where(p == 0, 0.0, low), np.where(p == 1, 1.0, high)


def bisect(drop: Callable[[Array], Array], *, inner: Array, outer: Array) -> Array:
    """Halve 100 times towards where `drop` rises above 0, between `inner`, where it does not, and `outer`."""
    for _ in range(100):
        middle = (inner + outer) / 2
        inside = drop(middle) <= 0
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    found: Array = (inner + outer) / 2
    return found


PLAIN: dict[str, Callable[[Any, Any, float, Any], Interval]] = {
    "wilson": lambda p, n, level, z: wilson(p, n, z),
    "wald": lambda p, n, level, z: wald(p, n, z),
    "mean": lambda p, n, level, z: wald(p, n, z),
    "logit": lambda p, n, level, z: logit_interval(p, n, z),
    "xlogit": lambda p, n, level, z: logit_interval(p, n, z),
    "beta": lambda p, n, level, z: korn_graubard(p, n, level),
    "clopper-pearson": lambda p, n, level, z: korn_graubard(p, n, level),
    "jeffreys": lambda p, n, level, z: jeffreys(p, n, level),
    "agresti-coull": lambda p, n, level, z: agresti_coull(p, n, z),
    "likelihood": lambda p, n, level, z: likelihood(p, n, z),
    "asin": lambda p, n, level, z: arcsine(p, n, z),
}
"""Method → its interval from share, n, level and critical value."""


def hypergeometric_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, population: npt.ArrayLike, *, level: float = 0.95
) -> tuple[Array, Array]:
    """Compute the exact interval of the share in a finite population of known size.

    Parameters
    ----------
    x, n
        Counts of those who chose the answer, and of answers.
    population
        People the answers represent.
    level
        Confidence level; each tail keeps at most half of what is left.

    Returns
    -------
    tuple of numpy.ndarray
        Lowest and highest share K / N that either tail test does not reject.

    Notes
    -----
    The lower end is the smallest K with P(X ≥ x | K) > α/2, the upper the largest K with
    P(X ≤ x | K) > α/2, X hypergeometric. With everybody answering the interval is the share itself.

    Examples
    --------
    >>> low, high = hypergeometric_interval(4, 10, 20)
    >>> float(low), float(high)
    (0.2, 0.65)
    """
    found, drawn, whole = (
        np.asarray(part, dtype=np.float64).ravel() for part in np.broadcast_arrays(x, n, population)
    )
    unique, back = np.unique(np.stack([found, drawn, whole]).astype(np.int64), axis=1, return_inverse=True)
    x_, n_, whole_ = unique
    low = _lowest(x_, n_, whole_, level)
    high = 1 - _lowest(n_ - x_, n_, whole_, level)
    shape = np.broadcast_shapes(np.shape(x), np.shape(n), np.shape(population))
    return low[back.ravel()].reshape(shape), high[back.ravel()].reshape(shape)


def _lowest(x: Whole, n: Whole, whole: Whole, level: float) -> Array:
    """Find the smallest share K / N whose upper tail at x exceeds α/2, by bisection over K."""
    factorials = gammaln(np.arange(whole.max(initial=0) + 1) + 1.0)
    least, most = x.copy(), whole - (n - x)
    while (at := np.flatnonzero(least < most)).size:
        at = at[np.cumsum(n[at] - x[at] + 1) <= max(_TERMS, n[at[0]] - x[at[0]] + 1)]
        middle = (least[at] + most[at]) // 2
        enough = _upper_tail(x[at], n[at], middle, whole[at], factorials) > (1 - level) / 2
        most[at[enough]], least[at[~enough]] = middle[enough], middle[~enough] + 1
    return least / whole


def _upper_tail(x: Whole, n: Whole, successes: Whole, whole: Whole, factorials: Array) -> Array:
    """Compute P(X ≥ x) for n drawn from `whole` with `successes` successes, for all rows at once."""
    first = np.maximum(x, n - (whole - successes))
    terms = np.minimum(n, successes) - first + 1
    row = np.repeat(np.arange(len(x)), terms)
    k = np.arange(len(row)) - np.repeat(np.cumsum(terms) - terms, terms) + first[row]

    def choose(of: Whole, some: Whole) -> Array:
        found: Array = factorials[of] - factorials[some] - factorials[of - some]
        return found

    logs = choose(successes[row], k) + choose((whole - successes)[row], n[row] - k) - choose(whole, n)[row]
    return np.bincount(row, weights=np.exp(logs), minlength=len(x)).astype(np.float64)


_TERMS = 1_000_000
"""Terms of tails that are held at once; what is above waits for the next round."""
