"""One share against a benchmark."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.special import bdtr, bdtrc, betaincinv, chdtrc, gammaln, ndtr, xlog1py, xlogy

from toolkit.analysis.intervals import quantile
from toolkit.analysis.results import Test
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["exact_binomial_test", "score_test"]

Alternative = Literal["two-sided", "less", "greater"]
_SLACK = 1 + 1e-7


@typed
def exact_binomial_test(
    x: int, n: int, *, p: float = 0.5, alternative: Alternative = "two-sided", level: float = 0.95
) -> Test:
    """Exact test of one share, as R's `binom.test`, with the Clopper–Pearson interval.

    Parameters
    ----------
    x, n
        How many said so, of how many answers.
    p
        The benchmark, taken as known without error.
    alternative
        "two-sided" adds every outcome no likelier than the one seen; "less" and "greater" add one tail.
    level
        Confidence level.

    Examples
    --------
    >>> round(exact_binomial_test(1, 29, p=0.3).p_value, 6)
    0.00078
    """
    _refuse(x, n, p, alternative)
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlog1py(n - k, -p)
    mass = np.exp(logs)
    if alternative == "two-sided":
        p_value = min(1.0, float(mass[mass <= mass[x] * _SLACK].sum()))
    elif alternative == "less":
        p_value = float(bdtr(x, n, p))
    else:
        p_value = float(bdtrc(x - 1, n, p)) if x > 0 else 1.0
    tail = (1 - level) / (2 if alternative == "two-sided" else 1)
    low = 0.0 if x == 0 or alternative == "less" else float(betaincinv(x, n - x + 1, tail))
    high = 1.0 if x == n or alternative == "greater" else float(betaincinv(x + 1, n - x, 1 - tail))
    return Test(float(x), p_value, "exact binomial test", None, x / n, low, high)


@typed
def score_test(
    x: int,
    n: int,
    *,
    p: float = 0.5,
    correct: bool = False,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> Test:
    """Score (chi-square) test of one share, as R's one-sample `prop.test`, with the Wilson interval.

    Parameters
    ----------
    correct
        Apply the continuity correction, to the test and to the interval.

    Examples
    --------
    >>> round(score_test(81, 263).conf_low, 6)
    0.255289
    """
    _refuse(x, n, p, alternative)
    apart = abs(x - n * p)
    yates = min(0.5, apart) if correct else 0.0
    statistic = (apart - yates) ** 2 / (n * p * (1 - p))
    z = math.copysign(math.sqrt(statistic), x - n * p)
    if alternative == "two-sided":
        p_value = float(chdtrc(1, statistic))
    else:
        p_value = float(ndtr(z if alternative == "less" else -z))
    critical = quantile(level if alternative == "two-sided" else 2 * level - 1)
    low, high = _corrected_wilson(x / n, n, critical, yates)
    low = 0.0 if alternative == "less" else low
    high = 1.0 if alternative == "greater" else high
    said = "score test" + (" with continuity correction" if correct else "")
    return Test(statistic, p_value, said, 1, x / n, low, high)


def _corrected_wilson(p: float, n: int, z: float, yates: float) -> tuple[float, float]:
    z22n = z * z / (2 * n)
    down, up = p - yates / n, p + yates / n
    low = (down + z22n - z * math.sqrt(max(down * (1 - down) / n + z22n / (2 * n), 0.0))) / (1 + 2 * z22n)
    high = (up + z22n + z * math.sqrt(max(up * (1 - up) / n + z22n / (2 * n), 0.0))) / (1 + 2 * z22n)
    return (0.0 if down <= 0 else max(low, 0.0)), (1.0 if up >= 1 else min(high, 1.0))


def _refuse(x: int, n: int, p: float, alternative: str) -> None:
    problems = []
    if n <= 0 or n != int(n):
        problems.append(Problem("out-of-range", "n", f"is {n}", "give a whole number of answers above 0"))
    elif not 0 <= x <= n or x != int(x):
        problems.append(Problem("out-of-range", "x", f"is {x}", f"give a whole number from 0 to {n}"))
    if not 0 < p < 1:
        problems.append(
            Problem("out-of-range", "p", f"is {p}", "give the benchmark as a fraction between 0 and 1")
        )
    if alternative not in ("two-sided", "less", "greater"):
        problems.append(
            Problem(
                "unknown-option",
                "alternative",
                f"{alternative!r} is not known",
                'use "two-sided", "less" or "greater"',
            )
        )
    if problems:
        raise InvalidInput("one proportion", problems)
