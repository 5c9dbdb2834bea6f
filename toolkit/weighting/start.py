"""Base weights, from which weighting starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["start_weights"]

Array = npt.NDArray[np.float64]


def start_weights(frame: pd.DataFrame, base: str | pd.Series | npt.ArrayLike | None) -> Array:
    """Return one base weight per row: from a column, from an array, or all equal.

    Raises
    ------
    InvalidInput
        They are missing, infinite, negative, all 0, or not one per row.
    """
    if len(frame) == 0:
        raise InvalidInput("frame", [Problem("no-rows", "frame", "has no rows", "give it respondents")])
    if base is None:
        return np.ones(len(frame))
    if isinstance(base, str):
        if base not in frame.columns:
            raise InvalidInput(
                "base",
                [
                    Problem(
                        "unknown-column",
                        f"column {base}",
                        "is not in the frame",
                        near_names(base, map(str, frame.columns)),
                    )
                ],
            )
        base = frame[base]
    values = np.asarray(base, dtype=np.float64)
    problems = []
    if isinstance(base, pd.Series) and not base.index.equals(frame.index):
        problems.append(
            Problem("inconsistent", "base", "is not indexed as the frame is", "align it with the frame first")
        )
    elif values.shape != (len(frame),):
        problems.append(
            Problem(
                "unequal-length",
                "base",
                f"has {values.size} weights for {len(frame)} rows",
                "give one per row",
            )
        )
    elif not np.isfinite(values).all() or (values < 0).any():
        row = frame.index[~np.isfinite(values) | (values < 0)][0]
        problems.append(
            Problem(
                "not-finite",
                f"base, row {row}",
                "is missing, infinite or negative",
                "correct it or leave the row out",
            )
        )
    elif values.sum() <= 0:
        problems.append(Problem("wrong-sum", "base", "weights sum to zero", "give at least one row a weight"))
    if problems:
        raise InvalidInput("base", problems)
    return values
