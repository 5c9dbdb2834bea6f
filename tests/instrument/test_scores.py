"""Scores declared in an instrument: what is refused of them, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument, load_instruments

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
Load = Callable[[dict[str, Any]], Instrument]


def score(**said: object) -> dict[str, object]:
    return {"label": {"en": "Fair"}, "items": ["grid_a", "grid_c"], "source": {"origin": "own"}} | said


@pytest.fixture
def scored(whole: dict[str, Any]) -> dict[str, Any]:
    whole["items"][2]["rows"].append({"id": "c", "text": {"all": {"en": "It is quick"}}})
    whole["scores"] = {"fair": score()}
    return whole


def test_a_sound_score_loads(scored: dict[str, Any], load: Load) -> None:
    found = load(scored).scores["fair"]
    assert (found.items, found.reverse, found.minimum, found.multiply) == (("grid_a", "grid_c"), (), None, 1)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"items": ["grid_a", "grid_x"]}, "unknown column 'grid_x'"),
        ({"items": ["grid_a", "grid_a"]}, "'grid_a' is listed twice"),
        ({"items": ["grid_a", "q"]}, "the answers of 'q' are not ordered numbers"),
        ({"items": ["grid_a", "hours"]}, "the answers of 'hours' are not ordered numbers"),
        ({"items": ["grid_a"]}, "must have at least 2 entries, not 1"),
        ({"reverse": ["grid_b"]}, "'grid_b' is not an item of this score"),
        ({"minimum": "3"}, "3 of 2 items cannot be answered"),
        ({"minimum": "0"}, "is not at least 1"),
        ({"multiply": "0"}, "is not above 0"),
        ({"favourable": "top"}, "is not one of 'high', 'low' or 'none'"),
        ({"label": {"fr": "Juste"}}, "wording in 'en' is missing"),
        ({"items": ["grid_a", "grid_b"]}, None),
    ],
)
def test_a_score_at_fault_is_refused(
    scored: dict[str, Any], load: Load, said: dict[str, object], what: str | None
) -> None:
    scored["scores"] = {"fair": score(**said)}
    if what is None:  # staff are asked both
        assert load(scored).scores
        return
    with pytest.raises(InvalidInput) as caught:
        load(scored)
    assert what in str(caught.value)
    assert "scores → fair" in str(caught.value)


def test_a_score_may_not_have_the_name_of_an_item(scored: dict[str, Any], load: Load) -> None:
    scored["scores"] = {"hours": score()}
    with pytest.raises(InvalidInput, check=problem("name-taken", "tiny.yaml, line 274: scores → hours")):
        load(scored)


def test_a_score_nobody_is_asked_all_of_is_refused(scored: dict[str, Any], load: Load) -> None:
    scored["items"][2]["rows"][0]["audiences"] = ["boss"]
    scored["scores"] = {"fair": score(items=["grid_a", "grid_b"])}
    with pytest.raises(
        InvalidInput, check=problem("not-asked", "tiny.yaml, line 281: scores → fair → items")
    ):
        load(scored)


def test_a_score_of_items_on_different_scales_is_refused(scored: dict[str, Any], load: Load) -> None:
    scored["scales"]["wide"] = {
        "ordered": "true",
        "options": [{"code": str(n), "label": {"en": f"Step {n}"}} for n in range(1, 6)],
    }
    scored["items"].append(
        {**scored["items"][2], "id": "other", "scale": "wide", "favourable": "none", "rows": []}
    )
    scored["items"][-1]["rows"] = [{"id": "a", "text": {"all": {"en": "It is open"}}}]
    scored["sections"][0]["items"].append("other")
    scored["scores"] = {"fair": score(items=["grid_a", "other_a"])}
    with pytest.raises(
        InvalidInput, check=problem("inconsistent", "tiny.yaml, line 339: scores → fair → items")
    ):
        load(scored)


def test_a_misspelt_column_of_a_bank_score_is_said_though_it_is_not_asked(tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "instruments"
    shutil.copytree(INSTRUMENTS, copy)
    path = copy / "bank" / "pilot.yaml"
    path.write_text(path.read_text("utf-8").replace("items: [load_mind,", "items: [laod_mind,"), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_instrument(copy / "employee.yaml")
    (problem,) = caught.value.problems
    assert problem.where.startswith("pilot.yaml, line ")
    assert "unknown column 'laod_mind'" in problem.what
    assert "load_mind" in problem.hint


@pytest.fixture(scope="module")
def pilot() -> Instrument:
    return load_instruments(sorted((INSTRUMENTS / "pilot").glob("*.yaml")))


def plain_numbers(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The answers as numbers, without the package; reserved codes are missing."""
    read = frame[names].astype(str).apply(pd.to_numeric, errors="coerce")
    return read.where(read >= 0)


def test_declared_scores_are_the_means_recomputed_by_hand(pilot: Instrument) -> None:
    frame = tk.simulate(pilot, seed=4, missing="codes")
    numbers = plain_numbers(frame, list(pilot.scores["taskload"].items))
    numbers["load_went"] = 10 - numbers["load_went"]
    by_hand = numbers.mean(axis=1, skipna=False) * 10
    found = tk.declared_scores(frame, pilot)
    assert list(found.columns) == ["taskload"]
    assert by_hand.notna().sum() > 100
    np.testing.assert_allclose(found["taskload"], by_hand, rtol=1e-12)


def test_a_minimum_lets_some_answers_be_missing() -> None:
    ready = load_instruments(sorted((INSTRUMENTS / "readiness").glob("*.yaml")))
    frame = tk.simulate(ready, seed=4, missing="codes")
    numbers = plain_numbers(frame, list(ready.scores["trysafety"].items))
    enough = numbers.notna().sum(axis=1) >= 3
    by_hand = numbers.mean(axis=1).where(enough)
    found = tk.declared_scores(frame, ready, ["trysafety"])["trysafety"]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)
    assert (numbers.isna().any(axis=1) & found.notna()).any()
    assert (found.isna() & numbers.notna().any(axis=1)).any() or enough.all()


def test_scores_do_not_depend_on_the_order_of_respondents(pilot: Instrument) -> None:
    frame = tk.simulate(pilot, seed=4, missing="codes")
    turned = frame.iloc[::-1]
    pd.testing.assert_frame_equal(
        tk.declared_scores(turned, pilot).iloc[::-1], tk.declared_scores(frame, pilot)
    )


def test_an_unknown_score_and_a_column_that_is_not_there_are_said_at_once(pilot: Instrument) -> None:
    frame = tk.simulate(pilot, seed=4, missing="codes").drop(columns="load_mind")
    with pytest.raises(InvalidInput) as caught:
        tk.declared_scores(frame, pilot, ["taskload", "taskloda"])
    said = str(caught.value)
    assert "taskloda" in said
    assert "did you mean 'taskload'" in said
    assert "load_mind" in said


def test_an_instrument_without_scores_gives_a_frame_without_columns(
    whole: dict[str, Any], load: Load
) -> None:
    frame = tk.simulate(load(whole), seed=1, missing="codes")
    assert tk.declared_scores(frame, load(whole)).shape == (len(frame), 0)


def test_a_score_of_a_sensitive_column_is_sensitive_too_and_the_gate_knows(
    scored: dict[str, Any], load: Load
) -> None:
    from toolkit.disclosure import Policy
    from toolkit.disclosure.cells import thresholds

    assert load(scored).sensitive_names == frozenset()
    scored["items"][2]["rows"][0]["sensitive"] = "true"
    by_item = load(scored)
    assert by_item.sensitive_names == {"grid_a", "fair"}
    del scored["items"][2]["rows"][0]["sensitive"]
    scored["scores"] = {"fair": score(sensitive="true")}
    by_itself = load(scored)
    assert by_itself.sensitive_names == {"fair"}
    policy = Policy(threshold=5)
    for instrument in (by_item, by_itself):
        assert thresholds(policy, (), instrument).threshold_for("fair") == policy.sensitive_threshold > 5
