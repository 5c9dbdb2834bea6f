"""How many to ask, and what a survey of that size can and cannot see."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["margin_of_error", "minimum_detectable_gap", "sample_size", "size_for_margin"]


@typed
def minimum_detectable_gap(
    n_a: Numbers, n_b: Numbers, *, power: float = 0.8, alpha: float = 0.05, p: float = 0.5
) -> Any:
    """Smallest gap between two shares that a survey of that size finds with the given power.

    Parameters
    ----------
    n_a, n_b
        Answers on each side (effective numbers where weighted).
    power
        Chance of finding it.
    alpha
        Two-sided level of the test.
    p
        Share both sides lie around; .5 is the hardest case.

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
    """The same for the rows of a result, NaN where a side is empty."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    usable = (a > 0) & (b > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = (ndtri(1 - alpha / 2) + ndtri(power)) * np.sqrt(p * (1 - p) * (1 / a + 1 / b))
        return np.where(usable & (gap < 1), gap, np.nan)


@typed
def sample_size(
    gap: float, *, power: float = 0.8, alpha: float = 0.05, p: float = 0.5, ratio: float = 1.0
) -> int:
    """Answers needed from side a (side b: `ratio` times as many) to find a gap of that size.

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
    """Half the width of a share's Wald interval, as pollsters print it.

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
    """Answers needed for a margin of error, unrounded: round up.

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
