"""Fisher's exact test of many 2 × 2 tables at once; scipy's `fisher_exact` takes one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from toolkit.analysis.two_proportions import checked
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["fisher_p"]

Array = npt.NDArray[np.float64]
_SLACK = 1 + 1e-7
_AT_ONCE = 4_000_000


@typed
def fisher_p(x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers) -> Any:
    """Compute two-sided p values of Fisher's exact test for many tables at once.

    Parameters
    ----------
    x1, n1, x2, n2
        How many said so, of how many answers; whole numbers or arrays of them.

    Raises
    ------
    InvalidInput
        Where counts are not whole, or x lies outside 0–n.

    Notes
    -----
    p adds every table that is no likelier than the observed one, with R's slack of 1e-7.

    Examples
    --------
    >>> fisher_p([9, 6], [10, 7], [3, 2], [10, 7]).round(4).tolist()
    [0.0198, 0.1026]
    """
    tables = checked(x1, n1, x2, n2)
    if not all(bool((part == np.rint(part)).all()) for part in tables):
        raise InvalidInput(
            "fisher",
            [Problem("not-whole", "counts", "are not whole numbers", "give numbers of people")],
        )
    shape = tables[0].shape
    flat = np.stack([part.ravel() for part in tables])
    keys, back = np.unique(flat, axis=1, return_inverse=True)
    widths = np.minimum(keys[1], keys[0] + keys[2]) - np.maximum(0, keys[0] + keys[2] - keys[3]) + 1
    result = np.empty(keys.shape[1])
    order = np.argsort(widths, kind="stable")
    start = 0
    while start < order.size:  # tables of like width together, so that little is padding
        stop = start + 1
        while stop < order.size and widths[order[stop]] * (stop + 1 - start) <= _AT_ONCE:
            stop += 1
        chosen = order[start:stop]
        support, logs = _conditional(*keys[:, chosen])
        mass = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        seen = np.where(support == keys[0, chosen, None], mass, 0.0).sum(axis=1, keepdims=True)
        result[chosen] = np.minimum(np.where(mass <= seen * _SLACK, mass, 0.0).sum(axis=1), 1.0)
        start = stop
    return result[back.ravel()].reshape(shape)


def _conditional(x1: Array, n1: Array, x2: Array, n2: Array) -> tuple[Array, Array]:
    """Return every first cell that the margins allow, with log weights; −inf beyond a table's last."""
    total = x1 + x2
    low, high = np.maximum(0, total - n2), np.minimum(n1, total)
    support: Array = low[:, None] + np.arange(int((high - low).max()) + 1, dtype=np.float64)
    inside = support <= high[:, None]
    k = np.where(inside, support, low[:, None])
    a, b, t = n1[:, None], n2[:, None], total[:, None]
    logs = -(gammaln(k + 1) + gammaln(a - k + 1) + gammaln(t - k + 1) + gammaln(b - t + k + 1))
    return support, np.where(inside, logs, -np.inf)
