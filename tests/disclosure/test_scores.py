"""Net and recommend scores at the gate."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.disclosure.test_attack import estimates, instrument_of
from toolkit.analysis import means
from toolkit.disclosure import Policy, release
from toolkit.disclosure.cells import kind_of
from toolkit.instrument.model import Instrument


@pytest.mark.parametrize("measure", ["net", "recommend", "mean"])
def test_a_score_is_ruled_as_a_mean_and_not_as_the_share_of_a_code(measure: str) -> None:
    assert kind_of(measure, "measure") == "function"


def test_the_mean_of_a_score_leaves_only_beside_the_whole_distribution_of_each_item() -> None:
    """A masked item's mean would be the score's less the others'."""
    instrument = scored_instrument()
    for lowest, expected in ((6, True), (1, False)):
        answers = {"a": [6, 6, 6, 6, 6], "b": [lowest, 30 - 3 * 6 - lowest, 6, 6, 6]}
        rows = [
            (item, str(code), {"audience": "employee"}, count, 30)
            for item, counts in answers.items()
            for code, count in enumerate(counts, 1)
        ]
        frame = pd.DataFrame({"audience": ["employee"] * 30, "mood": [1.0, 5.0, 3.0] * 10})
        results = {
            "distributions": estimates(rows, "response"),
            "declared": means(frame, "mood", by="audience", measure="mean"),
        }
        released = release(results, Policy(), instrument=instrument)["declared"]
        assert released["shown"].tolist() == [expected]
        assert released["estimate"].notna().tolist() == [expected]


def test_a_score_on_which_all_agree_is_withheld() -> None:
    rows = [(item, str(code), {"audience": "employee"}, 6, 30) for item in "ab" for code in range(1, 6)]
    frame = pd.DataFrame({"audience": ["employee"] * 30, "mood": [4.9, 5.0] * 15})
    results = {
        "distributions": estimates(rows, "response"),
        "declared": means(frame, "mood", by="audience", measure="mean"),
    }
    released = release(results, Policy(), instrument=scored_instrument())["declared"]
    assert released["withheld_code"].tolist() == ["spread"]


def scored_instrument() -> Instrument:
    plain = instrument_of({"id": name, "scale": "agree"} for name in "ab").model_dump(mode="json")
    score = {"label": {"en": "Mood"}, "items": ["a", "b"], "source": {"origin": "own"}}
    return Instrument.model_validate({**plain, "scores": {"mood": score}})
