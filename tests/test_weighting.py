"""Raking and post-stratification: against R, by their margins, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.refusals import Refusal, problem
from toolkit.errors import InvalidInput, NotConverged
from toolkit.weighting import design_effect, effective_n, poststratify, rake


def _weights_only(case: Any) -> bool:
    value = case.values[0]
    return value is None or re.match(r"(rake|postStratify)\(d,", value["call"]) is not None


def _margins(inputs: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, float]]:
    return {
        next(iter(rows[0])): {row[next(iter(row))]: row["Freq"] for row in rows} for rows in inputs.values()
    }


@pytest.mark.parametrize("case", [one for one in cases("W10_calibration") if _weights_only(one)])
def test_weights_equal_r(case: dict[str, Any]) -> None:
    frame, base = data(case["dataset"]), DESIGNS[case["design_name"]].weights
    inputs = case["inputs"]
    if case["call"].startswith("rake"):
        found = rake(frame, _margins(inputs), base=base, tolerance=1e-12)
    else:
        (rows,) = inputs.values()
        found = poststratify(frame, pd.DataFrame(rows).rename(columns={"Freq": "total"}), base=base)
    wanted = case["result"]["weights"]
    assert found.values.tolist() == close(wanted)
    kish = sum(wanted) ** 2 / sum(w * w for w in wanted)
    assert [found.effective_n, found.design_effect] == close([kish, len(wanted) / kish])


def _frame(rows: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], rows),
            "age": rng.choice(["y", "m", "o"], rows),
            "base": rng.uniform(0.5, 2, rows),
        },
        index=[f"r{at}" for at in range(rows)],
    )


MARGINS = {"sex": {"f": 520.0, "m": 480.0}, "age": {"y": 300.0, "m": 450.0, "o": 250.0}}


def test_raking_reproduces_every_margin() -> None:
    frame = _frame()
    for base in (None, "base", frame["base"]):
        found = rake(frame, MARGINS, base=base)
        for name, totals in MARGINS.items():
            assert found.values.groupby(frame[name]).sum().to_dict() == pytest.approx(totals, rel=1e-9)
        assert found.values.index.equals(frame.index)
        assert found.margins["after"].tolist() == pytest.approx(found.margins["target"].tolist(), rel=1e-9)


def test_raking_keeps_the_odds_ratios_of_the_sample() -> None:
    frame = _frame().query("age != 'o'")
    weights = rake(frame, {"sex": MARGINS["sex"], "age": {"y": 300, "m": 700}}).values
    table = pd.crosstab(frame["sex"], frame["age"])
    raked = weights.groupby([frame["sex"], frame["age"]]).sum().unstack()
    odds = [
        one.loc["f", "y"] * one.loc["m", "m"] / (one.loc["f", "m"] * one.loc["m", "y"])
        for one in (table, raked)
    ]
    assert odds[0] == pytest.approx(odds[1])


def test_order_of_rows_and_scale_of_base_do_not_matter() -> None:
    frame = _frame()
    found = rake(frame, MARGINS, base="base").values
    shuffled = frame.sample(frac=1, random_state=2)
    again = rake(shuffled, MARGINS, base=shuffled["base"] * 40).values
    assert again.loc[frame.index].tolist() == pytest.approx(found.tolist(), rel=1e-8)


def test_poststratifying_a_cross_is_raking_its_single_margin() -> None:
    frame = _frame()
    cells = pd.crosstab(frame["sex"], frame["age"]).stack().rename("total").reset_index()
    cells["total"] = cells["total"] * [2, 1, 3, 1, 1, 2]
    found = poststratify(frame, cells)
    sums = found.values.groupby([frame["sex"], frame["age"]]).sum()
    assert sums.tolist() == pytest.approx(cells["total"].tolist())
    assert found.iterations == 1


def test_design_effect_and_effective_n_are_kishs() -> None:
    w = np.array([1.0, 2.0, 3.0, 4.0])
    assert effective_n(w) == pytest.approx(100 / 30)
    assert design_effect(w) == pytest.approx(4 * 30 / 100)
    for broken in ([], [1, -1], [0, 0], [1, np.nan], [1, np.inf]):
        with pytest.raises(InvalidInput):
            effective_n(broken)


def test_every_problem_of_the_margins_is_named_at_once() -> None:
    frame = _frame().assign(age=lambda f: f["age"].where(f.index != "r3"))
    margins = {"sex": {"f": 500, "x": 500}, "age": {"y": 300, "m": 450, "o": 0}, "region": {"n": 1}}
    with pytest.raises(InvalidInput) as caught:
        rake(frame, margins)
    said = str(caught.value)
    for part in (
        "'x' has a total and no respondent",
        "'m' is in the data and has no total",
        "row r3",
        "its total is 0",
        "column region",
        "adds up to 750",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("base", "refusal"),
    [
        ("bas", problem("unknown-column", "column bas")),
        (pd.Series(1.0, index=range(500)), problem("inconsistent", "base")),
        (np.array([1.0]), problem("unequal-length", "base")),
        (np.zeros(500), problem("wrong-sum", "base")),
        (np.array([-1.0] + [1.0] * 499), problem("not-finite", "base, row r0")),
    ],
)
def test_unusable_base_weights_are_refused(base: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        rake(_frame(), MARGINS, base=base)


def test_margins_that_contradict_each_other_do_not_converge() -> None:
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["p", "p", "q"]})
    with pytest.raises(NotConverged, match="contradict"):
        rake(frame, {"a": {"x": 60, "y": 40}, "b": {"p": 30, "q": 70}})


def test_an_empty_frame_and_targets_without_cells_are_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("no-rows", "frame")):
        rake(_frame().iloc[:0], MARGINS)
    with pytest.raises(InvalidInput, check=problem("too-many", "targets")):
        poststratify(_frame(), MARGINS)
    with pytest.raises(InvalidInput, check=problem("duplicate", "targets")):
        poststratify(_frame(), pd.DataFrame({"sex": ["f", "f", "m"], "total": [1, 2, 3]}))
