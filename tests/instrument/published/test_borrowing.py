"""Published scales: their words come from their user, their codes and scoring from here, some are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.instrument.published import REFUSED, adapter_names, load_adapter, refused_name

Load = Callable[[dict[str, Any]], Instrument]
CONFIRMED = "A. Example, 2026-11-01: non-commercial study, words from the published version"


def words(text: str) -> dict[str, dict[str, str]]:
    return {"all": {"en": text}}


def borrowed(name: str) -> dict[str, Any]:
    """What a user writes to borrow a scale, with stand-ins for its words."""
    adapter = load_adapter(name)
    rows = [row for grid in adapter.grids.values() for row in grid.rows]
    made: dict[str, Any] = {
        "confirmed": CONFIRMED,
        "theme": "work",
        "text": {grid: words(f"Stem of {grid}") for grid in adapter.grids},
        "rows": {row: words(f"Words of {row}") for row in rows},
        "answers": {
            answers: {code: {"en": f"Answer {code}"} for code in codes}
            for answers, codes in adapter.answers.items()
        },
    }
    if adapter.family:
        made["rows"] = {row: words(f"Words of {row}") for row in ("one", "two", "three")}
        made["scores"] = {
            "mine": {
                "label": {"en": "Mine"},
                "rows": ["one", "two", "three"],
                "reverse": ["two"],
                "favourable": "low",
            }
        }
    return made


def borrowing(whole: dict[str, Any], name: str, **changed: Any) -> dict[str, Any]:
    grids = [*load_adapter(name).grids]
    section = {"id": "more", "title": {"en": "More"}, "items": grids}
    whole["sections"].append(section)
    whole["borrowed"] = {name: borrowed(name) | changed}
    return whole


def refusal(data: dict[str, Any], load: Load) -> str:
    with pytest.raises(InvalidInput) as caught:
        load(data)
    return str(caught.value)


@pytest.mark.parametrize("name", adapter_names())
def test_a_borrowed_scale_becomes_items_answers_and_scores(
    name: str, whole: dict[str, Any], load: Load
) -> None:
    adapter = load_adapter(name)
    made = load(borrowing(whole, name))
    for grid, entry in adapter.grids.items():
        item = made.item(grid)
        assert [row.id for row in item.rows] == list(entry.rows or ("one", "two", "three"))
        assert made.of_item(grid)[0].codes == adapter.answers[entry.answers]
        assert item.source.origin == "published"
        assert CONFIRMED in str(item.source.licence)
        assert adapter.name in str(item.source.after)
    assert set(made.scores) == set(adapter.scores or ("mine",))


@pytest.mark.parametrize("name", adapter_names())
def test_no_words_of_a_borrowed_scale_are_in_the_project(name: str) -> None:
    adapter = load_adapter(name)
    assert set(type(adapter).model_fields) == {
        *("name", "reference", "licence", "confirm", "status", "family", "sensitive", "minimum_share"),
        *("referent", "time_frame"),
        *("answers", "grids", "scores"),
    }
    assert all(set(grid.model_dump()) == {"answers", "rows"} for grid in adapter.grids.values())
    assert all(len(row) <= 3 for grid in adapter.grids.values() for row in grid.rows)


@pytest.mark.parametrize("said", ["", "   ", "yes", "confirmed"])
@pytest.mark.parametrize("name", ["who5", "copsoq"])
def test_a_scale_is_not_lent_before_its_use_is_confirmed(
    name: str, said: str, whole: dict[str, Any], load: Load
) -> None:
    told = refusal(borrowing(whole, name, confirmed=said), load)
    assert "is not confirmed" in told
    assert load_adapter(name).licence in told
    assert load_adapter(name).confirm in told
    assert "1 problem(s)" in told


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_proprietary_scale_is_refused_by_name_with_the_reason(
    name: str, whole: dict[str, Any], load: Load
) -> None:
    whole["borrowed"] = {name.upper(): borrowed("who5")}
    told = refusal(whole, load)
    assert REFUSED[name].name in told
    assert REFUSED[name].reason in told
    assert REFUSED[name].instead in told


@pytest.mark.parametrize(
    ("cited", "name"),
    [
        ("Maslach Burnout Inventory (1981)", "mbi"),
        ("MBI-GS item 3", "mbi"),
        ("Burnout Assessment Tool, BAT-12", "bat"),
        ("Gallup Q12", "q12"),
        ("Q12, item 5", "q12"),
        ("TRI 2.0 (Parasuraman and Colby 2015)", "tri"),
        ("Technology Readiness Index", "tri"),
    ],
)
def test_words_cited_from_a_refused_scale_are_refused_too(
    cited: str, name: str, whole: dict[str, Any], load: Load
) -> None:
    whole["items"][0]["source"] = {"origin": "published", "after": cited, "licence": "licensed to us"}
    told = refusal(whole, load)
    assert REFUSED[name].reason in told
    assert "items → q → source → after" in told


def test_published_words_need_their_source_and_their_licence(whole: dict[str, Any], load: Load) -> None:
    whole["items"][0]["source"] = {"origin": "published"}
    told = refusal(whole, load)
    assert "the words are published, and 'after' is missing" in told
    assert "the words are published, and 'licence' is missing" in told


@pytest.mark.parametrize("cited", ["Grissini, trial of tribes", "A combat study", "Question 12", "ambient"])
def test_other_citations_are_let_be(cited: str) -> None:
    assert refused_name(cited) is None


def test_an_unknown_scale_names_near_ones(whole: dict[str, Any], load: Load) -> None:
    whole["borrowed"] = {"who-5": borrowed("who5")}
    told = refusal(whole, load)
    assert "no published scale is known by this name" in told
    assert "did you mean 'who5'" in told


def test_missing_and_surplus_words_are_said_at_once(whole: dict[str, Any], load: Load) -> None:
    data = borrowing(whole, "who5")
    mine = data["borrowed"]["who5"]
    del mine["rows"]["w2"]
    mine["rows"]["w6"] = words("One too many")
    del mine["answers"]["who5"]["3"]
    mine["text"]["who"] = mine["text"].pop("who5q")
    mine["scores"] = {"own": {"label": {"en": "Own"}, "rows": ["w1", "w3"], "favourable": "high"}}
    told = refusal(data, load)
    for part in ("row 'w2'", "no row 'w6'", "answer '3'", "grid 'who5q'", "has scores of its own"):
        assert part in told
    assert "6 problem(s)" in told


def test_a_language_without_words_is_refused(whole: dict[str, Any], load: Load) -> None:
    data = borrowing(whole, "uwes3")
    data["borrowed"]["uwes3"]["rows"]["u1"] = {"all": {"de": "Nur deutsch"}}
    assert "wording in 'en' is missing" in refusal(data, load)


def test_rows_a_family_score_does_not_have_are_refused(whole: dict[str, Any], load: Load) -> None:
    data = borrowing(whole, "copsoq")
    data["borrowed"]["copsoq"]["scores"]["mine"]["rows"].append("four")
    data["borrowed"]["copsoq"]["scores"]["mine"]["reverse"].append("five")
    told = refusal(data, load)
    assert "unknown row 'four'" in told
    assert "'five' is not a row of this score" in told


def answered(made: Instrument, answers: dict[str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Categorical(codes, categories=made[name].categories, ordered=True)
            for name, codes in answers.items()
        }
    )


def test_who5_is_the_raw_sum_times_four(whole: dict[str, Any], load: Load) -> None:
    made = load(borrowing(whole, "who5"))
    codes = np.array([[5, 5, 5, 5, 5], [0, 0, 0, 0, 0], [3, 2, 4, 1, 5]])
    frame = answered(made, {f"who5q_w{n + 1}": [str(c) for c in codes[:, n]] for n in range(5)})
    assert tk.declared_scores(frame, made)["who5"].tolist() == pytest.approx(list(codes.sum(axis=1) * 4.0))


def test_cbi_turns_its_one_reversed_item_and_needs_three_or_four_answers(
    whole: dict[str, Any], load: Load
) -> None:
    made = load(borrowing(whole, "cbi"))
    work = ["cbiw_w1", "cbiw_w2", "cbiw_w3", "cbiv_w4", "cbiv_w5", "cbiv_w6", "cbiv_w7"]
    rows = [["100"] * 6 + ["0"], ["0"] * 6 + ["100"], ["50"] * 4 + ["-3"] * 3, ["50"] * 3 + ["-3"] * 4]
    others = {
        name: ["50", "50", "50", "-3"] for s in ("cbipersonal", "cbiclient") for name in made.scores[s].items
    }
    frame = answered(made, {name: [row[n] for row in rows] for n, name in enumerate(work)} | others)
    found = tk.declared_scores(frame, made)
    assert found["cbiwork"].tolist()[:3] == [100.0, 0.0, 50.0]
    assert np.isnan(found["cbiwork"][3])
    assert made.scores["cbipersonal"].minimum == 3


def test_olbi_turns_the_eight_negative_statements(whole: dict[str, Any], load: Load) -> None:
    made = load(borrowing(whole, "olbi"))
    turned = {name.split("_o")[1] for score in made.scores.values() for name in score.reverse}
    assert turned == {"2", "3", "4", "6", "8", "9", "11", "12"}
    # most burned out: disagrees (4) with what is positive, agrees (1) with what is negative
    frame = answered(made, {f"olbiq_o{n}": ["1" if str(n) in turned else "4"] for n in range(1, 17)})
    assert tk.declared_scores(frame, made).iloc[0].tolist() == [4.0, 4.0]


def test_tis6_is_the_sum_of_its_six_items(whole: dict[str, Any], load: Load) -> None:
    made = load(borrowing(whole, "tis6"))
    items = made.scores["tis6"].items
    frame = answered(made, {name: [str(n % 5 + 1)] for n, name in enumerate(items)})
    assert tk.declared_scores(frame, made)["tis6"].tolist() == pytest.approx([1 + 2 + 3 + 4 + 5 + 1])


def test_a_copsoq_scale_asks_for_half_of_its_items(whole: dict[str, Any], load: Load) -> None:
    made = load(borrowing(whole, "copsoq"))
    assert made.scores["mine"].minimum == 2
    frame = answered(
        made,
        {"copsoqq_one": ["100", "100"], "copsoqq_two": ["25", "-3"], "copsoqq_three": ["-3", "-3"]},
    )
    found = tk.declared_scores(frame, made)["mine"]
    assert found[0] == pytest.approx((100 + 75) / 2)
    assert np.isnan(found[1])


def test_a_name_that_stands_already_is_refused(whole: dict[str, Any], load: Load) -> None:
    data = borrowing(whole, "who5")
    data["scales"]["who5"] = data["scales"]["agree"]
    assert "'who5' is already defined in the bank" in refusal(data, load)


def test_a_scale_at_fault_says_nothing_about_what_hangs_on_it(whole: dict[str, Any], load: Load) -> None:
    data = borrowing(whole, "uwes3", confirmed="")
    assert "1 problem(s)" in refusal(data, load)


@pytest.mark.parametrize(
    ("name", "about", "time"),
    [("who5", "self", "past_2_weeks"), ("orca", "organisation", "now"), ("copsoq", None, None)],
)
def test_a_borrowed_scale_says_what_it_is_about(
    name: str, about: str | None, time: str | None, whole: dict[str, Any], load: Load
) -> None:
    instrument = load(borrowing(whole, name))
    columns = [v for v in instrument.variables if v.item.source.origin == "published"]
    assert columns
    assert {v.referent("staff") for v in columns} == {about}
    assert {v.item.time_frame for v in columns} == {time}
