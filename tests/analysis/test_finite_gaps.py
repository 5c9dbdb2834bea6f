"""Gaps of known populations: how often the interval holds the truth, over every possible sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from tests.analysis.oracles import close
from tests.refusals import Refusal, problem
from toolkit.analysis import gaps_from_summary, population_gaps
from toolkit.errors import InvalidInput


def _frame(x: int, n: int, y: int, m: int) -> pd.DataFrame:
    answers = [1] * x + [0] * (n - x) + [1] * y + [0] * (m - y)
    return pd.DataFrame({"audience": ["a"] * n + ["b"] * m, "agrees": answers})


def _every_sample(n: int, m: int, known: dict[str, int], method: str) -> pd.DataFrame:
    """One `by` group for every pair of counts."""
    pairs = [(x, y) for x in range(n + 1) for y in range(m + 1)]
    parts = [_frame(x, n, y, m).assign(sample=f"{x:02d}-{y:02d}") for x, y in pairs]
    people = {(f"{x:02d}-{y:02d}", side): known[side] for x, y in pairs for side in "ab"}
    found = population_gaps(
        pd.concat(parts, ignore_index=True),
        "agrees",
        measure="mean",
        by="sample",
        population=people,
        method=method,
    )
    return found.assign(x=[x for x, _ in pairs], y=[y for _, y in pairs])


def _coverage(n: int, m: int, known: dict[str, int], method: str) -> list[float]:
    found = _every_sample(n, m, known, method)
    result = []
    for a in range(known["a"] + 1):
        for b in range(known["b"] + 1):
            true = a / known["a"] - b / known["b"]
            chance = hypergeom.pmf(found.x, known["a"], a, n) * hypergeom.pmf(found.y, known["b"], b, m)
            holds = (found.conf_low <= true + 1e-9) & (found.conf_high >= true - 1e-9)
            result.append(float((chance * holds).sum()))
    return result


@pytest.mark.parametrize(("n", "m", "known"), [(3, 6, {"a": 5, "b": 9}), (8, 9, {"a": 12, "b": 14})])
def test_the_exact_interval_holds_every_true_gap_as_often_as_it_says(
    n: int, m: int, known: dict[str, int]
) -> None:
    assert min(_coverage(n, m, known, "exact")) >= 0.95


@pytest.mark.slow
def test_newcombes_interval_holds_the_true_gap_about_as_often_on_average() -> None:
    assert np.mean(_coverage(10, 10, {"a": 20, "b": 30}, "newcombe")) == pytest.approx(0.95, abs=0.015)


def test_newcombes_interval_is_that_of_published_shares_with_the_corrected_number() -> None:
    found = population_gaps(
        _frame(16, 20, 30, 60), "agrees", measure="1", population={"a": 40, "b": 90}, method="newcombe"
    ).iloc[0]
    corrected = [20 * 39 / 20, 60 * 89 / 30]
    summary = {"item": "i", "audience": ["a", "b"], "estimate": [0.8, 0.5], "n": [20, 60]}
    other = gaps_from_summary(pd.DataFrame(summary | {"effective_n": corrected})).iloc[0]
    named = ("gap", "conf_low", "conf_high", "std_error", "effect_size", "minimum_detectable_gap", "verdict")
    for name in named:
        assert found[name] == (close(other[name]) if name != "verdict" else other[name])


@pytest.mark.parametrize("method", ["exact", "newcombe"])
def test_where_everybody_answered_the_gap_is_known(method: str) -> None:
    row = population_gaps(
        _frame(16, 20, 30, 60), "agrees", measure="1", population={"a": 20, "b": 60}, method=method
    ).iloc[0]
    assert row[["gap", "conf_low", "conf_high"]].tolist() == close([0.3, 0.3, 0.3])
    assert row["std_error"] == 0
    assert "is known" in row["method"]


@pytest.mark.parametrize("method", ["exact", "newcombe"])
def test_turning_the_pair_round_turns_the_interval_round(method: str) -> None:
    frame, known = _frame(5, 20, 30, 60), {"a": 33, "b": 90}
    one, other = (
        population_gaps(frame, "agrees", measure="1", population=known, pairs=[pair], method=method).iloc[0]
        for pair in (("a", "b"), ("b", "a"))
    )
    assert one["conf_low"] == close(-other["conf_high"])
    assert np.isnan(one["p_value"])


def test_what_cannot_be_told_says_which_gap_would_have_shown() -> None:
    row = population_gaps(_frame(10, 20, 28, 60), "agrees", measure="1", population={"a": 80, "b": 300}).iloc[
        0
    ]
    number = 1 / (20 * 79 / 60), 1 / (60 * 299 / 240)
    assert row["minimum_detectable_gap"] == close(float(2.8015852 * np.sqrt(sum(number)) / 2))
    assert row["verdict"].startswith("this survey cannot tell; only gaps of about 32 points")


def test_a_side_without_answers_has_a_row_that_says_so() -> None:
    frame = _frame(1, 3, 1, 2).assign(agrees=[1, 0, 0, np.nan, np.nan])
    row = population_gaps(frame, "agrees", measure="mean", population={"a": 5, "b": 5}).iloc[0]
    assert np.isnan(row["conf_low"])
    assert row["method"] == "not computed: a side has no answers"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"population": {"a": 19, "b": 90}}, problem("above-population", "population of a")),
        ({"population": {"a": 40}}, problem("missing-value", "population of b")),
        ({"population": {"a": 40.5, "b": 90}}, problem("out-of-range", "population of a")),
        ({"population": 90, "method": "wald"}, problem("unknown-option", "method")),
        ({"population": 90, "margin": 10}, problem("out-of-range", "margin")),
        ({"population": 90, "pairs": "a"}, problem("wrong-type", "pairs 'a'")),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        population_gaps(_frame(16, 20, 30, 60), "agrees", measure="1", **given)


def test_a_mean_is_refused() -> None:
    frame = _frame(16, 20, 30, 60).assign(agrees=range(80))
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "column agrees")):
        population_gaps(frame, "agrees", measure="mean", population=90)
