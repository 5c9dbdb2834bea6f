"""PDF output: tagged A4 pages, typeset by Typst."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Picture, Table
from toolkit.reporting.documents.model import SYNTHETIC, Document, Foreign, in_its_language
from toolkit.reporting.documents.pictures import size_of
from toolkit.reporting.documents.typesetting import typeset

__all__ = ["render_pdf", "widths"]

STANDARD = "ua-1"
"""PDF/UA-1: Typst refuses to write a file that does not keep to it, such as a picture without words."""

_TEMPLATE = Path(__file__).with_name("report.typ")
_SENTENCE = 20
"""Letters; a column with none longer holds numbers or names."""

_WIDE, _HIGH = 176.0, 190.0
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
        Typst refuses it, which would break the standard; its own words say why.

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
        yield {**block.to_dict(), "rows": block.rows, "widths": widths(block)}
    elif isinstance(block, Foreign):
        yield _foreign(block, files)
    else:
        yield block.to_dict()


def _picture(sheet: Picture, files: dict[str, bytes]) -> dict[str, Any]:
    name = f"picture-{len(files)}.svg"
    files[name] = sheet.svg.encode()
    wide, high = size_of(sheet.svg)
    return {
        "kind": "picture",
        "title": sheet.title,
        "alt": sheet.alt,
        "caption": sheet.caption,
        "file": name,
        "wide": round(100 * min(1.0, _HIGH * wide / (_WIDE * high)), 2),
    }


def _foreign(block: Foreign, files: dict[str, bytes]) -> dict[str, Any]:
    if block.png and block.alt:
        name = f"picture-{len(files)}.svg"
        files[name] = _framed(block.picture(), "image/png")
        return {
            "kind": "picture",
            "title": "",
            "alt": block.alt,
            "caption": "",
            "file": name,
            "wide": 100,
        }
    return {"kind": "plain", "text": str(block)}


def widths(table: Table) -> list[int]:
    """Return the relative width of each column; 0 means as wide as its text.

    Examples
    --------
    A column of numbers is as wide as its longest one; columns of sentences share what is left by the length
    of what stands in them. Where there are no sentences the columns share the whole width by their text, so
    that the last one does not stand alone at the far edge.
    """
    found, letters = [], []
    for place, name in enumerate(table.columns):
        cells = [*(row[place] for row in table.rows), name]
        longest = max(len(line) for cell in cells for line in cell.split("\n"))
        whole = max(len(cell) for cell in cells)
        letters.append(longest)
        found.append(0 if longest <= 14 else max(12, min(longest, 24), round(whole**0.72)))
    return found if max(letters, default=0) > _SENTENCE else [max(10, one) for one in letters]
