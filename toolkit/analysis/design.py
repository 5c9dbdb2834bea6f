"""How respondents were drawn: weights, strata, clusters and the finite population, named as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from toolkit.analysis.layout import (
    all_fractions,
    codes_of,
    column_names,
    first_row,
    sampled_fractions,
    units_within,
    weight_problems,
)
from toolkit.analysis.replicates import Replicates
from toolkit.analysis.sampled import Sampled, Stage
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING
from toolkit.records import Displayed
from toolkit.weighting import Weights

__all__ = ["Design", "Sampled"]

_LONELY = ("fail", "certainty", "remove", "adjust", "average")


@dataclass(frozen=True, repr=False)
class Design(Displayed):
    """Names of the columns that say how respondents were drawn.

    Parameters
    ----------
    weights
        Column of sampling or raked weights, whose scale does not matter; a row of weight 0 is in no base,
        though its stratum and cluster still count as drawn; or the `Weights` that `rake`,
        `poststratify` or `calibrate` made, so that errors count what the weighting does not explain.
    strata
        Column of the stratum each row was drawn in, or a list, one a stage.
    clusters
        Column of the primary sampling unit, or a list, outermost first. Ids count within their stratum
        and within the unit before. Variance comes from the outermost one ("ultimate cluster") unless
        `fpc` names a column a stage.
    fpc
        Column of the number of primary units in the population of the row's stratum, or of the sampled
        fraction where every value is at most 1; or a list, one a stage. Without `weights`, weights are
        N / n, multiplied over the stages.
    df
        Degrees of freedom of intervals in a group: "design" counts the whole design (in R
        `confint(svyby(…), df=degf(design))`), "domain" the group alone (`svyciprop(…, subset(design, …))`);
        a number is taken as it is: `math.inf` gives normal intervals, as R's `confint` does unless told.
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
        When laid over a frame: a column that is not there; weights negative, missing, infinite or all
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
                f"{self.df!r} is not known",
                'use "design" or "domain", or a number above 0',
            )
        if self.lonely not in _LONELY:
            yield Problem(
                "unknown-option", "lonely", f"{self.lonely!r} is not known", f"use one of {_LONELY}"
            )
        stages = max(len(self._clusters), 1)
        for name in ("strata", "fpc"):
            if len(column_names(getattr(self, name))) > stages:
                yield Problem(
                    "unequal-length", name, f"names more stages than clusters ({stages})", "give one a stage"
                )
        if self.replicates is not None:
            if self.weights is None:
                yield Problem(
                    "missing-argument",
                    "weights",
                    "are not given beside replicates",
                    "name the full-sample weights",
                )
            for name in ("strata", "clusters", "fpc"):
                if getattr(self, name):
                    yield Problem(
                        "conflict", name, "has no use beside replicates, which carry it", "leave it out"
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
        if not (strata or self._clusters or fpcs):  # nothing says that people of weight 0 were drawn
            psus_in = np.array([float((weights > 0).sum())])
        return Sampled(
            weights,
            stratum,
            psu,
            psus_in,
            fraction,
            simple=False,
            element=element,
            label=self._said() or "equal weights",
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
        """Stages after the first, whose strata are the units of the stage before (split by their own)."""
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

    def _said(self) -> str:
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
