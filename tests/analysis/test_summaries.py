"""Gaps from published shares: the same engine as respondents, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.analysis.oracles import close
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis.contract import gap_columns
from toolkit.errors import InvalidInput


def _published(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "item": ["trust", "trust", "skill", "skill"],
        "audience": ["leaders", "staff"] * 2,
        "estimate": [0.90, 0.73, 0.94, 0.80],
        "n": [1250, 625] * 2,
    }
    return pd.DataFrame(columns | changes)


def test_published_shares_get_newcombes_interval_on_the_shares_as_given() -> None:
    table = tk.gaps_from_summary(_published())
    assert list(table.columns) == gap_columns()
    wanted = library.newcombe(0.73 * 625, 625, 0.90 * 1250, 1250)
    row = table[table.item == "trust"].iloc[0]
    assert [row["gap"], row["conf_low"], row["conf_high"]] == close(
        [0.17, -wanted.conf_high, -wanted.conf_low]
    )
    assert row["estimate_b"] == 0.73
    assert "from published shares and bases" in row["method"]


def test_summaries_of_respondents_give_their_gaps() -> None:
    rng = np.random.default_rng(9)
    audience = pd.Categorical(rng.choice(["a", "b", "c"], 300))
    frame = pd.DataFrame(
        {"audience": audience, "q": rng.integers(0, 2, 300) * 1.0, "r": rng.uniform(size=300).round()}
    )
    whole = tk.gaps(frame, ["q", "r"], measure="mean")
    summary = tk.means(frame, ["q", "r"], by="audience")
    again = tk.gaps_from_summary(summary[["item", "measure", "audience", "estimate", "n"]])
    numbers = [name for name in gap_columns() if name not in ("method",)]
    pd.testing.assert_frame_equal(whole[numbers], again[numbers], rtol=1e-9)


def test_the_exact_test_is_used_only_where_counts_are_whole() -> None:
    table = tk.gaps_from_summary(_published(n=[10, 20, 10, 20], estimate=[0.9, 0.35, 0.91, 0.37]))
    assert "Fisher's exact test" in table["method"].iloc[0]
    assert table["p_value"].iloc[0] == close(library.fisher_exact(9, 10, 7, 20).p_value)
    assert "counts unknown" in table["method"].iloc[1]


def test_an_effective_n_widens_the_interval() -> None:
    plain = tk.gaps_from_summary(_published())
    fewer = tk.gaps_from_summary(_published(effective_n=[800.0, 300.0, np.nan, np.nan]))
    assert fewer["std_error"].iloc[0] > plain["std_error"].iloc[0]
    assert fewer["std_error"].iloc[1] == plain["std_error"].iloc[1]
    wanted = np.sqrt(0.9 * 0.1 / 800 + 0.73 * 0.27 / 300)
    assert fewer["std_error"].iloc[0] == close(wanted)
    assert fewer["n_a"].iloc[0] == 1250


def test_an_unpublished_base_gives_na_and_says_so() -> None:
    row = tk.gaps_from_summary(_published(n=[1250, np.nan, 1250, 625])).iloc[0]
    assert row["gap"] == close(0.17)
    assert np.isnan(row["p_value"])
    assert row["method"] == "not computed: the number asked is unknown for staff"
    assert row["verdict"] == "no comparison could be made"


def test_groups_and_order_are_kept() -> None:
    published = pd.concat([_published().assign(wave=wave) for wave in ("w2", "w1")])
    published["audience"] = pd.Categorical(published["audience"], ["staff", "leaders"])
    table = tk.gaps_from_summary(published.reset_index(drop=True), by="wave")
    assert table["wave"].tolist() == ["w2", "w2", "w1", "w1"]
    assert set(table["audience_a"]) == {"staff"}
    assert list(table.columns) == gap_columns(["wave"])


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"estimate": [90, 0.73, 0.94, 0.80]}, problem("out-of-range", "row 0, column estimate")),
        ({"estimate": [-0.1, 0.73, 0.94, 0.80]}, problem("out-of-range", "row 0, column estimate")),
        ({"estimate": [np.nan, 0.73, 0.94, 0.80]}, problem("missing-value", "row 0, column estimate")),
        ({"n": [0, 625, 1250, 625]}, problem("out-of-range", "row 0, column n")),
        ({"n": [-3, 625, 1250, 625]}, problem("out-of-range", "row 0, column n")),
        ({"n": ["many", "few", "1", "2"]}, problem("not-a-number", "column n")),
        ({"audience": ["leaders"] * 4}, problem("duplicate", "row 1") + problem("duplicate", "row 3")),
        (
            {"audience": ["leaders", None, "leaders", "staff"]},
            problem("missing-value", "row 1, column audience"),
        ),
        ({"effective_n": [0.0, 1, 1, 1]}, problem("out-of-range", "row 0, column effective_n")),
        (
            {"n": [np.nan, 625, 1250, 625], "effective_n": [100.0, 1, 1, 1]},
            problem("missing-value", "row 0, column effective_n"),
        ),
        ({"item": ["a", "b", "c", "d"]}, problem("no-answers", "column audience")),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(changes: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        tk.gaps_from_summary(_published(**changes))


def test_a_margin_in_percent_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("out-of-range", "margin")):
        tk.gaps_from_summary(_published(), margin=5)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        tk.gaps_from_summary(_published(estimate=[96, 73, 0.9, 0.8], n=[0, 625, 1250, -1]))
    assert len(caught.value.problems) == 4


def test_missing_columns_and_unknown_audiences_are_named() -> None:
    with pytest.raises(InvalidInput, check=problem("missing-column", "column n")):
        tk.gaps_from_summary(_published().drop(columns="n"))
    with pytest.raises(InvalidInput, check=problem("missing-column", "column group")):
        tk.gaps_from_summary(_published(), between="group")
    with pytest.raises(InvalidInput, check=problem("no-rows", "summary")):
        tk.gaps_from_summary(_published().iloc[:0])
    with pytest.raises(InvalidInput, check=problem("unknown-value", "pair ('leaders', 'staf')")):
        tk.gaps_from_summary(_published(), pairs=[("leaders", "staf")])
    with pytest.raises(InvalidInput, check=problem("unsuited-method", "method")):
        tk.gaps_from_summary(_published(), method="design-t")
