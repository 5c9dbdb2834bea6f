"""U08, W08, W09: models against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput, NotConverged

LINKS = {"logistic": "logit", "probit": "probit", "cloglog": "cloglog"}


def _as_r(term: str) -> str:
    """R glues the category to the column and writes cuts with a bar."""
    bare = re.sub(r"\[(?:T\.)?(.*?)\]", r"\1", term)
    return "(Intercept)" if bare == "Intercept" else bare.replace("/", "|")


def _frame(name: str) -> pd.DataFrame:
    frame = data(name)
    if name == "apistrat":
        frame = frame.assign(q4=1 + (frame.meals.to_numpy()[:, None] >= [25, 50, 75]).sum(axis=1))
    if name == "housing":
        frame = frame.assign(Sat=pd.Categorical(frame.Sat, ["Low", "Medium", "High"], ordered=True))
    return frame


def _formula(call: str) -> tuple[str, str]:
    """The formula in our words, and what R did to the outcome."""
    left, right = re.search(r"\((?:svyglm\()?(.*?)~([^,]+),", call).groups()
    left = re.sub(r"factor\((\w+).*\)", r"\1", left)
    return left, right


def _model(case: dict[str, Any], call: str) -> Any:
    frame, (left, right) = _frame(case["dataset"]), _formula(call)
    yes = re.match(r"I\((\w+)=='(\w+)'\)", left)
    if yes:
        frame, left = frame.assign(outcome=(frame[yes.group(1)] == yes.group(2)) * 1.0), "outcome"
    formula, design = f"{left} ~ {right}", DESIGNS.get(case.get("design_name"))
    if "polr" in call or "svyolr" in call:
        link = re.search(r"method='(\w+)'", call)
        named = LINKS[link.group(1)] if link else "logit"
        # What svyolr calls cloglog is the log-log curve, unlike polr's.
        named = "loglog" if named == "cloglog" and design is not None else named
        frequencies = "Freq" if "weights=Freq" in call else None
        return tk.ordinal_regression(frame, formula, link=named, frequencies=frequencies, design=design)
    family = "binomial" if "binomial" in call else "poisson" if "poisson" in call else "gaussian"
    return tk.regression(frame, formula, family=family, design=design)


def _check_table(found: Any, r: dict[str, Any], ordinal: bool) -> list[int]:
    terms = [_as_r(term) for term in found.table["term"]]
    order = [terms.index(term) for term in r["terms"]]
    assert len(terms) == len(r["terms"])
    table = found.table.iloc[order]
    if ordinal:
        # polr and svyolr stop their search early: estimates agree to a thousandth of their error.
        apart = (table["estimate"] - r["estimate"]) / r["se"]
        assert np.abs(apart).max() < 1e-3
        assert table["std_error"].tolist() == close(r["se"], rel=5e-4)
        return order
    assert [*table["estimate"], *table["std_error"]] == close([*r["estimate"], *r["se"]])
    statistic = table["statistic"].tolist()
    assert statistic == close(r.get("t", r.get("stat")))
    assert table["p_value"].tolist() == close(r["p_value"])
    if "vcov" in r:
        covariance = np.asarray(found.cov_params())[np.ix_(order, order)]
        size = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        assert np.abs((covariance - np.array(r["vcov"])) / size).max() < 1e-6
    return order


@pytest.mark.parametrize("case", [*cases("W08_glm"), *cases("U08_ordinal"), *cases("W09_olr")])
def test_models_equal_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    if call.startswith("regTermTest"):
        _check_term(case)
        return
    found = _model(case, call)
    ordinal = "olr(" in call or "polr(" in call
    order = _check_table(found, r, ordinal)
    if "df_residual" in r and np.isfinite(found.df_resid_inference):
        assert found.df_resid_inference == r["df_residual"]
    if "deviance" in r:
        deviance = -2 * found.llf if ordinal else getattr(found, "deviance", getattr(found, "ssr", None))
        assert deviance == close(r["deviance"])
    if "loglik" in r:
        assert found.llf == close(r["loglik"])
        assert found.llf >= r["loglik"] - 1e-9
    if "r2" in r:
        assert found.rsquared == close(r["r2"])
    if "null_deviance" in r:
        assert [found.null_deviance, found.scale] == close([r["null_deviance"], r["dispersion"]])
        limits = found.table.iloc[order][["conf_low", "conf_high"]].to_numpy().ravel().tolist()
        assert limits == close(np.ravel(r["confint"]).tolist())


def _check_term(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    terms = re.search(r"\), ~([\w+]+)", call).group(1).split("+")
    ratio = "LRT" in call
    found = tk.term_test(_model(case, call), terms, method="likelihood-ratio" if ratio else "wald")
    assert list(found.df) == [r["df"], r["ddf"]]
    assert found.statistic == close(r["chisq"] if ratio else r["F"])
    assert list(found.effects) == close(r.get("lambda", []))
    # R stops its search for the saddlepoint at 1e-8.
    assert found.p_value == close(r["p_value"], rel=1e-5 if ratio else 1e-6)


def _made(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    frame = pd.DataFrame({"x": rng.normal(size=n), "g": rng.choice(list("abc"), n)})
    hidden = frame.x + (frame.g == "b") + rng.logistic(size=n)
    frame["q"] = np.digitize(hidden, [-1, 0.5, 2]) + 1
    frame["y"] = (hidden > 0) * 1.0
    return frame.assign(w=rng.uniform(0.5, 3, n), unit=rng.integers(0, 40, n))


def test_row_order_weight_scale_and_the_name_of_the_first_category_leave_the_fit() -> None:
    frame, design = _made(), tk.Design(weights="w", clusters="unit")
    moved = frame.sample(frac=1, random_state=4).assign(w=lambda one: one.w * 5)
    relabelled = moved.assign(g=moved.g.replace({"a": "z"}))
    for fit, formula in ((tk.ordinal_regression, "q ~ x + g"), (tk.regression, "y ~ x + g")):
        options: dict[str, Any] = {"family": "binomial"} if fit is tk.regression else {}
        there, back, named = (
            fit(one, formula, design=design, **options) for one in (frame, moved, relabelled)
        )
        for column in ("estimate", "std_error"):
            assert there.table[column].tolist() == pytest.approx(back.table[column].tolist(), rel=1e-6)
        assert there.model.loglike(there.params) == pytest.approx(named.model.loglike(named.params))
        wald = [tk.term_test(one, "g").statistic for one in (there, named)]
        assert wald[0] == pytest.approx(wald[1], rel=1e-6)


def test_one_group_column_gives_the_gap() -> None:
    frame = data("org_given")
    design = DESIGNS["org_clu"]
    found = tk.regression(frame, "t01 ~ audience", design=design)
    gap = tk.gaps(frame, "t01", measure="mean", design=design, pairs=[("executive", "employee")]).iloc[0]
    assert [found.table["estimate"][1], found.table["std_error"][1]] == pytest.approx(
        [-gap["gap"], gap["std_error"]]
    )


def test_three_answers_and_two_groups_agree_with_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    frame = _made()
    found = tk.ordinal_regression(frame, "q ~ x")
    outcome = pd.Series(pd.Categorical(frame.q, ordered=True))
    other = OrderedModel(outcome, frame[["x"]], distr="logit").fit(method="bfgs", disp=False, gtol=1e-7)
    assert found.table["estimate"][0] == pytest.approx(other.params["x"], rel=1e-5)
    assert found.table["std_error"][0] == pytest.approx(other.bse["x"], rel=1e-4)


def test_parallel_slopes_hold_where_they_were_made_and_not_where_they_were_not() -> None:
    frame = _made(3000)
    assert tk.parallel_slopes_test(tk.ordinal_regression(frame, "q ~ x + g")).p_value > 0.01
    bent = frame.assign(q=np.where((frame.x > 0) & (frame.q == 2), 4, frame.q))
    found = tk.parallel_slopes_test(tk.ordinal_regression(bent, "q ~ x + g"))
    assert found.p_value < 1e-6
    assert found.df == 6


def test_reserved_codes_are_missing() -> None:
    frame = _made()
    coded = pd.Categorical(frame.g.where(frame.index % 7 > 0, "-3"), ["-3", "a", "b", "c"])
    found = tk.regression(frame.assign(g=coded), "y ~ g")
    assert found.nobs == (frame.index % 7 > 0).sum()
    assert found.table["term"].tolist() == ["Intercept", "g[T.b]", "g[T.c]"]


def test_replicates_are_refitted() -> None:
    frame = _made(120)
    names = []
    for at in range(20):
        left_out = frame.index % 20 == at
        frame[f"r{at}"] = np.where(left_out, 0.0, frame.w * 20 / 19)
        names.append(f"r{at}")
    replicates = tk.Replicates(tuple(names), kind="JK1", scale=19 / 20)
    found = tk.regression(frame, "y ~ x", family="binomial", design=tk.Design("w", replicates=replicates))
    linear = tk.regression(frame, "y ~ x", family="binomial", design=tk.Design("w"))
    assert found.table["estimate"].tolist() == pytest.approx(linear.table["estimate"].tolist())
    assert found.table["std_error"][1] == pytest.approx(linear.table["std_error"][1], rel=0.4)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.regression(f, "y x"), problem("syntax", "formula 'y x'")),
        (lambda f: tk.regression(f, "y ~ x + ("), problem("syntax", "formula 'y ~ x + ('")),
        (
            lambda f: tk.regression(f, "y ~ x + zz + ww"),
            problem("unknown-name", "formula 'y ~ x + zz + ww', ww")
            + problem("unknown-name", "formula 'y ~ x + zz + ww', zz"),
        ),
        (lambda f: tk.regression(f, "y ~ x", family="gamma"), problem("unsuited-item", "outcome of 'y ~ x'")),
        (
            lambda f: tk.regression(f, "q ~ x", family="binomial"),
            problem("unsuited-item", "outcome of 'q ~ x'"),
        ),
        (
            lambda f: tk.regression(f.assign(y=-f.y), "y ~ x", family="poisson"),
            problem("unsuited-item", "outcome of 'y ~ x'"),
        ),
        (lambda f: tk.regression(f, "g ~ x"), problem("unsuited-item", "outcome of 'g ~ x'")),
        (lambda f: tk.regression(f.assign(y=1), "y ~ x"), problem("no-variation", "formula 'y ~ x'")),
        (lambda f: tk.regression(f.assign(z=2 * f.x), "y ~ x + z"), problem("collinear", "column z")),
        (lambda f: tk.regression(f.assign(z=1), "y ~ z"), problem("no-variation", "column z")),
        (
            lambda f: tk.regression(f.head(3), "y ~ x + w + unit"),
            problem("too-few-answers", "formula 'y ~ x + w + unit'"),
        ),
        (lambda f: tk.ordinal_regression(f, "y ~ x"), problem("too-few", "outcome of 'y ~ x'")),
        (lambda f: tk.ordinal_regression(f, "x ~ w"), problem("unsuited-item", "outcome of 'x ~ w'")),
        (lambda f: tk.ordinal_regression(f, "q ~ 1"), problem("too-few", "formula 'q ~ 1'")),
        (lambda f: tk.ordinal_regression(f, "q ~ x", link="log"), problem("unknown-option", "link")),
        (
            lambda f: tk.ordinal_regression(f, "q ~ x", frequencies="zz"),
            problem("unknown-column", "frequencies, column zz"),
        ),
        (
            lambda f: tk.term_test(tk.regression(f, "y ~ x"), ["g", "h"]),
            problem("unknown-name", "term 'g'") + problem("unknown-name", "term 'h'"),
        ),
        (
            lambda f: tk.parallel_slopes_test(tk.ordinal_regression(f, "q ~ x", link="probit")),
            problem("unsuited-method", "model"),
        ),
    ],
)
def test_what_is_no_model_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_made())


def test_separated_answers_are_told_from_a_fit() -> None:
    frame = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1.0], "q": [1, 1, 2, 2, 3, 3], "x": [1, 2, 3, 4, 5, 6.0]})
    with pytest.raises(NotConverged, match="separate"):
        tk.regression(frame, "y ~ x", family="binomial")
    with pytest.raises(NotConverged, match="separate"):
        tk.ordinal_regression(frame, "q ~ x")


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("design", [None, tk.Design(weights="w")])
def test_a_group_that_never_says_so_has_no_finite_coefficient(family: Any, design: Any) -> None:
    # the deviance settles while the coefficient still runs off: errors of a design would then be tiny
    frame = pd.DataFrame({"y": [0.0] * 20 + [0.0, 1.0] * 10, "g": ["a"] * 20 + ["b"] * 20})
    with pytest.raises(NotConverged, match="separate the outcome"):
        tk.regression(frame.assign(w=np.linspace(1, 2, 40)), "y ~ g", family=family, design=design)


def test_an_offset_is_a_predictor_of_slope_one() -> None:
    frame = _made().assign(time=lambda f: np.exp(f.x), away=lambda f: f.x)
    plain = tk.regression(frame.assign(y=lambda f: f.y - f.away), "y ~ g")
    moved = tk.regression(frame, "y ~ g", offset="away")
    assert moved.table["estimate"].tolist() == close(plain.table["estimate"].tolist())
    assert moved.table["std_error"].tolist() == close(plain.table["std_error"].tolist())
    counts = tk.regression(frame, "q ~ 1", family="poisson", offset="away")
    assert np.exp(counts.table["estimate"][0]) == pytest.approx(frame.q.sum() / frame.time.sum())
    assert counts.deviance == pytest.approx(counts.null_deviance)


@pytest.mark.parametrize(
    ("offset", "refusal"),
    [
        ("awya", problem("unknown-column", "offset, column awya")),
        ("g", problem("not-a-number", "offset, column g")),
        ("far", problem("not-finite", "offset, column far")),
    ],
)
def test_an_offset_that_is_no_column_of_numbers_is_refused(offset: str, refusal: Refusal) -> None:
    frame = _made().assign(away=0.0, far=lambda f: np.where(f.index == 3, np.inf, 0.0))
    with pytest.raises(InvalidInput, check=refusal):
        tk.regression(frame, "y ~ x", offset=offset)


def test_r_squared_of_groups_is_about_the_mean_with_or_without_an_intercept() -> None:
    """R, about 0: summary(lm(y ~ 0 + g, d))$r.squared 0.97463768115942, glm(y ~ 0 + g)$null.deviance 46."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0, 4.0], "g": list("aabbb"), "x": [1.0, 3.0, 2.0, 5.0, 4.0]})
    without, with_one = tk.regression(frame, "y ~ 0 + g"), tk.regression(frame, "y ~ g")
    assert without.rsquared == pytest.approx(with_one.rsquared)
    about_zero = 1 - without.ssr / (frame["y"] ** 2).sum()
    assert about_zero == pytest.approx(0.97463768115942)
