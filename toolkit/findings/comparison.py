"""Comparison of an organisation with published figures, through the gap engine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from toolkit.analysis import gaps_from_summary
from toolkit.analysis.contract import GAP_COLUMNS
from toolkit.analysis.gap_rows import VERDICTS
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.findings.register import thin_benchmarks
from toolkit.records import COUNT, frame_of, records

OURS = "this organisation"
PUBLISHED = "published"
DESCRIPTIVE_COLUMNS = (
    "published_audience",
    "finding_id",
    "study",
    "published_item",
    "published_base",
    "published_note",
    "comparable",
    "reason",
)
"""Columns that describe a published figure; they contain none of our numbers."""

_COMPUTED = GAP_COLUMNS[GAP_COLUMNS.index("gap") :]
_NUMBERS = tuple(name for name in _COMPUTED[: _COMPUTED.index("verdict")] if name != "effect_size_kind")


@typed
def benchmark(
    estimates: pd.DataFrame | Iterable[pd.DataFrame],
    findings: pd.DataFrame,
    *,
    level: float = 0.95,
    margin: float = 0.10,
    adjust: str = "BH",
    threshold: int = 5,
) -> pd.DataFrame:
    """Compare shares by audience with published figures.

    Parameters
    ----------
    estimates
        Frame(s) of the estimates contract with a column "audience": a measure or a response per row.
    findings
        What `load_findings` gives.
    level, margin, adjust
        As in `gaps`.
    threshold
        Smallest number of respondents and of members that a benchmark may have.

    Returns
    -------
    pandas.DataFrame
        Rows of the gaps contract, between this organisation (a) and the published figure (b), one for each
        finding that one of our questions corresponds to; beside them the finding's id, study, words, base and
        note. No gap where the two are not comparable (`reason` states why), no interval or test where the
        published n is unknown. Raw numbers: they pass the gate like all others.

    Raises
    ------
    InvalidInput
        Where a needed column is missing, an estimate is given twice, or a benchmark is one of too few
        respondents or members, or dominated by one.

    Examples
    --------
    >>> from toolkit.findings import load_findings
    >>> shares = pd.DataFrame({"item": ["burnout"], "measure": ["top"], "audience": ["employee"],
    ...                        "estimate": [0.50], "n": [80]})
    >>> rows = benchmark(shares, load_findings("data_samples/published/upwork_2024.csv"))
    >>> rows.loc[rows["finding_id"] == "UBB24-08", "verdict"].item()
    'a difference is likely; its practical size is uncertain'
    """
    frames = [estimates] if isinstance(estimates, pd.DataFrame) else list(estimates)
    if odd := [one for one in frames if not isinstance(one, pd.DataFrame)]:
        hint = "give what proportions() or means() returns"
        problems = [Problem("wrong-type", "estimates", f"{one!r} is not a frame", hint) for one in odd]
        raise InvalidInput("estimates", problems)
    ours = _ours(frames)
    if lacking := [name for name in ("finding_id", "variable", "our_audience") if name not in findings]:
        what, hint = "is not in the frame", "give what load_findings returns"
        raise InvalidInput(
            "findings", [Problem("missing-column", f"column {one}", what, hint) for one in lacking]
        )
    if thin := list(thin_benchmarks(records(findings), threshold)):
        raise InvalidInput("findings", thin)
    mapped = findings[(findings["variable"] != "") & (findings["our_audience"] != "")]
    rows = [_row(finding, ours, adjust, margin) for finding in records(mapped)]
    computed = [place for place, row in enumerate(rows) if row["comparable"] == "yes" and _known(row)]
    if computed:
        found = _compared([rows[place] for place in computed], level, margin, adjust)
        for place, values in zip(computed, records(found), strict=True):
            rows[place] |= {name: values[name] for name in _COMPUTED}
    columns = ["item", "measure", "audience", *DESCRIPTIVE_COLUMNS, *GAP_COLUMNS]
    types = dict.fromkeys(columns, "str") | dict.fromkeys(
        (*_NUMBERS, "estimate_a", "estimate_b", "verdict_margin"), "float64"
    )
    return frame_of(rows, types | {"n_a": COUNT, "n_b": COUNT, "design": "bool"})


def _ours(frames: list[pd.DataFrame]) -> dict[tuple[str, str, str], tuple[float, float, float]]:
    """Index our estimates: (item, measure, audience) → estimate, n, effective n."""
    hint = 'give estimates by "audience", as proportions() makes them'
    problems = [
        Problem("missing-column", f"column {name}", "is missing", hint)
        for frame in frames
        for name in ("item", "audience", "estimate", "n")
        if name not in frame.columns
    ]
    problems += [
        Problem("missing-column", "column measure", "is missing, and so is response", hint)
        for frame in frames
        if not {"measure", "response"} & set(frame.columns)
    ]
    if problems:
        raise InvalidInput("estimates", problems)
    found: dict[tuple[str, str, str], tuple[float, float, float]] = {}
    for frame in frames:
        label = "measure" if "measure" in frame.columns else "response"
        for row in records(frame):
            key = (str(row["item"]), str(row[label]), str(row["audience"]))
            values = (_number(row["estimate"]), _number(row["n"]), _number(row.get("effective_n")))
            if key in found and found[key][:2] != values[:2]:
                where = f"{key[0]}, {key[1]}, {key[2]}"
                raise InvalidInput(
                    "estimates",
                    [Problem("duplicate", where, "is given twice", "give one estimate for each audience")],
                )
            found[key] = values
    return found


def _row(
    finding: dict[str, Any],
    ours: dict[tuple[str, str, str], tuple[float, float, float]],
    adjust: str,
    margin: float,
) -> dict[str, Any]:
    key = (finding["variable"], finding["measure"], finding["our_audience"])
    estimate, n, effective = ours.get(key, (math.nan, math.nan, math.nan))
    comparable = finding["comparable"] == "yes"
    published_n = finding["n"] if not pd.isna(finding["n"]) else None
    why = "the share or the number asked is unknown for this organisation"
    return dict.fromkeys(_NUMBERS, math.nan) | {
        "item": finding["variable"],
        "measure": finding["measure"],
        "audience": finding["our_audience"],
        "finding_id": finding["finding_id"],
        "study": f"{finding['study']} ({finding['year']})",
        "published_item": finding["item"],
        "published_audience": finding["audience"],
        "published_base": finding["base"],
        "published_note": finding["note"],
        "comparable": finding["comparable"],
        "reason": finding["reason"],
        "audience_a": OURS,
        "audience_b": PUBLISHED,
        "n_a": n,
        "n_b": published_n,
        "estimate_a": estimate,
        "estimate_b": finding["value_pct"] / 100,
        "effect_size_kind": None,
        "verdict": VERDICTS["not_computed" if comparable else "not_comparable"],
        "method": f"not computed: {why}" if comparable else f"not comparable: {finding['reason']}",
        "family": "all",
        "verdict_code": "not_computed" if comparable else "not_comparable",
        "method_code": "not_computed" if comparable else "not_comparable",
        "design": False,
        "adjustment": adjust,
        "verdict_unit": "points",
        "verdict_margin": margin,
        "_effective_n": effective,
    }


def _known(row: dict[str, Any]) -> bool:
    return row["n_a"] > 0 and not math.isnan(row["estimate_a"]) and not math.isnan(row["estimate_b"])


def _compared(rows: list[dict[str, Any]], level: float, margin: float, adjust: str) -> pd.DataFrame:
    sides = [
        {
            "item": row["finding_id"],
            "source": row[f"audience_{end}"],
            "estimate": row[f"estimate_{end}"],
            "n": math.nan if row[f"n_{end}"] is None else float(row[f"n_{end}"]),
            "effective_n": row["_effective_n"] if end == "a" else math.nan,
        }
        for row in rows
        for end in ("a", "b")
    ]
    return gaps_from_summary(
        pd.DataFrame(sides),
        between="source",
        pairs=[(OURS, PUBLISHED)],
        level=level,
        margin=margin,
        adjust=adjust,
    )


def _number(value: Any) -> float:
    return math.nan if value is None or pd.isna(value) else float(value)
