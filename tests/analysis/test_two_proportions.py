"""U01: two proportions, and the exact test, against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.analysis import library
from tests.analysis.oracles import AUDIENCES, cases, close, data, number
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput

FAMILY = cases("U01_two_proportions")
INTERVALS = {
    "newcombe": library.newcombe,
    "miettinen_nurminen": tk.miettinen_nurminen,
    "agresti_caffo": library.agresti_caffo,
    "wald_diff": library.wald_difference,
    "rr_katz": library.risk_ratio,
    "or_woolf": library.odds_ratio,
}


def _table(case: dict[str, Any]) -> tuple[int, int, int, int]:
    return tuple(case["inputs"][key] for key in ("x1", "n1", "x2", "n2"))


def _check_interval(case: dict[str, Any], name: str) -> None:
    given = re.search(r"conf=([\d.]+)", case["call"])
    found = INTERVALS[name](*_table(case), level=float(given.group(1)) if given else 0.95)
    result = case["result"]
    estimate = result["centre"] if "centre" in result else result["estimate"]
    assert found.estimate == close(estimate)
    # R finds Miettinen-Nurminen limits by uniroot, to about 1e-8 near the ends
    assert [found.conf_low, found.conf_high] == close([result["lower"], result["upper"]])
    if "se" in result or "se_log" in result:
        assert found.std_error == close(result.get("se", result.get("se_log")))


def _check_fisher(case: dict[str, Any]) -> None:
    side = re.search(r"alternative='(\w+)'", case["call"])
    found = library.fisher_exact(*_table(case), alternative=side.group(1) if side else "two-sided")
    result = case["result"]
    assert found.p_value == pytest.approx(result["p_value"], rel=1e-7)
    # the conditional estimate is a root R finds with tolerance .Machine$double.eps^0.25
    if 0 < case["inputs"]["x1"] + case["inputs"]["x2"] < case["inputs"]["n1"] + case["inputs"]["n2"]:
        # (of a table with an empty column R returns 0, scipy NaN)
        assert found.estimate == pytest.approx(number(result["estimate"]["odds ratio"]), rel=1e-3)
    # the limits too: the README of the reference says 2e-2
    limits = [number(limit) for limit in result["conf_int"]]
    assert [found.conf_low, found.conf_high] == pytest.approx(limits, rel=2e-2)


def _check_respondents(case: dict[str, Any]) -> None:
    frame = data("org_given")
    item = re.search(r"!is.na\((\w+)\)", case["call"]).group(1)
    pair = tuple(case["result"]["n"])
    assert set(pair) < set(AUDIENCES)
    row = tk.gaps(frame, item, measure="mean", pairs=[pair]).iloc[0]
    r = case["result"]
    assert [row["n_a"], row["n_b"]] == list(r["n"].values())
    assert [row["gap"], row["conf_low"], row["conf_high"]] == close(list(r["newcombe"].values()))
    assert row["p_value"] == close(r["test"]["p_value"])
    assert row["statistic"] ** 2 == close(r["test"]["statistic"]["X-squared"])
    counts = [r["x"][pair[0]], r["n"][pair[0]], r["x"][pair[1]], r["n"][pair[1]]]
    ratio = library.risk_ratio(*counts)
    assert [ratio.estimate, ratio.std_error, ratio.conf_low, ratio.conf_high] == close(r["rr"])
    assert tk.fisher_p(*counts) == close(r["fisher_p"])


@pytest.mark.parametrize("case", FAMILY)
def test_two_proportions_equal_r(case: dict[str, Any]) -> None:
    name, result = re.match(r"[\w.]+", case["call"]).group(), case["result"]
    if name in INTERVALS:
        _check_interval(case, name)
    elif name == "fisher.test":
        _check_fisher(case)
    elif name == "pooled_z":
        found = library.pooled_z(*_table(case))
        assert [found.statistic, found.p_value] == close([result["z"], result["p_value"]])
    elif name == "cohen_h":
        x1, n1, x2, n2 = _table(case)
        assert library.cohen_h(x1 / n1, x2 / n2) == close(result["h"])
    elif name in ("chisq.test", "prop.test"):
        way = library.prop_test if name == "prop.test" else library.chi_square_2x2
        found = way(*_table(case), correct="correct=TRUE" in case["call"])
        assert [found.statistic, found.p_value] == close(
            [result["statistic"]["X-squared"], result["p_value"]]
        )
        if name == "prop.test":
            assert [found.conf_low, found.conf_high] == close(result["conf_int"])
    else:
        _check_respondents(case)


def test_intervals_of_arrays_are_those_of_their_entries() -> None:
    x1, n1, x2, n2 = np.array([9, 0, 10]), np.array([10, 10, 10]), np.array([3, 0, 0]), np.array([10, 20, 20])
    many = tk.miettinen_nurminen(x1, n1, x2, n2)
    for at in range(3):
        one = tk.miettinen_nurminen(x1[at], n1[at], x2[at], n2[at])
        assert [many.conf_low[at], many.conf_high[at]] == close([one.conf_low, one.conf_high])


def test_swapping_sides_flips_the_sign() -> None:
    there, back = tk.miettinen_nurminen(9, 10, 3, 12), tk.miettinen_nurminen(3, 12, 9, 10)
    assert [there.estimate, there.conf_low, there.conf_high] == close(
        [-back.estimate, -back.conf_high, -back.conf_low]
    )


def test_fisher_for_many_tables_is_fisher_for_each() -> None:
    rng = np.random.default_rng(4)
    n1, n2 = rng.integers(1, 60, 200), rng.integers(1, 60, 200)
    x1, x2 = rng.binomial(n1, 0.4), rng.binomial(n2, 0.6)
    from scipy.stats import fisher_exact

    wanted = [fisher_exact([[a, n - a], [b, m - b]])[1] for a, n, b, m in zip(x1, n1, x2, n2, strict=True)]
    assert tk.fisher_p(x1, n1, x2, n2) == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize(
    ("counts", "refusal"),
    [
        ((5, 0, 1, 2), problem("out-of-range", "n1")),
        ((5, 4, 1, 2), problem("out-of-range", "x1")),
        ((-1, 4, 1, 2), problem("out-of-range", "x1")),
        ((1, 4, 3, 2), problem("out-of-range", "x2")),
    ],
)
def test_impossible_counts_are_refused(counts: tuple[int, ...], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        tk.miettinen_nurminen(*counts)
