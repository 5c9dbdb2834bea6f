"""Time raking four margins against plain fitting on respondents and its peers.

Run: python benchmarks/raking.py [respondents] [--rounds 5] [--without-peers]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from timing import in_r, machine, medians, peer, printed

from toolkit.weighting import rake

SIZES = {"audience": 3, "region": 4, "tenure": 4, "gender": 3}
TOLERANCE = 1e-10
OURS = "rake"
Margins = dict[str, dict[str, float]]


def synthetic(respondents: int, *, seed: int = 1) -> tuple[pd.DataFrame, Margins]:
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
        if worst < TOLERANCE:
            break
    return weights


def in_weightipy(weightipy: Any, frame: pd.DataFrame, margins: Margins) -> Callable[[], object]:
    """Its own tolerance, which is wider."""
    text = frame.astype("str")
    shares = {name: _percent(one) for name, one in margins.items()}
    scheme = weightipy.scheme_from_dict(shares)
    return lambda: weightipy.weight_dataframe(text.copy(), scheme)


def _percent(totals: dict[str, float]) -> dict[str, float]:
    whole = sum(totals.values())
    return {name: 100 * total / whole for name, total in totals.items()}


def in_balance(methods: Any, frame: pd.DataFrame, margins: Margins) -> Callable[[], object]:
    """Its own tolerance; the target is told as margins."""
    shares = {
        name: {key: one / 100 for key, one in _percent(totals).items()} for name, totals in margins.items()
    }
    text, ones = frame.astype("str").astype(object), pd.Series(np.ones(len(frame)))

    def work() -> object:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return methods.rake(text, ones, None, None, target_margins=shares, transformations=None)

    return work


def in_svy(svy: Any, frame: pd.DataFrame, margins: Margins) -> Callable[[], object]:
    """To the same tolerance."""
    import polars

    given = polars.from_pandas(frame.astype("str").assign(one=1.0))

    def work() -> object:
        sample = svy.Sample(given, svy.Design(wgt="one"))
        return sample.weighting.rake(controls=margins, tol=TOLERANCE, max_iter=1000)

    return work


def main(respondents: int, rounds: int, peers: bool) -> None:
    """Print each way's median and its ratio to the package's."""
    machine()
    frame, margins = synthetic(respondents)
    codes = [frame[name].cat.codes.to_numpy().astype(np.intp) for name in SIZES]
    targets = [np.array(list(margins[name].values())) for name in SIZES]
    ways: dict[str, Callable[[], object]] = {
        OURS: lambda: rake(frame, margins),
        "numpy, on respondents": lambda: on_respondents(codes, targets),
    }
    if peers:
        for name, module, way in (
            ("weightipy", "weightipy", in_weightipy),
            ("balance", "balance.weighting_methods.rake", in_balance),
            ("svy", "svy", in_svy),
        ):
            if found := peer(module):
                ways[name] = way(found, frame, margins)
    times = medians(ways, rounds=rounds)
    if peers:
        columns = {name: one.astype(np.float64) for name, one in zip(SIZES, codes, strict=True)}
        times |= in_r("raking.R", columns, TOLERANCE, *np.concatenate(targets))
    print(f"{respondents:,} synthetic respondents, {len(SIZES)} margins; medians of {rounds} paired rounds")
    printed(times, OURS)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("respondents", type=int, nargs="?", default=1_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--without-peers", action="store_true")
    given = asked.parse_args()
    main(given.respondents, given.rounds, not given.without_peers)
