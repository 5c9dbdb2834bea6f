"""A sheet on which everything is placed in inches, and its way to a small, repeatable SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from toolkit.presentation.theme import INK, QUIET, RULE

__all__ = ["WIDTH", "Box", "Line", "Mark", "Page", "Text", "as_svg", "wrapped"]

WIDTH = 7.2
"""Inches; the text width of a printed A4 page."""

LINE = 0.145
SMALL_LINE = 0.13
"""Inches from one line of text to the next."""

_KEY, _CHARACTER, _BETWEEN = 0.22, 0.069, 0.2
_POINTS = 72
# from the middle of capitals and figures down to the line they stand on, in parts of the type size
_DROP = 0.36

# The layout is measured with DejaVu Sans, which is wider than all of these: whatever a reader's machine
# has, it fits.
_FONTS = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

# outlines of markers of size 1 about 0 0, as matplotlib draws them
_OUTLINES: Mapping[str, str] = {
    "o": "M{r} 0A{r} {r} 0 1 1 {-r} 0A{r} {r} 0 1 1 {r} 0Z",
    "s": "M{-r} {-r}H{r}V{r}H{-r}Z",
    "D": "M0 {-d}L{d} 0L0 {d}L{-d} 0Z",
    "d": "M0 {-d}L{k} 0L0 {d}L{-k} 0Z",
    "^": "M0 {-r}L{r} {r}L{-r} {r}Z",
    "v": "M0 {r}L{-r} {-r}L{r} {-r}Z",
    ">": "M{r} 0L{-r} {r}L{-r} {-r}Z",
    "<": "M{-r} 0L{r} {-r}L{r} {r}Z",
    "P": "M{-t} {-r}H{t}V{-t}H{r}V{t}H{t}V{r}H{-t}V{t}H{-r}V{-t}H{-t}Z",
}
"""r is half the size, d half the diagonal of a square of that side, k 0.6 of d, t a sixth of the size."""


@dataclass(frozen=True)
class Text:
    """Words at a place, vertically centred; `ha` is "left", "center" or "right", sizes are points."""

    x: float
    y: float
    words: str
    gid: str = ""
    color: str = INK
    fontsize: float = 8.5
    ha: str = "left"
    fontweight: str = "normal"
    style: str = "normal"
    zorder: float = 3


@dataclass(frozen=True)
class Line:
    """A line through points; `dashes` in multiples of its width."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    gid: str = ""
    color: str = RULE
    linewidth: float = 0.7
    dashes: tuple[float, ...] = ()
    zorder: float = 1


@dataclass(frozen=True)
class Mark:
    """One marker: "o", "s", "D", "d", "^", "v", "P", ">" or "<"."""

    x: float
    y: float
    marker: str
    edge: str
    face: str
    gid: str = ""
    markersize: float = 6
    zorder: float = 4


@dataclass(frozen=True)
class Box:
    """A rectangle from its top left corner; hatched in its edge's colour where it is."""

    x: float
    y: float
    width: float
    height: float
    gid: str = ""
    facecolor: str = RULE
    edgecolor: str = "none"
    linewidth: float = 0
    hatched: bool = False
    zorder: float = 0


@dataclass(eq=False)
class Page:
    """What is placed on a sheet of a height in inches, the origin at the top left."""

    height: float
    placed: list[Text | Line | Mark | Box] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        gid: str = "",
        color: str = INK,
        fontsize: float = 8.5,
        ha: str = "left",
        fontweight: str = "normal",
        style: str = "normal",
        zorder: float = 3,
    ) -> None:
        """Words at a place, vertically centred."""
        self.placed.append(Text(x, y, words, gid, color, fontsize, ha, fontweight, style, zorder))

    def line(
        self,
        x: Sequence[float],
        y: Sequence[float],
        *,
        gid: str = "",
        color: str = RULE,
        linewidth: float = 0.7,
        dashes: tuple[float, ...] = (),
        zorder: float = 1,
    ) -> None:
        """A line through points."""
        self.placed.append(Line(tuple(x), tuple(y), gid, color, linewidth, dashes, zorder))

    def mark(
        self,
        x: float,
        y: float,
        *,
        marker: str,
        colour: str,
        gid: str = "",
        markersize: float = 6,
        markerfacecolor: str | None = None,
        zorder: float = 4,
    ) -> None:
        """One marker."""
        face = colour if markerfacecolor is None else markerfacecolor
        self.placed.append(Mark(x, y, marker, colour, face, gid, markersize, zorder))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        gid: str = "",
        facecolor: str = RULE,
        edgecolor: str = "none",
        linewidth: float = 0,
        hatched: bool = False,
        zorder: float = 0,
    ) -> None:
        """A rectangle from its top left corner."""
        self.placed.append(Box(x, y, width, height, gid, facecolor, edgecolor, linewidth, hatched, zorder))

    def legend(self, entries: Sequence[tuple[str, Callable[[float, float], None]]], y: float) -> None:
        """Keys in rows from the left; `y` is the first row's middle."""
        for (words, key), (x, row) in zip(entries, _places([words for words, _ in entries]), strict=True):
            key(x + 0.08, y + row * 0.21)
            self.text(x + _KEY, y + row * 0.21, words, color=QUIET, fontsize=8)

    @staticmethod
    def legend_rows(labels: Sequence[str]) -> int:
        """How many rows a legend of these labels takes."""
        return max((row for _, row in _places(labels)), default=-1) + 1


def _places(labels: Sequence[str]) -> list[tuple[float, int]]:
    """Where each key of a legend begins: inches from the left, and its row."""
    found, x, row = [], 0.04, 0
    for words in labels:
        wide = _KEY + _CHARACTER * len(words)
        if x > 0.04 and x + wide > WIDTH - 0.05:
            x, row = 0.04, row + 1
        found.append((x, row))
        x += wide + _BETWEEN
    return found


def wrapped(words: str, width: int, *, most: int = 3) -> list[str]:
    """Lines of at most so many characters; the last one ends in "…" where the words do not fit."""
    return textwrap.wrap(words, width, max_lines=most, placeholder=" …") or [""]


def as_svg(draw: Callable[[], Page]) -> str:
    """The page as an SVG document: the same bytes each time, nothing fetched, text as text."""
    page = draw()
    wide, high = _number(WIDTH), _number(page.height)
    hatches = dict.fromkeys(
        (one.facecolor, one.edgecolor) for one in page.placed if isinstance(one, Box) and one.hatched
    )
    drawn = [_drawn(one) for one in sorted(page.placed, key=lambda one: one.zorder)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}pt" height="{high}pt" '
            f'viewBox="0 0 {wide} {high}" font-family={quoteattr(_FONTS)}>',
            *(_hatch(face, edge) for face, edge in hatches),
            f'<rect width="{wide}" height="{high}" fill="#FFFFFF"/>',
            *drawn,
            "</svg>",
        ]
    )


def _drawn(one: Text | Line | Mark | Box) -> str:
    if isinstance(one, Text):
        element = _text(one)
    elif isinstance(one, Line):
        element = _line(one)
    elif isinstance(one, Mark):
        element = _mark(one)
    else:
        element = _box(one)
    return f"<g id={quoteattr(one.gid)}>{element}</g>" if one.gid else element


def _text(one: Text) -> str:
    look = "" if one.ha == "left" else f' text-anchor="{"middle" if one.ha == "center" else "end"}"'
    look += f' font-weight="{one.fontweight}"' if one.fontweight != "normal" else ""
    look += f' font-style="{one.style}"' if one.style != "normal" else ""
    baseline = _number(one.y + _DROP * one.fontsize / _POINTS)
    return (
        f'<text x="{_number(one.x)}" y="{baseline}" font-size="{one.fontsize:g}px" fill="{one.color}"{look}>'
        f"{escape(one.words)}</text>"
    )


def _line(one: Line) -> str:
    points = "L".join(f"{_number(x)} {_number(y)}" for x, y in zip(one.x, one.y, strict=True))
    dashes = " ".join(f"{part * one.linewidth:g}" for part in one.dashes)
    look = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="M{points}" fill="none" stroke="{one.color}" stroke-width="{one.linewidth:g}"{look}/>'


def _mark(one: Mark) -> str:
    half = one.markersize / 2
    sizes = {"r": half, "d": half * 2**0.5, "k": 0.6 * half * 2**0.5, "t": half / 3}
    named = {
        key: f"{sign * size:.3g}"
        for name, size in sizes.items()
        for key, sign in ((name, 1), (f"-{name}", -1))
    }
    outline = _OUTLINES[one.marker]
    for key, number in named.items():
        outline = outline.replace(f"{{{key}}}", number)
    return (
        f'<path transform="translate({_number(one.x)} {_number(one.y)})" d="{outline}" '
        f'fill="{one.face}" stroke="{one.edge}" stroke-width="1"/>'
    )


def _box(one: Box) -> str:
    fill = f"url(#{_hatch_name(one.facecolor, one.edgecolor)})" if one.hatched else one.facecolor
    edge = f' stroke="{one.edgecolor}" stroke-width="{one.linewidth:g}"' if one.linewidth else ""
    return (
        f'<rect x="{_number(one.x)}" y="{_number(one.y)}" width="{_number(one.width)}" '
        f'height="{_number(one.height)}" fill="{fill}"{edge}/>'
    )


def _hatch(face: str, edge: str) -> str:
    """Slanting lines of one colour on another."""
    return (
        f'<defs><pattern id="{_hatch_name(face, edge)}" width="4.5" height="4.5" '
        'patternUnits="userSpaceOnUse">'
        f'<rect width="4.5" height="4.5" fill="{face}"/>'
        f'<path d="M-1 1L1 -1M0 4.5L4.5 0M3.5 5.5L5.5 3.5" stroke="{edge}" stroke-width="0.8"/>'
        "</pattern></defs>"
    )


def _hatch_name(face: str, edge: str) -> str:
    return f"hatch-{face.lstrip('#')}-{edge.lstrip('#')}"


def _number(inches: float) -> str:
    """Points with two decimals at most: a hundredth of a point is not seen."""
    return f"{inches * _POINTS:.2f}".rstrip("0").rstrip(".")
