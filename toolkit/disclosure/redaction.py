"""Estimates, participation and gaps as they may be released."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import adjust_p, gaps_from_summary
from toolkit.analysis.contract import GAP_STATISTICS
from toolkit.analysis.gap_rows import SIMPLE
from toolkit.disclosure.cells import BOX_NAMES, REASONS, Claim, Ruling, Share, Table, number, three_parts
from toolkit.disclosure.policy import Policy
from toolkit.errors import ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.records import COUNT, frame_of, records

__all__ = [
    "RulingOf",
    "count_shown",
    "n_shown",
    "parts_table",
    "redact_estimates",
    "redact_gaps",
    "redact_participation",
    "typed",
]


# Primary suppression of estimates and participation: released exactly, as a bound, or not at all.


RulingOf = Callable[[Claim], tuple[Ruling, Share]]
NOT_SHOWN = "not shown"

_ADDED = ("n_shown", "shown", "bound", "withheld", "withheld_code", "threshold")
_COUNTS = ("n", "threshold")
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "df", "effective_n", "kish_n")


def redact_estimates(table: Table, claims: Sequence[Claim], ruled: RulingOf) -> pd.DataFrame:
    """Withhold or bound the rows of an estimates table.

    Parameters
    ----------
    table
        The table.
    claims
        Its claims, one per row.
    ruled
        Claim → the ruling on its base and how its number may be shown.
    """
    rows = records(table.frame)
    out = []
    for claim in claims:
        ruling, share = ruled(claim)
        if share.status == "exact" and math.isnan(claim.estimate):
            share = Share("withheld", reason_code="none")
        row = dict(rows[claim.row])
        row |= {"n_shown": n_shown(ruling), "shown": share.released, "bound": ""}
        row |= _why(ruling, share)
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
    columns = [*table.frame.columns, *_ADDED]
    return typed(out, columns, table.frame, _COUNTS, _NUMBERS)


def parts_table(
    table: Table, claims: Sequence[Claim], ruled: RulingOf, instrument: Instrument | None
) -> pd.DataFrame | None:
    """Sum distributions of ordered scales to bottom, middle and top; None if there are none."""
    if instrument is None or "response" not in table.frame.columns:
        return None
    found: dict[tuple[str, tuple[Any, ...]], dict[str, Claim]] = {}
    rows = records(table.frame)
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
            share = ruling.share("part", part)
            value = share.bound
            if share.status == "exact":
                # The last bit of a sum of rounded shares would reveal how it is split.
                value = math.fsum(cells[code].estimate for code in parts[part])
                count = round(value * ruling.n)
                value = count / ruling.n if abs(value * ruling.n - count) < 1e-6 else round(value, 12)
            out.append(
                _part_row(item, part, dict(zip(table.groups, group, strict=True)), ruling, share, value)
            )
    if not out:
        return None
    columns = [*table.frame.columns, *_ADDED]
    return typed(out, columns, table.frame, _COUNTS, _NUMBERS)


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
        "method": method if share.released else "withheld",
        "n_shown": n_shown(ruling),
        "shown": share.released,
        "bound": share.status if share.status in (">=", "<=") else "",
        **_why(ruling, share),
    }


def _why(ruling: Ruling, share: Share) -> dict[str, Any]:
    """Return the reason in words and as a code of `REASONS` ("" for none), and the smallest base allowed."""
    code, k = share.reason_code, ruling.threshold
    return {
        "withheld": REASONS[code].format(k=k) if code else "",
        "withheld_code": code,
        "threshold": k,
    }


def redact_participation(table: Table, policy: Policy) -> pd.DataFrame:
    """Withhold counts below the threshold from the participation table of `admit`."""
    frame = table.frame.copy()
    small = frame["answered"].fillna(0).lt(policy.threshold).to_numpy(dtype=bool)
    nobody = frame["answered"].eq(0).fillna(False) & frame["invited"].eq(0).fillna(False)
    for column in frame.columns.intersection(["answered", "response_rate", "margin"]):
        frame[column] = frame[column].mask(small)
    frame["answered_shown"] = frame["answered_shown"].mask(small, f"<{policy.threshold}")
    frame.loc[nobody.to_numpy(dtype=bool), ["answered", "answered_shown"]] = [0, "0"]
    return frame.assign(threshold=pd.array([policy.threshold] * len(frame), dtype="Int64"))


def n_shown(ruling: Ruling) -> str:
    """Format a base for display: the number, "<5", or "not shown"."""
    if ruling.shown:
        return count_shown(ruling.n)
    return f"<{ruling.threshold}" if ruling.reason_code == "small" else NOT_SHOWN


def count_shown(n: Any) -> str:
    """Format a number of answers that the policy does not protect."""
    return "not published" if pd.isna(n) else str(round(float(n)))


def typed(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    like: pd.DataFrame,
    counts: Sequence[str],
    numbers: Sequence[str],
) -> pd.DataFrame:
    """Build a frame with the contract's types.

    Whole counts Int64, numbers float64, words str, groups as they came.
    """

    def kind(column: str) -> Any:
        if column in counts:
            return COUNT
        if column in numbers:
            return "float64"
        if column in ("shown", "design"):
            return "bool"
        dtype = like[column].dtype if column in like.columns else None
        return dtype if isinstance(dtype, pd.CategoricalDtype) else "str"

    return frame_of(rows, {column: kind(column) for column in columns})


# Released gaps: comparisons with a bound are recomputed from the released values.


TOO_CLOSE = "too close to all or none to show"


def redact_gaps(
    table: Table,
    claims: Sequence[Claim],
    ruled: RulingOf,
    *,
    level: float,
    margin: float,
    unlike: bool = False,
) -> pd.DataFrame:
    """Withhold gaps with suppressed sides; recompute those with bounded sides from the bounds.

    With `unlike`, gaps whose item differs between people of equal score are withheld as well. What
    `check_alike` appended does not leave: it is computed from more answers than the gap.

    Adjusted p values are made again over the rows that leave, because a p value that stays behind would show
    in those of its family.
    """
    frame = table.frame if "family" in table.frame.columns else table.frame.assign(family="all")
    codes = frame["alike_code"] if unlike and "alike_code" in frame else pd.Series("", index=frame.index)
    frame = frame[[name for name in frame if not str(name).startswith(("alike", "kish"))]]
    rows = records(frame)
    differs = codes.isin(["differs", "may_differ"]).tolist()
    sides: dict[int, dict[str, Claim]] = {}
    for claim in claims:
        sides.setdefault(claim.row, {})[claim.side] = claim
    out = [_gap_row(row, sides[place], ruled, differs[place]) for place, row in enumerate(rows)]
    _compute_again(out, level, margin)
    _adjust_again(out, rows, table.name)
    added = ["n_a_shown", "n_b_shown", "shown", "bound", "bound_a", "bound_b", "withheld"]
    added += ["withheld_code_a", "withheld_code_b", "threshold"]
    numbers = ("estimate_a", "estimate_b", *GAP_STATISTICS, "p_adjusted", "verdict_margin")
    return typed(out, [*frame.columns, *added], table.frame, ("n_a", "n_b", "threshold"), numbers)


def _gap_row(
    row: Mapping[str, Any], sides: Mapping[str, Claim], ruled: RulingOf, unlike: bool
) -> dict[str, Any]:
    new = dict(row) | {"shown": True, "bound": "", "withheld": ""}
    why: dict[str, str] = {}
    for end in ("a", "b"):
        ruling, share = (None, Share("exact")) if sides[end].published else ruled(sides[end])
        shown = count_shown(row[f"n_{end}"]) if ruling is None else n_shown(ruling)
        new |= {f"n_{end}_shown": shown, f"bound_{end}": share.status if share.status in (">=", "<=") else ""}
        if share.status in (">=", "<="):
            new[f"estimate_{end}"] = share.bound
        if ruling is not None:
            new["threshold"] = ruling.threshold
        if not share.released:
            why[end] = share.reason_code
    if not why:  # only then: beside another reason it would tell which side has no answers at all
        ends = [end for end in ("a", "b") if not sides[end].published]
        why = {end: "none" for end in ends if math.isnan(sides[end].estimate)}
    if not why and unlike:
        why = dict.fromkeys([end for end in ("a", "b") if not sides[end].published], "unlike")
    new |= {f"withheld_code_{end}": why.get(end, "") for end in ("a", "b")}
    if why:
        k = new["threshold"]
        reasons = [f"{row[f'audience_{end}']}: {REASONS[code].format(k=k)}" for end, code in why.items()]
        ours = [end for end in ("a", "b") if not sides[end].published]
        new |= dict.fromkeys((*GAP_STATISTICS, "p_adjusted"), math.nan)
        new |= {f"{what}_{end}": math.nan for what in ("estimate", "n") for end in ours}
        new |= {"shown": False, "withheld": "; ".join(reasons), "bound_a": "", "bound_b": ""}
        new |= {"effect_size_kind": None, "verdict": "not shown", "verdict_code": "not_shown"}
        new |= {"method": "withheld", "method_code": "withheld"}
    return new


# --- comparisons with a bound


def _compute_again(rows: list[dict[str, Any]], level: float, margin: float) -> None:
    """Recompute everything derived in rows with a bound from the released values."""
    places = [
        place
        for place, row in enumerate(rows)
        if row["shown"] and (row["bound_a"] or row["bound_b"]) and not pd.isna(row["gap"])
    ]
    for place in places:
        row = rows[place]
        # The frame has no covariances: only comparisons of two simple samples can be recomputed.
        plain = not row["design"] and row["method_code"] in SIMPLE
        row |= dict.fromkeys((*GAP_STATISTICS, "p_adjusted"), math.nan)
        row["gap"] = float(row["estimate_a"]) - float(row["estimate_b"])
        row["bound"] = _gap_bound(row)
        row |= {"effect_size_kind": None, "verdict": TOO_CLOSE, "verdict_code": "too_close"}
        row |= {"method": "bound only: one side is a bound", "method_code": "bound"}
        row["_plain"] = plain
    again = [place for place in places if rows[place].pop("_plain") and rows[place]["bound"]]
    if again:
        fresh = _from_bounds([rows[place] for place in again], level, margin)
        for place, found in zip(again, records(fresh), strict=True):
            _take_over(rows[place], found)
    for place in places:
        if not rows[place]["bound"]:
            rows[place]["gap"] = math.nan


def _gap_bound(row: Mapping[str, Any]) -> str:
    """Return ">=" if the true gap is at least the one shown, "<=" if at most, "" if its sign is unknown."""
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
    for column in (*GAP_STATISTICS, "effect_size_kind"):
        row[column] = found[column]
    row["method"] = f"{found['method']}, computed at the printed bound"
    row["method_code"] = found["method_code"]
    row["conf_high" if row["bound"] == ">=" else "conf_low"] = math.nan
    if found["verdict_code"] == "gap":
        least = math.floor(100 * abs(row["gap"]) + 1e-6)
        row |= {"verdict": f"a gap of at least {least} points", "verdict_code": "gap_at_least"}
    elif found["verdict_code"] == "likely":
        row |= {"verdict": found["verdict"], "verdict_code": "likely"}


def _adjust_again(out: list[dict[str, Any]], raw: Sequence[Mapping[str, Any]], name: str) -> None:
    """Adjust p values again in every family with a withheld or recomputed row."""
    for family in dict.fromkeys(str(row["family"]) for row in raw):
        places = [place for place, row in enumerate(raw) if str(row["family"]) == family]
        before = np.array([number(raw[place]["p_value"]) for place in places])
        after = np.array([number(out[place]["p_value"]) for place in places])
        if not any(
            out[place]["bound_a"] or out[place]["bound_b"] or out[place]["withheld"] for place in places
        ):
            continue
        adjusted = np.array([number(raw[place]["p_adjusted"]) for place in places])
        method = str(raw[places[0]]["adjustment"])
        if not np.allclose(adjust_p(before, method), adjusted, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise ToolkitError(
                f"results '{name}': the adjusted p values of family '{family}' are not those of the rows "
                "given; release the whole table at once, as it was made"
            )
        fresh = adjust_p(after, method)
        for place, value in zip(places, fresh, strict=True):
            out[place]["p_adjusted"] = float(value)
