"""Excel output: every table and the data of every figure, numbers as numbers."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from toolkit.locale import _, number_marks, using_language
from toolkit.presentation.blocks import Bullets, Cell, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.charts import Chart
from toolkit.presentation.numbers import Number
from toolkit.records import inert
from toolkit.reporting.documents.model import SYNTHETIC, Cover, Document, in_its_language, repacked
from toolkit.reporting.documents.office import MOMENT

_TO_THE_RIGHT = {"align": "right", "indent": 1}
"""Numbers, their headings and the bounds among them, a little away from the text of the next column."""

_WIDEST = 60
_CONTENTS = (34, 80, 34, 8)
_LINE, _SIZE = 13.5, 10
"""Points a line of text is high, and its size."""

_PRINTED, _EMPTY = 110.0, 8.43
"""Letters a line of a printed page takes, and the default width of a column."""


@dataclass(frozen=True)
class Column:
    """A column: its heading and its cells (numbers, text or None)."""

    name: str
    cells: tuple[Number | str | None, ...]

    @property
    def counts(self) -> bool:
        """Return whether the column holds numbers."""
        return any(isinstance(cell, Number) for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """A sheet: tab name, title, section, columns and notes."""

    tab: str
    title: str
    section: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.columns[0].cells) if self.columns else 0


@in_its_language
def render_xlsx(document: Document) -> bytes:
    """Write a document as a workbook.

    Returns
    -------
    bytes
        An .xlsx: a contents sheet, one sheet per table and picture, the findings in words, the methods. Every
        number is rounded as it is printed; nothing is hidden.
    """
    sheets = sheets_of_document(document)
    found = io.BytesIO()
    book = xlsxwriter.Workbook(
        found, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    cover = document.cover
    marked = f" · {_('SYNTHETIC DATA')}" if cover.synthetic else ""
    book.set_properties(
        {
            "title": f"{cover.subject} · {cover.title}{marked}"[:255],
            "author": cover.brand[:255],
            "created": MOMENT,
        }
    )
    writer = _Writer(book, document)
    writer.contents(sheets)
    for sheet in sheets:
        writer.sheet(sheet)
    book.close()
    return repacked(found.getvalue())


def render_table(table: Table) -> bytes:
    """Write one table as a workbook of one sheet."""
    with using_language(table.language):
        title = table.title or _("Table")
        found = io.BytesIO()
        book = xlsxwriter.Workbook(
            found, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"title": title[:255], "created": MOMENT})
        sheet = Sheet(_tab("", title), title, "", tuple(columns_of(table)), table.notes)
        _Writer(book, Document(Cover(title, title, language=table.language))).sheet(sheet)
        book.close()
        return repacked(found.getvalue())


@in_its_language
def sheets_of_document(document: Document) -> list[Sheet]:
    """Return the sheets of a document: tables, then figures, findings and methods."""
    tables: list[tuple[str, str, tuple[Column, ...], tuple[str, ...]]] = []
    drawn: list[tuple[str, str, tuple[Column, ...], tuple[str, ...]]] = []
    findings: list[tuple[str, str, str, str]] = []
    methods: list[tuple[str, str, str, str]] = []
    for section in document.chapters():
        for block in section.flat():
            if isinstance(block, Table) and block.columns:
                columns = tuple(columns_of(block))
                tables.append((block.title, section.title, columns, block.notes))
            elif isinstance(block, Picture):
                drawn += [(section.title, *one) for one in _drawn(block)]
            elif isinstance(block, Prose):
                kept = methods if block.kind == "methods" else findings
                kept += [(section.title, block.title, term, text) for term, text in _terms(block)]
    found = [
        Sheet(_tab(f"T{place}", title), title, where, columns, notes)
        for place, (title, where, columns, notes) in enumerate(tables, start=1)
    ]
    found += [
        Sheet(_tab(f"F{place}", title), title, where, columns, notes)
        for place, (where, title, columns, notes) in enumerate(drawn, start=1)
    ]
    for name, rows in ((_("Findings"), findings), (_("Methods"), methods)):
        if rows:
            heads = (_("Section"), _("Audience"), _("Title"), _("Text"))
            columns = tuple(
                Column(head, tuple(row[place] or None for row in rows)) for place, head in enumerate(heads)
            )
            found.append(Sheet(_tab("", name), name, "", tuple(one for one in columns if any(one.cells))))
    return found


def columns_of(table: Table) -> list[Column]:
    """Split a table into columns with one number per cell.

    A share with its interval and base becomes four columns, two sides of a gap become two groups of them, the
    answers of a question become a row each. Bounds ("≥80%") and reasons are text: they are not numbers.
    """
    names, rows = list(table.columns), [list(row) for row in table.cells]
    if any(isinstance(cell, Cell) and cell.answers for row in rows for cell in row):
        names, rows = [*names, _("Share")], [one for row in rows for one in _an_answer_a_row(row)]
    found: list[Column] = []
    for place, name in enumerate(names):
        cells = [row[place] for row in rows]
        if any(isinstance(cell, Cell) and cell.sides for cell in cells):
            found += _side_columns(cells)
        else:
            found += _number_columns(name, cells)
    return found


def _an_answer_a_row(row: Sequence[str | Cell]) -> Iterator[list[str | Cell]]:
    """Give each answer of a question a row of its own; what follows the answers joins the last row."""
    *first, last = row
    answers = last.answers if isinstance(last, Cell) else ()
    if not answers:
        yield [*first, last, ""]
    for place, one in enumerate(answers, start=1):
        after = last.words if place == len(answers) and isinstance(last, Cell) else ""
        yield [*first, one.label, Cell(words=f"{one.value or one.words}{after}") if after else one]


def _number_columns(name: str, cells: Sequence[str | Cell]) -> list[Column]:
    typed = [cell if isinstance(cell, Cell) else Cell(words=cell) for cell in cells]
    found = [
        Column(name, tuple(_written(cell) for cell in typed)),
        Column(f"{name}, {_('from')}", tuple(cell.low for cell in typed)),
        Column(f"{name}, {_('to')}", tuple(cell.high for cell in typed)),
        Column(f"{name}, n", tuple(cell.n or None for cell in typed)),
    ]
    return [found[0], *(column for column in found[1:] if any(column.cells))]


def _written(cell: Cell) -> Number | str | None:
    """Return the number of a cell, or its text."""
    if cell.value is not None and cell.value.exact:
        return cell.value
    return _plain(cell.words or str(cell.value or "")) or None


def _side_columns(cells: Sequence[str | Cell]) -> list[Column]:
    found = []
    for side, lead in enumerate((_("Higher side"), _("Lower side"))):
        sides = [cell.sides[side] if isinstance(cell, Cell) and cell.sides else Cell() for cell in cells]
        columns = {
            _("audience"): tuple(_plain(one.label) or None for one in sides),
            _("Share"): tuple(_bound_kept(one.value) for one in sides),
            "n": tuple(one.n or None for one in sides),
        }
        found += [
            Column(_("{lead}: {text}", lead=lead, text=name), values)
            for name, values in columns.items()
            if name != "n" or any(values)
        ]
    return found


def _bound_kept(value: Number | None) -> Number | str | None:
    return value if value is None or value.exact else str(value)


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def _drawn(picture: Picture) -> Iterator[tuple[str, tuple[Column, ...], tuple[str, ...]]]:
    """Return (title, columns, notes) of each chart of a figure."""
    caption = next((sheet.caption for sheet in (*reversed(picture.more), picture) if sheet.caption), "")
    for sheet in (picture, *picture.more):
        for chart in sheet.charts:
            yield sheet.title, tuple(_chart_columns(chart)), (caption,) if caption else ()


def _chart_columns(chart: Chart) -> Iterator[Column]:
    places = range(len(chart.categories))
    yield Column(_("Question"), chart.categories)
    if any(chart.groups):
        yield Column(_("Audience"), tuple(group or None for group in chart.groups))
    for one in chart.series:
        yield Column(one.name, tuple(_bound_kept(chart.number(one, place)) for place in places))
        for end, name in ((one.low, _("from")), (one.high, _("to"))):
            if any(value is not None for value in end):
                yield Column(
                    f"{one.name}, {name}", tuple(None if at is None else _end(at, chart) for at in end)
                )


def _end(value: float, chart: Chart) -> Number:
    """Return one end of an interval, rounded as printed."""
    digits = next((one for one in range(4) if math.isclose(100 * value, round(100 * value, one))), 4)
    return Number(value, chart.unit, digits)


def _terms(prose: Prose) -> Iterator[tuple[str, str]]:
    for part in prose.parts:
        if isinstance(part, Paragraph):
            yield "", part.text
        elif isinstance(part, Bullets):
            yield from (("", item) for item in part.items)
        elif isinstance(part, Terms):
            yield from part.pairs


def _tab(number: str, title: str) -> str:
    """Return a valid sheet name: at most 31 characters, none that Excel refuses."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", title)
    return f"{number} {' '.join(plain.split())}"[:32].strip()[:31] or "Table"


class _Writer:
    """Writer that adds sheets to an open workbook."""

    def __init__(self, book: Any, document: Document) -> None:
        cover = document.cover
        self.book, self.cover = book, cover
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
        self.formats: dict[tuple[str, int], Any] = {}

    def contents(self, sheets: Sequence[Sheet]) -> None:
        """Add the first sheet, a list of all sheets."""
        page = self.book.add_worksheet(_tab("", _("Contents")))
        cover = self.cover
        lines = [cover.subject, cover.title, f"{_('Wave')} {cover.wave}" if cover.wave else ""]
        lines += [cover.brand, cover.footer, " · ".join(cover.facts)]
        row = 0
        for place, line in enumerate(line for line in lines if line):
            page.write_string(row, 0, line, self.title if place == 0 else self.book.add_format(self.face))
            row += 1
        if cover.synthetic:
            text = f"{_('SYNTHETIC DATA')}. {_(SYNTHETIC)}"
            _Across(page, _CONTENTS).write(row, text, self.warn)
            row += 1
        row += 1
        heads = [_("Sheet"), _("Title"), _("Section"), _("Rows")]
        page.write_row(row, 0, heads, self.head)
        page.freeze_panes(row + 1, 0)
        for place, sheet in enumerate(sheets, start=row + 1):
            page.write_url(place, 0, f"internal:'{sheet.tab}'!A1", self.link, sheet.tab)
            page.write_string(place, 1, sheet.title, self.plain)
            page.write_string(place, 2, sheet.section, self.plain)
            page.write_number(place, 3, sheet.rows, self._format("count", 0))
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
        """Add a table with its title above and its notes below."""
        page = self.book.add_worksheet(sheet.tab)
        across = _Across(page, [_wide(column) for column in sheet.columns])
        across.write(0, sheet.title, self.title)
        row = 1
        if self.cover.synthetic:
            across.write(
                row,
                f"{_('SYNTHETIC DATA')}. {_(SYNTHETIC)}",
                self.warn,
            )
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
                if isinstance(cell, str):
                    # a cell that is edited, or copied into a CSV file, does not become a formula either
                    look = self.aside if column.counts else self.plain
                    page.write_string(offset, place, cell, look if inert(cell) == cell else self.kept)
                else:
                    page.write_number(offset, place, _value(cell), self._format(cell.format, cell.digits))
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

    def _format(self, form: str, digits: int) -> Any:
        key = form, digits
        if key not in self.formats:
            pattern = "0." + "0" * digits if digits else "0" if form == "percent" else "#,##0"
            pattern += number_marks().percent.replace("\u00a0", '"\u00a0"') if form == "percent" else ""
            self.formats[key] = self.book.add_format({**self.face, **_TO_THE_RIGHT, "num_format": pattern})
        return self.formats[key]


class _Across:
    """Writer of a sentence across the columns of a sheet.

    A sentence in one cell runs on to the right for as long as it is, and a sheet that is printed one page
    wide then becomes as small as its longest note asks for.
    """

    def __init__(self, page: Any, columns: Sequence[float]) -> None:
        more = max(0, math.ceil((_PRINTED - sum(columns)) / _EMPTY))
        self.page, self.last = page, len(columns) - 1 + more
        self.wide = sum(columns) + more * _EMPTY

    def write(self, row: int, text: str, form: Any) -> None:
        """Write a sentence in a row of the height it needs."""
        size = form.font_size / _SIZE
        self.page.merge_range(row, 0, row, self.last, "", form)
        self.page.write_string(row, 0, text, form)
        self.page.set_row(row, _LINE * size * _line_count(text, self.wide / size))


def _lines(columns: Sequence[Column]) -> list[int]:
    """Return the number of lines of the heading and of each row, given the column widths.

    A row's height is written, for not every program works it out when it opens a file.
    """
    rows = max((len(column.cells) for column in columns), default=0)
    found = [max((_line_count(column.name, _wide(column)) for column in columns), default=1)]
    for place in range(rows):
        cells = [(one.cells[place], _wide(one)) for one in columns if place < len(one.cells)]
        found.append(
            max((_line_count(_shown(cell), wide) for cell, wide in cells if cell is not None), default=1)
        )
    return found


def _line_count(text: str, wide: float) -> int:
    return sum(max(1, math.ceil(len(line) / max(1.0, wide - 1))) for line in text.split("\n"))


def _value(number: Number) -> float:
    """Return the number to store: points as points, shares as fractions."""
    return round(100 * number.value, number.digits) if number.format == "points" else number.value


def _shown(cell: Number | str) -> str:
    """Return the display length of a cell."""
    return cell if isinstance(cell, str) else str(_value(cell))


def _wide(column: Column) -> float:
    longest = max(
        (len(line) for cell in column.cells if cell is not None for line in _shown(cell).split("\n")),
        default=0,
    )
    return min(_WIDEST, max(9, len(column.name) * 0.55, longest + 2))
