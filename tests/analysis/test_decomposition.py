"""Gaps split into composition and perception: R, statsmodels, Kitagawa by hand, identities, refusals."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.oracles.reading import HERE, sample
from toolkit.analysis.decomposition import SPLIT_COLUMNS
from toolkit.errors import InvalidInput

CASES = json.loads((HERE / "gap_split_cases.json").read_text("utf-8"))["cases"]


def _answers(**changes: Any) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 400
    frame = pd.DataFrame(
        {
            "audience": pd.Categorical(rng.choice(["executive", "employee", "freelancer"], n)),
            "role": rng.choice(["desk", "shop", "field"], n),
            "country": rng.choice(["de", "fr"], n),
            "years": rng.integers(0, 30, n).astype(float),
            "wt": rng.uniform(0.5, 2, n).round(3),
            "site": rng.integers(0, 40, n).astype(str),
        }
    )
    lift = (frame["role"] == "desk") * 1.0 + frame["years"] / 20 + (frame["audience"] == "executive") * 0.5
    frame["score"] = (lift + rng.normal(size=n)).round(3)
    frame["agrees"] = (frame["score"] > 1).astype(int)
    return frame.assign(**changes)


def _totals(rows: pd.DataFrame, **other: Any) -> dict[str, float]:
    chosen = rows[rows["column"] == other.pop("column", "")]
    return dict(zip(chosen["component"], chosen["estimate"], strict=True))


@pytest.mark.parametrize("case", CASES, ids=[one["id"] for one in CASES])
def test_estimates_and_errors_are_those_from_rs_covariance_of_totals(case: dict[str, Any]) -> None:
    frame, design = sample(case["design"])
    level = np.where(
        (frame["grp"] == "ant") & (frame["x"] > 1.2), "top", np.where(frame["x"] > 0, "up", "low")
    )
    rows = tk.decompose_gap(
        frame.assign(lv=level),
        case["item"],
        case["columns"],
        between="grp",
        pairs=[tuple(case["pair"])],
        measure="mean",
        split=case["split"],
        reference=case["reference"],
        design=design,
    )
    given = dict(zip(case["parts"], zip(*case["result"].values(), strict=True), strict=True))
    assert len(rows) >= 5
    for component, column, estimate, error in rows[["component", "column", "estimate", "std_error"]].values:
        expected, spread = given.pop(f"{component}/{column}")
        assert estimate == pytest.approx(expected, rel=1e-7, abs=1e-9)
        assert error == pytest.approx(spread, rel=2e-6, abs=1e-8)
    # what is left of R's are parts of nobody
    assert all(abs(estimate) < 1e-9 for estimate, _ in given.values())


@pytest.mark.parametrize(
    ("ours", "theirs"), [("average", "reimers"), ("size", "cotton"), ("pooled", "pooled")]
)
@pytest.mark.filterwarnings("ignore")
def test_unweighted_splits_are_statsmodels(ours: str, theirs: str) -> None:
    from statsmodels.stats.oaxaca import OaxacaBlinder

    frame = _answers()
    pair = ("executive", "employee")
    both = frame[frame["audience"].isin(pair)]
    x = pd.get_dummies(both[["role", "country", "years"]], drop_first=True, dtype=float)
    x["group"] = (both["audience"] == pair[1]) * 1.0  # the first group of statsmodels is the one of 0
    model = OaxacaBlinder(both["score"], x, "group", hasconst=False, swap=False)
    options: dict[str, Any] = {"pairs": [pair], "measure": "mean"}
    background = ["role", "country", "years"]
    two = _totals(tk.decompose_gap(frame, "score", background, reference=ours, **options))  # type: ignore[arg-type]
    three = _totals(tk.decompose_gap(frame, "score", background, split="threefold", **options))
    unexplained, explained, gap = model.two_fold(two_fold_type=theirs).params
    endowments, coefficients, interaction, _ = model.three_fold().params
    assert [two["gap"], two["perception"], two["composition"]] == pytest.approx([gap, unexplained, explained])
    expected = [endowments, coefficients, interaction]
    assert [three[one] for one in ("composition", "perception", "interaction")] == pytest.approx(expected)


def test_one_column_of_shares_is_kitagawas_split() -> None:
    frame = _answers()
    rows = _totals(tk.decompose_gap(frame, "agrees", "role", measure="1", pairs=[("executive", "employee")]))
    mix = pd.crosstab(frame["audience"], frame["role"], normalize="index")
    rate = frame.groupby(["audience", "role"], observed=True)["agrees"].mean().unstack()
    a, b = "executive", "employee"
    composition = ((mix.loc[a] - mix.loc[b]) * (rate.loc[a] + rate.loc[b]) / 2).sum()
    perception = ((rate.loc[a] - rate.loc[b]) * (mix.loc[a] + mix.loc[b]) / 2).sum()
    assert rows["composition"] == pytest.approx(composition)
    assert rows["perception"] == pytest.approx(perception)


def test_parts_sum_to_the_gap_of_the_gap_table_and_columns_to_their_component() -> None:
    frame = _answers()
    options: dict[str, Any] = {"measure": "mean", "design": tk.Design(weights="wt", clusters="site")}
    rows = tk.decompose_gap(frame, ["score", "agrees"], ["role", "country", "years"], **options)
    gaps = tk.gaps(frame, ["score", "agrees"], **options)
    key = ["item", "audience_a", "audience_b"]
    total = rows[rows["column"] == ""]
    of_gaps = total[total["component"] == "gap"].set_index(key)
    known = gaps.set_index(key).loc[of_gaps.index]
    for ours, theirs in [
        ("estimate", "gap"),
        ("std_error", "std_error"),
        ("df", "df"),
        ("p_value", "p_value"),
    ]:
        assert of_gaps[ours].tolist() == pytest.approx(known[theirs].tolist(), rel=1e-9)
    parts = total[total["component"] != "gap"].groupby(key)["estimate"].sum()
    assert parts.loc[of_gaps.index].tolist() == pytest.approx(of_gaps["estimate"].tolist())
    detail = rows[rows["column"] != ""].groupby([*key, "component"])["estimate"].sum()
    whole = total[total["component"] != "gap"].set_index([*key, "component"])["estimate"]
    assert detail.sort_index().tolist() == pytest.approx(whole.sort_index().tolist())
    assert rows.columns.tolist() == ["item", "measure", *SPLIT_COLUMNS]
    assert rows["design"].all()


def test_turning_the_pair_round_turns_signs_and_the_order_of_levels_nothing() -> None:
    frame = _answers()
    ways = [
        (frame, ("executive", "employee")),
        (frame, ("employee", "executive")),
        (frame.replace({"role": {"desk": "z"}}), ("executive", "employee")),
    ]
    one, turned, named = (
        tk.decompose_gap(part, "score", ["role", "years"], measure="mean", pairs=[pair])
        for part, pair in ways
    )
    assert turned["estimate"].tolist() == pytest.approx((-one["estimate"]).tolist())
    assert turned["std_error"].tolist() == pytest.approx(one["std_error"].tolist())
    assert named["estimate"].tolist() == pytest.approx(one["estimate"].tolist())
    assert named["std_error"].tolist() == pytest.approx(one["std_error"].tolist())


def test_levels_of_one_group_alone_are_set_apart_and_named() -> None:
    frame = _answers()
    frame.loc[(frame["audience"] == "executive") & (frame["years"] > 20), "role"] = "owner"
    owners = (frame["role"] == "owner") & (frame["audience"] == "executive")
    rows = tk.decompose_gap(
        frame, "score", ["role", "country"], measure="mean", pairs=[("executive", "employee")]
    )
    first = rows.iloc[0]
    executives = frame["audience"] == "executive"
    assert first["outside_a"] == pytest.approx(owners.sum() / executives.sum())
    assert first["outside_b"] == 0
    found = _totals(rows)
    part = frame.loc[executives, "score"].mean() - frame.loc[executives & ~owners, "score"].mean()
    assert found["no_counterpart_a"] == pytest.approx(part)
    assert found["gap"] == pytest.approx(
        found["composition"] + found["perception"] + found["no_counterpart_a"]
    )
    assert "no_counterpart_b" not in found
    assert f"role 'owner': {owners.sum()} answers of executive" in first["note"]
    assert rows["n_a"].iloc[0] == executives.sum()


def test_combinations_of_one_group_alone_and_missing_backgrounds_are_counted() -> None:
    frame = _answers()
    executives = frame["audience"] == "executive"
    frame = frame[~(executives & (frame["role"] == "field") & (frame["country"] == "fr"))].copy()
    lost = frame.index[frame["audience"] == "employee"][:4]
    frame["role"] = frame["role"].astype("category").cat.add_categories(["-3"])
    frame.loc[lost, "role"] = "-3"
    row = tk.decompose_gap(
        frame, "score", ["role", "country"], measure="mean", pairs=[("executive", "employee")]
    ).iloc[0]
    staff = frame[(frame["audience"] == "employee") & (frame["role"] != "-3")]
    alone = ((staff["role"] == "field") & (staff["country"] == "fr")).mean()
    assert (row["left_out_a"], row["left_out_b"]) == (0, 4)
    assert (row["extrapolated_a"], row["extrapolated_b"]) == (0, pytest.approx(alone))
    assert row["note"].count(";") == 1


def test_replicates_agree_with_linearisation_where_samples_are_large() -> None:
    frame = _answers()
    made = tk.make_replicates(frame, tk.Design(weights="wt", clusters="site"), kind="JK1")
    options: dict[str, Any] = {"measure": "mean", "pairs": [("executive", "employee")]}
    background = ["role", "years"]
    linear = tk.decompose_gap(
        frame, "score", background, design=tk.Design(weights="wt", clusters="site"), **options
    )
    repeated = tk.decompose_gap(made.frame, "score", background, design=made.design, **options)
    assert repeated["estimate"].tolist() == pytest.approx(linear["estimate"].tolist())
    totals = linear["column"] == ""
    assert repeated.loc[totals, "std_error"].tolist() == pytest.approx(
        linear.loc[totals, "std_error"].tolist(), rel=0.1
    )


def test_groups_of_by_are_split_on_their_own() -> None:
    frame = _answers()
    rows = tk.decompose_gap(frame, "score", "role", by="country", measure="mean")
    french = tk.decompose_gap(frame[frame["country"] == "fr"], "score", "role", measure="mean")
    part = rows[rows["country"] == "fr"]
    assert part["estimate"].tolist() == pytest.approx(french["estimate"].tolist())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"role": lambda f: f["country"]}, "repeat"),
        ({"years": 5.0}, "repeat"),
        ({"score": lambda f: f["score"].where((f["audience"] != "employee") | (f.index < 20))}, "too few"),
    ],
)
def test_what_cannot_be_split_keeps_its_row_and_its_gap(changes: dict[str, Any], word: str) -> None:
    rows = tk.decompose_gap(
        _answers().assign(**changes), "score", ["role", "country", "years"], measure="mean",
        pairs=[("executive", "employee")],
    )  # fmt: skip
    assert (rows["method_code"] == "not_computed").all()
    assert math.isfinite(rows["estimate"].iloc[0])
    assert rows["estimate"].iloc[1:].isna().all()
    assert rows["std_error"].isna().all()
    assert word in rows["method"].iloc[0]


def test_answers_that_do_not_vary_have_no_test() -> None:
    rows = tk.decompose_gap(_answers(agrees=1), "agrees", "role", measure="1")
    assert (rows["method_code"] == "no_variation").all()
    assert rows["p_value"].isna().all()
    assert (rows["estimate"].abs() < 1e-12).all()


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"background": []}, ["background"]),
        ({"background": ["role", "rôle", "audience"]}, ["column rôle", "column audience"]),
        ({"background": ["score"]}, ["column score"]),
        ({"split": "fourfold", "reference": "c"}, ["split", "reference"]),
        ({"background": ["nowhere"], "level": 95}, ["column nowhere", "level"]),
        ({"split": "threefold", "reference": "average"}, ["reference"]),
        ({"pairs": [("executive", "boss")]}, ["pair ('executive', 'boss')"]),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_place(changes: dict[str, Any], places: list[str]) -> None:
    options: dict[str, Any] = {"background": ["role"], "measure": "mean"} | changes
    with pytest.raises(InvalidInput) as caught:
        tk.decompose_gap(_answers(), "score", **options)
    assert [problem.where for problem in caught.value.problems] == places


def test_groups_without_weight_and_designs_without_df_have_no_test_and_say_why() -> None:
    frame = _answers()
    pair = [("executive", "employee")]
    unweighted = frame["wt"].where(frame["audience"] != "employee", 0.0)
    rows = tk.decompose_gap(
        frame.assign(wt=unweighted),
        "score",
        "role",
        measure="mean",
        pairs=pair,
        design=tk.Design(weights="wt"),
    )
    assert (rows["method_code"] == "not_computed").all()
    assert rows["n_b"].tolist() == [0] * len(rows)
    lone = tk.Design(clusters="country", strata="stratum", lonely="certainty")
    halves = frame.assign(stratum=frame["country"])
    rows = tk.decompose_gap(halves, "score", "role", measure="mean", pairs=pair, design=lone)
    assert (rows["method_code"] == "no_df").all()
    assert rows["p_value"].isna().all()
    assert rows["conf_low"].isna().all()


def test_infinite_df_give_normal_intervals() -> None:
    frame = _answers()
    options: dict[str, Any] = {"measure": "mean", "pairs": [("executive", "employee")]}
    rows = tk.decompose_gap(frame, "score", "role", design=tk.Design(df=math.inf), **options)
    first = rows.iloc[0]
    assert first["conf_high"] - first["estimate"] == pytest.approx(1.959964 * first["std_error"], rel=1e-6)
    assert first["p_value"] == pytest.approx(math.erfc(abs(first["statistic"]) / math.sqrt(2)), rel=1e-6)
