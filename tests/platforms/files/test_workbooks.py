"""Workbooks with several filled sheets: the one with the answers is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.platforms.makers import choice, made
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

ANSWERS = [["KEY", "q"], ["u1", "a"], ["u2", "b"]]


@pytest.fixture
def survey(tmp_path: Path) -> Instrument:
    return made(tmp_path, [choice("q", {"a": "A", "b": "B"})])


def _book(folder: Path, **sheets: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = folder / "answers.xlsx"
    book.save(path)
    return path


def _read(path: Path, survey: Instrument, **options: Any) -> Coded:
    said = {"wave": "w", "platform": "odk", "file": path.name, "organisation": "o", "audience": "everyone"}
    return decode(read_answers(path, survey, entry=AnswersFile.model_validate(said | options)), survey)


def test_the_named_sheet_is_read_and_said(survey: Instrument, tmp_path: Path) -> None:
    path = _book(tmp_path, Notes=[["q", "KEY"], ["b", "x"]], Answers=ANSWERS)
    coded = _read(path, survey, sheet="Answers")
    assert coded.coded["q"].tolist() == ["a", "b"]
    assert "read from a workbook (.xlsx), sheet 'Answers'" in coded.disposition["reason"].tolist()
    assert _read(path, survey, sheet="Notes").coded["respondent"].tolist() == ["x"]


def test_several_filled_sheets_need_a_name(survey: Instrument, tmp_path: Path) -> None:
    path = _book(tmp_path, Notes=[["a"]], Answers=ANSWERS)
    with pytest.raises(InvalidInput, check=problem("ambiguous", "file")):
        _read(path, survey)
    assert len(_read(_book(tmp_path, Answers=ANSWERS, Empty=[]), survey).coded) == 2


def test_a_sheet_that_is_not_there_or_empty_is_refused_with_near_names(
    survey: Instrument, tmp_path: Path
) -> None:
    path = _book(tmp_path, Answers=ANSWERS, Empty=[])
    with pytest.raises(InvalidInput, check=problem("unknown-name", "sheet 'Answer'")):
        _read(path, survey, sheet="Answer")
    with pytest.raises(InvalidInput, check=problem("empty", "sheet 'Empty'")):
        _read(path, survey, sheet="Empty")


def test_a_sheet_of_a_file_that_has_none_is_refused(survey: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("KEY,q\nu1,a\n")
    with pytest.raises(InvalidInput, check=problem("conflict", "sheet 'A'")):
        _read(path, survey, sheet="A")


def test_a_mapped_table_has_a_sheet_too(survey: Instrument, tmp_path: Path) -> None:
    path = _book(tmp_path, Notes=[["a"]], Answers=ANSWERS)
    mapping = {"items": {"q": {"column": "q"}}}
    coded = _read(path, survey, platform="table", mapping=mapping, sheet="Answers")
    assert coded.coded["q"].tolist() == ["a", "b"]
