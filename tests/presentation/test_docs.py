"""The page on reading a report says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.analysis.gap_rows import verdict
from toolkit.presentation.numbers import interval, points
from toolkit.presentation.sentences import doubt

PAGE = (Path(__file__).parents[2] / "docs" / "reading_a_report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("gap", "low", "high", "detectable"),
    [(0.24, 0.12, 0.35, 0.3), (0.15, 0.02, 0.28, 0.3), (0.0, -0.05, 0.05, 0.1), (0.05, -0.14, 0.22, 0.30)],
)
def test_every_verdict_is_quoted_as_it_is_generated(
    gap: float, low: float, high: float, detectable: float
) -> None:
    assert f"| {verdict(gap, low, high, detectable=detectable)} |" in PAGE


def test_roundings_and_doubts_are_quoted_as_they_are_printed() -> None:
    assert points(0.125) == "13"
    assert f"({interval(0.003, 0.17)})" in PAGE
    row = {"conf_low": 0.1, "conf_high": 0.3, "p_adjusted": 0.2}
    assert doubt(row).removeprefix("though ") in " ".join(PAGE.split())
