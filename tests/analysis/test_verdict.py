"""The four sentences, and no other."""

from __future__ import annotations

import math

import pytest

from toolkit.analysis import verdict


@pytest.mark.parametrize(
    ("gap", "low", "high", "said"),
    [
        (0.24, 0.12, 0.35, "a gap of 24 points (12 to 35)"),
        (-0.24, -0.35, -0.12, "a gap of −24 points (−35 to −12)"),
        (0.02, -0.03, 0.07, "views are similar to within 10 points"),
        (0.05, 0.01, 0.09, "views are similar to within 10 points"),
        (0.12, 0.02, 0.22, "a difference is likely; its practical size is uncertain"),
        (-0.12, -0.22, -0.02, "a difference is likely; its practical size is uncertain"),
        (0.05, -0.1, 0.2, "this survey cannot tell; only gaps of about 31 points would show"),
        (math.nan, math.nan, math.nan, "no comparison could be made"),
        (0.3, math.nan, math.nan, "no comparison could be made"),
    ],
)
def test_the_interval_decides_the_sentence(gap: float, low: float, high: float, said: str) -> None:
    assert verdict(gap, low, high, detectable=0.31) == said


def test_the_margin_is_said_as_it_was_set() -> None:
    assert verdict(0, -0.01, 0.01, margin=0.075) == "views are similar to within 7.5 points"


def test_means_speak_of_the_scale() -> None:
    said = verdict(0.61, 0.44, 0.78, margin=0.4, unit="on the scale")
    assert said == "a gap of 0.61 on the scale (0.44 to 0.78)"


def test_a_survey_that_could_show_nothing_says_so() -> None:
    assert verdict(0.1, -0.4, 0.6) == "this survey cannot tell; with so few answers no gap would show"


def test_no_verdict_claims_more_than_an_interval_can() -> None:
    for gap, low, high in [(0.3, 0.2, 0.4), (0, -0.05, 0.05), (0.12, 0.02, 0.2), (0, -0.2, 0.2)]:
        said = verdict(gap, low, high, detectable=0.2)
        assert not any(word in said for word in ("significant", "no difference", "proves", "drives"))


@pytest.mark.parametrize(("gap", "said"), [(0.225, "23"), (0.245, "25"), (0.285, "29"), (-0.225, "−23")])
def test_halves_are_rounded_away_from_zero(gap: float, said: str) -> None:
    ends = (0.15, 0.4) if gap > 0 else (-0.4, -0.15)
    assert verdict(gap, *ends).startswith(f"a gap of {said} points")
