"""Small groups by enumeration, and Brunner–Munzel's test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


@pytest.mark.parametrize(("n", "m", "p", "q"), [(12, 40, 0.9, 0.5), (8, 8, 0.2, 0.8), (15, 12, 0.5, 0.5)])
def test_exact_power_is_the_sum_over_every_outcome(n: int, m: int, p: float, q: float) -> None:
    from scipy.stats import binom, fisher_exact

    total = sum(
        binom.pmf(x, n, p) * binom.pmf(y, m, q)
        for x in range(n + 1)
        for y in range(m + 1)
        if fisher_exact([[x, n - x], [y, m - y]])[1] <= 0.05
    )
    assert tk.exact_power(n, m, p, q) == pytest.approx(total, rel=1e-9)
    assert tk.exact_power(m, n, q, p) == pytest.approx(total, rel=1e-9)


def test_a_finite_population_is_sampled_without_replacement() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.hypergeometric(9, 3, 8, 20_000), rng.hypergeometric(20, 60, 30, 20_000)
    p = tk.fisher_p(x, np.full(20_000, 8), y, np.full(20_000, 30))
    found = tk.exact_power(8, 30, 0.75, 0.25, population_a=12, population_b=80)
    assert found == pytest.approx(np.mean(p <= 0.05), abs=0.01)
    assert tk.exact_power(12, 40, 1.0, 0.5, population_a=12, population_b=40) == 1


def test_from_the_detectable_gap_on_the_power_is_there() -> None:
    for n, m in ((12, 40), (25, 25), (60, 140)):
        gap = tk.exact_detectable_gap(n, m)
        assert tk.exact_power(n, m, 0.5 + gap / 2, 0.5 - gap / 2) >= 0.8
        less = gap - 0.001
        assert tk.exact_power(n, m, 0.5 + less / 2, 0.5 - less / 2) < 0.8
    assert np.isnan(tk.exact_detectable_gap(2, 3))
    assert tk.exact_detectable_gap(150, 150, test="pooled-z") == pytest.approx(
        tk.minimum_detectable_gap(150, 150), abs=0.01
    )


def test_what_an_organisation_can_see_is_said_pair_by_pair() -> None:
    found = tk.visible_gaps({"executive": 6, "employee": 900, "freelancer": 80}, response=0.5)
    assert found["n_a"].tolist() == [3, 3, 450]
    assert found["method"].str.contains("enumeration").tolist() == [False, True, False]
    assert found["detectable_gap"][2] == pytest.approx(tk.minimum_detectable_gap(450, 40))
    nobody = tk.visible_gaps({"x": 5, "y": 50}, responded={"x": 0, "y": 50})
    assert np.isnan(nobody["detectable_gap"][0])
    assert "nobody" in nobody["method"][0]


def test_boschloo_keeps_its_level_and_beats_fisher() -> None:
    n, m = 9, 7
    table = np.array([[tk.boschloo(x, n, y, m).p_value for y in range(m + 1)] for x in range(n + 1)])
    fisher = np.array([[float(tk.fisher_p(x, n, y, m)) for y in range(m + 1)] for x in range(n + 1)])
    assert (table <= fisher + 1e-6).all()
    assert (table < fisher - 0.01).any()
    from scipy.stats import binom

    for p in np.linspace(0.05, 0.95, 19):
        chance = np.outer(binom.pmf(range(n + 1), n, p), binom.pmf(range(m + 1), m, p))
        assert chance[table <= 0.05].sum() <= 0.05 + 1e-9


def test_boschloo_does_not_depend_on_which_side_or_answer_is_first() -> None:
    found = tk.boschloo(9, 10, 3, 12).p_value
    assert tk.boschloo(3, 12, 9, 10).p_value == pytest.approx(found, rel=1e-6)
    assert tk.boschloo(1, 10, 9, 12).p_value == pytest.approx(found, rel=1e-6)


def test_brunner_munzel_agrees_with_scipy_and_flips_with_its_sides() -> None:
    from scipy.stats import brunnermunzel

    rng = np.random.default_rng(4)
    a, b = rng.integers(1, 6, 40), rng.integers(2, 6, 25)
    found, back, other = tk.brunner_munzel(a, b), tk.brunner_munzel(b, a), brunnermunzel(a, b)
    assert [found.statistic, found.p_value] == pytest.approx([-other.statistic, other.pvalue])
    assert found.estimate == pytest.approx(tk.cliff_delta(a, b).superiority)
    assert [back.estimate, back.conf_low, back.p_value] == pytest.approx(
        [1 - found.estimate, 1 - found.conf_high, found.p_value]
    )


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.exact_power(10, 10, 90, 0.5), problem("out-of-range", "p_a")),
        (
            lambda: tk.exact_power(0, 300, 0.9, 0.5),
            problem("out-of-range", "n_a") + problem("too-large", "n_b"),
        ),
        (lambda: tk.exact_power(10, 10, 0.9, 0.5, population_a=8), problem("above-population", "n_a")),
        (lambda: tk.exact_power(10, 10, 0.9, 0.5, test="z"), problem("unknown-option", "test")),
        (lambda: tk.exact_detectable_gap(10, 10, power=80), problem("out-of-range", "power")),
        (lambda: tk.boschloo(3.5, 10, 2, 10), problem("wrong-type", "x1")),
        (lambda: tk.boschloo(12, 10, 2, 10), problem("out-of-range", "x1")),
        (
            lambda: tk.visible_gaps({"x": 10}, response=60),
            problem("out-of-range", "response") + problem("too-few", "headcounts"),
        ),
        (
            lambda: tk.visible_gaps({"x": 10, "y": 9}, responded={"x": 11, "z": 3}),
            problem("above-population", "audience 'x'") + problem("missing-value", "audience 'z'"),
        ),
        (lambda: tk.brunner_munzel([1], [1, 2]), problem("too-few-answers", "groups")),
        (lambda: tk.brunner_munzel([1, 2], [3, 4]), problem("no-variation", "groups")),
    ],
)
def test_what_cannot_be_meant_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
