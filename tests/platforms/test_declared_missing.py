"""Values that an SPSS file declares missing never count as numbers, and are never blank without a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from tests.platforms.makers import choice, made
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

pytestmark = pytest.mark.usefixtures("read_here")

NUMBER = {"id": "age", "type": "number"}


@pytest.fixture
def survey(tmp_path: Path) -> Instrument:
    return made(tmp_path, [choice("q", {"1": "Yes", "2": "No"}), NUMBER, {**NUMBER, "id": "score"}])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ages with 98 and 99 declared missing, 98 of them labelled; scores in which 99 is a score."""
    frame = pd.DataFrame(
        {"q": [1.0, 2.0, 9.0, 1.0], "age": [34.0, 98.0, 99.0, 51.0], "score": [99.0, 5.0, 7.0, 8.0]}
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "answers.sav"),
        variable_value_labels={"age": {98: "Don't know"}},
        missing_ranges={"age": [{"lo": 98, "hi": 99}], "q": [9]},
    )
    return tmp_path / "answers.sav"


def _read(path: Path, survey: Instrument, **options: Any) -> Coded:
    said = {"wave": "w", "platform": "spss", "file": path.name, "organisation": "o", "audience": "everyone"}
    return decode(read_answers(path, survey, entry=AnswersFile.model_validate(said | options)), survey)


def test_declared_values_without_a_label_are_refused_for_numbers_and_answers(
    path: Path, survey: Instrument
) -> None:
    with pytest.raises(InvalidInput) as caught:
        _read(path, survey)
    said = str(caught.value)
    assert "column age: holds 99, which the file declares missing and no value label explains" in said
    assert "column q: holds 9, which the file declares missing" in said
    assert "score" not in said


def test_what_the_study_file_says_counts_where_it_is_declared_and_no_score_is_lost(
    path: Path, survey: Instrument
) -> None:
    frame = _read(path, survey, missing={"9": "-1", "99": "-2"}).coded
    assert frame["age"].dropna().tolist() == [34.0, 51.0]
    assert frame["score"].tolist() == [99.0, 5.0, 7.0, 8.0]
    assert frame["q"].tolist() == ["1", "2", "-1", "1"]


def test_minus_one_declared_missing_is_no_number(tmp_path: Path) -> None:
    survey = made(tmp_path, [NUMBER])
    frame = pd.DataFrame({"age": [-1.0, 40.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), missing_ranges={"age": [{"lo": -9, "hi": -1}]})
    with pytest.raises(InvalidInput, check=problem("unknown-answer", "column age")):
        _read(tmp_path / "a.sav", survey)
    labels = {"age": {-1: "Not answered"}}
    pyreadstat.write_sav(
        frame, str(tmp_path / "a.sav"), variable_value_labels=labels,
        missing_ranges={"age": [{"lo": -9, "hi": -1}]},
    )  # fmt: skip
    assert _read(tmp_path / "a.sav", survey).coded["age"].tolist() == [40.0]


def test_a_missing_number_is_blank_and_not_minus_one(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("q", {"1": "Yes", "2": "No"}), NUMBER])
    path = tmp_path / "answers.csv"
    path.write_text("KEY,q,age\nu1,1,99\nu2,2,40\n")
    frame = _read(path, survey, platform="odk", missing={"99": "-1"}).coded
    assert frame["age"].isna().tolist() == [True, False]


def test_a_code_of_a_scale_is_not_taken_for_missing_because_another_question_s_is(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("a", {"8": "Eight", "9": "Nine"}), choice("b", {"1": "Yes", "2": "No"})])
    path = tmp_path / "answers.csv"
    path.write_text("KEY,a,b\nu1,9,9\nu2,8,1\n")
    frame = _read(path, survey, platform="odk", missing={"9": "-1"}).coded
    assert frame[["a", "b"]].to_numpy().tolist() == [["9", "-1"], ["8", "1"]]


def test_a_mapping_has_to_name_them_too(path: Path, tmp_path: Path) -> None:
    survey = made(tmp_path, [NUMBER])
    where: dict[str, Any] = {"column": "age"}
    options: dict[str, Any] = {"platform": "table", "mapping": {"items": {"age": where}}}
    with pytest.raises(InvalidInput, check=problem("unknown-answer", "mapping → items → age")):
        _read(path, survey, **options)
    where["blank"] = ["98", "99"]
    assert _read(path, survey, **options).coded["age"].dropna().tolist() == [34.0, 51.0]
