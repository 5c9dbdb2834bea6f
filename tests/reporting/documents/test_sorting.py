"""Tables sort where JavaScript is on, and stand as they are where it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def _column(page: Any, table: str, place: int) -> list[str]:
    return page.eval_on_selector_all(
        f"{table} tbody tr", f"rows => rows.map(row => row.cells[{place}].textContent.trim())"
    )


def test_a_click_sorts_numbers_as_numbers_and_a_second_turns_them_round(written: dict[str, Path]) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser extra is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
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
        browser.close()
