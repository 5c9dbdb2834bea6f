"""Factor models of a scale, and omega.

Factors by least squares and their rotation are statsmodels'. Models of several groups with equal parameters
stay ours, because no maintained library has them; omega by maximum likelihood is one of them, of one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from toolkit.analysis.answers import is_constant
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, NotConverged, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

# Multi-group factor models by maximum likelihood, with equality constraints.


Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupMoments:
    """Means and covariance (n below) of one group's answers."""

    n: int
    mean: Array
    covariance: Array


@dataclass(frozen=True)
class Fit:
    """A fitted model: estimates per group, and how well it reproduces means and covariances.

    `loadings` are items × factors with the first item of each factor 1, unless it has one group and one
    factor of variance 1; `residuals` are variances.
    """

    chi_square: float
    df: float
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    aic: float
    bic: float
    parameters: int
    loadings: tuple[Array, ...] = field(repr=False)
    factors: tuple[Array, ...] = field(repr=False)
    residuals: tuple[Array, ...] = field(repr=False)


def moments_of(values: Array) -> GroupMoments:
    """Compute moments of complete answers, people × items."""
    return GroupMoments(len(values), values.mean(axis=0), np.cov(values.T, bias=True))


def fit_factors(
    groups: Sequence[GroupMoments], pattern: Array, *, equal: Sequence[str] = (), means: bool = True
) -> Fit:
    """Fit a factor model.

    Parameters
    ----------
    groups
        Moments of each group.
    pattern
        Items × factors, 1 where an item belongs to a factor.
    equal
        Of "loadings", "intercepts", "residuals", what all groups share. With equal intercepts the means
        of factors are free in every group but the first.
    means
        Model means too; without, covariances alone.

    Raises
    ------
    NotConverged
        Where the search stalls.

    Notes
    -----
    Normal maximum likelihood as R's `lavaan`: χ² = N · F, RMSEA times √groups, SRMR after Bentler.
    """
    from scipy.optimize import minimize

    layout = _Layout(pattern, len(groups), frozenset(equal), means)
    start = layout.start(groups)
    found = minimize(
        layout.loss, start, args=(groups,), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}
    )
    if not np.isfinite(found.fun) or np.abs(found.jac).max() > 1e-5:
        raise NotConverged(f"the factor model stopped at a gradient of {np.abs(found.jac).max():.1e}")
    return _measures(layout, found.x, groups)


class _Layout:
    """Positions of each group's numbers in the parameter vector."""

    def __init__(self, pattern: Array, groups: int, equal: frozenset[str], means: bool) -> None:
        self.pattern, self.groups, self.equal, self.means = pattern, groups, equal, means
        items, factors = pattern.shape
        marker = np.zeros_like(pattern, dtype=bool)
        marker[pattern.argmax(axis=0), np.arange(factors)] = True
        self.marker = marker
        self.free = (pattern > 0) & ~marker
        self.lower = np.tril_indices(factors)
        self.at: list[dict[str, slice]] = []
        used = 0
        sizes = {"loadings": int(self.free.sum()), "residuals": items, "intercepts": items if means else 0}
        shared: dict[str, slice] = {}
        for group in range(groups):
            place = {}
            for part, size in sizes.items():
                if part in equal and part in shared:
                    place[part] = shared[part]
                    continue
                place[part] = shared[part] = slice(used, used + size)
                used += size
            place["factors"] = slice(used, used + len(self.lower[0]))
            used = place["factors"].stop
            moved = factors if means and "intercepts" in equal and group > 0 else 0
            place["positions"] = slice(used, used + moved)
            used += moved
            self.at.append(place)
        self.size = used

    def start(self, groups: Sequence[GroupMoments]) -> Array:
        x = np.zeros(self.size)
        for place, one in zip(self.at, groups, strict=True):
            variance = np.diag(one.covariance)
            x[place["loadings"]] = 1.0
            x[place["residuals"]] = variance / 2
            if self.means:
                x[place["intercepts"]] = one.mean
            first = variance[self.pattern.argmax(axis=0)] / 2
            x[place["factors"]] = np.diag(first)[self.lower]
        return x

    def unpack(self, x: Array, group: int) -> tuple[Array, Array, Array, Array, Array]:
        """Unpack loadings, factor covariance, residual variances, intercepts and factor means."""
        place, (items, factors) = self.at[group], self.pattern.shape
        loadings = self.marker.astype(np.float64)
        loadings[self.free] = x[place["loadings"]]
        phi = np.zeros((factors, factors))
        phi[self.lower] = x[place["factors"]]
        phi = phi + phi.T - np.diag(np.diag(phi))
        nu = x[place["intercepts"]] if self.means else np.zeros(items)
        positions = x[place["positions"]]
        return loadings, phi, x[place["residuals"]], nu, positions if positions.size else np.zeros(factors)

    def loss(self, x: Array, groups: Sequence[GroupMoments]) -> tuple[float, Array]:
        """Return the discrepancy F and its gradient."""
        total, value, gradient = sum(one.n for one in groups), 0.0, np.zeros(self.size)
        for at, (place, one) in enumerate(zip(self.at, groups, strict=True)):
            loadings, phi, theta, nu, positions = self.unpack(x, at)
            implied = loadings @ phi @ loadings.T + np.diag(theta)
            try:
                np.linalg.cholesky(implied)
            except np.linalg.LinAlgError:
                return 1e10, gradient
            inverse = np.linalg.inv(implied)
            away = one.mean - nu - loadings @ positions if self.means else np.zeros(len(theta))
            around = one.covariance + np.outer(away, away)
            share = one.n / total
            value += share * (np.linalg.slogdet(implied)[1] + float((around * inverse).sum()))
            slope = inverse - inverse @ around @ inverse
            lean = -2 * inverse @ away
            by_loading = 2 * slope @ loadings @ phi + np.outer(lean, positions)
            by_factor = loadings.T @ slope @ loadings
            by_factor = 2 * by_factor - np.diag(np.diag(by_factor))
            gradient[place["loadings"]] += share * by_loading[self.free]
            gradient[place["factors"]] += share * by_factor[self.lower]
            gradient[place["residuals"]] += share * np.diag(slope)
            if self.means:
                gradient[place["intercepts"]] += share * lean
            if place["positions"].stop > place["positions"].start:
                gradient[place["positions"]] += share * (loadings.T @ lean)
        return value, gradient


def _measures(layout: _Layout, x: Array, groups: Sequence[GroupMoments]) -> Fit:
    total, (items, _) = sum(one.n for one in groups), layout.pattern.shape
    shares = [one.n / total for one in groups]
    saturated = sum(
        share * (np.linalg.slogdet(one.covariance)[1] + items)
        for share, one in zip(shares, groups, strict=True)
    )
    minus_two = layout.loss(x, groups)[0]
    chi_square = max(total * (minus_two - saturated), 0.0)
    each = items * (items + 1) / 2 + (items if layout.means else 0)
    df = len(groups) * each - layout.size
    apart = sum(
        one.n * (np.log(np.diag(one.covariance)).sum() - np.linalg.slogdet(one.covariance)[1])
        for one in groups
    )
    df_apart = len(groups) * items * (items - 1) / 2
    over, over_apart = max(chi_square - df, 0.0), max(apart - df_apart, chi_square - df, 0.0)
    residual = sum(
        share * _residual(layout, x, at, one)
        for at, (share, one) in enumerate(zip(shares, groups, strict=True))
    )
    loss = total * (minus_two + items * np.log(2 * np.pi))
    parts: list[Any] = [layout.unpack(x, at)[:3] for at in range(len(groups))]
    return Fit(
        chi_square=float(chi_square),
        df=float(df),
        p_value=float(chdtrc(df, chi_square)) if df > 0 else 1.0,
        cfi=float(1 - over / over_apart) if over_apart > 0 else 1.0,
        tli=float((apart / df_apart - chi_square / df) / (apart / df_apart - 1)) if df > 0 else 1.0,
        rmsea=float(np.sqrt(over / (total * df) * len(groups))) if df > 0 else 0.0,
        srmr=float(residual),
        aic=float(loss + 2 * layout.size),
        bic=float(loss + np.log(total) * layout.size),
        parameters=layout.size,
        loadings=tuple(part[0] for part in parts),
        factors=tuple(part[1] for part in parts),
        residuals=tuple(part[2] for part in parts),
    )


def _residual(layout: _Layout, x: Array, group: int, one: GroupMoments) -> float:
    loadings, phi, theta, nu, positions = layout.unpack(x, group)
    spread = np.sqrt(np.diag(one.covariance))
    apart = (one.covariance - loadings @ phi @ loadings.T - np.diag(theta)) / np.outer(spread, spread)
    squares = apart[np.tril_indices(len(spread))] ** 2
    if layout.means:
        squares = np.append(squares, ((one.mean - nu - loadings @ positions) / spread) ** 2)
    return float(np.sqrt(squares.mean()))


# Omega: the part of a scale's variance that its factors explain.


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
    """Compute McDonald's omega of a scale from respondents who answered every item.

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
        problems.append(Problem("unknown-option", "method", f"{method!r} is unknown", 'use "ml" or "minres"'))
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
    pattern, unique = _minres(correlation, factors)
    if factors == 1:
        general = pattern[:, 0] * np.sign(pattern.sum())
    else:
        rotated, between = _oblimin(pattern)
        flip = np.sign(rotated.sum(axis=0))
        top, _ = _minres(between * np.outer(flip, flip), 1)
        general = (rotated * flip) @ (top[:, 0] * np.sign(top.sum()))
    variance = float(correlation.sum())
    total = 1 - float(unique.sum()) / variance
    own = float(general.sum()) ** 2 / variance if factors > 1 else total
    label = f"{factors} factor(s), minimum residuals" + (", oblimin, Schmid–Leiman" if factors > 1 else "")
    return _made(total, own, general, unique, len(values), label)


def _made(total: float, own: float, loadings: Array, unique: Array, n: int, label: str) -> Omega:
    return Omega(total, own, tuple(loadings.tolist()), tuple(unique.tolist()), n, label)


def _minres(correlation: Array, factors: int) -> tuple[Array, Array]:
    """Fit loadings and unique variances that leave the smallest squared off-diagonal residuals."""
    from statsmodels.multivariate.factor import Factor

    model = Factor(corr=correlation, n_factor=factors, method="pa")
    pattern: Array = model.fit(maxiter=10_000, tol=1e-10).loadings
    apart = pattern @ pattern.T - correlation
    np.fill_diagonal(apart, 0.0)
    if pattern.shape[1] < factors or np.abs(apart @ pattern).max() > 1e-5:  # which Factor does not report
        raise NotConverged("the factors' loadings did not settle")
    return pattern, 1 - (pattern**2).sum(axis=1)


def _oblimin(pattern: Array) -> tuple[Array, Array]:
    """Rotate obliquely to the least quartimin (Jennrich 2002): loadings and factor correlations."""
    from statsmodels.multivariate.factor_rotation import rotate_factors

    rotated, turn = rotate_factors(pattern, "quartimin", tol=1e-8, max_tries=2000)
    crossed = rotated**2 @ (1 - np.eye(len(turn)))
    slope = -(rotated.T @ (rotated * crossed) @ np.linalg.inv(turn)).T
    if np.linalg.norm(slope - turn * (turn * slope).sum(axis=0)) > 1e-6:  # which statsmodels does not report
        raise NotConverged("the rotation of the factors did not settle")
    return rotated, turn.T @ turn
