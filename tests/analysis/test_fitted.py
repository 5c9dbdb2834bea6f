"""What statsmodels' results say under a design: right, replaced, or refused with the reason."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.genmod.generalized_linear_model import GLMResults
from statsmodels.miscmodels.ordinal_model import OrderedResults

from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import fitted
from toolkit.errors import InvalidInput, NotConverged

DESIGN = tk.Design(weights="w", strata="st", clusters="unit")
_SAME = {"params", "bse", "tvalues", "pvalues", "use_t", "conf_int", "cov_params", "normalized_cov_params"}
_SAME |= {"t_test", "t_test_pairwise", "f_test", "wald_test", "wald_test_terms", "predict", "get_prediction"}
_SAME |= {"summary", "save", "load", "remove_data", "initialize"}
VALID_GLM = _SAME | {"deviance", "null_deviance", "pearson_chi2", "null", "mu", "fittedvalues"}
VALID_GLM |= {f"resid_{kind}" for kind in ("response", "pearson", "working", "deviance", "anscombe")}
VALID_GLM |= {"resid_anscombe_scaled", "resid_anscombe_unscaled"}
VALID_ORDERED = _SAME - {"get_prediction"} | {"df_modelwc", "resid_prob", "score_obsv"}


def _frame(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    frame = pd.DataFrame(
        {"x": rng.normal(size=n), "g": rng.choice(list("abc"), n), "h": rng.choice([1, 2], n)}
    )
    hidden = frame.x + (frame.g == "b") + rng.logistic(size=n)
    return frame.assign(
        q=np.digitize(hidden, [-1, 0.5, 2]) + 1,
        y=(hidden > 0) * 1.0,
        money=np.exp(1 + frame.x / 3 + rng.normal(size=n) / 4),
        w=rng.uniform(0.5, 3, n),
        unit=np.arange(n) // 8,
        st=np.arange(n) // 200,
    )


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("kind", "valid", "refused"),
    [
        (GLMResults, VALID_GLM, fitted.NOT_GLM),
        (OrderedResults, VALID_ORDERED, fitted.NOT_ORDERED),
    ],
)
def test_every_inherited_result_is_valid_or_refused(
    kind: type, valid: set[str], refused: dict[str, Any]
) -> None:
    assert _public(kind) | {"params"} == valid | set(refused)
    assert not valid & set(refused)


@pytest.mark.parametrize("name", sorted(fitted.NOT_GLM | fitted.NOT_ORDERED))
def test_what_a_design_makes_wrong_is_refused_with_the_reason(name: str) -> None:
    frame = _frame()
    models = []
    if name in fitted.NOT_GLM:
        models.append(tk.regression(frame, "y ~ x", family="binomial", design=DESIGN))
    if name in fitted.NOT_ORDERED:
        models.append(tk.ordinal_regression(frame, "q ~ x", design=DESIGN))
    for model in models:
        assert not hasattr(model, name)
        with pytest.raises(InvalidInput, check=problem("unsuited-design", name)):
            getattr(model, name)


def test_every_valid_result_can_be_computed() -> None:
    frame = _frame()
    glm = tk.regression(frame, "y ~ x + g", family="binomial", design=DESIGN)
    ordered = tk.ordinal_regression(frame, "q ~ x + g", design=DESIGN)
    calls: dict[str, tuple[Any, ...]] = {"t_test": ("x = 0",), "f_test": ("x = 0",), "wald_test": ("x = 0",)}
    calls |= {"t_test_pairwise": ("g",), "load": (), "save": (), "initialize": (), "remove_data": ()}
    for model, names in ((glm, VALID_GLM), (ordered, VALID_ORDERED)):
        for name in sorted(names - {"load", "save", "initialize", "remove_data", "score_obsv"}):
            found = getattr(model, name)
            if callable(found):
                options = {"scalar": True} if name == "wald_test_terms" or name == "wald_test" else {}
                assert found(*calls.get(name, ()), **options) is not None, name
            else:
                assert found is not None, name


@pytest.mark.parametrize("replicated", [False, True])
def test_tests_and_intervals_take_the_covariance_and_df_of_the_design(replicated: bool) -> None:
    frame, design = _frame(), DESIGN
    if replicated:
        made = tk.make_replicates(frame, DESIGN, kind="JKn")
        frame, design = made.frame, made.design
    for model in (
        tk.regression(frame, "y ~ x + g", family="binomial", design=design),
        tk.regression(frame, "money ~ x + g", design=design),
        tk.ordinal_regression(frame, "q ~ x + g", design=design),
    ):
        df = 50 - 2 - 3  # of a svyglm R counts the intercept among the design's df, of a svyolr no cut
        assert model.df_resid_inference == df
        errors = np.sqrt(np.diag(model.cov_params()))
        assert model.bse.tolist() == pytest.approx(errors.tolist())
        t = model.params / errors
        assert model.pvalues.tolist() == pytest.approx((2 * stats.t.sf(np.abs(t), df)).tolist())
        reach = stats.t.ppf(0.975, df) * errors
        assert model.conf_int()[1].tolist() == pytest.approx((model.params + reach).tolist())
        one = model.t_test("x = 0")
        assert [float(one.sd.item()), float(one.df_denom)] == pytest.approx([model.bse["x"], df])
        place = [model.params.index.get_loc(f"g[T.{one}]") for one in "bc"]
        covariance = model.cov_params().to_numpy()[np.ix_(place, place)]
        beta = model.params.to_numpy()[place]
        f = beta @ np.linalg.solve(covariance, beta) / 2
        terms = model.wald_test_terms(scalar=True).table
        assert float(terms.loc["g", "statistic"]) == pytest.approx(f)
        assert float(terms.loc["g", "pvalue"]) == pytest.approx(stats.f.sf(f, 2, df))
        assert tk.term_test(model, "g").p_value == pytest.approx(stats.f.sf(f, 2, df))
        pairs = model.t_test_pairwise("g", method="holm").result_frame
        apart = np.array([1, -1])
        error = np.sqrt(apart @ covariance @ apart)
        assert pairs.loc["c-b", "std err"] == pytest.approx(error)
        assert pairs.loc["c-b", "P>|t|"] == pytest.approx(2 * stats.t.sf(abs(beta[1] - beta[0]) / error, df))


def test_predictions_have_the_errors_of_the_design() -> None:
    frame = _frame()
    model = tk.regression(frame, "y ~ x + g", family="binomial", design=DESIGN)
    new = pd.DataFrame({"x": [0.0, 1.0], "g": ["a", "c"]})
    found = model.get_prediction(new).summary_frame()
    x = np.array([[1, 0, 0, 0.0], [1, 0, 1, 1.0]])
    eta = x @ model.params.to_numpy()
    error = np.sqrt(np.diag(x @ model.cov_params().to_numpy() @ x.T))
    reach = stats.t.ppf(0.975, model.df_resid_inference) * error
    limits = 1 / (1 + np.exp(-np.array([eta - reach, eta + reach])))
    assert found["mean"].tolist() == pytest.approx((1 / (1 + np.exp(-eta))).tolist())
    assert pytest.approx(limits) == found[["mean_ci_lower", "mean_ci_upper"]].to_numpy().T
    assert model.predict(new).tolist() == pytest.approx(found["mean"].tolist())
    coded = pd.DataFrame({"x": [0.0, 1.0], "g": pd.Categorical(["a", "-3"], ["-3", "a"])})
    assert model.predict(coded).isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("np.log(money) ~ np.log(money + 1) + C(h)", "gaussian"),
        ("money ~ I(x**2) + x * g", "gaussian"),
        ("y ~ bs(x, df=4) + C(g, Treatment('c'))", "binomial"),
        ("I(q >= 3) ~ center(x) + Q('g')", "binomial"),
        ("money ~ x + g", "gamma"),
        ("money ~ np.log(h) + g", "inverse-gaussian"),
        ("y ~ 0 + g + x", "poisson"),
    ],
)
def test_formulas_and_families_are_those_of_statsmodels(formula: str, family: str) -> None:
    """Weights of 1: estimates are statsmodels' own, errors those of its sandwich."""
    frame = _frame().assign(one=1.0)
    kind = {
        "gaussian": sm.families.Gaussian(),
        "binomial": sm.families.Binomial(),
        "gamma": sm.families.Gamma(),
        "inverse-gaussian": sm.families.InverseGaussian(),
        "poisson": sm.families.Poisson(),
    }[family]
    plain = formula.replace("I(q >= 3)", "I((q >= 3) * 1.0)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = smf.glm(plain, frame, family=kind).fit(tol=1e-13, maxiter=200)
    found = tk.regression(frame, formula, family=family)
    assert found.params.index.tolist() == other.params.index.tolist()
    assert found.params.tolist() == pytest.approx(other.params.tolist(), rel=1e-6)
    assert found.bse.tolist() == pytest.approx(other.bse.tolist(), rel=1e-5)
    surveyed = tk.regression(frame, formula, family=family, design=tk.Design(weights="one"))
    x, influence = other.model.exog, other.model.score_factor(other.params, scale=1.0)
    bread = np.linalg.inv((x.T * other.model.hessian_factor(other.params, scale=1.0, observed=False)) @ x)
    scores = (x * influence[:, None]) @ bread
    errors = np.sqrt(np.diag(scores.T @ scores) * 400 / 399)
    assert surveyed.params.tolist() == pytest.approx(other.params.tolist(), rel=1e-6)
    assert surveyed.bse.tolist() == pytest.approx(errors.tolist(), rel=1e-6)


def test_links_are_named_or_given_as_statsmodels_has_them() -> None:
    frame = _frame()
    probit = tk.regression(frame, "y ~ x", family="binomial", link="probit", design=DESIGN)
    other = sm.families.Binomial(link=sm.families.links.Probit())
    given = tk.regression(frame, "y ~ x", family=other, design=DESIGN)
    assert probit.params.tolist() == given.params.tolist()
    with pytest.raises(InvalidInput, check=problem("conflict", "link")):
        tk.regression(frame, "money ~ x", family="gamma", link="sqrt")
    with pytest.raises(InvalidInput, check=problem("unknown-option", "link")):
        tk.regression(frame, "y ~ x", family="binomial", link="prbit")


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("design", [None, DESIGN])
def test_separation_is_found_under_every_link(link: str, design: Any) -> None:
    frame = _frame().assign(y=lambda f: np.where(f.g == "a", 0.0, f.y))
    with pytest.raises(NotConverged):
        tk.regression(frame, "y ~ g", family="binomial", link=link, design=design)


def test_the_shape_of_an_ordered_model_has_exact_derivatives() -> None:
    from statsmodels.tools.numdiff import approx_fprime

    frame = _frame()
    y = pd.Series(pd.Categorical(frame.q, ordered=True), name="q")
    for link in ("logit", "probit", "cloglog", "loglog"):
        model = fitted.WeightedOrderedModel(y, frame[["x"]], weights=frame.w, link=link)
        at = model.start_params + 0.1
        assert model.score(at) == pytest.approx(approx_fprime(at, model.loglike, centered=True), rel=1e-5)
        assert model.hessian(at) == pytest.approx(
            approx_fprime(at, model.score, centered=True), rel=1e-5, abs=1e-4
        )


def test_frequencies_are_rows_written_once() -> None:
    frame = _frame()[["q", "h"]]
    counted = frame.value_counts().rename("n").reset_index()
    whole, short = (
        tk.ordinal_regression(frame, "q ~ h"),
        tk.ordinal_regression(counted, "q ~ h", frequencies="n"),
    )
    assert short.params.tolist() == pytest.approx(whole.params.tolist())
    assert short.bse.tolist() == pytest.approx(whole.bse.tolist())
    assert [short.llf, short.aic, short.bic] == pytest.approx([whole.llf, whole.aic, whole.bic])
    with pytest.raises(InvalidInput, check=problem("unsuited-design", "pred_table")):
        short.pred_table  # noqa: B018


def test_a_table_of_odds_ratios_is_one_call() -> None:
    frame = _frame()
    model = tk.regression(frame, "y ~ x + g", family="binomial", design=DESIGN)
    table = tk.coefficients(model, exponentiate=True, level=0.9).set_index("term")
    assert table["estimate"].tolist() == pytest.approx(np.exp(model.params).tolist())
    assert table["conf_low"].tolist() == pytest.approx(np.exp(model.conf_int(alpha=0.1)[0]).tolist())
    apa = tk.coefficients(model, exponentiate=True, apa=True)
    assert apa.columns.tolist() == ["term", "OR", "95% CI", "SE", "t", "df", "p"]
    assert apa["OR"].tolist() == [f"{one:.2f}" for one in np.exp(model.params)]
    ordered = tk.coefficients(tk.ordinal_regression(frame, "q ~ x"), exponentiate=True, apa=True)
    assert ordered.columns.tolist() == ["term", "OR", "95% CI", "SE", "z", "p"]
    assert ordered["p"].iloc[0] == "< .001"


def test_models_are_shown_saved_and_drawn() -> None:
    frame = _frame()
    for model in (
        tk.regression(frame, "money ~ x"),
        tk.regression(frame, "y ~ x", family="binomial", design=DESIGN),
        tk.ordinal_regression(frame, "q ~ x", design=DESIGN),
        tk.ordinal_regression(frame, "q ~ x"),
    ):
        assert "<table" in model._repr_html_()
        assert len(repr(model)) < 200
        again = pickle.loads(pickle.dumps(model))
        assert again.params.tolist() == model.params.tolist()
        assert again.bse.tolist() == model.bse.tolist()
        assert np.array_equal(again.predict(frame.head(3)), model.predict(frame.head(3)))
    shown = str(tk.regression(frame, "y ~ x", family="binomial", design=DESIGN).summary())
    assert "survey design" in shown
    assert "Likelihood" not in shown


@pytest.mark.parametrize(
    ("formula", "refusal"),
    [
        ("y ~ np.log(x)", problem("not-finite", "formula 'y ~ np.log(x)', np.log(x)")),
        ("y ~ log(x)", problem("unknown-name", "formula 'y ~ log(x)', log")),
        (
            "y ~ C(gg) + xx",
            problem("unknown-name", "formula 'y ~ C(gg) + xx', gg")
            + problem("unknown-name", "formula 'y ~ C(gg) + xx', xx"),
        ),
        ("y ~ np.lgo(x)", problem("not-estimable", "formula 'y ~ np.lgo(x)'")),
        ("np.sqrt(x) ~ h", problem("not-finite", "formula 'np.sqrt(x) ~ h', np.sqrt(x)")),
        ("y + h ~ x", problem("syntax", "formula 'y + h ~ x'")),
    ],
)
def test_formulas_that_cannot_be_computed_name_what_and_where(formula: str, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        tk.regression(_frame(), formula)
