"""A report as an editable Word file."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Bullets, Heading, Paragraph, Picture, Prose, Table, Terms
from toolkit.reporting.documents.model import SYNTHETIC, Document, Foreign, in_its_language, repacked
from toolkit.reporting.documents.office import described, named_after, opened_template
from toolkit.reporting.documents.pdf import bitmaps, sheets_of, size_of, widths

# Word tables written as XML at once, because python-docx takes seconds for long tables.


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
    heads: tuple[str, ...] = ()
    if table.kind == "appendix":
        table, heads = table.grouped()
    columns = list(table.columns)
    shares = _shares(table, wide)
    right = [name in table.numeric for name in columns]
    last = len(table.rows) - 1
    rows = [_row(columns, shares, right, head=True, kept=True)]
    for place, row in enumerate(table.rows):
        if heads and heads[place]:
            rows.append(
                _row([heads[place]], [sum(shares)], [False], bold=True, kept=True, across=len(columns))
            )
        rows.append(_row(row, shares, right, kept=place < min(_TOGETHER, last)))
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
    head = max(map(len, table.columns[place].split()), default=0)
    return max(4, math.ceil(1.2 * head), *map(len, words))  # heads are bold


def _row(
    cells: Sequence[str],
    shares: list[int],
    right: list[bool],
    *,
    head: bool = False,
    bold: bool = False,
    kept: bool = False,
    across: int = 1,
) -> str:
    marks = "<w:cantSplit/>" + ("<w:tblHeader/>" if head else "")
    aligned = '<w:jc w:val="right"/>'
    stays = "<w:keepNext/>" if kept else ""
    span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
    inner = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{share}" w:type="dxa"/>{span}</w:tcPr><w:p><w:pPr>{stays}'
        f'<w:spacing w:before="30" w:after="30"/>{aligned if to_right else ""}</w:pPr>'
        f"{_run(cell, bold=head or bold)}</w:p></w:tc>"
        for cell, share, to_right in zip(cells, shares, right, strict=True)
    )
    return f"<w:tr><w:trPr>{marks}</w:trPr>{inner}</w:tr>"


def _run(text: str, *, bold: bool) -> str:
    style = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{_HALF_POINTS}"/></w:rPr>'
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{style}{lines}</w:r>"


# Word output: an editable file with native headings, tables and lists.


_TEXT_WIDTH = 17.4
"""Centimetres between the margins."""

_TALLEST = 22.5
SMALL, NOTE = 8.5, 8.0
_SOFT = "4D5661"


@in_its_language
def render_docx(document: Document) -> bytes:
    """Write a document as a Word file.

    Returns
    -------
    bytes
        A .docx: a contents field, headings of levels 1 and 2, tables with a header row that repeats, pictures
        with alternative text. A client's template gives its styles, headers and footers; text in its
        body comes first.

    Raises
    ------
    InvalidInput
        The template is not a Word file.
    """
    template = document.templates.get("docx")
    file: Any = opened_template(docx.Document, template)
    writer = _Writer(file, document, plain=template is None)
    writer.cover()
    for place, section in enumerate(document.chapters()):
        if section.title:
            file.add_heading(section.title, 1)
        for block in section.flat():
            writer.block(block)
        if place == 0:
            writer.contents()
    named_after(file.core_properties, document)
    found = io.BytesIO()
    file.save(found)
    return repacked(found.getvalue())


class _Writer:
    """Writer that adds blocks to an open Word file."""

    def __init__(self, file: Any, document: Document, *, plain: bool) -> None:
        self.file = file
        self.document = document
        self.cover_of = document.cover
        self.numbers: dict[str, int] = {}
        self.bitmaps = bitmaps(sheet.svg for sheet in sheets_of(document))
        if plain:
            self._own_styles()
        section = file.sections[-1]
        self.wide = min(
            _TEXT_WIDTH, (section.page_width - section.left_margin - section.right_margin) / 360000
        )

    def cover(self) -> None:
        """Add title and notice on synthetic answers; the summary follows on the same page."""
        cover = self.cover_of
        if cover.logo:
            logo = base64.b64decode(cover.logo.partition(";base64,")[2])
            if cover.logo.startswith("data:image/svg"):
                svg = logo.decode()
                logo = bitmaps([svg])[svg]
            shape = self.file.add_picture(io.BytesIO(logo), height=Cm(1.4))
            described(shape._inline.docPr, _("Logo of {brand}", brand=cover.brand or cover.title))
        elif cover.brand:
            self._write(cover.brand, bold=True)
        self._write(cover.title)
        self.file.add_paragraph(cover.subject, style="Title")
        if cover.wave:
            self._write(f"{_('Wave')} {cover.wave}")
        first = self.document.chapters()[:1]
        noticed = any(
            isinstance(block, Prose) and "synthetic" in block.kind for one in first for block in one.flat()
        )
        if cover.synthetic and not noticed:
            self._write(f"{_('SYNTHETIC DATA')}. {_(SYNTHETIC)}", bold=True)
        self._running_heads()

    def contents(self) -> None:
        """Add the table of contents, which follows the summary."""
        for line in (self.cover_of.footer, " · ".join(self.cover_of.facts)):
            if line:
                self._write(line, size=NOTE)
        self._write(_("Contents"), bold=True, size=12).paragraph_format.keep_with_next = True
        self._contents()

    def block(self, block: Block) -> None:
        """Add a block."""
        if isinstance(block, Heading):
            self.file.add_heading(block.text, 2)
        elif isinstance(block, Prose):
            self._prose(block)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Picture):
            for sheet in (block, *block.more):
                wide, high = size_of(sheet.svg)
                self._picture(sheet.title, sheet.alt, sheet.caption, self.bitmaps[sheet.svg], high / wide)
        elif isinstance(block, Foreign) and block.png:
            self._picture("", block.alt, "", block.picture(), 1.0)
        else:
            self._write(str(block), size=SMALL)

    def _prose(self, prose: Prose) -> None:
        if prose.title:
            self.file.add_heading(prose.title, 2)
        for part in prose.parts:
            if isinstance(part, Paragraph):
                line = self._write(part.text, bold="synthetic" in prose.kind)
                if prose.kind == "lead":
                    line.paragraph_format.keep_with_next = True
            elif isinstance(part, Bullets):
                style = "List Number" if part.ordered else "List Bullet"
                for item in part.items:
                    self._styled(item, style)
            elif isinstance(part, Terms):
                for term, text in part.pairs:
                    paragraph = self._write(term, bold=True)
                    paragraph.paragraph_format.keep_with_next = True
                    paragraph.paragraph_format.space_after = 0
                    self._write(text)

    def _table(self, table: Table) -> None:
        table = table.on_paper()
        self._caption(_("Table"), table.title)
        # Word joins two tables that touch, so each is followed by a paragraph
        after = self.file.add_paragraph()
        after._p.addprevious(table_xml(table, round(self.wide * 567)))
        after.paragraph_format.space_after = 0
        for note in table.notes:
            self._write(note, size=NOTE)

    def _picture(self, title: str, alt: str, caption: str, png: bytes, high: float) -> None:
        if title:
            self._caption(_("Figure"), title)
        wide = min(self.wide, _TALLEST / high)
        shape = self.file.add_picture(io.BytesIO(png), width=Cm(wide))
        described(shape._inline.docPr, alt)
        if caption:
            self.file.paragraphs[-1].paragraph_format.keep_with_next = True
            self._write(caption, size=NOTE)

    def _caption(self, kind: str, title: str) -> None:
        """Add a numbered caption, from which Word makes lists of figures and tables."""
        known = self._has_style("Caption")
        paragraph = self.file.add_paragraph(style="Caption" if known else None)
        paragraph.add_run(f"{kind} ")
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        _field(paragraph, f"SEQ {kind} \\* ARABIC", str(self.numbers[kind]))
        paragraph.add_run(f". {title}")
        paragraph.paragraph_format.keep_with_next = True

    def _write(self, text: str, *, bold: bool = False, size: float | None = None) -> Any:
        paragraph = self.file.add_paragraph()
        run = paragraph.add_run(text)
        run.bold = bold or None
        if size:
            run.font.size = Pt(size)
        return paragraph

    def _styled(self, text: str, style: str) -> None:
        known = self._has_style(style)
        self.file.add_paragraph(text if known else f"• {text}", style=style if known else None)

    def _has_style(self, name: str) -> bool:
        return any(style.name == name for style in self.file.styles)

    def _contents(self) -> None:
        """Add a table-of-contents field, which lists the headings until Word updates it."""
        titles = [section.title for section in self.document.sections]
        paragraph = self.file.add_paragraph()
        for kind in ("begin", "separate"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            if kind == "begin":
                mark.set(qn("w:dirty"), "true")
            paragraph.add_run()._r.append(mark)
            if kind == "begin":
                code = OxmlElement("w:instrText")
                code.set(qn("xml:space"), "preserve")
                code.text = r' TOC \o "1-1" \h \z \u '
                paragraph.add_run()._r.append(code)
        for title in titles:
            paragraph.add_run(title).add_break()
        end = OxmlElement("w:fldChar")
        end.set(qn("w:fldCharType"), "end")
        paragraph.add_run()._r.append(end)

    def _running_heads(self) -> None:
        """Set header (organisation) and footer (page number) unless the template has its own."""
        section = self.file.sections[-1]
        cover = self.cover_of
        head, foot = section.header.paragraphs, section.footer.paragraphs
        marked = f" · {_('SYNTHETIC DATA')}" if cover.synthetic else ""
        if marked or not any(one.text for one in head):
            line = section.header.add_paragraph() if any(one.text for one in head) else head[0]
            line.add_run(f"{cover.subject}{marked}")
        if not any(one.text for one in foot):
            foot[0].add_run(f"{cover.title} · {_('Page')} ")
            _field(foot[0], "PAGE")
            foot[0].add_run(f" {_('of')} ")
            _field(foot[0], "NUMPAGES")

    def _own_styles(self) -> None:
        """Set page size, table style and heading colour."""
        section = self.file.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm(1.8)
        section.top_margin = section.bottom_margin = Cm(2.0)
        face = self.cover_of.font or "Calibri"
        colour = RGBColor.from_string(self.cover_of.accent.lstrip("#").upper())
        for name, size in (("Normal", 10.0), ("Title", 24.0), ("Heading 1", 15.0), ("Heading 2", 11.5)):
            style = self.file.styles[name]
            style.font.name, style.font.size = face, Pt(size)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
                fonts.set(qn(kind), face)
            for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
                fonts.attrib.pop(qn(kind), None)
            if name != "Normal":
                style.font.color.rgb = colour
        for line in self.file.styles["Title"].element.iter(qn("w:bottom")):
            line.set(qn("w:color"), self.cover_of.accent.lstrip("#").upper())
            line.attrib.pop(qn("w:themeColor"), None)
        caption = self.file.styles["Caption"]
        caption.font.name, caption.font.size, caption.font.bold = face, Pt(10), True
        caption.font.color.rgb = RGBColor.from_string("1F2933")
        caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(4)
        for name in ("Header", "Footer"):
            style = self.file.styles[name]
            style.font.size, style.font.color.rgb = Pt(NOTE), RGBColor.from_string(_SOFT)
        self.file.styles["Header"].paragraph_format.space_after = Pt(8)
        self.file.styles["Normal"].paragraph_format.space_after = Pt(6)
        language = self.file.styles.element.find(".//" + qn("w:lang"))
        if language is not None:
            language.set(qn("w:val"), _tag(self.cover_of.language))


def _tag(language: str) -> str:
    """Return a language with its country, as Word wants it: "fr-FR"."""
    from babel.core import get_global

    likely = {**get_global("likely_subtags"), "en": "en_Latn_GB"}.get(language, language)
    first, *others = likely.replace("-", "_").split("_")
    return "-".join([first, *others[-1:]])


def _field(paragraph: Any, code: str, shown: str = "1") -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = shown
    run.append(text)
    field.append(run)
    paragraph._p.append(field)
