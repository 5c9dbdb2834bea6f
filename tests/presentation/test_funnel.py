"""The funnel of many organisations is a function of what is printed, and of nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from tests.presentation.conftest import questionnaire
from tests.refusals import problem
from toolkit.analysis import Design, proportions
from toolkit.disclosure import Policy, Released, release
from toolkit.errors import InvalidInput
from toolkit.presentation import as_picture, description_of, organisation_funnel, organisation_table

SIZES = {"a": 40, "b": 60, "c": 50, "d": 80, "e": 30, "f": 100}
TOPPED = {"a": 20, "b": 30, "c": 24, "d": 42, "e": 14, "f": 90}


def _answers(sizes: dict[str, int], topped: dict[str, int]) -> pd.DataFrame:
    who = np.repeat(list(sizes), list(sizes.values()))
    said = np.concatenate([np.arange(n) < topped[name] for name, n in sizes.items()])
    flex = pd.Categorical(np.where(said, "5", "1"), questionnaire()["flex"].categories, ordered=True)
    return pd.DataFrame({"organisation": who, "flex": flex, "w": 1.0 + (np.arange(len(who)) % 3)})


def _released(sizes: dict[str, int], topped: dict[str, int], **how: object) -> Released:
    items = questionnaire()
    shares = proportions(_answers(sizes, topped), [items["flex"]], by="organisation", measure="top", **how)
    return release({"shares": shares}, Policy(), instrument=items)


def test_title_counts_the_organisations_beyond_exact_binomial_limits():
    pooled = sum(TOPPED.values()) / sum(SIZES.values())
    beyond = [
        name
        for name, n in SIZES.items()
        if min(binom.cdf(TOPPED[name], n, pooled), binom.sf(TOPPED[name] - 1, n, pooled)) < 0.001
    ]
    ax = organisation_funnel(_released(SIZES, TOPPED), questionnaire(), "flex")
    assert ax is not None
    found = description_of(ax)
    assert found.title == f"Flexible working: {len(beyond)} of 6 organisations is outside the 99.8% limits"
    assert f"Beyond the outer limits: {beyond[0]}." in found.alt
    raw = next(one for one in ax.get_lines() if one.get_gid() == "raw").get_xydata()
    assert sorted(map(tuple, raw)) == sorted(
        (n, pytest.approx(TOPPED[name] / n)) for name, n in SIZES.items()
    )


def test_what_the_gate_withholds_changes_nothing_that_is_drawn():
    few, nearly_all = {"x": 4}, {"y": 30}
    pictures = [
        as_picture(
            organisation_funnel,
            _released({**SIZES, **few, **nearly_all}, {**TOPPED, "x": x, "y": y}),
            questionnaire(),
            "flex",
        )
        for x, y in ((0, 30), (4, 30), (2, 29))
    ]
    assert pictures[0] is not None
    assert pictures[0] == pictures[1] == pictures[2]
    assert "2 organisations are left out" in pictures[0].caption


def test_order_of_rows_does_not_matter():
    backwards = dict(reversed(SIZES.items()))
    first, second = (
        as_picture(organisation_funnel, _released(sizes, TOPPED), questionnaire(), "flex")
        for sizes in (SIZES, backwards)
    )
    assert first == second


def test_table_holds_the_raw_share_beside_one_nearer_to_the_rest():
    table = organisation_table(_released(SIZES, TOPPED), questionnaire(), "flex", names={"f": "Acme"})
    assert table is not None
    frame = table.frame.set_index("Organisation")
    assert frame.loc["Acme", "As answered"] == "90%"
    assert 50 < float(frame.loc["Acme", "Shrunk"].rstrip("%")) < 90
    assert list(frame.index) == ["Acme", "a", "b", "c", "d", "e"]


def test_fewer_than_five_organisations_make_no_funnel():
    four = {name: SIZES[name] for name in "abcd"}
    assert organisation_funnel(_released(four, TOPPED), questionnaire(), "flex") is None
    assert organisation_table(_released(four, TOPPED), questionnaire(), "flex") is None


def test_weighted_shares_and_an_empty_frame_are_refused():
    weighted = _released(SIZES, TOPPED, design=Design(weights="w"))
    with pytest.raises(InvalidInput, check=problem("unsuited-design", "estimate")):
        organisation_funnel(weighted, questionnaire(), "flex")
    with pytest.raises(InvalidInput, check=problem("missing-column", "table 'shares'")):
        organisation_funnel(pd.DataFrame(), questionnaire(), "flex")
