"""Reports compare what groups were asked about the same thing; p values are adjusted over those alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import toolkit as tk
from toolkit.instrument import Instrument
from toolkit.reporting.gathering import gather
from toolkit.reporting.statements import computed_statements

STUDY = Path(__file__).resolve().parents[2] / "data_samples" / "ai_at_work" / "study.yaml"
UNLIKE = {"flexible": {"executive": "organisation", "all": "self"}, "strategy": {"all": "organisation"}}
GONE = {"burnout": {"executive": "employees", "employee": "self", "freelancer": "organisation"}}


def _declared(instrument: Instrument, about: Mapping[str, Mapping[str, str]] = UNLIKE | GONE) -> Instrument:
    items = [one.model_copy(update={"referent": about.get(one.id, {})}) for one in instrument.items]
    return instrument.model_copy(update={"items": tuple(items)})


@pytest.mark.slow
def test_a_report_leaves_out_gaps_of_unlike_questions_and_adjusts_the_others_without_them() -> None:
    study = tk.load_study(STUDY)
    declared = replace(study, instrument=_declared(study.instrument))
    gathered = gather(declared, "org-01", "2026")
    bare = replace(study, instrument=_declared(study.instrument, {}))
    before = gather(bare, "org-01", "2026").released["gaps"]
    after = gathered.released["gaps"]
    assert set(after["comparable"]) == {"same", "undeclared"}
    pairs = after[after["item"] == "flexible"][["audience_a", "audience_b"]].to_numpy().tolist()
    assert pairs == [["employee", "freelancer"]]
    assert "burnout" not in set(after["item"])
    assert "burnout" not in set(gathered.released["ranks"]["item"])
    ours = after[after["family"] == "pre-declared"]
    assert set(ours["item"]) == set(study.primary) - {"burnout"}
    keys = ["item", "audience_a", "audience_b"]
    both = after.merge(before, on=keys, suffixes=("", "_before"), validate="one_to_one")
    assert len(both) == len(after)
    np.testing.assert_array_equal(both["p_value"], both["p_value_before"])
    family = ours["p_value"].to_numpy()
    np.testing.assert_allclose(ours["p_adjusted"], tk.adjust_p(family, "holm"))


def test_the_method_names_no_declared_comparison_that_the_report_leaves_out() -> None:
    study = tk.load_study(STUDY)
    declared = replace(study, instrument=_declared(study.instrument))
    gathered = gather(declared, "org-01", "2026")
    said = computed_statements(declared, gathered, "2026")["employee"]["processing_and_quality"]
    label = study.instrument["burnout"].label(study.language)
    assert label not in said
    assert study.instrument["flexible"].label(study.language) in said
