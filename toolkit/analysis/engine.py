"""From two sides of estimates to rows of the gap contract, for respondents and summaries alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtri, stdtr

from toolkit.analysis.exact import fisher_p
from toolkit.analysis.intervals import quantile
from toolkit.analysis.planning import detectable_gap
from toolkit.analysis.two_proportions import (
    agresti_caffo_limits,
    cohen_h,
    miettinen_nurminen_limits,
    newcombe_limits,
    pooled_statistic,
    wald_error,
)
from toolkit.errors import InvalidInput, Problem

__all__ = ["SIMPLE", "Sides", "compare"]

Array = npt.NDArray[np.float64]

_LIMITS: dict[str, tuple[Callable[..., tuple[Any, Any]], str]] = {
    "newcombe": (newcombe_limits, "Newcombe interval"),
    "miettinen-nurminen": (miettinen_nurminen_limits, "Miettinen–Nurminen interval"),
    "agresti-caffo": (agresti_caffo_limits, "Agresti–Caffo interval"),
}
_TESTS = {
    "fisher": "Fisher's exact test",
    "pooled_z": "pooled z test",
    "pooled_z_sparse": "pooled z test (few expected; counts unknown)",
    "design_t": "design-based t ({said})",
    "design_t_one_side": "design-based t ({said}); one side does not vary, so its error counts as 0",
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
    """Both sides of every comparison, one entry a row.

    `spread_*` are the variances of the answers, `variance` that of the gap where a design gave it (NaN else),
    `df` its degrees of freedom. `share` says the estimates are fractions, `why` is a reason not to compare
    (empty where there is none), `said` is added to `method`.
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
    said: str = ""

    def only(self, rows: Any) -> Sides:
        """Some of the rows."""
        kept = {
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return Sides(**kept)


def compare(sides: Sides, *, method: str | None, level: float, power: float) -> dict[str, Any]:
    """Gap, interval, test, effect and detectable gap of every row.

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
    result: dict[str, Any] = {
        name: np.full(rows, np.nan)
        for name in (
            "gap",
            "std_error",
            "conf_low",
            "conf_high",
            "statistic",
            "df",
            "p_value",
            "effect_size",
            "minimum_detectable_gap",
        )
    }
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
    """Whether any error is other than that of simple random samples of n.

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
    said = "Wald interval (none where no one's answer varies)"
    if method == "wald":
        half = np.where(error > 0, quantile(level) * error, np.nan)
        low, high = p - q - half, p - q + half
    else:
        limits, said = _LIMITS[method]
        low, high = limits(p, n, q, m, quantile(level))
    on = " on effective n" if _other_than_simple(sides) else ""
    if sides.designed:
        tests, codes = [f"design-based t test ({sides.said})"] * len(p), ["design_t"] * len(p)
    else:
        tests, codes = found["method"], found["method_code"]
    found |= {
        "conf_low": low,
        "conf_high": high,
        "method": np.array([f"{said}{on}; {test}" for test in tests], dtype=object),
        "method_code": np.array([f"{method.replace('-', '_')}+{code}" for code in codes], dtype=object),
    }
    return found


def _share_test(sides: Sides) -> dict[str, Any]:
    """Pearson's z; Fisher's exact test where an expected count is below 5 and the counts are whole."""
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
    said = [f"{_TESTS[one]} {sides.said}".rstrip() for one in code]
    return {
        "statistic": z,
        "p_value": p_value,
        "method": np.array(said, dtype=object),
        "method_code": code,
    }


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
    code[~flat & ~usable] = "no_df"
    if not sides.designed:
        code[np.isnan(error)] = "one_answer"
    return {
        "statistic": t,
        "df": sides.df,
        "p_value": p_value,
        "conf_low": gap - half,
        "conf_high": gap + half,
        "method": np.array([_TESTS[one].format(said=sides.said) for one in code], dtype=object),
        "method_code": code,
    }


def _means(sides: Sides, method: str | None, level: float, power: float) -> dict[str, Any]:
    """Welch's t, or the design's; Hedges' g with the exact small-sample factor."""
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
