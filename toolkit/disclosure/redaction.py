"""Primary suppression of estimates and participation: released exactly, as a bound, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from toolkit.disclosure.claims import Claim, Table
from toolkit.disclosure.policy import Policy
from toolkit.disclosure.ruling import BOX_NAMES, REASONS, Ruling, Share, three_parts
from toolkit.instrument.model import Instrument
from toolkit.records import COUNT, frame_of, records

__all__ = [
    "RulingOf",
    "count_shown",
    "n_shown",
    "parts_table",
    "redact_estimates",
    "redact_participation",
    "typed",
]

RulingOf = Callable[[Claim], tuple[Ruling, Share]]
NOT_SHOWN = "not shown"

_ADDED = ("n_shown", "shown", "bound", "withheld", "withheld_code", "threshold")
_COUNTS = ("n", "threshold")
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "df", "effective_n")


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
        row |= {"n_shown": n_shown(ruling), "shown": share.told, "bound": ""}
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
        "method": method if share.told else "withheld",
        "n_shown": n_shown(ruling),
        "shown": share.told,
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
