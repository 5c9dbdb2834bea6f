"""Linear, logistic and Poisson models by formula, with or without a design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from toolkit.analysis.design import Design
from toolkit.analysis.fitting import deviance, fit, log_likelihood, mean_and_slope, variance_at
from toolkit.analysis.model_frame import ModelFrame, model_frame
from toolkit.analysis.plain import ROUNDING
from toolkit.analysis.sampled import Sampled, covariance
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, NotConverged, Problem

__all__ = ["Regression", "regression"]

Array = npt.NDArray[np.floating[Any]]
Family = Literal["gaussian", "binomial", "poisson"]
_FAMILIES = ("gaussian", "binomial", "poisson")


@dataclass(frozen=True)
class Regression:
    """A fitted model.

    Attributes
    ----------
    table
        A row a term: term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; no test where
        the fit is perfect. Logistic
        estimates are log odds ratios, Poisson ones log ratios; exponentiate estimate and limits.
    covariance
        Of the estimates.
    naive_covariance
        The inverse information, as if rows had been drawn singly (dispersion 1).
    df
        Degrees of freedom of t; infinite where z is used.
    deviance, null_deviance, dispersion, log_likelihood
        Weights scaled to mean 1 under a design; the likelihood is NaN there. The null model is always that of
        one mean for all; R's null deviance of a model without intercept is that of the mean 0 (gaussian).
    r_squared
        Of a linear model without a design; NaN otherwise. Always about the mean of the outcome (1 −
        deviance / null_deviance), with an intercept or without, so that models of one outcome can be
        compared; statsmodels calls it centred. R's `summary.lm` takes it about 0 in a model without an
        intercept: that is 1 − deviance / Σ y².
    n
        Complete rows.
    """

    table: pd.DataFrame = field(repr=False)
    covariance: Array = field(repr=False)
    naive_covariance: Array = field(repr=False)
    df: float
    deviance: float
    null_deviance: float
    dispersion: float
    log_likelihood: float
    r_squared: float
    n: int
    family: str
    formula: str
    terms: dict[str, tuple[int, ...]]
    method: str
    data: tuple[ModelFrame, Array] = field(repr=False)


@typed
def regression(
    frame: pd.DataFrame,
    formula: str,
    *,
    family: Family = "gaussian",
    design: Design | None = None,
    level: float = 0.95,
    offset: str | None = None,
) -> Regression:
    """Fit a generalised linear model, as R's `lm`, `glm`, or `svyglm` where a design is given.

    Parameters
    ----------
    frame
        One row a respondent; rows lacking anything the formula names are outside the domain.
    formula
        "outcome ~ a + b" over column names; `a:b` and `a*b` for interactions. Categories become one
        column each but the first.
    family
        "gaussian" (identity), "binomial" (logit; outcome 0/1), "poisson" (log; of a 0/1 outcome it gives
        prevalence ratios: use a design, whose errors hold for it).
    design
        How respondents were drawn. `Design(clusters=…)` alone gives cluster-robust errors.
    level
        Confidence level.
    offset
        Column that enters with slope 1: of counts over unequal times, the log of the time.

    Raises
    ------
    InvalidInput
        As `model_frame`, and for an outcome outside the family's range.
    NotConverged
        Where a logistic model separates the outcome.

    Notes
    -----
    Under a design: t with df = primary units − strata of the domain + 1 − coefficients. Without one:
    linear models t, the others z.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 5.0], "x": [1, 2, 3, 4]})
    >>> regression(frame, "y ~ x").table["estimate"].round(3).tolist()
    [-0.5, 1.3]
    """
    if family not in _FAMILIES or not 0 < level < 1:
        mend = f"use one of {list(_FAMILIES)}, and a level between 0 and 1"
        raise InvalidInput("model", [Problem("family, level", f"{family!r}, {level}", mend)])
    sampled = None if design is None else design.over(frame, linearise=True)
    weighing = None if sampled is None else sampled.weights
    data = model_frame(frame, formula, weights=weighing, offset=offset)
    _refuse_outcome(data, family)
    weights = np.ones(len(data.outcome))
    if sampled is not None:
        weights = (sampled.weights / sampled.weights[sampled.weights > 0].mean())[data.rows]
    beta, working = fit(data.predictors, data.outcome, weights, family, data.offset)
    mean, slope = mean_and_slope(data.predictors @ beta + data.offset, family)
    naive = np.linalg.inv((data.predictors * working[:, None]).T @ data.predictors)
    pearson = (data.outcome - mean) / np.sqrt(variance_at(mean, family))
    n, k = data.predictors.shape
    if sampled is None:
        dispersion = float((pearson**2).sum() / (n - k)) if family == "gaussian" else 1.0
        errors, df = naive * dispersion, float(n - k) if family == "gaussian" else np.inf
    else:
        dispersion = float((weights * (pearson - np.average(pearson, weights=weights)) ** 2).sum() / (n - 1))
        away = (data.outcome - mean) / slope * working
        errors = _design_covariance(data, sampled, beta, (data.predictors * away[:, None]) @ naive, family)
        df = sampled.degrees_of_freedom(data.rows.astype(bool)) + 1 - k
    if (
        family == "gaussian"
        and (weights * pearson**2).sum() <= ROUNDING**2 * (weights * data.outcome**2).sum()
    ):
        errors = np.zeros_like(
            errors
        )  # a perfect fit: what is left over is rounding, and so would any test be
    null = _null_mean(data, weights, family)
    own, null_own = (deviance(data.outcome, one, weights, family) for one in (mean, null))
    linear = family == "gaussian" and sampled is None
    return Regression(
        table=coefficient_table(data.names, beta, errors, df, level),
        covariance=errors,
        naive_covariance=naive,
        df=df,
        deviance=own,
        null_deviance=null_own,
        dispersion=dispersion,
        log_likelihood=log_likelihood(data.outcome, mean, family) if sampled is None else float("nan"),
        r_squared=1 - own / null_own if linear else float("nan"),
        n=n,
        family=family,
        formula=formula,
        terms=data.terms,
        method=f"{family} model, " + ("simple sample" if sampled is None else sampled.label),
        data=(data, weights),
    )


def coefficient_table(
    names: tuple[str, ...], beta: Array, errors: Array, df: float, level: float
) -> pd.DataFrame:
    """Estimates with their tests and intervals; t, or z where df is infinite."""
    if not df > 0:
        what, mend = f"leaves {df:g} degrees of freedom", "use fewer terms or more primary units"
        raise InvalidInput("model", [Problem("design", what, mend)])
    error = np.sqrt(np.diag(errors))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, beta / error, np.nan)
    below = ndtr(-np.abs(statistic)) if np.isinf(df) else stdtr(df, -np.abs(statistic))
    reach = (ndtri((1 + level) / 2) if np.isinf(df) else stdtrit(df, (1 + level) / 2)) * error
    return pd.DataFrame(
        {
            "term": pd.array(list(names), dtype="str"),
            "estimate": beta,
            "std_error": error,
            "statistic": statistic,
            "df": np.full(len(beta), df),
            "p_value": 2 * below,
            "conf_low": beta - reach,
            "conf_high": beta + reach,
        }
    )


def _null_mean(data: ModelFrame, weights: Array, family: str) -> Array:
    """Means of the model that knows of no predictor but the offset."""
    if not data.offset.any():
        return np.full(len(data.outcome), float(np.average(data.outcome, weights=weights)))
    alone = np.ones((len(data.outcome), 1))
    beta, _ = fit(alone, data.outcome, weights, family, data.offset)
    return mean_and_slope(alone @ beta + data.offset, family)[0]


def _design_covariance(data: ModelFrame, sampled: Sampled, beta: Array, each: Array, family: str) -> Array:
    """From each respondent's influence, or from refitting under each replicate weight."""
    inside = data.rows.astype(bool)
    if sampled.replicated is not None:
        found = []
        for at, one in enumerate(sampled.replicated.weights[inside].T):
            keep = one > 0
            try:
                scaled = one[keep] / one[keep].mean()
                parts = (data.predictors[keep], data.outcome[keep], scaled, family, data.offset[keep])
                found.append(fit(*parts)[0])
            except NotConverged as error:
                raise NotConverged(f"under replicate weight {at + 1}, {error}") from None
        return sampled.replicated.covariance(np.array(found), np.asarray(beta, dtype=np.float64))
    influence = np.zeros((len(inside), len(beta)))
    influence[inside] = each
    return covariance(sampled, influence)


def _refuse_outcome(data: ModelFrame, family: str) -> None:
    y: Any = data.outcome
    problems = []
    where = f"outcome of {data.formula!r}"
    if data.levels:
        mend = "make it a number, or use ordinal_regression for ordered answers"
        problems.append(Problem(where, f"is one of {list(data.levels)}, not a number", mend))
    elif family == "binomial" and not bool(((y == 0) | (y == 1)).all()):
        problems.append(Problem(where, "is not 0 or 1 throughout", "code the answer counted as 1, others 0"))
    elif family == "poisson" and bool((y < 0).any()):
        problems.append(Problem(where, "is negative somewhere", "give counts or 0/1"))
    if problems:
        raise InvalidInput("model", problems)
