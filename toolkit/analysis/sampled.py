"""A design laid over one frame, and the covariance it gives to totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.replicates import Replicated
from toolkit.weighting import Calibration
from toolkit.weighting.sums import sums_within

__all__ = ["Sampled", "Stage", "covariance", "ratio_estimates"]

Array = npt.NDArray[np.float64]


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
    """A design laid over one frame: arrays of one entry a row, and of one entry a stratum.

    `fraction` is the sampled share of each stratum's primary units (0 without a finite population);
    `simple` says that every row counts the same and was drawn on its own, so that textbook formulas hold.
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
        """Primary units less strata among the rows of positive weight (of `rows`, where given)."""
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
        """How errors are made, for a methods section."""
        return "linearised" if self.replicated is None else "by replication"

    @property
    def how(self) -> str:
        """How errors are made, and from what."""
        return f"{self.made} ({self.label})"

    @property
    def scale(self) -> Any:
        """(1 − f) n / (n − 1) of each stratum; 0 where the stratum was taken whole."""
        return _scale(self.psus_in, self.fraction)

    @property
    def common(self) -> bool:
        """Whether sums within the first stage's strata and units say all."""
        return self.replicated is None and not self.later

    @property
    def off_centre(self) -> tuple[Any, float]:
        """How much of a stratum's squared total comes off its variance, and what multiplies the whole.

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
    """Covariance of the column sums of `z`, whose rows are weighted contributions of respondents.

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
    if sampled.element and sampled.psus_in.sum() < len(z):  # rows of weight 0 that nothing says were drawn
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
    """Σ over strata of scale · Σ (z − z̄)(z − z̄)ᵀ, with the rule for strata of one unit."""
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
    """Ratios of weighted totals (totals, where there is no bottom) and their covariance.

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
