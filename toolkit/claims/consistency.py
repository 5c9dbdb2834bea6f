"""Whether published figures agree with each other, and pairs of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import gaps_from_summary
from toolkit.analysis.contract import gap_columns
from toolkit.analysis.gap_rows import rounded
from toolkit.claims.register import Check, Pair, Register
from toolkit.errors import InvalidInput, Problem, near_names

# Consistency of published figures with each other, by bounds that respect rounding.


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
    sum: the whole is between the sums of the lowest and of the highest values that round to the parts.
    shares: the lowest values that round to the parts add up to no more than 100 %. net: no one is in a part
    and not in the whole, so the whole is at least the largest part, and where every part is listed at most
    their sum. within: the part is at most the whole. mixture: the whole is between two groups, and its place
    shows how large each is: w = (p − b)/(a − b), which has its extremes where the roundings do.
    A failed check that holds only under an assumption refutes one of the two, so it proves no contradiction.

    Examples
    --------
    >>> from toolkit.claims import load_register
    >>> found = check_claims(load_register("data_samples/published")).set_index("check")
    >>> found.loc["aipolicy", "verdict"], found.loc["burnedoutbygender", "implies"]
    ('reproduced', 'the share of women among them is between 33 and 67 %')
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
    text = f"the share of {check.part_name} among them is between {_span(100 * least, 100 * most, 'and')}"
    return _Found(low, high, apart, text)


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


# Like-for-like pairs of published figures: gaps, tests, effect sizes, sensitivity.


_BESIDE = (
    "name",
    "finding_a",
    "finding_b",
    "waves",
    "gap_low",
    "gap_high",
    "tipping_design_effect",
    "needed_base",
)
_TRIED = 400
_EFFECTS = np.geomspace(1, 500, 300)


def compare_pairs(
    register: Register,
    *,
    level: float = 0.95,
    adjust: str = "holm",
    margin: float = 0.10,
    design_effect: float = 1.0,
) -> pd.DataFrame:
    """Compute the gap of every like-for-like pair of a register.

    Parameters
    ----------
    register
        As `load_register` read it; `Register.of` narrows it to some studies.
    level, adjust, margin
        As in `gaps_from_summary`, which computes everything here; all pairs are one family.
    design_effect
        Of every sample: effective n = n / design_effect.

    Returns
    -------
    pandas.DataFrame
        Rows of the gaps contract (item is the pair's id), and beside them name, finding_a, finding_b, waves;
        gap_low and gap_high, what the gap may be by rounding alone; tipping_design_effect, from which on the
        interval would hold 0 (NA where n is unknown, or where it holds 0 or leaves it out at every one up
        to 500); needed_base, the smallest number in each audience from which the interval leaves 0 out (only
        where n is unknown; NA where more than 400 would be needed).

    Raises
    ------
    InvalidInput
        What `gaps_from_summary` refuses.

    Examples
    --------
    >>> from toolkit.claims import load_register
    >>> found = compare_pairs(load_register("data_samples/published").of("upwork-2024"))
    >>> found.set_index("item").loc["flexible", "verdict"]
    'a gap of 17 points (13 to 21)'
    """
    pairs = register.relations.pairs
    if not pairs:
        return pd.DataFrame(columns=[*gap_columns(), *_BESIDE])
    known = register.claims.set_index("finding_id")
    sides = pd.concat([_sides(pair, known, register, design_effect) for pair in pairs], ignore_index=True)
    options: dict[str, Any] = {"level": level, "margin": margin}
    rows = gaps_from_summary(sides, pairs=_audiences(sides), adjust=adjust, **options)
    rows = rows.set_index("item").loc[[pair.id for pair in pairs]].reset_index()
    ends = {
        name: known.loc[[getattr(pair, side) for pair in pairs]] for name, side in (("a", "a"), ("b", "b"))
    }
    tested = rows["p_value"].notna()
    return rows.assign(
        name=[pair.name for pair in pairs],
        finding_a=[pair.a for pair in pairs],
        finding_b=[pair.b for pair in pairs],
        waves=[pair.waves for pair in pairs],
        gap_low=(ends["a"]["low"].to_numpy() - ends["b"]["high"].to_numpy()) / 100,
        gap_high=(ends["a"]["high"].to_numpy() - ends["b"]["low"].to_numpy()) / 100,
        tipping_design_effect=[
            _tipping(sides[sides["item"] == item], options) if full else np.nan
            for item, full in zip(rows["item"], tested, strict=True)
        ],
        needed_base=pd.array(
            [
                pd.NA if full else _needed(sides[sides["item"] == item], options)
                for item, full in zip(rows["item"], tested, strict=True)
            ],
            dtype="Int64",
        ),
    )


def pair_over_design_effects(
    register: Register, pair: str, design_effects: Sequence[float], *, level: float = 0.95
) -> pd.DataFrame:
    """Compute the gap of one pair for each design effect that both samples may have had.

    Returns
    -------
    pandas.DataFrame
        design_effect and the rows of the gaps contract; p is not adjusted.

    Raises
    ------
    InvalidInput
        A pair the register does not have; no n; a design effect that is not above 0.
    """
    one = _pair(register, pair)
    wrong = [effect for effect in design_effects if not 0 < effect < float("inf")]
    if wrong:
        hint = "give 1 for a simple random sample, 2 for one worth half as many answers"
        raise InvalidInput(
            "design effects", [Problem("out-of-range", "design effect", f"is {x:g}", hint) for x in wrong]
        )
    known = register.claims.set_index("finding_id")
    missing = [end for end in (one.a, one.b) if pd.isna(known.loc[end, "n"])]
    if missing:
        hint = "see needed_base of compare_pairs for what its base would have to be"
        raise InvalidInput(
            f"pair {pair}", [Problem("missing-value", end, "has no n", hint) for end in missing]
        )
    sides = _sides(one, known, register, 1.0)
    effects = np.asarray(design_effects, dtype=np.float64)
    found = _repeated(sides, [(n, n / effect) for effect in effects for n in sides["n"]], {"level": level})
    return found.assign(design_effect=effects).drop(columns="item")


def over_splits(
    register: Register, pair: str, total: int, *, step: int = 1, level: float = 0.95
) -> pd.DataFrame:
    """Compute the gap of one pair for every split of a known total into its two audiences.

    Parameters
    ----------
    register, pair
        A pair of the register.
    total
        People in both audiences together.
    step
        Try every step-th split.

    Returns
    -------
    pandas.DataFrame
        n_a, n_b, gap, conf_low, conf_high, and left_out: whether the interval leaves 0 out.

    Raises
    ------
    InvalidInput
        A pair the register does not have, or fewer than 2 people.
    """
    if total < 2:
        problem = Problem("out-of-range", "total", f"is {total}", "give at least 2, one for each audience")
        raise InvalidInput("over_splits", [problem])
    one = _pair(register, pair)
    sides = _sides(one, register.claims.set_index("finding_id"), register, 1.0)
    first = range(1, total, step)
    bases = [(float(n), float(n)) for a in first for n in (a, total - a)]
    found = _repeated(sides, bases, {"level": level})
    kept = found[["n_a", "n_b", "gap", "conf_low", "conf_high"]]
    return kept.assign(left_out=(kept["conf_low"] > 0) | (kept["conf_high"] < 0))


def _pair(register: Register, pair: str) -> Pair:
    known = {one.id: one for one in register.relations.pairs}
    if pair not in known:
        problem = Problem("unknown-name", f"pair {pair}", "is not in the register", near_names(pair, known))
        raise InvalidInput("register", [problem])
    return known[pair]


def _sides(pair: Pair, known: pd.DataFrame, register: Register, effect: float) -> pd.DataFrame:
    """Build the two rows for `gaps_from_summary`; audiences of two waves carry their year."""
    ends = known.loc[[pair.a, pair.b]]
    years = [register.studies[study].year for study in ends["study"]]
    names = [
        f"{who}, {year}" if pair.waves else who for who, year in zip(ends["audience"], years, strict=True)
    ]
    n = ends["n"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    estimate = np.round(ends["value"].to_numpy(dtype=np.float64) / 100, 6)
    return pd.DataFrame(
        {"item": pair.id, "audience": names, "estimate": estimate, "n": n, "effective_n": n / effect}
    )


def _audiences(sides: pd.DataFrame) -> list[tuple[str, str]]:
    both = sides.groupby("item", sort=False)["audience"].agg(tuple)
    return list(dict.fromkeys(both))


def _repeated(sides: pd.DataFrame, bases: list[tuple[float, float]], options: dict[str, Any]) -> pd.DataFrame:
    """Compute one pair for many bases, given as (n, effective n) of both sides, in one call."""
    times = len(bases) // 2
    tried = pd.concat([sides] * times, ignore_index=True)
    tried["item"] = np.repeat(np.arange(times), 2).astype(str)
    tried["n"], tried["effective_n"] = (np.array([one[place] for one in bases]) for place in (0, 1))
    return gaps_from_summary(tried, pairs=_audiences(sides), adjust="none", **options)


def _left_out(found: pd.DataFrame) -> Any:
    return ((found["conf_low"] > 0) | (found["conf_high"] < 0)).to_numpy()


def _tipping(sides: pd.DataFrame, options: dict[str, Any]) -> float:
    found = _repeated(sides, [(n, n / effect) for effect in _EFFECTS for n in sides["n"]], options)
    holds = _left_out(found)
    if not holds[0] or holds.all():
        return float("nan")
    return float(_EFFECTS[np.flatnonzero(~holds)[0] - 1])


def _needed(sides: pd.DataFrame, options: dict[str, Any]) -> Any:
    tried = range(2, _TRIED + 1)
    holds = _left_out(_repeated(sides, [(float(n), float(n)) for n in tried for _ in range(2)], options))
    if not holds[-1]:
        return pd.NA
    fails = np.flatnonzero(~holds)
    return int(tried[fails[-1] + 1 if len(fails) else 0])
