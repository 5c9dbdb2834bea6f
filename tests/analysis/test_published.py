"""Shares against a published figure taken as fixed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.refusals import Refusal, problem
from toolkit.analysis import (
    Design,
    against_published,
    design_t_test,
    proportions,
)
from toolkit.errors import InvalidInput


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    size = 240
    return pd.DataFrame(
        {
            "audience": rng.choice(["a", "b"], size),
            "team": rng.integers(0, 30, size),
            "weight": rng.uniform(1, 3, size),
            "x": np.where(rng.random(size) < 0.05, np.nan, rng.random(size) < 0.45),
            "y": (rng.random(size) < 0.06).astype(float),
        }
    )


def test_it_is_the_score_test_with_wilsons_interval(frame: pd.DataFrame) -> None:
    found = against_published(frame, "x", 0.55, by="audience", measure="1").set_index("audience")
    for audience, part in frame.groupby("audience"):
        test = library.score_test(int(part["x"].sum()), int(part["x"].count()), p=0.55)
        row = found.loc[audience]
        assert row["gap"] == pytest.approx(test.estimate - 0.55, rel=1e-12)
        assert (row["statistic"] ** 2, row["p_value"]) == pytest.approx(
            (test.statistic, test.p_value), rel=1e-9
        )
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(
            (test.conf_low - 0.55, test.conf_high - 0.55), rel=1e-9
        )


def test_where_few_are_expected_it_is_the_exact_test(frame: pd.DataFrame) -> None:
    row = against_published(frame, "y", 0.02, measure="1").iloc[0]
    test = library.exact_binomial_test(int(frame["y"].sum()), len(frame), p=0.02)
    assert (row["p_value"], row["conf_low"]) == pytest.approx((test.p_value, test.conf_low - 0.02), rel=1e-9)
    assert "exact binomial test" in row["method"]


def test_the_interval_leaves_out_the_figure_exactly_where_p_is_small() -> None:
    for hits in range(10, 41):
        frame = pd.DataFrame({"x": [1] * hits + [0] * (50 - hits)})
        row = against_published(frame, "x", 0.5, measure="1").iloc[0]
        assert (row["p_value"] < 0.05) == (not row["conf_low"] <= 0 <= row["conf_high"])


def test_under_a_design_it_is_the_t_of_the_share(frame: pd.DataFrame) -> None:
    design = Design(weights="weight", clusters="team")
    row = against_published(frame, "x", 0.55, measure="1", design=design).iloc[0]
    share = proportions(frame, "x", measure="1", design=design).iloc[0]
    test = design_t_test(frame, "x", mu=0.55, design=design)
    assert (row["std_error"], row["df"]) == pytest.approx((share["std_error"], share["df"]), rel=1e-12)
    assert row["statistic"] == pytest.approx((share["estimate"] - 0.55) / share["std_error"], rel=1e-12)
    assert row["statistic"] == pytest.approx(test.statistic, rel=1e-9)


def test_row_order_and_turning_the_question_change_nothing_else(frame: pd.DataFrame) -> None:
    found = against_published(frame, "x", 0.55, measure="1")
    shuffled = against_published(frame.sample(frac=1, random_state=1), "x", 0.55, measure="1")
    pd.testing.assert_frame_equal(found, shuffled)
    turned = against_published(frame, "x", 0.45, measure="0").iloc[0]
    assert (-turned["conf_high"], turned["p_value"]) == pytest.approx(
        (found["conf_low"].iloc[0], found["p_value"].iloc[0])
    )


def test_each_item_has_its_own_figure_and_p_is_adjusted_over_them(frame: pd.DataFrame) -> None:
    found = against_published(frame, ["x", "y"], {"x": 0.55, "y": 0.2}, measure="1")
    assert found["estimate_b"].tolist() == [0.55, 0.2]
    assert found["p_adjusted"].max() == found["p_value"].max()
    assert found["p_adjusted"].min() == pytest.approx(2 * found["p_value"].min())


def test_answers_that_do_not_vary_have_no_test_under_a_design(frame: pd.DataFrame) -> None:
    frame["x"] = 1.0
    found = against_published(frame, "x", 0.5, measure="1", design=Design(weights="weight")).iloc[0]
    assert np.isnan(found["p_value"])
    assert "do not vary" in found["method"]


@pytest.mark.parametrize(
    ("published", "refusal"),
    [
        (55, problem("out-of-range", "published share of x")),
        (0.0, problem("out-of-range", "published share of x")),
        (float("nan"), problem("out-of-range", "published share of x")),
        ({"z": 0.5}, problem("missing-value", "item x") + problem("unknown-item", "published, 'z'")),
        ({"x": 0.5, "xx": 0.5}, problem("unknown-item", "published, 'xx'")),
    ],
)
def test_a_figure_that_cannot_be_is_refused(frame: pd.DataFrame, published: object, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        against_published(frame, "x", published, measure="1")


def test_a_design_without_parts_is_a_simple_sample_and_a_group_of_nobody_says_so(frame: pd.DataFrame) -> None:
    frame["audience"] = pd.Categorical(frame["audience"], ["a", "b", "nobody"])
    found = against_published(frame, "x", 0.55, by="audience", measure="1")
    same = against_published(frame, "x", 0.55, by="audience", measure="1", design=Design())
    pd.testing.assert_frame_equal(found, same)
    assert np.isnan(found["p_value"].iloc[2])
    assert found["method"].iloc[2] == "not computed: no one answered"
