"""How often each interval holds the truth: enumerated where it can be, simulated where it cannot.

Run: python benchmarks/coverage.py [--write]   (a minute; prints the page of docs/methods, or writes it)
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, hypergeom

from toolkit.analysis import Design, gaps, proportions
from toolkit.analysis.intervals import LABELS, PLAIN, hypergeometric_interval, quantile
from toolkit.analysis.two_proportions import (
    agresti_caffo_limits,
    miettinen_nurminen_limits,
    newcombe_limits,
    wald_error,
)

Array = npt.NDArray[np.float64]
PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "coverage_of_intervals.md"
WORDS = Path(__file__).with_name("coverage_of_intervals.txt")
LEVEL = 0.95
PROMISE = LEVEL - 0.015, LEVEL + 0.04
TIE = 1e-9
"""A limit this near the truth holds it: it differs by rounding alone."""

SIZES = (5, 10, 20, 30, 50, 100, 200, 500)
SHOWN = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
FINE = np.arange(20, 981) / 1000
SHARES = ("wilson", "clopper-pearson", "jeffreys", "agresti-coull", "likelihood", "asin", "logit", "wald")
POPULATIONS = (
    (5, 10),
    (10, 12),
    (10, 20),
    (10, 100),
    (20, 25),
    (20, 40),
    (50, 60),
    (50, 100),
    (50, 500),
    (200, 400),
)
PAIRS = (
    (5, 5),
    (5, 20),
    (5, 100),
    (10, 10),
    (10, 40),
    (20, 20),
    (20, 100),
    (50, 50),
    (50, 500),
    (100, 100),
    (500, 500),
)
COARSE = np.arange(1, 50) / 50


def _wald_limits(p: Array, n: int, q: Array, m: int, z: float) -> tuple[Array, Array]:
    """Return Wald's interval; NaN where the standard error is 0, as in the gap table."""
    error = wald_error(p, n, q, m)
    reach = np.where(error > 0, z * error, np.nan)
    return p - q - reach, p - q + reach


GAPS: dict[str, tuple[str, Callable[..., Any]]] = {
    "newcombe": ("Newcombe", newcombe_limits),
    "miettinen-nurminen": ("Miettinen–Nurminen", miettinen_nurminen_limits),
    "agresti-caffo": ("Agresti–Caffo", agresti_caffo_limits),
    "wald": ("Wald", _wald_limits),
}
SAMPLES = 4000
ITEMS = [f"sample{at}" for at in range(SAMPLES)]
CHANCES = (0.05, 0.2, 0.5)
DESIGNS = {"weights": (20, 50, 200), "strata": (20, 50, 200), "clusters": (20, 50, 200)}
DESIGN_METHODS = ("logit", "beta", "wilson")


def share_coverage(method: str, n: int, p: Array) -> Array:
    """Chance that the interval of n answers holds each true share: summed over all n + 1 outcomes.

    An outcome without an interval (all or none, for some methods) holds nothing.
    """
    x = np.arange(n + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = PLAIN[method](x / n, n, LEVEL, quantile(LEVEL))
    return np.array([binom.pmf(x, n, true)[_holds(low, high, true)].sum() for true in p])


def population_coverage(n: int, population: int) -> tuple[Array, Array]:
    """True shares of a known population from .02 to .98, and the coverage of the exact interval at each."""
    x = np.arange(n + 1)
    low, high = hypergeometric_interval(x, n, population, level=LEVEL)
    people = np.arange(population + 1)
    people = people[(people >= 0.02 * population) & (people <= 0.98 * population)]
    found = [
        hypergeom.pmf(x, population, one, n)[_holds(low, high, one / population)].sum() for one in people
    ]
    return people / population, np.array(found)


@cache
def gap_coverage(method: str, n: int, m: int) -> Array:
    """Chance that the interval of p − q holds it, for p and q of the coarse grid, over all outcomes."""
    x, y = np.arange(n + 1.0)[:, None], np.arange(m + 1.0)[None, :]
    low, high = GAPS[method][1](x / n, n, y / m, m, quantile(LEVEL))
    first = binom.pmf(np.arange(n + 1), n, COARSE[:, None])
    second = binom.pmf(np.arange(m + 1), m, COARSE[:, None])
    result = np.empty((len(COARSE), len(COARSE)))
    for i, p in enumerate(COARSE):
        for j, q in enumerate(COARSE):
            result[i, j] = first[i] @ (_holds(low, high, p - q) @ second[j])
    return result


def _holds(low: Array, high: Array, truth: float) -> Any:
    return (low <= truth + TIE) & (high >= truth - TIE)


@cache
def reachable(n: int) -> Any:
    """For each fine share: whether any run of outcomes has a probability that keeps the promise."""
    found = []
    for p in FINE:
        upto = np.concatenate([[0.0], np.cumsum(binom.pmf(np.arange(n + 1), n, p))])
        runs = upto[None, :] - upto[:, None]
        found.append(bool(kept(runs).any()))
    return np.array(found)


def kept(coverage: Array) -> Any:
    """Where the promise is kept."""
    return (coverage >= PROMISE[0]) & (coverage <= PROMISE[1])


def drawn(design: str, n: int, p: float, *, seed: int) -> pd.DataFrame:
    """Synthetic: one column a sample of n answers, beside weight, stratum and cluster; the true share is p.

    Weights run 1, 2, 3. In "strata" one half counts thrice and agrees oftener (10 to 6); in "clusters" tens
    share a leaning, so that their answers correlate by .05.
    """
    rng = np.random.default_rng(seed)
    weight, stratum, cluster = np.arange(n) % 3 + 1.0, np.zeros(n, dtype=int), np.arange(n)
    chance: Any = p
    if design == "strata":
        stratum = np.arange(n) % 2
        weight, leaning = 1.0 + 2 * stratum, np.where(stratum == 0, 0.6, 1.0)
        chance = (p * leaning / np.average(leaning, weights=weight))[:, None]
    elif design == "clusters":
        cluster, alike = np.arange(n) // 10, 1 / 0.05 - 1
        chance = rng.beta(p * alike, (1 - p) * alike, (cluster[-1] + 1, SAMPLES))[cluster]
    said = (rng.uniform(size=(n, SAMPLES)) < chance).astype(np.int8)
    kind = pd.CategoricalDtype(["0", "1"], ordered=True)
    columns = {name: pd.Categorical.from_codes(said[:, at], dtype=kind) for at, name in enumerate(ITEMS)}
    return pd.DataFrame({"weight": weight, "stratum": stratum, "cluster": cluster} | columns)


def told(design: str, strata: str | None) -> Design:
    """What the toolkit is told of such a sample."""
    return Design(weights="weight", strata=strata, clusters="cluster" if design == "clusters" else None)


def design_coverage(design: str, method: str, n: int, p: float) -> float:
    """Part of the simulated samples whose interval holds p."""
    frame, strata = drawn(design, n, p, seed=1), "stratum" if design == "strata" else None
    rows = proportions(frame, ITEMS, measure="1", design=told(design, strata), method=method, level=LEVEL)
    return float(_holds(rows["conf_low"].to_numpy(), rows["conf_high"].to_numpy(), p).mean())


def design_gap_coverage(design: str, n: int, p: float, q: float) -> float:
    """Part of the simulated pairs of audiences, drawn apart, n answers each, whose interval holds p − q."""
    sides = [drawn(design, n, p, seed=1), drawn(design, n, q, seed=2)]
    frame = pd.concat([side.assign(audience=name) for side, name in zip(sides, "ab", strict=True)])
    frame = frame.reset_index(drop=True).assign(
        stratum=lambda rows: rows["audience"] + rows["stratum"].astype(str)
    )
    rows = gaps(frame, ITEMS, measure="1", design=told(design, "stratum"), level=LEVEL, adjust="none")
    return float(_holds(rows["conf_low"].to_numpy(), rows["conf_high"].to_numpy(), p - q).mean())


def summary(coverage: Array, where: Sequence[str]) -> list[str]:
    """Lowest (and where), mean and highest coverage; how much of the grid is too low, kept and too high."""
    low, high = float((coverage < PROMISE[0]).mean()), float((coverage > PROMISE[1]).mean())
    least = int(np.round(coverage, 9).argmin())  # mirrored grids tie: the first, on any machine
    found = [f"{said(coverage[least])} at {where[least]}", said(coverage.mean()), said(coverage.max())]
    return [*found, said(low), said(kept(coverage).mean()), said(high)]


def said(share: float) -> str:
    """Percent, one decimal."""
    return f"{100 * share:.1f}"


def _title(method: str) -> str:
    return LABELS[method][0].upper() + LABELS[method][1:]


def shares_in_brief(method: str, sizes: Sequence[int] = SIZES) -> list[list[str]]:
    """A row a size: coverage over the fine grid of true shares."""
    where = [f"{p:.3f}".rstrip("0") for p in FINE]
    return [[_title(method), str(n), *summary(share_coverage(method, n, FINE), where)] for n in sizes]


def shares_in_full(method: str, sizes: Sequence[int] = SIZES) -> list[list[str]]:
    """A row a size: coverage at the shown shares."""
    return [[str(n), *map(said, share_coverage(method, n, np.array(SHOWN)))] for n in sizes]


def populations_in_brief(cases: Sequence[tuple[int, int]] = POPULATIONS) -> list[list[str]]:
    """A row a sample and headcount: coverage over every possible number of people from 2 to 98 %."""
    rows = []
    for n, population in cases:
        true, coverage = population_coverage(n, population)
        rows.append([str(n), str(population), *summary(coverage, [f"{p:.3g}" for p in true])])
    return rows


def gaps_in_brief(method: str, pairs: Sequence[tuple[int, int]] = PAIRS) -> list[list[str]]:
    """A row a pair of sizes: coverage over the coarse grid of both true shares."""
    where = [f"{p:.2f} and {q:.2f}" for p in COARSE for q in COARSE]
    return [
        [GAPS[method][0], f"{n} and {m}", *summary(gap_coverage(method, n, m).ravel(), where)]
        for n, m in pairs
    ]


def designs_in_full(design: str, cases: Sequence[tuple[int, float]] | None = None) -> list[list[str]]:
    """A row a size and true share: simulated coverage of a share's intervals, and of a gap of 20 points."""
    cases = cases or [(n, p) for n in DESIGNS[design] for p in CHANCES]
    return [
        [
            design,
            str(n),
            f"{p:.2f}",
            *(said(design_coverage(design, method, n, p)) for method in DESIGN_METHODS),
            said(design_gap_coverage(design, n, p, p + 0.2)),
        ]
        for n, p in cases
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of the page."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page() -> str:
    """The whole page."""
    brief = ["lowest", "mean", "highest", "too low", "kept", "too high"]
    full = "\n\n".join(
        f"### {_title(method)}\n\n" + table(["n", *(f"p = {p:.2f}" for p in SHOWN)], shares_in_full(method))
        for method in SHARES
    )
    beyond = [[str(n), said(1 - reachable(n).mean())] for n in SIZES]
    return WORDS.read_text("utf-8").format(
        samples=f"{SAMPLES:,}",
        beyond=table(["n", "% of true shares no interval can serve"], beyond),
        shares=table(["interval", "n", *brief], [row for one in SHARES for row in shares_in_brief(one)]),
        populations=table(["n", "of", *brief], populations_in_brief()),
        gaps=table(["interval", "n and m", *brief], [row for one in GAPS for row in gaps_in_brief(one)]),
        designs=table(
            ["design", "n", "p", "logit", "Korn–Graubard", "Wilson on effective n", "gap, t"],
            [row for one in DESIGNS for row in designs_in_full(one)],
        ),
        full=full,
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true", help="write the page instead of printing it")
    if asked.parse_args().write:
        PAGE.write_text(page(), "utf-8")
        print(f"wrote {PAGE.name}")
    else:
        print(page())
