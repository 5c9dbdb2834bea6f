"""Means of many items in many groups at once, with the covariances their comparison needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.answers import Request
from toolkit.analysis.group_sums import Term, centres, filled, group_sums
from toolkit.analysis.linearised import Domains, is_flat
from toolkit.analysis.replicates import Replicated
from toolkit.analysis.results import Moments
from toolkit.analysis.sampled import Sampled, ratio_estimates

__all__ = ["Moments", "domain_moments"]

Array = npt.NDArray[np.float64]
_CELLS_AT_ONCE = 3_000_000
_FEW_CELLS = 250_000
_DRAWN_AT_ONCE = 500_000
_PARTS = ("n", "units", "weight", "kish", "mean", "spread", "covariance")


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
    """How many items fit into memory that is small beside the frame (or beside its replicate weights)."""
    if sampled.replicated is not None:
        drawn = int(sampled.replicated.weights.size)
        return max(_CELLS_AT_ONCE, drawn // 4) // max(cells, rows, 1)
    if sampled.later:
        return _CELLS_AT_ONCE // max(cells, rows, 1)
    return min(_CELLS_AT_ONCE, max(_FEW_CELLS, 4 * rows)) // max(cells, 1)


def _alike(requests: Sequence[Request]) -> Iterator[tuple[list[int], bool, bool]]:
    """Places of requests of one kind: shares or not, answered by everybody or not."""
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
    """The same with covariances from replicates or later stages, which group sums do not tell."""
    y, valid = filled(requests, centre, len(groups))
    nobody = found.weight <= 0
    if sampled.replicated is not None:
        each = _of_replicates(sampled.replicated, sampled.weights, groups, n_groups, y, valid)
    else:
        each = _of_stages(sampled, groups, n_groups, y, valid)
    flat = found.spread == 0
    each[flat] = 0.0
    each.transpose(0, 2, 1)[flat] = 0.0
    each[nobody] = np.nan
    each.transpose(0, 2, 1)[nobody] = np.nan
    return replace(found, covariance=each)


def _of_stages(sampled: Sampled, groups: Any, n_groups: int, y: Array, valid: Array) -> Array:
    """One item after the other, as every stage has units of its own."""
    member = (groups[:, None] == np.arange(n_groups)).astype(np.float64)
    found = [
        ratio_estimates(sampled, member * values[:, None], member * known[:, None])[1]
        for values, known in zip(y, valid, strict=True)
    ]
    return np.array(found)


def _of_replicates(
    replicated: Replicated, weights: Array, groups: Any, n_groups: int, y: Array, valid: Array
) -> Array:
    """Products with all replicate weights, for every item at once and some rows of a group at a time."""
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
