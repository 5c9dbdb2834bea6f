"""Numbers become text in one place only."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.presentation.numbers import as_printed, base, interval, p_value, percent, points, rounded, share


@given(st.integers(0, 100_000), st.sampled_from([0, 1, 2]))
def test_rounding_equals_decimal_half_up(thousandths: int, digits: int) -> None:
    exact = Decimal(thousandths) / 1000
    expected = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert rounded(thousandths / 1000, digits) == pytest.approx(float(expected), abs=1e-12)
    assert rounded(-thousandths / 1000, digits) == -rounded(thousandths / 1000, digits)


@pytest.mark.parametrize(
    ("value", "bound", "text"),
    [
        (0.125, "", "13%"),
        (0.285, "", "29%"),
        (0.9, ">=", "≥90%"),
        (0.1, "<=", "≤10%"),
        (0.0, "", "0%"),
        (1.0, "", "100%"),
        (None, "", "–"),
        (math.nan, ">=", "–"),
        (pd.NA, "", "–"),
        (np.float64(0.5), pd.NA, "50%"),
    ],
)
def test_percentages_are_whole_and_bounds_are_marked(value: object, bound: object, text: str) -> None:
    assert percent(value, bound=bound) == text


def test_points_use_a_true_minus_and_never_show_minus_zero() -> None:
    assert points(-0.238) == "−24"
    assert points(0.238, signed=True) == "+24"
    assert points(-0.001) == "0"
    assert points(-0.001, signed=True) == "0"


def test_an_interval_that_leaves_out_zero_never_prints_zero() -> None:
    assert interval(0.003, 0.17) == "0.3 to 17"
    assert interval(-0.2, -0.0004) == "−20 to −0.04"
    assert interval(-0.003, 0.17) == "0 to 17"


def test_an_end_of_exactly_zero_has_no_decimals() -> None:
    assert interval(0.0, 0.17) == "0 to 17"
    assert interval(-0.17, 0.0) == "−17 to 0"
    assert interval(-0.0, 0.004) == "0 to 0"
    assert as_printed(0.0, 0.17) == (0.0, 0.17)
    assert as_printed(-0.17, -0.0) == (-0.17, 0.0)


def test_an_interval_without_an_end_is_empty() -> None:
    assert interval(math.nan, 0.2) == ""


def test_a_bound_never_carries_an_interval() -> None:
    assert share(0.9, 0.8, 0.95, bound=">=") == "≥90%"
    assert share(0.574, 0.451, 0.684) == "57% (45 to 68)"


def test_bases_and_p_values_are_worded_where_they_have_no_number() -> None:
    assert [base(1250), base(pd.NA, "<5"), base(None), base(math.nan, "")] == ["1,250", "<5", "–", "–"]
    assert [p_value(0.00049), p_value(0.0005), p_value(1.0), p_value(None)] == [
        "<0.001",
        "0.001",
        "1.000",
        "–",
    ]
