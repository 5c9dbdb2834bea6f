"""U07: t tests, analysis of variance, Tukey's pairs and standardised differences against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import AUDIENCES, cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _by_audience(item: str) -> dict[str, np.ndarray]:
    frame = data("org_given")
    return {name: frame.loc[frame.audience == name, item].to_numpy() for name in AUDIENCES}


def _check_test(found: Any, r: dict[str, Any]) -> None:
    estimates = list(r["estimate"].values())
    wanted = estimates[0] - estimates[1] if len(estimates) == 2 else estimates[0]
    assert [found.statistic, found.df, found.p_value, found.estimate] == close(
        [r["statistic"]["t"], r["parameter"]["df"], r["p_value"], wanted]
    )
    assert [found.conf_low, found.conf_high] == close(r["conf_int"])


def _check_pair(case: dict[str, Any], item: str) -> None:
    call, r, groups = case["call"], case["result"], _by_audience(item)
    a, b = re.findall(r"audience=='(\w+)'", call)
    if call.startswith("cohen_d"):
        found = tk.cohen_d(groups[a], groups[b])
        assert [found.d, found.hedges_g, found.hedges_g_approximate, found.sd_pooled] == close(
            [r["d"], r["hedges_g_exact"], r["hedges_g_approx"], r["sd_pooled"]]
        )
        return
    pooled = "var.equal=TRUE" in call
    _check_test(tk.t_test(groups[a], groups[b], equal_variances=pooled), r)
    if not pooled:
        row = tk.gaps(data("org_given"), item, pairs=[(a, b)], measure="mean").iloc[0]
        assert [row["statistic"], row["df"], row["p_value"]] == close(
            [r["statistic"]["t"], r["parameter"]["df"], r["p_value"]]
        )


def _check_anova(groups: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    found = tk.anova(groups)
    for column, wanted in {
        "df": "df",
        "sum_squares": "ss",
        "mean_square": "ms",
        "statistic": "F",
        "p_value": "p_value",
    }.items():
        assert found[column].tolist() == close(r[wanted])


def _check_tukey(groups: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    found = tk.tukey(groups)
    for row, (difference, low, high, p) in zip(r["audience"]["rows"], r["audience"]["values"], strict=True):
        b, a = row.split("-")
        line = found[(found.group_a == a) & (found.group_b == b)].iloc[0]
        assert [line["difference"], line["conf_low"], line["conf_high"]] == close([-difference, -high, -low])
        # R's ptukey itself is accurate to about 1e-10 absolute, not relative.
        assert line["p_adjusted"] == pytest.approx(p, rel=1e-6, abs=1e-9)


def _check_pairwise(item: str, r: dict[str, Any]) -> None:
    table = tk.gaps(data("org_given"), item, measure="mean", adjust="holm")
    for line, values in zip(r["rows"], r["p_value"], strict=True):
        for column, wanted in zip(r["columns"], values, strict=True):
            if wanted != "NA":
                row = table[(table.audience_a == column) & (table.audience_b == line)].iloc[0]
                assert row["p_adjusted"] == close(wanted)


@pytest.mark.parametrize("case", cases("U07_means"))
def test_tests_of_means_equal_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    item = re.search(r"org_given\$(\w+)|(\w+)~", call)
    name = item.group(1) or item.group(2)
    if call.startswith("pairwise"):
        _check_pairwise(name, r)
    elif "mu=" in call:
        mu = float(re.search(r"mu=([\d.]+)", call).group(1))
        _check_test(tk.t_test(data("org_given")[name], mu=mu), r)
    elif "$audience==" in call:
        _check_pair(case, name)
    elif call.startswith("TukeyHSD"):
        _check_tukey(_by_audience(name), r)
    elif call.startswith("aov"):
        _check_anova(_by_audience(name), r)
    else:
        found = (tk.bartlett if call.startswith("bartlett") else tk.welch_anova)(_by_audience(name))
        df = found.df if isinstance(found.df, tuple) else (found.df,)
        assert [found.statistic, *df, found.p_value] == close(
            [*r["statistic"].values(), *r["parameter"].values(), r["p_value"]]
        )


def test_two_groups_make_every_test_of_means_the_same() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(3, 1, 30), rng.normal(3.5, 2, 45)
    pooled = tk.t_test(a, b, equal_variances=True)
    assert tk.anova([a, b])["p_value"][0] == pytest.approx(pooled.p_value)
    assert tk.anova([a, b])["statistic"][0] == pytest.approx(pooled.statistic**2)
    assert tk.welch_anova([a, b]).p_value == pytest.approx(tk.t_test(a, b).p_value)
    line = tk.tukey({"a": a, "b": b}).iloc[0]
    assert line["p_adjusted"] == pytest.approx(pooled.p_value)
    assert [line["conf_low"], line["conf_high"]] == pytest.approx([pooled.conf_low, pooled.conf_high])


def test_tukeys_distribution_is_that_of_a_simulated_range() -> None:
    rng = np.random.default_rng(11)
    groups = rng.normal(size=(4000, 4, 6))
    spread = np.ptp(groups.mean(axis=2), axis=1) / np.sqrt(groups.var(axis=2, ddof=1).mean(axis=1) / 6)
    q = float(np.quantile(spread, 0.9))
    # Three groups of equal means and one placed so that its studentised distance to the first is q.
    base = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    error = np.sqrt(base.var(ddof=1) / 6)
    p = tk.tukey([base, base, base, base + q * error])["p_adjusted"][2]
    assert p == pytest.approx(0.1, abs=0.015)


def test_a_paired_test_is_a_test_of_the_differences_whatever_their_order() -> None:
    before, after = np.array([3, 4, 2, np.nan, 5, 4.0]), np.array([4, 4, 4, 5, 5, 5.0])
    found = tk.t_test(after, before, paired=True)
    assert found == tk.t_test(after[::-1], before[::-1], paired=True)
    assert found.statistic == pytest.approx(tk.t_test(after - before).statistic)
    assert found.df == 4


def test_swapping_the_sides_flips_the_sign_and_scale_drops_out() -> None:
    a, b = [1.0, 2, 3, 5], [2.0, 4, 4, 9, 10]
    there, back = tk.t_test(a, b), tk.t_test(b, a)
    assert [there.statistic, there.conf_low] == pytest.approx([-back.statistic, -back.conf_high])
    assert tk.t_test(np.multiply(a, 7), np.multiply(b, 7)).p_value == pytest.approx(there.p_value)
    less, greater = (tk.t_test(a, b, alternative=side).p_value for side in ("less", "greater"))
    assert less + greater == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.t_test([1], [1, 2]), problem("too-few-answers", "a")),
        (lambda: tk.t_test([1, 1], [2, 2]), problem("no-variation", "answers")),
        (lambda: tk.t_test([1, 2], [1, 2, 3], paired=True), problem("unequal-length", "pairs")),
        (lambda: tk.t_test([1, np.inf], [2, 3]), problem("not-finite", "a")),
        (lambda: tk.t_test([1, 2], alternative="both"), problem("unknown-option", "alternative")),
        (lambda: tk.t_test([1, 2], level=95), problem("out-of-range", "level")),
        (lambda: tk.cohen_d([1, 1], [1, 1]), problem("no-variation", "answers")),
        (lambda: tk.anova([[1, 2]]), problem("too-few", "groups")),
        (
            lambda: tk.bartlett({"x": [1, 2], "y": [1], "z": []}),
            problem("too-few-answers", "group y") + problem("too-few-answers", "group z"),
        ),
        (lambda: tk.welch_anova([[1, 2], [3, 3]]), problem("no-variation", "group 1")),
        (lambda: tk.bartlett([[1, 2], [3, 3]]), problem("no-variation", "group 1")),
        (lambda: tk.tukey([[1, 2], [3, 4]], level=95), problem("out-of-range", "level")),
    ],
)
def test_what_has_no_spread_or_no_meaning_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()


def test_a_frame_column_is_a_sample() -> None:
    assert tk.t_test(pd.Series([1, 2, None, 3]), mu=2).statistic == 0
