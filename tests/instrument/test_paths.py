"""Who is asked what, by search: it agrees with answers drawn at random, and finds what nobody can reach."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.examples import examples
from tests.platforms.strategies import instruments
from toolkit.instrument import Instrument, advise, asked, paths
from toolkit.instrument.routing import PATH_COLUMNS
from toolkit.simulation import simulate

Load = Callable[[dict[str, Any]], Instrument]


def reach(instrument: Instrument) -> dict[tuple[str, str], str]:
    found = paths(instrument)
    return dict(zip(zip(found["audience"], found["item"], strict=True), found["reach"], strict=True))


def test_every_item_of_every_audience_has_a_row_in_order(whole: dict[str, Any], load: Load) -> None:
    found = paths(load(whole))
    assert list(found.columns) == list(PATH_COLUMNS)
    assert found[found["audience"] == "staff"]["item"].tolist() == ["q", "m", "grid", "hours", "why"]
    assert found.set_index(["audience", "item"]).loc[("boss", "m"), "reach"] == "sometimes"
    assert found["asked"].isna().all()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("q == 1", "sometimes"),
        ("q == 98", "sometimes"),  # a don't know that is offered
        ("q == 1 and q == 0", "never"),
        ("q == 1 or q != 1", "always"),
        ("not answered(q) and q in (0, 1)", "never"),
        ('selected(m, "rev")', "sometimes"),
        ('selected(m, "rev") and selected(m, "none")', "never"),  # "none" is exclusive
        ('selected(m, "rev") and q == 0', "never"),  # m is asked of those with q == 1 alone
        ("hours > 40", "sometimes"),
        ("hours > 40 and hours < 30", "never"),
        ("hours > 100", "never"),  # above the maximum
        ("hours >= 0 or not answered(hours)", "always"),
        ("hours > 30 and hours < 30.5", "sometimes"),
    ],
)
def test_what_can_be_reached_is_found(
    whole: dict[str, Any], load: Load, condition: str, expected: str
) -> None:
    whole["items"][5]["ask_if"] = condition
    instrument = load(whole)
    assert reach(instrument)["staff", "why"] == expected
    warned = [one.code for one in advise(instrument) if one.path[1] == "why"]
    assert ("unreachable-item" in warned) == (expected != "sometimes")


def test_a_routed_question_counts_only_where_it_was_asked(whole: dict[str, Any], load: Load) -> None:
    whole["items"][3]["ask_if"] = "q == 1"
    whole["items"][5]["ask_if"] = "hours < 10 and q in (0, 98)"
    found = reach(load(whole))
    assert (found["staff", "hours"], found["staff", "why"]) == ("sometimes", "never")


def test_by_hand_over_all_answers(whole: dict[str, Any], load: Load) -> None:
    """Every combination of q and both ticks, written out, meets the condition or not as the search says."""
    conditions = ("q == 1", "q != 0", 'selected(m, "rev")', "answered(m)")
    for first, second in product(conditions, conditions):
        data = copy.deepcopy(whole)
        data["items"][1].pop("ask_if")
        data["items"][5]["ask_if"] = f"{first} and not ({second})"
        instrument = load(data)
        rows = [
            {"audience": "staff", "q": q, "m_rev": rev, "m_none": none}
            for q, (rev, none) in product(("1", "0", "-1", "-3"), (("1", "0"), ("0", "1"), ("-3", "-3")))
        ]
        truth = asked(pd.DataFrame(rows), "why", instrument)
        wanted = "always" if truth.all() else "sometimes" if truth.any() else "never"
        assert reach(instrument)["staff", "why"] == wanted, data["items"][5]["ask_if"]


@settings(max_examples=examples(30), suppress_health_check=list(HealthCheck))
@given(instruments())
def test_answers_drawn_at_random_go_where_the_search_says(instrument: Instrument) -> None:
    frame = simulate(instrument, seed=3, missing="codes")
    for row in paths(instrument, frame).itertuples():
        assert row.reach in ("always", "sometimes", "never", "not searched")
        if row.reach == "never":
            assert row.asked == 0
        if row.reach == "always":
            assert row.asked == row.of


def test_too_many_combinations_are_said_not_to_be_searched(whole: dict[str, Any], load: Load) -> None:
    extra = [{**copy.deepcopy(whole["items"][3]), "id": f"n{place}"} for place in range(9)]
    whole["items"] = [*extra, *whole["items"]]
    whole["sections"][0]["items"] = [one["id"] for one in whole["items"]]
    whole["items"][-1]["ask_if"] = " and ".join(f"n{place} > 10" for place in range(9))
    instrument = load(whole)
    assert reach(instrument)["staff", "why"] == "not searched"
    assert "unreachable-item" not in [one.code for one in advise(instrument)]


def test_counts_are_of_the_frame_s_people(whole: dict[str, Any], load: Load) -> None:
    instrument = load(whole)
    frame = simulate(instrument, seed=1, missing="codes")
    found = paths(instrument, frame).set_index(["audience", "item"])
    staff = frame[frame["audience"] == "staff"]
    assert found.loc[("staff", "m"), "asked"] == (staff["q"] == "1").sum()
    assert found.loc[("staff", "m"), "of"] == len(staff)
