"""The same people at two times: who answered both, who joined, who left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.groups import Groups, group_by, levels_of
from toolkit.analysis.intervals import wilson
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["Pairing", "newcombe_paired_limits", "pair_people", "two_waves"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairing:
    """Rows of the same person at two times.

    `earlier` and `later` are row positions, one entry a pair, in one order; `group` is each pair's group.
    `joined` and `left` count, for each group, people of the later or the earlier time alone.
    """

    groups: Groups
    earlier: Any
    later: Any
    group: Any
    joined: Any
    left: Any


def two_waves(
    frame: pd.DataFrame, wave: str, earlier: str | None, later: str | None, *, what: str
) -> tuple[str, str]:
    """The earlier and the later wave: those named, or the last two.

    Raises
    ------
    InvalidInput
        A wave that is not there, fewer than two waves, a wave against itself.
    """
    if wave not in frame.columns:
        where = Problem(
            "unknown-column",
            f"column {wave}",
            "is not in the frame",
            near_names(wave, map(str, frame.columns)),
        )
        raise InvalidInput(what, [where])
    codes, levels = levels_of(frame[wave])
    known = [levels[at] for at in np.unique(codes[codes >= 0])]
    if len(known) < 2:
        hint = 'give a frame with two waves, such as study.responses(wave="all")'
        raise InvalidInput(what, [Problem("too-few", f"column {wave}", f"holds {len(known)} wave(s)", hint)])
    pair = (earlier or known[-2], later or known[-1])
    problems = [
        Problem(
            "unknown-wave", f"wave {one}", f"is not in column {wave}", near_names(str(one), map(str, known))
        )
        for one in pair
        if one not in known
    ]
    if pair[0] == pair[1]:
        problems.append(
            Problem("duplicate", f"wave {pair[0]}", "is compared with itself", "name two different waves")
        )
    if problems:
        raise InvalidInput(what, problems)
    return pair


def pair_people(
    frame: pd.DataFrame, *, person: str, wave: str, waves: tuple[str, str], by: str | Sequence[str], what: str
) -> Pairing:
    """Bring together the two rows of everyone who answered both times, within groups.

    Parameters
    ----------
    frame
        One row a respondent and wave.
    person
        The column that names a person, the same at both times.
    wave, waves
        The column of the wave; the earlier and the later one.
    by
        Group columns. Who changed group left the one and joined the other; a row without a group is in none.
    what
        The function that asks, for its refusals.

    Raises
    ------
    InvalidInput
        For rows without a person, and people with two rows in one wave.
    """
    if person not in frame.columns:
        hint = near_names(person, map(str, frame.columns))
        raise InvalidInput(what, [Problem("unknown-column", f"column {person}", "is not in the frame", hint)])
    groups = group_by(frame, by, every_category=False)
    people, _ = levels_of(frame[person])
    at = [np.flatnonzero((frame[wave] == one).to_numpy(dtype=bool, na_value=False)) for one in waves]
    problems = []
    for name, rows in zip(waves, at, strict=True):
        nameless = int((people[rows] < 0).sum())
        named = people[rows][people[rows] >= 0]
        twice = len(named) - len(np.unique(named))
        if nameless:
            hint = "leave these rows out, or compare the waves with trend()"
            problems.append(
                Problem(
                    "missing-value", f"column {person}, wave {name}", f"{nameless} row(s) name nobody", hint
                )
            )
        if twice:
            hint = "keep one row a person and wave"
            problems.append(
                Problem(
                    "duplicate-id", f"column {person}, wave {name}", f"{twice} row(s) name one again", hint
                )
            )
    if problems:
        raise InvalidInput(what, problems)
    grouped = [one[groups.codes[one] >= 0] for one in at]
    keys = [people[one].astype(np.int64) * len(groups.labels) + groups.codes[one] for one in grouped]
    both, first, second = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    count = len(groups.labels)
    met = np.bincount(both % count, minlength=count) if count else np.zeros(0, dtype=np.int64)
    each = [np.bincount(groups.codes[one], minlength=count) for one in grouped]
    return Pairing(
        groups=groups,
        earlier=grouped[0][first],
        later=grouped[1][second],
        group=both % max(count, 1),
        joined=each[1] - met,
        left=each[0] - met,
    )


def newcombe_paired_limits(both: Any, only_a: Any, only_b: Any, neither: Any, z: float) -> tuple[Any, Any]:
    """Newcombe's limits of a difference of paired shares, a − b (1998, method 10), from counts.

    The correlation of the two answers, made smaller where it is positive, draws the hybrid of both Wilson
    intervals together.
    """
    n = both + only_a + only_b + neither
    p, q = (both + only_a) / n, (both + only_b) / n
    (l1, u1), (l2, u2) = wilson(p, n, z), wilson(q, n, z)
    product = both * neither - only_a * only_b
    drawn = np.where(product > 0, np.maximum(product - n / 2, 0.0), product)
    margins = np.sqrt((both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither))
    phi = np.where(margins > 0, drawn / np.where(margins > 0, margins, 1.0), 0.0)
    below, above = p - l1, u2 - q
    low = np.sqrt(np.maximum(below**2 - 2 * phi * below * above + above**2, 0.0))
    over, under = u1 - p, q - l2
    high = np.sqrt(np.maximum(over**2 - 2 * phi * over * under + under**2, 0.0))
    return p - q - low, p - q + high
