"""How respondents were drawn: weights, strata, clusters and the finite population, named as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["Design", "Sampled"]


@dataclass(frozen=True)
class Sampled:
    """A design laid over one frame: arrays of one entry a row, and of one entry a stratum.

    `fraction` is the sampled share of each stratum's primary units (0 without a finite population);
    `simple` says that every row counts the same and was drawn on its own, so that textbook formulas hold.
    """

    weights: Any
    stratum: Any
    psu: Any
    psus_in: Any
    fraction: Any
    simple: bool
    element: bool
    label: str
    own_df: bool = False

    def degrees_of_freedom(self, rows: Any = None) -> float:
        """Primary units less strata among the rows of positive weight (of `rows`, where given)."""
        counted = self.weights > 0
        if rows is not None:
            counted = counted & rows
        return float(np.unique(self.psu[counted]).size - np.unique(self.stratum[counted]).size)

    @property
    def scale(self) -> Any:
        """(1 − f) n / (n − 1) of each stratum; 0 where the stratum was taken whole."""
        count = self.psus_in
        return np.where(self.fraction >= 1, 0.0, (1 - self.fraction) * count / np.maximum(count - 1, 1))


@dataclass(frozen=True)
class Design:
    """Names of the columns that say how respondents were drawn.

    Parameters
    ----------
    weights
        Column of sampling or raked weights. Their scale does not matter.
    strata
        Column of the stratum each row was drawn in.
    clusters
        Column of the primary sampling unit, or a list, outermost first. Ids count within their stratum.
        Variance comes from the outermost one ("ultimate cluster").
    fpc
        Column of the number of primary units in the population of the row's stratum, or of the sampled
        fraction where every value is at most 1. Without `weights`, weights are N / n of the stratum.
    df
        Degrees of freedom of intervals in a group: "design" counts the whole design (in R
        `confint(svyby(…), df=degf(design))`), "domain" the group alone (`svyciprop(…, subset(design, …))`).

    Raises
    ------
    InvalidInput
        When laid over a frame: a column that is not there; weights negative, missing, infinite or all
        zero; strata or clusters missing; a finite population below the sample; a stratum of one unit.

    Notes
    -----
    Taylor linearisation with replacement of primary units, as R's `survey` 4 does it; df are primary
    units less strata. Checked against R in `tests/analysis`.

    Examples
    --------
    >>> Design(weights="weight", strata="audience").weights
    'weight'
    """

    weights: str | None = None
    strata: str | None = None
    clusters: str | tuple[str, ...] | list[str] | None = None
    fpc: str | None = None
    df: Literal["design", "domain"] = "design"

    def __post_init__(self) -> None:
        if isinstance(self.clusters, list):
            object.__setattr__(self, "clusters", tuple(self.clusters))
        if self.df not in ("design", "domain"):
            raise InvalidInput(
                "Design", [Problem("df", f"{self.df!r} is not known", 'use "design" or "domain"')]
            )

    @property
    def plain(self) -> bool:
        """Whether it names no column."""
        return self.weights is None and self.strata is None and not self.clusters and self.fpc is None

    def over(self, frame: pd.DataFrame, *, linearise: bool = False) -> Sampled:
        """Lay the design over a frame, refusing what a variance cannot be made from.

        Parameters
        ----------
        frame
            One row a respondent.
        linearise
            Treat a simple sample as a design of equal weights too.
        """
        rows = len(frame)
        if self.plain:
            everyone, each = np.ones(rows), np.arange(rows)
            one, none = np.array([float(rows)]), np.zeros(1)
            alike = np.zeros(rows, dtype=np.intp)
            return Sampled(everyone, alike, each, one, none, not linearise, True, "equal weights", False)
        self._refuse(self._absent(frame))
        problems = list(self._unusable(frame))
        self._refuse(problems)
        stratum, names = _coded(frame, self.strata)
        psu, psus_in = _units(frame, self._outermost, stratum, len(names))
        fraction, population, problems = _fractions(frame, self.fpc, stratum, psus_in, names)
        problems += [
            Problem(
                f"column {self.strata or self._outermost}, stratum {name!r}",
                "has one primary unit, from which no variance can be estimated",
                "merge it with a like stratum or leave strata out",
            )
            for name, count, share in zip(names, psus_in, fraction, strict=True)
            if count == 1 and share < 1
        ]
        self._refuse(problems)
        if self.weights is not None:
            weights = frame[self.weights].to_numpy(dtype=np.float64)
        elif population is not None:
            weights = (population / psus_in)[stratum]
        else:
            weights = np.ones(rows)
        element = bool(psus_in.sum() == rows)
        return Sampled(
            weights, stratum, psu, psus_in, fraction, False, element, self._said(), self.df == "domain"
        )

    @property
    def _outermost(self) -> str | None:
        return next(iter(self._clusters), None)

    @property
    def _clusters(self) -> tuple[str, ...]:
        if self.clusters is None:
            return ()
        return (self.clusters,) if isinstance(self.clusters, str) else tuple(self.clusters)

    def _columns(self) -> Iterator[str]:
        yield from (
            name for name in (self.weights, self.strata, *self._clusters, self.fpc) if name is not None
        )

    def _absent(self, frame: pd.DataFrame) -> Iterator[Problem]:
        for name in self._columns():
            if name not in frame.columns:
                yield Problem(
                    f"column {name}",
                    "the design names it and the frame lacks it",
                    near_names(name, map(str, frame.columns)),
                )

    def _unusable(self, frame: pd.DataFrame) -> Iterator[Problem]:
        if len(frame) == 0:
            yield Problem("frame", "has no rows", "give it respondents")
            return
        if self.weights is not None:
            yield from _weight_problems(frame[self.weights])
        for name in dict.fromkeys(self._columns()):
            if name != self.weights and bool(frame[name].isna().any()):
                yield Problem(
                    _first_row(frame[name], frame[name].isna().to_numpy()),
                    "has no value",
                    "fill it in or leave the row out",
                )

    def _refuse(self, problems: Any) -> None:
        problems = list(problems)
        if problems:
            raise InvalidInput("design", problems)

    def _said(self) -> str:
        parts = [
            "weights" if self.weights else "",
            "strata" if self.strata else "",
            "clusters" if self.clusters else "",
            "finite population" if self.fpc else "",
        ]
        return ", ".join(part for part in parts if part)


def _weight_problems(column: pd.Series) -> Iterator[Problem]:
    if not pd.api.types.is_numeric_dtype(column):
        yield Problem(f"column {column.name}", "weights are not numbers", "read them as numbers")
        return
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    for broken, what in (
        (np.isnan(values), "a weight is missing"),
        (np.isinf(values), "a weight is infinite"),
        (values < 0, "a weight is negative"),
    ):
        if broken.any():
            yield Problem(_first_row(column, broken), what, "mend it or leave the row out")
    if not np.isnan(values).any() and values.sum() == 0:
        yield Problem(f"column {column.name}", "weights sum to zero", "give at least one row a weight")


def _first_row(column: pd.Series, broken: Any) -> str:
    rows = column.index[broken]
    more = f" (+{len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"column {column.name}, row {rows[0]}{more}"


def _coded(frame: pd.DataFrame, name: str | None) -> tuple[Any, list[Any]]:
    if name is None:
        return np.zeros(len(frame), dtype=np.intp), ["all"]
    codes, found = pd.factorize(frame[name])
    return codes, list(found)


def _units(frame: pd.DataFrame, cluster: str | None, stratum: Any, strata: int) -> tuple[Any, Any]:
    """Primary unit of each row, numbered within strata, and the count of each stratum."""
    if cluster is None:
        return np.arange(len(frame)), np.bincount(stratum, minlength=strata).astype(np.float64)
    codes, found = pd.factorize(frame[cluster])
    psu, pairs = pd.factorize(stratum * len(found) + codes)
    return psu, np.bincount(np.asarray(pairs) // len(found), minlength=strata).astype(np.float64)


def _fractions(
    frame: pd.DataFrame, fpc: str | None, stratum: Any, psus_in: Any, names: list[Any]
) -> tuple[Any, Any, list[Problem]]:
    if fpc is None:
        return np.zeros(len(names)), None, []
    given = frame[fpc].to_numpy(dtype=np.float64)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, stratum, given)
    np.maximum.at(high, stratum, given)
    fractions = bool((given <= 1).all())
    population = psus_in / np.maximum(low, 1e-300) if fractions else low
    problems = []
    for name, least, most, count, whole in zip(names, low, high, psus_in, population, strict=True):
        where = f"column {fpc}, stratum {name!r}"
        if least != most:
            problems.append(
                Problem(
                    where, f"differs within the stratum ({least:g} to {most:g})", "give one number a stratum"
                )
            )
        elif least <= 0:
            problems.append(Problem(where, f"is {least:g}", "give the number of units in the population"))
        elif whole < count * (1 - 1e-12):
            problems.append(
                Problem(
                    where,
                    f"the population is {whole:g} and the sample {count:g}",
                    "a sample cannot be larger than its population; correct one of the two",
                )
            )
    return np.minimum(psus_in / np.maximum(population, 1e-300), 1.0), population, problems
