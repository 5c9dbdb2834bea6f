"""Word, PowerPoint and Excel files: native parts that can be edited, and templates that are honoured."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import openpyxl
import openpyxl.utils.cell
import pptx
import pytest
from pptx.enum.chart import XL_CHART_TYPE

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.presentation.blocks import Bullets, Heading, Paragraph, Picture, Prose, Terms, table_of
from toolkit.presentation.charts import Point, Series, chart_of
from toolkit.reporting.documents import Document, write_documents
from toolkit.reporting.documents.model import Section, with_templates
from toolkit.reporting.documents.slide_charts import add_charts
from toolkit.reporting.documents.slides import chosen_slides, render_pptx
from toolkit.reporting.documents.word import render_docx
from toolkit.reporting.documents.workbook import render_xlsx

HREF = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture(scope="module")
def word(written: dict[str, Path]) -> Any:
    return docx.Document(str(written["docx"]))


@pytest.fixture(scope="module")
def show(written: dict[str, Path]) -> Any:
    return pptx.Presentation(str(written["pptx"]))


@pytest.fixture(scope="module")
def book(written: dict[str, Path]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(written["xlsx"])


def test_word_has_headings_of_its_own_and_a_contents_field(word: Any, document: Any) -> None:
    headings = [one.text for one in word.paragraphs if one.style.name == "Heading 1"]
    assert headings == [section.title for section in document.sections]
    codes = [one.text for one in word.element.iter(f"{HREF}instrText")]
    assert any("TOC" in code for code in codes)


def test_word_tables_repeat_their_head_and_break_no_row(word: Any) -> None:
    assert len(word.tables) >= 5
    for table in word.tables:
        first, *others = table._tbl.tr_lst
        assert first.find(f"{HREF}trPr/{HREF}tblHeader") is not None
        assert all(row.find(f"{HREF}trPr/{HREF}cantSplit") is not None for row in (first, *others))
        assert table._tbl.tblPr.find(f"{HREF}tblCaption").get(f"{HREF}val")


def test_word_pictures_and_slide_charts_have_their_words(word: Any, show: Any) -> None:
    words = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert len(words) > 8
    assert all(words)
    for slide in show.slides:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                assert shape._element.nvGraphicFramePr.cNvPr.get("descr")


def test_a_word_table_begins_with_three_rows_together_and_ends_free(small: Any) -> None:
    for count, wanted in (
        (1, [True, False]),
        (2, [True, True, False]),
        (5, [True, True, True, False, False, False]),
    ):
        rows = [{"Item": f"row {place}"} for place in range(count)]
        word = docx.Document(_file(render_docx(small(table_of(rows, ["Item"], title="t", kind="k")))))
        kept = [
            bool(row.cells[0].paragraphs[0].paragraph_format.keep_with_next) for row in word.tables[0].rows
        ]
        assert kept == wanted


def test_properties_name_the_report_and_nobody(word: Any, show: Any, book: openpyxl.Workbook) -> None:
    for found in (word.core_properties, show.core_properties):
        assert found.title == "Granitebeck Engineering · AI at work (sample study) · SYNTHETIC DATA"
        assert found.author == "Survey Research Toolkit"
        assert found.last_modified_by == found.comments == found.keywords == ""
        assert found.modified.year == 1980
    assert book.properties.creator == "Survey Research Toolkit"
    assert book.properties.created.year == 1980


def test_slides_are_eight_to_twelve_and_their_titles_say_what_is_found(show: Any) -> None:
    assert 8 <= len(show.slides) <= 12
    titles = [slide.shapes.title.text_frame.text for slide in show.slides]
    assert len(set(titles)) == len(titles)
    assert sum(any(sign.isdigit() for sign in title) for title in titles) >= len(titles) // 2
    assert all(slide.has_notes_slide for slide in show.slides)


def test_every_slide_says_that_the_data_are_synthetic(show: Any) -> None:
    for slide in show.slides:
        said = " ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        assert "SYNTHETIC DATA" in said


@pytest.mark.parametrize(
    ("rows", "cell", "size"), [(3, "75 %", 18), (3, "a sentence longer than a number", 14), (6, "75 %", 10.5)]
)
def test_a_few_numbers_on_a_slide_are_set_large(small: Any, rows: int, cell: str, size: float) -> None:
    table = table_of([{"Who": "All", "Share": cell}] * rows, ["Who", "Share"], title="t", kind="k")
    (found,) = _tables(pptx.Presentation(_file(render_pptx(small(table)))))
    sizes = {part.font.size.pt for one in found.iter_cells() for part in one.text_frame.paragraphs}
    assert sizes == {size}


def _tables(show: Any) -> list[Any]:
    return [shape.table for slide in show.slides for shape in slide.shapes if shape.has_table]


def test_nothing_on_a_slide_lies_outside_it(show: Any) -> None:
    for slide in show.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height


def test_a_chart_shows_the_question_its_title_speaks_of(show: Any, document: Document) -> None:
    pictures = [
        block
        for section in document.chapters()
        for block in section.flat()
        if isinstance(block, Picture) and block.charts
    ]
    names = {name for one in pictures for chart in one.charts for name in chart.categories}
    seen = 0
    for slide in show.slides:
        title = slide.shapes.title.text_frame.text.casefold()
        charts = [shape.chart for shape in slide.shapes if shape.has_chart]
        shown = " ".join(text.text or "" for one in charts for text in one._chartSpace.iter("{*}v", "{*}t"))
        for name in sorted(names) if charts else ():
            if title.startswith(f"{name}:".casefold()) or f" {name}:".casefold() in title:
                seen += 1
                assert name in shown
    assert seen >= 2
    assert all(one.focus in {item for chart in one.charts for item in chart.items} | {""} for one in pictures)


def chart_workbooks(show: Any) -> list[openpyxl.Workbook]:
    return [
        openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
        for slide in show.slides
        for shape in slide.shapes
        if shape.has_chart
    ]


@pytest.mark.parametrize("kind", ["stack", "dots"])
def test_labels_in_the_workbook_of_a_chart_are_never_formulas_or_links(small: Any, kind: str) -> None:
    nasty = ["=HYPERLINK(0)", "+1", "@me", "https://example.org/"]
    rows = [
        (f"q{place}", name, "", {"=1+1": Point(0.4), "Yes": Point(0.6)}) for place, name in enumerate(nasty)
    ]
    scale = [Series("=1+1", "#B35806", side="lower"), Series("Yes", "#542788", side="higher")]
    picture = Picture("A title", "alt", "", "<svg/>", charts=(chart_of(kind, rows, scale),))
    (book,) = chart_workbooks(pptx.Presentation(_file(render_pptx(small(picture)))))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    texts = {cell.value: cell for cell in cells if isinstance(cell.value, str) and cell.data_type != "f"}
    assert {*nasty, "=1+1"} <= set(texts)
    assert all(texts[name].data_type == "s" and texts[name].hyperlink is None for name in (*nasty, "=1+1"))


def test_the_formulas_behind_bars_give_the_numbers_that_are_drawn(small: Any) -> None:
    shares = [(0.1, 0.2, 0.7), (0.25, 0.5, 0.25), (0.6, 0.0, 0.4)]
    names = ("No", "Neither", "Yes")
    rows = [
        (f"q{place}", f"Question {place}", "", dict(zip(names, map(Point, row), strict=True)))
        for place, row in enumerate(shares)
    ]
    scale = [
        Series("No", "#B35806", side="lower"),
        Series("Neither", "#999999", side="middle"),
        Series("Yes", "#542788", side="higher"),
    ]
    picture = Picture("A title", "alt", "", "<svg/>", charts=(chart_of("stack", rows, scale),))
    show = pptx.Presentation(_file(render_pptx(small(picture))))
    (chart,) = [shape.chart for slide in show.slides for shape in slide.shapes if shape.has_chart]
    (book,) = chart_workbooks(show)
    drawn = chart.plots[0].series[0].values
    sheet = book.active
    middle = float(chart._chartSpace.find(".//{*}crossesAt").get("val"))
    for place, offset in enumerate(drawn, start=2):
        formula = sheet.cell(place, 2).value
        assert formula == f"={middle:g}-(C{place})-(D{place})/2"
        lower, neither = sheet.cell(place, 3).value, sheet.cell(place, 4).value
        assert middle - lower - neither / 2 == pytest.approx(offset)


@pytest.mark.parametrize("long", [False, True])
def test_a_slide_of_many_dots_keeps_the_row_its_title_is_about(small: Any, *, long: bool) -> None:
    count = 17 if long else 5
    rows = [(f"q{place}", f"Question {place}", "", {"A": Point(place / 20)}) for place in range(count)]
    chart = chart_of("dots", rows, [Series("A", "#1f4e79")])
    picture = Picture("A title of other words", "alt", "", "<svg/>", charts=(chart,), focus=f"q{count - 1}")
    (slide,) = [one for one in chosen_slides(small(picture)) if one.charts]
    kept = slide.charts[0]
    assert kept.items[-1] == f"q{count - 1}"
    assert kept.series[0].values[-1] == pytest.approx((count - 1) / 20)
    assert slide.left_out == ((6, 17) if long else None)


def test_every_bar_of_a_picture_is_on_a_slide_and_questions_are_whole(small: Any) -> None:
    rows = [
        (
            f"q{place // 3}",
            f"Question {place // 3}",
            f"Group {place % 3}",
            {"No": Point(0.4), "Yes": Point(0.6)},
        )
        for place in range(36)
    ]
    scale = [Series("No", "#B35806", side="lower"), Series("Yes", "#542788", side="higher")]
    picture = Picture("A title", "alt", "", "<svg/>", charts=(chart_of("stack", rows, scale),))
    slides = [one for one in chosen_slides(small(picture)) if one.charts]
    assert len(slides) == len({one.title for one in slides}) == 2
    shown = [[item for chart in one.charts for item in chart.items] for one in slides]
    assert [item for some in shown for item in some] == [row[0] for row in rows]
    assert not set(shown[0]) & set(shown[1])


def test_bounds_in_charts_are_labelled_as_bounds_and_look_different(show: Any) -> None:
    seen = {"bars": 0, "dots": 0}
    for shape in (shape for slide in show.slides for shape in slide.shapes if shape.has_chart):
        space = shape.chart._chartSpace
        dots = shape.chart.chart_type == XL_CHART_TYPE.XY_SCATTER
        labels = ["".join(text.text or "" for text in one.iter("{*}t")) for one in space.iter("{*}dLbl")]
        bounds = sum(words.startswith(("≥", "≤")) for words in labels)
        own = space.iterfind(".//{*}dPt/{*}marker") if dots else space.iter("{*}pattFill")
        assert len(list(own)) == bounds
        seen["dots" if dots else "bars"] += bounds
    assert all(seen.values())


def test_bars_lie_around_the_middle_answers(show: Any) -> None:
    seen = 0
    for shape in (shape for slide in show.slides for shape in slide.shapes if shape.has_chart):
        if shape.chart.chart_type != XL_CHART_TYPE.BAR_STACKED:
            continue
        offset, *answers = shape.chart.plots[0].series
        assert offset._element.find("{*}spPr/{*}noFill") is not None
        middle = float(shape.chart._chartSpace.find(".//{*}crossesAt").get("val"))
        for place, start in enumerate(offset.values):
            shares = {one.name: one.values[place] or 0.0 for one in answers}
            lower = shares.get("Lower answers together", 0.0) + shares.get("No", 0.0)
            if not lower or any(shares.get(name) for name in ("Disagree", "Strongly disagree")):
                continue
            seen += 1
            assert start + lower + shares.get("Middle answers together", 0.0) / 2 == pytest.approx(middle)
    assert seen >= 2


def test_sheets_are_visible_listed_frozen_and_numbers_are_numbers(book: openpyxl.Workbook) -> None:
    assert {sheet.sheet_state for sheet in book.worksheets} == {"visible"}
    contents, *others = book.worksheets
    listed = [row[0].value for row in contents.iter_rows() if row[0].hyperlink]
    assert listed == [sheet.title for sheet in others]
    assert all(sheet.freeze_panes for sheet in book.worksheets)
    assert {"Findings", "Methods"} <= set(listed)
    answered = next(sheet for sheet in others if sheet.title.startswith("T1"))
    row = next(row for row in answered.iter_rows(values_only=True) if row[0] == "Employees")
    assert row[1:4] == (120, 85, 0.71)


def test_a_workbook_takes_text_that_looks_like_a_formula_as_text(small: Any) -> None:
    nasty = "=1+1"
    made = render_xlsx(small(table_of([{"Item": nasty}], ["Item"], title=nasty, kind="k", notes=[nasty])))
    book = _book(made)
    cells = [cell for row in book["T1 =1+1"].iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells if cell.value == nasty} == {"s"}
    assert sum(cell.value == nasty for cell in cells) == 3


def test_signs_of_markup_come_out_as_they_are_in_every_file(small: Any) -> None:
    nasty = "a < b & c > d \"e\" 'f'"
    parts = (
        table_of([{"Item": nasty, "n": nasty}], ["Item", "n"], title=nasty, kind="k", notes=[nasty]),
        Prose(nasty, (Paragraph(nasty), Bullets((nasty,), True), Terms(((nasty, nasty),)))),
        Heading(nasty),
    )
    made = small(*parts)
    word = docx.Document(_file(render_docx(made)))
    assert word.tables[0].cell(1, 0).text == nasty
    assert [one.text for one in word.paragraphs].count(nasty) >= 6
    show = pptx.Presentation(_file(render_pptx(made)))
    tables = [shape.table for slide in show.slides for shape in slide.shapes if shape.has_table]
    assert tables[0].cell(1, 0).text == nasty


def test_a_word_template_keeps_its_styles_and_its_running_head(small: Any, tmp_path: Path) -> None:
    template = docx.Document()
    template.styles["Heading 1"].font.name = "Brand Sans"
    template.sections[0].header.paragraphs[0].text = "The client's own head"
    template.core_properties.author = "A person"
    path = tmp_path / "brand.docx"
    template.save(str(path))
    found = docx.Document(_file(render_docx(with_templates(small(), {"docx": path}))))
    assert found.styles["Heading 1"].font.name == "Brand Sans"
    head = [one.text for one in found.sections[0].header.paragraphs]
    assert head[0] == "The client's own head"
    assert "SYNTHETIC DATA" in head[1]
    assert found.core_properties.author == "Survey Research Toolkit"


def test_a_slide_template_keeps_its_size_and_its_own_slides(small: Any, tmp_path: Path) -> None:
    template = pptx.Presentation()
    template.slides.add_slide(template.slide_layouts[6])
    path = tmp_path / "brand.pptx"
    template.save(str(path))
    table = table_of([{"Item": "a", "n": "1"}], ["Item", "n"], title="Said", kind="k")
    found = pptx.Presentation(_file(render_pptx(with_templates(small(table), {"pptx": path}))))
    assert (found.slide_width, found.slide_height) == (template.slide_width, template.slide_height)
    assert len(found.slides) == 3
    assert found.slides[2].shapes.title.text_frame.text == "Said"


@pytest.mark.parametrize(("form", "opens"), [("docx", docx.Document), ("pptx", pptx.Presentation)])
def test_a_template_made_of_another_report_brings_nothing_unseen(
    form: str, opens: Any, small: Any, tmp_path: Path
) -> None:
    """The picture of its first page, its company and slide titles, its own properties, where it lay."""
    template = opens()
    for rel in list((getattr(template.part.package, "_rels", None) or template.part.package.rels).values()):
        if rel.reltype.endswith(("/thumbnail", "/extended-properties")):
            rel.target_part._blob = b"<Company>Another Client</Company>"
    if form == "docx":
        printer = template.sections[0]._sectPr.makeelement(f"{HREF}printerSettings", {})
        template.sections[0]._sectPr.append(printer)
        settings = template.part._settings_part
        address = settings.relate_to("file:///C:/Another%20Client/a.dotx", "x/attachedTemplate", True)
        attached = template.settings.element.makeelement(
            f"{HREF}attachedTemplate", {f"{{{RELATED}}}id": address}
        )
        template.settings.element.append(attached)
    path = tmp_path / f"brand.{form}"
    template.save(str(path))
    assert _holds(path.read_bytes(), b"Another Client")
    made = {"docx": render_docx, "pptx": render_pptx}[form](with_templates(small(), {form: path}))
    assert not _holds(made, b"Another")
    assert not _holds(made, b"printerSettings")
    assert "docProps/thumbnail.jpeg" not in zipfile.ZipFile(_file(made)).namelist()
    opens(_file(made))


def _holds(package: bytes, words: bytes) -> bool:
    with zipfile.ZipFile(_file(package)) as found:
        return any(words in found.read(name) for name in found.namelist())


@pytest.mark.parametrize("form", ["docx", "pptx"])
def test_a_template_that_is_no_office_file_is_refused(form: str, small: Any, tmp_path: Path) -> None:
    path = tmp_path / f"brand.{form}"
    made = with_templates(small(), {form: path})
    with pytest.raises(InvalidInput, check=problem("file-not-found", path.name)):
        write_documents(made, tmp_path, form)
    path.write_text("no file of this kind")
    with pytest.raises(InvalidInput, check=problem("damaged-file", path.name)):
        write_documents(made, tmp_path, form)
    assert not (tmp_path / f"report.{form}").exists()


def test_a_withheld_report_is_written_in_every_format(small: Any, tmp_path: Path) -> None:
    notice = Prose("", (Paragraph("No figure can be shown."),))
    made = replace(small(notice), opening=small().opening)
    paths = write_documents(made, tmp_path)
    assert [path.suffix for path in paths] == [".html", ".pdf", ".docx", ".pptx", ".xlsx", ".md"]
    assert len(pptx.Presentation(str(paths[3])).slides) == 2


def _file(made: bytes) -> Any:
    import io

    return io.BytesIO(made)


def test_a_section_of_one_remark_is_a_slide_only_where_it_opens_the_report(small: Any) -> None:
    remark = "There is no earlier wave that this one could be compared with."
    summary, change, why = (
        Section(title, (Prose("", (Paragraph(text),)),))
        for title, text in (("Summary", remark), ("Change", remark), ("Why", remark * 2))
    )

    def titles(*sections: Section) -> list[str]:
        return [slide.title for slide in chosen_slides(replace(small(), sections=sections))]

    assert titles(summary, change, why) == ["Summary", "Why"]
    assert titles(change) == ["Change"]


@pytest.mark.parametrize("kind", ["stack", "dots"])
def test_two_bars_do_not_fill_a_slide_and_many_do(kind: str) -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    for count in (2, 20):
        rows = [(f"row{place}", f"Row {place}", "", {"A": Point(0.4)}) for place in range(count)]
        chart = chart_of(kind, rows, [Series("A", "#1f4e79", side="higher")])
        add_charts(slide, [chart], (0, 0, 9000000, 5000000), alt="a")
    low, high = (shape for shape in slide.shapes if shape.has_chart)
    assert low.height < 3000000
    assert 4700000 < high.top + high.height <= 5000000


def test_words_on_a_stacked_bar_begin_where_it_begins(show: Any) -> None:
    places = {
        "".join(text.text or "" for text in label.iter("{*}t")): label.find("{*}dLblPos").get("val")
        for slide in show.slides
        for shape in slide.shapes
        if shape.has_chart and shape.chart.chart_type == XL_CHART_TYPE.BAR_STACKED
        for label in shape.chart._chartSpace.iter("{*}dLbl")
        if label.find("{*}dLblPos") is not None
    }
    assert places
    assert set(places.values()) == {"inBase"}
    assert not any(words.rstrip("%").isdigit() for words in places)


def test_numbers_their_heads_and_the_bounds_among_them_stand_to_the_right(book: openpyxl.Workbook) -> None:
    sheet = next(one for one in book.worksheets if "Gap in points" in [cell.value for cell in one[4]])
    head, *rows = sheet.iter_rows(min_row=4, max_row=4 + 12)
    for column in zip(head, *rows, strict=True):
        sides = {cell.alignment.horizontal for cell in column if cell.value is not None}
        numbers = any(isinstance(cell.value, int | float) for cell in column)
        assert sides == ({"right"} if numbers else {None})
    assert {str(cell.value)[0] for row in rows for cell in row if cell.alignment.horizontal} >= {"≥"}


def test_no_sentence_of_a_sheet_runs_out_of_the_printed_width(book: openpyxl.Workbook) -> None:
    told = [cell for row in book.worksheets[0].iter_rows() for cell in row if "SYNTHETIC" in str(cell.value)]
    assert [str(one) for one in book.worksheets[0].merged_cells.ranges] == [f"A{told[0].row}:D{told[0].row}"]
    for sheet in book.worksheets[1:]:
        merged = {str(one).partition(":")[0]: one for one in sheet.merged_cells.ranges}
        long = [cell for (cell,) in sheet.iter_rows(max_col=1) if len(str(cell.value or "")) > 60]
        for cell in long:
            assert cell.alignment.wrap_text
            assert cell.coordinate in merged or sheet.column_dimensions["A"].width >= 30
        assert sheet["A1"].coordinate in merged
        wide = sum(
            sheet.column_dimensions[openpyxl.utils.cell.get_column_letter(place)].width
            if place <= _used(sheet)
            else 8.43
            for place in range(1, merged["A1"].max_col + 1)
        )
        lines = -(-len(sheet["A1"].value) * 1.3 // wide)
        assert sheet.row_dimensions[1].height >= 13 * lines


def _used(sheet: Any) -> int:
    """Columns of the table on a sheet."""
    return int(openpyxl.utils.cell.range_boundaries(sheet.auto_filter.ref)[2])


def _book(made: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(_file(made))
