"""Word tables written as XML at once, because python-docx takes seconds for long tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml

from toolkit.presentation.blocks import Table
from toolkit.reporting.documents.pdf import widths

__all__ = ["table_xml"]

_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LETTER, _PADDING = 95, 240
"""Twentieths of a point a letter of small print takes, and what a cell adds to it."""

_HALF_POINTS = 16
_TOGETHER = 2
"""Rows that stay with the next one: a head with one row at the foot of a page reads as if the table ended."""

_LINES = (
    '<w:tblBorders><w:top w:val="single" w:sz="4" w:color="C9D0D8"/>'
    '<w:bottom w:val="single" w:sz="4" w:color="C9D0D8"/>'
    '<w:insideH w:val="single" w:sz="4" w:color="C9D0D8"/></w:tblBorders>'
)


def table_xml(table: Table, wide: int) -> Any:
    """Return the XML of a table whose header row repeats on every page.

    Parameters
    ----------
    table
        The table.
    wide
        Twentieths of a point there are.

    Returns
    -------
    lxml element
        A `w:tbl`; no row breaks across pages.
    """
    columns = list(table.columns)
    shares = _shares(table, wide)
    right = [name in table.numeric for name in columns]
    last = len(table.rows) - 1
    rows = [_row(columns, shares, right, head=True, kept=True)]
    rows += [
        _row(row, shares, right, kept=place < min(_TOGETHER, last)) for place, row in enumerate(table.rows)
    ]
    grid = "".join(f'<w:gridCol w:w="{share}"/>' for share in shares)
    return parse_xml(
        f'<w:tbl {_SPACE}><w:tblPr><w:tblW w:w="{sum(shares)}" w:type="dxa"/>{_LINES}'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="60" w:type="dxa"/>'
        '<w:right w:w="60" w:type="dxa"/></w:tblCellMar><w:tblLook w:firstRow="1" w:noVBand="1"/>'
        f"<w:tblCaption w:val={quoteattr(table.title)}/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _shares(table: Table, wide: int) -> list[int]:
    """Return column widths: narrow columns as wide as their text, the others share the rest."""
    parts = widths(table)
    fixed = [0 if part else _letters(table, place) * _LETTER + _PADDING for place, part in enumerate(parts)]
    left, total = wide - sum(fixed), sum(parts)
    if not total:
        return [round(one * wide / sum(fixed)) for one in fixed]
    return [one or max(600, round(left * part / total)) for one, part in zip(fixed, parts, strict=True)]


def _letters(table: Table, place: int) -> int:
    """Return the length of the longest unbreakable text in a column."""
    cells = [row[place] for row in table.rows]
    words = [line for cell in cells for line in cell.split("\n")]
    head = table.columns[place].split()
    return max(len(word) for word in (*words, *head, "0000"))


def _row(
    cells: Sequence[str], shares: list[int], right: list[bool], *, head: bool = False, kept: bool = False
) -> str:
    marks = '<w:cantSplit w:val="true"/>' + ('<w:tblHeader w:val="true"/>' if head else "")
    aligned = '<w:jc w:val="right"/>'
    stays = "<w:keepNext/>" if kept else ""
    inner = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{share}" w:type="dxa"/></w:tcPr><w:p><w:pPr>{stays}'
        f'<w:spacing w:before="30" w:after="30"/>{aligned if to_right else ""}</w:pPr>'
        f"{_run(cell, bold=head)}</w:p></w:tc>"
        for cell, share, to_right in zip(cells, shares, right, strict=True)
    )
    return f"<w:tr><w:trPr>{marks}</w:trPr>{inner}</w:tr>"


def _run(text: str, *, bold: bool) -> str:
    style = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{_HALF_POINTS}"/></w:rPr>'
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{style}{lines}</w:r>"
