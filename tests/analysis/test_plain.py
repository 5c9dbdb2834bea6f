"""A coded column is read the same way everywhere: its reserved codes are no answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as api
from tests.refusals import problem
from toolkit import analysis
from toolkit.analysis.answers import as_numbers
from toolkit.errors import InvalidInput

CODES = ["-6", "-5", "-4", "-3", "-2", "-1", "1", "2", "3", "4", "5"]
A = ["5", "4", "-3", "2", "5", "-5", "3", "4", "1", "5"]
B = ["1", "2", "2", "-1", "3", "4", "1", "-6", "2", "3"]

TWO_SAMPLES: list[Callable[[Any, Any], Any]] = [
    analysis.cliff_delta,
    lambda a, b: analysis.weighted_quantile(a, np.ones(len(b)), 0.5, rule="school"),
]


def _coded(answers: list[str]) -> pd.Series:
    return pd.Series(pd.Categorical(answers, categories=CODES, ordered=True))


def _plain(answers: list[str]) -> np.ndarray:
    return np.array([np.nan if one.startswith("-") else float(one) for one in answers])


@pytest.mark.parametrize("call", TWO_SAMPLES)
def test_reserved_codes_are_no_answers_wherever_samples_are_compared(
    call: Callable[[Any, Any], Any],
) -> None:
    assert repr(call(_coded(A), _coded(B))) == repr(call(_plain(A), _plain(B)))


def test_a_number_below_zero_that_is_no_code_is_a_number() -> None:
    assert as_numbers("a", [-3.0, 2.0]).tolist() == [-3.0, 2.0]
    assert as_numbers("a", pd.Categorical([2, 1, 2])).tolist() == [2.0, 1.0, 2.0]


def test_answers_that_are_no_numbers_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.cliff_delta(pd.Series(pd.Categorical(["man", "all"])), [1, 2])
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.cliff_delta(pd.DataFrame({"x": ["one", "two"]}), [1, 2])


def _as_objects(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), None)


@pytest.mark.parametrize(
    "form",
    [
        lambda s: s,
        lambda s: s.astype("Int64"),
        lambda s: s.astype("Float64"),
        _as_objects,
        lambda s: s.astype("Int64").astype("string"),
        lambda s: pd.Series(pd.Categorical(s), s.index),
        lambda s: pd.Series(pd.Categorical(s.astype("Int64"), categories=[0, 1, 2, 3, 4, 5, 6]), s.index),
    ],
    ids=["float", "Int64", "Float64", "object", "string", "float categories", "unused categories"],
)
def test_answers_of_any_dtype_give_the_numbers_of_pandas(form: Any) -> None:
    rng = np.random.default_rng(4)
    index = np.repeat(np.arange(60), 2)  # labels repeat
    answers = pd.Series(rng.integers(1, 6, 120) * 1.0, index)
    answers.iloc[::9] = np.nan
    group = rng.choice(["Führung", "team"], 120)
    frame = pd.DataFrame({"audience": group, "q 1 ü": form(answers)}, index)
    own, other = (answers[group == name].dropna() for name in ("Führung", "team"))
    rows = api.means(frame, "q 1 ü", by="audience").set_index("audience")
    assert rows["estimate"].tolist() == pytest.approx([own.mean(), other.mean()])
    shares = api.gaps(frame, "q 1 ü", measure="top", top=[4, 5])
    assert shares["gap"].iloc[0] == pytest.approx((own >= 4).mean() - (other >= 4).mean())
    assert api.top_boxes(frame, "q 1 ü", top=[4, 5])["q 1 ü"].mean() == pytest.approx(
        (answers.dropna() >= 4).mean()
    )


@pytest.mark.parametrize("dtype", ["boolean", object])
def test_booleans_with_missing_values_are_0_and_1(dtype: Any) -> None:
    frame = pd.DataFrame({"audience": ["a", "b"] * 6, "yes": [True, False, None, True] * 3})
    frame["yes"] = frame["yes"].astype(dtype)
    rows = api.means(frame, "yes", by="audience").set_index("audience")
    assert rows["estimate"].to_dict() == {"a": 1.0, "b": 0.5}
    frame["x"] = [1, 2, 3, 4, 1, 2, 3, 4, 4, 3, 2, 1]
    assert api.fit(frame, "yes ~ x").nobs == 9


@pytest.mark.parametrize("empty", [np.nan, None, pd.NA])
def test_a_column_without_answers_has_rows_without_estimates(empty: Any) -> None:
    frame = pd.DataFrame({"audience": ["a", "b"] * 3, "q": [empty] * 6})
    for column in (frame["q"], pd.Series(pd.Categorical(frame["q"]))):
        rows = api.means(frame.assign(q=column), "q", by="audience")
        assert rows["n"].tolist() == [0, 0]
        assert rows["estimate"].isna().all()


def test_models_refuse_mixed_types_and_repeated_columns_and_name_the_conversion() -> None:
    frame = pd.DataFrame({"q": [1, "1", 2, "3", 5, 4], "x": [1, 2, 3, 4, 4, 2], "t": list("uvuvvu")})
    coded = frame.assign(q=pd.Categorical(frame["q"].astype(str)))
    for data, formula, code in [
        (frame, "q ~ x", "wrong-type"),
        (pd.concat([frame, frame[["x"]]], axis=1), "t ~ x", "duplicate-column"),
        (coded, "q ~ x", "unsuited-item"),
        (frame, "t ~ x", "unsuited-item"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            api.fit(data, formula)
        assert [one.code for one in caught.value.problems] == [code]
    assert api.fit(coded.assign(**api.numbers(coded, "q")), "q ~ x").nobs == 6
