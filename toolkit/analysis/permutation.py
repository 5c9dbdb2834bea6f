"""Permutation tests of changes: who was in which arm, or which way each person changed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["flipped_p", "shuffled_p"]

Array = npt.NDArray[np.float64]
_CELLS = 2_000_000
_SLACK = 1e-9
"""Outcomes equal but for rounding count as equally extreme."""


def shuffled_p(a: Array, b: Array, *, draws: int, seed: int) -> float:
    """Two-sided p of Welch's t when people are dealt into the two samples anew.

    Parameters
    ----------
    a, b
        Two samples of two values or more, in a settled order: the same order and seed give the same p.
    draws
        Permutations drawn.
    seed
        Of the draws.

    Notes
    -----
    (1 + as extreme) / (1 + draws). The studentised statistic keeps the level where spreads differ
    (Janssen 1997).

    Examples
    --------
    >>> shuffled_p(np.arange(10.0), np.arange(10.0) + 20, draws=999, seed=1)
    0.001
    """
    values = np.concatenate([a, b])
    values = values - values.mean()
    inside = np.concatenate([np.ones(len(a)), np.zeros(len(b))])
    seen = float(_welch(inside[None, :], values)[0])
    extreme = 0
    for size, rng in _batches(len(values), draws, seed):
        dealt = rng.permuted(np.broadcast_to(inside, (size, len(values))), axis=1)
        extreme += int((_welch(dealt, values) >= seen * (1 - _SLACK)).sum())
    return (1 + extreme) / (1 + draws)


def flipped_p(changes: Array, *, draws: int, seed: int) -> float:
    """Two-sided p of a mean change when each person's change is turned about by the toss of a coin.

    NaN without a person.

    Examples
    --------
    >>> flipped_p(np.ones(20), draws=999, seed=1)
    0.001
    """
    if not len(changes):
        return math.nan
    moved = changes[changes != 0]
    seen, extreme = abs(float(moved.sum())), 0
    for size, rng in _batches(max(len(moved), 1), draws, seed):
        signs = rng.integers(0, 2, (size, len(moved))) * 2.0 - 1.0
        extreme += int((np.abs(signs @ moved) >= seen * (1 - _SLACK)).sum())
    return (1 + extreme) / (1 + draws)


def _batches(people: int, draws: int, seed: int) -> Iterator[tuple[int, np.random.Generator]]:
    """Sizes of batches that fit in memory, with the one generator they share."""
    rng, most = np.random.default_rng(seed), max(_CELLS // people, 1)
    for start in range(0, draws, most):
        yield min(most, draws - start), rng


def _welch(inside: Array, values: Array) -> Array:
    """|t| of each row of memberships; infinite where neither side varies and the means differ."""
    n = inside.sum(axis=1)
    m = len(values) - n
    first, squares = inside @ values, inside @ values**2
    rest, rest_squares = values.sum() - first, (values**2).sum() - squares
    v = np.maximum(squares - first**2 / n, 0.0) / (n - 1)
    w = np.maximum(rest_squares - rest**2 / m, 0.0) / (m - 1)
    apart, error = np.abs(first / n - rest / m), np.sqrt(v / n + w / m)
    some = error > 1e-9 * max(float(np.ptp(values)), 1e-300)
    found: Array = np.where(some, apart / np.where(some, error, 1.0), np.where(apart > 1e-12, np.inf, 0.0))
    return found
