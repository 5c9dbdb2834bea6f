"""Survey designs: weights, strata, clusters, finite populations and replicate weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING
from toolkit.records import Displayed
from toolkit.weighting import Calibration, Weights
from toolkit.weighting.weights import sums_within

# Replicate weights and their variance.


Array = npt.NDArray[np.float64]
Kind = Literal["bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference", "other"]
_ENOUGH = 2
"""Rows per replicate examined first; all of them only where these leave the rank open."""
KINDS = ("bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference", "other")


@dataclass(frozen=True)
class Replicated:
    """Replicate weights over one frame: rows × replicates, and how their spread becomes a variance."""

    weights: Array
    scale: float
    rscales: Array
    mse: bool

    def covariance(self, each: Array, estimate: Array) -> Array:
        """Compute the covariance of the column sums of `z`, the weighted contributions of respondents."""
        counted = self.rscales > 0
        centre = estimate if self.mse else each[counted].mean(axis=0)
        away = each - centre
        found: Array = (away * self.rscales[:, None]).T @ away * self.scale
        return found

    def covariances(self, each: Array, estimate: Array) -> Array:
        """Do so for many items at once: items × groups × replicates to items × groups × groups."""
        counted = self.rscales > 0
        centre = estimate if self.mse else each[:, :, counted].mean(axis=2)
        away = each - centre[:, :, None]
        found: Array = np.matmul(away * (self.rscales * self.scale), away.transpose(0, 2, 1))
        return found

    def degrees_of_freedom(self, rows: Any = None) -> float:
        """Rank of the replicate weights, less one."""
        weights = self.weights if rows is None else self.weights[rows]
        some = weights[:: max(len(weights) // (_ENOUGH * weights.shape[1]), 1)]
        rank = _rank(some)
        if rank < weights.shape[1] and len(some) < len(weights):
            rank = _rank(_different(weights))
        return float(rank - 1)


def _different(weights: Array) -> Array:
    """Return one row per primary unit; proportional rows add nothing to the rank."""
    whole = weights.sum(axis=1)
    if not (whole > 0).all():
        weights, whole = weights[whole > 0], whole[whole > 0]
    mixed = weights @ np.random.default_rng(0).uniform(1, 2, (weights.shape[1], 2)) / whole[:, None]
    first = np.unique(np.round(mixed, 10), axis=0, return_index=True)[1]
    kept = np.sort(first)
    found: Array = weights[kept] / whole[kept, None]
    return found


def _rank(weights: Array) -> int:
    if weights.size == 0:
        return 0
    upper = np.linalg.qr(weights, mode="r")
    largest = np.linalg.norm(upper, axis=0).max()
    return int(np.linalg.matrix_rank(upper, tol=1e-7 * max(largest, 1e-300)))


@dataclass(frozen=True, repr=False)
class Replicates(Displayed):
    """Columns of replicate weights, and how they were made.

    Parameters
    ----------
    columns
        One column per replicate.
    kind
        "bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference" or "other".
    scale
        By which the sum of squares is multiplied. By default 1/(R − 1) for the bootstrap, 1/R for BRR,
        1/(R(1 − rho)²) for Fay, 4/R for successive differences, 1 for JKn, JK2 and
        "other"; JK1 needs it ((n − 1)/n, with a finite population
        times 1 − n/N).
    rscales
        One per replicate, by default 1; JKn needs them ((n_h − 1)/n_h of the replicate's stratum).
    rho
        Fay's factor.
    mse
        Spread about the estimate (True) or about the replicates' mean (False).
    combined
        Whether columns already hold weight × replicate factor; False where they are factors alone.

    Raises
    ------
    InvalidInput
        Where what the kind needs is missing or does not fit.

    Examples
    --------
    >>> Replicates(("r1", "r2", "r3"), kind="BRR").spread(3)[0]
    0.3333333333333333
    """

    columns: Sequence[str]
    kind: Kind = "bootstrap"
    scale: float | None = None
    rscales: Sequence[float] | None = None
    rho: float | None = None
    mse: bool = False
    combined: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        if self.rscales is not None:
            object.__setattr__(self, "rscales", tuple(float(one) for one in self.rscales))
        problems = list(self._problems())
        if problems:
            raise InvalidInput("replicates", problems)

    def _problems(self) -> Iterator[Problem]:
        if self.kind not in KINDS:
            yield Problem("unknown-option", "kind", f"{self.kind!r} is unknown", f"use one of {KINDS}")
        if len(self.columns) < 2:
            yield Problem("too-few", "columns", f"name {len(self.columns)} replicate(s)", "name all of them")
        if len(set(self.columns)) < len(self.columns):
            yield Problem("duplicate", "columns", "name a replicate twice", "name each once")
        if self.kind == "Fay" and not (self.rho is not None and 0 <= self.rho < 1):
            yield Problem("out-of-range", "rho", f"is {self.rho}", "give Fay's factor, from 0 to below 1")
        if self.kind == "JK1" and self.scale is None:
            yield Problem(
                "missing-argument",
                "scale",
                "is missing",
                "give (n − 1)/n, n being the number of units dropped",
            )
        if self.kind == "JKn" and self.rscales is None:
            yield Problem(
                "missing-argument", "rscales", "are missing", "give (n − 1)/n of each replicate's stratum"
            )
        if self.scale is not None and not (np.isfinite(self.scale) and self.scale >= 0):
            yield Problem("out-of-range", "scale", f"is {self.scale}", "give a number above 0")
        if self.rscales is not None and (
            len(self.rscales) != len(self.columns)
            or any(not (np.isfinite(one) and one >= 0) for one in self.rscales)
        ):
            yield Problem(
                "unequal-length",
                "rscales",
                f"are {len(self.rscales)} for {len(self.columns)} replicates, or not all numbers from 0",
                "give one per replicate",
            )

    def spread(self, count: int) -> tuple[float, Array]:
        """Return `scale` and `rscales` for that many replicates."""
        factors = {"bootstrap": 1 / (count - 1), "BRR": 1 / count, "successive-difference": 4 / count}
        usual = factors.get(self.kind, 1.0)
        if self.kind == "Fay" and self.rho is not None:
            usual = 1 / (count * (1 - self.rho) ** 2)
        rscales = np.ones(count) if self.rscales is None else np.array(self.rscales)
        return usual if self.scale is None else self.scale, rscales

    def over(self, frame: pd.DataFrame, weights: Array) -> Replicated:
        """Read the replicate weights of one frame.

        Raises
        ------
        InvalidInput
            Naming every column that is missing or holds no weights.
        """
        problems = []
        for name in self.columns:
            if name not in frame.columns:
                known = near_names(name, map(str, frame.columns))
                problems.append(Problem("unknown-column", f"column {name}", "is not in the frame", known))
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                problems.append(
                    Problem("not-a-number", f"column {name}", "holds no numbers", "read it as numbers")
                )
        if problems:
            raise InvalidInput("replicates", problems)
        values = frame[list(self.columns)].to_numpy(dtype=np.float64, na_value=np.nan)
        odd = ~np.isfinite(values) | (values < 0)
        if odd.any():
            row, column = np.argwhere(odd)[0]
            where = f"column {self.columns[column]}, row {frame.index[row]}"
            raise InvalidInput(
                "replicates",
                [Problem("not-finite", where, "is missing, infinite or negative", "correct the file")],
            )
        scale, rscales = self.spread(len(self.columns))
        return Replicated(values if self.combined else values * weights[:, None], scale, rscales, self.mse)


# A design applied to one frame, with the covariance of totals.


@dataclass(frozen=True)
class Stage:
    """A later stage of sampling: units within the units of the stage before.

    `unit` of each row, `parent` stratum of each unit, `count` and sampled `fraction` of each stratum, and
    `share`, the product of the fractions sampled in all stages before, by which its variance counts.
    """

    unit: Any
    parent: Any
    count: Any
    fraction: Any
    share: Any


@dataclass(frozen=True)
class Sampled:
    """A design laid over one frame: arrays of one entry per row, and of one entry per stratum.

    `fraction` is the sampled share of each stratum's primary units (0 without a finite population);
    `simple` means that every row counts the same and was drawn independently, so that textbook formulas hold.
    `later` are the stages after the first, `lonely` what is done with a stratum of one unit, `calibration`
    what explains part of every answer, `replicated` the replicate weights that stand in for all of this.
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
    given_df: float | None = None
    lonely: str = "fail"
    later: tuple[Stage, ...] = ()
    calibration: Calibration | None = None
    replicated: Replicated | None = None

    def degrees_of_freedom(self, rows: Any = None) -> float:
        """Count primary units less strata among the rows of positive weight (of `rows`, if given)."""
        if self.given_df is not None:
            return self.given_df
        if self.replicated is not None:
            return self.replicated.degrees_of_freedom(rows)
        counted = self.weights > 0
        if rows is not None:
            counted = counted & rows
        strata = int(np.bincount(self.stratum[counted]).astype(bool).sum())
        units = counted if self.element else np.bincount(self.psu[counted])
        return float(int(units.astype(bool).sum()) - strata)

    @property
    def made(self) -> str:
        """How errors are computed, for a methods section."""
        return "linearised" if self.replicated is None else "by replication"

    @property
    def how(self) -> str:
        """How errors are computed, and from what."""
        return f"{self.made} ({self.label})"

    @property
    def scale(self) -> Any:
        """(1 − f) n / (n − 1) of each stratum; 0 where the stratum was taken whole."""
        return _scale(self.psus_in, self.fraction)

    @property
    def common(self) -> bool:
        """Whether sums within the first stage's strata and units suffice."""
        return self.replicated is None and not self.later

    @property
    def off_centre(self) -> tuple[Any, float]:
        """Part of a stratum's squared total to subtract from its variance, and the factor of the whole.

        `scale` over the count of units; a stratum of one unit keeps all of its total under "adjust", and
        under "average" counts as the others do.
        """
        share, alone = self.scale / self.psus_in, (self.psus_in < 2) & (self.scale > 0)
        if self.lonely == "adjust":
            share = np.where(alone, 0.0, share)
        grown = 1.0
        if self.lonely == "average" and alone.any():
            grown = len(alone) / max(len(alone) - int(alone.sum()), 1)
        return share, grown


def _scale(count: Any, fraction: Any) -> Any:
    return np.where(fraction >= 1, 0.0, (1 - fraction) * count / np.maximum(count - 1, 1))


def covariance(sampled: Sampled, z: Array) -> Array:
    """Compute the covariance of the column sums of `z`, the weighted contributions of respondents.

    Parameters
    ----------
    sampled
        The design over the frame, without replicates.
    z
        Rows × statistics.

    Notes
    -----
    What a calibration explains is taken out first. Each later stage adds its variance times the product
    of the fractions sampled before it.
    """
    if sampled.calibration is not None:
        z = sampled.calibration.residuals(z)
    at, totals = sampled.stratum, z
    if sampled.element and sampled.psus_in.sum() < len(z):  # rows of weight 0 that may not have been drawn
        drawn = sampled.weights > 0
        at, totals = at[drawn], totals[drawn]
    if not sampled.element:
        units = int(sampled.psus_in.sum())
        totals, at = sums_within(sampled.psu, z, units), np.zeros(units, dtype=np.intp)
        at[sampled.psu] = sampled.stratum
    result = _between(totals, at, sampled.psus_in, sampled.scale, sampled.lonely)
    for stage in sampled.later:
        scale = _scale(stage.count, stage.fraction) * stage.share
        totals = sums_within(stage.unit, z, len(stage.parent))
        result = result + _between(totals, stage.parent, stage.count, scale, sampled.lonely)
    return result


def _between(totals: Array, at: Any, count: Any, scale: Any, lonely: str) -> Array:
    """Sum scale · Σ (z − z̄)(z − z̄)ᵀ over strata, with the rule for strata of one unit."""
    centre = sums_within(at, totals, len(count)) / count[:, None]
    alone = (count < 2) & (scale > 0)
    if lonely == "adjust":
        centre[alone] = 0.0
    away = totals - centre[at]
    found: Array = (away * scale[at][:, None]).T @ away
    if lonely == "average" and alone.any():
        found *= len(count) / max(len(count) - int(alone.sum()), 1)
    return found


def ratio_estimates(sampled: Sampled, top: Array, bottom: Array | None) -> tuple[Array, Array]:
    """Compute ratios of weighted totals (totals, where there is no denominator) and their covariance.

    Parameters
    ----------
    sampled
        The design over the frame.
    top, bottom
        Rows × statistics, 0 outside the domain of each.

    Returns
    -------
    tuple
        Estimates, and their covariance; NaN where a bottom is 0.
    """
    weights = sampled.weights
    totals = weights @ top
    with np.errstate(divide="ignore", invalid="ignore"):
        if bottom is None:
            estimate, z = totals, top * weights[:, None]
        else:
            size = weights @ bottom
            estimate = totals / np.where(size == 0, np.nan, size)
            z = (top - estimate * bottom) * weights[:, None] / size
        if sampled.replicated is None:
            return estimate, covariance(sampled, z)
        each = sampled.replicated.weights.T @ top
        if bottom is not None:
            each = each / (sampled.replicated.weights.T @ bottom)
    return estimate, sampled.replicated.covariance(each, estimate)


# Columns of a design as arrays, validated.


def column_names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one name, several or none as a tuple."""
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    listed = tuple(given) if isinstance(given, Iterable) else (given,)
    odd = [name for name in listed if not isinstance(name, str)]
    if odd:
        problems = [Problem("wrong-type", f"column {name!r}", "is not a name", "give a text") for name in odd]
        raise InvalidInput("Design", problems)
    return listed


def all_fractions(frame: pd.DataFrame, fpcs: Sequence[str]) -> bool:
    """Return whether the columns hold sampling fractions rather than counts."""
    return all(bool((frame[name].to_numpy(dtype=np.float64) <= 1).all()) for name in fpcs)


def weight_problems(column: pd.Series) -> Iterator[Problem]:
    """List what is wrong with a column of weights, by row."""
    if not pd.api.types.is_numeric_dtype(column):
        yield Problem(
            "not-a-number", f"column {column.name}", "weights are not numbers", "read them as numbers"
        )
        return
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    for broken, what in (
        (np.isnan(values), "a weight is missing"),
        (np.isinf(values), "a weight is infinite"),
        (values < 0, "a weight is negative"),
    ):
        if broken.any():
            yield Problem("not-finite", first_row(column, broken), what, "correct it or leave the row out")
    if not np.isnan(values).any() and values.sum() == 0:
        yield Problem("wrong-sum", f"column {column.name}", "weights sum to zero", "make one weight positive")


def first_row(column: pd.Series, broken: Any) -> str:
    """Name the first faulty row of a column, and count the others."""
    rows = column.index[broken]
    more = f" (+{len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"column {column.name}, row {rows[0]}{more}"


def codes_of(frame: pd.DataFrame, name: str | None) -> tuple[Any, list[Any]]:
    """Code of each row and what the codes mean; one code for all where no column is named."""
    if name is None:
        return np.zeros(len(frame), dtype=np.intp), ["all"]
    codes, found = pd.factorize(frame[name])
    return codes, list(found)


def units_within(frame: pd.DataFrame, cluster: str | None, stratum: Any, strata: int) -> tuple[Any, Any]:
    """Assign numbers to primary units within strata, and count those of each stratum."""
    if cluster is None:
        return np.arange(len(frame)), np.bincount(stratum, minlength=strata).astype(np.float64)
    codes, found = pd.factorize(frame[cluster])
    psu, pairs = pd.factorize(stratum * len(found) + codes)
    return psu, np.bincount(np.asarray(pairs) // len(found), minlength=strata).astype(np.float64)


def sampled_fractions(
    frame: pd.DataFrame, fpc: str | None, stratum: Any, psus_in: Any, names: list[Any], fractions: bool
) -> tuple[Any, Any, list[Problem]]:
    """Return the sampled fraction and population of each stratum, and what is wrong with them."""
    if fpc is None:
        return np.zeros(len(names)), None, []
    given = frame[fpc].to_numpy(dtype=np.float64)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, stratum, given)
    np.maximum.at(high, stratum, given)
    population = psus_in / np.maximum(low, 1e-300) if fractions else low
    problems = []
    for name, least, most, count, whole in zip(names, low, high, psus_in, population, strict=True):
        where = f"column {fpc}, stratum {name!r}"
        if least != most:
            problems.append(
                Problem(
                    "inconsistent",
                    where,
                    f"differs within the stratum ({least:g} to {most:g})",
                    "give one number per stratum",
                )
            )
        elif least <= 0:
            problems.append(
                Problem("out-of-range", where, f"is {least:g}", "give the number of units in the population")
            )
        elif whole < count * (1 - 1e-12):
            problems.append(
                Problem(
                    "above-population",
                    where,
                    f"the population is {whole:g} and the sample {count:g}",
                    "a sample cannot be larger than its population; correct one of the two",
                )
            )
    return np.minimum(psus_in / np.maximum(population, 1e-300), 1.0), population, problems


# Sampling designs: columns of weights, strata, clusters and finite populations.


_LONELY = ("fail", "certainty", "remove", "adjust", "average")


@dataclass(frozen=True, repr=False)
class Design(Displayed):
    """Names of the columns that describe how respondents were drawn.

    Parameters
    ----------
    weights
        Column of sampling or raked weights, whose scale does not matter; a row of weight 0 is in no base,
        though its stratum and cluster still count as drawn; or the `Weights` that `rake`,
        `poststratify` or `calibrate` made, so that errors count what the weighting does not explain.
    strata
        Column of the stratum each row was drawn in, or a list, one per stage.
    clusters
        Column of the primary sampling unit, or a list, outermost first. Ids count within their stratum
        and within the unit before. Variance comes from the outermost one ("ultimate cluster") unless
        `fpc` names a column per stage.
    fpc
        Column of the number of primary units in the population of the row's stratum, or of the sampled
        fraction where every value is at most 1; or a list, one per stage. Without `weights`, weights are
        N / n, multiplied over the stages.
    df
        Degrees of freedom of intervals in a group: "design" counts the whole design (in R
        `confint(svyby(…), df=degf(design))`), "domain" the group alone (`svyciprop(…, subset(design, …))`);
        a number is taken as it is: `math.inf` gives normal intervals, as R's `confint` does by default.
    lonely
        A stratum of one unit that was not taken whole: "fail" refuses it, "certainty" (or "remove")
        counts it as taken whole, "adjust" centres it at the total of the sample, "average" gives it the
        other strata's average variance: of all strata of the design, for a group too, as R's
        `svyby(…, covmat = TRUE)` does. (R's `subset` counts the strata that the group reaches, so that
        errors of groups and of their gaps would not go together.)
    replicates
        Replicate weights, which stand in for strata, clusters and fpc; `weights` is still needed.

    Raises
    ------
    InvalidInput
        When laid over a frame: a missing column; weights negative, missing, infinite or all
        zero; strata or clusters missing; a finite population below the sample; a stratum of one unit.

    Notes
    -----
    Taylor linearisation with replacement of primary units, as R's `survey` 4 does it; df are primary
    units less strata, or the rank of the replicate weights less one. Checked against R in
    `tests/analysis`.

    Examples
    --------
    >>> Design(weights="weight", strata="audience").weights
    'weight'
    """

    weights: str | Weights | None = None
    strata: str | tuple[str, ...] | list[str] | None = None
    clusters: str | tuple[str, ...] | list[str] | None = None
    fpc: str | tuple[str, ...] | list[str] | None = None
    df: Literal["design", "domain"] | float = "design"
    lonely: Literal["fail", "certainty", "remove", "adjust", "average"] = "fail"
    replicates: Replicates | None = None

    def __post_init__(self) -> None:
        for name in ("strata", "clusters", "fpc"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        problems = list(self._contradictions())
        if problems:
            raise InvalidInput("Design", problems)

    def _contradictions(self) -> Iterator[Problem]:
        given: Any = self.df
        number = isinstance(given, int | float | np.number)
        known = given in ("design", "domain") if isinstance(given, str) else number and given > 0
        if not known:
            yield Problem(
                "unknown-option",
                "df",
                f"{self.df!r} is unknown",
                'use "design" or "domain", or a number above 0',
            )
        if self.lonely not in _LONELY:
            yield Problem("unknown-option", "lonely", f"{self.lonely!r} is unknown", f"use one of {_LONELY}")
        stages = max(len(self._clusters), 1)
        for name in ("strata", "fpc"):
            if len(column_names(getattr(self, name))) > stages:
                yield Problem(
                    "unequal-length",
                    name,
                    f"names more stages than clusters ({stages})",
                    "give one per stage",
                )
        if self.replicates is not None:
            if self.weights is None:
                yield Problem(
                    "missing-argument",
                    "weights",
                    "are missing beside replicates",
                    "name the full-sample weights",
                )
            for name in ("strata", "clusters", "fpc"):
                if getattr(self, name):
                    yield Problem(
                        "conflict", name, "is unused with replicates, which reflect it", "leave it out"
                    )

    @property
    def plain(self) -> bool:
        """Whether it names nothing, so that textbook formulas hold."""
        if not isinstance(self.df, str):
            return False
        return self.weights is None and not self.strata and not self.clusters and not self.fpc

    def over(self, frame: pd.DataFrame, *, linearise: bool = False) -> Sampled:
        """Lay the design over a frame, refusing what a variance cannot be made from.

        Parameters
        ----------
        frame
            One row per respondent.
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
        self._refuse(self._unusable(frame))
        strata, fpcs = column_names(self.strata), column_names(self.fpc)
        stratum, names = codes_of(frame, next(iter(strata), None))
        psu, psus_in = units_within(frame, self._outermost, stratum, len(names))
        fraction, population, problems = sampled_fractions(
            frame, next(iter(fpcs), None), stratum, psus_in, names, all_fractions(frame, fpcs)
        )
        later: tuple[Stage, ...] = ()
        drawn = np.ones(rows) if population is None else (population / psus_in)[stratum]
        if not problems and len(fpcs) > 1:
            later, drawn, problems = self._later(frame, stratum, psu, fraction, drawn)
        problems += self._alone(names, psus_in, fraction)
        self._refuse(problems)
        weights = self._weights(frame, drawn)
        replicated = None if self.replicates is None else self.replicates.over(frame, weights)
        calibration = self.weights.calibration if isinstance(self.weights, Weights) else None
        element = bool(psus_in.sum() == rows)
        if not (strata or self._clusters or fpcs):  # people of weight 0 may not have been drawn
            psus_in = np.array([float((weights > 0).sum())])
        return Sampled(
            weights,
            stratum,
            psu,
            psus_in,
            fraction,
            simple=False,
            element=element,
            label=self._label() or "equal weights",
            own_df=self.df == "domain",
            given_df=None if isinstance(self.df, str) else float(self.df),
            lonely=self.lonely,
            later=later,
            calibration=calibration,
            replicated=replicated,
        )

    def _weights(self, frame: pd.DataFrame, drawn: Any) -> Any:
        if isinstance(self.weights, Weights):
            return self.weights.values.to_numpy(dtype=np.float64)
        return drawn if self.weights is None else frame[self.weights].to_numpy(dtype=np.float64)

    def _alone(self, names: Any, count: Any, fraction: Any, stage: str = "primary") -> list[Problem]:
        if self.lonely != "fail":
            return []
        strata = column_names(self.strata)
        return [
            Problem(
                "lonely-unit",
                f"column {strata[0] if strata else self._outermost}, stratum {name!r}",
                f"has one {stage} unit, from which no variance can be estimated",
                'merge it with a like stratum, leave strata out, or choose lonely="adjust"',
            )
            for name, units, share in zip(names, count, fraction, strict=True)
            if units == 1 and share < 1
        ]

    def _later(
        self, frame: pd.DataFrame, stratum: Any, psu: Any, fraction: Any, drawn: Any
    ) -> tuple[tuple[Stage, ...], Any, list[Problem]]:
        """Return the stages after the first, with the units of the stage before as strata."""
        strata, fpcs = column_names(self.strata), column_names(self.fpc)
        shares = all_fractions(frame, fpcs)
        stages, problems, unit, share = [], [], psu, fraction[stratum]
        for at in range(1, len(fpcs)):
            parent, found = pd.factorize(unit)
            if at < len(strata):
                own, levels = pd.factorize(frame[strata[at]])
                parent, found = pd.factorize(parent * len(levels) + own)
            unit, count = units_within(frame, self._clusters[at], parent, len(found))
            sampled, population, wrong = sampled_fractions(
                frame, fpcs[at], parent, count, [f"of stage {at + 1}, {name}" for name in found], shares
            )
            problems += wrong + self._alone(list(found), count, sampled, f"stage-{at + 1}")
            if wrong:
                break
            above, within = np.zeros(len(found)), np.zeros(int(count.sum()), dtype=np.intp)
            above[parent], within[unit] = share, parent
            stages.append(Stage(unit, within, count, sampled, above))
            share, drawn = share * sampled[parent], drawn * (population / count)[parent]
        return tuple(stages), drawn, problems

    @property
    def _outermost(self) -> str | None:
        return next(iter(self._clusters), None)

    @property
    def _clusters(self) -> tuple[str, ...]:
        return column_names(self.clusters)

    def _columns(self) -> Iterator[str]:
        if isinstance(self.weights, str):
            yield self.weights
        yield from (*column_names(self.strata), *self._clusters, *column_names(self.fpc))

    def _absent(self, frame: pd.DataFrame) -> Iterator[Problem]:
        given: object = self.weights
        if not (given is None or isinstance(given, str | Weights)):
            hint = "put them into a column and name it, or give what rake() returned"
            yield Problem(
                "wrong-type", "weights", "are neither a column's name nor made by this package", hint
            )
        for name in self._columns():
            if name not in frame.columns:
                yield Problem(
                    "unknown-column",
                    f"column {name}",
                    "the design names it and the frame lacks it",
                    near_names(name, map(str, frame.columns)),
                )

    def _unusable(self, frame: pd.DataFrame) -> Iterator[Problem]:
        if len(frame) == 0:
            yield Problem("no-rows", "frame", "has no rows", "give it respondents")
            return
        if isinstance(self.weights, Weights):
            if not self.weights.values.index.equals(frame.index):
                yield Problem(
                    "inconsistent",
                    "weights",
                    "were made for another frame",
                    "use the frame they were made for, unchanged",
                )
        elif self.weights is not None:
            yield from weight_problems(frame[self.weights])
        for name in dict.fromkeys(self._columns()):
            missing = frame[name].isna().to_numpy()
            if not pd.api.types.is_numeric_dtype(frame[name].dtype):
                missing = missing | frame[name].isin(list(MISSING)).to_numpy()
            if name != self.weights and bool(missing.any()):
                yield Problem(
                    "missing-value",
                    first_row(frame[name], missing),
                    "has no value",
                    "fill it in or leave the row out",
                )

    def _refuse(self, problems: Any) -> None:
        problems = list(problems)
        if problems:
            raise InvalidInput("design", problems)

    def _label(self) -> str:
        parts = [
            "weights" if self.weights is not None else "",
            "replicates" if self.replicates is not None else "",
            "strata" if self.strata else "",
            "clusters" if self.clusters else "",
            "finite population" if self.fpc else "",
        ]
        if isinstance(self.weights, Weights) and self.weights.calibration is not None:
            parts[0] = "calibrated weights"
        return ", ".join(part for part in parts if part)


# Construction of replicate weights: jackknife, balanced half samples, bootstrap.


_KINDS = ("JK1", "JKn", "BRR", "Fay", "bootstrap")
_LARGEST = 2**14


@dataclass(frozen=True, repr=False)
class MadeReplicates(Displayed):
    """A frame with its replicate weights, and the design that names them."""

    frame: pd.DataFrame
    design: Design


@typed
def make_replicates(
    frame: pd.DataFrame,
    design: Design,
    *,
    kind: Literal["JK1", "JKn", "BRR", "Fay", "bootstrap"] | None = None,
    count: int = 500,
    rho: float = 0.3,
    seed: int | np.random.Generator | None = None,
    mse: bool = False,
    prefix: str = "replicate_",
) -> MadeReplicates:
    """Replicate weights of a design's primary units.

    Parameters
    ----------
    frame
        One row per respondent.
    design
        Weights, strata, clusters and finite population. Later stages are left out.
    kind
        "JK1" (drops one unit; no strata), "JKn" (drops one unit of a stratum), "BRR" and "Fay" (half
        samples; two units in every stratum), "bootstrap" (Rao, Wu and Yue 1992: n_h − 1 units drawn with
        replacement). None takes JKn where there are strata, else JK1.
    count, seed
        Of the bootstrap; it needs a seed.
    rho
        Fay's factor.
    mse
        Spread about the estimate instead of the replicates' mean.
    prefix
        Of the new columns.

    Returns
    -------
    MadeReplicates
        The frame with one more column per replicate (weights included), and the design to use with it.

    Raises
    ------
    InvalidInput
        Where the design cannot be replicated this way.

    Notes
    -----
    Finite populations shrink the variance of JK1 and JKn by 1 − n/N (through their scale) and of the
    bootstrap (through its weights); half samples leave them out, as R does. Checked against R:
    `as.svrepdesign` for JK1 and JKn.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0], "w": [2.0, 2.0, 2.0]})
    >>> made = make_replicates(frame, Design(weights="w"))
    >>> made.frame[list(made.design.replicates.columns)].iloc[0].tolist()
    [0.0, 3.0, 3.0]
    """
    sampled = design.over(frame, linearise=True)
    chosen = kind or ("JKn" if design.strata else "JK1")
    _refuse(design, sampled, chosen, count, rho, seed)
    strata = np.zeros(int(sampled.psu.max()) + 1, dtype=np.intp)
    strata[sampled.psu] = sampled.stratum
    scale: float | None = None
    rscales: Array | None = None
    if chosen in ("JK1", "JKn"):
        # Each unit dropped in turn, the others of its stratum taking its place
        size = sampled.psus_in
        kept = np.where(sampled.fraction < 1)[0]
        dropped = np.where(np.isin(strata, kept))[0]
        same = strata[:, None] == strata[dropped][None, :]
        factors = np.where(same, (size / np.maximum(size - 1, 1))[strata][:, None], 1.0)
        factors[dropped, np.arange(len(dropped))] = 0.0
        rscales = ((size - 1) / size * (1 - sampled.fraction))[strata[dropped]]
        if chosen == "JK1":
            scale, rscales = float(rscales[0]), None
        else:
            scale = 1.0
    elif chosen == "bootstrap":
        random = np.random.default_rng(seed)
        factors = np.ones((len(strata), count))
        for stratum, units in enumerate(sampled.psus_in.astype(int)):
            inside = np.where(strata == stratum)[0]
            drawn = random.multinomial(units - 1, np.full(units, 1 / units), size=count).T
            shrink = np.sqrt(1 - sampled.fraction[stratum])
            factors[inside] = 1 - shrink + shrink * drawn * units / (units - 1)
    else:
        factors = _half_samples(strata, rho if chosen == "Fay" else 0.0)
    names = [f"{prefix}{at + 1:0{len(str(factors.shape[1]))}d}" for at in range(factors.shape[1])]
    taken = [name for name in names if name in frame.columns]
    if taken:
        raise InvalidInput(
            "make_replicates",
            [Problem("name-taken", f"column {taken[0]}", "is in the frame already", "choose another prefix")],
        )
    values = factors[sampled.psu] * sampled.weights[:, None]
    made = Replicates(
        names,
        kind=chosen,
        scale=scale,
        rscales=None if rscales is None else rscales.tolist(),
        rho=rho if chosen == "Fay" else None,
        mse=mse,
    )
    column = design.weights
    if not isinstance(column, str):
        column = f"{prefix}base"
        frame = frame.assign(**{column: sampled.weights})
    widened = pd.concat([frame, pd.DataFrame(values, index=frame.index, columns=names)], axis=1)
    return MadeReplicates(widened, Design(weights=column, replicates=made, df=design.df))


def _half_samples(strata: Any, rho: float) -> Array:
    """Choose by a Hadamard matrix which of a stratum's two units counts double in each replicate."""
    n_strata = int(strata.max()) + 1
    size = 1 << int(np.ceil(np.log2(n_strata + 1)))
    signs = np.ones((1, 1))
    while len(signs) < size:
        signs = np.block([[signs, signs], [signs, -signs]])
    first = np.zeros(len(strata), dtype=bool)
    first[np.unique(strata, return_index=True)[1]] = True
    chosen = signs[1:, :][strata] * np.where(first, 1.0, -1.0)[:, None]
    return np.where(chosen > 0, 2.0 - rho, rho)


def _refuse(design: Design, sampled: Sampled, kind: str, count: int, rho: float, seed: Any) -> None:
    problems = []
    if kind not in _KINDS:
        problems.append(Problem("unknown-option", "kind", f"{kind!r} is unknown", f"use one of {_KINDS}"))
    if sampled.replicated is not None:
        problems.append(
            Problem("unsuited-design", "design", "has replicate weights already", "use it as it is")
        )
    if isinstance(design.weights, Weights) and design.weights.calibration is not None:
        problems.append(
            Problem(
                "unsuited-design",
                "weights",
                "are calibrated, which replicates would have to repeat",
                "replicate the design before calibration, or let the design's own errors count it",
            )
        )
    if kind == "JK1" and design.strata:
        problems.append(Problem("conflict", "kind", "JK1 has no strata and the design does", 'use "JKn"'))
    if kind in ("BRR", "Fay") and (sampled.psus_in != 2).any():
        problems.append(
            Problem(
                "unsuited-method", "strata", "do not all hold two primary units", 'use "JKn" or "bootstrap"'
            )
        )
    if kind == "Fay" and not 0 <= rho < 1:
        problems.append(Problem("out-of-range", "rho", f"is {rho}", "give a number from 0 to below 1"))
    if kind == "bootstrap" and seed is None:
        problems.append(
            Problem("missing-argument", "seed", "is missing", "give one, so that errors can be reproduced")
        )
    if kind == "bootstrap" and count < 2:
        problems.append(Problem("out-of-range", "count", f"is {count}", "give at least 2, better 500"))
    if kind in ("bootstrap", "JK1", "JKn") and ((sampled.psus_in < 2) & (sampled.fraction < 1)).any():
        problems.append(
            Problem(
                "lonely-unit", "strata", "hold one primary unit somewhere", "merge it with a like stratum"
            )
        )
    if kind in ("JK1", "JKn") and sampled.psus_in.sum() > _LARGEST:
        problems.append(
            Problem(
                "too-few", "clusters", f"are {int(sampled.psus_in.sum())}", "name larger units, or bootstrap"
            )
        )
    if problems:
        raise InvalidInput("make_replicates", problems)
