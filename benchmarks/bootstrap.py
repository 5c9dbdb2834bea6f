"""Time bootstrap errors of a gap table against the bare products in numpy, in one run.

Run: python benchmarks/bootstrap.py [respondents] [items] [replicates]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from toolkit.analysis import Design, gaps, make_replicates

AUDIENCES = ["executive", "employee", "freelancer"]
REPEATS = 5


def synthetic(respondents: int, items: int, *, seed: int = 1) -> pd.DataFrame:
    """Synthetic answers: 0/1 items, an audience and a weight."""
    rng = np.random.default_rng(seed)
    answers = (rng.uniform(size=(respondents, items)) < rng.uniform(0.2, 0.8, items)).astype(np.float64)
    frame = pd.DataFrame(answers, columns=[f"t{at:02d}" for at in range(items)])
    audience = pd.Categorical(rng.choice(AUDIENCES, respondents), AUDIENCES, ordered=True)
    return frame.assign(audience=audience, weight=rng.uniform(0.5, 2, respondents))


def median_ms(work: Callable[[], object]) -> float:
    """Median of several runs, in milliseconds, after one that is not counted."""
    work()
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def sketch(answers: np.ndarray, audience: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Replicated shares of every item and audience and their standard deviations; nothing checked."""
    shares = []
    for at in range(len(AUDIENCES)):
        inside = audience == at
        shares.append((answers[inside].T @ drawn[inside]) / drawn[inside].sum(axis=0))
    spread: np.ndarray = np.std(np.array(shares), axis=2, ddof=1)
    return spread


def main(respondents: int = 100_000, items: int = 60, replicates: int = 500) -> None:
    """Print each way's median and its ratio to the sketch."""
    names = [f"t{at:02d}" for at in range(items)]
    made = make_replicates(
        synthetic(respondents, items), Design(weights="weight"), kind="bootstrap", count=replicates, seed=1
    )
    columns = list(made.design.replicates.columns) if made.design.replicates is not None else []
    answers, drawn = made.frame[names].to_numpy(), made.frame[columns].to_numpy()
    audience = made.frame["audience"].cat.codes.to_numpy()
    ways: dict[str, Callable[[], object]] = {
        "numpy sketch": lambda: sketch(answers, audience, drawn),
        "gaps, replicate weights": lambda: gaps(made.frame, names, measure="mean", design=made.design),
    }
    print(
        f"{respondents:,} synthetic respondents × {items} items × {replicates} replicates; "
        f"median of {REPEATS} runs"
    )
    base = None
    for name, way in ways.items():
        spent = median_ms(way)
        base = base or spent
        print(f"{name:<34}{spent:12.1f} ms{spent / base:10.2f} × the sketch")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
