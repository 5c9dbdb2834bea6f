"""Scores that are a share less another share: +1, 0 or −1 for every answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from toolkit.instrument.model import Variable

__all__ = ["SCORES", "net_scores", "recommend_score", "recommend_scores"]

SCORES = ("net", "recommend")
"""Measures of this kind."""

_PROMOTER, _DETRACTOR = 9, 6
_POSSIBLE = tuple(str(number) for number in range(11))


def net_scores(variable: Variable | None, labels: Sequence[str]) -> list[float] | None:
    """+1 for each code of the top box, −1 of the bottom box, 0 between, NaN for what is no answer.

    None for an option of a multi-select, for numbers, and where the scale declares no two boxes.
    """
    if variable is None or variable.kind != "single":
        return None
    top, bottom = variable.codes_of("top"), variable.codes_of("bottom")
    if not top or not bottom:
        return None
    score = {code: float((code in top) - (code in bottom)) for code in variable.codes}
    return [score.get(label, np.nan) for label in labels]


def recommend_scores(codes: Sequence[str], labels: Sequence[str], *, declared: bool) -> list[float] | None:
    """+1 for the codes 9 and 10, −1 for 0 to 6, 0 for 7 and 8.

    None where a code is no whole number from 0 to 10, or a declared scale lacks some of them.
    """
    if not set(codes) <= set(_POSSIBLE) or (declared and set(codes) != set(_POSSIBLE)):
        return None
    score = dict(zip(_POSSIBLE, _scored(np.arange(11.0)).tolist(), strict=True))
    return [score.get(label, np.nan) for label in labels]


def recommend_score(
    numbers: npt.NDArray[np.float64], variable: Variable | None
) -> npt.NDArray[np.float64] | None:
    """The same of plain numbers; None where some are not possible or the item's limits are not 0 and 10."""
    known = numbers[~np.isnan(numbers)]
    declared = variable is None or (variable.item.minimum, variable.item.maximum) == (0, 10)
    return _scored(numbers) if declared and np.isin(known, np.arange(11)).all() else None


def _scored(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    score = (numbers >= _PROMOTER) * 1.0 - (numbers <= _DETRACTOR) * 1.0
    return np.where(np.isnan(numbers), np.nan, score)
