"""How wide words are on a page: measured with matplotlib, in the widest typeface a reader may have."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox

from toolkit.presentation.figures.page import WIDTH, Page, Text

__all__ = ["extents"]


def extents(page: Page) -> list[tuple[str, Bbox]]:
    """Every text that is not blank with its box in inches from the top left."""
    with mpl.rc_context({"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"]}):
        figure = Figure(figsize=(WIDTH, page.height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(page.height, 0)
        axes.axis("off")
        drawn = [
            axes.text(
                one.x, one.y, one.words, fontsize=one.fontsize, ha=one.ha, va="center",
                fontweight=one.fontweight, style=one.style, parse_math=False,
            )
            for one in page.placed
            if isinstance(one, Text) and one.words.strip()
        ]  # fmt: skip
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        to_inches = Affine2D().scale(1 / figure.dpi, -1 / figure.dpi).translate(0, page.height)
        boxes = [text.get_window_extent(canvas.get_renderer()).transformed(to_inches) for text in drawn]
    return [
        (text.get_text(), Bbox.from_extents(box.x0, min(box.y0, box.y1), box.x1, max(box.y0, box.y1)))
        for text, box in zip(drawn, boxes, strict=True)
    ]
