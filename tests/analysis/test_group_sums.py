"""Sums of many items are the sums of each, however they are added up, and need little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import close
from toolkit import analysis as tk
from toolkit.analysis import Design, moments
from toolkit.analysis.answers import read_columns, requests_for
from toolkit.analysis.moments import Term


def _frame(rows: int = 700, *, missing: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    left_out = rng.uniform(size=(rows, 2)) < missing
    return pd.DataFrame(
        {
            "audience": rng.choice(["a", "b", "c"], rows),
            "w": rng.uniform(0.2, 3, rows) * (rng.uniform(size=rows) > 0.1),
            "stratum": np.arange(rows) % 3,
            "unit": np.arange(rows) // 7,
            "share": np.where(left_out[:, 0], np.nan, rng.integers(0, 2, rows)),
            "mean": np.where(left_out[:, 1], np.nan, rng.normal(1e5, 2, rows)),
            "whole": rng.integers(1, 6, rows),
            "flag": rng.uniform(size=rows) < 0.3,
        }
    )


ITEMS = ["share", "mean", "whole", "flag"]
DESIGNS = {
    "none": Design(),
    "weights": Design(weights="w"),
    "strata": Design(weights="w", strata="stratum"),
    "clusters": Design(weights="w", clusters="unit"),
}


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("of", ["answers", "known", "squares"])
def test_sums_within_cells_are_those_of_pandas(count: int, of: str) -> None:
    frame = _frame()
    cells = np.random.default_rng(1).integers(0, count + 1, len(frame))
    wanted = requests_for(read_columns(frame, ["share", "mean"]), "mean")
    centre = np.array([0.0, 1e5])
    found = moments.group_sums(
        wanted, centre, [Term(cells, count, frame["w"].to_numpy(), of)], len(frame), complete=False
    )[0]
    for row, name, off in zip(found, ["share", "mean"], centre, strict=True):
        answers = frame[name] - off
        part = {"answers": answers, "known": answers.notna() * 1.0, "squares": answers**2}[of]
        expected = (part * frame["w"]).groupby(cells).sum()
        assert row.tolist() == close([expected.get(cell, 0.0) for cell in range(count)])


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_multiplying_and_counting_find_the_same(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame()
    multiplied = tk.gaps(frame, ITEMS, measure="mean", design=design)
    monkeypatch.setattr(moments, "_FEW", 0)
    pd.testing.assert_frame_equal(tk.gaps(frame, ITEMS, measure="mean", design=design), multiplied, rtol=1e-9)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_short_slices_of_rows_change_nothing(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame()
    whole = tk.gaps(frame, ITEMS, measure="mean", design=design)
    monkeypatch.setattr(moments, "_IN_CACHE", 1)
    pd.testing.assert_frame_equal(tk.gaps(frame, ITEMS, measure="mean", design=design), whole, rtol=1e-9)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_items_together_are_each_by_itself_whatever_the_others_miss(design: Design) -> None:
    frame = _frame()
    together = tk.gaps(frame, ITEMS, measure="mean", design=design, adjust="none")
    alone = [tk.gaps(frame, item, measure="mean", design=design, adjust="none") for item in ITEMS]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True), rtol=1e-9)


def test_whole_numbers_and_flags_are_the_same_as_floats() -> None:
    frame = _frame()
    floats = frame.assign(whole=frame["whole"].astype(float), flag=frame["flag"].astype(float))
    items = ["whole", "flag"]
    for made in (
        tk.gaps(frame, items, measure="mean"),
        tk.gaps(frame.convert_dtypes(), items, measure="mean"),
    ):
        pd.testing.assert_frame_equal(made, tk.gaps(floats, items, measure="mean"))


@pytest.mark.parametrize("design", list(DESIGNS.values())[1:], ids=list(DESIGNS)[1:])
@pytest.mark.parametrize("always", [0.0, 1.0, 4.0, 1e6 + 0.1])
def test_what_everybody_answers_alike_is_not_tested_for_rounding(design: Design, always: float) -> None:
    frame = _frame().assign(alike=always)
    found = tk.gaps(frame, "alike", measure="mean", design=design)
    assert found["method"].str.startswith("not tested: no one's answer varies").all()
    assert found["p_value"].isna().all()
    assert found["gap"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize("kind", ["float64", "bool"])
def test_a_gap_table_needs_less_than_twice_the_memory_of_its_frame(design: Design, kind: str) -> None:
    rows, items = 100_000, [f"t{at}" for at in range(60)]
    rng = np.random.default_rng(3)
    answers = pd.DataFrame((rng.uniform(size=(rows, 60)) < 0.4).astype(kind), columns=items)
    frame = answers.assign(
        audience=pd.Categorical(rng.choice(["a", "b", "c"], rows)),
        w=rng.uniform(1, 2, rows),
        stratum=np.arange(rows) % 3,
        unit=np.arange(rows) // 10,
    )
    tk.gaps(frame[:500], items, measure="mean", design=design)
    tracemalloc.start()
    try:
        tk.gaps(frame, items, measure="mean", design=design)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * frame.memory_usage().sum()
