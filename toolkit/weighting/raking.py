"""Raking and post-stratification: weights that reproduce known margins or cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, NotConverged, Problem, near_names
from toolkit.instrument.model import is_missing_code
from toolkit.weighting.weights import Calibration, Weights, effective_n, start_weights

# Raking: weights that reproduce known margins.


Array = npt.NDArray[np.float64]
Margins = Mapping[str, Mapping[Any, float]]
_STALLED = 25


@typed
def rake(
    frame: pd.DataFrame,
    margins: Margins,
    *,
    base: str | Numbers | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Weights:
    """Rake weights to several known margins at once (iterative proportional fitting).

    Parameters
    ----------
    frame
        One row per respondent.
    margins
        Column → category → population total. Totals may be counts or shares, but every column must add
        up to the same number, which becomes the sum of weights.
    base
        Weights to start from, a column's name or one number per row; None starts from equal weights.
    tolerance
        Largest relative miss of any target that counts as reached.
    max_iterations
        Cycles over all margins before giving up.

    Raises
    ------
    InvalidInput
        Naming every category that is in the margins and not in the data or the other way round, missing
        categories, totals that disagree or are not positive, shares that do not add up to 1, unusable base
        weights.
    NotConverged
        When the margins are not reached: they contradict each other in this sample.

    Notes
    -----
    Deming and Stephan 1940, on the cells of the crossed columns rather than on respondents.
    Checked against R: `survey::rake(control = list(epsilon = 1e-12))`.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["f", "f", "m"], "age": ["old", "young", "young"]})
    >>> found = rake(frame, {"sex": {"f": 50, "m": 50}, "age": {"old": 40, "young": 60}})
    >>> found.values.round(3).tolist()
    [40.0, 10.0, 50.0]
    """
    _refuse_options(tolerance, max_iterations)
    start = start_weights(frame, base)
    codes, targets = margin_codes(frame, margins)
    sizes = [len(target) for target in targets]
    cells, found = _cells(codes, sizes)
    mass: Array = np.bincount(cells, weights=start).astype(np.float64)
    _reachable(mass, found, margins)
    fitted, cycles = _fit(mass, found, targets, tolerance, max_iterations, list(margins))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(mass > 0, fitted / mass, 0.0)
    sides = [
        (np.bincount(category, weights=mass), np.bincount(category, weights=fitted)) for category in found
    ]
    values = start * factor[cells]
    effective = effective_n(values)
    return Weights(
        pd.Series(values, index=frame.index, name="weight"),
        np.count_nonzero(values) / effective,
        effective,
        cycles,
        _shown(margins, sides, float(mass.sum())),
        Calibration("raking" if len(codes) > 1 else "cells", start, values, tuple(codes)),
    )


def _refuse_options(tolerance: float, max_iterations: int) -> None:
    problems = []
    if not 0 < tolerance < 1:
        problems.append(
            Problem(
                "out-of-range", "tolerance", f"is {tolerance}", "give a small number above 0, such as 1e-10"
            )
        )
    if max_iterations < 1:
        problems.append(Problem("out-of-range", "max_iterations", f"is {max_iterations}", "give at least 1"))
    if problems:
        raise InvalidInput("rake", problems)


def margin_codes(frame: pd.DataFrame, margins: Margins) -> tuple[list[Any], list[Array]]:
    """Return the category of each row and the total of each category, one pair per margin.

    Raises
    ------
    InvalidInput
        As `rake`.
    """
    read = {name: _levels(frame[name]) for name in margins if name in frame.columns}
    problems = list(_margin_problems(frame, margins, read))
    if problems:
        raise InvalidInput("margins", problems)
    codes, targets = [], []
    for name, totals in margins.items():
        place = {category: at for at, category in enumerate(totals)}
        found, levels = read[name]
        codes.append(np.array([place.get(level, -1) for level in levels], dtype=np.intp)[found])
        targets.append(np.array([float(total) for total in totals.values()]))
    return codes, targets


def _levels(column: pd.Series) -> tuple[Any, list[Any]]:
    """Return the code of each row, −1 where it has none, and the levels."""
    if isinstance(column.array, pd.Categorical):
        codes, levels = column.array.codes, column.array.categories.tolist()
    else:
        codes, found = pd.factorize(column)
        levels = list(found)
    reserved = [at for at, level in enumerate(levels) if is_missing_code(level)]
    return (np.where(np.isin(codes, reserved), -1, codes) if reserved else codes), levels


def _margin_problems(
    frame: pd.DataFrame, margins: Margins, read: Mapping[str, tuple[Any, list[Any]]]
) -> Iterator[Problem]:
    if not margins:
        yield Problem("empty", "margins", "are empty", "name at least one column with its totals")
    sums: dict[str, float] = {}
    for name, totals in margins.items():
        if name not in frame.columns:
            yield Problem(
                "unknown-column",
                f"column {name}",
                "is not in the frame",
                near_names(str(name), map(str, frame.columns)),
            )
            continue
        codes, levels = read[name]
        if (codes < 0).any():
            rows = frame.index[codes < 0]
            yield Problem(
                "missing-value",
                f"column {name}, row {rows[0]} (+{len(rows) - 1} more)",
                "has no category",
                "fill it in, make 'unknown' a category, or leave the rows out",
            )
        listed: Any = totals
        if not isinstance(listed, Mapping):
            yield Problem("wrong-type", f"margin {name}", f"is {listed!r}", "give category → total")
            continue
        held = np.bincount(codes[codes >= 0] if (codes < 0).any() else codes, minlength=len(levels))
        present = [level for level, count in zip(levels, held, strict=True) if count]
        for category in totals:
            if category not in present:
                yield Problem(
                    "empty-cell",
                    f"margin {name}",
                    f"{category!r} has a total and no respondent",
                    "merge it with a category that has some",
                )
        for category in present:
            if category not in totals:
                yield Problem(
                    "missing-value",
                    f"margin {name}",
                    f"{category!r} is in the data and has no total",
                    "add its total or recode it",
                )
        for category, total in totals.items():
            if not (isinstance(total, int | float | np.number) and np.isfinite(total) and total > 0):
                yield Problem(
                    "out-of-range",
                    f"margin {name}, category {category!r}",
                    f"its total is {total}",
                    "give a number above 0",
                )
        given = [float(total) for total in totals.values() if isinstance(total, int | float | np.number)]
        sums[name] = float(sum(given))
        shares = max(given, default=0.0) <= 1 and any(total != 1 for total in given)
        if len(given) == len(totals) and shares and abs(sums[name] - 1) > 1e-6:
            yield Problem(
                "wrong-sum",
                f"margin {name}",
                f"contains shares that add up to {sums[name]:g}",
                "make them add up to 1, or give numbers of people",
            )
    first = next(iter(sums), None)
    for name, total in sums.items():
        if first is not None and abs(total - sums[first]) > 1e-6 * abs(sums[first]):
            yield Problem(
                "wrong-sum",
                f"margin {name}",
                f"adds up to {total:g}, margin {first} to {sums[first]:g}",
                "make every margin add up to the same population",
            )


def _cells(codes: Sequence[Any], sizes: Sequence[int]) -> tuple[Any, list[Any]]:
    """Return the crossed cell of each row, and each occurring cell's category in every margin."""
    joint = np.zeros(len(codes[0]), dtype=np.int64)
    for code, size in zip(codes, sizes, strict=True):
        joint = joint * size + code
    if np.prod([float(size) for size in sizes]) <= 2_000_000:
        seen = np.bincount(joint, minlength=int(np.prod(sizes))) > 0
        kept = np.nonzero(seen)[0]
        place = np.cumsum(seen) - 1
        cells = place[joint]
    else:
        kept, cells = np.unique(joint, return_inverse=True)
    found = []
    for size in reversed(sizes):
        kept, category = np.divmod(kept, size)
        found.append(category)
    return cells, found[::-1]


def _reachable(mass: Array, found: Sequence[Any], margins: Margins) -> None:
    problems = []
    for (name, totals), category in zip(margins.items(), found, strict=True):
        held = np.bincount(category, weights=mass, minlength=len(totals))
        problems += [
            Problem(
                "empty-cell",
                f"margin {name}",
                f"every respondent of {label!r} has base weight 0",
                "give one of them a weight",
            )
            for label, weight in zip(totals, held, strict=True)
            if weight <= 0
        ]
    if problems:
        raise InvalidInput("margins", problems)


def _fit(
    mass: Array,
    found: Sequence[Any],
    targets: Sequence[Array],
    tolerance: float,
    most: int,
    names: Sequence[str],
) -> tuple[Array, int]:
    fitted = mass.copy()
    best, since = np.inf, 0
    for cycle in range(1, most + 1):
        for category, target in zip(found, targets, strict=True):
            held = np.bincount(category, weights=fitted, minlength=len(target))
            if (held <= 0).any():
                raise NotConverged(
                    "raking emptied a category: the margins contradict each other in this sample"
                )
            fitted = fitted * (target / held)[category]
        misses = [_miss(fitted, category, target) for category, target in zip(found, targets, strict=True)]
        worst = max(misses)
        if worst <= tolerance:
            return fitted, cycle
        best, since = (worst, 0) if worst < best * 0.999 else (best, since + 1)
        if since >= _STALLED:
            break
    margin = names[int(np.argmax(misses))]
    raise NotConverged(
        f"raking stopped after {cycle} cycles with margin {margin!r} still {worst:.2g} off its target: "
        "the margins contradict each other in this sample; merge small categories or drop a margin"
    )


def _miss(fitted: Array, category: Any, target: Array) -> float:
    held = np.bincount(category, weights=fitted, minlength=len(target))
    return float(np.abs(held / target - 1).max())


def _shown(margins: Margins, sides: Sequence[tuple[Any, Any]], mass: float) -> pd.DataFrame:
    parts = []
    for (name, totals), (before, after) in zip(margins.items(), sides, strict=True):
        whole = float(sum(totals.values()))
        parts.append(
            pd.DataFrame(
                {
                    "variable": name,
                    "category": [str(label) for label in totals],
                    "target": list(totals.values()),
                    "before": before * whole / mass,
                    "after": after,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


# Post-stratification: weights that reproduce the known total of every cell.


@typed
def poststratify(
    frame: pd.DataFrame,
    targets: pd.DataFrame | Margins,
    *,
    base: str | Numbers | None = None,
) -> Weights:
    """Post-stratify weights to the known total of every cell.

    Parameters
    ----------
    frame
        One row per respondent.
    targets
        Column → category → total for one column; or a frame with one row per cell: the cell's columns and
        `total`.
    base
        Weights to start from, a column's name or one number per row; None starts from equal weights.

    Raises
    ------
    InvalidInput
        As `rake`: cells in targets and not in the data, or the other way round, are named.

    Notes
    -----
    Checked against R: `survey::postStratify`.

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["a", "a", "b"]})
    >>> poststratify(frame, {"audience": {"a": 10, "b": 30}}).values.tolist()
    [5.0, 5.0, 30.0]
    """
    table = _as_table(targets)
    columns = [name for name in table.columns if name != "total"]
    absent = [
        Problem(
            "unknown-column",
            f"column {name}",
            "is not in the frame",
            near_names(str(name), map(str, frame.columns)),
        )
        for name in columns
        if name not in frame.columns
    ]
    if absent:
        raise InvalidInput("targets", absent)
    if len(columns) == 1:
        joint, wanted = frame[columns[0]], table[columns[0]].tolist()
        name = columns[0]
    else:
        name = " × ".join(map(str, columns))
        joint = pd.Series(
            list(frame[columns].itertuples(index=False, name=None)), index=frame.index, dtype=object
        )
        blank = frame[columns].isna().any(axis=1)
        for name_of_part in columns:
            blank |= frame[name_of_part].map(is_missing_code, na_action="ignore").eq(True)
        joint[blank] = None
        wanted = list(table[columns].itertuples(index=False, name=None))
    if len(set(wanted)) < len(wanted):
        raise InvalidInput(
            "targets", [Problem("duplicate", "targets", "name a cell twice", "give each cell one total")]
        )
    return rake(
        frame.assign(**{name: joint}), {name: dict(zip(wanted, table["total"], strict=True))}, base=base
    )


def _as_table(targets: pd.DataFrame | Margins) -> pd.DataFrame:
    if isinstance(targets, pd.DataFrame):
        if "total" not in targets.columns or targets.shape[1] < 2 or targets.empty:
            raise InvalidInput(
                "targets",
                [
                    Problem(
                        "missing-column",
                        "targets",
                        "need the cell's columns and total",
                        "give one row per cell",
                    )
                ],
            )
        return targets
    if len(targets) != 1:
        raise InvalidInput(
            "targets",
            [
                Problem(
                    "too-many",
                    "targets",
                    f"name {len(targets)} columns",
                    "give one column, or a frame with one row per cell; margins are for rake()",
                )
            ],
        )
    name, totals = next(iter(targets.items()))
    return pd.DataFrame({name: list(totals), "total": list(totals.values())})
