"""What an instrument declares beside its questions: referents, help, texts, estimates, attention checks.

1. Each key is read, kept through bank, audience file and `write_instrument`, and listed by the codebook.
2. One word or one text stands for every audience.
3. An instrument without them loads as before.
4. Bad input is refused with its code and place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, codebook, compare, load_instruments
from toolkit.instrument.translation import texts, write_instrument

Load = Callable[[dict[str, Any]], Instrument]
OWN = {"origin": "own"}


@pytest.fixture
def full(whole: dict[str, Any]) -> dict[str, Any]:
    """The tiny questionnaire with every key that can be declared."""
    q, m, grid, hours, _, _ = whole["items"]
    q |= {
        "referent": {"boss": "organisation", "staff": "self"},
        "time_frame": "past_4_weeks",
        "help": {"en": "Count every tool."},
        "show_dont_know": "true",
        "discuss": {"en": "Who goes first?"},
    }
    q["text"]["staff"]["en"] = "Do you, at {organisation}?"
    m |= {"order": "random", "referent": "team"}
    grid |= {"referent": "self", "help": {"boss": {"en": "Your own view."}}}
    hours |= {
        "audiences": ["boss"],
        "estimate_of": {"item": "q", "audience": "staff"},
        "referent": "employees",
    }
    whole["sections"][0]["items"].append("look")
    look = {"id": "look", "type": "single", "theme": "work", "scale": "agree", "attention": "2"}
    whole["items"].append(look | {"text": {"all": {"en": "Please choose step 2."}}, "source": OWN})
    whole["texts"] = {
        "welcome": {"en": "{organisation} asks you for {minutes} minutes."},
        "confidentiality": {"en": "Never fewer than {threshold} people, {sensitive_threshold} on health."},
    }
    return whole


def test_declared_keys_are_read_and_say_what_they_mean(full: dict[str, Any], load: Load) -> None:
    instrument = load(full)
    q = instrument["q"]
    assert [q.referent(name) for name in ("boss", "staff")] == ["organisation", "self"]
    assert [v.referent("staff") for v in instrument["grid"]] == ["self", "self"]
    assert instrument["why"].referent("staff") is None
    assert [q.help(name) for name in ("boss", "staff")] == ["Count every tool."] * 2
    assert [instrument["grid"][0].help(name) for name in ("boss", "staff")] == ["Your own view.", ""]
    assert q.item.time_frame == "past_4_weeks"
    assert q.item.show_dont_know
    assert instrument.item("m").order == "random"
    assert instrument.item("look").attention == "2"
    assert instrument.item("hours").estimate_of.measure == "top"
    assert instrument.texts.consent == {}
    assert load({**full, "texts": {}}).digest != instrument.digest


def test_an_instrument_written_and_read_again_is_the_same(
    full: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    from toolkit.instrument import load_instrument

    instrument = load(full)
    again = load_instrument(write_instrument(instrument, tmp_path / "again.yaml"))
    assert again == instrument


def test_codebook_and_translator_s_sheet_know_help_and_texts(full: dict[str, Any], load: Load) -> None:
    instrument = load(full)
    rows = codebook(instrument).set_index(["variable", "audience"])
    assert set(rows.loc[("q", "boss"), "referent"]) == {"organisation"}
    assert set(rows.loc[("q", "staff"), "help"]) == {"Count every tool."}
    assert rows.loc[("why", "boss"), ["referent", "time_frame", "help"]].isna().all(axis=None)
    keys = {(one.key, one.audience) for one in texts(instrument)}
    wanted = {("texts/welcome", "all"), ("items/q/help", "all"), ("items/grid/help", "boss")}
    assert wanted | {("items/q/discuss", "all")} <= keys


def test_a_changed_definition_ends_a_trend(full: dict[str, Any], load: Load) -> None:
    old = load(full)
    full["items"][0]["help"] = {"en": "Count every tool, also at home."}
    found = compare(old, load(full)).set_index(["item", "audience"])
    assert found.loc[("q", "staff"), "change"] == "help changed"
    assert found.loc[("q", "staff"), "trend"] == "no"
    assert set(found.drop(index="q", level="item")["trend"]) == {"yes"}


def test_items_of_a_bank_keep_their_keys_and_files_override_its_texts(
    full: dict[str, Any], tmp_path: Path
) -> None:
    head = {name: full.pop(name) for name in ("id", "version", "title", "languages", "sections")}
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "all.yaml").write_text(json.dumps(full))
    asked = {"boss": ["q", "hours"], "staff": ["q", "grid"]}
    for name, items in asked.items():
        file = {**head, "audience": name, "bank": "bank"}
        file["sections"] = [{**head["sections"][0], "items": items}]
        file["texts"] = {"welcome": {"en": "Hello."}}
        (tmp_path / f"{name}.yaml").write_text(json.dumps(file))
    both = load_instruments([tmp_path / "boss.yaml", tmp_path / "staff.yaml"])
    assert both["q"].referent("boss") == "organisation"
    assert both.item("hours").estimate_of.audience == "staff"
    assert both.item("grid").help == {}  # it is the boss's alone
    assert both.texts.welcome == {"en": "Hello."}
    assert both.texts.confidentiality == full["texts"]["confidentiality"]
    alone = load_instruments([tmp_path / "boss.yaml"])
    assert alone.item("hours").estimate_of is None  # nobody here gives the answers it estimates
    spoilt = json.loads((tmp_path / "staff.yaml").read_text())
    spoilt["texts"]["welcome"]["en"] = "Good day."
    (tmp_path / "staff.yaml").write_text(json.dumps(spoilt))
    with pytest.raises(InvalidInput) as raised:
        load_instruments([tmp_path / "boss.yaml", tmp_path / "staff.yaml"])
    assert [(p.code, "texts" in p.where) for p in raised.value.problems] == [("inconsistent", True)]


@pytest.mark.parametrize(
    ("place", "key", "value", "code"),
    [
        (0, "referent", "company", "unknown-option"),
        (0, "referent", {"bosses": "self"}, "unknown-audience"),
        (0, "time_frame", "lately", "unknown-option"),
        (0, "help", {"en": " "}, "missing-value"),
        (0, "help", {"bosses": {"en": "Count."}}, "unknown-audience"),
        (0, "help", {"en": "For {organization}."}, "unknown-name"),
        (0, "text", {"all": {"en": "Is {threshold} right?"}}, "unknown-name"),
        (0, "attention", "7", "unknown-answer"),
        (0, "order", "shuffled", "unknown-option"),
        (1, "attention", "rev", "unsuited-item"),
        (2, "show_dont_know", "true", "conflict"),
        (3, "order", "random", "unsuited-item"),
        (6, "order", "random", "unsuited-item"),
        (0, "estimate_of", {"item": "q", "audience": "staff"}, "unsuited-item"),
        (3, "maximum", "10", "unsuited-item"),
        (3, "estimate_of", {"item": "p", "audience": "staff"}, "unknown-item"),
        (3, "estimate_of", {"item": "q", "audience": "stuff"}, "unknown-audience"),
        (3, "estimate_of", {"item": "grid_b", "audience": "boss"}, "not-asked"),
        (3, "estimate_of", {"item": "q", "measure": "3", "audience": "staff"}, "unknown-answer"),
        (3, "estimate_of", {"item": "why", "audience": "staff"}, "unknown-answer"),
    ],
)
def test_what_an_item_cannot_have_is_refused_with_its_place(
    full: dict[str, Any], load: Load, place: int, key: str, value: Any, code: str
) -> None:
    full["items"][place][key] = value
    with pytest.raises(InvalidInput) as raised:
        load(full)
    named = "estimate_of" if key == "maximum" else key
    assert [(p.code, named in p.where) for p in raised.value.problems] == [(code, True)]


def test_a_battery_about_unlike_things_is_refused(full: dict[str, Any], load: Load) -> None:
    grid = full["items"][2]
    grid["rows"][0]["referent"] = {"staff": "organisation", "boss": "self"}
    with pytest.raises(InvalidInput) as raised:
        load(full)
    assert [(p.code, p.where.endswith("rows")) for p in raised.value.problems] == [("inconsistent", True)]
    grid["rows"][1]["referent"] = "organisation"
    assert {v.referent("staff") for v in load(full)["grid"]} == {"organisation"}


def test_texts_are_whole_and_hold_known_pipes(full: dict[str, Any], load: Load) -> None:
    full["languages"] = ["en"]
    full["texts"] |= {"end": {"fr": "Merci."}, "contact": {"en": "Write to {email}."}}
    with pytest.raises(InvalidInput) as raised:
        load(full)
    found = [(p.code, p.where.split(": ")[1]) for p in raised.value.problems]
    assert sorted(found) == [
        ("not-translated", "texts → end"),
        ("unknown-name", "texts → contact → en"),
    ]
    full["texts"] = {"hello": {"en": "Hello."}}
    with pytest.raises(InvalidInput) as raised:
        load(full)
    assert [p.code for p in raised.value.problems] == ["unknown-key"]
