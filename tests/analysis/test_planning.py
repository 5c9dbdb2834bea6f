"""Margins of error, smallest gaps and sample sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.analysis.oracles import close
from tests.refusals import problem
from toolkit.analysis import margin_of_error, minimum_detectable_gap, sample_size
from toolkit.errors import InvalidInput


def test_the_margin_of_a_large_poll_is_the_one_pollsters_print() -> None:
    assert margin_of_error(1068) == pytest.approx(0.03, abs=1e-4)
    assert margin_of_error([100, 400]).tolist() == close([0.0979981992270027, 0.0489990996135014])


def test_a_census_has_no_margin_and_nobody_has_none() -> None:
    assert margin_of_error(40, 40) == 0
    assert np.isnan(margin_of_error(0, 40))
    assert margin_of_error(20, 40) == close(margin_of_error(20) * np.sqrt(20 / 39))


def test_the_detectable_gap_has_the_power_it_names() -> None:
    rng = np.random.default_rng(12)
    n_a, n_b = 300, 500
    gap = minimum_detectable_gap(n_a, n_b)
    x, y = rng.binomial(n_a, 0.5 + gap / 2, 20_000), rng.binomial(n_b, 0.5 - gap / 2, 20_000)
    pooled = (x + y) / (n_a + n_b)
    z = (x / n_a - y / n_b) / np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(0.8, abs=0.02)


def test_too_few_answers_can_show_no_gap() -> None:
    assert np.isnan(minimum_detectable_gap(3, 5))
    for nobody in (0, -3, np.nan, [100, 0]):
        with pytest.raises(InvalidInput, check=problem("out-of-range", "n_a")):
            minimum_detectable_gap(nobody, 500)
    assert minimum_detectable_gap([100, 400], [100, 400])[0] == close(2 * minimum_detectable_gap(400, 400))


def test_sample_size_is_the_inverse_of_the_detectable_gap() -> None:
    for gap in (0.05, 0.1, 0.3):
        for ratio in (0.5, 1.0, 3.0):
            n = sample_size(gap, ratio=ratio)
            assert (
                minimum_detectable_gap(n, ratio * n) <= gap < minimum_detectable_gap(n - 1, ratio * (n - 1))
            )


@pytest.mark.parametrize(
    "call",
    [
        lambda: margin_of_error(50, 40),
        lambda: margin_of_error(-1),
        lambda: margin_of_error(10, level=95),
        lambda: minimum_detectable_gap(10, 10, power=80),
        lambda: sample_size(10),
        lambda: sample_size(0.1, ratio=0),
    ],
)
def test_what_cannot_be_meant_is_refused(call: Any) -> None:
    with pytest.raises(InvalidInput):
        call()
