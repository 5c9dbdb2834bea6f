"""Comparisons of estimates of one sample: weighted sums, ratios, logs, with their errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from toolkit.analysis.cells import Estimates
from toolkit.analysis.intervals import quantile
from toolkit.analysis.plain import ROUNDING
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["contrast"]

Array = npt.NDArray[np.float64]
Contrast = Mapping[str, float] | str

_FIXED = "not tested: the answers do not vary, or the design fixes them, so no error can be estimated"
_KINDS = {
    "difference": "`{a}` - `{b}`",
    "log_ratio": "log(`{a}` / `{b}`)",
    "log_odds_ratio": "log(`{a}` * (1 - `{b}`) / (`{b}` * (1 - `{a}`)))",
}


@typed
def contrast(
    estimates: Estimates,
    contrasts: Mapping[str, Contrast] | str,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Comparisons of estimates, with t intervals and tests of "it is 0".

    Parameters
    ----------
    estimates
        From `estimate` or `ratios(…, covariances=True)`.
    contrasts
        Name → name of an estimate → coefficient; or name → an expression with ``+ - * / **``, log, exp and
        sqrt over names in backticks: ``log(`a` / `b`)``. Or one of "difference", "log_ratio",
        "log_odds_ratio" for pairs.
    pairs
        For those three: which pairs; None compares all.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        contrast, estimate, std_error, conf_low, conf_high, statistic, df, p_value, method.

    Raises
    ------
    InvalidInput
        For names that no estimate has, and expressions that cannot be read.

    Notes
    -----
    Delta method with exact derivatives; df of the design. Checked against R: `svycontrast`.

    Examples
    --------
    >>> from toolkit.analysis.joint import estimate
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 5.0], "z": [2.0, 2.0, 5.0, 6.0]})
    >>> contrast(estimate(frame, ["y", "z"]), {"z - y": {"z": 1, "y": -1}})["estimate"].tolist()
    [1.0]
    """
    if not 0 < level < 1:
        raise InvalidInput(
            "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    asked = _pairwise(estimates, contrasts, pairs) if isinstance(contrasts, str) else dict(contrasts)
    problems: list[Problem] = []
    values, gradients = np.full(len(asked), np.nan), np.zeros((len(asked), len(estimates.names)))
    for at, (name, one) in enumerate(asked.items()):
        try:
            found = _linear(estimates, one, name) if isinstance(one, Mapping) else _read(estimates, one, name)
        except InvalidInput as error:
            problems.extend(error.problems)
        else:
            values[at], gradients[at] = found.value, found.slope
    if problems or not asked:
        raise InvalidInput(
            "contrast", problems or [Problem("empty", "contrasts", "are empty", "name at least one")]
        )
    names = list(asked)
    used = gradients != 0
    variance = np.array(
        [
            slope[kept] @ estimates.covariance[np.ix_(kept, kept)] @ slope[kept]
            for slope, kept in zip(gradients, used, strict=True)
        ]
    )
    own = np.array(
        [
            slope[kept] ** 2 @ np.diag(estimates.covariance)[kept]
            for slope, kept in zip(gradients, used, strict=True)
        ]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.sqrt(np.where(variance <= ROUNDING * own, 0.0, variance))
        statistic = np.where(errors > 0, values / errors, np.nan)
    df = estimates.df
    half = quantile(level, np.full(len(values), df)) * errors
    p = 2 * stdtr(df, -np.abs(np.nan_to_num(statistic))) if df > 0 else np.full(len(values), np.nan)
    said = np.where(errors == 0, _FIXED, f"delta method; {estimates.said}").astype(object)
    for at in map(int, np.flatnonzero(np.isnan(errors) | np.isnan(values))):
        lost = [
            f"{name}: {why}"
            for name, why, kept, part in zip(
                estimates.names,
                estimates.table["method"],
                used[at],
                np.diag(estimates.covariance),
                strict=True,
            )
            if kept and np.isnan(part)
        ]
        said[at] = f"not tested: {'; '.join(lost) or 'the expression has no value at these estimates'}"
    return pd.DataFrame(
        {
            "contrast": pd.array(names, dtype="str"),
            "estimate": values,
            "std_error": errors,
            "conf_low": values - half,
            "conf_high": values + half,
            "statistic": statistic,
            "df": np.full(len(values), df),
            "p_value": np.where(np.isnan(statistic), np.nan, p),
            "method": pd.array(said, dtype="str"),
        }
    )


def _pairwise(
    estimates: Estimates, kind: str, pairs: Sequence[tuple[str, str]] | None
) -> dict[str, Contrast]:
    if kind not in _KINDS:
        raise InvalidInput(
            "contrast",
            [Problem("unknown-option", "contrasts", f"{kind!r} is not known", f"use {list(_KINDS)}")],
        )
    chosen = list(combinations(estimates.names, 2)) if pairs is None else list(pairs)
    return {f"{kind}: {a}, {b}": _KINDS[kind].format(a=a, b=b) for a, b in chosen}


@dataclass(frozen=True)
class _Dual:
    """A value with its slope along every estimate."""

    value: float
    slope: Array


def _place(estimates: Estimates, name: str, where: str) -> int:
    if name not in estimates.names:
        raise InvalidInput(
            "contrast",
            [
                Problem(
                    "unknown-name",
                    f"contrast {where}",
                    f"no estimate is called {name!r}",
                    near_names(name, estimates.names),
                )
            ],
        )
    return estimates.names.index(name)


def _linear(estimates: Estimates, weights: Mapping[str, float], where: str) -> _Dual:
    slope = np.zeros(len(estimates.names))
    for name, weight in weights.items():
        slope[_place(estimates, name, where)] += float(weight)
    values = estimates.table["estimate"].to_numpy(dtype=np.float64)
    used = slope != 0
    return _Dual(float(slope[used] @ values[used]), slope)


def _read(estimates: Estimates, text: str, where: str) -> _Dual:
    named: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        named.append(found.group(1))
        return f"_{len(named) - 1}_"

    try:
        tree = ast.parse(re.sub(r"`([^`]*)`", stand_in, text), mode="eval").body
    except SyntaxError as error:
        said = Problem(
            "syntax",
            f"contrast {where}",
            f"{text!r} cannot be read: {error.msg}",
            "write names in `backticks`",
        )
        raise InvalidInput("contrast", [said]) from error
    return _Reader(estimates, named, where).value(tree)


class _Reader:
    """Walks an expression, carrying derivatives along."""

    def __init__(self, estimates: Estimates, named: list[str], where: str) -> None:
        self._estimates, self._named, self._where = estimates, named, where
        self._values = estimates.table["estimate"].to_numpy(dtype=np.float64)

    def value(self, node: ast.AST) -> _Dual:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return _Dual(float(node.value), np.zeros(len(self._values)))
        if isinstance(node, ast.Name):
            stand_in = re.fullmatch(r"_(\d+)_", node.id)
            name = self._named[int(stand_in.group(1))] if stand_in else node.id
            slope = np.zeros(len(self._values))
            at = _place(self._estimates, name, self._where)
            slope[at] = 1.0
            return _Dual(float(self._values[at]), slope)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign, inner = -1.0 if isinstance(node.op, ast.USub) else 1.0, self.value(node.operand)
            return _Dual(sign * inner.value, sign * inner.slope)
        if isinstance(node, ast.BinOp) and type(node.op) in _TWO:
            return _TWO[type(node.op)](self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            function = _ONE.get(node.func.id)
            if function is not None:
                return function(self.value(node.args[0]))
        raise InvalidInput(
            "contrast",
            [
                Problem(
                    "syntax",
                    f"contrast {self._where}",
                    f"{ast.unparse(node)!r} has no meaning here",
                    "use numbers, names in `backticks`, + - * / **, log, exp, sqrt",
                )
            ],
        )


def _divided(a: _Dual, b: _Dual) -> _Dual:
    if b.value == 0:
        return _Dual(float("nan"), np.full(len(a.slope), np.nan))
    return _Dual(a.value / b.value, (a.slope - a.value / b.value * b.slope) / b.value)


def _power(a: _Dual, b: _Dual) -> _Dual:
    if a.value <= 0 and b.slope.any():
        return _Dual(float("nan"), np.full(len(a.slope), np.nan))
    value = a.value**b.value
    slope = b.value * a.value ** (b.value - 1) * a.slope
    return _Dual(value, slope + (value * np.log(a.value) * b.slope if b.slope.any() else 0.0))


def _log(a: _Dual) -> _Dual:
    if not a.value > 0:
        return _Dual(float("nan"), np.where(a.slope != 0, np.nan, 0.0))
    return _Dual(float(np.log(a.value)), a.slope / a.value)


def _sqrt(a: _Dual) -> _Dual:
    if not a.value > 0:
        return _Dual(float("nan"), np.where(a.slope != 0, np.nan, 0.0))
    return _Dual(float(np.sqrt(a.value)), a.slope / (2 * np.sqrt(a.value)))


_TWO: dict[type, Callable[[_Dual, _Dual], _Dual]] = {
    ast.Add: lambda a, b: _Dual(a.value + b.value, a.slope + b.slope),
    ast.Sub: lambda a, b: _Dual(a.value - b.value, a.slope - b.slope),
    ast.Mult: lambda a, b: _Dual(a.value * b.value, a.value * b.slope + b.value * a.slope),
    ast.Div: _divided,
    ast.Pow: _power,
}
_ONE: dict[str, Callable[[_Dual], _Dual]] = {
    "log": _log,
    "exp": lambda a: _Dual(float(np.exp(a.value)), np.exp(a.value) * a.slope),
    "sqrt": _sqrt,
}
