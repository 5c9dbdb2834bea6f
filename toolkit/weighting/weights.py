"""Weights of one frame, with their cost and the variance they explain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed
from toolkit.weighting.sums import sums_within

__all__ = ["Calibration", "Weights", "design_effect", "effective_n"]

Array = npt.NDArray[np.float64]
_CYCLES = 10
"""Passes over the margins when residuals of raking are taken, as R's survey makes."""
_SMALL = 20_000
_MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Calibration:
    """What weighting explains of every answer, so that standard errors use only the rest.

    `kind` is "raking" (codes of several margins), "cells" (codes of one) or "regression" (a matrix of what
    the weights were fitted to); `before` and `after` are the weights.
    """

    kind: Literal["raking", "cells", "regression"]
    before: Array
    after: Array
    codes: tuple[Any, ...] = ()
    matrix: Any = None

    @cached_property
    def crossed(self) -> tuple[Any, tuple[Any, ...]]:
        """Return the crossed cell of each row, and each occurring cell's category in every margin."""
        joint = np.zeros(len(self.after), dtype=np.int64)
        size = 1
        for code in self.codes:
            levels = int(code.max()) + 1
            joint, size = joint * levels + code, size * levels
        if size > _MOST_CELLS:
            _, first, cells = np.unique(joint, return_index=True, return_inverse=True)
            return cells, tuple(code[first] for code in self.codes)
        first = np.full(size, -1, dtype=np.intp)
        first[joint] = np.arange(len(joint))
        place = np.cumsum(first >= 0) - 1
        return place[joint], tuple(code[first[first >= 0]] for code in self.codes)

    @cached_property
    def counted(self) -> Array:
        """Return the weight of each row in averages within cells: none where its sampling weight is 0."""
        return np.where(self.after > 0, self.before if self.kind == "cells" else 1.0, 0.0)

    @cached_property
    def _held(self) -> Array:
        cells, categories = self.crossed
        held: Array = np.bincount(cells, weights=self.counted, minlength=len(categories[0])).astype(
            np.float64
        )
        return held[:, None]

    @cached_property
    def basis(self) -> tuple[Array, Array]:
        """Return orthonormal columns of the calibration variables, and the scale of the residuals."""
        half = np.sqrt(self.before)
        left, size, _ = np.linalg.svd(self.matrix * half[:, None], full_matrices=False)
        scale = np.where(half > 0, self.after / np.where(half > 0, half, 1.0), 1.0)
        return left[:, size > 1e-10 * size.max()], np.where(scale > 0, scale, 1.0)

    def explained(self, sums: Array) -> Array:
        """Return what the margins explain in each crossed cell, from sums of `counted` z over weights."""
        held, found = self._held, np.zeros_like(sums)
        sides = [(category, *self._side(category)) for category in self.crossed[1]]
        for _ in range(1 if self.kind == "cells" else _CYCLES):
            for category, member, base in sides:
                rest = sums - found * held
                left = sums_within(category, rest, len(base)) if member is None else member @ rest
                found = found + (left / base)[category]
        return found

    def _side(self, category: Any) -> tuple[Array | None, Array]:
        """Return a margin as a categories × cells array, if that is not too large, and its category sizes."""
        size = int(category.max()) + 1
        base = sums_within(category, self._held, size)
        small = size * len(category) <= _SMALL
        member = (np.arange(size)[:, None] == category).astype(np.float64) if small else None
        return member, np.where(base > 0, base, 1.0)

    def residuals(self, z: Array) -> Array:
        """Subtract what weighting explains from weighted contributions (rows × statistics)."""
        if self.kind == "regression":
            basis, scale = self.basis[0], self.basis[1][:, None]
            part = z / scale
            rest: Array = (part - basis @ (basis.T @ part)) * scale
            return rest
        cells, categories = self.crossed
        each = z * (self.counted / np.where(self.after > 0, self.after, 1.0))[:, None]
        sums = sums_within(cells, each, len(categories[0]))
        left_over: Array = z - self.explained(sums)[cells] * self.after[:, None]
        return left_over


@dataclass(frozen=True, repr=False)
class Weights(Displayed):
    """Weights of one frame and what they cost.

    Attributes
    ----------
    values
        One weight a row, under the frame's index.
    design_effect
        Kish's n Σw² / (Σw)²: how many times more answers weighting asks for. n are rows of a weight above 0.
    effective_n
        (Σw)² / Σw².
    iterations
        Cycles over the margins; 1 for post-stratification.
    margins
        One row a category: variable, category, target, before, after.
    calibration
        What the weights explain; a `Design` given these weights counts the rest as error.
    """

    values: pd.Series
    design_effect: float
    effective_n: float
    iterations: int
    margins: pd.DataFrame
    calibration: Calibration | None = None

    def __repr__(self) -> str:
        return (
            f"Weights(n={len(self.values)}, from {self.values.min():.3g} to {self.values.max():.3g}, "
            f"design_effect={self.design_effect:.3g}, effective_n={self.effective_n:.4g}, "
            f"iterations={self.iterations})"
        )


@typed
def effective_n(weights: Numbers) -> float:
    """Compute Kish's effective sample size, (Σw)² / Σw².

    Examples
    --------
    >>> effective_n([1, 1, 1, 1])
    4.0
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.size == 0 or np.isnan(w).any() or np.isinf(w).any() or (w < 0).any() or w.sum() <= 0:
        raise InvalidInput(
            "weights",
            [
                Problem(
                    "not-finite", "weights", "are empty, negative, infinite, missing or all 0", "give weights"
                )
            ],
        )
    return float(w.sum() ** 2 / (w**2).sum())


@typed
def design_effect(weights: Numbers) -> float:
    """Compute Kish's design effect of unequal weights, n Σw² / (Σw)², without rows of weight 0.

    Examples
    --------
    >>> round(design_effect([1, 1, 2]), 3)
    1.125
    """
    return float(np.count_nonzero(np.asarray(weights)) / effective_n(weights))
