"""Reserved codes (-1 … -6) are neither groups nor answers, in any function and any type of column.

1. Every public function that takes a frame returns the same with codes as with NaN.
2. No result names a reserved code.
3. Numbers that are reserved codes, used as groups or classes, are refused: they may be codes or numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.refusals import problem
from toolkit import analysis as tk
from toolkit import weighting
from toolkit.analysis import Design
from toolkit.errors import InvalidInput
from toolkit.instrument.model import MISSING

_PEOPLE = 180
_SAME: dict[str, Any] = {"measure": "mean"}
_SHARE: dict[str, Any] = {"measure": "4"}
_OVER = {"design": Design(weights="w", clusters="team")}

CALLS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "against_published": lambda f: tk.against_published(f, "q", 0.3, by="g", **_SHARE),
    "any_of": lambda f: tk.any_of(f, ["t1", "t2"]),
    "average_change": lambda f: tk.average_change(
        tk.proportions(f, ["q", "r"], by=["h", "g"], **_SHARE), wave="g", by="h"
    ),
    "banner": lambda f: tk.banner(f, ["q", "r"], ["g", "h"], letters=True),
    "careless_indices": lambda f: tk.careless_indices(f, ["q", "r", "s"]),
    "check_alike": lambda f: tk.check_alike(
        tk.gaps(f, ["q", "r", "s"], between="h", **_SAME), f, {"x": ["q", "r", "s"]}, between="h"
    ),
    "cross_table": lambda f: tk.cross_table(f, "q", "g", **_OVER),
    "crosstab": lambda f: tk.crosstab(f, "g", "q", **_OVER),
    "decompose_gap": lambda f: tk.decompose_gap(f, "q", "h", between="g", pairs=[("a", "b")], **_SHARE),
    "design_effects": lambda f: tk.design_effects(f, "q", by="g", **_OVER),
    "design_rank_test": lambda f: tk.design_rank_test(f, "q", between="g", **_OVER),
    "design_t_test": lambda f: tk.design_t_test(f, "q", between="g", pair=("a", "b"), **_OVER),
    "drivers": lambda f: tk.drivers(f, "q", ["r", "s"], seed=1, resamples=100),
    "estimate": lambda f: tk.estimate(f, ["q", "r"], by=["g", "h"], **_OVER),
    "gaps": lambda f: [
        tk.gaps(f, ["q", "r"], between="g", by="h", **_SHARE),
        tk.gaps(f, ["q", "r"], between="g", by="h", **_SAME, **_OVER),
        tk.gaps(f, "q", between="g", reference="a", **_SHARE, **_OVER),
    ],
    "gaps_from_summary": lambda f: tk.gaps_from_summary(
        tk.proportions(f, "q", by=["g", "h"], **_SHARE), between="g", by="h"
    ),
    "goodness_of_fit": lambda f: tk.goodness_of_fit(f, "g", {"a": 0.5, "b": 0.3, "c": 0.2}),
    "independence": lambda f: tk.independence(f, "g", "q", **_OVER),
    "intraclass": lambda f: tk.intraclass(f, ["q", "r", "s"]),
    "item_difference": lambda f: tk.item_difference(f, "q", ["r", "s"], group="g", measure="4"),
    "kappa": lambda f: tk.kappa(f, "q", "r", **_OVER),
    "make_replicates": lambda f: tk.make_replicates(f, _OVER["design"], kind="JK1").frame.drop(columns=f),
    "means": lambda f: tk.means(f, ["q", "r"], by=["g", "h"], **_OVER),
    "measurement_invariance": lambda f: tk.measurement_invariance(f, {"x": ["q", "r", "s"]}, group="h"),
    "nonresponse_bounds": lambda f: tk.nonresponse_bounds(f, "q", population=999, by="g", **_SHARE),
    "numbers": lambda f: tk.numbers(f, ["q", "r", "t1"]),
    "omega": lambda f: tk.omega(f, ["q", "r", "s", "u"], factors=1),
    "ordinal_regression": lambda f: tk.ordinal_regression(f, "q ~ g").table,
    "organisation_shares": lambda f: tk.organisation_shares(f, "q", unit="g", by="h", **_SHARE),
    "panel_change": lambda f: tk.panel_change(f, ["q", "r"], person="code", wave="wave", by="g", **_SAME),
    "pilot_change": lambda f: tk.pilot_change(
        f, "q", person="code", wave="wave", arm="h", control="v", seed=1, permutations=99, **_SAME
    ),
    "population_gaps": lambda f: tk.population_gaps(
        f, "q", between="g", population=dict.fromkeys("abc", 999), **_SHARE
    ),
    "proportions": lambda f: [
        tk.proportions(f, ["q", "r"], by="g"),
        tk.proportions(f, ["q", "r"], by=["g", "h"], **_OVER),
    ],
    "quantiles": lambda f: tk.quantiles(f, "q", by="g", **_OVER),
    "rank_gap": lambda f: tk.rank_gap(f, ["q", "r"], between="g", by="h"),
    "ranked_options": lambda f: tk.ranked_options(f, ["t1", "t2"], by="g"),
    "rater_agreement": lambda f: tk.rater_agreement(f, ["q", "r"], group="g", categories=5),
    "ratios": lambda f: tk.ratios(f, {"x": ("q", ["q", "r"])}, by="g", **_OVER),
    "regression": lambda f: tk.regression(f.assign(y=np.arange(len(f)) % 7), "y ~ g + q", **_OVER).table,
    "reliability": lambda f: tk.reliability(f, ["q", "r", "s"]),
    "scale_scores": lambda f: tk.scale_scores(f, ["q", "r", "s"], minimum=2),
    "ticks": lambda f: tk.ticks(f, ["t1", "t2"]).astype("float64"),
    "top_boxes": lambda f: tk.top_boxes(f, ["q", "r"], top=[4, 5]),
    "totals": lambda f: tk.totals(f, "q", measure=None, by="g", **_OVER),
    "trend": lambda f: tk.trend(f, "q", wave="wave", by="g", **_SHARE),
    "variances": lambda f: tk.variances(f, "q", by="g", **_OVER),
    "weighted_alpha": lambda f: tk.weighted_alpha(f, ["q", "r", "s"]),
    "diagnose": lambda f: weighting.diagnose(f["w"], by=f["g"]),
}
"""One call of every public function that takes a frame."""

REFUSED = {
    "rake": lambda f: weighting.rake(f, {"g": {"a": 1, "b": 1, "c": 1}}),
    "poststratify": lambda f: weighting.poststratify(
        f, pd.DataFrame({"g": list("abc") * 2, "h": ["u"] * 3 + ["v"] * 3, "total": 1.0})
    ),
    "calibrate": lambda f: weighting.calibrate(f, {"g": {"a": 1, "b": 1, "c": 1}}),
    "strata": lambda f: tk.means(f, "q", design=Design(strata="g")),
    "clusters": lambda f: tk.means(f, "q", design=Design(clusters="g")),
}
"""What every row must have a category for."""

_ELSEWHERE = {"banded", "declared_scores", "labels", "missing_summary"}
"""Takes an instrument, which says what a code is (test_derived.py), or counts codes (test_frames.py)."""


def test_every_public_function_that_takes_a_frame_is_here() -> None:
    takes = {"frame", "by", "between", "summary"}
    public = {
        name
        for module in (tk, weighting)
        for name in module.__all__
        if inspect.isfunction(inspect.unwrap(getattr(module, name)))
        and takes & set(inspect.signature(getattr(module, name)).parameters)
    }
    assert public == set(CALLS) | _ELSEWHERE | (set(REFUSED) - {"strata", "clusters"})


def _frames(seed: int, dtype: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A frame with reserved codes among groups and answers, and the same with NaN in their place."""
    rng = np.random.default_rng(seed)
    trait = np.repeat(rng.normal(size=_PEOPLE // 2), 2)

    def answers() -> Any:
        given = np.clip(np.rint(3 + trait + rng.normal(0, 0.8, _PEOPLE)), 1, 5).astype(int)
        return given.astype(str).astype(object)

    person = np.arange(_PEOPLE) // 2
    columns = {name: answers() for name in "qrsu"}
    columns |= {
        name: (rng.random(_PEOPLE) < 0.4).astype(int).astype(str).astype(object) for name in ("t1", "t2")
    }
    columns |= {
        "g": np.array(list("abc"), dtype=object)[person % 3],
        "h": np.array(list("uv"), dtype=object)[(person // 3) % 2],
    }
    lost = {name: rng.random(_PEOPLE) < 0.08 for name in columns}
    for name in ("g", "h"):  # the same at both times
        lost[name] = (rng.random(_PEOPLE // 2) < 0.08)[person]
    rest = {
        "w": rng.uniform(0.5, 2, _PEOPLE),
        "team": person % 12,
        "code": person,
        "wave": np.where(np.arange(_PEOPLE) % 2 == 0, "1", "2"),
    }
    coded, plain = {}, {}
    for name, values in columns.items():
        real = sorted(set(values))
        reasons = rng.choice(list(MISSING), _PEOPLE).astype(object)
        reasons[np.flatnonzero(lost[name])[:1]] = "-3"
        with_codes = np.where(lost[name], reasons, values)
        with_none = np.where(lost[name], None, values)
        if dtype == "category":
            coded[name] = pd.Categorical(with_codes, [*reversed(list(MISSING)), *real])
            plain[name] = pd.Categorical(with_none, real)
        else:
            coded[name] = pd.Series(with_codes, dtype=dtype)
            plain[name] = pd.Series(with_none, dtype=dtype)
    return pd.DataFrame(coded | rest), pd.DataFrame(plain | rest)


def _same(one: Any, other: Any) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_categorical=False, check_dtype=False)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            _same(a, b)
    elif is_dataclass(one):
        for part in fields(one):
            _same(getattr(one, part.name), getattr(other, part.name))
    elif isinstance(one, dict):
        assert list(one) == list(other)
        _same(list(one.values()), list(other.values()))
    elif isinstance(one, str) or one is None:
        assert one == other
    else:
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def _texts(result: Any) -> set[str]:
    """Every whole label a result shows."""
    if isinstance(result, pd.DataFrame):
        shown = [result[name] for name in result if not pd.api.types.is_numeric_dtype(result[name])]
        cells = {str(value) for column in shown for value in column}
        return cells | {
            str(one) for axis in (result.index, result.columns) for one in axis if isinstance(one, str)
        }
    if isinstance(result, list | tuple):
        return set().union(*map(_texts, result)) if result else set()
    if is_dataclass(result):
        return set().union(*(_texts(getattr(result, part.name)) for part in fields(result)))
    if isinstance(result, dict):
        return set(map(str, result)) | _texts(list(result.values()))
    return {result} if isinstance(result, str) else set()


@pytest.mark.parametrize("name", CALLS)
@given(seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from(["category", "object", "str"]))
@settings(max_examples=examples(3, least=1))
def test_reserved_codes_count_as_missing(name: str, seed: int, dtype: str) -> None:
    coded, plain = _frames(seed, dtype)
    if dtype != "category" and name == "ordinal_regression":
        return  # the order of text is not declared
    found = CALLS[name](coded)
    _same(found, CALLS[name](plain))
    assert not _texts(found) & set(MISSING)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("dtype", ["category", "object", "str"])
def test_rows_without_a_category_are_refused_by_name(name: str, dtype: str) -> None:
    coded, _ = _frames(1, dtype)
    with pytest.raises(InvalidInput) as refused:
        REFUSED[name](coded)
    row = coded.index[coded["g"].isin(list(MISSING))][0]
    if name == "poststratify":
        row = coded.index[coded["g"].isin(list(MISSING)) | coded["h"].isin(list(MISSING))][0]
    assert f"row {row} (" in refused.value.problems[0].where


@pytest.mark.parametrize("number", [int, float])
@pytest.mark.parametrize(
    "call",
    [
        lambda f: tk.gaps(f, "y", between="g", measure="mean"),
        lambda f: tk.gaps(f, "y", between="h", by="g", measure="mean"),
        lambda f: tk.proportions(f, "y", by="g"),
        lambda f: tk.proportions(f, "g"),
        lambda f: tk.means(f, "y", by="g"),
        lambda f: tk.crosstab(f, "g", "y"),
        lambda f: tk.kappa(f, "g", "y"),
        lambda f: tk.design_t_test(f, "y", between="g"),
    ],
)
def test_numbers_that_may_be_codes_are_refused(number: type, call: Callable[[pd.DataFrame], Any]) -> None:
    frame = pd.DataFrame({"g": np.array([1, 2, 2, -3], dtype=number), "h": list("aabb"), "y": [1, 2, 2, 2]})
    with pytest.raises(InvalidInput, check=problem("reserved-code", "column g")):
        call(frame)


def test_negative_numbers_that_are_measured_stay_numbers() -> None:
    change = pd.DataFrame({"y": [-3.0, -1.0, 1.0, 3.0]})
    assert tk.means(change, "y")["estimate"].item() == 0
    assert tk.means(change, "y")["n"].item() == 4


def test_a_summary_row_of_a_reserved_code_is_refused() -> None:
    summary = pd.DataFrame({"item": "q", "audience": ["a", "b", "-3"], "estimate": [0.2, 0.4, 0.5], "n": 50})
    with pytest.raises(InvalidInput) as refused:
        tk.gaps_from_summary(summary)
    assert [one.where for one in refused.value.problems] == ["row 2, column audience"]


def test_nobody_is_of_two_groups_because_one_of_them_is_unknown() -> None:
    frame = pd.DataFrame(
        {"respondent": ["1", "1", "2", "3"], "g": ["a", "-3", "b", "b"], "y": [1.0, 2.0, 3.0, 4.0]}
    )
    assert tk.gaps(frame, "y", between="g", measure="mean")["n_a"].item() == 1
