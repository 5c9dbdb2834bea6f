"""A researcher's figures draw the numbers of the frame they are given, and refuse what they cannot draw."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import toolkit as tk
from toolkit.errors import InvalidInput

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "person": [f"p{place % 60}" for place in range(120)],
        "wave": ["2025"] * 60 + ["2026"] * 60,
        "audience": np.where(RNG.random(120) < 0.3, "executive", "employee"),
        "a": RNG.integers(1, 6, 120),
        "b": RNG.integers(1, 6, 120),
        "minutes": RNG.gamma(2.0, 10.0, 120),
        "w": RNG.uniform(0.5, 2.0, 120),
        "x1": RNG.integers(0, 2, 120),
        "x2": RNG.integers(0, 2, 120),
    }
).assign(c=lambda f: np.clip(f["a"] + RNG.integers(-1, 2, 120), 1, 5))


@pytest.fixture(autouse=True)
def _no_figure_left_open() -> Any:
    yield
    plt.close("all")


def points_of(ax: Any, marker: str = "o") -> np.ndarray:
    return np.concatenate([one.get_xdata() for one in ax.get_lines() if one.get_marker() == marker])


def test_a_forest_of_a_model_shows_every_coefficient_but_the_intercept() -> None:
    model = smf.ols("c ~ a + b", FRAME).fit()
    ax = tk.forest(model)
    assert sorted(points_of(ax)) == pytest.approx(sorted(model.params.drop("Intercept")))
    ends = model.conf_int().drop("Intercept")
    clear = int(((ends[0] > 0) | (ends[1] < 0)).sum())
    assert ax.get_title().startswith(f"{clear} of 2 intervals")


def test_a_forest_on_a_ratio_scale_is_the_exponential_of_the_same_rows() -> None:
    rows = pd.DataFrame({"term": ["a"], "estimate": [0.5], "conf_low": [0.1], "conf_high": [0.9]})
    ax = tk.forest(rows, exponentiate=True)
    assert points_of(ax).tolist() == pytest.approx([np.exp(0.5)])
    assert ax.get_xscale() == "log"
    assert "out 1" in ax.get_title()


def test_a_forest_draws_gaps_by_item() -> None:
    gaps = tk.gaps(FRAME, ["a", "b"], between="audience", measure="mean")
    ax = tk.forest(gaps, margin=0.2)
    assert sorted(points_of(ax)) == pytest.approx(sorted(gaps["gap"]))
    assert [one.get_text() for one in ax.get_yticklabels()] == gaps["item"].tolist()


def test_a_heat_map_prints_each_cell() -> None:
    rows = pd.DataFrame(
        {"item": ["a", "a", "b", "b"], "organisation": ["o1", "o2"] * 2, "estimate": [0.1, 0.9, 0.4, 0.5]}
    )
    ax = tk.heatmap(rows)
    assert [text.get_text() for text in ax.texts] == ["10%", "90%", "40%", "50%"]
    assert ax.get_title() == "Organisations differ most on a: 10% to 90%"
    with pytest.raises(InvalidInput):
        tk.heatmap(pd.concat([rows, rows]))


def test_correlations_are_those_of_pandas() -> None:
    ax = tk.correlation_matrix(FRAME, ["a", "b", "c"])
    expected = FRAME[["a", "b", "c"]].corr(method="spearman")
    assert [text.get_text() for text in ax.texts] == [
        f"{expected.loc[x, y]:.2f}" for x, y in (("b", "a"), ("c", "a"), ("c", "b"))
    ]


def test_scree_finds_two_pairs_of_items() -> None:
    factors = RNG.normal(size=(400, 2))
    frame = pd.DataFrame({f"i{k}": factors[:, k % 2] + 0.4 * RNG.normal(size=400) for k in range(6)})
    assert tk.scree(frame, list(frame), seed=1, draws=50).get_title().startswith("2 factors")


def test_trend_lines_go_through_every_estimate() -> None:
    rows = tk.means(FRAME, ["a"], by=["audience", "wave"])
    ax = tk.trend_lines(rows)
    found = np.concatenate([one.get_ydata() for one in ax.get_lines()])
    assert sorted(found) == pytest.approx(sorted(rows["estimate"]))
    with pytest.raises(InvalidInput):
        tk.trend_lines(tk.means(FRAME, ["a", "b"], by=["audience", "wave"]))


def test_transitions_are_row_shares_of_the_people_in_both_waves() -> None:
    ax = tk.transitions(FRAME, "a", person="person", earlier="2025", later="2026")
    before, after = (FRAME[FRAME["wave"] == one].set_index("person")["a"] for one in ("2025", "2026"))
    table = pd.crosstab(before, after, normalize="index")
    assert [text.get_text() for text in ax.texts] == [f"{value:.0%}" for value in table.to_numpy().ravel()]
    with pytest.raises(InvalidInput):
        tk.transitions(FRAME.assign(person="p"), "a", person="person", earlier="2025", later="2026")


def test_a_distribution_says_mean_and_quartiles_and_leaves_missing_answers_out() -> None:
    frame = FRAME.assign(a=FRAME["a"].where(RNG.random(120) > 0.2))
    ax = tk.distribution(frame, "a", by="audience")
    alt = tk.description_of(ax).alt
    for group, own in frame.dropna(subset="a").groupby("audience"):
        middle = np.quantile(own["a"], 0.5, method="inverted_cdf")
        assert f"{group}: mean {own['a'].mean():.2f}, median {middle:g}," in alt
        assert f"n {len(own)}" in alt
    coded = frame.assign(a=frame["a"].map(lambda v: "-3" if v != v else str(int(v))))
    assert tk.description_of(tk.distribution(coded, "a", by="audience")).alt == alt


def test_raking_margins_show_that_weights_meet_their_targets() -> None:
    targets = {"audience": {"executive": 0.1, "employee": 0.9}}
    weights = tk.rake(FRAME, targets)
    ax = tk.raking_margins(FRAME, targets, weights)
    assert ax.get_title() == "Weighted shares are within 0.0 points of every target"
    with pytest.raises(InvalidInput):
        tk.raking_margins(FRAME, targets, [1.0, 2.0])


def test_missing_answers_are_counted_as_nan_or_as_reserved_codes() -> None:
    with_codes = FRAME.assign(a=["-2"] * 30 + ["4"] * 90)
    with_nan = FRAME.assign(a=[np.nan] * 30 + [4.0] * 90)
    said = [tk.description_of(tk.pattern_of_missing(one, ["a", "b"])).alt for one in (with_codes, with_nan)]
    assert said[0] == said[1]
    assert "a: all 25%" in said[0]


def test_minus_one_in_a_column_of_numbers_is_an_answer() -> None:
    frame = FRAME.assign(a=[-1.0] * 30 + [np.nan] * 12 + [2.0] * 78)
    assert "a: all 10%" in tk.description_of(tk.pattern_of_missing(frame, ["a"])).alt


def test_figures_take_the_items_of_an_instrument() -> None:
    study = tk.load_study("ai_at_work")
    answers, of = study.responses("org-01"), study.instrument
    coded = study.responses("org-01", missing="codes")
    for draw in (
        lambda frame: tk.distribution(frame, of["burnout"], by="audience"),
        lambda frame: tk.mosaic(frame, of["burnout"], "audience"),
        lambda frame: tk.pattern_of_missing(frame, [of["burnout"], of["flexible"]], by="audience"),
        lambda frame: tk.correlation_matrix(frame, [of["burnout"], of["flexible"]]),
        lambda frame: tk.scree(frame, [of["burnout"], of["flexible"]], seed=1),
        lambda frame: tk.option_combinations(frame, of["aiways"]),
    ):
        assert tk.description_of(draw(answers)).alt == tk.description_of(draw(coded)).alt


def test_a_forest_of_ratios_has_its_line_at_one_and_of_gaps_names_the_groups() -> None:
    model = tk.fit(FRAME, "x1 ~ c", family="binomial")
    rows = tk.coefficients(model, exponentiate=True)
    ax = tk.forest(rows)
    assert ax.get_xscale() == "log"
    assert ax.get_title().endswith("leave out 1") or ax.get_title().endswith("leaves out 1")
    assert (
        tk.description_of(ax).alt
        == tk.description_of(tk.forest(tk.coefficients(model), exponentiate=True)).alt
    )
    gaps = tk.gaps(FRAME.assign(audience=["a", "b", "c"] * 40), ["x1", "x2"], measure="mean")
    names = [tick.get_text() for tick in tk.forest(gaps).get_yticklabels()]
    assert len(set(names)) == len(gaps)
    drivers = tk.drivers(FRAME.astype({"a": float, "b": float, "c": float}), "c", ["a", "b"], seed=1)
    assert [tick.get_text() for tick in tk.forest(drivers).get_yticklabels()] == drivers.table[
        "item"
    ].tolist()
    ordered = tk.ordinal_regression(FRAME.assign(q=[1, 2, 3] * 40), "q ~ c")
    assert [tick.get_text() for tick in tk.forest(ordered).get_yticklabels()] == ["c"]


def test_figures_of_gaps_and_changes_need_neither_an_instrument_of_the_columns_nor_waves() -> None:
    instrument = tk.load_instrument("core")
    gaps = tk.gaps(FRAME, "a", measure="top", top=[4, 5])
    shares = tk.proportions(FRAME, "a", by="audience", measure="top", top=[4, 5])
    ax = tk.gap_dumbbell({"gaps": gaps, "shares": shares}, instrument)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a"]
    changes = tk.trend(FRAME, "a", measure="top", top=[4, 5], by="audience")
    alts = [
        tk.description_of(tk.wave_change(changes, instrument, **named)).alt
        for named in ({}, {"waves": ("2025", "2026")})
    ]
    assert alts[0] == alts[1]
    three = pd.concat([changes, changes.assign(audience_b="2024")])
    with pytest.raises(InvalidInput) as caught:
        tk.wave_change(three, instrument)
    assert caught.value.problems[0].code == "ambiguous"
    with pytest.raises(InvalidInput) as caught:
        tk.gap_dumbbell(gaps, instrument)
    assert caught.value.problems[0].where == "table 'shares'"


def test_days_without_answers_are_drawn_as_zero() -> None:
    dates = pd.Series(["2026-05-01"] * 3 + ["2026-05-04"])
    ax = tk.answers_per_day(dates)
    assert [patch.get_height() for patch in ax.patches] == [3, 0, 0, 1]
    with pytest.raises(InvalidInput):
        tk.answers_per_day(pd.Series(["soon"]))


def test_a_power_curve_names_the_first_size_that_is_enough() -> None:
    ax = tk.power_curve(lambda n: 1 - 1 / n, [2, 4, 5, 10])
    assert ax.get_title() == "5 answers reach 80% power"


def test_combinations_of_options_add_up_to_those_who_answered() -> None:
    ax = tk.option_combinations(FRAME, {"x1": "First", "x2": "Second"})
    assert sum(patch.get_height() for patch in ax.patches) == pytest.approx(1)
    both = ((FRAME["x1"] == 1) & (FRAME["x2"] == 1)).mean()
    assert f"First and Second: {both:.0%}" in tk.description_of(ax).alt


def test_a_mosaic_says_the_shares_of_each_group() -> None:
    alt = tk.description_of(tk.mosaic(FRAME, "x1", "audience")).alt
    table = pd.crosstab(FRAME["audience"], FRAME["x1"], normalize="index")
    for group, row in table.iterrows():
        assert f"0 {row[0]:.0%}, 1 {row[1]:.0%}" in alt
        assert str(group) in alt


@pytest.mark.parametrize(
    "draw",
    [
        lambda f: tk.correlation_matrix(f, ["a", "zz"]),
        lambda f: tk.distribution(f, "audience"),
        lambda f: tk.distribution(f, "zz"),
        lambda f: tk.forest(f),
        lambda f: tk.forest([1]),
        lambda f: tk.heatmap(f),
        lambda f: tk.mosaic(f, "zz", "a"),
        lambda f: tk.mosaic(f.assign(none=np.nan), "none", "a"),
        lambda f: tk.distribution(f, "a", ax=[1]),
        lambda f: tk.forest(tk.means(f, "a"), ax=mpl.figure.Figure()),
        lambda f: tk.pattern_of_missing(f, ["zz"]),
        lambda f: tk.option_combinations(f, ["zz"]),
        lambda f: tk.raking_margins(f, {"zz": {"a": 1.0}}, f["w"]),
        lambda f: tk.transitions(f, "a", person="zz", earlier="2025", later="2026"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(draw: Any) -> None:
    with pytest.raises(InvalidInput):
        draw(FRAME)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: tk.correlation_matrix(FRAME, ["a", "b"], ax=ax),
        lambda ax: tk.distribution(FRAME, "minutes", by="audience", ax=ax),
        lambda ax: tk.mosaic(FRAME, "x1", "audience", ax=ax),
        lambda ax: tk.forest(smf.ols("c ~ a", FRAME).fit(), ax=ax),
        lambda ax: tk.answers_per_day(pd.Series(["2026-05-01"]), ax=ax),
        lambda ax: tk.trend_lines(tk.means(FRAME, ["a"], by=["audience", "wave"]), ax=ax),
    ],
)
def test_every_one_draws_on_the_axes_it_is_given(draw: Any) -> None:
    figure, ax = plt.subplots()
    assert draw(ax) is ax
    assert figure.axes[0] is ax
    figure.canvas.draw()
