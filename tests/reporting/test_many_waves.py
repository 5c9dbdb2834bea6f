"""Three waves in one report: shares of all, the average change, and the rule between any two waves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from toolkit.reporting.gathering import ReportData, beside_releases, gather
from toolkit.study import Study

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "weighted"
ONE = "ashgrove"


def three_waves(*, person: str, joined: int | None = None) -> Study:
    """Return the sample with a wave of 2024: other people, or those of 2026 of whom some joined only then."""
    study = tk.load_study(SAMPLE)
    gathered = study._gathered
    frame = gathered.frame[gathered.frame["organisation"] == ONE].drop(
        columns=["base_weight"], errors="ignore"
    )
    frame = frame[frame["wave"] != "2024"]
    now = frame[frame["wave"] == "2026"]
    added = frame[frame["wave"] == "2025"].assign(wave="2024")
    if joined is not None:
        staff = now.index[now["audience"] == "staff"][:joined]
        added = now.drop(index=staff).assign(wave="2024")
    else:
        added = added.assign(respondent="x" + added["respondent"].astype(str))
    frame = pd.concat([frame, added], ignore_index=True)
    table = study.organisations[study.organisations["organisation"] == ONE]
    table = table[table["wave"] != "2024"]
    table = pd.concat([table[table["wave"] == "2025"].assign(wave="2024"), table], ignore_index=True)
    made = replace(
        study, waves=("2024", "2025", "2026"), weighting=None, margins=None, cuts=(), peers=None, table=table,
        person=person,
    )  # fmt: skip
    made.__dict__["_gathered"] = replace(gathered, frame=frame, organisations=table)
    return made


@pytest.fixture(scope="module")
def shown() -> ReportData:
    return gather(three_waves(person="new"), ONE, "2026")


def test_all_three_waves_are_shown_and_each_is_what_its_answers_say(shown: ReportData) -> None:
    rows = pd.DataFrame(shown.released.rows("waves"))
    exact = rows[rows["shown"] & rows["bound"].fillna("").eq("") & rows["audience"].eq("staff")]
    assert set(exact["wave"]) == {"2024", "2025", "2026"}
    by_wave = exact.set_index(["item", "wave"])["estimate"]
    again = exact[exact["wave"] == "2025"]
    assert [by_wave[item, "2024"] for item in again["item"]] == again["estimate"].tolist()  # the same answers
    single = pd.DataFrame(shown.released.rows("shares")).set_index(["item", "audience"])["estimate"]
    for row in exact[exact["wave"] == "2026"].itertuples():
        assert row.estimate == single[row.item, "staff"]


@pytest.mark.parametrize(("joined", "withheld"), [(0, False), (2, True), (40, False)])
def test_two_waves_that_are_not_neighbours_differ_by_nobody_or_by_enough_people(
    joined: int, withheld: bool
) -> None:
    study = three_waves(person="respondent", joined=joined)
    held = {
        (item, wave) for item, group, wave, _ in beside_releases(study, ONE, "2026").held if "staff" in group
    }
    assert (("goals", "2024") in held) == withheld
    assert not any(wave == "2026" for _, wave in held)
    shown = gather(study, ONE, "2026").released
    goals = [
        r for r in shown.rows("waves") if (r["item"], r["audience"], r["wave"]) == ("goals", "staff", "2024")
    ]
    assert all(not row["shown"] for row in goals) if withheld else goals[0]["shown"]


def test_two_waves_alone_have_no_such_table() -> None:
    assert "waves" not in gather(tk.load_study("ai_at_work"), "org-01", "2026").released


def test_a_flat_series_has_no_average_change_and_a_steep_one_its_slope() -> None:
    rows = pd.DataFrame({"item": "a", "measure": "top", "audience": "x", "wave": ["1", "2", "3", "4"]})
    flat = tk.analysis.average_change(rows.assign(estimate=0.4, std_error=0.03))
    assert flat["change"].iloc[0] == pytest.approx(0)
    steep = tk.analysis.average_change(rows.assign(estimate=np.arange(4) / 10, std_error=0.03))
    assert steep["change"].iloc[0] == pytest.approx(0.1)
