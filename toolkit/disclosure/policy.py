"""The disclosure policy, and admission of groups that are large enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.locale import _
from toolkit.records import Displayed

# Disclosure policy: thresholds for groups, and bounds for unanimous answers.


LOWEST_THRESHOLD = 4
"""No policy may show a base smaller than this: of three, what is withheld tells that each chose another."""

_LEAST_FOR_TWO = 5
"""Smallest base of which a bound can leave room for two and not be met by every share."""

_LADDER = (0.01, 0.02, 0.05, 0.10, 0.20, 1 / 3, 0.40)
"""Shares at which an answer counts as given by nearly nobody: the smallest that leaves room is used."""

PRESETS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "standard": MappingProxyType({"threshold": 5, "sensitive_threshold": 7, "room": 1}),
        "strict": MappingProxyType({"threshold": 7, "sensitive_threshold": 10, "room": 2}),
        "research": MappingProxyType({"threshold": 4, "sensitive_threshold": 5, "room": 1}),
    }
)
"""Named policies: what an organisation's people read, what is stricter, what stays among researchers."""


class Policy(BaseModel):
    """Rules that a result must pass before it is released.

    Parameters
    ----------
    preset
        The named policy (`PRESETS`) that the other values start from: they may be stricter, never weaker.
        Without one they start from "standard" and may go down to the floor.
    threshold
        Smallest base that may be shown; at least 4.
    sensitive_threshold
        The same for sensitive items; at least `threshold`, and at least 5.
    sensitive_items
        Names of items or columns to treat as sensitive, beside those the instrument marks.
    unanimity
        Whether shares near all or none are shown as a bound ("at least 90%").
    withhold_unlike
        Whether a gap is withheld where its item differs, or seems to, between people of equal score on its
        scale (`check_alike`); the instrument must declare scores.
    room
        How many people may have answered otherwise where a bound means "nearly all": 1 or 2, always 2 in
        sensitive items. With room for one, that one person learns what all others answered.

    Examples
    --------
    >>> Policy(threshold=5, sensitive_items=("burnout",)).threshold_for("burnout")
    7
    >>> Policy(preset="strict").threshold
    7
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    preset: Literal["standard", "strict", "research"] | None = None
    threshold: int = Field(default=5, ge=LOWEST_THRESHOLD)
    sensitive_threshold: int = 7
    sensitive_items: tuple[str, ...] = ()
    unanimity: bool = True
    withhold_unlike: bool = False
    room: int = Field(default=1, ge=1, le=2)

    @model_validator(mode="before")
    @classmethod
    def _as_a_file_writes_it(cls, given: Any) -> Any:
        """Accept "5", "true" and lists from files; raising only the threshold raises the sensitive one."""
        if not isinstance(given, Mapping):
            return given
        fields = {name: _read_scalar(value) for name, value in given.items()}
        if isinstance(fields.get("sensitive_items"), list):
            fields["sensitive_items"] = tuple(fields["sensitive_items"])
        preset = PRESETS.get(str(fields.get("preset")), {})
        threshold = fields.get("threshold")
        if "sensitive_threshold" not in fields and isinstance(threshold, int):
            fields["sensitive_threshold"] = max(preset.get("sensitive_threshold", 7), threshold)
        return {**preset, **fields}

    @model_validator(mode="after")
    def _is_no_weaker(self) -> Policy:
        """Refuse values weaker than the named preset, and bases too small for their bounds."""
        sensitive = self.sensitive_threshold
        weak = [
            f"{name} ({getattr(self, name)}) is below that of the preset {self.preset} ({least})"
            for name, least in PRESETS.get(self.preset or "", {}).items()
            if getattr(self, name) < least
        ]
        if weak:
            raise ValueError(f"{'; '.join(weak)}: raise it, or name no preset")
        if sensitive < self.threshold:
            raise ValueError(
                f"sensitive_threshold ({sensitive}) is below threshold ({self.threshold}): "
                f"raise it to {self.threshold} or more"
            )
        if min(sensitive, self.threshold if self.room > 1 else sensitive) < _LEAST_FOR_TWO:
            raise ValueError(
                f"a bound with room for two people needs a base of {_LEAST_FOR_TWO}: raise "
                f"sensitive_threshold to {_LEAST_FOR_TWO} or more, and with room: 2 the threshold as well"
            )
        return self

    def is_sensitive(self, item: str) -> bool:
        """Return whether the larger threshold applies; a row or option follows its item."""
        return any(item == name or item.startswith(f"{name}_") for name in self.sensitive_items)

    def threshold_for(self, item: str) -> int:
        """Return the smallest base that may be shown for an item."""
        return self.sensitive_threshold if self.is_sensitive(item) else self.threshold

    def room_for(self, item: str) -> int:
        """Return how many people a bound of this item leaves room for."""
        return 2 if self.is_sensitive(item) else self.room

    def unanimity_bounds(self, n: float, item: str = "", *, heaviest: float = 0.0) -> tuple[float, float]:
        """Return the shares (low, high) at or beyond which only a bound is shown.

        The bound is the smallest step b of 1, 2, 5, 10, 20, 33 and 40% with b·n ≥ room, so that "nearly
        nobody" always means 0 to `room` people or more. Of weighted answers it is at least `heaviest`, the
        part of the weights that so few people can have (NaN where no step is as large): a share beyond the
        bound is then that of more people, whoever they are. Without `unanimity`, no share is so low or high.

        Examples
        --------
        >>> Policy().unanimity_bounds(12)
        (0.1, 0.9)
        >>> Policy().unanimity_bounds(7)
        (0.2, 0.8)
        >>> Policy(preset="strict").unanimity_bounds(12)
        (0.2, 0.8)
        >>> Policy().unanimity_bounds(12, heaviest=0.15)
        (0.2, 0.8)
        >>> Policy(unanimity=False).unanimity_bounds(12)
        (-1.0, 2.0)
        """
        if not self.unanimity:
            return -1.0, 2.0
        low = nearly_nobody(n, self.room_for(item))
        if not heaviest <= low:  # also where it is unknown
            low = next((step for step in _LADDER if step >= heaviest - 1e-9), math.nan)
        return low, 1 - low

    def text(self) -> str:
        """Describe the policy for a methods section, in the current language."""
        k, sensitive = self.threshold, self.sensitive_threshold
        parts = [_("Groups of fewer than {k} people are not shown and are not part of any total.", k=k)]
        if sensitive > k:
            few = _(
                "For sensitive questions (such as burnout and leaving) the smallest group is {k}.",
                k=sensitive,
            )
            parts.append(few)
        if self.unanimity:
            bounds = _(
                "Where nearly all or nearly none gave an answer only a bound is shown, such as 80% or more, "
                "or 20% or less: the narrowest of 99, 98, 95, 90, 80, 67 and 60% that leaves it open how "
                "one person answered (for sensitive questions, two). Every comparison with such a share is "
                "computed from the bound that is shown."
            )
            strict = _(
                "Where nearly all or nearly none gave an answer only a bound is shown, such as 80% or more, "
                "or 20% or less: the narrowest of 99, 98, 95, 90, 80, 67 and 60% that leaves it open how "
                "two people answered. Every comparison with such a share is computed from the bound that "
                "is shown."
            )
            parts.append(strict if self.room > 1 else bounds)
        whole = _(
            "A full distribution of answers is shown only where none of its parts is that "
            "close to all or none, and nothing is shown from which a withheld number "
            "could be derived by subtraction."
        )
        return " ".join([*parts, whole])


def unrounded_bound(share: float, decimals: int) -> float:
    """Return the bound that a share of so many decimals was rounded from; other shares as they are.

    Examples
    --------
    >>> unrounded_bound(0.67, 2) == 1 - 1 / 3
    True
    """
    steps = (*_LADDER, *(1 - step for step in _LADDER))
    return next((step for step in steps if round(step, decimals) == round(share, decimals)), share)


def nearly_nobody(n: float, room: int) -> float:
    """Return the smallest step of the ladder of bounds at which `room` of n people count as nearly nobody.

    Examples
    --------
    >>> nearly_nobody(12, 2)
    0.2
    """
    return next((step for step in _LADDER if step * n >= room - 1e-9), _LADDER[-1])


def load_policy(given: Mapping[str, Any] | str | None, source: object = "policy") -> Policy:
    """Build a policy from a study file's mapping, reporting all problems at once.

    Parameters
    ----------
    given
        Field → value, or the name of a preset; None for the defaults.
    source
        The file it comes from, for messages.

    Raises
    ------
    InvalidInput
        For an unknown key (with near names) or a value out of range.

    Examples
    --------
    >>> load_policy({"threshold": 6}).sensitive_threshold
    7
    >>> load_policy("strict").room
    2
    """
    try:
        return Policy.model_validate({"preset": given} if isinstance(given, str) else dict(given or {}))
    except ValidationError as error:
        raise InvalidInput(source, [_problem(found) for found in error.errors()]) from None


def _read_scalar(value: Any) -> Any:
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _problem(found: Any) -> Problem:
    where = "policy → " + ".".join(str(part) for part in found["loc"]) if found["loc"] else "policy"
    if found["type"] == "extra_forbidden":
        name = str(found["loc"][0])
        return Problem(
            "unknown-key", where, "unknown setting of a policy", near_names(name, Policy.model_fields)
        )
    if found["type"] == "literal_error":
        what = f"unknown preset '{found['input']}'"
        return Problem("unknown-option", where, what, near_names(str(found["input"]), PRESETS))
    if where == "policy → room" and found["type"] in ("greater_than_equal", "less_than_equal"):
        what = f"{found['input']!r} is not 1 or 2"
        return Problem("out-of-range", where, what, "leave room for 1 or for 2 people")
    known: dict[str, tuple[ProblemCode, str, str]] = {
        "int_type": ("not-whole", "must be a whole number", "write one, such as 5"),
        "bool_type": ("wrong-type", "must be true or false", "write true or false"),
        "tuple_type": (
            "wrong-type",
            "must be a list of items",
            "write it as [burnout, leave]",
        ),
        "string_type": ("wrong-type", "must be an item's name", "write names of items, as [burnout, leave]"),
        "greater_than_equal": (
            "out-of-range",
            f"is below {LOWEST_THRESHOLD}",
            f"a threshold below {LOWEST_THRESHOLD} would show single people; raise it",
        ),
    }
    if found["type"] not in known:
        return Problem(
            "conflict", where, str(found["msg"]).removeprefix("Value error, "), "change one of the two"
        )
    code, what, hint = known[found["type"]]
    given = "nothing" if found["input"] is None else repr(found["input"])
    return Problem(code, where, f"{given} {what}", hint)


# Minimum-base filter: groups below the threshold leave the frame before any analysis.


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


@typed
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
        One row per respondent.
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
