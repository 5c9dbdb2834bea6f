"""Tables as columns of a workbook: a number in a cell of its own, in both languages."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.locale import using_language
from toolkit.presentation.blocks import Cell, table_of
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    count,
    ends,
    interval,
    p_number,
    p_value,
    percent,
    point_number,
    points,
    share_number,
)
from toolkit.reporting.documents.workbook import columns_of

PERCENT = Number(0.57, "percent")
N = Number(1085, "count")
INTERVAL = (Number(0.003, "percent", 1), Number(0.68, "percent"))


def apart(cell: str | Cell | Number | None, *, language: str = "en") -> dict[str, object]:
    with using_language(language):
        table = table_of([{"Item": "a", "X": cell}], ["Item", "X"], title="t", kind="k")
        return {column.name: column.cells[0] for column in columns_of(table)[1:]}


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        (PERCENT, {"X": PERCENT}),
        (N, {"X": N}),
        (p_number(0.00002), {"X": "<0.001"}),
        (None, {"X": NOT_SHOWN}),
        ("not asked", {"X": "not asked"}),
        ("57% (45 to 68)\u00a0n\u00a085", {"X": "57% (45 to 68) n 85"}),
        (
            Cell(PERCENT, *INTERVAL, N),
            {"X": PERCENT, "X, from": INTERVAL[0], "X, to": INTERVAL[1], "X, n": N},
        ),
        (Cell(Number(0.8, "percent", 0, "≥"), n=N), {"X": "≥80%", "X, n": N}),
        (
            Cell(
                sides=(
                    Cell(PERCENT, n=N, label="staff"),
                    Cell(Number(0.2, "percent", 0, "≤"), n="<5", label="us"),
                )
            ),
            {
                "Higher side: audience": "staff", "Higher side: Share": PERCENT, "Higher side: n": N,
                "Lower side: audience": "us", "Lower side: Share": "≤20%", "Lower side: n": "<5",
            },
        ),
    ],
)  # fmt: skip
def test_each_number_gets_a_cell_and_what_is_none_stays_text(
    cell: str | Cell | Number | None, wanted: dict[str, object]
) -> None:
    assert apart(cell) == wanted


def test_french_headings_stand_over_the_same_numbers() -> None:
    found = apart(Cell(PERCENT, *INTERVAL), language="fr")
    assert list(found.values()) == [PERCENT, *INTERVAL]
    assert list(found) == ["X", "X, de", "X, à"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_answers_of_a_question_become_a_row_each_whatever_they_are_called(language: str) -> None:
    answers = (
        Cell(Number(0.12, "percent"), label="No · 12%"),
        Cell(Number(0.88, "percent"), label="Yes; at work"),
    )
    with using_language(language):
        row = {"Question": "q", "n": Number(9, "count"), "Answers": Cell(answers=answers, words=" ; why")}
        table = table_of([row], list(row), title="t", kind="appendix")
        columns = columns_of(table)
    assert [column.cells for column in columns] == [
        ("q", "q"),
        (Number(9, "count"),) * 2,
        ("No · 12%", "Yes; at work"),
        (Number(0.12, "percent"), "88% ; why" if language == "en" else "88 % ; why"),
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
@given(
    share=st.floats(0, 1),
    low=st.floats(-1, 1),
    high=st.floats(-1, 1),
    n=st.integers(0, 10**7),
    p=st.floats(0, 1),
)
def test_a_number_is_printed_as_the_sentence_beside_it_and_holds_nothing_finer(
    language: str, share: float, low: float, high: float, n: int, p: float
) -> None:
    with using_language(language):
        number, gap = share_number(share), point_number(low, signed=True)
        assert str(number) == percent(share)
        assert number is not None
        assert number.value == round(number.value, 2)
        assert math.isclose(number.value, share, abs_tol=0.005 + 1e-9)
        assert str(gap) == points(low, signed=True)
        first, last = ends(low, high, "points")
        assert first is not None
        assert last is not None
        cell = Cell(number, first, last)
        assert str(cell).replace("\u00a0", " ").endswith(f"({interval(low, high)})")
        assert str(p_number(p)) == p_value(p)
        assert f"{count(n)}".replace(",", "").replace("\u202f", "") == str(n)
