"""Gaps between respondent groups: one row per item, one dot per group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.instrument.model import Instrument
from toolkit.locale import _, current_language, localized, pgettext
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description, group_colours
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import (
    Results,
    audience_name,
    item_name,
    joined,
    known,
    led,
    shown,
    within,
)
from toolkit.presentation.sentences import (
    headline,
    hint_of,
    is_certain,
    largest_first,
    reasons_of,
    share_of,
    side_gap,
    sides,
    signed_gap,
)
from toolkit.records import by_item

Row = Mapping[str, Any]

DIVIDED = ("#8c2d04", "#6b6b6b")
"""Colours of two parts of a group, which are not those of audiences."""

TITLE_LETTERS = 90
"""A title is one line."""


def bound_note() -> str:
    """Explain how a bound is drawn."""
    return _("An open marker with an arrow is a bound: the share itself may not be shown.")


def few_words() -> str:
    """Return the text printed where nothing may be drawn."""
    return _("not shown (few answers)")


def marked(level: float) -> str:
    """Explain dots with intervals."""
    return _("Dots are shares; lines are their {level} intervals.", level=percent(level))


def interval_note(level: float) -> str:
    """Return the heading of a column of intervals."""
    return _("{level} interval", level=percent(level))


def chance_words() -> tuple[str, str]:
    """Return the labels of the line between what is clear of chance and what may be chance."""
    return _("▲ clear of chance"), _("▼ may be chance")


@typed
@localized
def gap_dumbbell(
    results: Any,
    instrument: Instrument,
    *,
    ax: Axes | None = None,
    palette: Any = None,
    table: str = "gaps",
    shares: str = "shares",
    by: str = "audience",
    measure: str = "top",
    items: Iterable[str] | None = None,
    most: int | None = 12,
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw every group's share of each item with its interval; clear gaps first, then the largest.

    Parameters
    ----------
    results
        Released results, or a mapping of frames: `table` from `gaps`, `shares` from `proportions`.
    instrument
        For names, the order of groups, and which direction is good news.
    ax
        Axes to draw on; None for a new figure sized to the rows.
    palette
        Colours of the groups: a mapping, a sequence, or the name of a seaborn palette.
    table, shares
        Names of the gaps and of the shares.
    by
        The group column of the shares.
    measure
        Which share is drawn.
    items
        Columns to draw; default: every column but the options of multi-selects.
    most
        How many rows; None for all. The caption states how many were left out.
    level
        Of the intervals in the tables, for the words.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes
        Shares from 0 to 1 along x, one tick per item along y. None if there is no item to draw.

    Raises
    ------
    InvalidInput
        A missing table or column, or a palette with too few colours.

    Examples
    --------
    >>> ax = gap_dumbbell({"gaps": gaps, "shares": shares}, instrument, most=6)
    >>> ax.figure.savefig("gaps.png")
    """
    tables = Results(results, table)
    gaps = [
        row
        for row in tables.rows(table, ("item", "measure", "gap", "audience_a", "audience_b"))
        if row["measure"] == measure
    ]
    estimates = [
        row for row in tables.rows(shares, ("item", "measure", by, "estimate")) if row["measure"] == measure
    ]
    wanted = single_items([row["item"] for row in gaps or shown(estimates)], instrument, items)
    gaps = [row for row in gaps if row["item"] in set(wanted)]
    ranked = sorted(largest_first(gaps), key=lambda row: not is_certain(row))
    order = list(dict.fromkeys([*(row["item"] for row in ranked), *wanted]))
    drawn = order[:most]
    if not drawn:
        return None
    shares_of = by_item(row for row in estimates if row["item"] in set(drawn))
    groups = groups_of([row for own in shares_of.values() for row in own], instrument, by=by, palette=palette)
    gaps_of = by_item(ranked)
    none = _("no gap shown") if ranked else ""
    words, focus = (title, "") if title else _title(gaps, ranked, groups, instrument)
    rows = [
        _row(name, shares_of.get(name, ()), gaps_of.get(name), groups, instrument, none, by) for name in drawn
    ]
    clear = sum(any(map(is_certain, gaps_of.get(name, ()))) for name in drawn)
    return dot_axes(
        rows,
        groups,
        Description(
            words,
            _caption(len(order), len(drawn), ranked, clear, estimates, level),
            _("Dot plot of shares by group."),
            (chart_of_dots(rows, groups),),
            focus,
        ),
        descriptions={
            name: _describe(name, gaps_of.get(name), shares_of.get(name, ()), instrument, by)
            for name in drawn
        },
        ax=ax,
        side=Column(pgettext("column heading", "Largest gap"), _("{level} interval", level=percent(level)))
        if ranked
        else None,
        line_after=clear if ranked else None,
        line_words=chance_words(),
    )


@typed
@localized
def share_dots(
    results: Any,
    instrument: Instrument,
    *,
    items: Sequence[str],
    ax: Axes | None = None,
    palette: Any = None,
    table: str = "shares",
    gaps: str = "gaps",
    by: str = "audience",
    names: Mapping[str, str] | None = None,
    pair: tuple[str, str] | None = None,
    measure: str = "top",
    lowest_first: bool = False,
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw every group's share of chosen items in the order given, or the lowest share first.

    Parameters
    ----------
    results
        Released results, or a mapping of frames: `table` from `proportions`, `gaps` from `gaps`.
    instrument
        For names and the order of groups.
    items
        Columns to draw, in this order; those without a row are left out.
    ax, palette
        Axes to draw on, None for a new figure; colours of the groups.
    table, gaps
        Names of the shares and of the gaps; the latter may be missing.
    by, names
        The group column, and the name of each group; default: the audiences and their names. Divided by
        another column, there is a row per item and audience.
    pair
        Two groups; a column at the right shows the first less the second. None leaves it out.
    measure, lowest_first
        Which share is drawn; whether the item with the lowest share comes first.
    level
        Of the intervals in the tables, for the words.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Shares from 0 to 1 along x, one tick per row along y. None where no share may be shown.

    Raises
    ------
    InvalidInput
        A missing table or column.

    Examples
    --------
    >>> ax = share_dots(released, instrument, items=["burnout", "wellbeing"])
    """
    tables, names = Results(results, table), dict(names or {})
    place = {item: number for number, item in enumerate(items)}
    divided = by != "audience"

    def key(row: Row) -> tuple[str, str]:
        return str(row["item"]), str(row["audience"]) if divided else ""

    def chosen(name: str, columns: Iterable[str]) -> list[Row]:
        found = tables.rows(name, ("item", "measure", *columns)) if name in tables else []
        return [row for row in found if row["item"] in place and row["measure"] == measure]

    shares: dict[tuple[str, str], list[Row]] = {}
    for row in chosen(table, (by, "estimate")):
        shares.setdefault(key(row), []).append({**row, by: names.get(str(row[by]), str(row[by]))})
    lowest = {one: _mean_share(own) for one, own in shares.items()}
    if not any(share <= 1 for share in lowest.values()):
        return None
    order = sorted(shares, key=lambda one: lowest[one] if lowest_first else place[one[0]])
    if divided:
        order = [one for one in order if lowest[one] <= 1]
    every = [row for own in shares.values() for row in own]
    groups = groups_of(every, instrument, by=by, palette=None if divided else palette)
    if divided:  # these are not audiences, so they take no audience's colour
        colours, markers = group_colours([group.name for group in groups], (), palette or DIVIDED)
        groups = [replace(one, colour=colours[one.name], marker=markers[one.name]) for one in groups]
    apart = {key(row): row for row in chosen(gaps, ("gap", "audience_a")) if pair and _pair(row) == set(pair)}
    rows = []
    for one in order:
        dots, hidden = item_rows(shares[one], groups, by=by)
        gap = apart.get(one)
        size, note = signed_gap(gap, turned=str(gap["audience_a"]) != pair[0]) if gap and pair else ("", "")
        rows.append(
            DotRow(
                "/".join(filter(None, one)),
                _row_name(instrument, one[0], divided=divided),
                hint_of(one[0], measure, instrument),
                tuple(dots),
                Cell(size or ("–" if pair else ""), note, faint=not gap or not is_certain(gap)),
                lanes=max(1, len(dots)),
                empty="" if dots else few_words(),
                hidden=tuple(name for name, _ in hidden),
                who=audience_name(instrument, one[1], start=True) if divided else "",
            )
        )
    if divided:
        groups = [replace(group, note="") for group in groups]
    heading = _("Difference")
    if pair and not divided:
        first, second = (audience_name(instrument, name, start=name == pair[0]) for name in pair)
        heading = _("{one}\nless {other}", one=first, other=second)
    caption = [
        marked(level),
        *(
            [_("Right: the first group's share less the second's, in points, with its interval.")]
            if apart
            else []
        ),
        *([bound_note()] if any(known(row.get("bound")) for row in every) else []),
        _("Where a group is missing from a row, it was not asked or may not be shown."),
    ]
    alt = {
        row.name: f"{row.label}{', ' + row.who if row.who else ''}: "
        + joined(
            _(
                "{who} {share}, n {n}",
                who=audience_name(instrument, own[by]),
                share=share_of(own),
                n=base(own.get("n"), own.get("n_shown")),
            )
            for own in shares[one]
        )
        + "."
        for one, row in zip(order, rows, strict=True)
    }
    focus = ""
    if not title:
        title, focus = _dots_title(order, shares, list(apart.values()), instrument, by, names, lowest_first)
    return dot_axes(
        rows,
        groups,
        Description(
            title, tuple(caption), _("Dot plot of shares by group."), (chart_of_dots(rows, groups),), focus
        ),
        descriptions=alt,
        ax=ax,
        side=Column(heading, _("{level} interval", level=percent(level))) if apart else None,
        keys=groups if divided else None,
        numbers=not divided,
    )


def _mean_share(rows: Iterable[Row]) -> float:
    """Average the shares of a row that are shown, each group alike; 2 where none is."""
    found = [float(row["estimate"]) for row in shown(rows) if is_known(row["estimate"])]
    return sum(found) / len(found) if found else 2.0


def _row_name(instrument: Instrument, item: str, *, divided: bool) -> str:
    """Name a row: an option alone where its question is divided by another, whose heading names it."""
    if divided and item in instrument and instrument[item].option is not None:
        return str(instrument[item].label(current_language()))
    return item_name(instrument, item)


def _pair(row: Row) -> set[str]:
    return {str(row["audience_a"]), str(row["audience_b"])}


def _dots_title(
    order: Sequence[tuple[str, str]],
    shares: Mapping[tuple[str, str], Sequence[Row]],
    gaps: Sequence[Row],
    instrument: Instrument,
    by: str,
    names: Mapping[str, str],
    lowest_first: bool,
) -> tuple[str, str]:
    """Return a finding: the lowest item, or the largest clear gap, or the highest share; and its item."""
    clear = [row for row in largest_first(gaps) if is_certain(row)]
    if clear and not lowest_first:
        row = clear[0]
        named = {**row} | {
            f"audience_{side}": names.get(str(row[f"audience_{side}"]), row[f"audience_{side}"])
            for side in "ab"
        }
        (high, high_share), (low, low_share) = sides(named, instrument)
        label = _row_name(instrument, row["item"], divided=by != "audience")
        who = audience_name(instrument, row["audience"], start=True) if by != "audience" else ""
        words = {"high": high, "low": low, "high_share": high_share, "low_share": low_share}
        full, inner = (
            _("{label}: {high_share} of {high}, {low_share} of {low}", label=one, **words)
            for one in (label, within(label))
        )
        item = "/".join(filter(None, (row["item"], str(row["audience"]) if who else "")))
        return short_title(led(who, inner) if who else full, full), item
    if gaps and not lowest_first:
        if by != "audience" and len(names) == 2:
            one, other = names.values()
            who = _("{one} and {other}", one=one[:1].upper() + one[1:], other=other)
            return led(who, _("no difference is clear of chance")), ""
        label, more = item_name(instrument, order[0][0]), len({item for item, _who in order}) - 1
        what = _("{label} and {count} more", label=label, count=more) if more else label
        return short_title(led(what, _("no difference is clear of chance")), label), ""
    found = [
        (float(row["estimate"]), row)
        for one in order
        for row in shown(shares[one])
        if is_known(row["estimate"])
    ]
    if lowest_first:  # of the lowest row, the group with the most answers
        own = [(share, row) for share, row in found if row in shares[order[0]]] or found
        _n, row = max(((float(row["n"]), row) for _share, row in own), key=lambda pair: pair[0])
    else:
        _most, row = max(found, key=lambda pair: pair[0])
    words = {
        "label": item_name(instrument, row["item"]),
        "share": percent(row["estimate"], bound=str(known(row.get("bound")))),
        "who": audience_name(instrument, row[by]),
    }
    full = (
        _("Lowest: {label}, {share} of {who}", **words)
        if lowest_first
        else _("{label}: {share} of {who}", **words)
    )
    return short_title(full, words["label"]), row["item"]


def groups_of(
    estimates: Iterable[Row], instrument: Instrument, *, by: str, palette: Any = None
) -> list[Group]:
    """Return one group per audience with a share to show, with the range of its bases."""
    bases: dict[str, list[float]] = {}
    for row in shown(estimates):
        bases.setdefault(str(row[by]), []).extend([float(row["n"])] if is_known(row.get("n")) else [])
    names = [name for name in instrument.audiences if name in bases]
    names += [name for name in bases if name not in names]
    colours, markers = group_colours(names, instrument.audiences, palette)
    return [
        Group(
            name,
            audience_name(instrument, name, start=True),
            colours[name],
            markers[name],
            note=_("n {span}", span=_span(bases[name])) if bases[name] else "",
        )
        for name in names
    ]


def dot_of(row: Any, group: str, lane: int = 0) -> Dot:
    """Convert a share to a dot."""
    bound = str(known(row.get("bound")))
    ends = [
        float(row[end]) if is_known(row[end]) and not bound else None for end in ("conf_low", "conf_high")
    ]
    return Dot(
        group, float(row["estimate"]), ends[0], ends[1], percent(row["estimate"], bound=bound), lane, bound
    )


def item_rows(
    rows: Iterable[Row], groups: list[Group], *, by: str
) -> tuple[list[Dot], list[tuple[str, str]]]:
    """Return the dots of an item, and the groups that may not be shown with the reason."""
    dots, hidden = [], []
    lanes = {group.name: place for place, group in enumerate(groups)}
    for row in rows:
        group = str(row[by])
        if bool(row["shown"]) and is_known(row["estimate"]):
            dots.append(dot_of(row, group, lanes[group]))
        else:
            hidden.append((group, reasons_of(row)))
    present = sorted({dot.lane for dot in dots})
    moved = {lane: place for place, lane in enumerate(present)}
    return [replace(dot, lane=moved[dot.lane]) for dot in dots], hidden


def single_items(names: Iterable[str], instrument: Instrument, items: Iterable[str] | None) -> list[str]:
    """Return the items asked for; by default all but the options of multi-selects."""
    chosen = None if items is None else set(items)
    return [
        name
        for name in dict.fromkeys(names)
        if (
            name in chosen
            if chosen is not None
            else name not in instrument or instrument[name].option is None
        )
    ]


def short_title(*candidates: str) -> str:
    """Return the first title that fits a line; the last one shortened if none does."""
    fitting = next((one for one in candidates if len(one) <= TITLE_LETTERS), None)
    return fitting or candidates[-1][: TITLE_LETTERS - 1].rstrip() + "…"


def gap_title(gaps: Iterable[Row], instrument: Instrument) -> tuple[str, str]:
    """Return a title naming the largest gap that is clear of chance, and its item.

    "Most" is printed only where no gap is withheld or bounded and none is wider.
    """
    gaps = list(gaps)
    clear = [row for row in largest_first(gaps) if is_certain(row)]
    if not clear:
        return _("No gap between groups is clear of chance") if largest_first(gaps) else _(
            "No gap between groups may be shown"
        ), ""
    row = clear[0]
    (high, high_share), (low, low_share) = sides(row, instrument)
    label = item_name(instrument, row["item"])
    words = {"high": high, "low": low, "high_share": high_share, "low_share": low_share}
    width = abs(float(row["gap"]))
    most = all(
        bool(other["shown"]) and not known(other["bound"]) and abs(float(other["gap"])) <= width
        for other in gaps
        if other is not row
    )
    full = (
        _(
            "{high} and {low} differ most on {label}: {high_share} against {low_share}",
            label=within(label),
            **words,
        )
        if most
        else _(
            "{high} and {low} clearly differ on {label}: {high_share} against {low_share}",
            label=within(label),
            **words,
        )
    )
    heading = short_title(
        full[:1].upper() + full[1:],
        _("{label}: {high_share} of {high}, {low_share} of {low}", label=label, **words),
        _("A clear gap: {label}", label=within(label)),
    )
    return heading, row["item"]


def _title(
    gaps: list[Row], ranked: list[Row], groups: list[Group], instrument: Instrument
) -> tuple[str, str]:
    if not ranked and len(groups) == 1:
        return _(
            "Only the answers of {name} may be shown, so there is no gap to draw",
            name=audience_name(instrument, groups[0].name),
        ), ""
    return gap_title(gaps, instrument)


def _row(
    name: str,
    shares: Iterable[Row],
    largest: Sequence[Row] | None,
    groups: list[Group],
    instrument: Instrument,
    none: str,
    by: str,
) -> DotRow:
    """Return the row of an item; `largest` are its gaps, the largest first."""
    dots, hidden = item_rows(shares, groups, by=by)
    side, span = Cell(none, faint=True), None
    if largest:
        size, note = side_gap(largest[0])
        side = Cell(size, note, bold=is_certain(largest[0]), faint=not is_certain(largest[0]))
        span = (float(largest[0]["estimate_a"]), float(largest[0]["estimate_b"]))
    return DotRow(
        name,
        item_name(instrument, name),
        hint_of(name, "top", instrument),
        tuple(dots),
        side,
        lanes=max(1, len({dot.lane for dot in dots})),
        band=span,
        empty="" if dots else _("not shown (few answers)"),
        hidden=tuple(name for name, _ in hidden),
    )


def _caption(
    count: int, drawn: int, ranked: list[Row], clear: int, estimates: list[Row], level: float
) -> tuple[str, ...]:
    sentences = [marked(level)]
    if ranked:
        sentences.append(
            _("The grey band spans the largest gap of the row. Gaps are computed before rounding.")
        )
        sentences.append(
            _(
                "Gaps above the line are clear of chance, allowing for the number of "
                "comparisons; those below may be due to chance."
            )
            if 0 < clear < drawn
            else ""
            if clear
            else _("Among so many comparisons, gaps of this size may be due to chance.")
        )
    if drawn < count:
        sentences.append(
            _(
                "The {drawn} items with the largest gaps of {count} are drawn; results.csv "
                "lists all of them.",
                drawn=drawn,
                count=count,
            )
        )
    if any(known(row["bound"]) for row in estimates):
        sentences.append(bound_note())
    sentences.append(_("Where a group is missing from a row, it was not asked or may not be shown."))
    return tuple(filter(None, sentences))


def _describe(
    name: str, largest: Sequence[Row] | None, rows: Sequence[Row], instrument: Instrument, by: str
) -> str:
    """Describe an item's largest gap and all its shares."""
    shares = joined(
        _(
            "{who} {share}, n {n}",
            who=audience_name(instrument, row[by]),
            share=share_of(row),
            n=base(row.get("n"), row.get("n_shown")),
        )
        for row in rows
    )
    lead = headline(largest[0], instrument) if largest else item_name(instrument, name) + "."
    return _("{lead} All: {shares}.", lead=lead, shares=shares)


def _span(counts: Sequence[float]) -> str:
    low, high = base(min(counts)), base(max(counts))
    return low if low == high else _("{low}–{high}", low=low, high=high)
