"""LimeSurvey's file: as one that a real LimeSurvey imported, by its rules, word for word an audience."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.limesurvey_rules import faults, read, read_by, said
from tests.platforms.strategies import instruments
from tests.platforms.tiny import tiny_instrument
from tests.refusals import Refusal, problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, asked, lint
from toolkit.platforms import AnswersFile, export, read_answers, read_manifest
from toolkit.platforms.limesurvey.rows import rows_of, switched, tabulated, unholdable
from toolkit.platforms.limesurvey.writing import Quota
from toolkit.responses import decode

Load = Callable[[dict[str, Any]], Instrument]
QUICK = settings(
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def tiny(shared: Path) -> Instrument:
    instrument = tiny_instrument(shared)
    assert lint(instrument) == []
    return instrument


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return read((folder / name).read_bytes())


# -- against the file that LimeSurvey 6.4.2 imported


def test_every_row_is_the_imported_file_s(tiny: Instrument, shared: Path, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path, survey_id=424242)
    mine = _apart_from_what_came_later(_rows(tmp_path, "ai-at-work-tiny.txt"))
    theirs = read((shared / "platforms/limesurvey/tiny_en_fr.txt").read_bytes())
    theirs = _apart_from_what_came_later(theirs)
    assert len(mine) == len(theirs)
    for ours, imported in zip(mine, theirs, strict=True):
        if ours["class"] == "G" and ours["type/scale"] == "G1":  # the page that asks for the audience
            assert {**ours, "name": ""} == {**imported, "name": ""}
        else:
            assert _apart_from_words(ours) == _apart_from_words(imported)
            for audience in tiny.audiences:
                assert _words(ours, audience) == _words(imported, audience)


LATER = {"surveyls_welcometext", "surveyls_endtext", "surveyls_numberformat"}
LATER |= {"showwelcome", "shownoanswer", "showxquestions", "ipaddr", "refurl"}
WHO = {"audience", "audienceask", "audiencegroup"}


def _apart_from_what_came_later(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Without settings that the imported file lacks, and the questions that tell the audience."""
    kept, who = [], False
    for row in rows:
        if row["class"] in ("G", "Q"):
            who = row["class"] == "Q" and row["name"] in WHO
        if not who and row.get("name") not in LATER:
            told = row.get("relevance", "").replace("audiencegroup", "audience")
            row = {**row, "relevance": told} if "relevance" in row else row
            kept.append({name: cell for name, cell in row.items() if name != "answer_width"})
    return kept


def test_the_link_may_name_an_audience_by_code_or_by_our_name(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path, hidden=["organisation"])
    rows = [row for row in _rows(tmp_path, "ai-at-work-tiny.txt") if row.get("language") == "en"]
    link, asks, final = (row for row in rows if row["class"] == "Q" and row["name"] in WHO)
    assert (link["type/scale"], link["hidden"]) == ("S", "1")  # a text: a list holds five characters
    assert (final["type/scale"], final["hidden"]) == ("*", "1")
    for name, audience in tiny.audiences.items():
        for word in (name, audience.code):
            known = {"audience": word, "audienceask": ""}
            assert not said(asks["relevance"], known)
            assert said(final["equation"][1:-1], known) == audience.code
    for word in ("", "xyz"):
        known = {"audience": word, "audienceask": "free"}
        assert said(asks["relevance"], known)
        assert said(final["equation"][1:-1], known) == "free"


def test_settings_of_a_survey_are_those_a_respondent_needs(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path)
    rows = _rows(tmp_path, "ai-at-work-tiny.txt")
    set_to = {row["name"]: row.get("text") for row in rows if row["class"] == "S"}
    assert (set_to["shownoanswer"], set_to["showwelcome"]) == ("N", "Y")
    texts = {(row["language"], row["name"]): row["text"] for row in rows if row["class"] == "SL"}
    assert (texts["en", "surveyls_numberformat"], texts["fr", "surveyls_numberformat"]) == ("0", "1")
    assert texts["fr", "surveyls_welcometext"].startswith("Merci")
    assert texts["en", "surveyls_endtext"].startswith("Thank you")


def test_no_two_pages_have_one_title(tiny: Instrument, tmp_path: Path) -> None:
    first = tiny.sections[0].model_copy(update={"title": {"en": "Your role", "fr": "Votre situation"}})
    for number, instrument in enumerate((tiny, tiny.model_copy(update={"sections": (first,)}))):
        export(instrument, "limesurvey", tmp_path / str(number))
        rows = _rows(tmp_path / str(number), "ai-at-work-tiny.txt")
        titles = [(row["language"], row["name"]) for row in rows if row["class"] == "G"]
        assert len(titles) == len(set(titles)) == 2 * len(tiny.languages)


def _width(instrument: Instrument, folder: Path) -> tuple[set[str], list[str]]:
    export(instrument, "limesurvey", folder)
    rows = _rows(folder, "ai-at-work-tiny.txt")
    notices = read_manifest(folder / "ai-at-work-tiny.manifest.json").notices
    return {row["answer_width"] for row in rows if row.get("answer_width")}, list(notices)


def test_headings_of_an_array_have_the_room_their_words_take(tiny: Instrument, tmp_path: Path) -> None:
    # seen in LimeSurvey 6.4.2 at 1280 pixels: at 45 % "d'accord" broke, at 28 % no word did
    assert _width(tiny, tmp_path / "short") == ({"28"}, [])
    scale = tiny.scales["agree5"]
    words = {"en": "Incomprehensibly so", "fr": "Incompréhensiblement"}
    options = (scale.options[0].model_copy(update={"label": words}), *scale.options[1:])
    wide = {**tiny.scales, "agree5": scale.model_copy(update={"options": options})}
    widths, notices = _width(tiny.model_copy(update={"scales": wide}), tmp_path / "long")
    assert widths == {"15"}
    assert "export with --matrix questions" in notices[0]


def test_rows_of_a_matrix_may_be_questions_of_their_own(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path, matrix="questions")
    rows = _rows(tmp_path, "ai-at-work-tiny.txt")
    assert not [row for row in rows if row.get("type/scale") == "F"]
    asked = {row["name"]: row for row in rows if row["class"] == "Q" and row["language"] == "en"}
    assert [name for name in asked if name.startswith("agree")] == ["agreeprod", "agreeload", "agreeburn"]
    for audience in tiny.audiences.values():
        stem, _, statement = read_by(asked["agreeload"]["text"], audience.code).partition("\n")
        whose = "our workers’" if audience.code == "exec" else "my"
        assert (stem, statement) == (
            "How much do you agree or disagree?",
            f"AI tools have added to {whose} workload",
        )
    manifest = read_manifest(tmp_path / "ai-at-work-tiny.manifest.json")
    held = {column.variable: (column.question, column.part) for column in manifest.columns}
    assert held["agree_burn"] == ("agreeburn", None)


def test_a_row_s_question_has_a_code_of_its_own(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    row = next(item for item in whole["items"] if item["id"] == "grid")["rows"][0]["id"]
    text = json.dumps(whole).replace('"hours"', f'"grid{row}"')
    written = export(load(json.loads(text)), "limesurvey", tmp_path, matrix="questions")
    assert faults(written[0].read_bytes()) == []
    names = [row["name"] for row in read(written[0].read_bytes()) if row["class"] == "Q"]
    assert {f"grid{row}", f"grid{row}2"} <= set(names)


def test_answers_to_rows_as_questions_are_read_back(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path, matrix="questions", hidden=["organisation"])
    manifest = read_manifest(tmp_path / "ai-at-work-tiny.manifest.json")
    for style in ("code", "full", "abbreviated"):
        cells = {"id": "1", "submitdate": "2026-11-30 12:00:00", "organisation": "org-1"}
        cells |= {"audience": "fte", "audienceask": "", "audiencegroup": "fte"}
        headings = [column.headings[style][0] for column in manifest.columns]
        answers = {"agree_prod": "2", "agree_load": "98", "agree_burn": "5", "open": "'=1+1"}
        table = [*cells], [*cells.values()]
        for column, heading in zip(manifest.columns, headings, strict=True):
            table[0].append(heading)
            table[1].append(answers.get(column.variable, ""))
        path = tmp_path / f"{style}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL).writerows(table)
        said = {"wave": "1", "platform": "limesurvey", "file": path.name}
        said |= {"manifest": str(tmp_path / "ai-at-work-tiny.manifest.json")}
        entry = AnswersFile.model_validate(said | {"organisation_column": "organisation"})
        frame = decode(read_answers(path, tiny, "limesurvey", entry=entry), tiny).coded
        names = ["audience", "agree_prod", "agree_load", "agree_burn", "open"]
        assert frame[names].to_numpy().tolist() == [["fte", "2", "-1", "5", "=1+1"]]


def test_survey_numbers_differ_from_layout_to_layout(tiny: Instrument, tmp_path: Path) -> None:
    numbers = [
        row["text"]
        for layout in ("one", "language", "audience")
        for path in export(tiny, "limesurvey", tmp_path / layout, layout=layout)
        if path.suffix == ".txt"
        for row in read(path.read_bytes())
        if row.get("name") == "sid"
    ]
    assert len(numbers) == 1 + len(tiny.languages) + len(tiny.audiences) == len(set(numbers))


def _apart_from_words(row: dict[str, str]) -> dict[str, str]:
    return {name: cell for name, cell in row.items() if name != "text"}


def _words(row: dict[str, str], audience: str) -> str:
    return read_by(row.get("text", ""), audience)


def test_pages_are_named_in_each_language(tiny: Instrument, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path)
    groups = [row for row in _rows(tmp_path, "ai-at-work-tiny.txt") if row["class"] == "G"]
    assert [row["name"] for row in groups] == [
        "Your role",
        "AI and work",
        "Votre situation",
        "IA et travail",
    ]


def test_headings_are_those_of_genuine_exports(tiny: Instrument, shared: Path, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path)
    manifest = read_manifest(tmp_path / "ai-at-work-tiny.manifest.json")
    exports = shared / "platforms/limesurvey/exports"
    coded = _headings(exports / "code_short.csv")
    assert list(manifest.by_heading("code")) == coded[coded.index("aiuse") :]
    vv = (exports / "vv2.csv").read_text("utf-8").splitlines()[1].split("\t")
    assert list(manifest.by_heading("underscore")) == vv[vv.index("aiuse") :]
    for style, file in (("full", "full_short.csv"), ("abbreviated", "abbreviated_short.csv")):
        theirs = _headings(exports / file)[-len(manifest.columns) :]
        for column, heading in zip(manifest.columns, theirs, strict=True):
            if "{" not in heading:  # where words are switched, ours are switched in another order
                assert heading in column.headings[style]


def _headings(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file, delimiter=";"))


def test_codes_read_a_genuine_export(tiny: Instrument, shared: Path, tmp_path: Path) -> None:
    export(tiny, "limesurvey", tmp_path)
    manifest = read_manifest(tmp_path / "ai-at-work-tiny.manifest.json")
    answers = pd.read_csv(
        shared / "platforms/limesurvey/exports/code_short.csv",
        sep=";",
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
    )
    for heading, column in manifest.by_heading("code").items():
        if column.kind in ("single", "option"):
            assert set(answers[heading]) <= {*column.decode(), ""}
    assert set(answers["audience"]) == set(manifest.audience_words())


# -- random instruments


@QUICK
@given(instrument=instruments(), data=st.data())
def test_random_instruments_keep_every_rule(
    instrument: Instrument, data: st.DataObject, tmp_path: Path
) -> None:
    layout = data.draw(st.sampled_from(("one", "language", "audience")))
    quotas = [Quota("all of one", 10, {"audience": tuple(instrument.audiences)[:1]})]
    matrix = data.draw(st.sampled_from(("array", "questions")))
    written = export(
        instrument,
        "limesurvey",
        tmp_path,
        layout=layout,
        quotas=quotas,
        hidden=["organisation"],
        matrix=matrix,
    )
    files = [path for path in written if path.suffix == ".txt"]
    assert (
        len(files)
        == {
            "one": 1,
            "language": len(instrument.languages),
            "audience": len(instrument.audiences),
        }[layout]
    )
    for file in files:
        assert faults(file.read_bytes()) == []


@QUICK
@given(instrument=instruments())
def test_each_audience_reads_its_own_words(instrument: Instrument, tmp_path: Path) -> None:
    export(instrument, "limesurvey", tmp_path)
    rows = [
        row
        for row in _rows(tmp_path, f"{instrument.id}.txt")
        if row["class"] in ("Q", "SQ") and "text" in row
    ]
    manifest = read_manifest(tmp_path / f"{instrument.id}.manifest.json")
    names = {column.question: column.item for column in manifest.columns}
    parts = {(column.question, column.part): column.variable for column in manifest.columns}
    seen = set()
    question = ""
    for row in rows:
        question = row["name"] if row["class"] == "Q" else question
        if question in ("audience", "audienceask", "audiencegroup"):
            continue
        for audience, entry in instrument.audiences.items():
            shown = read_by(row["text"], entry.code)
            if row["class"] == "Q":
                item = instrument.item(names[question])
                if item.audiences is None or audience in item.audiences:
                    assert shown == (item.text.get(audience) or item.text["all"])[row["language"]]
            else:
                variable = instrument[parts[question, row["name"]]]
                if audience in variable.audiences:
                    words = variable.row.text if variable.row else {"all": variable.option.label}  # type: ignore[union-attr]
                    assert shown == (words.get(audience) or words["all"])[row["language"]]
                    seen.add(variable.name)
    assert seen == {variable.name for variable in instrument.variables if variable.part is not None}


@QUICK
@given(instrument=instruments(languages=("en",)), data=st.data())
def test_relevance_asks_whom_our_routing_asks(
    instrument: Instrument, data: st.DataObject, tmp_path: Path
) -> None:
    export(instrument, "limesurvey", tmp_path)
    rows = _rows(tmp_path, f"{instrument.id}.txt")
    manifest = read_manifest(tmp_path / f"{instrument.id}.manifest.json")
    for audience, entry in instrument.audiences.items():
        frame = _someone(instrument, audience, data)
        expected = {v.name: bool(asked(frame, v, instrument)[0]) for v in instrument.variables}
        assert _walk(rows, manifest, frame, entry.code) == expected


def test_what_two_of_three_audiences_are_asked_is_hidden_from_the_third(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["audiences"]["free"] = {"code": "free", "label": {"en": "Free"}, "plural": {"en": "Frees"}}
    whole["items"][0]["text"] = {"all": {"en": "Do you?"}}
    whole["items"][1]["audiences"] = ["boss", "staff"]
    whole["items"][2]["rows"][1] = {
        "id": "b",
        "text": {"all": {"en": "I am heard"}},
        "audiences": ["staff", "free"],
    }
    del whole["items"][1]["ask_if"]
    rows = read(export(load(whole), "limesurvey", tmp_path)[0].read_bytes())
    shown = {row["name"]: row["relevance"] for row in rows if row["class"] in ("Q", "SQ")}
    assert shown["m"] == 'audiencegroup.NAOK=="boss" or audiencegroup.NAOK=="staff"'
    assert shown["b"] == 'audiencegroup.NAOK=="staff" or audiencegroup.NAOK=="free"'
    assert (shown["q"], shown["a"], shown["top"]) == ("1", "1", 'audiencegroup.NAOK=="boss"')


def _someone(instrument: Instrument, audience: str, data: st.DataObject) -> pd.DataFrame:
    """Answers of one person to every question, whoever it is for."""
    columns: dict[str, Any] = {"audience": pd.Categorical([audience], list(instrument.audiences))}
    for variable in instrument.variables:
        if variable.kind == "number":
            columns[variable.name] = [data.draw(st.sampled_from((1.0, 7.0, 33.0, np.nan)))]
        elif variable.kind == "text":
            columns[variable.name] = pd.array([data.draw(st.sampled_from(("words", None)))], dtype="str")
        else:
            given_codes = [*variable.codes, *instrument.missing_on_screen(variable), "-3"]
            code = data.draw(st.sampled_from(given_codes))
            if variable.kind == "option":  # nothing ticked is no answer, on every platform
                ticked = any(
                    columns.get(one.name, [""])[0] == "1" for one in instrument.of_item(variable.item.id)
                )
                code = "1" if code == "1" else "0" if ticked else "-3"
            columns[variable.name] = pd.Categorical([code], list(variable.categories))
    return pd.DataFrame(columns)


def _walk(rows: list[dict[str, str]], manifest: Any, frame: pd.DataFrame, code: str) -> dict[str, bool]:
    """Walk through the survey as LimeSurvey does: what is not relevant has no answer for what follows."""
    answers = {"audiencegroup": code}
    shown: dict[str, bool] = {}
    columns = {(column.question, column.part): column for column in manifest.columns}
    question, relevant = "", False
    for row in rows:
        if row["class"] == "Q":
            question, relevant = row["name"], said(row["relevance"], answers) not in ("", "0")
        key = (question, row["name"] if row["class"] == "SQ" else None)
        if row["class"] not in ("Q", "SQ") or key not in columns:
            continue
        column = columns[key]
        own = row["class"] == "Q" or said(row["relevance"], answers) not in ("", "0")
        shown[column.variable] = relevant and own
        cell = frame[column.variable].iloc[0]
        if shown[column.variable] and not pd.isna(cell):
            name = question if column.part is None else f"{question}_{column.part}"
            text = f"{cell:.15g}" if isinstance(cell, float) else str(cell)
            answers[name] = text if column.kind in ("number", "text") else column.codes.get(text, "")
    return shown


@QUICK
@given(words=st.dictionaries(st.sampled_from(("a", "b", "c")), st.text("'\"<&x é", min_size=1), min_size=1))
def test_words_with_any_quotation_marks_are_read_back(words: dict[str, str]) -> None:
    for code, text in words.items():
        assert read_by(switched(words), code) == text.strip()


def test_words_in_quotation_marks_keep_them_through_the_import(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["items"][5]["text"]["all"]["en"] = '"Good" is "good"'
    whole["items"][4]["options"][0]["label"]["en"] = '"Chief"'
    texts = [row.get("text") for row in read(export(load(whole), "limesurvey", tmp_path)[0].read_bytes())]
    assert "&quot;Good&quot; is &quot;good&quot;" in texts
    assert "&quot;Chief&quot;" in texts


# -- names, quotas, encoding


def test_names_limesurvey_keeps_for_itself_are_mapped_and_said(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["items"][0]["id"] = "time"
    whole["items"][1]["ask_if"] = 'time == "1"'
    whole["items"][2]["rows"][0]["id"] = "other"
    whole["sections"][0]["items"][0] = "time"
    paths = export(load(whole), "limesurvey", tmp_path)
    rows, manifest = read(paths[0].read_bytes()), read_manifest(paths[1])
    assert faults(paths[0].read_bytes()) == []
    assert [row["relevance"] for row in rows if row.get("name") == "m"] == ['timeq.NAOK=="1"']
    assert manifest.by_heading("code")["timeq"].variable == "time"
    assert manifest.by_heading("underscore")["grid_otherq"].variable == "grid_other"
    assert [("'timeq'" in notice, "'otherq'" in notice) for notice in manifest.notices] == [
        (True, False),
        (False, True),
    ]


def test_a_quota_counts_the_answers_of_the_question_above_it(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    quota = Quota("bosses who do", 25, {"audience": ("boss",), "q": ("1", "98")})
    rows = read(export(load(whole), "limesurvey", tmp_path, quotas=[quota])[0].read_bytes())
    (head,) = [row for row in rows if row["class"] == "QTA"]
    assert (head["id"], head["name"], head["mandatory"]) == ("1", "bosses who do", "25")
    told = [row["relevance"] for row in rows if row["class"] == "QTALS"]
    assert told == ["Thank you. We already have enough answers from people like you."]
    counted, last = [], ""
    for row in rows:
        last = row["name"] if row["class"] == "Q" else last
        if row["class"] == "QTAM":
            counted.append((last, row["name"], row["related_id"]))
    assert counted == [("audiencegroup", "boss", "1"), ("q", "1", "1"), ("q", "98", "1")]


def test_a_quota_nobody_can_fill_is_left_out_and_said(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    quotas = [
        Quota("chiefs", 5, {"top": ("ceo",)}),
        Quota("bosses who do", 9, {"audience": ("boss",), "q": ("1",)}),
    ]
    export(load(whole), "limesurvey", tmp_path, layout="audience", quotas=quotas)
    boss = read((tmp_path / "tiny-boss.txt").read_bytes())
    staff = read((tmp_path / "tiny-staff.txt").read_bytes())
    assert [row["name"] for row in boss if row["class"] == "QTA"] == ["chiefs", "bosses who do"]
    assert [row["name"] for row in staff if row["class"] == "QTA"] == []
    notices = read_manifest(tmp_path / "tiny-staff.manifest.json").notices
    assert sum("was left out" in notice for notice in notices) == 2


@pytest.mark.parametrize("shift", range(4))
def test_the_first_bytes_never_end_within_a_character(shift: int) -> None:
    head = [{"class": "S", "name": "sid", "text": "1" * (shift + 1)}]
    made = tabulated([*head, *({"class": "A", "name": "x", "text": "漢" * 40} for _ in range(200))])
    made[:10_000].decode("utf-8")
    assert [row["class"] for row in read(made)] == ["S", *["A"] * 200]


def test_bounds_of_numbers_are_columns_only_where_there_are_any(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    def columns() -> set[str]:
        return set(
            export(load(whole), "limesurvey", tmp_path)[0].read_text("utf-8-sig").splitlines()[0].split("\t")
        )

    assert {"min_num_value_n", "max_num_value_n"} <= columns()
    for name in ("minimum", "maximum"):
        del whole["items"][3][name]
    assert not {"min_num_value_n", "max_num_value_n"} & columns()


def test_a_long_title_is_cut_and_said(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    whole["title"] = {"en": "A " + "very " * 60 + "long title"}
    paths = export(load(whole), "limesurvey", tmp_path)
    assert faults(paths[0].read_bytes()) == []
    assert any("title" in notice for notice in read_manifest(paths[1]).notices)


def test_the_same_instrument_gives_the_same_bytes(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    one = [path.read_bytes() for path in export(load(whole), "limesurvey", tmp_path / "a")]
    assert one == [path.read_bytes() for path in export(load(whole), "limesurvey", tmp_path / "b")]


def test_survey_numbers_follow_one_another(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    export(load(whole), "limesurvey", tmp_path, layout="audience", survey_id=77)
    numbers = [
        read_manifest(tmp_path / f"tiny-{name}.manifest.json").settings["survey_id"]
        for name in ("boss", "staff")
    ]
    assert numbers == ["77", "78"]


# -- refusals


@pytest.mark.parametrize("text", ["a {name}", "a } b", "back\\slash", "bell \x07"])
def test_marks_that_are_code_are_refused(text: str) -> None:
    assert unholdable(text)


def test_everything_limesurvey_cannot_hold_is_said_at_once(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    spoiled = copy.deepcopy(whole)
    spoiled["items"][5]["text"]["all"]["en"] = "Why {you}?"
    spoiled["items"][4]["options"] = [
        {"code": "A", "label": {"en": "Chief"}},
        {"code": "a", "label": {"en": "Other"}},
    ]
    bad = Quota("", 0, {"qq": ("1",), "q": ("7",)})
    with pytest.raises(InvalidInput) as refusal:
        export(
            load(spoiled), "limesurvey", tmp_path / "out", quotas=[bad], hidden=["token", "A b"], survey_id=0
        )
    said_of = [problem.where for problem in refusal.value.problems]
    assert said_of == [
        "item why, text for boss (en)",
        "item why, text for staff (en)",
        "item top",
        "quota ''",
        "quota ''",
        "quota '', qq",
        "quota '', q",
        "hidden question 'token'",
        "hidden question 'A b'",
        "survey id 0",
    ]
    assert not (tmp_path / "out").exists()


def test_a_language_without_words_for_the_audience_question_is_refused(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    strange = json.loads(json.dumps(whole).replace('"en"', '"fi"'))
    with pytest.raises(InvalidInput, check=problem("unknown-language", "language 'fi'")):
        export(load(strange), "limesurvey", tmp_path)
    quota = Quota("those who do", 5, {"q": ("1",)})
    written = export(load(strange), "limesurvey", tmp_path, layout="audience", quotas=[quota])
    assert len(written) == 4
    assert any("no words in 'fi' for a full quota" in notice for notice in read_manifest(written[1]).notices)


@pytest.mark.parametrize(
    ("given_options", "refusal"),
    [
        ({"layout": "audiences"}, problem("unknown-option", "layout 'audiences'")),
        ({"languages": ["fr"]}, problem("unknown-name", "language 'fr'")),
        ({"audiences": ["bos"]}, problem("unknown-name", "audience 'bos'")),
        ({"audiences": []}, problem("empty", "audiences")),
        ({"quota": []}, problem("unknown-key", "option 'quota'")),
    ],
)
def test_what_is_not_known_is_refused_with_near_names(
    given_options: dict[str, Any], refusal: Refusal, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        export(load(whole), "limesurvey", tmp_path, **given_options)


def test_an_instrument_that_lint_refuses_is_not_exported(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    spoiled = load(whole).model_copy(update={"languages": ("en", "fr")})
    with pytest.raises(InvalidInput) as refused:
        export(spoiled, "limesurvey", tmp_path)
    assert {found.code for found in refused.value.problems} == {"not-translated"}
    assert list(tmp_path.glob("*.txt")) == []


def test_rows_are_a_pure_function_of_the_plan(whole: dict[str, Any], load: Load) -> None:
    from toolkit.platforms.limesurvey.rows import Plan

    plan = Plan(load(whole), "7", {"en": "Tiny"}, {}, {}, asks_audience=True)
    assert list(rows_of(plan)) == list(rows_of(plan))
