"""The organisations table, and how it must fit the answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidInput
from toolkit.responses.naming import folder_name, slug
from toolkit.responses.organisations import (
    compare_with_answers,
    organisations_from_answers,
    read_organisations,
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
        "rows 2, 3: organisation 'org-1' stands twice in wave 2026",
        "column organisation, row 4: 'Org 2' cannot name a folder",
        "write 'org-2' here and in the answers",
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
    assert "column executives: is neither a column of the table nor an audience" in said


def _frame(*people: tuple[str | None, str, str]) -> pd.DataFrame:
    return pd.DataFrame(people, columns=["organisation", "wave", "audience"]).astype(str)


def test_answers_the_table_does_not_know_are_refused(tmp_path: Path) -> None:
    table = _read(tmp_path, "org-1,First,2026,1,1", "org-2,Second,2025,1,1")
    twice, unlisted = [("org-1", "2026", "executive")] * 2, ("org-9", "2026", "employee")
    frame = _frame(*twice, ("org-2", "2026", "employee"), unlisted)
    said = [str(problem) for problem in compare_with_answers(frame, table, AUDIENCES)]
    assert len(said) == 3
    assert "organisation org-1, wave 2026, audience executive: 2 answered but the headcount is 1" in said[0]
    assert "organisation org-2, wave 2026: it is named in 1 row(s)" in said[1]
    assert "organisation org-9, wave 2026: it is named in 1 row(s)" in said[2]


def test_an_unknown_headcount_is_no_limit(tmp_path: Path) -> None:
    table = _read(tmp_path, "org-1,First,2026,,5")
    frame = _frame(*[("org-1", "2026", "executive")] * 9)
    assert list(compare_with_answers(frame, table, AUDIENCES)) == []


def test_names_become_ids_and_collisions_are_refused() -> None:
    frame = pd.DataFrame({"organisation": ["Oil & Gas", "Retail", None, "Retail"], "wave": "2026"}).astype(
        str
    )
    frame = frame.assign(organisation=pd.Series(["Oil & Gas", "Retail", float("nan"), "Retail"], dtype=str))
    table, ids = organisations_from_answers(frame, audiences=AUDIENCES)
    assert ids == {"Oil & Gas": "oil-gas", "Retail": "retail"}
    assert table["name"].tolist() == ["Oil & Gas", "Retail"]
    assert table["executive"].isna().all()
    clash = pd.DataFrame({"organisation": ["Oil & Gas", "Oil, gas", "!!!"], "wave": "2026"})
    with pytest.raises(InvalidInput, match="both become 'oil-gas'") as caught:
        organisations_from_answers(clash, audiences=AUDIENCES)
    assert "'!!!': has no letters or digits" in str(caught.value)


@given(st.text(max_size=80))
def test_a_slug_names_a_folder_or_is_empty(text: str) -> None:
    made = slug(text)
    assert made == "" or folder_name(made)
    assert slug(made) == made


@pytest.mark.parametrize("name", ["..", "a/b", "con", "", "Org", "-a", "a.", "é", "a" * 61])
def test_unsafe_names_are_no_folder_names(name: str) -> None:
    assert not folder_name(name)
