"""Time raking four margins against plain fitting on respondents, in one run.

Run: python benchmarks/raking.py [respondents]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from toolkit.weighting import rake

REPEATS = 5
SIZES = {"audience": 3, "region": 4, "tenure": 4, "gender": 3}


def synthetic(respondents: int, *, seed: int = 1) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Synthetic categories, unevenly answered, and the margins of a population."""
    rng = np.random.default_rng(seed)
    columns, margins = {}, {}
    for name, size in SIZES.items():
        labels = [f"{name}{at}" for at in range(size)]
        columns[name] = pd.Categorical.from_codes(
            rng.choice(size, respondents, p=rng.dirichlet(np.full(size, 20))), labels
        )
        shares = rng.dirichlet(np.full(size, 20))
        margins[name] = dict(zip(labels, (10 * respondents * shares).tolist(), strict=True))
    return pd.DataFrame(columns), margins


def median_ms(work: Callable[[], object]) -> float:
    """Median of several runs, in milliseconds, after one that is not counted."""
    work()
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def on_respondents(codes: list[np.ndarray], targets: list[np.ndarray]) -> np.ndarray:
    """Iterative fitting on every respondent, as it is often written."""
    weights = np.ones(len(codes[0]))
    for _ in range(100):
        for code, target in zip(codes, targets, strict=True):
            weights *= (target / np.bincount(code, weights=weights))[code]
        worst = max(
            np.abs(np.bincount(code, weights=weights) / target - 1).max()
            for code, target in zip(codes, targets, strict=True)
        )
        if worst < 1e-10:
            break
    return weights


def main(respondents: int = 1_000_000) -> None:
    """Print each way's median and its ratio to the package's."""
    frame, margins = synthetic(respondents)
    codes = [frame[name].cat.codes.to_numpy().astype(np.intp) for name in SIZES]
    targets = [np.array(list(margins[name].values())) for name in SIZES]
    ways: dict[str, Callable[[], object]] = {
        "rake": lambda: rake(frame, margins),
        "numpy, on respondents": lambda: on_respondents(codes, targets),
    }
    print(f"{respondents:,} synthetic respondents, {len(SIZES)} margins; median of {REPEATS} runs")
    base = None
    for name, way in ways.items():
        spent = median_ms(way)
        base = base or spent
        print(f"{name:<34}{spent:12.1f} ms{spent / base:10.2f} × rake")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
