"""Shares and means by group, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from toolkit.analysis.answers import (
    SCORES,
    Codes,
    Groups,
    Items,
    Request,
    group_by,
    read_columns,
    requests_for,
    requests_per_code,
    with_boxes,
)
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design, Replicated, Sampled
from toolkit.analysis.intervals import LABELS, PLAIN, hypergeometric_interval, korn_graubard, quantile
from toolkit.analysis.moments import Moments, domain_moments
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

# Layout of items × groups as rows of an estimates frame.


Array = npt.NDArray[np.float64]
Population = float | Mapping[Any, float]
_ROUNDING = 1e-13
"""Variances below this part of a simple sample's are rounding: the design fixes the estimate."""


class Table:
    """Requests × groups, flattened to the rows that were asked.

    `rows_in` and `weight_in` count everyone of a group with a weight above 0, answered or not.
    """

    def __init__(
        self, frame: pd.DataFrame, wanted: list[Request], by: Any, design: Design | None, level: float
    ) -> None:
        if not 0 < level < 1:
            raise InvalidInput(
                "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
            )
        self.level = level
        self.groups = group_by(frame, by)
        self.sampled: Sampled = (design or Design()).over(frame)
        self.moments: Moments = (
            domain_moments(self.sampled, self.groups.codes, len(self.groups.labels), wanted)
            if wanted
            else _empty(self.groups)
        )
        self._asked = asked(wanted, self.groups)
        self.item, self.group = np.nonzero(self._asked)
        inside = (self.groups.codes >= 0) & (self.sampled.weights > 0)
        codes, size = self.groups.codes[inside], len(self.groups.labels)
        self.rows_in = np.bincount(codes, minlength=size).astype(np.float64)
        self.weight_in = np.bincount(codes, weights=self.sampled.weights[inside], minlength=size)
        self._wanted = wanted

    def flat(self, values: Array) -> Array:
        """Return one value per row from items × groups."""
        kept: Array = values[self._asked]
        return kept

    def replicate_shares(self, replicated: Replicated, item: int) -> Array:
        """Compute the share of one item in every group and replicate: groups × replicates."""
        values = np.empty(len(self.groups.codes))
        self._wanted[item].fill(values)
        known = ~np.isnan(values) & (self.groups.codes >= 0)
        member = (self.groups.codes[known, None] == np.arange(len(self.groups.labels))).astype(np.float64)
        drawn = replicated.weights[known]
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = ((member * values[known, None]).T @ drawn) / (member.T @ drawn)
        return found

    def method(self, named: str | None, population: Population | None) -> str:
        """Return the method to use, refusing what does not go together."""
        chosen = named or (
            "hypergeometric"
            if population is not None and self.sampled.simple
            else "wilson"
            if self.sampled.simple
            else "logit"
        )
        problems = []
        if chosen not in LABELS:
            problems.append(
                Problem("unknown-option", "method", f"{named!r} is unknown", f"use one of {sorted(LABELS)}")
            )
        if chosen == "hypergeometric" and not self.sampled.simple:
            problems.append(
                Problem(
                    "unsuited-method",
                    "method",
                    "the hypergeometric interval is for a simple sample",
                    "name the population in Design(fpc=…)",
                )
            )
        if chosen == "hypergeometric" and population is None:
            problems.append(
                Problem("missing-argument", "population", "is missing", "give N, or group value → N")
            )
        if chosen != "hypergeometric" and population is not None:
            problems.append(
                Problem(
                    "conflict",
                    "population",
                    f"has no use in method {chosen!r}",
                    'use method="hypergeometric" or leave population out',
                )
            )
        if problems:
            raise InvalidInput("proportions", problems)
        return chosen

    @cached_property
    def rows(self) -> dict[str, Any]:
        """The columns every estimate shares."""
        labels = {
            name: pd.Index([label[position] for label in self.groups.labels]).take(self.group).array
            for position, name in enumerate(self.groups.names)
        }
        n, mean = self.flat(self.moments.n), self.flat(self.moments.mean)
        error, df = np.full(len(n), np.nan), np.full(len(n), np.nan)
        effective = self.flat(self.moments.kish)
        if self.moments.covariance is not None:
            variance = self.flat(np.diagonal(self.moments.covariance, axis1=1, axis2=2))
            least = _ROUNDING * self._spread(mean) / np.maximum(effective, 1.0)
            variance = np.where(variance <= least, 0.0, variance)
            error = np.where(self.flat(self.moments.units) > 1, np.sqrt(variance), np.nan)
            df = self._df()
            effective = effective_n(self._spread(mean), variance, effective)
        names = np.array([one.item for one in self._wanted] or [""], dtype=object)
        measures = np.array([one.measure for one in self._wanted] or [""], dtype=object)
        return {
            "item": names[self.item],
            "response": measures[self.item],
            "measure": measures[self.item],
            **labels,
            "n": n,
            "effective_n": effective,
            "estimate": mean,
            "std_error": error,
            "df": df,
        }

    def _spread(self, mean: Array) -> Array:
        share = np.array([one.share for one in self._wanted] or [True])[self.item]
        return np.where(share, mean * (1 - mean), self.flat(self.moments.spread))

    def _df(self) -> Array:
        if not self.sampled.own_df:
            return np.full(len(self.group), self.sampled.degrees_of_freedom())
        each = np.array(
            [self.sampled.degrees_of_freedom(self.groups.codes == g) for g in range(len(self.groups.labels))]
        )
        return each[self.group]


def effective_n(spread: Array, variance: Array, kish: Array) -> Array:
    """Compute the size of a simple random sample with the same variance; Kish's where it is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = spread / variance
    return np.where((spread > 0) & (variance > 0) & np.isfinite(found), found, kish)


def asked(wanted: Sequence[Request], groups: Groups) -> Any:
    """Return items × groups, False where the item is not put to the group's audience."""
    result = np.ones((len(wanted), len(groups.labels)), dtype=bool)
    if "audience" in groups.names:
        position = groups.names.index("audience")
        audiences = [str(label[position]) for label in groups.labels]
        for row, one in zip(result, wanted, strict=True):
            if one.audiences is not None:
                row[:] = [audience in one.audiences for audience in audiences]
    return result


def _empty(groups: Groups) -> Moments:
    nothing = np.zeros((0, len(groups.labels)))
    return Moments(nothing, nothing, nothing, nothing, nothing, nothing, None)


def headcounts(table: Table, population: Population | None) -> Array:
    """Return the headcount of each row's group; raise where more people answered."""
    whole = populations(table.groups, population)[table.group]
    problems = [
        Problem(
            "above-population",
            f"population of {said_group(table.groups, group)}, item {item}",
            f"is {size:g} and {count:g} answered",
            "correct the headcount",
        )
        for group, item, size, count in zip(
            table.group.tolist(), table.rows["item"], whole, table.rows["n"], strict=True
        )
        if count > size
    ]
    if problems:
        raise InvalidInput("population", problems)
    return whole


def populations(groups: Groups, population: Population | None) -> Array:
    if not isinstance(population, Mapping):
        sizes = [float(population or 0)] * len(groups.labels)
        known = [True] * len(groups.labels)
    else:
        keys = [label[0] if len(label) == 1 else label for label in groups.labels]
        known = [key in population for key in keys]
        sizes = [float(population.get(key, 0)) for key in keys]
    problems = []
    for group, (size, there) in enumerate(zip(sizes, known, strict=True)):
        if not there:
            problems.append(
                Problem(
                    "missing-value",
                    f"population of {said_group(groups, group)}",
                    "is missing",
                    "add it to the mapping",
                )
            )
        elif not (size >= 0 and float(size).is_integer()):
            problems.append(
                Problem(
                    "out-of-range",
                    f"population of {said_group(groups, group)}",
                    f"is {size}",
                    "give a whole number of people",
                )
            )
    if problems:
        raise InvalidInput("population", problems)
    return np.array(sizes)


def said_group(groups: Groups, group: int) -> str:
    return ", ".join(map(str, groups.labels[group])) or "everyone"


# Shares and means by group, with intervals.


_NOBODY = "not computed: no one answered"
_ALIKE = "no interval: no one's answer varies, so no error can be estimated"
_LONE = "no interval: all answers are in a single primary unit, from which no error can be estimated"


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
    """Estimate the share of each answer, by item and group, with its interval.

    Parameters
    ----------
    frame
        One row per respondent. In a categorical column the reserved missing codes and NaN are missing, in a
        numeric one NaN is.
    items
        An instrument, variables, or column names.
    by
        Group columns. Rows without a group (NaN or a reserved code) are in no row of the result.
    measure
        None for a row per response code; else "top", "bottom", "favourable", "unfavourable" or one code.
    design
        How respondents were drawn.
    level
        Confidence level.
    method
        "wilson" (the choice for a simple sample), "wald", "logit" (the choice under a design), "beta"
        (Clopper–Pearson; Korn–Graubard under a design), "jeffreys", "agresti-coull", "likelihood", "asin",
        or "hypergeometric" (exact for a known population; the choice where `population` is given).
    population
        People each group's answers represent: one number, or group value → number (a tuple of values
        where `by` names several columns).
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        item, response or measure, groups, n, effective_n, estimate, std_error, conf_low, conf_high, df,
        method. Fractions. A group without answers has NA and `method` gives the reason; an audience that an
        item is not asked of has no row.

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
            "method": np.full(len(n), LABELS["hypergeometric"], dtype=object),
        }
    else:
        if not table.sampled.simple:
            rows |= _designed_interval(table, method)
        else:
            n, p = table.rows["n"], table.rows["estimate"]
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = PLAIN[method](p, n, table.level, quantile(table.level))
                error = np.sqrt(p * (1 - p) / n)
            none = f"{LABELS[method]}: none at a share of 0 or 1"
            label = np.where(np.isnan(low) & (n > 0), none, LABELS[method])
            rows |= {"std_error": error, "conf_low": low, "conf_high": high, "method": label}
    rows["method"] = np.where(rows["n"] == 0, _NOBODY, rows["method"])
    return tidy(rows, estimate_columns("response" if measure is None else "measure", table.groups.names))


@typed
def means(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    measure: str = "mean",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate means by item and group with t intervals; the scale turns codes into numbers.

    Parameters
    ----------
    frame, items, by, design, level
        As in `proportions`. Numeric columns are taken as they are.
    measure
        "mean", "net" (share of the top box less that of the bottom box) or "recommend" (of a scale 0 to 10,
        share of 9 and 10 less share of 0 to 6); net and recommend are fractions from −1 to 1.
    top, bottom
        Answers in each box, where items are column names and the measure is "net".

    Returns
    -------
    pandas.DataFrame
        As of `proportions`. df are n − 1, or the design's. A net or recommend score of people who all
        answered alike has no interval, and `method` states it.

    Raises
    ------
    InvalidInput
        For a named column whose answers are not numbers, and as in `proportions`.

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
            "measure", [Problem("unsuited-measure", f"measure {measure!r}", "is not a mean", hint)]
        )
    if measure != "net" and not (top is None and bottom is None):
        hint = 'leave them out, or use measure="net" or proportions()'
        raise InvalidInput(
            "means", [Problem("conflict", "top, bottom", f"are not counted by measure {measure!r}", hint)]
        )
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
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
    label = "t interval" if table.sampled.simple else f"t interval, {table.sampled.how}"
    none = np.where(alike, _ALIKE, _without(table))
    why = np.where(n == 0, _NOBODY, np.where(np.isnan(half), none, label))
    rows |= {
        "std_error": error,
        "df": df,
        "conf_low": rows["estimate"] - half,
        "conf_high": rows["estimate"] + half,
        "method": why,
    }
    return tidy(rows, estimate_columns("measure", table.groups.names))


def _designed_interval(table: Table, method: str) -> dict[str, Any]:
    """Compute the interval on the effective number of answers, with the design's t."""
    rows, level = table.rows, table.level
    n, p, error = rows["n"], rows["estimate"], rows["std_error"]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _on_effective(table, method)
        edge_low, edge_high = korn_graubard(p, table.flat(table.moments.kish), level)
    lone = (table.flat(table.moments.units) < 2) & (n > 1)
    edge, fixed = ((p == 0) | (p == 1)) & (n > 0) & ~lone, (error == 0) & (p > 0) & (p < 1)
    low, high = np.where(lone, np.nan, low), np.where(lone, np.nan, high)
    label = "Korn–Graubard interval" if method in ("beta", "clopper-pearson") else LABELS[method]
    unanimous = "Clopper–Pearson interval on Kish's effective n, as the answers do not vary"
    method_said = np.where(edge, unanimous, f"{label}, {table.sampled.how}")
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
        usual = "some replicates have no one from this group"
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
        # effective n from the spread of each replicate's log odds, as R's `svyciprop` has it
        replicated = table.sampled.replicated
        p = table.rows["estimate"]
        each = np.array([table.replicate_shares(replicated, item) for item in np.unique(table.item)])
        at = np.searchsorted(np.unique(table.item), table.item)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = logit(each[at, table.group])
            centre = logit(p)
            variance = [
                replicated.covariance(one[:, None], np.array([own]))[0, 0]
                if np.isfinite(one).all()
                else np.nan
                for one, own in zip(spread, centre, strict=True)
            ]
            found = 1 / (np.array(variance) * p * (1 - p))
        effective = np.where(np.isfinite(found), found, effective)
    return PLAIN[method](table.rows["estimate"], effective, level, t)


# Bounds of a share under non-response.


_COLUMNS = ("n", "population", "estimate", "bound_low", "bound_high", "method")
_WORST_CASE = "worst case: none of those who did not answer would have, and all of them would have"


@typed
def nonresponse_bounds(
    frame: pd.DataFrame,
    items: Items,
    *,
    population: Population,
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Bound the share of a known population, given those who answered.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        An instrument, variables, or column names.
    population
        People each group consists of: one number, or group value → number (a tuple of values where `by`
        names several columns).
    measure
        What is counted, as in `proportions`; "mean" for columns of 0 and 1.
    by
        Group columns.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        item, measure, groups, n, population, estimate (of those who answered), bound_low, bound_high,
        method. Fractions. No confidence level: for people who answered truly these are certain.

    Raises
    ------
    InvalidInput
        For a population that is unknown, not whole or below the answers, a measure that is not a share,
        and columns as in `proportions`.

    Notes
    -----
    With x of n answers counted among N people: x/N to (x + N − n)/N (Manski 1989). The width is 1 − n/N,
    so that nothing but more answers narrows it. Item non-response counts as non-response.

    Examples
    --------
    >>> frame = pd.DataFrame({"agrees": [1] * 40 + [0] * 10})
    >>> row = nonresponse_bounds(frame, "agrees", population=80, measure="1").iloc[0]
    >>> row[["bound_low", "bound_high"]].astype(float).tolist()
    [0.5, 0.875]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    wanted = requests_for(read_columns(frame, items, kinds=("single", "option")), measure)
    problems = [
        Problem(
            "unsuited-measure",
            f"column {one.item}",
            f"{one.measure!r} is not a share",
            "bounds are for shares of people",
        )
        for one in wanted
        if not one.share
    ]
    if problems:
        raise InvalidInput("measure", problems)
    table = Table(frame, wanted, by, None, 0.95)
    rows = table.rows
    n, whole = rows["n"], headcounts(table, population)
    counted = np.where(n > 0, np.rint(rows["estimate"] * n), 0.0)
    known = np.where(whole > 0, whole, np.nan)
    bounds = {
        "population": whole,
        "bound_low": counted / known,
        "bound_high": (counted + whole - n) / known,
        "method": np.where(whole > 0, _WORST_CASE, "not computed: the group has no people").astype(object),
    }
    return tidy(rows | bounds, ["item", "measure", *table.groups.names, *_COLUMNS])
