"""The preview in a browser, from a file: by keyboard alone, in two languages, and what it saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from toolkit.instrument import Instrument
from toolkit.platforms import export

pytestmark = pytest.mark.browser


@pytest.fixture
def page_file(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path) -> Path:
    """The small questionnaire on two pages, in English and French, with a question that must be answered."""

    def spoken(part: Any) -> Any:
        if isinstance(part, dict):
            if set(part) == {"en"}:
                return {"en": part["en"], "fr": f"FR {part['en']}"}
            return {key: spoken(value) for key, value in part.items()}
        return [spoken(value) for value in part] if isinstance(part, list) else part

    whole["items"][0]["required"] = "true"
    whole["items"][1]["options"].insert(1, {"code": "lrn", "label": {"en": "Learning"}})
    whole["items"][5]["ask_if"] = 'hours > 40 or selected(m, "rev")'
    whole["sections"] = [
        {"id": "one", "title": {"en": "First"}, "items": ["q", "m", "grid"]},
        {"id": "two", "title": {"en": "Second"}, "items": ["hours", "top", "why"]},
    ]
    return export(load({**spoken(whole), "languages": ["en", "fr"]}), "preview", tmp_path / "out")[0]


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Callable[..., Any]]:
    """Open the page; whatever it asks of a network or reports as an error fails the test."""
    strange: list[str] = []
    pages = []

    def open_page(**options: Any) -> Any:
        page = browser.new_page(accept_downloads=True, **options)
        page.on("request", lambda one: one.url.startswith(("file:", "blob:")) or strange.append(one.url))
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.on("console", lambda said: strange.append(said.text))
        page.goto(page_file.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert strange == []


def saved(page: Any) -> pd.DataFrame:
    with page.expect_download() as found:
        page.get_by_role("button", name="Save answers").click()
    assert found.value.suggested_filename == "tiny-preview.csv"
    return pd.read_csv(found.value.path(), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def begin(page: Any, label: str) -> None:
    page.get_by_label(label, exact=False).check()
    page.get_by_role("button", name="Begin").click()


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Any) -> str:
    script = "(({name, value, id, textContent: text}) => `${name || id || text}:${value ?? ''}`)"
    found: str = page.evaluate(f"{script}(document.activeElement)")
    return found


def test_a_person_without_a_mouse_answers_every_type_and_saves(opened: Callable[..., Any]) -> None:
    page = opened()
    press(page, "Tab", "Tab", "Tab")
    assert focused(page) == "who:boss"
    press(page, "ArrowDown", "Tab", "Enter")  # the second audience, then Begin
    assert page.get_by_role("heading", name="First").is_visible()
    press(page, "Tab", "Space")
    assert focused(page) == "q:1"
    press(page, "Tab", "Tab", "Space", "Tab", "Space")  # past Clear to two options
    assert focused(page) == "m:lrn"
    press(page, "Tab", "Tab", "ArrowDown", "ArrowDown")
    assert focused(page) == "grid_a:3"
    press(page, "Tab", "Tab", "Space", "Tab", "Tab", "Tab", "Enter")  # second line, Clear, Back, Next
    assert page.get_by_role("heading", name="Second").is_visible()
    press(page, "Tab")
    page.keyboard.type("38.5")
    press(page, "Tab")
    page.keyboard.type('So "many", things\nto do')
    press(page, "Tab", "Tab", "Enter")
    assert page.get_by_role("heading", name="That was the last question").is_visible()
    (row,) = saved(page).to_dict("records")
    assert row.pop("respondent").startswith("preview-")
    assert row == {
        "preview": "preview", "submitted": "1", "instrument": "tiny", "version": "2026.1.0", "language": "en",
        "audience": "staff", "q": "1", "m_rev": "1", "m_lrn": "1", "m_none": "0", "grid_a": "3",
        "grid_b": "1", "hours": "38.5", "top": "", "why": 'So "many", things\nto do',
    }  # fmt: skip


def test_an_exclusive_answer_stands_alone(opened: Callable[..., Any]) -> None:
    page = opened()
    begin(page, "Worker")
    page.get_by_label("Yes").check()
    page.get_by_label("Reviewing").check()
    page.get_by_label("None").check()
    assert not page.get_by_label("Reviewing").is_checked()
    page.get_by_label("Learning").check()
    assert not page.get_by_label("None").is_checked()


def test_what_routing_closes_is_not_saved(
    opened: Callable[..., Any],
) -> None:
    page = opened()
    begin(page, "Worker")
    assert not page.get_by_label("Reviewing").is_visible()
    page.get_by_label("Yes").check()
    assert page.get_by_role("status").inner_text() == "More questions have appeared on this page."
    page.get_by_label("Reviewing").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Why?").fill("Because")
    page.get_by_role("button", name="Back").click()
    assert page.get_by_label("Reviewing").is_checked()
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_role("button", name="Next").click()
    assert not page.get_by_label("Why?").is_visible()
    page.get_by_role("button", name="Next").click()
    (row,) = saved(page).to_dict("records")
    assert (row["q"], row["m_rev"], row["why"]) == ("0", "", "")


def test_a_page_with_a_fault_says_which_and_goes_nowhere(opened: Callable[..., Any]) -> None:
    page = opened()
    page.get_by_role("button", name="Begin").click()
    assert page.get_by_text("Choose one to begin.").is_visible()
    begin(page, "Worker")
    page.get_by_role("button", name="Next").click()
    assert page.get_by_role("alert").inner_text().splitlines()[-1] == "Do you? Please answer this question."
    press(page, "Tab", "Enter")
    assert focused(page) == "q:1"
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("How many hours?").fill("101")
    page.get_by_role("button", name="Next").click()
    assert "A number from 0 to 100." in page.get_by_role("alert").inner_text()
    page.get_by_label("How many hours?").fill("100")
    page.get_by_role("button", name="Next").click()
    assert saved(page)["hours"].tolist() == ["100"]


def test_the_language_changes_on_the_way_and_answers_stay(opened: Callable[..., Any]) -> None:
    page = opened()
    begin(page, "Boss")
    page.get_by_label("Yes").check()
    page.get_by_label("Language").select_option("fr")
    assert page.get_by_role("group", name="FR Does the firm?").is_visible()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.get_by_label("FR Yes").is_checked()
    page.get_by_role("button", name="Suivant").click()
    assert page.get_by_label("FR How many hours?").is_visible()


def test_several_people_are_saved_into_one_file(opened: Callable[..., Any]) -> None:
    page = opened()
    for label in ("Boss", "Worker"):
        begin(page, label)
        page.get_by_label("Don't know").check()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Next").click()
        if label == "Boss":
            page.get_by_role("button", name="Answer as another person").click()
    table = saved(page)
    assert table["audience"].tolist() == ["boss", "staff"]
    assert table["q"].tolist() == ["98", "98"]
    assert table["respondent"].nunique() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page(opened: Callable[..., Any], width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)

    def check() -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0

    page.get_by_label("Show names, codes and routing").check()
    page.get_by_role("button", name="Begin").click()
    check()
    begin(page, "Worker")
    page.get_by_role("button", name="Next").click()
    check()  # with a fault
    page.get_by_label("Yes").check()
    page.get_by_label("Reviewing").check()
    check()
    page.get_by_role("button", name="Next").click()
    check()
    page.get_by_role("button", name="Next").click()
    check()
