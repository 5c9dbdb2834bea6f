"""The picture of weights: bars are the parts of answers, the title is what they cost."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from tests.presentation.measuring import extents
from toolkit.errors import InvalidInput
from toolkit.presentation import weight_spread
from toolkit.presentation.figures import weights as module
from toolkit.presentation.figures.page import WIDTH, Box, Page
from toolkit.weighting import diagnose

WEIGHTS = np.random.default_rng(4).lognormal(0, 0.5, 300)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    caught: list[Page] = []

    def catch(draw):
        caught.append(draw())
        return "<svg/>"

    monkeypatch.setattr(module, "as_svg", catch)
    weight_spread(WEIGHTS)
    return caught[0]


def test_the_title_holds_the_design_effect_and_the_effective_number() -> None:
    row = diagnose(WEIGHTS).iloc[0]
    title = weight_spread(WEIGHTS).title
    assert f"design effect {row['design_effect']:.2f}" in title
    assert f"as good as {row['effective_n']:.0f} equal ones" in title
    assert weight_spread([2.0] * 30).title == "Weights are equal: 30 answers count as 30"


def test_bars_are_as_tall_as_their_part_of_the_answers(page: Page) -> None:
    tall = {one.gid: one.height for one in page.placed if isinstance(one, Box) and one.gid}
    relative = WEIGHTS / WEIGHTS.mean()
    counts, _ = np.histogram(relative, np.linspace(0, relative.max(), len(tall) + 1))
    found = np.array([tall[f"bar:{place}"] for place in range(len(counts))])
    assert found / found.sum() == pytest.approx(counts / counts.sum(), rel=1e-9)


def test_no_word_leaves_the_page(page: Page) -> None:
    for words, box in extents(page):
        assert box.x0 >= 0, words
        assert box.x1 <= WIDTH, words
        assert box.y0 >= 0, words


def test_order_and_scale_of_weights_change_nothing_and_the_picture_is_repeatable() -> None:
    first = weight_spread(WEIGHTS)
    assert weight_spread(WEIGHTS).svg == first.svg
    turned = weight_spread(WEIGHTS[::-1])
    assert (turned.svg, turned.alt) == (first.svg, first.alt)
    assert weight_spread(WEIGHTS * 4).title == first.title
    ElementTree.fromstring(first.svg)


def test_the_alt_text_says_spread_and_design_effect() -> None:
    alt = weight_spread(WEIGHTS).alt
    assert "Histogram of 300 weights" in alt
    assert f"{(WEIGHTS / WEIGHTS.mean()).max():.2f}" in alt


@pytest.mark.parametrize("bad", [[1.0, -1.0], [np.nan, 1.0], [0.0, 0.0], []])
def test_weights_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(InvalidInput, match="weights"):
        weight_spread(bad)


def test_one_weight_far_from_all_others_is_drawn() -> None:
    assert "design effect" in weight_spread([1.0] * 500 + [900.0]).title
