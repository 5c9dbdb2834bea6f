"""Replicate weights: as columns of a frame, and the variance they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.records import Displayed

__all__ = ["KINDS", "Replicated", "Replicates"]

Array = npt.NDArray[np.float64]
Kind = Literal["bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference", "other"]
_ENOUGH = 2
"""Rows a replicate that are looked at first; all of them only where these leave the rank open."""
KINDS = ("bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference", "other")


@dataclass(frozen=True)
class Replicated:
    """Replicate weights over one frame: rows × replicates, and how their spread becomes a variance."""

    weights: Array
    scale: float
    rscales: Array
    mse: bool

    def covariance(self, each: Array, estimate: Array) -> Array:
        """Covariance of estimates from what each replicate found (replicates × estimates)."""
        counted = self.rscales > 0
        centre = estimate if self.mse else each[counted].mean(axis=0)
        away = each - centre
        found: Array = (away * self.rscales[:, None]).T @ away * self.scale
        return found

    def covariances(self, each: Array, estimate: Array) -> Array:
        """The same for many items at once: items × groups × replicates to items × groups × groups."""
        counted = self.rscales > 0
        centre = estimate if self.mse else each[:, :, counted].mean(axis=2)
        away = each - centre[:, :, None]
        found: Array = np.matmul(away * (self.rscales * self.scale), away.transpose(0, 2, 1))
        return found

    def degrees_of_freedom(self, rows: Any = None) -> float:
        """Rank of the replicate weights, less one."""
        weights = self.weights if rows is None else self.weights[rows]
        some = weights[:: max(len(weights) // (_ENOUGH * weights.shape[1]), 1)]
        rank = _rank(some)
        if rank < weights.shape[1] and len(some) < len(weights):
            rank = _rank(_different(weights))
        return float(rank - 1)


def _different(weights: Array) -> Array:
    """One row of each primary unit: rows that are a multiple of another add nothing to the rank."""
    whole = weights.sum(axis=1)
    if not (whole > 0).all():
        weights, whole = weights[whole > 0], whole[whole > 0]
    mixed = weights @ np.random.default_rng(0).uniform(1, 2, (weights.shape[1], 2)) / whole[:, None]
    first = np.unique(np.round(mixed, 10), axis=0, return_index=True)[1]
    kept = np.sort(first)
    found: Array = weights[kept] / whole[kept, None]
    return found


def _rank(weights: Array) -> int:
    if weights.size == 0:
        return 0
    upper = np.linalg.qr(weights, mode="r")
    largest = np.linalg.norm(upper, axis=0).max()
    return int(np.linalg.matrix_rank(upper, tol=1e-7 * max(largest, 1e-300)))


@dataclass(frozen=True, repr=False)
class Replicates(Displayed):
    """Names of the columns that hold replicate weights, and how they were made.

    Parameters
    ----------
    columns
        One column a replicate.
    kind
        "bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference" or "other".
    scale
        By which the sum of squares is multiplied. By default 1/(R − 1) for the bootstrap, 1/R for BRR,
        1/(R(1 − rho)²) for Fay, 4/R for successive differences, 1 for JKn, JK2 and
        "other"; JK1 needs it ((n − 1)/n, with a finite population
        times 1 − n/N).
    rscales
        One a replicate, by default 1; JKn needs them ((n_h − 1)/n_h of the replicate's stratum).
    rho
        Fay's factor.
    mse
        Spread about the estimate (True) or about the replicates' mean (False).
    combined
        Whether columns already hold weight × replicate factor; False where they are factors alone.

    Raises
    ------
    InvalidInput
        Where what the kind needs is missing or does not fit.

    Examples
    --------
    >>> Replicates(("r1", "r2", "r3"), kind="BRR").spread(3)[0]
    0.3333333333333333
    """

    columns: Sequence[str]
    kind: Kind = "bootstrap"
    scale: float | None = None
    rscales: Sequence[float] | None = None
    rho: float | None = None
    mse: bool = False
    combined: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        if self.rscales is not None:
            object.__setattr__(self, "rscales", tuple(float(one) for one in self.rscales))
        problems = list(self._problems())
        if problems:
            raise InvalidInput("replicates", problems)

    def _problems(self) -> Iterator[Problem]:
        if self.kind not in KINDS:
            yield Problem("unknown-option", "kind", f"{self.kind!r} is not known", f"use one of {KINDS}")
        if len(self.columns) < 2:
            yield Problem("too-few", "columns", f"name {len(self.columns)} replicate(s)", "name all of them")
        if len(set(self.columns)) < len(self.columns):
            yield Problem("duplicate", "columns", "name a replicate twice", "name each once")
        if self.kind == "Fay" and not (self.rho is not None and 0 <= self.rho < 1):
            yield Problem("out-of-range", "rho", f"is {self.rho}", "give Fay's factor, from 0 to below 1")
        if self.kind == "JK1" and self.scale is None:
            yield Problem(
                "missing-argument",
                "scale",
                "is not given",
                "give (n − 1)/n, n being the number of units dropped",
            )
        if self.kind == "JKn" and self.rscales is None:
            yield Problem(
                "missing-argument", "rscales", "are not given", "give (n − 1)/n of each replicate's stratum"
            )
        if self.scale is not None and not (np.isfinite(self.scale) and self.scale >= 0):
            yield Problem("out-of-range", "scale", f"is {self.scale}", "give a number above 0")
        if self.rscales is not None and (
            len(self.rscales) != len(self.columns)
            or any(not (np.isfinite(one) and one >= 0) for one in self.rscales)
        ):
            yield Problem(
                "unequal-length",
                "rscales",
                f"are {len(self.rscales)} for {len(self.columns)} replicates, or not all numbers from 0",
                "give one a replicate",
            )

    def spread(self, count: int) -> tuple[float, Array]:
        """`scale` and `rscales` of that many replicates."""
        factors = {"bootstrap": 1 / (count - 1), "BRR": 1 / count, "successive-difference": 4 / count}
        usual = factors.get(self.kind, 1.0)
        if self.kind == "Fay" and self.rho is not None:
            usual = 1 / (count * (1 - self.rho) ** 2)
        rscales = np.ones(count) if self.rscales is None else np.array(self.rscales)
        return usual if self.scale is None else self.scale, rscales

    def over(self, frame: pd.DataFrame, weights: Array) -> Replicated:
        """Read the replicate weights of one frame.

        Raises
        ------
        InvalidInput
            Naming every column that is not there or holds no weights.
        """
        problems = []
        for name in self.columns:
            if name not in frame.columns:
                known = near_names(name, map(str, frame.columns))
                problems.append(Problem("unknown-column", f"column {name}", "is not in the frame", known))
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                problems.append(
                    Problem("not-a-number", f"column {name}", "holds no numbers", "read it as numbers")
                )
        if problems:
            raise InvalidInput("replicates", problems)
        values = frame[list(self.columns)].to_numpy(dtype=np.float64, na_value=np.nan)
        odd = ~np.isfinite(values) | (values < 0)
        if odd.any():
            row, column = np.argwhere(odd)[0]
            where = f"column {self.columns[column]}, row {frame.index[row]}"
            raise InvalidInput(
                "replicates",
                [Problem("not-finite", where, "is missing, infinite or negative", "correct the file")],
            )
        scale, rscales = self.spread(len(self.columns))
        return Replicated(values if self.combined else values * weights[:, None], scale, rscales, self.mse)
