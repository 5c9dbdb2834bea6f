"""Two waves as slopes: a panel an audience, a line an item, from the earlier share to the later one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.charts import dot_chart
from toolkit.presentation.figures.gaps import single_items
from toolkit.presentation.figures.page import Page, as_svg, wrapped
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import percent
from toolkit.presentation.rows import audience_name, item_name, known, released_table, within
from toolkit.presentation.sentences import by_width, doubt, is_certain, signed_gap
from toolkit.presentation.theme import QUIET, RULE, WHITE, Theme
from toolkit.presentation.waves import waves_apart
from toolkit.records import records

__all__ = ["wave_slope"]

Row = dict[str, Any]

_WORDS = Words(
    {
        "alt": ("Lines from {first} to {last}, {who}. ", "Lignes de {first} à {last}, {who}. "),
        "caption": (
            "Bold lines: changes that are clear of chance. Open markers are bounds. The same people need "
            "not have answered both times.",
            "Traits gras : changements qui se distinguent du hasard. Les repères ouverts sont des bornes. "
            "Les mêmes personnes n’ont pas forcément répondu les deux fois.",
        ),
        "drawn": (
            " The {drawn} largest of {count} changes are drawn.",
            " Les {drawn} plus grands changements sur {count} sont dessinés.",
        ),
        "one": (
            "{name}: {earlier} in {first}, {later} in {last}, {said} points",
            "{name} : {earlier} en {first}, {later} en {last}, {said} points",
        ),
        "went": (
            "from {earlier} in {first} to {later} in {last}",
            "de {earlier} en {first} à {later} en {last}",
        ),
        "title": (
            "{who}: the largest change shown is on {name}, {went}{doubts}",
            "{who} : le plus grand changement affiché porte sur « {name} », {went}{doubts}",
        ),
    }
)
HIGH, TOP, APART = 3.0, 0.62, 0.145
"""Inches: of a panel's scale, above it, and between two labels."""


@spoken
def wave_slope(
    released: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str],
    audience: str,
    table: str = "trend",
    by: str = "audience",
    items: Iterable[str] | None = None,
    most: int = 10,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw the shares of one audience at two waves, joined by lines; changes clear of chance are bold.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names and colours.
    waves
        The earlier and the later wave, as the table names them.
    audience
        Whose answers.
    table, by
        The released gaps between waves, and their group column.
    items, most
        Columns to draw, and how many at most: the largest changes.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Returns
    -------
    None where no change of this audience may be shown.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = waves_apart(
        released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap")), waves
    )
    frame = frame[frame[by].astype(str) == audience]
    rows = by_width(frame[frame["item"].isin(single_items(frame["item"], instrument, items))])
    drawn = records(rows.head(most))
    if not drawn:
        return None
    look = look or Theme.of(audiences=instrument.audiences)
    names = [item_name(instrument, row["item"], language=language) for row in drawn]
    who = audience_name(instrument, audience, start=True, language=language)
    told = [
        (name, {end: (row[key], None, None, _share(row, key)) for end, key in zip(waves, _ENDS, strict=True)})
        for name, row in zip(names, drawn, strict=True)
    ]
    colour = look.colour_of(audience)
    return Picture(
        title or _title(drawn[0], who, names[0], waves),
        _WORDS("alt", first=waves[0], last=waves[1], who=within(who))
        + " ".join(f"{_words(row, name, waves)}." for row, name in zip(drawn, names, strict=True)),
        _WORDS("caption")
        + (_WORDS("drawn", drawn=len(drawn), count=len(rows)) if len(drawn) < len(rows) else ""),
        as_svg(lambda: _draw(drawn, names, waves, colour)),
        charts=(dot_chart(told, [(waves[0], QUIET), (waves[1], colour)]),),
    )


_ENDS = ("earlier", "later")


def _share(row: Row, end: str) -> str:
    return percent(row[end], bound=str(known(row.get(f"bound_{end}"))))


def _words(row: Row, name: str, waves: tuple[str, str]) -> str:
    size, ends = signed_gap(row, turned=row["turned"])
    said = " ".join(part for part in (size, ends) if part)
    return _WORDS("one", name=name, said=said, **_ends_of(row, waves))


def _ends_of(row: Row, waves: tuple[str, str]) -> dict[str, str]:
    """Both shares and when they are of, for a sentence."""
    return {
        "earlier": _share(row, "earlier"),
        "later": _share(row, "later"),
        "first": waves[0],
        "last": waves[1],
    }


def _title(row: Row, who: str, name: str, waves: tuple[str, str]) -> str:
    went = _WORDS("went", **_ends_of(row, waves))
    doubts = "" if is_certain(row) else f", {doubt(row)}"
    return _WORDS("title", who=who, name=within(name), went=went, doubts=doubts)


def _draw(rows: Sequence[Row], names: Sequence[str], waves: tuple[str, str], colour: str) -> Page:
    page = Page(TOP + HIGH + 0.25)
    left, right = 1.35, 3.9
    for x, wave in ((left, waves[0]), (right, waves[1])):
        page.line((x, x), (TOP - 0.1, TOP + HIGH + 0.1), color=RULE, linewidth=0.8)
        page.text(x, TOP - 0.3, wave, ha="center", fontweight="bold")
    starts, ends = (_spread([_y(row[end]) for row in rows]) for end in _ENDS)
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        sure = is_certain(row)
        ink = colour if sure else QUIET
        y = (_y(row["earlier"]), _y(row["later"]))
        page.line(
            (left, right), y, color=ink, linewidth=2.2 if sure else 1.0, zorder=3, gid=f"slope:{row['item']}"
        )
        for x, end, height in ((left, "earlier", y[0]), (right, "later", y[1])):
            face = WHITE if str(known(row.get(f"bound_{end}"))) else ink
            gid = f"{end}:{row['item']}"
            page.mark(x, height, marker="o", colour=ink, gid=gid, markersize=5, markerfacecolor=face)
        weight = "bold" if sure else "normal"
        page.text(
            left - 0.12, starts[place], _share(row, "earlier"), ha="right", fontsize=7.5, fontweight=weight
        )
        words = f"{_share(row, 'later')}  {wrapped(name, 44, most=1)[0]}"
        page.text(
            right + 0.12, ends[place], words, fontsize=7.5, fontweight=weight, gid=f"label:{row['item']}"
        )
    return page


def _y(share: float) -> float:
    return TOP + (1 - float(share)) * HIGH


def _spread(places: Sequence[float]) -> list[float]:
    """Where labels stand so that none covers another: as near their points as may be."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + APART)
    lowest = TOP + HIGH + 0.1
    for place in reversed(order):
        found[place] = min(found[place], lowest)
        lowest = found[place] - APART
    return found
