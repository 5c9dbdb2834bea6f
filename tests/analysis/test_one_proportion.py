"""U02: one proportion against R; intervals against their definitions."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.analysis.oracles import cases, close
from toolkit import analysis as tk
from toolkit.analysis import intervals
from toolkit.analysis.intervals import hypergeometric_interval


def _answers(x: int, n: int) -> pd.DataFrame:
    return pd.DataFrame({"said": [1.0] * x + [0.0] * (n - x)})


def _limits(x: int, n: int, method: str) -> list[float]:
    row = tk.proportions(_answers(x, n), "said", measure="1" if x else "0", method=method).iloc[0]
    low, high = row["conf_low"], row["conf_high"]
    return [low, high] if x else [1 - high, 1 - low]


@pytest.mark.parametrize("case", cases("U02_one_proportion"))
def test_one_proportion_equals_r(case: dict[str, Any]) -> None:
    call, result = case["call"], case["result"]
    if call.startswith("list(jeffreys"):
        x, n = (int(float(part)) for part in re.search(r"qbeta\(\.025,(\d+)\+\.5,(\d+)-", call).groups())
        assert _limits(x, n, "jeffreys") == close(result["jeffreys"])
        assert _limits(x, n, "agresti-coull") == close(result["agresti_coull"])
        return
    name, x, n = re.match(r"([\w.]+)\((\d+),(\d+)", call).groups()
    given = re.search(r"p=([\d.]+)", call)
    options: dict[str, Any] = {"p": float(given.group(1)) if given else 0.5}
    if "greater" in call:
        options["alternative"] = "greater"
    if name == "prop.test":
        found = library.score_test(int(x), int(n), correct="correct=TRUE" in call, **options)
        assert found.statistic == close(result["statistic"]["X-squared"])
    else:
        found = library.exact_binomial_test(int(x), int(n), **options)
    assert found.p_value == close(result["p_value"])
    assert [found.conf_low, found.conf_high] == close(result["conf_int"])
    if "Wilson interval" in case.get("note", "") and "correct=FALSE" in call:
        assert _limits(int(x), int(n), "wilson") == close(result["conf_int"])
    if case.get("note") == "Clopper-Pearson":
        assert _limits(int(x), int(n), "beta") == close(result["conf_int"])


def _brute(x: int, n: int, whole: int, level: float) -> tuple[float, float]:
    """Every possible number of people, each tail summed with exact integers."""
    from fractions import Fraction
    from math import comb

    tail, kept = Fraction(str(1 - level)).limit_denominator(10**6) / 2, []
    for people in range(x, whole - (n - x) + 1):
        mass = [Fraction(comb(people, k) * comb(whole - people, n - k), comb(whole, n)) for k in range(n + 1)]
        if sum(mass[x:]) > tail and sum(mass[: x + 1]) > tail:
            kept.append(people)
    return min(kept) / whole, max(kept) / whole


def test_the_hypergeometric_interval_is_every_population_not_rejected() -> None:
    for whole in (1, 2, 7, 18, 40):
        for n in {1, whole // 3 or 1, whole // 2 or 1, whole}:
            for x in {0, n // 2, n}:
                for level in (0.9, 0.95):
                    low, high = hypergeometric_interval(x, n, whole, level=level)
                    assert (float(low), float(high)) == pytest.approx(_brute(x, n, whole, level), abs=1e-12)


def test_hypergeometric_intervals_of_many_rows_are_those_of_each_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(11)
    whole = draw.integers(1, 400, 60)
    n = 1 + (whole * draw.random(60)).astype(int) * (whole - 1) // whole
    x = (n * draw.random(60)).round().astype(int)
    together = np.array(hypergeometric_interval(x, n, whole))
    alone = [hypergeometric_interval(*row) for row in zip(x, n, whole, strict=True)]
    assert together.T.tolist() == [[float(low), float(high)] for low, high in alone]
    monkeypatch.setattr(intervals, "_TERMS", 50)  # a few rows at a time
    assert np.array_equal(np.array(hypergeometric_interval(x, n, whole)), together)


def test_with_everybody_answering_the_interval_is_the_share() -> None:
    row = tk.proportions(_answers(3, 12), "said", measure="1", population=12).iloc[0]
    assert (row["conf_low"], row["conf_high"], row["std_error"]) == (0.25, 0.25, 0.0)
    assert "hypergeometric" in row["method"]


def test_the_likelihood_interval_drops_by_half_the_squared_quantile() -> None:
    low, high = _limits(15, 148, "likelihood")
    best = 15 * np.log(15 / 148) + 133 * np.log(133 / 148)
    for limit in (low, high):
        drop = best - 15 * np.log(limit) - 133 * np.log(1 - limit)
        assert 2 * drop == pytest.approx(1.959963984540054**2, rel=1e-9)


def test_a_larger_population_widens_the_interval_towards_the_exact_binomial_one() -> None:
    frame = _answers(9, 30)
    widths = []
    for whole in (30, 60, 300, 30_000):
        row = tk.proportions(frame, "said", measure="1", population=whole).iloc[0]
        widths.append(row["conf_high"] - row["conf_low"])
    exact = tk.proportions(frame, "said", measure="1", method="clopper-pearson").iloc[0]
    assert widths == sorted(widths)
    assert widths[-1] == pytest.approx(exact["conf_high"] - exact["conf_low"], rel=1e-2)


@pytest.mark.parametrize("method", ["wilson", "beta", "likelihood", "asin", "logit", "jeffreys"])
def test_an_interval_holds_its_share_and_stays_within_0_and_1(method: str) -> None:
    inner, ends = [(1, 12), (6, 12), (199, 200)], [(0, 12), (12, 12)]
    # the logit has no limits at the ends, and Jeffreys' equal tails leave 0 and 1 outside
    for x, n in inner + (ends if method not in ("logit", "jeffreys") else []):
        low, high = _limits(x, n, method)
        assert 0 <= low <= x / n <= high <= 1
    if method == "logit":
        assert np.isnan(_limits(12, 12, method)).all()
