"""The first and last day of a wave are those the platforms' files write, of the whole study, or unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.platforms.makers import choice, made
from toolkit.instrument import Instrument
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.people import days_of
from toolkit.responses.gather import FieldDates, gather


@pytest.fixture
def instrument(tmp_path: Path) -> Instrument:
    return made(tmp_path, [choice("q", {"1": "Yes", "0": "No"})])


def gathered(
    folder: Path, instrument: Instrument, files: Mapping[str, tuple[str, pd.DataFrame]], **more: Any
) -> Mapping[str, FieldDates]:
    """Field dates of files; name → platform and table."""
    entries, paths = [], []
    for name, (platform, table) in files.items():
        paths.append(folder / name)
        table.to_csv(paths[-1], index=False)
        given = {"wave": "w", "platform": platform, "file": name, "organisation": "org-1", **more}
        entries.append(AnswersFile.model_validate({**given, "audience": "everyone"}))
    return gather(entries, paths, instrument, None, source="study").dates


def limesurvey(dates: Sequence[str]) -> pd.DataFrame:
    ids = range(1, len(dates) + 1)
    return pd.DataFrame({"id": ids, "submitdate": dates, "startdate": "2026-02-01 08:00:00", "q": "1"})


QUALTRICS = pd.DataFrame(
    {
        "StartDate": ["Start Date", '{"ImportId":"startDate"}', "2026-03-01 10:00:00", "2026-03-05 10:00:00"],
        "EndDate": ["End Date", '{"ImportId":"endDate"}', "2026-03-02 00:10:00", "2026-03-05 10:30:00"],
        "Status": ["Response Type", '{"ImportId":"status"}', "0", "0"],
        "Finished": ["Finished", '{"ImportId":"finished"}', "1", "1"],
        "ResponseId": ["Response ID", '{"ImportId":"_recordId"}', "R_1", "R_2"],
        "q": ["Q", '{"ImportId":"QID1"}', "1", "0"],
    }
)
ODK = pd.DataFrame(
    {
        "SubmissionDate": ["2026-03-09T10:00:00.000Z", "2026-03-09T11:00:00.000Z"],
        "page/end": ["2026-03-03T23:30:00.000+01:00", "2026-03-04T09:00:00.000+01:00"],
        "page/q": ["1", "0"],
        "KEY": ["uuid:1", "uuid:2"],
    }
)
REDCAP = pd.DataFrame(
    {
        "record_id": ["1", "2"],
        "redcap_survey_identifier": ["", ""],
        "work_timestamp": ["2026-03-07 10:11:12", "2026-03-08 10:11:12"],
        "q": ["1", "0"],
        "work_complete": ["2", "2"],
    }
)
SURVEYJS = pd.DataFrame(
    {"id": ["a", "b"], "completedAt": ["2026-03-11T10:00:00Z", "2026-03-12T10:00:00Z"], "q": ["1", "0"]}
)


@pytest.mark.parametrize(
    ("platform", "table", "first", "last"),
    [
        ("limesurvey", limesurvey(["2026-03-02 08:00:00", "2026-03-20 23:59:59"]), (3, 2), (3, 20)),
        ("qualtrics", QUALTRICS, (3, 2), (3, 5)),
        ("odk", ODK, (3, 3), (3, 4)),
        ("redcap", REDCAP, (3, 7), (3, 8)),
        ("surveyjs", SURVEYJS, (3, 11), (3, 12)),
    ],
)
def test_the_day_a_response_ended_is_read_of_each_platform(
    tmp_path: Path,
    instrument: Instrument,
    platform: str,
    table: pd.DataFrame,
    first: tuple[int, int],
    last: tuple[int, int],
) -> None:
    found = gathered(tmp_path, instrument, {"a.csv": (platform, table)})
    assert found == {"w": FieldDates(date(2026, *first), date(2026, *last), complete=True)}


def test_days_of_rows_set_aside_do_not_count(tmp_path: Path, instrument: Instrument) -> None:
    table = limesurvey(["2026-03-02 08:00:00", "2026-03-03 08:00:00", ""])
    table.loc[1, "q"] = ""  # submitted without an answer; the third broke off, on 1 February
    table.loc[2, "q"] = ""
    found = gathered(tmp_path, instrument, {"a.csv": ("limesurvey", table)})
    assert found["w"] == FieldDates(date(2026, 3, 2), date(2026, 3, 2), complete=True)


def test_a_file_without_dates_makes_the_days_of_its_wave_incomplete(
    tmp_path: Path, instrument: Instrument
) -> None:
    files = {
        "a.csv": ("limesurvey", limesurvey(["2026-03-02 08:00:00"])),
        "b.csv": ("redcap", REDCAP.drop(columns="work_timestamp")),
    }
    assert gathered(tmp_path, instrument, files)["w"] == FieldDates(
        date(2026, 3, 2), date(2026, 3, 2), complete=False
    )
    assert gathered(tmp_path, instrument, {"b.csv": files["b.csv"]}) == {}


def test_a_limesurvey_file_that_keeps_no_dates_says_none(tmp_path: Path, instrument: Instrument) -> None:
    table = limesurvey(["1980-01-01 00:00:00"] * 2).drop(columns="startdate")
    assert gathered(tmp_path, instrument, {"a.csv": ("limesurvey", table)}) == {}


def test_a_form_says_its_days_though_it_is_read_by_a_mapping(tmp_path: Path, instrument: Instrument) -> None:
    table = pd.DataFrame({"Timestamp": ["4/13/2026 9:00:00", "5/2/2026 17:00:00"], "Question": ["Yes", "No"]})
    found = gathered(
        tmp_path,
        instrument,
        {"a.csv": ("googleforms", table)},
        mapping={"items": {"q": {"column": "Question"}}},
    )
    assert found == {"w": FieldDates(date(2026, 4, 13), date(2026, 5, 2), complete=True)}


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2026-03-04", "2026/3/5 10:00"], ["2026-03-04", "2026-03-05"]),
        (["03/04/2026", "13/04/2026"], ["2026-04-03", "2026-04-13"]),
        (["03/04/2026", "04/13/26 9:00"], ["2026-03-04", "2026-04-13"]),
        (["03.04.2026 10:00", ""], ["2026-04-03", ""]),
        (["03/04/2026", "05/06/2026"], ["", ""]),  # days or months first: nothing tells
        (["13/04/2026", "04/13/2026"], ["", ""]),  # each says something else
        (["2026-02-30", "[not completed]"], ["", ""]),
    ],
)
def test_days_are_read_as_written_and_never_guessed(cells: list[str], days: list[str]) -> None:
    found = days_of(pd.DataFrame({"when": cells}), ["when"])
    assert found.dt.strftime("%Y-%m-%d").fillna("").tolist() == days


def test_the_first_column_that_says_a_day_counts_row_by_row() -> None:
    frame = pd.DataFrame({"ended": ["2026-03-04", ""], "began": ["2026-03-01", "2026-03-02"]})
    found = days_of(frame, ["ended", "began"])
    assert found.tolist() == [pd.Timestamp("2026-03-04"), pd.Timestamp("2026-03-02")]
    assert days_of(frame, []).isna().all()
