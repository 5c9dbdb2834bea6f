"""Means of many items in many groups at once, with the covariances their comparison needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import Request
from toolkit.analysis.replicates import Replicated
from toolkit.analysis.sampled import Sampled, ratio_estimates

__all__ = ["Moments", "domain_moments"]

Array = npt.NDArray[np.float64]
_CELLS_AT_ONCE = 6_000_000
_FEW = 24


@dataclass(frozen=True)
class Moments:
    """One row an item, one column a group.

    Attributes
    ----------
    n
        Answers.
    units
        Primary units they lie in; fewer than two tell nothing of the error.
    weight
        Their weights' sum.
    kish
        (Σw)² / Σw² of those answers.
    mean
        Weighted mean; NaN where nobody answered.
    spread
        Variance among answers, with n − 1 below (weighted: n / (n − 1) times the weighted variance).
    covariance
        Of the means, groups by groups, from the design; None for a simple sample.
    """

    n: Array
    units: Array
    weight: Array
    kish: Array
    mean: Array
    spread: Array
    covariance: Any


def domain_moments(sampled: Sampled, groups: Any, n_groups: int, requests: Sequence[Request]) -> Moments:
    """Means, spreads and covariances of every request in every group.

    Parameters
    ----------
    sampled
        The design over the frame.
    groups
        Group of each row, −1 for none.
    n_groups
        How many groups there are.
    requests
        What to average.

    Notes
    -----
    A group is a domain: rows outside it keep their place in the design with weight zero, so that strata
    and primary units nobody answered in still count (as R's `subset` of a design).
    """
    rows = len(groups)
    cells = 0 if sampled.simple or sampled.element else int(sampled.psus_in.sum()) * n_groups
    at_once = max(1, _CELLS_AT_ONCE // max(rows, cells, 1))
    parts = []
    for start in range(0, len(requests), at_once):
        wanted = requests[start : start + at_once]
        values = np.empty((len(wanted), rows))
        for row, one in zip(values, wanted, strict=True):
            one.fill(row)
        parts.append(_block(sampled, groups, n_groups, values))
    if len(parts) == 1:
        return parts[0]
    return Moments(
        n=np.concatenate([part.n for part in parts]),
        units=np.concatenate([part.units for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        kish=np.concatenate([part.kish for part in parts]),
        mean=np.concatenate([part.mean for part in parts]),
        spread=np.concatenate([part.spread for part in parts]),
        covariance=None if sampled.simple else np.concatenate([part.covariance for part in parts]),
    )


def _block(sampled: Sampled, groups: Any, n_groups: int, y: Array) -> Moments:
    answered = ~np.isnan(y)
    every = bool(answered.all())
    if not every:
        y[~answered] = 0.0
    valid = answered.astype(np.float64)
    count = answered.sum(axis=1, keepdims=True)
    share = bool(((y == 0) | (y == 1)).all())
    centre = np.zeros((len(y), 1)) if share else y.sum(axis=1, keepdims=True) / np.maximum(count, 1)
    if not share:
        y -= centre
        if not every:
            y *= valid
    if sampled.simple:
        return _simple(groups, n_groups, y, valid, centre, share)
    return _designed(sampled, groups, n_groups, y, valid, centre, share)


def _simple(groups: Any, n_groups: int, y: Array, valid: Array, centre: Array, share: bool) -> Moments:
    total = Sums(groups, n_groups)
    n, sums = total(valid), total(y)
    squares = sums if share else total(y * y)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / n
        spread = (squares - n * mean * mean) / (n - 1)
    spread = np.where(n > 1, np.maximum(spread, 0.0), np.nan)
    return Moments(n, n, n, n, mean + centre, spread, None)


def _designed(
    sampled: Sampled, groups: Any, n_groups: int, y: Array, valid: Array, centre: Array, share: bool
) -> Moments:
    """Linearised: z = w (y − mean) / Σw within the group, 0 outside it, summed over primary units."""
    w = sampled.weights
    known, weighted = w * valid, w * y
    fine = _Fine(sampled, groups, n_groups)
    sizes, sums = fine(known), fine(weighted)
    weight = sizes.sum(axis=1)
    safe = np.where(weight > 0, weight, 1.0)
    mean = sums.sum(axis=1) / safe
    z = (sums - mean[:, None, :] * sizes) / safe[:, None, :]
    known *= w
    coarse = Sums(groups, n_groups)
    weight2, n = coarse(known), coarse(valid if (w > 0).all() else valid * (w > 0))
    squares = sums.sum(axis=1) if share else coarse(weighted * y)
    if not sampled.common:
        covariance = _of_any(sampled, groups, n_groups, y, valid)
    elif sampled.element:
        weighted *= w
        second = fine(weighted if share else weighted * y) - 2 * mean[:, None, :] * fine(weighted)
        second = (second + mean[:, None, :] ** 2 * fine(known)) / safe[:, None, :] ** 2
        covariance = _of_elements(sampled, z, np.maximum(second, 0.0))
    else:
        covariance = _of_clusters(sampled, z)
    nobody = weight <= 0
    covariance[nobody] = np.nan
    covariance.transpose(0, 2, 1)[nobody] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = np.where(nobody, 0.0, weight**2 / weight2)
        spread = np.maximum(squares / safe - mean**2, 0.0) * n / (n - 1)
    units = n if sampled.element else (sizes > 0).sum(axis=1).astype(np.float64)
    mean, spread = np.where(nobody, np.nan, mean + centre), np.where(n > 1, spread, np.nan)
    return Moments(n, units, weight, kish, mean, spread, covariance)


def _of_any(sampled: Sampled, groups: Any, n_groups: int, y: Array, valid: Array) -> Array:
    """From replicates, later stages, calibration or lonely units."""
    if sampled.replicated is not None:
        return _of_replicates(sampled.replicated, sampled.weights, groups, n_groups, y, valid)
    member = (groups[:, None] == np.arange(n_groups)).astype(np.float64)
    found = [
        ratio_estimates(sampled, member * values[:, None], member * known[:, None])[1]
        for values, known in zip(y, valid, strict=True)
    ]
    return np.array(found)


def _of_replicates(
    replicated: Replicated, weights: Array, groups: Any, n_groups: int, y: Array, valid: Array
) -> Array:
    """One product with all replicate weights for every item of a group."""
    each = np.empty((len(y), n_groups, replicated.weights.shape[1]))
    mean = np.empty((len(y), n_groups))
    with np.errstate(divide="ignore", invalid="ignore"):
        for group in range(n_groups):
            rows = np.nonzero(groups == group)[0]
            answers, known = y[:, rows], valid[:, rows]
            drawn = replicated.weights[rows]
            partly = np.nonzero((known == 0).any(axis=1))[0]
            size = np.repeat(drawn.sum(axis=0)[None, :], len(y), axis=0)
            size[partly] = known[partly] @ drawn
            each[:, group] = (answers @ drawn) / size
            mean[:, group] = (answers @ weights[rows]) / (known @ weights[rows])
        return replicated.covariances(each, mean)


def _of_elements(sampled: Sampled, first: Array, second: Array) -> Array:
    """Every row a primary unit: from sums of z and z² within stratum × group, as groups do not overlap."""
    covariance = -_cross(first, sampled.scale / sampled.psus_in)
    own = np.einsum("khg,h->kg", second, sampled.scale)
    at = np.arange(own.shape[1])
    covariance[:, at, at] += own
    return covariance


def _of_clusters(sampled: Sampled, z: Array) -> Array:
    """From totals of primary units × groups; units and groups may cross."""
    at = np.zeros(z.shape[1], dtype=np.intp)
    at[sampled.psu] = sampled.stratum
    strata = np.zeros((len(z), len(sampled.psus_in), z.shape[2]))
    np.add.at(strata.transpose(1, 0, 2), at, z.transpose(1, 0, 2))
    return _cross(z, sampled.scale[at]) - _cross(strata, sampled.scale / sampled.psus_in)


class _Fine:
    """Sums within stratum × group, or within primary unit × group where units hold several rows."""

    def __init__(self, sampled: Sampled, groups: Any, n_groups: int) -> None:
        unit, units = sampled.stratum, len(sampled.psus_in)
        if not sampled.element:
            unit, units = sampled.psu, int(sampled.psus_in.sum())
        self._shape = (units, n_groups)
        self._total = Sums(np.where(groups >= 0, unit * n_groups + groups, -1), units * n_groups)

    def __call__(self, values: Array) -> Array:
        """Items × units × groups."""
        return self._total(values).reshape(len(values), *self._shape)


class Sums:
    """Row sums within cells, for any number of rows at once; −1 belongs to no cell."""

    def __init__(self, cells: Any, n_cells: int) -> None:
        self._n_cells = n_cells
        self._few = n_cells <= _FEW
        if self._few:
            self._member = (cells[:, None] == np.arange(n_cells)).astype(np.float64)
            return
        order = np.argsort(cells, kind="stable")
        ordered = cells[order]
        self._order = order[np.searchsorted(ordered, 0) :]
        inside = ordered[len(order) - len(self._order) :]
        self._present, self._starts = np.unique(inside, return_index=True)

    def __call__(self, values: Array) -> Array:
        """Sum each row of `values` within each cell."""
        if self._few:
            sums: Array = values @ self._member
            return sums
        result = np.zeros((len(values), self._n_cells))
        if len(self._starts):
            result[:, self._present] = np.add.reduceat(values[:, self._order], self._starts, axis=1)
        return result


def _cross(z: Array, factor: Array) -> Array:
    """Σ over units of factor · z zᵀ, one matrix an item."""
    product: Array = np.matmul((z * factor[None, :, None]).transpose(0, 2, 1), z)
    return product
