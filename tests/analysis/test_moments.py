"""Many items at once are each item by itself, recomputed slowly from the definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import library
from tests.analysis.oracles import close
from tests.examples import examples
from toolkit import analysis as tk
from toolkit.analysis import Design, moments, tables


def _frame(seed: int, rows: int, groups: int, clustered: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    stratum = np.arange(rows) % 4
    unit = rng.integers(0, 6, rows) if clustered else np.arange(rows)
    unit[: 2 * 4] = np.repeat([0, 1], 4) if clustered else unit[:8]
    return pd.DataFrame(
        {
            "g": rng.integers(0, groups, rows),
            "stratum": stratum,
            "unit": unit,
            "w": rng.uniform(0.1, 4, rows),
            "size": np.array([400, 500, 600, 700])[stratum],
            "a": np.where(rng.uniform(size=rows) < 0.2, np.nan, rng.integers(0, 2, rows)),
            "b": rng.normal(1e4, 3, rows),
        }
    )


def _slow(frame: pd.DataFrame, item: str, first: int, second: int) -> tuple[float, float]:
    """Gap and standard error, one primary unit after the other."""
    z, means = pd.Series(0.0, index=frame.index), []
    for group, sign in ((first, 1.0), (second, -1.0)):
        inside = (frame["g"] == group) & frame[item].notna()
        w, y = frame["w"].where(inside, 0.0), frame[item].fillna(0.0)
        means.append((w * y).sum() / w.sum())
        z = z + sign * w * (y - means[-1]) / w.sum()
    variance = 0.0
    for _, rows in frame.groupby("stratum"):
        totals = z.loc[rows.index].groupby(rows["unit"]).sum()
        n, population = len(totals), rows["size"].iloc[0]
        variance += (1 - n / population) * n / (n - 1) * ((totals - totals.mean()) ** 2).sum()
    return means[0] - means[1], float(np.sqrt(variance))


@given(seed=st.integers(0, 10_000), groups=st.integers(2, 12), clustered=st.booleans())
@settings(max_examples=examples(25))
def test_gaps_under_any_design_are_the_definition(seed: int, groups: int, clustered: bool) -> None:
    frame = _frame(seed, 240, groups, clustered)
    design = Design(weights="w", strata="stratum", clusters="unit" if clustered else None, fpc="size")
    pair = tuple(sorted(frame["g"].unique())[:2])
    table = tk.gaps(frame, ["a", "b"], between="g", pairs=[pair], measure="mean", design=design)
    for item, row in zip(("a", "b"), table.to_dict("records"), strict=True):
        if row["method"].startswith("not"):
            continue
        gap, error = _slow(frame, item, *pair)
        assert [row["gap"], row["std_error"]] == close([gap, error])


def test_working_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame(1, 240, 3, True)
    for design in (Design(), Design(weights="w"), Design(weights="w", strata="stratum", clusters="unit")):
        whole = tk.gaps(frame, ["a", "b"], between="g", measure="mean", design=design)
        monkeypatch.setattr(moments, "_CELLS_AT_ONCE", 1)
        blocks = tk.gaps(frame, ["a", "b"], between="g", measure="mean", design=design)
        monkeypatch.undo()
        pd.testing.assert_frame_equal(whole, blocks)


def test_the_exact_test_in_blocks_is_the_exact_test(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    n1, n2 = rng.integers(1, 30, 50), rng.integers(1, 30, 50)
    x1, x2 = rng.binomial(n1, 0.3), rng.binomial(n2, 0.5)
    whole = tk.fisher_p(x1, n1, x2, n2)
    monkeypatch.setattr(tables, "_AT_ONCE", 1)
    assert tk.fisher_p(x1, n1, x2, n2).tolist() == close(whole.tolist())


def test_rank_gaps_are_cliffs_delta_of_each_pair() -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"g": rng.integers(0, 3, 120), "q": rng.integers(1, 6, 120), "r": rng.integers(0, 11, 120)}
    )
    for row in tk.rank_gap(frame, ["q", "r"], between="g").to_dict("records"):
        a, b = (frame.loc[frame["g"] == int(row[side]), row["item"]] for side in ("audience_a", "audience_b"))
        delta, test = tk.cliff_delta(a, b), library.mann_whitney(a, b)
        assert [row["gap"], row["conf_low"], row["conf_high"]] == close(
            [delta.delta, delta.conf_low, delta.conf_high]
        )
        assert [row["statistic"], row["p_value"]] == close([test.statistic, test.p_value])
