"""Figures of a reproduction report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from toolkit.findings import implied_by_ratio, largest_comparison
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description, picture_of
from toolkit.presentation.numbers import base, interval, is_known, percent, points
from toolkit.presentation.theme import AUDIENCE_COLOURS, AUDIENCE_MARKERS
from toolkit.records import records
from toolkit.reporting.reproduction.words import claim_words

__all__ = ["bases_picture", "claim_picture", "effects_picture", "pairs_picture"]

_COLOUR, _OTHER = AUDIENCE_COLOURS[:2]
_KNOWN = Group("known", "The published share, with its interval", _COLOUR, "o")
_OPEN = Group("open", "The published share, with the interval it would have", _COLOUR, "o", hollow=True)
_BOUND = Group("words", "What the words allow", _COLOUR, "o")
_WILSON = "Lines are 95% intervals for a simple random sample (Wilson)."


def claim_picture(row: Mapping[str, Any]) -> Picture | None:
    """Draw a claim with its interval or possible intervals; None if there is nothing to draw."""
    if row["statistic"] == "relative_risk":
        return _ratio_picture(row) if is_known(row["value"]) else None
    if row["statistic"] != "share":
        return None
    if is_known(row["conf_low"]):
        rows, group = [_known_row(row)], _KNOWN
        caption = f"{_WILSON} The band adds what rounding may hide."
    elif is_known(row["least_low"]):
        rows, group = _open_rows(row), _OPEN
        caption = f"{_WILSON} The number who answered was not published."
    else:
        rows, group = [_words_row(row)], _BOUND
        caption = "The band is what the published words allow."
    return _picture(claim_words(row), caption, rows, [group], "Interval")


def pairs_picture(pairs: pd.DataFrame) -> Picture:
    """Draw the like-for-like pairs with known or assumed bases, one row per pair."""
    groups = [
        Group("a", "The first audience named", _COLOUR, AUDIENCE_MARKERS[0]),
        Group("b", "The second", _OTHER, AUDIENCE_MARKERS[1]),
    ]
    rows = [
        DotRow(
            name=row["item"],
            label=row["name"],
            hint=f"{row['audience_a']} · {row['audience_b']}",
            dots=tuple(
                Dot(end, row[f"estimate_{end}"], None, None, percent(row[f"estimate_{end}"]))
                for end in ("a", "b")
            ),
            side=Cell(
                f"{points(row['gap'], signed=True)} points",
                interval(row["conf_low"], row["conf_high"]) if is_known(row["conf_low"]) else "no interval",
            ),
            joined=True,
        )
        for row in records(pairs)
    ]
    caption = "At the right: the gap, and its 95% interval (Newcombe) where both bases are known or assumed."
    return _picture("Published gaps between two audiences asked alike", caption, rows, groups, "Gap")


def bases_picture(row: Mapping[str, Any], over: pd.DataFrame) -> Picture:
    """Draw a share for each base it may have had."""
    rows = [
        DotRow(
            name=str(one["n"]),
            label=f"If {base(one['n'])} answered",
            hint="" if one["possible"] else "no whole number of them gives this percentage",
            dots=(Dot("open", one["estimate"], one["conf_low"], one["conf_high"], ""),),
            side=Cell(f"{interval(one['conf_low'], one['conf_high'])}%"),
        )
        for one in records(over)
    ]
    least, most = rows[0], rows[-1]
    title = (
        f"{row['published_as']} ({row['finding_id']}) could stand for {least.side.words} with a base of "
        f"{base(over['n'].iloc[0])}, for {most.side.words} with {base(over['n'].iloc[-1])}"
    )
    return _picture(title, _WILSON, rows, [_OPEN], "Interval")


def effects_picture(name: str, found: pd.DataFrame, shares: pd.DataFrame) -> Picture:
    """Draw both shares of a pair, and their gap, for each design effect."""
    first = found.iloc[0]
    groups = [
        Group("a", str(first["audience_a"]), _COLOUR, AUDIENCE_MARKERS[0]),
        Group("b", str(first["audience_b"]), _OTHER, AUDIENCE_MARKERS[1]),
    ]
    rows = [
        DotRow(
            name=f"{one['design_effect']:g}",
            label=f"Design effect {one['design_effect']:g}",
            hint="a simple random sample" if one["design_effect"] == 1 else "",
            dots=tuple(
                Dot(end, one[f"estimate_{end}"], ends[f"low_{end}"], ends[f"high_{end}"], "", lane)
                for lane, end in enumerate(("a", "b"))
            ),
            side=Cell(
                f"{points(one['gap'], signed=True)} points", interval(one["conf_low"], one["conf_high"])
            ),
            lanes=2,
        )
        for one, ends in zip(records(found), records(shares), strict=True)
    ]
    last = rows[-1]
    title = (
        f"{name}: the gap of {points(first['gap'])} points is "
        f"{interval(first['conf_low'], first['conf_high'])} for a simple random sample "
        f"and {last.side.note} with a design effect of {last.name}"
    )
    caption = (
        "Lines are 95% intervals (Wilson) for the answers divided by the design effect: 1 is a simple "
        "random sample, 2 makes two answers worth one. At the right: the gap and its interval."
    )
    return _picture(title, caption, rows, groups, "Gap")


def _known_row(row: Mapping[str, Any]) -> DotRow:
    return DotRow(
        name=row["finding_id"],
        label=f"n = {base(row['n'])}",
        hint="" if row["n_status"] == "known" else "the whole audience",
        dots=(Dot("known", row["estimate"], row["conf_low"], row["conf_high"], ""),),
        side=Cell(f"{interval(row['conf_low'], row['conf_high'])}%"),
        band=(row["widest_low"], row["widest_high"]),
    )


def _open_rows(row: Mapping[str, Any]) -> list[DotRow]:
    tried = [("least", row["least_base"])]
    tried += [("most", row["n_most"])] if is_known(row["most_low"]) else []
    return [
        DotRow(
            name=f"{row['finding_id']}:{which}",
            label=f"If {base(n)} answered",
            hint="the most there can have been" if which == "most" else "an assumption",
            dots=(Dot("open", row["estimate"], row[f"{which}_low"], row[f"{which}_high"], ""),),
            side=Cell(f"{interval(row[f'{which}_low'], row[f'{which}_high'])}%"),
        )
        for which, n in tried
    ]


def _words_row(row: Mapping[str, Any]) -> DotRow:
    low, high = row["low"] / 100, row["high"] / 100
    return DotRow(
        name=row["finding_id"],
        label=f"“{row['published_as']}”",
        hint="",
        dots=(),
        side=Cell(f"{interval(low, high)}%"),
        band=(low, high),
        empty="no percentage was published",
    )


def _ratio_picture(row: Mapping[str, Any]) -> Picture:
    ratio = float(row["value"])
    most = largest_comparison(ratio)
    shares = [*(one for one in (0.1, 0.2, 0.3, 0.4, 0.5) if one < most), most]
    groups = [
        Group("comparison", "The comparison group, not published", _OTHER, "s", hollow=True),
        Group("claimed", f"The group the claim is about: {ratio:g} times as likely", _COLOUR, "o"),
    ]
    rows = [
        DotRow(
            name=f"{one['comparison']:.4f}",
            label=f"If {percent(one['comparison'])} of the comparison group",
            hint=f"the most for {ratio:g} times" if one["comparison"] == most else "",
            dots=(
                Dot("comparison", one["comparison"], None, None, ""),
                Dot("claimed", one["share"], None, None, ""),
            ),
            side=Cell(percent(one["share"]), f"{points(one['gap'], signed=True)} points"),
            joined=True,
        )
        for one in records(implied_by_ratio(ratio, shares))
    ]
    title = claim_words(row)
    caption = "A ratio is no share: what it means depends on a share that was not published."
    return _picture(title, caption, rows, groups, "It would be")


def _picture(title: str, caption: str, rows: Sequence[DotRow], groups: Sequence[Group], side: str) -> Picture:
    said = {
        row.name: f"{' '.join(filter(None, [row.label, row.hint and f'({row.hint})']))}: "
        f"{', '.join(filter(None, [row.side.words, row.side.note]))}."
        for row in rows
    }
    description = Description(title, (caption,), "", (chart_of_dots(rows, groups),))
    picture = picture_of(
        lambda: dot_axes(rows, groups, description, said=said, side=Column(side), keys=groups, numbers=False)
    )
    assert picture is not None  # noqa: S101 - rows are drawn whatever they hold
    return picture
