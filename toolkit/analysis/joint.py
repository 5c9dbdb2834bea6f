"""Means, totals, ratios and variances with the covariances between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Codes, Items, read_columns, requests_for, requests_per_code, with_boxes
from toolkit.analysis.cells import Cells, Estimates
from toolkit.analysis.design import Design
from toolkit.analysis.estimate_table import asked
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["estimate", "ratios", "totals", "variances"]

Array = npt.NDArray[np.float64]
Statistic = Literal["mean", "total", "variance", "size"]
_STATISTICS = ("mean", "total", "variance", "size")


@typed
def estimate(
    frame: pd.DataFrame,
    items: Items,
    *,
    statistic: Statistic = "mean",
    measure: str | None = "mean",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    complete: bool = False,
) -> Estimates:
    """Means, totals or variances of items by group, with all their covariances.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        An instrument, variables, or column names.
    statistic
        "mean" (of shares: the share), "total", "variance", or "size" (the weights of those who answered).
    measure
        "mean" takes codes as numbers; a code or "top", "bottom", "favourable", "unfavourable" counts
        those who gave it; None gives a row a response code.
    by
        Group columns. Rows without a group are in no row of the result.
    design
        How respondents were drawn.
    level
        Confidence level.
    complete
        Count only respondents who answered every item.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Raises
    ------
    InvalidInput
        For columns that are missing or have no such measure, and unusable designs or options.

    Notes
    -----
    Linearised, or from replicate weights; t intervals with the design's df. The variance of answers has
    n − 1 below, and its error is that of a mean of squares. Checked against R: `svymean`, `svytotal`,
    `svyvar`, `svyby(covmat = TRUE)`.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "z": [2.0, 2.0, 5.0]})
    >>> estimate(frame, ["y", "z"]).covariance.shape
    (2, 2)
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    if statistic not in _STATISTICS:
        raise InvalidInput(
            "estimate",
            [
                Problem(
                    "unknown-option", "statistic", f"{statistic!r} is not known", f"use one of {_STATISTICS}"
                )
            ],
        )
    columns = read_columns(frame, items)
    if measure is None:
        wanted = [made for column in columns for made in requests_per_code(column)]
    else:
        wanted = requests_for(columns, measure)
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    if complete:
        values[:, np.isnan(values).any(axis=0)] = np.nan
    shown = [(one.measure if measure != "mean" else statistic) for one in wanted]
    cells = Cells(frame, by, design, level)
    items_named = [one.item for one in wanted]
    put_to = asked(wanted, cells.groups)
    return cells.of(values, statistic, items_named, shown, measure is None, asked=put_to)


@typed
def totals(
    frame: pd.DataFrame,
    items: Items,
    *,
    measure: str | None = "mean",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Weighted totals: of numbers ("mean" takes answers as numbers), or of people who gave an answer.

    Parameters
    ----------
    frame, items, measure, by, design, level
        As in `estimate`. With a `measure` of None, people are counted for every response code.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    Checked against R: `svytotal`, `svyby(…, svytotal)`. Covariances: `estimate(statistic="total")`.

    Examples
    --------
    >>> totals(pd.DataFrame({"y": [1.0, 2.0, 3.0]}), "y")["estimate"].tolist()
    [6.0]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    return estimate(frame, items, statistic="total", measure=measure, by=by, design=design, level=level).table


@typed
def variances(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Variance of answers in the population.

    Parameters
    ----------
    frame, items, by, design, level
        As in `estimate`.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    Checked against R: `svyvar`.

    Examples
    --------
    >>> variances(pd.DataFrame({"y": [1.0, 2.0, 3.0]}), "y")["estimate"].tolist()
    [1.0]
    """
    return estimate(frame, items, statistic="variance", by=by, design=design, level=level).table


@typed
def ratios(
    frame: pd.DataFrame,
    pairs: Mapping[str, tuple[str, str | Sequence[str]]],
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    covariances: bool = False,
) -> Any:
    """Ratios of two totals, such as the share of all ticks that went to one option.

    Parameters
    ----------
    frame
        One row a respondent.
    pairs
        Name of the ratio → (numerator column, denominator column or columns to be added up). Respondents
        without an answer in any of them are out of that ratio.
    by, design, level
        As in `estimate`.
    covariances
        Give `Estimates` instead of their table.

    Raises
    ------
    InvalidInput
        For columns that are missing or hold no numbers.

    Notes
    -----
    z = w (y − R x) / Σwx. Checked against R: `svyratio`.

    Examples
    --------
    >>> ticks = pd.DataFrame({"a": [1.0, 1.0, 0.0], "b": [0.0, 1.0, 1.0]})
    >>> ratios(ticks, {"a": ("a", ["a", "b"])})["estimate"].tolist()
    [0.5]
    """
    if not pairs:
        raise InvalidInput("ratios", [Problem("empty", "pairs", "are empty", "name at least one ratio")])
    below = {name: (x,) if isinstance(x, str) else tuple(x) for name, (_, x) in pairs.items()}
    used = list(dict.fromkeys([y for y, _ in pairs.values()] + [x for xs in below.values() for x in xs]))
    wanted = requests_for(read_columns(frame, used), "mean")
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    numbers = dict(zip(used, values, strict=True))
    top = np.array([numbers[y] for y, _ in pairs.values()])
    bottom = np.array([np.sum([numbers[x] for x in xs], axis=0) for xs in below.values()])
    missing = np.isnan(top) | np.isnan(bottom)
    top[missing] = bottom[missing] = np.nan
    cells = Cells(frame, by, design, level)
    found = cells.of(top, "ratio", list(pairs), ["ratio"] * len(pairs), False, bottom)
    return found if covariances else found.table
