"""Which reports are withheld is decided for all at once, by the rule that takes small groups out of each."""

from __future__ import annotations

import pandas as pd

from toolkit.disclosure import admit
from toolkit.reporting import open_report
from toolkit.reporting.gathering import gather, reportable
from toolkit.study import load_study


def test_an_organisation_is_reportable_where_some_audience_may_be_shown(sample_study):
    study = load_study(sample_study)
    told = reportable(study, study.wave)
    every = study.organisation_ids(study.wave)
    assert told == {one for one in every if gather(study, one, study.wave).audiences}
    assert set(every) - told == {"org-10"}


def test_every_wave_is_decided_by_its_own_respondents_in_any_order(sample_study):
    study = load_study(sample_study)
    told = {wave: reportable(study, wave) for wave in study.waves}
    frame = study.responses(wave="all", missing="codes")
    for wave in study.waves:
        only = frame[frame["wave"] == wave].sample(frac=1, random_state=5)
        kept = {
            one
            for one, own in only.groupby("organisation", observed=True)
            if len(admit(own, study.policy).frame)
        }
        assert told[wave] == kept


def test_a_notice_does_not_speak_of_numbers_it_has_not(sample_study, tmp_path):
    told = {one: str(open_report(sample_study, one).save(tmp_path / one)) for one in ("org-10", "org-12")}
    assert "Every figure" in told["org-12"]
    assert "Every figure" not in told["org-10"]
    assert "results.csv" in told["org-10"]
    assert (tmp_path / "org-10" / "results.csv").is_file()


def test_members_of_a_wave_are_told_without_an_answer(sample_study):
    study = load_study(sample_study)
    members = study.members("2025")
    assert list(members.columns) == ["organisation", "audience"]
    pd.testing.assert_frame_equal(
        members.reset_index(drop=True),
        study.responses(wave="2025", missing="codes")[["organisation", "audience"]],
    )
