"""Power and the smallest detectable gap of small groups, by enumeration of every outcome."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, gammaln, xlog1py, xlogy

from toolkit.analysis.exact import fisher_p
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["exact_detectable_gap", "exact_power"]

Array = npt.NDArray[np.float64]
TestName = Literal["fisher", "pooled-z"]
MOST_ENUMERATED = 150


@typed
def exact_power(
    n_a: int,
    n_b: int,
    p_a: float,
    p_b: float,
    *,
    test: TestName = "fisher",
    alpha: float = 0.05,
    population_a: int | None = None,
    population_b: int | None = None,
) -> float:
    """Compute the chance that a test of two shares finds a gap, by counting every possible outcome.

    Parameters
    ----------
    n_a, n_b
        Answers on each side; at most 150.
    p_a, p_b
        Shares among everyone.
    test
        "fisher" (exact), or "pooled-z" (Pearson without correction).
    alpha
        Level of the test.
    population_a, population_b
        People the answers are drawn from: outcomes are then hypergeometric, with p · N rounded to people.

    Raises
    ------
    InvalidInput
        For shares outside 0–1, groups that are empty, too large, or larger than their population.

    Examples
    --------
    >>> round(exact_power(12, 40, 0.9, 0.5), 4)
    0.7207
    """
    problems = [
        Problem("out-of-range", name, f"is {value}", "give a fraction from 0 to 1")
        for name, value in (("p_a", p_a), ("p_b", p_b))
        if not 0 <= value <= 1
    ]
    _refuse_sizes("exact_power", n_a, n_b, problems=problems, populations=(population_a, population_b))
    rejected = _rejected(n_a, n_b, test, alpha)
    first, second = _outcomes(n_a, p_a, population_a), _outcomes(n_b, p_b, population_b)
    return float(first @ rejected @ second)


@typed
def exact_detectable_gap(
    n_a: int,
    n_b: int,
    *,
    power: float = 0.8,
    middle: float = 0.5,
    test: TestName = "fisher",
    alpha: float = 0.05,
    population_a: int | None = None,
    population_b: int | None = None,
) -> float:
    """Find the smallest gap that is found with the given power, to a tenth of a point, by enumeration.

    Parameters
    ----------
    n_a, n_b, test, alpha, population_a, population_b
        As in `exact_power`.
    power
        Chance of finding it, from that gap on.
    middle
        Share midway between the two sides; .5 is the hardest case.

    Returns
    -------
    float
        As a fraction; NaN where even the widest gap around the middle is not found so often.

    Examples
    --------
    >>> exact_detectable_gap(60, 60)
    0.266
    """
    problems = [
        Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")
        for name, value in (("power", power), ("middle", middle), ("alpha", alpha))
        if not 0 < value < 1
    ]
    populations = (population_a, population_b)
    _refuse_sizes("exact_detectable_gap", n_a, n_b, problems=problems, populations=populations)
    rejected = _rejected(n_a, n_b, test, alpha)
    gaps = np.arange(1, round(2000 * min(middle, 1 - middle)) + 1) / 1000
    first = np.array([_outcomes(n_a, middle + gap / 2, population_a) for gap in gaps])
    second = np.array([_outcomes(n_b, middle - gap / 2, population_b) for gap in gaps])
    short = np.einsum("gi,ij,gj->g", first, rejected, second) < power
    last = int(np.nonzero(short)[0].max(initial=-1))
    return float(gaps[last + 1]) if last + 1 < len(gaps) else float("nan")


def _rejected(n: int, m: int, test: str, alpha: float) -> Array:
    """1 for every outcome the test rejects."""
    if test == "fisher":
        x, y = np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0), indexing="ij")
        found = fisher_p(x.ravel(), np.full(x.size, float(n)), y.ravel(), np.full(x.size, float(m)))
        return (np.asarray(found, dtype=np.float64).reshape(x.shape) <= alpha).astype(np.float64)
    if test != "pooled-z":
        raise InvalidInput(
            "test",
            [Problem("unknown-option", "test", f"{test!r} is not known", 'use "fisher" or "pooled-z"')],
        )
    a, b = np.arange(n + 1.0)[:, None], np.arange(m + 1.0)[None, :]
    share = (a + b) / (n + m)
    variance = share * (1 - share) * (1 / n + 1 / m)
    squared = np.divide((a / n - b / m) ** 2, variance, out=np.zeros_like(variance), where=variance > 0)
    return (squared >= float(chdtri(1, alpha))).astype(np.float64)


def _outcomes(n: int, p: float, population: int | None) -> Array:
    """Chance of each number of answers."""
    k = np.arange(n + 1.0)
    if population is None:
        return np.asarray(np.exp(_choose(float(n), k) + xlogy(k, p) + xlog1py(n - k, -p)))
    yes = float(round(p * population))
    no = population - yes
    possible = (k <= yes) & (n - k <= no)
    inside = np.where(possible, k, 0.0), np.where(possible, n - k, 0.0)
    logs = _choose(yes, inside[0]) + _choose(no, inside[1]) - _choose(float(population), np.array(float(n)))
    return np.where(possible, np.exp(logs), 0.0)


def _choose(n: float, k: Array) -> Array:
    found: Array = gammaln(n + 1) - gammaln(k + 1) - gammaln(np.maximum(n - k, 0) + 1)
    return found


def _refuse_sizes(
    what: str,
    n: float,
    m: float,
    *,
    problems: list[Problem] | None = None,
    populations: tuple[int | None, int | None] = (None, None),
) -> None:
    found = list(problems or [])
    for side, size, people in zip("ab", (n, m), populations, strict=True):
        if size < 1 or size != int(size):
            found.append(
                Problem("out-of-range", f"n_{side}", f"is {size}", "give a whole number of answers above 0")
            )
        elif size > MOST_ENUMERATED:
            found.append(
                Problem(
                    "too-large",
                    f"n_{side}",
                    f"is {size:g}",
                    f"above {MOST_ENUMERATED} use the normal approximation",
                )
            )
        elif people is not None and size > people:
            found.append(
                Problem(
                    "above-population",
                    f"n_{side}",
                    f"is {size:g} of {people} people",
                    "correct one of the two",
                )
            )
    if found:
        raise InvalidInput(what, found)
