"""Consistency of published figures with each other, by bounds that respect rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from toolkit.analysis.rounding import rounded
from toolkit.findings.claims import Check, Register

__all__ = [
    "CONSISTENT",
    "CONTRADICTED",
    "REPRODUCED",
    "UNTESTED",
    "VERDICTS",
    "check_claims",
    "shares_of_groups",
]

REPRODUCED, CONSISTENT = "reproduced", "consistent"
UNTESTED, CONTRADICTED = "untested", "contradicted"
VERDICTS = {
    REPRODUCED: "reproduced",
    CONSISTENT: "consistent",
    UNTESTED: "cannot be tested from what is published",
    CONTRADICTED: "contradicted",
}
"""Code of a verdict on a claim → its words."""

_NOISE = 1e-9


@dataclass(frozen=True)
class _Ends:
    """The range of shares that round to a published percentage."""

    low: float
    high: float


@dataclass(frozen=True)
class _Found:
    """The bounds that the parts imply, the distance of the figures from them, and the conclusion."""

    low: float
    high: float
    apart: float
    implies: str = ""


def check_claims(register: Register) -> pd.DataFrame:
    """Check figures that bear on each other for consistency.

    Parameters
    ----------
    register
        As `load_register` read it.

    Returns
    -------
    pandas.DataFrame
        A row a check of relations.yaml: check, kind, whole, parts (a tuple), allowed_low and allowed_high
        (fractions: what the parts, with their rounding, allow the whole to be), points (0, or how far the
        figures are apart, a fraction), verdict, says, provided, implies, verdict_code (a key of `VERDICTS`).

    Notes
    -----
    sum: the whole lies between the sums of the lowest and of the highest values that round to the parts.
    shares: the lowest values that round to the parts add up to no more than 100 %. net: nobody is in a part
    and not in the whole, so the whole is at least the largest part, and where every part is listed at most
    their sum. within: the part is at most the whole. mixture: the whole lies between two groups, and where it
    lies says how large each is: w = (p − b)/(a − b), which has its extremes where the roundings do.
    A failed check that holds only under an assumption refutes one of the two, so it proves no contradiction.

    Examples
    --------
    >>> from toolkit.findings import load_register
    >>> found = check_claims(load_register("data_samples/published")).set_index("check")
    >>> found.loc["aipolicy", "verdict"], found.loc["burnedoutbygender", "implies"]
    ('reproduced', 'the share of women among them lies between 33 and 67 %')
    """
    known = register.claims.set_index("finding_id")
    rows = [_row(check, known) for check in register.relations.checks]
    columns = [
        "check",
        "kind",
        "whole",
        "parts",
        "allowed_low",
        "allowed_high",
        "points",
        "verdict",
        "says",
        "provided",
        "implies",
        "verdict_code",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"allowed_low": "float64", "allowed_high": "float64", "points": "float64"})


def shares_of_groups(
    whole: tuple[float, float], first: tuple[float, float], second: tuple[float, float]
) -> tuple[float, float]:
    """Bound the size of the first of two groups by the percentages of both and of everybody.

    Parameters
    ----------
    whole, first, second
        (low, high): what rounds to the percentage of everybody and of each group.

    Returns
    -------
    tuple of float
        The smallest and the largest share of the first group, fractions; (0, 1) where the two groups may be
        equal, NaN where no share fits.

    Examples
    --------
    71 % of everybody, 74 % of women and 68 % of men:

    >>> low, high = shares_of_groups((70.5, 71.5), (73.5, 74.5), (67.5, 68.5))
    >>> round(low, 4), round(high, 4)
    (0.3333, 0.6667)
    """
    if first[1] < second[0]:
        low, high = shares_of_groups(whole, second, first)
        return 1 - high, 1 - low
    if whole[0] > max(first[1], second[1]) + _NOISE or whole[1] < min(first[0], second[0]) - _NOISE:
        return float("nan"), float("nan")
    if first[0] <= second[1]:
        return 0.0, 1.0
    least = (whole[0] - second[1]) / (first[1] - second[1])
    most = (whole[1] - second[0]) / (first[0] - second[0])
    return float(np.clip(least, 0, 1)), float(np.clip(most, 0, 1))


def _row(check: Check, known: pd.DataFrame) -> dict[str, object]:
    parts = [_ends(known, one) for one in check.parts]
    whole = _ends(known, check.whole) if check.whole else _Ends(0.0, 100.0)
    found = _CHECKS[check.kind](check, whole, parts)
    if found.apart <= _NOISE:
        code = REPRODUCED if check.kind == "sum" else CONSISTENT
    else:
        code = UNTESTED if check.provided else CONTRADICTED
    return {
        "check": check.id,
        "kind": check.kind,
        "whole": check.whole or "",
        "parts": check.parts,
        "allowed_low": found.low / 100,
        "allowed_high": found.high / 100,
        "points": max(found.apart, 0.0) / 100,
        "verdict": VERDICTS[code],
        "says": check.says,
        "provided": check.provided,
        "implies": found.implies,
        "verdict_code": code,
    }


def _ends(known: pd.DataFrame, finding: str) -> _Ends:
    return _Ends(float(known.loc[finding, "low"]), float(known.loc[finding, "high"]))


def _apart(whole: _Ends, low: float, high: float) -> float:
    return max(low - whole.high, whole.low - high, 0.0)


def _sum(check: Check, whole: _Ends, parts: list[_Ends]) -> _Found:
    low, high = sum(part.low for part in parts), sum(part.high for part in parts)
    return _Found(low, high, _apart(whole, low, high))


def _shares(check: Check, whole: _Ends, parts: list[_Ends]) -> _Found:
    low, high = sum(part.low for part in parts), sum(part.high for part in parts)
    rest = (max(0.0, 100 - high), max(0.0, 100 - low))
    implies = f"{_span(*rest)} gave another answer or none" if low <= 100 else ""
    return _Found(low, high, max(low - 100, 0.0), implies)


def _net(check: Check, whole: _Ends, parts: list[_Ends]) -> _Found:
    low = max(part.low for part in parts)
    total = _Ends(sum(part.low for part in parts), sum(part.high for part in parts))
    high = min(100.0, total.high) if check.complete else 100.0
    apart = _apart(whole, low, high)
    over = (max(0.0, total.low - whole.high), total.high - whole.low)
    implies = ""
    if not apart and over[1] > 0:
        each = rounded(total.low / whole.high, 2), rounded(total.high / whole.low, 2)
        named = f"{each[0]:.2f} to {each[1]:.2f}"
        implies = (
            f"together they come to {_span(total.low, total.high)}: were they the only ones, each of the "
            f"{_span(whole.low, whole.high)} would have named {named} of them on average"
        )
    return _Found(low, high, apart, implies)


def _within(check: Check, whole: _Ends, parts: list[_Ends]) -> _Found:
    low = max(part.low for part in parts)
    return _Found(low, 100.0, _apart(whole, low, 100.0))


def _mixture(check: Check, whole: _Ends, parts: list[_Ends]) -> _Found:
    first, second = parts
    low, high = min(first.low, second.low), max(first.high, second.high)
    apart = _apart(whole, low, high)
    if apart > _NOISE:
        return _Found(low, high, apart)
    least, most = shares_of_groups(
        (whole.low, whole.high), (first.low, first.high), (second.low, second.high)
    )
    said = f"the share of {check.part_name} among them lies between {_span(100 * least, 100 * most, 'and')}"
    return _Found(low, high, apart, said)


def _span(low: float, high: float, word: str = "to") -> str:
    first, last = (f"{rounded(end, 1):.1f}".removesuffix(".0") for end in (low, high))
    if word == "and":
        first, last = f"{rounded(low):.0f}", f"{rounded(high):.0f}"
    return f"{first} {word} {last} %"


_CHECKS: dict[str, Callable[[Check, _Ends, list[_Ends]], _Found]] = {
    "sum": _sum,
    "shares": _shares,
    "net": _net,
    "within": _within,
    "mixture": _mixture,
}
