"""Translated routing has, in each engine, the truth table of our own evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.engines import surveyjs_holds, xpath_holds
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, parse
from toolkit.platforms.routing import LIMESURVEY, SURVEYJS, XPATH, confusable, to_tree

OURS = {
    "eq": "q == 1",
    "ne": "q != 1",
    "ne_ans": "answered(q) and q != 1",
    "gt": "q > 0",
    "lt": "q < 5",
    "le98": "q <= 98",
    "not_eq": "not (q == 1)",
    "in": "q in (0, 1)",
    "sel": 'selected(m, "rev")',
    "notsel": 'not selected(m, "rev")',
    "notin": "q not in (0, 98)",
    "nested": 'not (q == 1 or not selected(m, "none")) and answered(m)',
    "hours": 'hours >= 10.5 or hours == "007"',
    "hours_ne": "hours != 7 and hours not in (8, 9)",
    "grid": "grid_a >= 2 or answered(grid)",
    "option": "answered(m_rev) and not answered(hours)",
}
CODED = {"": "-3", "98": "-1", "0": "0", "1": "1"}
Q = tuple(CODED)
M = ((), ("rev",), ("none",))
GRID = ("", "1", "3")
HOURS = ("", "0", "7", "8", "10.5")
Person = tuple[str, tuple[str, ...], str, str]


@pytest.fixture
def plain(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    """The small questionnaire with nothing routed."""
    del whole["items"][1]["ask_if"]
    return load(whole)


PEOPLE: list[Person] = [(q, m, grid, hours) for q in Q for m in M for grid in GRID for hours in HOURS]


def ours(text: str, instrument: Instrument, people: Sequence[Person]) -> list[bool]:
    """What our own evaluation says of each respondent."""

    def codes(name: str, found: list[str]) -> Any:
        return pd.Categorical(found, categories=instrument[name].categories)

    frame = pd.DataFrame(
        {
            "audience": ["staff"] * len(people),
            "q": codes("q", [CODED[q] for q, *_ in people]),
            "m_rev": codes("m_rev", [str(int("rev" in m)) if m else "-3" for _, m, *_ in people]),
            "m_none": codes("m_none", [str(int("none" in m)) if m else "-3" for _, m, *_ in people]),
            "grid_a": codes("grid_a", [grid or "-3" for *_, grid, _ in people]),
            "grid_b": codes("grid_b", ["-3"] * len(people)),
            "hours": [float(hours) if hours else float("nan") for *_, hours in people],
        }
    )
    return [bool(truth) for truth in parse(text).evaluate(frame, instrument)]


def in_surveyjs(q: str, m: tuple[str, ...], grid: str, hours: str) -> dict[str, Any]:
    held: dict[str, Any] = {"q": q, "m": list(m), "hours": float(hours) if hours else None}
    held["grid"] = {"a": grid} if grid else None
    return {name: value for name, value in held.items() if value not in ("", None, [])}


@pytest.mark.parametrize("case", OURS)
def test_xpath_has_our_truth_table_with_blank_nodes_and_with_none(plain: Instrument, case: str) -> None:
    written = XPATH.write(OURS[case], plain)
    for (q, m, grid, hours), expected in zip(PEOPLE, ours(OURS[case], plain, PEOPLE), strict=True):
        blank = {"q": q, "m": " ".join(m), "grid_a": grid, "grid_b": "", "hours": hours}
        absent = {name: value or None for name, value in blank.items()}
        assert xpath_holds(written, blank) == expected, (written, blank)
        assert xpath_holds(written, absent) == expected, (written, absent)


def test_surveyjs_has_our_truth_table(plain: Instrument) -> None:
    written = {case: SURVEYJS.write(text, plain) for case, text in OURS.items()}
    asked = [(case, person) for case in OURS for person in PEOPLE]
    expected = [truth for case in OURS for truth in ours(OURS[case], plain, PEOPLE)]
    held = surveyjs_holds([(written[case], in_surveyjs(*person)) for case, person in asked])
    wrong = [
        (written[case], person)
        for (case, person), found, truth in zip(asked, held, expected, strict=True)
        if found != truth
    ]
    assert wrong == []


def test_the_reference_conditions_have_the_same_truth_table_as_ours(plain: Instrument, shared: Path) -> None:
    cases = json.loads((shared / "platforms" / "routing" / "cases.json").read_text("utf-8"))
    assert len(cases) == 10
    people: list[Person] = [(q, m, "", "") for q in Q for m in M]
    truths = {name: ours(OURS[name], plain, people) for name, *_ in cases}
    expected = [truth for name, *_ in cases for truth in truths[name]]
    held = surveyjs_holds([(one, in_surveyjs(*person)) for _, one, _, _ in cases for person in people])
    assert held == expected
    assert [
        xpath_holds(one, {"q": q, "m": " ".join(m)}) for _, _, one, _ in cases for q, m, _, _ in people
    ] == expected


def test_limesurvey_expressions_are_the_reference_ones(plain: Instrument, shared: Path) -> None:
    cases = json.loads((shared / "platforms" / "routing" / "cases.json").read_text("utf-8"))
    written = {name: LIMESURVEY.write(OURS[name], plain) for name, *_ in cases}
    expected = {name: expression for name, *_, expression in cases}
    expected["notsel"] = '!(m_rev.NAOK=="Y")'  # the same, by our "not"
    assert written == expected


def test_limesurvey_asks_options_and_rows_one_by_one(plain: Instrument) -> None:
    assert LIMESURVEY.write("answered(m)", plain) == "(!is_empty(m_rev.NAOK) or !is_empty(m_none.NAOK))"
    assert LIMESURVEY.write("answered(grid) and hours > 7", plain, name=lambda one: f"Q{one.name}") == (
        "(!is_empty(Qgrid_a.NAOK) or !is_empty(Qgrid_b.NAOK)) and Qhours.NAOK>7"
    )


def test_rows_nobody_there_is_asked_are_left_out(plain: Instrument) -> None:
    assert XPATH.write("answered(grid)", plain, audiences=["boss"]) == "${grid_a} != ''"
    assert XPATH.write("answered(grid)", plain) == "(${grid_a} != '' or ${grid_b} != '')"


def test_a_tree_holds_the_whole_condition(plain: Instrument) -> None:
    assert to_tree('not (q in (1, 98) and selected(m, "rev"))', plain) == {
        "op": "not",
        "part": {
            "op": "and",
            "parts": [
                {"op": "in", "of": "q", "codes": ["1", "98"], "number": False},
                {"op": "selected", "of": "m_rev"},
            ],
        },
    }


def test_what_the_language_does_not_know_is_refused(plain: Instrument) -> None:
    for condition, refusal in (
        ("foo(q)", problem("syntax", "column 1")),
        ("answered(nothing)", problem("unknown-item", "'nothing'")),
    ):
        with pytest.raises(InvalidInput, check=refusal):
            XPATH.write(condition, plain)


def test_codes_an_engine_takes_for_one_are_found() -> None:
    assert confusable(["A", "B", "a", "01", "1", "1a"]) == (("A", "a"), ("01", "1"))
    assert confusable(["0", "1", "98", "rev"]) == ()


LEAVES = st.sampled_from(list(OURS.values()))
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda part: f"not ({part})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def drawn() -> list[tuple[str, Person]]:
    """Conditions nested at random, each with a respondent."""
    found: list[tuple[str, Person]] = []

    @given(condition=CONDITIONS, person=st.sampled_from(PEOPLE))
    @settings(max_examples=examples(100), database=None, derandomize=True)
    def draw(condition: str, person: Person) -> None:
        found.append((condition, person))

    draw()
    return found


def test_any_nesting_keeps_its_meaning_in_xpath(plain: Instrument, drawn: list[tuple[str, Person]]) -> None:
    for text, person in drawn:
        q, m, grid, hours = person
        held = {"q": q, "m": " ".join(m), "grid_a": grid, "grid_b": "", "hours": hours}
        assert [xpath_holds(XPATH.write(text, plain), held)] == ours(text, plain, [person]), (text, person)


def test_any_nesting_keeps_its_meaning_in_surveyjs(
    plain: Instrument, drawn: list[tuple[str, Person]]
) -> None:
    held = surveyjs_holds([(SURVEYJS.write(text, plain), in_surveyjs(*person)) for text, person in drawn])
    for (text, person), truth in zip(drawn, held, strict=True):
        assert [truth] == ours(text, plain, [person]), (text, SURVEYJS.write(text, plain), person)
