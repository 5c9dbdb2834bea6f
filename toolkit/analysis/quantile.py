"""Quantiles under a design, with Woodruff's interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv, expit, logit

from toolkit.analysis.answers import Items, Request, read_columns, requests_for
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.intervals import quantile
from toolkit.analysis.plain import as_numbers
from toolkit.analysis.sampled import Sampled, ratio_estimates
from toolkit.errors import InvalidInput, Problem

__all__ = ["quantiles", "weighted_quantile"]

Array = npt.NDArray[np.float64]
_RULES = ("math", "school", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
_INTERVALS = ("mean", "xlogit", "asin", "beta")
_SAME = 1e-12
"""Cumulated weights this near to the wanted part of their sum have reached it."""


def weighted_quantile(
    values: npt.ArrayLike, weights: npt.ArrayLike, p: float, *, rule: str = "math"
) -> float:
    """One weighted quantile.

    Parameters
    ----------
    values, weights
        One a respondent, without missing ones; weights of 0 do not count.
    p
        Between 0 and 1.
    rule
        "math" (or "hf1", the inverse of the distribution function), "school" ("hf2", the middle of two
        values where the function is flat), "hf3" … "hf9" (Hyndman and Fan 1996, for weights).

    Raises
    ------
    InvalidInput
        For a p outside 0–1 or an unknown rule.

    Notes
    -----
    Checked against R: `svyquantile(qrule = …)`.

    Examples
    --------
    >>> weighted_quantile([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], 0.5, rule="school")
    2.5
    """
    _refuse([p], rule, "mean", 0.95)
    x, w = as_numbers("values", values), np.asarray(weights, dtype=np.float64)
    kept = (w > 0) & ~np.isnan(x)
    order = np.argsort(x[kept], kind="stable")
    return _quantile(x[kept][order], w[kept][order], p, rule)


def _quantile(x: Array, w: Array, p: float, rule: str) -> float:
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
    """Quantiles of answers by item and group.

    Parameters
    ----------
    frame
        One row a respondent.
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
        On which scale the share below the quantile gets its interval: "mean", "xlogit", "asin", "beta".

    Returns
    -------
    pandas.DataFrame
        The estimates contract; `measure` is "quantile 0.5". `std_error` is the interval's width over
        twice the t quantile. A limit beyond the data is NA.

    Raises
    ------
    InvalidInput
        For unusable columns, designs or options.

    Notes
    -----
    Woodruff 1952: the interval of the share at or below the quantile, read back through the distribution
    function. df are those of the group's respondents who answered. Checked against R: `svyquantile`.

    Examples
    --------
    >>> quantiles(pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0, 5.0]}), "y", 0.5)["estimate"].tolist()
    [3.0]
    """
    chosen = [float(probabilities)] if isinstance(probabilities, int | float) else list(probabilities)
    _refuse(chosen, rule, interval, level)
    wanted = requests_for(read_columns(frame, items), "mean")
    groups = group_by(frame, by)
    sampled = (design or Design()).over(frame, linearise=True)
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
        return row | {"method": "not computed: nobody answered"}
    order = np.argsort(values[inside], kind="stable")
    x, w = values[inside][order], sampled.weights[inside][order]
    found = _quantile(x, w, p, rule)
    df = sampled.degrees_of_freedom(inside)
    below = np.where(inside, values <= found, False).astype(np.float64)[:, None]
    share, covariance = ratio_estimates(sampled, below, inside.astype(np.float64)[:, None])
    error = float(np.sqrt(max(covariance[0, 0], 0.0)))
    limits = _share_limits(float(share[0]), error, df, len(x), level, interval)
    low, high = (_quantile(x, w, at, rule) if 0 <= at <= 1 else np.nan for at in limits)
    said = f"Woodruff interval ({interval}), quantile rule {rule} ({sampled.label})"
    beyond = "; a limit lies beyond the data" if np.isnan([low, high]).any() else ""
    t = float(quantile(level, df))
    return row | {
        "effective_n": float(w.sum() ** 2 / (w**2).sum()),
        "estimate": found,
        "std_error": (high - low) / (2 * t),
        "conf_low": low,
        "conf_high": high,
        "df": df,
        "method": said + beyond,
    }


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


def _refuse(probabilities: Sequence[float], rule: str, interval: str, level: float) -> None:
    problems = [
        Problem("probabilities", f"hold {p}", "give numbers between 0 and 1")
        for p in probabilities
        if not 0 <= p <= 1
    ]
    if not probabilities:
        problems.append(Problem("probabilities", "are empty", "name at least one"))
    if rule not in _RULES:
        problems.append(Problem("rule", f"{rule!r} is not known", f"use one of {_RULES}"))
    if interval not in _INTERVALS:
        problems.append(Problem("interval", f"{interval!r} is not known", f"use one of {_INTERVALS}"))
    if not 0 < level < 1:
        problems.append(Problem("level", f"is {level}", "give a fraction such as 0.95"))
    if problems:
        raise InvalidInput("quantiles", problems)
