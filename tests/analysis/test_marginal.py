"""Average marginal effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from toolkit import analysis as tk


def _frame(n: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(21)
    frame = pd.DataFrame(
        {"x": rng.normal(size=n), "z": rng.integers(0, 2, n), "g": rng.choice(list("abc"), n)}
    )
    hidden = 0.8 * frame.x + 0.5 * frame.z + (frame.g == "b") + rng.logistic(size=n)
    return frame.assign(y=(hidden > 0.4) * 1.0, w=rng.uniform(0.5, 2, n), unit=rng.integers(0, 50, n))


def test_effects_and_errors_agree_with_statsmodels() -> None:
    import statsmodels.api as sm

    frame = _frame()
    found = tk.marginal_effects(tk.regression(frame, "y ~ x + z + g", family="binomial"))
    columns = pd.DataFrame({"x": frame.x, "z": frame.z, "b": frame.g == "b", "c": frame.g == "c"})
    fit = sm.Logit(frame.y, sm.add_constant(columns.astype(float))).fit(disp=False)
    other = fit.get_margeff(dummy=True)
    # statsmodels lets the other dummies of a category stay as they are; only x and z are the same there.
    found = found.set_index("term").loc[["x", "z"]]
    assert found["estimate"].tolist() == pytest.approx(other.margeff[:2].tolist(), rel=1e-6)
    assert found["std_error"].tolist() == pytest.approx(other.margeff_se[:2].tolist(), rel=1e-4)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_an_effect_is_the_mean_change_of_predictions_and_its_gradient_is_one(family: Any) -> None:
    frame, design = _frame(), tk.Design(weights="w", clusters="unit")
    model = tk.regression(frame, "y ~ x + g", family=family, design=design)
    found = tk.marginal_effects(model).set_index("term")
    inverse = {"gaussian": lambda e: e, "binomial": lambda e: 1 / (1 + np.exp(-e)), "poisson": np.exp}[family]
    names = ["Intercept", "x", "g[T.b]", "g[T.c]"]
    beta = model.params[names].to_numpy()

    def effects(at: np.ndarray) -> np.ndarray:
        base = at[0] + at[1] * frame.x
        step = [np.average(inverse(base + at[k]) - inverse(base), weights=frame.w) for k in (2, 3)]
        eta = base + at[2] * (frame.g == "b") + at[3] * (frame.g == "c")
        slope = np.average(
            (inverse(eta + 1e-5 * at[1]) - inverse(eta - 1e-5 * at[1])) / 2e-5, weights=frame.w
        )
        return np.array([slope, *step])

    assert found.loc[["x", "g[b]", "g[c]"], "estimate"].tolist() == pytest.approx(effects(beta).tolist())
    jacobian = np.column_stack([(effects(beta + h) - effects(beta - h)) / 2e-4 for h in np.eye(4) * 1e-4])
    errors = np.sqrt(np.diag(jacobian @ model.cov_params().loc[names, names].to_numpy() @ jacobian.T))
    assert found.loc[["x", "g[b]", "g[c]"], "std_error"].tolist() == pytest.approx(errors.tolist(), rel=1e-4)


def test_without_other_predictors_the_effect_is_the_gap() -> None:
    frame, design = _frame(), tk.Design(weights="w")
    model = tk.regression(frame, "y ~ g", family="binomial", design=design)
    found = tk.marginal_effects(model).set_index("term").loc["g[b]"]
    gap = tk.gaps(frame, "y", between="g", pairs=[("b", "a")], measure="mean", design=design).iloc[0]
    assert [found["estimate"], found["std_error"]] == pytest.approx([gap["gap"], gap["std_error"]], rel=1e-6)


def test_the_order_of_rows_changes_nothing() -> None:
    frame = _frame()
    there, back = (
        tk.marginal_effects(tk.regression(one, "y ~ x + z + g", family="binomial"))
        for one in (frame, frame.sample(frac=1, random_state=1))
    )
    assert there["std_error"].tolist() == pytest.approx(back["std_error"].tolist())


@pytest.mark.parametrize(
    "right",
    ["x * g", "np.exp(x / 4) + g", "bs(x, df=4) + g", "x + I(x**2)", "center(x) * C(g, Treatment('c'))"],
)
def test_an_effect_counts_interactions_and_whatever_the_formula_makes_of_a_column(right: str) -> None:
    frame, design = _frame(), tk.Design(weights="w")
    model = tk.regression(frame, f"y ~ {right}", family="binomial", design=design)
    found = tk.marginal_effects(model).set_index("term")
    step = frame[["x", "g"]]
    xs = [(frame.x + by).clip(frame.x.min(), frame.x.max()) for by in (1e-5, -1e-5)]
    up, down = (model.predict(step.assign(x=x)) for x in xs)
    assert found.at["x", "estimate"] == pytest.approx(
        np.average((up - down) / (xs[0] - xs[1]), weights=frame.w), rel=1e-5
    )
    if "g" in right:
        to, away = (model.predict(step.assign(g=one)) for one in "ba")
        assert found.at["g[b]", "estimate"] == pytest.approx(np.average(to - away, weights=frame.w))


def test_effects_of_an_ordered_model_sum_to_nothing_over_its_answers() -> None:
    frame = _frame()
    frame["q"] = np.digitize(
        frame.x + (frame.g == "b") + np.random.default_rng(3).logistic(size=500), [-1, 1]
    )
    model = tk.ordinal_regression(frame, "q ~ x + g", design=tk.Design(weights="w", clusters="unit"))
    found = tk.marginal_effects(model)
    assert found["response"].tolist()[:3] == ["0", "1", "2"]
    assert found.groupby("term")["estimate"].sum().tolist() == pytest.approx([0] * 3, abs=1e-9)
    shares = [np.average(model.predict(frame.assign(g=one)), axis=0, weights=frame.w) for one in "ba"]
    assert found.set_index("term").loc["g[b]", "estimate"].tolist() == pytest.approx(
        (shares[0] - shares[1]).tolist()
    )
