"""Calibration: the smallest change of weights that reproduces known totals, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, NotConverged, Problem, near_names
from toolkit.weighting.raking import margin_codes
from toolkit.weighting.weights import Calibration, Weights, effective_n, start_weights

Array = npt.NDArray[np.float64]
Method = Literal["linear", "raking", "logit"]
_METHODS = ("linear", "raking", "logit")
_HALVINGS = 30


@typed
def calibrate(
    frame: pd.DataFrame,
    targets: Mapping[str, Mapping[Any, float] | float],
    *,
    base: str | Numbers | None = None,
    method: Method = "linear",
    bounds: tuple[float, float] | None = None,
    population: float | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> Weights:
    """Calibrate weights to known totals of categories and of numbers.

    Parameters
    ----------
    frame
        One row per respondent.
    targets
        Column → category → population total, or column of numbers → its population total. Totals of
        categories are counts and add up to the same population for every column.
    base
        Weights to start from, a column's name or one number per row; None starts from equal weights.
    method
        "linear" (generalised regression), "raking" (factors exp(xλ), never negative), "logit" (smoothly
        within `bounds`).
    bounds
        Least and largest factor from base to final weight, such as (0.3, 3).
    population
        Number of people, needed where no column of categories gives it.
    tolerance
        Largest miss of a total, relative to 1 + the total.
    max_iterations
        Newton steps before giving up.

    Returns
    -------
    Weights
        Given to `Design(weights=…)`, its errors count only what the totals do not explain.

    Raises
    ------
    InvalidInput
        As `rake`, and for numbers that are missing, invalid totals, bounds that exclude 1.
    NotConverged
        Where no factors within the bounds reach the totals, naming the one furthest off.

    Notes
    -----
    Deville and Särndal 1992. Linear weights may be negative without bounds; a negative weight raises.
    Checked against R: `survey::calibrate`.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["f", "f", "m", "m"], "age": [20.0, 40.0, 30.0, 50.0]})
    >>> calibrate(frame, {"sex": {"f": 50, "m": 50}, "age": 4000}).values.round(6).tolist()
    [12.5, 37.5, 12.5, 37.5]
    """
    start = start_weights(frame, base)
    margins = {name: one for name, one in targets.items() if isinstance(one, Mapping)}
    numbers = {name: one for name, one in targets.items() if not isinstance(one, Mapping)}
    problems = list(_problems(frame, margins, numbers, method, bounds, population))
    if problems:
        raise InvalidInput("calibrate", problems)
    codes, totals = margin_codes(frame, margins) if margins else ([], [])
    whole = float(sum(totals[0])) if totals else float(population or 0)
    if base is None:
        start = start * (whole / start.sum())
    columns = [np.ones(len(frame))]
    wanted, names = [whole], ["all"]
    for (name, one), code, total in zip(margins.items(), codes, totals, strict=True):
        columns += [(code == at).astype(np.float64) for at in range(len(total))]
        wanted += total.tolist()
        names += [f"{name}: {category}" for category in one]
    for name, goal in numbers.items():
        columns.append(frame[name].to_numpy(dtype=np.float64))
        wanted.append(float(goal))
        names.append(str(name))
    matrix = np.array(columns).T
    factors, steps = _solve(
        matrix, start, np.array(wanted), names, _distance(method, bounds), tolerance, max_iterations
    )
    values = start * factors
    _refuse_negative(frame, values)
    shown = _margins(matrix, start, values, wanted, margins, numbers)
    effective = effective_n(values)
    return Weights(
        pd.Series(values, index=frame.index, name="weight"),
        np.count_nonzero(values) / effective,
        effective,
        steps,
        shown,
        Calibration("regression", start, values, matrix=matrix),
    )


def _refuse_negative(frame: pd.DataFrame, values: Array) -> None:
    if (values < 0).any():
        raise InvalidInput(
            "calibrate",
            [
                Problem(
                    "out-of-range",
                    f"row {frame.index[values < 0][0]} (+{int((values < 0).sum()) - 1} more)",
                    "its weight would be negative",
                    'use method="raking", or bounds such as (0.3, 3)',
                )
            ],
        )


def _problems(
    frame: pd.DataFrame,
    margins: Mapping[str, Any],
    numbers: Mapping[str, Any],
    method: str,
    bounds: tuple[float, float] | None,
    population: float | None,
) -> Iterator[Problem]:
    if not margins and not numbers:
        yield Problem("empty", "targets", "are empty", "name at least one column with its totals")
    for name, total in numbers.items():
        where = f"column {name}"
        if name not in frame.columns:
            yield Problem(
                "unknown-column", where, "is not in the frame", near_names(str(name), map(str, frame.columns))
            )
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            yield Problem(
                "not-a-number", where, "must contain numbers", "give a total for each of its categories"
            )
        elif not np.isfinite(frame[name].to_numpy(dtype=np.float64, na_value=np.nan)).all():
            yield Problem(
                "not-finite",
                where,
                "contains a missing or infinite number",
                "fill it in or leave the rows out",
            )
        if not (isinstance(total, int | float) and np.isfinite(total)):
            yield Problem("not-a-number", f"total of {name}", f"is {total}", "give a number")
    if not margins and not (population is not None and population > 0):
        yield Problem(
            "out-of-range",
            "population",
            f"is {population}",
            "give the number of people, or totals of categories",
        )
    if margins and population is not None:
        yield Problem(
            "conflict",
            "population",
            "is given beside totals of categories",
            "leave it out: they add up to it",
        )
    if method not in _METHODS:
        yield Problem("unknown-option", "method", f"unknown method {method!r}", f"use one of {_METHODS}")
    if method == "logit" and bounds is None:
        yield Problem("missing-argument", "bounds", "are missing", "logit needs them, such as (0.3, 3)")
    if bounds is not None and not (len(bounds) == 2 and 0 <= bounds[0] < 1 < bounds[1]):
        yield Problem(
            "out-of-range",
            "bounds",
            f"are {bounds}",
            "give (least, largest) factor about 1, such as (0.3, 3)",
        )


def _distance(method: str, bounds: tuple[float, float] | None) -> Callable[[Array], tuple[Array, Array]]:
    """Return the calibration factors and their slopes, as functions of xλ."""
    low, high = bounds if bounds is not None else (-np.inf, np.inf)
    if method == "logit":
        width = (high - low) / ((high - 1) * (1 - low))

        def logit(u: Array) -> tuple[Array, Array]:
            grown = np.exp(np.clip(width * u, -700, 700))
            below = high - 1 + (1 - low) * grown
            factor = (low * (high - 1) + high * (1 - low) * grown) / below
            return factor, (factor - low) * (high - factor) * width / (high - low)

        return logit

    def clipped(u: Array) -> tuple[Array, Array]:
        free = 1 + u if method == "linear" else np.exp(np.clip(u, -700, 700))
        inside = (free > low) & (free < high)
        slope = 1.0 if method == "linear" else free
        return np.clip(free, low, high), np.where(inside, slope, 0.0)

    return clipped


def _solve(
    matrix: Array,
    start: Array,
    wanted: Array,
    names: list[str],
    distance: Callable[[Array], tuple[Array, Array]],
    tolerance: float,
    most: int,
) -> tuple[Array, int]:
    """Solve by Newton steps, halved where they diverge."""
    size = np.sqrt((matrix**2).mean(axis=0))
    size[size == 0] = 1.0
    scaled, goal = matrix / size, wanted / size
    slopes = np.zeros(scaled.shape[1])
    factor, slope = distance(scaled @ slopes)
    miss = goal - scaled.T @ (start * factor)

    def off(missed: Array) -> Array:
        relative: Array = np.abs(missed * size) / (1 + np.abs(wanted))
        return relative

    for step in range(1, most + 1):
        information = (scaled * (start * slope)[:, None]).T @ scaled
        move = np.linalg.pinv(information, rcond=1e-11, hermitian=True) @ miss
        for _ in range(_HALVINGS):
            trial, steep = distance(scaled @ (slopes + move))
            left = goal - scaled.T @ (start * trial)
            if np.abs(left).max() < np.abs(miss).max() or off(left).max() <= tolerance:
                break
            move = move / 2
        slopes, factor, slope, miss = slopes + move, trial, steep, left
        if off(miss).max() <= tolerance:
            return factor, step
        if not np.isfinite(miss).all() or np.abs(move).max() < 1e-15:
            break
    worst = int(np.argmax(np.nan_to_num(off(miss), nan=np.inf)))
    raise NotConverged(
        f"calibration stopped with {names[worst]!r} still {off(miss)[worst]:.2g} off its total: "
        "no factors within the bounds reach it; widen the bounds, merge small categories or drop a total"
    )


def _margins(
    matrix: Array,
    start: Array,
    values: Array,
    wanted: list[float],
    margins: Mapping[str, Mapping[Any, float]],
    numbers: Mapping[str, Any],
) -> pd.DataFrame:
    listed = [(name, str(category)) for name, one in margins.items() for category in one]
    listed += [(name, "total") for name in numbers]
    before = matrix.T @ (start * wanted[0] / start.sum())
    return pd.DataFrame(
        {
            "variable": [name for name, _ in listed],
            "category": [category for _, category in listed],
            "target": wanted[1:],
            "before": before[1:],
            "after": (matrix.T @ values)[1:],
        }
    )
