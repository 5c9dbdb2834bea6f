"""Before and after a pilot: differences of changes, permutation tests, and words that claim no cause."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test, ttest_ind

from tests.refusals import Refusal, problem
from toolkit import analysis
from toolkit.analysis.panel import flipped_p, shuffled_p
from toolkit.errors import InvalidInput

panel_change = partial(analysis.panel_change, person="respondent_id")
pilot_change = partial(analysis.pilot_change, person="respondent_id")


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    size = 120
    arm, base = rng.choice(["pilot", "control"], size), rng.normal(3, 1, size)
    first = pd.DataFrame({"respondent_id": range(size), "arm": arm, "score": base})
    second = first.assign(score=base + rng.normal(0.1, 0.6, size) + 0.8 * (arm == "pilot"))
    both = pd.concat([first.assign(wave="1"), second.assign(wave="2")], ignore_index=True)
    both["agrees"] = (both["score"] > 3.2).astype(float)
    both.loc[rng.choice(len(both), 15, replace=False), ["score", "agrees"]] = np.nan
    return both.sample(frac=1, random_state=0, ignore_index=True)


def changes(frame: pd.DataFrame, item: str) -> tuple[np.ndarray, np.ndarray]:
    wide = frame.pivot(index=["respondent_id", "arm"], columns="wave", values=item)
    moved = (wide["2"] - wide["1"]).dropna()
    arms = moved.index.get_level_values("arm")
    return moved[arms == "pilot"].to_numpy(), moved[arms == "control"].to_numpy()


@pytest.mark.parametrize("item", ["score", "agrees"])
def test_with_a_control_group_it_is_welchs_t_of_each_persons_change(frame: pd.DataFrame, item: str) -> None:
    row = pilot_change(frame, item, arm="arm", control="control", measure="mean", seed=1).iloc[0]
    treated, others = changes(frame, item)
    found = ttest_ind(treated, others, equal_var=False)
    limits = found.confidence_interval()
    assert (row["n"], row["n_control"]) == (len(treated), len(others))
    assert row["estimate"] == pytest.approx(treated.mean() - others.mean(), rel=1e-9)
    assert row["std_error"] == pytest.approx(row["estimate"] / found.statistic, rel=1e-9)
    assert (row["df"], row["p_value"]) == pytest.approx((found.df, found.pvalue), rel=1e-7)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((limits.low, limits.high), rel=1e-9)


def test_without_a_control_group_it_is_the_panel_change(frame: pd.DataFrame) -> None:
    found = pilot_change(frame, ["score", "agrees"], measure="mean", seed=1)
    panel = panel_change(frame, ["score", "agrees"], by=(), measure="mean")
    for ours, theirs in (("estimate", "gap"), ("conf_low", "conf_low"), ("p_value", "p_value")):
        assert found[ours].tolist() == pytest.approx(panel[theirs].tolist(), rel=1e-9)


def test_shuffling_agrees_with_every_permutation() -> None:
    rng = np.random.default_rng(3)
    a, b = np.sort(rng.normal(0.9, 1, 7)), np.sort(rng.normal(0, 2, 6))

    def statistic(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return np.abs(ttest_ind(x, y, equal_var=False, axis=axis).statistic)

    exact = permutation_test(
        (a, b), statistic, alternative="greater", n_resamples=np.inf, vectorized=True
    ).pvalue
    drawn = 20_000
    error = (exact * (1 - exact) / drawn) ** 0.5
    assert shuffled_p(a, b, draws=drawn, seed=5) == pytest.approx(exact, abs=4 * error)


def test_turning_changes_about_agrees_with_every_sign() -> None:
    moved = np.array([0.4, 1.1, -0.3, 0.8, 0.9, 0.2, -0.1, 0.0])
    signs = np.array(list(itertools.product((-1, 1), repeat=len(moved))))
    exact = float((np.abs(signs @ moved) >= moved.sum() - 1e-12).mean())
    assert flipped_p(moved, draws=20_000, seed=2) == pytest.approx(exact, abs=0.015)


def test_the_permutation_test_keeps_its_level_where_the_arms_are_alike() -> None:
    rng = np.random.default_rng(12)
    found = [shuffled_p(rng.normal(0, 1, 8), rng.normal(0, 1, 16), draws=199, seed=at) for at in range(1000)]
    assert 0.035 <= float(np.mean(np.array(found) <= 0.05)) <= 0.065


def test_row_order_and_names_of_people_change_nothing_and_a_seed_repeats(frame: pd.DataFrame) -> None:
    options = {"arm": "arm", "control": "control", "measure": "mean", "seed": 3}
    found = pilot_change(frame, ["score", "agrees"], **options)
    other = frame.sample(frac=1, random_state=4)
    other["respondent_id"] = 1000 - other["respondent_id"]
    pd.testing.assert_frame_equal(pilot_change(other, ["score", "agrees"], **options), found)
    alone = pilot_change(frame, "agrees", **options)
    assert alone["p_permutation"].iloc[0] == found["p_permutation"].iloc[1]


def test_turning_the_arms_turns_the_sign(frame: pd.DataFrame) -> None:
    found = pilot_change(frame, "score", arm="arm", control="control", measure="mean", seed=3).iloc[0]
    turned = pilot_change(frame, "score", arm="arm", control="pilot", measure="mean", seed=3).iloc[0]
    assert (turned["estimate"], turned["conf_low"]) == pytest.approx(
        (-found["estimate"], -found["conf_high"])
    )


def test_joined_and_left_are_counted_in_each_arm(frame: pd.DataFrame) -> None:
    gone = frame["wave"].eq("2") & frame["respondent_id"].lt(20)
    row = pilot_change(frame[~gone], "score", arm="arm", control="control", measure="mean", seed=3).iloc[0]
    arms = frame[gone]["arm"].value_counts()
    assert (row["left"], row["left_control"]) == (arms["pilot"], arms["control"])
    assert (row["joined"], row["joined_control"]) == (0, 0)


@pytest.mark.parametrize("arm", [None, "arm"])
def test_the_sentence_says_changed_and_never_caused(frame: pd.DataFrame, arm: str | None) -> None:
    found = pilot_change(
        frame, ["score", "agrees"], arm=arm, control=arm and "control", measure="mean", seed=3
    )
    for said in found["says"]:
        assert "changed" in said
        assert not [word for word in ("caus", "effect", "because", "led to") if word in said]
    assert found["says"].str.contains("without a control group the reason is unknown").any() == (arm is None)


def test_arms_without_people_or_spread_are_rows_that_say_so() -> None:
    frame = pd.DataFrame(
        {"respondent_id": [1, 2, 3, 4] * 2, "wave": list("11112222"), "arm": list("aabb") * 2}
    ).assign(x=[1.0, 2, 3, 4, 2, 3, 3, 4], y=[1.0, 2, 3, 4, 5, None, 2, 1])
    found = pilot_change(frame, ["x", "y"], arm="arm", control="b", measure="mean", seed=1)
    assert "same amount" in found["method"].iloc[0]
    assert "fewer than two" in found["method"].iloc[1]
    assert found["p_value"].isna().all()
    assert (found["says"] == "no comparison could be made").all()


@pytest.mark.parametrize(
    ("change", "options", "refusal"),
    [
        ({}, {"arm": "arm", "control": "contrl"}, problem("unknown-value", "control")),
        ({}, {"control": "control"}, problem("missing-argument", "control")),
        ({"arm": "pilot"}, {"arm": "arm", "control": "pilot"}, problem("wrong-shape", "column arm")),
        ({}, {"permutations": 10}, problem("out-of-range", "permutations")),
        (
            {"respondent_id": 1},
            {},
            problem("duplicate-id", "column respondent_id, wave 1")
            + problem("duplicate-id", "column respondent_id, wave 2"),
        ),
    ],
)
def test_pilots_that_cannot_be_judged_are_refused(
    frame: pd.DataFrame, change: dict, options: dict, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        pilot_change(frame.assign(**change), "score", measure="mean", seed=1, **options)


def test_people_in_both_arms_are_refused(frame: pd.DataFrame) -> None:
    frame.loc[frame["respondent_id"].eq(5) & frame["wave"].eq("2"), "arm"] = "pilot"
    frame.loc[frame["respondent_id"].eq(5) & frame["wave"].eq("1"), "arm"] = "control"
    with pytest.raises(InvalidInput, check=problem("inconsistent", "column arm")):
        pilot_change(frame, "score", arm="arm", control="control", measure="mean", seed=1)
