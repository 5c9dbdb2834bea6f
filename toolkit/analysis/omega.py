"""Omega: what part of a scale's variance the factors behind it explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.factor_model import fit_factors, moments_of
from toolkit.analysis.plain import is_constant
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, NotConverged, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

__all__ = ["Omega", "omega"]

Array = npt.NDArray[np.float64]
Method = Literal["ml", "minres"]


@dataclass(frozen=True, repr=False)
class Omega(Displayed):
    """McDonald's omega.

    Attributes
    ----------
    total
        Share of the scale's variance that all factors explain.
    hierarchical
        Share the general factor explains; equal to `total` where there is one factor.
    loadings
        Items on the general factor (of "ml": in units of the items).
    residuals
        Variances no factor explains.
    """

    total: float
    hierarchical: float
    loadings: tuple[float, ...]
    residuals: tuple[float, ...]
    n: int
    method: str


@typed
def omega(
    frame: pd.DataFrame,
    items: Sequence[Variable | str],
    *,
    reverse: Sequence[str] = (),
    factors: int = 1,
    method: Method = "ml",
) -> Omega:
    """McDonald's omega of a scale, from people who answered every item.

    Parameters
    ----------
    frame, items, reverse
        As in `reliability`.
    factors
        Group factors below the general one ("minres" only): at least three.
    method
        "ml": a one-factor model of covariances, as R's `lavaan::cfa`. "minres": least squares on
        correlations, as `psych::omega`; several factors are rotated by oblimin and their own factor
        is the general one (Schmid and Leiman).

    Raises
    ------
    InvalidInput
        For too few items for so many factors, or too few people.
    NotConverged
        Where the search stalls.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> g = rng.normal(size=300)
    >>> frame = pd.DataFrame({name: g + rng.normal(size=300) for name in "abcd"})
    >>> 0.7 < omega(frame, list("abcd")).total < 0.9
    True
    """
    names, values = item_values(frame, items, "omega", reverse=reverse)
    values = values[~np.isnan(values).any(axis=1)]
    problems = []
    if method not in ("ml", "minres"):
        problems.append(
            Problem("unknown-option", "method", f"{method!r} is not known", 'use "ml" or "minres"')
        )
    if factors != 1 and (factors < 3 or method == "ml"):
        hint = 'use 1, or 3 or more with method="minres": a general factor of two is not determined'
        problems.append(Problem("out-of-range", "factors", f"are {factors}", hint))
    if len(names) < max(3, 3 * factors if factors > 1 else 3):
        problems.append(Problem("too-few", "items", f"are {len(names)}", "give at least three a factor"))
    if len(values) < 3 * len(names):
        what = f"{len(values)} answered every item"
        problems.append(Problem("too-few-answers", "respondents", what, f"give at least {3 * len(names)}"))
    elif bool(is_constant(values).any()):
        problems.append(Problem("no-variation", "items", "one does not vary", "leave it out"))
    if problems:
        raise InvalidInput("omega", problems)
    if method == "ml":
        fit = fit_factors([moments_of(values)], np.ones((len(names), 1)), means=False)
        loadings = fit.loadings[0][:, 0] * np.sqrt(fit.factors[0][0, 0])
        common = loadings.sum() ** 2
        share = float(common / (common + fit.residuals[0].sum()))
        return _made(share, share, loadings, fit.residuals[0], len(values), "one factor, maximum likelihood")
    correlation = np.asarray(np.corrcoef(values.T), dtype=np.float64)
    pattern, unique = minres(correlation, factors)
    if factors == 1:
        general = pattern[:, 0] * np.sign(pattern.sum())
    else:
        rotated, between = _oblimin(pattern)
        flip = np.sign(rotated.sum(axis=0))
        top, _ = minres(between * np.outer(flip, flip), 1)
        general = (rotated * flip) @ (top[:, 0] * np.sign(top.sum()))
    variance = float(correlation.sum())
    total = 1 - float(unique.sum()) / variance
    own = float(general.sum()) ** 2 / variance if factors > 1 else total
    said = f"{factors} factor(s), minimum residuals" + (", oblimin, Schmid–Leiman" if factors > 1 else "")
    return _made(total, own, general, unique, len(values), said)


def _made(total: float, own: float, loadings: Array, unique: Array, n: int, said: str) -> Omega:
    return Omega(total, own, tuple(loadings.tolist()), tuple(unique.tolist()), n, said)


def minres(correlation: Array, factors: int) -> tuple[Array, Array]:
    """Loadings and unique variances that leave the smallest squared off-diagonal residuals."""
    from scipy.optimize import minimize

    k = len(correlation)
    off = ~np.eye(k, dtype=bool)

    def loadings(psi: Array) -> Array:
        values, vectors = np.linalg.eigh(correlation - np.diag(psi))
        found: Array = vectors[:, -factors:] * np.sqrt(np.maximum(values[-factors:], 0.0))
        return found[:, ::-1]

    def loss(flat: Array) -> tuple[float, Array]:
        pattern = flat.reshape(k, factors)
        apart = np.where(off, pattern @ pattern.T - correlation, 0.0)
        return float((apart**2).sum()) / 2, (2 * apart @ pattern).ravel()

    start = loadings(1 / np.diag(np.linalg.inv(correlation)))
    found = minimize(loss, start.ravel(), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 10_000})
    if np.abs(found.jac).max() > 1e-5:
        raise NotConverged("the factors' loadings did not settle")
    pattern = found.x.reshape(k, factors)
    unique = 1 - (pattern**2).sum(axis=1)
    return loadings(unique), unique


def _oblimin(pattern: Array) -> tuple[Array, Array]:
    """Oblique rotation to the least quartimin (Jennrich 2002): loadings and factor correlations."""
    k = pattern.shape[1]
    turn, step = np.eye(k), 1.0
    others = 1 - np.eye(k)

    def at(turned: Array) -> tuple[float, Array, Array]:
        inverse = np.linalg.inv(turned)
        rotated = pattern @ inverse.T
        crossed = rotated**2 @ others
        slope = -(rotated.T @ (rotated * crossed) @ inverse).T
        return float((rotated**2 * crossed).sum()) / 4, rotated, slope

    value, rotated, slope = at(turn)
    for _ in range(5000):
        projected = slope - turn * (turn * slope).sum(axis=0)
        size = float(np.sqrt((projected**2).sum()))
        if size < 1e-8:
            return rotated, turn.T @ turn
        step *= 2
        for _ in range(30):
            moved = turn - step * projected
            moved = moved / np.sqrt((moved**2).sum(axis=0))
            tried = at(moved)
            if value - tried[0] > 0.5 * size**2 * step:
                break
            step /= 2
        turn, (value, rotated, slope) = moved, tried
    raise NotConverged("the rotation of the factors did not settle")
