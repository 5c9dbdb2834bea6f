"""Sentences made from single rows: headlines, verdicts and the titles of pictures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.presentation.numbers import base, interval, is_known, percent, points, share
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    direction,
    item_name,
    known,
    shown_rows,
    within,
)

__all__ = [
    "by_width",
    "doubt",
    "floored",
    "gap_title",
    "headline",
    "hint_of",
    "is_certain",
    "share_of",
    "side_gap",
    "sides",
    "sides_with_n",
    "signed_gap",
    "verdict_of",
]


def by_width(gaps: pd.DataFrame) -> pd.DataFrame:
    """The rows that are shown and have a gap, the widest first; ties keep their order."""
    rows = shown_rows(gaps)
    rows = rows[rows["gap"].notna()]
    order = rows["gap"].astype(float).abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order]


def is_certain(row: Any) -> bool:
    """Whether the interval leaves out 0 and the adjusted p value, where there is one, is below 0.05.

    A row with a bound has one end of an interval; that end decides.
    """
    p = row.get("p_adjusted")
    return _clear_of_zero(row) and (not is_known(p) or bool(p < 0.05))


def doubt(row: Any) -> str:
    """What a title adds where a gap is uncertain: "" where it is not."""
    if is_certain(row):
        return ""
    if _clear_of_zero(row):
        return "though among so many comparisons one this wide may be chance"
    return "but it may be chance"


def verdict_of(row: Any) -> str:
    """The row's verdict, its figures rounded as everywhere else and counted from the higher share down."""
    text = str(known(row["verdict"]))
    if not bool(row["shown"]):
        return f"not shown ({known(row.get('withheld'), 'withheld')})"
    if text.startswith("a gap of at least"):
        return f"a gap of at least {floored(row['gap'])} points"
    if text.startswith("a gap of") and is_known(row["conf_low"]):
        return f"a gap of {points(abs(row['gap']))} points ({_ends(row)})"
    if text.startswith("this survey cannot tell; only gaps of about"):
        least = points(row["minimum_detectable_gap"])
        return f"this survey cannot tell; only gaps of about {least} points would show"
    return text or "no comparison could be made"


def headline(row: Any, instrument: Instrument, *, language: str = "en") -> str:
    """One gap in a sentence, with its verdict.

    The verdict rests on the interval; where the p value adjusted for all comparisons is not below 0.05, the
    sentence says so too.

    Parameters
    ----------
    row
        A row of a released gaps table.
    instrument
        For the words.

    Returns
    -------
    "Burned out by work: 71 % of employees against 40 % of executives agree; a gap of 31 points (12 to 47)."

    Examples
    --------
    >>> for _, row in released["gaps"].iterrows():   # doctest: +SKIP
    ...     print(headline(row, instrument))
    """
    name = item_name(instrument, row["item"], language=language)
    a, b = sides(row, instrument, language=language)
    if not bool(row["shown"]):
        return f"{name}: {a[0]} and {b[0]} cannot be compared here; {verdict_of(row)}."
    words = answer_words(instrument[row["item"]], row["measure"], language=language)
    chance = f", {doubt(row)}" if _clear_of_zero(row) and not is_certain(row) else ""
    return f"{name}: {a[1]} of {a[0]} against {b[1]} of {b[0]} ({words}); {verdict_of(row)}{chance}."


def sides(row: Any, instrument: Instrument, *, language: str = "en") -> list[tuple[str, str]]:
    """Both audiences of a gap with their shares as text, the higher one first."""
    return [(name, text) for name, text, _ in sides_with_n(row, instrument, language=language)]


def sides_with_n(row: Any, instrument: Instrument, *, language: str = "en") -> list[tuple[str, str, str]]:
    """The same, each with its number of answers as it may be printed."""
    found = [
        (
            known(row[f"estimate_{side}"], -1.0),
            audience_name(instrument, row[f"audience_{side}"], language=language),
            percent(row[f"estimate_{side}"], bound=str(known(row.get(f"bound_{side}")))),
            base(row.get(f"n_{side}"), row.get(f"n_{side}_shown")),
        )
        for side in "ab"
    ]
    if found[1][0] > found[0][0]:
        found.reverse()
    return [(name, text, n) for _, name, text, n in found]


def gap_title(gaps: pd.DataFrame, instrument: Instrument, *, lead: str = "", language: str = "en") -> str:
    """A sentence that names the widest gap shown, and says so where it is uncertain.

    Parameters
    ----------
    gaps
        Released gaps.
    instrument
        For wording.
    lead
        What they are about, such as a theme; the sentence then begins with it.
    language
        Of the wording.
    """
    rows = by_width(gaps)
    if rows.empty:
        said = "No gap between audiences may be shown"
        return f"{lead}: {within(said)}" if lead else said
    row = rows.iloc[0]
    (high, high_text), (low, low_text) = sides(row, instrument, language=language)
    label = within(item_name(instrument, row["item"], language=language))
    shares = f"{high_text} of {high} against {low_text} of {low}"
    if not is_certain(row):
        said = f"the widest gap shown is on {label}, {shares}, {doubt(row)}"
    elif _all_told(gaps, row):
        said = f"{high} and {low} differ most on {label}: {high_text} against {low_text}"
    else:
        said = f"the widest gap shown is on {label}: {shares}"
    return f"{lead}: {said}" if lead else said[:1].upper() + said[1:]


def side_gap(row: Any) -> tuple[str, str]:
    """What stands beside a pair of dots: the gap in points, and its interval."""
    bound = str(known(row.get("bound")))
    if not is_known(row["gap"]):
        return "not shown", ""
    if bound:
        return f"≥{floored(row['gap'])} points", ""
    ends = _ends(row)
    return f"{points(abs(row['gap']))} points", f"({ends})" if ends else ""


def floored(gap: float) -> str:
    """A gap that is only a lower bound, in whole points rounded down so that it stays one."""
    return points(math.floor(100 * abs(gap) + 1e-6) / 100)


def signed_gap(row: Any, *, turned: bool = False) -> tuple[str, str]:
    """A gap from one fixed side, in points with its sign, and its interval; `turned` swaps the sides."""
    gap = row["gap"]
    if not is_known(gap):
        return "", ""
    gap = -gap if turned else gap
    if str(known(row.get("bound"))):
        return f"{'≥ +' if gap > 0 else '≤ −'}{floored(gap)}", ""
    low, high = row["conf_low"], row["conf_high"]
    if turned and is_known(low) and is_known(high):
        low, high = -high, -low
    ends = interval(low, high)
    return points(gap, signed=True), f"({ends})" if ends else ""


def share_of(row: Any) -> str:
    """A share with its interval, or its bound, or why it is not shown."""
    if not bool(row["shown"]):
        return f"not shown ({known(row.get('withheld'), 'withheld')})"
    return share(row["estimate"], row["conf_low"], row["conf_high"], bound=str(known(row.get("bound"))))


def hint_of(item: str, measure: str, instrument: Instrument) -> str:
    """Which way good news lies, for a name in the instrument; "" otherwise."""
    return direction(instrument[item], measure) if item in instrument else ""


def _all_told(gaps: pd.DataFrame, widest: Any) -> bool:
    """Whether no other gap is withheld or only bounded, so that none can be wider than the widest shown."""
    others = gaps[gaps.index != widest.name]
    return bool(others["shown"].astype(bool).all()) and not (others["bound"].fillna("") != "").any()


def _clear_of_zero(row: Any) -> bool:
    low, high = known(row["conf_low"], -math.inf), known(row["conf_high"], math.inf)
    return not low <= 0 <= high


def _ends(row: Any) -> str:
    if row["gap"] < 0 and is_known(row["conf_low"]):
        return interval(-row["conf_high"], -row["conf_low"])
    return interval(row["conf_low"], row["conf_high"])
