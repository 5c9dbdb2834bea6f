"""How answers are spread: bars that grow to both sides from a common line, the middle answers set apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.instrument.model import Instrument, Scale, Variable
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.page import WIDTH, Page, as_svg, wrapped
from toolkit.presentation.numbers import percent, points
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    direction,
    item_name,
    known,
    released_table,
    within,
)
from toolkit.presentation.sentences import gap_title
from toolkit.presentation.spreads import Spread, Spreads
from toolkit.presentation.theme import QUIET, Theme, diverging, ink_on

__all__ = ["diverging_bars"]

LEFT, RIGHT = 1.72, WIDTH - 0.1
APART = 0.16
BAR, STEP = 0.2, 0.25
LINE_COLOUR = "#7B8794"
HATCHED = "#EDEAF5"
CAPTION = (
    "Each bar is one audience, with the number who answered in brackets: lower answers to the left of the line, "
    "higher answers to the right; middle answers stand apart at the far right. Numbers are percentages; parts "
    "under 6 % carry none. Colours say how strong an answer is, not whether it is good."
)


@dataclass(frozen=True)
class Bar:
    """One audience's answers: shares of the lower, middle and higher answers, or only what may be shown."""

    label: str
    shares: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    top: float | None = None
    words: str = ""

    @property
    def reach(self) -> tuple[float, float, float]:
        """How far it goes to the left, in the middle and to the right."""
        low, middle, high = (sum(part) for part in self.shares)
        return low, middle, self.top if self.top is not None else high


@dataclass(frozen=True)
class Block:
    """One item: its name, which way good news lies, and a bar an audience."""

    name: str
    label: str
    hint: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Part:
    """Items that share a scale."""

    labels: tuple[str, ...]
    sizes: tuple[int, int, int]
    blocks: tuple[Block, ...]

    @property
    def colours(self) -> tuple[str, ...]:
        """Of the answers, in order."""
        return diverging(*self.sizes)


def diverging_bars(
    released: Any,
    instrument: Instrument,
    *,
    theme: str | None = None,
    table: str = "distributions",
    shares: str = "shares",
    gaps: str | None = "gaps",
    by: str = "audience",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw the distribution of every scale item of a theme, a bar an audience.

    Where a distribution may not be shown, its three parts are, or the share that may be is drawn hatched;
    where nothing may, the bar says so.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, scales and themes.
    theme
        A theme of the instrument; None for all.
    table, shares, by
        Released distributions (rows per response), released shares, and their group column. The gate's
        "…_parts" of the distributions is used where it is there.
    gaps
        Released gaps, from which the title is made; None, or a name that was not released, for none.
    look, title, language
        Taken for likeness with the other pictures (bars are coloured by answer); a title of your own; the
        language of the wording.

    Returns
    -------
    None where the theme has no item on a scale with a lower and a higher box.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    spreads = Spreads(released, table=table, shares=shares, by=by)
    variables = [
        variable
        for variable in instrument.variables
        if variable.kind == "single" and sides_of(variable.scale) and theme in (None, variable.theme)
    ]
    variables = [variable for variable in variables if variable.name in spreads]
    if not variables:
        return None
    parts = _parts(variables, spreads, instrument, language)
    drawn = [variable.name for variable in variables]
    return Picture(
        title or _title(drawn, released, gaps, shares, instrument, theme, by, language),
        _alt(variables, spreads, instrument, language),
        _caption(parts),
        as_svg(lambda: draw_bars(parts)),
    )


def draw_bars(parts: Sequence[Part]) -> Page:
    """Lay the parts out one under the other."""
    page = Page(sum(_part_height(part) for part in parts) + 0.05)
    y = 0.03
    for part in parts:
        _draw_part(page, part, y)
        y += _part_height(part)
    return page


def sides_of(scale: Scale | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Codes of the lower, middle and higher answers, or None where the scale has no two sides to draw."""
    if scale is None or not scale.top or not scale.bottom or max(len(scale.top), len(scale.bottom)) > 3:
        return None
    return (
        tuple(code for code in scale.codes if code in scale.bottom),
        tuple(code for code in scale.codes if code not in (*scale.top, *scale.bottom)),
        tuple(code for code in scale.codes if code in scale.top),
    )


def _parts(
    variables: Sequence[Variable], spreads: Spreads, instrument: Instrument, language: str
) -> list[Part]:
    by_scale: dict[tuple[str, ...], list[Variable]] = {}
    for variable in variables:
        by_scale.setdefault(tuple(variable.code_labels(language).values()), []).append(variable)
    found = []
    for members in by_scale.values():
        codes = sides_of(members[0].scale)
        if codes is None:
            continue
        labels = members[0].code_labels(language)
        blocks = tuple(_block(member, codes, spreads, instrument, language) for member in members)
        in_order = tuple(labels[code] for side in codes for code in side)
        found.append(Part(in_order, (len(codes[0]), len(codes[1]), len(codes[2])), blocks))
    return found


def _block(
    variable: Variable,
    codes: tuple[tuple[str, ...], ...],
    spreads: Spreads,
    instrument: Instrument,
    language: str,
) -> Block:
    bars = []
    for audience in variable.audiences:
        spread = spreads.of(variable, audience)
        if spread is not None:
            name = audience_name(instrument, audience, start=True, language=language)
            bars.append(_bar(variable, codes, spread, f"{name} ({spread.n})", language))
    label = item_name(instrument, variable.name, language=language)
    return Block(variable.name, label, direction(variable), tuple(bars))


def _bar(
    variable: Variable, codes: tuple[tuple[str, ...], ...], spread: Spread, label: str, language: str
) -> Bar:
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
        return Bar(label, ((), (), ()), words="not shown (few answers)")
    bound = next((bound for key, bound in spread.bounds.items() if key in ("top", *codes[2])), "")
    words = f"{percent(top, bound=bound)} {answer_words(variable, language=language)}"
    return Bar(label, ((), (), ()), top, words)


def _block_height(block: Block) -> float:
    return 0.25 + len(block.bars) * STEP + 0.07


def _legend_height(part: Part) -> float:
    return 0.21 * Page.legend_rows(part.labels) + 0.12


def _part_height(part: Part) -> float:
    return _legend_height(part) + sum(_block_height(block) for block in part.blocks) + 0.12


def _draw_part(page: Page, part: Part, y: float) -> None:
    page.legend(
        [(words, _patch(page, colour)) for words, colour in zip(part.labels, part.colours, strict=True)],
        y + 0.12,
    )
    y += _legend_height(part)
    frame = _frame(part)
    zero = frame[0]
    for block in part.blocks:
        page.line((0.08, WIDTH - 0.08), (y, y), linewidth=0.6)
        page.text(0.08, y + 0.13, wrapped(block.label, 76, most=1)[0], fontweight="bold")
        if block.hint:
            page.text(WIDTH - 0.08, y + 0.13, block.hint, color=QUIET, fontsize=7.5, ha="right")
        first = y + 0.25
        last = first + (len(block.bars) - 1) * STEP + BAR
        page.line((zero, zero), (first, last), color=LINE_COLOUR, linewidth=0.9, zorder=5)
        for place, bar in enumerate(block.bars):
            _draw_bar(page, part, f"{block.name}:{place}", bar, first + place * STEP, frame)
        y += _block_height(block)


def _patch(page: Page, colour: str) -> Callable[[float, float], None]:
    def draw(x: float, y: float) -> None:
        page.box(x - 0.06, y - 0.06, 0.12, 0.12, facecolor=colour)

    return draw


def _frame(part: Part) -> tuple[float, float, float]:
    """Where the line stands, inches a share, and where the middle answers begin."""
    bars = [bar for block in part.blocks for bar in block.bars]
    left, middle, right = (max((bar.reach[side] for bar in bars), default=0.0) for side in range(3))
    gap = APART if middle else 0.0
    unit = (RIGHT - LEFT - gap) / max(left + middle + right, 0.5)
    for bar in bars:
        if bar.words:
            unit = min(unit, (RIGHT - LEFT - 0.06 - _length(bar.words)) / max(left + bar.reach[2], 0.01))
    zero = LEFT + left * unit
    return zero, unit, zero + right * unit + gap


def _length(words: str) -> float:
    return 0.064 * len(words)


def _draw_bar(
    page: Page, part: Part, name: str, bar: Bar, y: float, frame: tuple[float, float, float]
) -> None:
    zero, unit, middle = frame
    page.text(0.08, y + BAR / 2, wrapped(bar.label, 26, most=1)[0], fontsize=7.5, color=QUIET)
    if bar.words:
        end = zero + (bar.top or 0.0) * unit
        if bar.top is not None:
            style = {"facecolor": HATCHED, "edgecolor": part.colours[-1], "hatch": "////", "linewidth": 0.8}
            page.box(zero, y, end - zero, BAR, gid=f"share:{name}", **style)
        page.text(end + 0.06, y + BAR / 2, bar.words, fontsize=7.5, color=QUIET)
        return
    sizes = tuple(len(side) for side in bar.shares)
    colours = part.colours if sizes == part.sizes else diverging(*sizes)
    starts = (zero - bar.reach[0] * unit, middle, zero)
    place = 0
    for start, side in zip(starts, bar.shares, strict=True):
        x = start
        for share in side:
            _piece(page, f"part:{name}:{place}", (x, y, share * unit), share, colours[place])
            x += share * unit
            place += 1


def _piece(page: Page, gid: str, where: tuple[float, float, float], share: float, colour: str) -> None:
    x, y, wide = where
    page.box(x, y, wide, BAR, facecolor=colour, edgecolor="white", linewidth=0.6, gid=gid)
    if share >= 0.055 and wide > 0.17:
        ink = ink_on(colour)
        page.text(x + wide / 2, y + BAR / 2, points(share), ha="center", fontsize=7.5, zorder=6, color=ink)


def _caption(parts: Sequence[Part]) -> str:
    bars = [(part, bar) for part in parts for block in part.blocks for bar in block.bars]
    said = [CAPTION]
    if any(tuple(map(len, bar.shares)) != part.sizes and not bar.words for part, bar in bars):
        said.append(
            "A bar in two or three even colours: only its lower, middle and higher answers together may be shown."
        )
    if any(bar.words for _, bar in bars):
        said.append(
            "Hatched: only this share may be shown, because few answered or nearly all gave the same answer."
        )
    return " ".join(said)


def _title(
    drawn: Sequence[str],
    released: Any,
    gaps: str | None,
    shares: str,
    instrument: Instrument,
    theme: str | None,
    by: str,
    language: str,
) -> str:
    """Names the widest gap of the theme; where there is no gap to name, the highest share."""
    lead = instrument.themes.get(theme or "", {}).get(language, theme or "")
    if gaps is not None and gaps in released:
        rows = released_table(released, gaps)
        rows = rows[rows["item"].isin(drawn) & (rows["measure"] == "top")]
        if len(rows):
            return gap_title(rows, instrument, lead=lead, language=language)
    rows = released_table(released, shares)
    rows = rows[rows["shown"].astype(bool) & (rows["measure"] == "top") & rows["item"].isin(drawn)]
    rows = rows.dropna(subset=["estimate"]).sort_values("estimate", ascending=False, kind="stable")
    lead = f"{lead}: " if lead else ""
    if rows.empty:
        return f"{lead}nothing may be shown (few answers)"
    row = rows.iloc[0]
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    share = percent(row["estimate"], bound=str(known(row.get("bound"))))
    words = answer_words(instrument[row["item"]], language=language)
    return f"{lead}the highest share is on {label}, {share} of {who} ({words})"


def _alt(variables: Sequence[Variable], spreads: Spreads, instrument: Instrument, language: str) -> str:
    said = ["Bars of how answers are spread."]
    for variable in variables:
        for audience in variable.audiences:
            spread = spreads.of(variable, audience)
            if spread is not None:
                item = item_name(instrument, variable.name, language=language)
                who = audience_name(instrument, audience, language=language)
                said.append(f"{item}, {who} (n {spread.n}): {spread.words(variable, language=language)}.")
    return " ".join(said)
