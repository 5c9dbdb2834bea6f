"""Relative weights."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _frame(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(31)
    shared = rng.normal(size=n)
    frame = pd.DataFrame({name: shared + rng.normal(size=n) for name in "abc"})
    frame["y"] = frame.a + 0.5 * frame.b + rng.normal(scale=2, size=n)
    return frame.assign(w=rng.uniform(0.5, 2, n), s=rng.integers(0, 2, n), unit=rng.integers(0, 60, n))


def test_weights_sum_to_the_r_squared_of_the_regression() -> None:
    frame = _frame()
    found = tk.drivers(frame, "y", list("abc"), seed=1)
    assert found.table["weight"].sum() == pytest.approx(tk.regression(frame, "y ~ a + b + c").rsquared)
    assert found.table["share"].sum() == pytest.approx(1)
    assert found.r_squared_low < found.r_squared < found.r_squared_high


def test_weights_are_close_to_the_average_gain_over_all_orders() -> None:
    frame = _frame(4000)
    correlation = frame[list("abcy")].corr().to_numpy()

    def explained(chosen: tuple[int, ...]) -> float:
        if not chosen:
            return 0.0
        r = correlation[np.ix_(chosen, [3])]
        return float((r.T @ np.linalg.solve(correlation[np.ix_(chosen, chosen)], r))[0, 0])

    gains = []
    for item in range(3):
        others = [one for one in range(3) if one != item]
        gains.append(
            sum(
                factorial(size) * factorial(2 - size) / 6 * (explained((*chosen, item)) - explained(chosen))
                for size in range(3)
                for chosen in combinations(others, size)
            )
        )
    found = tk.drivers(frame, "y", list("abc"), seed=1).table["weight"]
    assert found.tolist() == pytest.approx(gains, abs=0.01)


def test_unrelated_items_weigh_their_squared_correlation() -> None:
    x = np.array([[a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)] * 10)
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(
        y=2 * x[:, 0] + x[:, 1] + np.random.default_rng(1).normal(size=40)
    )
    table = tk.drivers(frame, "y", ["a", "b"], seed=1).table
    assert table["weight"].tolist() == pytest.approx((table["correlation"] ** 2).tolist())


def test_a_seed_repeats_and_order_and_units_do_not_matter() -> None:
    frame, design = _frame(), tk.Design(weights="w", strata="s", clusters="unit")
    once, again = (tk.drivers(frame, "y", list("abc"), seed=7, design=design) for _ in range(2))
    pd.testing.assert_frame_equal(once.table, again.table)
    moved = frame.sample(frac=1, random_state=2).assign(a=lambda one: 5 * one.a + 1, w=lambda one: 3 * one.w)
    back = tk.drivers(moved, "y", list("cba"), seed=7, design=design).table
    assert back["weight"].tolist()[::-1] == pytest.approx(once.table["weight"].tolist())


def test_clusters_widen_the_intervals() -> None:
    frame = _frame(400)
    copied = pd.concat([frame] * 5, ignore_index=True).assign(person=np.tile(np.arange(400), 5))
    alone = tk.drivers(copied, "y", list("abc"), seed=1).table
    together = tk.drivers(copied, "y", list("abc"), seed=1, design=tk.Design(clusters="person")).table
    width = [(one["conf_high"] - one["conf_low"]).mean() for one in (alone, together)]
    assert width[1] / width[0] == pytest.approx(np.sqrt(5), rel=0.15)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (
            lambda f: tk.drivers(f.head(29), "y", list("abc"), seed=1),
            problem("too-few-answers", "respondents"),
        ),
        (lambda f: tk.drivers(f, "a", list("abc"), seed=1), problem("conflict", "outcome")),
        (lambda f: tk.drivers(f.assign(a=1), "y", list("abc"), seed=1), problem("no-variation", "item a")),
        (
            lambda f: tk.drivers(f.assign(c=f.a + f.b), "y", list("abc"), seed=1),
            problem("collinear", "items"),
        ),
        (lambda f: tk.drivers(f, "y", ["a"], seed=1), problem("too-few", "items")),
        (
            lambda f: tk.drivers(f, "y", list("abc"), seed=1, resamples=5),
            problem("out-of-range", "level, resamples"),
        ),
    ],
)
def test_what_cannot_be_explained_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())
