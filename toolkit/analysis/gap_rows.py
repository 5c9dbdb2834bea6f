"""What every table of gaps shares: its options, families, adjusted p values and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.analysis.contract import gap_columns, tidy
from toolkit.analysis.multiplicity import METHODS, adjust_p
from toolkit.analysis.verdict import verdict, verdict_code
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["GAP_METHODS", "finish", "refuse_options", "refuse_percent"]

Array = npt.NDArray[np.float64]

UNITS = {"points": "points", "scale": "on the scale", "superiority": "points of superiority"}
"""Code of a unit → its words."""

GAP_METHODS = ("newcombe", "miettinen-nurminen", "agresti-caffo", "wald", "design-t")


def refuse_options(
    method: str | None, level: float, margin: float, power: float, adjust: Sequence[str]
) -> None:
    """Refuse options no comparison knows, all at once.

    Raises
    ------
    InvalidInput
        Naming each of them.
    """
    problems = [
        Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")
        for name, value in (("level", level), ("power", power))
        if not 0 < value < 1
    ]
    if not margin > 0:
        problems.append(
            Problem(
                "out-of-range", "margin", f"is {margin}", "give a number above 0, such as 0.10 for 10 points"
            )
        )
    if method is not None and method not in GAP_METHODS:
        problems.append(
            Problem(
                "unknown-option",
                "method",
                f"{method!r} is not known: {near_names(method, GAP_METHODS)}",
                f"use one of {GAP_METHODS}",
            )
        )
    problems += [
        Problem("unknown-option", "adjust", f"{name!r} is not known", f"use one of {sorted(METHODS)}")
        for name in adjust
        if name not in METHODS
    ]
    if problems:
        raise InvalidInput("gaps", problems)


def refuse_percent(margin: float, shares: bool) -> None:
    """Refuse a margin of shares that can only be meant in percent: every gap would count as similar.

    Raises
    ------
    InvalidInput
        Saying the fraction.
    """
    if shares and margin >= 1:
        hint = f"give a fraction: {margin / 100:g} for {margin:g} points"
        raise InvalidInput("gaps", [Problem("out-of-range", "margin", f"is {margin:g}", hint)])


def finish(
    rows: dict[str, Any],
    groups: Sequence[str],
    *,
    adjust: str,
    other_adjust: str,
    family: Sequence[str] | None,
    margin: Array,
    units: Sequence[str],
) -> Any:
    """Adjusted p values, families and verdicts, then the columns of the contract in order.

    Parameters
    ----------
    rows
        The other columns; `design` False where it is not among them.
    groups
        Names of the group columns.
    adjust, other_adjust
        Within the pre-declared family, and over the rest.
    family
        Items declared beforehand; None puts every row in one family.
    margin, units
        For the verdicts, one a row; a unit is a key of `UNITS`.
    """
    items = rows["item"]
    p = rows["p_value"]
    if family is None:
        rows["family"], rows["p_adjusted"] = np.full(len(items), "all", dtype=object), adjust_p(p, adjust)
    else:
        declared = [family] if isinstance(family, str) else list(family)
        unknown = [name for name in declared if name not in set(items)]
        if unknown:
            raise InvalidInput(
                "family",
                [
                    Problem(
                        "unknown-item",
                        f"item {name}",
                        "is declared and is not compared",
                        near_names(name, dict.fromkeys(items)),
                    )
                    for name in unknown
                ],
            )
        inside = np.isin(items.astype(str), declared)
        adjusted = np.full(len(p), np.nan)
        adjusted[inside], adjusted[~inside] = adjust_p(p[inside], adjust), adjust_p(p[~inside], other_adjust)
        rows["family"] = np.where(inside, "pre-declared", "other").astype(object)
        rows["p_adjusted"] = adjusted
    rows["adjustment"] = np.where(rows["family"] == "other", other_adjust, adjust).astype(object)
    rows.setdefault("design", np.zeros(len(items), dtype=bool))
    each = list(
        zip(
            rows["gap"].tolist(),
            rows["conf_low"].tolist(),
            rows["conf_high"].tolist(),
            margin.tolist(),
            rows["minimum_detectable_gap"].tolist(),
            units,
            strict=True,
        )
    )
    rows["verdict_code"] = [
        verdict_code(gap, low, high, margin=within, detectable=least)
        for gap, low, high, within, least, _ in each
    ]
    rows |= {"verdict_unit": np.array(units, dtype=object), "verdict_margin": margin}
    rows["verdict"] = [
        verdict(gap, low, high, margin=within, detectable=least, unit=UNITS[unit])
        for gap, low, high, within, least, unit in each
    ]
    return tidy(rows, gap_columns(groups))
