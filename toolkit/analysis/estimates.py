"""Shares and means by group, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Items, Request, read_columns, requests_for, requests_per_code
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design, Sampled
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.intervals import PLAIN, SAID, hypergeometric_interval, korn_graubard, quantile
from toolkit.analysis.moments import Moments, domain_moments
from toolkit.errors import InvalidInput, Problem

__all__ = ["means", "proportions"]

Array = npt.NDArray[np.float64]
Population = float | Mapping[Any, float]
_NOBODY = "not computed: nobody answered"


def proportions(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    measure: str | None = None,
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
        Group columns. Rows without a group are in no row of the result.
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
    columns = read_columns(frame, items, kinds=("single", "option"))
    if measure == "mean":
        raise InvalidInput("measure", [Problem("measure", "a mean is not a share", "use means()")])
    if measure is None:
        wanted = [made for column in columns for made in requests_per_code(column)]
    else:
        wanted = requests_for(columns, measure)
    table = _Table(frame, wanted, by, design, level)
    rows, method = table.rows, table.method(method, population)
    if method == "hypergeometric":
        rows |= _finite(table, population)
    else:
        rows |= _share_interval(table, method)
    rows["method"] = np.where(rows["n"] == 0, _NOBODY, rows["method"])
    return tidy(rows, estimate_columns("response" if measure is None else "measure", table.groups.names))


def means(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean by item and group with its t interval; codes become numbers by the scale.

    Parameters
    ----------
    frame, items, by, design, level
        As in `proportions`. Numeric columns are taken as they are.

    Returns
    -------
    pandas.DataFrame
        As of `proportions`, `measure` "mean". df are n − 1, or the design's.

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
    table = _Table(frame, requests_for(read_columns(frame, items), "mean"), by, design, level)
    rows = table.rows
    n, error, df = rows["n"], rows["std_error"], rows["df"]
    if table.sampled.simple:
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(table.flat(table.moments.spread) / n)
        df = np.where(n > 1, n - 1, np.nan)
    half = quantile(level, df) * error
    said = "t interval" if table.sampled.simple else f"t interval, linearised ({table.sampled.label})"
    why = np.where(
        n == 0, _NOBODY, np.where(np.isnan(half), "mean without an interval: too few answers", said)
    )
    rows |= {
        "std_error": error,
        "df": df,
        "conf_low": rows["estimate"] - half,
        "conf_high": rows["estimate"] + half,
        "method": why,
    }
    return tidy(rows, estimate_columns("measure", table.groups.names))


class _Table:
    """Requests × groups, flattened to the rows that were asked."""

    def __init__(
        self, frame: pd.DataFrame, wanted: list[Request], by: Any, design: Design | None, level: float
    ) -> None:
        if not 0 < level < 1:
            raise InvalidInput("level", [Problem("level", f"is {level}", "give a fraction such as 0.95")])
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
        self.answers_in = np.bincount(
            self.groups.codes[self.groups.codes >= 0], minlength=len(self.groups.labels)
        )
        self._wanted = wanted

    def flat(self, values: Array) -> Array:
        """A value a row, from items × groups."""
        kept: Array = values[self._asked]
        return kept

    def method(self, named: str | None, population: Population | None) -> str:
        """The method to use, refusing what does not go together."""
        chosen = named or (
            "hypergeometric"
            if population is not None and self.sampled.simple
            else "wilson"
            if self.sampled.simple
            else "logit"
        )
        problems = []
        if chosen not in SAID:
            problems.append(Problem("method", f"{named!r} is not known", f"use one of {sorted(SAID)}"))
        if chosen == "hypergeometric" and not self.sampled.simple:
            problems.append(
                Problem(
                    "method",
                    "the hypergeometric interval is for a simple sample",
                    "name the population in Design(fpc=…)",
                )
            )
        if chosen == "hypergeometric" and population is None:
            problems.append(Problem("population", "is not given", "give N, or group value → N"))
        if chosen != "hypergeometric" and population is not None:
            problems.append(
                Problem(
                    "population",
                    f"has no use in method {chosen!r}",
                    'use method="hypergeometric" or leave population out',
                )
            )
        if problems:
            raise InvalidInput("proportions", problems)
        return chosen

    @property
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
            error = np.sqrt(np.maximum(variance, 0.0))
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
    """Answers of a simple sample that would tell as much: spread over variance, else Kish's number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = spread / variance
    return np.where((spread > 0) & (variance > 0) & np.isfinite(found), found, kish)


def asked(wanted: Sequence[Request], groups: Groups) -> Any:
    """Items × groups: False where the group is an audience the item is not put to."""
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
    return Moments(nothing, nothing, nothing, nothing, None)


def _share_interval(table: _Table, method: str) -> dict[str, Any]:
    rows, sampled, level = table.rows, table.sampled, table.level
    n, p, effective, df = rows["n"], rows["estimate"], rows["effective_n"], rows["df"]
    with np.errstate(divide="ignore", invalid="ignore"):
        if sampled.simple:
            low, high = PLAIN[method](p, n, level, quantile(level))
            return {
                "std_error": np.sqrt(p * (1 - p) / n),
                "conf_low": low,
                "conf_high": high,
                "method": np.where(
                    np.isnan(low) & (n > 0), f"{SAID[method]}: none at a share of 0 or 1", SAID[method]
                ),
            }
        t = quantile(level, df)
        adjusted = (
            effective * _shrunk(table, level, df) if method in ("beta", "clopper-pearson") else effective
        )
        low, high = PLAIN[method](p, adjusted, level, t)
        edge = ((p == 0) | (p == 1)) & (n > 0)
        edge_low, edge_high = korn_graubard(p, table.flat(table.moments.kish), level)
    said = "Korn–Graubard interval" if method in ("beta", "clopper-pearson") else SAID[method]
    unanimous = "Clopper–Pearson interval on Kish's effective n, as the answers do not vary"
    low, high = np.where(edge, edge_low, low), np.where(edge, edge_high, high)
    said_rows = np.where(edge, unanimous, f"{said}, linearised ({sampled.label})")
    return {"conf_low": low, "conf_high": high, "method": said_rows}


def _shrunk(table: _Table, level: float, df: Array) -> Array:
    """Korn and Graubard's factor (t with n − 1 over t with the design's df)², n the group's rows as in R."""
    rows = table.answers_in[table.group]
    return np.asarray((quantile(level, np.maximum(rows - 1, 1)) / quantile(level, df)) ** 2)


def _finite(table: _Table, population: Population | None) -> dict[str, Any]:
    rows = table.rows
    n, p = rows["n"], rows["estimate"]
    whole = _populations(table.groups, population)[table.group]
    problems = [
        Problem(
            f"population of {_said(table.groups, group)}, item {item}",
            f"is {size:g} and {count:g} answered",
            "correct the headcount",
        )
        for group, item, size, count in zip(table.group.tolist(), rows["item"], whole, n, strict=True)
        if count > size
    ]
    if problems:
        raise InvalidInput("population", problems)
    known = n > 0
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    low[known], high[known] = hypergeometric_interval(
        np.rint(p[known] * n[known]), n[known], whole[known], level=table.level
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(whole > 1, (whole - n) / (whole - 1), 0.0)
        error = np.sqrt(p * (1 - p) / n * factor)
    return {
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
        "method": np.full(len(n), SAID["hypergeometric"], dtype=object),
    }


def _populations(groups: Groups, population: Population | None) -> Array:
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
                Problem(f"population of {_said(groups, group)}", "is not given", "add it to the mapping")
            )
        elif not (size >= 0 and float(size).is_integer()):
            problems.append(
                Problem(
                    f"population of {_said(groups, group)}", f"is {size}", "give a whole number of people"
                )
            )
    if problems:
        raise InvalidInput("population", problems)
    return np.array(sizes)


def _said(groups: Groups, group: int) -> str:
    return ", ".join(map(str, groups.labels[group])) or "everyone"
