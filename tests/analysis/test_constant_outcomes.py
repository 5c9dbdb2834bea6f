"""A constant outcome is never significant: 480 data sets whose spread is nothing but rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from toolkit import analysis as tk
from toolkit import weighting
from toolkit.analysis import Design
from toolkit.errors import InvalidInput

_CONSTANTS = (0.1, 1 / 3, 3.0, 1e-9, 1e9 + 0.1, -7.3e5, 1e-300, 0.7)
_SIZES = (12, 60, 301)
_DESIGNS = (
    "plain",
    "equal",
    "weights",
    "strata",
    "clusters",
    "stages",
    "fpc",
    "domain",
    "replicates",
    "raked",
)


@cache
def _people(n: int, rounded: bool) -> pd.DataFrame:
    rng = np.random.default_rng(n)
    place = np.arange(n)
    frame = pd.DataFrame(
        {
            "g": np.array(["a", "b"])[rng.permutation(place % 2)],
            "h": np.array(["u", "v", "w"])[rng.permutation(place % 3)],
            "st": place % 3,
            "team": place % 6,
            "person": place,
            "w": rng.uniform(0.3, 9, n),
            "N": 4.0,
            "M": n / 3 + 1.0,
        }
    )
    return frame.assign(noise=rng.choice([1.0, 1 + 2**-52], n) if rounded else 1.0)


def _design(kind: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, Design | None]:
    given: dict[str, Any] = {
        "equal": {"strata": "one"},
        "weights": {"weights": "w"},
        "strata": {"weights": "w", "strata": "st"},
        "clusters": {"weights": "w", "clusters": "team"},
        "stages": {"weights": "w", "strata": "st", "clusters": ["team", "person"], "fpc": ["N", "M"]},
        "fpc": {"weights": "w", "strata": "st", "fpc": "M"},
        "domain": {"weights": "w", "clusters": "team", "df": "domain"},
    }
    frame = frame.assign(one=1)
    if kind == "plain":
        return frame, None
    if kind == "raked":
        return frame, Design(weights=weighting.rake(frame, {"h": {"u": 1, "v": 2, "w": 3}}, base="w"))
    if kind == "replicates":
        made = tk.make_replicates(frame, Design(weights="w", clusters="team"), kind="JK1")
        return made.frame, made.design
    return frame, Design(**given[kind])


def _tests(frame: pd.DataFrame, design: Design | None) -> Iterator[tuple[str, float, str]]:
    """p and its reason from every function that divides a mean by its error."""
    items = [name for name in frame if name.startswith("y")]
    for item in items:
        one = tk.design_t_test(frame, item, mu=float(frame[item].iloc[0]) * (1 + 1e-15), design=design)
        yield f"{item}: one sample", one.p_value, one.method
        two = tk.design_t_test(frame, item, between="g", design=design)
        yield f"{item}: two samples", two.p_value, two.method
        if frame[item].nunique() == 1:  # else rounding makes ranks, as any difference does
            score: Any = "van-der-waerden" if len(frame) == 12 else "wilcoxon"
            ranked = tk.design_rank_test(frame, item, between="h", score=score, design=design)
            yield f"{item}: ranks", ranked.p_value, ranked.method
    for by in ((), "h"):
        for row in tk.gaps(frame, items, between="g", by=by, measure="mean", design=design).itertuples():
            yield f"{row.item}: gaps", float(row.p_value), str(row.method)
    estimates = tk.estimate(frame, items, by="g", design=design)
    asked = {item: {f"{item}:a": 1.0, f"{item}:b": -1.0} for item in items}
    asked |= {f"{item} a": {f"{item}:a": 1.0} for item in items}
    for row in tk.contrast(estimates, asked).itertuples():
        yield f"{row.contrast}: contrast", row.p_value, row.method


@pytest.mark.parametrize("kind", _DESIGNS)
@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("n", _SIZES)
def test_a_constant_has_no_p_and_a_reason(kind: str, rounded: bool, n: int) -> None:
    people, design = _design(kind, _people(n, rounded))
    constants = {f"y{at}": one * people["noise"] for at, one in enumerate(_CONSTANTS)}
    for name, p, reason in _tests(people.assign(**constants), design):
        assert math.isnan(p), name
        assert reason.startswith("not "), (name, reason)


def test_480_data_sets_are_tried() -> None:
    assert len(_CONSTANTS) * len(_SIZES) * len(_DESIGNS) * 2 == 480


@pytest.mark.parametrize("constant", _CONSTANTS)
@pytest.mark.parametrize("rounded", [False, True])
def test_plain_samples_without_spread_are_refused(constant: float, rounded: bool) -> None:
    y = (constant * _people(60, rounded)["noise"]).to_numpy()
    other = np.random.default_rng(1).normal(size=60) * constant
    for call in (
        lambda: tk.reliability(pd.DataFrame({"y": y, "z": other}), ["y", "z"]),
        lambda: tk.regression(pd.DataFrame({"y": y, "x": other}), "y ~ x"),
    ):
        with pytest.raises(InvalidInput):
            call()


@pytest.mark.parametrize("constant", _CONSTANTS)
def test_people_who_all_changed_alike_are_not_tested(constant: float) -> None:
    before = np.random.default_rng(1).normal(size=40) * constant
    frame = pd.DataFrame(
        {
            "code": [*range(40)] * 2,
            "wave": ["1"] * 40 + ["2"] * 40,
            "arm": list("xy") * 40,
            "y": np.concatenate([before, before + constant]),
        }
    )
    changed = tk.panel_change(frame, "y", person="code", by=(), measure="mean").iloc[0]
    assert math.isnan(changed["p_value"])
    piloted = tk.pilot_change(
        frame, "y", person="code", arm="arm", control="y", measure="mean", seed=1, permutations=99
    ).iloc[0]
    assert math.isnan(piloted["p_value"])


def test_a_spread_that_is_small_beside_its_level_is_tested() -> None:
    """Tolerances do not eat answers: years with a spread of days, large amounts with one of cents."""
    rng = np.random.default_rng(1)
    for level, spread in ((2026.0, 0.01), (1e9, 0.1), (0.0, 1e-100)):
        frame = pd.DataFrame({"y": level + spread * rng.normal(size=200), "g": list("ab") * 100, "w": 1.0})
        design = Design(weights="w")
        plain = library.t_test(frame["y"][::2], frame["y"][1::2], equal_variances=True)
        tested = tk.design_t_test(frame, "y", between="g", design=design)
        assert tested.p_value == pytest.approx(plain.p_value, rel=0.02)
        compared = tk.gaps(frame, "y", between="g", measure="mean", design=design)["p_value"].item()
        assert compared == pytest.approx(tested.p_value, rel=1e-3)


def test_a_group_that_fits_perfectly_has_no_test() -> None:
    """y is 1 in two groups and 2 in one: the difference of the first two is rounding over rounding."""
    frame = pd.DataFrame({"g": list("abc") * 20, "w": np.random.default_rng(1).uniform(0.3, 9, 60)})
    frame["y"] = np.where(frame["g"] == "c", 0.7, 0.1)
    for design in (None, Design(weights="w")):
        found = tk.regression(frame, "y ~ g", design=design)
        assert found.table["p_value"].isna().all()
        assert found.table["estimate"].tolist() == pytest.approx([0.1, 0, 0.6])


def test_no_mean_of_one_person_or_one_unit_has_an_error() -> None:
    frame = pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 5.0, 7.0, 9.0, 3.0],
            "x": [2.0, 1.0, 3.0, 2.0, 2.0, 1.0, 1.0],
            "g": list("aaabbbc"),
            "team": [1, 2, 2, 3, 3, 3, 4],
            "w": [1, 2, 1, 1, 3, 1, 1.0],
        }
    )
    for design, without in ((Design(weights="w"), "c"), (Design(weights="w", clusters="team"), "bc")):
        tables = {
            "estimate": tk.estimate(frame, "y", by="g", design=design).table,
            "ratios": tk.ratios(frame, {"r": ("y", "x")}, by="g", design=design),
            "variances": tk.variances(frame, "y", by="g", design=design),
            "means": tk.means(frame, "y", by="g", design=design),
        }
        for name, table in tables.items():
            row = table.set_index("g")
            for group in "abc":
                lost = group in without
                assert math.isnan(row.at[group, "std_error"]) is lost, (name, group)
                assert math.isnan(row.at[group, "conf_low"]) is lost, (name, group)
                assert row.at[group, "method"].startswith("no") is lost, (name, group)
                assert "replicate" not in row.at[group, "method"], (name, group)
        found = tk.contrast(tk.estimate(frame, "y", by="g", design=design), "difference").set_index(
            "contrast"
        )
        for name, row in found.iterrows():
            lost = any(f"difference: {one}," in str(name) or f", {one}" in str(name) for one in without)
            assert math.isnan(row["p_value"]) is lost, name
            assert row["method"].startswith("not tested") is lost, name
        for pair in (("a", "c"), ("b", "c")):
            for test in (tk.design_t_test, tk.design_rank_test):
                tested = test(frame, "y", between="g", pair=pair, design=design)
                assert math.isnan(tested.p_value)
                assert tested.method.startswith("not tested")
    assert tk.variances(frame, "y", by="g")["estimate"].isna().tolist() == [False, False, True]


def test_a_total_of_one_person_keeps_its_error() -> None:
    """R: svyby(~y, ~g, svydesign(~1, weights = ~w, data = d), svytotal), for the group of one."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0], "g": list("aab"), "w": [1.0, 2.0, 1.0]})
    found = tk.totals(frame, "y", by="g", design=Design(weights="w"))
    assert found["std_error"].tolist() == pytest.approx([3.6055512754639896, 4.0])
    alone = tk.totals(frame.iloc[:1], "y")
    assert alone["std_error"].isna().all()
