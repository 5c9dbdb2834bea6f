"""Random groups that cannot differ, to show what chance alone finds among many comparisons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from toolkit.instrument import Instrument

__all__ = ["false_alarms", "random_halves"]


def random_halves(frame: pd.DataFrame, *, seed: int | np.random.Generator) -> pd.DataFrame:
    """Assign every respondent at random to half A or B, so that only chance separates them.

    Parameters
    ----------
    frame
        A row a respondent.
    seed
        Of the lot.

    Returns
    -------
    pandas.DataFrame
        The frame with a column "half" (A, B); the halves differ by at most one person.

    Examples
    --------
    >>> halves = random_halves(pd.DataFrame({"x": range(5)}), seed=1)["half"]
    >>> sorted(halves.value_counts().tolist())
    [2, 3]
    """
    drawn = np.random.default_rng(seed).permutation(len(frame)) % 2
    return frame.assign(half=pd.Categorical(np.where(drawn == 0, "A", "B"), ["A", "B"]))


def false_alarms(
    frame: pd.DataFrame, items: Instrument | Any, *, seeds: Iterable[int], alpha: float = 0.05
) -> pd.DataFrame:
    """Compare random halves repeatedly; every difference found is a false alarm.

    Parameters
    ----------
    frame
        Respondents of any kind; audiences are not looked at.
    items
        The questions, as in `gaps`.
    seeds
        One a repetition.
    alpha
        What counts as found: p below it.

    Returns
    -------
    pandas.DataFrame
        A row a repetition: seed, tests, found (by the p values as they are), found_holm (by p values adjusted
        over all questions).

    Raises
    ------
    InvalidInput
        No seed, or an alpha outside 0–1.
    """
    from toolkit.analysis import gaps

    wanted = list(seeds)
    problems = [] if wanted else [Problem("empty", "seeds", "are none", "give some, such as range(20)")]
    if not 0 < alpha < 1:
        problems.append(
            Problem("out-of-range", "alpha", f"is {alpha:g}", "give a number between 0 and 1, such as 0.05")
        )
    if problems:
        raise InvalidInput("false_alarms", problems)
    rows = []
    for seed in wanted:
        halves = random_halves(frame, seed=seed)
        tested = gaps(halves, items, between="half", measure="top").dropna(subset=["p_value"])
        found = [int((tested[name] < alpha).sum()) for name in ("p_value", "p_adjusted")]
        rows.append({"seed": seed, "tests": len(tested), "found": found[0], "found_holm": found[1]})
    return pd.DataFrame(rows)
