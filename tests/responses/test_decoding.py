"""Why an answer is not there: each rule alone, and all of them against a recomputation person by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toolkit.instrument import Instrument
from toolkit.platforms import read_answers
from toolkit.responses import Coded, decode

Write = Callable[..., Path]
FULL = {
    "aiuse": "1",
    "agree[prod]": "4",
    "agree[load]": "2",
    "agree[burn]": "5",
    "ways[rev]": "Y",
    "years": "3",
}
OPEN = {"submitdate": ""}


@pytest.fixture
def coded(limesurvey: Write, tiny: Instrument) -> Callable[..., Coded]:
    return lambda *people: decode(read_answers(limesurvey(*people), tiny, "limesurvey"), tiny)


def _counted(found: Coded) -> Mapping[tuple[str, str], int]:
    return found.disposition.set_index(["outcome", "reason"])["rows"].to_dict()


def test_dtypes_are_those_of_the_architecture(coded: Callable[..., Coded], tiny: Instrument) -> None:
    frame = coded(FULL).coded
    assert list(frame.columns) == ["respondent", "organisation", "wave", "audience", "source", "status",
                                   *(v.name for v in tiny.variables)]  # fmt: skip
    for variable in tiny.variables:
        dtype = frame[variable.name].dtype
        if variable.kind in ("single", "option"):
            assert tuple(dtype.categories) == variable.categories
            assert dtype.ordered == variable.ordered
            assert frame[variable.name].notna().all()
    assert frame["years"].dtype == "float64"
    assert frame["audience"].dtype.ordered
    assert tuple(frame["audience"].dtype.categories) == tuple(tiny.audiences)
    for name in ("respondent", "organisation", "wave", "source", "status", "open"):
        assert frame[name].dtype == "str"


def test_a_multi_select_is_answered_where_one_option_is_ticked(coded: Callable[..., Coded]) -> None:
    frame = coded(FULL, {**FULL, "ways[rev]": ""}, {**FULL, "aiuse": "0", "ways[rev]": ""}).coded
    assert frame["ways_rev"].tolist() == ["1", "-3", "-4"]
    assert frame["ways_none"].tolist() == ["0", "-3", "-4"]


def test_no_for_people_never_asked_is_no_answer(coded: Callable[..., Coded]) -> None:
    never = {**FULL, "aiuse": "0", **{f"ways[{code}]": "No" for code in WAYS}}
    assert coded(never).coded["ways_rev"].tolist() == ["-4"]


def test_an_exclusive_option_ticked_beside_others_gives_way_and_is_counted(
    coded: Callable[..., Coded],
) -> None:
    found = coded({**FULL, "ways[none]": "Y"}, {**FULL, "ways[rev]": "", "ways[none]": "Y"})
    assert found.coded[["ways_rev", "ways_none"]].to_numpy().tolist() == [["1", "0"], ["0", "1"]]
    assert _counted(found)["noted", "ticked an exclusive option beside others: the others are kept"] == 1


def test_an_answer_though_routed_past_is_not_used_and_is_counted(coded: Callable[..., Coded]) -> None:
    found = coded({**FULL, "aiuse": "0"})
    assert found.coded["ways_rev"].tolist() == ["-4"]
    assert _counted(found)["noted", "answered though routed past: not used"] == 1


def test_an_answer_to_another_audiences_item_is_not_used_and_is_counted(coded: Callable[..., Coded]) -> None:
    found = coded({**FULL, "outp": "1"}, {**FULL, "outp": "1", "audience": "exec"})
    assert found.coded["outp"].tolist() == ["-5", "1"]
    assert _counted(found)["noted", "answered an item that is not for the audience: not used"] == 1


def test_after_the_last_answer_of_an_open_row_everything_is_broken_off(coded: Callable[..., Coded]) -> None:
    half = {**OPEN, "aiuse": "1", "agree[prod]": "4", "agree[load]": "2"}
    found = coded(FULL, half, {**half, "aiuse": "0"}, {**half, "aiuse": "", "agree[burn]": "1"})
    assert found.coded["status"].tolist() == ["complete", "partial", "partial", "partial"]
    assert found.coded["agree_burn"].tolist() == ["5", "-3", "-3", "1"]
    assert found.coded["ways_rev"].tolist() == ["1", "-6", "-4", "-4"]
    assert found.coded["outp"].tolist() == ["-5"] * 4


def test_fewer_than_half_of_the_questions_is_a_break_off(coded: Callable[..., Coded]) -> None:
    # An employee who uses AI is asked six questions: AI use, three statements, ways, years.
    three = {**OPEN, "aiuse": "1", "agree[prod]": "4", "agree[load]": "2"}
    two = {**OPEN, "aiuse": "1", "agree[prod]": "4"}
    # One who does not is asked five: two answers are fewer than half, three are not.
    two_of_five, three_of_five = {**two, "aiuse": "0"}, {**three, "aiuse": "0"}
    found = coded(three, two, two_of_five, three_of_five, {**FULL, "id": "full"})
    assert found.coded["respondent"].tolist() == ["1", "4", "full"]
    assert _counted(found)["set aside", "broke off before half of the questions"] == 2


def test_rows_that_say_nothing_are_set_aside_under_their_own_reason(coded: Callable[..., Coded]) -> None:
    found = coded(FULL, {"organisation": ""}, {**FULL, "audience": ""}, {**FULL, "organisation": ""})
    counted = _counted(found)
    assert counted["set aside", "submitted without one answer"] == 1
    assert counted["set aside", "no audience given"] == 1
    assert counted["noted", "no organisation given, of all rows read"] == 2
    assert counted["noted", "kept without an organisation: in study totals only"] == 1
    assert found.coded["organisation"].isna().tolist() == [False, True]


def test_read_is_set_aside_and_kept_together(coded: Callable[..., Coded]) -> None:
    found = coded(FULL, OPEN, {**FULL, "audience": ""}, {**FULL, **OPEN}, {})
    sums = found.disposition.groupby("outcome")["rows"].sum()
    assert sums["read"] == sums["kept"] + sums["set aside"]
    assert len(found.coded) == sums["kept"]


def test_row_order_changes_nothing_but_the_order(coded: Callable[..., Coded]) -> None:
    open_row = {**OPEN, "id": "c", "aiuse": "1", "agree[prod]": "4", "agree[load]": "1"}
    people = [{**FULL, "id": "a"}, {**FULL, "id": "b", "aiuse": "0"}, open_row]
    forward, backward = coded(*people).coded, coded(*reversed(people)).coded
    again = backward.set_index("respondent").loc[forward["respondent"]].reset_index()
    pd.testing.assert_frame_equal(forward, again[forward.columns])


WAYS = ("rev", "lrn", "ask", "none")
ROWS = ("prod", "load", "burn")
SCREEN = {"": "-3", "98": "-1"}


def _expected(person: Mapping[str, str], tiny: Instrument) -> dict[str, str] | None:
    """One respondent by the written rules, without the toolkit's machinery; None where set aside."""
    audience = {"exec": "executive", "fte": "employee", "free": "freelancer"}.get(person["audience"])
    if audience is None:
        return None
    singles = {
        "aiuse": "aiuse",
        "agree_prod": "agree[prod]",
        "agree_load": "agree[load]",
        "agree_burn": "agree[burn]",
    }
    found = {name: SCREEN.get(person[cell], person[cell]) for name, cell in singles.items()}
    ways = [code for code in WAYS if person[f"ways[{code}]"] == "Y"]
    if len(ways) > 1 and "none" in ways:
        ways.remove("none")
    uses = person["aiuse"] == "1"
    for code in WAYS:
        found[f"ways_{code}"] = "-4" if not uses else "-3" if not ways else "1" if code in ways else "0"
    found["outp"] = "-5" if audience != "executive" else SCREEN.get(person["outp"], person["outp"])
    ways_names = [f"ways_{code}" for code in WAYS]
    blocks = [["aiuse"], ["agree_prod", "agree_load", "agree_burn"], ways_names, ["outp"], ["years"]]
    given = [
        any(found.get(name, person["years"] or "-3") not in ("-3", "-4", "-5") for name in block)
        for block in blocks
    ]
    if person["submitdate"]:
        return found if any(given) else None
    questions = ["aiuse", "agree_prod", "agree_load", "agree_burn", "ways_rev", "outp"]
    asked = [name for name in questions if found[name] not in ("-4", "-5")]
    answered = sum(found[name] != "-3" for name in asked) + bool(person["years"])
    if not any(given) or 2 * answered < len(asked) + 1:
        return None
    last = max(place for place, some in enumerate(given) if some)
    for place, block in enumerate(blocks):
        for name in block:
            # Only "ways" is routed, on the first question: its -4 stands once that question was reached.
            if place > last and found.get(name) == "-3":
                found[name] = "-6"
    return found


@pytest.mark.parametrize("seed", range(8))
def test_decoding_equals_a_recomputation_person_by_person(
    seed: int, coded: Callable[..., Coded], tiny: Instrument
) -> None:
    draw = np.random.default_rng(seed)

    def person(number: int) -> dict[str, str]:
        made = {
            "id": str(number),
            "audience": draw.choice(["exec", "fte", "free", ""], p=[0.3, 0.4, 0.25, 0.05]),
            "submitdate": draw.choice(["", "2026-09-10 10:00:00"]),
            "aiuse": draw.choice(["1", "0", "98", ""]),
            "outp": draw.choice(["1", "0", "98", ""]),
            "years": draw.choice(["", "4"]),
            **{f"agree[{row}]": draw.choice(["1", "2", "3", "4", "5", "98", ""]) for row in ROWS},
            **{f"ways[{code}]": draw.choice(["Y", ""], p=[0.3, 0.7]) for code in WAYS},
        }
        stop = draw.integers(0, 14)
        order = [
            "aiuse",
            *(f"agree[{row}]" for row in ROWS),
            *(f"ways[{code}]" for code in WAYS),
            "outp",
            "years",
        ]
        return {**made, **dict.fromkeys(order[stop:], "")} if not made["submitdate"] else made

    people = [{name: str(value) for name, value in person(number).items()} for number in range(1, 151)]
    frame = coded(*people).coded.set_index("respondent")
    expected = {p["id"]: row for p in people if (row := _expected(p, tiny)) is not None}
    assert list(frame.index) == list(expected)
    names = list(next(iter(expected.values())))
    assert frame[names].astype(str).to_dict("index") == expected
