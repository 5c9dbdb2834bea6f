"""Answers as plain numbers, by the rule that holds for every frame: reserved codes are no answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import MISSING

__all__ = ["ROUNDING", "as_numbers", "is_constant"]

Array = npt.NDArray[np.float64]
ROUNDING = 1e-12
"""A standard error below this part of the answers' size is rounding noise, not spread."""


def is_constant(values: Any, *, size: Any = None) -> Any:
    """Return whether the numbers of each column are all alike but for rounding.

    Parameters
    ----------
    values
        Numbers, or rows × columns of them.
    size
        How large the numbers are that rounding worked on, where these are differences of larger ones.

    Examples
    --------
    >>> bool(is_constant(np.array([0.1 + 0.2, 0.3]))), bool(is_constant(np.array([0.3, 0.31])))
    (True, False)
    """
    largest = np.abs(values).max(axis=0) if size is None else size
    return np.ptp(values, axis=0) <= ROUNDING / 10 * largest


def as_numbers(name: str, values: Any) -> Array:
    """Values as numbers, NaN where there is no answer.

    A column of a coded frame holds its reasons for missing as categories ("-3"): read as numbers they would
    be answers, far below the scale.

    Parameters
    ----------
    name
        What to call the values where they are refused.
    values
        A column of a coded frame, or numbers.

    Raises
    ------
    InvalidInput
        Where an answer is no number.

    Examples
    --------
    >>> as_numbers("a", pd.Categorical(["4", "-3", "5"], categories=["-3", "4", "5"])).tolist()
    [4.0, nan, 5.0]
    """
    given = pd.Series(values) if isinstance(getattr(values, "dtype", None), pd.CategoricalDtype) else values
    try:
        if isinstance(given, pd.Series) and isinstance(given.dtype, pd.CategoricalDtype):
            kept = given.cat.remove_unused_categories()
            codes = [np.nan if str(one) in MISSING else float(one) for one in kept.cat.categories]
            given = np.array([*codes, np.nan])[kept.cat.codes]  # NaN, the last, stands for code -1
        elif not pd.api.types.is_numeric_dtype(getattr(given, "dtype", np.asarray(given).dtype)):
            cells = np.asarray(given, dtype=object).ravel()
            given = [np.nan if isinstance(one, str) and one in MISSING else one for one in cells]
        numbers: Array = np.asarray(given, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        hint = "give one column of numbers or of an item whose codes are numbers"
        raise InvalidInput(
            "samples", [Problem("not-a-number", name, f"holds what is no number ({error})", hint)]
        ) from error
    return numbers
