"""Means, totals, ratios and variances with their covariances, and comparisons of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from toolkit.analysis.answers import (
    ROUNDING,
    Codes,
    Groups,
    Items,
    group_by,
    read_columns,
    requests_for,
    requests_per_code,
    with_boxes,
)
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design, Replicated, Sampled, ratio_estimates
from toolkit.analysis.estimates import asked
from toolkit.analysis.intervals import quantile
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.records import Displayed
from toolkit.weighting.weights import sums_within

# Statistics of one sample by group, with the covariances between them.


Array = npt.NDArray[np.float64]
_NOBODY = "not computed: no one answered"
_LONE = "no interval: all answers are in a single primary unit, from which no error can be estimated"
_ONE = "not computed: one answer has no variance"
_EMPTY = "no interval: some replicates have no one from this group"


@dataclass(frozen=True)
class Estimates:
    """Estimates of one sample with the covariances their comparison needs.

    Attributes
    ----------
    table
        One row per estimate, in the estimates contract.
    names
        What a contrast calls each row: its groups joined by ".", or its item (and code, "item=code")
        where there are no groups, or both as "item:group" where several items meet groups.
    covariance
        Rows × rows.
    df
        Degrees of freedom of the whole design.
    label
        How the errors were made.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    covariance: Array
    df: float
    label: str


class Cells:
    """Statistics × groups under one design."""

    def __init__(
        self, frame: pd.DataFrame, by: str | Sequence[str] | None, design: Design | None, level: float
    ) -> None:
        if not 0 < level < 1:
            raise InvalidInput(
                "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
            )
        self._level = level
        self.groups: Groups = group_by(frame, by)
        self._sampled: Sampled = (design or Design()).over(frame, linearise=True)

    def of(
        self,
        values: Array,
        statistic: str,
        items: list[str],
        shown: list[str],
        per_code: bool,
        bottom: Array | None = None,
        asked: Any = None,
    ) -> Estimates:
        """Estimate every row of `values` (NaN where there is no answer) in every group.

        `asked` (statistics × groups) leaves out groups an item is not put to.
        """
        member = (self.groups.codes[:, None] == np.arange(len(self.groups.labels))).astype(np.float64)
        known = (~np.isnan(values)).astype(np.float64)
        filled = np.where(known > 0, values, 0.0)
        below = known if bottom is None else np.where(known > 0, bottom, 0.0)
        n = (known * (self._sampled.weights > 0)) @ member
        top, base = _spread_out(filled, member), _spread_out(below, member)
        if statistic == "variance":
            top = self._squares(filled, known, member, n)
        if statistic == "size":
            top = base
        whole = statistic in ("total", "size")
        found, covariance = ratio_estimates(self._sampled, top, None if whole else base)
        if statistic == "variance" and self._sampled.replicated is not None:
            covariance = self._replicated_variances(self._sampled.replicated, filled, known, member, n, found)
        # A standard error that is rounding beside the answers' size: the design fixes the estimate
        weights = self._sampled.weights
        size = weights @ np.abs(top)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = size if whole else size / np.abs(weights @ base)
            fixed = np.diagonal(covariance) <= (ROUNDING * size) ** 2
        covariance[fixed], covariance[:, fixed] = 0.0, 0.0
        # Why a row has no error; "" where it has one
        sampled = self._sampled
        if statistic in ("total", "size"):
            everywhere = sampled.replicated is None and sampled.psus_in.sum() < 2 and sampled.fraction[0] < 1
            units = np.full(n.shape, 1.0 if everywhere else 2.0)
        else:
            units = n
            if not sampled.element and sampled.replicated is None:
                counted = (known * (sampled.weights > 0)).T
                one = [
                    sums_within(sampled.psu, each[:, None] * member, int(sampled.psus_in.sum()))
                    for each in counted.T
                ]
                units = np.array([(each > 0).sum(axis=0) for each in one], dtype=np.float64)
        why = np.where(units < 2, _LONE, "").astype(object)
        if statistic == "variance":
            why[n == 1] = _ONE
        why[n == 0] = _NOBODY
        why = why.ravel()
        found[np.isin(why, (_NOBODY, _ONE))] = np.nan
        lost = why != ""
        covariance[lost], covariance[:, lost] = np.nan, np.nan
        item, group = (part.ravel() for part in np.indices(n.shape))
        table = self._table(found, covariance, n, why, np.array(items, dtype=object)[item], group)
        table |= {"measure": np.array(shown, dtype=object)[item]}
        table["response"] = table["measure"]
        total, squares = (known * self._sampled.weights) @ member, (known * self._sampled.weights**2) @ member
        kish = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)
        table["effective_n"] = kish.ravel()
        order = estimate_columns("response" if per_code else "measure", self.groups.names)
        names = self._names(items, shown, per_code)
        kept = np.arange(len(names)) if asked is None else np.nonzero(np.ravel(asked))[0]
        frame = tidy(table, order).iloc[kept].reset_index(drop=True)
        df = self._sampled.degrees_of_freedom()
        chosen = tuple(names[at] for at in kept)
        return Estimates(frame, chosen, covariance[np.ix_(kept, kept)], df, self._label())

    def _squares(self, filled: Array, known: Array, member: Array, n: Array) -> Array:
        weights = self._sampled.weights
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = ((filled * weights) @ member) / ((known * weights) @ member)
            inflate = n / (n - 1)
        middle = np.nan_to_num(mean)[:, :, None]
        away = filled[:, None, :] - middle
        away = (
            np.where(np.abs(away) <= ROUNDING / 10 * np.abs(middle), 0.0, away) * known[:, None, :] * member.T
        )
        squares = away**2 * np.nan_to_num(inflate, posinf=np.nan, neginf=np.nan)[:, :, None]
        flat: Array = squares.reshape(-1, filled.shape[1]).T
        return flat

    def _replicated_variances(
        self, replicated: Replicated, filled: Array, known: Array, member: Array, n: Array, found: Array
    ) -> Array:
        """Compute the covariance of variances from replicates about their own means, as R's `svyvar`."""
        answered = _spread_out(known, member)
        weights = self._sampled.weights
        values = _spread_out(filled, member)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(answered > 0, values - (weights @ values) / (weights @ answered), 0.0)
            whole = replicated.weights.T @ answered
            mean = replicated.weights.T @ values / whole
            spread = (replicated.weights.T @ values**2 / whole - mean**2) * (n / (n - 1)).ravel()
        return replicated.covariance(spread, found)

    def _table(
        self, found: Array, covariance: Array, n: Array, why: Any, item: Any, group: Any
    ) -> dict[str, Any]:
        with np.errstate(invalid="ignore"):
            error = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        df = self._df()[group]
        half = np.where(error == 0, 0.0, quantile(self._level, df) * error)
        labels = {
            name: pd.Index([label[at] for label in self.groups.labels]).take(group).array
            for at, name in enumerate(self.groups.names)
        }
        method = np.where(why != "", why, np.where(np.isnan(error), _EMPTY, self._label()))
        return {
            "item": item,
            **labels,
            "n": n.ravel(),
            "estimate": found,
            "std_error": error,
            "conf_low": found - half,
            "conf_high": found + half,
            "df": df,
            "method": method.astype(object),
        }

    def _df(self) -> Array:
        groups = self.groups
        if not self._sampled.own_df:
            return np.full(len(groups.labels), self._sampled.degrees_of_freedom())
        each = (self._sampled.degrees_of_freedom(groups.codes == at) for at in range(len(groups.labels)))
        return np.array(list(each))

    def _label(self) -> str:
        return f"t interval, {self._sampled.how}"

    def _names(self, items: list[str], shown: list[str], per_code: bool) -> tuple[str, ...]:
        what = [f"{item}={code}" if per_code else item for item, code in zip(items, shown, strict=True)]
        groups = [".".join(map(str, label)) for label in self.groups.labels]
        if not self.groups.names:
            return tuple(what)
        if len(what) == 1:
            return tuple(groups)
        return tuple(f"{one}:{group}" for one in what for group in groups)


def _spread_out(values: Array, member: Array) -> Array:
    """Return rows × (statistics · groups), 0 outside the group."""
    spread: Array = (values[:, :, None] * member[None, :, :]).transpose(1, 0, 2).reshape(len(member), -1)
    return spread


# Contrasts of estimates of one sample by the delta method.


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
    """Compare estimates, with t intervals and tests against 0.

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
    >>> from toolkit.analysis.totals import estimate
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 5.0], "z": [2.0, 2.0, 5.0, 6.0]})
    >>> contrast(estimate(frame, ["y", "z"]), {"z - y": {"z": 1, "y": -1}})["estimate"].tolist()
    [1.0]
    """
    if not 0 < level < 1:
        raise InvalidInput(
            "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    asked: dict[str, Any] = (
        _pairwise(estimates, contrasts, pairs) if isinstance(contrasts, str) else dict(contrasts)
    )
    problems: list[Problem] = []
    values, gradients = np.full(len(asked), np.nan), np.zeros((len(asked), len(estimates.names)))
    for at, (name, one) in enumerate(asked.items()):
        try:
            if not isinstance(one, Mapping | str):
                what, hint = f"is {one!r}", "give an expression, or estimate → factor"
                raise InvalidInput("contrast", [Problem("wrong-type", f"contrast {name}", what, hint)])
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
    label = np.where(errors == 0, _FIXED, f"delta method; {estimates.label}").astype(object)
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
        label[at] = f"not tested: {'; '.join(lost) or 'the expression has no value at these estimates'}"
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
            "method": pd.array(label, dtype="str"),
        }
    )


def _pairwise(
    estimates: Estimates, kind: str, pairs: Sequence[tuple[str, str]] | None
) -> dict[str, Contrast]:
    if kind not in _KINDS:
        raise InvalidInput(
            "contrast",
            [Problem("unknown-option", "contrasts", f"{kind!r} is unknown", f"use {list(_KINDS)}")],
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
        label = Problem(
            "syntax",
            f"contrast {where}",
            f"{text!r} cannot be read: {error.msg}",
            "write names in `backticks`",
        )
        raise InvalidInput("contrast", [label]) from error
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
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            function = _FUNCTIONS.get(node.func.id)
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


_OPERATORS: dict[type, Callable[[_Dual, _Dual], _Dual]] = {
    ast.Add: lambda a, b: _Dual(a.value + b.value, a.slope + b.slope),
    ast.Sub: lambda a, b: _Dual(a.value - b.value, a.slope - b.slope),
    ast.Mult: lambda a, b: _Dual(a.value * b.value, a.value * b.slope + b.value * a.slope),
    ast.Div: _divided,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[[_Dual], _Dual]] = {
    "log": _log,
    "exp": lambda a: _Dual(float(np.exp(a.value)), np.exp(a.value) * a.slope),
    "sqrt": _sqrt,
}


# Means, totals, ratios and variances with the covariances between them.


Statistic = Literal["mean", "total", "variance", "size"]
_STATISTICS = ("mean", "total", "variance", "size")


@typed
def estimate(
    frame: pd.DataFrame,
    items: Items,
    *,
    statistic: Statistic = "mean",
    measure: str | None = "mean",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    complete: bool = False,
) -> Estimates:
    """Estimate means, totals or variances of items by group, with all their covariances.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        An instrument, variables, or column names.
    statistic
        "mean" (of shares: the share), "total", "variance", or "size" (the weights of those who answered).
    measure
        "mean" takes codes as numbers; a code or "top", "bottom", "favourable", "unfavourable" counts
        those who gave it; None gives a row per response code.
    by
        Group columns. Rows without a group are in no row of the result.
    design
        How respondents were drawn.
    level
        Confidence level.
    complete
        Count only respondents who answered every item.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Raises
    ------
    InvalidInput
        For columns that are missing or have no such measure, and unusable designs or options.

    Notes
    -----
    Linearised, or from replicate weights; t intervals with the design's df. The variance of answers has
    n − 1 below, and its error is that of a mean of squares. Checked against R: `svymean`, `svytotal`,
    `svyvar`, `svyby(covmat = TRUE)`.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "z": [2.0, 2.0, 5.0]})
    >>> estimate(frame, ["y", "z"]).covariance.shape
    (2, 2)
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    if statistic not in _STATISTICS:
        raise InvalidInput(
            "estimate",
            [
                Problem(
                    "unknown-option", "statistic", f"{statistic!r} is unknown", f"use one of {_STATISTICS}"
                )
            ],
        )
    columns = read_columns(frame, items)
    if measure is None:
        wanted = [made for column in columns for made in requests_per_code(column)]
    else:
        wanted = requests_for(columns, measure)
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    if complete:
        values[:, np.isnan(values).any(axis=0)] = np.nan
    shown = [(one.measure if measure != "mean" else statistic) for one in wanted]
    cells = Cells(frame, by, design, level)
    items_named = [one.item for one in wanted]
    put_to = asked(wanted, cells.groups)
    return cells.of(values, statistic, items_named, shown, measure is None, asked=put_to)


@typed
def totals(
    frame: pd.DataFrame,
    items: Items,
    *,
    measure: str | None = "mean",
    top: Codes = None,
    bottom: Codes = None,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate weighted totals of numbers ("mean") or of people who gave an answer.

    Parameters
    ----------
    frame, items, measure, by, design, level
        As in `estimate`. With a `measure` of None, people are counted for every response code.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    Checked against R: `svytotal`, `svyby(…, svytotal)`. Covariances: `estimate(statistic="total")`.

    Examples
    --------
    >>> totals(pd.DataFrame({"y": [1.0, 2.0, 3.0]}), "y")["estimate"].tolist()
    [6.0]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    return estimate(frame, items, statistic="total", measure=measure, by=by, design=design, level=level).table


@typed
def variances(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the variance of answers in the population.

    Parameters
    ----------
    frame, items, by, design, level
        As in `estimate`.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    Checked against R: `svyvar`.

    Examples
    --------
    >>> variances(pd.DataFrame({"y": [1.0, 2.0, 3.0]}), "y")["estimate"].tolist()
    [1.0]
    """
    return estimate(frame, items, statistic="variance", by=by, design=design, level=level).table


@typed
def ratios(
    frame: pd.DataFrame,
    pairs: Mapping[str, tuple[str, str | Sequence[str]]],
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    covariances: bool = False,
) -> Any:
    """Estimate ratios of two totals, such as one option's share of all ticks.

    Parameters
    ----------
    frame
        One row per respondent.
    pairs
        Name of the ratio → (numerator column, denominator column or columns to be added up). Respondents
        without an answer in any of them are out of that ratio.
    by, design, level
        As in `estimate`.
    covariances
        Give `Estimates` instead of their table.

    Raises
    ------
    InvalidInput
        For columns that are missing or hold no numbers.

    Notes
    -----
    z = w (y − R x) / Σwx. Checked against R: `svyratio`.

    Examples
    --------
    >>> ticks = pd.DataFrame({"a": [1.0, 1.0, 0.0], "b": [0.0, 1.0, 1.0]})
    >>> ratios(ticks, {"a": ("a", ["a", "b"])})["estimate"].tolist()
    [0.5]
    """
    if not pairs:
        raise InvalidInput("ratios", [Problem("empty", "pairs", "are empty", "name at least one ratio")])
    below = {name: (x,) if isinstance(x, str) else tuple(x) for name, (_, x) in pairs.items()}
    used = list(dict.fromkeys([y for y, _ in pairs.values()] + [x for xs in below.values() for x in xs]))
    wanted = requests_for(read_columns(frame, used), "mean")
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    numbers = dict(zip(used, values, strict=True))
    top = np.array([numbers[y] for y, _ in pairs.values()])
    bottom = np.array([np.sum([numbers[x] for x in xs], axis=0) for xs in below.values()])
    missing = np.isnan(top) | np.isnan(bottom)
    top[missing] = bottom[missing] = np.nan
    cells = Cells(frame, by, design, level)
    found = cells.of(top, "ratio", list(pairs), ["ratio"] * len(pairs), False, bottom)
    return found if covariances else found.table


# Design effects: the variance of an estimate over that of a simple random sample of the same size.


@typed
def design_effects(
    frame: pd.DataFrame,
    items: Items,
    *,
    statistic: Literal["mean", "total"] = "mean",
    measure: str | None = "mean",
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    replacement: bool = False,
) -> pd.DataFrame:
    """Compute the design effect of every mean (or total), by item and group.

    Parameters
    ----------
    frame, items, measure, by, design
        As in `estimate`.
    statistic
        "mean" or "total".
    replacement
        Compare with a simple sample drawn with replacement; else from a population of the weights' sum.

    Returns
    -------
    pandas.DataFrame
        item, response or measure, groups, n, estimate, std_error, simple_error, design_effect. NA where the
        simple sample has no error.

    Raises
    ------
    InvalidInput
        As `estimate`.

    Notes
    -----
    SE² over S²/n · (N − n)/N, with S² the weighted variance of answers (n − 1 below) and N the weights'
    sum over the n who answered. Weights must add up to the population for N to mean it: with weights that
    average 1, use `replacement=True`. Kish's design effect of weights alone is
    `toolkit.weighting.design_effect`. Checked against R: `svymean(deff = TRUE)` and `deff = "replace"`.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 8.0], "w": [1.0, 1.0, 2.0, 2.0]})
    >>> found = design_effects(frame, "y", design=Design(weights="w"), replacement=True)
    >>> found["design_effect"].round(2).tolist()
    [1.05]
    """
    if statistic not in ("mean", "total"):
        raise InvalidInput(
            "design_effects",
            [Problem("unknown-option", "statistic", f"{statistic!r} is unknown", 'use "mean" or "total"')],
        )
    given = estimate(frame, items, statistic=statistic, measure=measure, by=by, design=design).table
    spread = estimate(frame, items, statistic="variance", measure=measure, by=by, design=design).table
    sums = estimate(frame, items, statistic="size", measure=measure, by=by, design=design).table
    n = given["n"].to_numpy(dtype=np.float64)
    population = sums["estimate"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = spread["estimate"].to_numpy(dtype=np.float64) / n
        if not replacement:
            simple = simple * (population - n) / population
        if statistic == "total":
            simple = simple * population**2
        simple = np.where(simple > 0, simple, np.nan)
    shown = list(given.columns[: list(given.columns).index("n") + 1])
    return given[[*shown, "estimate", "std_error"]].assign(
        simple_error=np.sqrt(simple), design_effect=given["std_error"] ** 2 / simple
    )


# Rubin's rules: one estimate from several imputed frames.


@dataclass(frozen=True, repr=False)
class Pooled(Displayed):
    """Pooled estimates.

    Attributes
    ----------
    table
        name, estimate, std_error, conf_low, conf_high, statistic, df, p_value, missing_information, method.
    covariance
        Of the pooled estimates.
    """

    table: pd.DataFrame
    covariance: Array


@typed
def pool(
    estimates: Iterable[Numbers],
    covariances: Iterable[Numbers],
    *,
    names: Sequence[str] | None = None,
    df: float = np.inf,
    level: float = 0.95,
) -> Pooled:
    """Pool estimates and covariances from imputed frames.

    Parameters
    ----------
    estimates
        One vector a frame (a model's coefficients, shares by group).
    covariances
        One matrix a frame.
    names
        Of the estimates.
    df
        Degrees of freedom each analysis would have with nothing missing; infinite, as R's `MIcombine`,
        uses Rubin's (1987), a number uses Barnard and Rubin's (1999), never above it.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        For fewer than two frames, or estimates that do not match.

    Notes
    -----
    T = W + (1 + 1/m)B; df = (m − 1)(1 + W/((1 + 1/m)B))². The missing information is
    (r + 2/(df + 3))/(r + 1) with r = (1 + 1/m)B/W. Checked against R: `mitools::MIcombine`.

    Examples
    --------
    >>> pooled = pool([[1.0], [2.0], [3.0]], [[[1.0]], [[1.0]], [[1.0]]]).table
    >>> pooled[["estimate", "df"]].round(3).iloc[0].tolist()
    [2.0, 6.125]
    """
    found = [np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in estimates]
    errors = [np.atleast_2d(np.asarray(one, dtype=np.float64)) for one in covariances]
    _refuse(found, errors, names, df, level)
    m = len(found)
    stacked = np.array(found)
    estimate, within = stacked.mean(axis=0), np.mean(errors, axis=0)
    away = stacked - estimate
    between = away.T @ away / (m - 1)
    total = within + (1 + 1 / m) * between
    inside, added = np.diagonal(within), (1 + 1 / m) * np.diagonal(between)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = added / inside
        rubin = np.where(added > 0, (m - 1) * (1 + inside / added) ** 2, np.inf)
        lost = np.where(added > 0, (ratio + 2 / (rubin + 3)) / (ratio + 1), 0.0)
        error = np.sqrt(np.diagonal(total))
        statistic = np.where(error > 0, estimate / error, np.nan)
    freedom = rubin
    if not np.isinf(df):  # Barnard and Rubin (1999)
        observed = (df + 1) / (df + 3) * df * (1 - added / np.diagonal(total))
        freedom = 1 / (1 / rubin + 1 / observed)
    half = quantile(level, freedom) * error
    p = 2 * stdtr(freedom, -np.abs(statistic))
    kind = "Rubin 1987" if np.isinf(df) else "Barnard and Rubin 1999"
    listed = list(names) if names is not None else [str(at + 1) for at in range(len(estimate))]
    table = pd.DataFrame(
        {
            "name": pd.array(listed, dtype="str"),
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "statistic": statistic,
            "df": freedom,
            "p_value": p,
            "missing_information": lost,
            "method": pd.array(
                [f"Rubin's rules over {m} imputations, df of {kind}"] * len(listed), dtype="str"
            ),
        }
    )
    return Pooled(table, total)


def _refuse(
    found: list[Array], errors: list[Array], names: Sequence[str] | None, df: float, level: float
) -> None:
    problems = []
    if len(found) < 2:
        problems.append(
            Problem("too-few", "estimates", f"come from {len(found)} frame(s)", "give two or more, better 20")
        )
    if len(found) != len(errors):
        problems.append(
            Problem(
                "unequal-length",
                "covariances",
                f"are {len(errors)} for {len(found)} estimates",
                "give one per frame",
            )
        )
    for at, (one, matrix) in enumerate(zip(found, errors, strict=False)):
        where = f"frame {at + 1}"
        if found and one.shape != found[0].shape:
            problems.append(
                Problem(
                    "unequal-length", where, "has another number of estimates", "run the same analysis on all"
                )
            )
        elif matrix.shape != (len(one), len(one)):
            problems.append(
                Problem(
                    "wrong-shape", where, "its covariance does not fit its estimates", "give k × k numbers"
                )
            )
        elif not (np.isfinite(one).all() and np.isfinite(matrix).all()):
            problems.append(
                Problem("not-finite", where, "has an estimate without a number", "leave out empty groups")
            )
    if names is not None and found and len(names) != len(found[0]):
        problems.append(
            Problem(
                "unequal-length", "names", f"are {len(names)} for {len(found[0])}", "give one per estimate"
            )
        )
    if not df > 0:
        problems.append(Problem("out-of-range", "df", f"is {df}", "give a number above 0"))
    if not 0 < level < 1:
        problems.append(Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95"))
    if problems:
        raise InvalidInput("pool", problems)


@typed
def pool_frames(
    frames: Iterable[pd.DataFrame],
    analysis: Callable[[pd.DataFrame], Estimates],
    *,
    complete_df: bool = False,
    level: float = 0.95,
) -> Pooled:
    """Run one analysis on every imputed frame and pool the results.

    Parameters
    ----------
    frames
        The imputed frames.
    analysis
        What to do with each, such as `lambda frame: estimate(frame, "y", design=design)`.
    complete_df
        Take the design's df as those of complete data (Barnard and Rubin); else Rubin's, as R does.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        Where analyses do not match.

    Examples
    --------
    >>> from toolkit.analysis.totals import estimate
    >>> frames = [pd.DataFrame({"y": [1.0, 2.0, last]}) for last in (3.0, 4.0)]
    >>> pool_frames(frames, lambda frame: estimate(frame, "y")).table["estimate"].round(4).tolist()
    [2.1667]
    """
    found = [analysis(frame) for frame in frames]
    if odd := [type(one).__name__ for one in found if not isinstance(one, Estimates)]:
        what, hint = f"returns a {odd[0]}", "return what estimate() returns"
        raise InvalidInput("pool", [Problem("wrong-type", "analysis", what, hint)])
    different = [at for at, one in enumerate(found) if one.names != found[0].names]
    if different:
        raise InvalidInput(
            "pool",
            [
                Problem("inconsistent", f"frame {at + 1}", "gives other estimates", "keep groups alike")
                for at in different
            ],
        )
    return pool(
        [one.table["estimate"].to_numpy(dtype=np.float64) for one in found],
        [one.covariance for one in found],
        names=found[0].names if found else None,
        df=min(one.df for one in found) if complete_df and found else np.inf,
        level=level,
    )
