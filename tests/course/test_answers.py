"""Answers to exercises: the right one is computed, a wrong one is told what is wrong, none is given away."""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import toolkit as tk
from tests.refusals import problem
from toolkit.claims import load_register
from toolkit.course import Exercise, check_answer, exercises
from toolkit.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
EVERY = list(exercises().values())
NAMED = [pytest.param(one, id=one.id) for one in EVERY]
COMPUTED = [pytest.param(one, id=one.id) for one in EVERY if one.kind != "texts"]


@cache
def loaded(about: str) -> Any:
    if about == "register":
        return load_register(ROOT / "data_samples" / "published")
    if about == "study":
        return tk.load_study(ROOT / "data_samples" / "ai_at_work" / "study.yaml")
    return None


def wilson(p: float, n: float, level: float = 0.95) -> tuple[float, float]:
    z = norm.ppf((1 + level) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def newcombe(p: float, n: int, q: float, m: int) -> tuple[float, float]:
    (l1, u1), (l2, u2) = wilson(p, n), wilson(q, m)
    gap = p - q
    return gap - math.hypot(p - l1, u2 - q), gap + math.hypot(u1 - p, q - l2)


def rounds_to(percent: int, n: int) -> bool:
    return any(abs(100 * count / n - percent) <= 0.5 + 1e-9 for count in range(n + 1))


def counts(percent: int, n: int) -> list[int]:
    return [count for count in range(n + 1) if abs(100 * count / n - percent) <= 0.5 + 1e-9]


BY_HAND = {
    "figures-2": "UBB24-22",
    "figures-3": (71.5 - 67.5) / (73.5 - 67.5),
    "interval-1": wilson(0.71, 625),
    "interval-2": 0.17,
    "interval-3": newcombe(0.90, 1250, 0.73, 625),
    "base-1": 231 / 625,
    "base-2": next(n for n in range(1, 626) if all(wilson(0.77, more)[0] > 0.5 for more in range(n, 626))),
    "base-3": next(n for n in range(1, 626) if all(rounds_to(p, n) for p in (77, 39, 23, 21, 47))),
    "multiplicity-2": 1 - 0.95**18,
    "weights-1": 20**2 / (8 + 2 * 36),
    "weights-2": math.sqrt(2),
    "small-1": 1.959964 * math.sqrt(0.25 / 10 * (12 - 10) / (12 - 1)),
    "small-2": (1.959964 + 0.841621) * math.sqrt(0.25 * (1 / 10 + 1 / 163)),
    "attack-1": counts(43, 54)[0] - counts(40, 50)[0],
    "attack-2": 12,
    "attack-3": max(n for n in range(1, 200) if all(len(counts(p, n)) <= 1 for p in range(101))),
    "releases-1": counts(43, 21)[0] - counts(40, 20)[0],
    "releases-2": counts(54, 26)[0] - 12,
    "releases-3": 2,
    "ratio-1": 1 / 1.88,
    "ratio-2": 0.564,
    "ratio-3": 1.1,
    "ratio-4": 0.88 / 1.88,
    "methods-2": 1.959964 * math.sqrt(0.25 / 625),
    "writing-1": (10 + 36) / 100,
    "writing-2": max(len({0, 1, 2, 3, 4, 5} & set(five)) for five in combinations(range(10), 5)) / 10,
    "writing-3": 1 - 3**4 / 4**4,
    "writing-4": 54 / 200,
    "critique-1": ["instrument", "sampling", "mode", "weighting", "processing_and_quality", "limitations"],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_answer_is_the_one_computed_by_hand(name):
    one = exercises()[name]
    right = one.right(loaded(one.about))
    if one.kind in ("name", "names"):
        assert right == BY_HAND[name]
    else:
        assert right == pytest.approx(BY_HAND[name], abs=1e-5)
    assert check_answer(name, BY_HAND[name], loaded(one.about))


def test_the_answers_on_the_sample_study_follow_from_its_rows():
    study = loaded("study")
    frame = study.responses()
    gaps = tk.gaps(frame, study.instrument, measure="top", family=study.primary)
    p, adjusted = gaps["p_value"], gaps["p_adjusted"]
    sizes = frame.groupby(["organisation", "audience"], observed=True).size()
    asked = {name: exercises()[name].right(study) for name in ("multiplicity-1", "multiplicity-3", "small-3")}
    assert asked["multiplicity-1"] == pytest.approx(len(gaps) / 20)
    assert asked["multiplicity-3"] == sum((p < 0.05) & (adjusted >= 0.05))
    assert asked["small-3"] == sum(0 < size < 5 for size in sizes)
    small = frame[(frame["organisation"] == "org-04") & (frame["audience"] == "executive")]
    assert (len(small), study.population("org-04")["executive"]) == (10, 12)


def test_the_published_gap_leaves_nought_out_up_to_the_effect_given_and_no_further():
    found = exercises()["weights-3"].right(loaded("register"))
    for effect, leaves in ((found, True), (found + 1, False)):
        low, _ = newcombe(0.90, 1250 / effect, 0.73, 625 / effect)
        assert (low > 0) is leaves


@pytest.mark.parametrize("one", COMPUTED)
def test_the_right_answer_is_right_and_so_is_its_rounding(one: Exercise):
    given = loaded(one.about)
    right = one.right(given)
    assert check_answer(one.id, right, given).state == "right"
    if one.kind in ("fraction", "ends"):
        assert check_answer(one.id, np.round(right, 2), given).state == "right"
        assert check_answer(one.id, pd.Series(np.atleast_1d(right)), given).state == "right"
    if one.kind == "names":
        assert check_answer(one.id, [name.upper() for name in reversed(right)], given)


@pytest.mark.parametrize("one", COMPUTED)
def test_every_known_mistake_is_told_in_its_own_words(one: Exercise):
    given = loaded(one.about)
    right = np.atleast_1d(np.asarray(one.right(given), dtype=object))
    for mistake in one.mistakes:
        value = mistake.value(given)
        said = check_answer(one.id, value, given)
        close = one.kind not in ("name", "names") and np.allclose(
            np.atleast_1d(value).astype(float), right.astype(float), atol=one.tolerance
        )
        assert not close, f"{one.id}: a mistake that is as good as right"
        assert (said.state, mistake.says in said.says) == ("not yet", True)


@pytest.mark.parametrize("one", COMPUTED)
def test_no_wrong_answer_is_told_the_number(one: Exercise):
    given = loaded(one.about)
    shown = check_answer(one.id, None, given, show=True).says[0].removeprefix("The answer: ").rstrip(".")
    wrong = {"name": "UBB24-99", "names": ["dates"], "ends": (0.01, 0.02)}.get(one.kind, 9999)
    for answer in (None, wrong, "so many"):
        said = " ".join(check_answer(one.id, answer, given).says)
        numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", said.replace(one.asks, ""))
        assert shown not in numbers, one.id


@pytest.mark.parametrize("one", NAMED)
def test_an_exercise_waits_where_nothing_was_answered(one: Exercise):
    said = check_answer(one.id, None, loaded(one.about))
    assert said.state == "open"
    assert said.says[0] == one.asks
    assert not said


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("interval-2", 17, "reads as a percentage"),
        ("interval-2", -0.17, "the direction is not"),
        ("interval-2", 0.5, "It is too high."),
        ("interval-1", (0.75, 0.65), "The lower end comes first."),
        ("interval-1", (0.673, 0.9), "The upper end is too high."),
        ("interval-1", 0.71, "two fractions"),
        ("interval-2", "17 %", "should be a fraction"),
        ("interval-2", True, "should be a fraction"),
        ("interval-2", float("nan"), "should be a fraction"),
        ("interval-2", 10**400, "should be a fraction"),
        ("base-3", np.True_, "should be a whole number"),
        ("base-3", 56.6, "It is too low."),
        ("figures-2", 22, "one name in quotes"),
        ("critique-1", ["mode", "dates"], "1 of your 2 belong there."),
        ("critique-1", "mode", "names in a list"),
        ("critique-1", [], "names in a list"),
    ],
)
def test_what_is_wrong_is_said(name, answer, words):
    said = check_answer(name, answer, loaded(exercises()[name].about))
    assert said.state == "not yet"
    assert words in " ".join(said.says)


def test_a_right_answer_with_other_data_is_another():
    register = loaded("register")
    claims = register.claims.copy()
    claims.loc[claims["finding_id"] == "UBB24-26", ["value", "low", "high"]] = [80, 79.5, 80.5]
    other = type(register)(register.folder, register.studies, claims, register.relations)
    assert check_answer("interval-2", 0.07, other)
    assert not check_answer("interval-2", 0.17, other)


def test_unknown_exercises_and_missing_subjects_are_refused():
    with pytest.raises(InvalidInput, check=problem("unknown-name", "exercise intervall-1")):
        check_answer("intervall-1", 1)
    with pytest.raises(InvalidInput, check=problem("wrong-type", "name")):
        check_answer(["interval-1"], 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, check=problem("wrong-type", "exercise interval-1")):
        check_answer("interval-1", (0.1, 0.2))
    with pytest.raises(InvalidInput, check=problem("wrong-type", "exercise small-1")):
        check_answer("small-1", 0.1, loaded("register"))


def statement() -> dict[str, str]:
    open_ = "This was not published by the study."
    return {
        "data_collection_strategy": "A survey of three audiences.",
        "sponsor_and_conductor": "Paid for by Upwork, fielded by Walr with Workplace Intelligence.",
        "instrument": open_,
        "population": "Workers in the United States, United Kingdom, Australia, Canada.",
        "sampling": "Screened for school and use of a computer; quotas were not published.",
        "mode": open_,
        "dates": "From 16 April to 5 May 2024.",
        "sample_sizes_and_precision": "1,250 executives, 625 employees, 625 freelancers; no margin.",
        "weighting": "Whether answers were weighted is not known.",
        "processing_and_quality": open_,
        "limitations": "A panel that chose to answer; no chance sample.",
    }


def test_a_whole_statement_passes():
    assert check_answer("methods-1", statement(), loaded("register"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dates": ""}, "too short to state anything: dates"),
        ({"dates": "In the spring of last year."}, "published facts are not there"),
        ({"weighting": "Answers were weighted by age."}, "the statement must admit it"),
        ({"sample_sizes_and_precision": "Some 2,500 people answered it."}, "2 published facts are not there"),
        ({"wieghting": "Not published at all."}, "is not an element: did you mean 'weighting'"),
    ],
)
def test_what_a_statement_lacks_is_said(change, words):
    said = check_answer("methods-1", {**statement(), **change}, loaded("register"))
    assert said.state == "not yet"
    assert words in " ".join(said.says)


@pytest.mark.parametrize("answer", ["a text", ["dates"], {"dates": 2024}])
def test_a_statement_that_is_no_dictionary_of_texts_is_told_so(answer):
    said = check_answer("methods-1", answer, loaded("register"))
    assert said.says[0].startswith("Give a dictionary")


def test_what_is_said_is_escaped_in_html():
    said = check_answer("methods-1", {**statement(), "<b>": "not published by anybody"}, loaded("register"))
    assert "<b>" not in said._repr_html_()
    assert "&lt;b&gt;" in said._repr_html_()
