"""Where respondent groups see the same thing differently: one row per item, one dot per group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from toolkit.instrument.model import Instrument
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description, group_colours
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import Results, audience_name, item_name, joined, known, shown, within
from toolkit.presentation.sentences import (
    headline,
    hint_of,
    is_certain,
    reasons_of,
    share_of,
    side_gap,
    sides,
    widest_first,
)
from toolkit.records import by_item

__all__ = ["gap_dumbbell"]

Row = Mapping[str, Any]

TITLE_LETTERS = 90
"""A title is one line."""

_WORDS = Words(
    {
        "bound": (
            "An open marker with an arrow is a bound: the share itself may not be shown.",
            "Un repère ouvert avec une flèche est une borne : la part elle-même ne peut être affichée.",
        ),
        "marked": (
            "Dots are shares; lines are their {level} intervals.",
            "Les points sont les parts ; les traits sont leurs intervalles à {level}.",
        ),
        "side": ("Widest gap", "Plus grand\nécart"),
        "side note": ("{level} interval", "intervalle à {level}"),
        "n": ("n {span}", "n {span}"),
        "only": (
            "Only the answers of {name} may be shown, so there is no gap to draw",
            "Seules les réponses des {name} peuvent être affichées ; il n’y a pas d’écart à dessiner",
        ),
        "no gap": ("no gap shown", "pas d’écart affiché"),
        "few": ("not shown (few answers)", "non affiché (peu de réponses)"),
        "band": (
            "The grey band spans the widest gap of the row. Gaps are computed before rounding.",
            "La bande grise couvre le plus grand écart de la ligne. Les écarts sont calculés avant "
            "l’arrondi.",
        ),
        "line": (
            "Gaps above the line are clear of chance, allowing for the number of comparisons; those below "
            "may be chance.",
            "Les écarts au-dessus du trait se distinguent du hasard, compte tenu du nombre de comparaisons ; "
            "ceux du dessous peuvent être dus au hasard.",
        ),
        "all unclear": (
            "Among so many comparisons, gaps as wide as these may be chance.",
            "Parmi tant de comparaisons, des écarts de cette taille peuvent être dus au hasard.",
        ),
        "clear": ("▲ clear of chance", "▲ au-delà du hasard"),
        "unclear": ("▼ may be chance", "▼ peut-être le hasard"),
        "drawn": (
            "The {drawn} items with the widest gaps of {count} are drawn; the appendix has all.",
            "Les {drawn} questions aux plus grands écarts sur {count} sont dessinées ; l’annexe les contient "
            "toutes.",
        ),
        "missing": (
            "Where a group is missing from a row, it was not asked or may not be shown.",
            "Un groupe absent d’une ligne n’a pas été interrogé ou ne peut être affiché.",
        ),
        "one": ("{who} {share}, n {n}", "{who} {share}, n {n}"),
        "all": ("{lead} All: {shares}.", "{lead} Tous : {shares}."),
        "alt": ("Dot plot of shares by group.", "Graphique à points des parts par groupe."),
        "span": ("{low}–{high}", "{low}–{high}"),
        "most": (
            "{high} and {low} differ most on {label}: {high_share} against {low_share}",
            "{high} et {low} divergent le plus sur « {label} » : {high_share} contre {low_share}",
        ),
        "clearly": (
            "{high} and {low} clearly differ on {label}: {high_share} against {low_share}",
            "{high} et {low} divergent nettement sur « {label} » : {high_share} contre {low_share}",
        ),
        "brief": (
            "{label}: {high_share} of {high}, {low_share} of {low}",
            "{label} : {high_share} des {high}, {low_share} des {low}",
        ),
        "briefest": ("A clear gap: {label}", "Un écart net : {label}"),
        "none clear": (
            "No gap between groups is clear of chance",
            "Aucun écart entre groupes ne se distingue du hasard",
        ),
        "no gaps": ("No gap between groups may be shown", "Aucun écart entre groupes ne peut être affiché"),
    }
)


def bound_note() -> str:
    """How a share of which only a bound may be shown is drawn."""
    return _WORDS("bound")


def few_words() -> str:
    """What is printed where nothing may be drawn."""
    return _WORDS("few")


def marked(level: float) -> str:
    """How dots with intervals are read."""
    return _WORDS("marked", level=percent(level))


def interval_note(level: float) -> str:
    """Heading of a column of intervals."""
    return _WORDS("side note", level=percent(level))


def chance_words() -> tuple[str, str]:
    """What is printed above and below the line between what is clear of chance and what may be chance."""
    return _WORDS("clear"), _WORDS("unclear")


@spoken
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
) -> Axes:
    """Draw every group's share of each item with its interval; clear gaps first, then the widest.

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
        Shares from 0 to 1 along x, one tick per item along y.

    Raises
    ------
    InvalidInput
        A missing table or column, or a palette with too few colours.

    Examples
    --------
    >>> ax = gap_dumbbell({"gaps": gaps, "shares": shares}, instrument, most=6)   # doctest: +SKIP
    >>> ax.figure.savefig("gaps.png")                                              # doctest: +SKIP
    """
    told = Results(results, table)
    gaps = [
        row
        for row in told.rows(table, ("item", "measure", "gap", "audience_a", "audience_b"))
        if row["measure"] == measure
    ]
    estimates = [
        row for row in told.rows(shares, ("item", "measure", by, "estimate")) if row["measure"] == measure
    ]
    wanted = single_items([row["item"] for row in gaps or shown(estimates)], instrument, items)
    gaps = [row for row in gaps if row["item"] in set(wanted)]
    ranked = sorted(widest_first(gaps), key=lambda row: not is_certain(row))
    order = list(dict.fromkeys([*(row["item"] for row in ranked), *wanted]))
    drawn = order[:most]
    shares_of = by_item(row for row in estimates if row["item"] in set(drawn))
    groups = groups_of([row for own in shares_of.values() for row in own], instrument, by=by, palette=palette)
    gaps_of = by_item(ranked)
    none = _WORDS("no gap") if ranked else ""
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
            _WORDS("alt"),
            (chart_of_dots(rows, groups),),
            focus,
        ),
        said={
            name: _said(name, gaps_of.get(name), shares_of.get(name, ()), instrument, by) for name in drawn
        },
        ax=ax,
        side=Column(_WORDS("side"), _WORDS("side note", level=percent(level))) if ranked else None,
        line_after=clear if ranked else None,
        line_words=chance_words(),
    )


def groups_of(
    estimates: Iterable[Row], instrument: Instrument, *, by: str, palette: Any = None
) -> list[Group]:
    """One group per audience that has a share to show, with the range of its bases."""
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
            note=_WORDS("n", span=_span(bases[name])) if bases[name] else "",
        )
        for name in names
    ]


def dot_of(row: Any, group: str, lane: int = 0) -> Dot:
    """A share as a dot."""
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
    """Dots of one item, one lane per group, and the groups that may not be shown with the reason."""
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
    """The items asked for; by default all but the options of multi-selects, in the order they come."""
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
    """The first title that fits a line; the last one cut where none does."""
    fitting = next((one for one in candidates if len(one) <= TITLE_LETTERS), None)
    return fitting or candidates[-1][: TITLE_LETTERS - 1].rstrip() + "…"


def gap_title(gaps: Iterable[Row], instrument: Instrument) -> tuple[str, str]:
    """A line that names the widest gap that is clear of chance, and its item; that there is none, and "".

    "Most" is said only where no gap is withheld or bounded and none is wider.
    """
    gaps = list(gaps)
    clear = [row for row in widest_first(gaps) if is_certain(row)]
    if not clear:
        return _WORDS("none clear") if widest_first(gaps) else _WORDS("no gaps"), ""
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
    full = _WORDS("most" if most else "clearly", label=within(label), **words)
    said = short_title(
        full[:1].upper() + full[1:],
        _WORDS("brief", label=label, **words),
        _WORDS("briefest", label=within(label)),
    )
    return said, row["item"]


def _title(
    gaps: list[Row], ranked: list[Row], groups: list[Group], instrument: Instrument
) -> tuple[str, str]:
    if not ranked and len(groups) == 1:
        return _WORDS("only", name=audience_name(instrument, groups[0].name)), ""
    return gap_title(gaps, instrument)


def _row(
    name: str,
    shares: Iterable[Row],
    widest: Sequence[Row] | None,
    groups: list[Group],
    instrument: Instrument,
    none: str,
    by: str,
) -> DotRow:
    """One item's line; `widest` are its gaps, the widest first."""
    dots, hidden = item_rows(shares, groups, by=by)
    side, span = Cell(none, faint=True), None
    if widest:
        size, note = side_gap(widest[0])
        side = Cell(size, note, bold=is_certain(widest[0]), faint=not is_certain(widest[0]))
        span = (float(widest[0]["estimate_a"]), float(widest[0]["estimate_b"]))
    return DotRow(
        name,
        item_name(instrument, name),
        hint_of(name, "top", instrument),
        tuple(dots),
        side,
        lanes=max(1, len({dot.lane for dot in dots})),
        band=span,
        empty="" if dots else _WORDS("few"),
        hidden=tuple(name for name, _ in hidden),
    )


def _caption(
    count: int, drawn: int, ranked: list[Row], clear: int, estimates: list[Row], level: float
) -> tuple[str, ...]:
    said = [marked(level)]
    if ranked:
        said.append(_WORDS("band"))
        said.append(_WORDS("line") if 0 < clear < drawn else "" if clear else _WORDS("all unclear"))
    if drawn < count:
        said.append(_WORDS("drawn", drawn=drawn, count=count))
    if any(known(row["bound"]) for row in estimates):
        said.append(bound_note())
    said.append(_WORDS("missing"))
    return tuple(filter(None, said))


def _said(
    name: str, widest: Sequence[Row] | None, rows: Sequence[Row], instrument: Instrument, by: str
) -> str:
    """An item's widest gap and all its shares in words."""
    shares = joined(
        _WORDS(
            "one",
            who=audience_name(instrument, row[by]),
            share=share_of(row),
            n=base(row.get("n"), row.get("n_shown")),
        )
        for row in rows
    )
    lead = headline(widest[0], instrument) if widest else item_name(instrument, name) + "."
    return _WORDS("all", lead=lead, shares=shares)


def _span(counts: Sequence[float]) -> str:
    low, high = base(min(counts)), base(max(counts))
    return low if low == high else _WORDS("span", low=low, high=high)
