"""The rows of a gap table: pairs of audiences, the engine, adjustment and verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln, ndtri, stdtr

from toolkit.analysis.answers import levels_of
from toolkit.analysis.contract import GAP_STATISTICS, gap_columns, tidy
from toolkit.analysis.intervals import quantile
from toolkit.analysis.power import detectable_gap
from toolkit.analysis.tables import fisher_p
from toolkit.analysis.two_proportions import (
    agresti_caffo_limits,
    cohen_h,
    miettinen_nurminen_limits,
    newcombe_limits,
    pooled_statistic,
    wald_error,
)
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names

# Rounding, the same wherever a number is written.


def rounded(value: float, digits: int = 0) -> float:
    """Round half away from zero, as people do on paper.

    Noise of binary fractions is removed first (0.285 × 100 is 28.499…, and is meant as 28.5).

    Examples
    --------
    >>> rounded(28.499999999999996), rounded(-2.5), rounded(0.125, 2)
    (29.0, -3.0, 0.13)
    """
    scaled = round(abs(float(value)) * 10**digits, 9)
    whole = math.floor(scaled + 0.5)
    result = math.copysign(whole / 10**digits, value)
    return result + 0.0 if result else 0.0


# Verdicts on gaps, generated from codes.


VERDICTS = {
    "gap": "a gap of {gap} {unit} ({low} to {high})",
    "similar": "views are similar to within {margin} {unit}",
    "likely": "a difference is likely; its practical size is uncertain",
    "undecided": "this survey cannot tell; only gaps of about {detectable} {unit} would show",
    "too_few": "this survey cannot tell; with so few answers no gap would show",
    "not_computed": "no comparison could be made",
    "not_comparable": "not comparable",
}
"""Code of a verdict → its sentence."""


@typed
def verdict(
    gap: float,
    conf_low: float,
    conf_high: float,
    *,
    margin: float = 0.10,
    detectable: float = math.nan,
    unit: str = "points",
) -> str:
    """Classify what an interval shows.

    Parameters
    ----------
    gap, conf_low, conf_high
        The difference and its interval: fractions where `unit` is "points", else in units of the measure.
    margin
        Differences within it are of no practical weight.
    detectable
        The smallest difference such a survey finds; NaN where none would show.
    unit
        "points", or words that begin so, for fractions (×100 in the sentence); else such as "on the scale".

    Returns
    -------
    str
        Beyond the margin: the gap and its interval. Inside the margin: similar. Without 0 but across the
        margin: likely, of uncertain size. Otherwise: cannot tell, and what could have been seen.

    Notes
    -----
    Rounding happens in the sentence alone, half away from zero: whole points, or two decimals of a scale.

    Examples
    --------
    >>> verdict(0.24, 0.12, 0.35)
    'a gap of 24 points (12 to 35)'
    >>> verdict(0.05, -0.14, 0.22, detectable=0.31)
    'this survey cannot tell; only gaps of about 31 points would show'
    """
    code = verdict_code(gap, conf_low, conf_high, margin=margin, detectable=detectable)
    if code == "not_computed":
        return VERDICTS[code]
    sizes = {"gap": gap, "low": conf_low, "high": conf_high}
    words = {name: amount(value, unit) for name, value in sizes.items()}
    words["detectable"] = amount(detectable, unit) if code == "undecided" else ""
    return VERDICTS[code].format(**words, margin=amount(margin, unit, exact=True), unit=unit)


def verdict_code(
    gap: float, conf_low: float, conf_high: float, *, margin: float = 0.10, detectable: float = math.nan
) -> str:
    """Classify what an interval shows, as a code of `VERDICTS`.

    Parameters
    ----------
    gap, conf_low, conf_high, margin, detectable
        As in `verdict`.

    Examples
    --------
    >>> verdict_code(0.24, 0.12, 0.35)
    'gap'
    """
    if any(math.isnan(value) for value in (gap, conf_low, conf_high)):
        return "not_computed"
    if conf_low > margin or conf_high < -margin:
        return "gap"
    if conf_low >= -margin and conf_high <= margin:
        return "similar"
    if conf_low > 0 or conf_high < 0:
        return "likely"
    return "too_few" if math.isnan(detectable) else "undecided"


def amount(value: float, unit: str, *, exact: bool = False) -> str:
    """Write a difference for a sentence: whole points or two decimals of a scale, exactly where asked."""
    if unit.startswith("points"):
        text = f"{100 * value:.4g}" if exact else f"{rounded(100 * value):.0f}"
    else:
        text = f"{value:.4g}" if exact else f"{rounded(value, 2):.2f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", "−")


# Adjusted p values as R's `p.adjust`; a missing p value does not count as a test.
#
# statsmodels' `multipletests` counts a NaN as a test (Holm) or returns NaN throughout (Hommel), issue 2899.
# Written here rather than taken from statsmodels so that a report does not import scipy.stats.


Array = npt.NDArray[np.float64]
METHODS = ("holm", "hochberg", "hommel", "bonferroni", "BH", "BY", "none")


def welch_from_summary(
    means: Sequence[float], errors: Sequence[float], freedom: Sequence[float], *, level: float = 0.95
) -> tuple[float, float, float, float]:
    """Compute the gap of two means, its limits and Welch's p from summary statistics alone.

    scipy's `ttest_ind_from_stats` gives the same p but no limits, and takes counts in place of degrees of
    freedom, which under a design are others than n − 1.

    Parameters
    ----------
    means, errors, freedom
        Two each: the means, their standard errors, of which one is above 0, and degrees of freedom.

    Returns
    -------
    tuple
        First mean minus second, lower and upper limit, two-sided p.

    Examples
    --------
    >>> [round(one, 3) for one in welch_from_summary([5.1, 4.2], [0.2, 0.3], [19, 24])]
    [0.9, 0.171, 1.629, 0.017]
    """
    gap = means[0] - means[1]
    parts = np.square(errors)
    error = float(np.sqrt(parts.sum()))
    df = float(error**4 / (parts**2 / np.asarray(freedom)).sum())
    half = float(quantile(level, df)) * error
    return gap, gap - half, gap + half, float(2 * stdtr(df, -abs(gap) / error))


@typed
def adjust_p(p: Numbers, method: str = "holm") -> Array:
    """Adjust p values; missing ones stay missing and are not counted as tests.

    Parameters
    ----------
    p
        p values, NaN where there is none.
    method
        "holm", "hochberg", "hommel", "bonferroni", "BH", "BY" or "none".

    Returns
    -------
    numpy.ndarray
        Adjusted p values in the order given.

    Raises
    ------
    InvalidInput
        For an unknown method or a p value outside 0–1.

    Notes
    -----
    Equal to R's `p.adjust`, checked on every method with ties, zeros and missing values.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, float("nan")], "holm")
    array([0.02, 0.02,  nan])
    """
    adjusted = np.array(p, dtype=np.float64)
    known = ~np.isnan(adjusted)
    problems = []
    if method not in METHODS:
        problems.append(
            Problem("unknown-option", "method", f"{method!r} is unknown", f"use one of {sorted(METHODS)}")
        )
    if not ((adjusted[known] >= 0) & (adjusted[known] <= 1)).all():
        hint = "give p values, not percentages or statistics"
        problems.append(Problem("out-of-range", "p", "a p value is outside 0–1", hint))
    if problems:
        raise InvalidInput("adjust_p", problems)
    if method != "none" and known.any():
        adjusted[known] = _adjusted(adjusted[known], method)
    return adjusted


def _adjusted(p: Array, method: str) -> Array:
    if method == "hommel":
        from statsmodels.stats.multitest import multipletests

        return np.asarray(multipletests(p, method="hommel")[1])
    order, n = np.argsort(p, kind="stable"), p.size
    rank = np.arange(1.0, n + 1)
    harmonic = (1 / rank).sum() if method == "BY" else 1.0
    factor = {"bonferroni": np.full(n, n), "BH": n / rank, "BY": harmonic * n / rank}
    scaled = factor.get(method, n + 1 - rank) * p[order]
    if method == "holm":
        scaled = np.maximum.accumulate(scaled)
    elif method != "bonferroni":
        scaled = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty(n)
    result[order] = np.minimum(scaled, 1.0)
    return result


# Pairs of audiences to compare.


Pairs: TypeAlias = Sequence[tuple[Any, Any]]


def pairs_to_compare(
    labels: Sequence[Any], between: str, pairs: Pairs | str | None, reference: Any = None
) -> list[tuple[Any, Any]]:
    """Return the pairs given, each other audience with the reference, or all pairs.

    Parameters
    ----------
    labels
        The audiences there are, in order.
    between
        The column they are in.
    pairs, reference
        As in `gaps`.

    Raises
    ------
    InvalidInput
        For fewer than two audiences, audiences that do not exist, a name where pairs are meant, and
        pairs beside a reference.

    Examples
    --------
    >>> pairs_to_compare(["executive", "employee", "freelancer"], "audience", None, "executive")
    [('employee', 'executive'), ('freelancer', 'executive')]
    """
    if len(labels) < 2:
        raise InvalidInput(
            "gaps",
            [Problem("too-few", f"column {between}", f"holds {len(labels)} audience(s)", "a gap needs two")],
        )
    if reference is not None:
        problems = []
        if pairs is not None:
            problems.append(Problem("conflict", "reference", "is given beside pairs", "give one of the two"))
        if reference not in labels:
            what = f"{reference!r} is not in column {between}"
            known = near_names(str(reference), map(str, labels))
            problems.append(Problem("unknown-value", "reference", what, known))
        if problems:
            raise InvalidInput("reference", problems)
        return [(label, reference) for label in labels if label != reference]
    if pairs is None:
        return list(combinations(labels, 2))
    if isinstance(pairs, str):
        hint = f'give reference="{pairs}" to compare all with it, or pairs=[(a, b)]'
        raise InvalidInput(
            "pairs", [Problem("wrong-type", f"pairs {pairs!r}", "is a name, not a list of pairs", hint)]
        )
    problems = [*_pair_problems(labels, between, pairs)]
    if problems:
        raise InvalidInput("pairs", problems)
    return [(a, b) for a, b in pairs]


def _pair_problems(labels: Sequence[Any], between: str, pairs: Pairs) -> Iterator[Problem]:
    if not len(pairs):
        yield Problem("empty", "pairs", "is empty", "name at least one pair, or leave it out")
    for pair in pairs:
        two = not isinstance(pair, str) and len(pair) == 2
        if not two or pair[0] == pair[1]:
            code: ProblemCode = "duplicate" if two else "wrong-shape"
            yield Problem(code, f"pair {pair!r}", "does not name two different audiences", "give (a, b)")
            continue
        for name in pair:
            if name not in labels:
                hint = near_names(str(name), map(str, labels))
                yield Problem("unknown-value", f"pair {pair!r}", f"{name!r} is not in column {between}", hint)


# Overlap of audiences: a person in two of them would be compared with themselves.


_SHOWN = 5


def refuse_overlap(frame: pd.DataFrame, between: str) -> None:
    """Refuse a respondent who is in two of the compared groups.

    Only a frame with a column `respondent` can tell. Within one wave ids are unique, so that a person seen
    again in another wave is not an overlap; comparing waves is for `trend` and `panel_change`.

    Parameters
    ----------
    frame
        One row per respondent.
    between
        Column of the groups.

    Raises
    ------
    InvalidInput
        Naming the first such respondents.
    """
    if "respondent" not in frame.columns or between in ("respondent", "wave") or between not in frame.columns:
        return
    if frame["respondent"].is_unique:  # the usual case, decided without sorting
        return
    keys = ["respondent", *(name for name in ("wave",) if name in frame.columns)]
    known = frame["respondent"].notna() & (levels_of(frame[between])[0] >= 0)
    again = frame.duplicated(keys, keep=False) & known
    if not again.any():
        return
    groups = (
        frame.loc[again]
        .groupby(keys, observed=True, dropna=False)[between]
        .agg(lambda one: sorted(set(map(str, one))))
    )
    both = groups[groups.map(len) > 1]
    if len(both):
        hint = "keep one row per person, or name another column where these are different people"
        raise InvalidInput(
            "groups",
            [
                Problem(
                    "duplicate-id",
                    f"respondent {key if isinstance(key, str) else key[0]!r}",
                    f"is in {' and '.join(listed)} of column {between}",
                    hint,
                )
                for key, listed in both.head(_SHOWN).items()
            ],
        )


# Options, families, adjusted p values and verdicts of gap tables.


UNITS = {"points": "points", "scale": "on the scale", "superiority": "points of superiority"}
"""Code of a unit → its words."""

GAP_METHODS = ("newcombe", "miettinen-nurminen", "agresti-caffo", "wald", "design-t")


def refuse_options(
    method: str | None, level: float, margin: float, power: float, adjust: Sequence[str]
) -> None:
    """Refuse options no comparison knows, all at once.

    Raises
    ------
    InvalidInput
        Naming each of them.
    """
    problems = [
        Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")
        for name, value in (("level", level), ("power", power))
        if not 0 < value < 1
    ]
    if not margin > 0:
        problems.append(
            Problem(
                "out-of-range", "margin", f"is {margin}", "give a number above 0, such as 0.10 for 10 points"
            )
        )
    if method is not None and method not in GAP_METHODS:
        problems.append(
            Problem(
                "unknown-option",
                "method",
                f"{method!r} is unknown: {near_names(method, GAP_METHODS)}",
                f"use one of {GAP_METHODS}",
            )
        )
    problems += [
        Problem("unknown-option", "adjust", f"{name!r} is unknown", f"use one of {sorted(METHODS)}")
        for name in adjust
        if name not in METHODS
    ]
    if problems:
        raise InvalidInput("gaps", problems)


def refuse_percent(margin: float, shares: bool) -> None:
    """Refuse a margin of shares that can only be meant in percent: every gap would count as similar.

    Raises
    ------
    InvalidInput
        Saying the fraction.
    """
    if shares and margin >= 1:
        hint = f"give a fraction: {margin / 100:g} for {margin:g} points"
        raise InvalidInput("gaps", [Problem("out-of-range", "margin", f"is {margin:g}", hint)])


def finish(
    rows: dict[str, Any],
    groups: Sequence[str],
    *,
    adjust: str,
    other_adjust: str,
    family: Sequence[str] | None,
    margin: Array,
    units: Sequence[str],
) -> Any:
    """Add adjusted p values, families and verdicts, and put the columns in the contract's order.

    Parameters
    ----------
    rows
        The other columns; where they are not among them, `design` is False and both referents are NA.
    groups
        Names of the group columns.
    adjust, other_adjust
        Within the pre-declared family, and over the rest.
    family
        Items declared beforehand; None puts every row in one family. Rows whose sides were asked about
        different things are neither: they are adjusted together by `other_adjust`.
    margin, units
        For the verdicts, one per row; a unit is a key of `UNITS`.
    """
    items, p = rows["item"], rows["p_value"]
    about = [rows.setdefault(f"referent_{end}", np.full(len(items), None, dtype=object)) for end in "ab"]
    comparable = np.where(about[0] == about[1], "same", "different").astype(object)
    comparable[pd.isna(about[0]) | pd.isna(about[1])] = "undeclared"
    rows["comparable"] = comparable
    families = np.full(len(items), "all", dtype=object)
    if family is not None:
        declared = [family] if isinstance(family, str) else list(family)
        unknown = [name for name in declared if name not in set(items)]
        if unknown:
            raise InvalidInput(
                "family",
                [
                    Problem(
                        "unknown-item",
                        f"item {name}",
                        "is declared and is not compared",
                        near_names(name, dict.fromkeys(items)),
                    )
                    for name in unknown
                ],
            )
        families = np.where(np.isin(items.astype(str), declared), "pre-declared", "other").astype(object)
    families[rows["comparable"] == "different"] = "different"
    exploratory = np.isin(families, ("other", "different"))
    rows["family"], rows["p_adjusted"] = families, np.full(len(p), np.nan)
    rows["adjustment"] = np.where(exploratory, other_adjust, adjust).astype(object)
    for name in dict.fromkeys(families):
        inside = families == name
        rows["p_adjusted"][inside] = adjust_p(p[inside], rows["adjustment"][inside][0])
    rows.setdefault("design", np.zeros(len(items), dtype=bool))
    each = list(
        zip(
            rows["gap"].tolist(),
            rows["conf_low"].tolist(),
            rows["conf_high"].tolist(),
            margin.tolist(),
            rows["minimum_detectable_gap"].tolist(),
            units,
            strict=True,
        )
    )
    rows["verdict_code"] = [
        verdict_code(gap, low, high, margin=within, detectable=least)
        for gap, low, high, within, least, _ in each
    ]
    rows |= {"verdict_unit": np.array(units, dtype=object), "verdict_margin": margin}
    rows["verdict"] = [
        verdict(gap, low, high, margin=within, detectable=least, unit=UNITS[unit])
        for gap, low, high, within, least, unit in each
    ]
    return tidy(rows, gap_columns(groups))


# Gap engine: rows of the contract from two sides of estimates.


_LIMITS: dict[str, tuple[Callable[..., tuple[Any, Any]], str]] = {
    "newcombe": (newcombe_limits, "Newcombe interval"),
    "miettinen-nurminen": (miettinen_nurminen_limits, "Miettinen–Nurminen interval"),
    "agresti-caffo": (agresti_caffo_limits, "Agresti–Caffo interval"),
}
_TESTS = {
    "fisher": "Fisher's exact test",
    "pooled_z": "pooled z test",
    "pooled_z_sparse": "pooled z test (few expected; counts unknown)",
    "design_t": "design-based t ({basis})",
    "design_t_one_side": "design-based t ({basis}); one side does not vary, so its error counts as 0",
    "welch": "Welch t test",
    "welch_one_side": "Welch t test; one side does not vary, so its error counts as 0",
    "no_variation": "not tested: no one's answer varies, so no error can be estimated",
    "no_df": "not tested: the design leaves no degrees of freedom",
    "one_answer": "not tested: a side of one answer has no variance",
}
"""Code of a test → its words."""
SIMPLE = frozenset(
    f"{interval}+{test}"
    for interval in ("newcombe", "miettinen_nurminen", "agresti_caffo", "wald")
    for test in ("pooled_z", "pooled_z_sparse", "fisher")
)
"""Codes of the methods that need nothing but the shares and bases of two independent samples."""
_EXPECTED = 5
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Sides:
    """Both sides of every comparison, one entry per row.

    `spread_*` are the variances of the answers, `variance` that of the gap where a design gave it (NaN else),
    `df` its degrees of freedom. `share` marks estimates that are fractions, `why` is a reason not to compare
    (empty where there is none), `basis` is added to `method`.
    """

    n_a: Array
    n_b: Array
    effective_a: Array
    effective_b: Array
    estimate_a: Array
    estimate_b: Array
    spread_a: Array
    spread_b: Array
    variance: Array
    df: Array
    share: Any
    designed: bool
    why: Any
    basis: str = ""

    def only(self, rows: Any) -> Sides:
        """Return the rows at these positions."""
        kept = {
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return Sides(**kept)


def compare(sides: Sides, *, method: str | None, level: float, power: float) -> dict[str, Any]:
    """Compute gap, interval, test, effect size and detectable gap of every row.

    Parameters
    ----------
    sides
        What is compared.
    method
        A name of `GAP_METHODS`, or None for the documented choice.
    level, power
        As in `gaps`.
    """
    rows = len(sides.n_a)
    result: dict[str, Any] = {name: np.full(rows, np.nan) for name in GAP_STATISTICS}
    result["effect_size_kind"] = np.full(rows, None, dtype=object)
    result["method"] = np.where(
        sides.why == "", "", np.char.add("not computed: ", sides.why.astype(str))
    ).astype(object)
    result["method_code"] = np.full(rows, "not_computed", dtype=object)
    result["design"] = np.full(rows, _other_than_simple(sides))
    result["gap"] = sides.estimate_a - sides.estimate_b
    usable = sides.why == ""
    for chosen, way in ((usable & sides.share, _shares), (usable & ~sides.share, _means)):
        if chosen.any():
            found = way(sides.only(chosen), method, level, power)
            for name, values in found.items():
                result[name][chosen] = values
    return result


def _other_than_simple(sides: Sides) -> bool:
    """Return whether any error differs from that of a simple random sample of n.

    One answer for the whole table: of a single row it could depend on the very share that the gate hides.
    """
    ends = ((sides.effective_a, sides.n_a), (sides.effective_b, sides.n_b))
    return sides.designed or any(bool(((a != n) & ~np.isnan(a)).any()) for a, n in ends)


def _shares(sides: Sides, method: str | None, level: float, power: float) -> dict[str, Any]:
    method = method or ("design-t" if sides.designed else "newcombe")
    p, q, n, m = sides.estimate_a, sides.estimate_b, sides.effective_a, sides.effective_b
    found = {
        "effect_size": cohen_h(np.clip(p, 0, 1), np.clip(q, 0, 1)),
        "effect_size_kind": "cohen_h",
        "minimum_detectable_gap": detectable_gap(n, m, power=power, alpha=1 - level),
    }
    if sides.designed:
        error = np.sqrt(np.maximum(sides.variance, 0.0))
        found |= _design_test(sides, error, level)
    else:
        error = wald_error(p, n, q, m)
        found |= _share_test(sides)
    found["std_error"] = error
    if method == "design-t":
        return found
    label = "Wald interval (none where no one's answer varies)"
    if method == "wald":
        half = np.where(error > 0, quantile(level) * error, np.nan)
        low, high = p - q - half, p - q + half
    else:
        limits, label = _LIMITS[method]
        low, high = limits(p, n, q, m, quantile(level))
    on = " on effective n" if _other_than_simple(sides) else ""
    if sides.designed:
        tests, codes = [f"design-based t test ({sides.basis})"] * len(p), ["design_t"] * len(p)
    else:
        tests, codes = found["method"], found["method_code"]
    found |= {
        "conf_low": low,
        "conf_high": high,
        "method": np.array([f"{label}{on}; {test}" for test in tests], dtype=object),
        "method_code": np.array([f"{method.replace('-', '_')}+{code}" for code in codes], dtype=object),
    }
    return found


def _share_test(sides: Sides) -> dict[str, Any]:
    """Test by Pearson's z; by Fisher's exact test for whole counts if an expected count is below 5."""
    p, q, n, m = sides.estimate_a, sides.estimate_b, sides.effective_a, sides.effective_b
    z, p_value = pooled_statistic(p, n, q, m)
    x, y = p * n, q * m
    pooled = (x + y) / (n + m)
    sparse = np.minimum(n, m) * np.minimum(pooled, 1 - pooled) < _EXPECTED
    whole = _near(x) & _near(y) & _near(n) & _near(m)
    exact = sparse & whole
    if exact.any():
        counts = (np.rint(part[exact]) for part in (x, n, y, m))
        p_value[exact] = fisher_p(*counts)
        z[exact] = np.nan
    code = np.where(exact, "fisher", np.where(sparse, "pooled_z_sparse", "pooled_z")).astype(object)
    label = [f"{_TESTS[one]} {sides.basis}".rstrip() for one in code]
    return {"statistic": z, "p_value": p_value, "method": np.array(label, dtype=object), "method_code": code}


def _near(counts: Array) -> Any:
    return np.abs(counts - np.rint(counts)) <= 1e-9 * np.maximum(counts, 1.0) + 1e-9


def _design_test(sides: Sides, error: Array, level: float) -> dict[str, Any]:
    gap = sides.estimate_a - sides.estimate_b
    simple = sides.spread_a / sides.n_a + sides.spread_b / sides.n_b
    flat = error**2 <= _ROUNDING * np.nan_to_num(simple)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(flat, np.nan, gap / error)
    half = np.where(flat, np.nan, quantile(level, sides.df) * error)
    usable = (sides.df > 0) & ~np.isnan(t)
    p_value = np.where(
        usable, 2 * stdtr(np.where(usable, sides.df, 1.0), -np.abs(np.where(usable, t, 0.0))), np.nan
    )
    test = "design_t" if sides.designed else "welch"
    one_sided = (sides.spread_a == 0) ^ (sides.spread_b == 0)
    code = np.where(one_sided, f"{test}_one_side", test).astype(object)
    code[flat] = "no_variation"
    code[(~flat & ~usable) | (flat & (np.asarray(sides.df) <= 0))] = "no_df"
    if not sides.designed:
        code[np.isnan(error)] = "one_answer"
    return {
        "statistic": t,
        "df": sides.df,
        "p_value": p_value,
        "conf_low": gap - half,
        "conf_high": gap + half,
        "method": np.array([_TESTS[one].format(basis=sides.basis) for one in code], dtype=object),
        "method_code": code,
    }


def _means(sides: Sides, method: str | None, level: float, power: float) -> dict[str, Any]:
    """Test by Welch's t or the design's; add Hedges' g with the exact small-sample factor."""
    if method not in (None, "design-t", "wald"):
        raise InvalidInput(
            "gaps",
            [
                Problem(
                    "unsuited-method",
                    "method",
                    f"{method!r} is for shares and a column holds means",
                    "leave method out",
                )
            ],
        )
    gap = sides.estimate_a - sides.estimate_b
    n, m = sides.n_a, sides.n_b
    with np.errstate(divide="ignore", invalid="ignore"):
        if sides.designed:
            error = np.sqrt(np.maximum(sides.variance, 0.0))
            found = _design_test(sides, error, level)
        else:
            va, vb = sides.spread_a / n, sides.spread_b / m
            error = np.sqrt(va + vb)
            df = error**4 / (va**2 / (n - 1) + vb**2 / (m - 1))
            found = _design_test(replace(sides, variance=error**2, df=df), error, level)
        freedom = n + m - 2
        pooled = np.sqrt(((n - 1) * sides.spread_a + (m - 1) * sides.spread_b) / freedom)
        exact = np.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) * np.sqrt(2 / freedom)
        effect = np.where((pooled > 0) & (freedom > 1), gap / pooled * exact, np.nan)
    detectable = (ndtri((1 + level) / 2) + ndtri(power)) * error
    return {
        **found,
        "std_error": error,
        "effect_size": effect,
        "effect_size_kind": "hedges_g",
        "minimum_detectable_gap": np.where(detectable > 0, detectable, np.nan),
    }
