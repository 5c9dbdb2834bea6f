"""A sheet on which everything is placed in inches, and its way to a small, repeatable SVG."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from toolkit.presentation.theme import INK, QUIET, RULE, drawing_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WIDTH", "Page", "as_svg", "wrapped"]

WIDTH = 7.2
"""Inches; the text width of a printed A4 page."""

LINE = 0.145
SMALL_LINE = 0.13
"""Inches from one line of text to the next."""

_KEY, _CHARACTER, _BETWEEN = 0.22, 0.069, 0.2

# The layout is measured with DejaVu Sans, which is wider than all of these: whatever a reader's machine
# has, it fits.
_FONTS = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans'"


class Page:
    """A figure with one axes in inches, the origin at the top left."""

    def __init__(self, height: float) -> None:
        from matplotlib.figure import Figure

        self.height = height
        self.figure: Figure = Figure(figsize=(WIDTH, height))
        self.axes: Any = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(height, 0)
        self.axes.axis("off")

    def text(self, x: float, y: float, words: str, *, gid: str = "", **how: Any) -> None:
        """Words at a place, vertically centred."""
        style = {"va": "center", "ha": "left", "color": INK, "fontsize": 8.5, **how}
        self.axes.text(x, y, words, gid=gid or None, parse_math=False, **style)

    def line(self, x: tuple[float, float], y: tuple[float, float], *, gid: str = "", **how: Any) -> None:
        """A straight line."""
        style = {"color": RULE, "linewidth": 0.7, "solid_capstyle": "butt", "zorder": 1, **how}
        from matplotlib.lines import Line2D

        self.axes.add_artist(Line2D(x, y, gid=gid or None, **style))

    def path(self, x: Sequence[float], y: Sequence[float], *, gid: str = "", **how: Any) -> None:
        """A line through many points."""
        from matplotlib.lines import Line2D

        style = {"color": RULE, "linewidth": 0.7, "zorder": 1, **how}
        self.axes.add_artist(Line2D(x, y, gid=gid or None, **style))

    def mark(self, x: float, y: float, *, marker: str, colour: str, gid: str = "", **how: Any) -> None:
        """One marker."""
        style = {"markersize": 6, "markeredgecolor": colour, "markerfacecolor": colour, "zorder": 4, **how}
        from matplotlib.lines import Line2D

        self.axes.add_artist(Line2D([x], [y], marker=marker, linestyle="none", gid=gid or None, **style))

    def box(self, x: float, y: float, width: float, height: float, *, gid: str = "", **how: Any) -> None:
        """A filled rectangle from its top left corner."""
        from matplotlib.patches import Rectangle

        style = {"linewidth": 0, "zorder": 0, **how}
        self.axes.add_artist(Rectangle((x, y), width, height, gid=gid or None, **style))

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
    """Draw under settings of our own and return an SVG that is the same bytes each time."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context(drawing_settings()):
        page = draw()
        page.figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace("'DejaVu Sans'", _FONTS)
    return "\n".join(line.rstrip() for line in text.splitlines())
