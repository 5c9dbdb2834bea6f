"""Tables within strata: is there an association once a third question is held still?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, gammaln, ndtri

from toolkit.analysis.results import Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["mantel_haenszel"]

Array = npt.NDArray[np.float64]
_SLACK = 1 + 1e-7


@typed
def mantel_haenszel(
    tables: Numbers, *, correct: bool = True, exact: bool = False, level: float = 0.95
) -> Test:
    """Cochran–Mantel–Haenszel test, as R's `mantelhaen.test`.

    Parameters
    ----------
    tables
        Counts: rows × columns × strata. With more than two rows or columns, the generalised test.
    correct
        Continuity correction (2 × 2 × K), where the departure is at least the half it takes off.
    exact
        Exact conditional test (2 × 2 × K).
    level
        Confidence level of the common odds ratio's interval.

    Returns
    -------
    Test
        `estimate` is the common odds ratio of a 2 × 2 × K table: Mantel and Haenszel's, or the
        conditional maximum-likelihood one where exact.

    Raises
    ------
    InvalidInput
        Where counts are negative or missing, or a stratum has fewer than two people.

    Notes
    -----
    Interval of the odds ratio: Robins, Breslow and Greenland (1986).

    Examples
    --------
    >>> tables = np.array([[[10, 5], [4, 8]], [[6, 9], [12, 7]]]).transpose(1, 2, 0)
    >>> mantel_haenszel(tables).df
    1.0
    """
    counts = np.asarray(tables, dtype=np.float64)
    problems = []
    if counts.ndim != 3 or min(counts.shape[:2]) < 2:
        problems.append(
            Problem(
                "wrong-shape",
                "tables",
                f"have shape {counts.shape}",
                "give rows × columns × strata, two rows or more",
            )
        )
    elif not bool((counts >= 0).all()):
        problems.append(
            Problem("not-finite", "tables", "have a negative or missing count", "give counts of people")
        )
    elif bool((counts.sum(axis=(1, 2)) == 0).any() | (counts.sum(axis=(0, 2)) == 0).any()):
        problems.append(Problem("empty-cell", "tables", "have an empty row or column", "leave it out"))
    elif not bool((counts.sum(axis=(0, 1)) > 1).any()):
        problems.append(
            Problem(
                "too-few-answers", "tables", "have fewer than two people in every stratum", "merge strata"
            )
        )
    if problems:
        raise InvalidInput("mantel_haenszel", problems)
    counts = counts[:, :, counts.sum(axis=(0, 1)) > 1]
    if counts.shape[:2] != (2, 2):
        if exact:
            raise InvalidInput(
                "mantel_haenszel",
                [Problem("unsuited-method", "exact", "is for 2 × 2 tables", "leave it out")],
            )
        return _generalised(counts)
    return _exact(counts, level) if exact else _asymptotic(counts, correct, level)


def _asymptotic(x: Array, correct: bool, level: float) -> Test:
    n = x.sum(axis=(0, 1))
    rows, columns = x.sum(axis=1), x.sum(axis=0)
    apart = abs(float((x[0, 0] - rows[0] * columns[0] / n).sum()))
    variance = float((rows[0] * rows[1] * columns[0] * columns[1] / (n**2 * (n - 1))).sum())
    yates = 0.5 if correct and apart >= 0.5 else 0.0  # as R: a departure below a half is not corrected
    statistic = (apart - yates) ** 2 / variance
    both, against = x[0, 0] * x[1, 1] / n, x[0, 1] * x[1, 0] / n
    r, s = float(both.sum()), float(against.sum())
    odds = r / s if s > 0 else math.inf
    agree, differ = (x[0, 0] + x[1, 1]) / n, (x[0, 1] + x[1, 0]) / n
    spread = (
        float((agree * both).sum()) / (2 * r**2)
        + float((agree * against + differ * both).sum()) / (2 * r * s)
        + float((differ * against).sum()) / (2 * s**2)
        if r > 0 and s > 0
        else math.nan
    )
    reach = float(ndtri((1 + level) / 2)) * math.sqrt(spread)
    said = "Cochran–Mantel–Haenszel test" + (" with continuity correction" if correct else "")
    return Test(
        statistic,
        float(chdtrc(1, statistic)),
        said,
        1.0,
        odds,
        odds * math.exp(-reach) if r > 0 and s > 0 else math.nan,
        odds * math.exp(reach) if r > 0 and s > 0 else math.nan,
        symbol="χ²",
    )


def _generalised(x: Array) -> Test:
    """Σ over strata of observed less expected, against its covariance under no association."""
    rows, columns, n = x.sum(axis=1), x.sum(axis=0), x.sum(axis=(0, 1))
    apart = (x - rows[:, None, :] * columns[None, :, :] / n)[:-1, :-1].sum(axis=2).T.ravel()
    variance = np.zeros((apart.size, apart.size))
    for at in range(x.shape[2]):
        across = columns[:-1, at]
        down = rows[:-1, at]
        wide = n[at] * np.diag(across) - np.outer(across, across)
        tall = n[at] * np.diag(down) - np.outer(down, down)
        variance += np.kron(wide, tall) / (n[at] ** 2 * (n[at] - 1))
    statistic, df = float(apart @ np.linalg.solve(variance, apart)), float(apart.size)
    return Test(
        statistic, float(chdtrc(df, statistic)), "generalised Cochran–Mantel–Haenszel test", df, symbol="χ²"
    )


def _exact(x: Array, level: float) -> Test:
    """Condition on every stratum's margins: the sum of hypergeometric counts."""
    low, logs = 0.0, np.zeros(1)
    for at in range(x.shape[2]):
        first, second, said = x[:, 0, at].sum(), x[:, 1, at].sum(), x[0, :, at].sum()
        start, stop = max(0.0, said - second), min(said, first)
        support = np.arange(start, stop + 1)
        part = _choose(first, support) + _choose(second, said - support)
        mass = np.convolve(np.exp(logs), np.exp(part - part.max()))
        with np.errstate(divide="ignore"):
            found = np.log(mass)
        centred: Array = found - found.max()
        logs, low = centred, low + start
    support, seen = low + np.arange(len(logs)), float(x[0, 0].sum())

    def tilted(odds: float) -> Array:
        moved = logs + math.log(odds) * support
        mass = np.exp(moved - moved.max())
        tilt: Array = mass / mass.sum()
        return tilt

    plain = tilted(1.0)
    p = float(plain[plain <= plain[int(seen - low)] * _SLACK].sum())
    high, tail = support[-1], (1 - level) / 2
    estimate = (
        0.0
        if seen == low
        else math.inf
        if seen == high
        else _root(lambda odds: float(support @ tilted(odds)) - seen)
    )
    below = 0.0 if seen == low else _root(lambda odds: float(tilted(odds)[support >= seen].sum()) - tail)
    above = (
        math.inf if seen == high else _root(lambda odds: tail - float(tilted(odds)[support <= seen].sum()))
    )
    return Test(
        seen, min(1.0, p), "exact conditional test of a common odds ratio", None, estimate, below, above
    )


def _choose(n: float, k: Array) -> Array:
    found: Array = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def _root(rising: Any) -> float:
    from scipy.optimize import brentq

    return float(math.exp(brentq(lambda log: rising(math.exp(log)), -50.0, 50.0, xtol=1e-13, rtol=1e-14)))
