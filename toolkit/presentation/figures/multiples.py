"""All themes in one figure: a heading per theme, a row per item, a dot per group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toolkit.arguments import typed
from toolkit.instrument.model import Instrument
from toolkit.locale import _, current_language, localized
from toolkit.presentation.figures.dots import Dot, DotRow, Group, arrows, chart_of_dots, key_places
from toolkit.presentation.figures.drawing import (
    WIDTH,
    Description,
    add_axes,
    bare,
    describe,
    ink,
    labels_on,
    lines_on,
    new_figure,
    paper,
    quiet,
    row_names,
    rule,
    share_axis,
    unit,
    wrapped,
)
from toolkit.presentation.figures.gaps import bound_note, groups_of, item_rows, single_items
from toolkit.presentation.numbers import is_known, percent
from toolkit.presentation.rows import Results, audience_name, item_name, joined, shown
from toolkit.presentation.sentences import is_certain, share_of
from toolkit.records import by_item

_COLUMNS, _LABEL, _CHARACTERS = 2, 2.02, 33
_LINE, _FURTHER, _HEAD, _FOOT = 0.2, 0.115, 0.28, 0.1
"""Inches of a row of one line, of another line of its name, and above and below a theme."""

_NEAR, _NUDGE = 0.045, 0.075
"""Dots nearer than this (in shares) are drawn this far apart (in inches), one below the other."""


@dataclass(frozen=True)
class _Panel:
    """A theme and its rows."""

    name: str
    rows: tuple[DotRow, ...]

    @property
    def height(self) -> float:
        return _HEAD + sum(map(_height, self.rows)) + _FOOT


@typed
@localized
def theme_multiples(
    results: Any,
    instrument: Instrument,
    *,
    palette: Any = None,
    items: Collection[str] | None = None,
    table: str = "shares",
    gaps: str = "gaps",
    by: str = "audience",
    measure: str = "top",
    title: str | None = None,
    language: str = "en",
) -> Figure | None:
    """Draw every item's share by group, theme after theme in two columns on one scale.

    Parameters
    ----------
    results
        Released results, or a mapping of frames: `table` from `proportions` and, for the title, `gaps`.
    instrument
        For themes, names and the order of groups.
    palette
        Colours of the groups: a mapping, a sequence, or the name of a seaborn palette.
    items
        Only these columns; None for all.
    table, by, measure
        The shares, their group column, and which share is drawn.
    gaps
        Gaps, for the title; a missing table for none.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Figure or None
        Two Axes; None where no share may be shown.

    Raises
    ------
    InvalidInput
        A missing table or column, or a palette with too few colours.

    Examples
    --------
    >>> figure = theme_multiples({"shares": shares}, instrument)
    >>> figure.savefig("themes.png")
    """
    tables = Results(results, table)
    found = [
        row for row in tables.rows(table, ("item", "measure", by, "estimate")) if row["measure"] == measure
    ]
    names = [
        name for name in single_items([row["item"] for row in found], instrument, items) if name in instrument
    ]
    found = [row for row in found if row["item"] in set(names)]
    if not shown(found):
        return None
    groups = groups_of(found, instrument, by=by, palette=palette)
    shares_of = by_item(found)
    panels = []
    for theme, words in instrument.themes.items():
        drawn_rows = []
        for name in (one for one in names if instrument[one].theme == theme):
            dots = item_rows(shares_of.get(name, ()), groups, by=by)[0]
            if dots:
                drawn_rows.append(DotRow(name, item_name(instrument, name), "", tuple(dots)))
        if drawn_rows:
            panels.append(_Panel(words.get(current_language(), theme), tuple(drawn_rows)))
    drawn = [row for panel in panels for row in panel.rows]
    caption = [
        _(
            "Each dot is the share of a group; both columns have the same scale, from 0 "
            "to 100%. Dots at the same place are drawn one below the other."
        )
    ]
    if any(dot.bound for row in drawn for dot in row.dots):
        caption.append(bound_note())
    figure = _draw(panels, groups)
    describe(
        figure,
        Description(
            title or _title(tables, gaps, measure, set(names)),
            tuple(caption),
            _alt(panels, shares_of, instrument, by),
            (chart_of_dots(drawn, groups),),
        ),
    )
    return figure


def _title(results: Results, gaps: str, measure: str, drawn: Collection[str]) -> str:
    """Return a title: on how many of the comparable questions two groups differ beyond chance."""
    if gaps not in results:
        return _("Every question at a glance")
    rows = [row for row in shown(results.rows(gaps)) if row["measure"] == measure and is_known(row["gap"])]
    names = {row["item"] for row in rows if row["item"] in drawn}
    clear = {row["item"] for row in rows if row["item"] in names and is_certain(row)}
    return _(
        "On {clear} of {all} questions a gap between groups is clear of chance",
        clear=len(clear),
        all=len(names),
    )


def _alt(
    panels: list[_Panel],
    shares_of: Mapping[str, Sequence[Mapping[str, Any]]],
    instrument: Instrument,
    by: str,
) -> str:
    sentences = [_("Small dot plots, one per theme.")]
    for panel in panels:
        rows = [
            _(
                "{label}: {shares}",
                label=row.label,
                shares=", ".join(
                    f"{audience_name(instrument, one[by])} {share_of(one)}"
                    for one in shares_of.get(row.name, ())
                ),
            )
            for row in panel.rows
        ]
        sentences.append(f"{panel.name}. {joined(rows)}.")
    return " ".join(sentences)


def _height(row: DotRow) -> float:
    return _LINE + _FURTHER * (len(wrapped(row.label, _CHARACTERS, most=2)) - 1)


def _draw(panels: list[_Panel], groups: Sequence[Group]) -> Figure:
    columns: list[list[_Panel]] = [[] for _ in range(_COLUMNS)]
    for panel in panels:
        min(columns, key=lambda one: sum(found.height for found in one)).append(panel)
    columns = [column for column in columns if column]
    tallest = max(sum(panel.height for panel in column) for column in columns)
    places = key_places([group.label for group in groups], WIDTH)
    top = 0.24 + 0.2 * max(row for _, row in places)
    height = tallest + top + 0.25
    figure = new_figure((WIDTH * unit(), height * unit()))
    wide = WIDTH / _COLUMNS
    for place, column in enumerate(columns):
        tall = sum(panel.height for panel in column)
        left, right = place * wide + _LABEL, (place + 1) * wide - 0.2
        ax = add_axes(
            figure, (left / WIDTH, (height - top - tall) / height, (right - left) / WIDTH, tall / height)
        )
        _column(ax, column, groups, tall)
        if place == 0:
            _legend(ax, groups, places, top)
    return figure


def _column(ax: Axes, panels: Sequence[_Panel], groups: Sequence[Group], tall: float) -> None:
    bare(ax)
    ax.set_xlim(0, 1)
    ax.set_ylim(tall, 0)
    labels = labels_on(ax)
    share_axis(ax, labels, [0, 0.5, 1], ["0", "50", percent(1)], grid=False)
    row_names(ax, labels, [], [], pad=0.0, color=ink())
    y = 0.0
    lines: list[float] = []
    spans: list[tuple[float, float]] = []
    found: list[tuple[Dot, float]] = []
    for panel in panels:
        words = wrapped(panel.name, 46, most=1)[0]
        labels.add(-_LABEL + 0.06, y + 0.14, words, where="left", weight="bold")
        y += _HEAD
        start = y
        for row in panel.rows:
            middle = y + _height(row) / 2
            lines.append(middle)
            names = wrapped(row.label, _CHARACTERS, most=2)
            for place, name in enumerate(names):
                at = middle + (place - (len(names) - 1) / 2) * _FURTHER
                labels.add(-_LABEL + 0.06, at, name, where="left", size=0.85, color=ink())
            found += [(dot, middle + shift) for dot, shift in _side_by_side(row.dots)]
            y += _height(row)
        spans.append((start, y))
        y += _FOOT
    grid = [((share, start), (share, end)) for share in (0, 0.5, 1) for start, end in spans]
    grid += [((0, line), (1, line)) for line in lines]
    lines_on(ax, grid, color=rule(), linewidth=0.6 * unit(), zorder=0.5)
    for group in groups:
        for bound in ("", "<=", ">="):
            own = [(dot.estimate, at) for dot, at in found if dot.group == group.name and dot.bound == bound]
            if own:
                _marks(ax, own, group, bound)


def _marks(ax: Axes, places: Sequence[tuple[float, float]], group: Group, bound: str) -> None:
    size = 4.6 * unit()
    if bound:
        arrows(ax, places, 1 if bound == ">=" else -1, group.colour)
    ax.plot(
        *zip(*places, strict=True),
        linestyle="",
        marker=group.marker,
        markersize=size,
        color=group.colour,
        markerfacecolor=paper() if bound else group.colour,
        clip_on=False,
        zorder=4,
        label=f"_{group.label}" if bound else group.label,
        gid=f"bounds:{group.name}" if bound else f"dots:{group.name}",
    )


def _side_by_side(dots: Sequence[Dot]) -> list[tuple[Dot, float]]:
    """Return dots with the offsets that keep them apart."""
    clusters: list[list[Dot]] = []
    for dot in sorted(dots, key=lambda one: one.estimate):
        if clusters and dot.estimate - clusters[-1][-1].estimate < _NEAR:
            clusters[-1].append(dot)
        else:
            clusters.append([dot])
    found = []
    for cluster in clusters:
        for place, dot in enumerate(sorted(cluster, key=lambda one: one.lane)):
            found.append((dot, (place - (len(cluster) - 1) / 2) * _NUDGE))
    return found


def _legend(ax: Axes, groups: Sequence[Group], places: Sequence[tuple[float, int]], top: float) -> None:
    labels = labels_on(ax)
    for group, (x, row) in zip(groups, places, strict=True):
        up = top - 0.12 - 0.2 * row
        labels.mark(x + 0.06 - _LABEL, 0, group.marker, group.colour, where="left", dy=up)
        labels.add(x + 0.18 - _LABEL, 0, group.label, where="left", dy=up, color=quiet())
