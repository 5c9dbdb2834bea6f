"""Statistics of one sample by group, with the covariances between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.contract import estimate_columns, tidy
from toolkit.analysis.design import Design
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.intervals import quantile
from toolkit.analysis.plain import ROUNDING
from toolkit.analysis.replicates import Replicated
from toolkit.analysis.sampled import Sampled, ratio_estimates
from toolkit.errors import InvalidInput, Problem
from toolkit.weighting.sums import sums_within

__all__ = ["Cells", "Estimates"]

Array = npt.NDArray[np.float64]
_NOBODY = "not computed: nobody answered"
_LONE = "no interval: all answers lie in one primary unit, from which no error can be estimated"
_ONE = "not computed: one answer has no variance"
_EMPTY = "no interval: some replicates hold nobody of this group"


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
        """Estimates of every row of `values` (NaN where there is no answer) in every group.

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
        return Estimates(frame, chosen, covariance[np.ix_(kept, kept)], df, self._said())

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
        """Covariance of variances, each replicate's about that replicate's own mean, as R's `svyvar`."""
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
        method = np.where(why != "", why, np.where(np.isnan(error), _EMPTY, self._said()))
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

    def _said(self) -> str:
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
    """Rows × (statistics · groups), 0 outside the group."""
    spread: Array = (values[:, :, None] * member[None, :, :]).transpose(1, 0, 2).reshape(len(member), -1)
    return spread
