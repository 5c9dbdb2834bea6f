"""Output format: Word document (python-docx)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document


def _write(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.documents.word import render_docx

    return {f"{name}.docx": render_docx(document)}


register(
    Format(
        "docx",
        _write,
        order=3,
        modules=("toolkit.reporting.documents.word",),
        template=True,
        typeface="pictures",
    )
)
