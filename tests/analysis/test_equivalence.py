"""U06: equivalence tests against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.analysis import library
from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _found(call: str) -> Any:
    low, high = map(float, re.search(r"(-[\d.]+), ([\d.]+)\)$", call).groups())
    if call.startswith("tost_prop"):
        counts = map(int, re.search(r"\((\d+),(\d+),(\d+),(\d+)", call).groups())
        return library.equivalence_of_proportions(*counts, margin=(low, high))
    frame = data("org_given")
    sides = re.findall(r"org_given\$(\w+)\[org_given\$audience=='(\w+)'\]", call)
    a, b = (frame.loc[frame.audience == name, item] for item, name in sides)
    return library.equivalence_of_means(a, b, margin=(low, high), equal_variances="pooled" in call)


@pytest.mark.parametrize("case", cases("U06_tost"))
def test_equivalence_equals_r(case: dict[str, Any]) -> None:
    found, r = _found(case["call"]), case["result"]
    kind = "z" if "z_low" in r else "t"
    assert [found.estimate, found.statistic_low, found.p_low] == close(
        [r["diff"], r[f"{kind}_low"], r["p_low"]]
    )
    assert [found.statistic_high, found.p_high, found.p_value] == close(
        [r[f"{kind}_high"], r["p_high"], r["p_tost"]]
    )
    if "ci90" in r:
        assert [found.conf_low, found.conf_high] == close(r["ci90"])
    if "se" in r:
        assert found.std_error == close(r["se"])
    else:
        assert found.df == close(r["df"])


def test_equivalent_means_the_interval_lies_within_the_margin() -> None:
    rng = np.random.default_rng(4)
    estimate, error, df = rng.normal(0, 0.1, 400), rng.uniform(0.01, 0.1, 400), rng.uniform(3, 60, 400)
    found = tk.equivalence(estimate, error, df=df, margin=0.1)
    inside = (found.conf_low > -0.1) & (found.conf_high < 0.1)
    assert ((found.p_value < 0.05) == inside).all()
    assert 50 < inside.sum() < 350


def test_a_weighted_gap_table_can_be_tested_row_by_row() -> None:
    frame = data("org_given")
    table = tk.gaps(frame, ["t01", "t02"], measure="mean", design=tk.Design(weights="weight"))
    found = tk.equivalence(table["gap"], table["std_error"], df=table["df"], margin=0.1)
    assert found.p_value.shape == (6,)
    assert (found.p_value == np.maximum(found.p_low, found.p_high)).all()


def test_without_an_error_there_is_no_answer() -> None:
    found = tk.equivalence([0.1, 0.2], [np.nan, 0.0], margin=0.1)
    assert np.isnan(found.p_value).all()


@pytest.mark.parametrize(
    ("margin", "refusal"),
    [
        (0, problem("wrong-order", "margin")),
        (-0.1, problem("wrong-order", "margin")),
        ((0.1, -0.1), problem("wrong-order", "margin")),
    ],
)
def test_a_margin_that_cannot_be_meant_is_refused(margin: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        tk.equivalence(0.1, 0.03, margin=margin)
