"""A trend honours what changed between two questionnaires."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.analysis import adjust_p, trend
from toolkit.errors import InvalidInput


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 400
    frame = pd.DataFrame(
        {"wave": rng.choice(["2025", "2026"], n), "audience": rng.choice(["boss", "staff"], n)}
    )
    late = frame["wave"] == "2026"
    for item, turn in (("flex", 0.2), ("trust", 0.1), ("pay", 0.05)):
        frame[item] = (rng.random(n) < 0.4 + turn * late).astype(int)
    return frame


def _compared(*broken: tuple[str, str]) -> pd.DataFrame:
    rows = [
        {"item": item, "audience": who, "change": "wording changed" if (item, who) in broken else "same",
         "trend": "no" if (item, who) in broken else "yes", "what": ""}
        for item in ("flex", "trust", "pay") for who in ("boss", "staff")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _trend(**how: object) -> pd.DataFrame:
    return trend(_frame(), ["flex", "trust", "pay"], measure="mean", **how).set_index(["item", "audience"])


def test_a_changed_question_has_no_trend_and_says_why():
    row = _trend(compared=_compared(("flex", "staff"))).loc[("flex", "staff")]
    assert row["verdict"] == "not comparable"
    assert row["method"] == "no trend: wording changed"
    assert row[["estimate_b", "n_b", "gap", "conf_low", "p_value", "p_adjusted"]].isna().all()
    assert row["estimate_a"] == _trend().loc[("flex", "staff"), "estimate_a"]


def test_the_others_keep_their_numbers_and_are_adjusted_without_it():
    plain, found = _trend(), _trend(compared=_compared(("flex", "staff")))
    rest = [key for key in plain.index if key != ("flex", "staff")]
    columns = ["gap", "std_error", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(found.loc[rest, columns], plain.loc[rest, columns])
    assert found.loc[rest, "p_adjusted"].to_numpy(float) == pytest.approx(
        np.asarray(adjust_p(plain.loc[rest, "p_value"], "holm"), dtype=float)
    )


def test_an_unchanged_questionnaire_changes_nothing():
    pd.testing.assert_frame_equal(_trend(compared=_compared()), _trend())


def test_without_audiences_a_question_is_left_out_as_a_whole():
    frame = _frame().drop(columns="audience")
    found = trend(frame, ["flex", "trust"], by=(), measure="mean", compared=_compared(("flex", "staff")))
    assert found.set_index("item")["verdict"].eq("not comparable").to_dict() == {"flex": True, "trust": False}


def test_a_frame_that_is_no_comparison_is_refused():
    with pytest.raises(InvalidInput, check=problem("missing-column", "compared")):
        _trend(compared=pd.DataFrame({"item": ["flex"]}))
