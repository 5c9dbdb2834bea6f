"""Intervals of released shares that hold for all options of a question at once, and the ranks left open.

Everything is worked out from released rows: an interval is a function of a share and an n that are printed
anyway, so it cannot give back what the gate withheld.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from toolkit.analysis.intervals import quantile, wilson


def held_together(frame: pd.DataFrame, *, by: str, level: float = 0.95) -> pd.DataFrame:
    """Return released shares of one question's options with intervals that hold together within each group.

    Parameters
    ----------
    frame
        Released rows, one per option and group: `by`, n, effective_n, estimate, shown, bound.
    by
        The group column.
    level
        Confidence that, within a group, every interval holds at once.

    Returns
    -------
    DataFrame
        The same rows with their conf_low and conf_high replaced, and rank_low and rank_high: the best and the
        worst place an option can have within its group. A share that is withheld or shown as a bound has no
        interval and no ranks; its rank may be any.

    Notes
    -----
    Bonferroni: each of a group's k intervals is Wilson's at level 1 − (1 − level)/k, on the effective number
    of answers where weights made it smaller. Where options exclude each other this is Goodman's (1965) set.
    Ranks after Klein, Wright and Wieczorek (2020); withheld options count as unknown. It is what
    `toolkit.analysis.ranked_options` gives for respondents, from what may be shown of them.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": ["a", "b"], "audience": "x", "n": 100, "effective_n": 100.0,
    ...                      "estimate": [0.9, 0.3], "shown": True, "bound": ""})
    >>> held_together(rows, by="audience")[["rank_low", "rank_high"]].values.tolist()
    [[1.0, 1.0], [2.0, 2.0]]
    """
    share, n, effective = (
        frame[name].to_numpy(np.float64, na_value=np.nan) for name in ("estimate", "n", "effective_n")
    )
    n = np.where(np.isnan(effective), n, effective)
    usable = (
        frame["shown"].to_numpy(bool) & (frame["bound"].fillna("") == "").to_numpy(bool) & ~np.isnan(share)
    )
    groups = frame[by].astype(str).to_numpy(object)
    ends = np.full((len(frame), 4), np.nan)
    for name in dict.fromkeys(groups):
        options = int((groups == name).sum())
        rows = np.flatnonzero((groups == name) & usable)
        low, high = wilson(share[rows], n[rows], quantile(1 - (1 - level) / options))
        above = (low[None, :] > high[:, None]).sum(axis=1)
        below = (high[None, :] < low[:, None]).sum(axis=1)
        ends[rows] = np.column_stack([low, high, 1 + above, options - below])
    columns = ("conf_low", "conf_high", "rank_low", "rank_high")
    return frame.assign(**dict(zip(columns, ends.T, strict=True)))
