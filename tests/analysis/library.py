"""Ordinary tests of plain samples by scipy, statsmodels and pingouin, as on docs/methods/ordinary_tests.md.

The R cases of simple samples run through these calls. What R reports beside a library's result (a statistic
on another scale, an interval with a continuity correction) is one formula here and on the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pingouin as pg
import statsmodels.formula.api as smf
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln
from statsmodels.stats import contingency_tables as tables
from statsmodels.stats import proportion as sm
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multicomp import pairwise_tukeyhsd
from statsmodels.stats.nonparametric import rank_compare_2indep
from statsmodels.stats.power import FTestAnovaPower, TTestIndPower, TTestPower
from statsmodels.stats.weightstats import ttost_ind

Counts = tuple[Any, Any, Any, Any]


def found(statistic: Any = None, p_value: Any = None, df: Any = None, **more: Any) -> SimpleNamespace:
    """A result by the names that the R cases are read with."""
    names = dict.fromkeys(("estimate", "conf_low", "conf_high", "std_error"))
    return SimpleNamespace(**(names | {"statistic": statistic, "p_value": p_value, "df": df} | more))


def known(values: Any) -> Any:
    """The values that are there."""
    return pd.Series(np.asarray(values, dtype=float)).dropna().to_numpy()


def _limits(interval: Any) -> dict[str, float]:
    return {"conf_low": float(interval[0]), "conf_high": float(interval[1])}


# ranks


def mann_whitney(
    a: Any, b: Any, *, exact: bool = False, correct: bool = True, level: float = 0.95
) -> SimpleNamespace:
    a, b = known(a), known(b)
    if not exact:
        test = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=correct)
        return found(test.statistic, test.pvalue)
    test = stats.mannwhitneyu(a, b, method="exact")
    shifts = np.sort(np.subtract.outer(a, b).ravel())
    between = (shifts[1:] + shifts[:-1]) / 2
    p = [stats.mannwhitneyu(a - s, b, alternative="greater", method="exact").pvalue for s in between]
    at = int(np.argmax(np.array(p) >= (1 - level) / 2))
    limits = _limits((shifts[at], shifts[-1 - at]))
    return found(test.statistic, test.pvalue, estimate=np.median(shifts), **limits)


def wilcoxon_signed_rank(a: Any, b: Any, *, correct: bool = True) -> SimpleNamespace:
    apart = known(np.asarray(a, dtype=float) - np.asarray(b, dtype=float))
    test = stats.wilcoxon(apart, correction=correct, method="asymptotic")
    above = stats.wilcoxon(apart, alternative="greater", method="asymptotic").statistic
    return found(above, test.pvalue)


def kruskal(groups: Any) -> SimpleNamespace:
    samples = [known(one) for one in groups]
    test = stats.kruskal(*samples)
    return found(
        test.statistic,
        test.pvalue,
        len(samples) - 1.0,
        estimate=test.statistic / (sum(map(len, samples)) - 1),
    )


def friedman(table: Any) -> SimpleNamespace:
    test = stats.friedmanchisquare(*np.asarray(table, dtype=float).T)
    return found(test.statistic, test.pvalue, np.shape(table)[1] - 1.0)


def kolmogorov_smirnov(a: Any, b: Any) -> SimpleNamespace:
    a, b = known(a), known(b)
    d, size = stats.ks_2samp(a, b, method="asymp").statistic, len(a) * len(b) / (len(a) + len(b))
    return found(d, stats.kstwobign.sf(d * math.sqrt(size)))


def brunner_munzel(a: Any, b: Any) -> SimpleNamespace:
    test = rank_compare_2indep(known(a), known(b))
    return found(
        test.statistic, test.pvalue, test.df, estimate=test.prob1, **_limits(test.conf_int(alpha=0.05))
    )


def correlation(a: Any, b: Any, *, method: str = "pearson") -> SimpleNamespace:
    pair = pd.DataFrame({"a": np.asarray(a, dtype=float), "b": np.asarray(b, dtype=float)}).dropna()
    n = len(pair)
    if method == "kendall":
        tau = stats.kendalltau(pair["a"], pair["b"], method="asymptotic")
        z = math.copysign(stats.norm.isf(tau.pvalue / 2), tau.statistic)
        return found(z, tau.pvalue, estimate=tau.statistic)
    if method == "spearman":
        rho = stats.spearmanr(pair["a"], pair["b"])
        return found((n**3 - n) * (1 - rho.statistic) / 6, rho.pvalue, estimate=rho.statistic)
    r = stats.pearsonr(pair["a"], pair["b"])
    t = r.statistic * math.sqrt((n - 2) / (1 - r.statistic**2)) if abs(r.statistic) < 1 else math.inf
    limits = _limits(r.confidence_interval()) if n > 3 else {}
    return found(t, r.pvalue, n - 2.0, estimate=r.statistic, **limits)


# means


def t_test(
    a: Any,
    b: Any = None,
    *,
    mu: float = 0.0,
    paired: bool = False,
    equal_variances: bool = False,
    alternative: Any = "two-sided",
    level: float = 0.95,
) -> SimpleNamespace:
    if b is None:
        test = stats.ttest_1samp(known(a), mu, alternative=alternative)
        estimate = known(a).mean()
    elif paired:
        test = stats.ttest_rel(
            np.asarray(a, dtype=float), np.asarray(b, dtype=float), nan_policy="omit", alternative=alternative
        )
        estimate = known(np.asarray(a, dtype=float) - np.asarray(b, dtype=float)).mean()
    else:
        test = stats.ttest_ind(known(a), known(b), equal_var=equal_variances, alternative=alternative)
        estimate = known(a).mean() - known(b).mean()
    limits = _limits(test.confidence_interval(level))
    return found(float(test.statistic), float(test.pvalue), float(test.df), estimate=estimate, **limits)


def cohen_d(a: Any, b: Any) -> SimpleNamespace:
    a, b = known(a), known(b)
    d, df = pg.compute_effsize(a, b, eftype="cohen"), len(a) + len(b) - 2
    exact = math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) * math.sqrt(2 / df)
    return SimpleNamespace(
        d=d,
        hedges_g=d * exact,
        hedges_g_approximate=pg.compute_effsize(a, b, eftype="hedges"),
        sd_pooled=(a.mean() - b.mean()) / d,
    )


def long(groups: Any) -> pd.DataFrame:
    """Samples one below the other: answer and group."""
    named = groups.items() if isinstance(groups, Mapping) else enumerate(groups)
    parts = [pd.DataFrame({"y": known(values), "group": str(name)}) for name, values in named]
    return pd.concat(parts, ignore_index=True)


def anova(groups: Any) -> pd.DataFrame:
    table = anova_lm(smf.ols("y ~ C(group)", long(groups)).fit())
    names = {"sum_sq": "sum_squares", "mean_sq": "mean_square", "F": "statistic", "PR(>F)": "p_value"}
    return table.rename(columns=names).reset_index(drop=True)


def welch_anova(groups: Any) -> SimpleNamespace:
    row = pg.welch_anova(long(groups), dv="y", between="group").iloc[0]
    return found(row["F"], row["p_unc"], (row["ddof1"], row["ddof2"]))


def bartlett(groups: Any) -> SimpleNamespace:
    samples = [one["y"].to_numpy() for _, one in long(groups).groupby("group")]
    test = stats.bartlett(*samples)
    return found(test.statistic, test.pvalue, len(samples) - 1.0)


def tukey(groups: Any, *, level: float = 0.95) -> pd.DataFrame:
    """Pairs a − b in the order given."""
    frame = long(groups)
    names = list(dict.fromkeys(frame["group"]))
    order = frame["group"].map(names.index)
    test = pairwise_tukeyhsd(frame["y"], order, alpha=1 - level)
    return pd.DataFrame(
        {
            "group_a": [names[at] for at in test.groupsunique[test._multicomp.pairindices[0]]],
            "group_b": [names[at] for at in test.groupsunique[test._multicomp.pairindices[1]]],
            "difference": -test.meandiffs,
            "conf_low": -test.confint[:, 1],
            "conf_high": -test.confint[:, 0],
            "p_adjusted": test.pvalues,
        }
    )


# shares


def newcombe(*counts: Any, level: float = 0.95) -> SimpleNamespace:
    return _difference(counts, "newcomb", level)


def agresti_caffo(*counts: Any, level: float = 0.95) -> SimpleNamespace:
    limits = _difference(counts, "agresti-caffo", level)
    limits.estimate = (np.asarray(limits.conf_low) + np.asarray(limits.conf_high)) / 2
    return limits


def wald_difference(*counts: Any, level: float = 0.95) -> SimpleNamespace:
    limits = _difference(counts, "wald", level)
    reach = np.asarray(limits.conf_high) - np.asarray(limits.conf_low)
    limits.std_error = reach / (2 * stats.norm.isf((1 - level) / 2))
    return limits


def _difference(counts: Any, method: str, level: float) -> SimpleNamespace:
    x1, n1, x2, n2 = map(np.asarray, counts)
    low, high = sm.confint_proportions_2indep(x1, n1, x2, n2, method=method, alpha=1 - level)
    return found(estimate=x1 / n1 - x2 / n2, conf_low=low, conf_high=high)


def risk_ratio(*counts: Any, level: float = 0.95) -> SimpleNamespace:
    x1, n1, x2, n2 = counts
    ratio = stats.contingency.relative_risk(x1, n1, x2, n2)
    limits = ratio.confidence_interval(level)
    error = math.log(limits.high / limits.low) / (2 * stats.norm.isf((1 - level) / 2))
    return found(estimate=ratio.relative_risk, std_error=error, **_limits(limits))


def odds_ratio(*counts: Any, level: float = 0.95) -> SimpleNamespace:
    table = tables.Table2x2(table_of(*counts), shift_zeros=False)
    return found(
        estimate=table.oddsratio,
        std_error=table.log_oddsratio_se,
        **_limits(table.oddsratio_confint(1 - level)),
    )


def table_of(x1: Any, n1: Any, x2: Any, n2: Any) -> list[list[Any]]:
    """Two groups as rows, yes and no as columns."""
    return [[x1, n1 - x1], [x2, n2 - x2]]


def pooled_z(*counts: Any) -> SimpleNamespace:
    x1, n1, x2, n2 = counts
    return found(*sm.proportions_ztest([x1, x2], [n1, n2]))


def prop_test(*counts: Any, correct: bool = True, level: float = 0.95) -> SimpleNamespace:
    x1, n1, x2, n2 = counts
    test = chi_square(table_of(*counts), correct=correct)
    limits = wald_difference(*counts, level=level)
    apart, inverse = x1 / n1 - x2 / n2, 1 / n1 + 1 / n2
    yates = min(0.5, abs(apart) / inverse) * inverse if correct else 0.0
    test.estimate = apart
    test.conf_low, test.conf_high = (
        max(limits.conf_low - yates, -1.0),
        min(limits.conf_high + yates, 1.0),
    )
    return test


def chi_square_2x2(*counts: Any, correct: bool = True) -> SimpleNamespace:
    return chi_square(table_of(*counts), correct=correct)


def chi_square(table: Any, *, correct: bool = False) -> SimpleNamespace:
    counts = np.asarray(table, dtype=float)
    if (counts.sum(axis=0) == 0).any():
        return found(math.nan, math.nan, 1.0)  # scipy raises; R returns NaN
    test = stats.chi2_contingency(counts, correction=correct)
    parts = tables.Table(counts, shift_zeros=False)
    return found(
        test.statistic,
        test.pvalue,
        float(test.dof),
        n=counts.sum(),
        expected=test.expected_freq,
        residuals=np.asarray(parts.resid_pearson),
        adjusted_residuals=np.asarray(parts.standardized_resids),
        cramers_v=stats.contingency.association(np.asarray(table, dtype=int), "cramer"),
    )


def cohen_h(p1: Any, p2: Any) -> Any:
    return sm.proportion_effectsize(p1, p2)


def exact_binomial_test(
    x: int, n: int, *, p: float = 0.5, alternative: Any = "two-sided", level: float = 0.95
) -> SimpleNamespace:
    test = stats.binomtest(x, n, p, alternative)
    return found(x, test.pvalue, estimate=x / n, **_limits(test.proportion_ci(level)))


def score_test(
    x: int,
    n: int,
    *,
    p: float = 0.5,
    correct: bool = False,
    alternative: Any = "two-sided",
    level: float = 0.95,
) -> SimpleNamespace:
    side = {"less": "smaller", "greater": "larger"}.get(alternative, alternative)
    yates = min(0.5, abs(x - n * p)) if correct else 0.0
    z, p_value = sm.proportions_ztest(x - math.copysign(yates, x - n * p), n, p, side, prop_var=p)
    way = "wilsoncc" if yates == 0.5 else "wilson"
    limits = stats.binomtest(x, n, p, alternative).proportion_ci(level, way)
    return found(z**2, p_value, 1.0, estimate=x / n, **_limits(limits))


def fisher_exact(
    x1: int, n1: int, x2: int, n2: int, *, alternative: Any = "two-sided", level: float = 0.95
) -> SimpleNamespace:
    table = table_of(x1, n1, x2, n2)
    odds = stats.contingency.odds_ratio(table)
    limits = odds.confidence_interval(level, alternative)
    p = stats.fisher_exact(table, alternative).pvalue
    return found(None, p, estimate=odds.statistic, **_limits(limits))


# tables


def trend_test(x: Any, n: Any) -> SimpleNamespace:
    x, n = np.asarray(x, dtype=int), np.asarray(n, dtype=int)
    score = np.repeat(np.arange(len(n)), n)
    said = np.concatenate([np.arange(size) < hits for hits, size in zip(x, n, strict=True)]).astype(float)
    line = stats.linregress(score, said)
    statistic = line.rvalue**2 * len(said)
    return found(statistic, stats.chi2.sf(statistic, 1), 1.0, estimate=line.slope)


def mcnemar(table: Any, *, correct: bool = True, exact: bool = False) -> SimpleNamespace:
    counts = np.asarray(table)
    if counts.shape != (2, 2):
        test = tables.SquareTable(counts, shift_zeros=False).symmetry()
        return found(test.statistic, test.pvalue, float(test.df))
    # statsmodels corrects equal counts too, away from 0
    correct = correct and counts[0, 1] != counts[1, 0]
    test = tables.mcnemar(counts, exact=exact, correction=correct)
    return found(test.statistic, test.pvalue, 1.0)


# equivalence


def equivalence_of_means(
    a: Any, b: Any, *, margin: tuple[float, float], equal_variances: bool = False
) -> SimpleNamespace:
    a, b = known(a), known(b)
    usevar = "pooled" if equal_variances else "unequal"
    p, low, high = ttost_ind(a, b, *margin, usevar=usevar)
    plain = t_test(a, b, equal_variances=equal_variances, level=0.9)
    return _tost(p, low, high, plain.estimate, (plain.conf_low, plain.conf_high), df=low[2])


def equivalence_of_proportions(*counts: Any, margin: tuple[float, float]) -> SimpleNamespace:
    test = sm.tost_proportions_2indep(*counts, *margin, method="wald")
    low, high = ((one.statistic, one.pvalue) for one in (test.results_larger, test.results_smaller))
    plain = wald_difference(*counts, level=0.9)
    limits = (plain.conf_low, plain.conf_high)
    return _tost(test.pvalue, low, high, plain.estimate, limits, std_error=plain.std_error)


def _tost(p: Any, low: Any, high: Any, estimate: Any, limits: Any, **more: Any) -> SimpleNamespace:
    sides = {"statistic_low": low[0], "p_low": low[1], "statistic_high": high[0], "p_high": high[1]}
    return found(None, p, estimate=estimate, **sides, **_limits(limits), **more)


# power


def power_t_test(
    difference: float | None = None,
    *,
    sd: float = 1.0,
    n: float | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    kind: str = "two-sample",
) -> SimpleNamespace:
    test = TTestIndPower() if kind == "two-sample" else TTestPower()
    name = "nobs1" if kind == "two-sample" else "nobs"
    effect = None if difference is None else difference / sd
    given = {"effect_size": effect, name: n, "power": power, "alpha": alpha}
    if power is None and effect * math.sqrt(n / 2) > 10:
        return SimpleNamespace(n=n, effect=difference, power=1.0)  # scipy's noncentral t is NaN there
    value = test.solve_power(**given)
    (missing,) = (key for key, one in given.items() if one is None)
    solved = given | {missing: float(value)}
    return SimpleNamespace(n=solved[name], effect=solved["effect_size"] * sd, power=solved["power"])


def power_proportions(
    p_a: float,
    p_b: float | None = None,
    *,
    n: float | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> SimpleNamespace:
    side = "larger" if alternative == "one-sided" else alternative

    def chance(size: float, other: float) -> float:
        apart, least = abs(p_a - other), min(p_a, other)
        return sm.power_proportions_2indep(
            apart, least, size, alpha=alpha, alternative=side, return_results=False
        )

    if n is None:
        n = brentq(lambda size: chance(size, p_b) - power, 2, 1e7, xtol=1e-12)
    elif p_b is None:
        p_b = brentq(lambda other: chance(n, other) - power, p_a + 1e-9, 1 - 1e-9, xtol=1e-14)
    return SimpleNamespace(n=n, effect=p_b - p_a, power=chance(n, p_b))


def power_anova(
    groups: int,
    *,
    between_variance: float,
    within_variance: float,
    n: float | None = None,
    power: float | None = None,
) -> SimpleNamespace:
    effect = math.sqrt((groups - 1) / groups * between_variance / within_variance)
    total = None if n is None else n * groups
    value = FTestAnovaPower().solve_power(effect, total, 0.05, power, k_groups=groups)
    found_n, found_power = (value / groups, power) if n is None else (n, value)
    return SimpleNamespace(n=float(found_n), effect=between_variance, power=found_power)
