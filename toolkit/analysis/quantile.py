"""Quantiles under a design, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv, expit, logit

from toolkit.analysis.answers import Groups, Items, Request, as_numbers, group_by, read_columns, requests_for
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design, Sampled, ratio_estimates
from toolkit.analysis.intervals import quantile
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

# Weighted quantiles by R's rules.


Array = npt.NDArray[np.float64]
RULES = ("math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
_SAME = 1e-12
"""Tolerance at which cumulated weights have reached a part of their sum."""


@typed
def weighted_quantile(values: Numbers, weights: Numbers, p: float, *, rule: str = "math") -> float:
    """Compute one weighted quantile.

    Parameters
    ----------
    values, weights
        One per respondent, without missing ones; weights of 0 do not count.
    p
        Between 0 and 1.
    rule
        "math" (or "hf1", the inverse of the distribution function), "school" ("hf2", the middle of two
        values where the function is flat), "hf3" … "hf9" (Hyndman and Fan 1996, for weights), "shahvaish"
        (Shah and Vaish 2006: steps at the middle of each weight, weights averaging 1).

    Raises
    ------
    InvalidInput
        For a p outside 0–1 or an unknown rule.

    Notes
    -----
    Checked against R: `svyquantile(qrule = …)`, which below the first weight's share gives the second
    value, where this gives the first, and whose "shahvaish" holds for weights that average 1 alone.

    Examples
    --------
    >>> weighted_quantile([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], 0.5, rule="school")
    2.5
    """
    problems = []
    if not 0 <= p <= 1:
        problems.append(Problem("out-of-range", "p", f"is {p}", "give a number between 0 and 1"))
    if rule not in RULES:
        problems.append(Problem("unknown-option", "rule", f"{rule!r} is unknown", f"use one of {RULES}"))
    if problems:
        raise InvalidInput("weighted_quantile", problems)
    x, w = as_numbers("values", values), as_numbers("weights", weights)
    if len(x) != len(w):
        what = f"are {len(w)} for {len(x)} values"
        raise InvalidInput(
            "weighted_quantile", [Problem("unequal-length", "weights", what, "give one per value")]
        )
    if not bool((np.isfinite(w) & (w >= 0)).all()):
        what, hint = "hold one that is missing, infinite or negative", "correct it or leave the value out"
        raise InvalidInput("weighted_quantile", [Problem("not-finite", "weights", what, hint)])
    kept = (w > 0) & ~np.isnan(x)
    order = np.argsort(x[kept], kind="stable")
    return quantile_of(x[kept][order], w[kept][order], p, rule)


def quantile_of(x: Array, w: Array, p: float, rule: str) -> float:
    """Compute a quantile of sorted answers of positive weight; NaN of none."""
    if len(x) == 0:
        return float("nan")
    if len(x) == 1:
        return float(x[0])
    if rule == "hf3":
        x, position = np.unique(x, return_inverse=True)
        w = np.bincount(position, weights=w).astype(np.float64)
    held = np.cumsum(w)
    whole = held[-1]
    if rule in ("math", "hf1", "school", "hf2", "hf3"):
        reached = int(np.searchsorted(held / whole, p + _SAME, side="right")) - 1
        above = x[min(reached + 1, len(x) - 1)]
        if reached < 0 or abs(held[reached] / whole - p) > _SAME:
            return float(above)
        if rule in ("school", "hf2"):
            return float((x[reached] + above) / 2)
        even = rule != "hf3" or reached % 2 == 1
        return float(x[reached] if even else above)
    if rule == "shahvaish":
        middle = ((held - w / 2) * len(x) / whole + 0.5) / (len(x) + 1)
        return float(x[max(int(np.searchsorted(middle, p + _SAME, side="right")) - 1, 0)])
    before, last = held - w, w[-1]
    at = {
        "hf4": held / whole,
        "hf5": (held - w / 2) / whole,
        "hf6": held / (whole + last),
        "hf7": before / held[-2],
        "hf8": (before / 3 + held * 2 / 3) / (whole + last / 3),
        "hf9": (before * 3 / 8 + held * 5 / 8) / (whole + last / 4),
    }[rule]
    return float(np.interp(p, at, x))


# Quantiles under a design, with their intervals.


_INTERVALS = ("mean", "xlogit", "asin", "beta", "score", "quantile")


@typed
def quantiles(
    frame: pd.DataFrame,
    items: Items,
    probabilities: Sequence[float] | float = (0.25, 0.5, 0.75),
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    rule: str = "math",
    interval: str = "mean",
) -> pd.DataFrame:
    """Estimate quantiles of answers by item and group.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        An instrument, variables, or column names; codes count as numbers.
    probabilities
        Which quantiles, each between 0 and 1.
    by
        Group columns.
    design
        How respondents were drawn.
    level
        Confidence level.
    rule
        As in `weighted_quantile`.
    interval
        On which scale the share below the quantile gets its interval: "mean", "xlogit", "asin", "beta"
        (Woodruff); "score" (Francisco and Fuller: the values that a test of the share would not reject);
        "quantile", of replicate weights alone: t with the spread of the replicates' quantiles.

    Returns
    -------
    pandas.DataFrame
        The estimates contract; `measure` is "quantile 0.5". `std_error` is the interval's width over
        twice the t quantile. A limit beyond the data is NA, and so is every limit where the answers do
        not vary or are in a single primary unit; `method` states it.

    Raises
    ------
    InvalidInput
        For unusable columns, designs or options.

    Notes
    -----
    Woodruff 1952: the interval of the share at or below the quantile, read back through the distribution
    function. df are those of the group's respondents who answered. Checked against R: `svyquantile`,
    whose replicate designs always get the interval "mean", whatever is asked, and whose "score" is read off
    an unweighted share; here both are as named.

    Examples
    --------
    >>> quantiles(pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0, 5.0]}), "y", 0.5)["estimate"].tolist()
    [3.0]
    """
    chosen = [float(probabilities)] if isinstance(probabilities, int | float) else list(probabilities)
    problems = [
        Problem("out-of-range", "probabilities", f"hold {p!r}", "give numbers between 0 and 1")
        for p in chosen
        if not (isinstance(p, int | float | np.number) and 0 <= p <= 1)
    ]
    if not chosen:
        problems.append(Problem("empty", "probabilities", "are empty", "name at least one"))
    if rule not in RULES:
        problems.append(Problem("unknown-option", "rule", f"{rule!r} is unknown", f"use one of {RULES}"))
    if interval not in _INTERVALS:
        problems.append(
            Problem("unknown-option", "interval", f"{interval!r} is unknown", f"use one of {_INTERVALS}")
        )
    if not 0 < level < 1:
        problems.append(Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95"))
    if problems:
        raise InvalidInput("quantiles", problems)
    wanted = requests_for(read_columns(frame, items), "mean")
    groups = group_by(frame, by)
    sampled = (design or Design()).over(frame, linearise=True)
    if interval == "quantile" and sampled.replicated is None:
        what, hint = "is for replicate weights", 'use "mean", or make_replicates first'
        raise InvalidInput("quantiles", [Problem("unsuited-method", 'interval "quantile"', what, hint)])
    rows = [
        _row(sampled, groups, one, at, p, level, rule, interval)
        for one in wanted
        for at in range(len(groups.labels))
        for p in chosen
    ]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    labels = np.tile(np.repeat(np.arange(len(groups.labels)), len(chosen)), len(wanted))
    for at, name in enumerate(groups.names):
        columns[name] = pd.Index([label[at] for label in groups.labels]).take(labels).array
    return tidy(columns, estimate_columns("measure", groups.names))


def _row(
    sampled: Sampled,
    groups: Groups,
    one: Request,
    group: int,
    p: float,
    level: float,
    rule: str,
    interval: str,
) -> dict[str, Any]:
    values = np.empty(len(groups.codes))
    one.fill(values)
    inside = (groups.codes == group) & ~np.isnan(values) & (sampled.weights > 0)
    row: dict[str, Any] = dict.fromkeys(
        ("effective_n", "estimate", "std_error", "conf_low", "conf_high", "df"), np.nan
    )
    row |= {"item": one.item, "measure": f"quantile {p:g}", "n": float(inside.sum())}
    if not inside.any():
        return row | {"method": "not computed: no one answered"}
    order = np.argsort(values[inside], kind="stable")
    x, w = values[inside][order], sampled.weights[inside][order]
    found = quantile_of(x, w, p, rule)
    df = sampled.degrees_of_freedom(inside)
    low, high = _limits(_Group(sampled, inside, values, x, w, df), found, p, level, rule, interval)
    kind = {"score": "score", "quantile": "replicates'"}.get(interval, f"Woodruff ({interval})")
    label = f"{kind} interval, quantile rule {rule} ({sampled.label})"
    beyond = "; a limit is beyond the data" if np.isnan([low, high]).any() else ""
    t = float(quantile(level, df))
    return row | {
        "effective_n": float(w.sum() ** 2 / (w**2).sum()),
        "estimate": found,
        "std_error": (high - low) / (2 * t),
        "conf_low": low,
        "conf_high": high,
        "df": df,
        "method": label + beyond,
    }


@dataclass(frozen=True)
class _Group:
    """One group's answers: `x` in order and their weights `w`, and their positions in the frame."""

    sampled: Sampled
    inside: Any
    values: Array
    x: Array
    w: Array
    df: float

    def share(self, value: float) -> tuple[float, float]:
        """Estimate the share of answers at or below a value, and its standard error."""
        below = np.where(self.inside, self.values <= value, False).astype(np.float64)[:, None]
        share, covariance = ratio_estimates(self.sampled, below, self.inside.astype(np.float64)[:, None])
        return float(share[0]), float(np.sqrt(max(covariance[0, 0], 0.0)))


def _limits(
    group: _Group, found: float, p: float, level: float, rule: str, interval: str
) -> tuple[float, float]:
    if interval == "quantile":
        replicated = group.sampled.replicated
        if replicated is None:
            return np.nan, np.nan
        order = np.argsort(group.values[group.inside], kind="stable")
        each = [
            quantile_of(group.x[one > 0], one[one > 0], p, rule)
            for one in replicated.weights[group.inside][order].T
        ]
        variance = replicated.covariance(np.array(each)[:, None], np.array([found]))[0, 0]
        half = float(quantile(level, group.df)) * float(np.sqrt(variance))
        return found - half, found + half
    if interval == "score":
        # Smallest answer whose share at or below it is not surely under p; smallest that is surely over it
        t = float(quantile(level, group.df))
        answers = np.unique(group.x)

        def first(surely_over: bool) -> float:
            low, high = 0, len(answers)
            while low < high:
                middle = (low + high) // 2
                share, error = group.share(float(answers[middle]))
                reached = share - p > t * error if surely_over else share - p >= -t * error
                low, high = (low, middle) if reached else (middle + 1, high)
            return float(answers[low]) if low < len(answers) else np.nan

        return first(False), first(True)
    share, error = group.share(found)
    limits = _share_limits(share, error, group.df, len(group.x), level, interval)
    low, high = (quantile_of(group.x, group.w, at, rule) if 0 <= at <= 1 else np.nan for at in limits)
    return low, high


def _share_limits(
    share: float, error: float, df: float, n: int, level: float, interval: str
) -> tuple[float, float]:
    t = float(quantile(level, df))
    if interval == "mean":
        return share - t * error, share + t * error
    if not 0 < share < 1:
        return np.nan, np.nan
    if interval == "xlogit":
        half = t * error / (share * (1 - share))
        return float(expit(logit(share) - half)), float(expit(logit(share) + half))
    if interval == "asin":
        half, angle = t * error / (2 * np.sqrt(share * (1 - share))), np.arcsin(np.sqrt(share))
        return float(np.sin(angle - half) ** 2), float(np.sin(angle + half) ** 2)
    effective = share * (1 - share) / error**2 * (float(quantile(level, n - 1)) / t) ** 2
    x, tail = effective * share, (1 - level) / 2
    low = betaincinv(x, effective - x + 1, tail)
    return float(low), float(betaincinv(x + 1, effective - x, 1 - tail))
