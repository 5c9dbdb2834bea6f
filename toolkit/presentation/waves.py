"""Gaps between two waves as changes: earlier, later, and later minus earlier."""

from __future__ import annotations

import pandas as pd

from toolkit.errors import InvalidInput, Problem

__all__ = ["waves_apart"]


def waves_apart(frame: pd.DataFrame, waves: tuple[str, str]) -> pd.DataFrame:
    """Trend rows as earlier and later shares, whichever way the table subtracts.

    Parameters
    ----------
    frame
        Released gaps whose audience_a and audience_b are waves.
    waves
        The earlier and the later one.

    Returns
    -------
    The rows that compare these two, with the columns earlier, later, bound_earlier, bound_later, turned:
    whether the gap has to change its sign to be later minus earlier.

    Raises
    ------
    InvalidInput
        The frame compares other waves only.
    """
    first, last = waves
    a, b = frame["audience_a"].astype(str), frame["audience_b"].astype(str)
    kept = frame[((a == first) & (b == last)) | ((a == last) & (b == first))].copy()
    if kept.empty and len(frame):
        found = ", ".join(sorted({*a, *b}))
        raise InvalidInput(
            "waves",
            [Problem("unknown-wave", "waves", f"{first} and {last} are not compared", f"there are {found}")],
        )
    turned = kept["audience_a"].astype(str) == first
    for stem in ("estimate", "bound"):
        one, other = kept[f"{stem}_a"], kept[f"{stem}_b"]
        ends = ("earlier", "later") if stem == "estimate" else ("bound_earlier", "bound_later")
        kept[ends[0]] = one.where(turned, other)
        kept[ends[1]] = other.where(turned, one)
    kept["turned"] = turned
    return kept
