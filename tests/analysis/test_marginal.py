"""Average marginal effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from toolkit import analysis as tk
from toolkit.errors import InvalidInput


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
    assert found["estimate"][:2].tolist() == pytest.approx(other.margeff[:2].tolist(), rel=1e-6)
    assert found["std_error"][:2].tolist() == pytest.approx(other.margeff_se[:2].tolist(), rel=1e-4)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_an_effect_is_the_mean_change_of_predictions_and_its_gradient_is_one(family: Any) -> None:
    frame, design = _frame(), tk.Design(weights="w", clusters="unit")
    model = tk.regression(frame, "y ~ x + g", family=family, design=design)
    found = tk.marginal_effects(model).set_index("term")
    inverse = {"gaussian": lambda e: e, "binomial": lambda e: 1 / (1 + np.exp(-e)), "poisson": np.exp}[family]
    beta = model.table["estimate"].to_numpy()

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
    errors = np.sqrt(np.diag(jacobian @ model.covariance @ jacobian.T))
    assert found["std_error"].tolist() == pytest.approx(errors.tolist(), rel=1e-4)


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


def test_an_interaction_has_no_effect_of_its_own() -> None:
    with pytest.raises(InvalidInput, match="interaction"):
        tk.marginal_effects(tk.regression(_frame(), "y ~ x * g", family="binomial"))
