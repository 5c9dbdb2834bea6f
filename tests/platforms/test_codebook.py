"""The codebook for people: everything is in it, it is accessible, and no cell of it is a formula."""

from __future__ import annotations

import html
import re
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.examples import examples
from tests.platforms.strategies import instruments
from toolkit.instrument import Instrument, load_instruments
from toolkit.instrument.codebook import base_of
from toolkit.platforms import export
from toolkit.platforms.codebook import sheets


@pytest.fixture(scope="module")
def core(root: Path) -> Instrument:
    names = ("executive", "employee", "freelancer")
    return load_instruments([root / "instruments" / "core" / f"{name}.yaml" for name in names])


def test_every_word_code_and_base_stands_on_the_page(core: Instrument, tmp_path: Path) -> None:
    pages = export(core, "codebook", tmp_path)
    for language, path in zip(core.languages, pages, strict=False):
        page = path.read_text("utf-8")
        text = html.unescape(re.sub(r"<[^>]+>", " ", page))
        assert f'<html lang="{language}">' in page
        assert "http" not in re.sub(r"<(dd|span)[^>]*>.*?</\1>", "", page)  # nothing is fetched
        for variable in core.variables:
            for audience in variable.audiences:
                assert base_of(variable, audience, core, language) in text
                for part in variable.wording(audience, language).rstrip("]").split(" ["):
                    stem = variable.item.text.get(audience) or variable.item.text["all"]
                    assert part in text or stem[language] in text
            for code, label in variable.code_labels(language).items():
                assert re.search(rf"{re.escape(code)}\s+{re.escape(label)}", text)


@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(instrument=instruments(without=""))
def test_any_questionnaire_has_a_codebook(instrument: Instrument) -> None:
    with tempfile.TemporaryDirectory() as folder:
        *pages, book, _ = export(instrument, "codebook", folder)
        for path, language in zip(pages, instrument.languages, strict=True):
            page = path.read_text("utf-8")
            assert html.escape(instrument.title[language], quote=False) in page.replace("&#39;", "'").replace(
                "&#34;", '"'
            )
        found = openpyxl.load_workbook(book)
        assert all(cell.data_type != "f" for sheet in found for row in sheet for cell in row)


def test_the_workbook_holds_the_sheets_cell_by_cell(core: Instrument, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export(core, "codebook", tmp_path)[len(core.languages)])
    expected = sheets(core)
    assert book.sheetnames == list(expected)
    for name, rows in expected.items():
        held = [[cell.value or "" for cell in row] for row in book[name].iter_rows()]
        assert held == [list(rows[0]), *(list(row.values()) for row in rows)]


@pytest.mark.browser
def test_the_page_is_accessible_and_prints_without_cutting_a_row(
    core: Instrument, tmp_path: Path, browser: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 360, "height": 740})
    for path in export(core, "codebook", tmp_path)[: len(core.languages)]:
        page.goto(path.as_uri())
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.querySelector('tr')).breakInside") == "avoid"
    page.close()
