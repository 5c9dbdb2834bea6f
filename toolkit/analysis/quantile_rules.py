"""Quantiles of weighted answers, by each of the rules R has for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.analysis.plain import as_numbers
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["RULES", "quantile_of", "weighted_quantile"]

Array = npt.NDArray[np.float64]
RULES = ("math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
_SAME = 1e-12
"""Cumulated weights this near to the wanted part of their sum have reached it."""


@typed
def weighted_quantile(values: Numbers, weights: Numbers, p: float, *, rule: str = "math") -> float:
    """One weighted quantile.

    Parameters
    ----------
    values, weights
        One a respondent, without missing ones; weights of 0 do not count.
    p
        Between 0 and 1.
    rule
        "math" (or "hf1", the inverse of the distribution function), "school" ("hf2", the middle of two
        values where the function is flat), "hf3" … "hf9" (Hyndman and Fan 1996, for weights), "shahvaish"
        (Shah and Vaish 2006: steps at the middle of each weight, weights averaging 1).

    Raises
    ------
    InvalidInput
        For a p outside 0–1 or an unknown rule.

    Notes
    -----
    Checked against R: `svyquantile(qrule = …)`, which below the first weight's share gives the second
    value, where this gives the first, and whose "shahvaish" holds for weights that average 1 alone.

    Examples
    --------
    >>> weighted_quantile([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], 0.5, rule="school")
    2.5
    """
    problems = []
    if not 0 <= p <= 1:
        problems.append(Problem("out-of-range", "p", f"is {p}", "give a number between 0 and 1"))
    if rule not in RULES:
        problems.append(Problem("unknown-option", "rule", f"{rule!r} is not known", f"use one of {RULES}"))
    if problems:
        raise InvalidInput("weighted_quantile", problems)
    x, w = as_numbers("values", values), as_numbers("weights", weights)
    if len(x) != len(w):
        what = f"are {len(w)} for {len(x)} values"
        raise InvalidInput(
            "weighted_quantile", [Problem("unequal-length", "weights", what, "give one a value")]
        )
    if not bool((np.isfinite(w) & (w >= 0)).all()):
        what, hint = "hold one that is missing, infinite or negative", "correct it or leave the value out"
        raise InvalidInput("weighted_quantile", [Problem("not-finite", "weights", what, hint)])
    kept = (w > 0) & ~np.isnan(x)
    order = np.argsort(x[kept], kind="stable")
    return quantile_of(x[kept][order], w[kept][order], p, rule)


def quantile_of(x: Array, w: Array, p: float, rule: str) -> float:
    """Quantile of answers in order, all of positive weight; NaN of none."""
    if len(x) == 0:
        return float("nan")
    if len(x) == 1:
        return float(x[0])
    if rule == "hf3":
        x, position = np.unique(x, return_inverse=True)
        w = np.bincount(position, weights=w).astype(np.float64)
    held = np.cumsum(w)
    whole = held[-1]
    if rule in ("math", "hf1", "school", "hf2", "hf3"):
        reached = int(np.searchsorted(held / whole, p + _SAME, side="right")) - 1
        above = x[min(reached + 1, len(x) - 1)]
        if reached < 0 or abs(held[reached] / whole - p) > _SAME:
            return float(above)
        if rule in ("school", "hf2"):
            return float((x[reached] + above) / 2)
        even = rule != "hf3" or reached % 2 == 1
        return float(x[reached] if even else above)
    if rule == "shahvaish":
        middle = ((held - w / 2) * len(x) / whole + 0.5) / (len(x) + 1)
        return float(x[max(int(np.searchsorted(middle, p + _SAME, side="right")) - 1, 0)])
    before, last = held - w, w[-1]
    at = {
        "hf4": held / whole,
        "hf5": (held - w / 2) / whole,
        "hf6": held / (whole + last),
        "hf7": before / held[-2],
        "hf8": (before / 3 + held * 2 / 3) / (whole + last / 3),
        "hf9": (before * 3 / 8 + held * 5 / 8) / (whole + last / 4),
    }[rule]
    return float(np.interp(p, at, x))
