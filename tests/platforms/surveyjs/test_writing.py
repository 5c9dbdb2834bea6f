"""SurveyJS surveys that survey-core takes without a fault, filled in by it as every audience."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.engines import node
from tests.platforms.simulating import (
    Answers,
    answers_of,
    check_read_back,
    coded,
    simulated,
)
from tests.platforms.strategies import drawn
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, asked
from toolkit.platforms import AnswersFile, export, read_answers, read_manifest
from toolkit.platforms.surveyjs.writing import survey_of
from toolkit.responses import decode

pytestmark = pytest.mark.slow

UNKNOWN_VARIABLE = 2


def faults(found: Any, survey: dict[str, Any]) -> list[dict[str, Any]]:
    """Keep what survey-core reports of expressions, except rows that another wording of a matrix has.

    survey-core looks for `q.row` in the first question whose valueName is `q` and nowhere else
    (`SurveyValueGetterContext.updateValueByItem`, `MatrixValueGetterContext` in 3.1.1). Where that wording
    has no such row it reads the shared value, which is right for every respondent, but which is still empty
    when expressions are checked: it then reports an unknown variable.
    """
    wordings: dict[str, list[set[str]]] = {}
    for element in (one for page in survey["pages"] for one in page["elements"]):
        rows = {row["value"] for row in element.get("rows", [])}
        wordings.setdefault(element.get("valueName", element["name"]), []).append(rows)

    def later_wording_has_it(error: dict[str, Any]) -> bool:
        matrix, _, row = error.get("variableName", "").partition(".")
        first, *later = wordings.get(matrix, [set()])
        known = row not in first and any(row in rows for rows in later)
        return bool(error["errorType"] == UNKNOWN_VARIABLE and known)

    errors = [error for place in found["expressions"] for error in place["errors"]]
    return [error for error in errors if not later_wording_has_it(error)]


def check_filled(instrument: Instrument, audiences: list[str], people: list[Answers], found: Any) -> None:
    """Each saw what our routing says was to be asked of them, once, and what was saved is what they said."""
    assert (found["jsonErrors"], faults(found, survey_of(instrument))) == ([], [])
    saved = [filled["saved"] for filled in found["people"]]
    frame = coded(instrument, audiences, saved)
    due = {v.name: asked(frame, v, instrument) for v in instrument.variables}
    for place, (audience, filled) in enumerate(zip(audiences, found["people"], strict=True)):
        assert filled["done"], filled
        assert filled["saved"].pop("audience") == instrument.audiences[audience].code
        seen = [key for _, key, _ in filled["seen"] if key != "audience"]
        assert len(seen) == len(set(seen))
        rows = {key: names for _, key, names in filled["seen"]}
        for variable in instrument.variables:
            shown = variable.item.id in seen
            if variable.row:
                shown = shown and variable.part in rows[variable.item.id]
            assert shown == due[variable.name][place], (variable.name, audience, filled)
        assert filled["saved"] == {key: people[place][key] for key in seen if key in people[place]}


@pytest.fixture
def tiny(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    whole["items"][3]["ask_if"] = 'selected(m, "rev") and q in (1, 98)'
    whole["items"][5]["ask_if"] = "hours >= 5 or answered(grid)"
    return load(whole)


def test_every_audience_of_the_shipped_questionnaires_sees_what_routing_says(shipped: Instrument) -> None:
    audiences, people = simulated(shipped, 1, 8)
    (found,) = node("simulate.cjs", [{"survey": survey_of(shipped), "people": people}])
    check_filled(shipped, audiences, people, found)


@pytest.mark.parametrize("layout", ["one", "audience"])
def test_what_survey_core_saved_is_read_back_to_the_same_codes(
    shipped: Instrument, tmp_path: Path, layout: str
) -> None:
    export(shipped, "surveyjs", tmp_path, layout=layout)
    for name in shipped.audiences:
        stem = shipped.id if layout == "one" else f"{shipped.id}-{name}"
        people = [answers_of(shipped, name, random.Random(seed)) for seed in range(4)]
        survey = json.loads((tmp_path / f"{stem}.json").read_text("utf-8"))
        (found,) = node("simulate.cjs", [{"survey": survey, "people": people}])
        path = tmp_path / f"answers-{name}.json"
        path.write_text(json.dumps([filled["saved"] for filled in found["people"]]), "utf-8")
        entry = AnswersFile(
            wave="try", platform="surveyjs", file=path.name, organisation="org-01",
            manifest=str(tmp_path / f"{stem}.manifest.json"),
        )  # fmt: skip
        frame = decode(read_answers(path, shipped, "surveyjs", entry=entry), shipped).coded
        check_read_back(frame, shipped, [name] * len(people), people)


def test_a_survey_an_audience_keeps_who_was_asked(tiny: Instrument, tmp_path: Path) -> None:
    written = export(tiny, "surveyjs", tmp_path, layout="audience")
    assert [path.name for path in written if "manifest" not in path.name] == [
        "tiny-boss.json",
        "tiny-staff.json",
    ]
    for name in tiny.audiences:
        people = [answers_of(tiny, name, random.Random(seed)) for seed in range(20)]
        survey = json.loads((tmp_path / f"tiny-{name}.json").read_text("utf-8"))
        (found,) = node("simulate.cjs", [{"survey": survey, "people": people}])
        check_filled(tiny, [name] * 20, people, found)


def test_routing_on_a_row_that_only_a_later_wording_has_holds_for_everybody_asked(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]
) -> None:
    grid = next(item for item in whole["items"] if item["id"] == "grid")
    grid["text"] = {"boss": {"en": "Does the firm …"}, "staff": {"en": "Do you …"}}
    grid["rows"] = [
        {"id": "a", "text": {"all": {"en": "First"}}},
        {"id": "b", "text": {"all": {"en": "Second"}}, "audiences": ["staff"]},
    ]
    why = whole["items"][5]
    why |= {"audiences": ["staff"], "ask_if": "grid_b == 1"}
    instrument = load(whole)
    audiences = ["boss", "staff", "staff", "staff"]
    answers = [{"a": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2"}, {"a": "1"}]
    codes = [{"audience": instrument.audiences[name].code} for name in audiences]
    people = [{**code, "grid": answer} for code, answer in zip(codes, answers, strict=True)]
    (found,) = node("simulate.cjs", [{"survey": survey_of(instrument), "people": people}])
    assert [error["variableName"] for one in found["expressions"] for error in one["errors"]] == ["grid.b"]
    assert faults(found, survey_of(instrument)) == []
    seen = [why["id"] in {key for _, key, _ in one["seen"]} for one in found["people"]]
    assert seen == [False, True, False, False]


def test_wordings_share_one_value(tiny: Instrument) -> None:
    elements = [one for page in survey_of(tiny)["pages"] for one in page["elements"]]
    q = [one for one in elements if one.get("valueName", one["name"]) == "q"]
    assert [(one["name"], one["title"], one["visibleIf"]) for one in q] == [
        ("q__boss", "Does the firm?", "{audience} = 'boss'"),
        ("q__staff", "Do you?", "{audience} = 'staff'"),
    ]
    manifest_names = {one["name"] for one in elements if "valueName" not in one}
    assert {"audience", "m", "hours", "why"} <= manifest_names


def test_the_manifest_says_where_each_column_stands(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "surveyjs", tmp_path)
    manifest = read_manifest(tmp_path / "tiny.manifest.json")
    assert [one.variable for one in manifest.columns] == [one.name for one in tiny.variables]
    assert manifest.of("grid_b")[0].headings == {"json": ("grid.b",)}
    assert (manifest.of("m_rev")[0].question, manifest.of("m_rev")[0].part) == ("m", "rev")
    assert manifest.audience_codes == {"boss": "boss", "staff": "staff"}


@pytest.mark.parametrize("languages", [["en", "fr"], ["fr", "en"], ["fr"], ["de", "fr"]])
def test_each_language_is_the_one_survey_core_shows(
    languages: list[str], whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]
) -> None:
    def spoken(part: Any) -> Any:
        if isinstance(part, dict):
            if set(part) == {"en"}:
                return {one: f"{one} {part['en']}" for one in languages}
            return {key: spoken(value) for key, value in part.items()}
        return [spoken(value) for value in part] if isinstance(part, list) else part

    survey = survey_of(load({**spoken(whole), "languages": languages}))
    (found,) = node("simulate.cjs", [{"survey": survey, "people": [], "languages": languages}])
    assert (found["jsonErrors"], found["expressions"]) == ([], [])
    assert found["titles"] == {one: f"{one} Tiny" for one in languages}


def test_what_surveyjs_would_read_otherwise_is_refused_all_at_once(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    whole["items"][5]["text"] = {"all": {"en": "What of {q}?"}}
    whole["items"][4]["options"] += [{"code": "CEO", "label": {"en": "Another"}}]
    with pytest.raises(InvalidInput) as refused:
        export(load(whole), "surveyjs", tmp_path)
    said = str(refused.value)
    assert "'{q}'" in said
    assert "'ceo' and 'CEO'" in said
    with pytest.raises(InvalidInput, check=problem("unknown-option", "layout 'twice'")):
        export(load(whole), "surveyjs", tmp_path, layout="twice")


@pytest.mark.parametrize("many", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_random_instruments_are_faultless_and_route_as_ours(many: int) -> None:
    questionnaires = drawn(many)
    filled = [simulated(instrument, seed, 8) for seed, instrument in enumerate(questionnaires)]
    given_to_node = [
        {"survey": survey_of(instrument), "people": people}
        for instrument, (_, people) in zip(questionnaires, filled, strict=True)
    ]
    for instrument, (audiences, people), found in zip(
        questionnaires, filled, node("simulate.cjs", given_to_node), strict=True
    ):
        check_filled(instrument, audiences, people, found)
