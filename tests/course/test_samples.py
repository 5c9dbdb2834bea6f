"""Halves drawn by lot, and what is found between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from tests.refusals import problem
from toolkit.course import false_alarms, random_halves
from toolkit.course.pictures import p_value_picture
from toolkit.errors import InvalidInput
from toolkit.instrument import load_instrument
from toolkit.presentation.figures.drawing import description_of
from toolkit.simulation import simulate


@pytest.fixture(scope="module")
def items(root):
    return load_instrument(root / "instruments" / "employee.yaml")


@pytest.fixture(scope="module")
def answers(items):
    return simulate(items, seed=4, missing="codes")


def test_halves_are_as_large_as_each_other_and_of_the_same_people(answers):
    halved = random_halves(answers, seed=1)
    assert abs(np.subtract(*halved["half"].value_counts().to_numpy())) <= 1
    pd.testing.assert_frame_equal(halved.drop(columns="half"), answers)
    assert "half" not in answers


def test_the_seed_decides_and_nothing_else(answers):
    first, again, other = (random_halves(answers, seed=seed)["half"] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_one_in_twenty_is_found_where_nothing_is(answers, items):
    found = false_alarms(answers, items, seeds=range(30))
    share = found["found"].sum() / found["tests"].sum()
    assert 0.02 < share < 0.08
    assert (found["found_holm"] <= found["found"]).all()
    assert (found["found_holm"] > 0).mean() <= 0.2


def test_no_seed_and_no_alpha_are_refused_together(answers, items):
    with pytest.raises(InvalidInput) as caught:
        false_alarms(answers, items, seeds=[], alpha=5)
    assert len(caught.value.problems) == 2


def points_of(ax: Axes) -> list[float]:
    """The heights of the points, one per comparison."""
    (line,) = [line for line in ax.get_lines() if line.get_label() == "One comparison"]
    return list(line.get_ydata())


def test_the_picture_of_p_values_holds_a_point_for_each_and_counts_them():
    tested = pd.DataFrame({"p_value": [0.2, 0.01, np.nan, 0.049, 0.9]})
    ax = p_value_picture(tested, about="tries")
    described = description_of(ax)
    assert described.title == "2 of 4 tries are below p = 0.05"
    assert "0.010" in described.alt
    assert points_of(ax) == [0.01, 0.049, 0.2, 0.9]
    assert points_of(p_value_picture(tested.iloc[::-1], about="tries")) == points_of(ax)
    with pytest.raises(InvalidInput, check=problem("no-answers", "p_value")):
        p_value_picture(tested.iloc[2:3])
