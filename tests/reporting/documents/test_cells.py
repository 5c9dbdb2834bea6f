"""Printed cells taken apart into numbers, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.presentation.blocks import table_of
from toolkit.presentation.numbers import base, percent
from toolkit.reporting.documents.cells import Cell, number_of, taken_apart


def apart(text: str, *, language: str = "en", kind: str = "k") -> dict[str, Cell | None]:
    table = table_of([{"Item": "a", "X": text}], ["Item", "X"], title="t", kind=kind)
    return {column.name: column.cells[0] for column in taken_apart(table, language)[1:]}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("57\u00a0%", {"X": Cell(0.57, "percent")}),
        ("1,250", {"X": Cell(1250.0, "whole")}),
        ("0.012", {"X": Cell(0.012, "decimal3")}),
        ("<0.001", {"X": Cell("<0.001")}),
        ("–", {"X": Cell("–")}),
        ("not asked", {"X": Cell("not asked")}),
        ("≥50", {"X": Cell("≥50")}),
        (
            "60\n(24\u00a0to\u00a079)",
            {"X": Cell(60.0, "whole"), "X, from": Cell(24.0, "whole"), "X, to": Cell(79.0, "whole")},
        ),
        (
            "+8\n(\u22123\u00a0to\u00a019)",
            {"X": Cell(8.0, "whole"), "X, from": Cell(-3.0, "whole"), "X, to": Cell(19.0, "whole")},
        ),
        (
            "57\u00a0%\n(0.3\u00a0to\u00a068)\nn\u00a085",
            {
                "X": Cell(0.57, "percent"), "X, from": Cell(0.003, "percent1"),
                "X, to": Cell(0.68, "percent"), "X, n": Cell(85.0, "whole"),
            },
        ),
        ("≥80\u00a0%\nn\u00a08", {"X": Cell("≥80 %"), "X, n": Cell(8.0, "whole")}),
        (
            "employees\u00a085\u00a0%\u00a0(n\u00a01,085)\nexecutives\u00a0≤20\u00a0%\u00a0(n\u00a08)",
            {
                "Higher side: audience": Cell("employees"), "Higher side: Share": Cell(0.85, "percent"),
                "Higher side: n": Cell(1085.0, "whole"), "Lower side: audience": Cell("executives"),
                "Lower side: Share": Cell("≤20\u00a0%"), "Lower side: n": Cell(8.0, "whole"),
            },
        ),
    ],
)  # fmt: skip
def test_each_number_gets_a_cell_and_what_is_none_stays_text(
    text: str, wanted: dict[str, Cell | None]
) -> None:
    assert apart(text) == wanted


def test_a_spread_becomes_a_row_an_answer() -> None:
    spread = "No 12 % · Yes, at work 88 %; full spread not shown: few"
    names = ["Question", "n", "Answers"]
    table = table_of([dict(zip(names, ("q", "9", spread), strict=True))], names, title="t", kind="appendix")
    columns = taken_apart(table)
    found = {one.name: [cell.value if cell else None for cell in one.cells] for one in columns}
    assert found["Question"] == ["q", "q"]
    assert found["n"] == [9, 9]
    assert found["Answers"] == ["No", "Yes, at work"]
    assert found["Share"][0] == 0.12
    assert str(found["Share"][1]).startswith("88")


def test_french_numbers_are_read_as_the_french_write_them() -> None:
    assert apart("0,032", language="fr") == {"X": Cell(0.032, "decimal3")}
    assert apart("1\u202f250", language="fr") == {"X": Cell(1250.0, "whole")}
    assert set(apart("57\u00a0%\n(45\u00a0à\u00a068)", language="fr")) == {"X", "X, de", "X, à"}


@given(st.floats(0, 1), st.integers(0, 10**7))
def test_a_number_read_back_is_the_number_printed(share: float, n: int) -> None:
    assert apart(percent(share))["X"] == Cell(round(number_of(percent(share)[:-2]) / 100, 6), "percent")
    assert abs(number_of(percent(share)[:-2]) - 100 * share) <= 0.5 + 1e-9
    assert number_of(base(n)) == n
