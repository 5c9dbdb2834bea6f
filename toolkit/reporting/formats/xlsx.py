"""Output format: Excel workbook (XlsxWriter)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document


def _write(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.documents.workbook import render_xlsx

    return {f"{name}.xlsx": render_xlsx(document)}


register(Format("xlsx", _write, order=5, modules=("toolkit.reporting.documents.workbook",)))
