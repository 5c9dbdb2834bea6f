"""Time the public gap table against a bare numpy sum and a loop over statsmodels, in one run.

Run: python benchmarks/gap_table.py [respondents] [items]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd

from toolkit.analysis import Design, gaps

AUDIENCES = ["executive", "employee", "freelancer"]
REPEATS = 11


def synthetic(respondents: int, items: int, *, seed: int = 1) -> pd.DataFrame:
    """Synthetic answers: 0/1 items, an audience and a weight."""
    rng = np.random.default_rng(seed)
    answers = (rng.uniform(size=(respondents, items)) < rng.uniform(0.2, 0.8, items)).astype(np.float64)
    frame = pd.DataFrame(answers, columns=[f"t{at:02d}" for at in range(items)])
    audience = pd.Categorical(rng.choice(AUDIENCES, respondents), AUDIENCES, ordered=True)
    return frame.assign(audience=audience, weight=rng.uniform(0.5, 2, respondents))


def median_ms(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median of several runs, in milliseconds, after one that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def sketch(frame: pd.DataFrame, items: list[str]) -> np.ndarray:
    """Weighted shares, standard errors and their differences; nothing checked, nothing named."""
    y, w = frame[items].to_numpy(), frame["weight"].to_numpy()
    member = (frame["audience"].cat.codes.to_numpy()[:, None] == np.arange(3)).astype(np.float64)
    weighted = member * w[:, None]
    p = (weighted.T @ y) / weighted.sum(axis=0)[:, None]
    squares = weighted**2
    variance = (squares.T @ y) * (1 - 2 * p) + squares.sum(axis=0)[:, None] * p**2
    variance /= weighted.sum(axis=0)[:, None] ** 2
    return np.array([[p[a] - p[b], np.sqrt(variance[a] + variance[b])] for a, b in combinations(range(3), 2)])


def statsmodels_loop(frame: pd.DataFrame, items: list[str]) -> list[object]:
    """Newcombe's interval and a pooled z test, one item and pair after the other."""
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    found: list[object] = []
    groups = {name: frame[frame["audience"] == name] for name in AUDIENCES}
    for item in items:
        for a, b in combinations(AUDIENCES, 2):
            x, y = groups[a][item], groups[b][item]
            counts = int(x.sum()), len(x), int(y.sum()), len(y)
            interval = confint_proportions_2indep(*counts, method="newcomb")
            found.append((interval, proportions_ztest([counts[0], counts[2]], [counts[1], counts[3]])))
    return found


def main(respondents: int = 2500, items: int = 60) -> None:
    """Print medians and ratios."""
    frame = synthetic(respondents, items)
    names = [f"t{at:02d}" for at in range(items)]
    times = {
        "numpy sketch (weighted)": median_ms(lambda: sketch(frame, names)),
        "gaps, simple sample": median_ms(lambda: gaps(frame, names, measure="mean")),
        "gaps, weights": median_ms(
            lambda: gaps(frame, names, measure="mean", design=Design(weights="weight"))
        ),
        "gaps, weights and strata": median_ms(
            lambda: gaps(frame, names, measure="mean", design=Design(weights="weight", strata="audience"))
        ),
        "statsmodels, one item at a time": median_ms(lambda: statsmodels_loop(frame, names), repeats=3),
    }
    ours = times["gaps, simple sample"]
    print(f"{respondents:,} synthetic respondents × {items} items × 3 pairs; median of {REPEATS} runs")
    for name, spent in times.items():
        print(f"{name:<34}{spent:>10.2f} ms{spent / ours:>10.2f} × gaps of a simple sample")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
