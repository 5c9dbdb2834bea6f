"""The organisations table, and how it must fit the answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.platforms.naming import folder_name, made_id, slug
from toolkit.responses.organisations import (
    BY_NAME,
    BY_SPELLING,
    compare_with_answers,
    headcounts_below,
    organisations_from_answers,
    read_organisations,
    recognised,
)

AUDIENCES = ("executive", "employee")
HEADING = "organisation,name,wave,executive,employee"


def _read(tmp_path: Path, *rows: str, heading: str = HEADING) -> pd.DataFrame:
    path = tmp_path / "organisations.csv"
    path.write_text("\n".join([heading, *rows]) + "\n", "utf-8")
    return read_organisations(path, audiences=AUDIENCES, waves=("2025", "2026"))


def _refusal(tmp_path: Path, *rows: str, heading: str = HEADING) -> str:
    with pytest.raises(InvalidInput) as caught:
        _read(tmp_path, *rows, heading=heading)
    return str(caught.value)


def test_blank_is_unknown_and_zero_is_nobody(tmp_path: Path) -> None:
    table = _read(tmp_path, "org-1,First,2026,,0", "org-2,Second,2026,3,40")
    assert table["executive"].isna().tolist() == [True, False]
    assert table["employee"].tolist() == [0, 40]
    assert str(table["employee"].dtype) == "Int64"


def test_every_problem_of_the_table_is_said_at_once(tmp_path: Path) -> None:
    said = _refusal(
        tmp_path,
        "org-1,First,2026,3,40",
        "org-1,First,2026,3,40",
        "Org 2,Second,2026,3,4.5",
        "org-3,,2024,-1,40",
    )
    for part in (
        "6 problem(s)",
        "rows 2, 3: organisation 'org-1' occurs twice in wave 2026",
        "column organisation, row 4: 'Org 2' cannot name a folder",
        "write 'org-2' here; the answers may keep the name",
        "column name, row 5: is blank",
        "column wave, row 5: no answers are given for wave '2024'",
        "column executive, row 5: '-1' is not a headcount",
        "column employee, row 4: '4.5' is not a headcount",
    ):
        assert part in said


def test_a_headcount_in_other_digits_is_not_read_as_unknown(tmp_path: Path) -> None:
    assert "is not a headcount" in _refusal(tmp_path, "org-1,First,2026,３,40")


@pytest.mark.parametrize("name", ['"First\nlimited"', "First\x07", "First\u202elimited"])
def test_a_name_that_cannot_be_printed_in_one_line_is_refused(tmp_path: Path, name: str) -> None:
    assert "column name, row 2: holds a line break or a sign" in _refusal(tmp_path, f"org-1,{name},2026,3,40")


def test_a_name_too_long_for_a_page_is_refused(tmp_path: Path) -> None:
    assert len(_read(tmp_path, f"org-1,{'n' * 120},2026,3,40")) == 1
    assert "column name, row 2: is longer than 120" in _refusal(tmp_path, f"org-1,{'n' * 121},2026,3,40")


def test_missing_and_unknown_columns_are_refused(tmp_path: Path) -> None:
    said = _refusal(tmp_path, "org-1,First,2026,3,40", heading="organisation,name,wave,executives,employee")
    assert "column executive: is missing; did you mean 'executives'?" in said
    assert "column executives: looks like 'executive', which is missing" in said


def test_headcounts_of_no_audience_are_unknown_but_a_misspelt_audience_is_refused(tmp_path: Path) -> None:
    table = _read(tmp_path, "org-1,First,2026,Food", heading="organisation,name,wave,sector")
    assert table[[*AUDIENCES]].isna().all(axis=None)
    said = _refusal(tmp_path, "org-1,First,2026,3,40", heading="organisation,name,wave,executives,employees")
    assert said.count("looks like") == 2


def _frame(*people: tuple[str | None, str, str]) -> pd.DataFrame:
    return pd.DataFrame(people, columns=["organisation", "wave", "audience"]).astype(str)


def test_answers_the_table_does_not_know_are_refused(tmp_path: Path) -> None:
    table = _read(tmp_path, "org-1,First,2026,1,1", "org-2,Second,2025,1,1")
    twice, unlisted = [("org-1", "2026", "executive")] * 2, ("org-9", "2026", "employee")
    frame = _frame(*twice, ("org-2", "2026", "employee"), unlisted)
    said = [str(problem) for problem in compare_with_answers(frame, table)]
    assert len(said) == 2
    assert "organisation org-2, wave 2026: it is named in 1 row(s)" in said[0]
    assert "organisation org-9, wave 2026: it is named in 1 row(s)" in said[1]


def test_headcounts_below_the_number_who_answered_are_found_and_unknown_ones_are_no_limit(
    tmp_path: Path,
) -> None:
    table = _read(tmp_path, "org-1,First,2026,1,5", "org-2,Second,2026,,0")
    frame = _frame(*[("org-1", "2026", "executive")] * 2, *[("org-1", "2026", "employee")] * 5)
    frame = pd.concat([frame, _frame(*[("org-2", "2026", "executive")] * 9)], ignore_index=True)
    found = headcounts_below(frame, table, AUDIENCES)
    assert found.to_dict("records") == [
        {"organisation": "org-1", "wave": "2026", "audience": "executive", "answered": 2, "headcount": 1}
    ]


ALIASES = "organisation,name,name_fr,also,wave,executive,employee"


def _found(tmp_path: Path, *said: str, rows: tuple[str, ...]) -> tuple[list[str], dict[str, int], list[str]]:
    table = _read(tmp_path, *rows, heading=ALIASES)
    frame, noted, problems = recognised(_frame(*((one, "2026", "executive") for one in said)), table)
    return (
        frame["organisation"].tolist(),
        {what: int(found.sum()) for what, found in noted.items()},
        [problem.where for problem in problems],
    )


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("nb", None),
        ("New Brunswick", BY_NAME),
        ("Nouveau-Brunswick", BY_NAME),
        ("N.B.", BY_NAME),
        ("The province", BY_NAME),
        ("new brunswick", BY_SPELLING),
        ("new-brunswick", BY_SPELLING),
        ("NEW  BRUNSWICK", BY_SPELLING),
        ("NB", BY_SPELLING),
        ("Nouveau Brunswick", BY_SPELLING),
        ("the Province", BY_SPELLING),
        ("株式会社サンプル", BY_NAME),
        ("zhushihuishesanpuru", BY_SPELLING),
    ],
)
def test_an_organisation_is_found_by_id_name_alias_or_another_spelling(
    tmp_path: Path, said: str, way: str | None
) -> None:
    rows = (
        "nb,New Brunswick,Nouveau-Brunswick,N.B.; The province,2026,1,1",
        "jp1,株式会社サンプル,,,2026,1,1",
    )
    organisations, noted, problems = _found(tmp_path, said, rows=rows)
    assert organisations == ["nb" if said.isascii() and "zhu" not in said else "jp1"]
    assert noted == {BY_NAME: int(way == BY_NAME), BY_SPELLING: int(way == BY_SPELLING)}
    assert problems == []


def test_a_name_that_two_organisations_have_is_not_guessed(tmp_path: Path) -> None:
    rows = ("a,North,,,2026,1,1", "b,North,,,2026,1,1", "c,a,,,2026,1,1")
    organisations, _, problems = _found(tmp_path, "North", "a", "b", rows=rows)
    assert organisations == ["North", "a", "b"]
    assert problems == ["organisation 'North', wave 2026", "organisation 'a', wave 2026"]


def test_a_name_of_another_wave_leads_to_the_organisation_and_the_exact_one_of_this_wave_goes_first(
    tmp_path: Path,
) -> None:
    rows = ("a,Old,,,2025,1,1", "a,New,,,2026,1,1", "b,Old,,,2026,1,1", "c,Gone,,,2025,1,1")
    table = _read(tmp_path, *rows, heading=ALIASES)
    frame = _frame(("Old", "2025", "executive"), ("Old", "2026", "executive"), ("Gone", "2026", "executive"))
    found, _, problems = recognised(frame, table)
    assert found["organisation"].tolist() == ["a", "b", "c"]
    assert problems == []
    assert [p.where for p in compare_with_answers(found, table)] == ["organisation c, wave 2026"]


def test_signs_that_make_another_word_in_other_scripts_count(tmp_path: Path) -> None:
    rows = ("a,かき,,,2026,1,1", "b,がぎ,,,2026,1,1")  # differ in voicing marks only
    organisations, _, problems = _found(tmp_path, "かき", "がぎ", rows=rows)
    assert organisations == ["a", "b"]
    assert problems == []


def test_further_columns_are_kept_as_text_or_numbers(tmp_path: Path) -> None:
    heading = "organisation,name,wave,executive,employee,sector,turnover,code"
    table = _read(tmp_path, "a,A,2026,1,1,Food,1.5,007", "b,B,2026,1,1,,,010", heading=heading)
    assert table["sector"].tolist()[0] == "Food"
    assert table["sector"].isna().tolist() == [False, True]
    assert table["turnover"].dtype == "float64"
    assert table["code"].tolist() == ["007", "010"]


def test_a_list_may_be_a_workbook_or_yaml_and_lack_ids_and_waves(tmp_path: Path) -> None:
    import openpyxl

    expected = {"organisation": ["new-brunswick", "lodz"] * 2, "name": ["New Brunswick", "Łódź"] * 2}
    book = openpyxl.Workbook()
    book.active.append(["A note"])
    sheet = book.create_sheet("List")
    for row in (["Name", "Sector"], ["New Brunswick", "Food"], ["Łódź", "Steel"]):
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    written = "- {name: New Brunswick, also: [N.B., NB], sector: Food}\n- {name: Łódź, sector: Steel}\n"
    (tmp_path / "list.yaml").write_text(written, "utf-8")
    for name in ("list.xlsx", "list.yaml"):
        table = read_organisations(tmp_path / name, audiences=AUDIENCES, waves=("2025", "2026"))
        assert {key: table[key].tolist() for key in expected} == expected
        assert table["wave"].tolist() == ["2025", "2025", "2026", "2026"]
    assert table["also"].tolist()[0] == "N.B.; NB"


def _answers(*names: str | None) -> pd.DataFrame:
    return pd.DataFrame({"organisation": pd.Series(names, dtype=str), "wave": "2026"})


def test_names_become_ids_in_any_script() -> None:
    frame = _answers("Oil & Gas", "Retail", None, "Retail", "株式会社サンプル", "!!!", "Ω", "Łódź")
    table, ids = organisations_from_answers(frame, audiences=AUDIENCES)
    assert {name: ids[name] for name in ("Oil & Gas", "Retail", "Łódź")} == {
        "Oil & Gas": "oil-gas",
        "Retail": "retail",
        "Łódź": "lodz",
    }
    assert all(map(folder_name, ids.values()))
    assert len(set(ids.values())) == len(table) == 6
    assert table["executive"].isna().all()


def test_spellings_without_a_table_are_joined_by_case_and_refused_by_punctuation() -> None:
    frame = _answers("ACME", "Acme", "Acme", "O\u2019Neil", "O'Neil")
    table, ids = organisations_from_answers(frame, audiences=AUDIENCES)
    assert ids["ACME"] == ids["Acme"] == "acme"
    assert ids["O\u2019Neil"] == ids["O'Neil"] == "oneil"
    assert table["name"].tolist() == ["Acme", "O'Neil"]
    with pytest.raises(InvalidInput, check=problem("ambiguous", "organisations 'Oil & Gas' and 'Oil, gas'")):
        organisations_from_answers(_answers("Oil & Gas", "Oil, gas"), audiences=AUDIENCES)


def test_different_names_of_one_transliteration_have_different_ids() -> None:
    _, ids = organisations_from_answers(_answers("中国", "忠國"), audiences=AUDIENCES)
    assert len(set(ids.values())) == 2
    assert all(one.startswith("zhongguo-") and folder_name(one) for one in ids.values())


@given(st.text(max_size=80))
def test_a_slug_names_a_folder_or_is_empty(text: str) -> None:
    made = slug(text)
    assert made == "" or folder_name(made)
    assert slug(made) == made


@given(st.text(max_size=80))
def test_a_made_id_names_a_folder_and_is_the_same_again(text: str) -> None:
    made = made_id(text)
    assert folder_name(made)
    assert made_id(text) == made


@pytest.mark.parametrize("name", ["..", "a/b", "con", "", "Org", "-a", "a.", "é", "a" * 61])
def test_unsafe_names_are_no_folder_names(name: str) -> None:
    assert not folder_name(name)
