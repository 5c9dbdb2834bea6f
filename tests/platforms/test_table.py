"""Any table becomes answers by a declared mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode

HEADING = "who,firm,job,hours,AI,P,L,B,how,out,yrs,left unread"
MAPPING: dict[str, Any] = {
    "respondent": "who",
    "organisation": "firm",
    "blank": ["NA"],
    "audience": [
        {"audience": "executive", "when": [{"column": "job", "equals": "Boss"}]},
        {"set_aside": "a student", "when": [{"column": "job", "one_of": ["Student", "Pupil"]}]},
        {
            "audience": "freelancer",
            "when": [{"column": "job", "contains": "Free"}, {"column": "hours", "not_contains": "full"}],
        },
        {"audience": "employee", "when": [{"column": "hours", "not_equals": "none"}]},
    ],
    "items": {
        "aiuse": {"column": "AI", "values": {"Yes!": "1", "No!": "0", "?": "98"}},
        "agree": {"columns": {"prod": "P", "load": "L", "burn": "B"}},
        "ways": {
            "column": "how",
            "values": {"reviewing": "rev", "learning": "lrn", "asked": "ask", "nothing": "none"},
        },
        "outp": {"column": "out"},
        "years": {"column": "yrs"},
    },
}


def _entry(mapping: dict[str, Any] = MAPPING, **options: Any) -> AnswersFile:
    plain = {"wave": "2026", "platform": "table", "file": "t.csv", "mapping": mapping, "absent": ["open"]}
    return AnswersFile.model_validate({**plain, **options})


def _file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADING, *rows]) + "\n", "utf-8")
    return path


def _refusal(path: Path, tiny: Instrument, entry: AnswersFile) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_answers(path, tiny, "table", entry=entry)
    return str(caught.value)


def test_columns_values_and_rules_make_a_coded_frame(tmp_path: Path, tiny: Instrument) -> None:
    path = _file(
        tmp_path,
        "a,Acme,Boss,full,Yes!,Agree,2,NA,reviewing;asked,Yes,12,x",
        "b,Acme,Freelance,part,No!,Disagree,1,5,,,0.5,x",
        "c,NA,Freelance,full,?,NA,NA,3,,,,x",
        "d,Acme,Student,full,No!,Agree,2,2,,,,x",
        "e,Acme,Cook,none,No!,Agree,2,2,,,,x",
        "f,Acme,Cook,part,Yes!,Agree,2,2,nothing,,,x",
    )
    coded = decode(read_answers(path, tiny, "table", entry=_entry()), tiny)
    frame = coded.coded.set_index("respondent")
    assert frame["audience"].to_dict() == {
        "a": "executive",
        "b": "freelancer",
        "c": "employee",
        "f": "employee",
    }
    assert frame["organisation"].isna().to_dict() == {"a": False, "b": False, "c": True, "f": False}
    assert frame["aiuse"].tolist() == ["1", "0", "-1", "1"]
    assert frame["agree_prod"].tolist() == ["4", "2", "-3", "4"]
    assert frame["agree_burn"].tolist() == ["-3", "5", "3", "2"]
    assert frame["ways_ask"].tolist() == ["1", "-4", "-4", "0"]
    assert frame["ways_none"].tolist() == ["0", "-4", "-4", "1"]
    assert frame["outp"].tolist() == ["1", "-5", "-5", "-5"]
    assert frame["years"].iloc[:2].tolist() == [12.0, 0.5]
    counted = coded.disposition.set_index(["outcome", "reason"])["rows"]
    assert counted["set aside", "a student"] == 1
    assert counted["set aside", "meets no rule of the mapping's audience"] == 1
    assert counted["noted", "no organisation given, of all rows read"] == 1


def test_every_problem_of_a_mapping_is_said_at_once(tmp_path: Path, tiny: Instrument) -> None:
    items = {
        "aiuse": {"column": "AI tools", "values": {"Yes!": "yes"}},
        "agree": {"columns": {"prod": "P", "lode": "L"}},
        "ways": {"column": "how"},
        "outq": {"column": "out"},
    }
    entry = _entry({**MAPPING, "respondent": "whom", "organisation": None, "items": items})
    said = _refusal(_file(tmp_path, "a,Acme,Boss,full,Yes!,1,1,1,,,,"), tiny, entry)
    for part in (
        "mapping → respondent: column 'whom' is not in the file; did you mean 'who'?",
        "mapping → items → aiuse: column 'AI tools' is not in the file",
        "mapping → items → aiuse → values: 'Yes!' becomes 'yes', which is not an answer code",
        "mapping → items → agree → columns: 'lode' is not a row or option; did you mean 'load'",
        "mapping → items → agree → columns: 'burn' is missing",
        "mapping → items → outq: is not an item of the instrument",
        "mapping → items → outp: is missing",
        "mapping → items → years: is missing",
        "mapping → organisation: is missing",
    ):
        assert part in said


def test_a_test_that_no_row_meets_is_noted_for_it_may_be_misspelt(tmp_path: Path, tiny: Instrument) -> None:
    row = "a,Acme,Boss,full,Yes!,Agree,2,NA,reviewing,Yes,12,x"
    found = read_answers(_file(tmp_path, row), tiny, "table", entry=_entry()).disposition
    idle = found[found["rows"] == 0]
    assert set(idle["outcome"]) == {"noted"}
    assert idle["reason"].str.startswith("no row meets a test of the mapping: ").all()
    assert not idle["reason"].str.contains("'Boss'").any()
    assert idle["reason"].str.contains("'Student'").any()


def test_every_unmapped_answer_is_refused(tmp_path: Path, tiny: Instrument) -> None:
    path = _file(
        tmp_path,
        "a,Acme,Boss,full,Perhaps,Agree,2,2,reviewing;sleeping,Yes,old,x",
        "a,Acme,Boss,full,Perhaps,Agree,2,2,,Yes,4,x",
    )
    said = _refusal(path, tiny, _entry())
    assert "4 problem(s)" in said
    assert "column AI, row 2 (+1 more): 'Perhaps' is not an answer of 'aiuse'" in said
    assert "column how, row 2: 'sleeping' is not an answer of 'ways'" in said
    assert "column yrs, row 2: 'old' is not a number" in said
    assert "column who, rows 2, 3: respondent 'a' occurs twice" in said


def test_a_column_may_say_who_finished(tmp_path: Path, tiny: Instrument) -> None:
    mapping = {**MAPPING, "submitted": {"column": "left unread", "equals": "done"}}
    path = _file(
        tmp_path, "a,Acme,Boss,full,Yes!,Agree,2,2,reviewing,Yes,4,done", "b,Acme,Cook,full,No!,,,,,,,"
    )
    frame = decode(read_answers(path, tiny, "table", entry=_entry(mapping)), tiny).coded
    assert frame["respondent"].tolist() == ["a"]


def test_options_may_stand_in_a_column_each(tmp_path: Path, tiny: Instrument) -> None:
    columns = {"columns": {"rev": "P", "lrn": "L", "ask": "B", "none": "out"}, "values": {"x": "1", "-": "0"}}
    mapping = {**MAPPING, "items": {"aiuse": MAPPING["items"]["aiuse"], "ways": columns}}
    entry = _entry(mapping, absent=["open", "agree", "outp", "years"])
    frame = decode(
        read_answers(_file(tmp_path, "a,Acme,Boss,full,Yes!,x,-,,,-,,"), tiny, "table", entry=entry), tiny
    ).coded
    assert frame[["ways_rev", "ways_lrn", "ways_ask", "ways_none"]].iloc[0].tolist() == ["1", "0", "0", "0"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": [{"audience": "executive", "set_aside": "why"}]},
        {"audience": [{"when": []}]},
        {"audience": [{"audience": "executive", "when": [{"column": "job"}]}]},
        {
            "audience": [
                {"audience": "executive", "when": [{"column": "job", "equals": "a", "contains": "b"}]}
            ]
        },
        {"items": {"aiuse": {"column": "AI", "columns": {"a": "b"}}}},
        {"items": {"aiuse": {}}},
        {"respondant": "who"},
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="mapping"):
        _entry({**MAPPING, **wrong})


def test_in_a_file_of_one_audience_rules_only_set_aside(tmp_path: Path, tiny: Instrument) -> None:
    path = _file(tmp_path, "1,a,Boss,full,Yes!,1,2,3,,,3,", "2,a,Student,full,Yes!,1,2,3,,,3,")
    aside = {"set_aside": "a student", "when": [{"column": "job", "equals": "Student"}]}
    export = read_answers(
        path, tiny, "table", entry=_entry({**MAPPING, "audience": [aside]}, audience="employee")
    )
    assert export.people["audience"].tolist() == ["employee"]
    counted = export.disposition.set_index(["outcome", "reason"])["rows"]
    assert counted["set aside", "a student"] == 1


def test_whose_answers_they_are_is_said_once(tmp_path: Path, tiny: Instrument) -> None:
    path = _file(tmp_path, "1,a,Boss,full,Yes!,1,2,3,,,3,")
    said = _refusal(path, tiny, _entry(audience="employee", organisation="org-1"))
    assert "mapping → audience: names an audience, but the whole file is declared as 'employee'" in said
    assert "mapping → organisation: is given, but the whole file is declared as 'org-1'" in said


@pytest.mark.parametrize("option", [{"columns": {"AI": "aiuse"}}, {"audiences": ["employee"]}])
def test_what_a_mapping_replaces_is_refused_beside_it(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(option))} would not be read"):
        _entry(**option)
