"""Implications of a rounded percentage: the shares and the bases that can give it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem

__all__ = ["possible_bases", "possible_counts"]

Array = npt.NDArray[np.float64]
_NOISE = 1e-9


def possible_counts(low: float, high: float, bases: Iterable[int]) -> pd.DataFrame:
    """Count the people whose share rounds to a published percentage, for each base.

    Parameters
    ----------
    low, high
        The percentages that round to the one published: 72.5 and 73.5 for 73 %.
    bases
        Numbers of answers to try.

    Returns
    -------
    pandas.DataFrame
        n, fewest, most (Int64, NA where no count fits) and possible. Ends count as fitting, because
        publishers round halves up or down.

    Raises
    ------
    InvalidInput
        A percentage outside 0–100, ends out of order, or a base below 1.

    Notes
    -----
    The test of Brown and Heathers (2017, "The GRIM test", doi 10.1177/1948550616673876) for a mean of noughts
    and ones. It says nothing of weighted percentages, which need not be a count over n; and with 100 answers
    or more every whole percentage is possible.

    Examples
    --------
    >>> possible_counts(72.5, 73.5, [9, 11, 625])["possible"].tolist()
    [False, True, True]
    """
    n = _checked(low, high, bases)
    fewest = np.maximum(np.ceil(low * n / 100 - _NOISE), 0)
    most = np.minimum(np.floor(high * n / 100 + _NOISE), n)
    fits = fewest <= most
    counts = {
        name: pd.array(np.where(fits, found, -1).astype(np.int64), dtype="Int64")
        for name, found in (("fewest", fewest), ("most", most))
    }
    frame = pd.DataFrame({"n": n.astype(np.int64), **counts, "possible": fits})
    frame.loc[~fits, ["fewest", "most"]] = pd.NA
    return frame


def possible_bases(ends: Sequence[tuple[float, float]], most: int) -> list[int]:
    """Find the bases up to `most` at which all given percentages are possible.

    Parameters
    ----------
    ends
        (low, high) of each percentage of one base, in per cent.
    most
        The largest base to try.

    Examples
    --------
    The five whole percentages 77, 39, 23, 21 and 47 cannot all be of 13 people:

    >>> five = [(76.5, 77.5), (38.5, 39.5), (22.5, 23.5), (20.5, 21.5), (46.5, 47.5)]
    >>> 13 in possible_bases(five, 625), min(possible_bases(five, 625))
    (False, 57)
    """
    tried = np.arange(1, most + 1)
    fits = np.ones(most, dtype=bool)
    for low, high in ends:
        fits &= possible_counts(low, high, tried)["possible"].to_numpy()
    return [int(n) for n in tried[fits]]


def _checked(low: float, high: float, bases: Iterable[int]) -> Array:
    n = np.asarray(list(bases), dtype=np.float64)
    problems = []
    if not 0 <= low <= high <= 100:
        hint = "give the smaller percentage first, both from 0 to 100"
        problems.append(Problem("wrong-order", "low and high", f"are {low:g} and {high:g}", hint))
    problems += [
        Problem("out-of-range", "bases", f"contains {base:g}", "give whole numbers of at least 1")
        for base in n[(n < 1) | (n % 1 != 0)]
    ]
    if problems:
        raise InvalidInput("possible_counts", problems)
    return n
