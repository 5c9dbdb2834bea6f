"""A report as editable slides."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

import pptx
from pptx.enum.shapes import PP_PLACEHOLDER as KIND
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.util import Pt

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Bullets, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.charts import Chart
from toolkit.reporting.documents.model import SYNTHETIC, Document, Section, in_its_language, repacked
from toolkit.reporting.documents.office import described, named_after, opened_template, rgb
from toolkit.reporting.documents.pdf import widths
from toolkit.reporting.documents.slide_charts import add_charts

# Selection of the eight to twelve parts of a report that become slides.


MOST_SLIDES = 12
MOST_DOTS, MOST_BARS, MOST_ROWS = 6, 20, 8
A_SCALE = 2
"""Height of the names of a scale's answers, in bars."""

ONE_LINE = 62
"""Letters of a title that are sure to fit a line; a longer one is set smaller."""

LONG_TABLE = 14
"""Rows; a longer table is left to the other formats."""

LONG_CHART, LATE = 18, 9
"""Rows; a longer picture becomes a slide only where there is room left."""

REMARK, LAST = 100, 99
"""Letters; a section with no more is a slide only where it opens the report, and the rank of such."""

MOST_WORDS, MOST_LINES = 1250, 13
"""Letters and lines of running text a slide holds; what is longer stands in its notes."""


@dataclass(frozen=True)
class Slide:
    """A slide before it is drawn: a title that states the finding, one exhibit, and speaker notes.

    Parameters
    ----------
    title
        A sentence.
    notes
        Base, method and the whole text, for whoever speaks.
    bullets
        (term or "", text).
    charts, table
        What is shown; rows that did not fit are counted in `left_out`.
    alt
        The words for the chart or table.
    left_out
        (shown, all) where not everything is on the slide.
    """

    title: str
    notes: str = ""
    bullets: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()
    table: Table | None = None
    alt: str = ""
    left_out: tuple[int, int] | None = None


@in_its_language
def chosen_slides(document: Document) -> list[Slide]:
    """Return the slides of a report after its title slide: the first exhibits of each section.

    Where there is room, second and third pictures follow; long tables stay in the other formats.
    """
    first, *others = [list(_of_section(one)) for one in document.chapters()] or [[]]
    found = first + [slide for section in others for slide in section if slide[0] < LAST]
    found = [(rank if rank < LAST else 1, slide) for rank, slide in found]
    ranked = sorted(range(len(found)), key=lambda place: (found[place][0], place))[: MOST_SLIDES - 1]
    return [found[place][1] for place in sorted(ranked)]


def _of_section(section: Section) -> Iterator[tuple[int, Slide]]:
    """Return pairs (rank, slide); rank 1 marks the slide a section must have."""
    blocks = list(section.flat())
    if any(isinstance(block, Prose) and block.kind == "summary" for block in blocks):
        # what the summary draws, the next chapter draws with all that belongs to it
        blocks = [block for block in blocks if not isinstance(block, Picture)]
    pictures = [block for block in blocks if isinstance(block, Picture) and _charts(block)]
    rank = 1
    for picture in pictures:
        long = max(len(chart.categories) for chart in _charts(picture)) > LONG_CHART
        for slide in _pictures(picture):
            yield (LATE if long else rank), slide
        rank += not long
    rank = 2 if pictures else 1
    for block in blocks:
        if isinstance(block, Table) and 0 < len(block.cells) <= LONG_TABLE:
            yield rank, _table(block)
            rank += 2
    passages = [block for block in blocks if isinstance(block, Prose) and _tells(block)]
    if passages and not pictures and not any(isinstance(block, Table) for block in blocks):
        yield LAST if _remark(passages) else 1, _prose(section.title, passages)


def _remark(passages: Sequence[Prose]) -> bool:
    """Return whether a section only states that there is nothing to show."""
    return sum(len(text) for passage in passages for _, text in _pairs(passage)) <= REMARK


def _tells(prose: Prose) -> bool:
    return prose.kind != "lead" and "synthetic" not in prose.kind and bool(prose.parts)


def _charts(picture: Picture) -> list[Chart]:
    return [chart for sheet in (picture, *picture.more) for chart in sheet.charts if chart.series]


def _pictures(picture: Picture) -> Iterator[Slide]:
    """Return the slides of a figure: one for dots, as many as needed for bars."""
    charts = _charts(picture)
    parts = list(_shared_out(charts)) if charts[0].kind == "stack" else [[_cut(charts[0], picture.focus)]]
    text = "\n".join(
        text for sheet in (picture, *picture.more) for text in (sheet.caption, sheet.alt) if text
    )
    for place, part in enumerate(parts):
        shown, total = (sum(len(one.categories) for one in some) for some in (part, charts))
        left = (shown, total) if shown < total else None
        more = f" ({_('continued')})" if place else ""
        yield Slide(f"{picture.title}{more}", text, charts=tuple(part), alt=picture.alt, left_out=left)


def _shared_out(charts: Sequence[Chart]) -> Iterator[list[Chart]]:
    """Divide bar charts over slides, keeping the bars of a question together."""
    slide: list[Chart] = []
    room = MOST_BARS
    for chart in charts:
        kept: list[int] = []
        room -= A_SCALE
        for item in dict.fromkeys(chart.items):
            places = [place for place, one in enumerate(chart.items) if one == item]
            if len(places) > room and (slide or kept):
                yield [*slide, *([chart.rows(kept)] if kept else [])]
                slide, kept, room = [], [], MOST_BARS - A_SCALE
            kept += places
            room -= len(places)
        slide.append(chart.rows(kept))
    if slide:
        yield slide


def _cut(chart: Chart, focus: str) -> Chart:
    """Cut a dot chart to the rows that fit a slide, including the row its title is about."""
    order = sorted(range(len(chart.items)), key=lambda place: chart.items[place] != focus)
    return chart.rows(sorted(order[:MOST_DOTS]))


def _table(table: Table) -> Slide:
    shown = replace(table, cells=table.cells[:MOST_ROWS])
    left = (MOST_ROWS, len(table.cells)) if len(table.cells) > MOST_ROWS else None
    return Slide(_finding(table), "\n".join(table.notes), table=shown, alt=table.title, left_out=left)


def _finding(table: Table) -> str:
    """Summarise a table in a sentence: participation, its first row's verdict, or its title."""
    row = table.rows[0]
    if table.kind == "participation":
        counts = (f"{one[0]} {one[2]}/{one[1]}" for one in table.rows)
        told = _led(table.title, ", ".join(counts))
        return told if len(told) <= 1.5 * ONE_LINE else table.title
    if table.kind == "shares" and len(table.rows) == 1 and len(row) == 2:
        return _led(row[0], row[1].splitlines()[0])
    if table.kind in ("gaps", "trend"):
        return _led(row[0].splitlines()[0], row[-1])
    return table.title


def _prose(title: str, passages: Sequence[Prose]) -> Slide:
    pairs = [(term, text) for passage in passages for term, text in _pairs(passage)]
    room, bullets = MOST_WORDS, []
    for term, text in pairs[:MOST_LINES]:
        if len(term) + len(text) > room:
            break
        bullets.append((term, text))
        room -= len(term) + len(text)
    while bullets and bullets[-1][1].endswith(":"):  # what it leads to has no room
        bullets.pop()
    heading = next((passage.finding for passage in passages if passage.finding), title)
    notes = "\n".join(_led(term, text) if term else text for term, text in pairs)
    return Slide(heading, notes, tuple(bullets))


def _led(lead: str, text: str) -> str:
    return _("{lead}: {text}", lead=lead, text=text)


def _pairs(block: Block) -> Iterator[tuple[str, str]]:
    if not isinstance(block, Prose):
        return
    for part in block.parts:
        if isinstance(part, Paragraph):
            yield "", part.text
        elif isinstance(part, Bullets):
            yield from (("", item) for item in part.items)
        elif isinstance(part, Terms):
            for term, text in part.pairs:
                yield (f"{block.title} · {term}" if block.title else term), text


# PowerPoint output: editable slides with native charts and tables.


_WIDE, _HIGH = 12192000, 6858000
"""A slide of 16 to 9, in English metric units (914,400 an inch)."""

_EDGE = 457200
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
INK, SOFT = "1F2933", "52606D"


@in_its_language
def render_pptx(document: Document) -> bytes:
    """Write a document as PowerPoint slides.

    Returns
    -------
    bytes
        A .pptx of a title slide and at most eleven more: titles that state the finding, native charts whose
        data hold the printed numbers and no others, notes with base and method. A client's template gives
        its masters and layouts; slides already in it stay in front.

    Raises
    ------
    InvalidInput
        The template is not a PowerPoint file.
    """
    template = document.templates.get("pptx")
    file: Any = opened_template(pptx.Presentation, template)
    if template is None:
        _own_look(file, document)
    writer = _Writer(file, document, plain=template is None)
    writer.title()
    for slide in chosen_slides(document):
        writer.slide(slide)
    named_after(file.core_properties, document)
    found = io.BytesIO()
    file.save(found)
    return repacked(found.getvalue())


class _Writer:
    """Writer that adds slides to an open presentation."""

    def __init__(self, file: Any, document: Document, *, plain: bool) -> None:
        self.file, self.cover, self.plain = file, document.cover, plain
        self.wide, self.high = int(file.slide_width), int(file.slide_height)
        self.layout = _title_only(file)

    def title(self) -> None:
        """Add the title slide."""
        cover = self.cover
        layout = self.file.slide_layouts[0]
        slide = self.file.slides.add_slide(layout)
        lines = [cover.title, f"{_('Wave')} {cover.wave}" if cover.wave else "", cover.brand]
        if cover.synthetic:
            lines.append(f"{_('SYNTHETIC DATA')}. {_(SYNTHETIC)}")
        body = "\n".join(line for line in lines if line)
        head = slide.shapes.title
        others = [one for one in slide.placeholders if head is None or one.shape_id != head.shape_id]
        if head is not None:
            head.text_frame.text = cover.subject
            if self.plain:
                _place(head, (_EDGE, self.high * 0.26, self.wide - 2 * _EDGE, self.high * 0.22))
        if others:
            others[0].text_frame.text = body
            if self.plain:
                _place(others[0], (_EDGE, self.high * 0.5, self.wide - 2 * _EDGE, self.high * 0.3))
                _sized(others[0].text_frame, 18, SOFT)
                for paragraph in others[0].text_frame.paragraphs:
                    paragraph.alignment = PP_ALIGN.LEFT
                for run in head.text_frame.paragraphs[0].runs if head is not None else ():
                    run.font.size = Pt(36)
        else:
            self._text(slide, body, (_EDGE, self.high * 0.6, self.wide - 2 * _EDGE, self.high * 0.3), 18)
        slide.notes_slide.notes_text_frame.text = " · ".join((cover.footer, *cover.facts)).strip(" ·")

    def slide(self, plan: Slide) -> None:
        """Add a slide."""
        slide = self.file.slides.add_slide(self.layout)
        top = self._head(slide, plan.title)
        bottom = self.high - int(_EDGE * 0.95)
        notes = plan.notes
        if plan.left_out:
            shown, every = plan.left_out
            left = _(
                "{shown} of {all} rows are on this slide; the report has all of them.", shown=shown, all=every
            )
            notes = f"{left}\n{notes}"
            bottom -= 230000
            self._text(slide, left, (_EDGE, bottom, self.wide - 2 * _EDGE, 230000), 10, SOFT)
        box = (_EDGE, top, self.wide - 2 * _EDGE, bottom - top)
        if plan.charts:
            add_charts(slide, plan.charts, box, alt=plan.alt)
        elif plan.table is not None:
            self._table(slide, plan, box)
        else:
            self._bullets(slide, plan, box)
        slide.notes_slide.notes_text_frame.text = notes
        self._foot(slide)

    def _head(self, slide: Any, words: str) -> int:
        """Add the title and return where the content begins."""
        head = slide.shapes.title
        if head is None:
            box = (_EDGE, _EDGE * 0.7, self.wide - 2 * _EDGE, 900000)
            self._text(slide, words, box, 22)
            return int(_EDGE * 0.7 + 1000000)
        head.text_frame.text = words
        if len(words) > ONE_LINE:
            for run in head.text_frame.paragraphs[0].runs:
                run.font.size = Pt(18 if len(words) < 3 * ONE_LINE else 15)
        if self.plain:
            _place(head, (_EDGE, _EDGE * 0.6, self.wide - 2 * _EDGE, 950000))
        return int(head.top + head.height + 80000)

    def _bullets(self, slide: Any, plan: Slide, box: tuple[float, float, float, float]) -> None:
        shape = slide.shapes.add_textbox(*(int(one) for one in box))
        frame = shape.text_frame
        frame.word_wrap = True
        size = 18 if sum(len(text) for _, text in plan.bullets) < 650 else 15
        for place, (term, text) in enumerate(plan.bullets):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(8)
            for words, bold in (
                (_("{lead}: {text}", lead=term, text="") if term else "", True),
                (text, False),
            ):
                if words:
                    run = paragraph.add_run()
                    run.text, run.font.bold, run.font.size = words, bold, Pt(size)
                    run.font.color.rgb = rgb(INK)

    def _table(self, slide: Any, plan: Slide, box: tuple[float, float, float, float]) -> None:
        table = plan.table
        if table is None:
            return
        columns = list(table.columns)
        rows = len(table.cells) + 1
        left, top, wide, high = (int(one) for one in box)
        size, step = _print_of(table)
        frame = slide.shapes.add_table(rows, len(columns), left, top, wide, min(high, rows * step))
        described(frame._element.nvGraphicFramePr.cNvPr, plan.alt)
        longest = (max(len(row[place]) for row in (columns, *table.rows)) for place in range(len(columns)))
        parts = [one or max(10, 2 + letters) for one, letters in zip(widths(table), longest, strict=True)]
        for place, part in enumerate(parts):
            frame.table.columns[place].width = int(wide * part / sum(parts))
        lines = [columns, *table.rows]
        for number, line in enumerate(lines):
            for place, text in enumerate(line):
                cell = frame.table.cell(number, place)
                cell.margin_top = cell.margin_bottom = 25000
                cell.text_frame.text = text
                for paragraph in cell.text_frame.paragraphs:
                    paragraph.font.size = Pt(size)
                    if columns[place] in table.numeric:
                        paragraph.alignment = PP_ALIGN.RIGHT
                if number == 0:
                    cell.fill.solid()
                    cell.fill.fore_color.rgb = rgb(self.cover.accent.lstrip("#"))

    def _foot(self, slide: Any) -> None:
        """Add footer and slide number where the layout has them, else a line of text."""
        cover = self.cover
        marked = f" · {_('SYNTHETIC DATA')}" if cover.synthetic else ""
        words = f"{cover.subject} · {cover.title}{marked}"
        found = {one.placeholder_format.type: one for one in self.layout.placeholders}
        for kind in (KIND.FOOTER, KIND.SLIDE_NUMBER):
            if kind in found:
                element = deepcopy(found[kind]._element)
                element.nvSpPr.cNvPr.set("id", str(max(one.shape_id for one in slide.shapes) + 1))
                slide.shapes._spTree.append(element)
                if kind == KIND.FOOTER:
                    slide.shapes[-1].text_frame.text = words
        if KIND.FOOTER not in found:
            self._text(slide, words, (_EDGE, self.high - 330000, self.wide - 2 * _EDGE, 230000), 9, SOFT)

    def _text(
        self,
        slide: Any,
        words: str,
        box: tuple[float, float, float, float],
        size: float,
        colour: str = INK,
    ) -> None:
        shape = slide.shapes.add_textbox(*(int(one) for one in box))
        shape.text_frame.word_wrap = True
        shape.text_frame.text = words
        _sized(shape.text_frame, size, colour)


def _print_of(table: Table) -> tuple[float, int]:
    """Return font size and row height of a table, as large as the slide allows."""
    if len(table.cells) > 4:
        return 10.5, 330000
    longest = max(len(cell) for row in table.rows for cell in row)
    return (18, 560000) if longest <= 24 and len(table.columns) <= 6 else (14, 330000)


def _sized(frame: Any, size: float, colour: str) -> None:
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = Pt(size)
            run.font.color.rgb = rgb(colour)


def _place(shape: Any, box: tuple[float, float, float, float]) -> None:
    shape.left, shape.top, shape.width, shape.height = (int(one) for one in box)


def _title_only(file: Any) -> Any:
    """Return the title-only layout, or else the last layout that has a title."""
    furniture = {KIND.DATE, KIND.FOOTER, KIND.SLIDE_NUMBER}
    titled = []
    for layout in file.slide_layouts:
        kinds = [one.placeholder_format.type for one in layout.placeholders]
        others = [kind for kind in kinds if kind not in furniture]
        if others in ([KIND.TITLE], [KIND.CENTER_TITLE]):
            return layout
        if others and others[0] in (KIND.TITLE, KIND.CENTER_TITLE):
            titled.append((len(others), layout))
    return min(titled, key=lambda pair: pair[0])[1] if titled else file.slide_layouts[-1]


def _own_look(file: Any, document: Document) -> None:
    """Set slide size, title alignment, colour and typeface of the brand."""
    file.slide_width, file.slide_height = _WIDE, _HIGH
    master = file.slide_master
    layouts = [master, file.slide_layouts[0], _title_only(file)]
    foot = {
        KIND.FOOTER: (_EDGE, _HIGH - 330000, _WIDE - 3 * _EDGE, 230000),
        KIND.SLIDE_NUMBER: (_WIDE - 2 * _EDGE, _HIGH - 330000, _EDGE, 230000),
    }
    for sheet in layouts:
        for shape in list(sheet.placeholders):
            kind = shape.placeholder_format.type
            if kind == KIND.DATE:
                shape._element.getparent().remove(shape._element)
            elif kind in foot:
                _place(shape, foot[kind])
                for sizes in shape._element.iter(f"{{{_DRAWING}}}defRPr"):
                    sizes.set("sz", "900")
                for side in shape._element.iter(f"{{{_DRAWING}}}lvl1pPr"):
                    side.set("algn", "l" if kind == KIND.FOOTER else "r")
            else:
                shape.left, shape.width = _EDGE, _WIDE - 2 * _EDGE
    styles = master.element.find(".//{*}titleStyle/{*}lvl1pPr")
    styles.set("algn", "l")
    run = styles.find("{*}defRPr")
    run.set("sz", str(Pt(22).centipoints))
    run.set("b", "1")
    for fill in run.findall("{*}solidFill"):
        run.remove(fill)
    ink = f'<a:solidFill xmlns:a="{_DRAWING}"><a:srgbClr val="{{}}"/></a:solidFill>'
    run.insert(0, parse_xml(ink.format(document.cover.accent.lstrip("#").upper())))
    for layout in layouts[1:]:
        for shape in layout.placeholders:
            if shape.placeholder_format.idx == 0:
                shape.text_frame.vertical_anchor = (
                    MSO_ANCHOR.BOTTOM if layout is layouts[1] else MSO_ANCHOR.TOP
                )
            for paragraph in shape.text_frame.paragraphs:
                paragraph.alignment = PP_ALIGN.LEFT
    theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    blob = theme.blob.decode()
    # tables and charts that are added later take the first accent of the theme
    blob = re.sub(
        r"(<a:accent1>).*?(</a:accent1>)",
        rf'\1<a:srgbClr val="{document.cover.accent.lstrip("#").upper()}"/>\2',
        blob,
    )
    face = document.cover.font
    if face:
        blob = blob.replace('<a:latin typeface="Calibri"', f'<a:latin typeface="{_quoted(face)}"')
    theme._blob = blob.encode()


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})
