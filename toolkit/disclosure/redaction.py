"""Tables as they may leave: estimates with bounds and gaps, comparisons computed again from what is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import adjust_p, gaps_from_summary
from toolkit.disclosure.claims import Claim, Table
from toolkit.disclosure.policy import Policy
from toolkit.disclosure.ruling import BOX_NAMES, Ruling, Share, three_parts
from toolkit.errors import ToolkitError
from toolkit.instrument.model import Instrument

__all__ = ["parts_table", "redact_estimates", "redact_gaps", "redact_participation"]

RulingOf = Callable[[Claim], tuple[Ruling, Share]]
TOO_CLOSE = "too close to all or none to show"
NOT_SHOWN = "not shown"

_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "df", "effective_n")
_DERIVED = (
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


def redact_estimates(table: Table, claims: Sequence[Claim], ruled: RulingOf) -> pd.DataFrame:
    """Withhold or bound the rows of an estimates table.

    Parameters
    ----------
    table
        The table.
    claims
        Its claims, one a row.
    ruled
        Claim → the ruling on its base and how its number may be told.
    """
    rows = table.frame.astype(object).to_dict("records")
    out = []
    for claim in claims:
        ruling, share = ruled(claim)
        row = dict(rows[claim.row])
        row |= {"n_shown": _n_shown(ruling), "shown": share.told, "bound": "", "withheld": share.reason}
        if not ruling.shown:
            row["n"] = math.nan
        if share.status in (">=", "<="):
            row |= dict.fromkeys(_NUMBERS, math.nan)
            row |= {
                "estimate": share.bound,
                "bound": share.status,
                "method": "bound by the disclosure policy",
            }
        elif share.status == "withheld":
            row |= dict.fromkeys(_NUMBERS, math.nan)
            row["method"] = "withheld"
        out.append(row)
    columns = [*table.frame.columns, "n_shown", "shown", "bound", "withheld"]
    return _typed(pd.DataFrame(out, columns=columns), table.frame, ("n",), _NUMBERS)


def parts_table(
    table: Table, claims: Sequence[Claim], ruled: RulingOf, instrument: Instrument | None
) -> pd.DataFrame | None:
    """Bottom, middle and top of every ordered scale in a distribution table; None where there is none."""
    if instrument is None or "response" not in table.frame.columns:
        return None
    found: dict[tuple[str, tuple[Any, ...]], dict[str, Claim]] = {}
    rows = table.frame.to_dict("records")
    for claim in claims:
        group = tuple(rows[claim.row][column] for column in table.groups)
        found.setdefault((claim.base.item, group), {})[claim.label] = claim
    out = []
    for (item, group), cells in found.items():
        if item not in instrument or not instrument[item].ordered:
            continue
        parts = three_parts(instrument[item])
        first = next(iter(cells.values()))
        ruling, _ = ruled(first)
        for part in BOX_NAMES:
            if not parts[part] or not parts["top"] or not parts["bottom"]:
                continue
            share = _of_part(ruling, part)
            value = (
                math.fsum(cells[code].estimate for code in parts[part])
                if share.status == "exact"
                else share.bound
            )
            out.append(
                _part_row(item, part, dict(zip(table.groups, group, strict=True)), ruling, share, value)
            )
    if not out:
        return None
    columns = [*table.frame.columns, "n_shown", "shown", "bound", "withheld"]
    return _typed(pd.DataFrame(out, columns=columns), table.frame, ("n",), _NUMBERS)


def _of_part(ruling: Ruling, part: str) -> Share:
    return ruling.share("part", part)


def _part_row(
    item: str, part: str, groups: Mapping[str, Any], ruling: Ruling, share: Share, value: float
) -> dict[str, Any]:
    method = (
        "sum of the shares of its answers" if share.status == "exact" else "bound by the disclosure policy"
    )
    return {
        "item": item,
        "response": part,
        **groups,
        "n": ruling.n if ruling.shown else math.nan,
        "estimate": value,
        "method": method if share.told else "withheld",
        "n_shown": _n_shown(ruling),
        "shown": share.told,
        "bound": share.status if share.status in (">=", "<=") else "",
        "withheld": share.reason,
    }


def redact_gaps(
    table: Table, claims: Sequence[Claim], ruled: RulingOf, *, level: float, margin: float, policy: Policy
) -> pd.DataFrame:
    """Withhold gaps whose sides may not be told; compute those with a bound again from the bounds.

    Adjusted p values are made again over the rows that leave, because a p value that stays behind would show
    in those of its family.
    """
    frame = table.frame if "family" in table.frame.columns else table.frame.assign(family="all")
    rows = frame.astype(object).to_dict("records")
    sides: dict[int, dict[str, Claim]] = {}
    for claim in claims:
        sides.setdefault(claim.row, {})[claim.side] = claim
    out = [_gap_row(row, sides[place], ruled) for place, row in enumerate(rows)]
    _compute_again(out, level, margin)
    _adjust_again(out, rows, table.name)
    added = ["n_a_shown", "n_b_shown", "shown", "bound", "bound_a", "bound_b", "withheld"]
    numbers = ("estimate_a", "estimate_b", *_DERIVED, "p_adjusted")
    return _typed(pd.DataFrame(out, columns=[*frame.columns, *added]), table.frame, ("n_a", "n_b"), numbers)


def _gap_row(row: Mapping[str, Any], sides: Mapping[str, Claim], ruled: RulingOf) -> dict[str, Any]:
    new = dict(row) | {"shown": True, "bound": "", "withheld": ""}
    reasons = []
    for end in ("a", "b"):
        ruling, share = (None, Share("exact")) if sides[end].published else ruled(sides[end])
        shown = _count(row[f"n_{end}"]) if ruling is None else _n_shown(ruling)
        new |= {f"n_{end}_shown": shown, f"bound_{end}": share.status if share.status in (">=", "<=") else ""}
        if share.status in (">=", "<="):
            new[f"estimate_{end}"] = share.bound
        if not share.told:
            reasons.append(f"{row[f'audience_{end}']}: {share.reason}")
    if reasons:
        ours = [end for end in ("a", "b") if not sides[end].published]
        new |= dict.fromkeys((*_DERIVED, "p_adjusted"), math.nan)
        new |= {f"{what}_{end}": math.nan for what in ("estimate", "n") for end in ours}
        new |= {"shown": False, "withheld": "; ".join(reasons), "bound_a": "", "bound_b": ""}
        new |= {"effect_size_kind": None, "verdict": "not shown", "method": "withheld"}
    return new


# --- comparisons with a bound


def _compute_again(rows: list[dict[str, Any]], level: float, margin: float) -> None:
    """Replace everything derived in rows with a bound by functions of what is shown."""
    places = [
        place
        for place, row in enumerate(rows)
        if row["shown"] and (row["bound_a"] or row["bound_b"]) and not pd.isna(row["gap"])
    ]
    for place in places:
        row = rows[place]
        plain = not str(row["method"]).startswith("not computed") and "design-based" not in str(row["method"])
        row |= dict.fromkeys((*_DERIVED, "p_adjusted"), math.nan)
        row["gap"] = float(row["estimate_a"]) - float(row["estimate_b"])
        row["bound"] = _gap_bound(row)
        row |= {"effect_size_kind": None, "verdict": TOO_CLOSE, "method": "bound only: one side is a bound"}
        row["_plain"] = plain
    again = [place for place in places if rows[place].pop("_plain") and rows[place]["bound"]]
    if again:
        fresh = _from_bounds([rows[place] for place in again], level, margin)
        for place, found in zip(again, fresh.to_dict("records"), strict=True):
            _take_over(rows[place], found)
    for place in places:
        if not rows[place]["bound"]:
            rows[place]["gap"] = math.nan


def _gap_bound(row: Mapping[str, Any]) -> str:
    """ ">=" where the true gap is at least the one shown, "<=" at most; "" where its sign is open."""
    up = row["bound_a"] in ("", ">=") and row["bound_b"] in ("", "<=")
    down = row["bound_a"] in ("", "<=") and row["bound_b"] in ("", ">=")
    if up and row["gap"] > 1e-9:
        return ">="
    return "<=" if down and row["gap"] < -1e-9 else ""


def _from_bounds(rows: Sequence[Mapping[str, Any]], level: float, margin: float) -> pd.DataFrame:
    summary = pd.DataFrame(
        [
            {
                "item": str(place),
                "side": end,
                "estimate": float(row[f"estimate_{end}"]),
                "n": float(row[f"n_{end}"]),
            }
            for place, row in enumerate(rows)
            for end in ("a", "b")
        ]
    )
    return gaps_from_summary(
        summary, between="side", pairs=[("a", "b")], level=level, margin=margin, adjust="none"
    )


def _take_over(row: dict[str, Any], found: Mapping[str, Any]) -> None:
    for column in (*_DERIVED, "effect_size_kind"):
        row[column] = found[column]
    row["method"] = f"{found['method']}, computed at the printed bound"
    row["conf_high" if row["bound"] == ">=" else "conf_low"] = math.nan
    said = str(found["verdict"])
    if said.startswith("a gap of"):
        least = math.floor(100 * abs(row["gap"]) + 1e-6)
        row["verdict"] = f"a gap of at least {least} points"
    elif said.startswith("a difference is likely"):
        row["verdict"] = said


def _adjust_again(out: list[dict[str, Any]], raw: Sequence[Mapping[str, Any]], name: str) -> None:
    """Adjust p values again in every family of which a row was withheld or computed again."""
    for family in dict.fromkeys(str(row["family"]) for row in raw):
        places = [place for place, row in enumerate(raw) if str(row["family"]) == family]
        before = np.array([_number(raw[place]["p_value"]) for place in places])
        after = np.array([_number(out[place]["p_value"]) for place in places])
        if np.array_equal(before, after, equal_nan=True):
            continue
        adjusted = np.array([_number(raw[place]["p_adjusted"]) for place in places])
        fresh = adjust_p(after, _adjustment(before, adjusted, family, name))
        for place, value in zip(places, fresh, strict=True):
            out[place]["p_adjusted"] = float(value)


def _adjustment(p: Any, adjusted: Any, family: str, name: str) -> str:
    """Which adjustment a family was given, found by repeating it."""
    usual = ("BH", "holm") if family == "other" else ("holm", "BH")
    for method in (*usual, "hochberg", "hommel", "bonferroni", "BY", "none"):
        if np.allclose(adjust_p(p, method), adjusted, rtol=1e-9, atol=1e-12, equal_nan=True):
            return method
    raise ToolkitError(
        f"results '{name}': the adjusted p values of family '{family}' are not those of the rows given; "
        "release the whole table at once, as it was made"
    )


# --- participation and types


def redact_participation(table: Table, policy: Policy) -> pd.DataFrame:
    """Participation as `admit` made it, without any count below the threshold."""
    frame = table.frame.copy()
    small = frame["answered"].fillna(0).lt(policy.threshold).to_numpy(dtype=bool)
    for column in frame.columns.intersection(["answered", "response_rate", "margin"]):
        frame[column] = frame[column].mask(small)
    known_zero = frame["answered_shown"].eq("0")
    frame["answered_shown"] = frame["answered_shown"].mask(small & ~known_zero, f"<{policy.threshold}")
    return frame


def _n_shown(ruling: Ruling) -> str:
    if ruling.shown:
        return _count(ruling.n)
    return f"<{ruling.threshold}" if ruling.reason.startswith("fewer than") else NOT_SHOWN


def _count(n: Any) -> str:
    return "not published" if pd.isna(n) else str(round(float(n)))


def _number(value: Any) -> float:
    return math.nan if pd.isna(value) else float(value)


def _typed(
    frame: pd.DataFrame, like: pd.DataFrame, counts: Sequence[str], numbers: Sequence[str]
) -> pd.DataFrame:
    """The types of the contract: whole counts Int64, numbers float64, words str, groups as they came."""
    for column in frame.columns:
        if column in counts:
            values = frame[column].astype("Float64")
            whole = values.dropna().mod(1).eq(0).all()
            frame[column] = values.astype("Int64") if whole else values
        elif column in numbers:
            frame[column] = frame[column].astype("float64")
        elif column in ("shown",):
            frame[column] = frame[column].astype(bool)
        elif column in like.columns and isinstance(like[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype(like[column].dtype)
        else:
            frame[column] = frame[column].astype("str")
    return frame
