"""Weights of one frame, what they cost, and what they explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem

__all__ = ["Calibration", "Weights", "design_effect", "effective_n"]

Array = npt.NDArray[np.float64]
_CYCLES = 10
"""Passes over the margins when residuals of raking are taken, as R's survey makes."""


@dataclass(frozen=True)
class Calibration:
    """What weighting explains of every answer, so that errors can count the rest alone.

    `kind` is "raking" (codes of several margins), "cells" (codes of one) or "regression" (a matrix of what
    the weights were fitted to); `before` and `after` are the weights.
    """

    kind: Literal["raking", "cells", "regression"]
    before: Array
    after: Array
    codes: tuple[Any, ...] = ()
    matrix: Any = None

    def residuals(self, z: Array) -> Array:
        """Weighted contributions (rows × statistics) less what the weighting explains of them."""
        after = np.where(self.after > 0, self.after, 1.0)[:, None]
        if self.kind == "regression":
            half = np.sqrt(self.before)
            basis, kept = _basis(self.matrix * half[:, None])
            scale = np.where(half > 0, self.after / np.where(half > 0, half, 1.0), 1.0)[:, None]
            part = z / np.where(scale > 0, scale, 1.0)
            rest: Array = (part - basis[:, kept] @ (basis[:, kept].T @ part)) * scale
            return rest
        rate = z / after
        if self.kind == "cells":
            return z - _cell_means(rate, self.codes[0], self.before) * after
        alike = np.ones(len(z))
        for _ in range(_CYCLES):
            for code in self.codes:
                rate = rate - _cell_means(rate, code, alike)
        return np.asarray(rate * after)


def _basis(matrix: Array) -> tuple[Array, Any]:
    left, size, _ = np.linalg.svd(matrix, full_matrices=False)
    return left, size > 1e-10 * size.max()


def _cell_means(values: Array, code: Any, weights: Array) -> Array:
    cells = int(code.max()) + 1
    sums = np.zeros((cells, values.shape[1]))
    np.add.at(sums, code, values * weights[:, None])
    held = np.bincount(code, weights=weights, minlength=cells)[:, None]
    means: Array = (sums / np.where(held > 0, held, 1.0))[code]
    return means


@dataclass(frozen=True)
class Weights:
    """Weights of one frame and what they cost.

    Attributes
    ----------
    values
        One weight a row, under the frame's index.
    design_effect
        Kish's n Σw² / (Σw)²: how many times more answers weighting asks for.
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


def effective_n(weights: npt.ArrayLike) -> float:
    """Kish's effective number of answers, (Σw)² / Σw².

    Examples
    --------
    >>> effective_n([1, 1, 1, 1])
    4.0
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.size == 0 or np.isnan(w).any() or np.isinf(w).any() or (w < 0).any() or w.sum() <= 0:
        raise InvalidInput(
            "weights", [Problem("weights", "are empty, negative, infinite, missing or all 0", "give weights")]
        )
    return float(w.sum() ** 2 / (w**2).sum())


def design_effect(weights: npt.ArrayLike) -> float:
    """Kish's design effect of unequal weights, n Σw² / (Σw)².

    Examples
    --------
    >>> round(design_effect([1, 1, 2]), 3)
    1.125
    """
    return float(np.size(weights) / effective_n(weights))
