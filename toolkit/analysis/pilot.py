"""Before and after a trial of something, with and without a control group."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Codes, Items, Request, read_columns, requests_for, with_boxes
from toolkit.analysis.contract import tidy
from toolkit.analysis.gap_rows import refuse_options, refuse_percent
from toolkit.analysis.multiplicity import adjust_p
from toolkit.analysis.pairing import Pairing, pair_people, two_waves
from toolkit.analysis.panel import means_of_pairs, shares_of_pairs
from toolkit.analysis.permutation import flipped_p, shuffled_p
from toolkit.analysis.plain import is_constant
from toolkit.analysis.verdict import amount
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["pilot_change"]

Array = npt.NDArray[np.float64]
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
        One row a person and wave.
    items, measure, level, adjust, margin
        As in `gaps`; answers count alike, without weights.
    seed
        Of the permutations: the same seed gives the same p.
    person, wave, earlier, later
        As in `panel_change`.
    arm, control
        The column that says who was in the pilot, with two values, and which of them is the control group.
        Without `arm` everyone was in the pilot.
    permutations
        How many are drawn.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        A row an item: n and n_control people with both answers; change and change_control, their mean
        changes; estimate, the change, or with a control group the difference of changes, with its
        interval, df and p; p_permutation, p_adjusted (of that); says, the sentence it earns; method;
        people in one of the waves alone (joined, left).

    Raises
    ------
    InvalidInput
        For people that cannot be matched or change arm, arms other than two, and unusable options.

    Notes
    -----
    With a control group: Welch's t on each person's change, and a permutation test of who was in which
    arm by the same t (Janssen 1997). Without: as `panel_change`, and a test that turns each person's change
    about. p = (1 + as extreme) / (1 + permutations). Where whole teams were put into arms, give one row a
    team and wave. Without a control group nothing tells the pilot from all else that happened; with one,
    chance must have made the arms.

    Examples
    --------
    >>> frame = pd.DataFrame({"code": [*range(20)] * 2, "wave": ["1"] * 20 + ["2"] * 20,
    ...                       "agrees": [0] * 20 + [1] * 12 + [0] * 8})
    >>> pilot_change(frame, "agrees", person="code", measure="mean", seed=1)["says"].iloc[0]
    'changed by 60 points (33 to 78); without a control group nothing says why'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, 0.5, [adjust])
    if permutations < 99:
        where = Problem(
            "out-of-range", "permutations", f"is {permutations}", "draw at least 99, better some thousand"
        )
        raise InvalidInput("pilot_change", [where])
    waves = two_waves(frame, wave, earlier, later, what="pilot_change")
    paired = pair_people(frame, person=person, wave=wave, waves=waves, by=arm or (), what="pilot_change")
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
    """Which group was in the pilot, and which is the control (−1 where there is none)."""
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
    """The sentence a pilot earns: what changed, never what did it."""
    unit, within = ("points", margin) if made.share else ("on the scale", margin * made.span)
    low, high = float(row["conf_low"]), float(row["conf_high"])
    against = " against the control group" if compared else ""
    if math.isnan(low) or math.isnan(high):
        return "no comparison could be made"
    if low > 0 or high < 0:
        ends = f"({amount(low, unit)} to {amount(high, unit)})"
        unsaid = "" if compared else "; without a control group nothing says why"
        return f"changed by {amount(row['estimate'], unit)} {unit}{against} {ends}{unsaid}"
    if low >= -within and high <= within:
        return f"changed by no more than {amount(within, unit, exact=True)} {unit}{against}"
    return f"this pilot cannot tell whether anything changed{against}"
