"""Agreement under a design: Cronbach's alpha of a scale, Cohen's kappa of two ratings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis.cells import Estimates
from toolkit.analysis.classes import classes_of
from toolkit.analysis.contrasts import contrast
from toolkit.analysis.design import Design
from toolkit.analysis.joint import estimate
from toolkit.analysis.plain import as_numbers
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["kappa", "weighted_alpha"]


@typed
def weighted_alpha(
    frame: pd.DataFrame, items: Sequence[str], *, design: Design | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Cronbach's alpha of a scale under a design, among those who answered every item.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        Columns of the scale, all scored in one direction.
    design
        How respondents were drawn.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row as `contrast` gives it: estimate, std_error, conf_low, conf_high and more.

    Raises
    ------
    InvalidInput
        For fewer than two items and columns that are no numbers.

    Notes
    -----
    k/(k − 1) · (1 − Σ item variances / variance of the sum), on weighted variances; the error by the delta
    method from their covariances. The estimate is checked against R: `svycralpha`, which has no error.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 5.0]})
    >>> weighted_alpha(frame, ["a", "b"])["estimate"].round(4).tolist()
    [0.972]
    """
    listed = [items] if isinstance(items, str) else list(items)
    if len(listed) < 2:
        raise InvalidInput(
            "weighted_alpha",
            [Problem("too-few", "items", f"are {len(listed)}", "a scale needs at least two")],
        )
    numbers = estimate(frame, listed, design=design)  # refuses what is no number, by name
    answers = pd.DataFrame({name: as_numbers(name, frame[name]) for name in numbers.names}, index=frame.index)
    total = "sum of all"
    while total in frame.columns:
        total += " "
    widened = frame.assign(**answers, **{total: answers.sum(axis=1, skipna=False)})
    spread = estimate(widened, [*listed, total], statistic="variance", design=design, complete=True)
    k = len(listed)
    parts = " + ".join(f"`{name}`" for name in listed)
    return contrast(spread, {"alpha": f"{k} / {k - 1} * (1 - ({parts}) / `{total}`)"}, level=level)


@typed
def kappa(
    frame: pd.DataFrame, first: str, second: str, *, design: Design | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Cohen's kappa of two answers with the same codes, under a design.

    Parameters
    ----------
    frame
        One row a respondent; those without both answers are out.
    first, second
        The two columns.
    design
        How respondents were drawn.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row as `contrast` gives it.

    Raises
    ------
    InvalidInput
        For columns that are not there or share no code.

    Notes
    -----
    (p_o − p_e)/(1 − p_e) of the weighted table, its error by the delta method. Checked against R: `svykappa`.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["x", "y", "y", "y"]})
    >>> kappa(frame, "a", "b")["estimate"].tolist()
    [0.5]
    """
    sides = [classes_of(frame, name) for name in (first, second)]
    codes = sorted({label for _, labels in sides for label in labels})
    if not set(sides[0][1]) & set(sides[1][1]):
        raise InvalidInput(
            "kappa",
            [Problem("inconsistent", f"columns {first}, {second}", "share no code", "recode them alike")],
        )
    a, b = (np.array([*map(codes.index, labels), -1])[at] for at, labels in sides)
    k = len(codes)
    seen = " + ".join(f"r{i}c{i}" for i in range(k))
    rows = ["(" + " + ".join(f"r{i}c{j}" for j in range(k)) + ")" for i in range(k)]
    columns = ["(" + " + ".join(f"r{i}c{j}" for i in range(k)) + ")" for j in range(k)]
    chance = " + ".join(f"{row} * {column}" for row, column in zip(rows, columns, strict=True))
    return contrast(
        _cells(frame, a, b, len(codes), design),
        {"kappa": f"(({seen}) - ({chance})) / (1 - ({chance}))"},
        level=level,
    )


def _cells(frame: pd.DataFrame, a: Any, b: Any, codes: int, design: Design | None) -> Estimates:
    known = (a >= 0) & (b >= 0)
    cells = {
        f"r{i}c{j}": np.where(known, (a == i) & (b == j), np.nan) for i in range(codes) for j in range(codes)
    }
    widened = pd.concat(
        [frame.drop(columns=[name for name in cells if name in frame]), pd.DataFrame(cells, frame.index)],
        axis=1,
    )
    return estimate(widened, list(cells), design=design)
