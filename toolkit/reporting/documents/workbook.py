"""A report as a workbook: every table and what every picture is drawn from, numbers as numbers."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from toolkit.presentation.blocks import Bullets, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.charts import Chart
from toolkit.records import inert
from toolkit.reporting.documents.cells import Cell, Column, taken_apart
from toolkit.reporting.documents.model import Document
from toolkit.reporting.documents.office import MOMENT
from toolkit.reporting.documents.packing import repacked
from toolkit.reporting.documents.words import frame_words

__all__ = ["Sheet", "render_xlsx", "sheets_of_document"]

_FORMS = {"percent": '0"\u00a0"%', "percent1": '0.0"\u00a0"%', "percent2": '0.00"\u00a0"%', "whole": "#,##0"}
_TO_THE_RIGHT = {"align": "right", "indent": 1}
"""Numbers, their headings and the bounds among them, a little away from the text of the next column."""

_WIDEST = 60
_CONTENTS = (34, 80, 34, 8)
_LINE, _SIZE = 13.5, 10
"""Points a line of text is high, and its size."""

_PRINTED, _EMPTY = 110.0, 8.43
"""Letters a line of a printed page takes, and a column of which nothing is said."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its tab, what it is called, where in the report it stands, its columns and notes."""

    tab: str
    title: str
    section: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows of cells."""
        return len(self.columns[0].cells) if self.columns else 0


def render_xlsx(document: Document) -> bytes:
    """Write a document as a workbook.

    Returns
    -------
    bytes
        An .xlsx: a contents sheet, a sheet a table and a picture, the findings in words, the methods. Every
        number is rounded as it is printed; nothing is hidden.
    """
    sheets = sheets_of_document(document)
    found = io.BytesIO()
    book = xlsxwriter.Workbook(
        found, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    cover = document.cover
    words = frame_words(cover.language)
    marked = f" · {words['synthetic']}" if cover.synthetic else ""
    book.set_properties(
        {
            "title": f"{cover.subject} · {cover.title}{marked}"[:255],
            "author": cover.brand[:255],
            "created": MOMENT,
        }
    )
    writer = _Writer(book, document, words)
    writer.contents(sheets)
    for sheet in sheets:
        writer.sheet(sheet)
    book.close()
    return repacked(found.getvalue())


def sheets_of_document(document: Document) -> list[Sheet]:
    """What a document has for a workbook: tables first, then pictures, findings and methods."""
    language = document.cover.language
    words = frame_words(language)
    tables: list[tuple[str, str, tuple[Column, ...], tuple[str, ...]]] = []
    drawn: list[tuple[str, str, tuple[Column, ...], tuple[str, ...]]] = []
    said: list[tuple[str, str, str, str]] = []
    methods: list[tuple[str, str, str, str]] = []
    for section in document.chapters():
        for block in section.flat():
            if isinstance(block, Table) and len(block.frame.columns):
                columns = tuple(taken_apart(block, language))
                tables.append((block.title, section.title, columns, block.notes))
            elif isinstance(block, Picture):
                drawn += [(section.title, *one) for one in _drawn(block, words)]
            elif isinstance(block, Prose):
                kept = methods if block.kind == "methods" else said
                kept += [(section.title, block.title, term, text) for term, text in _told(block)]
    found = [
        Sheet(_tab(f"T{place}", title), title, where, columns, notes)
        for place, (title, where, columns, notes) in enumerate(tables, start=1)
    ]
    found += [
        Sheet(_tab(f"F{place}", title), title, where, columns, notes)
        for place, (where, title, columns, notes) in enumerate(drawn, start=1)
    ]
    for name, rows in ((words["findings"], said), (words["method"], methods)):
        if rows:
            heads = (words["section"], words["who"].capitalize(), words["title"], words["text"])
            columns = tuple(
                Column(head, tuple(Cell(row[place]) if row[place] else None for row in rows))
                for place, head in enumerate(heads)
            )
            found.append(Sheet(name, name, "", tuple(one for one in columns if any(one.cells))))
    return found


def _drawn(
    picture: Picture, words: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Column, ...], tuple[str, ...]]]:
    """(title, columns, notes) of each chart of a picture."""
    caption = next((sheet.caption for sheet in (*reversed(picture.more), picture) if sheet.caption), "")
    for sheet in (picture, *picture.more):
        for chart in sheet.charts:
            yield sheet.title, tuple(_chart_columns(chart, words)), (caption,) if caption else ()


def _chart_columns(chart: Chart, words: Mapping[str, str]) -> Iterator[Column]:
    yield Column(words["question"], tuple(Cell(name) for name in chart.categories))
    for one in chart.series:
        values = []
        for value, printed in zip(one.values, one.words, strict=True):
            number = re.fullmatch(r"\d+\s*%", printed) or not printed
            values.append(None if value is None else Cell(value, "percent") if number else Cell(printed))
        yield Column(one.name, tuple(values))
        for end, name in ((one.low, words["from"]), (one.high, words["to"])):
            if any(value is not None for value in end):
                cells = tuple(None if value is None else Cell(value, _end_form(value)) for value in end)
                yield Column(f"{one.name}, {name}", cells)


def _end_form(value: float) -> str:
    digits = len(f"{100 * value:.4f}".rstrip("0").partition(".")[2])
    return f"percent{digits}" if digits else "percent"


def _told(prose: Prose) -> Iterator[tuple[str, str]]:
    for part in prose.parts:
        if isinstance(part, Paragraph):
            yield "", part.text
        elif isinstance(part, Bullets):
            yield from (("", item) for item in part.items)
        elif isinstance(part, Terms):
            yield from part.pairs


def _tab(number: str, title: str) -> str:
    """A name a sheet may have: at most 31 signs, none of those that Excel refuses."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", title)
    return f"{number} {' '.join(plain.split())}"[:31].rstrip()


class _Writer:
    """Writes sheets into an open workbook."""

    def __init__(self, book: Any, document: Document, words: Mapping[str, str]) -> None:
        cover = document.cover
        self.book, self.cover, self.words = book, cover, words
        face = {"font_name": document.cover.font or "Calibri", "font_size": _SIZE, "valign": "top"}
        self.face = face
        whole = {**face, "text_wrap": True}
        self.plain = book.add_format(whole)
        self.aside = book.add_format({**whole, **_TO_THE_RIGHT})
        self.kept = book.add_format({**whole, "quote_prefix": True})
        self.title = book.add_format({**whole, "bold": True, "font_size": 13, "font_color": cover.accent})
        self.warn = book.add_format({**whole, "bold": True, "font_color": "#5c3500", "bg_color": "#fff3d6"})
        self.notes = book.add_format({**whole, "font_size": 9, "font_color": "#4d5661"})
        head = {**whole, "bold": True, "bottom": 2, "bg_color": "#F0F2F5"}
        self.head, self.number_head = book.add_format(head), book.add_format({**head, **_TO_THE_RIGHT})
        self.link = book.add_format({**face, "font_color": "#0b57a4", "underline": 1})
        self.formats: dict[str, Any] = {}

    def contents(self, sheets: Sequence[Sheet]) -> None:
        """The first sheet: what there is and where."""
        page = self.book.add_worksheet(self.words["contents"])
        cover = self.cover
        lines = [cover.subject, cover.title, f"{self.words['wave']} {cover.wave}" if cover.wave else ""]
        lines += [cover.brand, cover.footer, " · ".join(cover.facts)]
        row = 0
        for place, line in enumerate(line for line in lines if line):
            page.write_string(row, 0, line, self.title if place == 0 else self.book.add_format(self.face))
            row += 1
        if cover.synthetic:
            said = f"{self.words['synthetic']}. {self.words['synthetic_long']}"
            _Across(page, _CONTENTS).write(row, said, self.warn)
            row += 1
        row += 1
        heads = [self.words[name] for name in ("sheet", "title", "section", "rows")]
        page.write_row(row, 0, heads, self.head)
        page.freeze_panes(row + 1, 0)
        for place, sheet in enumerate(sheets, start=row + 1):
            page.write_url(place, 0, f"internal:'{sheet.tab}'!A1", self.link, sheet.tab)
            page.write_string(place, 1, sheet.title, self.plain)
            page.write_string(place, 2, sheet.section, self.plain)
            page.write_number(place, 3, sheet.rows, self._format("whole"))
        for place, wide in enumerate(_CONTENTS):
            page.set_column(place, place, wide)
        for place, sheet in enumerate(sheets, start=row + 1):
            high = max(
                math.ceil(len(sheet.title) / _CONTENTS[1]), math.ceil(len(sheet.section) / _CONTENTS[2])
            )
            if high > 1:
                page.set_row(place, _LINE * high)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)

    def sheet(self, sheet: Sheet) -> None:
        """A table with its heading above, its notes below."""
        page = self.book.add_worksheet(sheet.tab)
        across = _Across(page, [_wide(column) for column in sheet.columns])
        across.write(0, sheet.title, self.title)
        row = 1
        if self.cover.synthetic:
            across.write(row, f"{self.words['synthetic']}. {self.words['synthetic_long']}", self.warn)
            row += 1
        row += 1
        for place, column in enumerate(sheet.columns):
            page.write_string(row, place, column.name, self.number_head if column.counts else self.head)
            page.set_column(place, place, _wide(column))
        for offset, lines in enumerate(_lines(sheet.columns), start=row):
            if lines > 1:
                page.set_row(offset, _LINE * lines)
        for place, column in enumerate(sheet.columns):
            for offset, cell in enumerate(column.cells, start=row + 1):
                if cell is None:
                    continue
                if isinstance(cell.value, str):
                    # a cell that is edited, or copied into a CSV file, does not become a formula either
                    look = self.aside if column.counts else self.plain
                    look = look if inert(cell.value) == cell.value else self.kept
                    page.write_string(offset, place, cell.value, look)
                else:
                    page.write_number(offset, place, cell.value, self._format(cell.form))
        page.freeze_panes(row + 1, 1)
        if sheet.rows:
            page.autofilter(row, 0, row + sheet.rows, len(sheet.columns) - 1)
        for offset, note in enumerate(sheet.notes, start=row + sheet.rows + 2):
            across.write(offset, note, self.notes)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(row)
        page.set_paper(9)
        page.set_footer(f"&L{self.cover.subject.replace('&', '&&')[:120]}&R&P / &N")

    def _format(self, form: str) -> Any:
        if form not in self.formats:
            pattern = _FORMS.get(form)
            if pattern is None:
                digits = int(re.sub(r"\D", "", form) or 0)
                pattern = "0." + "0" * digits if digits else "0"
                pattern += '"\u00a0"%' if form.startswith("percent") else ""
            self.formats[form] = self.book.add_format({**self.face, **_TO_THE_RIGHT, "num_format": pattern})
        return self.formats[form]


class _Across:
    """Writes a sentence over a sheet's columns and as many more as a line of print takes.

    A sentence in one cell runs on to the right for as long as it is, and a sheet that is printed one page
    wide then becomes as small as its longest note asks for.
    """

    def __init__(self, page: Any, columns: Sequence[float]) -> None:
        more = max(0, math.ceil((_PRINTED - sum(columns)) / _EMPTY))
        self.page, self.last = page, len(columns) - 1 + more
        self.wide = sum(columns) + more * _EMPTY

    def write(self, row: int, text: str, form: Any) -> None:
        """One sentence, as many lines high as it needs."""
        size = form.font_size / _SIZE
        self.page.merge_range(row, 0, row, self.last, "", form)
        self.page.write_string(row, 0, text, form)
        self.page.set_row(row, _LINE * size * _line_count(text, self.wide / size))


def _lines(columns: Sequence[Column]) -> list[int]:
    """How many lines the heading and each row take, where a cell is wider than its column.

    A row's height is written, for not every program works it out when it opens a file.
    """
    rows = max((len(column.cells) for column in columns), default=0)
    found = [max((_line_count(column.name, _wide(column)) for column in columns), default=1)]
    for place in range(rows):
        cells = [(one.cells[place], _wide(one)) for one in columns if place < len(one.cells)]
        found.append(max((_line_count(str(cell.value), wide) for cell, wide in cells if cell), default=1))
    return found


def _line_count(text: str, wide: float) -> int:
    return sum(max(1, math.ceil(len(line) / max(1.0, wide - 1))) for line in text.split("\n"))


def _wide(column: Column) -> float:
    longest = max(
        (len(line) for cell in column.cells if cell for line in str(cell.value).split("\n")), default=0
    )
    return min(_WIDEST, max(9, len(column.name) * 0.55, longest + 2))
