"""Figures as bitmaps, for programs that cannot show vector graphics."""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.errors import ToolkitError
from toolkit.presentation.blocks import Picture
from toolkit.reporting.documents.model import Document
from toolkit.reporting.documents.typesetting import typeset

__all__ = ["bitmaps", "sheets_of", "size_of"]

_OPENING = re.compile(r"<svg\b[^>]*>")
_SIDE = re.compile(r'(?<![\w-])(width|height)="([\d.]+)')
_DOTS = 170
_PAGE = "#set page(width: {wide}pt, height: {high}pt, margin: 0pt)\n"


def size_of(svg: str) -> tuple[float, float]:
    """Return width and height as an SVG gives them.

    Raises
    ------
    ToolkitError
        It gives none.

    Examples
    --------
    >>> size_of('<svg width="72pt" height="36pt"></svg>')
    (72.0, 36.0)
    """
    opening = _OPENING.search(svg)
    sides = {side: float(number) for side, number in _SIDE.findall(opening[0])} if opening else {}
    if len(sides) < 2:
        raise ToolkitError("a drawing says neither its width nor its height")
    return sides["width"], sides["height"]


def sheets_of(document: Document) -> list[Picture]:
    """List every figure of a document, sheet by sheet."""
    return [
        sheet
        for section in document.chapters()
        for block in section.flat()
        if isinstance(block, Picture)
        for sheet in (block, *block.more)
    ]


def bitmaps(svgs: Iterable[str]) -> dict[str, bytes]:
    """Convert SVGs to PNGs in one run of Typst, with the typeface that comes with matplotlib."""
    wanted = list(dict.fromkeys(svgs))
    if not wanted:
        return {}
    files: dict[str, bytes] = {f"{place}.svg": svg.encode() for place, svg in enumerate(wanted)}
    pages = []
    for place, svg in enumerate(wanted):
        wide, high = size_of(svg)
        pages.append(_PAGE.format(wide=wide, high=high) + f'#image("{place}.svg", width: 100%)')
    files["main.typ"] = "\n".join(pages).encode()
    pngs = typeset(files, "the bitmaps of the pictures", format="png", ppi=_DOTS)
    return dict(zip(wanted, pngs, strict=True))
