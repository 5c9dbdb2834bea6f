"""The report as Markdown: read back by a parser, it holds every table, picture and sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import lxml.html
import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.presentation.blocks import Bullets, Paragraph, Picture, Prose, Table, Terms, table_of
from toolkit.reporting.documents import Document
from toolkit.reporting.formats.markdown import escaped, render_markdown

NASTY = "R&D | *5* _x_ [a](b) <b> `c` $1$ ~~2~~ \\ 3. &amp;"
read = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])


def page_of(text: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(f"<main>{read(text)}</main>")


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def page(written: dict[str, Path]) -> lxml.html.HtmlElement:
    return page_of(written["markdown"].read_text("utf-8"))


def test_it_holds_every_cell_of_every_table(document: Document, page: lxml.html.HtmlElement) -> None:
    tables = [
        one
        for section in document.chapters()
        for one in section.flat()
        if isinstance(one, Table) and one.columns
    ]
    found = [
        [[plain(cell.text_content()) for cell in row] for row in table.iter("tr")]
        for table in page.iter("table")
    ]
    assert len(found) >= 5
    assert found == [[[plain(cell) for cell in row] for row in (one.columns, *one.rows)] for one in tables]
    text = plain(page.text_content())
    assert all(plain(words) in text for one in tables for words in (one.title, *one.notes))


def test_every_picture_has_its_title_caption_words_and_a_file_of_its_own(
    document: Document, written: dict[str, Path], page: lxml.html.HtmlElement
) -> None:
    sheets = [
        sheet
        for section in document.chapters()
        for block in section.flat()
        if isinstance(block, Picture)
        for sheet in (block, *block.more)
    ]
    images = page.xpath("//img")
    assert len(images) == len(sheets) > 5
    text = plain(page.text_content())
    for image, sheet in zip(images, sheets, strict=True):
        assert plain(image.get("alt")) == plain(sheet.alt)
        drawn = (written["markdown"].parent / image.get("src")).read_text("utf-8")
        assert drawn == sheet.svg.replace("</svg>", "<desc>SYNTHETIC DATA</desc></svg>")
        assert plain(sheet.title) in text
        assert plain(sheet.caption) in text
    linked = {image.get("src") for image in images}
    folder = written["markdown"].parent / "report_figures"
    assert {f"report_figures/{path.name}" for path in folder.iterdir()} == linked


def test_it_has_the_headings_and_every_sentence_of_the_report(
    document: Document, page: lxml.html.HtmlElement
) -> None:
    assert page.xpath("//h1/text()") == [document.cover.subject]
    assert page.xpath("//h2/text()") == [section.title for section in document.sections]
    assert "SYNTHETIC DATA" in page.xpath("//blockquote")[0].text_content()
    text = plain(page.text_content())
    prose = [block for section in document.chapters() for block in section.flat() if isinstance(block, Prose)]
    assert len(prose) > 10
    assert not [words for block in prose for words in block.sentences() if plain(words) not in text]


def test_signs_of_markdown_are_shown_as_they_are(small: Callable[..., Document]) -> None:
    made = small(
        Prose(NASTY, (Paragraph(NASTY), Bullets((NASTY, "1. b"), True), Terms(((NASTY, "- d"),)))),
        table_of([{NASTY: NASTY, "n": "1\n2"}], [NASTY, "n"], title=NASTY, kind="k", notes=[NASTY]),
        Picture(NASTY, f"{NASTY}\nnext", NASTY, "<svg/>"),
    )
    files = render_markdown(made, "r")
    assert list(files) == ["r.md", "r_figures/figure-01.svg"]
    page = page_of(files["r.md"].decode())
    assert page.text_content().count(NASTY) == 10
    assert page.xpath("//h3/text()") == [NASTY]
    assert page.xpath("//img/@alt") == [f"{NASTY} next"]
    assert not page.xpath("//del | //b | //code | //a")
    assert page.xpath("//em/text()") == ["lead"]
    (cells,) = [[cell.text_content() for cell in row] for row in page.xpath("//tbody/tr")]
    assert cells == [NASTY, "12"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_any_text_without_spaces_comes_back_from_the_parser(text: str) -> None:
    assert page_of(escaped(text)).text_content().strip() == text
    assert page_of(f"| a |\n| --- |\n| {escaped(text)} |").xpath("//td")[0].text_content() == text


def test_numbers_are_set_to_the_right(small: Callable[..., Document]) -> None:
    table = table_of([{"A": "b", "n": "1"}], ["A", "n"], title="T", kind="k", numeric=["n"])
    assert "| A | n |\n| --- | ---: |\n| b | 1 |" in render_markdown(small(table), "r")["r.md"].decode()
