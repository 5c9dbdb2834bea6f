"""Tables sort where JavaScript is on, and stand as they are where it is not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pypdf
import pytest

pytestmark = pytest.mark.browser


def _column(page: Any, table: str, place: int) -> list[str]:
    return page.eval_on_selector_all(
        f"{table} tbody tr", f"rows => rows.map(row => row.cells[{place}].textContent.trim())"
    )


def test_a_printed_table_that_sorts_has_its_head_on_each_page(browser: Any, written: dict[str, Path]) -> None:
    heads = {}
    for scripts in (True, False):
        page = browser.new_context(java_script_enabled=scripts).new_page()
        page.goto(written["html"].as_uri())
        made = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
        heads[scripts] = sum("Verdict" in one.extract_text() for one in made.pages)
    assert heads[True] == heads[False] > 3


def test_a_click_sorts_numbers_as_numbers_and_a_second_turns_them_round(
    browser: Any, written: dict[str, Path]
) -> None:
    page = browser.new_page()
    page.goto(written["html"].as_uri())
    before = _column(page, "table.appendix", 3)
    page.click("table.appendix thead th:nth-child(4) button")
    up = [int(text) for text in _column(page, "table.appendix", 3) if text.isdigit()]
    assert up == sorted(up)
    assert page.get_attribute("table.appendix thead th:nth-child(4)", "aria-sort") == "ascending"
    page.click("table.appendix thead th:nth-child(4) button")
    down = [int(text) for text in _column(page, "table.appendix", 3) if text.isdigit()]
    assert down == sorted(up, reverse=True)
    assert sorted(_column(page, "table.appendix", 3)) == sorted(before)
    bare = browser.new_context(java_script_enabled=False).new_page()
    bare.goto(written["html"].as_uri())
    assert bare.query_selector("table button") is None


def test_on_a_telephone_the_names_of_rows_stay_while_a_table_is_moved(
    browser: Any, written: dict[str, Path]
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(written["html"].as_uri())
    box, name, number = page.eval_on_selector(
        ".scroll:has(table.gaps)",
        "box => { box.scrollLeft = 200; return [box, ...['tbody th', 'tbody td'].map(one =>"
        " box.querySelector(one))].map(one => one.getBoundingClientRect().left); }",
    )
    assert name == box
    assert number < box
