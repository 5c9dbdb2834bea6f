"""Banner tables: shares as proportions give them, letters as the gap table's tests give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.analysis.test_answers import _variable as variable
from tests.refusals import Refusal, problem
from toolkit.analysis import Design, adjust_p, banner, gaps, proportions
from toolkit.errors import InvalidInput

TIRED = variable("tired")


def _frame(seed: int = 4, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    audience = pd.Categorical(
        rng.choice(["executive", "employee"], rows, p=[0.4, 0.6]), ["executive", "employee"]
    )
    answers = np.where(
        audience == "executive",
        rng.choice(list("12345"), rows, p=[0.1, 0.1, 0.1, 0.3, 0.4]),
        rng.choice(["-1", *"12345"], rows),
    )
    size = np.where(np.arange(rows) < 12, "tiny", rng.choice(["large", "medium", "small"], rows))
    return pd.DataFrame(
        {
            "audience": audience,
            "size": size,
            "tired": pd.Categorical(answers, TIRED.categories, ordered=True),
            "agrees": rng.integers(0, 2, rows),
            "weight": rng.uniform(0.5, 2, rows),
        }
    )


def test_every_column_is_what_proportions_give() -> None:
    frame, design = _frame(), Design(weights="weight")
    table = banner(frame, [TIRED, "agrees"], ["audience", "size"], design=design)
    for by in ("audience", "size"):
        alone = proportions(frame, [TIRED, "agrees"], by=by, design=design)
        mine = table[table["banner"] == by]
        keys = ["item", "response"]
        merged = mine.merge(alone.assign(column=alone[by].astype(str)), on=[*keys, "column"])
        assert len(merged) == len(alone) == len(mine)
        for name in ("n", "effective_n", "estimate", "conf_low", "conf_high"):
            np.testing.assert_allclose(merged[f"{name}_x"], merged[f"{name}_y"])
    total = table[table["banner"] == "total"]
    assert (
        total["estimate"].tolist()
        == proportions(frame, [TIRED, "agrees"], design=design)["estimate"].tolist()
    )
    assert table["letter"].unique().tolist() == list("ABCDEFG")


def test_letters_are_off_unless_asked_for() -> None:
    table = banner(_frame(), TIRED, "audience")
    assert table["higher_than"].isna().all()
    assert not table["method"].str.contains("letters").any()


@pytest.mark.parametrize("design", [None, Design(weights="weight")])
def test_letters_follow_the_adjusted_tests_of_the_gap_table(design: Design | None) -> None:
    frame = _frame()
    table = banner(frame, TIRED, "size", measure="top", design=design, letters=True).set_index("column")
    large = frame[frame["size"] != "tiny"]
    tests = gaps(large, TIRED, between="size", measure="top", design=design, adjust="none")
    adjusted = adjust_p(tests["p_value"].to_numpy(), "holm")
    expected: dict[str, set[str]] = {name: set() for name in ("large", "medium", "small")}
    for row, p in zip(tests.itertuples(), adjusted, strict=True):
        if p < 0.05:
            over, under = (
                (row.audience_a, row.audience_b) if row.gap > 0 else (row.audience_b, row.audience_a)
            )
            expected[over].add(table.loc[under, "letter"])
    for name, letters in expected.items():
        assert set(table.loc[name, "higher_than"].split()) == letters


def test_a_clear_difference_earns_a_letter_on_one_side_only() -> None:
    table = banner(_frame(), TIRED, "audience", measure="top", letters=True).set_index("column")
    assert table.loc["executive", "higher_than"] == table.loc["employee", "letter"]
    assert table.loc["employee", "higher_than"] == ""
    assert "p adjusted by holm" in table.loc["employee", "method"]


def test_neither_the_total_nor_a_small_column_is_compared() -> None:
    table = banner(_frame(), TIRED, ["audience", "size"], measure="top", letters=True).set_index("column")
    assert table.loc[["total", "tiny"], "higher_than"].isna().all()
    assert "fewer than 30" in table.loc["tiny", "method"]
    small = set(table.loc[["total", "tiny"], "letter"])
    assert not any(small & set(text.split()) for text in table["higher_than"].dropna())


def test_columns_of_different_groupings_overlap_and_are_not_compared() -> None:
    frame = _frame()
    alone = banner(frame, TIRED, "audience", measure="top", letters=True)
    both = banner(frame, TIRED, ["audience", "size"], measure="top", letters=True)
    kept = both[both["banner"].isin(["total", "audience"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, alone)


def test_row_order_does_not_matter() -> None:
    frame = _frame()
    shuffled = frame.sample(frac=1, random_state=3)
    one, other = (
        banner(each, [TIRED, "agrees"], ["audience", "size"], letters=True) for each in (frame, shuffled)
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: banner(f, TIRED, []), problem("empty", "columns")),
        (lambda f: banner(f, TIRED, ["size", "size"]), problem("duplicate", "columns")),
        (lambda f: banner(f, [TIRED, "size"], "size"), problem("conflict", "column size")),
        (lambda f: banner(f, TIRED, "sise"), problem("unknown-column", "column sise")),
        (lambda f: banner(f, TIRED, "size", adjust="holmes"), problem("unknown-option", "adjust")),
        (lambda f: banner(f, TIRED, "size", level=95), problem("out-of-range", "level")),
    ],
)
def test_what_makes_no_table_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())


def _crossed() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 300
    group = rng.choice(["north", "south", "west"], n)
    answer = np.where(rng.random(n) < np.where(group == "north", 0.8, 0.4), "yes", "no").astype(object)
    answer[:9] = None
    frame = pd.DataFrame({"group": group, "answer": answer, "wt": rng.uniform(0.3, 3, n).round(2)})
    frame.loc[9:15, "group"] = None
    return frame.assign(site=rng.integers(0, 30, n))


@pytest.mark.parametrize("design", [None, tk.Design(weights="wt", clusters="site")])
def test_a_cross_table_holds_what_its_parts_say(design: tk.Design | None) -> None:
    frame = _crossed()
    known = frame.dropna(subset=["group", "answer"])
    found = tk.cross_table(frame, "answer", "group", design=design)
    counts = tk.crosstab(frame, "answer", "group", design=design)
    pd.testing.assert_frame_equal(
        found.wide("count")[list(counts.columns)], counts, check_names=False, check_index_type=False
    )
    plain = pd.crosstab(known["answer"], known["group"])
    assert found.wide("cell_n")[list(plain)].to_numpy().tolist() == plain.to_numpy().tolist()
    assert found.wide("cell_n")["total"].sum() == len(known)
    shares = found.wide()
    assert shares.sum().tolist() == pytest.approx([1.0] * 4)
    assert shares["north"].tolist() == pytest.approx((counts["north"] / counts["north"].sum()).tolist())
    assert found.test == tk.independence(frame, "answer", "group", design=design)
    yes = found.wide("higher_than").loc["yes"]
    assert yes["north"] == "C D"
    assert pd.isna(yes["total"])


def test_a_cross_table_that_cannot_be_tested_says_why_and_has_its_counts() -> None:
    frame = _crossed().assign(answer="yes")
    found = tk.cross_table(frame, "answer", "group")
    assert np.isnan(found.test.p_value)
    assert found.wide("count").loc["yes", "total"] == frame["group"].notna().sum()


def test_a_cross_table_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        tk.cross_table(_crossed().assign(answer=None), "answer", "group")
    assert [one.code for one in caught.value.problems] == ["no-answers"]
