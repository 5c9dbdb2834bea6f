"""Blocks are complete in themselves: HTML with what assistive technology needs, and plain text."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pandas as pd

from toolkit.presentation.blocks import BLOCK_MIME, Bullets, Paragraph, Picture, Prose, Terms, table_of

NASTY = '<script>alert("x")</script> & "quotes"'


class Tags(HTMLParser):
    """Every start tag with its attributes, and whether tags are closed in order."""

    VOID = frozenset({"img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_a_picture_carries_its_drawing_its_alt_text_and_nothing_from_elsewhere() -> None:
    html = Picture(NASTY, NASTY, NASTY, "<svg/>")._repr_html_()
    tags = Tags(html)
    (image,) = tags.named("img")
    assert image["alt"] == NASTY
    assert base64.b64decode(str(image["src"]).removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"
    assert not tags.named("script")
    assert "http" not in html


def test_tables_have_a_caption_and_scopes_and_no_empty_heading() -> None:
    table = table_of(
        [{"Item": NASTY, "Share": "57 %\nn 12"}],
        ["Item", "Share"],
        title="A title",
        kind="shares",
        numeric=["Share"],
    )
    tags = Tags(table._repr_html_())
    assert [cell["scope"] for cell in tags.named("th")] == ["col", "col", "row"]
    assert len(tags.named("caption")) == 1
    assert len(tags.named("br")) == 1
    assert tags.named("table")[0]["class"] == "toolkit-table shares"
    assert tags.named("td")[0]["class"] == "num"
    assert not tags.named("script")


def test_an_empty_cell_prints_a_dash_and_never_nan() -> None:
    table = table_of([{"Item": "a", "Share": None}], ["Item", "Share"], title="t", kind="k")  # type: ignore[dict-item]
    for text in (table._repr_html_(), str(table)):
        assert "–" in text
        assert not re.search("nan|none|<na>", text.lower())


def test_prose_escapes_what_it_is_given() -> None:
    prose = Prose(
        "T", (Paragraph(NASTY), Bullets((NASTY,)), Bullets(("b",), ordered=True), Terms((("a", NASTY),)))
    )
    tags = Tags(prose._repr_html_())
    assert not tags.named("script")
    assert [name for name, _ in tags.found] == [
        "section",
        "h3",
        "p",
        "ul",
        "li",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
    ]
    assert prose.sentences() == (NASTY, NASTY, "b", f"a: {NASTY}")


def test_every_block_has_a_text_form_for_terminals() -> None:
    picture = Picture("Title.", "Alt.", "Caption.", "<svg/>")
    table = table_of([{"Item": "a"}], ["Item"], title="T", kind="k", notes=["A note."])
    for block, words in ((picture, "Alt."), (table, "A note."), (Prose("", (Paragraph("Said."),)), "Said.")):
        bundle = block._repr_mimebundle_()
        assert words in bundle["text/plain"]
        assert set(bundle) == {"text/html", "text/plain", BLOCK_MIME}
        assert set(block._repr_mimebundle_(exclude=["text/html", BLOCK_MIME])) == {"text/plain"}


def test_tables_do_not_change_the_rows_they_are_given() -> None:
    rows = [{"Item": "a", "Share": "1"}]
    table_of(rows, ["Item"], title="t", kind="k")
    assert rows == [{"Item": "a", "Share": "1"}]
    assert isinstance(table_of(rows, ["Item"], title="t", kind="k").frame, pd.DataFrame)
