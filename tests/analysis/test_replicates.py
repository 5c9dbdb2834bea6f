"""Replicate weights, given and made: W12, what they must reproduce, and what they refuse."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, GIVEN, cases, close, data
from tests.analysis.test_joint import check, check_contrast
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design, Replicates
from toolkit.errors import InvalidInput


def _given(name: str, file: str, weights: str, kind: Any, **options: Any) -> tuple[pd.DataFrame, Design]:
    frame, columns = data(name), pd.read_csv(GIVEN / "data" / f"{file}_repweights.csv.gz")
    if "rowid" in columns:
        frame = frame.merge(columns, on="rowid")
        columns = columns.drop(columns="rowid")
    else:
        frame = pd.concat([frame, columns], axis=1)
    return frame, Design(weights=weights, replicates=Replicates(list(columns), kind=kind, **options))


def _made(name: str, design: str, **options: Any) -> tuple[pd.DataFrame, Design]:
    made = tk.make_replicates(data(name), DESIGNS[design], **options)
    return made.frame, made.design


def _scd(mse: bool) -> tuple[pd.DataFrame, Design]:
    frame = data("scd").assign(one=1.0)
    replicates = Replicates([f"rep{at}" for at in range(1, 5)], kind="BRR", combined=False, mse=mse)
    return frame, Design(weights="one", replicates=replicates)


@cache
def replicated(name: str) -> tuple[pd.DataFrame, Design]:
    """A frame with the replicate design R calls by that name."""
    return {
        "r_boot": lambda: _given("org_given", "org_given_bootstrap", "weight", "bootstrap"),
        "r_bootm": lambda: _given("org_given", "org_given_bootstrap", "weight", "bootstrap", mse=True),
        "r_bstrat": lambda: _given("apistrat", "apistrat_subbootstrap", "pw", "bootstrap"),
        "r_brr_nh": lambda: _given("nhanes", "nhanes2_brr", "WTMEC2YR", "BRR"),
        "r_fay_nh": lambda: _given("nhanes", "nhanes2_fay03", "WTMEC2YR", "Fay", rho=0.3),
        "r_jk1": lambda: _made("apiclus1", "clus1_nofpc", kind="JK1"),
        "r_jk1f": lambda: _made("apiclus1", "clus1", kind="JK1"),
        "r_jkn": lambda: _made("apistrat", "strat_nofpc"),
        "r_jknf": lambda: _made("apistrat", "strat", kind="JKn"),
        "r_jkorg": lambda: _made("org_given", "org_clu", kind="JKn"),
        "r_jkn_nh": lambda: _made("nhanes", "nh", kind="JKn"),
        "r_scd": lambda: _scd(False),
        "r_scd_m": lambda: _scd(True),
    }[name]()


def _is(*words: str) -> list[Any]:
    every = cases("W12_replicates")
    return [
        one for one in every if one.values[0] is None or any(word in one.values[0]["call"] for word in words)
    ]


@pytest.mark.parametrize("case", _is("svymean(~", "svytotal(~", "svyratio(~"))
def test_replicated_estimates_equal_r(case: dict[str, Any]) -> None:
    if "svyby" in case["call"] or "svycontrast" in case["call"]:
        return
    frame, design = replicated(case["design_name"])
    kind, text = re.match(r"svy(\w+)\(~([\w+]+)", case["call"]).groups()
    if kind == "ratio":
        found = tk.ratios(frame, {"r": ("alive", "arrests")}, design=design, covariances=True)
    else:
        found = tk.estimate(frame, text.split("+"), statistic=kind, design=design)
    check(found, case["result"])


@pytest.mark.parametrize("case", _is("svyby("))
def test_replicated_groups_and_their_contrasts_equal_r(case: dict[str, Any]) -> None:
    frame, design = replicated(case["design_name"])
    item, by = re.search(r"svyby\(~(\w+), ~(\w+)", case["call"]).groups()
    found = tk.estimate(frame, item, by=by, design=design)
    if case["call"].startswith("svycontrast"):
        difference = tk.contrast(found, "difference", pairs=[("executive", "employee")])
        check_contrast(difference, case["result"])
        gap = tk.gaps(
            frame, item, measure="mean", pairs=[("executive", "employee")], design=design
        )  # the gap table goes through the same replicates
        assert gap["std_error"].tolist() == close([case["result"]["se"]])
        return
    check(found, case["result"])
    means = tk.means(frame, item, by=by, design=design)
    assert means["std_error"].tolist() == close(case["result"]["se"])
    assert set(means["df"]) == {case["result"]["design_df"]}


@pytest.mark.parametrize("case", _is("svychisq("))
def test_independence_under_replicates_equals_r(case: dict[str, Any]) -> None:
    frame, design = replicated(case["design_name"])
    found, result = tk.independence(frame, "sch_wide", "stype", design=design), case["result"]
    assert found.statistic == close(result["statistic"]["F"])
    assert list(found.df) == close([result["parameter"]["ndf"], result["parameter"]["ddf"]])
    assert found.p_value == close(result["p_value"])


@pytest.mark.parametrize("case", _is("svyglm("))
def test_models_under_replicates_equal_r(case: dict[str, Any]) -> None:
    frame, design = replicated(case["design_name"])
    found, result = (
        tk.regression(frame, "t01 ~ audience", family="binomial", design=design),
        case.get("result_survey_4_5", case["result"]),
    )
    assert found.table["estimate"].tolist() == close(result["estimate"])
    assert found.table["std_error"].tolist() == close(result["se"])
    assert found.df_resid == result["df_residual"]
    # R stops each replicate's search when the deviance moves by less than 1e-8 of itself
    assert found.table["p_value"].tolist() == close(result["p_value"], rel=5e-6)


@pytest.mark.parametrize("case", _is("plain(d)"))
def test_made_replicates_have_rs_scales_and_degrees_of_freedom(case: dict[str, Any]) -> None:
    frame, design = replicated(case["design_name"])
    result, made = case["result"], design.replicates
    scale, rscales = made.spread(len(made.columns))
    assert len(made.columns) == result["replicates"]
    assert sorted(rscales * scale) == close(sorted(np.array(result["rscales"]) * result["scale"]))
    assert design.over(frame).degrees_of_freedom() == result["degf"]


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "y": rng.normal(size=80),
            "w": rng.uniform(1, 3, 80),
            "h": np.repeat(np.arange(10), 8),
            "c": np.tile(np.repeat([1, 2], 4), 10),
            "g": rng.choice(["a", "b"], 80),
            "size": 8,
        }
    )


def test_a_jackknife_of_a_total_is_the_linearised_error() -> None:
    design = Design(weights="w", strata="h", clusters="c", fpc="size")
    made = tk.make_replicates(_frame(), design)
    by_design = tk.totals(_frame(), "y", by="g", design=design)
    by_replicates = tk.totals(made.frame, "y", by="g", design=made.design)
    for name in ("estimate", "std_error", "df"):
        assert by_replicates[name].tolist() == close(by_design[name].tolist())


@pytest.mark.parametrize("kind", ["BRR", "Fay"])
def test_half_samples_of_a_total_give_the_linearised_error(kind: Any) -> None:
    design = Design(weights="w", strata="h", clusters="c")
    made = tk.make_replicates(_frame(), design, kind=kind)
    assert len(made.design.replicates.columns) == 16
    by_design, by_replicates = (
        tk.totals(_frame(), "y", design=design),
        tk.totals(made.frame, "y", design=made.design),
    )
    assert by_replicates["std_error"].tolist() == close(by_design["std_error"].tolist())


@pytest.mark.slow
def test_a_bootstrap_comes_near_the_linearised_error_and_can_be_made_again() -> None:
    design = Design(weights="w", strata="h", clusters="c", fpc="size")
    made = tk.make_replicates(_frame(), design, kind="bootstrap", count=4000, seed=1)
    again = tk.make_replicates(_frame(), design, kind="bootstrap", count=4000, seed=1)
    pd.testing.assert_frame_equal(made.frame, again.frame)
    by_design, found = tk.totals(_frame(), "y", design=design), tk.totals(made.frame, "y", design=made.design)
    assert found["std_error"][0] == pytest.approx(by_design["std_error"][0], rel=0.06)
    weights = made.frame[list(made.design.replicates.columns)].to_numpy()
    assert (weights >= 0).all()
    assert weights.sum(axis=0).mean() == pytest.approx(made.frame["w"].sum(), rel=0.01)


def test_a_group_some_replicates_lose_has_no_error_and_says_so() -> None:
    frame = _frame().assign(
        g=lambda f: np.where((f.h == 0) & (f.c == 1), "rare", "rest"), z=lambda f: np.arange(len(f)) % 2.0
    )
    made = tk.make_replicates(frame, Design(weights="w", strata="h", clusters="c"))
    for table in (
        tk.estimate(made.frame, "y", by="g", design=made.design).table,
        tk.means(made.frame, "y", by="g", design=made.design),
        tk.proportions(made.frame, "z", measure="1", by="g", design=made.design),
    ):
        assert table["std_error"].isna().tolist() == [True, False]
        assert "replicates" in table["method"].iloc[0]


def test_own_degrees_of_freedom_count_the_group_alone() -> None:
    frame = _frame().assign(g=lambda f: np.where(f.h < 4, "a", "b"))
    made = tk.make_replicates(frame, Design(weights="w", strata="h", clusters="c", df="domain"))
    assert tk.means(made.frame, "y", by="g", design=made.design)["df"].tolist() == [4, 6]


def _with(*names: str) -> Design:
    return Design(weights="w", replicates=Replicates(names))


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: Replicates(["a"], kind="BRR"), problem("too-few", "columns")),
        (lambda f: Replicates(["a", "b"], kind="JK1"), problem("missing-argument", "scale")),
        (lambda f: Replicates(["a", "b"], kind="JKn", rscales=[1.0]), problem("unequal-length", "rscales")),
        (lambda f: Replicates(["a", "b"], kind="Fay"), problem("out-of-range", "rho")),
        (lambda f: Replicates(["a", "b"], kind="Jack"), problem("unknown-option", "kind")),
        (lambda f: Design(replicates=Replicates(["y", "w"])), problem("missing-argument", "weights")),
        (
            lambda f: Design(weights="w", strata="h", replicates=Replicates(["y", "w"])),
            problem("conflict", "strata"),
        ),
        (
            lambda f: tk.means(f, "y", design=Design(weights="w", replicates=Replicates(["z1", "z2"]))),
            problem("unknown-column", "column z1") + problem("unknown-column", "column z2"),
        ),
        (
            lambda f: tk.means(f, "y", design=Design(weights="w", replicates=Replicates(["y", "w"]))),
            problem("not-finite", "column y, row 0"),
        ),
        (lambda f: tk.make_replicates(f, Design(strata="h"), kind="JK1"), problem("conflict", "kind")),
        (
            lambda f: tk.make_replicates(f, Design(strata="h"), kind="BRR"),
            problem("unsuited-method", "strata"),
        ),
        (lambda f: tk.make_replicates(f, Design(), kind="bootstrap"), problem("missing-argument", "seed")),
        (lambda f: tk.make_replicates(f, Design(), kind="knife"), problem("unknown-option", "kind")),
        (
            lambda f: tk.make_replicates(f.assign(replicate_01=1), Design()),
            problem("name-taken", "column replicate_01"),
        ),
    ],
)
def test_replicates_that_cannot_be_are_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())
