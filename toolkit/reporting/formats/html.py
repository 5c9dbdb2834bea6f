"""Output format: self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document


def _write(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.html import render_document

    return {f"{name}.html": render_document(document).encode()}


register(Format("html", _write, order=1, modules=("toolkit.reporting.html",)))
