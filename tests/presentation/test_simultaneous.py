"""Intervals of options that hold together, worked out from what was released."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from toolkit.analysis import ranked_options as ranked
from toolkit.disclosure import Released
from toolkit.instrument.model import Instrument
from toolkit.presentation import description_of, ranked_options
from toolkit.presentation.simultaneous import held_together


def rows(*shares: float, n: int = 100, **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": [f"o{place}" for place in range(len(shares))],
            "audience": "x",
            "n": pd.array([n] * len(shares), dtype="Int64"),
            "effective_n": float(n),
            "estimate": shares,
            "conf_low": 0.0,
            "conf_high": 1.0,
            "shown": True,
            "bound": "",
            **more,
        }
    )


def test_each_interval_is_wilsons_at_the_level_divided_among_the_options() -> None:
    found = held_together(rows(0.6, 0.3, 0.1, 0.05), by="audience", level=0.95)
    for row in found.to_dict("records"):
        low, high = proportion_confint(round(row["estimate"] * 100), 100, alpha=0.05 / 4, method="wilson")
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), abs=1e-12)


def test_it_gives_what_the_analysis_gives_for_respondents() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({f"o{place}": (rng.random(80) < 0.2 * place).astype(int) for place in range(1, 5)})
    expected = ranked(frame, list(frame), level=0.9).set_index("item")
    released = rows(*frame.mean(), n=80).assign(item=list(frame))
    found = held_together(released, by="audience", level=0.9).set_index("item").loc[expected.index]
    for column in ("conf_low", "conf_high", "rank_low", "rank_high"):
        assert found[column].tolist() == pytest.approx(expected[column].tolist())


def test_a_withheld_option_has_no_ranks_and_leaves_every_place_open_to_it() -> None:
    told = rows(0.9, 0.5, 0.1)
    withheld = rows(0.9, float("nan"), 0.1).assign(shown=[True, False, True])
    assert held_together(told, by="audience")["rank_high"].tolist() == [1, 2, 3]
    found = held_together(withheld, by="audience")
    assert found["rank_high"].fillna(0).tolist() == [2, 0, 3]
    assert found["rank_low"].fillna(0).tolist() == [1, 0, 2]
    assert found["conf_low"].isna().tolist() == [False, True, False]


def test_what_is_withheld_changes_nothing_that_is_drawn() -> None:
    hidden = rows(0.9, 0.4, 0.1).assign(shown=[True, False, True])
    other = rows(0.9, 0.8, 0.1).assign(shown=[True, False, True])
    columns = ["conf_low", "conf_high", "rank_low", "rank_high"]
    pd.testing.assert_frame_equal(
        held_together(hidden, by="audience")[columns], held_together(other, by="audience")[columns]
    )


def test_a_bound_has_no_interval() -> None:
    found = held_together(rows(0.9, 0.4).assign(bound=[">=", ""]), by="audience")
    assert found["conf_low"].isna().tolist() == [True, False]


def test_groups_do_not_change_each_other_and_the_given_rows_stay() -> None:
    one, other = rows(0.6, 0.3), rows(0.2, 0.1, 0.05).assign(audience="y")
    both = pd.concat([one, other], ignore_index=True)
    before = both.copy(deep=True)
    found = held_together(both, by="audience")
    alone = held_together(one, by="audience")
    assert found.head(2)["conf_low"].tolist() == alone["conf_low"].tolist()
    pd.testing.assert_frame_equal(both, before)


def test_the_picture_says_the_places_and_whether_the_first_is_clearly_ahead(
    released: Released, instrument: Instrument
) -> None:
    told = description_of(ranked_options(released, instrument, item="ways"))
    plt.close("all")
    frame = released["shares"]
    own = held_together(frame[frame["item"].str.startswith("ways_")], by="audience")
    assert any("Bonferroni" in sentence for sentence in told.caption)
    assert told.alt.count(", place ") == int(own["rank_low"].notna().sum())
    ahead = own[(own["rank_low"] == 1) & (own["rank_high"] == 1) & (own["item"] != "ways_none")]
    assert ("no single option is clearly ahead" in told.title) == ahead.empty
