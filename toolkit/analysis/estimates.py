"""Shares and means by group, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from toolkit.analysis.answers import Codes, Items, read_columns, requests_for, requests_per_code, with_boxes
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design
from toolkit.analysis.estimate_table import Population, Table, headcounts
from toolkit.analysis.intervals import PLAIN, SAID, hypergeometric_interval, korn_graubard, quantile
from toolkit.analysis.replicates import Replicated
from toolkit.analysis.scores import SCORES
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["means", "proportions"]

Array = npt.NDArray[np.float64]
_NOBODY = "not computed: nobody answered"
_ALIKE = "no interval: no one's answer varies, so no error can be estimated"
_LONE = "no interval: all answers lie in one primary unit, from which no error can be estimated"


@typed
def proportions(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    measure: str | None = None,
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
    method: str | None = None,
    population: Population | None = None,
) -> pd.DataFrame:
    """Share of answers, by item and group, with its interval.

    Parameters
    ----------
    frame
        One row a respondent. In a categorical column the reserved missing codes and NaN are missing, in a
        numeric one NaN is.
    items
        An instrument, variables, or column names.
    by
        Group columns. Rows without a group (NaN or a reserved code) are in no row of the result.
    measure
        None for a row a response code; else "top", "bottom", "favourable", "unfavourable" or one code.
    design
        How respondents were drawn.
    level
        Confidence level.
    method
        "wilson" (the choice for a simple sample), "wald", "logit" (the choice under a design), "beta"
        (Clopper–Pearson; Korn–Graubard under a design), "jeffreys", "agresti-coull", "likelihood", "asin",
        or "hypergeometric" (exact for a known population; the choice where `population` is given).
    population
        People each group's answers stand for: one number, or group value → number (a tuple of values
        where `by` names several columns).
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        item, response or measure, groups, n, effective_n, estimate, std_error, conf_low, conf_high, df,
        method. Fractions. A group nobody answered in has NA and `method` says why; an audience an item is
        not put to has no row.

    Raises
    ------
    InvalidInput
        For columns that are missing or have no such measure, an unusable design, answers above the
        population.

    Notes
    -----
    `effective_n` is p(1 − p)/SE² under a design, Kish's (Σw)²/Σw² where that has no value. The
    standard error of a simple sample is √(p(1 − p)/n), for a known population times √((N − n)/(N − 1)).
    Checked against R (`prop.test`, `binom.test`, `survey::svyciprop`).

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["a"] * 10, "tired": [1] * 7 + [0] * 3})
    >>> proportions(frame, "tired", by="audience", measure="1")[["n", "estimate"]].iloc[0].tolist()
    [10.0, 0.7]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    columns = read_columns(frame, items, kinds=("single", "option"))
    if measure == "mean":
        raise InvalidInput(
            "measure", [Problem("unsuited-measure", "measure", "a mean is not a share", "use means()")]
        )
    if measure in SCORES:
        hint = f'use means(measure="{measure}")'
        raise InvalidInput(
            "measure",
            [Problem("unsuited-measure", f"measure {measure!r}", "is a difference of two shares", hint)],
        )
    if measure is None:
        wanted = [made for column in columns for made in requests_per_code(column)]
    else:
        wanted = requests_for(columns, measure)
    table = Table(frame, wanted, by, design, level)
    rows, method = dict(table.rows), table.method(method, population)
    if method == "hypergeometric":
        rows = table.rows
        n, p = rows["n"], rows["estimate"]
        whole = headcounts(table, population)
        known = n > 0
        low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
        low[known], high[known] = hypergeometric_interval(
            np.rint(p[known] * n[known]), n[known], whole[known], level=table.level
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(whole > 1, (whole - n) / (whole - 1), 0.0)
            error = np.sqrt(p * (1 - p) / n * factor)
        rows |= {
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "method": np.full(len(n), SAID["hypergeometric"], dtype=object),
        }
    else:
        if not table.sampled.simple:
            rows |= _designed_interval(table, method)
        else:
            n, p = table.rows["n"], table.rows["estimate"]
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = PLAIN[method](p, n, table.level, quantile(table.level))
                error = np.sqrt(p * (1 - p) / n)
            none = f"{SAID[method]}: none at a share of 0 or 1"
            said = np.where(np.isnan(low) & (n > 0), none, SAID[method])
            rows |= {"std_error": error, "conf_low": low, "conf_high": high, "method": said}
    rows["method"] = np.where(rows["n"] == 0, _NOBODY, rows["method"])
    return tidy(rows, estimate_columns("response" if measure is None else "measure", table.groups.names))


@typed
def means(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    measure: str = "mean",
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean by item and group with its t interval; codes become numbers by the scale.

    Parameters
    ----------
    frame, items, by, design, level
        As in `proportions`. Numeric columns are taken as they are.
    measure
        "mean", "net" (share of the top box less that of the bottom box) or "recommend" (of a scale 0 to 10,
        share of 9 and 10 less share of 0 to 6); net and recommend are fractions from −1 to 1.

    Returns
    -------
    pandas.DataFrame
        As of `proportions`. df are n − 1, or the design's. A net or recommend score of people who all
        answered alike has no interval, and `method` says so.

    Raises
    ------
    InvalidInput
        For a named column whose answers are no numbers, and as in `proportions`.

    Notes
    -----
    `effective_n` under a design is S²/SE², S² the weighted variance of the answers.
    Checked against R (`t.test`, `survey::svymean`, `survey::svyby`).

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [1.0, 2.0, 3.0]})
    >>> means(frame, "hours")[["estimate", "std_error"]].iloc[0].round(4).tolist()
    [2.0, 0.5774]
    """
    if measure != "mean" and measure not in SCORES:
        hint = f"use one of {('mean', *SCORES)}; for a share use proportions()"
        raise InvalidInput(
            "measure", [Problem("unsuited-measure", f"measure {measure!r}", "is no mean", hint)]
        )
    table = Table(frame, requests_for(read_columns(frame, items), measure), by, design, level)
    rows = dict(table.rows)
    n, error, df = rows["n"], rows["std_error"], rows["df"]
    if table.sampled.simple:
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(table.flat(table.moments.spread) / n)
        df = np.where(n > 1, n - 1, np.nan)
    error = np.where(n > 1, error, np.nan)
    half = quantile(level, df) * error
    alike = (error == 0) & (measure in SCORES)
    half = np.where(alike, np.nan, half)
    said = "t interval" if table.sampled.simple else f"t interval, {table.sampled.how}"
    none = np.where(alike, _ALIKE, _without(table))
    why = np.where(n == 0, _NOBODY, np.where(np.isnan(half), none, said))
    rows |= {
        "std_error": error,
        "df": df,
        "conf_low": rows["estimate"] - half,
        "conf_high": rows["estimate"] + half,
        "method": why,
    }
    return tidy(rows, estimate_columns("measure", table.groups.names))


def _designed_interval(table: Table, method: str) -> dict[str, Any]:
    """On the effective number of answers, with the design's t."""
    rows, level = table.rows, table.level
    n, p, error = rows["n"], rows["estimate"], rows["std_error"]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _on_effective(table, method)
        edge_low, edge_high = korn_graubard(p, table.flat(table.moments.kish), level)
    lone = (table.flat(table.moments.units) < 2) & (n > 1)
    edge, fixed = ((p == 0) | (p == 1)) & (n > 0) & ~lone, (error == 0) & (p > 0) & (p < 1)
    low, high = np.where(lone, np.nan, low), np.where(lone, np.nan, high)
    said = "Korn–Graubard interval" if method in ("beta", "clopper-pearson") else SAID[method]
    unanimous = "Clopper–Pearson interval on Kish's effective n, as the answers do not vary"
    method_said = np.where(edge, unanimous, f"{said}, {table.sampled.how}")
    none = np.isnan(low) & ~edge & ~fixed & (n > 0)
    method_said = np.where(none, _without(table, "the design leaves no degrees of freedom"), method_said)
    method_said = np.where(lone, _LONE, method_said)
    return {
        "conf_low": np.where(edge, edge_low, np.where(fixed, p, low)),
        "conf_high": np.where(edge, edge_high, np.where(fixed, p, high)),
        "method": np.where(fixed, "the design fixes this share, so it has no sampling error", method_said),
    }


def _without(table: Table, usual: str = "too few answers or primary units") -> str:
    if table.sampled.replicated is not None:
        usual = "some replicates hold nobody of this group"
    return f"no interval: {usual}"


def _on_effective(table: Table, method: str) -> tuple[Any, Any]:
    level, df, group = table.level, table.rows["df"], table.group
    effective, t = table.rows["effective_n"], quantile(level, df)
    everyone = table.rows_in[group]
    if method in ("beta", "clopper-pearson"):
        # Korn and Graubard's (t of n − 1 over t of the design's df)², n the group's rows as R counts them
        effective = effective * (quantile(level, np.maximum(everyone - 1, 1)) / t) ** 2
    if method == "likelihood":
        # R's deviance is divided by the dispersion, with weights that average 1 over the group's rows
        mean_weight = table.weight_in[group] / everyone
        t = t * np.sqrt(table.flat(table.moments.weight) / mean_weight / (table.rows["n"] - 1))
    if method == "logit" and table.sampled.replicated is not None:
        effective = _effective_of_logits(table, table.sampled.replicated, effective)
    return PLAIN[method](table.rows["estimate"], effective, level, t)


def _effective_of_logits(table: Table, replicated: Replicated, effective: Array) -> Array:
    """Effective n from the spread of each replicate's log odds, as R's `svyciprop` has it.

    Where some replicate's share is 0 or 1, its log odds have no end; there the share's own spread is kept.
    """
    p = table.rows["estimate"]
    each = np.array([table.replicate_shares(replicated, item) for item in np.unique(table.item)])
    at = np.searchsorted(np.unique(table.item), table.item)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = logit(each[at, table.group])
        centre = logit(p)
        variance = [
            replicated.covariance(one[:, None], np.array([own]))[0, 0] if np.isfinite(one).all() else np.nan
            for one, own in zip(spread, centre, strict=True)
        ]
        found = 1 / (np.array(variance) * p * (1 - p))
    return np.where(np.isfinite(found), found, effective)
