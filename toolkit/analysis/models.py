"""Linear, generalised linear and ordered models by formula: statsmodels' results with the errors of a design.

What is ours: missing codes, refusals, the covariance and df of a design, effects with weights, Rao–Scott and
Brant tests. Everything else is statsmodels', imported when a model is fitted.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, expit, ndtri, stdtr, stdtrit

from toolkit.analysis.answers import is_constant, without_objects
from toolkit.analysis.contract import Test
from toolkit.analysis.design import Design
from toolkit.analysis.design_tests import f_sum_tail
from toolkit.arguments import Check, typed
from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.model import MISSING
from toolkit.records import Displayed

Array = npt.NDArray[Any]
Link = Literal["logit", "probit", "cloglog", "loglog"]
Model = Annotated[Any, Check(lambda value: hasattr(value, "params"), "a fitted model")]
_FAMILIES = {
    "gaussian": "Gaussian",
    "binomial": "Binomial",
    "poisson": "Poisson",
    "gamma": "Gamma",
    "inverse-gaussian": "InverseGaussian",
}
_LINKS = {
    "identity": "Identity",
    "log": "Log",
    "logit": "Logit",
    "probit": "Probit",
    "cloglog": "CLogLog",
    "loglog": "LogLog",
    "cauchit": "Cauchy",
    "inverse": "InversePower",
    "sqrt": "Sqrt",
}


@typed
def regression(
    frame: pd.DataFrame,
    formula: str,
    *,
    family: Any = "gaussian",
    link: str | None = None,
    design: Design | None = None,
    offset: str | None = None,
) -> Any:
    """Fit a linear or generalised linear model, as R's `lm`, `glm`, or `svyglm` where a design is given.

    Parameters
    ----------
    frame
        One row per respondent; rows that lack anything the formula names are outside the domain.
    formula
        "outcome ~ a + b" as statsmodels reads it: `a:b`, `a*b`, `np.log(x)`, `I(x**2)`, `C(q)`,
        `C(g, Treatment('b'))`, `bs(x, df=4)`, `Q('a name')`. Categories become one column each but the first.
    family
        "gaussian", "binomial" (outcome 0/1), "poisson" (of a 0/1 outcome it gives prevalence ratios: use a
        design, whose errors hold for it), "gamma", "inverse-gaussian"; or a family of
        `statsmodels.api.families` with its link and parameters, such as `NegativeBinomial(alpha=0.5)`.
    link
        "identity", "log", "logit", "probit", "cloglog", "loglog", "cauchit", "inverse", "sqrt"; the family's
        own by default.
    design
        How respondents were drawn. `Design(clusters=…)` alone gives cluster-robust errors.
    offset
        Column that enters with slope 1: of counts over unequal times, the log of the time.

    Returns
    -------
    statsmodels results
        `summary()`, `params`, `bse`, `pvalues`, `conf_int()`, `predict`, `get_prediction`, `t_test`,
        `t_test_pairwise`, `wald_test_terms` and all else; `table` is `coefficients(model)`. Without a design
        a linear model is OLS, every other a GLM. Under a design covariance, df and t are the design's, and
        what rests on independent rows (`llf`, `aic`, `get_influence`, …) raises with the reason.

    Raises
    ------
    InvalidInput
        For a formula that cannot be read, columns that are missing, an outcome that does not vary or is
        outside the family's range, columns that repeat others.
    NotConverged
        Where predictors separate the outcome.

    Notes
    -----
    Under a design: t with df = primary units − strata of the domain + 1 − coefficients (Lumley 2010),
    covariance by Taylor linearisation (Binder 1983) or by refitting under each replicate weight. Without
    one: t where a dispersion is estimated, z elsewhere. Weights are scaled to mean 1. A linear fit without
    residuals has no standard errors.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 5.0], "x": [1, 2, 3, 4]})
    >>> regression(frame, "y ~ x").params.round(3).to_dict()
    {'Intercept': -0.5, 'x': 1.3}
    """
    from toolkit.analysis import fitted

    own = _family(family, link)
    sampled = None if design is None else design.over(frame, linearise=True)
    read = _read(frame, formula, None if sampled is None else sampled.weights, offset)
    outcome, name, what = read.outcome, own.__class__.__name__, ""
    where, hint = f"outcome of {read.formula!r}", "give counts or 0/1"
    if not pd.api.types.is_numeric_dtype(outcome.dtype):
        levels = list(pd.Categorical(outcome).categories)
        what = f"is one of {levels}, not a number"
        column = next((one for one in _names_in(read.outcome.name) if one in frame.columns), "…")
        hint = f"code one answer as 1, others as 0: frame['y'] = (frame[{column!r}] == {levels[-1]!r}) * 1.0"
        if pd.to_numeric(pd.Series(levels), errors="coerce").notna().all():
            hint = (
                f"convert it with frame.assign(**tk.numbers(frame, {column!r})), or to 0 and 1 with "
                "tk.top_boxes; for ordered answers use tk.ordinal_regression"
            )
    elif name == "Binomial" and not outcome.isin([0, 1]).all():
        what, hint = "is not 0 or 1 throughout", "code the answer counted as 1, others 0"
    elif name in ("Poisson", "NegativeBinomial", "Tweedie") and (outcome < 0).any():
        what = "is negative somewhere"
    elif name in ("Gamma", "InverseGaussian") and (outcome <= 0).any():
        what, hint = f"is not above 0 throughout, as {name.lower()} needs", "choose another family"
    if what:
        raise InvalidInput("model", [Problem("unsuited-item", where, what, hint)])
    y = read.outcome.astype(np.float64)
    spec = {"formula": formula, "model_spec": read.exog.design_info, "missing": "none"}
    model = fitted.fit_glm(y, read.exog, spec, own, read.offset, sampled, read.rows)
    model.model.data.frame = read.data
    return model


@typed
def ordinal_regression(
    frame: pd.DataFrame,
    formula: str,
    *,
    link: Link = "logit",
    frequencies: str | None = None,
    design: Design | None = None,
) -> Any:
    """Fit a cumulative-link model, as R's `MASS::polr`, or `survey::svyolr` where a design is given.

    Parameters
    ----------
    frame, formula, design
        As in `regression`; the outcome is an ordered category or whole numbers with three or more values.
    link
        "logit" (proportional odds), "probit", "cloglog", or "loglog" (which R's svyolr calls "cloglog").
    frequencies
        Column of the number of people a row counts for.

    Returns
    -------
    statsmodels results
        Of an OrderedModel with weights whose last parameters ("2/3") are the cuts themselves. A slope above 0
        means higher answers; of "logit" it is a log odds ratio.

    Raises
    ------
    InvalidInput
        As `regression`, and for fewer than three different answers or unusable frequencies.
    NotConverged
        Where predictors separate the answers.

    Notes
    -----
    P(answer ≤ j) = F(cut_j − x'slope) (McCullagh 1980), errors from observed information.

    Examples
    --------
    >>> frame = pd.DataFrame({"q": [1, 2, 3, 2, 3, 1, 2, 3], "x": [0, 0, 1, 1, 1, 0, 1, 0]})
    >>> ordinal_regression(frame, "q ~ x").params.index.tolist()
    ['x', '1/2', '2/3']
    """
    from toolkit.analysis import fitted

    known = Link.__args__  # type: ignore[attr-defined]
    problems = []
    if link not in known:
        problems.append(
            Problem("unknown-option", "link", f"unknown link {link!r}", f"use one of {list(known)}")
        )
    if frequencies is not None and design is not None:
        problems.append(
            Problem("conflict", "frequencies", "are given beside a design", "give one of the two")
        )
    if problems:
        raise InvalidInput("ordinal model", problems)
    counts = None
    if frequencies is not None:
        counts = _numbers(frame, frequencies, "frequencies", "give the number of people a row counts for")
        if not (counts >= 0).all() or not (counts > 0).any():
            what, hint = (
                "has negative or missing numbers, or only zeros",
                "give how many people a row counts for",
            )
            raise InvalidInput(
                "ordinal model", [Problem("out-of-range", f"column {frequencies}", what, hint)]
            )
    sampled = None if design is None else design.over(frame, linearise=True)
    read = _read(frame, formula, counts if sampled is None else sampled.weights)
    exog = read.exog.drop(columns="Intercept", errors="ignore")
    if exog.shape[1] in (0, read.exog.shape[1]):
        what, hint = "has no predictor, or no intercept", "name at least one predictor and keep the intercept"
        raise InvalidInput("ordinal model", [Problem("too-few", f"formula {formula!r}", what, hint)])
    info = read.exog.design_info
    spec = {
        "formula": formula,
        "model_spec": info.subset([one for one in info.term_names if one != "Intercept"]),
    }
    spec["missing"] = "none"
    given = None if counts is None else counts[read.rows]
    # Answers that occur, in order
    y, problems = read.outcome, []
    where = f"outcome of {read.formula!r}"
    numeric = pd.api.types.is_numeric_dtype(y.dtype)
    if numeric and (y.nunique() > 20 or (y != np.rint(y)).any()):
        problems.append(
            Problem("unsuited-item", where, "holds numbers that are not answer codes", "use regression")
        )
    elif y.nunique() < 3:
        problems.append(
            Problem("too-few", where, f"has {y.nunique()} different answers", "use regression for two")
        )
    if problems:
        raise InvalidInput("ordinal model", problems)
    if numeric:
        y = y.astype(int)
    elif isinstance(y.dtype, pd.CategoricalDtype):
        y = y.cat.remove_unused_categories()
    levels = list(y.cat.categories) if isinstance(y.dtype, pd.CategoricalDtype) else sorted(y.unique())
    model = fitted.fit_ordered(
        pd.Series(pd.Categorical(y, levels, ordered=True), name=y.name),
        exog,
        spec,
        link,
        given,
        sampled,
        read.rows,
    )
    model.model.data.frame = read.data
    return model


@typed
def coefficients(
    model: Model, *, level: float = 0.95, exponentiate: bool = False, apa: bool = False
) -> pd.DataFrame:
    """Tabulate the coefficients of a model: estimates, errors, tests and intervals.

    Parameters
    ----------
    model
        From `regression` or `ordinal_regression`, or any statsmodels results.
    level
        Confidence level.
    exponentiate
        Odds ratios (logit), rate or prevalence ratios (log) in place of their logs; `std_error` stays that
        of the log.
    apa
        Text as the APA manual prints it, for Word or a report.

    Returns
    -------
    pandas.DataFrame
        One row per coefficient: term, estimate, std_error, statistic, df (infinite where z is used), p_value,
        conf_low, conf_high, kind ("b", "OR", "RR", "exp(b)"). Of an APA table: term, b (or OR, RR,
        exp(b)), 95% CI, SE, t (or z), df, p.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 5.0, 4], "x": [1, 2, 3, 4, 5]})
    >>> coefficients(regression(frame, "y ~ x"), apa=True).iloc[1].tolist()
    ['x', '0.90', '[0.10, 1.70]', '0.25', '3.58', '3', '.037']
    """
    if not 0 < level < 1:
        raise InvalidInput(
            "coefficients", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    params = model.params
    df = getattr(model, "df_resid_inference", None)
    df = float(np.inf if not model.use_t else model.df_resid if df is None else df)
    table = _tested(params.index, params.to_numpy(), np.asarray(model.cov_params()), df, level)
    ends = ["estimate", "conf_low", "conf_high"]
    if exponentiate:
        table[ends] = np.exp(table[ends])
    link = getattr(getattr(getattr(model, "family", None), "link", None), "__class__", type(None)).__name__
    link = getattr(model.model, "curve", link)
    ratio = {"Logit": "OR", "logit": "OR", "Log": "RR"}.get(link, "exp(b)")
    table["kind"] = ratio if exponentiate else "b"
    if not apa:
        return table
    p = table["p_value"]
    shown = {
        "term": table["term"],
        ratio if exponentiate else "b": table["estimate"].map("{:.2f}".format),
        f"{level:.0%} CI": [
            f"[{low:.2f}, {high:.2f}]"
            for low, high in zip(table["conf_low"], table["conf_high"], strict=True)
        ],
        "SE": table["std_error"].map("{:.2f}".format),
        "z" if np.isinf(df) else "t": table["statistic"].map("{:.2f}".format),
        **({} if np.isinf(df) else {"df": table["df"].map("{:g}".format)}),
        "p": ["< .001" if one < 0.001 else f"{one:.3f}".removeprefix("0") for one in p],
    }
    return pd.DataFrame(shown)


@typed
def marginal_effects(model: Model, *, level: float = 0.95) -> pd.DataFrame:
    """Average marginal effects: by how much the share (or mean) changes, everything else as it is.

    Parameters
    ----------
    model
        From `regression` or `ordinal_regression`.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row per number and per category but the first (of an ordered model, and per `response`): term,
        estimate (a fraction for shares: .05 is five points), std_error, statistic, df, p_value, conf_low,
        conf_high, kind ("AME"). Of a category: everyone in it instead of in the first one. Of a column with
        two values: the higher instead of the lower. Of another number: the slope.

    Notes
    -----
    Columns, not coefficients, are changed, so that interactions, splines and powers count. Averaged over the
    model's rows with their weights; errors by the delta method, the rows taken as given (statsmodels' own
    `get_margeff` ignores the weights).

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [0, 1, 1, 0, 1, 0, 0, 1], "g": list("aaabbbba")})
    >>> marginal_effects(regression(frame, "y ~ g", family="binomial"))["estimate"].round(4).tolist()
    [-0.5]
    """
    import patsy  # type: ignore[import-untyped]
    from statsmodels.tools.numdiff import approx_fprime

    inner, data = model.model, model.model.data.frame
    info = inner.data.model_spec
    weights = getattr(inner, "var_weights", getattr(inner, "weights", np.ones(len(data))))
    share = np.broadcast_to(weights, len(data)) / np.broadcast_to(weights, len(data)).sum()
    kinds: dict[str, bool] = {}
    for factor, about in info.factor_infos.items():
        for name in _names_in(factor.code) & set(data.columns):
            kinds[name] = kinds.get(name, False) or about.type == "categorical"
    names, matrices = [], []
    for name, categorical in kinds.items():
        column, text = data[name], isinstance(data[name].dtype, pd.CategoricalDtype)
        values = list(column.cat.categories) if text else sorted(column.unique())
        if categorical or text or len(values) == 2:
            steps = [
                (f"{name}[{one}]" if len(values) > 2 or text else name, values[0], one, 1.0)
                for one in values[1:]
            ]
        else:
            reach = 1e-4 * float(column.std())
            low, high = (column + by for by in (-reach, reach))
            low, high = low.clip(lower=column.min()), high.clip(upper=column.max())  # splines end there
            steps = [(name, low, high, (high - low).to_numpy()[:, None])]
        for label, low, high, width in steps:
            pair = []
            for value in (low, high):
                fixed = pd.Categorical([value] * len(data), values) if text else value
                pair.append(np.asarray(patsy.build_design_matrices([info], data.assign(**{name: fixed}))[0]))
            names.append(label)
            matrices.append((*pair, width))

    def effects(params: Array) -> Array:
        each = []
        for low, high, width in matrices:
            parts = (inner.predict(params, high), inner.predict(params, low))
            each.append(share @ ((parts[0] - parts[1]).reshape(len(data), -1) / width))
        return np.ravel(each)

    params = np.asarray(model.params)
    found, jacobian = effects(params), approx_fprime(params, effects, centered=True)
    jacobian = np.reshape(jacobian, (len(found), len(params)))
    df = float(model.df_resid_inference)
    answers = [str(one) for one in getattr(inner, "labels", [])]
    index = [name for name in names for _ in answers or [""]]
    table = _tested(index, found, jacobian @ np.asarray(model.cov_params()) @ jacobian.T, df, level)
    table["kind"] = "AME"
    if answers:
        table.insert(1, "response", pd.array(answers * len(names), dtype="str"))
    return table


@dataclass(frozen=True, repr=False)
class TermTest(Displayed):
    """A test of the terms of a model.

    Attributes
    ----------
    statistic
        F (Wald with finite df) or chi-square.
    df
        Pair for F; number for chi-square.
    effects
        Of a likelihood ratio under a design: by how much each direction is more variable than in a simple
        sample. The statistic follows their weighted sum of chi-squares.
    """

    terms: tuple[str, ...]
    statistic: float
    df: tuple[float, float] | float
    p_value: float
    effects: tuple[float, ...]
    method: str


@typed
def term_test(
    model: Model, terms: str | Sequence[str], *, method: Literal["wald", "likelihood-ratio"] = "wald"
) -> TermTest:
    """Test whether terms can be left out of a model, as R's `regTermTest`.

    Parameters
    ----------
    model
        From `regression` or `ordinal_regression`.
    terms
        As the formula writes them: "audience", or several.
    method
        "wald", or "likelihood-ratio" (`regression` only): under a design Rao and Scott's working one (1984).

    Raises
    ------
    InvalidInput
        Naming every term the model lacks.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 5.0, 4], "g": list("aabbc")})
    >>> term_test(regression(frame, "y ~ g"), "g").df
    (2.0, 2.0)
    """
    inner, listed = model.model, (terms,) if isinstance(terms, str) else tuple(terms)
    places = {
        name: place for name, place in inner.data.model_spec.term_name_slices.items() if name != "Intercept"
    }
    problems = [
        Problem("unknown-name", f"term {term!r}", "is not in the model", near_names(term, places))
        for term in listed
        if term not in places
    ]
    if not listed:
        problems.append(Problem("empty", "terms", "are empty", "name at least one"))
    if method not in ("wald", "likelihood-ratio"):
        problems.append(
            Problem(
                "unknown-option", "method", f"unknown method {method!r}", 'use "wald" or "likelihood-ratio"'
            )
        )
    elif method != "wald" and hasattr(inner, "labels"):
        problems.append(Problem("unsuited-method", "method", "is for regression models", 'use "wald"'))
    if problems:
        raise InvalidInput("term_test", problems)
    at = [column for term in listed for column in range(places[term].start, places[term].stop)]
    df, k = float(model.df_resid_inference), float(len(at))
    errors = np.asarray(model.cov_params())[np.ix_(at, at)]
    if method == "wald":
        found = model.wald_test(np.eye(len(model.params))[at], use_f=bool(np.isfinite(df)), scalar=True)
        if np.isinf(df):
            return TermTest(listed, float(found.statistic), k, float(found.pvalue), (), "Wald test")
        return TermTest(listed, float(found.statistic), (k, df), float(found.pvalue), (), "Wald F test")
    left = [column for column in range(inner.exog.shape[1]) if column not in at]
    if not left:
        what, hint = "are all the model has", "keep at least the intercept"
        raise InvalidInput("term_test", [Problem("conflict", "terms", what, hint)])

    from statsmodels.genmod.families import Gaussian

    from toolkit.analysis.fitted import glm

    linear = not hasattr(inner, "family")
    options = {} if linear else {name: getattr(inner, name, None) for name in ("var_weights", "offset")}
    family = Gaussian() if linear else inner.family
    fewer = glm(inner.endog, inner.exog[:, left], family=family, **options).fit(atol=1e-12, rtol=1e-13)
    statistic = float(fewer.deviance) - float(model.ssr if linear else model.deviance)
    naive = np.asarray(model.normalized_cov_params)[np.ix_(at, at)]
    effects = np.sort(np.real(np.linalg.eigvals(np.linalg.solve(naive, errors))))[::-1]
    if np.allclose(effects, 1, rtol=1e-9) and np.isinf(df):
        return TermTest(listed, statistic, k, float(chdtrc(k, statistic)), (), "likelihood ratio test")
    p = f_sum_tail(statistic, effects, df)
    label = "working likelihood ratio test (Rao–Scott), saddlepoint"
    return TermTest(listed, statistic, (k, df), p, tuple(effects.tolist()), label)


@typed
def parallel_slopes_test(model: Model) -> Test:
    """Test whether one slope serves every cut of the scale (Brant 1990).

    Parameters
    ----------
    model
        A logit model; under a design the test takes its weights as frequencies and is a rough guide.

    Returns
    -------
    Test
        Chi-square with (cuts − 1) × slopes df. A small p: the slopes differ from cut to cut.

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
    import statsmodels.api as sm

    inner = model.model
    if getattr(inner, "curve", None) != "logit" or not hasattr(inner, "labels"):
        what, hint = "is not an ordered logit model", 'fit ordinal_regression with link="logit"'
        raise InvalidInput("parallel_slopes_test", [Problem("unsuited-method", "model", what, hint)])
    y, weights, x = inner.endog, inner.weights, sm.add_constant(inner.exog, has_constant="add")
    cuts, k = inner.k_levels - 1, x.shape[1] - 1
    fits = [
        sm.GLM((y > cut) * 1.0, x, family=sm.families.Binomial(), var_weights=weights)
        .fit(atol=1e-12, rtol=1e-13)
        .params
        for cut in range(cuts)
    ]
    means = [expit(x @ beta) for beta in fits]
    inverse = [np.linalg.inv((x * (weights * p * (1 - p))[:, None]).T @ x) for p in means]
    joint = np.zeros((cuts * k, cuts * k))
    for one in range(cuts):
        for other in range(one, cuts):
            shared = means[other] - means[one] * means[other]
            block = inverse[one] @ ((x * (weights * shared)[:, None]).T @ x) @ inverse[other]
            at, to = (slice(i * k, (i + 1) * k) for i in (one, other))
            joint[at, to] = block[1:, 1:]
            joint[to, at] = block[1:, 1:].T
    apart = np.kron(np.column_stack([-np.ones(cuts - 1), np.eye(cuts - 1)]), np.eye(k))
    away = apart @ np.concatenate([beta[1:] for beta in fits])
    statistic = float(away @ np.linalg.solve(apart @ joint @ apart.T, away))
    df = float(len(away))
    return Test(statistic, float(chdtrc(df, statistic)), "Brant's test of parallel slopes", df, symbol="χ²")


def _tested(names: Any, estimate: Array, errors: Array, df: float, level: float) -> pd.DataFrame:
    """Return estimates with their tests and intervals; t, or z where df is infinite."""
    error = np.sqrt(np.diag(errors))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimate / error, np.nan)
    reach = (ndtri((1 + level) / 2) if np.isinf(df) else stdtrit(df, (1 + level) / 2)) * error
    return pd.DataFrame(
        {
            "term": pd.array([str(one) for one in names], dtype="str"),
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "df": np.full(len(estimate), df),
            "p_value": 2 * stdtr(df, -np.abs(statistic)),
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
        }
    )


@dataclass(frozen=True)
class _Read:
    """A formula laid over a frame: complete rows of clean columns, outcome, design matrix and offset."""

    formula: str
    data: pd.DataFrame
    rows: Array
    outcome: pd.Series
    exog: Any
    offset: Array | None


def _read(frame: pd.DataFrame, formula: str, weights: Array | None, offset: str | None = None) -> _Read:
    import patsy

    where = f"formula {formula!r}"
    try:
        described = patsy.ModelDesc.from_formula(formula)
    except (patsy.PatsyError, SyntaxError) as error:
        raise InvalidInput(
            "model", [Problem("syntax", where, str(error).splitlines()[0], "correct it")]
        ) from None
    left = [factor for term in described.lhs_termlist for factor in term.factors]
    if len(left) != 1:
        raise InvalidInput(
            "model", [Problem("syntax", where, "has no single outcome", 'write it as "outcome ~ a + b"')]
        )
    factors = [*left, *(factor for term in described.rhs_termlist for factor in term.factors)]
    names = set().union(*(_names_in(factor.code) for factor in factors))
    own = {name: getattr(patsy.builtins, name) for name in patsy.builtins.__all__} | {"np": np}
    functions = {*own, *vars(builtins)}
    absent = sorted(names - set(frame.columns) - functions)
    if absent:
        listed = [*map(str, frame.columns)]
        what = "not found: a formula names columns, np, and functions such as C, I, Q, bs"
        raise InvalidInput(
            "model",
            [Problem("unknown-name", f"{where}, {name}", what, near_names(name, listed)) for name in absent],
        )
    used = sorted(names & set(frame.columns), key=list(frame.columns).index)
    twice = [name for name in used if isinstance(frame[name], pd.DataFrame)]
    if twice:
        what, hint = "occurs more than once", "keep one of the columns"
        raise InvalidInput("model", [Problem("duplicate-column", f"column {n}", what, hint) for n in twice])
    data = pd.DataFrame({name: _clean(frame[name]) for name in used}, index=range(len(frame)))
    away = None if offset is None else _numbers(frame, offset, "offset", "give the log of the time observed")
    known = data.notna().to_numpy().all(axis=1)
    for one in (None if weights is None else weights > 0, None if away is None else ~np.isnan(away)):
        known &= True if one is None else one
    data = data[known].reset_index(drop=True)
    for name in used:
        if isinstance(data[name].dtype, pd.CategoricalDtype):
            data[name] = data[name].cat.remove_unused_categories()
        elif pd.api.types.is_integer_dtype(frame[name].dtype):
            data[name] = data[name].astype(np.int64)  # C(q) is then named by 2, not 2.0
    if len(data) < 3:
        raise InvalidInput(
            "model",
            [Problem("too-few-answers", where, f"{len(data)} rows are complete", "a model needs more")],
        )
    environment = patsy.EvalEnvironment([own])
    matrix = patsy.ModelDesc([], described.rhs_termlist)
    try:
        with np.errstate(all="ignore"):
            _refuse_undefined(factors, environment, data, where, frame.index[known])
            outcome = environment.eval(left[0].code, inner_namespace=data)
            exog = patsy.dmatrix(matrix, data, environment, NA_action="raise", return_type="dataframe")
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a user's formula runs into
        what = str(error).splitlines()[0]
        raise InvalidInput(
            "model", [Problem("not-estimable", where, f"cannot be computed ({what})", "correct it")]
        ) from None
    outcome = pd.Series(outcome, name=left[0].code).reset_index(drop=True)
    if pd.api.types.is_bool_dtype(outcome.dtype):
        outcome = outcome.astype(np.float64)
    read = _Read(formula, data, known, outcome, exog, None if away is None else away[known])
    _refuse_matrix(read)
    return read


def _refuse_undefined(
    factors: Any, environment: Any, data: pd.DataFrame, where: str, index: pd.Index
) -> None:
    """Refuse transformations that have no finite value for a known answer, such as the log of 0."""
    problems = []
    for code in {factor.code: None for factor in factors if factor.code not in data.columns}:
        values = environment.eval(code, inner_namespace=data)
        if not isinstance(values, pd.Series | np.ndarray) or not pd.api.types.is_numeric_dtype(values.dtype):
            continue
        odd = ~np.isfinite(np.asarray(values, dtype=np.float64)).reshape(len(data), -1).all(axis=1)
        if odd.any():
            what = f"is not a finite number in row {index[int(np.argmax(odd))]}"
            problems.append(
                Problem("not-finite", f"{where}, {code}", what, "recode the column or leave such rows out")
            )
    if problems:
        raise InvalidInput("model", problems)


def _names_in(code: str) -> set[str]:
    """Return the names that a part of a formula reads, and those inside Q("…")."""
    tree = ast.parse(code, mode="eval")
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Q":
            found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
    return found


def _clean(column: pd.Series) -> pd.Series:
    """Return numbers unchanged and answers as categories of text, reserved codes as missing."""
    column = without_objects(column, str(column.name))
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return pd.Series(np.where(np.isinf(numbers), np.nan, numbers))
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(pd.Categorical(column.to_numpy(dtype=object, na_value=None)))
    kept = [one for one in column.cat.categories if str(one) not in MISSING]
    column = column.cat.set_categories(kept).reset_index(drop=True)
    return column.cat.rename_categories([str(one) for one in kept])


def new_rows(model: Any, rows: Any) -> Any:
    """Prepare new rows as the model's own were; return anything but a frame unchanged."""
    data = getattr(model.model.data, "frame", None)
    if not isinstance(rows, pd.DataFrame) or data is None:
        return rows
    clean = {name: _clean(rows[name]).set_axis(rows.index) for name in data.columns if name in rows.columns}
    return pd.DataFrame(
        {
            name: column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
            for name, column in clean.items()
        }
    )


def _numbers(frame: pd.DataFrame, name: str, what_for: str, hint: str) -> Array:
    code: ProblemCode = "not-a-number"
    if name not in frame.columns:
        code, what, hint = "unknown-column", "not found", near_names(name, map(str, frame.columns))
    elif not pd.api.types.is_numeric_dtype(frame[name]):
        what = "must hold numbers"
    else:
        numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if not np.isinf(numbers).any():
            return np.asarray(numbers)
        code = "not-finite"
        what = f"is infinite in row {frame.index[int(np.argmax(np.isinf(numbers)))]}"
    raise InvalidInput("model", [Problem(code, f"{what_for}, column {name}", what, hint)])


def _refuse_matrix(read: _Read) -> None:
    """Refuse what cannot be estimated: nothing varies, or columns repeat others."""
    where, problems = f"formula {read.formula!r}", []
    for name, column in [*read.data.items(), ("the outcome", read.outcome)]:
        if name == "the outcome" or name == read.outcome.name:
            continue
        if column.nunique() < 2:
            what = "is the same in every complete row with a weight above 0"
            problems.append(Problem("no-variation", f"column {name}", what, "leave it out"))
    y = read.outcome
    numeric = pd.api.types.is_numeric_dtype(y.dtype)
    if len(y) != len(read.data):
        problems.append(Problem("wrong-shape", where, "the outcome is not one value per row", "correct it"))
    elif is_constant(y.to_numpy()) if numeric else y.nunique() < 2:
        problems.append(
            Problem("no-variation", where, "the outcome does not vary", "there is nothing to model")
        )
    x, names = read.exog.to_numpy(), list(read.exog.columns)
    if not problems and len(x) <= x.shape[1]:
        what = f"{x.shape[1]} columns and {len(x)} complete rows"
        problems.append(Problem("too-few-answers", where, what, "leave something out"))
    if not problems:
        scaled = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        repeats = np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) < 1e-9
        problems = [
            Problem("collinear", f"column {name}", "repeats the columns before it", "leave it out")
            for name, again in zip(names, repeats, strict=True)
            if again
        ]
    if problems:
        raise InvalidInput("model", problems)


def _family(family: Any, link: str | None) -> Any:
    from statsmodels.genmod import families

    problems = []
    if isinstance(family, families.Family):
        if link is not None:
            problems.append(
                Problem("conflict", "link", "is given beside a family object", "give the link to the family")
            )
    elif family not in _FAMILIES:
        hint = f"use one of {list(_FAMILIES)}, or a family of statsmodels"
        problems.append(Problem("unknown-option", "family", f"unknown family {family!r}", hint))
    if link is not None and link not in _LINKS:
        problems.append(
            Problem("unknown-option", "link", f"unknown link {link!r}", f"use one of {list(_LINKS)}")
        )
    if problems:
        raise InvalidInput("model", problems)
    if isinstance(family, families.Family):
        return family
    kind = getattr(families, _FAMILIES[family])
    own = None if link is None else getattr(families.links, _LINKS[link])
    if own is not None and own not in kind.links:
        allowed = [name for name, one in _LINKS.items() if getattr(families.links, one) in kind.links]
        raise InvalidInput(
            "model",
            [Problem("conflict", "link", f"{link!r} is not a link of {family!r}", f"use one of {allowed}")],
        )
    return kind() if own is None else kind(link=own())
