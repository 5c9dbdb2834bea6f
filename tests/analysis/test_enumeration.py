"""Power of small groups by enumeration."""

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


@pytest.mark.slow
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
    assert "no one" in nobody["method"][0]


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
        (
            lambda: tk.visible_gaps({"x": 10}, response=60),
            problem("out-of-range", "response") + problem("too-few", "headcounts"),
        ),
        (
            lambda: tk.visible_gaps({"x": 10, "y": 9}, responded={"x": 11, "z": 3}),
            problem("above-population", "audience 'x'") + problem("missing-value", "audience 'z'"),
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
