"""Sums of rows within cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["sums_within"]

Array = npt.NDArray[np.float64]


def sums_within(cells: Any, values: Array, count: int) -> Array:
    """Sum the columns of `values` within each of `count` cells.

    Parameters
    ----------
    cells
        Cell of each row.
    values
        Rows × columns.
    count
        How many cells there are.

    Examples
    --------
    >>> sums_within(np.array([0, 1, 0]), np.array([[1.0], [2.0], [3.0]]), 2).tolist()
    [[4.0], [2.0]]
    """
    found = np.empty((count, values.shape[1]))
    for at in range(values.shape[1]):
        found[:, at] = np.bincount(cells, weights=values[:, at], minlength=count)
    return found
