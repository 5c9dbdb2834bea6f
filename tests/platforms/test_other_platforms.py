"""Each platform's own way of writing answers gives the same coded answers, or is refused with a hint."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from tests.platforms.makers import choice, made, matrix, multi, text
from tests.refusals import needs_parquet
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

pytestmark = pytest.mark.usefixtures("read_here")

ANSWERS = {"audience": "fte", "aiuse": "1", "agree_prod": "5", "agree_load": "2", "agree_burn": "98"}
EXPECTED = {
    "aiuse": "1",
    "agree_prod": "5",
    "agree_load": "2",
    "agree_burn": "-1",
    "ways_rev": "1",
    "ways_lrn": "0",
    "ways_ask": "1",
    "ways_none": "0",
    "outp": "-5",
    "years": 7.0,
    "open": "more, time",
}


def _coded(path: Path, instrument: Instrument, platform: str, **options: Any) -> Coded:
    written = {"wave": "w", "platform": platform, "file": path.name, "organisation": "org-1", **options}
    return decode(read_answers(path, instrument, entry=AnswersFile.model_validate(written)), instrument)


def _refusal(path: Path, instrument: Instrument, platform: str, **options: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        _coded(path, instrument, platform, **options)
    return str(caught.value)


def _is_expected(coded: Coded) -> None:
    assert coded.coded[list(EXPECTED)].iloc[0].to_dict() == EXPECTED


def _csv(path: Path, *rows: Sequence[str], encoding: str = "utf-8") -> Path:
    held = io.StringIO(newline="")
    csv.writer(held).writerows(rows)
    path.write_bytes(held.getvalue().encode(encoding))
    return path


ODK = {
    "SubmissionDate": "2026-01-01",
    "page/audience": "fte",
    "page/aiuse": "1",
    "page/agree/agree_prod": "5",
    "page/agree/agree_load": "2",
    "page/agree/agree_burn": "98",
    "page/years": "7",
    "page/open": "more, time",
    "KEY": "uuid:1",
}


@pytest.mark.parametrize(
    "ticks",
    [
        {"page/ways": "rev ask"},
        {
            "page/ways": "rev ask",
            "page/ways/rev": "1",
            "page/ways/lrn": "0",
            "page/ways/ask": "1",
            "page/ways/none": "0",
        },
        {
            "page/ways/rev": "TRUE",
            "page/ways/lrn": "FALSE",
            "page/ways/ask": "TRUE",
            "page/ways/none": "FALSE",
        },
    ],
    ids=["joined", "both", "split"],
)
@pytest.mark.parametrize("step", ["/", "-"])
def test_an_odk_table_is_read_by_the_last_step_of_each_path(
    tmp_path: Path, tiny: Instrument, ticks: dict[str, str], step: str
) -> None:
    row = {**ODK, **ticks}
    headings = [
        name.replace("page/", f"page{step}").replace("agree/agree", f"agree{step}agree") for name in row
    ]
    coded = _coded(_csv(tmp_path / "odk.csv", headings, list(row.values())), tiny, "odk")
    _is_expected(coded)
    assert coded.coded["respondent"].tolist() == ["uuid:1"]


def test_genuine_submissions_are_read_one_by_one_and_zipped(
    shared: Path, tmp_path: Path, tiny: Instrument
) -> None:
    folder = shared / "platforms" / "xlsform"
    options = {
        "columns": {"ai_use": "aiuse"},
        "absent": ["outp", "years", "ways"],
        "audience_column": "audience",
    }
    one = _coded(
        folder / "tiny_exec_submission.xml",
        tiny,
        "odk",
        **{**options, "absent": ["years"], "columns": {"ai_use": "aiuse", "out_up": "outp"}},
    ).coded.iloc[0]
    assert (one["audience"], one["aiuse"], one["ways_none"], one["ways_rev"]) == ("executive", "1", "1", "0")
    assert (one["agree_prod"], one["outp"], one["open"]) == ("-3", "-3", "Clear goals")
    columns = {"ai_use": "aiuse", "ai_use_fte": "aiuse", "out_up": "outp"}
    packed = tmp_path / "submissions.zip"
    with zipfile.ZipFile(packed, "w") as held:
        for name in ("tiny_exec_submission.xml", "tiny_combined_submission.xml"):
            held.writestr(name, (folder / name).read_bytes())
    both = _coded(packed, tiny, "odk", columns=columns, absent=["years"]).coded
    assert sorted(both["audience"].astype(str)) == ["employee", "executive"]
    assert sorted(both["aiuse"].astype(str)) == ["0", "1"]
    assert sorted(both["open"]) == ["Clear goals", "More time"]


def test_a_submission_cannot_carry_entities(tmp_path: Path, tiny: Instrument) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<!DOCTYPE d [<!ENTITY a "b">]><data><aiuse>&a;</aiuse></data>', "utf-8")
    assert "declares a document type" in _refusal(path, tiny, "odk")


SURVEYJS = {
    "audience": "fte",
    "aiuse": 1,
    "agree": {"prod": 5, "load": 2, "burn": 98},
    "ways": ["rev", "ask"],
    "years": 7,
    "open": "more, time",
}


@pytest.mark.parametrize(
    "held",
    [SURVEYJS, [SURVEYJS], {"data": [SURVEYJS]}, {"Data": [{"Id": 1, "data": SURVEYJS}]}],
    ids=["one", "list", "below data", "with ids"],
)
def test_surveyjs_answers_are_read_however_they_are_wrapped(
    tmp_path: Path, tiny: Instrument, held: object
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(held), "utf-8")
    _is_expected(_coded(path, tiny, "surveyjs"))


def test_a_genuine_surveyjs_answer(shared: Path, tiny: Instrument) -> None:
    path = shared / "platforms" / "surveyjs" / "response_free.json"
    options = {"columns": {"ai_use": "aiuse"}, "absent": ["years", "agree_load", "agree_burn"]}
    frame = _coded(path, tiny, "surveyjs", **options).coded
    assert frame["audience"].tolist() == ["freelancer"]
    assert frame[["agree_prod", "ways_none", "ways_rev", "open"]].iloc[0].tolist() == ["5", "1", "0", "hello"]


PREVIEW = {
    "respondent": "preview-1",
    "preview": "preview",
    "submitted": "1",
    "instrument": "tiny",
    "version": "1",
    "language": "en",
    **ANSWERS,
    "ways_rev": "1",
    "ways_lrn": "0",
    "ways_ask": "1",
    "ways_none": "0",
    "years": "7",
    "open": "more, time",
}


def test_the_previews_file_is_set_aside_unless_asked_for(tmp_path: Path, tiny: Instrument) -> None:
    path = _csv(tmp_path / "preview.csv", list(PREVIEW), list(PREVIEW.values()), encoding="utf-8-sig")
    assert len(_coded(path, tiny, "preview").coded) == 0
    _is_expected(_coded(path, tiny, "preview", keep_tests=True))


def test_the_preview_of_another_instrument_is_refused(tmp_path: Path, tiny: Instrument) -> None:
    path = _csv(
        tmp_path / "preview.csv",
        list(PREVIEW),
        [*list(PREVIEW.values())[:3], "other", *list(PREVIEW.values())[4:]],
    )
    assert "answers of instrument 'other', not of 'tiny'" in _refusal(path, tiny, "preview", keep_tests=True)


REDCAP = {
    "record_id": "1",
    "audience": "fte",
    "aiuse": "1",
    "agree_prod": "5",
    "agree_load": "2",
    "agree_burn": "98",
    "ways___rev": "1",
    "ways___lrn": "0",
    "ways___ask": "1",
    "ways___none": "0",
    "years": "7",
    "open": "more, time",
    "work_complete": "2",
}


def test_redcap_values_may_be_raw_or_labels(tmp_path: Path, tiny: Instrument) -> None:
    labels = {
        **REDCAP,
        "aiuse": "Yes",
        "agree_prod": "Strongly agree",
        "agree_load": "Disagree",
        "agree_burn": "Don't know",
        "ways___rev": "Checked",
        "ways___lrn": "Unchecked",
        "ways___ask": "Checked",
        "ways___none": "Unchecked",
        "work_complete": "Complete",
    }
    for name, row in (("raw.csv", REDCAP), ("labels.csv", labels)):
        _is_expected(_coded(_csv(tmp_path / name, list(row), list(row.values())), tiny, "redcap"))
    open_form = {**REDCAP, "work_complete": "0"}
    coded = _coded(_csv(tmp_path / "open.csv", list(open_form), list(open_form.values())), tiny, "redcap")
    assert coded.coded["status"].tolist() == ["partial"]


SURVEYMONKEY = (
    "Respondent ID",
    "Collector ID",
    "Do you use AI?",
    "How much do you agree?",
    "",
    "In which ways?",
    "",
    "",
)
SECOND = ("", "", "Response", "prod", "load", "Reviewing", "Learning", "Other (please specify)")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "expanded", "numbers"])
def test_surveymonkey_condensed_expanded_and_as_workbook(tmp_path: Path, kind: str) -> None:
    scale = {"1": "Agree", "2": "Disagree"}
    ways = {"rev": "Reviewing", "lrn": "Learning"}
    instrument = made(
        tmp_path,
        [
            choice("use", {"1": "Yes", "0": "No"}),
            matrix("agree", ["prod", "load"], scale),
            multi("ways", ways),
        ],
    )
    first, second = list(SURVEYMONKEY), list(SECOND)
    rows = [
        ["11", "5", "Yes", "Agree", "Disagree", "Reviewing", "", ""],
        ["12", "5", "No", "Disagree", "", "", "Learning", "x"],
    ]
    agree = "How much do you agree?"
    items: dict[str, Any] = {
        "use": {"column": "Do you use AI?"},
        "agree": {"question": agree, "columns": {"prod": "prod", "load": "load"}},
        "ways": {"question": "In which ways?", "columns": ways},
    }
    items["agree"]["columns"] = {"prod": "prod", "load": "load"}
    if kind == "expanded":
        first[2:3], second[2:3] = ["Do you use AI?", ""], ["Yes", "No"]
        rows = [[*rows[0][:2], "Yes", "", *rows[0][3:]], [*rows[1][:2], "", "No", *rows[1][3:]]]
        items["use"] = {"question": "Do you use AI?", "columns": {"1": "Yes", "0": "No"}}
    if kind == "numbers":
        rows = [["11", "5", "1", "1", "2", "1", "", ""], ["12", "5", "2", "2", "", "", "1", "x"]]
        items["use"]["values"] = {"1": "1", "2": "0"}
    path = tmp_path / f"answers.{'xlsx' if kind == 'xlsx' else 'csv'}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in (first, second, *rows):
            book.active.append([cell or None for cell in row])
        book.save(path)
    else:
        _csv(path, first, second, *rows)
    frame = _coded(path, instrument, "surveymonkey", audience="everyone", mapping={"items": items}).coded
    assert frame["respondent"].tolist() == ["11", "12"]
    assert frame["use"].tolist() == ["1", "0"]
    assert frame[["agree_prod", "agree_load"]].to_numpy().tolist() == [["1", "2"], ["2", "-3"]]
    assert frame[["ways_rev", "ways_lrn"]].to_numpy().tolist() == [["1", "0"], ["0", "1"]]


def test_microsoft_forms_joins_ticks_with_one_semicolon_too_many(tmp_path: Path) -> None:
    instrument = made(
        tmp_path,
        [choice("use", {"1": "Yes", "0": "No"}), multi("ways", {"a": "A; b", "c": "C"}), text("why")],
    )
    book = openpyxl.Workbook()
    book.active.append(["ID", "Start time", "Completion time", "Email", "Name", "Use?", "Ways?", "Why?"])
    book.active.append(
        [1, pd.Timestamp("2026-01-01").to_pydatetime(), None, "anonymous", None, "Yes", "A; b;C;", "é"]
    )
    book.active.append([2, None, None, "anonymous", None, "No", "C;", None])
    path = tmp_path / "forms.xlsx"
    book.save(path)
    mapping = {"items": {"use": {"column": "Use?"}, "ways": {"column": "Ways?"}, "why": {"column": "Why?"}}}
    frame = _coded(path, instrument, "microsoftforms", audience="everyone", mapping=mapping).coded
    assert frame["respondent"].tolist() == ["1", "2"]
    assert frame[["ways_a", "ways_c"]].to_numpy().tolist() == [["1", "1"], ["0", "1"]]
    assert frame["why"].iloc[0] == "é"


def _statistics(path: Path, tiny: Instrument, missing: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": [1.0, 2.0],
            "audience": ["exec", "fte"],
            "aiuse": [1.0, 98.0],
            "agree_prod": [4.0, -2.0],
            "agree_load": [5.0, -1.0],
            "agree_burn": [1.0, 2.0],
            "outp": [98.0, -2.0],
            "years": [3.0, None],
            "open": ["why", ""],
            **{f"ways_{way}": [float(way == "rev"), -2.0] for way in ("rev", "lrn", "ask", "none")},
        }
    )
    said = {-1.0: "Not answered", -2.0: "Not asked", 98.0: "Don't know"}
    labels = {name: {1.0: "Yes", 0.0: "No", **said} for name in ("aiuse", "outp")}
    agree = {1.0: "Strongly disagree", 2.0: "Disagree", 3.0: "Neither", 4.0: "Agree", 5.0: "Strongly agree"}
    labels |= {f"agree_{row}": {**agree, **said} for row in ("prod", "load", "burn")}
    if path.suffix == ".sav":
        ranges = {name: [{"lo": -9, "hi": -1}, 98] for name in labels}
        pyreadstat.write_sav(frame, str(path), variable_value_labels=labels, missing_ranges=ranges)
    else:
        pyreadstat.write_dta(frame, str(path), variable_value_labels=labels)
    return frame


@pytest.mark.parametrize(("name", "platform"), [("a.sav", "spss"), ("a.dta", "stata")])
def test_missing_values_mean_what_their_labels_say(
    tmp_path: Path, tiny: Instrument, name: str, platform: str
) -> None:
    _statistics(tmp_path / name, tiny, {})
    frame = _coded(tmp_path / name, tiny, platform, missing={"-2": "-4"}).coded
    assert frame["aiuse"].tolist() == ["1", "-1"]
    assert frame["agree_prod"].tolist() == ["4", "-3"]
    assert frame["agree_load"].tolist() == ["5", "-3"]
    assert frame["outp"].tolist() == ["-1", "-5"]
    assert frame["ways_rev"].tolist() == ["1", "-4"]


def test_a_missing_value_nobody_explained_is_refused(tmp_path: Path, tiny: Instrument) -> None:
    _statistics(tmp_path / "a.sav", tiny, {})
    said = _refusal(tmp_path / "a.sav", tiny, "spss")
    assert "column ways_rev, row 3: '-2' is not an answer of 'ways_rev'" in said
    assert "agree_prod" not in said  # its labels say what -2 means


def test_a_scale_coded_the_other_way_is_refused(tmp_path: Path, tiny: Instrument) -> None:
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"audience": ["fte"], "aiuse": [1.0]})
    pyreadstat.write_sav(frame, str(path), variable_value_labels={"aiuse": {1.0: "No", 0.0: "Yes"}})
    absent = ["agree", "ways", "outp", "years", "open"]
    said = _refusal(path, tiny, "spss", absent=absent)
    assert "column aiuse, value 1: is labelled 'No', which is answer 0 of 'aiuse'" in said


def test_the_handmade_sav_file_keeps_its_user_missing_values(shared: Path, tmp_path: Path) -> None:
    path = shared / "platforms" / "spss" / "tiny.sav"
    yes = {"1": "Yes", "0": "No", "98": "Don't know", "99": "Refused"}
    agree = {
        "1": "Strongly disagree",
        "2": "Disagree",
        "3": "Neither",
        "4": "Agree",
        "5": "Strongly agree",
        "98": "Don't know",
        "99": "Refused",
    }
    instrument = made(
        tmp_path,
        [
            choice("use", yes),
            choice("prod", agree),
            multi("ways", {"rev": "A", "lrn": "B"}, ask_if="use == 1"),
            choice("outp", yes, audiences=["executive"]),
            text("open"),
        ],
        {"executive": "1", "employee": "2", "freelancer": "3"},
    )
    columns = {"ai_use": "use", "agree_prod": "prod", "out_up": "outp", "open_txt": "open"}
    frame = _coded(path, instrument, "spss", columns=columns, missing={"-2": "-4", "-1": "-3"}).coded
    raw, _ = pyreadstat.read_sav(str(path), user_missing=True)
    assert frame["use"].tolist() == [f"{value:g}" for value in raw["ai_use"]]
    assert frame["prod"].tolist() == [f"{v:g}" if v >= 0 else "-3" for v in raw["agree_prod"]]
    assert frame["ways_rev"].tolist() == [{1.0: "1", -2.0: "-4"}[value] for value in raw["ways_rev"]]
    assert frame["outp"].tolist()[2:] == ["-5"] * 3


SUFFIXED = {
    "id": "1",
    "submitdate": "x",
    "audience": "fte",
    "aiuse_exec": "",
    "aiuse_fte": "1",
    "agree[prod]": "5",
    "agree[load]": "2",
    "agree[burn]": "98",
    "ways[rev]": "Y",
    "ways[lrn]": "",
    "ways[ask]": "Y",
    "ways[none]": "",
    "years": "7",
    "open": "more, time",
}


def test_a_column_for_each_audience_is_one_item(tmp_path: Path, tiny: Instrument) -> None:
    path = _csv(tmp_path / "a.csv", list(SUFFIXED), list(SUFFIXED.values()))
    _is_expected(_coded(path, tiny, "limesurvey"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"aiuse_exec": "0"}, "columns aiuse_exec and aiuse_fte, row 2: both answer 'aiuse', differently"),
        (
            {"aiuse_exec": "1", "aiuse_fte": ""},
            "column aiuse_exec, row 2: holds answers of employees to 'aiuse'",
        ),
    ],
)
def test_two_audiences_columns_that_contradict_are_refused(
    tmp_path: Path, tiny: Instrument, change: dict[str, str], said: str
) -> None:
    row = {**SUFFIXED, **change}
    assert said in _refusal(_csv(tmp_path / "a.csv", list(row), list(row.values())), tiny, "limesurvey")


@pytest.mark.parametrize(
    "joined",
    [
        "More time reviewing AI output, More work is asked of us",
        "rev;ask",
        "rev|ask",
        "More time reviewing AI output\nMore work is asked of us",
        "rev, ask",
    ],
)
def test_ticks_may_stand_joined_in_one_cell(tmp_path: Path, tiny: Instrument, joined: str) -> None:
    row = {name: cell for name, cell in SUFFIXED.items() if not name.startswith("ways")} | {"ways": joined}
    _is_expected(_coded(_csv(tmp_path / "a.csv", list(row), list(row.values())), tiny, "limesurvey"))


TICKS = [
    ("Y", ""),
    ("Y", "N"),
    ("1", "0"),
    ("TRUE", "FALSE"),
    ("Yes", "No"),
    ("Checked", "Unchecked"),
    ("x", ""),
    ("text", ""),
]


@pytest.mark.parametrize(("yes", "no"), TICKS)
def test_an_option_is_ticked_in_every_usual_way(tmp_path: Path, tiny: Instrument, yes: str, no: str) -> None:
    texts = {"rev": "More time reviewing AI output", "ask": "More work is asked of us"}
    ticks = {
        f"ways[{way}]": (texts[way] if yes == "text" else yes) if way in texts else no
        for way in ("rev", "lrn", "ask", "none")
    }
    row = {**SUFFIXED, **ticks}
    _is_expected(_coded(_csv(tmp_path / "a.csv", list(row), list(row.values())), tiny, "limesurvey"))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_encodings_are_found_out_and_said(tmp_path: Path, tiny: Instrument, encoding: str) -> None:
    row = {**SUFFIXED, "open": "déjà vu, naïveté à l'œuvre" if encoding != "latin-1" else "déjà vu, naïveté"}
    coded = _coded(
        _csv(tmp_path / "a.csv", list(row), list(row.values()), encoding=encoding), tiny, "limesurvey"
    )
    assert coded.coded["open"].tolist() == [row["open"]]
    notes = " ".join(coded.disposition["reason"])
    said = {"utf-8": "", "utf-8-sig": "", "cp1252": "Windows-1252", "latin-1": "Windows-1252"}.get(
        encoding, "UTF-16"
    )
    assert (said in notes) if said else ("UTF" not in notes)


def test_utf_8_with_a_spoilt_byte_is_refused_not_read_as_something_else(
    tmp_path: Path, tiny: Instrument
) -> None:
    row = {**SUFFIXED, "open": "déjà vu, naïveté à l'œuvre"}
    path = _csv(tmp_path / "a.csv", list(row), list(row.values()))
    path.write_bytes(path.read_bytes().replace("ï".encode(), b"\xef"))
    assert "is not UTF-8, though the rest of the file is" in _refusal(path, tiny, "limesurvey")


def test_the_encoding_may_be_said(tmp_path: Path, tiny: Instrument) -> None:
    row = {**SUFFIXED, "open": "Привет"}
    path = _csv(tmp_path / "a.csv", list(row), list(row.values()), encoding="cp1251")
    coded = _coded(path, tiny, "limesurvey", encoding="cp1251")
    assert coded.coded["open"].tolist() == ["Привет"]


def test_another_wave_is_refused(tmp_path: Path, tiny: Instrument) -> None:
    row = {**SUFFIXED, "wave": "2019"}
    said = _refusal(_csv(tmp_path / "a.csv", list(row), list(row.values())), tiny, "limesurvey")
    assert "column wave, row 2: names wave '2019', but the study file assigns the file to wave 'w'" in said


@pytest.mark.parametrize("ending", [pytest.param("parquet", marks=needs_parquet), "xlsx"])
def test_a_table_may_be_parquet_or_a_workbook(tmp_path: Path, tiny: Instrument, ending: str) -> None:
    frame = pd.DataFrame({"who": [1, 2], "use": ["Yes", "No"], "count": [7.0, None]})
    path = tmp_path / f"a.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_excel(path, index=False)
    mapping = {"respondent": "who", "items": {"aiuse": {"column": "use"}, "years": {"column": "count"}}}
    options = {"audience": "employee", "mapping": mapping, "absent": ["agree", "ways", "outp", "open"]}
    found = _coded(path, tiny, "table", **options).coded
    assert found["aiuse"].tolist() == ["1", "0"]
    assert found["years"].tolist()[0] == 7.0
