"""Verdicts on published claims: reproduced, consistent, contradicted, not testable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis.gap_rows import rounded
from toolkit.analysis.intervals import quantile
from toolkit.claims.bases import largest_comparison, possible_counts, share_ends, share_intervals
from toolkit.claims.consistency import CONSISTENT, CONTRADICTED, REPRODUCED, UNTESTED, VERDICTS, check_claims
from toolkit.claims.register import CLAIM_COLUMNS, Register
from toolkit.records import records

LEAST_BASE = 50
"""Fewest answers to show an interval for where a base was not published: an assumption to change."""

_COMPUTED = (
    "estimate",
    "conf_low",
    "conf_high",
    "widest_low",
    "widest_high",
    "least_base",
    "least_low",
    "least_high",
    "most_low",
    "most_high",
)
VERDICT_COLUMNS = (*CLAIM_COLUMNS, *_COMPUTED, "verdict", "points", "reason", "conflict", "verdict_code")
"""Columns of `judge`, in order."""

_WEIGHT = {CONTRADICTED: 3, REPRODUCED: 2, CONSISTENT: 1, UNTESTED: 0}
_ALL_POSSIBLE = 100


def judge(
    register: Register, *, level: float = 0.95, design_effect: float = 1.0, least_base: int = LEAST_BASE
) -> pd.DataFrame:
    """Assign a verdict to every claim of a register.

    Parameters
    ----------
    register
        As `load_register` read it; `Register.of` narrows it to some studies.
    level, design_effect
        Of the intervals.
    least_base
        Where no n was published, the fewest answers an interval is computed for.

    Returns
    -------
    pandas.DataFrame
        A row per claim, with the columns of `VERDICT_COLUMNS`: what was published; the estimate and its
        intervals as in `share_intervals`; where no n was published the intervals at `least_base` and at the
        most people there can have been (least_low … most_high; NA where that is unknown); the verdict, by
        how many points figures are apart (a fraction; 0 where they are not), the reason, and what other
        sources printed instead.

    Notes
    -----
    A claim is "reproduced" where its number follows from other published numbers, "consistent" where other
    published numbers could have refuted it and did not, "contradicted" where they do; else it cannot be
    tested. An interval is not a test: it shows what chance alone could produce.

    Examples
    --------
    >>> from toolkit.claims import load_register
    >>> found = judge(load_register("data_samples/published")).set_index("finding_id")
    >>> found.loc[["UBB24-22", "UBB24-02", "UBB24-06"], "verdict"].tolist()
    ['reproduced', 'consistent', 'cannot be tested from what is published']
    """
    claims = register.claims
    checks = check_claims(register)
    found = [_judged(claim, checks, register) for claim in records(claims)]
    intervals = share_intervals(claims, level=level, design_effect=design_effect)
    frame = claims[[name for name in CLAIM_COLUMNS if name in claims]].assign(
        **{name: intervals[name].to_numpy() for name in _COMPUTED[:5]},
        **_possible_intervals(claims, level, design_effect, least_base),
        verdict=[VERDICTS[one[0]] for one in found],
        verdict_code=[one[0] for one in found],
        points=[one[1] for one in found],
        reason=[one[2] for one in found],
        conflict=_conflicts(register),
    )
    return frame[list(VERDICT_COLUMNS)]


def judge_readings(register: Register) -> pd.DataFrame:
    """Compare what other sources printed with the claim in its original source.

    Returns
    -------
    pandas.DataFrame
        A row per reading of relations.yaml: finding_id, by, said, changes, verdict, points (a fraction; NA
        if the two are not numbers of one kind), effect.

    Examples
    --------
    >>> from toolkit.claims import load_register
    >>> found = judge_readings(load_register("data_samples/published")).set_index("finding_id")
    >>> found.loc["UBB24-04", "verdict"], float(found["points"]["UBB24-04"].round(2))
    ('contradicted', 0.02)
    """
    known = register.claims.set_index("finding_id")
    rows = []
    for reading in register.relations.readings:
        claim = known.loc[reading.of]
        code, points = UNTESTED, np.nan
        if reading.changes in ("base", "statistic"):
            code = CONTRADICTED
        elif reading.value is not None and reading.changes in ("value", "complement"):
            text = 100 - reading.value if reading.changes == "complement" else reading.value
            points = abs(text - float(claim["value"])) / 100
            same = float(claim["low"]) <= text <= float(claim["high"])
            agreed = REPRODUCED if reading.changes == "complement" else CONSISTENT
            code = agreed if same else CONTRADICTED
        rows.append(
            {
                "finding_id": reading.of,
                "by": ", ".join(reading.by),
                "said": reading.said,
                "changes": reading.changes,
                "verdict": VERDICTS[code],
                "points": points,
                "effect": reading.effect,
                "verdict_code": code,
            }
        )
    columns = ["finding_id", "by", "said", "changes", "verdict", "points", "effect", "verdict_code"]
    return pd.DataFrame(rows, columns=columns).astype({"points": "float64"})


def _possible_intervals(claims: pd.DataFrame, level: float, effect: float, least: int) -> dict[str, Any]:
    """Compute intervals at the smallest and the largest possible n, for shares without an n."""
    open_n = (claims["statistic"] == "share") & claims["n"].isna() & claims["value"].notna()
    most = claims["n_most"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    share = np.where(open_n, claims["value"] / 100, np.nan)
    fewest = np.where(open_n, np.fmin(float(least), most), np.nan)
    z = quantile(level)
    low, high = share_ends(share, fewest / effect, z), share_ends(share, most / effect, z)
    return {
        "least_base": pd.array(np.where(open_n, fewest, np.nan), dtype="Float64").astype("Int64"),
        "least_low": low[0],
        "least_high": low[1],
        "most_low": high[0],
        "most_high": high[1],
    }


def _judged(claim: Mapping[str, Any], checks: pd.DataFrame, register: Register) -> tuple[str, float, str]:
    name = claim["finding_id"]
    found = [_bearing(name, row) for row in records(checks) if name == row["whole"] or name in row["parts"]]
    found += _counted(claim, register)
    if not found:
        return UNTESTED, 0.0, _why_not(claim)
    code = max((one[0] for one in found), key=_WEIGHT.__getitem__)
    reasons = [one[2] for one in found]
    if code == UNTESTED:
        reasons.append(_why_not(claim))
    return code, max(one[1] for one in found), " ".join(reasons)


def _bearing(name: str, row: Mapping[str, Any]) -> tuple[str, float, str]:
    """Return the result of one check for one of its claims."""
    parts = _listed([one for one in row["parts"] if one != name])
    whole = row["whole"] if row["whole"] != name else ""
    named = " and ".join(filter(None, [parts, whole]))
    given = f", provided that {row['provided']}" if row["provided"] else ""
    follows = f"; {row['implies']}" if row["implies"] else ""
    if row["verdict_code"] == REPRODUCED and name == row["whole"]:
        return REPRODUCED, 0.0, f"Follows from {named} within rounding: {row['says']}."
    if row["verdict_code"] in (REPRODUCED, CONSISTENT):
        return CONSISTENT, 0.0, f"Fits {named}: {row['says']}{given}{follows}."
    apart = f"even with rounding they are {rounded(100 * row['points'], 1):g} points apart"
    if row["verdict_code"] == UNTESTED:
        doubt = f"so either it is not so that {row['provided']}, or a figure is wrong"
        return UNTESTED, row["points"], f"Does not fit {named}: {row['says']}; {apart}, {doubt}."
    return CONTRADICTED, row["points"], f"Does not fit {named}: {row['says']}; {apart}."


def _counted(claim: Mapping[str, Any], register: Register) -> list[tuple[str, float, str]]:
    """Return whether a whole number of people gives the percentage, if that could fail."""
    share = claim["statistic"] == "share" and not pd.isna(claim["value"])
    if not share or claim["n_status"] != "known" or claim["n"] >= _ALL_POSSIBLE:
        return []
    found = possible_counts(claim["low"], claim["high"], [int(claim["n"])]).iloc[0]
    n = int(claim["n"])
    if found["possible"]:
        return [(CONSISTENT, 0.0, f"A whole number of {n} people gives it.")]
    near = abs(np.round(claim["value"] / 100 * n) / n * 100 - claim["value"]) / 100
    weighted = register.studies[claim["study"]].weighted
    if weighted == "no":
        return [(CONTRADICTED, float(near), f"No whole number of {n} people gives it.")]
    return [(UNTESTED, 0.0, f"No whole number of {n} people gives it unless the answers were weighted.")]


def _why_not(claim: Mapping[str, Any]) -> str:
    if claim["statistic"] == "mean":
        return "A mean; neither its spread nor its base was published, and no other figure bears on it."
    if claim["statistic"] == "ratio":
        return "A multiple of something that is not a share of people; nothing that was published bounds it."
    if claim["statistic"] == "relative_risk":
        most = rounded(100 * largest_comparison(float(claim["low"])))
        return (
            "A ratio; neither group's share nor base was published. All it bounds is the comparison group: "
            f"{most:.0f} % of it at most, because no share passes 100 %."
        )
    if pd.isna(claim["value"]):
        return "Published only in words; no other figure bears on it."
    if pd.isna(claim["n"]):
        return "No other published figure bears on it, and its base was not published."
    if claim["n_status"] == "assumed":
        return (
            "No other published figure bears on it. Its interval takes the whole audience for its base; the "
            "number who answered was not published."
        )
    return "No other published figure bears on it; its interval is known, its truth is not."


def _conflicts(register: Register) -> list[str]:
    text: dict[str, list[str]] = {}
    for row in records(judge_readings(register)):
        words = f"{row['by']}: “{row['said']}”; {row['effect']}."
        text.setdefault(row["finding_id"], []).append(words)
    return [" ".join(text.get(name, [])) for name in register.claims["finding_id"]]


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} figures from {names[0]} to {names[-1]}"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
