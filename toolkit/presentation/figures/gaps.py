"""Gaps between respondent groups: one row per item, one dot per group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized, pgettext
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description, group_colours
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import Results, audience_name, item_name, joined, known, shown, within
from toolkit.presentation.sentences import (
    headline,
    hint_of,
    is_certain,
    largest_first,
    reasons_of,
    share_of,
    side_gap,
    sides,
)
from toolkit.records import by_item

__all__ = ["gap_dumbbell"]

Row = Mapping[str, Any]

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
        For names, the order of groups, and which way good news lies.
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
        How many rows; None for all. The caption says how many were left out.
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
    >>> ax = gap_dumbbell({"gaps": gaps, "shares": shares}, instrument, most=6)   # doctest: +SKIP
    >>> ax.figure.savefig("gaps.png")                                              # doctest: +SKIP
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
                "The {drawn} items with the largest gaps of {count} are drawn; the appendix "
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
