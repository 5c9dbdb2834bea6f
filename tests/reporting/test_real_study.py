"""The same report for every industry of a real survey, whose data are not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolkit as tk
from toolkit.reporting.gathering import gather, reportable

STUDY = Path(__file__).resolve().parents[2] / "data_samples" / "stackoverflow_2023" / "study.yaml"


@pytest.mark.slow
def test_every_industry_can_be_reported_and_no_small_base_is_shown(shared):
    data = shared / "realdata" / "so2023_us"
    if not data.is_dir():
        pytest.skip("the survey's data are not here; the study's README says where they are to be had")
    study = tk.load_study(STUDY, data=data).check()
    assert len(study.organisation_ids()) == 12
    assert reportable(study, study.wave) == set(study.organisation_ids())
    for industry in study.organisation_ids():
        released = gather(study, industry, study.wave).released
        for name in ("distributions", "shares"):
            rows = released[name]
            assert (rows.loc[rows["shown"].astype(bool), "n"] >= study.policy.threshold).all()
            assert rows.loc[~rows["shown"].astype(bool), "estimate"].isna().all()


def test_a_report_of_a_real_study_is_not_called_synthetic(shared):
    data = shared / "realdata" / "so2023_us"
    if not data.is_dir():
        pytest.skip("the survey's data are not here; the study's README says where they are to be had")
    report = tk.open_report(STUDY, "oil-gas", data=data)
    assert not report.synthetic
    assert "ynthetic" not in report.summary()._repr_html_()
    assert (report.results()["synthetic"] == "no").all()
