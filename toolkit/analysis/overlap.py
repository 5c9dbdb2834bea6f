"""Audiences share nobody: a person in two of them would be compared with themselves."""

from __future__ import annotations

import pandas as pd

from toolkit.analysis.groups import levels_of
from toolkit.errors import InvalidInput, Problem

__all__ = ["refuse_overlap"]

_SHOWN = 5


def refuse_overlap(frame: pd.DataFrame, between: str) -> None:
    """Refuse a respondent who stands in two of the compared groups.

    Only a frame with a column `respondent` can tell. Within one wave ids are unique, so that a person seen
    again in another wave is no overlap; comparing waves is for `trend` and `panel_change`.

    Parameters
    ----------
    frame
        One row a respondent.
    between
        Column of the groups.

    Raises
    ------
    InvalidInput
        Naming the first such respondents.
    """
    if "respondent" not in frame.columns or between in ("respondent", "wave") or between not in frame.columns:
        return
    if frame["respondent"].is_unique:  # the usual case, told without sorting anything
        return
    keys = ["respondent", *(name for name in ("wave",) if name in frame.columns)]
    known = frame["respondent"].notna() & (levels_of(frame[between])[0] >= 0)
    again = frame.duplicated(keys, keep=False) & known
    if not again.any():
        return
    groups = (
        frame.loc[again]
        .groupby(keys, observed=True, dropna=False)[between]
        .agg(lambda one: sorted(set(map(str, one))))
    )
    both = groups[groups.map(len) > 1]
    if len(both):
        hint = "keep one row a person, or name another column where these are different people"
        raise InvalidInput(
            "groups",
            [
                Problem(
                    "duplicate-id",
                    f"respondent {key if isinstance(key, str) else key[0]!r}",
                    f"is in {' and '.join(listed)} of column {between}",
                    hint,
                )
                for key, listed in both.head(_SHOWN).items()
            ],
        )
