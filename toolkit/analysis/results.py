"""What a single test or interval gives back, and what many items do before they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.records import Displayed

__all__ = ["Interval", "Moments", "Test"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Interval(Displayed):
    """An estimate between its limits; numbers, or arrays of one entry a comparison."""

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
    """One row an item, one column a group.

    Attributes
    ----------
    n
        Answers.
    units
        Primary units they lie in; fewer than two tell nothing of the error.
    weight
        Their weights' sum.
    kish
        (Σw)² / Σw² of those answers.
    mean
        Weighted mean; NaN where nobody answered.
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
