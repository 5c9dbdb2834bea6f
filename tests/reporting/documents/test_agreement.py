"""Five formats, one result: read back, they hold the same numbers, table by table and chart by chart."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from pathlib import Path

import docx
import lxml.html
import openpyxl
import pptx
import pypdf
import pytest
from pptx.enum.chart import XL_CHART_TYPE

from toolkit.presentation.blocks import Picture, Table
from toolkit.presentation.charts import Chart
from toolkit.reporting.documents import FORMATS, Document

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def numbers(text: str) -> Counter[str]:
    """Every number of a text, as it is written."""
    return Counter(NUMBER.findall(text.replace("\u00a0", " ")))


def tables_of(document: Document) -> list[Table]:
    return [block for one in document.chapters() for block in one.flat() if isinstance(block, Table)]


def pictures_of(document: Document) -> list[Picture]:
    found = [block for one in document.chapters() for block in one.flat() if isinstance(block, Picture)]
    return [sheet for block in found for sheet in (block, *block.more)]


def charts_of(document: Document) -> list[tuple[str, Chart]]:
    """Each chart with the words of its sheet; a sheet that has none continues the chart before it."""
    found: list[tuple[str, Chart]] = []
    for sheet in pictures_of(document):
        if sheet.charts or not found:
            found += [(sheet.alt, chart) for chart in sheet.charts]
        else:
            alt, chart = found.pop()
            found.append((f"{alt} {sheet.alt}", chart))
    return found


def cells_of(table: Table) -> list[list[str]]:
    head = [str(name) for name in table.frame.columns]
    return [head, *([str(cell) for cell in row] for row in table.frame.itertuples(index=False, name=None))]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def page(written: dict[str, Path]) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(written["html"].read_bytes())


@pytest.fixture(scope="module")
def pdf_text(written: dict[str, Path]) -> str:
    return "\n".join(one.extract_text() for one in pypdf.PdfReader(written["pdf"]).pages)


@pytest.fixture(scope="module")
def book(written: dict[str, Path]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(written["xlsx"])


@pytest.fixture(scope="module")
def slides(written: dict[str, Path]) -> list:
    return list(pptx.Presentation(str(written["pptx"])).slides)


def test_the_page_and_word_hold_every_cell_of_every_table(
    document: Document, page: lxml.html.HtmlElement, written: dict[str, Path]
) -> None:
    wanted = [[[squeezed(cell) for cell in row] for row in cells_of(one)] for one in tables_of(document)]
    assert len(wanted) >= 5
    in_page = [
        [[squeezed(cell.text_content()) for cell in row.iterchildren("th", "td")] for row in table.iter("tr")]
        for table in page.iter("table")
    ]
    in_word = [
        [
            [squeezed("".join(run.text or "" for run in cell.iter("{*}t"))) for cell in row.findall("{*}tc")]
            for row in table._tbl.tr_lst
        ]
        for table in docx.Document(str(written["docx"])).tables
    ]
    assert in_page == wanted
    on_paper = [
        [[squeezed(cell) for cell in row] for row in printed_rows(one)] for one in tables_of(document)
    ]
    assert in_word == on_paper


def printed_rows(table: Table) -> list[list[str]]:
    """What is on paper: of a long table the first rows, and a question above the rows of its answers."""
    kept = table.rows if table.paper is None else table.rows[: table.paper]
    if table.kind != "appendix":
        return [list(table.columns), *map(list, kept)]
    found = [list(table.columns[1:])]
    for place, (question, *answers) in enumerate(kept):
        if place == 0 or kept[place - 1][0] != question:
            found.append([question])
        found.append(answers)
    return found


def test_a_table_that_is_cut_on_paper_says_so(document: Document, pdf_text: str) -> None:
    cut = [one for one in tables_of(document) if one.paper is not None and one.paper < len(one.rows)]
    assert len(cut) >= 2
    for table in cut:
        said = f"{table.paper} of {len(table.rows)} rows are printed here"
        assert squeezed(said) in squeezed(pdf_text)
        assert said not in " ".join(table.notes)


def test_the_pdf_holds_every_cell_of_every_table_it_prints(document: Document, pdf_text: str) -> None:
    text = squeezed(pdf_text)
    cells = [cell for table in tables_of(document) for row in printed_rows(table) for cell in row]
    # a cell that runs on to the next page is cut by the running foot and head: few are, and only long ones
    lost = [cell for cell in cells if squeezed(cell) not in text]
    assert len(lost) <= 5
    assert all(len(cell) > 60 for cell in lost)


@pytest.mark.slow
def test_the_pdf_shows_no_number_the_page_lacks(
    written: dict[str, Path], page: lxml.html.HtmlElement
) -> None:
    pieces: list[str] = []
    reader = pypdf.PdfReader(written["pdf"])
    for one in reader.pages:
        one.extract_text(visitor_text=lambda text, *_: pieces.append(text))
    shown = " ".join([*page.itertext(), *(image.get("alt", "") for image in page.iter("img"))])
    sheets = {str(number) for number in range(1, len(reader.pages) + 1)}
    extra = set(numbers(" ".join(pieces))) - set(numbers(shown)) - sheets
    assert extra <= {"0", "25", "50", "75", "100"}  # the scale of the pictures


def printed(cell: openpyxl.cell.Cell) -> str:
    """A cell as Excel shows it."""
    if cell.value is None or isinstance(cell.value, str):
        return str(cell.value or "")
    pattern = cell.number_format
    digits = len(pattern.partition(".")[2].partition('"')[0])
    if "%" in pattern:
        return f"{100 * cell.value:.{digits}f}"
    return f"{cell.value:,.{digits}f}"


def test_the_workbook_holds_the_numbers_of_every_table(document: Document, book: openpyxl.Workbook) -> None:
    sheets = [sheet for sheet in book.worksheets if re.match(r"T\d+ ", sheet.title)]
    tables = tables_of(document)
    assert [sheet["A1"].value for sheet in sheets] == [table.title for table in tables]
    for table, sheet in zip(tables, sheets, strict=True):
        wanted = numbers(" ".join(cell for row in cells_of(table)[1:] for cell in row))
        first = 4 if sheet["A2"].value else 3
        rows = list(sheet.iter_rows(min_row=first + 1))
        found = numbers(" ".join(printed(cell) for row in rows for cell in row))
        notes = numbers(" ".join(table.notes))
        if table.kind == "appendix":  # a row an answer: what stands beside them is repeated
            assert set(found) - set(notes) == set(wanted) - set(notes)
        else:
            assert found == wanted + notes


def test_charts_and_their_data_sheets_hold_what_is_drawn_and_said(
    document: Document, book: openpyxl.Workbook
) -> None:
    charts = charts_of(document)
    sheets = [sheet for sheet in book.worksheets if re.match(r"F\d+ ", sheet.title)]
    assert len(charts) == len(sheets) > 10
    for alt, chart in charts:
        said = set(numbers(alt))
        for series in chart.series:
            values = [value for value in series.values if value is not None]
            if series.side != "total":  # a sum, which the alt text leaves to its parts
                assert {f"{100 * value:.0f}" for value in values} <= said
            for place, value in enumerate(series.values):
                words = chart.words(series, place)
                assert (value is None) == (words == "")
                assert value is None or f"{100 * value:.0f}" in numbers(words)


def test_slides_hold_numbers_of_the_report_only(
    document: Document, slides: list, page: lxml.html.HtmlElement
) -> None:
    shown = " ".join([*page.itertext(), *(image.get("alt", "") for image in page.iter("img"))])
    known = set(numbers(shown))
    for slide in slides[1:]:
        said = " ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        said = re.sub(r"\d+ of \d+ (bars|rows) are on this slide", "", said)
        tables = [shape.table for shape in slide.shapes if shape.has_table]
        said += " ".join(cell.text for table in tables for row in table.rows for cell in row.cells)
        said += slide.notes_slide.notes_text_frame.text.partition("the report has all.")[2]
        assert set(numbers(said)) <= known


def test_chart_workbooks_in_slides_hold_printed_values_and_nothing_else(
    slides: list, page: lxml.html.HtmlElement
) -> None:
    said = set(numbers(" ".join(image.get("alt", "") for image in page.iter("img"))))
    seen = 0
    for slide in slides:
        for shape in slide.shapes:
            if not shape.has_chart:
                continue
            seen += 1
            chart = shape.chart
            blob = io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)
            inside = openpyxl.load_workbook(blob, data_only=True)
            assert [sheet.sheet_state for sheet in inside.worksheets] == ["visible"]
            rows = list(inside.active.iter_rows(values_only=True))
            if chart.chart_type == XL_CHART_TYPE.XY_SCATTER:
                shares = [row[0] for row in rows if row[0]]  # but for the names, which are at 0
                drawn = [float(point.text) for point in chart._chartSpace.iterfind(".//{*}xVal//{*}v")]
                assert shares == [share for share in drawn if share]
                values = [share / 100 if max(shares) > 1 else share for share in shares]
                said_here = said
            else:
                cached = [list(series.values) for series in chart.plots[0].series]
                assert [list(column) for column in zip(*[row[1:] for row in rows[1:]], strict=True)] == cached
                values = [value for column in cached[1:] for value in column if value is not None]
                said_here = said | {f"{100 * value:.0f}" for value in cached[-1] if value}
            assert all(round(value, 2) == value for value in values)
            assert {f"{100 * value:.0f}" for value in values} <= said_here
    assert seen >= 4


@pytest.mark.parametrize("form", FORMATS)
def test_no_file_tells_of_the_machine_or_of_another_organisation(
    form: str, written: dict[str, Path], root: Path
) -> None:
    found = written[form].read_bytes()
    parts = [found]
    if form in ("docx", "pptx", "xlsx"):
        parts = list(_unpacked(found))
    others = re.compile(
        rb"Alderfinch|Brightmere|Caldermoor|Dunmarrow|Eastlock|Fernhollow|Harrowmead|Inverbrook"
        rb"|python-docx|python-pptx|openpyxl|XlsxWriter|steve|Canny"
    )
    for part in parts:
        assert not others.search(part)
        assert str(root).encode() not in part
        assert str(written[form].parent).encode() not in part


def _unpacked(content: bytes) -> list[bytes]:
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in file.namelist():
            part = file.read(name)
            found += _unpacked(part) if name.endswith(".xlsx") else [part]
    return found
