"""Models of ordered answers: one slope for every cut of the scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, expit, ndtri

from toolkit.analysis.curves import CURVES, Curve
from toolkit.analysis.design import Design
from toolkit.analysis.fitting import fit_coefficients
from toolkit.analysis.model_frame import ModelFrame, model_frame
from toolkit.analysis.regression import coefficient_table
from toolkit.analysis.results import Test
from toolkit.analysis.sampled import Sampled, covariance
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, NotConverged, Problem

__all__ = ["OrdinalRegression", "ordinal_regression", "parallel_slopes_test"]

Array = npt.NDArray[np.floating[Any]]
Link = Literal["logit", "probit", "cloglog", "loglog"]
_STEPS = 200


@dataclass(frozen=True)
class OrdinalRegression:
    """A fitted model of ordered answers.

    Attributes
    ----------
    table
        A row a slope, then a row a cut ("2|3"): term, estimate, std_error, statistic, df, p_value,
        conf_low, conf_high. A slope above 0 means higher answers; of "logit" it is a log odds ratio.
    covariance
        Of all of them.
    df
        Degrees of freedom of t; infinite where z is used.
    deviance, log_likelihood
        Weights scaled to mean 1 under a design.
    levels
        Codes in order.
    """

    table: pd.DataFrame = field(repr=False)
    covariance: Array = field(repr=False)
    naive_covariance: Array = field(repr=False)
    df: float
    deviance: float
    log_likelihood: float
    levels: tuple[str, ...]
    n: int
    formula: str
    terms: dict[str, tuple[int, ...]]
    method: str
    link: str
    data: tuple[ModelFrame, Array] = field(repr=False)


@typed
def ordinal_regression(
    frame: pd.DataFrame,
    formula: str,
    *,
    link: Link = "logit",
    frequencies: str | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> OrdinalRegression:
    """Fit a cumulative-link model, as R's `MASS::polr`, or `survey::svyolr` where a design is given.

    Parameters
    ----------
    frame, formula, design, level
        As in `regression`; the outcome is an ordered category or whole numbers with three or more values.
    link
        "logit" (proportional odds), "probit", "cloglog", or "loglog" (which R's svyolr calls "cloglog").
    frequencies
        Column that says how many people a row stands for.

    Raises
    ------
    InvalidInput
        As `regression`, and for fewer than three different answers or unusable frequencies.
    NotConverged
        Where the predictors separate the answers.

    Notes
    -----
    P(answer ≤ j) = F(cut_j − x'slope), by Newton's method from observed information.

    Examples
    --------
    >>> frame = pd.DataFrame({"q": [1, 2, 3, 2, 3, 1, 2, 3], "x": [0, 0, 1, 1, 1, 0, 1, 0]})
    >>> ordinal_regression(frame, "q ~ x").table["term"].tolist()
    ['x', '1|2', '2|3']
    """
    problems = []
    if link not in CURVES:
        problems.append(Problem("link", f"{link!r} is not known", f"use one of {list(CURVES)}"))
    if frequencies is not None and design is not None:
        problems.append(Problem("frequencies", "meet a design", "give one of the two"))
    if problems:
        raise InvalidInput("ordinal model", problems)
    if frequencies is not None:
        frame = frame[_frequencies(frame, frequencies) > 0]
    sampled = None if design is None else design.over(frame, linearise=True)
    data = model_frame(frame, formula, weights=None if sampled is None else sampled.weights)
    y, levels = _levels(data)
    inside = data.rows.astype(bool)
    weights = np.ones(len(y)) if frequencies is None else _frequencies(frame, frequencies)[inside]
    if sampled is not None:
        weights = (sampled.weights / sampled.weights[sampled.weights > 0].mean())[inside]
    x, terms = data.predictors[:, 1:], _without_intercept(data)
    found, value, scores, information = _newton(x, y, weights, len(levels), CURVES[link])
    naive = np.linalg.inv(information)
    errors, df = naive, np.inf
    if sampled is not None:
        errors = _design_covariance(
            sampled, inside, (x, y, weights, len(levels), link), found, scores @ naive
        )
        df = sampled.degrees_of_freedom(inside) - x.shape[1]
    cuts = tuple(f"{a}|{b}" for a, b in pairwise(levels))
    said = "simple sample" if sampled is None else sampled.label
    return OrdinalRegression(
        table=coefficient_table((*data.names[1:], *cuts), found, errors, float(df), level),
        covariance=errors,
        naive_covariance=naive,
        df=float(df),
        deviance=-2 * value,
        log_likelihood=value,
        levels=levels,
        n=len(y),
        formula=formula,
        terms=terms,
        method=f"cumulative {link} model, {said}",
        link=link,
        data=(data, weights),
    )


@typed
def parallel_slopes_test(model: OrdinalRegression) -> Test:
    """Brant's test that one slope serves every cut of the scale (1990).

    Parameters
    ----------
    model
        A logit model; under a design the test takes its weights as frequencies and is a rough guide.

    Returns
    -------
    Test
        Chi-square with (cuts − 1) × slopes df. A small p says the slopes differ from cut to cut.

    Raises
    ------
    InvalidInput
        For another link.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"q": rng.integers(1, 5, 200), "x": rng.normal(size=200)})
    >>> parallel_slopes_test(ordinal_regression(frame, "q ~ x")).df
    2.0
    """
    if model.link != "logit":
        what, mend = "is not a logit model", 'fit with link="logit"'
        raise InvalidInput("parallel_slopes_test", [Problem("model", what, mend)])
    data, weights = model.data
    y, levels = _levels(data)
    x, k = data.predictors, data.predictors.shape[1]
    fits = [fit_coefficients(x, (y > cut) * 1.0, weights, "binomial")[0] for cut in range(len(levels) - 1)]
    means = [expit(x @ beta) for beta in fits]
    inverse = [np.linalg.inv((x * (weights * p * (1 - p))[:, None]).T @ x) for p in means]
    cuts = len(fits)
    joint = np.zeros((cuts * (k - 1), cuts * (k - 1)))
    for one in range(cuts):
        for other in range(one, cuts):
            shared = means[other] - means[one] * means[other]
            block = inverse[one] @ ((x * (weights * shared)[:, None]).T @ x) @ inverse[other]
            at, to = (slice(i * (k - 1), (i + 1) * (k - 1)) for i in (one, other))
            joint[at, to] = block[1:, 1:]
            joint[to, at] = block[1:, 1:].T
    slopes = np.concatenate([beta[1:] for beta in fits])
    apart = np.kron(np.column_stack([-np.ones(cuts - 1), np.eye(cuts - 1)]), np.eye(k - 1))
    away = apart @ slopes
    statistic = float(away @ np.linalg.solve(apart @ joint @ apart.T, away))
    df = float(len(away))
    return Test(statistic, float(chdtrc(df, statistic)), "Brant's test of parallel slopes", df)


def _newton(
    x: Array, y: Array, weights: Array, levels: int, curve: Curve, start: Array | None = None
) -> tuple[Array, float, Array, Array]:
    """Estimates (slopes, cuts), log likelihood, weighted scores and observed information."""
    below = np.cumsum(np.bincount(y.astype(np.intp), weights, levels))[:-1] / weights.sum()
    at = np.concatenate([np.zeros(x.shape[1]), ndtri(below) * 1.6]) if start is None else start
    value, scores, information = _likelihood(at, x, y, weights, levels, curve)
    for _ in range(_STEPS):
        gradient = scores.sum(axis=0)
        ridge = 0.0
        while np.linalg.eigvalsh(information + ridge * np.eye(len(at)))[0] <= 0:
            ridge = max(2 * ridge, 1e-3 * float(np.trace(np.abs(information))))
        step = np.linalg.solve(information + ridge * np.eye(len(at)), gradient)
        size = 1.0
        while size > 1e-10:
            tried = _likelihood(at + size * step, x, y, weights, levels, curve)
            if tried[0] >= value - 1e-12 * abs(value):
                break
            size /= 2
        at, (value, scores, information) = at + size * step, tried
        if np.abs(x @ at[: x.shape[1]]).max(initial=0.0) > 60:
            break
        if np.abs(size * step).max() < 1e-11 * max(1.0, float(np.abs(at).max())):
            return at, value, scores, information
        if float(gradient @ step) < 1e-13 * max(1.0, abs(value)):
            return at, value, scores, information
    raise NotConverged("the model of ordered answers did not settle: the predictors may separate them")


def _likelihood(
    at: Array, x: Array, y: Array, weights: Array, levels: int, curve: Curve
) -> tuple[float, Array, Array]:
    slopes, cuts = at[: x.shape[1]], at[x.shape[1] :]
    if bool((np.diff(cuts) <= 0).any()):
        return -np.inf, np.zeros((len(y), len(at))), np.eye(len(at))
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    eta, answer = x @ slopes, y.astype(np.intp)
    top, top1, top2 = curve(edges[answer + 1] - eta)
    low, low1, low2 = curve(edges[answer] - eta)
    chance = top - low
    if not bool((chance > 0).all()):
        return -np.inf, np.zeros((len(y), len(at))), np.eye(len(at))
    position = np.arange(levels - 1)
    above = np.column_stack([-x, (answer[:, None] == position) * 1.0])
    under = np.column_stack([-x, (answer[:, None] - 1 == position) * 1.0])
    each = (top1[:, None] * above - low1[:, None] * under) / chance[:, None]
    curved = (above * (weights * top2 / chance)[:, None]).T @ above
    curved -= (under * (weights * low2 / chance)[:, None]).T @ under
    information = (each * weights[:, None]).T @ each - curved
    return float((weights * np.log(chance)).sum()), each * weights[:, None], information


def _design_covariance(
    sampled: Sampled,
    inside: Array,
    model: tuple[Array, Array, Array, int, str],
    found: Array,
    influence: Array,
) -> Array:
    if sampled.replicated is None:
        everyone = np.zeros((len(inside), len(found)))
        everyone[inside] = influence
        return covariance(sampled, everyone)
    x, y, _, levels, link = model
    each = []
    for one in sampled.replicated.weights[inside].T:
        keep = one > 0
        scaled = one[keep] / one[keep].mean()
        each.append(_newton(x[keep], y[keep], scaled, levels, CURVES[link], found)[0])
    return sampled.replicated.covariance(np.array(each), np.asarray(found, dtype=np.float64))


def _levels(data: ModelFrame) -> tuple[Array, tuple[str, ...]]:
    """Answers that occur, numbered from 0, and their codes."""
    given, y = np.unique(data.outcome, return_inverse=True)
    problems = []
    where = f"outcome of {data.formula!r}"
    if not data.levels and (len(given) > 20 or bool((given != np.rint(given)).any())):
        problems.append(Problem(where, "holds numbers that are no answer codes", "use regression"))
    elif len(given) < 3:
        problems.append(Problem(where, f"has {len(given)} different answers", "use regression for two"))
    if problems:
        raise InvalidInput("ordinal model", problems)
    codes = (
        tuple(data.levels[int(at)] for at in given) if data.levels else tuple(str(int(one)) for one in given)
    )
    return y.astype(np.float64), codes


def _frequencies(frame: pd.DataFrame, name: str) -> Array:
    what = ""
    if name not in frame.columns:
        what = "is not in the frame"
    elif not pd.api.types.is_numeric_dtype(frame[name]):
        what = "holds no numbers"
    else:
        counts = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if not bool((counts >= 0).all()) or not bool((counts > 0).any()):
            what = "holds negative or missing numbers, or only zeros"
        else:
            return np.asarray(counts)
    raise InvalidInput(
        "ordinal model", [Problem(f"column {name}", what, "give how many people a row stands for")]
    )


def _without_intercept(data: ModelFrame) -> dict[str, tuple[int, ...]]:
    if data.predictors.shape[1] < 2 or data.names[0] != "(Intercept)":
        what, mend = "has no predictor, or no intercept", "name at least one predictor and keep the intercept"
        raise InvalidInput("ordinal model", [Problem(f"formula {data.formula!r}", what, mend)])
    return {term: tuple(at - 1 for at in place) for term, place in data.terms.items() if place != (0,)}
