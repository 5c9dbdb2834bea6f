"""Chapters, tables and figures of a report on a published study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from toolkit.analysis.gap_rows import rounded
from toolkit.claims import (
    Register,
    half_left_out_from,
    implied_by_ratio,
    implied_by_share,
    largest_comparison,
    over_bases,
    over_design_effects,
    over_splits,
    pair_over_design_effects,
    possible_bases,
    share_intervals,
)
from toolkit.claims.bases import DESIGN_EFFECTS
from toolkit.presentation.blocks import Block, Bullets, Cell, Paragraph, Picture, Prose, Table, table_of
from toolkit.presentation.figures.dots import Cell as FigureCell
from toolkit.presentation.figures.dots import Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description, picture_of
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    base,
    count,
    interval,
    is_known,
    p_value,
    percent,
    points,
)
from toolkit.presentation.theme import AUDIENCE_COLOURS, AUDIENCE_MARKERS
from toolkit.records import records

# Base, interval and verdict of a published claim in words.


FROM_SUMMARIES = (
    "Everything here is computed from published summaries only: percentages, and the sizes of audiences. "
    "No individual answers were available. An interval allows for chance in who was asked only: not "
    "for who takes part in a survey, not for how a question was put."
)

_STATUS = {
    "known": "printed with the figure",
    "assumed": "the size of the audience; how many answered was not published",
}


def claim_words(row: Mapping[str, Any]) -> str:
    """Describe who made which claim."""
    return f"{row['audience']}: {row['item']}"


def base_words(row: Mapping[str, Any]) -> str:
    """Describe the base: which respondents, how many, and how certain that number is."""
    if is_known(row["n"]):
        return f"{row['base']}; n = {base(row['n'])}, {_STATUS[row['n_status']]}"
    most = f"; {base(row['n_most'])} at most" if is_known(row["n_most"]) else ""
    return f"{row['base']}; n was not published{most}"


def interval_words(row: Mapping[str, Any]) -> str:
    """Describe the interval or the possible intervals; "" if none can be computed."""
    if is_known(row["conf_low"]):
        plain = _span(row["conf_low"], row["conf_high"])
        return f"{plain}; with rounding {_span(row['widest_low'], row['widest_high'], digits=1)}"
    return conditional_words(row)


def conditional_words(row: Mapping[str, Any]) -> str:
    """Describe the interval at the smallest and at the largest base."""
    if not is_known(row["least_low"]):
        return ""
    text = f"{_span(row['least_low'], row['least_high'])} if {base(row['least_base'])} answered"
    if is_known(row["most_low"]):
        text += f", {_span(row['most_low'], row['most_high'])} if {base(row['n_most'])} did"
    return text


def verdict_words(row: Mapping[str, Any]) -> str:
    """Describe the verdict and its reason."""
    return f"{row['verdict']}. {row['reason']}"


def _span(low: float, high: float, *, digits: int = 0) -> str:
    if digits:
        return f"{percent(low, digits=digits).removesuffix(chr(160) + '%')} to {percent(high, digits=digits)}"
    return f"{interval(low, high)}\u00a0%"


# Tables of a reproduction report.


def claims_table(judged: pd.DataFrame) -> Table:
    """Tabulate the claims, one per row."""
    rows = [
        {
            "Claim": f"{row['finding_id']} · {claim_words(row)}",
            "Published": _published(row),
            "n": count(row["n"]) if is_known(row["n"]) else NOT_SHOWN,
            "95% interval": _ends(row["conf_low"], row["conf_high"]),
            "Verdict": row["verdict"],
        }
        for row in records(judged)
    ]
    notes = [
        "n is the size of the audience where the base of the figure was not published. No n, no interval."
    ]
    columns = ("Claim", "Published", "n", "95% interval", "Verdict")
    return table_of(rows, columns, title="Every claim", kind="claims", notes=notes, numeric=("n",))


def pairs_table(pairs: pd.DataFrame) -> Table:
    """Tabulate like-for-like pairs with known n: gap, test, effect size."""
    rows = [
        {
            "Pair": f"{row['name']} ({row['finding_a']}, {row['finding_b']})",
            "Shares": f"{percent(row['estimate_a'])} of {base(row['n_a'])}\n"
            f"{percent(row['estimate_b'])} of {base(row['n_b'])}",
            "Gap in points": f"{points(row['gap'], signed=True)} "
            f"({interval(row['conf_low'], row['conf_high'])})",
            "By rounding alone": interval(row["gap_low"], row["gap_high"]),
            "p, adjusted": f"{p_value(row['p_value'])}, {p_value(row['p_adjusted'])}",
            "Cohen’s h": Number(float(rounded(row["effect_size"], 2)), "decimal", 2),
            "Holds up to a design effect of": _effect(row),
            "In words": row["verdict"],
        }
        for row in records(pairs)
    ]
    method = pairs["method"].iloc[0]
    notes = [f"Method: {method}; p adjusted by Holm over all pairs of the report."]
    return table_of(rows, list(rows[0]), title="Like for like", kind="pairs", notes=notes)


def unknown_pairs_table(pairs: pd.DataFrame) -> Table:
    """Tabulate like-for-like pairs without n, and the base they would need."""
    rows = [
        {
            "Pair": f"{row['name']} ({row['finding_a']}, {row['finding_b']})",
            "Shares": f"{percent(row['estimate_a'])} and {percent(row['estimate_b'])}",
            "Gap in points": points(row["gap"], signed=True),
            "By rounding alone": interval(row["gap_low"], row["gap_high"]),
            "Beyond chance from": f"{row['needed_base']} in each"
            if is_known(row["needed_base"])
            else "more than 400 in each",
        }
        for row in records(pairs)
    ]
    title = "Asked alike, and no base published"
    return table_of(rows, list(rows[0]), title=title, kind="pairs")


def checks_table(checks: pd.DataFrame) -> Table:
    """Tabulate the consistency checks."""
    rows = [
        {
            "Figures": " ".join(
                filter(None, [row["whole"], "from" if row["whole"] else "", ", ".join(row["parts"])])
            ),
            "What must hold": row["says"] + (f", provided that {row['provided']}" if row["provided"] else ""),
            "Allowed": _ends(row["allowed_low"], min(row["allowed_high"], 1.0)),
            "Apart": f"{points(row['points'], digits=1)} points" if row["points"] else "no",
            "Verdict": row["verdict"],
            "What follows": row["implies"] or NOT_SHOWN,
        }
        for row in records(checks)
    ]
    notes = ["Allowed: what the parts, with all that rounds to them, let the whole be, or their own sum be."]
    return table_of(rows, list(rows[0]), title="Figures compared with each other", kind="checks", notes=notes)


def readings_table(readings: pd.DataFrame) -> Table:
    """Tabulate what other sources printed."""
    rows = [
        {
            "Claim": row["finding_id"],
            "Printed": f"“{row['said']}”, {row['by']}",
            "Changes the": row["changes"],
            "Verdict on it": row["verdict"]
            + (f", by {points(row['points'])} points" if row["points"] > 0 else ""),
            "What it does": row["effect"],
        }
        for row in records(readings)
    ]
    return table_of(rows, list(rows[0]), title="Where sources differ", kind="readings")


def bases_table(judged: pd.DataFrame, register: Register) -> Table:
    """Tabulate claims without n: intervals at the smallest and largest base, and where 50% is excluded."""
    rows = []
    for row in records(judged):
        most = int(row["n_most"]) if is_known(row["n_most"]) else 1000
        found = half_left_out_from(register.claim(row["finding_id"]), most)
        rows.append(
            {
                "Claim": f"{row['finding_id']} · {row['item']}",
                "Published": _published(row),
                "Base": row["base"],
                "95% interval": conditional_words(row),
                "Leaves a half out": f"from {base(found)} on" if found else f"at no base up to {base(most)}",
            }
        )
    return table_of(rows, list(rows[0]), title="No base was published", kind="bases")


def effects_table(register: Register, judged: pd.DataFrame, effects: Sequence[float]) -> Table:
    """Tabulate intervals of the shares with n for each design effect."""
    found = {
        one: share_intervals(register.claims, design_effect=one).set_index("finding_id") for one in effects
    }
    rows: list[dict[str, Any]] = []
    for row in records(judged):
        ends = {
            f"{effect:g}": _ends(*frame.loc[row["finding_id"], ["conf_low", "conf_high"]])
            for effect, frame in found.items()
        }
        rows.append({"Claim": f"{row['finding_id']} · {row['item']}", "Published": _published(row), **ends})
    title = "95% intervals by design effect"
    return table_of(rows, list(rows[0]), title=title, kind="effects")


def ratio_table(ratio: float, comparison: Sequence[float]) -> Table:
    """Tabulate a ratio beside a share of the same digits, for each share of the comparison group."""
    digits = ratio - 1
    as_ratio, as_share = implied_by_ratio(ratio, comparison), implied_by_share(digits, comparison)
    more, all_of = f"{percent(digits)} more likely", f"{percent(digits)} of them"
    rows = [
        {
            "If so many of the comparison group": percent(one["comparison"], digits=1),
            f"“{more}” means": percent(one["share"], digits=1) if one["possible"] else "impossible",
            "Gap": f"{points(one['gap'], signed=True, digits=1)} points" if one["possible"] else NOT_SHOWN,
            "Odds ratio": Number(one["odds_ratio"], "decimal", 1)
            if is_known(one["odds_ratio"])
            else NOT_SHOWN,
            f"“{all_of}” means": f"{other['ratio']:.2f} times as likely",
            "Gap ": f"{points(other['gap'], signed=True, digits=1)} points",
        }
        for one, other in zip(records(as_ratio), records(as_share), strict=True)
    ]
    return table_of(rows, list(rows[0]), title=f"“{more}” and “{all_of}”", kind="ratio")


def _published(row: Mapping[str, Any]) -> Cell | str:
    """Return the statistic in the words of its source; a share as a number too."""
    words = str(row["published_as"])
    if row["statistic"] != "share" or not is_known(row["value"]):
        return words
    return Cell(Number(float(row["value"]) / 100, "percent"), words=words)


def _ends(low: Any, high: Any) -> str:
    return f"{interval(low, high)}\u00a0%" if is_known(low) and is_known(high) else NOT_SHOWN


def _effect(row: Any) -> str:
    return f"{row['tipping_design_effect']:.0f}" if is_known(row["tipping_design_effect"]) else NOT_SHOWN


# Figures of a reproduction report.


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
            side=FigureCell(
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
            side=FigureCell(f"{interval(one['conf_low'], one['conf_high'])}%"),
        )
        for one in records(over)
    ]
    least, most = rows[0], rows[-1]
    title = (
        f"{row['published_as']} ({row['finding_id']}) could mean {least.side.words} with a base of "
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
            side=FigureCell(
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
        side=FigureCell(f"{interval(row['conf_low'], row['conf_high'])}%"),
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
            side=FigureCell(f"{interval(row[f'{which}_low'], row[f'{which}_high'])}%"),
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
        side=FigureCell(f"{interval(low, high)}%"),
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
            side=FigureCell(percent(one["share"]), f"{points(one['gap'], signed=True)} points"),
            joined=True,
        )
        for one in records(implied_by_ratio(ratio, shares))
    ]
    title = claim_words(row)
    caption = "A ratio is not a share: what it means depends on a share that was not published."
    return _picture(title, caption, rows, groups, "It would be")


def _picture(title: str, caption: str, rows: Sequence[DotRow], groups: Sequence[Group], side: str) -> Picture:
    text = {
        row.name: f"{' '.join(filter(None, [row.label, row.hint and f'({row.hint})']))}: "
        f"{', '.join(filter(None, [row.side.words, row.side.note]))}."
        for row in rows
    }
    description = Description(title, (caption,), "", (chart_of_dots(rows, groups),))
    picture = picture_of(
        lambda: dot_axes(
            rows, groups, description, descriptions=text, side=Column(side), keys=groups, numbers=False
        )
    )
    assert picture is not None  # noqa: S101 - rows are drawn whatever they hold
    return picture


# Chapters that compare published statistics with each other.


_UNKNOWN_MOST = 1000
_SEVERAL = 3
"""Figures of one base from which it is worth asking which bases can give them all."""


def pairs_chapter(pairs: pd.DataFrame) -> Iterator[Block]:
    """Compare items asked alike: gaps, with tests where the bases are known."""
    if pairs.empty:
        return
    tested = pairs["p_value"].notna()
    yield pairs_picture(pairs)
    if tested.any():
        yield pairs_table(pairs[tested])
    if (~tested).any():
        yield unknown_pairs_table(pairs[~tested])
    words = (
        "The two audiences need not have worked at the same companies. A gap says that they answered "
        "differently, not that one of them is wrong, nor why."
    )
    yield Prose("", (Paragraph(words),))


def lookalikes_chapter(register: Register, own: Register) -> Iterator[Block]:
    """Compare items that only look alike, including those of other studies."""
    ids = set(own.claims["finding_id"])
    found = [one for one in register.relations.lookalikes if ids & {one.a, one.b}]
    known = register.claims.set_index("finding_id")
    for one in found:
        sides = tuple(
            f"{name} · {known.loc[name, 'published_as']} · {claim_words(known.loc[name])}"
            for name in (one.a, one.b)
        )
        title = f"{one.a} and {one.b}: not the same question"
        yield Prose(title, (Bullets(sides), Paragraph(f"No gap is computed: {one.why}.")))


def checks_chapter(own: Register, checks: pd.DataFrame) -> Iterator[Block]:
    """Check statistics against each other."""
    if checks.empty:
        return
    yield checks_table(checks)
    known = own.claims.set_index("finding_id")
    for row in records(checks[checks["kind"] == "mixture"]):
        total = known.loc[row["whole"], "n"]
        pair = next((one for one in own.relations.pairs if {one.a, one.b} == set(row["parts"])), None)
        if pair is None or not is_known(total):
            continue
        found = over_splits(own, pair.id, int(total))
        best = found.loc[found["conf_low"].idxmax()]
        no = not found["left_out"].any()
        ways = "no" if no else f"{int(found['left_out'].sum())} of {len(found)}"
        words = (
            f"{pair.name}, {known.loc[pair.a, 'audience']} against {known.loc[pair.b, 'audience']}: however "
            f"the {base(total)} split, the gap of {points(best['gap'])} points leaves 0 out in {ways} "
            f"{'case' if no else 'cases'}; its narrowest interval is "
            f"{interval(best['conf_low'], best['conf_high'])} points."
        )
        yield Prose("", (Paragraph(words),))


def bases_chapter(own: Register, judged: pd.DataFrame) -> Iterator[Block]:
    """Show intervals of shares without a published base, for each possible base."""
    unknown = judged[judged["least_low"].notna()]
    if unknown.empty:
        return
    counts = unknown.groupby("base", sort=False)["finding_id"].agg(list)
    shown = next((names for names in counts if len(names) >= _SEVERAL), counts.iloc[0])
    row = judged.set_index("finding_id", drop=False).loc[shown[0]]
    most = int(row["n_most"]) if is_known(row["n_most"]) else _UNKNOWN_MOST
    tried = sorted({one for one in (50, 100, 200, 300, 400, 500, 800, 1250) if one < most} | {most})
    yield bases_picture(row, over_bases(own.claim(row["finding_id"]), tried))
    yield bases_table(unknown, own)
    known = own.claims.set_index("finding_id")
    lines = []
    for whose, names in counts.items():
        if len(names) < _SEVERAL:
            continue
        ends = [(float(known.loc[one, "low"]), float(known.loc[one, "high"])) for one in names]
        found = possible_bases(ends, 99)
        smallest = f"the smallest is {found[0]}" if found else "so there were at least 100"
        lines.append(
            f"{whose}: {len(found)} of the numbers up to 99 can give all {len(names)} percentages; "
            f"{smallest}."
        )
    if lines:
        note = "Of unweighted answers. From 100 answers on every whole percentage can come about."
        yield Prose("Bases that can give these percentages", (Bullets(tuple(lines)), Paragraph(note)))


def effects_chapter(own: Register, judged: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Block]:
    """Show the effect of a design effect on the first pair and on every share."""
    tested = pairs[pairs["p_value"].notna()] if len(pairs) else pairs
    if len(tested):
        first = tested.iloc[0]
        shares = pd.concat(
            [
                over_design_effects(own.claim(first[f"finding_{end}"]))[["conf_low", "conf_high"]].set_axis(
                    [f"low_{end}", f"high_{end}"], axis="columns"
                )
                for end in ("a", "b")
            ],
            axis="columns",
        )
        yield effects_picture(
            first["name"], pair_over_design_effects(own, first["item"], DESIGN_EFFECTS), shares
        )
    known = judged[judged["conf_low"].notna()]
    if len(known):
        yield effects_table(own, known, DESIGN_EFFECTS)


def ratios_chapter(judged: pd.DataFrame) -> Iterator[Block]:
    """Set ratios beside shares of the same digits."""
    for row in records(judged[judged["statistic"] == "relative_risk"]):
        ratio = float(row["value"])
        if not 1 < ratio < 2:
            continue
        most, equal = largest_comparison(ratio), (ratio - 1) / ratio
        words = (
            f"{row['finding_id']} says “{row['published_as']}”: {ratio:g} times the share of a comparison "
            f"group. “{percent(ratio - 1)} of them” would be a share. The two say the same only where "
            f"{percent(equal, digits=1)} of the comparison group do, and the ratio is impossible where more "
            f"than {percent(most, digits=1)} of it do. Neither group’s share was published."
        )
        tried = [0.1, 0.2, 0.3, 0.4, equal, 0.5, most, 0.6]
        yield Prose("", (Paragraph(words),))
        yield ratio_table(ratio, sorted(tried))
