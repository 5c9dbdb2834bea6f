"""Covariances of domain means by linearisation, for many items from the same few sums."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import Request
from toolkit.analysis.explained import Explained, explained_by
from toolkit.analysis.group_sums import Term, group_sums
from toolkit.analysis.plain import ROUNDING
from toolkit.analysis.results import Moments
from toolkit.analysis.sampled import Sampled

__all__ = ["Domains", "is_flat"]

Array = npt.NDArray[np.float64]
_IN_CACHE = 250_000


class Domains:
    """A design met by groups: what every item's sums are taken over.

    Parameters
    ----------
    sampled
        The design over the frame.
    groups
        Group of each row, −1 for none.
    n_groups
        How many groups there are.

    Notes
    -----
    With z = w (y − mean) / Σw within the group and 0 outside it, the variance within a stratum is
    scale · (Σ z² over primary units − (Σ z)² / units). Where every row is a unit, Σ z² comes from Σ of
    w² scale times 1, y and y² over the group; else from totals of units. What calibrated weights explain
    is a linear form of few numbers and is taken off these sums, not off every row.
    """

    def __init__(self, sampled: Sampled, groups: Any, n_groups: int) -> None:
        self._sampled, self._groups = sampled, n_groups
        self._rows = len(groups)
        self._cells = np.where(groups < 0, n_groups, groups).astype(np.intp, copy=False)
        unit, self._units = sampled.stratum, len(sampled.psus_in)
        if not sampled.element:
            unit, self._units = sampled.psu, int(sampled.psus_in.sum())
        self._unit = unit

    @property
    def cells(self) -> int:
        """How many numbers an item is summed into."""
        found = self._units * self._groups
        return found if self._explained is None else found + self._explained.count * self._groups

    @cached_property
    def _fine(self) -> Any:
        if self._units == 1:
            return self._cells
        outside = self._units * self._groups
        return np.where(self._cells < self._groups, self._cells * self._units + self._unit, outside)

    @cached_property
    def _weight2(self) -> Array:
        found: Array = self._sampled.weights**2
        return found

    @cached_property
    def _scaled(self) -> Array:
        """w² times the scale of the row's stratum."""
        scale = self._sampled.scale
        found: Array = self._weight2 * (scale[0] if len(scale) == 1 else scale[self._sampled.stratum])
        return found

    @cached_property
    def _counted(self) -> Any:
        positive = self._sampled.weights > 0
        return None if positive.all() else positive.astype(np.float64)

    @cached_property
    def _explained(self) -> Explained | None:
        sampled = self._sampled
        if sampled.calibration is None or sampled.replicated is not None:
            return None
        return explained_by(sampled, self._cells, self._groups, self._unit, self._units)

    def _terms(self, share: bool, with_errors: bool) -> dict[str, Term]:
        groups, weights = self._groups, self._sampled.weights
        fine, count = self._fine, self._units * groups
        terms = {
            "sums": Term(fine, count, weights),
            "sizes": Term(fine, count, weights, "known"),
            "weight2": Term(self._cells, groups, self._weight2, "known"),
            "n": Term(self._cells, groups, self._counted, "known"),
        }
        if not share:
            terms["squares"] = Term(self._cells, groups, weights, "squares")
        if with_errors and self._sampled.element:
            terms["scaled_y"] = Term(self._cells, groups, self._scaled)
            terms["scaled"] = Term(self._cells, groups, self._scaled, "known")
            if not share:
                terms["scaled_yy"] = Term(self._cells, groups, self._scaled, "squares")
        if with_errors and self._explained is not None:
            terms |= self._explained.terms
        return terms

    def moments(
        self, requests: Sequence[Request], centre: Array, *, share: bool, complete: bool, with_errors: bool
    ) -> Moments:
        """Moments of items that are all shares or all not, and all answered by everybody or not.

        Parameters
        ----------
        requests, centre
            The items, and what is taken off each.
        share, complete
            Whether all answers are 0 or 1, and whether nobody left one out.
        with_errors
            Whether covariances are made here; else they are zeros to be filled in.
        """
        terms = self._terms(share, with_errors)
        found = group_sums(requests, centre, list(terms.values()), self._rows, complete=complete)
        sums = dict(zip(terms, found, strict=True))
        items, groups = len(requests), self._groups
        y = sums["sums"].reshape(items, groups, -1)
        sizes = sums["sizes"].reshape(-1, groups, y.shape[2])
        weight = np.broadcast_to(sizes.sum(axis=2), (items, groups))
        safe = np.where(weight > 0, weight, 1.0)
        # Means and mean squares, and where answers do not vary but for rounding
        squares = sums.get("squares")
        mean = y.sum(axis=2) / safe
        if squares is None:
            none, all_ = np.abs(mean) <= ROUNDING / 10, np.abs(mean - 1) <= ROUNDING / 10
            mean = np.where(none, 0.0, np.where(all_, 1.0, mean))
            square, fixed = mean, none | all_
        else:
            square = squares / safe
            fixed = is_flat(square, mean, centre[:, None])
        covariance = np.zeros((items, groups, groups))
        if with_errors:
            covariance = self._covariance(sums, y, sizes, mean, safe)
        nobody = weight <= 0
        for which, value in ((fixed, 0.0), (nobody, np.nan)):
            covariance[which] = value
            covariance.transpose(0, 2, 1)[which] = value
        n = np.broadcast_to(sums["n"], (items, groups))
        with np.errstate(divide="ignore", invalid="ignore"):
            kish = np.where(nobody, 0.0, weight**2 / sums["weight2"])
            spread = np.where(fixed, 0.0, np.maximum(square - mean**2, 0.0)) * n / (n - 1)
        units = n
        if not self._sampled.element:
            units = np.broadcast_to((sizes > 0).sum(axis=2).astype(np.float64), (items, groups))
        shown = np.where(nobody, np.nan, mean + centre[:, None])
        return Moments(n, units, weight, kish, shown, np.where(n > 1, spread, np.nan), covariance)

    def _covariance(self, sums: dict[str, Array], y: Array, sizes: Array, mean: Array, safe: Array) -> Array:
        sampled, groups = self._sampled, self._groups
        taken = None if self._explained is None else self._explained.coefficients(sums, mean, safe)
        share, grown = sampled.off_centre
        result = np.empty((len(y), groups, groups))
        stratum = self._stratum_of_units
        at_once = max(1, _IN_CACHE // (groups * y.shape[2]))
        for start in range(0, len(y), at_once):
            block = slice(start, start + at_once)
            held = sizes[block] if len(sizes) > 1 else sizes
            z = mean[block, :, None] * held
            np.subtract(y[block], z, out=z)
            z /= safe[block, :, None]
            if taken is not None and self._explained is not None:
                z -= self._explained.within(taken[block])
            if sampled.element:
                result[block] = -_cross(z, share)
                continue
            result[block] = _cross(z, sampled.scale[stratum])
            result[block] -= _cross(_totals(z, stratum, len(share)), share)
        if sampled.element:
            own = sums.get("scaled_yy", sums["scaled_y"])
            own = np.maximum(own - 2 * mean * sums["scaled_y"] + mean**2 * sums["scaled"], 0.0) / safe**2
            at = np.arange(groups)
            result[:, at, at] += own
            if taken is not None and self._explained is not None:
                result += self._explained.spread(sums, mean, safe, taken)
        return result * grown

    @cached_property
    def _stratum_of_units(self) -> Any:
        at = np.arange(self._units)
        if not self._sampled.element:
            at[self._sampled.psu] = self._sampled.stratum
        return at


def is_flat(square: Array, mean: Array, centre: Array) -> Any:
    """Whether answers vary by no more than rounding: that of the sums, and that of taking the centre off."""
    return square - mean * mean <= ROUNDING / 10 * square + (ROUNDING / 100 * centre) ** 2


def _totals(z: Array, stratum: Any, strata: int) -> Array:
    """Items × groups × strata, from items × groups × units."""
    if strata == 1:
        found: Array = z.sum(axis=2, keepdims=True)
        return found
    groups = z.shape[1]
    cells = (np.arange(groups)[:, None] * strata + stratum).ravel()
    each = [np.bincount(cells, weights=one.ravel(), minlength=strata * groups) for one in z]
    return np.array(each, dtype=np.float64).reshape(len(z), groups, strata)


def _cross(z: Array, factor: Array) -> Array:
    """Σ over units of factor · z zᵀ, one matrix an item."""
    product: Array = np.matmul(z * factor, z.transpose(0, 2, 1))
    return product
