"""Domain means of many items at once, with the covariances their comparison needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import ROUNDING, Request
from toolkit.analysis.contract import Moments
from toolkit.analysis.design import Replicated, Sampled, ratio_estimates
from toolkit.weighting import Calibration
from toolkit.weighting.weights import sums_within

__all__ = [
    "Domains",
    "Explained",
    "Moments",
    "Term",
    "centres",
    "domain_moments",
    "explained_by",
    "filled",
    "group_sums",
    "is_flat",
]


# Sums of many items within cells, in as few passes over the answers as possible.


Array = npt.NDArray[np.float64]
_IN_CACHE = 250_000
"""Numbers worked on at once: two megabytes, which stay in a processor's own memory."""
_FEW = 24
_TERMS = 40
_KINDS = ("answers", "known", "squares")


@dataclass(frozen=True)
class Term:
    """A requested sum of every item: of its answers, of who answered, or of its answers squared.

    `cells` is the cell of each row, `count` for none of the `count` cells; `weight` one number per row, None
    where every row counts the same.
    """

    cells: Any
    count: int
    weight: Any
    of: Literal["answers", "known", "squares"] = "answers"

    def known(self) -> Array:
        """Sum where everybody answered: the same for every item."""
        found = np.bincount(self.cells, weights=self.weight, minlength=self.count + 1)
        return found[: self.count].astype(np.float64)


def group_sums(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, *, complete: bool
) -> list[Array]:
    """Sum every term within cells: items × cells.

    Parameters
    ----------
    requests
        What is summed.
    centre
        One number per item, taken off its answers first.
    terms
        Which sums.
    rows
        How many rows the frame has.
    complete
        Whether everybody answered every item; sums of who answered then have one row, which holds for all.

    Notes
    -----
    Sums over few cells are one matrix product over a slice of rows and all items; sums over many cells are
    counted item by item.
    """
    found: list[Any] = [None] * len(terms)
    if complete:
        for at, term in enumerate(terms):
            if term.of == "known":
                found[at] = term.known()[None, :]
    left = [at for at, result in enumerate(found) if result is None]
    few = [at for at in left if terms[at].count <= _FEW]
    many = [at for at in left if terms[at].count > _FEW]
    passes = [(few[at : at + _TERMS], _multiplied) for at in range(0, len(few), _TERMS)]
    for places, way in [*passes, (many, _counted)]:
        sums = way(requests, centre, [terms[at] for at in places], rows, complete) if places else []
        for at, result in zip(places, sums, strict=True):
            found[at] = result
    return found


def centres(requests: Sequence[Request], rows: int) -> Array:
    """Return a number near each item's answers: subtracting it keeps digits when squares are summed."""
    step = max(1, rows // 4096)
    read = slice(None, None, step)
    some = np.empty((len(requests), len(range(0, rows, step))))
    for row, one in zip(some, requests, strict=True):
        one.fill(row, read)
    answered = ~np.isnan(some)
    some[~answered] = 0.0
    found: Array = some.sum(axis=1) / np.maximum(answered.sum(axis=1), 1)
    return found


def filled(requests: Sequence[Request], centre: Array, rows: int) -> tuple[Array, Array]:
    """Return answers less their centre, 0 where missing, and whether there is one: items × rows."""
    return _Reader(len(requests), rows, False)(requests, centre, slice(0, rows))


def _multiplied(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, complete: bool
) -> list[Array]:
    """Multiply with the membership matrix of the cells, a slice of rows at a time."""
    width = sum(term.count for term in terms)
    kinds = {kind: [term for term in terms if term.of == kind] for kind in _KINDS}
    kinds = {kind: own for kind, own in kinds.items() if own}
    sums = {kind: np.zeros((len(requests), sum(one.count for one in own))) for kind, own in kinds.items()}
    at_once = max(256, _IN_CACHE // max(len(requests), width, 1))
    read = _Reader(len(requests), min(at_once, rows), complete)
    for start in range(0, rows, at_once):
        within = slice(start, min(start + at_once, rows))
        values, known = read(requests, centre, within)
        for kind, total in sums.items():
            member = _members(kinds[kind], within)
            if kind == "squares":  # which come last, so that the slice is not needed any more
                np.multiply(values, values, out=values)
            total += (known if kind == "known" else values) @ member
    used = dict.fromkeys(sums, 0)
    found = []
    for term in terms:
        start = used[term.of]
        used[term.of] = start + term.count
        found.append(sums[term.of][:, start : start + term.count])
    return found


class _Reader:
    """Reads slices of rows into the same memory again and again: new memory costs more than the sums."""

    def __init__(self, items: int, at_once: int, complete: bool) -> None:
        shape = (items, at_once)
        self._complete = complete
        self._values, self._known = np.empty(shape), np.ones((1, 1) if complete else shape)
        self._answered = np.empty((0, 0) if complete else shape, dtype=bool)
        self._bits = np.empty((0, 0) if complete else shape, dtype=np.int64)

    def __call__(self, requests: Sequence[Request], centre: Array, within: slice) -> tuple[Array, Array]:
        """Return answers less their centre, 0 where missing, and whether there is one (a number if all)."""
        count = within.stop - within.start
        values = self._values[:, :count]
        for row, one in zip(values, requests, strict=True):
            one.fill(row, within)
        if self._complete:
            if centre.any():
                values -= centre[:, None]
            return values, self._known
        answered, known, bits = self._answered[:, :count], self._known[:, :count], self._bits[:, :count]
        np.equal(values, values, out=answered)  # false for NaN alone
        np.copyto(known, answered)
        if centre.any():
            values -= centre[:, None]
        # All bits of an answer are kept, all bits of NaN cleared: four times as quick as choosing
        np.negative(answered.view(np.int8), out=bits, casting="unsafe")
        np.bitwise_and(values.view(np.int64), bits, out=values.view(np.int64))
        return values, known


def _members(terms: Sequence[Term], within: slice) -> Array:
    """Return rows × cells of all terms: the row's weight in its own cell, 0 elsewhere."""
    count = within.stop - within.start
    every = np.arange(count)
    width = sum(term.count for term in terms)
    found = np.zeros((count, width + 1))
    offset = 0
    for term in terms:
        cells = term.cells[within]
        column = np.where(cells < term.count, cells + offset, width)
        found[every, column] = 1.0 if term.weight is None else term.weight[within]
        offset += term.count
    return found[:, :width]


def _counted(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, complete: bool
) -> list[Array]:
    """Return one count per item and term."""
    found = [np.empty((len(requests), term.count)) for term in terms]
    weighted, read = np.empty((1, rows)), _Reader(1, rows, complete)
    for at in range(len(requests)):
        values, known = read(requests[at : at + 1], centre[at : at + 1], slice(0, rows))
        for term, result in zip(terms, found, strict=True):
            of = known if term.of == "known" else values
            np.multiply(of, 1.0 if term.weight is None else term.weight, out=weighted)
            if term.of == "squares":
                weighted *= values
            counted = np.bincount(term.cells, weights=weighted[0], minlength=term.count + 1)
            result[at] = counted[: term.count]
    return found


# Part of many items explained by calibrated weights: a few numbers per item, not one per row.


class Explained(Protocol):
    """A residual z − B c: B is one row per respondent and the same for all items, c a few numbers per item.

    `terms` are the sums it needs of every item, `count` how many numbers c has a group.
    """

    count: int
    terms: dict[str, Term]

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        """Return c: items × count × groups."""
        ...

    def within(self, taken: Array) -> Array:
        """Sum B c over each unit: items × groups × units."""
        ...

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        """Return what Σ scale (z − B c)² over rows has beyond Σ scale z²."""
        ...


def explained_by(sampled: Sampled, cells: Any, groups: int, unit: Any, units: int) -> Explained:
    """Return the part that the weights of a design explain.

    Parameters
    ----------
    sampled
        A design with calibrated weights.
    cells, groups
        Group of each row (`groups` for none), and how many there are.
    unit, units
        Stratum of each row where every row is a unit, else its primary unit; and how many there are.
    """
    calibration = sampled.calibration
    if calibration is None:
        raise ValueError("the weights of this design are not calibrated")
    scale = sampled.scale[sampled.stratum]
    if calibration.kind == "regression":
        return _ByColumns(sampled, calibration, cells, groups, unit, units, scale)
    return _ByCells(sampled, calibration, cells, groups, unit, units, scale)


class _ByCells:
    """Margins: everybody of a crossed cell shares what is explained."""

    def __init__(
        self,
        sampled: Sampled,
        calibration: Calibration,
        cells: Any,
        groups: int,
        unit: Any,
        units: int,
        scale: Array,
    ) -> None:
        crossed, categories = calibration.crossed
        self._calibration, self._groups = calibration, groups
        self.count = len(categories[0])
        after = calibration.after
        joint = np.where(cells < groups, crossed * groups + cells, self.count * groups)
        size = self.count * groups
        mine = calibration.counted * sampled.weights / np.where(after > 0, after, 1.0)
        self.terms = {
            "cell_y": Term(joint, size, mine),
            "cell": Term(joint, size, mine, "known"),
        }
        if sampled.element:
            moved = scale * after * sampled.weights
            self.terms["moved_y"] = Term(joint, size, moved)
            self.terms["moved"] = Term(joint, size, moved, "known")
        self._squared = np.bincount(crossed, weights=scale * after**2, minlength=self.count)
        # Units × cells: the weight each unit has in each cell
        from scipy.sparse import csr_array

        self._held = csr_array((after, (unit, crossed)), shape=(units, self.count))

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        each = self._contribution(sums["cell_y"], sums["cell"], mean, safe)
        flat = each.transpose(1, 0, 2).reshape(self.count, -1)
        found = self._calibration.explained(flat).reshape(self.count, len(mean), self._groups)
        return np.ascontiguousarray(found.transpose(1, 0, 2))

    def within(self, taken: Array) -> Array:
        return np.array([(self._held @ one).T for one in taken])

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        moved = self._contribution(sums["moved_y"], sums["moved"], mean, safe)
        return _spread(moved, taken, taken * self._squared[None, :, None])

    def _contribution(self, y: Array, known: Array, mean: Array, safe: Array) -> Array:
        shape = (-1, self.count, self._groups)
        found: Array = (y.reshape(shape) - mean[:, None] * known.reshape(shape)) / safe[:, None]
        return found


class _ByColumns:
    """Totals of categories and numbers: a regression on their columns."""

    def __init__(
        self,
        sampled: Sampled,
        calibration: Calibration,
        cells: Any,
        groups: int,
        unit: Any,
        units: int,
        scale: Array,
    ) -> None:
        basis, size = calibration.basis
        self.count, self._groups = basis.shape[1], groups
        lifted = basis * size[:, None]
        self.terms = {}
        for at in range(self.count):
            mine = basis[:, at] * sampled.weights / size
            self.terms[f"column{at}_y"] = Term(cells, groups, mine)
            self.terms[f"column{at}"] = Term(cells, groups, mine, "known")
        if sampled.element:
            for at in range(self.count):
                moved = scale * lifted[:, at] * sampled.weights
                self.terms[f"moved{at}_y"] = Term(cells, groups, moved)
                self.terms[f"moved{at}"] = Term(cells, groups, moved, "known")
        self._squared = lifted.T @ (scale[:, None] * lifted)
        self._held = sums_within(unit, lifted, units)

    def coefficients(self, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        return self._contribution("column", sums, mean, safe)

    def within(self, taken: Array) -> Array:
        found: Array = np.matmul(self._held, taken).transpose(0, 2, 1)
        return found

    def spread(self, sums: dict[str, Array], mean: Array, safe: Array, taken: Array) -> Array:
        return _spread(self._contribution("moved", sums, mean, safe), taken, np.matmul(self._squared, taken))

    def _contribution(self, name: str, sums: dict[str, Array], mean: Array, safe: Array) -> Array:
        found = np.empty((len(mean), self.count, self._groups))
        for at in range(self.count):
            found[:, at] = (sums[f"{name}{at}_y"] - mean * sums[f"{name}{at}"]) / safe
        return found


def _spread(moved: Array, taken: Array, squared: Array) -> Array:
    """Compute −cᵀm − mᵀc + cᵀEc, one matrix per item."""
    turned = taken.transpose(0, 2, 1)
    across = np.matmul(turned, moved)
    found: Array = np.matmul(turned, squared) - across - across.transpose(0, 2, 1)
    return found


# Linearised covariances of domain means, for many items from the same sums.


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
        """Number of sums per item."""
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
        """Compute moments of items that are all shares or all not, and all complete or not.

        Parameters
        ----------
        requests, centre
            The items, and what is taken off each.
        share, complete
            Whether all answers are 0 or 1, and whether none is missing.
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
    """Return whether answers vary by no more than the rounding error of sums and centring."""
    return square - mean * mean <= ROUNDING / 10 * square + (ROUNDING / 100 * centre) ** 2


def _totals(z: Array, stratum: Any, strata: int) -> Array:
    """Sum items × groups × units within strata."""
    if strata == 1:
        found: Array = z.sum(axis=2, keepdims=True)
        return found
    groups = z.shape[1]
    cells = (np.arange(groups)[:, None] * strata + stratum).ravel()
    each = [np.bincount(cells, weights=one.ravel(), minlength=strata * groups) for one in z]
    return np.array(each, dtype=np.float64).reshape(len(z), groups, strata)


def _cross(z: Array, factor: Array) -> Array:
    """Sum factor · z zᵀ over units, one matrix per item."""
    product: Array = np.matmul(z * factor, z.transpose(0, 2, 1))
    return product


# Means of many items in many groups, with the covariances of their comparison.


_CELLS_AT_ONCE = 3_000_000
_FEW_CELLS = 250_000
_DRAWN_AT_ONCE = 500_000
_PARTS = ("n", "units", "weight", "kish", "mean", "spread", "covariance")


def domain_moments(sampled: Sampled, groups: Any, n_groups: int, requests: Sequence[Request]) -> Moments:
    """Compute means, variances and covariances of every request in every group.

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
    and primary units no one answered in still count (as R's `subset` of a design).
    """
    parts: list[Moments] = []
    order: list[int] = []
    domains = None if sampled.simple else Domains(sampled, groups, n_groups)
    for places, share, complete in _alike(requests):
        at_once = max(1, _at_once(sampled, len(groups), n_groups if domains is None else domains.cells))
        for start in range(0, len(places), at_once):
            block = places[start : start + at_once]
            wanted = [requests[at] for at in block]
            centre = np.zeros(len(wanted)) if share else centres(wanted, len(groups))
            if domains is None:
                cells = np.where(groups < 0, n_groups, groups)
                terms = [Term(cells, n_groups, None, "known"), Term(cells, n_groups, None)]
                if not share:
                    terms.append(Term(cells, n_groups, None, "squares"))
                known, sums, *squares = group_sums(wanted, centre, terms, len(groups), complete=complete)
                n = np.broadcast_to(known, sums.shape)
                with np.errstate(divide="ignore", invalid="ignore"):
                    mean = sums / n
                    square = (squares[0] if squares else sums) / n
                    spread = np.where(
                        is_flat(square, mean, centre[:, None]), 0.0, (square - mean * mean) * (n / (n - 1))
                    )
                spread = np.where(n > 1, np.maximum(spread, 0.0), np.nan)
                found = Moments(n, n, n, n, mean + centre[:, None], spread, None)
            else:
                found = domains.moments(
                    wanted, centre, share=share, complete=complete, with_errors=sampled.common
                )
                if not sampled.common:
                    found = _with_errors(found, sampled, groups, n_groups, wanted, centre)
            parts.append(found)
            order += block
    if len(parts) == 1:
        return parts[0]
    back = np.argsort(order)
    columns: dict[str, Any] = {}
    for name in _PARTS:
        each = [getattr(part, name) for part in parts]
        columns[name] = None if each[0] is None else np.concatenate(each)[back]
    return Moments(**columns)


def _at_once(sampled: Sampled, rows: int, cells: int) -> int:
    """Return how many items fit into memory that is small beside the frame or its replicate weights."""
    if sampled.replicated is not None:
        drawn = int(sampled.replicated.weights.size)
        return max(_CELLS_AT_ONCE, drawn // 4) // max(cells, rows, 1)
    if sampled.later:
        return _CELLS_AT_ONCE // max(cells, rows, 1)
    return min(_CELLS_AT_ONCE, max(_FEW_CELLS, 4 * rows)) // max(cells, 1)


def _alike(requests: Sequence[Request]) -> Iterator[tuple[list[int], bool, bool]]:
    """Group requests of one kind: shares or not, complete or not."""
    kinds: dict[tuple[bool, bool], list[int]] = {}
    for at, one in enumerate(requests):
        kinds.setdefault((one.share, one.complete), []).append(at)
    for (share, complete), places in kinds.items():
        yield places, share, complete


def _with_errors(
    found: Moments,
    sampled: Sampled,
    groups: Any,
    n_groups: int,
    requests: Sequence[Request],
    centre: Array,
) -> Moments:
    """Estimate with covariances from replicates or later stages, which group sums do not give."""
    y, valid = filled(requests, centre, len(groups))
    nobody = found.weight <= 0
    if sampled.replicated is not None:
        each = _replicate_covariances(sampled.replicated, sampled.weights, groups, n_groups, y, valid)
    else:
        each = _stage_covariances(sampled, groups, n_groups, y, valid)
    flat = found.spread == 0
    each[flat] = 0.0
    each.transpose(0, 2, 1)[flat] = 0.0
    each[nobody] = np.nan
    each.transpose(0, 2, 1)[nobody] = np.nan
    return replace(found, covariance=each)


def _stage_covariances(sampled: Sampled, groups: Any, n_groups: int, y: Array, valid: Array) -> Array:
    """Compute covariances item by item, as every stage has units of its own."""
    member = (groups[:, None] == np.arange(n_groups)).astype(np.float64)
    found = [
        ratio_estimates(sampled, member * values[:, None], member * known[:, None])[1]
        for values, known in zip(y, valid, strict=True)
    ]
    return np.array(found)


def _replicate_covariances(
    replicated: Replicated, weights: Array, groups: Any, n_groups: int, y: Array, valid: Array
) -> Array:
    """Multiply with all replicate weights, all items and some rows of a group at a time."""
    count = replicated.weights.shape[1]
    tops, sizes = np.zeros((2, len(y), n_groups, count))
    top, size = np.zeros((2, len(y), n_groups))
    at_once = max(256, _DRAWN_AT_ONCE // count)
    for group in range(n_groups):
        rows = np.nonzero(groups == group)[0]
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            drawn, answers, known = replicated.weights[part], y[:, part], valid[:, part]
            partly = (known == 0).any(axis=1)
            tops[:, group] += answers @ drawn
            sizes[~partly, group] += drawn.sum(axis=0)
            sizes[partly, group] += known[partly] @ drawn
            top[:, group] += answers @ weights[part]
            size[:, group] += known @ weights[part]
    with np.errstate(divide="ignore", invalid="ignore"):
        return replicated.covariances(tops / sizes, top / size)
