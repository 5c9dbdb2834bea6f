"""Statsmodels models and results with the errors of a survey design.

Imported only when a model is fitted: statsmodels takes more than a second to import.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.optimize import minimize
from statsmodels.base.model import LikelihoodModelResults
from statsmodels.genmod.generalized_linear_model import (
    GLM,
    GLMResults,
    GLMResultsWrapper,
)
from statsmodels.iolib.summary import Summary
from statsmodels.miscmodels.ordinal_model import (
    OrderedModel,
    OrderedResults,
    OrderedResultsWrapper,
)
from statsmodels.regression.linear_model import OLS, RegressionResultsWrapper
from statsmodels.tools.sm_exceptions import DomainWarning

from toolkit.analysis.answers import ROUNDING
from toolkit.analysis.design import Sampled, covariance
from toolkit.errors import InvalidInput, NotConverged, Problem

Array = npt.NDArray[Any]
_SETTLED = 0.05
"""A fit whose next step would move a linear prediction by more has not settled."""
_SEPARATED = "the predictors separate the outcome: some coefficient has no finite estimate"


class NotUnderDesign(InvalidInput, AttributeError):
    """A statsmodels result that is not valid for a weighted or clustered sample."""


_LIKELIHOOD = ("rests on the likelihood of independent rows", "compare models with term_test")
_UNWEIGHTED = (
    "counts every row alike, whatever its weight",
    "use predict, and weight what you plot or count",
)
_OWN_ERRORS = ("has errors of its own, not those of the design", "use cov_params and bse")
_INFLUENCE = ("ignores strata and clusters", "fit again without those rows")
NOT_COUNTED = dict.fromkeys(("pred_table", "bootstrap"), _UNWEIGHTED)
"""Reasons why statistics do not hold where a row counts for several people."""
NOT_ORDERED = {
    **NOT_COUNTED,
    **dict.fromkeys(("llf", "llnull", "llr", "llr_pvalue", "prsquared", "aic", "bic"), _LIKELIHOOD),
    "get_prediction": ("has no errors for the share of each answer", "use predict or marginal_effects"),
    **dict.fromkeys(("bsejac", "bsejhj", "covjac", "covjhj", "hessv", "get_nlfun"), _OWN_ERRORS),
}
NOT_GLM = {
    **dict.fromkeys(("llf", "llf_scaled", "llnull", "pseudo_rsquared", "info_criteria"), _LIKELIHOOD),
    **dict.fromkeys(("aic", "bic", "bic_deviance", "bic_llf", "summary2"), _LIKELIHOOD),
    "score_test": ("rests on the information of independent rows", "use term_test"),
    "get_margeff": ("ignores the weights", "use marginal_effects"),
    "get_distribution": ("takes the weighted dispersion for the spread of one answer", "use predict"),
    **dict.fromkeys(("get_hat_matrix_diag", "get_influence"), _INFLUENCE),
    **dict.fromkeys(("plot_added_variable", "plot_partial_residuals", "plot_ceres_residuals"), _UNWEIGHTED),
}
"""Results that statsmodels computes and a design makes wrong: what is wrong, and what to use instead."""


def _refusing(reasons: dict[str, tuple[str, str]]) -> Any:
    """Replace what does not hold by properties that raise with the reason."""

    def refuse(name: str, what: str, instead: str) -> property:
        def get(self: Any) -> Any:
            raise NotUnderDesign(
                "model", [Problem("unsuited-design", name, f"is not valid here: it {what}", instead)]
            )

        return property(get)

    def decorate(kind: Any) -> Any:
        for name, reason in reasons.items():
            setattr(kind, name, refuse(name, *reason))
        return kind

    return decorate


def _summary(results: Any, title: str, right: list[Any], alpha: float) -> Summary:
    left: list[Any] = [("Dep. Variable:", None), ("Model:", None), ("No. Observations:", None)]
    left += [("Covariance Type:", [results.cov_type])]
    summary = Summary()
    right = [*right, ("Df Residuals:", None), ("Df Model:", None)]
    summary.add_table_2cols(results, gleft=left, gright=right, title=title)
    summary.add_table_params(results, alpha=alpha, use_t=results.use_t)
    summary.add_extra_txt([f"Design: {results.design_label}."])
    return summary


@_refusing(NOT_GLM)
class SurveyGLMResults(GLMResults):  # type: ignore[misc]
    """Results of a generalised linear model under a design."""

    def summary(self, yname: Any = None, xname: Any = None, title: Any = None, alpha: float = 0.05) -> Any:
        """Summarise without the likelihoods, which a design makes meaningless."""
        family = [self.family.__class__.__name__, self.family.link.__class__.__name__]
        right = [("Model Family:", family[:1]), ("Link Function:", family[1:])]
        return _summary(self, title or "Generalized Linear Model under a Survey Design", right, alpha)


@_refusing(NOT_COUNTED)
class CountedOrderedResults(OrderedResults):  # type: ignore[misc]
    """Results of an ordered model whose rows count for several people each."""


@_refusing(NOT_ORDERED)
class SurveyOrderedResults(OrderedResults):  # type: ignore[misc]
    """Results of an ordered model under a design."""

    def summary(self, yname: Any = None, xname: Any = None, title: Any = None, alpha: float = 0.05) -> Any:
        """Summarise without the likelihoods, which a design makes meaningless."""
        right = [("Distribution:", [self.model.distr.name])]
        return _summary(self, title or "Ordered Model under a Survey Design", right, alpha)


class _Shown:
    """Methods of every fitted model besides statsmodels' own."""

    _results: Any

    def __repr__(self) -> str:
        own = self._results
        label = getattr(own, "design_label", "simple sample")
        return f"<{type(own.model).__name__} {own.model.formula!r}, n={own.model.nobs:g}, {label}>"

    def _repr_html_(self) -> str:
        return str(self._results.summary().as_html())

    @property
    def table(self) -> pd.DataFrame:
        """Coefficients as `coefficients` returns them."""
        from toolkit.analysis.models import coefficients

        return coefficients(self)

    def predict(self, exog: Any = None, transform: bool = True, *args: Any, **kwargs: Any) -> Any:
        """Predict, reserved codes of new rows being missing."""
        from toolkit.analysis.models import new_rows

        return self._results.predict(new_rows(self, exog), transform, *args, **kwargs)


class _Predicting(_Shown):
    def get_prediction(self, exog: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Predict with standard errors and intervals."""
        from toolkit.analysis.models import new_rows

        return self._results.get_prediction(new_rows(self, exog), *args, **kwargs)


class LinearFit(_Predicting, RegressionResultsWrapper):  # type: ignore[misc]
    """A linear model of a simple sample."""


class GeneralizedFit(_Predicting, GLMResultsWrapper):  # type: ignore[misc]
    """A generalised linear model, or any under a design."""


class OrderedFit(_Shown, OrderedResultsWrapper):  # type: ignore[misc]
    """A model of ordered answers."""


def glm(*args: Any, **kwargs: Any) -> Any:
    """Set up a GLM without the warning that an inverse link may leave the range, which the fit finds out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return GLM(*args, **kwargs)


def fit_glm(
    y: pd.Series,
    exog: pd.DataFrame,
    spec: dict[str, Any],
    family: Any,
    offset: Any,
    sampled: Sampled | None,
    rows: Array,
) -> Any:
    """Fit a linear or generalised linear model; `rows` are those of the design that are in it."""
    from statsmodels.genmod.families import Gaussian, links

    linear = isinstance(family, Gaussian) and isinstance(family.link, links.Identity)
    if sampled is None and linear and offset is None:
        model = OLS(y, exog, **spec)
        fitted = model.fit()._results
        fitted.df_resid_inference = fitted.df_resid
        if _is_perfect(np.asarray(y), fitted.resid, 1.0):
            fitted.cov_params_default = np.full((exog.shape[1],) * 2, np.nan)
        return _named(LinearFit(fitted), model, spec, y)
    weights = np.ones(len(y))
    if sampled is not None:
        weights = sampled.weights[rows] / sampled.weights[sampled.weights > 0].mean()
    model = glm(y, exog, family=family, offset=offset, var_weights=weights, **spec)
    fitted = _irls(model)
    params, mu = fitted.params, fitted.mu
    if sampled is None:
        fitted.use_t = linear or fitted.scale != 1.0  # as R: t where the dispersion is estimated
        fitted.df_resid_inference = fitted.df_resid if fitted.use_t else np.inf
        if linear and _is_perfect(model.endog, model.endog - mu, weights):
            fitted.cov_params_default = np.full((len(params),) * 2, np.nan)
        return _named(GeneralizedFit(fitted), model, spec, y)
    x = model.exog
    naive = np.linalg.inv((x.T * model.hessian_factor(params, scale=1.0, observed=False)) @ x)
    pearson = (model.endog - mu) / np.sqrt(model.family.variance(mu))
    spread = weights @ (pearson - np.average(pearson, weights=weights)) ** 2 / (len(y) - 1)
    found = SurveyGLMResults(model, params, naive, float(spread))
    for name in ("fit_history", "converged", "method", "mle_settings"):
        setattr(found, name, getattr(fitted, name))

    def again(keep: Array, one: Array) -> Array:
        away = None if offset is None else offset[keep]
        part = glm(model.endog[keep], x[keep], family=family, offset=away, var_weights=one)
        return np.asarray(_irls(part, params).params)

    influence = (x * model.score_factor(params, scale=1.0)[:, None]) @ naive
    _under(found, sampled, rows, params, influence, again, 1)
    if linear and _is_perfect(model.endog, model.endog - mu, weights):
        found.cov_params_default = np.full_like(naive, np.nan)
    return _named(GeneralizedFit(found), model, spec, y)


def _is_perfect(y: Array, left: Array, weights: Any) -> bool:
    """Return whether the residuals are rounding noise only."""
    return bool((weights * left**2).sum() <= ROUNDING**2 * (weights * y**2).sum())


def _named(fit: Any, model: Any, spec: dict[str, Any], y: pd.Series) -> Any:
    model.formula = spec["formula"]
    model.data.ynames = y.name
    return fit


def _irls(model: Any, start: Array | None = None) -> Any:
    """Fit to convergence, and look whether the next step still goes far.

    Where a group's answers are all 0, each step moves its coefficient by about 1 and the deviance by ever
    less, so that a small change of deviance alone proves nothing, and a design's errors come out tiny.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they warn of is checked below
        try:
            fitted = model.fit(start_params=start, tol_criterion="deviance", atol=1e-12, rtol=1e-13)._results
        except (ValueError, np.linalg.LinAlgError) as error:
            raise NotConverged(
                f"the fit broke down ({error}): look for separation or extreme values"
            ) from None
        h = model.hessian_factor(fitted.params, scale=1.0, observed=False)
        root = np.sqrt(np.maximum(h, 1e-300))
        away = model.score_factor(fitted.params, scale=1.0) / root
    if not (np.isfinite(root).all() and np.isfinite(away).all() and np.isfinite(fitted.params).all()):
        raise NotConverged(_SEPARATED)
    step = np.linalg.lstsq(model.exog * root[:, None], away, rcond=None)[0]
    size = np.abs(model.exog @ fitted.params).max()
    moving = np.abs(model.exog @ step).max() > _SETTLED * max(1.0, size / 30)
    unbounded = model.family.link.__class__.__name__ == "Logit" and size > 30
    if not fitted.converged or moving or unbounded:
        raise NotConverged(_SEPARATED)
    return fitted


def _under(
    results: Any, sampled: Sampled, rows: Array, params: Array, influence: Array, again: Any, lost: int
) -> None:
    """Give results the covariance, t and df of the design."""
    if sampled.replicated is None:
        everyone = np.zeros((len(rows), len(params)))
        everyone[rows] = influence
        errors = covariance(sampled, everyone)
    else:
        found = []
        for at, one in enumerate(sampled.replicated.weights[rows].T):
            keep = one > 0
            try:
                found.append(again(keep, one[keep] / one[keep].mean()))
            except NotConverged as error:
                raise NotConverged(f"under replicate weight {at + 1}, {error}") from None
        errors = sampled.replicated.covariance(np.array(found), np.asarray(params, dtype=np.float64))
    df = sampled.degrees_of_freedom(rows) + lost - results.model.exog.shape[1]
    if not df > 0:
        what, instead = f"leaves {df:g} degrees of freedom", "use fewer terms or more primary units"
        raise InvalidInput("model", [Problem("not-estimable", "design", what, instead)])
    results.cov_type, results.cov_kwds = "survey design", {"description": sampled.label}
    results.cov_params_default, results.use_t, results.design_label = errors, True, sampled.label
    results.df_resid = results.df_resid_inference = df


_SHAPES: dict[str, tuple[Any, Any]] = {
    "logit": (stats.logistic, lambda z: -np.tanh(z / 2)),
    "probit": (stats.norm, lambda z: -z),
    "cloglog": (stats.gumbel_l, lambda z: 1 - np.exp(z)),
    "loglog": (stats.gumbel_r, lambda z: np.exp(-z) - 1),
}
"""Distribution of the hidden answer by link, and the slope of its log density."""


class WeightedOrderedModel(OrderedModel):  # type: ignore[misc]
    """OrderedModel with weights and exact derivatives, whose parameters are the cuts themselves."""

    def __init__(self, endog: Any, exog: Any, *, weights: Any, link: str, **kwargs: Any) -> None:
        self.weights, self.curve = np.asarray(weights, dtype=np.float64), link
        super().__init__(endog, exog, distr=_SHAPES[link][0], **kwargs)
        self.__dict__.pop("model_spec", None)  # kept in `data`, which knows how to pickle it

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Leave the intercept out of the formula again, which is read anew."""
        self.__dict__.update(state)
        spec = self.data.model_spec
        self.data.model_spec = spec.subset([name for name in spec.term_names if name != "Intercept"])

    def transform_threshold_params(self, params: Array) -> Array:
        """Put the open ends around the cuts."""
        return np.concatenate([[-np.inf], np.asarray(params)[-(self.k_levels - 1) :], [np.inf]])

    @property
    def start_params(self) -> Array:
        """Start from the cuts of a model without predictors."""
        below = np.cumsum(np.bincount(self.endog, self.weights, self.k_levels))[:-1] / self.weights.sum()
        return np.concatenate([np.zeros(self.k_vars), self.distr.ppf(below)])

    def loglikeobs(self, params: Array) -> Array:
        """Compute the weighted log likelihood of each row."""
        if np.any(np.diff(params[self.k_vars :]) <= 0):
            return np.full(len(self.endog), -np.inf)
        with np.errstate(divide="ignore"):
            chance: Array = self.weights * np.log(self.prob(*self._bounds(params)))
        return chance

    def _parts(self, params: Array) -> Any:
        """Return each row's probability, the densities at its two cuts and the cuts' derivatives."""
        place = np.arange(self.k_levels - 1)
        sides = []
        for bound, at in zip(self._bounds(params), (self.endog - 1, self.endog), strict=True):
            near = np.clip(bound, -700, 700)  # scipy's Gumbel densities are NaN at infinity
            density = self.distr.pdf(near)
            slope = np.where(density > 0, density * _SHAPES[self.curve][1](near), 0.0)
            sides.append((np.column_stack([-self.exog, at[:, None] == place]), density, slope))
        return np.maximum(self.prob(*self._bounds(params)), 1e-300), *sides

    def score_obs(self, params: Array) -> Array:
        """Compute the weighted scores of each row."""
        chance, (low, f_low, _), (top, f_top, _) = self._parts(params)
        scores = (f_top[:, None] * top - f_low[:, None] * low) * (self.weights / chance)[:, None]
        return np.where(np.isfinite(scores), scores, 0.0)

    def score(self, params: Array) -> Array:
        """Sum the scores."""
        return np.asarray(self.score_obs(params).sum(axis=0))

    def hessian(self, params: Array) -> Array:
        """Compute the second derivatives of the log likelihood."""
        chance, (low, f_low, s_low), (top, f_top, s_top) = self._parts(params)
        each = (f_top[:, None] * top - f_low[:, None] * low) / chance[:, None]
        bent = (top.T * (self.weights * s_top / chance)) @ top - (
            low.T * (self.weights * s_low / chance)
        ) @ low
        curved: Array = bent - (each.T * self.weights) @ each
        return curved if np.isfinite(curved).all() else -np.eye(len(params))  # far outside: a step to undo

    def solve(self, start: Array | None = None) -> tuple[Array, Array]:
        """Maximise the likelihood; return the estimates and the inverse of the observed information."""
        with np.errstate(all="ignore"):
            found = minimize(
                lambda at: -self.loglike(at),
                self.start_params if start is None else start,
                jac=lambda at: -self.score(at),
                hess=lambda at: -self.hessian(at),
                method="trust-exact",
                options={"gtol": 1e-6, "maxiter": 500},
            )
            params, information = found.x, -self.hessian(found.x)
            if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
                raise NotConverged(_SEPARATED)
            step = np.linalg.solve(information, self.score(params))
        if np.abs(self.exog @ step[: self.k_vars]).max() > _SETTLED or np.abs(params).max() > 1e6:
            raise NotConverged(_SEPARATED)
        params = params + step
        return params, np.linalg.inv(-self.hessian(params))


def fit_ordered(
    y: pd.Series,
    exog: pd.DataFrame,
    spec: dict[str, Any],
    link: str,
    counts: Array | None,
    sampled: Sampled | None,
    rows: Array,
) -> Any:
    """Fit a cumulative-link model."""
    weights = np.ones(len(y)) if counts is None else counts
    if sampled is not None:
        weights = sampled.weights[rows] / sampled.weights[sampled.weights > 0].mean()
    model = WeightedOrderedModel(y, exog, weights=weights, link=link, **spec)
    params, naive = model.solve()
    found = LikelihoodModelResults(model, params, naive)
    found.mle_settings, found.mle_retvals = {"optimizer": "trust-exact"}, {"converged": True}
    kind = SurveyOrderedResults if sampled is not None else OrderedResults
    results = (CountedOrderedResults if counts is not None else kind)(model, found)
    results.hasconst, results.cov_type = 0, "nonrobust"
    results.use_t, results.df_resid_inference = False, np.inf
    if counts is not None:
        results.nobs = float(counts.sum())
    if sampled is not None:

        def again(keep: Array, one: Array) -> Array:
            part = WeightedOrderedModel(model.endog[keep], model.exog[keep], weights=one, link=link)
            if part.k_levels != model.k_levels:
                raise NotConverged("an answer is given by no one")
            return part.solve(params)[0]

        _under(results, sampled, rows, params, model.score_obs(params) @ naive, again, 0)
    return _named(OrderedFit(results), model, spec, y)
