"""Studies, waves and organisations that are named by what is no name."""

from __future__ import annotations

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.options import chosen_organisations, chosen_wave
from toolkit.study import load_study


def test_a_wave_named_by_a_number_is_answered_with_its_text(sample_study):
    with pytest.raises(InvalidInput, check=problem("wrong-type", "wave 2026")):
        chosen_wave(load_study(sample_study), 2026)  # type: ignore[arg-type]


@pytest.mark.parametrize("named", [3, None, ""])
def test_an_organisation_named_by_no_text_is_refused_as_any_other(sample_study, named):
    with pytest.raises(InvalidInput, check=problem("unknown-organisation", f"organisation {named}")):
        chosen_organisations(load_study(sample_study), "2026", [named])


def test_no_organisation_at_all_and_what_is_no_study_are_refused(sample_study):
    with pytest.raises(InvalidInput, check=problem("empty", "organisations")):
        run_reports(sample_study, organisations=[])
    for given in (None, 7):
        with pytest.raises(InvalidInput, check=problem("wrong-type", "study")):
            run_reports(given)
