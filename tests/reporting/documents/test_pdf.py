"""The PDF: tagged, with words for every picture, its text selectable, the same wherever it is made."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest

from toolkit.errors import ToolkitError
from toolkit.presentation.blocks import Paragraph, Picture, Prose, Table, table_of
from toolkit.reporting.documents.model import Cover
from toolkit.reporting.documents.pdf import pieces_of, render_pdf, size_of, widths

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt">'
    '<text x="4" y="20" font-size="8">Drawn 41</text></svg>'
)


def elements(reader: pypdf.PdfReader) -> list[Any]:
    """Every element of the structure tree."""
    found, left = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while left:
        one = left.pop().get_object()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            found.append(one)
            if "/K" in one:
                left.append(one["/K"])
    return found


@pytest.fixture(scope="module")
def reader(written: dict[str, Path]) -> pypdf.PdfReader:
    return pypdf.PdfReader(written["pdf"])


def test_it_says_that_it_keeps_to_pdf_ua_and_in_which_language(reader: pypdf.PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata.title == "Granitebeck Engineering · AI at work (sample study) · SYNTHETIC DATA"


def test_every_picture_has_its_words_and_every_table_a_head(reader: pypdf.PdfReader, document: Any) -> None:
    found = elements(reader)
    pictures = [
        sheet
        for section in document.chapters()
        for block in section.flat()
        if isinstance(block, Picture)
        for sheet in (block, *block.more)
    ]
    words = [str(one["/Alt"]) for one in found if one.get("/S") == "/Figure"]
    assert sorted(words) == sorted(sheet.alt for sheet in pictures)
    tables = [b for section in document.chapters() for b in section.flat() if isinstance(b, Table)]
    (answers,) = (table for table in tables if table.kind == "appendix")
    questions = sum(bool(head) for head in answers.grouped()[1])
    assert sum(one.get("/S") == "/THead" for one in found) == len(tables)
    heads = sum(len(table.columns) for table in tables) - 1  # the questions stand above their answers
    assert sum(one.get("/S") == "/TH" for one in found) == heads + questions


def test_headings_do_not_skip_a_level(reader: pypdf.PdfReader) -> None:
    kinds = {str(one.get("/S")) for one in elements(reader)}
    assert {"/H1", "/H2"} <= kinds
    assert not kinds & {"/H3", "/H4", "/H5", "/H6"}


def test_every_page_has_its_number_the_organisation_and_the_notice(reader: pypdf.PdfReader) -> None:
    total = len(reader.pages)
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert f"Page {number} of {total}" in text
        assert "SYNTHETIC DATA" in text
        assert "Granitebeck Engineering" in text


def test_the_contents_lead_to_the_sections(reader: pypdf.PdfReader, document: Any) -> None:
    outline = [str(one["/Title"]) for one in reader.outline if isinstance(one, dict)]
    assert outline == [section.title for section in document.sections]
    links = [
        one
        for page in reader.pages[:2]  # the contents follow the summary
        for one in page.get("/Annots", [])
        if one.get_object()["/Subtype"] == "/Link"
    ]
    assert len(links) >= len(document.sections)


def test_fonts_are_embedded_and_none_is_of_the_machine(reader: pypdf.PdfReader) -> None:
    names = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            names.add(str(inner["/BaseFont"]).partition("+")[2])
            assert any(key.startswith("/FontFile") for key in inner["/FontDescriptor"].get_object())
    assert names
    assert all(name.startswith("DejaVuSans") for name in names)


def test_text_within_pictures_can_be_selected(small: Any) -> None:
    made = render_pdf(small(Picture("Title.", "Words.", "Caption.", SVG)))
    text = "\n".join(page.extract_text() for page in _read(made).pages)
    assert "Drawn 41" in text


def test_a_picture_without_words_is_refused(small: Any) -> None:
    with pytest.raises(ToolkitError, match="alt"):
        render_pdf(small(Picture("Title.", "", "Caption.", SVG)))


def test_text_of_a_client_is_never_run_as_typst(small: Any) -> None:
    nasty = '#read("/etc/passwd") $x$ *bold* @ref <a> \\ "quoted" [b] {c} // no'
    table = table_of([{"Item": nasty}], ["Item"], title=nasty, kind="k", notes=[nasty])
    made = render_pdf(small(table, cover=Cover(nasty, nasty, footer=nasty, brand=nasty)))
    text = "".join(page.extract_text() for page in _read(made).pages)
    assert "".join(text.split()).count("".join(nasty.split())) >= 5


def test_a_report_in_french_says_so(small: Any) -> None:
    reader = _read(render_pdf(small(cover=Cover("Étude", "Org", language="fr"))))
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    text = reader.pages[0].extract_text()
    assert "Sommaire" in text
    assert "Page 1 sur 1" in text


def test_a_logo_is_shown_with_its_words(small: Any) -> None:
    import base64

    logo = f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"
    plain = small()
    found = _read(render_pdf(replace(plain, cover=replace(plain.cover, logo=logo))))
    assert "Logo of Survey Research Toolkit" in [str(one.get("/Alt")) for one in elements(found)]


def test_a_figure_in_pieces_has_every_text_and_marker_once(document: Any) -> None:
    blocks = [block for section in document.chapters() for block in section.flat()]
    pictures = [block for block in blocks if isinstance(block, Picture)]
    cut = [one for one in pictures if len(pieces_of(one.svg, one.cuts)) > 1]
    assert len(cut) >= 5
    for picture in cut:
        pieces = pieces_of(picture.svg, picture.cuts)
        for kind in (r"<text[^>]*>[^<]*</text>", r"<use [^>]*>"):
            shown = [text for piece in pieces for text in re.findall(kind, piece)]
            whole = re.findall(kind, picture.svg)
            bars = [one for one in whole if f'y="{size_of(picture.svg)[1]:g}"' in one]  # drawn by each piece
            assert sorted(shown) == sorted([*whole, *bars * (len(pieces) - 1)])
            assert set(shown) == set(whole)
        assert sum(size_of(piece)[1] for piece in pieces) == pytest.approx(size_of(picture.svg)[1])


def test_a_figure_goes_on_over_the_end_of_a_page_and_is_described_once(small: Any) -> None:
    marks = "".join(f'<text x="5" y="{30 + 40 * place}">Row {place}</text>' for place in range(12))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="500pt" height="520pt">{marks}</svg>'
    before = Prose("", tuple(Paragraph(f"Before {place}.") for place in range(24)))
    cuts = tuple(float(10 + 40 * place) for place in range(13))
    found = _read(render_pdf(small(before, Picture("Title.", "Words.", "Caption.", svg, cuts=cuts))))
    pages = [page.extract_text() for page in found.pages]
    rows = [[place for place in range(12) if f"Row {place}\n" in text + "\n"] for text in pages]
    assert sorted(place for one in rows for place in one) == list(range(12))
    assert sum(bool(one) for one in rows) == 2
    assert [str(one["/Alt"]) for one in elements(found) if "/Alt" in one] == ["Words."]


def test_columns_of_numbers_are_as_wide_as_their_text() -> None:
    table = table_of([{"Item": "w" * 80, "n": "12"}], ["Item", "n"], title="t", kind="k")
    assert widths(table)[0] > 0
    assert widths(table)[1] == 0


def test_columns_without_sentences_share_the_whole_width_by_their_text() -> None:
    row = {"Audience": "Executives", "Invited": "24", "Margin of error": "± 12 points"}
    assert widths(table_of([row], row, title="t", kind="k")) == [10, 10, 15]


@pytest.mark.parametrize("above", range(22, 46, 3))
def test_no_table_begins_with_less_than_three_rows_and_no_row_is_cut(small: Any, above: int) -> None:
    before = Prose("", tuple(Paragraph(f"Before {place}.") for place in range(above)))
    rows = [{"Item": f"start{place}\nb\nc\nend{place}", "n": "1"} for place in range(30)]
    table = table_of(rows, ["Item", "n"], title="Its title", kind="k")
    pages = [page.extract_text().split() for page in _read(render_pdf(small(before, table))).pages]
    (first,) = (page for page in pages if "Its" in page and "title" in page)
    assert {"start0", "start1", "start2"} <= set(first)
    for place in range(30):
        assert [f"start{place}" in page for page in pages] == [f"end{place}" in page for page in pages]


def _read(made: bytes) -> pypdf.PdfReader:
    import io

    return pypdf.PdfReader(io.BytesIO(made))
