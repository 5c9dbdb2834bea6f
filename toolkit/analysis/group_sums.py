"""Sums of many items within cells, reading each answer as few times as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import Request

__all__ = ["Term", "centres", "filled", "group_sums"]

Array = npt.NDArray[np.float64]
_IN_CACHE = 250_000
"""Numbers worked on at once: two megabytes, which stay in a processor's own memory."""
_FEW = 24
_TERMS = 40
_KINDS = ("answers", "known", "squares")


@dataclass(frozen=True)
class Term:
    """A sum that is wanted of every item: of its answers, of who answered, or of its answers squared.

    `cells` is the cell of each row, `count` for none of the `count` cells; `weight` one number a row, None
    where every row counts the same.
    """

    cells: Any
    count: int
    weight: Any
    of: Literal["answers", "known", "squares"] = "answers"

    def known(self) -> Array:
        """The sum where everybody answered: the same for every item."""
        found = np.bincount(self.cells, weights=self.weight, minlength=self.count + 1)
        return found[: self.count].astype(np.float64)


def group_sums(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, *, complete: bool
) -> list[Array]:
    """Items × cells of every term.

    Parameters
    ----------
    requests
        What is summed.
    centre
        One number an item, taken off its answers first.
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
    """A number near each item's answers: taking it off keeps digits when squares are summed."""
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
    """Answers less their centre, 0 where there is none, and 1 where there is one: items × rows."""
    return _Reader(len(requests), rows, False)(requests, centre, slice(0, rows))


def _multiplied(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, complete: bool
) -> list[Array]:
    """Products with the cells' members, a slice of rows at a time."""
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
        """Answers less their centre, 0 where there is none, and 1 where there is one (one number if all)."""
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
    """Rows × cells of all terms: the row's weight in its own cell, 0 elsewhere."""
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
    """One count an item and term."""
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
