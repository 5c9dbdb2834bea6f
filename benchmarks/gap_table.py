"""Time the public gap table, with every column of the contract, against a bare numpy sum and its peers.

Run: python benchmarks/gap_table.py [respondents] [items] [--rounds 11] [--without-peers]
"""

from __future__ import annotations

import argparse
import tracemalloc
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from timing import in_r, machine, medians, peer, printed

from toolkit.analysis import Design, gaps
from toolkit.weighting import rake

AUDIENCES = ["executive", "employee", "freelancer"]
SKETCH = "numpy sketch of a frame (weights)"
IN_HAND = "numpy sketch of an array in hand (weights)"
MOST_BY_LOOP = 20_000
MOST_IN_R = 200_000
DESIGNS = {
    "gaps, simple sample": Design(),
    "gaps, weights": Design(weights="weight"),
    "gaps, weights and strata": Design(weights="weight", strata="stratum"),
    "gaps, weights, strata and clusters": Design(weights="weight", strata="stratum", clusters="unit"),
}


def synthetic(respondents: int, items: int, *, seed: int = 1) -> pd.DataFrame:
    """Synthetic answers: 0/1 items, an audience, a weight, three strata and units of ten people."""
    rng = np.random.default_rng(seed)
    answers = (rng.uniform(size=(respondents, items)) < rng.uniform(0.2, 0.8, items)).astype(np.float64)
    frame = pd.DataFrame(answers, columns=[f"t{at:02d}" for at in range(items)])
    audience = pd.Categorical(rng.choice(AUDIENCES, respondents), AUDIENCES, ordered=True)
    unit = np.arange(respondents) // 10
    weight = rng.uniform(0.5, 2, respondents)
    return frame.assign(audience=audience, weight=weight, stratum=unit % 3, unit=unit)


def sketch(frame: pd.DataFrame, items: list[str]) -> np.ndarray:
    """What `of_array` finds, from a frame whose columns become an array first."""
    return of_array(frame, frame[items].to_numpy())


def of_array(frame: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Weighted shares, standard errors and their differences; nothing checked, nothing named."""
    w = frame["weight"].to_numpy()
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


def in_svy(svy: Any, frame: pd.DataFrame, items: list[str]) -> Any:
    """Means by audience under weights and strata; it has no table of gaps."""
    import polars

    given = polars.from_pandas(frame.drop(columns="unit").astype({"audience": "str"}))

    def work() -> object:
        sample = svy.Sample(given, svy.Design(wgt="weight", stratum="stratum"))
        return sample.estimation.mean(items, by="audience")

    return work


def peak(frame: pd.DataFrame, items: list[str]) -> None:
    """Print the most memory each call held beside its frame, as a multiple of the frame."""
    size = frame.memory_usage().sum()
    for name, design in DESIGNS.items():
        tracemalloc.start()
        gaps(frame, items, measure="mean", design=design)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:<44}{most / 1e6:>9.1f} MB{most / size:>12.2f} × the frame of {size / 1e6:.0f} MB")


def main(respondents: int, items: int, rounds: int, peers: bool) -> None:
    """Print medians, ratios and memory."""
    machine()
    frame = synthetic(respondents, items)
    names = [f"t{at:02d}" for at in range(items)]
    raked = rake(frame, {"audience": dict.fromkeys(AUDIENCES, 1.0), "stratum": dict.fromkeys(range(3), 1.0)})
    designs = DESIGNS | {"gaps, raked weights, errors after raking": Design(weights=raked, strata="stratum")}
    y = frame[names].to_numpy()
    ways: dict[str, Any] = {SKETCH: lambda: sketch(frame, names), IN_HAND: lambda: of_array(frame, y)}
    for name, design in designs.items():
        ways[name] = lambda design=design: gaps(frame, names, measure="mean", design=design)
    if peers and respondents <= MOST_BY_LOOP:
        ways["statsmodels, an item and pair at a time"] = lambda: statsmodels_loop(frame, names)
    if peers and (svy := peer("svy")):
        ways["svy, means by audience (weights, strata)"] = in_svy(svy, frame, names)
    times = medians(ways, rounds=rounds)
    if peers and respondents <= MOST_IN_R:
        columns = {name: frame[name].to_numpy() for name in names}
        columns |= {"audience": frame["audience"].cat.codes.to_numpy() + 1.0}
        times |= in_r(
            "gap_table.R", columns | {name: frame[name].to_numpy() for name in ("weight", "stratum")}
        )
    print(
        f"{respondents:,} synthetic respondents × {items} items × 3 pairs; medians of {rounds} paired rounds"
    )
    printed(times, SKETCH)
    peak(frame, names)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("respondents", type=int, nargs="?", default=2500)
    asked.add_argument("items", type=int, nargs="?", default=60)
    asked.add_argument("--rounds", type=int, default=11)
    asked.add_argument("--without-peers", action="store_true")
    given = asked.parse_args()
    main(given.respondents, given.items, given.rounds, not given.without_peers)
