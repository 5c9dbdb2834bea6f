"""Conditions mean what three survey engines agree they mean, and are evaluated a column at a time."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, asked, parse
from toolkit.instrument.routing import Answered, Comparison, Joined, Node, Not, Selected

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "platforms" / "routing" / "cases.json"

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
}

#                no answer  98 (dk)   0         1
TRUTH = {
    "eq": (False, False, False, True),
    "ne": (True, True, True, False),
    "ne_ans": (False, True, True, False),
    "gt": (False, True, False, True),
    "lt": (False, False, True, True),
    "le98": (False, True, True, True),
    "not_eq": (True, True, True, False),
    "in": (False, False, True, True),
}
ON_SCREEN = ("", "98", "0", "1")
CODED = ("-3", "-1", "0", "1")


@pytest.fixture
def plain(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    """The small questionnaire with nothing routed."""
    del whole["items"][1]["ask_if"]
    return load(whole)


@pytest.fixture
def chained(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    """q, then m for those who say yes, then hours for those who tick rev."""
    whole["items"][3]["ask_if"] = 'selected(m, "rev")'
    whole["items"][5]["ask_if"] = "hours != 5 and grid_a >= 2"
    return load(whole)


def coded(instrument: Instrument, **columns: list[Any]) -> pd.DataFrame:
    """A frame whose columns are coded as the instrument says."""
    made: dict[str, Any] = {}
    for name, values in columns.items():
        if name in instrument and instrument[name].kind in ("single", "option"):
            made[name] = pd.Categorical(values, categories=instrument[name].categories)
        else:
            made[name] = values
    return pd.DataFrame(made)


@pytest.mark.parametrize("case", TRUTH)
def test_a_condition_has_the_truth_table_of_the_engines(plain: Instrument, case: str) -> None:
    found = parse(OURS[case]).evaluate(coded(plain, q=list(CODED)), plain)
    assert tuple(found) == TRUTH[case]
    assert found.dtype == bool


@pytest.mark.parametrize("missing", ["-6", "-5", "-4", "-3", "-2"])
def test_every_kind_of_no_answer_is_no_answer(plain: Instrument, missing: str) -> None:
    # -2 too: this item offers no refusal, so it has no code on screen
    for case, truth in TRUTH.items():
        assert parse(OURS[case]).evaluate(coded(plain, q=[missing]), plain)[0] == truth[0], case


@pytest.mark.parametrize(("ticked", "chosen"), [("1", True), ("0", False), ("-3", False), ("-4", False)])
def test_selected_is_true_of_what_is_ticked_and_nothing_else(
    plain: Instrument, ticked: str, chosen: bool
) -> None:
    frame = coded(plain, m_rev=[ticked], m_none=["-3" if ticked.startswith("-") else "0"])
    assert parse(OURS["sel"]).evaluate(frame, plain)[0] == chosen
    assert parse(OURS["notsel"]).evaluate(frame, plain)[0] != chosen
    assert parse("answered(m)").evaluate(frame, plain)[0] == (ticked in ("0", "1"))


def xpath(text: str, q: str, m: str) -> bool:
    """A second reading of the same condition: XPath's own rules on the text another tool was given."""
    number = float(q) if q else float("nan")
    text = re.sub(r"\$\{q\}(<=|>=|<|>)", lambda found: f"number{found[1]}", text)
    text = text.replace("${q}", repr(q)).replace("${m}", repr(m))
    text = re.sub(r"(?<![!<>])=", "==", text)
    names = {"number": number, "selected": lambda answer, code: code in answer.split(), "__builtins__": {}}
    return bool(eval(text, names))


def test_all_ten_shared_cases_agree_with_a_second_reading(plain: Instrument) -> None:
    if not CASES.exists():
        pytest.skip("the shared routing cases are not beside this checkout")
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    assert {case[0] for case in cases} == set(OURS)
    for name, _, condition, _ in cases:
        for shown, code in zip(ON_SCREEN, CODED, strict=True):
            for m in ("", "rev", "none"):
                ticks = {
                    f"m_{option}": ["-3" if not m else str(int(m == option))] for option in ("rev", "none")
                }
                frame = coded(plain, q=[code], **ticks)
                assert parse(OURS[name]).evaluate(frame, plain)[0] == xpath(condition, shown, m), (
                    name,
                    shown,
                    m,
                )


# --- against a tiny evaluator of its own, a respondent at a time


def holds(node: Node, answers: dict[str, str | None]) -> bool:
    """The meaning of a condition for one person; answers are codes on screen, None without one."""
    if isinstance(node, Not):
        return not holds(node.part, answers)
    if isinstance(node, Joined):
        found = [holds(part, answers) for part in node.parts]
        return all(found) if node.word == "and" else any(found)
    if isinstance(node, Answered):
        mine = [
            answer
            for name, answer in answers.items()
            if name == node.name or name.startswith(node.name + "_")
        ]
        return any(answer is not None for answer in mine)
    if isinstance(node, Selected):
        return answers[f"{node.name}_{node.code}"] == "1"
    answer = answers[node.name]
    if node.operator in ("!=", "not in"):
        return answer is None or all(not same(answer, code) for code in node.codes)
    if answer is None:
        return False
    if node.operator in ("==", "in"):
        return any(same(answer, code) for code in node.codes)
    low, high = float(answer), float(node.codes[0])
    return {"<": low < high, "<=": low <= high, ">": low > high, ">=": low >= high}[node.operator]


def same(answer: str, code: str) -> bool:
    return float(answer) == float(code) if "." in answer + code else answer == code


SCREEN = {"q": [None, "0", "1", "98"], "grid_a": [None, "1", "2", "3"], "hours": [None, "0.0", "5.0", "7.5"]}
TICKS = [None, "0", "1"]

codes = st.sampled_from(["0", "1", "2", "3", "5", "98"])
names = st.sampled_from(sorted(SCREEN))
tests = st.one_of(
    st.builds(
        lambda n, o, c: f"{n} {o} {c}", names, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), codes
    ),
    st.builds(
        lambda n, o, c: f"{n} {o} ({', '.join(c)},)",
        names,
        st.sampled_from(["in", "not in"]),
        st.lists(codes, min_size=1, max_size=3),
    ),
    st.builds(lambda n: f"answered({n})", st.sampled_from(["q", "grid_a", "hours", "m"])),
    st.builds(lambda c: f"selected(m, '{c}')", st.sampled_from(["rev", "none"])),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda part: f"not ({part})", inner),
        st.builds(
            lambda word, parts: f" {word} ".join(f"({p})" for p in parts),
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=6,
)
people = st.lists(
    st.fixed_dictionaries(
        {**{name: st.sampled_from(values) for name, values in SCREEN.items()}, "m": st.sampled_from(TICKS)}
    ),
    min_size=1,
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
@given(conditions, people)
def test_any_condition_equals_its_meaning_person_by_person(
    plain: Instrument, text: str, people: list[dict[str, str | None]]
) -> None:
    condition = parse(text)
    rows = [{**person, "m_rev": person["m"], "m_none": person["m"]} for person in people]
    to_frame = {None: "-3", "98": "-1"}
    frame = coded(
        plain,
        **{
            name: [to_frame.get(row[name], row[name]) for row in rows]
            for name in ("q", "grid_a", "m_rev", "m_none")
        },
        hours=[np.nan if row["hours"] is None else float(row["hours"]) for row in rows],
        audience=["staff"] * len(rows),
    )
    expected = [holds(condition.tree, {k: v for k, v in row.items() if k != "m"}) for row in rows]
    # hours and codes are told apart by type: a number equals 5 whether it is written 5 or 5.0
    assert condition.evaluate(frame, plain).tolist() == expected


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused_and_nothing_else_happens(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("q", "an item alone is not a condition; write 'answered(q)'"),
        ("q = 1", "cannot be read"),
        ("1 == q", "the left side"),
        ("1 < q < 5", "not chained"),
        ("q == other", "the right side"),
        ("q == -1", "answers are never negative"),
        ("q == True", "True is not a code"),
        ("q == 0x1", "0x1 is not a code"),
        ("q == 1_0", "1_0 is not a code"),
        ("q == 01", "cannot be read"),
        ('q > "1"', "'>' needs a number"),
        ("q in 1", "needs codes in brackets"),
        ("q in ()", "needs codes in brackets"),
        ("q is 1", "write == or !="),
        ("answered()", "'answered' is not used so"),
        ("answered(1)", "'answered' is not used so"),
        ("selected(m)", "'selected' is not used so"),
        ("selected(m, rev)", "the right side"),
        ("exists(q)", "unknown function 'exists'"),
        ("q.a == 1", "the left side"),
        ("m[0] == 1", "the left side"),
        ("__import__('os').system('x')", "unknown function"),
        ("[x for x in q]", "not part of the routing language"),
        ("q + 1 == 2", "'+' has no meaning"),
        ("q == 1; p == 1", "';' has no meaning"),
        ("lambda: q", "':' has no meaning"),
        ("q == “1”", "'“' has no meaning"),
        ("(" * 300 + "q == 1" + ")" * 300, "too many nested parentheses"),
        ("q == 1 and " * 200 + "q == 1", "longer than"),
    ],
)
def test_what_is_outside_the_subset_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert said in str(caught.value)


def test_every_fault_of_a_condition_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse("q == x or exists(q) or not (1 == q)")
    assert [problem.where for problem in caught.value.problems] == ["column 6", "column 11", "column 29"]


def test_a_condition_knows_what_it_names_and_keeps_codes_as_written() -> None:
    condition = parse('q == 1 and (m_rev in (0, "1", 1.50) or not answered(q))')
    assert condition.names == ("q", "m_rev")
    assert condition.tree.parts[1].parts[0] == Comparison("m_rev", "in", ("0", "1", "1.50"))  # type: ignore[union-attr]


def test_white_space_changes_nothing() -> None:
    assert parse("q==1\n  and\tanswered( m )").tree == parse("q == 1 and answered(m)").tree


# --- who was to be asked


def test_what_hangs_on_an_item_routed_past_sees_no_answer(chained: Instrument) -> None:
    frame = coded(
        chained,
        audience=["staff", "staff", "staff", "boss"],
        q=["1", "1", "0", "1"],
        m_rev=["1", "0", "1", "1"],  # the third ticked before going back to say no
        m_none=["0", "1", "0", "0"],
        hours=[5.0, 5.0, 5.0, 7.0],
        grid_a=["2", "3", "2", "1"],
    )
    assert asked(frame, "m_rev", chained).tolist() == [True, True, False, True]
    assert asked(frame, "hours", chained).tolist() == [True, False, False, True]
    # hours != 5 holds for those who were not to be asked the hours, whatever stands there
    assert asked(frame, "why", chained).tolist() == [False, True, True, False]


def test_an_item_of_one_audience_is_asked_of_no_other(chained: Instrument) -> None:
    frame = coded(chained, audience=["boss", "staff"])
    assert asked(frame, "top", chained).tolist() == [True, False]
    assert asked(frame, chained["grid_b"], chained).tolist() == [False, True]
    assert asked(frame, "q", chained).tolist() == [True, True]


def test_asking_changes_no_frame_and_follows_its_rows(chained: Instrument) -> None:
    frame = coded(chained, audience=["staff"] * 3, q=["1", "0", "-3"])
    before = frame.copy(deep=True)
    order = [2, 0, 1]
    moved = asked(frame.iloc[order], "m_rev", chained)
    assert moved.tolist() == asked(frame, "m_rev", chained)[order].tolist()
    pd.testing.assert_frame_equal(frame, before)
    assert asked(frame.iloc[:0], "m_rev", chained).shape == (0,)


def test_answers_as_plain_text_or_numbers_count_as_coded_ones(chained: Instrument) -> None:
    for values in (["1", "0", None], [1, 0, 98], [1.0, 0.0, np.nan], ["1", "0", ""]):
        frame = pd.DataFrame({"audience": ["staff"] * 3, "q": values})
        assert asked(frame, "m_rev", chained).tolist() == [True, False, False]


def test_a_column_that_routing_needs_and_is_not_there_is_refused(chained: Instrument) -> None:
    with pytest.raises(InvalidInput, check=problem("missing-column", "column q")):
        asked(coded(chained, audience=["staff"]), "m_rev", chained)
    with pytest.raises(InvalidInput, check=problem("missing-column", "column audience")):
        asked(coded(chained, q=["1"]), "top", chained)


def test_a_name_the_instrument_lacks_is_refused_with_near_ones(chained: Instrument) -> None:
    frame = coded(chained, audience=["staff"], q=["1"])
    with pytest.raises(InvalidInput, check=problem("unknown-item", "'m_rve'")):
        asked(frame, "m_rve", chained)
    with pytest.raises(InvalidInput, check=problem("ambiguous", "'m'")):
        asked(frame, "m", chained)
    with pytest.raises(InvalidInput, check=problem("unknown-item", "'nothing'")):
        parse("answered(nothing)").evaluate(frame, chained)


def test_routing_that_hangs_on_itself_is_refused_and_does_not_hang(chained: Instrument) -> None:
    round_about = tuple(
        item.model_copy(update={"ask_if": {"q": "answered(hours)", "hours": "q == 1"}.get(item.id)})
        for item in chained.items
    )
    instrument = chained.model_copy(update={"items": round_about})
    instrument = Instrument(**{name: getattr(instrument, name) for name in Instrument.model_fields})
    with pytest.raises(InvalidInput, check=problem("circular", "column q")):
        asked(coded(instrument, q=["1"], hours=[1.0]), "q", instrument)


def test_conditions_are_said_in_words(shipped: Instrument) -> None:
    said = parse("aiuse == 1 and not selected(aiways, 'none') or burnout in (4, 5)").in_words(shipped)
    assert said == (
        "(“AI use” is Yes and not (“Ways in which AI added work” includes “In none of these ways”)) "
        "or “Burnout” is one of Agree, Strongly agree"
    )
    assert parse("answered(aiways) or burnout > 3").in_words(shipped) == (
        "“Ways in which AI added work” is answered or “Burnout” is above Neither agree nor disagree"
    )
