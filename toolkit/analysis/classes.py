"""One column as numbers, or as classes: what tests of one item need."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Column, read_columns, refuse_ambiguous, requests_for
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import MISSING, Variable

__all__ = ["classes_of", "numbers_of", "two_sides"]

Array = npt.NDArray[np.float64]
_MOST = 100


def numbers_of(frame: pd.DataFrame, item: Variable | str, measure: str = "mean") -> Array:
    """One number a row, NaN for no answer."""
    values = np.empty(len(frame))
    requests_for(read_columns(frame, item), measure)[0].fill(values)
    return values


def classes_of(
    frame: pd.DataFrame, item: Variable | str, weights: Array | None = None
) -> tuple[Any, tuple[str, ...]]:
    """Position of each row's answer among the answers given (−1 for none), and their codes in order.

    Rows of weight 0 have no answer.

    Raises
    ------
    InvalidInput
        Where the column is missing, or holds numbers too many to be classes.
    """
    column = read_columns(frame, item)[0]
    codes, labels = _positions(column)
    if weights is not None:
        codes = np.where(weights > 0, codes, -1)
    given = np.unique(codes[codes >= 0])
    if len(given) > _MOST:
        what = f"holds {len(given)} different answers"
        raise InvalidInput(
            "classes", [Problem("too-many", f"column {column.name}", what, "group them first")]
        )
    place = np.full(len(labels) + 1, -1, dtype=np.intp)
    place[given] = np.arange(len(given))
    return place[codes], tuple(labels[at] for at in given)


def _positions(column: Column) -> tuple[Any, tuple[str, ...]]:
    if column.labels is None:
        found, at = np.unique(column.raw, return_inverse=True)
        known = ~np.isnan(found)
        labels = tuple(plain_code(value) for value in found[known])
        refuse_ambiguous(column.name, labels)
        return np.where(np.isnan(column.raw), -1, at), labels
    order = [code for code in column.codes if code in column.labels]
    table = np.full(len(column.labels) + 1, -1, dtype=np.intp)
    for place, label in enumerate(column.labels):
        if label not in MISSING:
            table[place] = order.index(label)
    return table[column.raw], tuple(order)


def plain_code(value: float) -> str:
    """A number as an answer code: whole ones without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def two_sides(
    frame: pd.DataFrame, between: Variable | str, pair: tuple[str, str] | None, weights: Array | None = None
) -> tuple[Any, tuple[str, ...]]:
    """Groups as `classes_of` has them; of a pair, 0 and 1 in its order and −1 for everyone else.

    Raises
    ------
    InvalidInput
        Where a side of the pair is nobody's group, or there are fewer than two groups.
    """
    codes, labels = classes_of(frame, between, weights)
    name = between.name if isinstance(between, Variable) else between
    if pair is None:
        if len(labels) < 2:
            what = f"has {len(labels)} group(s)"
            raise InvalidInput("groups", [Problem("too-few", f"column {name}", what, "give at least two")])
        return codes, labels
    absent = [side for side in pair if side not in labels]
    if absent or pair[0] == pair[1]:
        problems = [
            Problem("no-answers", f"column {name}", f"nobody is in {side!r}", f"use two of {list(labels)}")
            for side in absent or pair[:1]
        ]
        raise InvalidInput("groups", problems)
    place = np.full(len(labels) + 1, -1, dtype=np.intp)
    for at, side in enumerate(pair):
        place[labels.index(side)] = at
    return place[codes], pair
