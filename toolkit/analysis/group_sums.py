"""Sums of many items within cells, reading each answer as few times as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """Answers less their centre, 0 where there is none, and whether there is one: items × rows."""
    values = np.empty((len(requests), rows))
    for row, one in zip(values, requests, strict=True):
        one.fill(row)
    missing = np.isnan(values)
    values -= centre[:, None]
    np.copyto(values, 0.0, where=missing)
    return values, (~missing).astype(np.float64)


def _multiplied(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, complete: bool
) -> list[Array]:
    """Products with the cells' members, a slice of rows at a time."""
    width = sum(term.count for term in terms)
    sums = {kind: np.zeros((len(requests), _width(terms, kind))) for kind in _kinds(terms)}
    shifted = bool(centre.any())
    for within, values in _slices(requests, rows, width):
        known = None
        if not complete:
            missing = np.isnan(values)
            known = (~missing).astype(np.float64)
        if shifted:
            values -= centre[:, None]
        if known is not None:
            np.copyto(values, 0.0, where=missing)
        for kind, total in sums.items():
            member = _members([term for term in terms if term.of == kind], within)
            if kind == "known":
                total += (np.ones_like(values) if known is None else known) @ member
            else:
                total += (values if kind == "answers" else values * values) @ member
    return _parted(sums, terms)


def _kinds(terms: Sequence[Term]) -> list[str]:
    return list(dict.fromkeys(term.of for term in terms))


def _width(terms: Sequence[Term], kind: str) -> int:
    return sum(term.count for term in terms if term.of == kind)


def _slices(requests: Sequence[Request], rows: int, width: int) -> Iterator[tuple[slice, Array]]:
    """Slices of rows, each with the items' answers there."""
    at_once = max(256, _IN_CACHE // max(len(requests), width, 1))
    buffer = np.empty((len(requests), min(at_once, rows)))
    for start in range(0, rows, at_once):
        within = slice(start, min(start + at_once, rows))
        values = buffer[:, : within.stop - start]
        for row, one in zip(values, requests, strict=True):
            one.fill(row, within)
        yield within, values


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


def _parted(sums: dict[str, Array], terms: Sequence[Term]) -> list[Array]:
    used = dict.fromkeys(sums, 0)
    found = []
    for term in terms:
        start = used[term.of]
        used[term.of] = start + term.count
        found.append(sums[term.of][:, start : start + term.count])
    return found


def _counted(
    requests: Sequence[Request], centre: Array, terms: Sequence[Term], rows: int, complete: bool
) -> list[Array]:
    """One count an item and term."""
    found = [np.empty((len(requests), term.count)) for term in terms]
    values = np.empty(rows)
    weighted = np.empty(rows)
    for at, one in enumerate(requests):
        one.fill(values)
        missing = None if complete else np.isnan(values)
        if centre[at]:
            values -= centre[at]
        if missing is not None:
            np.copyto(values, 0.0, where=missing)
        for term, result in zip(terms, found, strict=True):
            if term.of == "known":
                weighted[:] = 1.0 if term.weight is None else term.weight
                if missing is not None:
                    np.copyto(weighted, 0.0, where=missing)
            else:
                np.multiply(values, 1.0 if term.weight is None else term.weight, out=weighted)
                if term.of == "squares":
                    weighted *= values
            result[at] = np.bincount(term.cells, weights=weighted, minlength=term.count + 1)[: term.count]
    return found
