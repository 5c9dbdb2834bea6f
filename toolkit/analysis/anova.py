"""Means of several groups: analysis of variance, Welch's, Tukey's pairs, Bartlett's test of variances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, chdtri, fdtrc, gammaincinv, gammaln, ndtr, roots_legendre

from toolkit.analysis.plain import is_constant
from toolkit.analysis.results import Test
from toolkit.analysis.t_tests import sample_of
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["anova", "bartlett", "tukey", "welch_anova"]

Array = npt.NDArray[np.float64]
_TINY = 1e-17
Samples: TypeAlias = Mapping[str, Numbers] | Sequence[Numbers]


@typed
def anova(groups: Samples) -> pd.DataFrame:
    """One-way analysis of variance, as R's `summary(aov(y ~ group))`.

    Parameters
    ----------
    groups
        Two or more samples, named or in order; missing values are left out.

    Returns
    -------
    pandas.DataFrame
        Rows "between" and "within" with columns source, df, sum_squares, mean_square, statistic (F),
        p_value; the last two are NA within.

    Raises
    ------
    InvalidInput
        Where there are fewer than two groups, a group has no answer, or no group varies.

    Examples
    --------
    >>> round(float(anova([[1, 2, 3], [4, 5, 6]])["statistic"][0]), 4)
    13.5
    """
    _, samples = _samples(groups, "anova", least=1)
    n, means = _sizes(samples)
    total = n.sum()
    between = float((n * (means - (n * means).sum() / total) ** 2).sum())
    within = float(sum(((one - one.mean()) ** 2).sum() for one in samples))
    df, rest = len(samples) - 1.0, total - len(samples)
    f = (between / df) / (within / rest)
    return pd.DataFrame(
        {
            "source": pd.array(["between", "within"], dtype="str"),
            "df": [df, rest],
            "sum_squares": [between, within],
            "mean_square": [between / df, within / rest],
            "statistic": [f, np.nan],
            "p_value": [float(fdtrc(df, rest, f)), np.nan],
        }
    )


@typed
def welch_anova(groups: Samples) -> Test:
    """Welch's analysis of variance, which lets groups vary unequally, as R's `oneway.test`.

    Returns
    -------
    Test
        `df` is a pair: of the numerator and of the denominator.

    Examples
    --------
    >>> round(welch_anova([[1, 2, 3], [4, 5, 6]]).statistic, 4)
    13.5
    """
    _, samples = _samples(groups, "welch_anova", each_varies=True)
    n, means, variances = _moments(samples)
    k, w = len(samples), n / variances
    apart = float((w * (means - (w * means).sum() / w.sum()) ** 2).sum()) / (k - 1)
    lost = float(((1 - w / w.sum()) ** 2 / (n - 1)).sum()) / (k**2 - 1)
    f, df = apart / (1 + 2 * (k - 2) * lost), (k - 1.0, 1 / (3 * lost))
    return Test(f, float(fdtrc(*df, f)), "one-way analysis of means, unequal variances", df)


@typed
def bartlett(groups: Samples) -> Test:
    """Bartlett's test that groups vary equally, as R's `bartlett.test`; sensitive to skewed answers.

    Examples
    --------
    >>> bartlett([[1, 2, 3], [4, 6, 8]]).df
    1.0
    """
    _, samples = _samples(groups, "bartlett", each_varies=True)
    n, _, variances = _moments(samples)
    k, rest = len(samples), n.sum() - len(samples)
    pooled = ((n - 1) * variances).sum() / rest
    inside = rest * np.log(pooled) - ((n - 1) * np.log(variances)).sum()
    statistic = float(inside / (1 + ((1 / (n - 1)).sum() - 1 / rest) / (3 * (k - 1))))
    return Test(
        statistic, float(chdtrc(k - 1, statistic)), "Bartlett's test of equal variances", k - 1.0, symbol="χ²"
    )


@typed
def tukey(groups: Samples, *, level: float = 0.95) -> pd.DataFrame:
    """Every pair of means with Tukey's honest significant difference, as R's `TukeyHSD(aov(…))`.

    Parameters
    ----------
    groups
        Two or more samples, named or in order.
    level
        Level at which all intervals together hold.

    Returns
    -------
    pandas.DataFrame
        Columns group_a, group_b, difference (a − b), conf_low, conf_high, p_adjusted.

    Notes
    -----
    Tukey–Kramer where groups are of unequal size. The distribution of the studentised range is
    integrated by Gauss–Legendre.

    Examples
    --------
    >>> round(float(tukey({"x": [1, 2, 3], "y": [4, 5, 6]})["p_adjusted"][0]), 4)
    0.0213
    """
    if not 0 < level < 1:
        raise InvalidInput(
            "tukey", [Problem("out-of-range", "level", f"is {level}", "give a fraction between 0 and 1")]
        )
    names, samples = _samples(groups, "tukey", least=1)
    n, means = _sizes(samples)
    df = n.sum() - len(samples)
    pooled = float(sum(((one - one.mean()) ** 2).sum() for one in samples) / df)
    a, b = np.triu_indices(len(samples), 1)
    apart, error = means[a] - means[b], np.sqrt(pooled / 2 * (1 / n[a] + 1 / n[b]))
    reach = _range_quantile(1 - level, len(samples), float(df)) * error
    p = [_range_upper(float(q), len(samples), float(df)) for q in np.abs(apart) / error]
    named = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "group_a": pd.array(list(named[a]), dtype="str"),
            "group_b": pd.array(list(named[b]), dtype="str"),
            "difference": apart,
            "conf_low": apart - reach,
            "conf_high": apart + reach,
            "p_adjusted": p,
        }
    )


def _range_upper(q: float, k: int, df: float) -> float:
    """Chance that the studentised range of k means exceeds q."""
    low = np.sqrt(2 * gammaincinv(df / 2, _TINY) / df)
    high = np.sqrt(chdtri(df, _TINY) / df)
    s, weight = _panels(float(low), float(high), 8)
    log_density = (
        np.log(2) + df / 2 * np.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(s) - df * s * s / 2
    )
    above = 1 - _range_below(q * s, k)
    return float(np.clip((np.exp(log_density) * weight * above).sum(), 0, 1))


def _range_below(w: Array, k: int) -> Array:
    """Chance that the range of k standard normals is at most w: k ∫ φ(z) [Φ(z) − Φ(z − w)]^(k−1) dz."""
    z, weight = _panels(-8.5, 8.5, 12)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * weight
    inside = ndtr(z)[:, None] - ndtr(z[:, None] - w[None, :])
    value: Array = k * (density[:, None] * np.maximum(inside, 0.0) ** (k - 1)).sum(axis=0)
    return np.minimum(value, 1.0)


def _range_quantile(tail: float, k: int, df: float) -> float:
    from scipy.optimize import brentq

    high = 4.0
    while _range_upper(high, k, df) > tail:
        high *= 2
    return float(brentq(lambda q: _range_upper(q, k, df) - tail, 0.0, high, xtol=1e-12, rtol=1e-12))


def _panels(low: float, high: float, panels: int) -> tuple[Array, Array]:
    """Gauss–Legendre points and weights over equal panels."""
    x, w = roots_legendre(16)
    width = (high - low) / panels
    middles = low + width * (np.arange(panels) + 0.5)
    return (middles[:, None] + width / 2 * x).ravel(), np.tile(width / 2 * w, panels)


def _samples(
    groups: Samples, what: str, *, each_varies: bool = False, least: int = 2
) -> tuple[list[str], list[Array]]:
    """Names and values, refusing what no variance can be made from."""
    named = (
        groups.items() if isinstance(groups, Mapping) else ((str(at), one) for at, one in enumerate(groups))
    )
    names: list[str] = []
    samples: list[Array] = []
    problems: list[Problem] = []
    for name, values in named:
        try:
            samples.append(sample_of(f"group {name}", values, least=least))
            names.append(str(name))
        except InvalidInput as error:
            problems.extend(error.problems)
    if not problems and len(samples) < 2:
        problems.append(Problem("too-few", "groups", "are fewer than two", "give at least two"))
    flat = [name for name, one in zip(names, samples, strict=True) if is_constant(one)]
    if flat and (each_varies or len(flat) == len(samples)):
        said = "gave the same answer throughout, so no variance can be estimated"
        problems += [Problem("no-variation", f"group {name}", said, "leave it out") for name in flat]
    if problems:
        raise InvalidInput(what, problems)
    return names, samples


def _sizes(samples: list[Array]) -> tuple[Any, Any]:
    return np.array([float(one.size) for one in samples]), np.array([one.mean() for one in samples])


def _moments(samples: list[Array]) -> tuple[Any, Any, Any]:
    n = np.array([float(one.size) for one in samples])
    return n, np.array([one.mean() for one in samples]), np.array([one.var(ddof=1) for one in samples])
