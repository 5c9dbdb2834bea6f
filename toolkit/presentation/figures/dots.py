"""Rows of dots with intervals on a common scale from 0 to 100 %: the drawing behind several figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.presentation.figures.page import LINE, WIDTH, Page, wrapped
from toolkit.presentation.theme import BAND, INK, QUIET, RULE, WHITE

__all__ = ["Dot", "DotRow", "Group", "draw_dots", "place_of"]

LEFT, RIGHT = 2.62, 5.92
LABEL_CHARACTERS = 33
SIDE_CHARACTERS = 17
LANE = 0.155


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


def place_of(share: float) -> float:
    """Where a share stands on the page, in inches from the left."""
    return LEFT + share * (RIGHT - LEFT)


def draw_dots(rows: Sequence[DotRow], groups: Sequence[Group], *, side_title: str = "") -> Page:
    """Draw rows of dots, top to bottom in the order given."""
    by_name = {group.name: group for group in groups}
    heights = [_height(row) for row in rows]
    legend_rows = _legend_rows(groups)
    top = 0.12 + 0.22 * legend_rows + 0.24
    page = Page(top + sum(heights) + 0.32)
    page.legend([(group.label, _key(page, group)) for group in groups], 0.14)
    page.text(WIDTH - 0.08, top - 0.12, side_title, color=QUIET, fontsize=7.5, ha="right")
    _scale(page, top, sum(heights))
    y = top
    for row, height in zip(rows, heights, strict=True):
        _row(page, row, by_name, y, height)
        y += height
    return page


def _legend_rows(groups: Sequence[Group]) -> int:
    rows, x = 1, 0.1
    for group in groups:
        wide = 0.3 + 0.074 * len(group.label)
        if x > 0.1 and x + wide > WIDTH - 0.1:
            rows, x = rows + 1, 0.1
        x += wide + 0.18
    return rows


def _key(page: Page, group: Group):  # type: ignore[no-untyped-def]
    def draw(x: float, y: float) -> None:
        page.mark(
            x,
            y,
            marker=group.marker,
            colour=group.colour,
            markerfacecolor=WHITE if group.hollow else group.colour,
        )

    return draw


def _height(row: DotRow) -> float:
    words = len(wrapped(row.label, LABEL_CHARACTERS)) * LINE + (0.125 if row.hint else 0)
    side = (LINE if row.side else 0) + len(wrapped(row.side_note, SIDE_CHARACTERS)) * 0.125 * bool(
        row.side_note
    )
    return max(row.lanes * LANE, words, side) + 0.17


def _scale(page: Page, top: float, height: float) -> None:
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = place_of(share)
        page.line((x, x), (top, top + height), color=RULE, linewidth=0.6)
        page.text(x, top + height + 0.13, f"{share * 100:.0f}\u00a0%", color=QUIET, fontsize=7.5, ha="center")


def _row(page: Page, row: DotRow, groups: Mapping[str, Group], y: float, height: float) -> None:
    page.line((0.08, WIDTH - 0.08), (y, y), linewidth=0.6)
    middle = y + height / 2
    lines = wrapped(row.label, LABEL_CHARACTERS)
    start = middle - (len(lines) * LINE + (0.125 if row.hint else 0)) / 2 + LINE / 2
    for place, words in enumerate(lines):
        page.text(0.08, start + place * LINE, words, gid=f"label:{row.name}" if place == 0 else "")
    if row.hint:
        page.text(0.08, start + len(lines) * LINE, row.hint, color=QUIET, fontsize=7)
    if row.band:
        low, high = sorted(place_of(share) for share in row.band)
        page.box(low, y + 0.04, high - low, height - 0.08, facecolor=BAND, gid=f"band:{row.name}")
    for lane in range(row.lanes):
        _lane(page, row, groups, lane, middle + (lane - (row.lanes - 1) / 2) * LANE)
    if row.empty:
        page.text(LEFT + 0.08, middle, row.empty, color=QUIET, fontsize=7.5, style="italic")
    _side(page, row, middle)


def _lane(page: Page, row: DotRow, groups: Mapping[str, Group], lane: int, y: float) -> None:
    dots = [dot for dot in row.dots if dot.lane == lane]
    if row.joined and len(dots) == 2:
        ends = (place_of(dots[0].estimate), place_of(dots[1].estimate))
        page.line(ends, (y, y), color=groups[dots[1].group].colour, linewidth=1.2, zorder=2)
    for dot in dots:
        group = groups[dot.group]
        x = place_of(dot.estimate)
        if dot.low is not None and dot.high is not None:
            ends = (place_of(dot.low), place_of(dot.high))
            page.line(
                ends,
                (y, y),
                color=group.colour,
                linewidth=1.4,
                zorder=3,
                gid=f"interval:{row.name}:{dot.group}",
            )
        if dot.bound:
            _bound(page, dot.bound, x, y, group.colour)
        face = WHITE if group.hollow or dot.bound else group.colour
        page.mark(
            x, y, marker=group.marker, colour=group.colour, markersize=5.4, markerfacecolor=face,
            gid=f"dot:{row.name}:{dot.group}",
        )  # fmt: skip
    _words(page, dots, groups, y)


def _bound(page: Page, bound: str, x: float, y: float, colour: str) -> None:
    """An arrow from the bound towards where the share lies."""
    ahead = 0.2 if bound == ">=" else -0.2
    page.line((x, x + ahead), (y, y), color=colour, linewidth=1.2, zorder=3)
    page.mark(x + ahead, y, marker=">" if ahead > 0 else "<", colour=colour, markersize=3.4)


def _words(page: Page, dots: Sequence[Dot], groups: Mapping[str, Group], y: float) -> None:
    """Each share's number beside its interval, on the side where there is room; two in a lane go outwards."""
    for dot in dots:
        if not dot.words:
            continue
        reach = 0.26 if dot.bound else 0.08
        right = place_of(max(dot.estimate, dot.high or 0)) + (reach if dot.bound != "<=" else 0.08)
        left = place_of(min(dot.estimate, dot.low if dot.low is not None else 1)) - (
            reach if dot.bound != ">=" else 0.08
        )
        others = [other for other in dots if other is not dot]
        to_left = bool(others) and dot.estimate < others[0].estimate
        if not others:
            to_left = right > RIGHT + 0.04
        if to_left and left < LEFT + 0.34:
            to_left = False
        page.text(
            left if to_left else right, y, dot.words, fontsize=7, color=groups[dot.group].colour,
            ha="right" if to_left else "left", zorder=6,
        )  # fmt: skip


def _side(page: Page, row: DotRow, middle: float) -> None:
    notes = wrapped(row.side_note, SIDE_CHARACTERS) if row.side_note else []
    start = middle - ((LINE if row.side else 0) + 0.125 * len(notes)) / 2 + LINE / 2
    page.text(WIDTH - 0.08, start, row.side, ha="right", fontweight="bold", color=INK, gid=f"side:{row.name}")
    first = start + (LINE if row.side else 0)
    for place, words in enumerate(notes):
        page.text(WIDTH - 0.08, first + place * 0.125, words, ha="right", fontsize=7, color=QUIET)
