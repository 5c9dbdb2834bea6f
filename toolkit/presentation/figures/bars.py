"""Diverging stacked bars, centred on the middle answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from toolkit.arguments import typed
from toolkit.instrument.model import Instrument, Scale, Variable
from toolkit.locale import _, current_language, localized
from toolkit.presentation.charts import Chart, Point, Series, Side, chart_of
from toolkit.presentation.figures.dots import key_places
from toolkit.presentation.figures.drawing import (
    WIDTH,
    Description,
    Labels,
    bare,
    cuts_of,
    describe,
    ink,
    labels_on,
    lines_on,
    new_axes,
    paper,
    quiet,
    row_names,
    rule,
    sheets,
    unit,
    wrapped,
)
from toolkit.presentation.figures.gaps import gap_title, short_title
from toolkit.presentation.numbers import is_known, percent, points
from toolkit.presentation.rows import (
    Results,
    answer_words,
    audience_name,
    direction,
    item_name,
    known,
    shown,
    within,
)
from toolkit.presentation.sentences import is_certain, largest_first
from toolkit.presentation.spreads import Spread, Spreads
from toolkit.presentation.theme import diverging, ink_on

OUTLINED_CHART = "#9C86C4"
_LABEL, _NAMES, _SUM = 1.62, 1.18, 0.82
"""Inches of the items' names, of the groups' names with n, and of the sums at the right."""

_BAR, _STEP, _GAP, _HEAD = 0.17, 0.2, 0.1, 0.27
_LINE, _SMALL, _LETTER = 0.145, 0.88, 0.06
_LABEL_CHARACTERS = 23
_BASE_CHARACTERS = 7
_USUAL = (0.6, 0.9)
"""Least extent drawn to the left and the right, so that pictures compare."""

_TOP = 0.04
"""Inches above the first bar."""

_LEAST = 0.055
"""A narrower part has no room for its number."""


@dataclass(frozen=True)
class Bar:
    """One group's answers: shares of the lower, middle and higher answers, or only what may be shown."""

    label: str
    shares: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    top: float | None = None
    words: str = ""
    n: str = ""
    bound: str = ""

    @property
    def reach(self) -> tuple[float, float]:
        """Return how far the bar extends left and right, with half of the middle answers on either side."""
        low, middle, high = (sum(part) for part in self.shares)
        return low + middle / 2, self.top if self.top is not None else high + middle / 2


@dataclass(frozen=True)
class Block:
    """One item with a bar per group, and the scale it is answered on."""

    name: str
    label: str
    hint: str
    bars: tuple[Bar, ...]
    labels: tuple[str, ...]
    sizes: tuple[int, int, int]
    top: str
    heads: bool = False

    @property
    def height(self) -> float:
        """Return the height in inches, including the legend before the first item of a scale."""
        lines = len(wrapped(self.label, _LABEL_CHARACTERS)) * _LINE + (0.13 if self.hint else 0)
        return max(len(self.bars) * _STEP, lines) + _GAP + (self.legend if self.heads else 0.0)

    @property
    def legend(self) -> float:
        """Return the height of the legend in inches."""
        places = key_places(self.labels, WIDTH - _SUM, letter=_LETTER)
        return _HEAD + 0.19 * max(row for _, row in places)


@typed
@localized
def diverging_bars(
    results: Any,
    instrument: Instrument,
    *,
    ax: Axes | None = None,
    palette: Sequence[Any] | None = None,
    theme: str | None = None,
    items: Collection[str] | None = None,
    table: str = "distributions",
    shares: str = "shares",
    gaps: str | None = "gaps",
    by: str = "audience",
    title: str | None = None,
    language: str = "en",
) -> Axes | None:
    """Draw the distribution of every scale item of a theme, one bar per group, all on one scale.

    Where a distribution may not be shown, its three parts are, or the share that may be is drawn in
    outline; where nothing may, the bar is marked.

    Parameters
    ----------
    results
        Released results, or a mapping of frames from `proportions`: `table` with rows per response,
        `shares` with rows per measure.
    instrument
        For wording, scales and themes.
    ax
        Axes to draw on; None for a new figure sized to the items.
    palette
        Five colours from the lowest to the highest answer; default: orange through grey to purple.
    theme
        A theme of the instrument; None for all.
    items
        Only these columns; None for all.
    table, shares, by
        Distributions, shares, and their group column. The gate's "…_parts" are used where present.
    gaps
        Gaps, from which the title is made; None, or a missing table, for none.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes or None
        Bars along x from the middle answers (0); None where the theme has no item on a scale with a lower
        and a higher box.

    Raises
    ------
    InvalidInput
        A missing table or column, or a palette that is not five colours.

    Examples
    --------
    >>> ax = diverging_bars({"distributions": distributions, "shares": shares}, instrument)
    >>> tk.description_of(ax).title
    'AI expected to raise productivity: 100% of executives (agree)'
    """
    tables = Results(results, table)
    spreads = Spreads(tables, table=table, shares=shares, by=by)
    variables = [
        variable
        for variable in instrument.variables
        if variable.kind == "single"
        and sides_of(variable.scale)
        and theme in (None, variable.theme)
        and (items is None or variable.name in items)
        and variable.name in spreads
    ]
    if not variables:
        return None
    blocks = list(_blocks(variables, spreads, instrument))
    heading, focus = title, ""
    if not heading:
        heading, focus = _title([one.name for one in variables], tables, gaps, shares, instrument, theme, by)
    first: Axes | None = None
    for part in sheets([block.height for block in blocks]):
        own = blocks[part]
        own[0] = replace(own[0], heads=True)
        drawn = _draw(own, ax, palette)
        alt = _alt(own, instrument, spreads)
        cuts = cuts_of(_TOP, [block.height for block in own])
        describe(drawn, Description(heading, _caption(blocks), alt, tuple(_charts(own)), focus, cuts))
        first = first or drawn
    return first


def sides_of(scale: Scale | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Return the codes of the lower, middle and higher answers; None for a scale without two sides."""
    if scale is None or not scale.top or not scale.bottom or max(len(scale.top), len(scale.bottom)) > 3:
        return None
    return (
        tuple(code for code in scale.codes if code in scale.bottom),
        tuple(code for code in scale.codes if code not in (*scale.top, *scale.bottom)),
        tuple(code for code in scale.codes if code in scale.top),
    )


def _blocks(variables: Sequence[Variable], spreads: Spreads, instrument: Instrument) -> Iterator[Block]:
    """Return one block per item, items of the same scale together."""
    by_scale: dict[tuple[str, ...], list[Variable]] = {}
    for variable in variables:
        by_scale.setdefault(tuple(variable.code_labels(current_language()).values()), []).append(variable)
    for members in by_scale.values():
        codes = sides_of(members[0].scale)
        if codes is None:
            continue
        labels = members[0].code_labels(current_language())
        tops = {answer_words(member) for member in members}
        top = tops.pop() if len(tops) == 1 and len(codes[2]) > 1 else ""
        fits = top and len(top) <= 12
        for place, member in enumerate(members):
            bars = [
                replace(_bar(member, codes, spread, audience_name(instrument, group, start=True)), n=spread.n)
                for group in member.audiences
                if (spread := spreads.of(member, group)) is not None
            ]
            yield Block(
                member.name,
                item_name(instrument, member.name),
                direction(member),
                tuple(bars),
                tuple(labels[code] for side in codes for code in side),
                (len(codes[0]), len(codes[1]), len(codes[2])),
                (top[:1].upper() + top[1:])
                if fits
                else labels[codes[2][0]]
                if len(codes[2]) == 1 and len(labels[codes[2][0]]) <= 12
                else _("Upper {count}", count=len(codes[2])),
                heads=place == 0,
            )


def _bar(variable: Variable, codes: tuple[tuple[str, ...], ...], spread: Spread, label: str) -> Bar:
    if spread.kind == "full" and not any(spread.bounds.values()):
        low, middle, high = (tuple(spread.shares.get(code, 0.0) for code in side) for side in codes)
        return Bar(label, (low, middle, high))
    if spread.kind == "parts":
        low, middle, high = (
            (spread.shares[part],) if part in spread.shares else () for part in ("bottom", "middle", "top")
        )
        return Bar(label, (low, middle, high))
    top = spread.shares.get("top", next((spread.shares[c] for c in codes[2] if c in spread.shares), None))
    if top is None or spread.kind == "none" or (len(codes[2]) > 1 and "top" not in spread.shares):
        return Bar(label, ((), (), ()), words=_("not shown"))
    bound = next((bound for key, bound in spread.bounds.items() if key in ("top", *codes[2])), "")
    return Bar(label, ((), (), ()), top, percent(top, bound=bound), bound=bound)


def _draw(blocks: Sequence[Block], ax: Axes | None, palette: Sequence[Any] | None) -> Axes:
    total = sum(block.height for block in blocks)
    left, right = _LABEL + _NAMES, _SUM
    ax = new_axes(ax, total, left=left, right=right, top=_TOP, bottom=0.06)
    bare(ax)
    reaches = [bar.reach for block in blocks for bar in block.bars]
    ax.set_xlim(
        -max(one[0] for one in (*reaches, _USUAL)) - 0.01, max(one[1] for one in (*reaches, _USUAL)) + 0.01
    )
    ax.set_ylim(total, 0)
    ax.set_xticks([])
    labels = labels_on(ax)
    ticks: dict[float, str] = {}
    top = 0.0
    pieces: _Pieces = {}
    lines, zeros = [], []
    for block in blocks:
        if block.heads:
            _legend(labels, block, top, palette)
            top += block.legend
        lines.append(top)
        start = top + _GAP / 2
        zeros.append((start - 0.02, start + len(block.bars) * _STEP - _STEP + _BAR + 0.02))
        _name(labels, block, start)
        for place, bar in enumerate(block.bars):
            y = start + place * _STEP
            # "not shown" is too long for the column of names; the bar's place shows it
            fits = 0 < len(bar.n) <= _BASE_CHARACTERS
            ticks[y + _BAR / 2] = f"{bar.label}  {bar.n}" if fits else bar.label
            _draw_bar(ax, labels, block, bar, y, pieces, palette)
        top += block.height - (block.legend if block.heads else 0.0)
    for y in lines:
        labels.rule(y, left - 0.06, right - 0.06, color=rule())
    for (edge, width, gid), parts in pieces.items():
        ax.add_collection(
            PolyCollection(
                [box for box, _ in parts],
                facecolors=[colour for _, colour in parts],
                edgecolors=edge,
                linewidths=width * unit(),
                zorder=2,
                gid=gid,
            ),
            autolim=False,
        )
    spans = [((0.0, low), (0.0, high)) for low, high in zeros]
    lines_on(ax, spans, color=quiet(), linewidth=0.9 * unit(), zorder=1, gid="zero")
    row_names(ax, labels, list(ticks), list(ticks.values()), pad=3 / 72, color=quiet(), size=_SMALL)
    return ax


def _name(labels: Labels, block: Block, start: float) -> None:
    at = -_LABEL - _NAMES + 0.06
    y = start + _BAR / 2
    for line in wrapped(block.label, _LABEL_CHARACTERS):
        labels.add(at, y, line, where="left", weight="bold")
        y += _LINE
    if block.hint:
        labels.add(at, y - 0.01, block.hint, where="left", size=_SMALL, color=quiet())


def _colours(sizes: tuple[int, ...], palette: Sequence[Any] | None) -> tuple[str, ...]:
    if palette is None:
        return diverging(*sizes)
    low, high = list(palette[:2]), list(palette[-2:])
    parts = {1: low[:1], 2: low, 3: [low[0], *low]}, {1: high[-1:], 2: high, 3: [*high, high[-1]]}
    below, above = (parts[0].get(sizes[0], []), parts[1].get(sizes[2], []))
    return (*below, *([palette[len(palette) // 2]] * sizes[1]), *above)


_Pieces = dict[tuple[str, float, str], list[tuple[list[tuple[float, float]], str]]]
"""Edge, width and gid → corners and colour of every rectangle: one artist each."""


def _box(left: float, right: float, low: float, high: float) -> list[tuple[float, float]]:
    return [(left, low), (right, low), (right, high), (left, high)]


def _draw_bar(
    ax: Axes,
    labels: Labels,
    block: Block,
    bar: Bar,
    y: float,
    pieces: _Pieces,
    palette: Sequence[Any] | None,
) -> None:
    middle = y + _BAR / 2
    end = _SUM - 0.06
    if bar.words:
        if bar.top is not None:
            colour = _colours(block.sizes, palette)[-1]
            box = _box(0.0, bar.top, middle - 0.035, middle + 0.035)
            pieces.setdefault((colour, 1.0, "bounds"), []).append((box, paper()))
            labels.add(end, middle, bar.words, where="right", ha="right", weight="bold")
        else:
            labels.add(0, middle, bar.words, dx=0.06, size=_SMALL, color=quiet(), slant="italic")
        return
    sizes = tuple(len(side) for side in bar.shares)
    colours = _colours(block.sizes if sizes == block.sizes else sizes, palette)
    x = -bar.reach[0]
    inches = ax.bbox.width / ax.figure.dpi / unit() / (ax.get_xlim()[1] - ax.get_xlim()[0])
    for share, colour in zip((one for side in bar.shares for one in side), colours, strict=True):
        if share:
            box = _box(x, x + share, y, y + _BAR)
            pieces.setdefault((paper(), 0.6, "parts"), []).append((box, colour))
        if share >= _LEAST and share * inches > 0.15:
            labels.add(
                x + share / 2, middle, points(share), ha="center", size=_SMALL, color=ink_on(colour.upper())
            )
        x += share
    if bar.shares[2]:
        labels.add(
            end, middle, percent(sum(bar.shares[2])), where="right", ha="right", weight="bold", color=ink()
        )


def _legend(labels: Labels, block: Block, top: float, palette: Sequence[Any] | None) -> None:
    """Draw the answers of a scale with their colours, and the heading of the sums."""
    edge = _LABEL + _NAMES
    for words, colour, (x, row) in zip(
        block.labels,
        _colours(block.sizes, palette),
        key_places(block.labels, WIDTH - _SUM, letter=_LETTER),
        strict=True,
    ):
        y = top + _HEAD / 2 + row * 0.19
        labels.mark(x + 0.06 - edge, y, "s", colour, where="left", size=7.5)
        labels.add(x + 0.17 - edge, y, words, where="left", size=_SMALL, color=quiet())
    labels.add(_SUM - 0.06, top + _HEAD / 2, block.top, where="right", ha="right", size=_SMALL, color=quiet())


def _charts(blocks: Sequence[Block]) -> Iterator[Chart]:
    """Return the bars as chart data, one chart per scale."""
    sides: tuple[Side, ...] = ("lower", "middle", "higher")
    together = (_("Lower answers together"), _("Middle answers together"), _("Higher answers together"))
    only, total = _("Higher answers, the only share that may be shown"), _("Higher answers, total")
    for labels in dict.fromkeys(block.labels for block in blocks):
        own = [block for block in blocks if block.labels == labels]
        rows = []
        for block in own:
            for bar in block.bars:
                points: dict[str, Point] = {}
                if bar.words and bar.top is not None:
                    points = {only: Point(bar.top, bound=bar.bound)}
                elif not bar.words:
                    whole = tuple(map(len, bar.shares)) == block.sizes
                    answers = [one for side in bar.shares for one in side] if whole else map(sum, bar.shares)
                    points = {
                        name: Point(share)
                        for name, share in zip(labels if whole else together, answers, strict=True)
                        if whole or share
                    }
                    if bar.shares[2]:
                        points[total] = Point(sum(bar.shares[2]))
                who = f"{bar.label} ({bar.n})" if bar.n else bar.label
                rows.append((block.name, block.label, who if points else f"{who}: {bar.words}", points))
        used = {name for *_, points in rows for name in points}
        of_label = [side for side, size in zip(sides, own[0].sizes, strict=True) for _ in range(size)]
        series = [
            Series(name, colour, side=side)
            for name, colour, side in zip(labels, diverging(*own[0].sizes), of_label, strict=True)
        ]
        series += [
            Series(name, colour, side=side)
            for name, colour, side in zip(together, diverging(1, 1, 1), sides, strict=True)
        ]
        series.append(Series(only, OUTLINED_CHART, side="higher"))
        series.append(Series(total, OUTLINED_CHART, side="total"))
        yield chart_of("stack", rows, [one for one in series if one.name in used])


def _caption(blocks: Sequence[Block]) -> tuple[str, ...]:
    bars = [(block, bar) for block in blocks for bar in block.bars]
    sentences = [
        _(
            "Bars are centred on the middle answers, the lower answers to the left, the "
            "higher to the right; all bars have the same scale. Numbers are percentages, "
            "at the right the higher answers together. Colours show how strong an answer "
            "is, not whether it is good."
        )
    ]
    if any(tuple(map(len, bar.shares)) != block.sizes and not bar.words for block, bar in bars):
        sentences.append(
            _(
                "Where fewer colours are drawn than answers, only lower, middle and higher "
                "answers together may be shown."
            )
        )
    if any(bar.top is not None for _, bar in bars):
        sentences.append(
            _(
                "Thin outlined bars: only the share of higher answers may be shown, from the "
                "line to the right."
            )
        )
    return tuple(sentences)


def _title(
    drawn: Sequence[str],
    results: Results,
    gaps: str | None,
    shares: str,
    instrument: Instrument,
    theme: str | None,
    by: str,
) -> tuple[str, str]:
    """Name the clearest gap of the theme, or the highest share where there is no gap, and its item."""
    name = instrument.themes.get(theme or "", {}).get(current_language(), theme or "")
    if gaps is not None and gaps in results:
        rows = [row for row in results.rows(gaps) if _top_of(row, drawn)]
        ranked = sorted(largest_first(rows), key=lambda row: not is_certain(row))
        if ranked:
            if is_certain(ranked[0]):
                return gap_title(rows, instrument)
            none = [_("{name}: no gap between groups is clear of chance", name=name)] if name else []
            return short_title(*none, _("No gap between groups is clear of chance")), ""
    visible = [
        row for row in shown(results.rows(shares)) if _top_of(row, drawn) and is_known(row["estimate"])
    ]
    if not visible:
        return _("{name}: nothing may be shown (few answers)", name=name) if name else _(
            "Nothing may be shown (few answers)"
        ), ""
    row = max(visible, key=lambda found: float(found["estimate"]))
    values = {
        "label": item_name(instrument, row["item"]),
        "who": audience_name(instrument, row[by]),
        "share": percent(row["estimate"], bound=str(known(row.get("bound")))),
    }
    words = within(answer_words(instrument[row["item"]]))
    return short_title(
        _("{label}: {share} of {who} ({words})", words=words, **values),
        _("{label}: {share} of {who}", **values),
    ), row["item"]


def _top_of(row: Mapping[str, Any], drawn: Sequence[str]) -> bool:
    return row["item"] in drawn and row["measure"] == "top"


def _alt(blocks: Sequence[Block], instrument: Instrument, spreads: Spreads) -> str:
    sentences = [_("Bars showing the distribution of answers.")]
    for variable in (instrument[block.name] for block in blocks):
        for group in variable.audiences:
            spread = spreads.of(variable, group)
            if spread is not None:
                text = spread.words(variable)
                item = item_name(instrument, variable.name)
                who = audience_name(instrument, group)
                sentences.append(
                    _("{item}, {who} (n {n}): {spread}.", item=item, who=who, n=spread.n, spread=text)
                )
    return " ".join(sentences)
