"""Means, totals, ratios, variances and contrasts with their covariances: W01, W03, W04 and the rest."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.analysis.test_answers import _variable as variable
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput

REL = 1e-6


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(rows: Any) -> list[float]:
    return np.ravel(np.array(rows, dtype=float)).tolist()


def check(found: tk.Estimates, result: dict[str, Any]) -> None:
    """Estimates, errors, covariances, df and intervals equal R's."""
    table = found.table
    assert table["estimate"].tolist() == close(_listed(result["estimate"]))
    errors = np.array(_listed(result["se"]), dtype=float)
    assert table["std_error"].tolist() == close(errors.tolist())
    if "vcov" in result:
        # a covariance near 0 is the difference of large numbers, so it counts beside the two errors
        beside = np.outer(errors, errors)
        np.testing.assert_allclose(found.covariance, result["vcov"], rtol=REL, atol=1e-8 * beside.max())
    assert found.df == result["design_df"]
    limits = np.array(result["ci95_t_designdf"], dtype=float)
    assert table["conf_low"].tolist() == close(limits[:, 0].tolist())
    assert table["conf_high"].tolist() == close(limits[:, 1].tolist())


def check_contrast(found: pd.DataFrame, result: dict[str, Any]) -> None:
    """Estimate, error, df and interval equal R's."""
    assert found["estimate"].tolist() == close(_listed(result["estimate"]))
    assert found["std_error"].tolist() == close(_listed(result["se"]))
    assert set(found["df"]) == {result["design_df"]}
    limits = np.array(result["ci95_t_designdf"], dtype=float)
    assert found["conf_low"].tolist() == close(limits[:, 0].tolist())
    assert found["conf_high"].tolist() == close(limits[:, 1].tolist())


def _estimated(case: dict[str, Any], *, df: Any = "design") -> tk.Estimates:
    frame, design = data(case["dataset"]), dataclasses.replace(DESIGNS[case["design_name"]], df=df)
    kind, text = re.match(r"svy(\w+)\(~([\w+]+)", case["call"]).groups()
    items = text.split("+")
    if kind == "ratio":
        below = re.search(r"~\w+, ~(\w+)", case["call"]).group(1)
        found: tk.Estimates = tk.ratios(frame, {"r": (items[0], below)}, design=design, covariances=True)
        return found
    measure = None if isinstance(frame[items[0]].iloc[0], str) else "mean"
    statistic = {"mean": "mean", "total": "total", "var": "variance"}[kind]
    return tk.estimate(
        frame, items, statistic=statistic, measure=measure, design=design, complete="na.rm" in case["call"]
    )


@pytest.mark.parametrize("case", cases("W01_mean_total_ratio"))
def test_means_totals_ratios_and_variances_equal_r(case: dict[str, Any]) -> None:
    result = case.get("result_survey_4_5", case["result"])
    check(_estimated(case), result)


@pytest.mark.parametrize("case", cases("W01_mean_total_ratio"))
def test_normal_intervals_equal_r(case: dict[str, Any]) -> None:
    result = case.get("result_survey_4_5", case["result"])
    limits = np.array(result["ci95_normal"], dtype=float)
    table = _estimated(case, df=np.inf).table
    assert table["conf_low"].tolist() == close(limits[:, 0].tolist())
    assert table["conf_high"].tolist() == close(limits[:, 1].tolist())
    assert set(table["df"]) == {np.inf}


def _by(case: dict[str, Any]) -> tk.Estimates:
    text, by, rest = re.match(r"svyby\(~([\w+]+), ~([\w+]+), (.*)", case["call"]).groups()
    statistic = "total" if "svytotal" in rest else "mean"
    design = DESIGNS[case["design_name"]]
    by = by.split("+")
    return tk.estimate(data(case["dataset"]), text.split("+"), by=by, statistic=statistic, design=design)


@pytest.mark.parametrize(
    "case", [one for one in cases("W03_domains") if one.values[0] is None or "svyby" in one.values[0]["call"]]
)
def test_every_estimate_by_group_equals_r(case: dict[str, Any]) -> None:
    result = case.get("result_survey_4_5", case["result"])
    found = _by(case)
    by = [name for name in result["by"][0] if name != "_row"]
    shown = {tuple(str(one[name]) for name in by): at for at, one in enumerate(result["by"])}
    order = [shown[tuple(map(str, row))] for row in found.table[by].itertuples(index=False)]
    again = dict(result)
    for name in ("estimate", "se", "ci95_t_designdf"):
        again[name] = [result[name][at] for at in order]
    if "vcov" in result:
        again["vcov"] = np.array(result["vcov"])[np.ix_(order, order)]
        if "covmat" not in case["call"]:
            np.fill_diagonal(found.covariance, 0)  # R gives no covariances here
            del again["vcov"]
    check(found, again)


@pytest.mark.parametrize(
    "case",
    [
        one
        for one in cases("W03_domains")
        if one.values[0] is None or re.match(r"svymean|degf", one.values[0]["call"])
    ],
)
def test_one_group_and_its_own_degrees_of_freedom_equal_r(case: dict[str, Any]) -> None:
    by, group = re.search(r"subset\(d, (\w+)=='(\w+)'\)", case["call"]).groups()
    frame = data(case["dataset"])
    item = "chol" if case["dataset"] == "nhanes" else "api00"
    design = DESIGNS[case["design_name"]]
    if case["call"].startswith("degf"):
        table = tk.estimate(frame, item, by=by, design=dataclasses.replace(design, df="domain")).table
        assert table.loc[table[by] == group, "df"].tolist() == [case["result"]]
        return
    table = tk.estimate(frame, item, by=by, design=design).table
    row = table[table[by] == group]
    assert row["estimate"].tolist() == close(_listed(case["result"]["estimate"]))
    assert row["std_error"].tolist() == close(_listed(case["result"]["se"]))
    assert row["conf_low"].tolist() == close([case["result"]["ci95_t_designdf"][0][0]])


@pytest.mark.parametrize("case", cases("W04_contrasts"))
def test_contrasts_equal_r(case: dict[str, Any]) -> None:
    frame, design, call = data(case["dataset"]), DESIGNS[case["design_name"]], case["call"]
    result = case.get("result_survey_4_5", case["result"])
    if call.startswith("svycontrast(svymean"):
        items = re.search(r"svymean\(~([\w+]+)", call).group(1).split("+")
        both = tk.estimate(frame, items, design=design, complete=True)
        check_contrast(tk.contrast(both, {"d": {items[0]: 1, items[1]: -1}}), result)
        return
    item, by = re.search(r"svyby\(~(\w+), ~(\w+)", call).groups()
    found = tk.estimate(frame, item, by=by, design=design)
    kind = case["inputs"]["what"].replace(" ", "_")
    pairs = [(case["inputs"]["a"], case["inputs"]["b"])]
    check_contrast(tk.contrast(found, kind, pairs=pairs), result)


@pytest.mark.parametrize(
    "case",
    [
        one
        for one in cases("W16_missing_mi")
        if one.values[0] is None or re.match("svymean|colSums", one.values[0]["call"])
    ],
)
def test_list_wise_and_item_wise_means_equal_r(case: dict[str, Any]) -> None:
    frame = data("org_given")
    if case["call"].startswith("colSums"):
        counted = tk.means(frame, list(case["result"]))
        assert (len(frame) - counted["n"]).tolist() == list(case["result"].values())
        return
    items = re.match(r"svymean\(~([\w+]+)", case["call"]).group(1).split("+")
    check(tk.estimate(frame, items, design=DESIGNS["org"], complete=True), case["result"])


def _frame(seed: int = 1, rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.normal(5, 1, rows),
            "x": rng.uniform(1, 2, rows),
            "g": rng.choice(["a", "b"], rows),
            "w": rng.uniform(1, 4, rows),
            "h": np.repeat([1, 2, 3], rows // 3),
            "code": pd.Categorical(rng.choice(["1", "2"], rows), ["-1", "1", "2"]),
        }
    )


def test_a_total_is_the_mean_times_the_known_number() -> None:
    frame = _frame().assign(one=1.0)
    total = tk.ratios(frame, {"mean": ("y", "one")}, design=Design(weights="w"))
    mean = tk.means(frame, "y", design=Design(weights="w"))
    assert total["estimate"].tolist() == close(mean["estimate"].tolist())
    assert total["std_error"].tolist() == close(mean["std_error"].tolist())


def test_row_order_and_scale_change_what_they_should() -> None:
    frame, design = _frame(), Design(weights="w", strata="h")
    shuffled = frame.sample(frac=1, random_state=2).assign(w=lambda f: f.w * 10)
    for statistic, factor in (("total", 10.0), ("mean", 1.0), ("variance", 1.0)):
        one = tk.estimate(frame, ["y", "x"], statistic=statistic, by="g", design=design)
        other = tk.estimate(shuffled, ["y", "x"], statistic=statistic, by="g", design=design)
        np.testing.assert_allclose(other.table["estimate"], one.table["estimate"] * factor, rtol=1e-10)
        np.testing.assert_allclose(other.covariance, one.covariance * factor**2, rtol=1e-8, atol=1e-14)


def test_people_are_counted_by_code() -> None:
    frame = _frame()
    table = tk.totals(frame, "code", measure=None, by="g", design=Design(weights="w"))
    assert table["response"].tolist() == ["1", "1", "2", "2"]
    by_hand = frame.groupby(["code", "g"], observed=True)["w"].sum()
    assert table["estimate"].tolist() == close(by_hand.tolist())


def test_an_audience_an_item_is_not_put_to_has_no_row_and_no_name() -> None:
    some = variable("tired", audiences=("executive", "employee"))
    answers = pd.Categorical(list("543213") + ["-5"] * 2, some.categories, ordered=True)
    audience = ["executive"] * 3 + ["employee"] * 3 + ["freelancer"] * 2
    frame = pd.DataFrame({"tired": answers, "audience": audience, "y": np.arange(8.0)})
    found = tk.estimate(frame, [some, "y"], by="audience")
    assert found.names == ("tired:employee", "tired:executive", "y:employee", "y:executive", "y:freelancer")
    assert found.covariance.shape == (5, 5)
    assert found.table["estimate"].tolist() == close([2, 4, 4, 1, 6.5])
    assert len(tk.totals(frame, [some], measure="top", by="audience")) == 2


def test_a_difference_of_means_is_the_gap() -> None:
    frame, design = _frame(), Design(weights="w", strata="h")
    gap = tk.gaps(frame, "y", between="g", measure="mean", design=design).iloc[0]
    row = tk.contrast(tk.estimate(frame, "y", by="g", design=design), "difference").iloc[0]
    for ours, theirs in (("estimate", "gap"), ("std_error",) * 2, ("conf_low",) * 2, ("p_value",) * 2):
        assert row[ours] == close(gap[theirs])


def test_expressions_carry_exact_derivatives() -> None:
    found = tk.estimate(_frame(), ["y", "x"], design=Design(weights="w"))
    y, x = found.table["estimate"]
    texts = {
        "a": "exp(log(`y`) + 2 * log(`x`)) / sqrt(`y`)",
        "b": "y ** 0.5 * x ** 2",
        "c": "-(-`y` ** 0.5) * `x` * `x`",
    }
    rows = tk.contrast(found, texts)
    slope = np.array([0.5 * y**-0.5 * x**2, 2 * y**0.5 * x])
    assert rows["estimate"].tolist() == close([y**0.5 * x**2] * 3)
    assert rows["std_error"].tolist() == close([np.sqrt(slope @ found.covariance @ slope)] * 3)


def test_a_logarithm_of_nothing_has_no_value_and_no_error() -> None:
    found = tk.estimate(_frame().assign(z=0.0), ["y", "z"])
    row = tk.contrast(found, {"none": "log(`z`)", "over": "`y` / `z`"})
    assert row[["estimate", "std_error", "p_value"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f, e: tk.contrast(e, {"d": {"a": 1, "c": -1}}), problem("unknown-name", "contrast d")),
        (lambda f, e: tk.contrast(e, {"d": "`a` -"}), problem("syntax", "contrast d")),
        (lambda f, e: tk.contrast(e, {"d": "__import__('os')"}), problem("syntax", "contrast d")),
        (lambda f, e: tk.contrast(e, "ratio"), problem("unknown-option", "contrasts")),
        (lambda f, e: tk.contrast(e, {}), problem("empty", "contrasts")),
        (lambda f, e: tk.contrast(e, "difference", level=95), problem("out-of-range", "level")),
        (lambda f, e: tk.estimate(f, "y", statistic="median"), problem("unknown-option", "statistic")),
        (lambda f, e: tk.ratios(f, {}), problem("empty", "pairs")),
        (lambda f, e: tk.ratios(f, {"r": ("y", "zz")}), problem("unknown-column", "column zz")),
        (lambda f, e: tk.totals(f, "y", level=2), problem("out-of-range", "level")),
    ],
)
def test_what_has_no_meaning_is_refused(call: Any, refusal: Refusal) -> None:
    frame = _frame()
    with pytest.raises(InvalidInput, check=refusal):
        call(frame, tk.estimate(frame, "y", by="g"))
