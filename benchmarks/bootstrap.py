"""Time bootstrap errors of a gap table against the bare products in numpy and its peers.

Run: python benchmarks/bootstrap.py [respondents] [items] [replicates] [--rounds 5] [--without-peers]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from timing import in_r, machine, medians, peer, printed

from toolkit.analysis import Design, gaps, make_replicates

AUDIENCES = ["executive", "employee", "freelancer"]
SKETCH = "numpy sketch"
MOST_IN_R = 4_000_000
"""Respondents × replicates; R takes minutes and gigabytes beyond."""


def synthetic(respondents: int, items: int, *, seed: int = 1) -> pd.DataFrame:
    """Synthetic answers: 0/1 items, an audience and a weight."""
    rng = np.random.default_rng(seed)
    answers = (rng.uniform(size=(respondents, items)) < rng.uniform(0.2, 0.8, items)).astype(np.float64)
    frame = pd.DataFrame(answers, columns=[f"t{at:02d}" for at in range(items)])
    audience = pd.Categorical(rng.choice(AUDIENCES, respondents), AUDIENCES, ordered=True)
    return frame.assign(audience=audience, weight=rng.uniform(0.5, 2, respondents))


def sketch(answers: np.ndarray, audience: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Replicated shares of every item and audience and their standard deviations; nothing checked."""
    shares = []
    for at in range(len(AUDIENCES)):
        inside = audience == at
        shares.append((answers[inside].T @ drawn[inside]) / drawn[inside].sum(axis=0))
    spread: np.ndarray = np.std(np.array(shares), axis=2, ddof=1)
    return spread


def in_svy(svy: Any, frame: pd.DataFrame, names: list[str], columns: list[str]) -> Callable[[], object]:
    """Means by audience from the same replicate weights."""
    import polars

    given = polars.from_pandas(frame.astype({"audience": "str"}))
    renamed = given.rename({name: f"rep{at}" for at, name in enumerate(columns, 1)})

    def work() -> object:
        replicates = svy.BootstrapWgts(prefix="rep", n_reps=len(columns))
        sample = svy.Sample(renamed, svy.Design(wgt="weight", rep_wgts=replicates))
        return sample.estimation.mean(names, by="audience", method="replication")

    return work


def main(respondents: int, items: int, replicates: int, rounds: int, peers: bool) -> None:
    """Print each way's median and its ratio to the sketch."""
    machine()
    names = [f"t{at:02d}" for at in range(items)]
    made = make_replicates(
        synthetic(respondents, items), Design(weights="weight"), kind="bootstrap", count=replicates, seed=1
    )
    columns = list(made.design.replicates.columns) if made.design.replicates is not None else []
    answers, drawn = made.frame[names].to_numpy(), made.frame[columns].to_numpy()
    audience = made.frame["audience"].cat.codes.to_numpy()
    ways: dict[str, Callable[[], object]] = {
        SKETCH: lambda: sketch(answers, audience, drawn),
        "gaps, replicate weights": lambda: gaps(made.frame, names, measure="mean", design=made.design),
    }
    if peers and (svy := peer("svy")):
        ways["svy, means by audience"] = in_svy(svy, made.frame, names, columns)
    times = medians(ways, rounds=rounds)
    if peers and respondents * replicates <= MOST_IN_R:
        given = {name: made.frame[name].to_numpy() for name in names}
        given |= {"audience": audience + 1.0}
        given |= {name: made.frame[name].to_numpy() for name in ("weight", *columns)}
        times |= in_r("bootstrap.R", given, items)
    print(
        f"{respondents:,} synthetic respondents × {items} items × {replicates} replicates; "
        f"medians of {rounds} paired rounds"
    )
    printed(times, SKETCH)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("respondents", type=int, nargs="?", default=20_000)
    asked.add_argument("items", type=int, nargs="?", default=60)
    asked.add_argument("replicates", type=int, nargs="?", default=200)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--without-peers", action="store_true")
    told = asked.parse_args()
    main(told.respondents, told.items, told.replicates, told.rounds, not told.without_peers)
