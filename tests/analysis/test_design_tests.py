"""W06 and W07: tests of means and ranks under a design against R."""

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
from toolkit.errors import InvalidInput


def _t_test(case: dict[str, Any]) -> Any:
    frame, design = data(case["dataset"]), DESIGNS[case["design_name"]]
    one = re.match(r"svyttest\(I\((\w+)-([\w.]+)\)~0", case["call"])
    if one:
        item, other = one.groups()
        if other in frame.columns:
            return tk.design_t_test(frame.assign(y=frame[item] - frame[other]), "y", design=design)
        return tk.design_t_test(frame, item, mu=float(other), design=design)
    item = re.match(r"svyttest\((\w+)~", case["call"]).group(1)
    if "inputs" in case:
        pair = (case["inputs"]["b"], case["inputs"]["a"])
        return tk.design_t_test(frame, item, between="audience", pair=pair, design=design)
    group = re.match(r"svyttest\(\w+~(\w+),", case["call"]).group(1)
    second, first = sorted(frame[group].dropna().unique(), reverse=True)
    return tk.design_t_test(frame, item, between=group, pair=(second, first), design=design)


@pytest.mark.parametrize("case", cases("W06_ttest"))
def test_tests_of_means_under_a_design_equal_r(case: dict[str, Any]) -> None:
    found, r = _t_test(case), case["result"]
    shift = re.search(r"I\(\w+-([\d.]+)\)", case["call"])
    moved = float(shift.group(1)) if shift else 0.0
    estimate = next(iter(r["estimate"].values()))
    assert [found.statistic, found.df, found.p_value] == close(
        [r["statistic"]["t"], r["parameter"]["df"], r["p_value"]]
    )
    assert [found.estimate - moved, found.conf_low - moved, found.conf_high - moved] == close(
        [estimate, *r["conf_int"]]
    )


def _rank_test(case: dict[str, Any], **options: Any) -> Any:
    frame, design = data(case["dataset"]), DESIGNS[case["design_name"]]
    item, group, score = re.match(r"svyranktest\((\w+)~(\w+),.*test='(\w+)'", case["call"]).groups()
    score = {"vanderWaerden": "van-der-waerden", "median": "median"}.get(score, "wilcoxon")
    pair = None
    if "inputs" in case:
        pair = (case["inputs"]["b"], case["inputs"]["a"])
    elif frame[group].nunique() == 2:
        pair = tuple(sorted(frame[group].dropna().unique(), reverse=True))
    return tk.design_rank_test(frame, item, between=group, pair=pair, score=score, design=design, **options)


@pytest.mark.parametrize("case", cases("W07_ranktest"))
def test_rank_tests_under_a_design_equal_r(case: dict[str, Any]) -> None:
    found, r = _rank_test(case), case["result"]
    assert found.p_value == close(r["p_value"])
    assert _rank_test(case, ties="in-order").p_value == close(case["default"]["p_value"])
    if "t" in r["statistic"]:
        assert [found.statistic, found.df, found.estimate] == close(
            [r["statistic"]["t"], r["parameter"]["df"], *r["estimate"].values()]
        )
    else:
        assert [found.statistic * found.df[0], found.df[0]] == close(
            [r["parameter"]["Chisq"], r["statistic"]["df"]]
        )


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"y": rng.integers(1, 6, 90), "g": rng.choice(list("abc"), 90)})
    return frame.assign(w=rng.uniform(0.5, 3, 90), s=np.repeat([1, 2, 3], 30))


def test_the_order_of_rows_and_the_scale_of_weights_change_nothing() -> None:
    frame, design = _frame(), tk.Design(weights="w", strata="s")
    moved = frame.sample(frac=1, random_state=1).assign(w=lambda one: one.w * 7)
    for pair in (None, ("a", "b")):
        there, back = (
            tk.design_rank_test(one, "y", between="g", pair=pair, ties="midrank", design=design)
            for one in (frame, moved)
        )
        assert [there.statistic, there.p_value] == pytest.approx([back.statistic, back.p_value])
    there, back = (
        tk.design_t_test(one, "y", between="g", pair=("a", "b"), design=design) for one in (frame, moved)
    )
    assert [there.statistic, there.df] == pytest.approx([back.statistic, back.df])


def test_relabelling_flips_the_sign() -> None:
    frame, design = _frame(), tk.Design(weights="w")
    for test in (tk.design_t_test, tk.design_rank_test):
        there, back = (
            test(frame, "y", between="g", pair=pair, design=design) for pair in (("a", "b"), ["b", "a"])
        )
        assert [there.statistic, there.p_value] == pytest.approx([-back.statistic, back.p_value])


def test_equal_weights_give_the_test_of_a_simple_sample_nearly() -> None:
    frame = _frame()
    found = tk.design_t_test(frame, "y", between="g", pair=("a", "b"))
    plain = library.t_test(frame.y[frame.g == "a"], frame.y[frame.g == "b"])
    assert found.estimate == pytest.approx(plain.estimate)
    assert found.statistic == pytest.approx(plain.statistic, rel=0.03)


def test_ranks_of_equal_weights_are_mid_ranks() -> None:
    frame = _frame().assign(w=2.0)
    for score in ("wilcoxon", "van-der-waerden", "median"):
        both = [
            tk.design_rank_test(
                frame, "y", between="g", score=score, ties=ties, design=tk.Design(weights="w")
            ).statistic
            for ties in ("in-order", "midrank")
        ]
        assert both[0] == pytest.approx(both[1])


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.design_t_test(f, "y", between="g"), problem("wrong-shape", "groups")),
        (lambda f: tk.design_t_test(f, "y", between="g", pair=("a", "z")), problem("no-answers", "column g")),
        (lambda f: tk.design_t_test(f, "z"), problem("unknown-column", "column z")),
        (lambda f: tk.design_rank_test(f.assign(g="a"), "y", between="g"), problem("too-few", "column g")),
        (lambda f: tk.design_rank_test(f, "y", between="g", score="sum"), problem("unknown-option", "score")),
        (
            lambda f: tk.design_rank_test(f.assign(y=f.y.where(f.g != "b")), "y", between="g"),
            problem("no-answers", "group 'b'"),
        ),
        (
            lambda f: tk.design_rank_test(f, "y", between="w", pair=("a", "b")),
            problem("no-answers", "column w") + problem("no-answers", "column w"),
        ),
    ],
)
def test_what_cannot_be_tested_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())


def test_the_order_of_rows_does_not_move_a_rank_test_of_tied_answers_with_weights() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"y": rng.integers(1, 6, 200), "g": rng.choice(["a", "b"], 200)})
    frame["w"] = rng.uniform(0.5, 4, 200)
    design = tk.Design(weights="w")
    orders = (frame, frame.iloc[::-1], frame.sample(frac=1, random_state=1))
    found = [tk.design_rank_test(one, "y", between="g", pair=("a", "b"), design=design) for one in orders]
    assert [one.p_value for one in found] == pytest.approx([found[0].p_value] * 3, rel=1e-9)
