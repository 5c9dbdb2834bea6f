"""Minimum-base filter: groups below the threshold leave the frame before any analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from toolkit.disclosure.policy import Policy
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

__all__ = ["Admitted", "admit", "large_enough"]


@dataclass(frozen=True, repr=False)
class Admitted(Displayed):
    """The frame that may be analysed, and participation as far as it may be shown.

    Parameters
    ----------
    frame
        Respondents of the groups that are large enough.
    participation
        One row per group: the group column, invited, answered (NA below the threshold, 0 where nobody was
        invited), answered_shown, response_rate, margin, threshold.
    withheld
        The groups that are too small.
    """

    frame: pd.DataFrame
    participation: pd.DataFrame
    withheld: tuple[str, ...]


def admit(
    frame: pd.DataFrame,
    policy: Policy,
    *,
    by: str = "audience",
    population: Mapping[str, int] | None = None,
    level: float = 0.95,
) -> Admitted:
    """Remove groups with fewer respondents than the policy's threshold from a frame.

    "<5" includes 0, because "nobody answered" reveals something about everybody invited; "0" is printed only
    where nobody was invited. There is no total: it would reveal a withheld count.

    Parameters
    ----------
    frame
        One row a respondent.
    policy
        Its threshold counts.
    by
        Column of the groups.
    population
        Group → people invited, where known.
    level
        Of the margin of error.

    Raises
    ------
    InvalidInput
        Where the column is missing, a respondent has no group, or more answered than were invited.

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["executive"] * 3 + ["employee"] * 8})
    >>> admit(frame, Policy()).withheld
    ('executive',)
    """
    if by not in frame.columns:
        raise InvalidInput(
            "frame",
            [Problem("unknown-column", f"column {by}", "is missing", "name the column of the groups")],
        )
    names = frame[by].astype("string")
    invited = dict(population or {})
    answered = {str(group): int(count) for group, count in names.value_counts().items()}
    groups = _groups(frame[by], invited)
    _check(names, answered, invited, by, policy.threshold)
    small = tuple(group for group in groups if answered.get(group, 0) < policy.threshold)
    kept = frame.loc[~names.isin(small).to_numpy()]
    if isinstance(frame[by].dtype, pd.CategoricalDtype):
        kept = kept.assign(**{by: kept[by].cat.remove_unused_categories()})
    rows = [
        _participation(group, answered.get(group, 0), invited.get(group), policy, level) for group in groups
    ]
    table = pd.DataFrame(rows, columns=["group", *_PARTICIPATION]).rename(columns={"group": by})
    table = table.astype(
        {
            "invited": "Int64",
            "answered": "Int64",
            "response_rate": "Float64",
            "margin": "Float64",
            "threshold": "Int64",
        }
    )
    return Admitted(frame=kept, participation=table, withheld=small)


def large_enough(
    frame: pd.DataFrame, policy: Policy, *, by: Sequence[str] = ("audience",)
) -> tuple[tuple[str, ...], ...]:
    """Return the groups that `admit` keeps, for many divisions of a frame at once.

    Parameters
    ----------
    by
        Columns whose combinations are the groups.

    Examples
    --------
    >>> frame = pd.DataFrame({"organisation": ["a"] * 9 + ["b"] * 4, "audience": "employee"})
    >>> large_enough(frame, Policy(), by=("organisation", "audience"))
    (('a', 'employee'),)
    """
    counts = frame.groupby(list(by), observed=True, sort=False).size()
    kept = counts[counts >= policy.threshold]
    return tuple(tuple(map(str, key)) if isinstance(key, tuple) else (str(key),) for key in kept.index)


_PARTICIPATION = ("invited", "answered", "answered_shown", "response_rate", "margin", "threshold")


def _groups(column: pd.Series, invited: Mapping[str, int]) -> list[str]:
    known = (
        column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column.dropna().unique()
    )
    return list(dict.fromkeys([*(str(group) for group in known), *invited]))


def _check(
    names: pd.Series, answered: Mapping[str, int], invited: Mapping[str, int], by: str, threshold: int
) -> None:
    """Refuse more answers than people; for a group below the threshold the message would reveal its size."""
    problems = [
        Problem(
            "above-population",
            f"{by} '{group}'",
            f"{answered[group]} answered but only {count} were invited",
            "correct the headcount, or look for answers of another organisation",
        )
        for group, count in invited.items()
        if count is not None and answered.get(group, 0) > max(count, threshold - 1)
    ]
    homeless = int(names.isna().sum())
    if homeless:
        problems.append(
            Problem(
                "missing-value",
                f"column {by}",
                f"{homeless} respondent(s) belong to no group",
                "give each one, or leave them out",
            )
        )
    if problems:
        raise InvalidInput("frame", problems)


def _participation(
    group: str, answered: int, invited: int | None, policy: Policy, level: float
) -> tuple[object, ...]:
    from toolkit.analysis import margin_of_error

    if answered < policy.threshold:
        nobody = invited == 0 and answered == 0
        count, shown = (0, "0") if nobody else (pd.NA, f"<{policy.threshold}")
        return group, invited, count, shown, pd.NA, pd.NA, policy.threshold
    if invited is None:
        return group, pd.NA, answered, str(answered), pd.NA, pd.NA, policy.threshold
    margin = float(margin_of_error(answered, population=invited, level=level))
    return group, invited, answered, str(answered), answered / invited, margin, policy.threshold
