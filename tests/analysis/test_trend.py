"""Change between waves: the later minus the earlier, in each group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.refusals import Refusal, problem
from toolkit.analysis import gaps, trend
from toolkit.errors import InvalidInput


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    size = 400
    return pd.DataFrame(
        {
            "wave": rng.choice(["2024", "2025", "2026"], size),
            "audience": rng.choice(["executive", "employee"], size),
            "agrees": rng.integers(0, 2, size).astype(float),
        }
    )


def test_change_is_the_later_share_minus_the_earlier_with_newcombes_interval(frame: pd.DataFrame) -> None:
    found = trend(frame, "agrees", measure="mean").set_index("audience")
    for audience, part in frame.groupby("audience"):
        x = part.groupby("wave")["agrees"].sum()
        n = part.groupby("wave")["agrees"].size()
        row = found.loc[audience]
        assert (row["audience_a"], row["audience_b"]) == ("2026", "2025")
        assert row["gap"] == pytest.approx(x["2026"] / n["2026"] - x["2025"] / n["2025"], rel=1e-12)
        found_by_hand = library.newcombe(x["2026"], n["2026"], x["2025"], n["2025"])
        assert row["conf_low"] == pytest.approx(found_by_hand.conf_low, rel=1e-9)
        assert row["conf_high"] == pytest.approx(found_by_hand.conf_high, rel=1e-9)


def test_row_order_changes_nothing_and_turning_the_waves_turns_the_sign(frame: pd.DataFrame) -> None:
    found = trend(frame, "agrees", measure="mean")
    shuffled = trend(frame.sample(frac=1, random_state=1), "agrees", measure="mean")
    found, shuffled = (one.sort_values("audience", ignore_index=True) for one in (found, shuffled))
    pd.testing.assert_frame_equal(found, shuffled)
    turned = trend(frame, "agrees", measure="mean", earlier="2026", later="2025")
    turned = turned.sort_values("audience", ignore_index=True)
    assert turned["gap"].tolist() == pytest.approx((-found["gap"]).tolist())


def test_category_order_is_time(frame: pd.DataFrame) -> None:
    frame["wave"] = pd.Categorical(frame["wave"], ["2026", "2024", "2025"])
    assert set(trend(frame, "agrees", measure="mean")["audience_b"]) == {"2024"}


def test_it_is_the_gap_table_between_waves(frame: pd.DataFrame) -> None:
    same = gaps(frame, "agrees", between="wave", pairs=[("2026", "2024")], by="audience", measure="mean")
    pd.testing.assert_frame_equal(trend(frame, "agrees", earlier="2024", measure="mean"), same)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"earlier": "2023"}, problem("unknown-wave", "wave 2023")),
        ({"earlier": "2026"}, problem("duplicate", "wave 2026")),
        ({"wave": "wav"}, problem("unknown-column", "column wav")),
    ],
)
def test_waves_that_cannot_be_compared_are_refused(
    frame: pd.DataFrame, options: dict, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        trend(frame, "agrees", measure="mean", **options)


def test_one_wave_is_no_trend(frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, check=problem("too-few", "column wave")):
        trend(frame[frame["wave"] == "2024"], "agrees", measure="mean")


def test_the_average_change_is_a_weighted_least_squares_slope_with_known_variances() -> None:
    import statsmodels.api as sm

    from toolkit.analysis import average_change

    rows = pd.DataFrame(
        {
            "item": "a", "measure": "top", "audience": "x", "wave": ["1", "2", "3", "4"],
            "estimate": [0.30, 0.42, 0.37, 0.55], "std_error": [0.02, 0.03, 0.02, 0.05],
        }
    )  # fmt: skip
    found = average_change(rows).iloc[0]
    fit = sm.WLS(rows["estimate"], sm.add_constant([0.0, 1, 2, 3]), weights=rows["std_error"] ** -2).fit()
    assert found["change"] == pytest.approx(fit.params.iloc[1])
    assert found["heterogeneity"] == pytest.approx(fit.scale)
    assert found["std_error"] == pytest.approx(fit.bse.iloc[1])  # scale above 1: as estimated
    calm = average_change(rows.assign(std_error=rows["std_error"] * 5)).iloc[0]
    assert calm["std_error"] == pytest.approx(
        5 * fit.bse.iloc[1] / fit.scale**0.5
    )  # below 1: known variances


def test_average_changes_need_three_waves_and_the_order_of_all() -> None:
    from toolkit.analysis import average_change

    rows = pd.DataFrame({"item": "a", "measure": "top", "audience": "x", "wave": ["1", "2"]})
    assert average_change(rows.assign(estimate=0.4, std_error=0.03)).empty
    with pytest.raises(InvalidInput) as refused:
        average_change(rows.assign(estimate=0.4, std_error=0.03), waves=["1"])
    assert refused.value.problems[0].code == "unknown-wave"
    with pytest.raises(InvalidInput) as refused:
        average_change(rows)
    assert [one.code for one in refused.value.problems] == ["missing-column"] * 2
