"""Exports that nobody here wrote are read right, or refused with what to do; numbers are counted anew."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.platforms.makers import choice, made, multi, text
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

NO_ITEMS = {"organisation": "org-1", "audience": "everyone"}


@pytest.fixture
def real(shared: Path) -> Path:
    return shared / "platforms" / "real"


def _records(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def _coded(path: Path, instrument: Instrument, platform: str, **options: Any) -> Coded:
    entry = AnswersFile.model_validate({"wave": "w", "platform": platform, "file": path.name, **options})
    return decode(read_answers(path, instrument, entry=entry), instrument)


def _counts(column: pd.Series) -> dict[str, int]:
    return {
        str(code): int(n) for code, n in column.value_counts().items() if n and not str(code).startswith("-")
    }


TICKED = {"1": "1"}
Q2 = multi("q2", {"a": "Statement 1", "b": "Statement 2", "c": "Statement 3"})
FREE = text("why")


@pytest.mark.parametrize(
    ("name", "headings", "rows"),
    [("qt_MA_MC_insights_3row.csv", 0, 3), ("qt_MA_MC_legacy_2row.csv", 0, 2)],
)
def test_early_qualtrics_is_read_row_by_row(
    real: Path, tmp_path: Path, name: str, headings: int, rows: int
) -> None:
    path = real / "qualtrics" / name
    instrument = made(tmp_path, [Q2, FREE])
    records = _records(path)
    tags, people = records[headings], records[rows:]
    columns = {"Q2_1": "q2_a", "Q2_2": "q2_b", "Q2_3": "q2_c", "mc_question_five_2_TEXT": "why"}
    others = [tag for tag in tags if tag.startswith(("Q", "mc_")) and tag not in columns]
    coded = _coded(
        path, instrument, "qualtrics", **NO_ITEMS, columns=columns, ignore_columns=others, keep_tests=True
    )
    assert len(coded.coded) == len(people) == 5
    id_place = 0
    assert coded.coded["respondent"].tolist() == [person[id_place] for person in people]
    for tag, variable in columns.items():
        said = [person[tags.index(tag)] for person in people]
        if variable == "why":
            assert coded.coded["why"].tolist() == said
        else:
            assert (coded.coded[variable] == "1").tolist() == [cell == "1" for cell in said]


def test_import_ids_come_before_tags(real: Path, tmp_path: Path) -> None:
    path = real / "qualtrics" / "qt_MA_MC_insights_3row.csv"
    tags = _records(path)[0]
    instrument = made(tmp_path, [Q2])
    columns = {"QID2-1": "q2_a", "QID2-2": "q2_b", "QID2-3": "q2_c"}
    others = [tag for tag in tags if tag.startswith(("Q", "mc_")) and not tag.startswith("Q2")]
    options = {**NO_ITEMS, "columns": columns, "ignore_columns": others, "keep_tests": True}
    frame = _coded(path, instrument, "qualtrics", **options).coded
    people = _records(path)[3:]
    assert (frame["q2_a"] == "1").tolist() == [person[tags.index("Q2_1")] == "1" for person in people]


def test_generated_test_responses_are_set_aside_and_said(real: Path, tmp_path: Path) -> None:
    path = real / "qualtrics" / "qt_MA_MC_insights_3row.csv"
    tags = _records(path)[0]
    columns = {"Q2_1": "q2_a", "Q2_2": "q2_b", "Q2_3": "q2_c"}
    others = [tag for tag in tags if tag.startswith(("Q", "mc_")) and tag not in columns]
    coded = _coded(
        path, made(tmp_path, [Q2]), "qualtrics", **NO_ITEMS, columns=columns, ignore_columns=others
    )
    assert len(coded.coded) == 0
    assert coded.disposition.set_index("reason")["rows"]["a preview or test"] == 5


STAR_WARS = "Which of the following Star Wars films have you seen? Please select all that apply."
FIRST_SHOT = {"han": "Han", "greed": "Greedo", "none": "I don't understand this question"}


def test_surveymonkey_with_two_heading_rows_and_odd_bytes(real: Path, tmp_path: Path) -> None:
    path = real / "surveymonkey" / "538_StarWars_head40.csv"
    records = _records(path, "latin-1")
    films = {f"e{n}": name for n, name in enumerate(records[1][3:9], start=1)}
    shot, seen = "Which character shot first?", records[0][1]
    instrument = made(
        tmp_path,
        [
            choice("seen", {"1": "Yes", "0": "No"}),
            multi("films", films),
            choice("shot", FIRST_SHOT),
            choice("expanded", {"1": "Yes", "0": "No"}),
        ],
    )
    odd = "Do you consider yourself to be a fan of the Expanded Universe?Œæ"
    mapping = {
        "items": {
            "seen": {"column": seen},
            "films": {"question": STAR_WARS, "columns": films},
            "shot": {"column": shot},
            "expanded": {"column": odd},
        }
    }
    coded = _coded(path, instrument, "surveymonkey", **NO_ITEMS, mapping=mapping)
    people = records[2:]
    assert coded.coded["respondent"].tolist() == [person[0] for person in people]
    assert _counts(coded.coded["seen"]) == {
        code: sum(person[1] == said for person in people) for code, said in (("1", "Yes"), ("0", "No"))
    }
    for place, code in enumerate(films, start=3):
        assert (coded.coded[f"films_{code}"] == "1").sum() == sum(bool(person[place]) for person in people)
    place = records[0].index(shot)
    said = Counter(person[place] for person in people)
    assert _counts(coded.coded["shot"]) == {
        code: said[label] for code, label in FIRST_SHOT.items() if said[label]
    }
    assert any("not UTF-8: read as Windows-1252" in reason for reason in coded.disposition["reason"])


def test_a_google_form_whose_options_hold_commas(real: Path, tmp_path: Path) -> None:
    path = real / "googleforms" / "jupyter_2016_education_head15.csv"
    records = _records(path)
    headings, people = records[0], records[1:]
    level, often = "What level of education is your course?", "How often is this course taught?"
    levels = {
        "conf": "Mixed (conferences, workshops, Software Carpentry style events, etc.)",
        "inter": "Intermediate undergraduate (sophmores and juniors)",
        "adv": "Advanced undergraduate (juniors and seniors)",
        "comm": "Community college",
        "intro": "Introductory undergraduate (freshmen and sophmores)",
        "grad": "Graduate",
        "high": "High school",
    }
    cells = [person[headings.index(level)] for person in people]
    instrument = made(
        tmp_path,
        [
            multi("level", {**levels, **_more(cells, levels)}),
            choice("often", {f"o{n}": one for n, one in enumerate(_column(people, headings, often))}),
        ],
    )
    mapping = {"items": {"level": {"column": level}, "often": {"column": often}}}
    coded = _coded(path, instrument, "googleforms", **NO_ITEMS, mapping=mapping)
    for code, label in levels.items():
        assert (coded.coded[f"level_{code}"] == "1").sum() == sum(label in cell for cell in cells), code
    assert sum(_counts(coded.coded["often"]).values()) == sum(bool(p[headings.index(often)]) for p in people)


def _column(people: list[list[str]], headings: list[str], name: str) -> list[str]:
    return sorted({person[headings.index(name)] for person in people} - {""})


def _more(cells: list[str], known: dict[str, str]) -> dict[str, str]:
    """Choices of the file beyond those named, left over once the known ones are taken out."""
    rest: set[str] = set()
    for cell in cells:
        for label in known.values():
            cell = cell.replace(label, "")
        rest |= {part.strip() for part in cell.split(",") if part.strip()}
    return {f"m{n}": one for n, one in enumerate(sorted(rest))}


def test_columns_for_each_country_are_one_item(real: Path, tmp_path: Path) -> None:
    path = real / "limesurvey" / "ssi_2018_public_data_head40.csv"
    records = _records(path)
    headings, people = records[0], records[1:]
    degree = [heading for heading in headings if heading.startswith("edu1q")]
    answers = sorted({person[headings.index(h)] for person in people for h in degree} - {""})
    country = "socio1._.In which country do you work?"
    writes = "rse1._.Do you write software for academic research as part of your job"
    instrument = made(
        tmp_path,
        [
            choice("degree", {f"d{n}": one for n, one in enumerate(answers)}),
            choice("writes", {"1": "Yes", "0": "No"}),
        ],
        {"british": "uk", "elsewhere": "else"},
    )
    home = "United Kingdom of Great Britain and Northern Ireland"
    mapping = {
        "audience": [
            {"audience": "british", "when": [{"column": country, "equals": home}]},
            {"audience": "elsewhere"},
        ],
        "items": {"degree": {"either": degree}, "writes": {"column": writes}},
    }
    coded = _coded(path, instrument, "table", organisation="org-1", mapping=mapping)
    said = [next((p[headings.index(h)] for h in degree if p[headings.index(h)]), "") for p in people]
    expected = Counter(answers.index(one) for one in said if one)
    kept = [n for n, p in enumerate(people) if said[n] or p[headings.index(writes)]]
    assert len(coded.coded) == len(kept)
    assert _counts(coded.coded["degree"]) == {f"d{place}": n for place, n in expected.items()}
    assert (coded.coded["audience"] == "british").sum() == sum(
        people[n][headings.index(country)] == home for n in kept
    )


def test_codes_are_told_from_headings_of_code_and_text(real: Path, tmp_path: Path) -> None:
    path = real / "limesurvey" / "ssi_2018_public_data_head40.csv"
    headings = _records(path)[0]
    instrument = made(tmp_path, [choice("rse1", {"1": "Yes", "0": "No"})])
    others = [heading for heading in headings if heading and not heading.startswith(("rse1._", "startdate"))]
    with pytest.raises(InvalidInput) as caught:
        _coded(path, instrument, "limesurvey", **NO_ITEMS, ignore_columns=others)
    assert [problem.where for problem in caught.value.problems] == ["column id", "column submitdate"]


def test_redcap_raw_data_with_a_checkbox(real: Path, tmp_path: Path) -> None:
    path = real / "redcap" / "redcapr_survey_data.csv"
    records = _records(path)
    instrument = made(
        tmp_path,
        [choice("diabetes", {"1": "True", "0": "False"}), multi("consent", {"1": "I consent", "2": "-"})],
    )
    unread = ["dob", "email", *records[0][9:18], *records[0][20:24], *records[0][25:32]]
    coded = _coded(
        path,
        instrument,
        "redcap",
        **NO_ITEMS,
        columns={"has_diabetes": "diabetes"},
        absent=["consent_2"],
        ignore_columns=unread,
    )
    assert coded.coded["respondent"].tolist() == ["1", "2"]
    assert coded.coded["diabetes"].tolist() == ["1", "0"]
    assert coded.coded["consent_1"].tolist() == ["1", "-3"]
    assert coded.coded["status"].tolist() == ["complete", "complete"]


def test_a_data_dictionary_is_not_taken_for_answers(real: Path, tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("diabetes", {"1": "Yes", "0": "No"})])
    with pytest.raises(InvalidInput, check=problem("wrong-file", "headings")):
        _coded(real / "redcap" / "redcapr_survey_dictionary.csv", instrument, "redcap", **NO_ITEMS)


@pytest.mark.parametrize("platform", ["qualtrics", "surveyjs", "limesurvey", "odk"])
def test_a_questionnaire_is_not_taken_for_answers(real: Path, tmp_path: Path, platform: str) -> None:
    instrument = made(tmp_path, [choice("q1", {"1": "Yes", "0": "No"})])
    with pytest.raises(InvalidInput, match=r"questionnaire|is JSON"):
        _coded(real / "qualtrics" / "qt_MA_MC.qsf", instrument, platform, **NO_ITEMS)


@pytest.mark.parametrize("name", ["pyxform_or_other.xlsx", "pyxform_xlsform_spec_test.xlsx"])
def test_an_xlsform_is_not_taken_for_answers(real: Path, tmp_path: Path, name: str) -> None:
    instrument = made(tmp_path, [choice("q1", {"1": "Yes", "0": "No"})])
    with pytest.raises(InvalidInput, check=problem("wrong-file", "file")):
        _coded(real / "xlsform" / name, instrument, "odk", **NO_ITEMS)
