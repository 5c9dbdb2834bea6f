"""U07: t tests, analysis of variance, Tukey's pairs and standardised differences against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.analysis import library
from tests.analysis.oracles import AUDIENCES, cases, close, data
from toolkit import analysis as tk
from toolkit.analysis.gap_rows import welch_from_summary


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


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_welch_of_summary_statistics_is_welch_of_the_answers(level: float) -> None:
    groups = [group[~np.isnan(group)] for group in list(_by_audience("q01").values())[:2]]
    errors = [group.std(ddof=1) / len(group) ** 0.5 for group in groups]
    found = welch_from_summary(
        [group.mean() for group in groups], errors, [len(group) - 1 for group in groups], level=level
    )
    wanted = stats.ttest_ind(*groups, equal_var=False)
    limits = wanted.confidence_interval(level)
    assert found == pytest.approx((groups[0].mean() - groups[1].mean(), *limits, wanted.pvalue))


def _check_pair(case: dict[str, Any], item: str) -> None:
    call, r, groups = case["call"], case["result"], _by_audience(item)
    a, b = re.findall(r"audience=='(\w+)'", call)
    if call.startswith("cohen_d"):
        found = library.cohen_d(groups[a], groups[b])
        assert [found.d, found.hedges_g, found.hedges_g_approximate, found.sd_pooled] == close(
            [r["d"], r["hedges_g_exact"], r["hedges_g_approx"], r["sd_pooled"]]
        )
        return
    pooled = "var.equal=TRUE" in call
    _check_test(library.t_test(groups[a], groups[b], equal_variances=pooled), r)
    if not pooled:
        row = tk.gaps(data("org_given"), item, pairs=[(a, b)], measure="mean").iloc[0]
        assert [row["statistic"], row["df"], row["p_value"]] == close(
            [r["statistic"]["t"], r["parameter"]["df"], r["p_value"]]
        )


def _check_anova(groups: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    found = library.anova(groups)
    for column, wanted in {
        "df": "df",
        "sum_squares": "ss",
        "mean_square": "ms",
        "statistic": "F",
        "p_value": "p_value",
    }.items():
        assert found[column].tolist() == close(r[wanted])


def _check_tukey(groups: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    found = library.tukey(groups)
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
        _check_test(library.t_test(data("org_given")[name], mu=mu), r)
    elif "$audience==" in call:
        _check_pair(case, name)
    elif call.startswith("TukeyHSD"):
        _check_tukey(_by_audience(name), r)
    elif call.startswith("aov"):
        _check_anova(_by_audience(name), r)
    else:
        found = (library.bartlett if call.startswith("bartlett") else library.welch_anova)(_by_audience(name))
        df = found.df if isinstance(found.df, tuple) else (found.df,)
        assert [found.statistic, *df, found.p_value] == close(
            [*r["statistic"].values(), *r["parameter"].values(), r["p_value"]]
        )
