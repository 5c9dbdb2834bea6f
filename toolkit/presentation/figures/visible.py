"""Detectable gaps: how large a gap must be to be found, per pair of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized
from toolkit.presentation.charts import Chart, Point, Series, chart_of
from toolkit.presentation.figures.drawing import (
    Colour,
    Description,
    band,
    bare,
    describe,
    ink,
    labels_on,
    lines_on,
    new_axes,
    quiet,
    row_names,
    rule,
    share_axis,
    unit,
    wrapped,
)
from toolkit.presentation.numbers import is_known, points
from toolkit.presentation.rows import Results, audience_name, known, shown_rows
from toolkit.presentation.theme import BRAND_COLOUR
from toolkit.records import records

_LEFT, _TALL, _BAR = 2.3, 0.52, 0.2


@dataclass(frozen=True)
class _Pair:
    """Two audiences: their names, the range of the least visible gaps, and the gaps that may be shown."""

    label: str
    least: float | None
    most: float | None
    gaps: tuple[float, ...]


@typed
@localized
def visible_gap_strip(
    results: Any,
    instrument: Instrument,
    *,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    table: str = "gaps",
    measure: str = "top",
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw, for each pair of groups, how wide a gap has to be to be found four times in five.

    Parameters
    ----------
    results
        Released results, or a frame of gaps.
    instrument
        For the groups' names.
    ax
        Axes to draw on; None for a new figure.
    color
        Of the survey's own gaps.
    table, measure
        The gaps, and which measure of them.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Gaps from 0 to 1 along x, one tick per pair along y; None where no pair may be compared.

    Raises
    ------
    InvalidInput
        A missing table or column.

    Examples
    --------
    >>> ax = visible_gap_strip(released, instrument)
    >>> tk.description_of(ax).title
    'This survey detects gaps of about 29 points or more between employees and freelancers'
    """
    frame = Results(results, table).table(table, ("measure", "gap", "minimum_detectable_gap"))
    rows = shown_rows(frame[frame["measure"] == measure])
    pairs = [
        _pair(own, names, instrument)
        for names, own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False)
    ]
    if not pairs:
        return None
    ax = new_axes(ax, len(pairs) * _TALL, left=_LEFT, right=0.35, top=0.06, bottom=0.3)
    _draw(ax, pairs, color)
    alt = " ".join([_("Strips from 0 to 100 points, one per pair of groups."), *map(_describe, pairs)])
    describe(
        ax,
        Description(
            title or _title(pairs),
            (
                _(
                    "Grey: gaps too small to be detected reliably; pale: detected four times in "
                    "five on some questions only; white: on all. Ticks are this survey's own gaps "
                    "in either direction; gaps of which only a bound can be shown are left out."
                ),
            ),
            alt,
            (_chart(pairs, color),),
        ),
    )
    return ax


def _pair(own: pd.DataFrame, names: Any, instrument: Instrument) -> _Pair:
    label = _(" and ").join(audience_name(instrument, name) for name in names)
    sizes = own["minimum_detectable_gap"].dropna().astype(float)
    open_rows = [row for row in records(own) if is_known(row["gap"]) and not str(known(row.get("bound")))]
    gaps = tuple(sorted(abs(float(row["gap"])) for row in open_rows))
    least, most = (float(sizes.min()), float(sizes.max())) if len(sizes) else (None, None)
    return _Pair(label[:1].upper() + label[1:], least, most, gaps)


def _title(pairs: list[_Pair]) -> str:
    seen = [(pair.least, pair) for pair in pairs if pair.least is not None]
    if not seen:
        return _("With so few answers no gap between groups could be detected reliably")
    least, pair = min(seen, key=lambda one: one[0])
    return _(
        "This survey detects gaps of about {least} points or more between {pair}",
        least=points(least),
        pair=_within(pair.label),
    )


def _within(label: str) -> str:
    return label[:1].lower() + label[1:]


def _describe(pair: _Pair) -> str:
    if pair.least is None or pair.most is None:
        return _("{pair}: no gap could be detected reliably.", pair=pair.label)
    low, high = points(pair.least), points(pair.most)
    size = low if low == high else _("{low} to {high}", low=low, high=high)
    own = ", ".join(points(gap) for gap in pair.gaps)
    visible = _("the gaps shown here are {own} points", own=own) if own else _("no gap may be shown in full")
    return _(
        "{pair}: gaps of about {size} points or more; {visible}.", pair=pair.label, size=size, visible=visible
    )


def _draw(ax: Axes, pairs: list[_Pair], color: str) -> None:
    bare(ax)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(pairs) * _TALL, 0)
    labels = labels_on(ax)
    share_axis(ax, labels, [0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", f"100 {_('points')}"])
    middles = []
    for place, pair in enumerate(pairs):
        y = place * _TALL + 0.08
        least, most = (1.0, 1.0) if pair.least is None or pair.most is None else (pair.least, pair.most)
        style: dict[str, Any] = {"height": _BAR, "align": "edge", "zorder": 1.0}
        ax.barh(y, least, color="#C5CDD6", gid=f"hidden:{pair.label}", **style)
        ax.barh(y, most - least, left=least, color=band(), gid=f"some:{pair.label}", **style)
        ax.barh(y, 1, color="none", edgecolor=rule(), linewidth=0.7 * unit(), **style)
        spans = [((gap, y - 0.03), (gap, y + _BAR + 0.03)) for gap in pair.gaps]
        lines_on(ax, spans, color=color, linewidth=1.3 * unit(), zorder=3, gid=f"gaps:{pair.label}")
        words = (
            _("no gap would show") if pair.least is None else _("from about {size}", size=points(pair.least))
        )
        labels.add(min(least, 0.8), y + _BAR + 0.1, words, size=0.88)
        middles.append(y + _BAR / 2)
    names = ["\n".join(wrapped(pair.label, 34, most=2)) for pair in pairs]
    row_names(ax, labels, middles, names, pad=_LEFT - 0.06, color=ink(), ha="left")


def _chart(pairs: list[_Pair], color: str) -> Chart:
    ends = (_("Least gap found"), _("Found on every question"))
    rows = [
        (
            pair.label,
            pair.label,
            "",
            {
                name: Point(size)
                for name, size in zip(ends, (pair.least, pair.most), strict=True)
                if size is not None
            },
        )
        for pair in pairs
    ]
    return chart_of(
        "dots", rows, [Series(ends[0], color), Series(ends[1], quiet(), marker="s")], unit="points"
    )
