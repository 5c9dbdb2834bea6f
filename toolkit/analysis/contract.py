"""The columns of every result frame, and the results of single tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.records import Displayed

# Columns of the result contract.


ESTIMATE_COLUMNS = ("n", "effective_n", "estimate", "std_error", "conf_low", "conf_high", "df", "method")
"""Columns of an estimate after its item, its response or measure, and its groups."""

GAP_STATISTICS = (
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
"""Numbers of a gap that are computed from both sides, and are withheld where a side is."""

GAP_COLUMNS = (
    "audience_a",
    "audience_b",
    "n_a",
    "n_b",
    "estimate_a",
    "estimate_b",
    "gap",
    "std_error",
    "conf_low",
    "conf_high",
    "statistic",
    "df",
    "p_value",
    "p_adjusted",
    "effect_size",
    "effect_size_kind",
    "minimum_detectable_gap",
    "verdict",
    "method",
    "family",
    "verdict_code",
    "method_code",
    "design",
    "adjustment",
    "verdict_unit",
    "verdict_margin",
)
"""Columns of a gap after its item, its measure and its groups.

`verdict` and `method` are sentences for people. What code decides on is beside them: `verdict_code`,
`method_code`, `design` (whether the error is any other than that of two simple random samples of `n_a` and
`n_b`: weights, strata, clusters, replicates, a finite population, an effective n) and `adjustment` (the
method of `adjust_p` within `family`). A verdict is worded from its `verdict_unit` ("points" of a percentage,
"scale", "superiority": points of the difference of two probabilities) and its `verdict_margin`.
"""

REFERENT_COLUMNS = ("referent_a", "referent_b", "comparable")
"""Last columns of a gap: what each side was asked about, as the instrument declares it, and a code.

`comparable` is "same", "different" or "undeclared" (one side or both declare nothing). Rows that are
"different" are a family of their own.
"""

ALIKE_COLUMNS = (
    "alike",
    "alike_code",
    "alike_scale",
    "alike_shift",
    "alike_std_error",
    "alike_low",
    "alike_high",
    "alike_p",
    "alike_p_nonuniform",
    "alike_n",
    "alike_detectable",
)
"""Columns that `check_alike` appends to gaps."""


def estimate_columns(kind: str, groups: Sequence[str]) -> list[str]:
    """Return the columns of an estimates frame, in order.

    Parameters
    ----------
    kind
        "response" or "measure".
    groups
        Names of the group columns.

    Examples
    --------
    >>> estimate_columns("measure", ["audience"])[:4]
    ['item', 'measure', 'audience', 'n']
    """
    return ["item", kind, *groups, *ESTIMATE_COLUMNS]


def gap_columns(groups: Sequence[str] = ()) -> list[str]:
    """Return the columns of a gaps frame, in order.

    Examples
    --------
    >>> gap_columns()[:4]
    ['item', 'measure', 'audience_a', 'audience_b']
    """
    return ["item", "measure", *groups, *GAP_COLUMNS, *REFERENT_COLUMNS]


def tidy(columns: Mapping[str, Any], order: Sequence[str]) -> pd.DataFrame:
    """Build a frame with the columns in the given order: text as `str`, complete counts as int64."""
    return pd.DataFrame({name: _typed(name, columns[name]) for name in order}, copy=False)


def _typed(name: str, values: Any) -> Any:
    if isinstance(values, pd.Series | pd.api.extensions.ExtensionArray):
        return values
    array = np.asarray(values)
    if (
        name in ("n", "n_a", "n_b")
        and array.dtype.kind == "f"
        and bool(np.isfinite(array).all() and (array == np.rint(array)).all())
    ):
        return array.astype(np.int64)
    if array.dtype.kind in "OU":
        return pd.array(array.tolist(), dtype="str")  # Python words, not numpy's
    return array


# Results of single tests and intervals.


Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Interval(Displayed):
    """An estimate between its limits; numbers, or arrays of one entry per comparison."""

    estimate: Any
    conf_low: Any
    conf_high: Any
    std_error: Any = None


@dataclass(frozen=True, repr=False)
class Test(Displayed):
    """A test: its statistic, its p value, and the estimate with limits where it has one.

    `symbol` is how the statistic is written: "t", "z", "F", "χ²"; "" where it has no usual one.
    """

    statistic: Any
    p_value: Any
    method: str
    df: Any = None
    estimate: Any = None
    conf_low: Any = None
    conf_high: Any = None
    symbol: str = ""


@dataclass(frozen=True)
class Moments:
    """One row per item, one column per group.

    Attributes
    ----------
    n
        Answers.
    units
        Number of their primary units; with fewer than two the error cannot be estimated.
    weight
        Their weights' sum.
    kish
        (Σw)² / Σw² of those answers.
    mean
        Weighted mean; NaN where no one answered.
    spread
        Variance among answers, with n − 1 below (weighted: n / (n − 1) times the weighted variance).
    covariance
        Of the means, groups by groups, from the design; None for a simple sample.
    """

    n: Array
    units: Array
    weight: Array
    kish: Array
    mean: Array
    spread: Array
    covariance: Any
