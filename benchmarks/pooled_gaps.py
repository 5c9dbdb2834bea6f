"""Coverage and error of pooled gaps by simulation. Run: python benchmarks/pooled_gaps.py [rounds] [seed]

Per setting: how often the limits at 95 % hold the true gap (of all, and of the largest), and the error of
pooled and plain gaps (root mean square, points).
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from toolkit.analysis import pool_gaps


def simulated(
    organisations: int, spread: float, sizes: tuple[int, int], generator: np.random.Generator
) -> pd.DataFrame:
    """Gaps of one simulated study, with the true gap of each organisation."""
    n_a, n_b = generator.integers(sizes[0], sizes[1] + 1, (2, organisations))
    share_a = np.clip(0.55 + spread * generator.standard_normal(organisations), 0.02, 0.98)
    share_b = np.full(organisations, 0.4)
    rows = pd.DataFrame({"organisation": range(organisations), "item": "q", "measure": "top"})
    rows = rows.assign(audience_a="a", audience_b="b", n_a=n_a, n_b=n_b, true=share_a - share_b)
    rows["estimate_a"] = generator.binomial(n_a, share_a) / n_a
    rows["estimate_b"] = generator.binomial(n_b, share_b) / n_b
    return rows.assign(gap=rows["estimate_a"] - rows["estimate_b"])


def coverage(
    organisations: int, spread: float, sizes: tuple[int, int], *, rounds: int, seed: int
) -> tuple[float, float, float, float]:
    """Coverage of all limits and of the largest gap's, and the errors of pooled and plain gaps."""
    generator = np.random.default_rng(seed)
    held, largest, pooled, plain = [], [], [], []
    for _ in range(rounds):
        rows = simulated(organisations, spread, sizes, generator)
        found = pool_gaps(rows)
        inside = (found["pooled_low"] <= rows["true"]) & (rows["true"] <= found["pooled_high"])
        held.append(inside.mean())
        largest.append(inside[rows["gap"].abs().idxmax()])
        pooled.append(((found["pooled"] - rows["true"]) ** 2).mean())
        plain.append(((rows["gap"] - rows["true"]) ** 2).mean())
    return (
        float(np.mean(held)),
        float(np.mean(largest)),
        100 * float(np.sqrt(np.mean(pooled))),
        100 * float(np.sqrt(np.mean(plain))),
    )


if __name__ == "__main__":
    rounds, seed = (int(one) for one in [*sys.argv[1:], "400", "1"][:2])
    for sizes in ((5, 30), (10, 200)):
        for organisations in (5, 8, 20, 100):
            for spread in (0.0, 0.05, 0.15, 0.3):
                all_, largest, pooled, plain = coverage(
                    organisations, spread, sizes, rounds=rounds, seed=seed
                )
                print(
                    f"n {sizes[0]:3}-{sizes[1]:<3} organisations {organisations:3} spread {spread:.2f}: "
                    f"held {all_:.3f}, of the largest {largest:.3f}; "
                    f"error {pooled:.1f}, plain {plain:.1f} points"
                )
