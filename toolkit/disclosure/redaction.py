"""Estimates, participation and gaps as they may be released."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import adjust_p, gaps_from_summary
from toolkit.analysis.contract import GAP_STATISTICS
from toolkit.analysis.gap_rows import SIMPLE
from toolkit.disclosure.cells import (
    BOX_NAMES,
    REASONS,
    Base,
    Claim,
    Decision,
    Share,
    Table,
    number,
    routed_by,
    three_parts,
)
from toolkit.disclosure.policy import Policy
from toolkit.errors import ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.records import COUNT, frame_of, records

# Primary suppression of estimates and participation: released exactly, as a bound, or not at all.


DecisionOf = Callable[[Claim], tuple[Decision, Share]]
NOT_SHOWN = "not shown"

_ADDED = ("n_shown", "shown", "bound", "withheld", "withheld_code", "threshold")
_COUNTS = ("n", "threshold")
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "df", "effective_n", "kish_n")


def redact_estimates(table: Table, claims: Sequence[Claim], decided: DecisionOf) -> pd.DataFrame:
    """Withhold or bound the rows of an estimates table.

    Parameters
    ----------
    table
        The table.
    claims
        Its claims, one per row.
    decided
        Claim → the decision on its base and how its number may be shown.
    """
    out = []
    for claim in claims:
        decision, share = decided(claim)
        if share.status == "exact" and math.isnan(claim.estimate):
            share = Share("withheld", reason_code="none")
        row = dict(table.rows[claim.row])
        row |= {"n_shown": n_shown(decision), "shown": share.released, "bound": ""}
        row |= _why(decision, share)
        if not decision.shown:
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
    return typed(out, _columns(table), table.frame, _COUNTS, _NUMBERS)


def _columns(table: Table) -> list[str]:
    kept = [str(name) for name in table.frame if not str(name).startswith("kish_heaviest")]
    return [*kept, *_ADDED]


def parts_table(
    table: Table, claims: Sequence[Claim], decided: DecisionOf, instrument: Instrument | None
) -> pd.DataFrame | None:
    """Sum distributions of ordered scales to bottom, middle and top; None if there are none."""
    if instrument is None or "response" not in table.frame.columns:
        return None
    found: dict[tuple[str, tuple[Any, ...]], dict[str, Claim]] = {}
    for claim in claims:
        group = tuple(table.rows[claim.row][column] for column in table.groups)
        found.setdefault((claim.base.item, group), {})[claim.label] = claim
    out = []
    for (item, group), cells in found.items():
        if item not in instrument or not instrument[item].ordered:
            continue
        parts = three_parts(instrument[item])
        first = next(iter(cells.values()))
        decision, _ = decided(first)
        for part in BOX_NAMES:
            if not parts[part] or not parts["top"] or not parts["bottom"]:
                continue
            share = decision.share("part", part)
            value = share.bound
            if share.status == "exact":
                # The last bit of a sum of rounded shares would reveal how it is split.
                value = math.fsum(cells[code].estimate for code in parts[part])
                count = round(value * decision.n)
                value = count / decision.n if abs(value * decision.n - count) < 1e-6 else round(value, 12)
            out.append(
                _part_row(item, part, dict(zip(table.groups, group, strict=True)), decision, share, value)
            )
    if not out:
        return None
    return typed(out, _columns(table), table.frame, _COUNTS, _NUMBERS)


def _part_row(
    item: str, part: str, groups: Mapping[str, Any], decision: Decision, share: Share, value: float
) -> dict[str, Any]:
    method = (
        "sum of the shares of its answers" if share.status == "exact" else "bound by the disclosure policy"
    )
    return {
        "item": item,
        "response": part,
        **groups,
        "n": decision.n if decision.shown else math.nan,
        "estimate": value,
        "method": method if share.released else "withheld",
        "n_shown": n_shown(decision),
        "shown": share.released,
        "bound": share.status if share.status in (">=", "<=") else "",
        **_why(decision, share),
    }


def _why(decision: Decision, share: Share) -> dict[str, Any]:
    """Return the reason in words and as a code of `REASONS` ("" for none), and the smallest base allowed."""
    code, k = share.reason_code, decision.threshold
    return {"withheld": REASONS[code].format(k=k) if code else "", "withheld_code": code, "threshold": k}


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


def n_shown(decision: Decision) -> str:
    """Format a base for display: the number, "<5", or "not shown"."""
    if decision.shown:
        return count_shown(decision.n)
    return f"<{decision.threshold}" if decision.reason_code == "small" else NOT_SHOWN


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

    dtypes = dict(like.dtypes)

    def kind(column: str) -> Any:
        if column in counts:
            return COUNT
        if column in numbers:
            return "float64"
        if column in ("shown", "design"):
            return "bool"
        dtype = dtypes.get(column)
        return dtype if isinstance(dtype, pd.CategoricalDtype) else "str"

    return frame_of(rows, {column: kind(column) for column in columns})


# Released gaps: comparisons with a bound are recomputed from the released values.


TOO_CLOSE = "too close to all or none to show"


def redact_gaps(
    table: Table,
    claims: Sequence[Claim],
    decided: DecisionOf,
    *,
    level: float,
    margin: float,
    policy: Policy,
    instrument: Instrument | None,
    near: Collection[Base] = (),
) -> pd.DataFrame:
    """Withhold gaps with suppressed sides; recompute those with bounded sides from the bounds.

    Where the policy sets `withhold_unlike`, gaps whose item differs between people of equal score are
    withheld as well. What `check_alike` appended does not leave: it is computed from more answers than the
    gap. Comparisons with a base of `near` are released as in `_as_band`.

    Adjusted p values are made again over the rows that leave, because a p value that stays behind would show
    in those of its family.
    """
    columns = [str(name) for name in table.frame if not str(name).startswith(("alike", "kish"))]
    if "family" not in columns:
        columns.append("family")
    rows = [{name: row.get(name, "all") for name in columns} for row in table.rows]
    differs = [
        policy.withhold_unlike and row.get("alike_code") in ("differs", "may_differ") for row in table.rows
    ]
    sides: dict[int, dict[str, Claim]] = {}
    for claim in claims:
        sides.setdefault(claim.row, {})[claim.side] = claim
    out = [_gap_row(row, sides[place], decided, differs[place]) for place, row in enumerate(rows)]
    for place, row in enumerate(out):
        ends = [end for end, claim in sides[place].items() if claim.base in near]
        if ends:
            out[place] = _as_band(row, sides[place], ends[0], decided, policy, instrument)
    _compute_again(out, level, margin)
    _adjust_again(out, rows, table.name)
    added = ["n_a_shown", "n_b_shown", "shown", "bound", "bound_a", "bound_b", "withheld"]
    added += ["withheld_code_a", "withheld_code_b", "threshold", "gap_least", "gap_most"]
    numbers = ("estimate_a", "estimate_b", *GAP_STATISTICS, "p_adjusted", "verdict_margin", *added[-2:])
    return typed(out, [*columns, *added], table.frame, ("n_a", "n_b", "threshold"), numbers)


def _gap_row(
    row: Mapping[str, Any], sides: Mapping[str, Claim], decided: DecisionOf, unlike: bool
) -> dict[str, Any]:
    new = dict(row) | {
        "shown": True,
        "bound": "",
        "withheld": "",
        "gap_least": math.nan,
        "gap_most": math.nan,
    }
    why: dict[str, str] = {}
    for end in ("a", "b"):
        decision, share = (None, Share("exact")) if sides[end].published else decided(sides[end])
        shown = count_shown(row[f"n_{end}"]) if decision is None else n_shown(decision)
        new |= {f"n_{end}_shown": shown, f"bound_{end}": share.status if share.status in (">=", "<=") else ""}
        if share.status in (">=", "<="):
            new[f"estimate_{end}"] = share.bound
        if decision is not None:
            new["threshold"] = decision.threshold
        if not share.released:
            why[end] = share.reason_code
    if not why:  # only then: beside another reason it would tell which side has no answers at all
        ends = [end for end in ("a", "b") if not sides[end].published]
        why = {end: "none" for end in ends if math.isnan(sides[end].estimate)}
    if not why and unlike:
        why = dict.fromkeys([end for end in ("a", "b") if not sides[end].published], "unlike")
    return _withhold(new, sides, why) if why else new | {"withheld_code_a": "", "withheld_code_b": ""}


def _withhold(row: dict[str, Any], sides: Mapping[str, Claim], why: Mapping[str, str]) -> dict[str, Any]:
    """Take the numbers of our own sides out of a row, for a code of `REASONS` per side."""
    k = row["threshold"]
    reasons = [f"{row[f'audience_{end}']}: {REASONS[code].format(k=k)}" for end, code in why.items()]
    ours = [end for end in ("a", "b") if not sides[end].published]
    row |= {f"withheld_code_{end}": why.get(end, "") for end in ("a", "b")}
    row |= dict.fromkeys((*GAP_STATISTICS, "p_adjusted"), math.nan)
    row |= {f"{what}_{end}": math.nan for what in ("estimate", "n") for end in ours}
    row |= {"shown": False, "withheld": "; ".join(reasons), "bound_a": "", "bound_b": ""}
    row |= {"effect_size_kind": None, "verdict": "not shown", "verdict_code": "not_shown"}
    return row | {"method": "withheld", "method_code": "withheld"}


# Changes between waves that may be due to fewer people than the threshold: limits that hide who.


Counts = tuple[int, int, int]
"""Smallest and largest number of people who can have given an answer, and how many answered."""


def _as_band(
    row: dict[str, Any],
    sides: Mapping[str, Claim],
    end: str,
    decided: DecisionOf,
    policy: Policy,
    instrument: Instrument | None,
) -> dict[str, Any]:
    """Replace a change that may be due to fewer than k people by its limits, or withhold it.

    It is unknown how many people came or went; it may be one to k − 1. If what is printed of
    the two waves can be reached only by k people or more, the change is shown. Otherwise the limits are
    printed that all such changes have in common; they follow from the numbers of the other wave, so that
    whatever those who came or went answered, the row is the same. Withheld stays what is decided by other
    answers of the earlier wave too (routed questions, and options that bound one another), weighted shares,
    and limits that would show nothing.
    """
    here = "a" if end == "b" else "b"
    now = sides[here]
    (decision, share), (before, earlier) = decided(now), decided(sides[end])
    if not before.shown and before.reason_code in (
        "small",
        "unknown_base",
        "effective",
        "heaviest",
        "released",
    ):
        return row
    why = {here: row[f"withheld_code_{here}"], end: "turnover"}
    hidden = _withhold(dict(row), sides, {side: code for side, code in why.items() if code})
    hidden[f"n_{end}_shown"] = NOT_SHOWN
    if why[here] or not (before.shown and earlier.released and _stands_alone(now, instrument)):
        return hidden
    k, n = decision.threshold, round(decision.n)
    if any(one.weighted for one in sides.values()):
        return hidden
    if any(abs(one.estimate * one.n - round(one.estimate * one.n)) > 1e-6 for one in sides.values()):
        return hidden
    own = _possible(share, n)
    if people_between(own, _possible(earlier, round(before.n))) >= k:
        return row
    low, high = limits_before(own, k, policy, now.base.item)
    if low <= 0 and high >= 1:
        return hidden
    least, most = own[0] / n - high, own[1] / n - low
    if end == "a":
        least, most = -most, -least
    row |= dict.fromkeys((*GAP_STATISTICS, "p_adjusted", f"estimate_{end}", f"n_{end}"), math.nan)
    row |= {
        f"n_{end}_shown": NOT_SHOWN,
        f"bound_{end}": "",
        "bound": "",
        "gap_least": least,
        "gap_most": most,
    }
    ceiling = math.ceil(100 * max(abs(least), abs(most)) - 1e-6)
    row |= {"effect_size_kind": None, "verdict": f"a change of at most {ceiling} points"}
    row |= {"verdict_code": "at_most", "method": "limits by the disclosure policy", "method_code": "limits"}
    return row


def _stands_alone(claim: Claim, instrument: Instrument | None) -> bool:
    """Return whether nothing but the base and the answers to this one question decide how it is shown."""
    if instrument is None or claim.base.item not in instrument or (claim.kind, claim.label) != ("box", "top"):
        return False
    variable = instrument[claim.base.item]
    if routed_by(variable, instrument):
        return False
    if variable.kind == "option":
        others = [one.option for one in instrument.of_item(variable.item.id)]
        exclusive = [one for one in others if one is not None and one.exclusive]
        return bool(exclusive) and variable.option not in exclusive and variable.item.maximum is None
    return bool(variable.kind == "single" and variable.item.type != "ranking")


def _possible(share: Share, n: int) -> Counts:
    """Return the counts that a printed share leaves possible."""
    if share.status == "<=":
        return 0, math.floor(share.bound * n + 1e-6), n
    low = math.ceil(share.bound * n - 1e-6) if share.status == ">=" else round(share.upper * n)
    return low, n if share.status == ">=" else low, n


def people_between(one: Counts, other: Counts) -> int:
    """Return the smallest number of people who must have come or gone between two waves of a question.

    Who stayed is taken to have answered alike: nobody can then have come and another gone unseen.

    Examples
    --------
    >>> people_between((12, 12, 20), (9, 9, 20))  # 3 who answered yes came, 3 who answered no left
    6
    >>> people_between((12, 12, 20), (18, 20, 20))
    12
    """
    grown = one[2] - other[2]
    low, high = one[0] - other[1], one[1] - other[0]
    beyond = max(low - max(grown, 0), min(grown, 0) - high, 0)
    return abs(grown) + 2 * beyond


def limits_before(now: Counts, k: int, policy: Policy, item: str) -> tuple[float, float]:
    """Return the limits of an earlier share that fewer than k people may be apart from what is printed now.

    Examples
    --------
    >>> limits_before((10, 10, 20), 5, Policy(), "")
    (0.375, 0.625)
    """
    lows, highs = [], []
    for n in range(max(k, now[2] - k + 1), now[2] + k):
        grown = now[2] - n
        reach = (k - 1 - abs(grown)) // 2
        low = max(now[0] - max(grown, 0) - reach, 0)
        high = min(now[1] - min(grown, 0) + reach, n)
        share = policy.unanimity_bounds(n, item)[0]
        few = math.floor(share * n + 1e-6)
        lows.append(0.0 if low <= few else min(low, n - few) / n)
        highs.append(1.0 if high >= n - few else max(high, few) / n)
    return min(lows), max(highs)


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
            out[place]["bound_a"]
            or out[place]["bound_b"]
            or out[place]["withheld"]
            or out[place]["method_code"] == "limits"
            for place in places
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
