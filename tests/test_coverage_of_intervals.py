"""The page on coverage says what can be computed again, and what it says of the guarantees holds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import coverage
from toolkit import analysis as tk

PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "coverage_of_intervals.md"


def _section(title: str) -> str:
    return PAGE.read_text("utf-8").split(f"# {title}\n", 1)[1].split("\n#", 1)[0]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize(
    "method",
    [pytest.param(one, marks=[pytest.mark.slow] if one == "likelihood" else []) for one in coverage.SHARES],
)
def test_the_page_has_the_coverage_of_shares_found_again(method: str) -> None:
    brief, full = coverage.shares_in_brief(method, (10, 50)), coverage.shares_in_full(method, (10, 50))
    assert [row for row in brief if _line(row) not in _section("Shares")] == []
    assert [row for row in full if _line(row) not in _section(brief[0][0])] == []


def test_the_page_has_the_coverage_of_known_populations_found_again() -> None:
    rows = coverage.populations_in_brief(((10, 20), (50, 100)))
    assert [row for row in rows if _line(row) not in _section("Shares of a known population")] == []


@pytest.mark.parametrize("method", list(coverage.GAPS))
def test_the_page_has_the_coverage_of_gaps_found_again(method: str) -> None:
    rows = coverage.gaps_in_brief(method, ((5, 20), (20, 20)))
    assert [row for row in rows if _line(row) not in _section("Gaps")] == []


@pytest.mark.slow
def test_the_page_has_the_simulated_coverage_found_again() -> None:
    (row,) = coverage.designs_in_full("strata", [(20, 0.2)])
    assert _line(row) in _section("Under a design")


def test_wilson_of_ten_answers_equals_its_definition_with_exact_probabilities() -> None:
    n, p, z = 10, Fraction(1, 10), 1.959963984540054
    held = Fraction(0)
    for x in range(n + 1):
        if abs(x / n - float(p)) <= z * sqrt(float(p * (1 - p)) / n):  # the score test does not reject
            held += comb(n, x) * p**x * (1 - p) ** (n - x)
    assert coverage.share_coverage("wilson", n, np.array([0.1]))[0] == pytest.approx(float(held), rel=1e-12)


@pytest.mark.parametrize("method", coverage.SHARES)
def test_the_limits_enumerated_are_those_of_the_public_function(method: str) -> None:
    p, n = 0.3, 12
    columns = {f"x{x}": pd.Categorical(["1"] * x + ["0"] * (n - x), ["0", "1"]) for x in range(n + 1)}
    rows = tk.proportions(pd.DataFrame(columns), list(columns), measure="1", method=method)
    held = (rows["conf_low"] <= p) & (rows["conf_high"] >= p)
    chances = [comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1)]
    found = coverage.share_coverage(method, n, np.array([p]))[0]
    assert found == pytest.approx(sum(chance for chance, kept in zip(chances, held, strict=True) if kept))


@pytest.mark.parametrize("method", coverage.SHARES)
def test_a_share_and_what_is_left_of_it_are_covered_equally_often(method: str) -> None:
    left = coverage.share_coverage(method, 30, coverage.FINE)
    assert left == pytest.approx(coverage.share_coverage(method, 30, 1 - coverage.FINE))


@pytest.mark.parametrize("n", coverage.SIZES)
def test_clopper_pearson_never_falls_below_its_level(n: int) -> None:
    assert coverage.share_coverage("clopper-pearson", n, coverage.FINE).min() >= coverage.LEVEL


@pytest.mark.parametrize(("n", "population"), coverage.POPULATIONS)
def test_the_hypergeometric_interval_never_falls_below_its_level(n: int, population: int) -> None:
    assert coverage.population_coverage(n, population)[1].min() >= coverage.LEVEL


@pytest.mark.parametrize("n", [size for size in coverage.SIZES if size >= 50])
def test_wilson_keeps_the_promise_at_97_of_100_shares_from_fifty_answers(n: int) -> None:
    assert coverage.kept(coverage.share_coverage("wilson", n, coverage.FINE)).mean() > 0.97


@pytest.mark.parametrize("method", ["newcombe", "miettinen-nurminen", "agresti-caffo"])
@pytest.mark.parametrize("pair", [(50, 50), (50, 500), (100, 100)])
def test_gaps_keep_the_promise_at_99_of_100_pairs_from_fifty_a_side(
    method: str, pair: tuple[int, int]
) -> None:
    assert coverage.kept(coverage.gap_coverage(method, *pair)).mean() > 0.99
