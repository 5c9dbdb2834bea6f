"""The picture of weights: bars are the parts of answers, the title is what they cost."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.presentation import description_of, weight_spread
from toolkit.weighting import diagnose

WEIGHTS = np.random.default_rng(4).lognormal(0, 0.5, 300)


@pytest.fixture(autouse=True)
def _no_figure_left_open():
    yield
    plt.close("all")


def told(weights):
    return description_of(weight_spread(weights))


def test_the_title_holds_the_design_effect_and_the_effective_number() -> None:
    row = diagnose(WEIGHTS).iloc[0]
    title = told(WEIGHTS).title
    assert f"design effect {row['design_effect']:.2f}" in title
    assert f"equivalent to {row['effective_n']:.0f} equal ones" in title
    assert told([2.0] * 30).title == "Weights are equal: 30 answers count as 30"


def test_bars_are_as_tall_as_their_part_of_the_answers() -> None:
    bars = [patch for patch in weight_spread(WEIGHTS).patches if patch.get_gid() == "bars"]
    relative = WEIGHTS / WEIGHTS.mean()
    counts, _ = np.histogram(relative, np.linspace(0, relative.max(), len(bars) + 1))
    assert [bar.get_height() for bar in bars] == pytest.approx(counts / counts.sum())


def test_order_and_scale_of_weights_change_nothing() -> None:
    assert told(WEIGHTS[::-1]) == told(WEIGHTS)
    assert told(WEIGHTS * 4).title == told(WEIGHTS).title


def test_the_alt_text_says_spread_and_design_effect() -> None:
    alt = told(WEIGHTS).alt
    assert "Histogram of 300 weights" in alt
    assert f"{(WEIGHTS / WEIGHTS.mean()).max():.2f}" in alt


@pytest.mark.parametrize("bad", [[1.0, -1.0], [np.nan, 1.0], [0.0, 0.0], []])
def test_weights_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(InvalidInput, check=problem("not-finite", "weights")):
        weight_spread(bad)


def test_one_weight_far_from_all_others_is_drawn() -> None:
    assert "design effect" in told([1.0] * 500 + [900.0]).title
