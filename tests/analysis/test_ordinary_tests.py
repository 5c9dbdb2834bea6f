"""docs/methods/ordinary_tests.md: every line runs and returns the number of the R cases' call.

1. Each row's call runs.
2. Where the R cases have that test (tests/analysis/library.py), both give the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "ordinary_tests.md"
TEXT = PAGE.read_text("utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| `([^|]+)` \|", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def names() -> Any:
    """What the page's first example leaves in a notebook."""
    import pingouin

    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    before = pingouin.options["round.column.CI95"]
    there: dict[str, Any] = {}
    exec(compile(code, PAGE.name, "exec"), there)
    yield there
    pingouin.options["round.column.CI95"] = before


def _p(result: Any) -> list[float]:
    return [result.statistic, result.pvalue]


def _limits(result: Any) -> list[float]:
    return [float(one) for one in result]


def _same(found: Any) -> list[float]:
    return [found.statistic, found.p_value]


def _counts(n: dict[str, Any]) -> list[Any]:
    return [n[name] for name in ("x1", "n1", "x2", "n2")]


def _ends(found: Any) -> list[float]:
    return [found.conf_low, found.conf_high]


READ: dict[str, tuple[Callable[[Any], Any], Callable[[dict[str, Any]], Any]]] = {
    "`wilcox.test(a, b)`": (_p, lambda n: _same(library.mann_whitney(n["a"], n["b"]))),
    "`kruskal.test`": (_p, lambda n: _same(library.kruskal([n["a"], n["b"], n["c"]]))),
    "`ks.test`": (float, lambda n: library.kolmogorov_smirnov(n["a"], n["b"]).p_value),
    "Brunner–Munzel": (
        lambda r: [r.statistic, r.prob1],
        lambda n: [
            library.brunner_munzel(n["a"], n["b"]).statistic,
            np.mean(np.sign(np.subtract.outer(n["a"].to_numpy(), n["b"].to_numpy())) / 2 + 0.5),
        ],
    ),
    "`wilcox.test(paired = TRUE)`": (
        lambda r: r.pvalue,
        lambda n: library.wilcoxon_signed_rank(n["pairs"]["burnout"], n["pairs"]["flexible"]).p_value,
    ),
    "`cor.test`": (
        lambda r: r.pvalue,
        lambda n: library.correlation(n["pairs"]["burnout"], n["pairs"]["flexible"]).p_value,
    ),
    "`t.test(a, b)`": (_p, lambda n: _same(library.t_test(n["a"], n["b"]))),
    "`t.test(var.equal = TRUE)`": (
        _p,
        lambda n: _same(library.t_test(n["a"], n["b"], equal_variances=True)),
    ),
    "`t.test(a, mu = 3)`": (_p, lambda n: _same(library.t_test(n["a"], mu=3))),
    "Cohen's d": (float, lambda n: library.cohen_d(n["a"], n["b"]).d),
    "`aov`": (
        lambda r: r["PR(>F)"].iloc[0],
        lambda n: library.anova({"a": n["a"], "b": n["b"], "c": n["c"]})["p_value"].iloc[0],
    ),
    "`oneway.test`": (
        lambda r: r["p_unc"].iloc[0],
        lambda n: library.welch_anova([n["a"], n["b"], n["c"]]).p_value,
    ),
    "`TukeyHSD`": (
        lambda r: sorted(r.pvalues),
        lambda n: sorted(library.tukey([n["a"], n["b"], n["c"]])["p_adjusted"]),
    ),
    "`bartlett.test`": (_p, lambda n: _same(library.bartlett([n["a"], n["b"], n["c"]]))),
    "equivalence of means": (
        lambda r: r[0],
        lambda n: library.equivalence_of_means(n["a"], n["b"], margin=(-0.3, 0.3)).p_value,
    ),
    "Newcombe's interval": (_limits, lambda n: _ends(library.newcombe(*_counts(n)))),
    "Agresti and Caffo's": (_limits, lambda n: _ends(library.agresti_caffo(*_counts(n)))),
    "Wald's": (_limits, lambda n: _ends(library.wald_difference(*_counts(n)))),
    "`chisq.test` of two shares": (_p, lambda n: _same(library.chi_square_2x2(*_counts(n)))),
    "`prop.test(correct = FALSE)`": (
        lambda r: [r[0] ** 2, r[1]],
        lambda n: _same(library.prop_test(*_counts(n), correct=False)),
    ),
    "risk ratio (Katz)": (_limits, lambda n: _ends(library.risk_ratio(*_counts(n)))),
    "odds ratio (Woolf)": (_limits, lambda n: _ends(library.odds_ratio(*_counts(n)))),
    "`fisher.test`": (lambda r: r.pvalue, lambda n: library.fisher_exact(*_counts(n)).p_value),
    "its odds ratio": (_limits, lambda n: _ends(library.fisher_exact(*_counts(n)))),
    "`binom.test`": (_limits, lambda n: _ends(library.exact_binomial_test(n["x1"], n["n1"]))),
    "`prop.test(x, n, p)`": (
        lambda r: [r[0] ** 2, r[1]],
        lambda n: _same(library.score_test(n["x1"], n["n1"])),
    ),
    "equivalence of shares": (
        lambda r: r.pvalue,
        lambda n: library.equivalence_of_proportions(*_counts(n), margin=(-0.1, 0.1)).p_value,
    ),
    "`chisq.test`": (_p, lambda n: _same(library.chi_square(n["table"]))),
    "its residuals": (
        lambda r: np.ravel(r).tolist(),
        lambda n: np.ravel(library.chi_square(n["table"]).adjusted_residuals).tolist(),
    ),
    "`prop.trend.test`": (
        lambda r: r.slope,
        lambda n: (
            library.trend_test(
                *pd.DataFrame({"x": n["long"]["flexible"] >= 4, "by": n["long"]["burnout"]})
                .groupby("by")["x"]
                .agg(["sum", "count"])
                .to_numpy()
                .T
            ).estimate
        ),
    ),
    "`mcnemar.test`": (_p, lambda n: _same(library.mcnemar(n["square"]))),
    "`power.t.test(strict = TRUE)`": (float, lambda n: library.power_t_test(0.5, power=0.8).n),
    "`power.prop.test(strict = TRUE)`": (
        float,
        lambda n: library.power_proportions(0.5, 0.6, n=388).power,
    ),
    "`power.anova.test`": (
        lambda r: r / 3,
        lambda n: library.power_anova(3, between_variance=0.015, within_variance=1.0, power=0.8).n,
    ),
}
"""R's name on the page → the numbers of the call there, and of the call that the R cases run through."""


def test_the_page_has_a_row_for_every_test_of_the_r_cases() -> None:
    rows = [name for name, _ in ROWS]
    assert len(rows) == len(set(rows)) > 40
    assert set(READ) <= set(rows)


@pytest.mark.filterwarnings("ignore:.*inplace keyword:DeprecationWarning")  # in pingouin 0.7
@pytest.mark.parametrize(
    ("name", "call"),
    [pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] == "Boschloo" else []) for row in ROWS],
)
def test_every_line_of_the_page_returns_the_number_that_r_was_held_against(
    name: str, call: str, names: dict[str, Any]
) -> None:
    found = eval(compile(call, PAGE.name, "eval"), names)
    assert found is not None
    if name in READ:
        read, wanted = READ[name]
        assert read(found) == pytest.approx(wanted(names), rel=1e-8)
