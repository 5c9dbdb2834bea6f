"""Which audiences are compared: all, the pairs named, or each with a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput

NAMES = ["executive", "employee", "freelancer"]


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "audience": pd.Categorical(rng.choice(NAMES, 300), NAMES, ordered=True),
            "agrees": rng.integers(0, 2, 300) * 1.0,
            "score": rng.integers(1, 6, 300),
        }
    )


def _summary() -> pd.DataFrame:
    return pd.DataFrame({"item": "trust", "audience": NAMES, "estimate": [0.9, 0.7, 0.6], "n": [80, 90, 70]})


CALLS = {
    "gaps": lambda **given: tk.gaps(_frame(), "agrees", measure="mean", **given),
    "rank_gap": lambda **given: tk.rank_gap(_frame(), "score", **given),
    "gaps_from_summary": lambda **given: tk.gaps_from_summary(_summary(), **given),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_reference_is_the_second_side_of_every_pair(call: Any) -> None:
    found = call(reference="employee")
    assert found["audience_a"].tolist() == ["executive", "freelancer"]
    assert set(found["audience_b"]) == {"employee"}
    named = call(pairs=[("executive", "employee"), ("freelancer", "employee")])
    pd.testing.assert_frame_equal(found, named)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_gap_from_the_reference_is_the_usual_one_with_the_sign_turned(call: Any) -> None:
    usual = call(adjust="none").set_index(["audience_a", "audience_b"])
    turned = call(reference="executive", adjust="none").set_index(["audience_a", "audience_b"])
    for other in NAMES[1:]:
        here, there = turned.loc[(other, "executive")], usual.loc[("executive", other)]
        assert here["gap"] == pytest.approx(-there["gap"])
        assert here["p_value"] == pytest.approx(there["p_value"])
        assert here["conf_low"] == pytest.approx(-there["conf_high"])


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"pairs": "executive"}, problem("wrong-type", "pairs 'executive'")),
        (
            {"pairs": ["executive", "employee"]},
            problem("wrong-shape", "pair 'executive'") + problem("wrong-shape", "pair 'employee'"),
        ),
        ({"pairs": [("executive", "exec")]}, problem("unknown-value", "pair ('executive', 'exec')")),
        ({"pairs": []}, problem("empty", "pairs")),
        ({"reference": "exec"}, problem("unknown-value", "reference")),
        ({"reference": "executive", "pairs": [("executive", "employee")]}, problem("conflict", "reference")),
    ],
)
def test_what_names_no_pair_is_refused(call: Any, given: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(**given)


def test_a_string_as_pairs_is_one_problem_not_one_a_letter() -> None:
    with pytest.raises(InvalidInput) as caught:
        CALLS["gaps"](pairs="executive")
    assert len(caught.value.problems) == 1
