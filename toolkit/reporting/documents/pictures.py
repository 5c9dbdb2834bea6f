"""Drawings as bitmaps, for formats that older programs cannot show vectors in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.reporting.documents.model import Document
from toolkit.presentation.blocks import Picture
from toolkit.reporting.documents.pdf import font_folder

__all__ = ["bitmaps", "sheets_of", "size_of"]

_SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)[a-z]*"[^>]*?\bheight="([\d.]+)|<svg\b[^>]*?\bheight="([\d.]+)[a-z]*"[^>]*?\bwidth="([\d.]+)')
_DOTS = 170
_PAGE = "#set page(width: {wide}pt, height: {high}pt, margin: 0pt)\n"


def size_of(svg: str) -> tuple[float, float]:
    """Width and height as an SVG document gives them.

    Raises
    ------
    ToolkitError
        It gives none.

    Examples
    --------
    >>> size_of('<svg width="72pt" height="36pt"></svg>')
    (72.0, 36.0)
    """
    found = _SIZE.search(svg)
    if found is None:
        raise ToolkitError("a drawing says neither its width nor its height")
    wide, high = (found[1], found[2]) if found[1] else (found[4], found[3])
    return float(wide), float(high)


def sheets_of(document: Document) -> list[Picture]:
    """Every drawing of a document, each sheet by itself."""
    return [
        sheet
        for section in document.chapters()
        for block in section.flat()
        if isinstance(block, Picture)
        for sheet in (block, *block.more)
    ]


def bitmaps(svgs: Iterable[str]) -> dict[str, bytes]:
    """SVG → PNG of each, in one pass of Typst, with the typeface that comes with matplotlib."""
    import typst

    wanted = list(dict.fromkeys(svgs))
    if not wanted:
        return {}
    files: dict[str, Any] = {f"{place}.svg": svg.encode() for place, svg in enumerate(wanted)}
    pages = []
    for place, svg in enumerate(wanted):
        wide, high = size_of(svg)
        pages.append(_PAGE.format(wide=wide, high=high) + f'#image("{place}.svg", width: 100%)')
    files["main.typ"] = "\n".join(pages).encode()
    try:
        made = typst.compile(
            files, format="png", ppi=_DOTS, font_paths=[font_folder()], ignore_system_fonts=True, timestamp=0
        )
    except typst.TypstError as fault:
        raise ToolkitError(f"the drawings could not be made into bitmaps: {fault}") from fault
    sheets = made if isinstance(made, list) else [made]
    return dict(zip(wanted, sheets, strict=True))
