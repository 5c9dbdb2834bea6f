"""A report as a tagged PDF typeset by Typst."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import typst
from matplotlib import get_data_path
from PIL import Image

from toolkit.errors import ToolkitError
from toolkit.locale import _
from toolkit.presentation.blocks import Block, Picture, Table
from toolkit.reporting.documents.model import SYNTHETIC, Document, Foreign, in_its_language

# Calls of Typst, with in-memory files and without the machine's fonts.


_COMPILE: Any = typst.compile  # its stubs do not know that files can be given as a mapping


def typeset(files: Mapping[str, bytes], what: str, **how: Any) -> list[bytes]:
    """Typeset `main.typ` with files given in memory.

    Parameters
    ----------
    files
        Name → content.
    what
        For the message where it fails.
    how
        Options of Typst: format, pdf_standards, ppi.

    Returns
    -------
    list of bytes
        One PDF, or a picture per page.

    Raises
    ------
    ToolkitError
        Typst refuses it; its own message states why.

    Notes
    -----
    Typst keeps worker threads in the process that called it: call this in a child, not in a process that
    others are forked from.
    """
    try:
        made = _COMPILE(
            dict(files), font_paths=[_font_folder()], ignore_system_fonts=True, timestamp=0, **how
        )
    except typst.TypstError as fault:
        raise ToolkitError(f"{what} could not be made: {fault}") from fault
    return made if isinstance(made, list) else [made]


@cache
def _font_folder() -> str:
    """Return the folder of the typeface that comes with matplotlib."""
    return str(Path(get_data_path()) / "fonts" / "ttf")


# Figures as bitmaps, for programs that cannot show vector graphics.


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
        raise ToolkitError("a drawing has neither width nor height")
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


# PDF output: tagged A4 pages, typeset by Typst.


STANDARD = "ua-1"
"""PDF/UA-1: Typst refuses to write a file that does not keep to it, such as a picture without words."""

_TEMPLATE = Path(__file__).with_name("report.typ")
_SENTENCE = 20
"""Letters; a column with none longer holds numbers or names."""

_WIDE, _HIGH = 176.0, 225.0
"""Millimetres there are for a picture."""


@in_its_language
def render_pdf(document: Document) -> bytes:
    """Typeset a document as PDF.

    Returns
    -------
    bytes
        A tagged PDF/UA-1 with page numbers, a running head and contents; pictures stay vectors, text can be
        selected, DejaVu Sans is embedded. No font of the machine is used, so that it is the same everywhere.

    Raises
    ------
    ToolkitError
        Typst refuses it, which would break the standard; its own message states why.

    """
    files: dict[str, bytes] = {"main.typ": _TEMPLATE.read_bytes()}
    files["report.json"] = json.dumps(_data(document, files), ensure_ascii=False).encode()
    (made,) = typeset(files, "the PDF", format="pdf", pdf_standards=[STANDARD])
    return made


def _data(document: Document, files: dict[str, bytes]) -> dict[str, Any]:
    cover = document.cover
    if cover.logo:
        files["logo.svg"] = _logo(cover.logo)
    marked = f" · {_('SYNTHETIC DATA')}" if cover.synthetic else ""
    return {
        "cover": {**asdict(cover), "logo": ""},
        "words": {
            "synthetic": _("SYNTHETIC DATA"),
            "synthetic_long": _(SYNTHETIC),
            "wave": _("Wave"),
            "page": _("Page"),
            "of": _("of"),
            "contents": _("Contents"),
        },
        "title": f"{cover.subject} · {cover.title}{marked}",
        "author": [cover.brand] if cover.brand else [],
        "logo": "logo.svg" if cover.logo else "",
        "logo-alt": _("Logo of {brand}", brand=cover.brand or cover.title),
        "sections": [
            {
                "title": section.title,
                "parts": [found for block in section.flat() for found in _part(block, files)],
            }
            for section in document.chapters()
        ],
    }


def _logo(address: str) -> bytes:
    """Convert a picture's data URL to SVG."""
    kind, _, encoded = address.partition(";base64,")
    content = base64.b64decode(encoded)
    kind = kind.removeprefix("data:")
    return content if kind == "image/svg+xml" else _framed(content, kind)


def _framed(content: bytes, kind: str) -> bytes:
    """Wrap a bitmap in an SVG, because Typst takes files from memory only if they are text."""
    with Image.open(io.BytesIO(content)) as picture:
        wide, high = picture.size
    size = f'width="{wide}" height="{high}"'
    data = base64.b64encode(content).decode()
    image = f'<image {size} href="data:{kind};base64,{data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{image}</svg>'.encode()


def _part(block: Block, files: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    if isinstance(block, Picture):
        for sheet in (block, *block.more):
            yield _picture(sheet, files)
    elif isinstance(block, Table):
        table = block.on_paper()
        heads: tuple[str, ...] = ()
        if table.kind == "appendix":
            table, heads = table.grouped()
        yield {**table.to_dict(), "rows": table.rows, "widths": widths(table), "heads": heads}
    elif isinstance(block, Foreign):
        yield _foreign(block, files)
    else:
        yield block.to_dict()


def _picture(sheet: Picture, files: dict[str, bytes]) -> dict[str, Any]:
    wide, high = size_of(sheet.svg)
    names = []
    for piece in [sheet.svg] if high < _LOW else pieces_of(sheet.svg, sheet.cuts):
        names.append(f"picture-{len(files)}.svg")
        files[names[-1]] = piece.encode()
    tall = len(names) == 1 and _HIGH * wide < _WIDE * high
    return {
        "kind": "picture",
        "title": sheet.title,
        "alt": sheet.alt,
        "caption": sheet.caption,
        "files": names,
        "wide": round(100 * _HIGH * wide / (_WIDE * high), 2) if tall else 100,
    }


_LOW, _PIECE = 160.0, 60.0
"""Points: a lower picture is not cut, and a piece of one row is at least so high."""

_PLACED = re.compile(r"<(?:text|use)\b[^>]*? y=\"(-?[\d.]+)\"[^>]*?(?:/>|>[^<]*</text>)")


def pieces_of(svg: str, cuts: Sequence[float]) -> list[str]:
    """Cut a drawing between its rows into heading, pieces and foot, so that it can go over a page's end.

    A piece keeps the texts and markers in it; lines go over its edges, where they are not seen.
    """
    wide, high = size_of(svg)
    kept, start = list(cuts[:1]), 0
    for place, cut in enumerate(cuts):
        if place == start + 2 or cut - cuts[start] >= _PIECE or (place > start and place == len(cuts) - 1):
            kept.append(cut)
            start = place
    if len(kept) < 3:
        return [svg]
    found = []
    for top, end in pairwise((0.0, *kept, high)):
        opening = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg" \
width="{wide}pt" height="{end - top}pt" viewBox="0 {top} {wide} {end - top}" version="1.1">'
        own = _PLACED.sub(partial(_within, top, end, high), svg)
        found.append(_OPENING.sub(opening, own, count=1))
    return found


def _within(top: float, end: float, high: float, placed: re.Match[str]) -> str:
    """Return a text or marker that is between two heights, and every bar: those are not placed by y."""
    return placed[0] if top <= (at := float(placed[1])) < end or at >= high else ""


def _foreign(block: Foreign, files: dict[str, bytes]) -> dict[str, Any]:
    if block.png and block.alt:
        name = f"picture-{len(files)}.svg"
        files[name] = _framed(block.picture(), "image/png")
        return {
            "kind": "picture",
            "title": "",
            "alt": block.alt,
            "caption": "",
            "files": [name],
            "wide": 100,
        }
    return {"kind": "plain", "text": str(block)}


def widths(table: Table) -> list[int]:
    """Return the relative width of each column; 0 means as wide as its text.

    Examples
    --------
    A column of numbers is as wide as its longest one; columns of sentences share what is left by the length
    of their text. Where there are no sentences the columns share the whole width by their text, so
    that the last one is not alone at the far edge.
    """
    found, letters = [], []
    for place, name in enumerate(table.columns):
        cells = [*(row[place] for row in table.rows), name]
        longest = max(len(line) for cell in cells for line in cell.split("\n"))
        whole = max(len(cell) for cell in cells)
        letters.append(longest)
        found.append(0 if longest <= 17 else max(12, min(longest, 24), round(whole**0.72)))
    return found if max(letters, default=0) > _SENTENCE else [max(10, one) for one in letters]
