"""Who is in which group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["Groups", "group_by"]


@dataclass(frozen=True)
class Groups:
    """The group of each row (−1 for none) and each group's labels, one a name."""

    names: tuple[str, ...]
    codes: Any
    labels: tuple[tuple[Any, ...], ...]


def group_by(
    frame: pd.DataFrame, names: str | Sequence[str] | None, *, every_category: bool = True
) -> Groups:
    """The groups a frame falls into.

    Parameters
    ----------
    frame
        One row a respondent.
    names
        Group columns; none makes one group of all.
    every_category
        With a single categorical column, keep categories nobody is in.

    Raises
    ------
    InvalidInput
        Naming every column the frame lacks.
    """
    listed = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    absent = [name for name in listed if name not in frame.columns]
    if absent:
        raise InvalidInput(
            "groups",
            [
                Problem(
                    f"column {name}", "is not in the frame", near_names(str(name), map(str, frame.columns))
                )
                for name in absent
            ],
        )
    if len(set(listed)) < len(listed):
        raise InvalidInput(
            "groups", [Problem(f"columns {listed}", "name one twice", "name each group column once")]
        )
    if not listed:
        return Groups((), np.zeros(len(frame), dtype=np.intp), ((),))
    coded = [_levels(frame[name]) for name in listed]
    if len(listed) == 1:
        codes, levels = coded[0]
        if not every_category:
            codes, levels = _observed(codes, levels)
        return Groups(listed, codes, tuple((level,) for level in levels))
    joint = np.zeros(len(frame), dtype=np.int64)
    inside = np.ones(len(frame), dtype=bool)
    for codes, levels in coded:
        joint = joint * max(len(levels), 1) + codes
        inside &= codes >= 0
    found, position = np.unique(joint[inside], return_inverse=True)
    result = np.full(len(frame), -1, dtype=np.intp)
    result[inside] = position
    labels = [_split(int(code), [levels for _, levels in coded]) for code in found]
    return Groups(listed, result, tuple(labels))


def _levels(series: pd.Series) -> tuple[Any, list[Any]]:
    if isinstance(series.array, pd.Categorical):
        return series.array.codes.astype(np.intp), series.array.categories.tolist()
    codes, levels = pd.factorize(series, sort=True)
    return codes, list(levels)


def _observed(codes: Any, levels: list[Any]) -> tuple[Any, list[Any]]:
    used = np.unique(codes[codes >= 0])
    position = np.full(len(levels) + 1, -1, dtype=np.intp)
    position[used] = np.arange(len(used))
    return position[codes], [levels[i] for i in used]


def _split(code: int, levels: list[list[Any]]) -> tuple[Any, ...]:
    labels = []
    for level in reversed(levels):
        code, position = divmod(code, len(level))
        labels.append(level[position])
    return tuple(reversed(labels))
