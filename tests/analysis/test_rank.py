"""U03: rank tests and Cliff's delta against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.analysis.oracles import AUDIENCES, cases, close, data
from tests.refusals import problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _pair(case: dict[str, Any]) -> tuple[str, np.ndarray, np.ndarray]:
    frame, item = data("org_given"), re.search(r"org_given\$(\w+)", case["call"]).group(1)
    a, b = (frame.loc[frame.audience == case["inputs"][side], item].to_numpy() for side in "ab")
    return item, a, b


def _teeth(call: str) -> Any:
    frame = data("toothgrowth")
    if "paired" in call:
        return library.wilcoxon_signed_rank(frame.len[:30], frame.len[30:60])
    if "wilcox" in call:
        return library.mann_whitney(frame.len[frame.supp == "OJ"], frame.len[frame.supp == "VC"], exact=False)
    if "friedman" in call:
        return library.friedman(frame.len[:30].to_numpy().reshape(3, 10).T)
    return library.kruskal([group for _, group in frame.groupby("dose")["len"]])


def _check_row(case: dict[str, Any], item: str) -> None:
    pair = (case["inputs"]["a"], case["inputs"]["b"])
    row = tk.rank_gap(data("org_given"), item, pairs=[pair]).iloc[0]
    r = case["result"]
    if "delta" not in r:
        assert [row["statistic"], row["p_value"]] == close([r["statistic"]["W"], r["p_value"]])
        return
    assert [row["effect_size"], row["estimate_a"], row["gap"]] == close(
        [r["delta"], r["A_vargha_delaney"], r["delta"]]
    )
    assert [row["conf_low"], row["conf_high"]] == close(r["ci95_asymmetric_normal_var_consistent"])
    assert row["std_error"] ** 2 == close(r["var_consistent"])


def _check_pair(case: dict[str, Any]) -> None:
    item, a, b = _pair(case)
    r = case["result"]
    if case["call"].startswith("wilcox"):
        correct = "correct=TRUE" in case["call"]
        found = library.mann_whitney(a, b, exact=False, correct=correct)
        assert [found.statistic, found.p_value] == close([r["statistic"]["W"], r["p_value"]])
        if correct:
            _check_row(case, item)
    elif case["call"].startswith("ks"):
        found = library.kolmogorov_smirnov(a, b)
        assert [found.statistic, found.p_value] == close([r["statistic"]["D"], r["p_value"]])
    else:
        found = tk.cliff_delta(a, b)
        assert [found.delta, found.superiority, found.variance] == close(
            [r["delta"], r["A_vargha_delaney"], r["var_consistent"]]
        )
        assert [found.wins, found.losses, found.ties] == [r["wins"], r["losses"], r["ties"]]
        assert found.variance_unbiased == close(r["var_unbiased"])
        assert [found.conf_low, found.conf_high] == close(r["ci95_asymmetric_normal_var_consistent"])
        _check_row(case, item)


def _check_pairwise(case: dict[str, Any]) -> None:
    item, method = re.search(r"org_given\$(\w+), .*method='(\w+)'", case["call"]).groups()
    table = tk.rank_gap(data("org_given"), item, adjust=method)
    r = case["result"]
    for line, values in zip(r["rows"], r["p_value"], strict=True):
        for column, wanted in zip(r["columns"], values, strict=True):
            if wanted != "NA":
                row = table[(table.audience_a == column) & (table.audience_b == line)].iloc[0]
                assert row["p_adjusted"] == close(wanted)


@pytest.mark.parametrize("case", cases("U03_rank"))
def test_rank_methods_equal_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    if "inputs" in case:
        _check_pair(case)
    elif call.startswith("pairwise"):
        _check_pairwise(case)
    elif call.startswith("wilcox.test(c(1.1"):
        found = library.mann_whitney([1.1, 2.2, 3.3, 4.4, 5.5], [0.5, 1.5, 2.5, 6.5, 7.5, 8.5], exact=True)
        assert [found.statistic, found.p_value] == close([r["statistic"]["W"], r["p_value"]])
        assert found.estimate == close(r["estimate"]["difference in location"])
        assert [found.conf_low, found.conf_high] == close(r["conf_int"])
    elif case["dataset"] == "org_given":
        frame, item = data("org_given"), re.match(r"kruskal.test\((\w+)~", call).group(1)
        found = library.kruskal([frame.loc[frame.audience == name, item] for name in AUDIENCES])
        assert [found.statistic, found.df, found.p_value] == close(
            [*r["statistic"].values(), *r["parameter"].values(), r["p_value"]]
        )
    else:
        found = _teeth(call)
        if "H" in r:
            h, groups, n = found.statistic, 3, 60
            assert [h, found.estimate, (h - groups + 1) / (n - groups)] == close(
                [r["H"], r["epsilon2"], r["eta2_H"]]
            )
        else:
            assert [found.statistic, found.p_value] == close([*r["statistic"].values(), r["p_value"]])


def test_delta_is_the_mean_sign_over_all_pairs() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.integers(1, 6, 31), rng.integers(2, 6, 23)
    signs = np.sign(np.subtract.outer(a, b))
    assert tk.cliff_delta(a, b).delta == pytest.approx(signs.mean())


def test_relabelling_flips_the_sign_and_keeps_p() -> None:
    frame = pd.DataFrame({"audience": ["a"] * 40 + ["b"] * 30, "q": np.tile([1, 2, 3, 4, 5, 5, 4], 10)})
    there = tk.rank_gap(frame, "q", pairs=[("a", "b")]).iloc[0]
    back = tk.rank_gap(frame, "q", pairs=[("b", "a")]).iloc[0]
    assert [there["gap"], there["conf_low"], there["p_value"]] == close(
        [-back["gap"], -back["conf_high"], back["p_value"]]
    )


def test_an_empty_side_and_one_answer_for_all_give_a_reason() -> None:
    audience = pd.Categorical(["a"] * 6, ["a", "b"])
    row = tk.rank_gap(pd.DataFrame({"audience": audience, "q": range(6)}), "q").iloc[0]
    assert np.isnan(row["p_value"])
    assert "too few" in row["method"]
    same = pd.DataFrame({"audience": ["a", "b"] * 5, "q": [3] * 10})
    row = tk.rank_gap(same, "q").iloc[0]
    assert np.isnan(row["p_value"])
    assert "same answer" in row["method"]


def test_words_without_order_are_refused() -> None:
    frame = pd.DataFrame({"audience": ["a", "b"], "q": pd.Categorical(["x", "y"])})
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "column q")):
        tk.rank_gap(frame, "q")
