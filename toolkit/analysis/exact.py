"""Fisher's exact test: many tables at once for p, one table for the odds ratio and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from toolkit.analysis.results import Test
from toolkit.analysis.two_proportions import checked
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["fisher_exact", "fisher_p"]

Array = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]
_SLACK = 1 + 1e-7
_AT_ONCE = 4_000_000


@typed
def fisher_exact(
    x1: int, n1: int, x2: int, n2: int, *, alternative: Alternative = "two-sided", level: float = 0.95
) -> Test:
    """Fisher's exact test of one 2 × 2 table, as R's `fisher.test`.

    Parameters
    ----------
    x1, n1, x2, n2
        How many said so, of how many answers; whole numbers.
    alternative
        "two-sided", "less" (odds ratio below 1) or "greater".
    level
        Confidence level of the odds ratio's interval.

    Returns
    -------
    Test
        `estimate` is the conditional maximum-likelihood odds ratio; limits invert the conditional tails.

    Raises
    ------
    InvalidInput
        Where the counts are no whole numbers, or x lies outside 0–n.

    Notes
    -----
    Two-sided p adds every table no likelier than the one seen (with R's slack of 1e-7). R finds the limits
    with a loose tolerance; these are solved to machine precision.

    Examples
    --------
    >>> round(fisher_exact(9, 10, 3, 10).p_value, 6)
    0.019767
    """
    counts = [float(part[()]) for part in checked(x1, n1, x2, n2)]
    _whole(np.array(counts))
    a, n, b, m = counts
    support, logs = _conditional(np.array([a]), np.array([n]), np.array([b]), np.array([m]))
    support, logs = support[0], logs[0]
    low, high = support[0], support[-1]
    estimate = _odds(support, logs, lambda w: _mean(support, w) - a, a == low, a == high)
    if not 0 < level < 1:
        raise InvalidInput(
            "fisher_exact", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    tail = (1 - level) / (2 if alternative == "two-sided" else 1)
    lower = (
        0.0
        if alternative == "less"
        else _odds(support, logs, lambda w: _mass(support >= a, w) - tail, a == low, False)
    )
    upper = (
        math.inf
        if alternative == "greater"
        else _odds(support, logs, lambda w: tail - _mass(support <= a, w), False, a == high)
    )
    p_value = float(fisher_p(a, n, b, m, alternative=alternative))
    return Test(None, p_value, "Fisher's exact test", None, estimate, lower, upper)


@typed
def fisher_p(
    x1: Numbers,
    n1: Numbers,
    x2: Numbers,
    n2: Numbers,
    *,
    alternative: Alternative = "two-sided",
) -> Any:
    """p values of Fisher's exact test for many tables at once.

    Examples
    --------
    >>> fisher_p([9, 6], [10, 7], [3, 2], [10, 7]).round(4).tolist()
    [0.0198, 0.1026]
    """
    if alternative not in ("two-sided", "less", "greater"):
        raise InvalidInput(
            "fisher",
            [
                Problem(
                    "unknown-option",
                    "alternative",
                    f"{alternative!r} is not known",
                    'use "two-sided", "less" or "greater"',
                )
            ],
        )
    tables = checked(x1, n1, x2, n2)
    _whole(np.stack(tables))
    shape = tables[0].shape
    flat = np.stack([part.ravel() for part in tables])
    keys, back = np.unique(flat, axis=1, return_inverse=True)
    widths = np.minimum(keys[1], keys[0] + keys[2]) - np.maximum(0, keys[0] + keys[2] - keys[3]) + 1
    result = np.empty(keys.shape[1])
    order = np.argsort(widths, kind="stable")
    start = 0
    while start < order.size:
        stop = start + 1
        while stop < order.size and widths[order[stop]] * (stop + 1 - start) <= _AT_ONCE:
            stop += 1
        chosen = order[start:stop]
        result[chosen] = _tails(keys[:, chosen], alternative)
        start = stop
    return result[back.ravel()].reshape(shape)


def _tails(keys: Array, alternative: Alternative) -> Array:
    x = keys[0][:, None]
    support, logs = _conditional(*keys)
    mass = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    seen = np.where(support == x, mass, 0.0).sum(axis=1, keepdims=True)
    counted = {"two-sided": mass <= seen * _SLACK, "less": support <= x, "greater": support >= x}[alternative]
    tails: Array = np.minimum(np.where(counted, mass, 0.0).sum(axis=1), 1.0)
    return tails


def _conditional(x1: Array, n1: Array, x2: Array, n2: Array) -> tuple[Array, Array]:
    """Every first cell the margins allow, with log weights; padded with −inf to the widest table."""
    total = x1 + x2
    low, high = np.maximum(0, total - n2), np.minimum(n1, total)
    support: Array = low[:, None] + np.arange(int((high - low).max()) + 1, dtype=np.float64)
    inside = support <= high[:, None]
    k = np.where(inside, support, low[:, None])
    a, b, t = n1[:, None], n2[:, None], total[:, None]
    logs = -(gammaln(k + 1) + gammaln(a - k + 1) + gammaln(t - k + 1) + gammaln(b - t + k + 1))
    return support, np.where(inside, logs, -np.inf)


def _mean(support: Array, weights: Array) -> float:
    return float((support * weights).sum())


def _mass(inside: Any, weights: Array) -> float:
    return float(weights[inside].sum())


def _odds(support: Array, logs: Array, rising: Callable[[Array], float], none: bool, all_: bool) -> float:
    """Odds ratio at which a function of the tilted distribution, rising with it, crosses 0."""
    if none:
        return 0.0
    if all_:
        return math.inf
    from scipy.optimize import brentq

    def at(log_odds: float) -> float:
        tilted = logs + support * log_odds
        return rising(np.exp(tilted - logsumexp(tilted)))

    return math.exp(brentq(at, -700.0, 700.0, xtol=1e-13, rtol=1e-14, maxiter=500))


def _whole(counts: Array) -> None:
    if not bool((counts == np.rint(counts)).all()):
        raise InvalidInput(
            "fisher", [Problem("not-whole", "counts", "are not whole numbers", "give numbers of people")]
        )
