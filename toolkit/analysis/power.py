"""Power, sample sizes, margins of error and what a survey can see."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtri, ndtri

from toolkit.analysis.tables import fisher_p
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

# Sample sizes, margins of error, power and detectable gaps.


@typed
def minimum_detectable_gap(
    n_a: Numbers, n_b: Numbers, *, power: float = 0.8, alpha: float = 0.05, p: float = 0.5
) -> Any:
    """Compute the smallest gap between two shares that a sample detects with the given power.

    Parameters
    ----------
    n_a, n_b
        Answers on each side (effective numbers where weighted).
    power
        Chance of finding it.
    alpha
        Two-sided level of the test.
    p
        Share both sides are around; .5 is the hardest case.

    Returns
    -------
    float or numpy.ndarray
        As a fraction; NaN where even a gap of 1 would not show.

    Raises
    ------
    InvalidInput
        Where a side has no answers, and for power, alpha or p outside 0–1.

    Notes
    -----
    (z₁₋α/₂ + z_power) · √(p(1 − p)(1/n_a + 1/n_b)), the normal approximation.

    Examples
    --------
    >>> round(minimum_detectable_gap(100, 100), 4)
    0.1981
    """
    sizes = {"n_a": np.asarray(n_a, dtype=np.float64), "n_b": np.asarray(n_b, dtype=np.float64)}
    _refuse(
        [
            *(_none_asked(name, size) for name, size in sizes.items() if not bool((size > 0).all())),
            *_fraction("power", power),
            *_fraction("alpha", alpha),
            *_fraction("p", p),
        ]
    )
    found = detectable_gap(sizes["n_a"], sizes["n_b"], power=power, alpha=alpha, p=p)
    return float(found) if found.ndim == 0 else found


def detectable_gap(a: Any, b: Any, *, power: float, alpha: float, p: float = 0.5) -> Any:
    """Compute the detectable gap of each row, NaN where a side is empty."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    usable = (a > 0) & (b > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = (ndtri(1 - alpha / 2) + ndtri(power)) * np.sqrt(p * (1 - p) * (1 / a + 1 / b))
        return np.where(usable & (gap < 1), gap, np.nan)


@typed
def sample_size(
    gap: float, *, power: float = 0.8, alpha: float = 0.05, p: float = 0.5, ratio: float = 1.0
) -> int:
    """Compute the answers needed from side a (side b: `ratio` times as many) to detect a gap.

    Parameters
    ----------
    gap
        As a fraction, above 0 and below 1.
    power, alpha, p
        As in `minimum_detectable_gap`, of which this is the inverse.
    ratio
        n_b / n_a.

    Examples
    --------
    >>> sample_size(0.10)
    393
    """
    problems = [
        *_fraction("gap", gap),
        *_fraction("power", power),
        *_fraction("alpha", alpha),
        *_fraction("p", p),
    ]
    if not ratio > 0:
        problems.append(Problem("out-of-range", "ratio", f"is {ratio}", "give a number above 0"))
    _refuse(problems)
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    return int(np.ceil(z**2 * p * (1 - p) * (1 + 1 / ratio) / gap**2 - 1e-9))


@typed
def margin_of_error(
    n: Numbers,
    population: Numbers | None = None,
    *,
    p: float = 0.5,
    level: float = 0.95,
    design_effect: float = 1.0,
) -> Any:
    """Compute half the width of a share's Wald interval, as pollsters print it.

    Parameters
    ----------
    n
        Answers.
    population
        People they were drawn from, for the finite-population factor √((N − n)/(N − 1)).
    p
        The share; .5 is the widest.
    level
        Confidence level.
    design_effect
        By which weights and clusters widen the variance.

    Returns
    -------
    float or numpy.ndarray
        As a fraction; NaN where n is 0.

    Raises
    ------
    InvalidInput
        Where n is negative or above the population.

    Examples
    --------
    >>> round(margin_of_error(1250), 4)
    0.0277
    """
    problems = [*_fraction("level", level), *_fraction("p", p), *_above_zero("design_effect", design_effect)]
    count = np.asarray(n, dtype=np.float64)
    if not (count >= 0).all():
        problems.append(Problem("out-of-range", "n", "is negative or missing", "give the number of answers"))
    whole = None if population is None else np.asarray(population, dtype=np.float64)
    if whole is not None and (count > whole).any():
        problems.append(
            Problem(
                "above-population",
                "n",
                "is above the population",
                "a sample cannot be larger than its population",
            )
        )
    _refuse(problems)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = ndtri((1 + level) / 2) * np.sqrt(
            design_effect * p * (1 - p) / np.where(count > 0, count, np.nan)
        )
        if whole is not None:
            half = half * np.where(whole > 1, np.sqrt((whole - count) / (whole - 1)), 0.0)
    return float(half) if np.ndim(half) == 0 else half


@typed
def size_for_margin(
    margin: float,
    population: float | None = None,
    *,
    p: float = 0.5,
    level: float = 0.95,
    design_effect: float = 1.0,
) -> float:
    """Compute the answers needed for a margin of error, unrounded: round up.

    Parameters
    ----------
    margin
        As a fraction: .03 for three points.
    population, p, level, design_effect
        As in `margin_of_error`.

    Notes
    -----
    n₀ = d z² p(1 − p) / m²; of N people n₀ / (1 + (n₀ − 1) / N).

    Examples
    --------
    >>> round(size_for_margin(0.03), 2), round(size_for_margin(0.03, 2600), 2)
    (1067.07, 756.77)
    """
    problems = [*_fraction("margin", margin), *_fraction("level", level), *_fraction("p", p)]
    problems += _above_zero("design_effect", design_effect)
    if population is not None and not population >= 1:
        problems.append(
            Problem("out-of-range", "population", f"is {population}", "give the number of people")
        )
    _refuse(problems)
    n = design_effect * float(ndtri((1 + level) / 2)) ** 2 * p * (1 - p) / margin**2
    return n if population is None else n / (1 + (n - 1) / population)


def _none_asked(name: str, size: Any) -> Problem:
    first = size[~(size > 0)].ravel()[0]
    return Problem("out-of-range", name, f"holds {first:g}", "give the number who answer, above 0")


def _above_zero(name: str, value: float) -> list[Problem]:
    return [] if value > 0 else [Problem("out-of-range", name, f"is {value}", "give a number above 0")]


def _fraction(name: str, value: float) -> list[Problem]:
    if 0 < value < 1:
        return []
    return [Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput("planning", problems)


# Exact power and detectable gaps of small groups, by enumeration of outcomes.


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
    """Return 1 for every outcome that the test rejects."""
    if test == "fisher":
        x, y = np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0), indexing="ij")
        found = fisher_p(x.ravel(), np.full(x.size, float(n)), y.ravel(), np.full(x.size, float(m)))
        return (np.asarray(found, dtype=np.float64).reshape(x.shape) <= alpha).astype(np.float64)
    if test != "pooled-z":
        raise InvalidInput(
            "test", [Problem("unknown-option", "test", f"{test!r} is unknown", 'use "fisher" or "pooled-z"')]
        )
    a, b = np.arange(n + 1.0)[:, None], np.arange(m + 1.0)[None, :]
    share = (a + b) / (n + m)
    variance = share * (1 - share) * (1 / n + 1 / m)
    squared = np.divide((a / n - b / m) ** 2, variance, out=np.zeros_like(variance), where=variance > 0)
    return (squared >= float(chdtri(1, alpha))).astype(np.float64)


def _outcomes(n: int, p: float, population: int | None) -> Array:
    """Compute the probability of each number of answers."""
    from scipy.stats import binom, hypergeom

    k = np.arange(n + 1)
    if population is None:
        return np.asarray(binom.pmf(k, n, p))
    return np.asarray(hypergeom.pmf(k, population, round(p * population), n))


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


# Feasibility of a survey of one organisation.


@typed
def visible_gaps(
    headcounts: Mapping[str, int],
    *,
    responded: Mapping[str, int] | None = None,
    response: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
) -> pd.DataFrame:
    """Report what a survey of an organisation can and cannot show, before it is sent out or after.

    Parameters
    ----------
    headcounts
        Audience → people.
    responded
        Audience → answers expected or received; else headcount times `response`, rounded.
    response
        Response rate.
    power
        Chance of finding the gap.
    level
        Confidence level; the test has level 1 − level.

    Returns
    -------
    pandas.DataFrame
        A row per pair: audience_a, audience_b, population_a, population_b, n_a, n_b, margin_a, margin_b,
        detectable_gap (NaN: no gap would be found so often), method.

    Raises
    ------
    InvalidInput
        For fewer than two audiences, more answers than people, a response outside 0–1.

    Notes
    -----
    Groups of up to 150 answers are enumerated (Fisher's test, finite population); larger ones take the
    normal approximation, without the finite population.

    Examples
    --------
    >>> visible_gaps({"executive": 12, "employee": 240}, response=0.5)["n_a"].tolist()
    [6]
    """
    counts = dict(responded) if responded is not None else {}
    problems = []
    if not 0 < response <= 1:
        problems.append(
            Problem("out-of-range", "response", f"is {response}", "give a fraction: .6 for 60 percent")
        )
    if len(headcounts) < 2:
        problems.append(
            Problem("too-few", "headcounts", f"name {len(headcounts)} audience(s)", "name two or more")
        )
    for name, people in headcounts.items():
        counts.setdefault(name, round(people * response) if 0 < response <= 1 else 0)
        if people < 1 or counts[name] > people or counts[name] < 0:
            what = f"has {counts[name]} answers of {people} people"
            problems.append(
                Problem(
                    "above-population",
                    f"audience {name!r}",
                    what,
                    "give whole numbers, answers at most people",
                )
            )
    problems += [
        Problem("missing-value", f"audience {name!r}", "has answers and no headcount", "give its headcount")
        for name in counts
        if name not in headcounts
    ]
    if problems:
        raise InvalidInput("visible_gaps", problems)
    rows = [_seen(pair, headcounts, counts, power, level) for pair in combinations(headcounts, 2)]
    return pd.DataFrame(rows).astype({"audience_a": "str", "audience_b": "str", "method": "str"})


def _seen(
    pair: tuple[str, str], people: Mapping[str, int], counts: Mapping[str, int], power: float, level: float
) -> dict[str, object]:
    (a, b), (n, m) = pair, (counts[one] for one in pair)
    row: dict[str, object] = {"audience_a": a, "audience_b": b}
    row |= {"population_a": people[a], "population_b": people[b], "n_a": n, "n_b": m}
    row |= {
        f"margin_{side}": margin_of_error(counts[one], people[one], level=level)
        for side, one in zip("ab", pair, strict=True)
    }
    if n < 1 or m < 1:
        return row | {"detectable_gap": float("nan"), "method": "no one answered on one side"}
    if max(n, m) <= MOST_ENUMERATED:
        gap = exact_detectable_gap(
            n, m, power=power, alpha=1 - level, population_a=people[a], population_b=people[b]
        )
        return row | {"detectable_gap": gap, "method": "enumeration, Fisher's exact test, finite population"}
    gap = minimum_detectable_gap(n, m, power=power, alpha=1 - level)
    return row | {"detectable_gap": gap, "method": "normal approximation"}
