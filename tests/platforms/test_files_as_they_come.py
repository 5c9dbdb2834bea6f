"""Files as people have them: several waves, rows twice, one row per question, spellings, headings."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, divided, read_answers
from toolkit.platforms.vocabulary import Findings, as_known, number_cells
from toolkit.responses import Coded, decode
from toolkit.responses.gather import gather
from toolkit.study import load_study

from .makers import choice, made, multi

Write = Callable[..., Path]
AGREE = {"1": "Don't agree", "2": "Agree - mostly", "3": "I do"}
PLAIN = {
    "audience": [{"audience": "everyone", "when": []}],
    "items": {"view": {"column": "view"}},
    "organisation": "unit",
}


@pytest.fixture
def view(tmp_path: Path) -> Instrument:
    """One question with three answers, and one with several."""
    return made(tmp_path, [choice("view", AGREE)])


def _written(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def _entry(path: Path, **more: Any) -> AnswersFile:
    said = {"wave": "1", "platform": "table", "file": path.name, "mapping": PLAIN}
    return AnswersFile.model_validate({**said, **more})


def _read(path: Path, instrument: Instrument, **more: Any) -> Coded:
    return decode(read_answers(path, instrument, entry=_entry(path, **more)), instrument)


def _refused(path: Path, instrument: Instrument, **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        _read(path, instrument, **more)
    return caught.value.problems


def _rows(coded: Coded, outcome: str) -> dict[str, int]:
    table = coded.disposition[coded.disposition["outcome"] == outcome]
    return dict(zip(table["reason"], table["rows"], strict=True))


# Waves in one file


def test_a_column_divides_a_file_into_waves_and_no_row_is_lost(tmp_path: Path, view: Instrument) -> None:
    path = _written(tmp_path, "year,unit,view\n2025,a,1\n2026.0,a,2\n2026,a,3\n")
    for said in (
        {"wave": {"column": "year"}},
        {"mapping": {**PLAIN, "wave": {"column": "year"}}, "wave": None},
    ):
        given = {"platform": "table", "file": path.name, "mapping": PLAIN, **said}
        entry = AnswersFile.model_validate({key: value for key, value in given.items() if value is not None})
        parts = [decode(read_answers(path, view, entry=one), view) for one in divided(entry, path)]
        frame = pd.concat([part.coded for part in parts])
        assert frame["wave"].tolist() == ["2025", "2026", "2026"]
        assert frame["view"].astype(str).tolist() == ["1", "2", "3"]


def test_cells_that_name_no_wave_are_refused_and_null_leaves_rows_out(
    tmp_path: Path, view: Instrument
) -> None:
    path = _written(tmp_path, "year,unit,view\nspring 25,a,1\n,a,2\nautumn,a,3\n")
    with pytest.raises(InvalidInput, check=problem("invalid-name", "wave: column year")):
        divided(_entry(path, wave={"column": "year"}), path)
    named = _entry(path, wave={"column": "year", "values": {"spring 25": "s25"}})
    (one,) = divided(named, path)
    with pytest.raises(InvalidInput) as caught:
        read_answers(path, view, entry=one)
    assert [problem.where for problem in caught.value.problems] == [
        "column year, row 3",
        "column year, row 4",
    ]
    values = {"spring 25": "s25", "": None, "autumn": None}
    (one,) = divided(_entry(path, wave={"column": "year", "values": values}), path)
    assert len(decode(read_answers(path, view, entry=one), view).coded) == 1


def test_an_entry_that_was_not_divided_is_not_read_as_one_wave(tmp_path: Path, view: Instrument) -> None:
    path = _written(tmp_path, "year,unit,view\n2025,a,1\n")
    with pytest.raises(InvalidInput) as refused:
        read_answers(path, view, entry=_entry(path, wave={"column": "year"}))
    assert [(one.code, one.where) for one in refused.value.problems] == [("conflict", "wave")]


STUDY = """id: views
title: Views
synthetic: true
instrument: others.yaml
answers:
{entries}
methods:
  common: {{population: x., sampling: x., data_collection_strategy: x., sponsor_and_conductor: x., mode: x.,
            dates: x., weighting: None., limitations: x.}}
"""
MAPPED = (
    "mapping: {organisation: unit, audience: [{audience: everyone, when: []}], items: {view: {column: view}}}"
)


def _study(tmp_path: Path, *entries: str) -> Path:
    lines = "\n".join(f"  - {{platform: table, {MAPPED}, {entry}}}" for entry in entries)
    return _written(tmp_path, STUDY.format(entries=lines), "study.yaml")


@pytest.mark.usefixtures("view")
def test_one_file_in_two_entries_is_read_once_per_row(tmp_path: Path) -> None:
    _written(tmp_path, "year,unit,view\n2025,a,1\n2026,a,2\n2026,a,3\n")
    rows = "rows: [{{column: year, equals: '{year}'}}]".format
    both = [f"wave: '{year}', file: a.csv, {rows(year=year)}" for year in (2025, 2026)]
    study = load_study(_study(tmp_path, *both))
    assert study.responses(wave="all")["wave"].tolist() == ["2025", "2026", "2026"]
    unread = study.disposition()
    assert unread["reason"].str.contains("rows of the file that this entry does not read").sum() == 2
    with pytest.raises(InvalidInput, check=problem("duplicate", "a.csv, row 3 (+1 more)")):
        load_study(_study(tmp_path, both[1], "wave: '2025', file: a.csv")).check()
    with pytest.raises(InvalidInput, check=problem("duplicate", "answers: a.csv")):
        load_study(_study(tmp_path, both[1], both[1]))


@pytest.mark.usefixtures("view")
def test_a_study_takes_its_waves_from_the_column(tmp_path: Path) -> None:
    _written(tmp_path, "year,unit,view\n2025,a,1\n2026,a,2\n2026,a,3\n")
    study = load_study(_study(tmp_path, "wave: {column: year}, file: a.csv"))
    assert study.waves == ("2025", "2026")
    assert len(study.responses()) == 2


@pytest.mark.usefixtures("view")
def test_two_sheets_of_a_workbook_are_two_waves_and_ids_stay_unique(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for place, sheet in enumerate((book.active, book.create_sheet())):
        sheet.title = f"S{place}"
        for row in (["unit", "view"], ["a", 1], ["a", 2 + place]):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    for waves in (("2025", "2026"), ("2026", "2026")):
        entries = [f"wave: '{wave}', file: a.xlsx, sheet: S{place}" for place, wave in enumerate(waves)]
        frame = load_study(_study(tmp_path, *entries)).responses(wave="all")
        assert len(frame) == 4
        assert not frame.duplicated(["wave", "respondent"]).any()


# The same respondent twice

TWICE = """who,done,on,unit,view
p,no,2026-01-05,a,1
p,yes,2026-01-03,a,2
p,yes,2026-01-01,a,3
q,no,2026-01-02,a,1
"""


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("first", "1"),
        ("last", "3"),
        ("first submitted", "2"),
        ("last submitted", "3"),
        ({"keep": "last submitted", "order": "on"}, "2"),
        ({"keep": "last", "order": "on"}, "1"),
        ({"keep": "first", "by": ["who"], "order": "on"}, "3"),
    ],
)
def test_a_rule_says_which_row_of_a_respondent_counts(
    tmp_path: Path, view: Instrument, rule: Any, kept: str
) -> None:
    path = _written(tmp_path, TWICE)
    mapping = {**PLAIN, "respondent": "who", "submitted": {"column": "done", "equals": "yes"}}
    coded = _read(path, view, mapping=mapping, duplicates=rule)
    assert coded.coded.set_index("respondent")["view"].astype(str).to_dict() == {"p": kept, "q": "1"}
    assert sum(_rows(coded, "set aside").values()) == 2
    assert _rows(coded, "read")["rows in the file"] == 4
    assert "respondent 'p' occurs twice" in str(_refused(path, view, mapping=mapping)[0])


def test_an_order_that_is_neither_numbers_nor_dates_is_refused(tmp_path: Path, view: Instrument) -> None:
    path = _written(tmp_path, TWICE.replace("2026-01-03", "3/1/26"))
    rule = {"keep": "last", "order": "on"}
    (problem,) = _refused(path, view, mapping={**PLAIN, "respondent": "who"}, duplicates=rule)
    assert problem.where == "column on, row 3"


ANSWERED = {"aiuse": "0", "agree[prod]": "4", "agree[load]": "2", "agree[burn]": "5", "years": "3"}


def test_limesurvey_tokens_are_told_by_its_dates_and_blank_ones_are_nobody(
    limesurvey: Write, tiny: Instrument
) -> None:
    path = limesurvey(
        {**ANSWERED, "token": "t", "submitdate": "2026-09-10 10:00:00", "years": "1"},
        {**ANSWERED, "token": "t", "submitdate": "2026-09-09 10:00:00", "years": "2"},
        {**ANSWERED, "token": ""},
        {**ANSWERED, "token": ""},
        extra=("token",),
    )
    entry = AnswersFile(
        wave="1", platform="limesurvey", file=path.name, duplicates={"keep": "last submitted"}
    )
    coded = decode(read_answers(path, tiny, entry=entry), tiny)
    assert coded.coded["years"].tolist() == [1, 3, 3]


# Ids a spreadsheet program rounded


@pytest.mark.parametrize("ids", [("6.35E+17", "6.35E+17"), ("635123456789012000",) * 2, ("6,35E+17",) * 2])
def test_rounded_ids_are_told_and_no_rule_throws_people_away(
    tmp_path: Path, view: Instrument, ids: tuple[str, str]
) -> None:
    path = _written(tmp_path, f'who;unit;view\n"{ids[0]}";a;1\n"{ids[1]}";a;2\n')
    for more in ({}, {"duplicates": "last"}):
        (problem,) = _refused(path, view, mapping={**PLAIN, "respondent": "who"}, **more)
        assert "a spreadsheet program has rounded the ids" in problem.what
        assert "leave `respondent` out" in problem.hint
    assert len(_read(path, view).coded) == 2


def test_rounded_ids_of_a_platform_are_replaced_by_row_numbers(tmp_path: Path, view: Instrument) -> None:
    path = _written(tmp_path, "Respondent ID,unit,view\n,Response,Response\n1.1E+10,a,1\n1.1E+10,a,2\n")
    coded = _read(path, view, platform="surveymonkey")
    assert coded.coded["respondent"].tolist() == ["3", "4"]
    assert any("ids rounded by a spreadsheet program" in note for note in _rows(coded, "noted"))


# One row per question


LONG = "who,unit,q,a\n1,x,view,1\n1,x,why,p\n1,x,why,q\n2,x,view,2\n3,y,why,q\n"
LONG_MAPPING = {**PLAIN, "items": {"view": {"column": "view"}, "why": {"column": "why"}}}
COLUMNS = {"respondent": "who", "question": "q", "answer": "a"}


def test_a_long_file_is_the_wide_one(tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), multi("why", {"p": "Price", "q": "Queue"})])
    wide = _written(tmp_path, "who,unit,view,why\n1,x,1,p;q\n2,x,2,\n3,y,,q\n", "wide.csv")
    expected = _read(wide, instrument, mapping={**LONG_MAPPING, "respondent": "who"}).coded
    rows = LONG.splitlines()
    for order in (rows, [rows[0], *rows[:0:-1]]):
        path = _written(tmp_path, "\n".join(order) + "\n")
        found = _read(path, instrument, mapping=LONG_MAPPING, long=COLUMNS).coded
        found = found.sort_values("respondent", ignore_index=True)
        pd.testing.assert_frame_equal(found.drop(columns="source"), expected.drop(columns="source"))


def test_a_long_file_read_as_a_wide_one_is_refused_with_the_way_to_read_it(tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), multi("why", {"p": "Price", "q": "Queue"})])
    problems = _refused(_written(tmp_path, LONG), instrument, mapping=LONG_MAPPING)
    assert "long: {respondent: who, question: q, answer: a}" in problems[-1].hint


def test_two_answers_to_one_question_and_columns_that_differ_are_refused(
    tmp_path: Path, view: Instrument
) -> None:
    path = _written(tmp_path, "who,unit,q,a\n1,x,view,1\n1,y,view,2\n")
    (problem,) = _refused(path, view, long=COLUMNS)
    assert problem.where == "column unit"
    path = _written(tmp_path, "who,unit,q,a\n1,x,view,1\n1,x,view,2\n")
    (problem,) = _refused(path, view, long=COLUMNS)
    assert "'1;2' is not an answer of 'view'" in problem.what


# Headings


def test_two_rows_of_headings_are_joined(tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), multi("why", {"p": "Price", "q": "Queue"})])
    mapping = {
        **PLAIN,
        "items": {
            "view": {"column": "View?"},
            "why": {"question": "Why?", "columns": {"p": "Cost", "q": "Line"}},
        },
    }
    path = _written(tmp_path, "unit,View?,Why?,\n,,Cost,Line\nx,1,x,\nx,2,,x\n")
    frame = _read(path, instrument, mapping=mapping, headings=2).coded
    assert frame[["why_p", "why_q"]].astype(str).to_numpy().tolist() == [["1", "0"], ["0", "1"]]
    group = _written(tmp_path, ",,Why?,\nunit,View?,Cost,Line\nx,1,x,\nx,2,,x\n")
    again = _read(group, instrument, mapping=mapping, headings=2).coded
    pd.testing.assert_frame_equal(again, frame)


def test_repeated_headings_are_numbered_for_every_table_and_noted(tmp_path: Path, view: Instrument) -> None:
    path = _written(tmp_path, "unit,view,view\na,1,3\n")
    coded = _read(path, view, mapping={**PLAIN, "items": {"view": {"column": "view (2)"}}})
    assert coded.coded["view"].tolist() == ["3"]
    assert any("heading 'view' occurs 2 times" in note for note in _rows(coded, "noted"))


def test_a_platforms_repeated_heading_is_read_where_the_study_file_says_which(
    limesurvey: Write, tiny: Instrument
) -> None:
    path = limesurvey(ANSWERED)
    path.write_text(path.read_text("utf-8-sig").replace('"open"', '"years"'), "utf-8")
    entry = {"wave": "1", "platform": "limesurvey", "file": path.name, "absent": ["open"]}
    with pytest.raises(InvalidInput, check=problem("duplicate-column", "column years")):
        read_answers(path, tiny, entry=AnswersFile.model_validate(entry))
    for more in ({"ignore_columns": ["years (2)"]}, {"columns": {"years (2)": "open"}, "absent": []}):
        coded = decode(read_answers(path, tiny, entry=AnswersFile.model_validate({**entry, **more})), tiny)
        assert coded.coded["years"].tolist() == [3]


@pytest.mark.parametrize("first", ["", "0"])
def test_a_column_of_row_numbers_and_a_blank_last_one_are_no_columns(
    limesurvey: Write, tiny: Instrument, first: str
) -> None:
    path = limesurvey(ANSWERED, {**ANSWERED, "years": "4"})
    lines = path.read_text("utf-8-sig").splitlines()
    numbers = ['""', '"0"', '"1"'] if first else None
    lines = [f"{numbers[place]};{line}" if numbers else f'{line};""' for place, line in enumerate(lines)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    entry = AnswersFile(wave="1", platform="limesurvey", file=path.name)
    assert decode(read_answers(path, tiny, entry=entry), tiny).coded["years"].tolist() == [3, 4]


# Spellings


def test_codes_with_a_decimal_point_and_labels_in_other_case_or_signs_are_read_and_noted(
    tmp_path: Path, view: Instrument
) -> None:
    path = _written(tmp_path, "unit,view\na,1.0\na,2\na,3\n")
    coded = _read(path, view)
    assert coded.coded["view"].tolist() == ["1", "2", "3"]
    assert [rows for note, rows in _rows(coded, "noted").items() if "decimal point" in note] == [1]
    path = _written(tmp_path, "unit,view\na,DON\u2019T  agree\na,Agree \u2013 mostly\na,I do\n")
    coded = _read(path, view)
    assert coded.coded["view"].tolist() == ["1", "2", "3"]
    assert [rows for note, rows in _rows(coded, "noted").items() if "apostrophes" in note] == [2]


@pytest.mark.parametrize("cell", ["price; other REASON", "1.0;2.0", "PRICE;2", "Price ; other‐reason"])
def test_joined_choices_in_another_spelling_are_ticks_and_noted(cell: str, tmp_path: Path) -> None:
    why = multi("why", {"1": "Price", "2": "Other reason" if "‐" not in cell else "Other-reason"})
    instrument = made(tmp_path, [why])
    path = _written(tmp_path, f'unit,why\na,"{cell}"\na,"1"\n')
    mapping = PLAIN | {"items": {"why": {"column": "why", "separator": ";"}}}
    coded = _read(path, instrument, mapping=mapping)
    assert coded.coded["why_1"].tolist() == ["1", "1"]
    assert coded.coded["why_2"].tolist() == ["1", "0"]
    assert any("differ from a known one" in reason for reason in coded.disposition["reason"])


def test_a_joined_choice_that_is_none_in_any_spelling_is_refused(tmp_path: Path) -> None:
    instrument = made(tmp_path, [multi("why", {"1": "Price", "2": "Other reason"})])
    path = _written(tmp_path, 'unit,why\na,"PRICE;taste"\n')
    mapping = PLAIN | {"items": {"why": {"column": "why", "separator": ";"}}}
    assert "taste" in str(_refused(path, instrument, mapping=mapping)[0])


@pytest.mark.parametrize(("key", "cell"), [("98", "98.0"), ("98.0", "98"), ("98", "98,00"), ("98", "98")])
def test_a_missing_value_is_missing_however_its_number_is_written(
    key: str, cell: str, tmp_path: Path
) -> None:
    instrument = made(
        tmp_path, [choice("view", AGREE), {"id": "age", "type": "number", "text": {"all": {"en": "Age"}}}]
    )
    path = _written(tmp_path, f'id;submitdate;view;age\n1;2026;"{cell}";"{cell}"\n2;2026;"1";"41"\n')
    given = AnswersFile.model_validate(
        {"wave": "1", "platform": "limesurvey", "file": path.name, "audience": "everyone",
         "organisation": "o", "missing": {key: "-1"}}
    )  # fmt: skip
    coded = decode(read_answers(path, instrument, entry=given), instrument)
    assert coded.coded["view"].tolist() == ["-1", "1"]
    assert coded.coded["age"].astype(float).fillna(0).tolist()[-1] == 41
    assert 98 not in coded.coded["age"].astype(float).tolist()


def test_a_delimiter_at_the_end_of_every_row_is_no_column(tmp_path: Path, view: Instrument) -> None:
    assert len(_read(_written(tmp_path, "unit,view\na,1,\nb,2,\n"), view).coded) == 2
    assert "3 cells where" in str(_refused(_written(tmp_path, "unit,view\na,1,\nb,2\n"), view)[0])
    assert "2 cells where most" in str(_refused(_written(tmp_path, "unit,view\na,1,x\nb,2,\n"), view)[0])


def test_a_title_above_the_headings_is_refused_by_name(tmp_path: Path, view: Instrument) -> None:
    book = openpyxl.Workbook()
    for row in (["Our survey"], ["id", "unit", "view"], ["1", "a", "1"], ["2", "a", "2"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert "a title is above the headings" in str(_refused(tmp_path / "a.xlsx", view)[0])
    path = _written(tmp_path, "Our survey\nid,unit,view\n1,a,1\n2,a,2\n")
    assert "a title or 'sep=' line" in str(_refused(path, view)[0])


def test_a_spelling_that_may_be_two_answers_is_left_alone() -> None:
    words = {"Yes": "1", "YES": "2", "No": "0", "2": "x", "10": "y"}
    cells = pd.Series(["yes", "NO", "\u00b2", "10.0", "2.5"])
    assert as_known(cells, words, []).tolist() == ["yes", "No", "\u00b2", "10", "2.5"]


NUMBERS = [
    (["3,5", "12"], {}, [3.5, 12]),
    (["1,234", "3,5"], {}, [1.234, 3.5]),
    (["1,234", "1.5"], {}, [1234, 1.5]),
    (["1.234", "3,5"], {}, [1234, 3.5]),
    (["1.234", "2.5"], {}, [1.234, 2.5]),
    (["1.234"], {"decimal": ","}, [1234]),
    (["1 234", "1\u00a0234,5", "1'234"], {}, [1234, 1234.5, 1234]),
    (["45 %", "45"], {}, [45, 45]),
    (["2 years", "6 Months", "1"], {"units": {"years": 12, "months": 1}}, [24, 6, 1]),
    (["\u22125", ""], {}, [-5, np.nan]),
    (["1,234"], {}, None),
    (["1,234", "1,5", "1.5"], {}, None),
    (["2 years"], {}, None),
    (["1,2,3"], {}, None),
    (["12.5"], {"decimal": ","}, None),
    (["about 5"], {}, None),
    (["5\u00b2"], {}, None),
]


@pytest.mark.parametrize(("cells", "more", "numbers"), NUMBERS)
def test_numbers_are_read_by_rule_or_refused(
    tiny: Instrument, cells: list[str], more: dict[str, Any], numbers: list[float] | None
) -> None:
    class Plain:
        minimum = maximum = None

    class Years:
        item = Plain

    problems = Findings()
    found = number_cells(pd.Series(cells, name="years"), Years, problems, **more)  # type: ignore[arg-type]
    if numbers is None:
        assert problems
    else:
        assert not problems
        np.testing.assert_array_equal(found.to_numpy(), np.array(numbers, dtype=float))


# Kobo groups; `read`


def test_reserved_columns_are_found_in_a_group(tmp_path: Path, view: Instrument) -> None:
    headings = "start,grp/organisation,grp/audience,grp/wave,grp/view,grp/extra,_uuid"
    path = _written(tmp_path, f"{headings}\n,a,all,1,1,z,u1\n,b,all,1,2,z,u2\n")
    entry = AnswersFile(wave="1", platform="odk", file=path.name, ignore_columns=("extra",))
    coded = decode(read_answers(path, view, entry=entry), view)
    assert coded.coded["organisation"].tolist() == ["a", "b"]
    parts = divided(
        AnswersFile.model_validate({**entry.model_dump(exclude={"wave"}), "wave": {"column": "wave"}}), path
    )
    assert [part.wave for part in parts] == ["1"]
    assert len(decode(read_answers(path, view, entry=parts[0]), view).coded) == 2
    other = AnswersFile(wave="2", platform="odk", file=path.name, ignore_columns=("extra",))
    with pytest.raises(InvalidInput, check=problem("wrong-group", "column grp/wave, row 2 (+1 more)")):
        read_answers(path, view, entry=other)


def test_read_needs_of_an_entry_only_what_the_command_does_not_say(
    limesurvey: Write, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instrument = str(root / "tests" / "platforms" / "tiny_instrument.yaml")
    path = limesurvey({**ANSWERED, "extra": "x"}, extra=("extra",))
    entry = _written(tmp_path, "ignore_columns: [extra]\n", "entry.yaml")
    given = ["read", str(path), "--instrument", instrument, "--entry", str(entry)]
    assert main(given) == 0
    assert main([*given, "--platform", "limesurvey", "--audience", "employee"]) == 0
    assert main([*given, "--audience", "freelancer"]) == 2
    assert "which this file is not for (freelancer)" in capsys.readouterr().err
    entry.write_text("ignore_column: [extra]\n", "utf-8")
    assert main(given) == 2
    assert "did you mean 'ignore_columns'" in capsys.readouterr().err


# SPSS: multiple-response sets of categories


def with_response_set(path: Path, said: bytes) -> None:
    """Declare a multiple-response set in a .sav file, which pyreadstat reads and does not write."""
    data = path.read_bytes()
    end = data.index(struct.pack("<ii", 999, 0))  # the record that ends the dictionary
    record = struct.pack("<iiii", 7, 7, 1, len(said)) + said
    path.write_bytes(data[:end] + record + data[end:])


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize(
    ("counted", "set_of"),
    [
        (2.0, b"$why=D1 2 3 Why why_p why_q\n"),
        (0.0, b"$any=D1 0 3 Why why_p why_q\n"),
        (1.0, b"$why=D1 1 3 Why why_p why_q\n"),
    ],
)
def test_a_set_of_dichotomies_is_ticked_by_the_value_it_counts(
    tmp_path: Path, counted: float, set_of: bytes
) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), multi("why", {"p": "Price", "q": "Queue"})])
    other = 1.0 if counted != 1 else 0.0
    frame = pd.DataFrame(
        {
            "organisation": ["a"] * 4,
            "audience": ["all"] * 4,
            "view": [1.0, 2.0, 3.0, 1.0],
            "why_p": [counted, other, other, np.nan],
            "why_q": [counted, counted, other, np.nan],
        }
    )
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        frame, str(path), variable_value_labels={"why_p": {counted: "Mentioned", other: "Not mentioned"}}
    )
    with_response_set(path, set_of)
    entry = AnswersFile(wave="1", platform="spss", file=path.name)
    coded = decode(read_answers(path, instrument, entry=entry), instrument)
    assert coded.coded["why_p"].astype(str).tolist() == ["1", "0", "-3", "-3"]
    assert coded.coded["why_q"].astype(str).tolist() == ["1", "1", "-3", "-3"]
    noted = coded.disposition["reason"].str.contains("multiple-response set counts")
    assert noted.any() == (counted != 1)


@pytest.mark.usefixtures("read_here")
def test_a_scale_in_a_set_of_dichotomies_stays_a_scale(tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), choice("mood", AGREE)])
    frame = pd.DataFrame(
        {"organisation": ["a"] * 3, "audience": ["all"] * 3, "view": [1.0, 2, 3], "mood": [3.0, 2, 1]}
    )
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(frame, str(path))
    with_response_set(path, b"$agree=D1 2 5 Agree view mood\n")
    entry = AnswersFile(wave="1", platform="spss", file=path.name)
    found = decode(read_answers(path, instrument, entry=entry), instrument).coded
    assert found["view"].astype(str).tolist() == ["1", "2", "3"]


@pytest.mark.usefixtures("read_here")
def test_a_set_of_categories_is_the_ticks_of_its_item(tmp_path: Path) -> None:
    instrument = made(tmp_path, [choice("view", AGREE), multi("why", {"p": "Price", "q": "Queue"})])
    frame = pd.DataFrame(
        {
            "organisation": ["a", "a", "a"],
            "audience": ["all", "all", "all"],
            "view": [1.0, 2.0, 3.0],
            "w_1": [11.0, 12.0, np.nan],
            "w_2": [12.0, 99.0, np.nan],
        }
    )
    labels = {11.0: "Price", 12.0: "Queue"}
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        variable_value_labels={"w_1": labels, "w_2": labels},
        missing_ranges={"w_2": [{"lo": 99, "hi": 99}]},
    )
    with_response_set(path, b"$why=C 3 Why w_1 w_2\n")
    entry = AnswersFile(wave="1", platform="spss", file=path.name)
    found = decode(read_answers(path, instrument, entry=entry), instrument).coded
    assert found["why_p"].astype(str).tolist() == ["1", "0", "-3"]
    assert found["why_q"].astype(str).tolist() == ["1", "1", "-3"]


# The collected cases


CASES = {
    "F04_organisations_by_name": ["check", "study.yaml"],
    "F06_waves_in_one_file": ["check", "study.yaml"],
    "F07_codes_as_floats": ["read", "a.csv", "--instrument", "canteen.yaml", "--platform", "limesurvey"],
    "F09_two_heading_rows_without_id": ["check", "study.yaml"],
    "F21_read_entry": [
        "read", "a.csv", "--instrument", "canteen.yaml", "--platform", "limesurvey", "--entry", "entry.yaml",
    ],
    "F23_kobo_group": ["read", "a.csv", "--instrument", "canteen.yaml", "--platform", "odk"],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_collected_case_is_read(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    source = shared / "field_cases" / case
    if not source.is_dir():
        pytest.skip("the collected cases are not there")
    shutil.copytree(source, tmp_path / case)
    monkeypatch.chdir(tmp_path / case)
    assert main(CASES[case]) == 0


# One person in two files of a wave


def _two_files(tmp_path: Path, tables: list[str], **more: Any) -> list[Problem]:
    """The problems of two files of one wave, or of two waves where `waves` says so."""
    instrument = made(tmp_path, [choice("view", AGREE)])
    waves = more.pop("waves", ["w", "w"])
    entries = [
        AnswersFile.model_validate(
            {"wave": wave, "platform": "limesurvey", "file": f"{name}.csv", "audience": "everyone", **more}
        )
        for wave, name in zip(waves, "ab", strict=True)
    ]
    paths = [_written(tmp_path, table, f"{name}.csv") for table, name in zip(tables, "ab", strict=True)]
    try:
        gather(entries, paths, instrument, None, source="study")
    except InvalidInput as refused:
        return list(refused.problems)
    return []


HEAD = "id,submitdate,token,email,organisation,view\n"
FILE_A = HEAD + "1,2026-03-01,t1,ann@x,o,1\n2,2026-03-01,t2,bob@x,o,2\n3,2026-03-01,,,o,2\n"
FILE_B = HEAD + "1,2026-03-01,t3,bob@x,o,1\n2,2026-03-01,t1,cyd@x,o,3\n3,2026-03-01,,,o,1\n"


def test_a_token_in_two_files_of_a_wave_is_refused_with_both_places(tmp_path: Path) -> None:
    (problem,) = _two_files(tmp_path, [FILE_A, FILE_B], ignore_columns=["email"])
    assert problem.code == "duplicate-id"
    assert problem.where == "a.csv, row 2, and b.csv, row 3 (t1)"


def test_columns_named_by_the_study_tell_a_person_across_files(tmp_path: Path) -> None:
    rule = {"keep": "last", "by": ["email"]}
    (problem,) = _two_files(tmp_path, [FILE_A, FILE_B], duplicates=rule, ignore_columns=["email"])
    assert problem.where == "a.csv, row 3, and b.csv, row 2 (bob@x)"


@pytest.mark.parametrize(
    "more",
    [{"waves": ["v", "w"]}, {"ignore_columns": ["email", "token"]}],
    ids=["in two waves", "a token that tells nobody"],
)
def test_the_same_id_or_a_token_that_may_recur_is_no_person(tmp_path: Path, more: dict[str, Any]) -> None:
    assert _two_files(tmp_path, [FILE_A, FILE_B], **{"ignore_columns": ["email"], **more}) == []
