"""Published statistics beside an organisation's own, and over possible bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized, number_marks
from toolkit.presentation.figures.dots import Cell, Column, Dot, DotRow, Group, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Colour, Description, group_colours, quiet
from toolkit.presentation.figures.gaps import dot_of, interval_note, short_title
from toolkit.presentation.numbers import base, interval, is_known, percent
from toolkit.presentation.rows import Results, audience_name, item_name, known
from toolkit.presentation.sentences import is_certain, signed_gap
from toolkit.records import records

Row = Mapping[str, Any]
Shares = Mapping[tuple[Any, Any, str], Row]


@typed
@localized
def benchmark_dots(
    results: Any,
    instrument: Instrument,
    *,
    ax: Axes | None = None,
    palette: Any = None,
    table: str = "benchmarks",
    shares: str | None = "shares",
    by: str = "audience",
    own: str = "this organisation",
    most: int | None = 16,
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw this organisation's share beside each published one that is comparable.

    Parameters
    ----------
    results
        Released results, or a mapping of frames: `table` from `benchmark`, `shares` from `proportions`.
    instrument
        For names and the order of groups.
    ax
        Axes to draw on; None for a new figure sized to the rows.
    palette
        Colours of the groups: a mapping, a sequence, or the name of a seaborn palette.
    table, shares, by
        The comparison, the shares whose intervals are drawn (None for none), and their group column.
    own
        How the table names this organisation in `audience_a` or `audience_b`.
    most
        Number of rows, those with the largest gaps; None for all.
    level
        Of the intervals in the tables, for the words.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Shares from 0 to 1 along x, one tick per row along y; None where nothing can be drawn.

    Raises
    ------
    InvalidInput
        A missing table or column.

    Examples
    --------
    >>> compared = tk.benchmark(shares, tk.load_findings("upwork_2024"))
    >>> ax = benchmark_dots({"benchmarks": compared, "shares": shares}, instrument)
    >>> tk.description_of(ax).title
    'Flexible working: 89% of employees here, 73% published'
    """
    tables = Results(results, table)
    compared = tables.rows(table, ("item", "measure", by, "estimate_a", "estimate_b"))
    comparable = [row for row in compared if bool(row["shown"]) and _comparable(row)]
    if not comparable:
        return None
    rows = _largest(comparable, most)
    names = [name for name in instrument.audiences if name in {str(row[by]) for row in rows}]
    colours, markers = group_colours(names, instrument.audiences, palette)
    groups = []
    for name in names:
        label = _("{name} here", name=audience_name(instrument, name, start=True))
        groups.append(Group(name, label, colours[name], markers[name]))
    groups.append(Group("published", _("Published"), quiet(), "d", hollow=True))
    found = [
        row for row in (tables.rows(shares) if shares and shares in tables else ()) if bool(row["shown"])
    ]
    shares_of = {(row["item"], row["measure"], str(row[by])): row for row in reversed(found)}
    lines = [_row(row, shares_of, instrument, by, own) for row in rows]
    words, focus = (title, "") if title else _title(rows, instrument, by, own)
    return dot_axes(
        lines,
        groups,
        Description(
            words,
            _caption(len(rows), len(comparable), level),
            _("Dot plot of this organisation's shares beside the published ones."),
            (chart_of_dots(lines, groups),),
            focus,
        ),
        descriptions={
            line.name: _describe(row, instrument, by, own) for line, row in zip(lines, rows, strict=True)
        },
        ax=ax,
        side=Column(_("Gap in points"), interval_note(level)),
        keys=groups,
        numbers=False,
    )


def here_and_there(row: Row, own: str) -> tuple[str, str]:
    """Return which side of a row is this organisation and which is published."""
    return ("a", "b") if str(row["audience_a"]) == own else ("b", "a")


def _comparable(row: Row) -> bool:
    known_both = is_known(row["estimate_a"]) and is_known(row["estimate_b"])
    return known_both and str(known(row.get("comparable"), "yes")) != "no"


def _largest(rows: list[Row], most: int | None) -> list[Row]:
    """Return the rows with the largest gaps, in their original order."""
    order = sorted(rows, key=_size, reverse=True)
    kept = {id(row) for row in order[:most]}
    return [row for row in rows if id(row) in kept]


def _caption(drawn: int, count: int, level: float) -> tuple[str, ...]:
    sentence = _(
        "Filled: this organisation, with its {level} interval; open diamonds: the "
        "published share. At the right the gap, here minus published. Drawn only where "
        "question and base match; the table lists the others and why they do not "
        "compare.",
        level=percent(level),
    )
    return (
        (sentence, _("The {drawn} largest of {count} gaps are drawn.", drawn=drawn, count=count))
        if drawn < count
        else (sentence,)
    )


def _row(row: Row, shares_of: Shares, instrument: Instrument, by: str, own: str) -> DotRow:
    here, there = here_and_there(row, own)
    published = float(row[f"estimate_{there}"])
    size, ends = signed_gap(row, turned=here == "b")
    if not is_known(row[f"n_{there}"]):
        ends = _("n not published")
    elif not size:
        ends = _("bound only")
    n = _("published n {n}", n=base(row[f"n_{there}"])) if is_known(row[f"n_{there}"]) else ""
    return DotRow(
        _key(row, by),
        item_name(instrument, row["item"]),
        n,
        (_own_dot(row, here, shares_of, by), Dot("published", published, None, None, percent(published), 1)),
        Cell(size, ends, bold=is_certain(row), faint=not is_certain(row)),
        lanes=2,
        who=audience_name(instrument, row[by]),
    )


def _key(row: Row, by: str) -> str:
    return f"{row['item']}:{row[by]}"


def _own_dot(row: Row, here: str, shares_of: Shares, by: str) -> Dot:
    audience, bound = str(row[by]), str(known(row.get(f"bound_{here}")))
    mine = shares_of.get((row["item"], row["measure"], audience))
    if mine is not None and not bound:
        return dot_of(mine, audience)
    estimate = float(row[f"estimate_{here}"])
    return Dot(audience, estimate, None, None, percent(estimate, bound=bound), 0, bound)


def _title(rows: Sequence[Row], instrument: Instrument, by: str, own: str) -> tuple[str, str]:
    tested = [row for row in rows if is_known(row["conf_low"]) or is_known(row["conf_high"])]
    clear = [row for row in tested if is_certain(row)]
    if tested and not clear:
        return _("No gap to a published figure is clear of chance"), ""
    row = max(clear or rows, key=_size)
    here, there = here_and_there(row, own)
    words = {
        "label": item_name(instrument, row["item"]),
        "here": _here(row, here),
        "there": percent(row[f"estimate_{there}"]),
    }
    who = audience_name(instrument, row[by])
    title = short_title(
        _("{label}: {here} of {who} here, {there} published", who=who, **words),
        _("{label}: {here} here, {there} published", **words),
        _("Furthest from published: {label}", label=words["label"]),
    )
    return title, _key(row, by)


def _size(row: Row) -> float:
    return abs(float(row["estimate_a"]) - float(row["estimate_b"]))


def _here(row: Row, here: str) -> str:
    return percent(row[f"estimate_{here}"], bound=str(known(row.get(f"bound_{here}"))))


def _describe(row: Row, instrument: Instrument, by: str, own: str) -> str:
    """Describe a row."""
    here, there = here_and_there(row, own)
    return _(
        "{item}, {who}: {here} here (n {n_here}), {there} published (n {n_there}).",
        item=item_name(instrument, row["item"]),
        who=audience_name(instrument, row[by]),
        here=_here(row, here),
        n_here=base(row[f"n_{here}"], row.get(f"n_{here}_shown")),
        there=percent(row[f"estimate_{there}"]),
        n_there=base(row[f"n_{there}"]) if is_known(row[f"n_{there}"]) else _("not published"),
    )


@typed
@localized
def base_dots(
    results: Any,
    *,
    ax: Axes | None = None,
    color: Colour | None = None,
    table: str = "results",
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw one published share with the interval it would have for each base.

    Parameters
    ----------
    results
        A frame from `toolkit.reporting.intervals_by_base`, or that frame released.
    ax
        Axes to draw on; None for a new figure.
    color
        Of the dots.
    table
        The name of the table in released results.
    level
        Of the intervals in the table, for the words.
    title, language
        A title of your own; the language of the wording.

    Raises
    ------
    InvalidInput
        A missing table or column.

    Examples
    --------
    >>> from toolkit.reporting.notebook import intervals_by_base
    >>> ax = base_dots(intervals_by_base(0.77, [100, 625]))
    """
    frame = Results(results, table).table(table, ("n", "estimate", "conf_low", "conf_high"))
    rows = records(frame[frame["shown"].astype(bool)].sort_values("n", kind="stable"))
    group = Group("share", _("The published share, with its interval"), color or quiet(), "o")
    drawn = [
        DotRow(
            str(row["n"]),
            _("If {n} were asked", n=base(row["n"])),
            "",
            (dot_of(row, "share"),),
            Cell(_ends(row)),
        )
        for row in rows
    ]
    heading = title or _base_title(rows)
    return dot_axes(
        drawn,
        [group],
        Description(
            heading,
            (
                _(
                    "The dot is the share as published; lines are {level} intervals for a simple "
                    "random sample (Wilson).",
                    level=percent(level),
                ),
            ),
            "",
            (chart_of_dots(drawn, [group]),),
        ),
        descriptions={row.name: _("{label}: {side}.", label=row.label, side=row.side.words) for row in drawn},
        ax=ax,
        side=Column(_("Interval")),
        keys=[group],
        numbers=False,
    )


def _ends(row: Row) -> str:
    return f"{interval(row['conf_low'], row['conf_high'])}{number_marks().percent}"


def _base_title(rows: Sequence[Row]) -> str:
    if not rows:
        return _("No interval may be shown")
    least, most = rows[0], rows[-1]
    return _(
        "{share} may mean {wide} with a base of {least}, {narrow} with {most}",
        share=percent(least["estimate"]),
        wide=_ends(least),
        least=base(least["n"]),
        narrow=_ends(most),
        most=base(most["n"]),
    )
