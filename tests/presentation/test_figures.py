"""Figures put every mark where its number is, keep words on the sheet, and say it all in the alt text."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import toolkit as tk
from tests.presentation.conftest import questionnaire, results
from tests.refusals import problem
from toolkit.disclosure import Released
from toolkit.errors import DisclosureError, InvalidInput
from toolkit.instrument.model import Instrument
from toolkit.presentation import (
    Picture,
    as_picture,
    benchmark_dots,
    description_of,
    diverging_bars,
    gap_dumbbell,
    ranked_options,
    share_dots,
    theme_multiples,
    visible_gap_strip,
    wave_change,
    wave_slope,
)
from toolkit.presentation.figures import drawing
from toolkit.presentation.figures.change import _apart
from toolkit.presentation.figures.drawing import TALLEST, Labels
from toolkit.presentation.figures.gaps import TITLE_LETTERS
from toolkit.presentation.figures.multiples import _side_by_side
from toolkit.presentation.numbers import points, share_as_printed
from toolkit.presentation.sentences import is_certain

WAVES = ("2024", "2025")
Draw = Callable[..., Any]
DRAWN: dict[str, tuple[Draw, dict[str, Any]]] = {
    "gaps": (gap_dumbbell, {}),
    "all gaps": (gap_dumbbell, {"most": None, "items": [v.name for v in questionnaire().variables]}),
    "bars": (diverging_bars, {"theme": "work"}),
    "options": (ranked_options, {"item": "ways"}),
    "benchmarks": (benchmark_dots, {}),
    "change": (wave_change, {"waves": WAVES}),
    "slope": (wave_slope, {"waves": WAVES, "audience": "employee"}),
    "strip": (visible_gap_strip, {}),
    "themes": (theme_multiples, {}),
    "shares": (share_dots, {"items": [v.name for v in questionnaire().variables]}),
}


@pytest.fixture(autouse=True)
def _no_figure_left_open() -> Any:
    yield
    plt.close("all")


def drawn(name: str, given: Any, instrument: Instrument, **more: Any) -> Any:
    draw, how = DRAWN[name]
    return draw(given, instrument, **how, **more)


def picture(name: str, released: Released, instrument: Instrument, **more: Any) -> Picture | None:
    draw, how = DRAWN[name]
    return as_picture(draw, released, instrument, **how, **more)


def line(ax: Axes, gid: str) -> np.ndarray:
    """Points of the line or markers with a gid, as rows of x and y."""
    return np.vstack([one.get_xydata() for one in ax.get_lines() if one.get_gid() == gid])


def row_at(ax: Axes, y: float) -> str:
    """Name of the tick nearest to a place."""
    places = ax.get_yticks()
    return ax.get_yticklabels()[int(np.argmin(np.abs(places - y)))].get_text().split("\n")[0]


def words_of(ax: Axes) -> list[str]:
    return [text for one in ax.get_children() if isinstance(one, Labels) for text in one.texts]


# What is drawn --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["executive", "employee", "freelancer"])
def test_each_dot_lies_at_its_share_and_each_interval_at_its_ends(
    audience: str, released: Released, instrument: Instrument
) -> None:
    ax = gap_dumbbell(released, instrument, most=None)
    shares = released["shares"].query("audience == @audience and shown")
    own = shares[
        [
            instrument[name].kind == "single" and bound == ""
            for name, bound in zip(shares["item"], shares["bound"], strict=True)
        ]
    ]
    dots = line(ax, f"dots:{audience}")
    assert sorted(dots[:, 0]) == pytest.approx(sorted(own["estimate"]))
    spans = line(ax, f"intervals:{audience}")
    ends = spans[~np.isnan(spans[:, 0]), 0]
    assert sorted(ends) == pytest.approx(sorted([*own["conf_low"], *own["conf_high"]]))
    for row in own.itertuples():
        label = instrument[row.item].label("en")
        at = dots[np.isclose(dots[:, 0], row.estimate)]
        assert any(label.startswith(row_at(ax, y)) for _, y in at)


def test_clear_gaps_come_first_then_the_widest(released: Released, instrument: Instrument) -> None:
    ax = gap_dumbbell(released, instrument, most=None)
    rows = released["gaps"]
    rows = rows[[instrument[name].kind == "single" for name in rows["item"]]]
    best: dict[str, tuple[bool, float]] = {}
    for row in rows.to_dict("records"):
        if row["shown"] and pd.notna(row["gap"]):
            key = (not is_certain(row), -abs(row["gap"]))
            best[row["item"]] = min(key, best.get(row["item"], (True, 0.0)))
    order = [instrument[name].label("en") for name in sorted(best, key=best.__getitem__)]
    found = [label.get_text().replace("\n", " ").strip() for label in ax.get_yticklabels()]
    assert len(found) == len(order)
    assert all(a[:20] == b[:20] for a, b in zip(found, order, strict=True))


def test_bars_are_as_long_as_their_shares_and_centred_on_the_middle(
    released: Released, instrument: Instrument
) -> None:
    ax = diverging_bars(released, instrument, theme="work")
    assert ax is not None
    boxes = [
        path.get_extents()
        for part in ax.collections
        if part.get_gid() == "parts"
        for path in part.get_paths()
    ]
    cells = released["distributions"]
    own = cells[(cells["item"] == "flex") & (cells["audience"] == "employee")].set_index("response")
    shares = [own["estimate"][code] for code in ("1", "2", "3", "4", "5")]
    left = -(shares[0] + shares[1] + shares[2] / 2)
    for share in shares:
        assert any(box.x0 == pytest.approx(left) and box.width == pytest.approx(share) for box in boxes)
        left += share


def test_the_sum_at_the_end_is_the_share_of_the_higher_answers(
    released: Released, instrument: Instrument
) -> None:
    ax = diverging_bars(released, instrument, theme="work")
    assert ax is not None
    shares = released["shares"]
    for row in shares[shares["shown"] & (shares["item"] == "flex") & (shares["bound"] == "")].itertuples():
        assert f"{points(row.estimate)}%" in words_of(ax)


def test_a_base_that_is_not_shown_is_left_out_beside_the_name_where_it_would_not_fit() -> None:
    report = tk.open_report(tk.load_study("ai_at_work"), "org-03", "2026")
    ax = diverging_bars(report.released, report.instrument)
    assert ax is not None
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert "Executives" in names
    assert not any("not shown" in name for name in names)


def test_only_the_share_that_may_be_shown_is_drawn(small: Released, instrument: Instrument) -> None:
    ax = diverging_bars(small, instrument, theme="work")
    assert ax is not None
    assert "≥80%" in words_of(ax)
    assert "not shown" in words_of(ax)
    assert not any(
        "not shown" in label.get_text() for label in ax.get_yticklabels()
    )  # it would not fit there
    assert any("<7" in label.get_text() for label in ax.get_yticklabels())
    told = description_of(ax)
    assert any("outlined" in sentence for sentence in told.caption)


def test_a_bound_is_drawn_open_with_an_arrow_and_without_an_interval(
    small: Released, instrument: Instrument
) -> None:
    ax = gap_dumbbell(small, instrument)
    bounds = [one for one in ax.get_lines() if one.get_gid() == "bounds:executive"]
    assert {one.get_markerfacecolor() for one in bounds} == {"#ffffff"}
    shares = small["shares"].query("audience == 'executive' and bound != '' and shown")
    single = shares[[instrument[name].kind == "single" for name in shares["item"]]]
    assert sorted(line(ax, "bounds:executive")[:, 0]) == pytest.approx(sorted(single["estimate"]))
    spans = line(ax, "intervals:employee")
    assert len(spans) == 3 * len(line(ax, "dots:employee"))
    assert any("bound" in sentence for sentence in description_of(ax).caption)


def test_open_means_earlier_and_filled_later_even_where_a_share_is_a_bound(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    arrows = 0
    for seed in (2, 3, 4, 5):
        ax = wave_change(
            made({"executive": 7, "employee": 60}, seed=seed), instrument, waves=WAVES, most=None
        )
        for one in ax.get_lines():
            gid = str(one.get_gid())
            if gid.startswith("dots:"):
                assert (one.get_markerfacecolor() == "#ffffff") == gid.endswith(":earlier")
            arrows += gid == "arrows"
    assert arrows


def test_changes_clear_of_chance_come_first(released: Released, instrument: Instrument) -> None:
    ax = wave_change(released, instrument, waves=WAVES, most=None)
    rows = [row for row in released["trend"].to_dict("records") if row["shown"] and pd.notna(row["gap"])]
    rows = [row for row in rows if instrument[row["item"]].option is None]
    clear = sum(map(is_certain, rows))
    assert len(ax.get_yticks()) == len(rows)
    assert ("▲ clear of chance" in words_of(ax)) == (0 < clear < len(rows))


def test_options_are_ranked_and_none_of_these_comes_last(released: Released, instrument: Instrument) -> None:
    ax = ranked_options(released, instrument, item="ways")
    averages = released["shares"].query("shown").groupby("item")["estimate"].mean()
    first, second = sorted(("ways_rev", "ways_lrn"), key=lambda name: -averages[name])
    expected = [instrument[name].label("en") for name in (first, second, "ways_none")]
    assert [label.get_text() for label in ax.get_yticklabels()] == expected


def test_only_comparable_figures_are_drawn(released: Released, instrument: Instrument) -> None:
    ax = benchmark_dots(released, instrument)
    assert ax is not None
    names = {label.get_text().split("\n")[0] for label in ax.get_yticklabels()}
    assert names == {"Flexible working", "Burnout"}
    assert "n not published" in description_of(ax).alt


def test_the_strip_shows_every_open_gap(released: Released, instrument: Instrument) -> None:
    ax = visible_gap_strip(released, instrument)
    assert ax is not None
    rows = released["gaps"].query("shown and measure == 'top'")
    open_rows = rows[rows["gap"].notna() & (rows["bound"].fillna("") == "")]
    marks = [one for one in ax.collections if str(one.get_gid()).startswith("gaps:")]
    assert sum(len(one.get_segments()) for one in marks) == len(open_rows)
    told = description_of(ax)
    least = rows["minimum_detectable_gap"].min()
    assert points(least) in told.title
    assert share_as_printed(least) in told.charts[0].series[0].values


def test_a_slope_has_a_line_per_change_that_may_be_shown(released: Released, instrument: Instrument) -> None:
    ax = wave_slope(released, instrument, waves=WAVES, audience="employee", most=3)
    assert ax is not None
    rows = released["trend"].query("audience == 'employee' and shown")
    drawn_items = {
        str(one.get_gid()).partition(":")[2] for one in ax.get_lines() if "slope:" in str(one.get_gid())
    }
    assert len(drawn_items) == 3
    for item in drawn_items:
        ends = line(ax, f"slope:{item}")[:, 1]
        row = rows[rows["item"] == item].iloc[0]
        assert sorted(ends) == pytest.approx(sorted([row["estimate_a"], row["estimate_b"]]))
    assert wave_slope(released, instrument, waves=WAVES, audience="nobody") is None


def test_labels_of_a_slope_never_lie_on_each_other() -> None:
    for places in ([1.0, 1.0, 1.0, 0.99], [0.0, 0.0, 0.01], [0.7, 0.2], [0.5] * 8):
        found = sorted(_apart(places, -0.02, 0.045))
        assert all(b - a >= 0.045 - 1e-9 for a, b in pairwise(found))
        assert min(found) >= -0.02 - 1e-9


def test_the_page_of_themes_draws_each_share_once_and_none_that_is_withheld(
    released: Released, small: Released, instrument: Instrument
) -> None:
    for one in (released, small):
        figure = theme_multiples(one, instrument)
        assert figure is not None
        rows = one["shares"].query("shown and measure == 'top'")
        rows = rows[[instrument[name].option is None for name in rows["item"]]].dropna(subset="estimate")
        found = np.concatenate(
            [
                mark.get_xdata()
                for ax in figure.axes
                for mark in ax.get_lines()
                if str(mark.get_gid()).startswith(("dots:", "bounds:"))
            ]
        )
        assert sorted(found) == pytest.approx(sorted(rows["estimate"]))


def test_equal_dots_are_drawn_beside_each_other() -> None:
    from toolkit.presentation.figures.dots import Dot

    dots = [
        Dot(name, share, None, None, "", lane)
        for lane, (name, share) in enumerate(zip("abc", (0.4, 0.4, 0.9), strict=True))
    ]
    shifts = {dot.group: shift for dot, shift in _side_by_side(dots)}
    assert shifts["a"] != shifts["b"]
    assert shifts["c"] == 0


def test_the_title_of_the_themes_counts_questions_with_a_clear_gap(
    released: Released, instrument: Instrument
) -> None:
    rows = released["gaps"].query("shown and measure == 'top'").dropna(subset="gap")
    rows = rows[[instrument[name].option is None for name in rows["item"]]]
    clear = {row["item"] for row in rows.to_dict("records") if is_certain(row)}
    title = description_of(theme_multiples(released, instrument)).title
    assert title.startswith(f"On {len(clear)} of {rows['item'].nunique()} questions")


# In seaborn's manner --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "themes"])
def test_a_figure_is_drawn_on_the_axes_it_is_given(
    name: str, released: Released, instrument: Instrument
) -> None:
    _, (left, right) = plt.subplots(1, 2, figsize=(16, 8))
    assert drawn(name, released, instrument, ax=right) is right
    assert not left.has_data()
    assert len(right.figure.axes) == 2
    right.set_title("My own")
    right.set_xlim(0.2, 0.8)
    assert right.get_xlim() == (0.2, 0.8)
    right.figure.canvas.draw()


@pytest.mark.parametrize("name", DRAWN)
def test_a_new_figure_belongs_to_pyplot_and_can_be_saved(
    name: str, released: Released, instrument: Instrument, tmp_path: Any
) -> None:
    found = drawn(name, released, instrument)
    figure = found if isinstance(found, Figure) else found.figure
    assert figure.number in plt.get_fignums()
    figure.savefig(tmp_path / "figure.png", dpi=40)
    assert (tmp_path / "figure.png").stat().st_size > 2000


def test_a_researchers_own_frames_are_drawn_without_the_gate(instrument: Instrument) -> None:
    tables = results({"executive": 16, "employee": 240})
    ax = gap_dumbbell(tables, instrument)
    dots = line(ax, "dots:employee")
    shares = tables["shares"].query("audience == 'employee'")
    single = shares[[instrument[name].kind == "single" for name in shares["item"]]]
    assert sorted(dots[:, 0]) == pytest.approx(sorted(single["estimate"]))
    assert wave_change(tables["trend"], instrument, waves=WAVES) is not None


@pytest.mark.parametrize("name", DRAWN)
def test_a_report_takes_released_results_only(name: str, instrument: Instrument) -> None:
    draw, how = DRAWN[name]
    with pytest.raises(DisclosureError):
        as_picture(draw, results({"executive": 16, "employee": 240}), instrument, **how)  # type: ignore[arg-type]


def test_sizes_and_colours_follow_the_theme_in_use(released: Released, instrument: Instrument) -> None:
    plain = gap_dumbbell(released, instrument)
    with mpl.rc_context({"font.size": 17.0, "text.color": "#eeeeee", "axes.facecolor": "#202020"}):
        large = gap_dumbbell(released, instrument)
    ratio = 17.0 / mpl.rcParams["font.size"]
    assert large.figure.get_figwidth() == pytest.approx(plain.figure.get_figwidth() * ratio)
    assert large.get_yticklabels()[0].get_color() == "#eeeeee"
    before = mpl.rcParams.copy()
    with sns.plotting_context("talk"), sns.axes_style("darkgrid"):
        gap_dumbbell(released, instrument).figure.canvas.draw()
    assert mpl.rcParams == before


@pytest.mark.parametrize(
    "palette",
    [
        "colorblind",
        ["#111111", "#222222", "#333333"],
        {"executive": "red", "employee": "#00f", "freelancer": "black"},
    ],
)
def test_a_palette_gives_the_groups_their_colours(
    palette: Any, released: Released, instrument: Instrument
) -> None:
    ax = gap_dumbbell(released, instrument, palette=palette)
    wanted = list(palette.values()) if isinstance(palette, dict) else sns.color_palette(palette, 3)
    for name, colour in zip(("executive", "employee", "freelancer"), wanted, strict=True):
        dots = next(one for one in ax.get_lines() if one.get_gid() == f"dots:{name}")
        assert mpl.colors.same_color(dots.get_color(), colour)


@pytest.mark.parametrize(
    "palette", [["red"], "no such palette", {"executive": "red"}, ["red", "green", "no colour"]]
)
def test_a_palette_that_will_not_do_is_refused(
    palette: Any, released: Released, instrument: Instrument
) -> None:
    with pytest.raises(InvalidInput) as refused:
        gap_dumbbell(released, instrument, palette=palette)
    assert {problem.where for problem in refused.value.problems} == {"palette"}


@pytest.mark.parametrize(
    "given", [3, [1, 2], {"shares": pd.DataFrame()}, {"gaps": pd.DataFrame({"item": []})}]
)
def test_what_is_not_results_is_refused_by_table_and_column(given: Any, instrument: Instrument) -> None:
    with pytest.raises(InvalidInput):
        gap_dumbbell(given, instrument)


def test_a_wrong_item_or_wave_is_refused_with_the_right_ones(
    released: Released, instrument: Instrument
) -> None:
    with pytest.raises(InvalidInput, check=problem("unsuited-item", "item")):
        ranked_options(released, instrument, item="flex")
    with pytest.raises(InvalidInput, check=problem("unknown-wave", "waves")):
        wave_change(released, instrument, waves=("2020", "2025"))
    assert diverging_bars(released, instrument, theme="elsewhere") is None


def test_the_legend_of_the_axes_names_the_groups(released: Released, instrument: Instrument) -> None:
    ax = gap_dumbbell(released, instrument)
    assert ax.get_legend_handles_labels()[1] == ["Executives", "Employees", "Freelancers"]


# In a report ----------------------------------------------------------------------------------------------

SHOWN_OF = [
    {"executive": 16, "employee": 240, "freelancer": 38},
    {"executive": 6, "employee": 60},
    {"employee": 30},
]


@pytest.mark.parametrize("counts", SHOWN_OF, ids=lambda counts: f"{len(counts)} groups")
@pytest.mark.parametrize("name", [name for name in DRAWN if name not in ("slope", "strip")])
def test_no_words_leave_the_sheet_or_run_into_others(
    name: str, counts: dict[str, int], made: Callable[..., Released], instrument: Instrument
) -> None:
    if len(counts) == 1 and name.endswith("gaps"):
        with pytest.raises(InvalidInput):
            picture(name, made(counts, seed=4), instrument)
        return
    with mpl.rc_context({"font.sans-serif": ["DejaVu Sans"], "font.size": 8.5}):
        found = drawn(name, made(counts, seed=4), instrument)
    figure = found if isinstance(found, Figure) else found.figure
    canvas = figure.bbox
    boxes = []
    for ax in figure.axes:
        for labels in (one for one in ax.get_children() if isinstance(one, Labels)):
            boxes += labels.extents()
        ticks = [*ax.get_yticklabels(), *ax.get_xticklabels()]
        boxes += [(one.get_text(), one.get_window_extent()) for one in ticks if one.get_text().strip()]
    for words, box in boxes:
        assert box.x0 >= canvas.x0 - 1, words
        assert box.x1 <= canvas.x1 + 1, words
        assert box.y0 >= canvas.y0 - 1, words
        assert box.y1 <= canvas.y1 + 1, words
    overlaps = [
        (one, other)
        for place, (one, a) in enumerate(boxes)
        for other, b in boxes[place + 1 :]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 2
        and min(a.y1, b.y1) - max(a.y0, b.y0) > 5
        and "\n " not in one + other  # a name keeps a blank line free for its hint
    ]
    assert overlaps == []


@pytest.mark.parametrize("name", DRAWN)
def test_drawings_are_small_repeatable_and_fetch_nothing(
    name: str, released: Released, instrument: Instrument
) -> None:
    first, second = picture(name, released, instrument), picture(name, released, instrument)
    assert first is not None
    assert first == second
    assert len(first.svg) < 150_000
    ElementTree.fromstring(first.svg)
    fetched = set(re.findall(r"(?:href|src)=\"([^\"#][^\"]*)\"", first.svg))
    assert fetched == set()
    assert "<script" not in first.svg
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", first.svg)
    assert "<text" in first.svg
    assert plt.get_fignums() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_titles_are_one_line(
    name: str, made: Callable[..., Released], instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_svg_of", lambda figure: "")  # most of the time, and no part of the title
    for counts, seed in ((SHOWN_OF[0], 0), (SHOWN_OF[0], 1), (SHOWN_OF[1], 2)):
        found = picture(name, made(counts, seed=seed), instrument)
        assert found is None or len(found.title) <= TITLE_LETTERS


def test_the_title_is_outside_the_drawing_of_a_report(released: Released, instrument: Instrument) -> None:
    found = picture("gaps", released, instrument)
    assert found is not None
    assert found.title not in found.svg
    assert gap_dumbbell(released, instrument).get_title().replace("\n", " ") == found.title


def test_the_alt_text_says_every_share_that_is_drawn(released: Released, instrument: Instrument) -> None:
    alt = description_of(gap_dumbbell(released, instrument)).alt
    shares = released["shares"]
    for row in shares[shares["item"].isin(["flex", "burnout", "aiuse", "long"])].to_dict("records"):
        mark = {"<=": "≤", ">=": "≥"}.get(row["bound"], "")
        assert f"{row['audience']}s {mark}{points(row['estimate'])}%{'' if mark else ' ('}" in alt
    assert alt.startswith("Dot plot")


def test_what_is_left_out_is_said(released: Released, instrument: Instrument) -> None:
    ax = gap_dumbbell(released, instrument, most=2)
    assert (
        "The 2 items with the largest gaps of 4 are drawn; results.csv lists all of them."
        in description_of(ax).caption
    )
    assert len(ax.get_yticks()) == 2


def test_a_tall_figure_is_split_over_sheets_in_a_report_only(
    monkeypatch: pytest.MonkeyPatch, released: Released, instrument: Instrument
) -> None:
    monkeypatch.setattr(drawing, "TALLEST", 1.2)
    found = picture("gaps", released, instrument)
    assert found is not None
    sheets = (found, *found.more)
    assert len(sheets) > 1
    assert all(sheet.title.endswith("(continued)") for sheet in sheets[1:])
    assert [bool(sheet.caption) for sheet in sheets] == [True] + [False] * (len(sheets) - 1)
    assert sum(len(chart.categories) for sheet in sheets for chart in sheet.charts) == 4
    assert sum(sheet.alt.count("Burnout") > 0 for sheet in sheets) == 1
    assert len(gap_dumbbell(released, instrument).figure.axes[0].get_yticks()) == 4
    assert TALLEST > 5


def test_a_single_group_is_titled_by_its_highest_share(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    found = picture("bars", made({"employee": 30}), instrument)
    assert found is not None
    assert "of employees" in found.title


def test_a_wide_screen_shows_the_drawing_and_a_narrow_one_the_same_numbers(
    released: Released, instrument: Instrument
) -> None:
    found = picture("gaps", released, instrument)
    assert found is not None
    html = found._repr_html_()
    assert html.count("<figure") == html.count("</figure>") == 1
    strips = html[html.index('<dl class="strips" hidden>') :]
    for series in found.charts[0].series:
        for place in range(len(series.values)):
            assert found.charts[0].words(series, place) in strips
    assert re.search(r"aria-hidden=\"true\"", strips)
