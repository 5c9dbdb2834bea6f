"""A sheet on which everything is placed in inches, and its way to a small, repeatable SVG."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toolkit.presentation.theme import INK, QUIET, RULE, drawing_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WIDTH", "Page", "as_svg", "wrapped"]

WIDTH = 7.2
"""Inches; the text width of a printed A4 page."""

LINE = 0.145
"""Inches from one line of text to the next."""

# The layout is measured with DejaVu Sans, which is wider than all of these: whatever a reader's machine has, it fits.
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
        self.axes.plot(x, y, gid=gid or None, **style)

    def mark(self, x: float, y: float, *, marker: str, colour: str, gid: str = "", **how: Any) -> None:
        """One marker."""
        style = {"markersize": 6, "markeredgecolor": colour, "markerfacecolor": colour, "zorder": 4, **how}
        self.axes.plot([x], [y], marker=marker, linestyle="none", gid=gid or None, **style)

    def box(self, x: float, y: float, width: float, height: float, *, gid: str = "", **how: Any) -> None:
        """A filled rectangle from its top left corner."""
        from matplotlib.patches import Rectangle

        style = {"linewidth": 0, "zorder": 0, **how}
        self.axes.add_patch(Rectangle((x, y), width, height, gid=gid or None, **style))

    def legend(
        self, entries: list[tuple[str, Callable[[float, float], None]]], y: float, *, left: float = 0.1
    ) -> float:
        """Keys in a row from `left`, wrapping where the width ends; returns where the next thing may begin."""
        x = left
        for words, key in entries:
            wide = 0.3 + 0.074 * len(words)
            if x > left and x + wide > WIDTH - 0.1:
                x, y = left, y + 0.22
            key(x + 0.08, y)
            self.text(x + 0.22, y, words, color=QUIET, fontsize=8)
            x += wide + 0.18
        return y + 0.2


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
