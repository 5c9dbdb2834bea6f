"""How answers are spread: bars that grow to both sides from a common line, the middle answers set apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument, Scale, Variable
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.page import WIDTH, Page, as_svg, wrapped
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import answer_words, audience_name, direction, item_name, known, released_table
from toolkit.presentation.sentences import share_of
from toolkit.presentation.theme import QUIET, Theme, diverging, ink_on

__all__ = ["diverging_bars"]

LEFT, RIGHT = 1.72, WIDTH - 0.1
APART = 0.16
BAR, STEP = 0.2, 0.26
CAPTION = (
    "Each bar is one audience's answers: to the left of the line the lower answers, to the right the higher ones; "
    "middle answers stand apart at the far right. Colours say how strong an answer is, not whether it is good. "
    "Parts under 6 % carry no number."
)


@dataclass(frozen=True)
class Bar:
    """One audience's answers to one item: shares of the codes in order, or only what may be shown."""

    label: str
    shares: tuple[float, ...]
    top: float | None
    words: str


@dataclass(frozen=True)
class Block:
    """One item: its name, a hint, and a bar an audience."""

    name: str
    label: str
    hint: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Part:
    """Items that share a scale."""

    labels: tuple[str, ...]
    colours: tuple[str, ...]
    sizes: tuple[int, int, int]
    blocks: tuple[Block, ...]


def diverging_bars(
    released: Any,
    instrument: Instrument,
    *,
    theme: str | None = None,
    table: str = "distributions",
    shares: str = "shares",
    by: str = "audience",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw the distribution of every scale item of a theme, a bar an audience.

    Where a distribution may not be shown, the share that may be is drawn hatched; where nothing may, the bar
    says so.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, scales and themes.
    theme
        A theme of the instrument; None for all.
    table, shares, by
        Released distributions (rows per response), released shares, and their group column.
    look, title, language
        Colours (unused: bars are coloured by answer); a title of your own; the language of the wording.

    Returns
    -------
    None where the theme has no item on a scale with a lower and a higher box.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    full = released_table(released, table, columns=("item", "response", by, "estimate"))
    boxes = released_table(released, shares, columns=("item", "measure", by, "estimate"))
    present = set(full["item"]) | set(boxes["item"])
    variables = [
        v
        for v in instrument.variables
        if v.kind == "single"
        and v.scale
        and _boxes(v.scale)
        and v.name in present
        and theme in (None, v.theme)
    ]
    if not variables:
        return None
    parts = _parts(variables, full, boxes, instrument, by, language)
    return Picture(
        title or _title(variables, boxes, instrument, theme, by, language),
        _alt(variables, full, boxes, instrument, by, language),
        _caption(parts),
        as_svg(lambda: draw_bars(parts)),
    )


def draw_bars(parts: Sequence[Part]) -> Page:
    """Lay the parts out one under the other."""
    page = Page(sum(_part_height(part) for part in parts) + 0.1)
    y = 0.05
    for part in parts:
        _draw_part(page, part, y)
        y += _part_height(part)
    return page


def _boxes(scale: Scale) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Codes of the lower, middle and upper answers, or None where the scale has no two sides."""
    if not scale.top or not scale.bottom or max(len(scale.top), len(scale.bottom)) > 3:
        return None
    middle = tuple(code for code in scale.codes if code not in (*scale.top, *scale.bottom))
    in_order = [code for code in scale.codes if code in scale.bottom]
    return tuple(in_order), middle, tuple(code for code in scale.codes if code in scale.top)


def _parts(
    variables: Sequence[Variable],
    full: pd.DataFrame,
    boxes: pd.DataFrame,
    instrument: Instrument,
    by: str,
    language: str,
) -> list[Part]:
    by_scale: dict[tuple[str, ...], list[Variable]] = {}
    for variable in variables:
        by_scale.setdefault(tuple(variable.code_labels(language).values()), []).append(variable)
    found = []
    for members in by_scale.values():
        scale = members[0].scale
        split = _boxes(scale) if scale else None
        if split is None:
            continue
        low, middle, high = split
        labels = members[0].code_labels(language)
        blocks = tuple(
            _block(v, (*low, *middle, *high), full, boxes, instrument, by, language) for v in members
        )
        found.append(
            Part(
                tuple(labels[code] for code in (*low, *middle, *high)),
                diverging(len(low), len(middle), len(high)),
                (len(low), len(middle), len(high)),
                blocks,
            )
        )
    return found


def _block(
    variable: Variable,
    codes: Sequence[str],
    full: pd.DataFrame,
    boxes: pd.DataFrame,
    instrument: Instrument,
    by: str,
    language: str,
) -> Block:
    bars = []
    for audience in variable.audiences:
        cells = _of(full, variable.name, audience, by)
        box = _of(boxes[boxes["measure"] == "top"], variable.name, audience, by)
        if cells.empty and box.empty:
            continue
        bars.append(
            _bar(
                variable,
                codes,
                cells,
                box,
                audience_name(instrument, audience, start=True, language=language),
            )
        )
    return Block(
        variable.name,
        item_name(instrument, variable.name, language=language),
        direction(variable),
        tuple(bars),
    )


def _bar(variable: Variable, codes: Sequence[str], cells: pd.DataFrame, box: pd.DataFrame, label: str) -> Bar:
    by_code = {str(row["response"]): row for row in cells.to_dict("records")}
    top = box.to_dict("records")[0] if len(box) else None
    known_row = next((row for row in (*by_code.values(), *([top] if top else [])) if row is not None), {})
    named = f"{label} ({base(known_row.get('n'), known_row.get('n_shown'))})"
    whole = all(code in by_code and _open(by_code[code]) for code in codes)
    if whole:
        return Bar(named, tuple(float(by_code[code]["estimate"]) for code in codes), None, "")
    if top is not None and bool(top["shown"]) and is_known(top["estimate"]):
        named = f"{label} ({base(top['n'], top.get('n_shown'))})"
        text = percent(top["estimate"], bound=str(known(top.get("bound"))))
        return Bar(named, (), float(top["estimate"]), f"{text} {answer_words(variable)}")
    return Bar(named, (), None, "not shown (few answers)")


def _open(row: dict[str, Any]) -> bool:
    return bool(row["shown"]) and is_known(row["estimate"]) and not str(known(row.get("bound")))


def _of(frame: pd.DataFrame, item: str, audience: str, by: str) -> pd.DataFrame:
    return frame[(frame["item"] == item) & (frame[by].astype(str) == audience)]


def _block_height(block: Block) -> float:
    return 0.2 + len(block.bars) * STEP + 0.1


def _legend_height(part: Part) -> float:
    rows, x = 1, 0.1
    for words in part.labels:
        wide = 0.48 + 0.074 * len(words)
        if x > 0.1 and x + wide > WIDTH - 0.1:
            rows, x = rows + 1, 0.1
        x += wide
    return 0.22 * rows + 0.14


def _part_height(part: Part) -> float:
    return _legend_height(part) + sum(_block_height(block) for block in part.blocks) + 0.1


def _draw_part(page: Page, part: Part, y: float) -> None:
    entries = [
        (words, lambda x, at, colour=colour: page.box(x - 0.06, at - 0.06, 0.12, 0.12, facecolor=colour))
        for words, colour in zip(part.labels, part.colours, strict=True)
    ]
    page.legend(entries, y + 0.12)
    y += _legend_height(part)
    zero, unit, middle = _frame(part)
    for block in part.blocks:
        page.line((0.08, WIDTH - 0.08), (y, y), linewidth=0.6)
        page.text(0.08, y + 0.13, wrapped(block.label, 76, most=1)[0], fontweight="bold")
        if block.hint:
            page.text(WIDTH - 0.08, y + 0.13, block.hint, color=QUIET, fontsize=7, ha="right")
        low = y + 0.22
        page.line(
            (zero, zero), (low, low + len(block.bars) * STEP - 0.04), color="#7B8794", linewidth=0.9, zorder=5
        )
        for place, bar in enumerate(block.bars):
            _draw_bar(page, part, block.name, bar, low + place * STEP, (zero, unit, middle))
        y += _block_height(block)


def _frame(part: Part) -> tuple[float, float, float]:
    """Where the line stands, inches a share, and where the middle answers begin."""
    low, mid, _ = part.sizes
    bars = [bar for block in part.blocks for bar in block.bars]
    left = max((sum(bar.shares[:low]) for bar in bars), default=0.0)
    middle = max((sum(bar.shares[low : low + mid]) for bar in bars), default=0.0)
    right = max((sum(bar.shares[low + mid :]) if bar.shares else bar.top or 0.0 for bar in bars), default=0.0)
    gap = APART if mid and middle else 0.0
    unit = (RIGHT - LEFT - gap) / max(left + middle + right, 0.5)
    zero = LEFT + left * unit
    return zero, unit, zero + right * unit + gap


def _draw_bar(
    page: Page, part: Part, name: str, bar: Bar, y: float, frame: tuple[float, float, float]
) -> None:
    zero, unit, middle = frame
    low, mid, _ = part.sizes
    page.text(0.08, y + BAR / 2, wrapped(bar.label, 26, most=1)[0], fontsize=7.5, color=QUIET)
    if not bar.shares:
        if bar.top is not None:
            colour = part.colours[-1]
            page.box(zero, y, bar.top * unit, BAR, facecolor="#EDEAF5", edgecolor=colour, hatch="////", linewidth=0.8,
                     gid=f"share:{name}:{bar.label}")  # fmt: skip
            _beside(page, bar.words, zero, zero + bar.top * unit, y)
        else:
            page.text(zero + 0.06, y + BAR / 2, bar.words, fontsize=7.5, color=QUIET, style="italic")
        return
    x = zero - sum(bar.shares[:low]) * unit
    for place, share in enumerate(bar.shares):
        if place == low:
            x = middle
        if place == low + mid:
            x = zero
        wide = share * unit
        page.box(x, y, wide, BAR, facecolor=part.colours[place], edgecolor="white", linewidth=0.6,
                 gid=f"part:{name}:{bar.label}:{place}")  # fmt: skip
        if share >= 0.055 and wide > 0.17:
            page.text(x + wide / 2, y + BAR / 2, points(share), ha="center", fontsize=7, zorder=6,
                      color=ink_on(part.colours[place]))  # fmt: skip
        x += wide


def _beside(page: Page, words: str, start: float, end: float, y: float) -> None:
    """Words after a bar, or over it on a white ground where there is no room after it."""
    wide = 0.064 * len(words)
    if end + 0.06 + wide <= WIDTH - 0.08:
        page.text(end + 0.06, y + BAR / 2, words, fontsize=7.5, color=QUIET)
        return
    page.box(start + 0.06, y + 0.03, wide + 0.08, BAR - 0.06, facecolor="white", zorder=5)
    page.text(start + 0.1, y + BAR / 2, words, fontsize=7.5, color=QUIET, zorder=6)


def _caption(parts: Sequence[Part]) -> str:
    bars = [bar for part in parts for block in part.blocks for bar in block.bars]
    hatched = (
        " Hatched: only this share may be shown, because few people answered or nearly all gave the same answer."
        if any(not bar.shares for bar in bars)
        else ""
    )
    return f"{CAPTION}{hatched} In brackets: how many answered; a question put to some only has a smaller number."


def _title(
    variables: Sequence[Variable],
    boxes: pd.DataFrame,
    instrument: Instrument,
    theme: str | None,
    by: str,
    language: str,
) -> str:
    """Names the item on which the shown audiences lie furthest apart, or the highest share."""
    name = instrument.themes.get(theme or "", {}).get(language, theme or "")
    lead = f"{name}: " if name else ""
    rows = boxes[boxes["shown"].astype(bool) & (boxes["measure"] == "top")]
    rows = rows[rows["item"].isin([variable.name for variable in variables]) & rows["estimate"].notna()]
    if rows.empty:
        return f"{lead}nothing may be shown (few answers)"
    spread = rows.groupby("item", observed=True, sort=False)["estimate"].agg(lambda e: e.max() - e.min())
    item = str(spread.idxmax())
    own = (
        rows[rows["item"] == item].sort_values("estimate", ascending=False, kind="stable").to_dict("records")
    )
    shares = [
        f"{percent(row['estimate'], bound=str(known(row.get('bound'))))} of "
        f"{audience_name(instrument, row[by], language=language)}"
        for row in own
    ]
    words = f"{item_name(instrument, item, language=language)} ({answer_words(instrument[item], language=language)})"
    if len(shares) == 1:
        return f"{lead}{words}: {shares[0]}"
    return f"{lead}the shares lie furthest apart on {words}, {shares[0]} against {shares[-1]}"


def _alt(
    variables: Sequence[Variable],
    full: pd.DataFrame,
    boxes: pd.DataFrame,
    instrument: Instrument,
    by: str,
    language: str,
) -> str:
    said = ["Bars of how answers are spread."]
    for variable in variables:
        for audience in variable.audiences:
            cells = _of(full, variable.name, audience, by).to_dict("records")
            box = _of(boxes[boxes["measure"] == "top"], variable.name, audience, by).to_dict("records")
            who = f"{item_name(instrument, variable.name, language=language)}, {audience_name(instrument, audience)}"
            labels = variable.code_labels(language)
            if cells and all(_open(row) for row in cells):
                spread = ", ".join(
                    f"{labels.get(str(r['response']), r['response'])} {percent(r['estimate'])}" for r in cells
                )
                said.append(f"{who} (n {base(cells[0]['n'])}): {spread}.")
            elif box:
                said.append(f"{who} (n {base(box[0]['n'], box[0].get('n_shown'))}): "
                            f"{answer_words(variable, language=language)} {share_of(box[0])}.")  # fmt: skip
            elif cells:
                said.append(f"{who}: not shown.")
    return " ".join(said)
