"""Traits of exports that other people put on the web, in small files made up for these tests."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.makers import choice, made, multi, text
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

YES_NO = {"1": "Yes", "0": "No"}


def _read(path: Path, survey: Instrument, platform: str, **options: Any) -> Coded:
    said = {"wave": "w", "platform": platform, "file": path.name, "organisation": "o", "audience": "everyone"}
    return decode(read_answers(path, survey, entry=AnswersFile.model_validate(said | options)), survey)


def _csv(folder: Path, *rows: Sequence[str]) -> Path:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return path


def test_redcap_s_forms_count_for_items_that_are_called_otherwise(tmp_path: Path) -> None:
    survey = made(tmp_path, [multi("boxes", {"a": "A", "b": "B"})])
    path = _csv(
        tmp_path,
        ["record_id", "first_complete", "check___a", "check___b", "second_complete"],
        ["1", "0", "1", "0", "2"],
        ["2", "2", "0", "1", "0"],
    )
    columns = {"check___a": "boxes_a", "check___b": "boxes_b"}
    frame = _read(path, survey, "redcap", columns=columns).coded
    assert dict(zip(frame["respondent"], frame["status"], strict=True)) == {"1": "complete", "2": "partial"}


def test_redcap_s_first_column_is_the_record_s_id_whatever_its_name(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("q", YES_NO)])
    path = _csv(tmp_path, ["subject", "q", "form_complete"], ["S-1", "1", "2"], ["S-2", "0", "2"])
    assert _read(path, survey, "redcap").coded["respondent"].tolist() == ["S-1", "S-2"]
    path = _csv(tmp_path, ["q", "form_complete"], ["1", "2"])
    assert _read(path, survey, "redcap").coded[["respondent", "q"]].to_numpy().tolist() == [["2", "1"]]


@pytest.mark.parametrize(
    ("heading", "cells"),
    [("redcap_event_name", ("visit_1_arm_1", "visit_2_arm_1")), ("redcap_repeat_instance", ("", "1"))],
)
def test_redcap_s_events_and_repeats_are_refused_for_what_they_are(
    tmp_path: Path, heading: str, cells: tuple[str, str]
) -> None:
    survey = made(tmp_path, [choice("q", YES_NO)])
    rows = [["1", cell, "1", "2"] for cell in cells]
    path = _csv(tmp_path, ["record_id", heading, "q", "form_complete"], *rows)
    with pytest.raises(InvalidInput, check=problem("duplicate-id", f"column {heading}")):
        _read(path, survey, "redcap")
    path = _csv(
        tmp_path, ["record_id", "redcap_event_name", "q", "form_complete"], ["1", "one_arm_1", "1", "2"]
    )
    assert len(_read(path, survey, "redcap").coded) == 1


def test_a_heading_of_several_lines_is_found_by_its_words(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("hard", {"1": "1", "2": "2"})])
    path = _csv(
        tmp_path,
        ["ID", "Start time", "Completion time", "How hard?\n\n1 - easy\n2 - hard"],
        ["1", "a", "b", "2"],
    )
    mapping = {"items": {"hard": {"column": "How hard? 1 - easy 2 - hard"}}}
    assert _read(path, survey, "microsoftforms", mapping=mapping).coded["hard"].tolist() == ["2"]


@pytest.mark.parametrize("joined", ["Waste (food, trash);Community", "Waste (food, trash), Community"])
def test_google_forms_joins_ticks_in_either_way(tmp_path: Path, joined: str) -> None:
    survey = made(tmp_path, [multi("efforts", {"w": "Waste (food, trash)", "c": "Community", "t": "Travel"})])
    path = _csv(tmp_path, ["Timestamp", "Which?"], ["2022/06/22", joined], ["2022/06/22", "Travel"])
    mapping = {"items": {"efforts": {"column": "Which?"}}}
    frame = _read(path, survey, "googleforms", mapping=mapping).coded
    ticks = frame[["efforts_w", "efforts_c", "efforts_t"]]
    assert ticks.to_numpy().tolist() == [["1", "1", "0"], ["0", "0", "1"]]


def test_more_headings_than_cells_is_said_as_that(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("q", YES_NO)])
    path = _csv(tmp_path, ["KEY", "q", "SubmitterID", "Status"], *[[f"u{n}", "1", "24"] for n in range(3)])
    with pytest.raises(InvalidInput, check=problem("ragged-row", "row 1")):
        _read(path, survey, "odk")


def test_text_iq_and_own_columns_of_qualtrics_are_known_in_any_language(tmp_path: Path) -> None:
    survey = made(tmp_path, [text("why"), choice("q", {"1": "a", "2": "b"})])
    path = _csv(
        tmp_path,
        [
            "StartDate",
            "Status",
            "Finished",
            "ResponseId",
            "q",
            "why",
            "why - Topics",
            "why - Sentiment Score",
        ],
        ["Anfangsdatum", "Antworttyp", "Beendet", "Antwort-ID", "?", "?", "?", "?"],
        [f'{{"ImportId":"{name}"}}' for name in ("startDate", "status", "finished", "_recordId", *"abcd")],
        ["2017-07-18", "0", "1", "R_1", "2", "so", "", ""],
    )
    assert _read(path, survey, "qualtrics").coded[["q", "why"]].iloc[0].tolist() == ["2", "so"]


def test_json_of_kobo_s_interface_is_refused_for_what_it_is(tmp_path: Path) -> None:
    survey = made(tmp_path, [choice("q", YES_NO)])
    path = tmp_path / "answers.json"
    path.write_text('[{"_id": 1, "_uuid": "u", "q": "1"}]')
    with pytest.raises(InvalidInput, check=problem("unsupported-format", "file")):
        _read(path, survey, "odk")
