"""W15 and the gap table: against R, its invariances, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.analysis.contract import gap_columns
from toolkit.errors import InvalidInput

TOPS = [f"t{at:02d}" for at in range(1, 21)]


def _check_table(case: dict[str, Any]) -> None:
    for method in ("holm", "BH", "bonferroni", "hochberg", "BY"):
        found = tk.gaps(
            data("org_given"), TOPS, measure="mean", design=DESIGNS[case["design_name"]], adjust=method
        )
        wanted = pd.DataFrame(case["result"])
        assert found["item"].tolist() == wanted["item"].tolist()
        assert found["audience_a"].tolist() == wanted["a"].tolist()
        assert found["audience_b"].tolist() == wanted["b"].tolist()
        pairs = {
            "estimate_a": "p_a",
            "estimate_b": "p_b",
            "gap": "gap",
            "std_error": "se",
            "df": "df",
            "statistic": "t",
            "p_value": "p_t",
        }
        for ours, theirs in (pairs | {"p_adjusted": f"p_t_{method}"}).items():
            assert found[ours].tolist() == close(wanted[theirs].tolist()), ours


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_means(found: pd.DataFrame, result: dict[str, Any]) -> None:
    assert found["estimate"].tolist() == close(_listed(result["estimate"]))
    assert found["std_error"].tolist() == close(_listed(result["se"]))
    assert set(found["df"]) == {result["design_df"]}
    limits = result["ci95_t_designdf"]
    assert found["conf_low"].tolist() == close([low for low, _ in limits])
    assert found["conf_high"].tolist() == close([high for _, high in limits])


@pytest.mark.parametrize("case", cases("W15_gap_table"))
def test_the_weighted_gap_table_equals_r(case: dict[str, Any]) -> None:
    frame, call, design = data("org_given"), case["call"], DESIGNS[case["design_name"]]
    result = case.get("result_survey_4_5", case["result"])
    if call.startswith("{r <- do.call"):
        _check_table(case)
    elif call.startswith("svycontrast(svyby(~npsscore"):
        found = tk.gaps(frame, "npsscore", measure="mean", design=design)
        assert found["gap"].tolist() == close(result["estimate"])
        assert found["std_error"].tolist() == close(result["se"])
        assert found["conf_low"].tolist() == close([low for low, _ in result["ci95_t_designdf"]])
    elif call.startswith("svyby(~tick_a+"):
        found = tk.means(frame, [f"tick_{one}" for one in "abcdef"], by="audience", design=design)
        _check_means(found, result)
    elif call.startswith("svyby(~t01, ~wave"):
        audience = re.search(r"audience=='(\w+)'", call).group(1)
        found = tk.means(frame, "t01", by=["audience", "wave"], design=design)
        _check_means(found[found.audience == audience], result)
    elif call.startswith("svyby"):
        item = re.match(r"svyby\(~(\w+)", call).group(1)
        _check_means(tk.means(frame, item, by="audience", design=design), result)
    elif call.startswith("svyratio"):
        ticks = [f"tick_{one}" for one in "abcdef"]
        found = tk.ratios(frame, {one: (one, ticks) for one in ticks[:2]}, design=design)
        _check_means(found, result)
    else:
        assert call.startswith("svycontrast(svyby(~t01, ~audience+wave")
        trends = tk.estimate(frame, "t01", by=["audience", "wave"], design=design)
        text = "(`executive.2025` - `executive.2024`) - (`employee.2025` - `employee.2024`)"
        _check_means(tk.contrast(trends, {"difference of trends": text}), result)


def _frame(seed: int = 3, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    audience = pd.Categorical(
        rng.choice(["executive", "employee", "freelancer"], rows), ["executive", "employee", "freelancer"]
    )
    return pd.DataFrame(
        {
            "audience": audience,
            "a": rng.integers(0, 2, rows) * 1.0,
            "b": np.where(rng.uniform(size=rows) < 0.1, np.nan, rng.integers(0, 2, rows)),
            "hours": rng.normal(40, 5, rows),
            "weight": rng.uniform(0.2, 3, rows),
            "unit": rng.integers(0, 30, rows),
        }
    )


def _same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a, b, rtol=1e-9)


def test_the_contract_names_its_columns_in_order() -> None:
    assert list(tk.gaps(_frame(), "a", measure="mean").columns) == gap_columns()
    table = tk.gaps(_frame().assign(site="x"), "a", measure="mean", by="site")
    assert list(table.columns) == gap_columns(["site"])


def test_row_order_does_not_matter() -> None:
    frame = _frame()
    for design in (Design(), Design(weights="weight"), Design(weights="weight", clusters="unit")):
        _same(
            tk.gaps(frame, ["a", "b", "hours"], measure="mean", design=design),
            tk.gaps(frame.sample(frac=1, random_state=1), ["a", "b", "hours"], measure="mean", design=design),
        )


def test_the_scale_of_weights_does_not_matter() -> None:
    frame = _frame()
    for clusters in (None, "unit"):
        design = Design(weights="weight", clusters=clusters)
        _same(
            tk.gaps(frame, ["a", "b"], measure="mean", design=design),
            tk.gaps(frame.assign(weight=frame.weight * 137), ["a", "b"], measure="mean", design=design),
        )


def test_swapping_the_pair_flips_the_sign_alone() -> None:
    for design in (Design(), Design(weights="weight", clusters="unit")):
        there = tk.gaps(
            _frame(), ["a", "b"], measure="mean", pairs=[("executive", "employee")], design=design
        )
        back = tk.gaps(_frame(), ["a", "b"], measure="mean", pairs=[("employee", "executive")], design=design)
        for one, other in (
            ("gap", "gap"),
            ("conf_low", "conf_high"),
            ("statistic", "statistic"),
            ("effect_size", "effect_size"),
        ):
            assert there[one].tolist() == close((-back[other]).tolist())
        for name in ("p_value", "p_adjusted", "std_error", "minimum_detectable_gap"):
            assert there[name].tolist() == close(back[name].tolist())


def test_twins_of_half_weight_in_one_unit_change_nothing() -> None:
    frame = _frame().assign(person=lambda f: np.arange(len(f)))
    twins = pd.concat([frame, frame], ignore_index=True).assign(weight=lambda f: f.weight / 2)
    design = Design(weights="weight", clusters="person")
    columns = ["gap", "std_error", "conf_low", "conf_high", "df", "p_value"]
    _same(
        tk.gaps(frame, ["a", "b"], measure="mean", design=design)[columns],
        tk.gaps(twins, ["a", "b"], measure="mean", design=design)[columns],
    )


def test_one_item_alone_is_the_same_row_as_among_many() -> None:
    frame = _frame()
    for design in (Design(), Design(weights="weight", clusters="unit")):
        many = tk.gaps(frame, ["a", "b", "hours"], measure="mean", design=design, adjust="none")
        alone = tk.gaps(frame, "b", measure="mean", design=design, adjust="none")
        _same(many[many.item == "b"].reset_index(drop=True), alone)


def test_a_group_of_its_own_is_the_same_row_within_a_simple_sample() -> None:
    frame = _frame().assign(site=lambda f: np.where(np.arange(len(f)) % 2, "x", "y"))
    both = tk.gaps(frame, ["a", "b"], measure="mean", by="site", adjust="none")
    alone = tk.gaps(frame[frame.site == "x"], ["a", "b"], measure="mean", adjust="none")
    _same(both[both.site == "x"].drop(columns="site").reset_index(drop=True), alone)


def test_means_are_compared_by_welch_and_hedges() -> None:
    from scipy.stats import ttest_ind

    frame = _frame()
    row = tk.gaps(frame, "hours", measure="mean", pairs=[("executive", "freelancer")]).iloc[0]
    a, b = (frame.loc[frame.audience == name, "hours"] for name in ("executive", "freelancer"))
    wanted = ttest_ind(a, b, equal_var=False)
    limits = wanted.confidence_interval()
    assert [row["statistic"], row["p_value"], row["df"]] == close(
        [wanted.statistic, wanted.pvalue, wanted.df]
    )
    assert [row["conf_low"], row["conf_high"]] == close([limits.low, limits.high])
    pooled = np.sqrt(((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / (len(a) + len(b) - 2))
    assert row["effect_size"] == pytest.approx(
        (a.mean() - b.mean()) / pooled * (1 - 3 / (4 * (len(a) + len(b) - 2) - 1)), rel=1e-5
    )
    assert row["method"] == "Welch t test"


def test_small_tables_get_fishers_exact_test() -> None:
    frame = pd.DataFrame({"audience": ["a"] * 3 + ["b"] * 20, "q": [1.0] * 3 + [0.0] * 16 + [1.0] * 4})
    row = tk.gaps(frame, "q", measure="mean").iloc[0]
    assert row["p_value"] == close(library.fisher_exact(3, 3, 4, 20).p_value)
    assert row["method"] == "Newcombe interval; Fisher's exact test"
    assert np.isnan(row["statistic"])


def test_every_interval_method_is_its_own_function() -> None:
    frame = pd.DataFrame(
        {"audience": ["a"] * 70 + ["b"] * 80, "q": [1.0] * 56 + [0.0] * 14 + [1.0] * 48 + [0.0] * 32}
    )
    ways = {
        "newcombe": library.newcombe,
        "miettinen-nurminen": tk.miettinen_nurminen,
        "agresti-caffo": library.agresti_caffo,
        "wald": library.wald_difference,
    }
    for name, way in ways.items():
        row, wanted = tk.gaps(frame, "q", measure="mean", method=name).iloc[0], way(56, 70, 48, 80)
        assert [row["conf_low"], row["conf_high"]] == close([wanted.conf_low, wanted.conf_high])


def test_a_declared_family_is_adjusted_apart_from_the_rest() -> None:
    table = tk.gaps(
        _frame(), ["a", "b", "hours"], measure="mean", family=["a"], adjust="holm", other_adjust="BH"
    )
    declared = table.item == "a"
    assert table.loc[declared, "p_adjusted"].tolist() == close(
        tk.adjust_p(table.loc[declared, "p_value"], "holm").tolist()
    )
    assert table.loc[~declared, "p_adjusted"].tolist() == close(
        tk.adjust_p(table.loc[~declared, "p_value"], "BH").tolist()
    )
    assert set(table.loc[declared, "family"]) == {"pre-declared"}
    with pytest.raises(InvalidInput, check=problem("unknown-item", "item hour")):
        tk.gaps(_frame(), ["a", "hours"], measure="mean", family=["hour"])


def test_rows_that_cannot_be_computed_say_why() -> None:
    frame = _frame().query("audience != 'freelancer'")
    table = tk.gaps(frame, "a", measure="mean")
    empty = table[table.audience_b == "freelancer"]
    assert empty["p_value"].isna().all()
    assert empty["method"].str.contains(r"freelancer \(0 answered\)").all()
    assert (empty["verdict"] == "no comparison could be made").all()
    assert (table["n_b"].tolist()[1:]) == [0, 0]


def test_one_respondent_under_weights_is_not_tested() -> None:
    frame = pd.DataFrame({"audience": ["a"] + ["b"] * 30, "q": [1.0] + [0.0, 1.0] * 15, "weight": 1.5})
    row = tk.gaps(frame, "q", measure="mean", design=Design(weights="weight")).iloc[0]
    assert np.isnan(row["p_value"])
    assert "a (1 answered)" in row["method"]


def test_no_variation_is_said_and_not_divided_by() -> None:
    frame = pd.DataFrame(
        {
            "audience": ["a"] * 9 + ["b"] * 9,
            "q": [1.0] * 18,
            "r": [1.0] * 9 + [0.0, 1.0, 1.0] * 3,
            "h": [2.0] * 18,
            "weight": 2.0,
        }
    )
    plain = tk.gaps(frame, ["q", "h"], measure="mean")
    assert plain["p_value"].tolist()[0] == 1.0
    assert "no one's answer varies" in plain["method"].iloc[1]
    weighted = tk.gaps(frame, ["q", "r"], measure="mean", design=Design(weights="weight"))
    assert "no one's answer varies" in weighted["method"].iloc[0]
    assert "one side does not vary" in weighted["method"].iloc[1]


def test_missing_audience_and_missing_answers_leave_the_base() -> None:
    frame = pd.DataFrame({"audience": ["a", "a", None, "b", "b"], "q": [1.0, np.nan, 1.0, 0.0, 1.0]})
    row = tk.gaps(frame, "q", measure="mean").iloc[0]
    assert (row["n_a"], row["n_b"]) == (1, 2)


def test_arguments_are_not_changed() -> None:
    frame = _frame()
    before = frame.copy(deep=True)
    tk.gaps(frame, ["a", "b", "hours"], measure="mean", design=Design(weights="weight", clusters="unit"))
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"items": "c"}, problem("unknown-column", "column c")),
        ({"items": "a", "between": "audiences"}, problem("unknown-column", "column audiences")),
        ({"items": "a", "measure": "favourable"}, problem("unsuited-measure", "column a")),
        (
            {"items": "a", "pairs": [("executive", "staff")]},
            problem("unknown-value", "pair ('executive', 'staff')"),
        ),
        (
            {"items": "a", "pairs": [("executive", "executive")]},
            problem("duplicate", "pair ('executive', 'executive')"),
        ),
        ({"items": "a", "pairs": []}, problem("empty", "pairs")),
        ({"items": "a", "method": "newcomb"}, problem("unknown-option", "method")),
        ({"items": "a", "level": 95}, problem("out-of-range", "level")),
        ({"items": "a", "margin": -0.1}, problem("out-of-range", "margin")),
        ({"items": "a", "margin": 10}, problem("out-of-range", "margin")),
        ({"items": "a", "design": Design(weights=pd.Series([1.0]))}, problem("wrong-type", "weights")),
        ({"items": "a", "adjust": "sidak"}, problem("unknown-option", "adjust")),
        ({"items": "hours", "method": "newcombe"}, problem("unsuited-method", "method")),
        ({"items": "a", "by": "audience"}, problem("conflict", "column audience")),
        ({"items": []}, problem("empty", "items")),
        ({"items": ["a", 5]}, problem("wrong-type", "items")),
        ({"items": None}, problem("wrong-type", "items")),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(options: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        tk.gaps(_frame(), **({"measure": "mean"} | options))


def test_every_unknown_column_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        tk.gaps(_frame(), ["x1", "a", "x2"], measure="mean")
    assert len(caught.value.problems) == 2


def test_a_design_t_of_a_simple_sample_takes_equal_weights() -> None:
    frame = _frame().assign(one=1.0)
    plain = tk.gaps(frame, ["a", "b"], measure="mean", method="design-t")
    given = tk.gaps(frame, ["a", "b"], measure="mean", design=Design(weights="one"))
    numbers = ["gap", "std_error", "conf_low", "conf_high", "df", "p_value"]
    _same(plain[numbers], given[numbers])
    assert plain["method"].iloc[0] == "design-based t (linearised: equal weights)"


def test_no_wald_interval_is_made_of_answers_that_do_not_vary() -> None:
    frame = pd.DataFrame({"audience": ["a"] * 5 + ["b"] * 5, "q": 1.0})
    row = tk.gaps(frame, "q", measure="mean", method="wald").iloc[0]
    assert np.isnan(row["conf_low"])
    assert row["verdict"] == "no comparison could be made"


def test_a_design_without_degrees_of_freedom_is_named_as_the_reason() -> None:
    frame = pd.DataFrame(
        {"audience": ["a", "b"] * 20, "q": [1, 2, 3, 4, 5, 3, 2, 1] * 5, "stratum": range(40)}
    )
    rows = tk.gaps(frame, "q", measure="mean", design=tk.Design(strata="stratum", lonely="certainty"))
    assert rows["method_code"].tolist() == ["no_df"]
    assert rows["p_value"].isna().all()
    assert rows["verdict_code"].notna().all()
