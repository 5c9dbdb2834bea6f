"""Means of many items in many groups at once, with the covariances their comparison needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import Request
from toolkit.analysis.design import Sampled

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
    return _designed(sampled, groups, n_groups, y, valid, centre)


def _simple(groups: Any, n_groups: int, y: Array, valid: Array, centre: Array, share: bool) -> Moments:
    total = Sums(groups, n_groups)
    n, sums = total(valid), total(y)
    squares = sums if share else total(y * y)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / n
        spread = (squares - n * mean * mean) / (n - 1)
    spread = np.where(n > 1, np.maximum(spread, 0.0), np.nan)
    return Moments(n, n, n, mean + centre, spread, None)


def _designed(sampled: Sampled, groups: Any, n_groups: int, y: Array, valid: Array, centre: Array) -> Moments:
    w = sampled.weights
    total = Sums(groups, n_groups)
    weighted, known = w * y, w * valid
    weight, sums, squares = total(known), total(weighted), total(weighted * y)
    n, weight2 = total(valid * (w > 0)), total(known * w)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / weight
        kish = np.where(weight > 0, weight**2 / weight2, 0.0)
        spread = np.maximum(squares / weight - mean**2, 0.0) * n / (n - 1)
    at = _Laid(sampled, groups, n_groups, mean, weight)
    covariance = at.elements(weighted, known, y) if sampled.element else at.clusters(weighted, known)
    covariance[~(weight > 0)] = np.nan
    covariance.transpose(0, 2, 1)[~(weight > 0)] = np.nan
    return Moments(n, weight, kish, mean + centre, np.where(n > 1, spread, np.nan), covariance)


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


@dataclass(frozen=True)
class _Laid:
    """Linearised covariance of domain means: z = w (y − mean) / Σw within the domain, 0 outside it."""

    sampled: Sampled
    groups: Any
    n_groups: int
    mean: Array
    weight: Array

    @property
    def _safe(self) -> tuple[Array, Array]:
        return np.nan_to_num(self.mean), np.where(self.weight > 0, self.weight, 1.0)

    def elements(self, weighted: Array, known: Array, y: Array) -> Array:
        """Where every row is a primary unit, from sums within stratum × group."""
        sampled, w = self.sampled, self.sampled.weights
        mean, weight = self._safe
        strata = len(sampled.psus_in)
        cells = np.where(self.groups >= 0, sampled.stratum * self.n_groups + self.groups, -1)
        total = Sums(cells, strata * self.n_groups)
        shape = (len(y), strata, self.n_groups)
        mu, size = mean[:, None, :], weight[:, None, :]
        first = (total(weighted).reshape(shape) - mu * total(known).reshape(shape)) / size
        residual = w * (y - np.where(known > 0, _spread_back(mean, self.groups), 0.0)) * (known > 0)
        second = total(residual * residual).reshape(shape) / size**2
        own = np.einsum("khg,h->kg", second, sampled.scale)
        between = _cross(first, sampled.scale / sampled.psus_in)
        covariance = -between
        covariance[:, np.arange(self.n_groups), np.arange(self.n_groups)] += own
        return covariance

    def clusters(self, weighted: Array, known: Array) -> Array:
        """From totals of primary units; units and groups may cross."""
        sampled = self.sampled
        mean, weight = self._safe
        units = int(sampled.psus_in.sum())
        at = np.zeros(units, dtype=np.intp)
        at[sampled.psu] = sampled.stratum
        cells = np.where(self.groups >= 0, sampled.psu * self.n_groups + self.groups, -1)
        total = Sums(cells, units * self.n_groups)
        shape = (len(weighted), units, self.n_groups)
        mu, size = mean[:, None, :], weight[:, None, :]
        z = (total(weighted).reshape(shape) - mu * total(known).reshape(shape)) / size
        within = _cross(z, sampled.scale[at])
        strata = np.zeros((len(weighted), len(sampled.psus_in), self.n_groups))
        np.add.at(strata.transpose(1, 0, 2), at, z.transpose(1, 0, 2))
        return within - _cross(strata, sampled.scale / sampled.psus_in)


def _cross(z: Array, factor: Array) -> Array:
    """Σ over units of factor · z zᵀ, one matrix an item."""
    product: Array = np.matmul((z * factor[None, :, None]).transpose(0, 2, 1), z)
    return product


def _spread_back(mean: Array, groups: Any) -> Array:
    padded = np.concatenate([mean, np.zeros((len(mean), 1))], axis=1)
    back: Array = np.take(padded, groups, axis=1, mode="wrap")
    return back
