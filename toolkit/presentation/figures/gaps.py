"""Where audiences see the same thing differently: one row an item, one dot an audience."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import Dot, DotRow, Group, chart_of_dots, dots_on_sheets, draw_dots
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import audience_name, item_name, joined, known, released_rows, shown
from toolkit.presentation.sentences import (
    gap_title,
    headline,
    hint_of,
    reasons_of,
    share_of,
    side_gap,
    widest_first,
)
from toolkit.presentation.theme import Theme
from toolkit.records import by_item

__all__ = ["gap_dumbbell"]

Row = Mapping[str, Any]

_WORDS = Words(
    {
        "bound": (
            "An open marker with an arrow is a bound: the share itself may not be shown.",
            "Un repère ouvert avec une flèche est une borne : la part elle-même ne peut être affichée.",
        ),
        "marked": (
            "Dots are shares, with the number beside them; lines are their {level} intervals.",
            "Les points sont les parts, avec leur valeur à côté ; les traits sont leurs intervalles à "
            "{level}.",
        ),
        "side": ("Widest gap ({level} interval)", "Plus grand écart (intervalle à {level})"),
        "group": ("{label} (n {span})", "{label} (n {span})"),
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
        "drawn": (
            "The {drawn} items with the widest gaps of {count} are drawn; the appendix has all.",
            "Les {drawn} questions aux plus grands écarts sur {count} sont dessinées ; l’annexe les contient "
            "toutes.",
        ),
        "missing": (
            "Where an audience is missing from a row, it was not asked or may not be shown.",
            "Un public absent d’une ligne n’a pas été interrogé ou ne peut être affiché.",
        ),
        "one": ("{who} {share}, n {n}", "{who} {share}, n {n}"),
        "all": ("{lead} All: {shares}.", "{lead} Tous : {shares}."),
        "alt": ("Dot plot of shares by audience.", "Graphique à points des parts par public."),
        "lead": ("Gaps between audiences", "Écarts entre publics"),
        "span": ("{low} to {high}", "{low} à {high}"),
    }
)


def bound_note() -> str:
    """How a share of which only a bound may be shown is drawn."""
    return _WORDS("bound")


def few_words() -> str:
    """What stands where nothing may be drawn."""
    return _WORDS("few")


def marked(level: float) -> str:
    """How dots with intervals are to be read."""
    return _WORDS("marked", level=percent(level))


@spoken
def gap_dumbbell(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    shares: str = "shares",
    by: str = "audience",
    measure: str = "top",
    items: Iterable[str] | None = None,
    most: int | None = 12,
    level: float = 0.95,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw every audience's share of each item with its interval, the widest gap first.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names, order of audiences, and which way good news lies.
    table, shares
        Names of the released gaps and of the released shares.
    by
        The group column of the shares.
    measure
        Which share is drawn.
    items
        Columns to draw; without it every column but the options of multi-selects.
    most
        How many rows; None for all. The caption says how many were left out.
    level
        Of the intervals in the tables, for the words.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    needed = ("item", "measure", "gap", "audience_a", "audience_b")
    gaps = [row for row in released_rows(released, table, columns=needed) if row["measure"] == measure]
    told = released_rows(released, shares, columns=("item", "measure", by, "estimate"))
    estimates = [row for row in told if row["measure"] == measure]
    wanted = single_items([row["item"] for row in gaps or shown(estimates)], instrument, items)
    gaps = [row for row in gaps if row["item"] in set(wanted)]
    look = look or Theme.of(audiences=instrument.audiences)
    ranked = widest_first(gaps)
    order = list(dict.fromkeys([*(row["item"] for row in ranked), *wanted]))
    drawn = order[:most]
    estimates = [row for row in estimates if row["item"] in set(drawn)]
    groups = groups_of(estimates, instrument, look, by=by, language=language)
    shares_of, gaps_of = by_item(estimates), by_item(ranked)
    none = _WORDS("no gap") if gaps else ""
    rows = [
        _row(name, shares_of.get(name, ()), gaps_of.get(name), groups, instrument, none, by, language)
        for name in drawn
    ]
    caption = _caption(len(order), len(drawn), ranked, estimates, level)
    side = _WORDS("side", level=percent(level)) if ranked else ""
    return dots_on_sheets(
        Picture(
            title or _title(gaps, groups, instrument, language),
            _WORDS("alt"),
            caption,
            "",
            charts=(chart_of_dots(rows, groups),),
        ),
        rows,
        lambda some, span: draw_dots(some, groups, side_title=side, span=span),
        said={
            name: _said(name, gaps_of.get(name), shares_of.get(name, ()), instrument, by, language)
            for name in drawn
        },
        lead=_WORDS("lead"),
    )


def groups_of(
    estimates: Iterable[Row], instrument: Instrument, look: Theme, *, by: str, language: str = "en"
) -> list[Group]:
    """One group an audience that has a share to show, with the range of its bases."""
    bases: dict[str, list[float]] = {}
    for row in shown(estimates):
        bases.setdefault(str(row[by]), []).extend([float(row["n"])] if is_known(row["n"]) else [])
    names = [name for name in instrument.audiences if name in bases]
    names += [name for name in bases if name not in names]
    found = []
    for name in names:
        label = audience_name(instrument, name, start=True, language=language)
        found.append(
            Group(
                name,
                _WORDS("group", label=label, span=_span(bases[name])),
                look.colour_of(name),
                look.marker_of(name),
            )
        )
    return found


def dot_of(row: Any, group: str, lane: int = 0) -> Dot:
    """A released share as a dot."""
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
    """Dots of one item, one lane an audience, and the audiences that may not be shown with the reason."""
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
    return [Dot(d.group, d.estimate, d.low, d.high, d.words, moved[d.lane], d.bound) for d in dots], hidden


def single_items(names: Iterable[str], instrument: Instrument, items: Iterable[str] | None) -> list[str]:
    """The items asked for; without a choice all but the options of multi-selects, in the order they come."""
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


def _title(gaps: list[Row], groups: list[Group], instrument: Instrument, language: str) -> str:
    if widest_first(gaps) or len(groups) != 1:
        return gap_title(gaps, instrument, language=language)
    name = audience_name(instrument, groups[0].name, language=language)
    return _WORDS("only", name=name)


def _row(
    name: str,
    shares: Iterable[Row],
    widest: Sequence[Row] | None,
    groups: list[Group],
    instrument: Instrument,
    none: str,
    by: str,
    language: str,
) -> DotRow:
    """One item's line; `widest` are its gaps, the widest first, `none` is said where there is none."""
    dots, _ = item_rows(shares, groups, by=by)
    side, note, band = "", "", None
    if widest:
        side, note = side_gap(widest[0])
        band = (float(widest[0]["estimate_a"]), float(widest[0]["estimate_b"]))
    return DotRow(
        name,
        item_name(instrument, name, language=language),
        hint_of(name, "top", instrument),
        tuple(dots),
        side or none,
        note,
        lanes=max(1, len({dot.lane for dot in dots})),
        band=band,
        empty="" if dots else _WORDS("few"),
    )


def _caption(count: int, drawn: int, ranked: list[Row], estimates: list[Row], level: float) -> str:
    said = [marked(level)]
    if ranked:
        said.append(_WORDS("band"))
    if drawn < count:
        said.append(_WORDS("drawn", drawn=drawn, count=count))
    if any(known(row["bound"]) for row in estimates):
        said.append(bound_note())
    said.append(_WORDS("missing"))
    return " ".join(said)


def _said(
    name: str,
    widest: Sequence[Row] | None,
    rows: Sequence[Row],
    instrument: Instrument,
    by: str,
    language: str,
) -> str:
    """An item's widest gap and all its shares in words."""
    shares = joined(
        _WORDS(
            "one",
            who=audience_name(instrument, row[by], language=language),
            share=share_of(row),
            n=base(row["n"], row.get("n_shown")),
        )
        for row in rows
    )
    lead = (
        headline(widest[0], instrument, language=language)
        if widest
        else item_name(instrument, name, language=language) + "."
    )
    return _WORDS("all", lead=lead, shares=shares)


def _span(counts: Sequence[float]) -> str:
    if not counts:
        return base(None)
    low, high = base(min(counts)), base(max(counts))
    return low if low == high else _WORDS("span", low=low, high=high)
