"""Tables of a reproduction report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from toolkit.analysis.rounding import rounded
from toolkit.findings import Register, half_left_out_from, implied_by_ratio, implied_by_share, share_intervals
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    base,
    count,
    interval,
    is_known,
    p_value,
    percent,
    points,
)
from toolkit.records import records
from toolkit.reporting.reproduction.words import claim_words, conditional_words

__all__ = [
    "bases_table",
    "checks_table",
    "claims_table",
    "effects_table",
    "pairs_table",
    "ratio_table",
    "readings_table",
    "unknown_pairs_table",
]


def claims_table(judged: pd.DataFrame) -> Table:
    """Tabulate the claims, one per row."""
    rows = [
        {
            "Claim": f"{row['finding_id']} · {claim_words(row)}",
            "Published": _published(row),
            "n": count(row["n"]) if is_known(row["n"]) else NOT_SHOWN,
            "95% interval": _ends(row["conf_low"], row["conf_high"]),
            "Verdict": row["verdict"],
        }
        for row in records(judged)
    ]
    notes = [
        "n is the size of the audience where the base of the figure was not published. No n, no interval."
    ]
    columns = ("Claim", "Published", "n", "95% interval", "Verdict")
    return table_of(rows, columns, title="Every claim", kind="claims", notes=notes, numeric=("n",))


def pairs_table(pairs: pd.DataFrame) -> Table:
    """Tabulate like-for-like pairs with known n: gap, test, effect size."""
    rows = [
        {
            "Pair": f"{row['name']} ({row['finding_a']}, {row['finding_b']})",
            "Shares": f"{percent(row['estimate_a'])} of {base(row['n_a'])}\n"
            f"{percent(row['estimate_b'])} of {base(row['n_b'])}",
            "Gap in points": f"{points(row['gap'], signed=True)} "
            f"({interval(row['conf_low'], row['conf_high'])})",
            "By rounding alone": interval(row["gap_low"], row["gap_high"]),
            "p, adjusted": f"{p_value(row['p_value'])}, {p_value(row['p_adjusted'])}",
            "Cohen’s h": Number(float(rounded(row["effect_size"], 2)), "decimal", 2),
            "Holds up to a design effect of": _effect(row),
            "In words": row["verdict"],
        }
        for row in records(pairs)
    ]
    method = pairs["method"].iloc[0]
    notes = [f"Method: {method}; p adjusted by Holm over all pairs of the report."]
    return table_of(rows, list(rows[0]), title="Like for like", kind="pairs", notes=notes)


def unknown_pairs_table(pairs: pd.DataFrame) -> Table:
    """Tabulate like-for-like pairs without n, and the base they would need."""
    rows = [
        {
            "Pair": f"{row['name']} ({row['finding_a']}, {row['finding_b']})",
            "Shares": f"{percent(row['estimate_a'])} and {percent(row['estimate_b'])}",
            "Gap in points": points(row["gap"], signed=True),
            "By rounding alone": interval(row["gap_low"], row["gap_high"]),
            "Beyond chance from": f"{row['needed_base']} in each"
            if is_known(row["needed_base"])
            else "more than 400 in each",
        }
        for row in records(pairs)
    ]
    title = "Asked alike, and no base published"
    return table_of(rows, list(rows[0]), title=title, kind="pairs")


def checks_table(checks: pd.DataFrame) -> Table:
    """Tabulate the consistency checks."""
    rows = [
        {
            "Figures": " ".join(
                filter(None, [row["whole"], "from" if row["whole"] else "", ", ".join(row["parts"])])
            ),
            "What must hold": row["says"] + (f", provided that {row['provided']}" if row["provided"] else ""),
            "Allowed": _ends(row["allowed_low"], min(row["allowed_high"], 1.0)),
            "Apart": f"{points(row['points'], digits=1)} points" if row["points"] else "no",
            "Verdict": row["verdict"],
            "What follows": row["implies"] or NOT_SHOWN,
        }
        for row in records(checks)
    ]
    notes = ["Allowed: what the parts, with all that rounds to them, let the whole be, or their own sum be."]
    return table_of(rows, list(rows[0]), title="Figures held against each other", kind="checks", notes=notes)


def readings_table(readings: pd.DataFrame) -> Table:
    """Tabulate what other sources printed."""
    rows = [
        {
            "Claim": row["finding_id"],
            "Printed": f"“{row['said']}”, {row['by']}",
            "Changes the": row["changes"],
            "Verdict on it": row["verdict"]
            + (f", by {points(row['points'])} points" if row["points"] > 0 else ""),
            "What it does": row["effect"],
        }
        for row in records(readings)
    ]
    return table_of(rows, list(rows[0]), title="Where sources differ", kind="readings")


def bases_table(judged: pd.DataFrame, register: Register) -> Table:
    """Tabulate claims without n: intervals at the smallest and largest base, and where 50% is excluded."""
    rows = []
    for row in records(judged):
        most = int(row["n_most"]) if is_known(row["n_most"]) else 1000
        found = half_left_out_from(register.claim(row["finding_id"]), most)
        rows.append(
            {
                "Claim": f"{row['finding_id']} · {row['item']}",
                "Published": _published(row),
                "Base": row["base"],
                "95% interval": conditional_words(row),
                "Leaves a half out": f"from {base(found)} on" if found else f"at no base up to {base(most)}",
            }
        )
    return table_of(rows, list(rows[0]), title="No base was published", kind="bases")


def effects_table(register: Register, judged: pd.DataFrame, effects: Sequence[float]) -> Table:
    """Tabulate intervals of the shares with n for each design effect."""
    found = {
        one: share_intervals(register.claims, design_effect=one).set_index("finding_id") for one in effects
    }
    rows: list[dict[str, Any]] = []
    for row in records(judged):
        ends = {
            f"{effect:g}": _ends(*frame.loc[row["finding_id"], ["conf_low", "conf_high"]])
            for effect, frame in found.items()
        }
        rows.append({"Claim": f"{row['finding_id']} · {row['item']}", "Published": _published(row), **ends})
    title = "95% intervals by design effect"
    return table_of(rows, list(rows[0]), title=title, kind="effects")


def ratio_table(ratio: float, comparison: Sequence[float]) -> Table:
    """Tabulate a ratio beside a share of the same digits, for each share of the comparison group."""
    digits = ratio - 1
    as_ratio, as_share = implied_by_ratio(ratio, comparison), implied_by_share(digits, comparison)
    more, all_of = f"{percent(digits)} more likely", f"{percent(digits)} of them"
    rows = [
        {
            "If so many of the comparison group": percent(one["comparison"], digits=1),
            f"“{more}” means": percent(one["share"], digits=1) if one["possible"] else "impossible",
            "Gap": f"{points(one['gap'], signed=True, digits=1)} points" if one["possible"] else NOT_SHOWN,
            "Odds ratio": Number(one["odds_ratio"], "decimal", 1)
            if is_known(one["odds_ratio"])
            else NOT_SHOWN,
            f"“{all_of}” means": f"{other['ratio']:.2f} times as likely",
            "Gap ": f"{points(other['gap'], signed=True, digits=1)} points",
        }
        for one, other in zip(records(as_ratio), records(as_share), strict=True)
    ]
    return table_of(rows, list(rows[0]), title=f"“{more}” and “{all_of}”", kind="ratio")


def _published(row: Mapping[str, Any]) -> Cell | str:
    """Return the statistic in the words of its source; a share as a number too."""
    words = str(row["published_as"])
    if row["statistic"] != "share" or not is_known(row["value"]):
        return words
    return Cell(Number(float(row["value"]) / 100, "percent"), words=words)


def _ends(low: Any, high: Any) -> str:
    return f"{interval(low, high)}\u00a0%" if is_known(low) and is_known(high) else NOT_SHOWN


def _effect(row: Any) -> str:
    return f"{row['tipping_design_effect']:.0f}" if is_known(row["tipping_design_effect"]) else NOT_SHOWN
