"""A row of weight 0 is in no base: adding such rows changes no number of any weighted function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.test_missing_codes import _same
from tests.examples import examples
from toolkit import analysis as tk
from toolkit import weighting
from toolkit.analysis import Design

_SHARES = (
    "wilson", "wald", "logit", "beta", "jeffreys", "agresti-coull", "likelihood", "asin",
)  # fmt: skip
_GAPS = ("newcombe", "miettinen-nurminen", "agresti-caffo", "wald", "design-t")
_TABLES = ("F", "chi-square", "wald", "adjusted-wald", "saddlepoint")

Call = Callable[[pd.DataFrame, Design], Any]
CALLS: dict[str, Call] = {
    "proportions": lambda f, d: [
        tk.proportions(f, "q", by=by, design=d, method=one) for one in _SHARES for by in (None, "g")
    ],
    "means": lambda f, d: tk.means(f, ["q", "y"], by="g", design=d),
    "gaps": lambda f, d: [
        *(tk.gaps(f, "q", between="g", measure="1", design=d, method=one) for one in _GAPS),
        tk.gaps(f, "y", between="g", by="h", measure="mean", design=d),
    ],
    "estimate": lambda f, d: [
        tk.estimate(f, ["q", "y"], statistic=one, by="g", design=d)
        for one in ("mean", "total", "variance", "size")
    ],
    "contrast": lambda f, d: tk.contrast(tk.estimate(f, "y", by="g", design=d), "difference"),
    "ratios": lambda f, d: tk.ratios(f, {"r": ("y", "x")}, by="g", design=d),
    "quantiles": lambda f, d: [
        tk.quantiles(f, "y", by="g", design=d, interval=one) for one in ("mean", "beta", "score")
    ],
    "design_effects": lambda f, d: [
        tk.design_effects(f, "y", by="g", design=d, replacement=one) for one in (True, False)
    ],
    "banner": lambda f, d: tk.banner(f, "q", ["g", "h"], design=d, letters=True),
    "crosstab": lambda f, d: tk.crosstab(f, "g", "q", design=d),
    "independence": lambda f, d: [tk.independence(f, "g", "q", design=d, statistic=one) for one in _TABLES],
    "goodness_of_fit": lambda f, d: tk.goodness_of_fit(f, "g", {"a": 0.4, "b": 0.6}, design=d),
    "design_t_test": lambda f, d: [
        tk.design_t_test(f, "y", design=d),
        tk.design_t_test(f, "y", between="g", design=d),
    ],
    "design_rank_test": lambda f, d: [
        tk.design_rank_test(f, "y", between=one, design=d, ties="midrank") for one in ("g", "h")
    ],
    "regression": lambda f, d: [
        tk.regression(f, formula, family=family, design=d).table
        for family, formula in (("gaussian", "y ~ g + x"), ("binomial", "q ~ g"), ("poisson", "q ~ g"))
    ],
    "ordinal_regression": lambda f, d: tk.ordinal_regression(f, "k ~ g", design=d).table,
    "drivers": lambda f, d: tk.drivers(f, "y", ["x", "k"], seed=1, design=d, resamples=100),
    "kappa": lambda f, d: tk.kappa(f, "g2", "g", design=d),
    "weighted_alpha": lambda f, d: tk.weighted_alpha(f, ["y", "x"], design=d),
    "against_published": lambda f, d: tk.against_published(f, "q", 0.3, by="g", measure="1", design=d),
    "trend": lambda f, d: tk.trend(f, "q", wave="h", earlier="1", later="2", by="g", measure="1", design=d),
}
DESIGNS = {
    "weights": Design(weights="w"),
    "clusters": Design(weights="w", strata="st", clusters="team"),
    "domain df": Design(weights="w", clusters="team", df="domain"),
}


def _frames(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A sample, and the same with rows of weight 0: wild answers, in teams that were drawn anyhow."""
    rng = np.random.default_rng(seed)
    n, more = 80, 25
    place = np.arange(n + more)
    group = np.array(list("ab"))[rng.permutation(place % 2)]
    frame = pd.DataFrame(
        {
            "g": group,
            "g2": np.where(rng.random(n + more) < 0.2, "a", group),
            "h": np.array(list("12"))[rng.permutation(place % 2)],
            "q": rng.integers(0, 2, n + more).astype(float),
            "k": rng.integers(1, 5, n + more).astype(float),
            "x": rng.normal(3, 1, n + more),
            "team": place % 10,
            "st": place % 2,
            "w": rng.uniform(0.5, 4, n + more),
        }
    )
    frame["y"] = frame["x"] + rng.normal(size=n + more)
    frame.loc[rng.random(n + more) < 0.05, ["q", "y"]] = np.nan
    frame.loc[n:, "w"] = 0.0
    frame.loc[n:, "y"] *= 1000
    frame.loc[n : n + 3, "g"] = "z"  # nobody with a weight is
    frame.loc[n : n + 3, "h"] = "z"
    after = np.argsort(np.concatenate([np.arange(n), rng.integers(0, n, more)]), kind="stable")
    return frame.iloc[:n], frame.iloc[after].reset_index(drop=True)  # in between, the sample in its order


def _of_groups(result: Any) -> Any:
    """Without the rows of a group in which nobody has a weight."""
    if isinstance(result, list):
        return [_of_groups(one) for one in result]
    if isinstance(result, tk.Estimates):
        kept = [not name.endswith("z") for name in result.names]
        return [result.table[kept].reset_index(drop=True), result.covariance[np.ix_(kept, kept)]]
    if isinstance(result, pd.DataFrame):
        if "higher_than" in result:  # a group more moves the letters after it
            of = dict(zip(result["letter"], result["banner"] + " " + result["column"], strict=True))
            names = result["higher_than"].fillna("").map(lambda letters: [of[one] for one in letters])
            result = result.assign(higher_than=names.map("; ".join))
        text = [name for name in result if not pd.api.types.is_numeric_dtype(result[name])]
        of_z = np.zeros(len(result), dtype=bool)
        for name in text:
            of_z |= result[name].astype(str).isin(["z"]).to_numpy()
            if name == "contrast":
                of_z |= result[name].astype(str).str.endswith(", z").to_numpy()
        kept = result[~of_z].reset_index(drop=True)
        return kept.drop(columns=[one for one in ("letter", "family", "p_adjusted") if one in kept])
    return result


@pytest.mark.parametrize("name", CALLS)
@given(seed=st.integers(0, 2**32 - 1), design=st.sampled_from(list(DESIGNS)))
@settings(max_examples=examples(2))
def test_rows_of_weight_0_change_nothing(name: str, seed: int, design: str) -> None:
    sample, widened = _frames(seed)
    found, without = (_of_groups(CALLS[name](one, DESIGNS[design])) for one in (widened, sample))
    _same(found, without)


def test_a_likelihood_interval_does_not_count_rows_of_weight_0() -> None:
    """R: svyciprop(~q, svydesign(~1, weights = ~w, data = d[d$w > 0, ]), method = "likelihood")."""
    _, widened = _frames(3)
    inside = widened[widened["w"] > 0]
    design = Design(weights="w")
    found, without = (
        tk.proportions(one, "q", measure="1", design=design, method="likelihood").iloc[0]
        for one in (widened, inside)
    )
    columns = ["n", "effective_n", "std_error", "conf_low", "conf_high", "df"]
    assert found[columns].tolist() == pytest.approx(without[columns].tolist())


def test_weights_of_0_cost_nothing() -> None:
    weights = np.array([1.0, 1.0, 2.0, 4.0])
    widened = np.append(weights, [0.0, 0.0])
    assert weighting.design_effect(widened) == weighting.design_effect(weights)
    row, without = (weighting.diagnose(one).iloc[0] for one in (widened, weights))
    assert row["zeros"] == 2
    assert row.drop("zeros").tolist() == without.drop("zeros").tolist()
