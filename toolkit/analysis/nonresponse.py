"""What a share could be, whatever those who did not answer think."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toolkit.analysis.answers import Codes, Items, read_columns, requests_for, with_boxes
from toolkit.analysis.contract import tidy
from toolkit.analysis.estimate_table import Population, Table, headcounts
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["nonresponse_bounds"]

_COLUMNS = ("n", "population", "estimate", "bound_low", "bound_high", "method")
_SAID = "worst case: nobody who did not answer would have, and all of them would have"


@typed
def nonresponse_bounds(
    frame: pd.DataFrame,
    items: Items,
    *,
    population: Population,
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Lowest and highest share a known population can have, given those who answered.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        An instrument, variables, or column names.
    population
        People each group consists of: one number, or group value → number (a tuple of values where `by`
        names several columns).
    measure
        What is counted, as in `proportions`; "mean" for columns of 0 and 1.
    by
        Group columns.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        item, measure, groups, n, population, estimate (of those who answered), bound_low, bound_high,
        method. Fractions. No confidence level: for people who answered truly these are certain.

    Raises
    ------
    InvalidInput
        For a population that is not known, not whole or below the answers, a measure that is no share,
        and columns as in `proportions`.

    Notes
    -----
    With x of n answers counted among N people: x/N to (x + N − n)/N (Manski 1989). The width is 1 − n/N,
    so that nothing but more answers narrows it. Item non-response counts as non-response.

    Examples
    --------
    >>> frame = pd.DataFrame({"agrees": [1] * 40 + [0] * 10})
    >>> row = nonresponse_bounds(frame, "agrees", population=80, measure="1").iloc[0]
    >>> row[["bound_low", "bound_high"]].astype(float).tolist()
    [0.5, 0.875]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    wanted = requests_for(read_columns(frame, items, kinds=("single", "option")), measure)
    problems = [
        Problem(
            "unsuited-measure",
            f"column {one.item}",
            f"{one.measure!r} is no share",
            "bounds are for shares of people",
        )
        for one in wanted
        if not one.share
    ]
    if problems:
        raise InvalidInput("measure", problems)
    table = Table(frame, wanted, by, None, 0.95)
    rows = table.rows
    n, whole = rows["n"], headcounts(table, population)
    counted = np.where(n > 0, np.rint(rows["estimate"] * n), 0.0)
    known = np.where(whole > 0, whole, np.nan)
    bounds = {
        "population": whole,
        "bound_low": counted / known,
        "bound_high": (counted + whole - n) / known,
        "method": np.where(whole > 0, _SAID, "not computed: the group has no people").astype(object),
    }
    return tidy(rows | bounds, ["item", "measure", *table.groups.names, *_COLUMNS])
