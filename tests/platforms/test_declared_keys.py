"""Texts, help, random order and the organisation's name on every platform that has a place for them.

1. Welcome, consent, confidentiality, contact and end texts are there in every language, filled in.
2. Help stands under its question, in the words of each audience; answers are read back as before.
3. Rows and options are shuffled where the platform can keep the last ones last; else a notice says so.
4. `fielding=True` refuses missing texts; a name with markup, a missing name and a promise that the policy
   does not keep are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.engines import node
from tests.platforms.limesurvey_rules import faults, read
from tests.platforms.odk.test_writing import converted, forms, french, sheet
from tests.platforms.simulating import simulated
from tests.platforms.surveyjs.test_writing import check_filled
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import export, narrow, read_manifest
from toolkit.platforms.preview import page_data
from toolkit.platforms.surveyjs.writing import survey_of

NAME = "Müller & Sons"
TEXTS = {
    "welcome": {"en": "{organisation} asks for {minutes} minutes."},
    "consent": {"en": "Taking part is voluntary."},
    "confidentiality": {"en": "Never fewer than {threshold} people, {sensitive_threshold} on health."},
    "contact": {"en": "Write to survey@example.org."},
    "end": {"en": "Thank you <all>."},
}


@pytest.fixture
def data(whole: dict[str, Any]) -> dict[str, Any]:
    """The small questionnaire in two languages, with every key that an export carries."""
    q, m, grid, _, top, why = whole["items"]
    q["help"] = {"boss": {"en": "All of {organisation}."}, "staff": {"en": "Yourself."}}
    m |= {"order": "random"}
    m["options"].insert(0, {"code": "lrn", "label": {"en": "Learning"}})
    grid |= {"order": "random", "help": {"en": "Think of {organisation}."}}
    top |= {"order": "random"}
    why["text"] = {"all": {"en": "Why at {organisation}?"}}
    return french({**whole, "texts": TEXTS})


@pytest.fixture
def full(data: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    return load(data)


def test_limesurvey_has_texts_help_and_settings(full: Instrument, tmp_path: Path) -> None:
    path = export(full, "limesurvey", tmp_path, organisation=NAME, fielding=True)[0]
    rows = read(path.read_bytes())
    assert faults(path.read_bytes()) == []
    settings = {row["name"]: row.get("text") for row in rows if row["class"] == "S"}
    wanted = {"showwelcome": "Y", "ipaddr": "N", "anonymized": "N", "showsurveypolicynotice": "1"}
    assert wanted.items() <= settings.items()
    texts = {(row["language"], row["name"]): row["text"] for row in rows if row["class"] == "SL"}
    welcome = texts["fr", "surveyls_welcometext"]
    assert welcome.startswith(
        "FR Müller &amp; Sons asks for 2 minutes.<br /><br />FR Never fewer than 5 people, 7"
    )
    assert texts["en", "surveyls_policy_notice"] == "Taking part is voluntary."
    assert texts["en", "surveyls_endtext"] == "Thank you &lt;all&gt;."
    questions = {row["name"]: row for row in rows if row["class"] == "Q" and row["language"] == "en"}
    assert '"All of Müller &amp; Sons."' in questions["q"]["help"]
    assert questions["grid"]["random_order"] == "1"
    assert questions["m"]["keep_codes_order"] == "none"
    assert (questions["top"]["answer_order"], questions["top"].get("keep_codes_order")) == ("random", None)
    anonymous = export(full, "limesurvey", tmp_path / "anonymous", organisation=NAME, anonymous=True)[0]
    rows = read(anonymous.read_bytes())
    assert {"class": "S", "name": "anonymized", "text": "Y"} in rows


def test_survey_core_takes_the_texts_and_the_orders(full: Instrument, tmp_path: Path) -> None:
    part = json.loads(export(full, "surveyjs", tmp_path, organisation=NAME)[0].read_text("utf-8"))
    assert part["firstPageIsStartPage"]
    (opening,) = part["pages"][0]["elements"]
    assert "<p>Müller &amp; Sons asks for 2 minutes.</p><p>Never fewer" in opening["html"]["default"]
    assert part["completedHtml"]["fr"] == "<p>FR Thank you &lt;all&gt;.</p>"
    elements = {one["name"]: one for page in part["pages"][1:] for one in page["elements"]}
    assert elements["q__staff"]["description"]["fr"] == "FR Yourself."
    assert elements["grid__boss"]["rowOrder"] == "random"
    assert "choicesOrder" not in elements["m"]  # "none" has to stay last
    assert elements["top"]["choicesOrder"] == "random"
    notices = " ".join(read_manifest(tmp_path / "tiny.manifest.json").notices)
    assert "the answers of m keep their order" in notices
    plain = narrow(full)
    filled = plain.model_validate(
        json.loads(plain.model_dump_json().replace("{organisation}", "Acme").replace("{minutes}", "1"))
    )
    filled = filled.model_validate(
        json.loads(filled.model_dump_json().replace("{threshold}", "5").replace("{sensitive_threshold}", "7"))
    )
    audiences, people = simulated(filled, 1, 4)
    survey = survey_of(filled)
    (found,) = node("simulate.cjs", [{"survey": survey, "people": people}])
    assert found["jsonErrors"] == []
    survey["pages"] = survey["pages"][1:]
    del survey["firstPageIsStartPage"]
    (found,) = node("simulate.cjs", [{"survey": survey, "people": people}])
    opened = filled.model_copy(update={"texts": type(filled.texts)()})
    check_filled(opened, audiences, people, found)


@pytest.mark.parametrize("layout", ["audience", "one"])
def test_pyxform_takes_notes_hints_and_shuffled_options(
    full: Instrument, tmp_path: Path, layout: str
) -> None:
    paths = forms(export(full, "xlsform", tmp_path, organisation=NAME, layout=layout, fielding=True))
    for path in paths:
        converted(path, validate=False)
    rows = {row["name"]: row for row in sheet(paths[0], "survey") if "name" in row}
    assert rows["opening_note"]["type"] == "note"
    assert rows["opening_note"]["label::English (en)"].startswith(
        "Müller & Sons asks for 2 minutes.\n\nNever"
    )
    assert rows["end_note"]["label::Français (fr)"] == "FR Thank you <all>."
    name = "q_boss" if layout == "one" else "q"
    assert rows[name]["hint::English (en)"] == "All of Müller & Sons."
    assert rows["top"]["parameters"] == "randomize=true"
    assert "parameters" not in rows["m"]
    manifest = read_manifest(next(tmp_path.glob("*.manifest.json")))
    assert any("m, grid keep their order" in notice for notice in manifest.notices)


def test_qualtrics_has_a_first_text_and_the_rest_on_its_page(full: Instrument, tmp_path: Path) -> None:
    text, page, _ = export(full, "qualtrics", tmp_path, audiences=["boss"], organisation=NAME)
    written = text.read_text("utf-8")
    assert "[[Question:DB]]\n[[ID:opening]]\nMüller &amp; Sons asks for 2 minutes.<br><br>Never" in written
    assert "Does the firm?<br><br>All of Müller &amp; Sons." in written
    said = page.read_text("utf-8")
    assert "Anonymize responses" in said
    assert "custom message “Thank you &lt;all&gt;.”" in said
    assert "Choice randomization: the answers in random order; “None” stay last" in said
    qsf = export(full, "qualtrics", tmp_path, audiences=["boss"], layout="qsf", organisation=NAME)[0]
    elements = json.loads(qsf.read_text("utf-8"))["SurveyElements"]
    payloads = {one["Payload"]["DataExportTag"]: one["Payload"] for one in elements if one["Element"] == "SQ"}
    assert payloads["opening"]["QuestionType"] == "DB"
    assert payloads["opening"]["Language"]["FR"]["QuestionText"].startswith("FR Müller &amp; Sons")
    order = payloads["m"]["Randomization"]["Advanced"]
    assert (order["FixedOrder"], order["RandomizeAll"]) == (
        ["{~Randomized~}", "{~Randomized~}", "3"],
        ["1", "2"],
    )
    (count,) = (one["SecondaryAttribute"] for one in elements if one["Element"] == "QC")
    assert int(count) == len(payloads) == 7


def test_the_preview_knows_help_texts_and_what_stays_last(full: Instrument) -> None:
    page = page_data(full)
    assert page["items"]["q"]["help"]["staff"]["fr"] == "FR Yourself."
    assert (page["items"]["m"]["random"], page["items"]["m"]["fixed"]) == (True, ["none"])
    assert page["texts"]["end"]["en"] == "Thank you <all>."


def test_the_manifest_keeps_the_words_before_the_name_was_filled_in(full: Instrument, tmp_path: Path) -> None:
    export(full, "limesurvey", tmp_path / "a", organisation=NAME)
    export(full, "limesurvey", tmp_path / "b", organisation="Acme")
    one, other = (read_manifest(tmp_path / name / "tiny.manifest.json") for name in "ab")
    assert [column.wording for column in one.columns] == [column.wording for column in other.columns]
    assert one.instrument_hash == other.instrument_hash
    assert [c.headings["full"] for c in one.columns] != [c.headings["full"] for c in other.columns]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, "missing-argument"),
        ("<b>Acme</b>", "invalid-character"),
        ("{TOKEN}", "invalid-character"),
        ("Ac\nme", "invalid-character"),
        (" ", "invalid-character"),
        ("A" * 121, "too-long"),
    ],
)
@pytest.mark.parametrize("platform", ["limesurvey", "surveyjs", "xlsform", "qualtrics"])
def test_a_name_that_is_missing_or_holds_markup_is_refused(
    full: Instrument, tmp_path: Path, platform: str, name: str | None, code: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        export(full, platform, tmp_path / "out", organisation=name, fielding=True)
    assert [problem.code for problem in raised.value.problems] == [code]
    assert not (tmp_path / "out").exists()


def test_a_questionnaire_without_texts_is_not_fielded(
    data: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    del data["texts"]["consent"], data["texts"]["end"]
    with pytest.raises(InvalidInput) as raised:
        export(load(data), "limesurvey", tmp_path, organisation=NAME, fielding=True)
    (problem,) = raised.value.problems
    assert problem.code == "missing-key"
    assert "consent, end" in problem.what
    assert export(load(data), "limesurvey", tmp_path, organisation=NAME)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Nothing is shown of fewer than 10 people.", False),
        ("Nothing is shown of fewer than five people.", True),
        ("Rien de moins de trois personnes.", False),
        ("You must be at least 16 years old.", True),
        ("Groups of 7 employees or more.", True),
    ],
)
def test_texts_promise_what_the_policy_keeps(
    data: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path, text: str, kept: bool
) -> None:
    data["texts"]["consent"]["en"] = text
    instrument = load(data)
    if kept:
        assert export(instrument, "limesurvey", tmp_path, organisation=NAME)
        return
    with pytest.raises(InvalidInput) as raised:
        export(instrument, "limesurvey", tmp_path, organisation=NAME)
    assert [(p.code, p.where) for p in raised.value.problems] == [("contradiction", "texts → consent → en")]


def test_the_command_fills_in_and_says_what_is_missing(
    data: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del data["texts"]["contact"]
    path = tmp_path / "tiny.yaml"
    path.write_text(json.dumps(data))
    asks = ["export", str(path), "--to", "limesurvey", "--out", str(tmp_path / "out"), "--organisation", NAME]
    assert main(asks) == 0
    assert "the questionnaire has no contact" in capsys.readouterr().err
    assert main([*asks, "--fielding"]) != 0


def test_a_study_whose_texts_promise_another_threshold_is_refused(tmp_path: Path) -> None:
    from shutil import copytree

    import toolkit as tk

    root = Path(__file__).resolve().parents[2]
    copytree(root / "instruments", tmp_path / "instruments")
    samples = tmp_path / "data_samples"
    copytree(root / "data_samples" / "ai_at_work", samples / "ai_at_work")
    copytree(root / "data_samples" / "published", samples / "published")
    bank = tmp_path / "instruments" / "bank" / "texts.yaml"
    words = {"en": "At least {threshold} people.", "fr": "Au moins {threshold} personnes."}
    bank.write_text(json.dumps({"texts": {"contact": words}}))
    assert tk.load_study(samples / "ai_at_work" / "study.yaml").instrument.texts.contact == words
    bank.write_text(json.dumps({"texts": {"contact": {**words, "fr": "Au moins neuf personnes."}}}))
    with pytest.raises(InvalidInput) as raised:
        tk.load_study(samples / "ai_at_work" / "study.yaml")
    assert [(p.code, p.where) for p in raised.value.problems] == [("contradiction", "texts → contact → fr")]


def test_without_a_name_texts_say_this_organisation(full: Instrument, tmp_path: Path) -> None:
    page = json.loads(export(full, "surveyjs", tmp_path)[0].read_text("utf-8"))
    (opening,) = page["pages"][0]["elements"]
    assert "<p>This organisation asks for 2 minutes.</p>" in opening["html"]["default"]
    assert "<p>FR cette organisation asks" in opening["html"]["fr"]
    why = next(one for part in page["pages"] for one in part["elements"] if one["name"] == "why")
    assert why["title"]["default"] == "Why at this organisation?"


@pytest.mark.slow
def test_the_shipped_core_can_be_fielded_everywhere(tmp_path: Path) -> None:
    from toolkit.instrument import load_instruments

    core = load_instruments("core")
    for layout in ("one", "audience"):
        for path in export(
            core, "limesurvey", tmp_path / layout, layout=layout, organisation=NAME, fielding=True
        ):
            assert path.suffix != ".txt" or faults(path.read_bytes()) == []
    for path in forms(export(core, "xlsform", tmp_path, organisation=NAME, fielding=True)):
        converted(path, validate=False)
    for layout in ("audience", "qsf"):
        assert export(core, "qualtrics", tmp_path, layout=layout, organisation=NAME, fielding=True)
    survey = json.loads(
        export(core, "surveyjs", tmp_path, organisation=NAME, fielding=True)[0].read_text("utf-8")
    )
    (found,) = node("simulate.cjs", [{"survey": survey, "people": simulated(core, 1, 1)[1]}])
    assert found["jsonErrors"] == []
    assert all(person["done"] for person in found["people"])
