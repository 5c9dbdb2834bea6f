"""Items × groups laid out as the rows of an estimates frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Request
from toolkit.analysis.design import Design
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.intervals import SAID
from toolkit.analysis.moments import Moments, domain_moments
from toolkit.analysis.replicates import Replicated
from toolkit.analysis.sampled import Sampled
from toolkit.errors import InvalidInput, Problem

__all__ = ["Population", "Table", "asked", "effective_n", "headcounts", "populations", "said_group"]

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
        """A value a row, from items × groups."""
        kept: Array = values[self._asked]
        return kept

    def replicate_shares(self, replicated: Replicated, item: int) -> Array:
        """Share of one item in every group under each replicate weight, groups × replicates."""
        values = np.empty(len(self.groups.codes))
        self._wanted[item].fill(values)
        known = ~np.isnan(values) & (self.groups.codes >= 0)
        member = (self.groups.codes[known, None] == np.arange(len(self.groups.labels))).astype(np.float64)
        drawn = replicated.weights[known]
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = ((member * values[known, None]).T @ drawn) / (member.T @ drawn)
        return found

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
            problems.append(
                Problem("unknown-option", "method", f"{named!r} is not known", f"use one of {sorted(SAID)}")
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
                Problem("missing-argument", "population", "is not given", "give N, or group value → N")
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
    return Moments(nothing, nothing, nothing, nothing, nothing, nothing, None)


def headcounts(table: Table, population: Population | None) -> Array:
    """How many people each row's group has; refused where more of them answered."""
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
                    "is not given",
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
