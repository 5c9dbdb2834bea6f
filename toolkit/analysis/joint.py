"""Means, totals, ratios and variances with the covariances between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Items, Request, read_columns, requests_for, requests_per_code
from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.intervals import quantile
from toolkit.analysis.sampled import Sampled, ratio_estimates
from toolkit.errors import InvalidInput, Problem

__all__ = ["Estimates", "estimate", "ratios", "totals", "variances"]

Array = npt.NDArray[np.float64]
Statistic = Literal["mean", "total", "variance", "size"]
_STATISTICS = ("mean", "total", "variance", "size")
_ROUNDING = 1e-12
"""A standard error below this part of its estimate is rounding: the design fixes the estimate."""


@dataclass(frozen=True)
class Estimates:
    """Estimates of one sample with the covariances their comparison needs.

    Attributes
    ----------
    table
        One row an estimate, in the estimates contract.
    names
        What a contrast calls each row: its groups joined by ".", or its item (and code, "item=code")
        where there are no groups, or both as "item:group" where several items meet groups.
    covariance
        Rows × rows.
    df
        Degrees of freedom of the whole design.
    said
        How the errors were made.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    covariance: Array
    df: float
    said: str


def estimate(
    frame: pd.DataFrame,
    items: Items,
    *,
    statistic: Statistic = "mean",
    measure: str | None = "mean",
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    complete: bool = False,
) -> Estimates:
    """Means, totals or variances of items by group, with all their covariances.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        An instrument, variables, or column names.
    statistic
        "mean" (of shares: the share), "total", "variance", or "size" (the weights of those who answered).
    measure
        "mean" takes codes as numbers; a code or "top", "bottom", "favourable", "unfavourable" counts
        those who gave it; None gives a row a response code.
    by
        Group columns. Rows without a group are in no row of the result.
    design
        How respondents were drawn.
    level
        Confidence level.
    complete
        Count only respondents who answered every item.

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
    if statistic not in _STATISTICS:
        raise InvalidInput(
            "estimate",
            [Problem("statistic", f"{statistic!r} is not known", f"use one of {_STATISTICS}")],
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
    shown = [_shown(one, statistic, measure) for one in wanted]
    cells = _Cells(frame, by, design, level)
    return cells.of(values, statistic, [one.item for one in wanted], shown, measure is None)


def totals(
    frame: pd.DataFrame,
    items: Items,
    *,
    measure: str | None = "mean",
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Weighted totals: of numbers ("mean" takes answers as numbers), or of people who gave an answer.

    Parameters
    ----------
    frame, items, measure, by, design, level
        As in `estimate`. With a `measure` of None, people are counted for every response code.

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
    return estimate(frame, items, statistic="total", measure=measure, by=by, design=design, level=level).table


def variances(
    frame: pd.DataFrame,
    items: Items,
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Variance of answers in the population.

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


def ratios(
    frame: pd.DataFrame,
    pairs: Mapping[str, tuple[str, str | Sequence[str]]],
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
    covariances: bool = False,
) -> Any:
    """Ratios of two totals, such as the share of all ticks that went to one option.

    Parameters
    ----------
    frame
        One row a respondent.
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
        raise InvalidInput("ratios", [Problem("pairs", "are empty", "name at least one ratio")])
    below = {name: (x,) if isinstance(x, str) else tuple(x) for name, (_, x) in pairs.items()}
    used = list(dict.fromkeys([y for y, _ in pairs.values()] + [x for xs in below.values() for x in xs]))
    numbers = dict(zip(used, _numbers(frame, used), strict=True))
    top = np.array([numbers[y] for y, _ in pairs.values()])
    bottom = np.array([np.sum([numbers[x] for x in xs], axis=0) for xs in below.values()])
    missing = np.isnan(top) | np.isnan(bottom)
    top[missing] = bottom[missing] = np.nan
    cells = _Cells(frame, by, design, level)
    found = cells.of(top, "ratio", list(pairs), ["ratio"] * len(pairs), False, bottom)
    return found if covariances else found.table


def _numbers(frame: pd.DataFrame, names: list[str]) -> Array:
    wanted = requests_for(read_columns(frame, names), "mean")
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    return values


def _shown(one: Request, statistic: str, measure: str | None) -> str:
    return one.measure if measure != "mean" else statistic


class _Cells:
    """Statistics × groups under one design."""

    def __init__(
        self, frame: pd.DataFrame, by: str | Sequence[str] | None, design: Design | None, level: float
    ) -> None:
        if not 0 < level < 1:
            raise InvalidInput("level", [Problem("level", f"is {level}", "give a fraction such as 0.95")])
        self._level = level
        self._groups: Groups = group_by(frame, by)
        self._sampled: Sampled = (design or Design()).over(frame, linearise=True)

    def of(
        self,
        values: Array,
        statistic: str,
        items: list[str],
        shown: list[str],
        per_code: bool,
        bottom: Array | None = None,
    ) -> Estimates:
        """Estimates of every row of `values` (NaN where there is no answer) in every group."""
        member = (self._groups.codes[:, None] == np.arange(len(self._groups.labels))).astype(np.float64)
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
        nobody = n.ravel() == 0
        found[nobody] = np.nan
        covariance[nobody], covariance[:, nobody] = np.nan, np.nan
        with np.errstate(invalid="ignore"):
            fixed = np.diagonal(covariance) <= (_ROUNDING * found) ** 2
        covariance[fixed], covariance[:, fixed] = 0.0, 0.0
        item, group = (part.ravel() for part in np.indices(n.shape))
        table = self._table(found, covariance, n, np.array(items, dtype=object)[item], group)
        table |= {"measure": np.array(shown, dtype=object)[item]}
        table["response"] = table["measure"]
        kish = _kish(self._sampled.weights, known, member)
        table["effective_n"] = kish.ravel()
        order = estimate_columns("response" if per_code else "measure", self._groups.names)
        names = self._names(items, shown, per_code)
        df = self._sampled.degrees_of_freedom()
        return Estimates(tidy(table, order), names, covariance, df, self._said())

    def _squares(self, filled: Array, known: Array, member: Array, n: Array) -> Array:
        weights = self._sampled.weights
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = ((filled * weights) @ member) / ((known * weights) @ member)
            inflate = n / (n - 1)
        away = (filled[:, None, :] - np.nan_to_num(mean)[:, :, None]) * known[:, None, :] * member.T
        squares = away**2 * np.nan_to_num(inflate, posinf=np.nan, neginf=np.nan)[:, :, None]
        flat: Array = squares.reshape(-1, filled.shape[1]).T
        return flat

    def _table(self, found: Array, covariance: Array, n: Array, item: Any, group: Any) -> dict[str, Any]:
        with np.errstate(invalid="ignore"):
            error = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        df = self._df()[group]
        half = np.where(error == 0, 0.0, quantile(self._level, df) * error)
        labels = {
            name: pd.Index([label[at] for label in self._groups.labels]).take(group).array
            for at, name in enumerate(self._groups.names)
        }
        nobody = n.ravel() == 0
        return {
            "item": item,
            **labels,
            "n": n.ravel(),
            "estimate": found,
            "std_error": error,
            "conf_low": found - half,
            "conf_high": found + half,
            "df": df,
            "method": _method(nobody, error, self._said()),
        }

    def _df(self) -> Array:
        groups = self._groups
        if not self._sampled.own_df:
            return np.full(len(groups.labels), self._sampled.degrees_of_freedom())
        each = (self._sampled.degrees_of_freedom(groups.codes == at) for at in range(len(groups.labels)))
        return np.array(list(each))

    def _said(self) -> str:
        return f"t interval, {self._sampled.how}"

    def _names(self, items: list[str], shown: list[str], per_code: bool) -> tuple[str, ...]:
        what = [f"{item}={code}" if per_code else item for item, code in zip(items, shown, strict=True)]
        groups = [".".join(map(str, label)) for label in self._groups.labels]
        if not self._groups.names:
            return tuple(what)
        if len(what) == 1:
            return tuple(groups)
        return tuple(f"{one}:{group}" for one in what for group in groups)


def _method(nobody: Any, error: Array, said: str) -> Any:
    lost = "no interval: some replicates hold nobody of this group"
    found = np.where(np.isnan(error), lost, said)
    return np.where(nobody, "not computed: nobody answered", found).astype(object)


def _spread_out(values: Array, member: Array) -> Array:
    """Rows × (statistics · groups), 0 outside the group."""
    spread: Array = (values[:, :, None] * member[None, :, :]).transpose(1, 0, 2).reshape(len(member), -1)
    return spread


def _kish(weights: Array, known: Array, member: Array) -> Array:
    total, squares = (known * weights) @ member, (known * weights**2) @ member
    return np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)
