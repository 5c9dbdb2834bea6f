"""What changed in people who answered twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, ndtri, stdtr

from toolkit.analysis.answers import Codes, Items, Request, read_columns, requests_for, with_boxes
from toolkit.analysis.gap_rows import finish, refuse_options, refuse_percent
from toolkit.analysis.intervals import quantile
from toolkit.analysis.pairing import Pairing, newcombe_paired_limits, pair_people, two_waves
from toolkit.analysis.plain import ROUNDING
from toolkit.analysis.results import Interval
from toolkit.analysis.tables import table_of
from toolkit.analysis.two_proportions import cohen_h
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["means_of_pairs", "newcombe_paired", "panel_change", "shares_of_pairs"]

Array = npt.NDArray[np.float64]
_SHARES = "exact McNemar test, Newcombe's interval for pairs"
_MEANS = "paired t test"
_NOBODY = "not computed: nobody answered both times"
_STILL = "no test: everyone changed by the same amount, or one person answered both times"


@typed
def newcombe_paired(table: Any, *, level: float = 0.95) -> Interval:
    """Newcombe's interval of the difference of two paired shares (1998, method 10).

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
        One row a respondent and wave (`study.responses(wave="all")`).
    items
        An instrument, variables, or names.
    person
        The column that names a person, the same in both waves: a code of their own, never the number an
        export gives each answer (`respondent`), which means somebody else in the next wave.
    wave, earlier, later
        The column of the wave; the waves to compare, None for the last two.
    by
        Group columns. Who changed group left the one and joined the other.
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
        For rows without a person, a person twice in a wave, waves that are not there, and whatever `gaps`
        refuses.

    Notes
    -----
    Shares: McNemar's test, exact (binomial, of those who changed), with `newcombe_paired`. Means: paired t.
    Who left may have left for what was asked about: those who stayed need not stand for them.

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
            "not-asked", "items", "nobody is in a group that was asked them", "check items, measure and by"
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
    """One item's rows: a group it was put to each."""
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
    """Whether a group's audience is put the item; every group where no column names the audience."""
    if audiences is None or "audience" not in names:
        return True
    return str(label[list(names).index("audience")]) in audiences


def shares_of_pairs(
    before: Array, after: Array, group: Any, count: int, level: float, power: float
) -> dict[str, Array]:
    """Rows of a yes/no item: change of the share in each group."""

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
    """Rows of a mean: change of each person, on average, in each group."""
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
