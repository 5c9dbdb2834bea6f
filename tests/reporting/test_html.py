"""The page that an executed notebook becomes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.reporting.cells import code, shown, text
from toolkit.errors import ToolkitError
from toolkit.reporting.html import Cover, css_string, render_html

COVER = Cover("A study", "Halden Foods", wave="2026")


def page(*cells: dict, cover: Cover = COVER) -> str:
    return render_html({"cells": list(cells), "metadata": {}}, cover)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("href", "src"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")


def read(html: str) -> _Links:
    links = _Links()
    links.feed(html)
    return links


def test_code_is_hidden_and_its_output_is_shown():
    html = page(code("secret_call()", outputs=[shown(html="<p>Seen</p>", plain="Seen")]))
    assert "<p>Seen</p>" in html
    assert "secret_call" not in html


def test_contents_list_every_second_level_heading_once():
    html = page(text("# Dropped\n## Who answered\nwords\n### Smaller\n## Who answered"))
    links = read(html)
    assert links.ids.count("who-answered") == 1
    assert links.ids.count("who-answered-2") == 1
    assert {"#who-answered", "#who-answered-2"} <= set(links.addresses)
    assert "Dropped" not in html
    assert "<h3>Smaller</h3>" in html


def test_every_address_is_inside_the_page():
    picture = shown(svg="<svg xmlns='http://www.w3.org/2000/svg'/>")
    links = read(page(text("## A"), code("x", outputs=[picture, shown(png="iVBORw0KGgo=")])))
    assert links.addresses
    assert all(address.startswith(("#", "data:")) for address in links.addresses)
    assert not {"link", "iframe"} & set(links.tags)
    assert links.tags.count("script") == 1


def test_cells_for_the_analyst_are_left_out():
    html = page(
        text("How to run me", tags=["analyst"]),
        code("p = 1", tags=["parameters"], outputs=[shown(plain="no")]),
    )
    assert "How to run me" not in html
    assert "<pre>no" not in html


def test_names_are_escaped_wherever_they_stand():
    nasty = '<script>alert("x")</script>'
    html = page(
        text(f"## {nasty}\n{nasty}"), cover=Cover(nasty, nasty, wave=nasty, footer=nasty, brand=nasty)
    )
    assert html.count("<script") == 1
    assert "alert" not in html.partition("<script>")[2]


def test_a_name_cannot_leave_its_style_sheet_string():
    assert re.fullmatch(r'"[A-Za-z0-9 .,\\]*"', css_string('"; } </style> é'))
    assert css_string("Hale & Co") == '"Hale \\000026 Co"'


def test_synthetic_data_is_said_on_screen_and_on_every_sheet():
    said = page(text("## A"), cover=Cover("S", "O", synthetic=True))
    assert '<aside class="synthetic-banner"' in said
    assert "@top-right" in said
    assert "SYNTHETIC DATA</title>" in said
    assert "SYNTHETIC" not in page(text("## A"))


def test_language_is_declared():
    assert '<html lang="fr">' in page(text("## A"), cover=Cover("S", "O", language="fr"))


def test_a_wide_table_scrolls_and_can_be_reached_from_the_keyboard():
    html = page(
        code(
            "t", outputs=[shown(html="<table><caption>Gaps &amp; more</caption><tr><td>1</td></tr></table>")]
        )
    )
    assert '<div class="scroll" role="group" tabindex="0" aria-label="Gaps &amp; more"><table>' in html


def test_warnings_are_not_shown_and_prints_are():
    streams = [
        {"output_type": "stream", "name": "stderr", "text": "careful"},
        {"output_type": "stream", "name": "stdout", "text": ["a < b\n"]},
    ]
    html = page(code("x", outputs=streams))
    assert "careful" not in html
    assert "a &lt; b" in html


def test_a_notebook_that_ended_in_an_error_is_refused():
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    with pytest.raises(ToolkitError, match="cell 1 ended in ValueError"):
        page(code("x", outputs=[error]))


def test_markdown_from_outputs_and_plain_text_are_shown():
    markdown = {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": "**bold**"}}
    html = page(code("x", outputs=[markdown, shown(plain="1 < 2"), shown()]))
    assert "<strong>bold</strong>" in html
    assert "1 &lt; 2" in html
