"""Quantiles, weighted alpha and kappa: W14, independent recomputation, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput


@pytest.mark.parametrize("case", cases("W14_quantile_alpha_gof"))
def test_quantiles_alpha_and_kappa_equal_r(case: dict[str, Any]) -> None:
    frame, design, call = data(case["dataset"]), DESIGNS[case["design_name"]], case["call"]
    result = case.get("result_survey_4_5", case["result"])
    if call.startswith("svyquantile"):
        item = re.match(r"svyquantile\(~(\w+)", call).group(1)
        parts = [float(one) for one in np.ravel([result[item]["probs"]])]
        options = dict(re.findall(r"(qrule|interval.type)='(\w+)'", call))
        found = tk.quantiles(
            frame,
            item,
            parts,
            design=design,
            rule=options.get("qrule", "math"),
            interval=options.get("interval.type", "mean"),
        )
        for at, name in enumerate(("estimate", "conf_low", "conf_high", "std_error")):
            assert found[name].tolist() == close([row[at] for row in result[item]["values"]])
    elif "svycralpha" in call:
        found = tk.weighted_alpha(frame, ["q01", "q02", "q03", "q04"], design=design)
        assert found["estimate"].tolist() == close([result])
    else:
        found = tk.kappa(frame, "comp_imp", "sch_wide", design=design)
        assert [found["estimate"][0], found["std_error"][0]] == close([result["estimate"], result["se"]])
        assert [found["conf_low"][0], found["conf_high"][0]] == close(result["ci95_t_designdf"][0])


@pytest.mark.parametrize("rule", ["hf4", "hf5", "hf6", "hf8", "hf9"])
def test_continuous_rules_are_hyndman_and_fans_where_weights_are_equal(rule: str) -> None:
    names = {
        "hf4": "interpolated_inverted_cdf",
        "hf5": "hazen",
        "hf6": "weibull",
        "hf8": "median_unbiased",
        "hf9": "normal_unbiased",
    }
    x = np.random.default_rng(3).normal(size=23)
    for p in (0.05, 0.3, 0.5, 0.77):
        found = tk.weighted_quantile(x, np.full(23, 2.5), p, rule=rule)
        assert found == close(float(np.quantile(x, p, method=names[rule])))


def test_discrete_rules_agree_with_numpy_where_weights_are_equal() -> None:
    x = np.arange(10.0)
    for p in (0.05, 0.3, 0.5, 0.61, 0.7):
        for rule, name in (("math", "inverted_cdf"), ("school", "averaged_inverted_cdf")):
            found = tk.weighted_quantile(x, np.full(10, 0.1), p, rule=rule)
            assert found == close(float(np.quantile(x, p, method=name)))


def test_a_weight_of_two_is_two_answers() -> None:
    x, w = np.array([3.0, 1.0, 2.0, 5.0]), np.array([1, 2, 0, 3])
    for p in (0.2, 0.4, 0.5, 0.9):
        once = tk.weighted_quantile(x, w, p)
        assert once == tk.weighted_quantile(np.repeat(x, w), np.ones(6), p)


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.integers(1, 6, (80, 3)), columns=list("abc")).astype(float)
    return frame.assign(
        b=lambda f: (f.a + f.b) / 2,
        c=lambda f: (f.a + f.c) / 2,
        g=pd.Categorical(np.repeat(["x", "y"], 40), ["x", "y", "z"]),
        w=rng.uniform(1, 3, 80),
    )


def test_groups_have_their_own_quantiles_and_an_empty_one_says_so() -> None:
    frame = _frame()
    found = tk.quantiles(frame, ["a", "b"], [0.5, 0.9], by="g", design=Design(weights="w"))
    assert len(found) == 2 * 3 * 2
    for row in found[found["n"] > 0].itertuples():
        part = frame[frame.g == row.g]
        assert row.estimate == tk.weighted_quantile(part[row.item], part.w, float(row.measure.split()[1]))
        assert row.df == len(part) - 1
    assert set(found.loc[found.g == "z", "method"]) == {"not computed: no one answered"}


@pytest.mark.parametrize("interval", ["mean", "xlogit", "asin", "beta"])
def test_every_interval_holds_its_quantile_and_narrows_with_level(interval: str) -> None:
    wide = tk.quantiles(_frame(), "b", 0.5, design=Design(weights="w"), interval=interval).iloc[0]
    narrow = tk.quantiles(_frame(), "b", 0.5, design=Design(weights="w"), interval=interval, level=0.5).iloc[
        0
    ]
    assert wide.conf_low <= narrow.conf_low <= wide.estimate <= narrow.conf_high <= wide.conf_high


def test_alpha_of_a_simple_sample_is_the_textbook_one_with_an_interval() -> None:
    frame = _frame()
    variances, total = frame[list("abc")].var(), frame[list("abc")].sum(axis=1).var()
    row = tk.weighted_alpha(frame, list("abc")).iloc[0]
    assert row["estimate"] == close(1.5 * (1 - variances.sum() / total))
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    codes = frame.assign(
        **{name: pd.Categorical((frame[name] * 2).astype(int).astype(str)) for name in "abc"}
    )
    assert tk.weighted_alpha(codes, list("abc"))["estimate"][0] == close(row["estimate"])


def test_perfect_agreement_is_one() -> None:
    frame = _frame().assign(d=lambda f: f.a)
    assert tk.kappa(frame, "a", "d")["estimate"].tolist() == close([1.0])


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.quantiles(f, "a", 50), problem("out-of-range", "probabilities")),
        (lambda f: tk.quantiles(f, "a", []), problem("empty", "probabilities")),
        (lambda f: tk.quantiles(f, "a", rule="median"), problem("unknown-option", "rule")),
        (lambda f: tk.quantiles(f, "a", interval="wald"), problem("unknown-option", "interval")),
        (
            lambda f: tk.quantiles(f, "a", interval="quantile"),
            problem("unsuited-method", 'interval "quantile"'),
        ),
        (lambda f: tk.quantiles(f, "a", level=0), problem("out-of-range", "level")),
        (lambda f: tk.weighted_alpha(f, ["a"]), problem("too-few", "items")),
        (lambda f: tk.weighted_alpha(f, ["a", "q"]), problem("unknown-column", "column q")),
        (lambda f: tk.kappa(f, "a", "q"), problem("unknown-column", "column q")),
        (lambda f: tk.kappa(f, "a", "g"), problem("inconsistent", "columns a, g")),
    ],
)
def test_what_has_no_meaning_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())


def test_score_limits_are_the_answers_a_test_of_the_share_does_not_reject() -> None:
    frame, design = _frame(), Design(weights="w")
    row = tk.quantiles(frame, "b", 0.4, design=design, interval="score").iloc[0]
    kept = []
    for answer in sorted(frame.b.unique()):
        below = frame.assign(below=(frame.b <= answer) * 1.0)
        found = tk.means(below, "below", design=design, level=0.95).iloc[0]
        if found.conf_low <= 0.4 <= found.conf_high:
            kept.append(answer)
    assert [row.conf_low, row.conf_high] == [
        min(kept),
        min(one for one in frame.b.unique() if one > max(kept)),
    ]


def test_shah_and_vaishs_rule_does_not_depend_on_the_scale_of_weights() -> None:
    x, w = np.arange(12.0), np.linspace(0.2, 3, 12)
    for p in (0.05, 0.4, 0.8):
        one, other = (tk.weighted_quantile(x, w * scale, p, rule="shahvaish") for scale in (1, 70))
        assert one == other


def test_below_the_first_weights_share_lies_the_smallest_answer() -> None:
    for rule in ("math", "school", "hf3", "hf4"):
        assert tk.weighted_quantile([3.0, 5.0, 9.0], [5, 1, 1], 0.1, rule=rule) == 3.0
