"""Like-for-like pairs of published figures: gaps, tests, effect sizes, sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import gaps_from_summary
from toolkit.analysis.contract import gap_columns
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings.claims import Pair, Register

__all__ = ["compare_pairs", "over_splits", "pair_over_design_effects"]

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
        interval would hold 0 (NA where n is not known, or where it holds 0 or leaves it out at every one up
        to 500); needed_base, the smallest number in each audience from which the interval leaves 0 out (only
        where n is not known; NA where more than 400 would be needed).

    Raises
    ------
    InvalidInput
        What `gaps_from_summary` refuses.

    Examples
    --------
    >>> from toolkit.findings import load_register
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
