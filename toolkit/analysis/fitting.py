"""Fits of linear, logistic and Poisson models by weighted least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, xlogy

from toolkit.errors import NotConverged

__all__ = ["deviance", "fit", "fit_coefficients", "log_likelihood", "mean_and_slope", "variance_at"]

Array = npt.NDArray[np.floating[Any]]
_STEPS = 100
_SETTLED = 0.05
"""A fit whose next step would move a log odds or log mean by more has not settled."""


def fit_coefficients(
    x: Array, y: Array, weights: Array, family: str, offset: Array | None = None
) -> tuple[Array, float]:
    """Coefficients and deviance of one fit."""
    away = np.zeros(len(y)) if offset is None else offset
    beta, _ = fit(x, y, weights, family, away)
    return beta, deviance(y, mean_and_slope(x @ beta + away, family)[0], weights, family)


def fit(x: Array, y: Array, weights: Array, family: str, offset: Array) -> tuple[Array, Array]:
    """Coefficients, and the working weights of the last step, by iteratively reweighted least squares.

    Start and stop are R's (a relative change of the deviance below 1e-8), and errors come from the last
    step's weights as they do there, so that they agree to all digits.
    """
    if family == "gaussian":
        root = np.sqrt(weights)
        solved: Array = np.linalg.lstsq(x * root[:, None], (y - offset) * root, rcond=None)[0]
        return solved, weights
    mean = (weights * y + 0.5) / (weights + 1) if family == "binomial" else y + 0.1
    eta = np.log(mean / (1 - mean)) if family == "binomial" else np.log(mean)
    mean, slope = mean_and_slope(eta, family)
    last = deviance(y, mean, weights, family)
    for _ in range(_STEPS):
        working = eta - offset + (y - mean) / np.maximum(slope, 1e-300)
        used = weights * slope
        root = np.sqrt(used)
        beta: Array = np.linalg.lstsq(x * root[:, None], working * root, rcond=None)[0]
        eta = x @ beta + offset
        if np.abs(eta).max() > (30 if family == "binomial" else 500):
            break
        mean, slope = mean_and_slope(eta, family)
        value = deviance(y, mean, weights, family)
        if abs(value - last) / (abs(value) + 0.1) < 1e-8:
            if _still_moving(x, y - mean, weights, slope):
                break
            return beta, used
        last = value
    raise NotConverged("the predictors separate the outcome: some coefficient has no finite estimate")


def _still_moving(x: Array, residual: Array, weights: Array, slope: Array) -> bool:
    """Whether the next step would still go far, though the deviance has settled: an estimate without end.

    Where a group's answers are all 0, each step moves its coefficient by about 1 and the deviance by ever
    less, so that a small change of deviance alone says nothing.
    """
    root = np.sqrt(weights * slope)
    away = residual / np.maximum(slope, 1e-300)
    step = np.linalg.lstsq(x * root[:, None], away * root, rcond=None)[0]
    return bool(np.abs(x @ step).max() > _SETTLED)


def mean_and_slope(eta: Array, family: str) -> tuple[Array, Array]:
    """Mean, and its derivative (which is also the variance: every link is canonical)."""
    if family == "gaussian":
        return eta, np.ones_like(eta)
    mean = expit(eta) if family == "binomial" else np.exp(np.minimum(eta, 600))
    return mean, mean * (1 - mean) if family == "binomial" else mean


def variance_at(mean: Array, family: str) -> Array:
    """Variance of an answer at its mean, dispersion 1."""
    variance = {"gaussian": np.ones_like(mean), "binomial": mean * (1 - mean), "poisson": mean}[family]
    return np.asarray(np.maximum(variance, 1e-300))


def deviance(y: Array, mean: Array, weights: Array, family: str) -> float:
    """Twice the weighted distance to the likelihood of a perfect fit."""
    if family == "gaussian":
        each = (y - mean) ** 2
    elif family == "binomial":
        each = 2 * (xlogy(y, y) - xlogy(y, mean) + xlogy(1 - y, 1 - y) - xlogy(1 - y, 1 - mean))
    else:
        each = 2 * (xlogy(y, y) - xlogy(y, mean) - (y - mean))
    return float((weights * each).sum())


def log_likelihood(y: Array, mean: Array, family: str) -> float:
    """Of a simple sample."""
    if family == "gaussian":
        return float(-len(y) / 2 * (np.log(2 * np.pi * ((y - mean) ** 2).mean()) + 1))
    if family == "binomial":
        return float((xlogy(y, mean) + xlogy(1 - y, 1 - mean)).sum())
    return float((xlogy(y, mean) - mean - gammaln(y + 1)).sum())
