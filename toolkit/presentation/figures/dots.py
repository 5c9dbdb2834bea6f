"""Dot rows with intervals on a common scale, shared by several figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from toolkit.locale import _
from toolkit.presentation.charts import Chart, Point, Series, chart_of
from toolkit.presentation.figures.drawing import (
    WIDTH,
    Description,
    Labels,
    band,
    bare,
    cuts_of,
    describe,
    ink,
    labels_on,
    new_axes,
    paper,
    quiet,
    row_names,
    rule,
    share_axis,
    sheets,
    unit,
    wrapped,
)
from toolkit.presentation.numbers import percent

LANE, NARROW_LANE, LINE, SMALL_LINE = 0.115, 0.09, 0.145, 0.125
"""Inches between the dots of a row with numbers beside them and without, and of lines of text."""

_LABEL, _LABEL_CHARACTERS, _HINT_CHARACTERS = 2.22, 34, 42
_MARKER, _SMALL = 5.6, 0.88
_NARROWEST = 1.0
"""Inches that the plot needs at least."""

_FIRST = 0.08
"""Inches from the plot to the first column."""

_PARTING = 0.34
"""Inches between rows that are clear of chance and rows that may be chance."""

_ARROW = 0.16
"""Inches from a bound to the tip of its arrow."""


@dataclass(frozen=True)
class Group:
    """Group that a marker represents; `note` is printed below the name in the heading."""

    name: str
    label: str
    colour: str
    marker: str
    hollow: bool = False
    note: str = ""


@dataclass(frozen=True)
class Dot:
    """One share in one lane of a row; `words` is the number as it is printed."""

    group: str
    estimate: float
    low: float | None
    high: float | None
    words: str
    lane: int = 0
    bound: str = ""


@dataclass(frozen=True)
class Cell:
    """Text of a row in a column of words: a line, and a smaller one below it."""

    words: str = ""
    note: str = ""
    bold: bool = False
    faint: bool = False


@dataclass(frozen=True)
class DotRow:
    """One line of the figure: a name, its dots, and its cells in the columns at the right.

    `who` names whose answers the row holds, where the dots do not.
    """

    name: str
    label: str
    hint: str
    dots: tuple[Dot, ...]
    side: Cell = Cell()
    lanes: int = 1
    band: tuple[float, float] | None = None
    empty: str = ""
    joined: bool = False
    hidden: tuple[str, ...] = ()
    who: str = ""

    def height(self, lane: float) -> float:
        """Return the size in inches, with the given distance between dots."""
        lines = wrapped(self.label, _LABEL_CHARACTERS)
        words = len(lines) * LINE + len(_hint_lines(self)) * SMALL_LINE
        side = (LINE if self.side.words else 0) + (SMALL_LINE if self.side.note else 0)
        return max(self.lanes * lane, words, side) + 0.1


@dataclass(frozen=True)
class Column:
    """A column of words at the right: its heading, and whose numbers it holds ("" for the rows' cells)."""

    title: str
    note: str = ""
    group: str = ""

    @property
    def width(self) -> float:
        """Return the size in inches."""
        return max(0.4, 0.08 * max(map(len, self.title.split("\n"))), 0.057 * len(self.note)) + 0.08


def dot_axes(
    rows: Sequence[DotRow],
    groups: Sequence[Group],
    description: Description,
    *,
    descriptions: Mapping[str, str],
    ax: Axes | None = None,
    side: Column | None = None,
    keys: Sequence[Group] | None = None,
    line_after: int | None = None,
    line_words: tuple[str, str] = ("", ""),
    numbers: bool = True,
) -> Axes:
    """Draw rows of dots, top to bottom, with each group's number in a column of its own.

    Parameters
    ----------
    rows, groups
        What is drawn.
    description
        Of the whole figure; the sentences of `descriptions` (row → sentence) are added to its alt text.
    ax
        Where to draw; None for a new figure.
    side
        Heading of the last column, which holds the rows' own cells.
    keys
        Entries of the legend line, drawn instead of headings over columns of numbers.
    line_after
        Draw a line after so many rows, with `line_words` above and below it.
    numbers
        Print each group's numbers in a column; else beside its dots.

    Returns
    -------
    Axes
        x is the share (0 to 1); row k has the y tick k. Artists have the gid "dots:<group>" and
        "intervals:<group>".
    """
    columns = [Column(g.label, g.note, g.name) for g in groups] if numbers and len(groups) <= 4 else []
    if WIDTH - _LABEL - sum(column.width for column in [*columns, *([side] if side else [])]) < _NARROWEST:
        columns = []  # no room would be left for the dots: the numbers go beside them
    if not columns:
        notes = [f"{group.label} ({group.note})" if group.note else group.label for group in groups]
        groups = [replace(group, label=words) for group, words in zip(groups, notes, strict=True)]
    if side:
        columns.append(side)
    if keys is None and not (columns and columns[0].group):
        keys = groups  # no headings to distinguish the groups
    first: Axes | None = None
    heights = [row.height(_lane(columns)) for row in rows]
    if line_after is not None and not 0 < line_after < len(rows):
        line_after = None
    if line_after is not None:
        heights[line_after] += _PARTING
    for part in sheets(heights):
        own = rows[part]
        alt = " ".join(
            [description.alt, *(descriptions[row.name] for row in own if row.name in descriptions)]
        )
        charts = description.charts if part.start == 0 else ()
        after = None
        if line_after is not None and part.start <= line_after < part.stop:
            after = line_after - part.start
        top = _top(columns, keys)
        drawn = _draw(own, heights[part], groups, columns, ax, keys, after, line_words, top)
        cuts = cuts_of(top, heights[part])
        describe(drawn, replace(description, alt=alt.strip(), charts=charts, cuts=cuts))
        first = first or drawn
    return first if first is not None else new_axes(ax, 0.1, left=0.1, right=0.1, top=0.1, bottom=0.1)


def _draw(
    rows: Sequence[DotRow],
    heights: Sequence[float],
    groups: Sequence[Group],
    columns: Sequence[Column],
    ax: Axes | None,
    keys: Sequence[Group] | None,
    line_after: int | None,
    line_words: tuple[str, str],
    top: float,
) -> Axes:
    lane = _lane(columns)
    total = sum(heights)
    right = sum(column.width for column in columns) + (0.06 + _FIRST if columns else 0.35)
    ax = new_axes(ax, total, left=_LABEL, right=right, top=top, bottom=0.26)
    bare(ax)
    ends = np.cumsum([0.0, *heights])
    starts = ends[:-1].copy()
    if line_after is not None:
        starts[line_after] += _PARTING
    middles = (starts + ends[1:]) / 2
    ax.set_xlim(0, 1)
    ax.set_ylim(total, 0)
    labels = labels_on(ax)
    share_axis(ax, labels, [0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", percent(1)])
    for y in (*(end for place, end in enumerate(ends[:-1]) if place != line_after), total):
        labels.rule(float(y), _LABEL - 0.06, right - 0.06, color=rule())
    _names(ax, labels, rows, middles)
    _bands(ax, rows, starts, ends[1:])
    _marks(ax, labels, rows, groups, middles, lane)
    _cells(labels, rows, columns, middles, groups)
    _headings(ax, labels, columns, groups)
    if keys is not None:
        _legend(labels, keys, ax.get_ylim()[1], top - 0.1)
    if line_after is not None:
        _parting(labels, float(starts[line_after]) - _PARTING / 2, right, line_words)
    ax._heading_points = 72 * unit() * (top - 0.02)  # type: ignore[attr-defined]
    return ax


def _top(columns: Sequence[Column], keys: Sequence[Group] | None) -> float:
    """Return the inches above the rows: headings of the columns, and lines of the legend."""
    head = 0.44 if any(column.note or column.group for column in columns) else 0.3
    legend = max((row for _, row in key_places([key.label for key in keys or ()], WIDTH)), default=-1) + 1
    return head + 0.05 + 0.2 * legend


def _lane(columns: Sequence[Column]) -> float:
    return NARROW_LANE if any(column.group for column in columns) else LANE


def _names(ax: Axes, labels: Labels, rows: Sequence[DotRow], middles: np.ndarray) -> None:
    """Draw each row's name as a tick label at the left edge, its hint below it."""
    shown = []
    for row, middle in zip(rows, middles, strict=True):
        lines, hints = wrapped(row.label, _LABEL_CHARACTERS), _hint_lines(row)
        shown.append("\n".join([*lines, *([" "] * len(hints))]))
        first = (len(lines) * LINE + len(hints) * SMALL_LINE) / 2 - len(lines) * LINE - SMALL_LINE / 2
        for place, hint in enumerate(hints):
            labels.add(
                -_LABEL + 0.06,
                float(middle),
                hint,
                where="left",
                dy=first - place * SMALL_LINE,
                size=_SMALL,
                color=quiet(),
            )
    row_names(ax, labels, list(middles), shown, pad=_LABEL - 0.06, color=ink(), ha="left", line=LINE)


def _hint_lines(row: DotRow) -> list[str]:
    words = " · ".join(part for part in (row.who, row.hint) if part)
    return wrapped(words, _HINT_CHARACTERS, most=2) if words else []


def _bands(ax: Axes, rows: Sequence[DotRow], starts: np.ndarray, ends: np.ndarray) -> None:
    boxes = [
        [(row.band[0], y0), (row.band[1], y0), (row.band[1], y1), (row.band[0], y1)]
        for row, y0, y1 in zip(rows, starts + 0.03, ends - 0.03, strict=True)
        if row.band
    ]
    if boxes:
        ax.add_collection(
            PolyCollection(boxes, facecolors=band(), edgecolors="none", zorder=0.6, gid="bands"),
            autolim=False,
        )


def _marks(
    ax: Axes,
    labels: Labels,
    rows: Sequence[DotRow],
    groups: Sequence[Group],
    middles: np.ndarray,
    lane: float,
) -> None:
    """Draw intervals, links, bounds and dots, one artist per group and kind."""
    scale = unit()
    for group in groups:
        found = [
            (row, dot, float(middle) + (dot.lane - (row.lanes - 1) / 2) * lane)
            for row, middle in zip(rows, middles, strict=True)
            for dot in row.dots
            if dot.group == group.name
        ]
        spans = [
            (dot.low, dot.high, y) for _, dot, y in found if dot.low is not None and dot.high is not None
        ]
        if spans:
            x = [end for low, high, _ in spans for end in (low, high, np.nan)]
            y = [end for _, _, at in spans for end in (at, at, np.nan)]
            ax.plot(
                x,
                y,
                color=group.colour,
                linewidth=1.5 * scale,
                solid_capstyle="butt",
                zorder=3,
                gid=f"intervals:{group.name}",
            )
        for hollow in (False, True):
            own = [
                (dot.estimate, y)
                for row, dot, y in found
                if (group.hollow or (bool(dot.bound) and not row.joined)) is hollow
            ]
            if own:
                ax.plot(
                    *zip(*own, strict=True),
                    linestyle="",
                    marker=group.marker,
                    markersize=_MARKER * scale,
                    color=group.colour,
                    markerfacecolor=paper() if hollow else group.colour,
                    markeredgewidth=1.1 * scale,
                    zorder=4,
                    clip_on=False,
                    label=group.label if hollow is group.hollow else f"_{group.label}",
                    gid=f"dots:{group.name}" if hollow is group.hollow else f"bounds:{group.name}",
                )
        for sign, way in (("<=", -1), (">=", 1)):
            own = [(dot.estimate, y) for _, dot, y in found if dot.bound == sign]
            if own:
                arrows(ax, own, way, group.colour)
    for row, middle in zip(rows, middles, strict=True):
        if row.joined and len(row.dots) == 2:
            colour = next(group.colour for group in groups if group.name == row.dots[1].group)
            ax.plot(
                [dot.estimate for dot in row.dots],
                [middle, middle],
                color=colour,
                linewidth=1.3 * scale,
                zorder=2,
            )
        if row.empty:
            labels.add(0.02, float(middle), row.empty, size=_SMALL, color=quiet(), slant="italic")
        if lane == LANE:
            _beside(labels, row, groups, float(middle))


def arrows(ax: Axes, places: Sequence[tuple[float, float]], way: int, colour: str) -> None:
    """Draw arrows from bounds towards where the shares lie."""
    wide = ax.bbox.width / ax.figure.dpi / unit()
    reach = way * _ARROW / wide
    x = [end for share, _ in places for end in (share, share + reach, np.nan)]
    y = [end for _, at in places for end in (at, at, np.nan)]
    ax.plot(x, y, color=colour, linewidth=1.2 * unit(), zorder=3, clip_on=False, gid="arrows")
    ax.plot(
        [share + reach for share, _ in places],
        [at for _, at in places],
        linestyle="",
        marker=">" if way > 0 else "<",
        markersize=3.6 * unit(),
        color=colour,
        zorder=3,
        clip_on=False,
    )


def _beside(labels: Labels, row: DotRow, groups: Sequence[Group], middle: float) -> None:
    """Print each number beside its dot or interval; two in a lane go outwards."""
    colours = {group.name: group.colour for group in groups}
    for dot in row.dots:
        if not dot.words:
            continue
        y = middle + (dot.lane - (row.lanes - 1) / 2) * LANE
        others = [other for other in row.dots if other is not dot and other.lane == dot.lane]
        to_left = bool(others) and (
            dot.estimate < others[0].estimate or (dot.estimate == others[0].estimate and dot is row.dots[0])
        )
        ends = [dot.estimate, *(end for end in (dot.low, dot.high) if end is not None)]
        away = 0.08 + (_ARROW if dot.bound == ("<=" if to_left else ">=") else 0.0)
        if not others and max(ends) > 0.9:
            to_left = True
        if to_left and min(ends) - away / 2.6 < 0.12:  # no room between the mark and the row's name
            labels.add(
                dot.estimate, y, dot.words, ha="center", dy=0.11, size=_SMALL, color=colours[dot.group]
            )
            continue
        labels.add(
            min(ends) if to_left else max(ends),
            y,
            dot.words,
            ha="right" if to_left else "left",
            dx=-away if to_left else away,
            size=_SMALL,
            color=colours[dot.group],
        )


def _cells(
    labels: Labels,
    rows: Sequence[DotRow],
    columns: Sequence[Column],
    middles: np.ndarray,
    groups: Sequence[Group],
) -> None:
    colours = {group.name: group.colour for group in groups}
    at = _FIRST
    for column in columns:
        at += column.width
        for row, middle in zip(rows, middles, strict=True):
            y = float(middle)
            if column.group:
                dot = next((dot for dot in row.dots if dot.group == column.group), None)
                if dot is not None:
                    labels.add(at, y, dot.words, where="right", ha="right", color=colours[column.group])
                elif column.group in row.hidden and not row.empty:
                    words = _("not shown")
                    labels.add(
                        at, y, words, where="right", ha="right", size=0.8, color=quiet(), slant="italic"
                    )
                continue
            cell = row.side
            up = SMALL_LINE / 2 if cell.note else 0.0
            colour = quiet() if cell.faint else ink()
            weight = "bold" if cell.bold else "normal"
            if cell.words:
                labels.add(at, y, cell.words, where="right", ha="right", dy=up, color=colour, weight=weight)
            if cell.note:
                labels.add(
                    at, y, cell.note, where="right", ha="right", dy=-LINE / 2, size=_SMALL, color=quiet()
                )


def _headings(ax: Axes, labels: Labels, columns: Sequence[Column], groups: Sequence[Group]) -> None:
    by_name = {group.name: group for group in groups}
    top = ax.get_ylim()[1]
    at = _FIRST
    tall = 0.44 if any(column.note or column.group for column in columns) else 0.3
    for column in columns:
        at += column.width
        group = by_name.get(column.group)
        colour = group.colour if group else ink()
        up = 0.09 if column.note else -0.04
        lines = column.title.split("\n")
        for place, words in enumerate(reversed(lines)):
            labels.add(
                at,
                top,
                words,
                where="right",
                ha="right",
                dy=0.11 + up + 0.04 + place * LINE,
                color=colour,
                weight="bold",
            )
        if column.note:
            labels.add(at, top, column.note, where="right", ha="right", dy=0.08, size=_SMALL, color=quiet())
        if group is not None:
            face = paper() if group.hollow else group.colour
            labels.mark(at - 0.06, top, group.marker, group.colour, where="right", dy=tall - 0.03, face=face)


def key_places(labels: Sequence[str], width: float, *, letter: float = 0.066) -> list[tuple[float, int]]:
    """Return where each legend entry begins: inches from the left, and its row."""
    found, x, row = [], 0.06, 0
    for words in labels:
        wide = 0.24 + letter * len(words)
        if x > 0.06 and x + wide > width:
            x, row = 0.06, row + 1
        found.append((x, row))
        x += wide + 0.16
    return found


def _legend(labels: Labels, keys: Sequence[Group], top: float, up: float) -> None:
    """Draw markers and names in a line above the rows."""
    for key, (x, row) in zip(keys, key_places([key.label for key in keys], WIDTH), strict=True):
        y = up - 0.2 * row
        face = paper() if key.hollow else key.colour
        labels.mark(x + 0.06 - _LABEL, top, key.marker, key.colour, where="left", dy=y, face=face)
        labels.add(x + 0.18 - _LABEL, top, key.label, where="left", dy=y, color=quiet())


def _parting(labels: Labels, y: float, right: float, words: tuple[str, str]) -> None:
    """Draw the line between rows that are clear of chance and rows that may be chance."""
    labels.rule(y, _LABEL - 0.06, right - 0.06, color=ink(), width=1.2)
    for text, dy, colour in ((words[0], 0.075, ink()), (words[1], -0.075, quiet())):
        if text:
            labels.add(-_LABEL + 0.06, y, text, where="left", dy=dy, size=0.8, color=colour)


def chart_of_dots(rows: Sequence[DotRow], groups: Sequence[Group]) -> Chart:
    """Return the same rows as numbers for an editable chart, in the groups' colours and markers."""
    labels = {group.name: group.label for group in groups}
    return chart_of(
        "dots",
        [
            (
                row.name,
                row.label,
                row.who,
                {labels[dot.group]: Point(dot.estimate, dot.low, dot.high, dot.bound) for dot in row.dots},
            )
            for row in rows
        ],
        [Series(group.label, group.colour, marker=group.marker, hollow=group.hollow) for group in groups],
        joined=any(row.joined for row in rows),
    )
