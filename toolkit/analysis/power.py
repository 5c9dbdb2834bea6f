"""Power of tests of shares and means: give all but one, and the one left out is solved for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

__all__ = ["Power", "power_anova", "power_proportions", "power_t_test"]

Alternative = Literal["two-sided", "one-sided"]
Kind = Literal["two-sample", "paired", "one-sample"]
_MOST = 1e9


@dataclass(frozen=True, repr=False)
class Power(Displayed):
    """A plan whose parts agree.

    Attributes
    ----------
    n
        Answers in each group (pairs, for a paired test), unrounded where it was solved for: round up.
    effect
        The difference found: p_b − p_a, a difference of means, or a variance between groups.
    power
        Chance of finding it.
    alpha
        Level of the test.
    method
        Which test.
    """

    n: float
    effect: float
    power: float
    alpha: float
    method: str


@typed
def power_proportions(
    p_a: float,
    p_b: float | None = None,
    *,
    n: float | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Power:
    """Power of the test of two shares, as R's `power.prop.test(…, strict = TRUE)`.

    Parameters
    ----------
    p_a
        Share on one side.
    p_b
        Share on the other; left out, the smallest share above p_a that is found with the power.
    n
        Answers on each side; left out, as many as the power needs.
    power
        Left out, it is computed.
    alpha
        Level of the test.
    alternative
        "two-sided" or "one-sided".

    Raises
    ------
    InvalidInput
        Unless exactly one of p_b, n and power is left out; where no such plan exists.

    Notes
    -----
    Φ((√n |p_a − p_b| − z √(2 p̄ q̄)) / √(p_a q_a + p_b q_b)) and the same for the far tail: a normal
    approximation, by statsmodels. For small groups enumerate. (R leaves the far tail out by default, so that
    the power of a tiny difference falls below the level of the test.)

    Examples
    --------
    >>> round(power_proportions(0.5, 0.6, power=0.8).n, 1)
    387.3
    """
    problems = [*_one_missing({"p_b": p_b, "n": n, "power": power}), *_common(n, power, alpha, alternative)]
    problems += [
        _fraction(name, value)
        for name, value in (("p_a", p_a), ("p_b", p_b))
        if value is not None and not 0 <= value <= 1
    ]
    if p_b is not None and p_b == p_a:
        problems.append(Problem("duplicate", "p_b", "equals p_a", "give two different shares"))
    _refuse(problems)
    from statsmodels.stats.proportion import power_proportions_2indep

    side = "two-sided" if alternative == "two-sided" else "larger"

    def chance(size: float, other: float) -> float:
        apart, least = abs(p_a - other), min(p_a, other)
        power = power_proportions_2indep(
            apart, least, size, alpha=alpha, alternative=side, return_results=False
        )
        return float(power)

    if n is None:
        n = _solve(lambda size: chance(size, p_b or 0.0) - (power or 0.0), 1.0, _MOST, "n")
    elif p_b is None:
        given = n
        p_b = _solve(lambda other: chance(given, other) - (power or 0.0), p_a, 1.0 - 1e-12, "p_b")
    found = chance(n, p_b if p_b is not None else p_a)
    return Power(n, (p_b or 0.0) - p_a, found, alpha, f"two shares, {alternative}, normal approximation")


@typed
def power_t_test(
    difference: float | None = None,
    *,
    sd: float = 1.0,
    n: float | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    kind: Kind = "two-sample",
    alternative: Alternative = "two-sided",
) -> Power:
    """Power of Student's t test, as R's `power.t.test(…, strict = TRUE)`.

    Parameters
    ----------
    difference
        Of means; left out, the smallest that is found with the power.
    sd
        Standard deviation of answers (of the differences, for a paired test).
    n, power, alpha, alternative
        As in `power_proportions`.
    kind
        "two-sample", "paired" or "one-sample".

    Notes
    -----
    Noncentral t, both tails, by statsmodels.

    Examples
    --------
    >>> round(power_t_test(0.5, n=50).power, 4)
    0.6969
    """
    problems = _one_missing({"difference": difference, "n": n, "power": power})
    problems += _common(n, power, alpha, alternative)
    if kind not in ("two-sample", "paired", "one-sample"):
        problems.append(
            Problem(
                "unknown-option",
                "kind",
                f"{kind!r} is not known",
                'use "two-sample", "paired" or "one-sample"',
            )
        )
    if not sd > 0:
        problems.append(Problem("out-of-range", "sd", f"is {sd}", "give a number above 0"))
    if difference is not None and not difference > 0:
        problems.append(Problem("out-of-range", "difference", f"is {difference}", "give a number above 0"))
    _refuse(problems)
    from statsmodels.stats.power import TTestIndPower, TTestPower

    test = TTestIndPower() if kind == "two-sample" else TTestPower()
    side = "two-sided" if alternative == "two-sided" else "larger"

    def chance(size: float, apart: float) -> float:
        found = float(test.power(apart / sd, size, alpha, alternative=side))
        # scipy's noncentral t is NaN from a noncentrality of about 37, where the power is 1 to all digits
        return 1.0 if math.isnan(found) and apart / sd * math.sqrt(size / 2) > 10 else found

    if n is None:
        apart = difference or 0.0
        n = _solve(lambda size: chance(size, apart) - (power or 0.0), 2.0, 1e7, "n")
    elif difference is None:
        given = n
        difference = _solve(lambda d: chance(given, d) - (power or 0.0), 1e-9, 30 * sd, "difference")
    found = chance(n, difference or 0.0)
    return Power(n, difference or 0.0, found, alpha, f"{kind} t test, {alternative}")


@typed
def power_anova(
    groups: int,
    *,
    between_variance: float | None = None,
    within_variance: float = 1.0,
    n: float | None = None,
    power: float | None = None,
    alpha: float = 0.05,
) -> Power:
    """Power of a one-way analysis of variance with equal groups, as R's `power.anova.test`.

    Parameters
    ----------
    groups
        How many.
    between_variance
        Variance of the group means (k − 1 below).
    within_variance
        Variance of answers in a group.
    n, power, alpha
        As in `power_proportions`; n is of each group.

    Examples
    --------
    >>> round(power_anova(3, between_variance=0.02, power=0.8).n, 1)
    241.9
    """
    problems = _one_missing({"between_variance": between_variance, "n": n, "power": power})
    problems += _common(n, power, alpha, "two-sided")
    if groups < 2:
        problems.append(Problem("too-few", "groups", f"are {groups}", "give at least two"))
    for name, value in (("between_variance", between_variance), ("within_variance", within_variance)):
        if value is not None and not value > 0:
            problems.append(Problem("out-of-range", name, f"is {value}", "give a number above 0"))
    _refuse(problems)

    from statsmodels.stats.power import FTestAnovaPower

    def chance(size: float, between: float) -> float:
        effect = np.sqrt((groups - 1) / groups * between / within_variance)
        return float(FTestAnovaPower().power(effect, size * groups, alpha, k_groups=groups))

    if n is None:
        between = between_variance or 0.0
        n = _solve(lambda size: chance(size, between) - (power or 0.0), 2.0, 1e6, "n")
    elif between_variance is None:
        given = n
        between_variance = _solve(
            lambda v: chance(given, v) - (power or 0.0), 1e-9, 100 * within_variance, "between_variance"
        )
    found = chance(n, between_variance or 0.0)
    return Power(n, between_variance or 0.0, found, alpha, f"analysis of variance of {groups} groups")


def _solve(short: Callable[[float], float], low: float, high: float, what: str) -> float:
    from scipy.optimize import brentq

    top = low
    if short(low) < 0:
        step = max(abs(low), 1e-3) if high > 1 else high - low
        while short(top) < 0:
            if top >= high:
                hint = "ask for less power or a larger effect or group"
                raise InvalidInput(
                    "power", [Problem("unreachable", what, "no value reaches that power", hint)]
                )
            top, step = min(high, top + step), step * 2
    else:
        hint = "the power asked for is reached even there; ask for more"
        raise InvalidInput("power", [Problem("unreachable", what, f"would lie below {low:g}", hint)])
    return float(brentq(short, low, top, xtol=1e-12, rtol=1e-14))


def _one_missing(parts: dict[str, Any]) -> list[Problem]:
    missing = [name for name, value in parts.items() if value is None]
    if len(missing) == 1:
        return []
    said = "none is left out" if not missing else f"{', '.join(missing)} are left out"
    return [
        Problem(
            "conflict" if not missing else "missing-argument",
            " / ".join(parts),
            said,
            "leave out exactly the one to be solved for",
        )
    ]


def _common(n: float | None, power: float | None, alpha: float, alternative: str) -> list[Problem]:
    problems = []
    if n is not None and not n >= 2:
        problems.append(Problem("out-of-range", "n", f"is {n}", "give at least 2 a group"))
    if power is not None and not 0 < power < 1:
        problems.append(_fraction("power", power))
    if not 0 < alpha < 1:
        problems.append(_fraction("alpha", alpha))
    if alternative not in ("two-sided", "one-sided"):
        problems.append(
            Problem(
                "unknown-option",
                "alternative",
                f"{alternative!r} is not known",
                'use "two-sided" or "one-sided"',
            )
        )
    return problems


def _fraction(name: str, value: float) -> Problem:
    return Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput("power", problems)
