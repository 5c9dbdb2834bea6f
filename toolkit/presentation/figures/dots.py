"""Rows of dots with intervals on a common scale from 0 to 100 %: the drawing behind several figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from toolkit.presentation.blocks import Picture
from toolkit.presentation.charts import Chart, dot_chart
from toolkit.presentation.figures.page import LINE, SMALL_LINE, WIDTH, Page, as_svg, wrapped
from toolkit.presentation.language import Words
from toolkit.presentation.theme import BAND, QUIET, RULE, WHITE

__all__ = [
    "Dot",
    "DotRow",
    "Group",
    "Span",
    "bound_arrow",
    "chart_of_dots",
    "dots_on_sheets",
    "draw_dots",
    "sheets_of_rows",
]

_WORDS = Words(
    {"continued": ("{lead}: continued ({place} of {count})", "{lead} : suite ({place} sur {count})")}
)

TALLEST = 3.5
"""Inches the rows of a sheet may be high together: two or three sheets fill a printed page."""

LABEL_CHARACTERS = 37
SIDE_CHARACTERS = 18
HINT_CHARACTERS = 42
LANE = 0.16
SMALL = 7.5


@dataclass(frozen=True)
class Group:
    """Who a marker stands for."""

    name: str
    label: str
    colour: str
    marker: str
    hollow: bool = False


@dataclass(frozen=True)
class Dot:
    """One share in one lane of a row; `words` is printed beside it."""

    group: str
    estimate: float
    low: float | None
    high: float | None
    words: str
    lane: int = 0
    bound: str = ""


@dataclass(frozen=True)
class DotRow:
    """One line of the picture: a name, its dots, and what is said at the right."""

    name: str
    label: str
    hint: str
    dots: tuple[Dot, ...]
    side: str = ""
    side_note: str = ""
    lanes: int = 1
    band: tuple[float, float] | None = None
    empty: str = ""
    joined: bool = False


@dataclass(frozen=True)
class Span:
    """Where 0 and 100 % stand on the page, in inches from the left."""

    left: float = 2.72
    right: float = 5.86

    def place(self, share: float) -> float:
        """Where a share stands."""
        return self.left + share * (self.right - self.left)


def draw_dots(
    rows: Sequence[DotRow],
    groups: Sequence[Group],
    *,
    side_title: str = "",
    keys: Sequence[Group] | None = None,
    span: Span | None = None,
) -> Page:
    """Draw rows of dots, top to bottom in the order given.

    Parameters
    ----------
    rows, groups
        What is drawn.
    side_title
        Stands above what the rows say at the right.
    keys
        Replaces the groups in the legend.
    span
        Where the scale stands; without it as wide as these rows leave room for.
    """
    by_name = {group.name: group for group in groups}
    keys = groups if keys is None else keys
    heights = [_height(row) for row in rows]
    top = 0.06 + 0.21 * Page.legend_rows([key.label for key in keys]) + (0.24 if side_title else 0.06)
    page = Page(top + sum(heights) + 0.28)
    page.legend([(key.label, _key(page, key)) for key in keys], 0.14)
    if side_title:
        page.text(WIDTH - 0.08, top - 0.12, side_title, color=QUIET, fontsize=SMALL, ha="right")
    span = span or _span_of(rows)
    _scale(page, span, top, sum(heights))
    y = top
    for row, height in zip(rows, heights, strict=True):
        _row(page, span, row, by_name, (y, height))
        y += height
    return page


def sheets_of_rows(rows: Sequence[DotRow]) -> list[list[DotRow]]:
    """Rows in their order over as many sheets as a printed page asks for, about equally full."""
    heights = [_height(row) for row in rows]
    count = max(1, math.ceil(sum(heights) / TALLEST))
    found: list[list[DotRow]] = [[] for _ in range(count)]
    above = 0.0
    for row, height in zip(rows, heights, strict=True):
        found[int((above + height / 2) / sum(heights) * count)].append(row)
        above += height
    return found


def dots_on_sheets(
    whole: Picture,
    rows: Sequence[DotRow],
    draw: Callable[[Sequence[DotRow], Span], Page],
    *,
    said: Mapping[str, str],
    lead: str,
) -> Picture:
    """A picture of rows of dots, broken into sheets where it would be too tall for a printed page.

    Parameters
    ----------
    whole
        The picture before it is drawn: its title and charts stay with the first sheet, its caption with the
        last; its alt text opens that of each.
    rows, draw
        The rows, and what draws some of them on the scale all of them share.
    said
        A row's name → the sentence of the alt text that says it.
    lead
        What the picture is about, before "continued".
    """
    span, pages = _span_of(rows), sheets_of_rows(rows)
    drawn = [
        replace(
            whole,
            title=whole.title
            if place == 1
            else _WORDS("continued", lead=lead, place=place, count=len(pages)),
            alt=" ".join([whole.alt, *(said[row.name] for row in page)]),
            caption=whole.caption if place == len(pages) else "",
            svg=as_svg(partial(draw, page, span)),
            charts=whole.charts if place == 1 else (),
        )
        for place, page in enumerate(pages, start=1)
    ]
    return replace(drawn[0], more=tuple(drawn[1:]))


def _span_of(rows: Sequence[DotRow]) -> Span:
    """As wide as what is said at the right leaves room for."""
    return Span() if any(row.side or row.side_note for row in rows) else Span(right=6.66)


def chart_of_dots(
    rows: Sequence[DotRow],
    groups: Sequence[Group],
    *,
    named: Mapping[str, tuple[str, str]] | None = None,
) -> Chart:
    """The same rows as numbers for an editable chart.

    Parameters
    ----------
    rows, groups
        As drawn.
    named
        Group → (series, colour), where several groups are one series (each audience's earlier dots); the
        row's label then says whose they are.
    """
    named = named or {}
    series = {group.name: named.get(group.name, (group.label, group.colour)) for group in groups}
    found = [
        (
            f"{row.label} · {row.hint.partition(' · ')[0]}" if named and row.hint else row.label,
            {series[dot.group][0]: (dot.estimate, dot.low, dot.high, dot.words) for dot in row.dots},
        )
        for row in rows
    ]
    listed = dict(reversed(series.values()))
    order = dict.fromkeys(label for label, _ in series.values())
    return dot_chart(found, [(label, listed[label]) for label in order])


def _key(page: Page, group: Group) -> Callable[[float, float], None]:
    face = WHITE if group.hollow else group.colour

    def draw(x: float, y: float) -> None:
        page.mark(x, y, marker=group.marker, colour=group.colour, markerfacecolor=face)

    return draw


def _height(row: DotRow) -> float:
    words = len(wrapped(row.label, LABEL_CHARACTERS)) * LINE + len(_hint_lines(row)) * SMALL_LINE
    notes = wrapped(row.side_note, SIDE_CHARACTERS) if row.side_note else []
    side = (LINE if row.side else 0) + len(notes) * SMALL_LINE
    return max(row.lanes * LANE, words, side) + 0.16


def _scale(page: Page, span: Span, top: float, height: float) -> None:
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = span.place(share)
        page.line((x, x), (top, top + height), color=RULE, linewidth=0.6)
        page.text(
            x, top + height + 0.12, f"{share * 100:.0f}\u00a0%", color=QUIET, fontsize=SMALL, ha="center"
        )


def _row(
    page: Page, span: Span, row: DotRow, groups: Mapping[str, Group], where: tuple[float, float]
) -> None:
    y, height = where
    middle = y + height / 2
    page.line((0.08, WIDTH - 0.08), (y, y), linewidth=0.6)
    _label(page, row, middle)
    if row.band:
        low, high = sorted(span.place(share) for share in row.band)
        page.box(low, y + 0.03, high - low, height - 0.06, facecolor=BAND, gid=f"band:{row.name}")
    for lane in range(row.lanes):
        _lane(page, span, row, groups, (lane, middle + (lane - (row.lanes - 1) / 2) * LANE))
    if row.empty:
        page.text(span.left + 0.08, middle, row.empty, color=QUIET, fontsize=SMALL, style="italic")
    _side(page, row, middle)


def _label(page: Page, row: DotRow, middle: float) -> None:
    lines = wrapped(row.label, LABEL_CHARACTERS)
    hints = _hint_lines(row)
    start = middle - (len(lines) * LINE + len(hints) * SMALL_LINE) / 2 + LINE / 2
    for place, words in enumerate(lines):
        page.text(0.08, start + place * LINE, words, gid=f"label:{row.name}:{place}")
    first = start + len(lines) * LINE - 0.01
    for place, words in enumerate(hints):
        page.text(0.08, first + place * SMALL_LINE, words, color=QUIET, fontsize=SMALL)


def _hint_lines(row: DotRow) -> list[str]:
    return wrapped(row.hint, HINT_CHARACTERS) if row.hint else []


def _lane(page: Page, span: Span, row: DotRow, groups: Mapping[str, Group], where: tuple[int, float]) -> None:
    lane, y = where
    dots = [dot for dot in row.dots if dot.lane == lane]
    if row.joined and len(dots) == 2:
        ends = (span.place(dots[0].estimate), span.place(dots[1].estimate))
        page.line(ends, (y, y), color=groups[dots[1].group].colour, linewidth=1.2, zorder=2)
    for dot in dots:
        group = groups[dot.group]
        x = span.place(dot.estimate)
        if dot.low is not None and dot.high is not None:
            ends = (span.place(dot.low), span.place(dot.high))
            gid = f"interval:{row.name}:{dot.group}"
            page.line(ends, (y, y), color=group.colour, linewidth=1.4, zorder=3, gid=gid)
        if dot.bound:
            bound_arrow(page, dot.bound, x, y, group.colour)
        open_marker = group.hollow or (bool(dot.bound) and not row.joined)
        face = WHITE if open_marker else group.colour
        gid = f"dot:{row.name}:{dot.group}"
        page.mark(
            x, y, marker=group.marker, colour=group.colour, gid=gid, markersize=5.4, markerfacecolor=face
        )
    _words(page, span, dots, groups, y)


def bound_arrow(page: Page, bound: str, x: float, y: float, colour: str, *, reach: float = 0.2) -> None:
    """An arrow of so many inches from the bound towards where the share lies."""
    ahead = reach if bound == ">=" else -reach
    page.line((x, x + ahead), (y, y), color=colour, linewidth=1.2, zorder=3)
    page.mark(x + ahead, y, marker=">" if ahead > 0 else "<", colour=colour, markersize=3.4)


def _words(page: Page, span: Span, dots: Sequence[Dot], groups: Mapping[str, Group], y: float) -> None:
    """Each share's number beside its interval, where there is room; two in a lane go outwards, or above."""
    for dot in dots:
        if not dot.words:
            continue
        right = span.place(max(dot.estimate, dot.high or 0)) + (0.28 if dot.bound == ">=" else 0.09)
        left = span.place(min(dot.estimate, 1 if dot.low is None else dot.low))
        left -= 0.28 if dot.bound == "<=" else 0.09
        others = [other for other in dots if other is not dot]
        if others:
            equal_first = dot.estimate == others[0].estimate and dot is dots[0]
            to_left = equal_first or dot.estimate < others[0].estimate
        else:
            to_left = right > span.right + 0.04
        x, side, at = (left, "right", y) if to_left else (right, "left", y)
        if to_left and left < span.left + 0.1:
            x, side, at = (span.place(dot.estimate), "center", y - 0.11) if others else (right, "left", y)
        colour = groups[dot.group].colour
        page.text(x, at, dot.words, fontsize=SMALL, color=colour, ha=side, zorder=6)


def _side(page: Page, row: DotRow, middle: float) -> None:
    notes = wrapped(row.side_note, SIDE_CHARACTERS) if row.side_note else []
    start = middle - ((LINE if row.side else 0) + SMALL_LINE * len(notes)) / 2 + LINE / 2
    if row.side:
        page.text(WIDTH - 0.08, start, row.side, ha="right", fontweight="bold", gid=f"side:{row.name}")
    first = start + (LINE if row.side else 0)
    for place, words in enumerate(notes):
        page.text(WIDTH - 0.08, first + place * SMALL_LINE, words, ha="right", fontsize=SMALL, color=QUIET)
