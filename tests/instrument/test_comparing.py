"""Two versions of a questionnaire: every change is found, and nothing else is called one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, compare

SCALE = [(1, "Disagree"), (2, "Neither"), (3, "Agree")]


def questionnaire() -> dict[str, Any]:
    own = {"origin": "own"}
    return {
        "id": "tiny", "version": "1", "title": {"en": "Tiny"}, "languages": ("en",),
        "audiences": {
            who: {"code": who, "label": {"en": who}, "plural": {"en": who}} for who in ("boss", "staff")
        },
        "scales": {"agree": {
            "ordered": True, "top": [3], "bottom": [1],
            "options": [{"code": code, "label": {"en": words}} for code, words in SCALE],
        }},
        "missing": {"dk": {"code": 98, "becomes": -1, "label": {"en": "Don't know"}}},
        "themes": {"work": {"en": "Work"}},
        "sections": [{"id": "one", "title": {"en": "One"}, "items": ["aiuse", "flex", "ways"]}],
        "items": [
            {"id": "aiuse", "type": "single", "theme": "work", "source": own,
             "text": {"all": {"en": "Do you use AI?"}},
             "options": [{"code": 1, "label": {"en": "Yes"}}, {"code": 0, "label": {"en": "No"}}]},
            {"id": "flex", "type": "single", "theme": "work", "scale": "agree", "source": own,
             "text": {"boss": {"en": "My people choose their hours."},
                      "staff": {"en": "I choose my hours."}}},
            {"id": "ways", "type": "multi", "theme": "work", "ask_if": "aiuse == 1", "source": own,
             "text": {"all": {"en": "How?"}},
             "options": [{"code": "a", "label": {"en": "Drafts"}}, {"code": "b", "label": {"en": "Search"}}]},
        ],
    }  # fmt: skip


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[tuple[str, str], str]:
    """(item, audience) → what `compare` calls the change, of those that changed."""
    later = copy.deepcopy(questionnaire())
    change(later)
    found = compare(Instrument.model_validate(questionnaire()), Instrument.model_validate(later))
    assert ((found["trend"] == "yes") == (found["change"] == "same")).all()
    told = found[found["change"] != "same"]
    return {(row.item, row.audience): row.change for row in told.itertuples()}


def item(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in data["items"] if one["id"] == name)


def test_a_questionnaire_is_the_same_as_itself():
    assert changed(lambda data: None) == {}


def test_wording_changes_for_the_audience_that_reads_it():
    def reword(data: dict[str, Any]) -> None:
        item(data, "flex")["text"]["staff"]["en"] = "I choose where I work."

    assert changed(reword) == {("flex", "staff"): "wording changed"}


def test_capitals_and_punctuation_are_told_but_break_no_trend():
    later = questionnaire()
    item(later, "flex")["text"]["boss"]["en"] = "My people  choose their Hours"
    found = compare(Instrument.model_validate(questionnaire()), Instrument.model_validate(later))
    row = found[(found["item"] == "flex") & (found["audience"] == "boss")].iloc[0]
    assert (row["change"], row["trend"]) == ("same", "yes")
    assert "punctuation" in row["what"]


@pytest.mark.parametrize(
    "change",
    [
        lambda scale: scale["options"].append({"code": 4, "label": {"en": "Very much"}}),
        lambda scale: scale["options"].reverse(),
        lambda scale: scale["options"][1]["label"].update(en="Not sure"),
        lambda scale: scale.update(top=[2, 3]),
        lambda scale: scale.update(missing=["dk"]),
    ],
    ids=["an answer more", "another order", "another word", "another box", "a don't-know"],
)
def test_other_answers_break_the_trend_of_every_audience(change):
    found = changed(lambda data: change(data["scales"]["agree"]))
    assert found == {("flex", "boss"): "scale changed", ("flex", "staff"): "scale changed"}


def test_another_option_changes_what_could_be_chosen_instead_of_the_others():
    found = changed(lambda data: item(data, "ways")["options"].append({"code": "c", "label": {"en": "Code"}}))
    both = ("boss", "staff")
    assert {key: found[key] for key in found if key[0] == "ways_a"} == {
        ("ways_a", who): "scale changed" for who in both
    }
    assert {found[("ways_c", who)] for who in both} == {"new"}


def test_routing_changes_the_base_also_of_what_hangs_on_it():
    def route(data: dict[str, Any]) -> None:
        item(data, "aiuse")["ask_if"] = "flex == 3"

    found = changed(route)
    assert {key[0] for key, change in found.items() if change == "base changed"} == {
        "aiuse",
        "ways_a",
        "ways_b",
    }


def test_gone_and_new_are_told_by_audience():
    found = changed(lambda data: item(data, "flex").update(audiences=["boss"]))
    assert found == {("flex", "staff"): "gone"}


def test_strangers_are_refused():
    other = questionnaire()
    other["languages"] = ("fr",)
    for one in other["items"]:
        one["id"] = "x" + one["id"]
    with pytest.raises(InvalidInput) as told:
        compare(Instrument.model_validate(questionnaire()), Instrument.model_validate(other))
    assert len(told.value.problems) == 2


def test_the_command_lists_changes_and_counts_trends(root: Path, capsys, tmp_path: Path):
    shipped = str(root / "instruments")
    assert main(["compare", shipped, shipped, "--out", str(tmp_path / "compared.csv")]) == 0
    told = capsys.readouterr().out
    lines = (tmp_path / "compared.csv").read_text("utf-8").splitlines()
    assert f"Trends remain valid for {len(lines) - 1} of {len(lines) - 1}" in told
    assert main(["compare", shipped, str(tmp_path)]) == 2
    assert "contains no .yaml file" in capsys.readouterr().err
