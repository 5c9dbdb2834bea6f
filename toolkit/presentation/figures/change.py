"""Change between two waves: joined dots per row, and slopes for one group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized, ngettext, pgettext
from toolkit.presentation.charts import Point, Series, chart_of
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import (
    Colour,
    Description,
    bare,
    describe,
    group_colours,
    ink,
    labels_on,
    new_axes,
    paper,
    quiet,
    rule,
    unit,
    wrapped,
)
from toolkit.presentation.figures.gaps import chance_words, interval_note, short_title, single_items
from toolkit.presentation.numbers import percent
from toolkit.presentation.rows import Results, audience_name, item_name, known, waves_apart, within
from toolkit.presentation.sentences import by_width, hint_of, is_certain, signed_gap
from toolkit.records import records

Row = dict[str, Any]


_ENDS = ("earlier", "later")


@typed
@localized
def wave_change(
    results: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str] | None = None,
    ax: Axes | None = None,
    palette: Any = None,
    table: str = "trend",
    by: str = "audience",
    items: Iterable[str] | None = None,
    most: int | None = 12,
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw each share at the earlier and at the later wave; clear changes first, then the largest.

    Parameters
    ----------
    results
        Released results, or a frame of changes from `trend`.
    instrument
        For names and the order of groups.
    waves
        The earlier and the later wave, as the table's `audience_b` and `audience_a` name them. None takes
        those of the table where it compares two.
    ax
        Axes to draw on; None for a new figure sized to the rows.
    palette
        Colours of the groups: a mapping, a sequence, or the name of a seaborn palette.
    table, by
        The changes, and their group column.
    items
        Columns to draw; default: every column but the options of multi-selects.
    most
        How many rows; None for all.
    level
        Of the intervals in the table, for the words.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Shares from 0 to 1 along x, one tick per row along y; None where no change may be shown.

    Raises
    ------
    InvalidInput
        The table compares other waves; a missing table or column.

    Examples
    --------
    >>> ax = wave_change({"trend": changes}, instrument, waves=("2025", "2026"))
    >>> tk.description_of(ax).title
    'AI training in the past 12 months: from 23% to 39% of employees since 2025'
    """
    waves = waves or _compared(results, table)
    rows = _changes(results, instrument, table, by, waves, items)
    drawn = rows[:most]
    if not drawn:
        return None
    names = [name for name in instrument.audiences if name in {str(row[by]) for row in drawn}]
    names += [name for name in dict.fromkeys(str(row[by]) for row in drawn) if name not in names]
    colours, markers = group_colours(names, instrument.audiences, palette)
    groups = [
        Group(
            f"{name}:{when}",
            f"{audience_name(instrument, name, start=True)} {wave}",
            colours[name],
            markers[name],
            hollow=when == "earlier",
        )
        for name in names
        for when, wave in zip(_ENDS, waves, strict=True)
    ]
    keys = [
        Group(name, audience_name(instrument, name, start=True), colours[name], markers[name])
        for name in names
    ]
    keys += [
        Group("earlier", _("{wave} (open)", wave=waves[0]), quiet(), "o", hollow=True),
        Group("later", _("{wave} (filled)", wave=waves[1]), quiet(), "o"),
    ]
    lines = [_row(row, instrument, by) for row in drawn]
    clear = sum(map(is_certain, drawn))
    words, focus = (title, "") if title else _title(rows, instrument, waves, by)
    return dot_axes(
        lines,
        groups,
        Description(
            words,
            _caption(waves, drawn, len(rows), clear, level),
            _("Dot plot of shares in two waves."),
            (chart_of_dots(lines, groups),),
            focus,
        ),
        descriptions={
            line.name: _describe(row, instrument, waves, by) for line, row in zip(lines, drawn, strict=True)
        },
        ax=ax,
        side=Column(pgettext("above a column of a picture", "Change in points"), interval_note(level)),
        keys=keys,
        line_after=clear,
        line_words=chance_words(),
        numbers=False,
    )


@typed
@localized
def wave_slope(
    results: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str] | None = None,
    audience: str,
    ax: Axes | None = None,
    color: Colour | None = None,
    table: str = "trend",
    by: str = "audience",
    items: Iterable[str] | None = None,
    most: int = 10,
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw one group's shares at two waves, joined by lines; changes clear of chance are bold.

    Parameters
    ----------
    results
        Released results, or a frame of changes from `trend`.
    instrument
        For names and colours.
    waves
        As in `wave_change`.
    audience
        Whose answers.
    ax
        Axes to draw on; None for a new figure.
    color
        Of the clear changes; default: the group's.
    table, by
        The changes, and their group column.
    items, most
        Columns to draw, and how many at most: the clear changes first, then the largest.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Two waves along x (0 and 1), shares along y; None where no change of this group may be shown.

    Raises
    ------
    InvalidInput
        The table compares other waves; a missing table or column.

    Examples
    --------
    >>> ax = wave_slope({"trend": changes}, instrument, waves=("2025", "2026"), audience="employee")
    >>> tk.description_of(ax).title
    'Employees: AI training in the past 12 months: from 23% to 39% of employees since 2025'
    """
    waves = waves or _compared(results, table)
    rows = [row for row in _changes(results, instrument, table, by, waves, items) if str(row[by]) == audience]
    drawn = rows[:most]
    if not drawn:
        return None
    names = [item_name(instrument, row["item"]) for row in drawn]
    who = audience_name(instrument, audience, start=True)
    colour = color or group_colours([audience], instrument.audiences, None)[0][audience]
    notes = [
        (
            _key(row, by),
            name,
            "",
            {
                end: Point(float(row[key]), bound=_bound(row, key))
                for end, key in zip(waves, _ENDS, strict=True)
            },
        )
        for name, row in zip(names, drawn, strict=True)
    ]
    words, focus = _title(rows, instrument, waves, by)
    ax = new_axes(ax, 3.2, left=1.35, right=3.3, top=0.35, bottom=0.12)
    _slopes(ax, drawn, names, waves, colour)
    caption = [
        _(
            "Bold lines: changes that are clear of chance. Open markers are bounds. The "
            "same people need not have answered both times."
        )
    ]
    if len(drawn) < len(rows):
        caption.append(
            _(
                "{drawn} of {count} changes are drawn, the clear ones first, then the "
                "largest; results.csv has all.",
                drawn=len(drawn),
                count=len(rows),
            )
        )
    alt = [_("Lines from {first} to {last}, {who}.", first=waves[0], last=waves[1], who=within(who))]
    alt += [_describe(row, instrument, waves, by) for row in drawn]
    describe(
        ax,
        Description(
            title or short_title(_("{who}: {text}", who=who, text=words), who),
            tuple(caption),
            " ".join(alt),
            (
                chart_of(
                    "dots",
                    notes,
                    [Series(waves[0], quiet(), hollow=True), Series(waves[1], colour)],
                    joined=True,
                ),
            ),
            "" if title else focus,
        ),
    )
    return ax


def _compared(results: Any, table: str) -> tuple[str, str]:
    """Return the two waves that a table compares, the earlier first, as `trend` subtracts."""
    frame = Results(results, table).table(table, ("audience_a", "audience_b"))
    pairs = sorted(set(zip(frame["audience_b"].astype(str), frame["audience_a"].astype(str), strict=True)))
    if len(pairs) != 1:
        what = f"compares {len(pairs)} pairs of waves"
        hint = (
            "name two: " + " or ".join(f"waves={pair}" for pair in pairs[:3]) if pairs else "give `trend` two"
        )
        raise InvalidInput("waves", [Problem("ambiguous", f"table '{table}'", what, hint)])
    return pairs[0]


def _changes(
    results: Any,
    instrument: Instrument,
    table: str,
    by: str,
    waves: tuple[str, str],
    items: Iterable[str] | None,
) -> list[Row]:
    """Return the changes that may be shown, those clear of chance first, then the largest."""
    frame = Results(results, table).table(table, ("item", by, "audience_a", "audience_b", "gap"))
    frame = waves_apart(frame, waves)
    rows = records(by_width(frame[frame["item"].isin(single_items(frame["item"], instrument, items))]))
    return sorted(rows, key=lambda row: not is_certain(row))


def _row(row: Row, instrument: Instrument, by: str) -> DotRow:
    dots = tuple(
        Dot(f"{row[by]}:{when}", float(row[when]), None, None, _share(row, when), bound=_bound(row, when))
        for when in _ENDS
    )
    size, ends = signed_gap(row, turned=row["turned"])
    return DotRow(
        _key(row, by),
        item_name(instrument, row["item"]),
        hint_of(row["item"], row["measure"], instrument),
        dots,
        Cell(size, ends, bold=is_certain(row), faint=not is_certain(row)),
        joined=True,
        who=audience_name(instrument, row[by]),
    )


def _key(row: Row, by: str) -> str:
    return f"{row['item']}:{row[by]}"


def _title(rows: Sequence[Row], instrument: Instrument, waves: tuple[str, str], by: str) -> tuple[str, str]:
    """Return a title naming the clearest change, and its row."""
    clear = sum(map(is_certain, rows))
    if not clear:
        return _("No change since {first} is clear of chance", first=waves[0]), ""
    row = rows[0]
    words = {
        "label": item_name(instrument, row["item"]),
        "earlier": _share(row, "earlier"),
        "later": _share(row, "later"),
    }
    who = audience_name(instrument, row[by])
    title = short_title(
        _("{label}: from {earlier} to {later} of {who} since {first}", who=who, first=waves[0], **words),
        _("{label}: from {earlier} to {later}", **words),
        ngettext(
            "One change since {first} is clear of chance",
            "{count} changes since {first} are clear of chance",
            clear,
            first=waves[0],
        ),
    )
    return title, _key(row, by)


def _caption(
    waves: tuple[str, str], rows: Sequence[Row], count: int, clear: int, level: float
) -> tuple[str, ...]:
    sentences = [
        _(
            "Open markers: {first}; filled markers: {last}. At the right the change, "
            "later minus earlier, with its {level} interval. The same people need not "
            "have answered both times.",
            first=waves[0],
            last=waves[1],
            level=percent(level),
        )
    ]
    if 0 < clear < len(rows):
        sentences.append(
            _(
                "Changes above the line are clear of chance, allowing for the number of "
                "comparisons; those below may be due to chance."
            )
        )
    if any(_bound(row, when) for row in rows for when in _ENDS):
        sentences.append(_("An arrow marks a bound: the share itself may not be shown."))
    if len(rows) < count:
        sentences.append(
            _(
                "{drawn} of {count} changes are drawn, the clear ones first, then the "
                "largest; results.csv has all.",
                drawn=len(rows),
                count=count,
            )
        )
    return tuple(sentences)


def _describe(row: Row, instrument: Instrument, waves: tuple[str, str], by: str) -> str:
    """Describe a row."""
    return _(
        "{item}, {who}: {earlier} in {first}, {later} in {last}, change {size} points.",
        item=item_name(instrument, row["item"]),
        who=audience_name(instrument, row[by]),
        earlier=_share(row, "earlier"),
        first=waves[0],
        later=_share(row, "later"),
        last=waves[1],
        size=" ".join(part for part in signed_gap(row, turned=row["turned"]) if part),
    )


def _bound(row: Row, when: str) -> str:
    return str(known(row.get(f"bound_{when}")))


def _share(row: Row, when: str) -> str:
    return percent(row[when], bound=_bound(row, when))


def _slopes(ax: Axes, rows: Sequence[Row], names: Sequence[str], waves: tuple[str, str], colour: str) -> None:
    bare(ax)
    ax.set_xlim(0, 1)
    shares = [float(row[end]) for row in rows for end in _ENDS]
    low, high = max(min(shares) - 0.05, -0.02), min(max(shares) + 0.05, 1.02)
    ax.set_ylim(low, max(high, low + 0.01))
    ax.set_yticks([])
    ax.set_xticks([0, 1], list(waves))
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelcolor=ink(), labelsize=mpl.rcParams["font.size"])
    for label in ax.get_xticklabels():
        label.set_fontweight("bold")
    ax.vlines([0, 1], low, high, colors=rule(), linewidths=0.8 * unit(), zorder=0.5)
    labels = labels_on(ax)
    places = [_apart([float(row[end]) for row in rows], low, 0.047 * (high - low)) for end in _ENDS]
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        sure = is_certain(row)
        tint = colour if sure else quiet()
        ends = [float(row[end]) for end in _ENDS]
        ax.plot(
            [0, 1], ends, color=tint, linewidth=(2.2 if sure else 1.0) * unit(), gid=f"slope:{row['item']}"
        )
        for x, end in ((0, "earlier"), (1, "later")):
            ax.plot(
                [x],
                [float(row[end])],
                marker="o",
                markersize=5 * unit(),
                color=tint,
                markerfacecolor=paper() if _bound(row, end) else tint,
                clip_on=False,
                zorder=4,
            )
        weight = "bold" if sure else "normal"
        labels.add(0, places[0][place], _share(row, "earlier"), ha="right", dx=-0.1, size=0.9, weight=weight)
        words = f"{_share(row, 'later')}  {wrapped(name, 40, most=1)[0]}"
        labels.add(1, places[1][place], words, dx=0.1, size=0.9, weight=weight)


def _apart(places: Sequence[float], lowest: float, least: float) -> list[float]:
    """Return label positions that do not overlap, as near their points as possible."""
    order = sorted(range(len(places)), key=lambda one: -places[one])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = min(found[after], found[before] - least)
    for place in reversed(order):
        found[place] = max(found[place], lowest)
        lowest = found[place] + least
    return found
