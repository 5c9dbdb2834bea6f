"""Bounds of a share whatever the others think: against every way the others could have answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.test_answers import _frame, _variable
from tests.refusals import Refusal, problem
from toolkit.analysis import nonresponse_bounds
from toolkit.errors import InvalidInput

TIRED = _variable("tired")


def test_bounds_are_the_extremes_of_every_way_the_others_could_answer() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        n, others = int(rng.integers(1, 10)), int(rng.integers(0, 8))
        answers = rng.integers(0, 2, n) * 1.0
        possible = [(answers.sum() + agreeing) / (n + others) for agreeing in range(others + 1)]
        row = nonresponse_bounds(
            pd.DataFrame({"y": answers}), "y", population=n + others, measure="mean"
        ).iloc[0]
        assert row[["bound_low", "bound_high"]].tolist() == pytest.approx([min(possible), max(possible)])


def test_where_everybody_answered_both_bounds_are_the_share() -> None:
    frame = pd.DataFrame({"y": [1, 1, 0, 0, 0]})
    row = nonresponse_bounds(frame, "y", population=5, measure="1").iloc[0]
    assert row[["estimate", "bound_low", "bound_high"]].tolist() == pytest.approx([0.4] * 3)


def test_groups_take_their_own_population_and_missing_answers_are_not_answers() -> None:
    known = {"executive": 6, "employee": 10, "freelancer": 3}
    found = nonresponse_bounds(_frame(), TIRED, population=known, measure="top", by="audience")
    assert found["audience"].tolist() == ["executive", "employee"]
    assert found["n"].tolist() == [5, 3]
    assert found["bound_low"].tolist() == pytest.approx([2 / 6, 3 / 10])
    assert found["bound_high"].tolist() == pytest.approx([3 / 6, 10 / 10])


def test_turning_the_measure_round_turns_the_bounds_round() -> None:
    frame = pd.DataFrame({"y": [1, 1, 0, 1, np.nan]})
    one, other = (nonresponse_bounds(frame, "y", population=9, measure=code).iloc[0] for code in ("1", "0"))
    assert one["bound_low"] == pytest.approx(1 - other["bound_high"])


def test_a_group_nobody_answered_in_may_hold_anything() -> None:
    frame = pd.DataFrame({"y": [1.0, np.nan], "g": ["a", "b"]})
    row = nonresponse_bounds(frame, "y", population={"a": 2, "b": 4}, measure="mean", by="g").iloc[1]
    assert row[["bound_low", "bound_high"]].tolist() == [0, 1]
    assert np.isnan(row["estimate"])


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (
            lambda f: nonresponse_bounds(f, TIRED, population=7, measure="top"),
            problem("above-population", "population of everyone, item tired"),
        ),
        (
            lambda f: nonresponse_bounds(f, TIRED, population=9.5, measure="top"),
            problem("out-of-range", "population of everyone"),
        ),
        (
            lambda f: nonresponse_bounds(f, TIRED, population=90, measure="mean"),
            problem("unsuited-measure", "column tired"),
        ),
        (
            lambda f: nonresponse_bounds(f, TIRED, population=90, measure="net"),
            problem("unsuited-measure", "column tired"),
        ),
        (
            lambda f: nonresponse_bounds(f, TIRED, population={"executive": 9}, measure="top", by="audience"),
            problem("missing-value", "population of employee")
            + problem("missing-value", "population of freelancer"),
        ),
    ],
)
def test_what_has_no_bounds_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())
