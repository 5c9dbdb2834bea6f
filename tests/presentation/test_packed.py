"""A displayable as a notebook keeps it: one text, and nothing made twice when it is read back."""

from __future__ import annotations

import json

import pytest

from toolkit.errors import ToolkitError
from toolkit.locale import using_language
from toolkit.presentation.blocks import (
    BLOCK_MIME,
    Block,
    Cell,
    Heading,
    Paragraph,
    Picture,
    Prose,
    Several,
    packed,
    table_of,
    unpacked,
)
from toolkit.presentation.charts import Point, Series, chart_of
from toolkit.presentation.numbers import Number

CHART = chart_of(
    "dots",
    [("burnout", "Burnout", "", {"Executives": Point(0.4, 0.3, 0.5, ">=")})],
    [Series("Executives", "#1f4e79", marker="s", hollow=True)],
)
BLOCKS = [
    Heading("Gaps & <more>"),
    Prose("Who", (Paragraph("Nobody."),), "notice"),
    table_of(
        [{"Item": "Burnout\nlower", "n": Number(12, "count")}],
        ["Item", "n"],
        title="T",
        kind="gaps",
        numeric=["n"],
    ),
    table_of(
        [
            {
                "Item": "Burnout",
                "Share": Cell(
                    Number(0.57, "percent"),
                    Number(0.003, "percent", 1),
                    Number(0.68, "percent"),
                    Number(85, "count"),
                ),
                "Sides": Cell(sides=(Cell(Number(0.9, "percent", 0, "≥"), n="<5", label="staff"), Cell())),
            }
        ],
        ["Item", "Share", "Sides"],
        title="T",
        kind="shares",
    ),
    Picture(
        "A gap",
        "Executives 40%",
        "How to read",
        "<svg width='1' height='1'/>",
        charts=(CHART,),
        focus="burnout",
    ),
]


@pytest.mark.parametrize("block", [*BLOCKS, Several(tuple(BLOCKS))], ids=lambda block: type(block).__name__)
def test_a_displayable_comes_back_from_one_text_as_it_was(block: Block) -> None:
    there = json.loads(json.dumps(packed(block)))
    assert [type(value) for value in there.values()] == [str]
    back = unpacked(there)
    assert json.loads(json.dumps(back.to_dict())) == json.loads(json.dumps(block.to_dict()))
    assert back.as_html() == block._repr_html_()
    assert str(back) == str(block)


def test_a_tables_numbers_are_printed_in_its_own_language_wherever_it_is_shown() -> None:
    cell = Cell(Number(0.57, "percent"), Number(0.003, "percent", 1), Number(0.68, "percent"))
    with using_language("fr"):
        table = table_of([{"a": "x", "b": cell}], ["a", "b"], title="t", kind="k")
    assert table.rows[0][1] == unpacked(packed(table)).rows[0][1] == "57\u00a0%\n(0,3\u00a0à\u00a068)"  # type: ignore[attr-defined]


def test_html_that_a_notebook_holds_is_not_made_again() -> None:
    bundle = BLOCKS[1]._repr_mimebundle_()
    assert unpacked(bundle[BLOCK_MIME], bundle["text/html"]).as_html() == bundle["text/html"]
    assert unpacked(bundle[BLOCK_MIME], "<p>kept</p>").as_html() == "<p>kept</p>"
    assert unpacked(bundle[BLOCK_MIME], None).as_html() == bundle["text/html"]


def test_only_the_kinds_that_are_wanted_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Block) -> str:
        raise AssertionError("HTML was made for somebody who did not want it")

    monkeypatch.setattr(Prose, "_repr_html_", refuse)
    assert set(BLOCKS[1]._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert set(BLOCKS[1]._repr_mimebundle_(exclude=["text/html"])) == {"text/plain", BLOCK_MIME}


def test_a_notebooks_plain_text_leaves_its_lines_to_whoever_shows_it() -> None:
    long = Prose("", (Paragraph("word " * 60),))
    assert "\n" in str(long)
    assert "\n" not in long._repr_mimebundle_(include=["text/plain"])["text/plain"]


def test_cells_of_a_plain_table_stand_under_their_headings() -> None:
    lines = str(BLOCKS[2]).split("\n")
    assert lines[0] == "T"
    assert {len(line) for line in lines[1:]} == {len(lines[1])}
    assert "Burnout / lower" in lines[2]


def test_a_displayable_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ToolkitError, match="unknown kind"):
        unpacked({"packed": '{"kind": "film"}'})
