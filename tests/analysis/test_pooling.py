"""Rubin's rules: W16, by hand, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput

DESIGN = Design(weights="weight", strata="audience")


def _frames() -> list[pd.DataFrame]:
    every = data("org_given_imputed5")
    levels = ["executive", "employee", "freelancer"]
    every = every.assign(audience=pd.Categorical(every.audience, levels))
    return [part.reset_index(drop=True) for _, part in every.groupby("imp")]


def _check(pooled: tk.Pooled, result: dict[str, Any]) -> None:
    def listed(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    table = pooled.table
    assert table["estimate"].tolist() == close(listed(result["estimate"]))
    assert table["std_error"].tolist() == close(listed(result["se"]))
    assert table["df"].tolist() == close(listed(result["df"]))
    assert table["missing_information"].tolist() == close(listed(result["missinfo"]))
    assert table["conf_low"].tolist() == close([low for low, _ in result["ci95"]])
    assert table["conf_high"].tolist() == close([high for _, high in result["ci95"]])


@pytest.mark.parametrize(
    "case", [one for one in cases("W16_missing_mi") if one.values[0] is None or "svymean" in str(one.values)]
)
def test_pooled_shares_equal_r(case: dict[str, Any]) -> None:
    if not case["call"].startswith("MIcombine"):
        return
    by = "audience" if "svyby" in case["call"] else None
    found = tk.pool_frames(_frames(), lambda frame: tk.estimate(frame, "t01", by=by, design=DESIGN))
    _check(found, case["result"])


def test_pooled_coefficients_of_a_plain_logit_equal_r() -> None:
    case = next(
        (
            one.values[0]
            for one in cases("W16_missing_mi")
            if one.values[0] and "glm(t01" in one.values[0]["call"]
        ),
        None,
    )
    if case is None:
        pytest.skip("the R results beside the project are absent")
    import statsmodels.formula.api as smf

    fits = [
        smf.logit("t01 ~ C(audience, Treatment('executive'))", frame).fit(disp=0, tol=1e-14)
        for frame in _frames()
    ]
    found = tk.pool([fit.params for fit in fits], [fit.cov_params() for fit in fits])
    _check(found, case["result"])


def test_a_pooled_linear_model_equals_r() -> None:
    every = [one.values[0] for one in cases("W16_missing_mi") if one.values[0]]
    case = next((one for one in every if "svyglm" in one["call"]), None)
    if case is None:
        pytest.skip("the R results beside the project are absent")
    fits = [tk.regression(frame, "nps ~ audience + q02", design=DESIGN) for frame in _frames()]
    found = tk.pool([fit.table["estimate"] for fit in fits], [fit.cov_params() for fit in fits])
    _check(found, case["result"])


def test_frames_that_agree_lose_nothing() -> None:
    found = tk.pool([[2.0, 1.0]] * 3, [np.eye(2) * 4] * 3, names=["a", "b"])
    assert found.table["std_error"].tolist() == [2.0, 2.0]
    assert np.isinf(found.table["df"]).all()
    assert found.table["missing_information"].tolist() == [0.0, 0.0]


def test_the_order_of_frames_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    values, errors = rng.normal(size=(4, 2)), [np.eye(2) * at for at in range(1, 5)]
    one, other = tk.pool(values, errors), tk.pool(values[::-1], errors[::-1])
    pd.testing.assert_frame_equal(one.table, other.table)
    np.testing.assert_allclose(one.covariance, other.covariance)


def test_barnard_and_rubins_df_stay_below_those_of_complete_data() -> None:
    # m = 3, W = 1, B = 1: r = 4/3, Rubin's df 6.125; 20 complete df leave 21/23 · 20 · 3/7 = 7.826
    row = tk.pool([[1.0], [2.0], [3.0]], [[[1.0]]] * 3, df=20).table.iloc[0]
    assert row["df"] == close(1 / (1 / 6.125 + 1 / (21 / 23 * 20 * 3 / 7)))


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.pool([[1.0]], [[[1.0]]]), problem("too-few", "estimates")),
        (lambda: tk.pool([[1.0], [2.0]], [[[1.0]]]), problem("unequal-length", "covariances")),
        (lambda: tk.pool([[1.0], [2.0, 3.0]], [[[1.0]], np.eye(2)]), problem("unequal-length", "frame 2")),
        (
            lambda: tk.pool([[1.0], [2.0]], [np.eye(2)] * 2),
            problem("wrong-shape", "frame 1") + problem("wrong-shape", "frame 2"),
        ),
        (lambda: tk.pool([[1.0], [np.nan]], [[[1.0]]] * 2), problem("not-finite", "frame 2")),
        (
            lambda: tk.pool([[1.0], [2.0]], [[[1.0]]] * 2, names=["a", "b"]),
            problem("unequal-length", "names"),
        ),
        (lambda: tk.pool([[1.0], [2.0]], [[[1.0]]] * 2, df=0), problem("out-of-range", "df")),
        (
            lambda: tk.pool_frames(
                [pd.DataFrame({"y": [1.0, 2], "g": [1, at]}) for at in (1, 2)],
                lambda frame: tk.estimate(frame, "y", by="g"),
            ),
            problem("inconsistent", "frame 2"),
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
