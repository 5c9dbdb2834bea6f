"""Who is in which group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import is_missing_code

__all__ = ["Groups", "group_by", "levels_of"]


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
        Naming every column the frame lacks, and every column of numbers that holds reserved codes.

    Notes
    -----
    A row with NaN or a reserved code (-1 … -6) is in no group: nobody is of the group "refused". In a column
    of numbers -1 may be a code or a number; it is refused rather than guessed.
    """
    listed = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    absent = [name for name in listed if name not in frame.columns]
    if absent:
        raise InvalidInput(
            "groups",
            [
                Problem(
                    "unknown-column",
                    f"column {name}",
                    "is not in the frame",
                    near_names(str(name), map(str, frame.columns)),
                )
                for name in absent
            ],
        )
    if len(set(listed)) < len(listed):
        raise InvalidInput(
            "groups",
            [Problem("duplicate", f"columns {listed}", "name one twice", "name each group column once")],
        )
    if not listed:
        return Groups((), np.zeros(len(frame), dtype=np.intp), ((),))
    coded = [levels_of(frame[name]) for name in listed]
    ambiguous = [
        Problem(
            "reserved-code",
            f"column {name}",
            f"holds numbers that are reserved codes for missing answers ({', '.join(map(str, reserved))})",
            "replace them by NaN where they mean that nothing is known, else recode the groups",
        )
        for name, (_, levels) in zip(listed, coded, strict=True)
        if (reserved := [level for level in levels if is_missing_code(level)])
    ]
    if ambiguous:
        raise InvalidInput("groups", ambiguous)
    if len(listed) == 1:
        codes, levels = coded[0]
        if not every_category:
            used = np.unique(codes[codes >= 0])
            position = np.full(len(levels) + 1, -1, dtype=np.intp)  # the last for code -1
            position[used] = np.arange(len(used))
            codes, levels = position[codes], [levels[i] for i in used]
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


def levels_of(series: pd.Series) -> tuple[Any, list[Any]]:
    """Return the level of each row (−1 for none) and the levels.

    Reserved codes are no level, except in a column of numbers, where they are left for the caller to refuse.
    """
    if isinstance(series.array, pd.Categorical):
        codes, levels = series.array.codes.astype(np.intp), series.array.categories.tolist()
    else:
        codes, found = pd.factorize(series, sort=True)
        levels = list(found)
        if pd.api.types.is_numeric_dtype(series.dtype):
            return codes, levels
    real = np.array([not is_missing_code(level) for level in levels], dtype=bool)
    if real.all():
        return codes, levels
    position = np.append(np.where(real, np.cumsum(real) - 1, -1), -1)  # the last is for −1
    return position[codes], [level for level, kept in zip(levels, real, strict=True) if kept]


def _split(code: int, levels: list[list[Any]]) -> tuple[Any, ...]:
    labels = []
    for level in reversed(levels):
        code, position = divmod(code, len(level))
        labels.append(level[position])
    return tuple(reversed(labels))
