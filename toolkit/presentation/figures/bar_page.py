"""The drawing of bars that are centred on their middle answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from toolkit.presentation.figures.page import WIDTH, Page, wrapped
from toolkit.presentation.numbers import points
from toolkit.presentation.theme import QUIET, diverging, ink_on

__all__ = ["Bar", "Block", "Part", "draw_bars", "sheets"]

LEFT, RIGHT = 1.72, WIDTH - 0.1
TALLEST = 3.5
"""Inches a drawing may be high: two or three fill a printed page, so that none is left half empty."""
BAR, STEP = 0.2, 0.24
LABEL_CHARACTERS = 26
LINE_COLOUR = "#7B8794"
HATCHED = "#EDEAF5"


@dataclass(frozen=True)
class Bar:
    """One audience's answers: shares of the lower, middle and higher answers, or only what may be shown."""

    label: str
    shares: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    top: float | None = None
    words: str = ""
    n: str = ""

    @property
    def reach(self) -> tuple[float, float]:
        """How far it goes to the left and to the right; half of the middle answers on either side."""
        low, middle, high = (sum(part) for part in self.shares)
        return low + middle / 2, self.top if self.top is not None else high + middle / 2

    @property
    def beside(self) -> str:
        """What stands at its left: the name, shortened where it is long, and always the whole n."""
        n = f" ({self.n})" if self.n else ""
        return wrapped(self.label, LABEL_CHARACTERS - len(n), most=1)[0] + n


@dataclass(frozen=True)
class Block:
    """One item: its name, which way good news lies, and a bar an audience."""

    name: str
    label: str
    hint: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Part:
    """Items that share a scale; `whole` holds every bar of it where only some are on this sheet."""

    labels: tuple[str, ...]
    sizes: tuple[int, int, int]
    blocks: tuple[Block, ...]
    whole: tuple[Bar, ...] = ()

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Every bar of it."""
        return tuple(bar for block in self.blocks for bar in block.bars)

    @property
    def colours(self) -> tuple[str, ...]:
        """Of the answers, in order."""
        return diverging(*self.sizes)


def sheets(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts spread over as many sheets as a printed page asks for, about equally full."""
    total = sum(_part_height(part) for part in parts)
    full = min(total / math.ceil(total / TALLEST) + 0.4, TALLEST + 0.4)
    found: list[list[Part]] = [[]]
    room = full
    for part in parts:
        blocks: list[Block] = []
        for block in part.blocks:
            needed = _block_height(block) + (0 if blocks else _part_height(replace(part, blocks=())))
            if needed > room and (blocks or found[-1]):
                found[-1] += [_some(part, blocks)] if blocks else []
                found.append([])
                blocks, room = [], full
                needed = _part_height(replace(part, blocks=(block,)))
            blocks.append(block)
            room -= needed
        found[-1].append(_some(part, blocks))
    return found


def _some(part: Part, blocks: Sequence[Block]) -> Part:
    """Some items of a part, drawn on the scale that all of them share."""
    if len(blocks) == len(part.blocks):
        return part
    return replace(part, blocks=tuple(blocks), whole=part.bars)


def draw_bars(parts: Sequence[Part]) -> Page:
    """Lay the parts out one under the other."""
    page = Page(sum(_part_height(part) for part in parts) + 0.05)
    y = 0.03
    for part in parts:
        _draw_part(page, part, y)
        y += _part_height(part)
    return page


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
        behind = 1 if part.sizes[1] else 5
        ends = (first - 0.03, last + 0.03) if part.sizes[1] else (first, last)
        page.line(
            (zero, zero), ends, color=LINE_COLOUR, linewidth=0.9, zorder=behind, gid=f"zero:{block.name}"
        )
        for place, bar in enumerate(block.bars):
            _draw_bar(page, part, f"{block.name}:{place}", bar, first + place * STEP, frame)
        y += _block_height(block)


def _patch(page: Page, colour: str) -> Callable[[float, float], None]:
    def draw(x: float, y: float) -> None:
        page.box(x - 0.06, y - 0.06, 0.12, 0.12, facecolor=colour)

    return draw


def _frame(part: Part) -> tuple[float, float]:
    """Where the line stands, and inches a share."""
    bars = part.whole or part.bars
    left, right = (max((bar.reach[side] for bar in bars), default=0.0) for side in range(2))
    unit = (RIGHT - LEFT) / max(left + right, 0.5)
    for bar in bars:
        if bar.words:
            unit = min(unit, (RIGHT - LEFT - 0.06 - _length(bar.words)) / max(left + bar.reach[1], 0.01))
    return LEFT + left * unit, unit


def _length(words: str) -> float:
    return 0.064 * len(words)


def _draw_bar(page: Page, part: Part, name: str, bar: Bar, y: float, frame: tuple[float, float]) -> None:
    zero, unit = frame
    page.text(0.08, y + BAR / 2, bar.beside, fontsize=7.5, color=QUIET)
    if bar.words:
        end = zero + (bar.top or 0.0) * unit
        if bar.top is not None:
            page.box(
                zero,
                y,
                end - zero,
                BAR,
                gid=f"share:{name}",
                facecolor=HATCHED,
                edgecolor=part.colours[-1],
                linewidth=0.8,
                hatched=True,
                zorder=2,
            )
        page.text(end + 0.06, y + BAR / 2, bar.words, fontsize=7.5, color=QUIET)
        return
    sizes = tuple(len(side) for side in bar.shares)
    colours = part.colours if sizes == part.sizes else diverging(*sizes)
    x = zero - bar.reach[0] * unit
    for place, share in enumerate(share for side in bar.shares for share in side):
        _piece(page, f"part:{name}:{place}", (x, y, share * unit), share, colours[place])
        x += share * unit


def _piece(page: Page, gid: str, where: tuple[float, float, float], share: float, colour: str) -> None:
    x, y, wide = where
    page.box(x, y, wide, BAR, facecolor=colour, edgecolor="#FFFFFF", linewidth=0.6, zorder=2, gid=gid)
    if share >= 0.055 and wide > 0.17:
        ink = ink_on(colour)
        page.text(x + wide / 2, y + BAR / 2, points(share), ha="center", fontsize=7.5, zorder=6, color=ink)
