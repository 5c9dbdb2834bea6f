"""Real answers, mapped by the shipped study file: the counts are the published selection's."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from toolkit.study import Study, load_study

FILE = Path("data_samples") / "stackoverflow_2023" / "study.yaml"


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    folder = shared / "realdata" / "so2023_us"
    if not folder.is_dir():
        pytest.skip("the Stack Overflow answers are not here")
    return folder


@pytest.fixture(scope="module")
def study(root: Path, data: Path) -> Study:
    return load_study(root / FILE, data=data)


@pytest.fixture(scope="module")
def raw(data: Path) -> list[dict[str, str]]:
    with gzip.open(data / "so2023_us_comp_respondents.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_shares_of_ai_users_come_out(study: Study) -> None:
    frame = study.responses(missing="codes")
    counts = pd.crosstab(frame["audience"], frame["aiuse"] == "yes")
    assert {name: (int(row[True]), int(row.sum())) for name, row in counts.iterrows()} == {
        "executive": (125, 215),
        "employee": (3893, 9993),
        "freelancer": (210, 432),
        "both": (332, 637),
    }


def test_whoever_is_left_out_is_counted(study: Study) -> None:
    counted = study.disposition().set_index(["outcome", "reason"])["rows"]
    assert counted["read", "rows in the file"] == 11341
    assert counted["set aside", "neither employed full-time nor freelancing"] == 64
    assert counted["noted", "no organisation given, of all rows read"] == 4577
    assert counted["kept", "complete"] == 11341 - 64


def test_every_industry_is_an_organisation_with_all_its_respondents(
    study: Study, raw: list[dict[str, str]]
) -> None:
    def audience(row: dict[str, str]) -> bool:
        return (
            row["DevType"].startswith("Senior Executive")
            or "full-time" in row["Employment"]
            or "Indep" in row["Employment"]
        )

    expected = Counter(row["Industry"] for row in raw if row["Industry"] and audience(row))
    found = {
        study.organisation_name(key): len(study.responses(key, missing="codes"))
        for key in study.organisation_ids()
    }
    assert found == expected


def test_every_item_counts_what_the_file_says(study: Study, raw: list[dict[str, str]]) -> None:
    frame = study.responses(missing="codes").set_index("respondent")
    rows = {row["row_id"]: row for row in raw}
    kept = [rows[key] for key in frame.index]
    agreement = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")
    agree = {"": "-3", **{words: str(code) for code, words in enumerate(agreement, start=1)}}
    often = {"Never": "1", "1-2": "2", "3-5": "3", "6-10": "4", "10+": "5", "": "-3"}
    for number in range(1, 9):
        assert frame[f"know_k{number}"].tolist() == [agree[row[f"Knowledge_{number}"]] for row in kept]
    for number in range(1, 4):
        assert frame[f"freq_f{number}"].tolist() == [often[row[f"Frequency_{number}"]] for row in kept]
    users = [row["AIToolCurrently Using"] for row in kept if row["AISelect"] == "Yes"]
    writing = frame.loc[frame["aiuse"] == "yes", "aitool_write"]
    assert (writing == "1").sum() == sum("Writing code" in ticks.split(";") for ticks in users)
    assert (writing == "-3").sum() == sum(ticks == "" for ticks in users)
    assert set(frame.loc[frame["aiuse"] != "yes", "aitool_write"]) == {"-4"}
    assert frame["workexp"].sum() == sum(float(row["WorkExp"]) for row in kept if row["WorkExp"])


OFFICIAL = {
    "Age": "25-34 years old",
    "Employment": "Employed, full-time",
    "RemoteWork": "Remote",
    "DevType": "Designer",
    "OrgSize": "2 to 9 employees",
    "AISelect": "Yes",
    "AIToolCurrently Using": "Writing code;Testing code",
    "AISearchHaveWorkedWith": "NA",
    "ICorPM": "People manager",
    "WorkExp": "7",
    "Industry": "Insurance",
    **{f"Knowledge_{number}": "Agree" for number in range(1, 9)},
    **{f"Frequency_{number}": "1-2 times a week" for number in range(1, 4)},
}


def test_the_official_file_needs_two_changed_lines(root: Path, tmp_path: Path) -> None:
    text = (root / FILE).read_text("utf-8")
    text = text.replace("so2023_us_comp_respondents.csv.gz", "survey_results_public.csv").replace(
        "row_id", "ResponseId"
    )
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    (tmp_path / "instrument.yaml").write_bytes((root / FILE).with_name("instrument.yaml").read_bytes())
    people = [
        {"ResponseId": "1", **OFFICIAL},
        {"ResponseId": "2", **OFFICIAL, "OrgSize": "NA", "Industry": "NA"},
    ]
    pd.DataFrame(people).to_csv(tmp_path / "survey_results_public.csv", index=False)
    frame = load_study(tmp_path / "study.yaml").responses(missing="codes")
    assert frame[["age", "orgsize", "freq_f1", "aitool_test", "aisearch_cgpt"]].to_numpy().tolist() == [
        ["3", "2", "2", "1", "-3"],
        ["3", "-3", "2", "1", "-3"],
    ]
    assert frame["organisation"].tolist()[0] == "insurance"
    assert pd.isna(frame["organisation"][1])
