"""Relative risks and shares: what "88% more likely" and "88% of them" each imply."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem

__all__ = ["implied_by_ratio", "implied_by_share", "largest_comparison"]

_NOISE = 1e-9


def implied_by_ratio(ratio: float, comparison: Iterable[float]) -> pd.DataFrame:
    """Compute what a published relative risk implies for each share of the comparison group.

    Parameters
    ----------
    ratio
        How many times as likely: 1.88 for "88 % more likely".
    comparison
        Shares of the comparison group to try, fractions.

    Returns
    -------
    pandas.DataFrame
        comparison, share (ratio × comparison), gap (share − comparison), odds_ratio (NA where the share is
        1); NA where the share would pass 1, and possible says so.

    Raises
    ------
    InvalidInput
        A ratio that is not above 0, or a share outside 0–1.

    Examples
    --------
    >>> implied_by_ratio(1.88, [0.2, 0.6])["share"].round(3).tolist()
    [0.376, nan]
    """
    base = _checked(ratio, comparison)
    share = base * ratio
    possible = share <= 1 + _NOISE
    share = np.where(possible, np.minimum(share, 1.0), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (share / (1 - share)) / (base / (1 - base))
    return pd.DataFrame(
        {
            "comparison": base,
            "share": share,
            "gap": share - base,
            "odds_ratio": np.where(np.isfinite(odds) & (share < 1 - _NOISE), odds, np.nan),
            "possible": possible,
        }
    )


def implied_by_share(share: float, comparison: Iterable[float]) -> pd.DataFrame:
    """Compute what a published share implies for each share of the comparison group.

    Returns
    -------
    pandas.DataFrame
        comparison, ratio (share / comparison), gap (share − comparison).

    Raises
    ------
    InvalidInput
        A share outside 0–1, or a comparison of 0.

    Examples
    --------
    >>> implied_by_share(0.88, [0.44, 0.88])["ratio"].tolist()
    [2.0, 1.0]
    """
    if not 0 <= share <= 1:
        hint = f"give {share / 100:g} where {share:g} % is meant"
        raise InvalidInput("implied_by_share", [Problem("out-of-range", "share", f"is {share:g}", hint)])
    base = _checked(1.0, comparison)
    if (base == 0).any():
        problem = Problem("out-of-range", "comparison", "is 0", "leave it out: no ratio to nothing exists")
        raise InvalidInput("implied_by_share", [problem])
    return pd.DataFrame({"comparison": base, "ratio": share / base, "gap": share - base})


def largest_comparison(ratio: float) -> float:
    """Compute the largest possible share of the comparison group, since no share exceeds 1.

    Examples
    --------
    >>> round(largest_comparison(1.88), 4)
    0.5319
    """
    _checked(ratio, [])
    return min(1.0, 1 / ratio)


def _checked(ratio: float, comparison: Iterable[float]) -> np.ndarray:
    base = np.asarray(list(comparison), dtype=np.float64)
    problems = []
    if not 0 < ratio < float("inf"):
        problems.append(
            Problem("out-of-range", "ratio", f"is {ratio:g}", "give times as likely, such as 1.88")
        )
    problems += [
        Problem(
            "out-of-range",
            "comparison",
            f"contains {one:g}",
            f"give a fraction: {one / 100:g} where {one:g} % is meant",
        )
        for one in base[~((base >= 0) & (base <= 1))]
    ]
    if problems:
        raise InvalidInput("relative risk", problems)
    return base
