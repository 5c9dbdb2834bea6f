"""The strip of visible gaps, slopes of two waves, and all themes on one page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.presentation.measuring import extents
from toolkit.disclosure import Released
from toolkit.errors import DisclosureError
from toolkit.instrument.model import Instrument
from toolkit.presentation import theme_multiples, visible_gap_strip, wave_slope
from toolkit.presentation.figures import multiples
from toolkit.presentation.figures.dots import Dot, DotRow, Group
from toolkit.presentation.figures.page import Mark, Page, Text
from toolkit.presentation.figures.slopes import APART, _spread
from toolkit.presentation.numbers import points, share_as_printed

WAVES = ("2024", "2025")


def gids(svg: str, start: str) -> list[str]:
    return re.findall(rf'id="({start}:[^"]*)"', svg)


def test_the_strip_says_the_least_gap_of_each_pair_and_ticks_every_open_gap(
    released: Released, instrument: Instrument
) -> None:
    picture = visible_gap_strip(released, instrument)
    assert picture is not None
    rows = released["gaps"]
    rows = rows[rows["shown"].astype(bool) & (rows["measure"] == "top")]
    open_rows = rows[rows["gap"].notna() & (rows["bound"].fillna("") == "")]
    assert len(gids(picture.svg, "gap")) == len(open_rows)
    for _, own in rows.groupby(["audience_a", "audience_b"], observed=True):
        sizes = own["minimum_detectable_gap"].dropna()
        if len(sizes):
            assert f"about {points(sizes.min())}" in picture.alt
    least = rows["minimum_detectable_gap"].min()
    assert points(least) in picture.title
    values = picture.charts[0].series[0].values
    assert share_as_printed(least) in values


def test_no_strip_where_nothing_is_compared(made: Callable[..., Released], instrument: Instrument) -> None:
    alone = made({"employee": 60})
    with pytest.raises(Exception, match="gaps"):
        visible_gap_strip(alone, instrument)


def test_a_slope_has_a_line_a_change_and_hides_what_is_withheld(
    released: Released, instrument: Instrument
) -> None:
    picture = wave_slope(released, instrument, waves=WAVES, audience="employee", most=3)
    assert picture is not None
    rows = released["trend"]
    rows = rows[(rows["audience"] == "employee") & rows["shown"].astype(bool) & rows["gap"].notna()]
    assert 1 <= len(gids(picture.svg, "slope")) <= 3
    widest = rows.loc[rows["gap"].astype(float).abs().idxmax(), "item"]
    drawn = {name.partition(":")[2] for name in gids(picture.svg, "slope")}
    assert drawn <= set(rows["item"])
    assert widest in drawn or instrument[widest].option is not None
    assert [series.name for series in picture.charts[0].series] == list(WAVES)


def test_no_slope_of_an_audience_without_a_change_to_show(released: Released, instrument: Instrument) -> None:
    assert wave_slope(released, instrument, waves=WAVES, audience="nobody") is None


def test_labels_of_a_slope_never_lie_on_each_other() -> None:
    for places in ([1.0, 1.0, 1.0, 1.01], [3.7, 3.7, 3.71], [0.7, 2.0], [3.6] * 8):
        found = sorted(_spread(places))
        assert all(b - a >= APART - 1e-9 for a, b in pairwise(found))
        assert max(found) <= 3.72 + 1e-9 or len(places) < 2


def test_the_page_of_themes_draws_each_share_that_may_be_shown_once(
    released: Released, small: Released, instrument: Instrument
) -> None:
    for one in (released, small):
        picture = theme_multiples(one, instrument)
        assert picture is not None
        rows = one["shares"]
        rows = rows[rows["shown"].astype(bool) & (rows["measure"] == "top")]
        single = rows[[instrument[name].option is None for name in rows["item"]]]
        wanted = {
            f"dot:{row.item}:{row.audience}" for row in single.itertuples() if row.estimate == row.estimate
        }
        found = gids(picture.svg, "dot")
        assert sorted(found) == sorted(wanted)


def test_the_page_of_themes_counts_the_questions_with_a_clear_gap(
    released: Released, instrument: Instrument
) -> None:
    picture = theme_multiples(released, instrument)
    assert picture is not None
    rows = released["gaps"]
    rows = rows[rows["shown"].astype(bool) & (rows["measure"] == "top") & rows["gap"].notna()]
    rows = rows[[instrument[name].option is None for name in rows["item"]]]
    low, high = rows["conf_low"].astype(float), rows["conf_high"].astype(float)
    off = (low.fillna(float("-inf")) > 0) | (high.fillna(float("inf")) < 0)
    clear = rows[off & ~(rows["p_adjusted"].astype(float) >= 0.05)]
    assert picture.title.startswith(f"On {clear['item'].nunique()} of {rows['item'].nunique()} questions")


def test_a_share_that_is_withheld_is_in_no_part_of_a_picture(small: Released, instrument: Instrument) -> None:
    picture = theme_multiples(small, instrument)
    assert picture is not None
    rows = small["shares"]
    hidden = rows[~rows["shown"].astype(bool) & (rows["measure"] == "top")]
    for row in hidden.itertuples():
        assert f"dot:{row.item}:{row.audience}" not in picture.svg


@pytest.mark.parametrize("draw", [visible_gap_strip, theme_multiples])
def test_rows_that_have_not_passed_the_gate_are_refused(
    draw: Callable[..., object], instrument: Instrument
) -> None:
    with pytest.raises(DisclosureError):
        draw({"gaps": None, "shares": None}, instrument)


def _theme_page(label: str, dot: Dot) -> Page:
    row = DotRow("q", label, "", (dot,))
    return multiples._draw([multiples._Panel("Theme", (row,))], [Group("a", "A", "#123456", "o")])


def test_a_long_question_is_told_in_two_lines_beside_its_panel() -> None:
    label = "Leaders' belief that many employees struggle with demands"
    page = _theme_page(label, Dot("a", 0.0, None, None, "0 %"))
    lines = [one for one in page.placed if isinstance(one, Text) and one.gid.startswith("label:q")]
    assert " ".join(one.words for one in lines) == label
    boxes = [box for words, box in extents(page) if words in [one.words for one in lines]]
    assert all(box.x1 < multiples.LABEL for box in boxes)
    assert not boxes[0].overlaps(boxes[1])


@pytest.mark.parametrize(("bound", "pointing"), [("", []), (">=", [">"]), ("<=", ["<"])])
def test_an_arrow_says_on_which_side_of_a_bound_the_share_lies(bound: str, pointing: list[str]) -> None:
    page = _theme_page("Burnout", Dot("a", 0.5, None, None, "50 %", bound=bound))
    assert [one.marker for one in page.placed if isinstance(one, Mark) and one.marker in "<>"] == pointing
