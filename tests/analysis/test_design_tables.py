"""W05: tables under a design against R."""

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

STATISTICS = {
    "F": "F",
    "Chisq": "chi-square",
    "Wald": "wald",
    "adjWald": "adjusted-wald",
    # R lacks the package for the exact mixture on the machine of the reference and falls back itself.
    "lincom": "saddlepoint",
    "saddlepoint": "saddlepoint",
}


def _check_fit(case: dict[str, Any], frame: pd.DataFrame, design: Any) -> None:
    item, text = re.match(r"svygofchisq\(~(\w+), d, p=c\((.*?)\)", case["call"]).groups()
    shares = [eval(share, {}) for share in text.split(",")]
    expected = dict(zip(sorted(frame[item].unique()), shares, strict=True))
    found, r = tk.goodness_of_fit(frame, item, expected, design=design), case["result"]
    assert [found.scale, found.df, found.p_value] == close([*r["parameter"].values(), r["p_value"]])
    # A fit that is perfect but for rounding (3e-12 in R) is one.
    assert found.statistic == pytest.approx(r["statistic"]["X-squared"], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("case", cases("W05_chisq"))
def test_tables_under_a_design_equal_r(case: dict[str, Any]) -> None:
    frame, design, r = data(case["dataset"]), DESIGNS[case["design_name"]], case["result"]
    if case["call"].startswith("svygof"):
        _check_fit(case, frame, design)
        return
    rows, columns = re.match(r"svy\w+\(~(\w+)\+(\w+)", case["call"]).groups()
    if case["call"].startswith("svytable"):
        table = tk.crosstab(frame, rows, columns, design=design)
        for cell in r:
            label = cell[rows] if isinstance(cell[rows], str) else f"{cell[rows]:g}"
            assert table.loc[label, cell[columns]] == close(cell["Freq"])
        return
    kind = re.search(r"statistic='(\w+)'", case["call"]).group(1)
    found = tk.independence(frame, rows, columns, statistic=STATISTICS[kind], design=design)
    # R stops its search for the saddlepoint at 1e-8, which near the mean costs it the sixth digit of p.
    rel = 1e-5 if STATISTICS[kind] == "saddlepoint" else 1e-6
    assert found.statistic == close(*r["statistic"].values())
    assert found.p_value == close(r["p_value"], rel=rel)
    df = found.df if isinstance(found.df, tuple) else () if found.df is None else (found.df,)
    assert list(df) == close(list(r.get("parameter", {}).values()))


def _frame(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"a": rng.choice(list("xyz"), n), "b": rng.integers(1, 5, n)})
    return frame.assign(w=rng.uniform(0.5, 3, n), s=rng.integers(0, 3, n))


@pytest.mark.parametrize("statistic", ["F", "chi-square", "wald", "adjusted-wald", "saddlepoint"])
def test_row_order_weight_scale_and_which_is_row_change_nothing(statistic: Any) -> None:
    frame, design = _frame(), tk.Design(weights="w", strata="s")
    there = tk.independence(frame, "a", "b", statistic=statistic, design=design)
    moved = frame.sample(frac=1, random_state=3).assign(w=lambda one: one.w * 9)
    for one, pair in ((moved, "ab"), (frame, "ba")):
        back = tk.independence(one, *pair, statistic=statistic, design=design)
        assert [there.statistic, there.p_value] == pytest.approx([back.statistic, back.p_value])


def test_a_simple_sample_gives_pearsons_test_nearly() -> None:
    frame = _frame(4000)
    plain = library.chi_square(pd.crosstab(frame.a, frame.b))
    found = tk.independence(frame, "a", "b", statistic="chi-square")
    assert found.statistic == pytest.approx(plain.statistic)
    assert found.p_value == pytest.approx(plain.p_value, rel=0.05)
    assert tk.independence(frame, "a", "b").p_value == pytest.approx(plain.p_value, rel=0.05)


def test_the_tail_of_a_mixture_is_that_of_simulated_sums() -> None:
    from toolkit.analysis.design_tests import f_sum_tail, saddlepoint_tail

    rng = np.random.default_rng(1)
    weights = np.array([3.0, 1.0, 0.4])
    sums = (rng.chisquare(1, (200_000, 3)) * weights).sum(axis=1)
    below = rng.chisquare(12, 200_000) / 12
    for x in (2.0, 8.0, 15.0):
        assert saddlepoint_tail(x, weights) == pytest.approx((sums > x).mean(), abs=0.01)
        assert f_sum_tail(x, weights, 12.0) == pytest.approx((sums / below > x).mean(), abs=0.015)
    assert saddlepoint_tail(4.4, weights) == pytest.approx((sums > 4.4).mean(), abs=0.02)


def test_codes_are_shown_as_they_are_written() -> None:
    frame = _frame().assign(b=lambda one: one.b * 1_000_000 + 0.0)
    table = tk.crosstab(frame, "a", "b")
    assert list(table.columns) == ["1000000", "2000000", "3000000", "4000000"]


def test_missing_answers_are_outside_the_table() -> None:
    frame, design = _frame(), tk.Design(weights="w")
    holed = frame.assign(b=frame.b.where(frame.index % 5 > 0))
    table = tk.crosstab(holed, "a", "b", design=design)
    assert table.to_numpy().sum() == pytest.approx(frame.w[frame.index % 5 > 0].sum())
    assert list(table.columns) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.independence(f, "a", "b", statistic="G"), problem("unknown-option", "statistic")),
        (lambda f: tk.independence(f.assign(a="x"), "a", "b"), problem("too-few", "rows")),
        (
            lambda f: tk.independence(f.assign(b=f.b.where(f.a != "z")), "a", "b"),
            problem("empty-cell", "rows"),
        ),
        (lambda f: tk.independence(f, "a", "w"), problem("too-many", "column w")),
        (
            lambda f: tk.goodness_of_fit(f, "a", {"x": 0.5, "q": 0.5}),
            problem("missing-value", "answer 'y'")
            + problem("missing-value", "answer 'z'")
            + problem("empty-cell", "share of 'q'"),
        ),
        (
            lambda f: tk.goodness_of_fit(f, "a", {"x": 0.5, "y": 0.5, "z": 0}),
            problem("out-of-range", "share of 'z'"),
        ),
        (lambda f: tk.goodness_of_fit(f.assign(a="x"), "a", {"x": 1}), problem("too-few", "answers")),
    ],
)
def test_what_is_no_table_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())


def test_cells_too_sparse_for_walds_test_are_refused() -> None:
    # two answers that only ever come together leave a covariance without an inverse
    frame = pd.DataFrame({"a": list("xyz") * 8, "b": list("uvw") * 8, "w": np.linspace(1, 3, 24)})
    for statistic in ("wald", "adjusted-wald"):
        with pytest.raises(InvalidInput, check=problem("not-estimable", "table")):
            tk.independence(frame, "a", "b", statistic=statistic, design=tk.Design(weights="w"))


def test_more_contrasts_than_degrees_of_freedom_are_refused() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 60), "b": rng.integers(0, 4, 60), "c": np.arange(60) % 6})
    with pytest.raises(InvalidInput, check=problem("not-estimable", "table")):
        tk.independence(frame, "a", "b", statistic="adjusted-wald", design=tk.Design(clusters="c"))
