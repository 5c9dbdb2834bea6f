"""Change in the same people: panels, trials with and without a control group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, ndtri, stdtr

from toolkit.analysis.answers import (
    ROUNDING,
    Codes,
    Groups,
    Items,
    Request,
    group_by,
    is_constant,
    levels_of,
    read_columns,
    requests_for,
    with_boxes,
)
from toolkit.analysis.contract import Interval, tidy
from toolkit.analysis.gap_rows import adjust_p, amount, finish, refuse_options, refuse_percent
from toolkit.analysis.intervals import quantile, wilson
from toolkit.analysis.tables import table_of
from toolkit.analysis.two_proportions import cohen_h
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

# Panels: people who answered both waves, joined or left.


Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairing:
    """Rows of the same person at two times.

    `earlier` and `later` are row positions, one entry per pair, in one order; `group` is each pair's group.
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
    """Return the earlier and the later wave: those named, or the last two.

    Raises
    ------
    InvalidInput
        A wave that does not exist, fewer than two waves, a wave against itself.
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
        One row per respondent and wave.
    person
        The column that names a person, the same at both times.
    wave, waves
        The column of the wave; the earlier and the later one.
    by
        Group columns. Who changed group left one and joined the other; a row without a group is in none.
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
                    "missing-value", f"column {person}, wave {name}", f"{nameless} row(s) have no id", hint
                )
            )
        if twice:
            hint = "keep one row per person and wave"
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
    """Compute Newcombe's limits of a difference of paired shares (1998, method 10), from counts.

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


# Permutation tests of changes, over arms or over signs.


_CELLS = 2_000_000
_SLACK = 1e-9
"""Outcomes equal but for rounding count as equally extreme."""


def shuffled_p(a: Array, b: Array, *, draws: int, seed: int) -> float:
    """Compute the two-sided permutation p of Welch's t for two samples.

    Parameters
    ----------
    a, b
        Two samples of two values or more, in a settled order: the same order and seed give the same p.
    draws
        Permutations drawn.
    seed
        Of the draws.

    Notes
    -----
    (1 + as extreme) / (1 + draws). The studentised statistic keeps the level where spreads differ
    (Janssen 1997).

    Examples
    --------
    >>> shuffled_p(np.arange(10.0), np.arange(10.0) + 20, draws=999, seed=1)
    0.001
    """
    values = np.concatenate([a, b])
    values = values - values.mean()
    inside = np.concatenate([np.ones(len(a)), np.zeros(len(b))])
    seen = float(_welch(inside[None, :], values)[0])
    extreme = 0
    for size, rng in _batches(len(values), draws, seed):
        dealt = rng.permuted(np.broadcast_to(inside, (size, len(values))), axis=1)
        extreme += int((_welch(dealt, values) >= seen * (1 - _SLACK)).sum())
    return (1 + extreme) / (1 + draws)


def flipped_p(changes: Array, *, draws: int, seed: int) -> float:
    """Compute the two-sided p of a mean change by random sign flips of each person's change.

    NaN without a person.

    Examples
    --------
    >>> flipped_p(np.ones(20), draws=999, seed=1)
    0.001
    """
    if not len(changes):
        return math.nan
    moved = changes[changes != 0]
    seen, extreme = abs(float(moved.sum())), 0
    for size, rng in _batches(max(len(moved), 1), draws, seed):
        signs = rng.integers(0, 2, (size, len(moved))) * 2.0 - 1.0
        extreme += int((np.abs(signs @ moved) >= seen * (1 - _SLACK)).sum())
    return (1 + extreme) / (1 + draws)


def _batches(people: int, draws: int, seed: int) -> Iterator[tuple[int, np.random.Generator]]:
    """Yield sizes of batches that fit in memory, with the generator they share."""
    rng, most = np.random.default_rng(seed), max(_CELLS // people, 1)
    for start in range(0, draws, most):
        yield min(most, draws - start), rng


def _welch(inside: Array, values: Array) -> Array:
    """Compute |t| for each row of memberships; infinite where only the means vary."""
    n = inside.sum(axis=1)
    m = len(values) - n
    first, squares = inside @ values, inside @ values**2
    rest, rest_squares = values.sum() - first, (values**2).sum() - squares
    v = np.maximum(squares - first**2 / n, 0.0) / (n - 1)
    w = np.maximum(rest_squares - rest**2 / m, 0.0) / (m - 1)
    apart, error = np.abs(first / n - rest / m), np.sqrt(v / n + w / m)
    some = error > 1e-9 * max(float(np.ptp(values)), 1e-300)
    found: Array = np.where(some, apart / np.where(some, error, 1.0), np.where(apart > 1e-12, np.inf, 0.0))
    return found


# Changes in people who answered twice.


_SHARES = "exact McNemar test, Newcombe's interval for pairs"
_MEANS = "paired t test"
_NOBODY = "not computed: no one answered both times"
_STILL = "no test: everyone changed by the same amount, or one person answered both times"


@typed
def newcombe_paired(table: Any, *, level: float = 0.95) -> Interval:
    """Compute Newcombe's interval of the difference of two paired shares (1998, method 10).

    Parameters
    ----------
    table
        2 × 2 counts of the same people: [[yes and yes, yes and no], [no and yes, no and no]], rows the
        answer whose share comes first in the difference.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        For another shape, counts that are negative or missing, or an empty table.

    Notes
    -----
    d − √(a² − 2φab + b²) to d + √(c² − 2φcd + d²), a … d the distances to both sides' Wilson limits, φ
    the correlation of the answers with n/2 taken from its numerator where that is positive. Checked against
    the formula by hand, its coverage by enumeration.

    Examples
    --------
    >>> found = newcombe_paired([[14, 5], [0, 22]])
    >>> round(found.estimate, 4), round(found.conf_low, 4), round(found.conf_high, 4)
    (0.122, 0.0115, 0.2265)
    """
    counts = table_of(table, "newcombe_paired", empty=True)
    if counts.shape != (2, 2) or counts.sum() == 0:
        where = Problem(
            "wrong-shape",
            "table",
            f"has shape {counts.shape} and {counts.sum():g} people",
            "give 2 × 2 counts",
        )
        raise InvalidInput("newcombe_paired", [where])
    (both, first), (second, neither) = counts
    low, high = newcombe_paired_limits(both, first, second, neither, quantile(level))
    return Interval(float((first - second) / counts.sum()), float(low), float(high))


@typed
def panel_change(
    frame: pd.DataFrame,
    items: Items,
    *,
    person: str,
    wave: str = "wave",
    earlier: str | None = None,
    later: str | None = None,
    by: str | Sequence[str] = "audience",
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    level: float = 0.95,
    power: float = 0.8,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
) -> pd.DataFrame:
    """Change between two waves in those who answered both: later minus earlier.

    Parameters
    ----------
    frame
        One row per respondent and wave (`study.responses(wave="all")`).
    items
        An instrument, variables, or names.
    person
        The column that names a person, the same in both waves: a code of their own, never the number an
        export gives each answer (`respondent`), which means someone else in the next wave.
    wave, earlier, later
        The column of the wave; the waves to compare, None for the last two.
    by
        Group columns. People who changed group left the one and joined the other.
    measure, level, power, adjust, family, other_adjust, margin
        As in `gaps`; answers count alike, without weights.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract (audience_a the later wave, audience_b the earlier; n_a = n_b the people with an
        answer both times), then joined and left: people of the group in one of the waves alone.

    Raises
    ------
    InvalidInput
        For rows without a person, a person twice in a wave, waves that do not exist, and whatever `gaps`
        refuses.

    Notes
    -----
    Shares: McNemar's test, exact (binomial, of those who changed), with `newcombe_paired`. Means: paired t.
    Who left may have left for what was asked about: those who stayed need not represent them.

    Examples
    --------
    >>> before, after = [1] * 19 + [0] * 22, [1] * 14 + [0] * 27
    >>> frame = pd.DataFrame({"code": [*range(41)] * 2, "wave": ["1"] * 41 + ["2"] * 41,
    ...                       "tired": before + after})
    >>> found = panel_change(frame, "tired", person="code", by=(), measure="mean")
    >>> found[["gap", "p_value"]].round(4).iloc[0].tolist()
    [-0.122, 0.0625]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, power, [adjust, other_adjust])
    waves = two_waves(frame, wave, earlier, later, what="panel_change")
    paired = pair_people(frame, person=person, wave=wave, waves=waves, by=by, what="panel_change")
    wanted = requests_for(read_columns(frame, items), measure)
    refuse_percent(margin, any(made.share for made in wanted))
    blocks = [_block(frame, made, paired, level, power) for made in wanted]
    table = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame()
    if table.empty:
        where = Problem(
            "not-asked", "items", "no one is in a group that was asked them", "check items, measure and by"
        )
        raise InvalidInput("panel_change", [where])
    columns = {name: table[name].to_numpy() for name in table.columns}
    columns |= {"audience_a": np.full(len(table), waves[1]), "audience_b": np.full(len(table), waves[0])}
    result: pd.DataFrame = finish(
        columns,
        paired.groups.names,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=margin * columns["span"],
        units=np.where(columns["share"], "points", "scale").tolist(),
    )
    return result.assign(joined=columns["joined"], left=columns["left"])


def _block(frame: pd.DataFrame, made: Request, paired: Pairing, level: float, power: float) -> pd.DataFrame:
    """Return one item's rows, one per group it was put to."""
    answers = np.empty(len(frame))
    made.fill(answers)
    before, after = answers[paired.earlier], answers[paired.later]
    known = ~(np.isnan(before) | np.isnan(after))
    names, labels = paired.groups.names, paired.groups.labels
    sums = shares_of_pairs if made.share else means_of_pairs
    found = sums(before[known], after[known], paired.group[known], len(labels), level, power)
    asked = [at for at, label in enumerate(labels) if _asked(made.audiences, names, label)]
    rows: dict[str, Any] = {name: values[asked] for name, values in found.items()}
    rows |= {name: [labels[at][place] for at in asked] for place, name in enumerate(names)}
    rows |= {"joined": paired.joined[asked], "left": paired.left[asked]}
    same = {"item": made.item, "measure": made.measure, "share": made.share}
    return pd.DataFrame(rows).assign(**same, span=1.0 if made.share else made.span)


def _asked(audiences: tuple[str, ...] | None, names: Sequence[str], label: Sequence[Any]) -> bool:
    """Return whether the group's audience is asked the item; True if no column names the audience."""
    if audiences is None or "audience" not in names:
        return True
    return str(label[list(names).index("audience")]) in audiences


def shares_of_pairs(
    before: Array, after: Array, group: Any, count: int, level: float, power: float
) -> dict[str, Array]:
    """Return rows of a yes/no item: the change of the share in each group."""

    def people(kind: Any) -> Array:
        return np.bincount(group[kind], minlength=count).astype(np.float64)

    yes, was = after == 1, before == 1
    both, new, gone, neither = people(yes & was), people(yes & ~was), people(~yes & was), people(~yes & ~was)
    n, changed = both + new + gone + neither, new + gone
    some = n > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (both + new) / n, (both + gone) / n
        low, high = newcombe_paired_limits(both, new, gone, neither, quantile(level))
        error = np.sqrt(np.maximum(changed - (new - gone) ** 2 / n, 0.0)) / n
        least = (ndtri((1 + level) / 2) + ndtri(power)) * np.sqrt(changed / n) / np.sqrt(n)
    p = np.minimum(1.0, 2 * bdtr(np.minimum(new, gone), changed.astype(int), 0.5))
    nothing = np.full(count, np.nan)
    return {
        "n_a": n,
        "n_b": n,
        "estimate_a": a,
        "estimate_b": b,
        "gap": a - b,
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
        "statistic": nothing,
        "df": nothing,
        "p_value": np.where(some, p, np.nan),
        "effect_size": cohen_h(a, b) if count else nothing,
        "effect_size_kind": np.full(count, "cohen_h", dtype=object),
        "minimum_detectable_gap": np.where(least > 0, np.minimum(least, 1.0), np.nan),
        "method": np.where(some, _SHARES, _NOBODY).astype(object),
        "method_code": np.where(some, "mcnemar+newcombe_paired", "not_computed").astype(object),
    }


def means_of_pairs(
    before: Array, after: Array, group: Any, count: int, level: float, power: float
) -> dict[str, Array]:
    """Return rows of a mean: the average change per person in each group."""
    n = np.bincount(group, minlength=count).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b, gap = (
            np.bincount(group, part, minlength=count) / n for part in (after, before, after - before)
        )
        away = (after - before) - gap[group]
        spread = np.sqrt(np.bincount(group, away**2, minlength=count) / (n - 1))
        size = np.zeros(count)
        np.maximum.at(size, group, np.maximum(np.abs(before), np.abs(after)))
        fine = (n > 1) & (spread > ROUNDING * size)
        error = np.where(fine, spread / np.sqrt(n), np.nan)
        t, df = gap / error, np.where(fine, n - 1, np.nan)
        half = quantile(level, df) * error
    p = np.where(fine, 2 * stdtr(np.where(fine, df, 1.0), -np.abs(t)), np.nan)
    return {
        "n_a": n,
        "n_b": n,
        "estimate_a": a,
        "estimate_b": b,
        "gap": gap,
        "std_error": error,
        "conf_low": gap - half,
        "conf_high": gap + half,
        "statistic": t,
        "df": df,
        "p_value": p,
        "effect_size": gap / np.where(fine, spread, np.nan),
        "effect_size_kind": np.full(count, "cohen_dz", dtype=object),
        "minimum_detectable_gap": (ndtri((1 + level) / 2) + ndtri(power)) * error,
        "method": np.where(fine, _MEANS, np.where(n > 0, _STILL, _NOBODY)).astype(object),
        "method_code": np.where(fine, "paired_t", np.where(n > 0, "no_variation", "not_computed")).astype(
            object
        ),
    }


# Pilots: before and after, with and without a control group.


_COLUMNS = (
    "item",
    "measure",
    "n",
    "n_control",
    "change",
    "change_control",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "df",
    "p_value",
    "p_permutation",
    "p_adjusted",
    "says",
    "method",
    "joined",
    "left",
    "joined_control",
    "left_control",
)


@typed
def pilot_change(
    frame: pd.DataFrame,
    items: Items,
    *,
    seed: int,
    person: str,
    wave: str = "wave",
    earlier: str | None = None,
    later: str | None = None,
    arm: str | None = None,
    control: str | None = None,
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    level: float = 0.95,
    permutations: int = 4999,
    adjust: str = "holm",
    margin: float = 0.10,
) -> pd.DataFrame:
    """Change of the same people over a pilot, less that of a control group where there is one.

    Parameters
    ----------
    frame
        One row per person and wave.
    items, measure, level, adjust, margin
        As in `gaps`; answers count alike, without weights.
    seed
        Of the permutations: the same seed gives the same p.
    person, wave, earlier, later
        As in `panel_change`.
    arm, control
        The column of who was in the pilot, with two values, and which of them is the control group.
        Without `arm` everyone was in the pilot.
    permutations
        How many are drawn.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        A row per item: n and n_control people with both answers; change and change_control, their mean
        changes; estimate, the change, or with a control group the difference of changes, with its
        interval, df and p; p_permutation, p_adjusted (of that); says, the verdict in words; method;
        people in one of the waves alone (joined, left).

    Raises
    ------
    InvalidInput
        For people that cannot be matched or change arm, arms other than two, and unusable options.

    Notes
    -----
    With a control group: Welch's t on each person's change, and a permutation test of who was in which
    arm by the same t (Janssen 1997). Without: as `panel_change`, and a test that turns each person's change
    about. p = (1 + as extreme) / (1 + permutations). Where whole teams were assigned, give one row per team
    and wave. Without a control group the pilot cannot be separated from all else that happened; with one,
    the arms must have been assigned at random.

    Examples
    --------
    >>> frame = pd.DataFrame({"code": [*range(20)] * 2, "wave": ["1"] * 20 + ["2"] * 20,
    ...                       "agrees": [0] * 20 + [1] * 12 + [0] * 8})
    >>> pilot_change(frame, "agrees", person="code", measure="mean", seed=1)["says"].iloc[0]
    'changed by 60 points (33 to 78); without a control group the reason is unknown'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, 0.5, [adjust])
    if not 99 <= permutations <= 1_000_000:
        where = Problem(
            "out-of-range",
            "permutations",
            f"is {permutations}",
            "draw at least 99, better some thousand, and 1,000,000 at most",
        )
        raise InvalidInput("pilot_change", [where])
    waves = two_waves(frame, wave, earlier, later, what="pilot_change")
    paired = pair_people(
        frame, person=person, wave=wave, waves=waves, by=() if arm is None else arm, what="pilot_change"
    )
    sides = _sides(frame, paired, arm, control, person=person, wave=wave, waves=waves)
    wanted = requests_for(read_columns(frame, items), measure)
    refuse_percent(margin, any(made.share for made in wanted))
    rows = [_row(frame, made, paired, sides, level, permutations, seed) for made in wanted]
    for row, made in zip(rows, wanted, strict=True):
        row["says"] = _says(row, made, margin, compared=arm is not None)
    columns = {name: [row.get(name) for row in rows] for name in _COLUMNS}
    columns["p_adjusted"] = adjust_p(np.array(columns["p_permutation"], dtype=np.float64), adjust).tolist()
    return tidy(columns, _COLUMNS)


def _sides(
    frame: pd.DataFrame,
    paired: Pairing,
    arm: str | None,
    control: str | None,
    *,
    person: str,
    wave: str,
    waves: tuple[str, str],
) -> tuple[int, int]:
    """Return the pilot's group and the control's (−1 where there is none)."""
    if arm is None:
        if control is not None:
            where = Problem(
                "missing-argument", "control", "is named without arm", "name the column of the arms too"
            )
            raise InvalidInput("pilot_change", [where])
        return 0, -1
    problems = []
    names = [str(label[0]) for label in paired.groups.labels]
    if len(names) != 2:
        problems.append(
            Problem("wrong-shape", f"column {arm}", f"holds {len(names)} arm(s): {names}", "keep two arms")
        )
    if str(control) not in names:
        hint = near_names(str(control), names)
        problems.append(Problem("unknown-value", "control", f"{control!r} is not in column {arm}", hint))
    inside = frame[frame[wave].isin(waves)].assign(**{arm: paired.groups.codes[frame[wave].isin(waves)]})
    inside = inside[inside[arm] >= 0]
    moved = int((inside.groupby(person, observed=True)[arm].nunique() > 1).sum())
    if moved:
        hint = "give each the arm they were put into"
        problems.append(Problem("inconsistent", f"column {arm}", f"{moved} person(s) are in both arms", hint))
    if problems:
        raise InvalidInput("pilot_change", problems)
    at = names.index(str(control))
    return 1 - at, at


def _row(
    frame: pd.DataFrame,
    made: Request,
    paired: Pairing,
    sides: tuple[int, int],
    level: float,
    permutations: int,
    seed: int,
) -> dict[str, Any]:
    answers = np.empty(len(frame))
    made.fill(answers)
    before, after = answers[paired.earlier], answers[paired.later]
    known = ~(np.isnan(before) | np.isnan(after))
    moved, group, (pilot, control) = (after - before)[known], paired.group[known], sides
    treated, others = np.sort(moved[group == pilot]), np.sort(moved[group == control])
    row: dict[str, Any] = {
        "item": made.item,
        "measure": made.measure,
        "n": len(treated),
        "n_control": len(others),
        "change": _mean(treated),
        "change_control": _mean(others),
        "joined": int(paired.joined[pilot]),
        "left": int(paired.left[pilot]),
        "joined_control": int(paired.joined[control]) if control >= 0 else 0,
        "left_control": int(paired.left[control]) if control >= 0 else 0,
    }
    if control >= 0:
        size = float(np.abs(np.concatenate([before[known], after[known], [0.0]])).max())
        return row | _compared(treated, others, size, level, permutations, seed)
    sums = shares_of_pairs if made.share else means_of_pairs
    found = sums(before[known], after[known], group, 1, level, 0.8)
    same = ("std_error", "conf_low", "conf_high", "df", "p_value", "method")
    row |= {name: found[name][0] for name in same} | {"estimate": row["change"]}
    return row | {"p_permutation": flipped_p(treated, draws=permutations, seed=seed)}


def _compared(
    treated: Array, others: Array, size: float, level: float, permutations: int, seed: int
) -> dict[str, Any]:
    """Change of the one less change of the other, of answers up to `size`: Welch's t and its permutation."""
    named = ("std_error", "conf_low", "conf_high", "df", "p_value", "p_permutation")
    nothing: dict[str, Any] = dict.fromkeys(named, math.nan) | {"estimate": _mean(treated) - _mean(others)}
    if min(len(treated), len(others)) < 2:
        return nothing | {"method": "not tested: fewer than two people of an arm answered both times"}
    if is_constant(treated, size=size) and is_constant(others, size=size):
        return nothing | {"method": "not tested: within each arm everyone changed by the same amount"}
    from scipy.stats import ttest_ind

    found = ttest_ind(treated, others, equal_var=False)
    low, high = found.confidence_interval(level)
    p = shuffled_p(treated, others, draws=permutations, seed=seed)
    return {
        "estimate": treated.mean() - others.mean(),
        "std_error": float(np.sqrt(treated.var(ddof=1) / len(treated) + others.var(ddof=1) / len(others))),
        "conf_low": float(low),
        "conf_high": float(high),
        "df": float(found.df),
        "p_value": float(found.pvalue),
        "p_permutation": p,
        "method": "difference of changes: Welch's t, permutation of arms",
    }


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan


def _says(row: dict[str, Any], made: Request, margin: float, *, compared: bool) -> str:
    """Describe the result of a pilot: what changed, never what caused it."""
    unit, within = ("points", margin) if made.share else ("on the scale", margin * made.span)
    low, high = float(row["conf_low"]), float(row["conf_high"])
    against = " against the control group" if compared else ""
    if math.isnan(low) or math.isnan(high):
        return "no comparison could be made"
    if low > 0 or high < 0:
        ends = f"({amount(low, unit)} to {amount(high, unit)})"
        unsaid = "" if compared else "; without a control group the reason is unknown"
        return f"changed by {amount(row['estimate'], unit)} {unit}{against} {ends}{unsaid}"
    if low >= -within and high <= within:
        return f"changed by no more than {amount(within, unit, exact=True)} {unit}{against}"
    return f"this pilot cannot tell whether anything changed{against}"
