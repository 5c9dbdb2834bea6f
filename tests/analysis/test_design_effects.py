"""Design effects: W11, by hand, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.refusals import problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput
from toolkit.weighting import design_effect, effective_n


@pytest.mark.parametrize("case", cases("W11_deff"))
def test_design_effects_equal_r(case: dict[str, Any]) -> None:
    frame, result, call = data(case["dataset"]), case["result"], case["call"]
    if call.startswith("kish"):
        column, audience = re.match(r"kish\(\w+\$(\w+)(?:\[.*=='(\w+)'\])?\)", call).groups()
        weights = frame[column] if audience is None else frame.loc[frame.audience == audience, column]
        spread = np.sqrt(design_effect(weights) - 1)
        assert [len(weights), weights.sum(), (weights**2).sum()] == close(
            [result["n"], result["sum_w"], result["sum_w2"]]
        )
        assert [effective_n(weights), design_effect(weights), spread] == close(
            [result["n_eff"], result["deff_kish"], result["cv_w_population_sd"]]
        )
        return
    item = re.search(r"~(\w+),", call).group(1)
    by = "audience" if call.startswith("svyby") else None
    design, replacement = DESIGNS[case["design_name"]], "'replace'" in call
    found = tk.design_effects(frame, item, by=by, design=design, replacement=replacement)
    wanted = result["deff"] if isinstance(result["deff"], list) else [result["deff"]]
    assert found["design_effect"].tolist() == close(wanted)


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {"y": rng.normal(size=60), "w": rng.uniform(2, 5, 60), "g": np.repeat(["a", "b"], 30)}
    )


def test_equal_weights_cost_nothing() -> None:
    found = tk.design_effects(_frame(), "y", by="g", replacement=True)
    # rows are drawn from the whole sample, of which a group is a random part: n/(n − 1) of 60, and of 30
    assert found["design_effect"].tolist() == close([60 / 59 * 29 / 30] * 2)


def test_the_scale_of_weights_does_not_matter_with_replacement() -> None:
    one = tk.design_effects(_frame(), "y", design=Design(weights="w"), replacement=True)
    other = tk.design_effects(
        _frame().assign(w=lambda f: f.w * 9), "y", design=Design(weights="w"), replacement=True
    )
    assert one["design_effect"].tolist() == close(other["design_effect"].tolist())


def test_a_total_has_a_design_effect_too() -> None:
    frame = _frame().assign(w=3.0)
    found = tk.design_effects(frame, "y", statistic="total", design=Design(weights="w"))
    assert found["simple_error"].tolist() == close([180 * frame.y.std() / np.sqrt(60) * np.sqrt(120 / 180)])


def test_answers_that_do_not_vary_have_no_design_effect() -> None:
    assert tk.design_effects(_frame().assign(y=1.0), "y")["design_effect"].isna().all()


def test_another_statistic_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-option", "statistic")):
        tk.design_effects(_frame(), "y", statistic="median")
