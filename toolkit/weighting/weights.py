"""Weights of one frame: where they start, how uneven they are, trimming."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, NotConverged, Problem, near_names
from toolkit.instrument.model import is_missing_code
from toolkit.records import Displayed

# Sums of rows within cells.


Array = npt.NDArray[np.float64]


def sums_within(cells: Any, values: Array, count: int) -> Array:
    """Sum the columns of `values` within each of `count` cells.

    Parameters
    ----------
    cells
        Cell of each row.
    values
        Rows × columns.
    count
        How many cells there are.

    Examples
    --------
    >>> sums_within(np.array([0, 1, 0]), np.array([[1.0], [2.0], [3.0]]), 2).tolist()
    [[4.0], [2.0]]
    """
    found = np.empty((count, values.shape[1]))
    for at in range(values.shape[1]):
        found[:, at] = np.bincount(cells, weights=values[:, at], minlength=count)
    return found


# Weights of one frame, with diagnostics and the variance they explain.


_CYCLES = 10
"""Passes over the margins when residuals of raking are taken, as R's survey makes."""
_SMALL = 20_000
_MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Calibration:
    """Part of every answer that weighting explains, so that standard errors use only the rest.

    `kind` is "raking" (codes of several margins), "cells" (codes of one) or "regression" (a matrix of what
    the weights were fitted to); `before` and `after` are the weights.
    """

    kind: Literal["raking", "cells", "regression"]
    before: Array
    after: Array
    codes: tuple[Any, ...] = ()
    matrix: Any = None

    @cached_property
    def crossed(self) -> tuple[Any, tuple[Any, ...]]:
        """Return the crossed cell of each row, and each occurring cell's category in every margin."""
        joint = np.zeros(len(self.after), dtype=np.int64)
        size = 1
        for code in self.codes:
            levels = int(code.max()) + 1
            joint, size = joint * levels + code, size * levels
        if size > _MOST_CELLS:
            _, first, cells = np.unique(joint, return_index=True, return_inverse=True)
            return cells, tuple(code[first] for code in self.codes)
        first = np.full(size, -1, dtype=np.intp)
        first[joint] = np.arange(len(joint))
        place = np.cumsum(first >= 0) - 1
        return place[joint], tuple(code[first[first >= 0]] for code in self.codes)

    @cached_property
    def counted(self) -> Array:
        """Return the weight of each row in averages within cells: none where its sampling weight is 0."""
        return np.where(self.after > 0, self.before if self.kind == "cells" else 1.0, 0.0)

    @cached_property
    def _held(self) -> Array:
        cells, categories = self.crossed
        held: Array = np.bincount(cells, weights=self.counted, minlength=len(categories[0])).astype(
            np.float64
        )
        return held[:, None]

    @cached_property
    def basis(self) -> tuple[Array, Array]:
        """Return orthonormal columns of the calibration variables, and the scale of the residuals."""
        half = np.sqrt(self.before)
        left, size, _ = np.linalg.svd(self.matrix * half[:, None], full_matrices=False)
        scale = np.where(half > 0, self.after / np.where(half > 0, half, 1.0), 1.0)
        return left[:, size > 1e-10 * size.max()], np.where(scale > 0, scale, 1.0)

    def explained(self, sums: Array) -> Array:
        """Return what the margins explain in each crossed cell, from sums of `counted` z over weights."""
        held, found = self._held, np.zeros_like(sums)
        sides = [(category, *self._side(category)) for category in self.crossed[1]]
        for _ in range(1 if self.kind == "cells" else _CYCLES):
            for category, member, base in sides:
                rest = sums - found * held
                left = sums_within(category, rest, len(base)) if member is None else member @ rest
                found = found + (left / base)[category]
        return found

    def _side(self, category: Any) -> tuple[Array | None, Array]:
        """Return a margin as a categories × cells array, if that is not too large, and its category sizes."""
        size = int(category.max()) + 1
        base = sums_within(category, self._held, size)
        small = size * len(category) <= _SMALL
        member = (np.arange(size)[:, None] == category).astype(np.float64) if small else None
        return member, np.where(base > 0, base, 1.0)

    def residuals(self, z: Array) -> Array:
        """Subtract what weighting explains from weighted contributions (rows × statistics)."""
        if self.kind == "regression":
            basis, scale = self.basis[0], self.basis[1][:, None]
            part = z / scale
            rest: Array = (part - basis @ (basis.T @ part)) * scale
            return rest
        cells, categories = self.crossed
        each = z * (self.counted / np.where(self.after > 0, self.after, 1.0))[:, None]
        sums = sums_within(cells, each, len(categories[0]))
        left_over: Array = z - self.explained(sums)[cells] * self.after[:, None]
        return left_over


@dataclass(frozen=True, repr=False)
class Weights(Displayed):
    """Weights of one frame and what they cost.

    Attributes
    ----------
    values
        One weight per row, under the frame's index.
    design_effect
        Kish's n Σw² / (Σw)²: how many times more answers weighting asks for. n are rows of a weight above 0.
    effective_n
        (Σw)² / Σw².
    iterations
        Cycles over the margins; 1 for post-stratification.
    margins
        One row per category: variable, category, target, before, after.
    calibration
        What the weights explain; a `Design` given these weights counts the rest as error.
    """

    values: pd.Series
    design_effect: float
    effective_n: float
    iterations: int
    margins: pd.DataFrame
    calibration: Calibration | None = None

    def __repr__(self) -> str:
        return (
            f"Weights(n={len(self.values)}, from {self.values.min():.3g} to {self.values.max():.3g}, "
            f"design_effect={self.design_effect:.3g}, effective_n={self.effective_n:.4g}, "
            f"iterations={self.iterations})"
        )


@typed
def effective_n(weights: Numbers) -> float:
    """Compute Kish's effective sample size, (Σw)² / Σw².

    Examples
    --------
    >>> effective_n([1, 1, 1, 1])
    4.0
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.size == 0 or np.isnan(w).any() or np.isinf(w).any() or (w < 0).any() or w.sum() <= 0:
        raise InvalidInput(
            "weights",
            [
                Problem(
                    "not-finite", "weights", "are empty, negative, infinite, missing or all 0", "give weights"
                )
            ],
        )
    return float(w.sum() ** 2 / (w**2).sum())


@typed
def design_effect(weights: Numbers) -> float:
    """Compute Kish's design effect of unequal weights, n Σw² / (Σw)², without rows of weight 0.

    Examples
    --------
    >>> round(design_effect([1, 1, 2]), 3)
    1.125
    """
    return float(np.count_nonzero(np.asarray(weights)) / effective_n(weights))


# Base weights, from which weighting starts.


def start_weights(frame: pd.DataFrame, base: str | pd.Series | npt.ArrayLike | None) -> Array:
    """Return one base weight per row: from a column, from an array, or all equal.

    Raises
    ------
    InvalidInput
        They are missing, infinite, negative, all 0, or not one per row.
    """
    if len(frame) == 0:
        raise InvalidInput("frame", [Problem("no-rows", "frame", "has no rows", "give it respondents")])
    if base is None:
        return np.ones(len(frame))
    if isinstance(base, str):
        if base not in frame.columns:
            raise InvalidInput(
                "base",
                [
                    Problem(
                        "unknown-column",
                        f"column {base}",
                        "is not in the frame",
                        near_names(base, map(str, frame.columns)),
                    )
                ],
            )
        base = frame[base]
    values = np.asarray(base, dtype=np.float64)
    problems = []
    if isinstance(base, pd.Series) and not base.index.equals(frame.index):
        problems.append(
            Problem("inconsistent", "base", "is not indexed as the frame is", "align it with the frame first")
        )
    elif values.shape != (len(frame),):
        problems.append(
            Problem(
                "unequal-length",
                "base",
                f"has {values.size} weights for {len(frame)} rows",
                "give one per row",
            )
        )
    elif not np.isfinite(values).all() or (values < 0).any():
        row = frame.index[~np.isfinite(values) | (values < 0)][0]
        problems.append(
            Problem(
                "not-finite",
                f"base, row {row}",
                "is missing, infinite or negative",
                "correct it or leave the row out",
            )
        )
    elif values.sum() <= 0:
        problems.append(Problem("wrong-sum", "base", "weights sum to zero", "make one weight positive"))
    if problems:
        raise InvalidInput("base", problems)
    return values


# Diagnostics of unequal weights.


_TOP = 0.05


@typed
def diagnose(weights: Weights | Numbers, *, by: pd.Series | npt.ArrayLike | None = None) -> pd.DataFrame:
    """Summarise the spread and the cost of weights, overall and by group.

    Parameters
    ----------
    weights
        What `rake` and its like gave, or one number per row.
    by
        A group per row.

    Returns
    -------
    pandas.DataFrame
        group ("all" first), n, sum, smallest, median, largest, largest_over_median, top_share (part of the
        sum held by the largest 5 % of weights, at least one), cv (population standard deviation over mean),
        design_effect (Kish), effective_n, zeros: rows of weight 0, which count in nothing else.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite, negative or all 0, and groups that do not fit.

    Notes
    -----
    Kish's design effect is 1 + cv². A largest weight many times the median means that a few people speak for
    many: see `trim`.

    Examples
    --------
    >>> diagnose([1.0, 1.0, 2.0, 4.0])[["design_effect", "effective_n", "top_share"]].iloc[0].tolist()
    [1.375, 2.909090909090909, 0.5]
    """
    values = np.asarray(weights.values if isinstance(weights, Weights) else weights, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInput(
            "diagnose", [Problem("wrong-type", "weights", "are not a list", "give one number per row")]
        )
    effective_n(values)
    rows = [_row("all", values)]
    if by is not None:
        groups = pd.Categorical(by)
        if len(groups) != len(values):
            raise InvalidInput(
                "diagnose",
                [
                    Problem(
                        "unequal-length",
                        "by",
                        f"has {len(groups)} rows for {len(values)}",
                        "give one per row",
                    )
                ],
            )
        rows += [
            _row(str(level), values[groups.codes == at])
            for at, level in enumerate(groups.categories)
            if (groups.codes == at).any() and not is_missing_code(level)
        ]
    return pd.DataFrame(rows)


def _row(group: str, given: npt.NDArray[np.float64]) -> dict[str, object]:
    values = given[given > 0]
    if not values.size:
        nothing = ("smallest", "median", "largest", "largest_over_median", "top_share", "cv")
        none = dict.fromkeys((*nothing, "design_effect", "effective_n"), np.nan)
        return {"group": group, "n": 0, "sum": 0.0, **none, "zeros": len(given)}
    whole, mean = float(values.sum()), float(values.mean())
    top = np.sort(values)[-max(int(np.ceil(_TOP * len(values))), 1) :]
    median = float(np.median(values))
    effective = effective_n(values) if whole > 0 else np.nan
    return {
        "group": group,
        "n": len(values),
        "sum": whole,
        "smallest": float(values.min()),
        "median": median,
        "largest": float(values.max()),
        "largest_over_median": float(values.max() / median) if median > 0 else np.nan,
        "top_share": float(top.sum() / whole) if whole > 0 else np.nan,
        "cv": float(values.std() / mean) if mean > 0 else np.nan,
        "design_effect": len(values) / effective,
        "effective_n": effective,
        "zeros": len(given) - len(values),
    }


# Trimming of weights, with the excess redistributed over the others.


@typed
def trim(
    weights: Weights | Numbers,
    *,
    lower: float = 0.0,
    upper: float = np.inf,
    strict: bool = True,
) -> Weights:
    """Trim weights to limits, keeping their sum.

    Parameters
    ----------
    weights
        What `rake` and its like gave, or one number per row.
    lower, upper
        The limits.
    strict
        Repeat until no weight is outside, as spreading what was cut off can push others over a limit;
        False does it once.

    Returns
    -------
    Weights
        `iterations` counts the rounds. Trimming gives up the margins a little: `margins` shows them after
        it where they were known before. Errors treat trimmed weights as sampling weights.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite or negative, invalid limits.
    NotConverged
        Where every weight would have to be trimmed to keep the sum.

    Notes
    -----
    What is cut off is shared equally among the weights never trimmed. Checked against R:
    `survey::trimWeights` 4.5 (4.1.1 returns, when strict, some of it to weights trimmed before).

    Examples
    --------
    >>> trim([1.0, 1.0, 1.0, 5.0], upper=3.5).values.tolist()
    [1.5, 1.5, 1.5, 3.5]
    """
    given = weights.values if isinstance(weights, Weights) else weights
    start = np.asarray(given, dtype=np.float64)
    if start.ndim != 1:
        raise InvalidInput(
            "trim", [Problem("wrong-type", "weights", "are not a list", "give one number per row")]
        )
    effective_n(start)
    if not 0 <= lower < upper:
        raise InvalidInput(
            "trim",
            [
                Problem(
                    "wrong-order", "limits", f"are {lower:g} and {upper:g}", "give lower below upper, from 0"
                )
            ],
        )
    values, rounds = _spread(start, lower, upper, strict)
    index = given.index if isinstance(given, pd.Series) else None
    series = pd.Series(values, index=index, name="weight")
    effective = effective_n(values)
    margins = _after(weights, values) if isinstance(weights, Weights) else _no_margins()
    return Weights(series, np.count_nonzero(values) / effective, effective, rounds, margins)


def _spread(start: Array, lower: float, upper: float, strict: bool) -> tuple[Array, int]:
    values, free, rounds = start.copy(), np.ones(len(start), dtype=bool), 0
    slack = 1e-12 * max(start.max(), 1e-300)
    while True:
        outside = (values < lower - slack) | (values > upper + slack)
        if not outside.any() or (rounds and not strict):
            return values, rounds
        rounds += 1
        cut = values - np.clip(values, lower, upper)
        values = values - cut
        free &= ~outside
        if not free.any():
            raise NotConverged(
                f"every weight would be trimmed: no weights between {lower:g} and {upper:g} keep the sum; "
                "widen the limits"
            )
        values[free] += cut.sum() / free.sum()


def _after(weights: Weights, values: Array) -> pd.DataFrame:
    known = weights.calibration
    if known is None:
        return weights.margins
    if known.matrix is not None:
        after = (known.matrix.T @ values)[1:]
    else:
        after = np.concatenate([np.bincount(code, weights=values) for code in known.codes])
    return weights.margins.assign(after=after)


def _no_margins() -> pd.DataFrame:
    return pd.DataFrame(columns=["variable", "category", "target", "before", "after"])
