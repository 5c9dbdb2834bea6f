"""Output format: PowerPoint slides (python-pptx)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document


def _write(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.documents.slides import render_pptx

    return {f"{name}.pptx": render_pptx(document)}


register(Format("pptx", _write, order=4, modules=("toolkit.reporting.documents.slides",), template=True))
