"""Rank tests for ordinal answers, as R does them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, kolmogorov, ndtr

from toolkit.analysis.plain import as_numbers
from toolkit.analysis.results import Test
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = [
    "friedman",
    "kolmogorov_smirnov",
    "kruskal",
    "mann_whitney",
    "wilcoxon_signed_rank",
]

Array = npt.NDArray[np.float64]


def mann_whitney_from_counts(
    counts_a: Array, counts_b: Array, *, correct: bool = True
) -> tuple[Array, Array]:
    """W and its two-sided normal-approximation p for many items, from counts of ordered codes."""
    n, m = counts_a.sum(axis=1), counts_b.sum(axis=1)
    both = counts_a + counts_b
    below = np.cumsum(counts_b, axis=1) - counts_b
    w = (counts_a * (below + counts_b / 2)).sum(axis=1)
    return w, _normal_p(w - n * m / 2, n, m, (both**3 - both).sum(axis=1), correct=correct)


def null_error(n: Array, m: Array, ties: Array) -> Array:
    """Standard error of W where both sides are alike, corrected for ties (Σ t³ − t)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error: Array = np.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return error


def _normal_p(apart: Array, n: Array, m: Array, ties: Array, *, correct: bool) -> Array:
    error = null_error(n, m, ties)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 0, (apart - (np.sign(apart) * 0.5 if correct else 0.0)) / error, np.nan)
    return np.asarray(2 * np.minimum(ndtr(z), ndtr(-z)))


@typed
def mann_whitney(
    a: Numbers,
    b: Numbers,
    *,
    exact: bool | None = None,
    correct: bool = True,
    level: float = 0.95,
) -> Test:
    """Mann–Whitney (Wilcoxon rank-sum) test, as R's `wilcox.test`.

    Parameters
    ----------
    a, b
        Two samples; missing values are left out.
    exact
        The exact distribution, which needs untied values; None takes it below 50 a side where nothing ties.
    correct
        Continuity correction of the normal approximation.
    level
        Confidence level of the shift's interval, given with the exact test.

    Returns
    -------
    Test
        `statistic` is W; with the exact test `estimate` is the Hodges–Lehmann shift with its interval.

    Raises
    ------
    InvalidInput
        Where a side is empty, or the exact test is asked for with ties.

    Examples
    --------
    >>> round(mann_whitney([1.1, 2.2, 3.3], [0.5, 1.5, 4.5]).p_value, 4)
    1.0
    """
    first, second = known_values("a", a), known_values("b", b)
    n, m = first.size, second.size
    values, counts = np.unique(np.concatenate([first, second]), return_counts=True)
    tied = values.size < n + m
    if exact is None:
        exact = not tied and n < 50 and m < 50
    if exact and tied:
        raise InvalidInput(
            "mann_whitney",
            [
                Problem(
                    "unsuited-method",
                    "exact",
                    "values tie, and the exact distribution knows no ties",
                    "use exact=False",
                )
            ],
        )
    differences = np.sort(np.subtract.outer(first, second).ravel())
    w = float((differences > 0).sum() + (differences == 0).sum() / 2)
    if not exact:
        ties = np.array(float((counts.astype(np.float64) ** 3 - counts).sum()))
        p = _normal_p(np.array(w - n * m / 2), np.array(float(n)), np.array(float(m)), ties, correct=correct)
        return Test(
            w,
            float(p),
            "Wilcoxon rank-sum test, normal approximation"
            + (" with continuity correction" if correct else ""),
        )
    mass = _rank_sum_mass(n, m)
    upper = mass[int(w) :].sum() if w > n * m / 2 else mass[: int(w) + 1].sum()
    reach = int(np.searchsorted(np.cumsum(mass), (1 - level) / 2))
    reach = max(reach, 1)
    low, high = float(differences[reach - 1]), float(differences[n * m - reach])
    return Test(
        w,
        min(1.0, 2 * float(upper)),
        "Wilcoxon rank-sum exact test",
        None,
        float(np.median(differences)),
        low,
        high,
    )


def _rank_sum_mass(n: int, m: int) -> Array:
    """Distribution of W under no difference: coefficients of the Gaussian binomial."""
    counts = np.zeros(n * m + 1)
    counts[0] = 1.0
    for size in range(1, n + 1):
        grown = counts.copy()
        for at in range(m + size, n * m + 1):
            grown[at] -= counts[at - m - size]
        for at in range(size, n * m + 1):
            grown[at] += grown[at - size]
        counts = grown
    mass: Array = counts / counts.sum()
    return mass


@typed
def wilcoxon_signed_rank(a: Numbers, b: Numbers, *, correct: bool = True) -> Test:
    """Wilcoxon's signed-rank test of pairs, by the normal approximation.

    Parameters
    ----------
    a, b
        Paired values; pairs with a missing side, and pairs without a difference, are left out.
    correct
        Continuity correction.

    Returns
    -------
    Test
        `statistic` is V, the sum of ranks of positive differences.

    Notes
    -----
    Equal to R's `wilcox.test(paired = TRUE, exact = FALSE)`.

    Examples
    --------
    >>> wilcoxon_signed_rank([1, 2, 3, 4], [0, 0, 0, 0]).statistic
    10.0
    """
    first, second = as_numbers("a", a), as_numbers("b", b)
    if first.size != second.size:
        what = f"are of unequal length ({first.size} and {second.size})"
        hint = "give one value a person on both sides"
        raise InvalidInput("wilcoxon_signed_rank", [Problem("unequal-length", "pairs", what, hint)])
    apart = first - second
    apart = apart[~np.isnan(apart) & (apart != 0)]
    if apart.size == 0:
        raise InvalidInput(
            "wilcoxon_signed_rank",
            [Problem("no-variation", "pairs", "none differs", "there is nothing to test")],
        )
    rank, counts = mid_ranks(np.abs(apart))
    v, n = float(rank[apart > 0].sum()), apart.size
    error = math.sqrt(n * (n + 1) * (2 * n + 1) / 24 - (counts**3 - counts).sum() / 48)
    z = v - n * (n + 1) / 4
    z = (z - (math.copysign(0.5, z) if correct and z != 0 else 0.0)) / error
    return Test(
        v,
        float(2 * min(ndtr(z), ndtr(-z))),
        "Wilcoxon signed-rank test, normal approximation"
        + (" with continuity correction" if correct else ""),
    )


@typed
def kruskal(groups: Sequence[Numbers]) -> Test:
    """Kruskal–Wallis test, corrected for ties, as R's `kruskal.test`.

    Parameters
    ----------
    groups
        Two or more samples; missing values are left out.

    Returns
    -------
    Test
        `estimate` is ε² = H / ((n² − 1)/(n + 1)), the share of rank variance between groups.

    Examples
    --------
    >>> round(kruskal([[1, 2, 3], [4, 5, 6]]).statistic, 4)
    3.8571
    """
    samples = [known_values(f"group {at}", group) for at, group in enumerate(groups)]
    if len(samples) < 2:
        raise InvalidInput(
            "kruskal", [Problem("too-few", "groups", "are fewer than two", "give at least two")]
        )
    rank, counts = mid_ranks(np.concatenate(samples))
    n, sizes = rank.size, np.array([sample.size for sample in samples])
    sums = np.add.reduceat(rank, np.concatenate([[0], np.cumsum(sizes)[:-1]]))
    untied = 1 - (counts**3 - counts).sum() / (n**3 - n)
    if untied <= 0:
        raise InvalidInput(
            "kruskal",
            [Problem("no-variation", "groups", "everyone gave the same answer", "there is nothing to rank")],
        )
    h = float((12 * (sums**2 / sizes).sum() / (n * (n + 1)) - 3 * (n + 1)) / untied)
    df = len(samples) - 1
    return Test(
        h, float(chdtrc(df, h)), "Kruskal–Wallis rank-sum test", df, h / ((n**2 - 1) / (n + 1)), symbol="H"
    )


@typed
def friedman(table: Numbers | pd.DataFrame) -> Test:
    """Friedman's test of treatments (columns) within blocks (rows), as R's `friedman.test`.

    Blocks with a missing value are left out.

    Examples
    --------
    >>> friedman([[1, 2, 3], [1, 2, 3], [1, 3, 2]]).df
    2
    """
    if isinstance(table, pd.DataFrame):
        table = np.column_stack([as_numbers(str(one), table[one]) for one in table])
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise InvalidInput(
            "friedman",
            [
                Problem(
                    "too-few",
                    "table",
                    "has fewer than two columns",
                    "give blocks as rows, treatments as columns",
                )
            ],
        )
    values = values[~np.isnan(values).any(axis=1)]
    n, k = values.shape
    ranked = [mid_ranks(row) for row in values]
    ties = sum(float((counts**3 - counts).sum()) for _, counts in ranked)
    if n == 0 or ties >= n * (k**3 - k):
        raise InvalidInput(
            "friedman",
            [
                Problem(
                    "no-variation", "table", "has no block whose answers differ", "there is nothing to rank"
                )
            ],
        )
    sums = np.sum([rank for rank, _ in ranked], axis=0)
    q = 12 * float(((sums - n * (k + 1) / 2) ** 2).sum()) / (n * k * (k + 1) - ties / (k - 1))
    return Test(q, float(chdtrc(k - 1, q)), "Friedman rank-sum test", k - 1, symbol="χ²")


@typed
def kolmogorov_smirnov(a: Numbers, b: Numbers) -> Test:
    """Two-sample Kolmogorov–Smirnov test by its limit distribution, as R's `ks.test(exact=FALSE)`.

    Kolmogorov's law in full; below d√(nm/(n+m)) = 1 R takes one term of its series, up to 4e-5 too high.
    With ties, as answers on a scale have, the p value is too large rather than too small.

    Examples
    --------
    >>> round(kolmogorov_smirnov([1, 2, 3], [2, 3, 4]).statistic, 4)
    0.3333
    """

    first, second = np.sort(known_values("a", a)), np.sort(known_values("b", b))
    at = np.unique(np.concatenate([first, second]))
    apart = (
        np.searchsorted(first, at, side="right") / first.size
        - np.searchsorted(second, at, side="right") / second.size
    )
    d = float(np.abs(apart).max())
    p = float(kolmogorov(d * math.sqrt(first.size * second.size / (first.size + second.size))))
    return Test(d, p, "Kolmogorov–Smirnov test, asymptotic")


def mid_ranks(values: Array) -> tuple[Array, Array]:
    """Mid-ranks, and how many share each value."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    sizes = counts.astype(np.float64)
    middle = np.cumsum(sizes) - (sizes - 1) / 2
    return middle[at], sizes


def known_values(name: str, values: Numbers) -> Array:
    """The numbers that are there.

    Raises
    ------
    InvalidInput
        Where none is.
    """
    numbers = as_numbers(name, values)
    numbers = numbers[~np.isnan(numbers)]
    if numbers.size == 0:
        raise InvalidInput(
            "rank test", [Problem("no-answers", name, "has no answer", "give at least one value")]
        )
    return numbers
