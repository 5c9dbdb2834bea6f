"""Output format: PDF (Typst)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document


def _write(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.documents.pdf import render_pdf

    return {f"{name}.pdf": render_pdf(document)}


register(Format("pdf", _write, order=2, modules=("toolkit.reporting.documents.pdf",), typeface="text"))
