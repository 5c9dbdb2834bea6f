"""Change between waves that asked new people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.analysis.answers import Codes, Items, with_boxes
from toolkit.analysis.contract import GAP_COLUMNS
from toolkit.analysis.design import Design
from toolkit.analysis.gaps import gaps
from toolkit.analysis.intervals import quantile
from toolkit.analysis.panel import two_waves
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

# Changes of the questionnaire, where a trend is not computed.


NOT_COMPARABLE = "not comparable"

Broken = Mapping[tuple[str, str], str]

_NEEDED = ("item", "audience", "change", "trend")
_KEPT = {
    "audience_a",
    "audience_b",
    "n_a",
    "estimate_a",
    "effect_size_kind",
    "family",
    "design",
    "adjustment",
    "verdict_unit",
    "verdict_margin",
}
_RESULTS = {"verdict", "verdict_code", "method", "method_code"}


def broken_series(compared: pd.DataFrame | None, what: str) -> Broken:
    """Return (item, audience) → what changed, for series that allow no trend.

    Raises
    ------
    InvalidInput
        A frame that `toolkit.instrument.compare` did not make.
    """
    if compared is None:
        return {}
    lacking = [name for name in _NEEDED if name not in compared.columns]
    if lacking:
        hint = "give what toolkit.instrument.compare returned"
        raise InvalidInput(
            what, [Problem("missing-column", "compared", f"lacks column(s) {', '.join(lacking)}", hint)]
        )
    rows = compared.loc[compared["trend"] != "yes", ["item", "audience", "change"]].astype(str)
    return {(row.item, row.audience): row.change for row in rows.itertuples(index=False)}


def without_broken(frame: pd.DataFrame, broken: Broken, before: pd.Series) -> pd.DataFrame:
    """Take earlier answers to changed questions out of the frame: later ones answer other questions.

    A column without audiences beside it is taken out as a whole where it changed for any audience.
    """
    hit = [(item, audience) for item, audience in broken if item in frame.columns]
    if not hit:
        return frame
    columns = {}
    for item in dict.fromkeys(item for item, _ in hit):
        gone = before
        if "audience" in frame.columns:
            gone = before & frame["audience"].astype(str).isin([who for name, who in hit if name == item])
        columns[item] = frame[item].mask(gone)
    return frame.assign(**columns)


def mark_broken(rows: pd.DataFrame, broken: Broken) -> pd.DataFrame:
    """Return rows of changed questions without numbers, with a verdict and the reason."""
    if not broken:
        return rows
    if "audience" in rows.columns:
        keys = zip(rows["item"].astype(str), rows["audience"].astype(str), strict=True)
        reasons = pd.Series([broken.get(key, "") for key in keys], index=rows.index)
    else:
        whole: dict[str, str] = {}
        for (item, _), change in broken.items():
            whole.setdefault(item, change)
        reasons = rows["item"].astype(str).map(whole).fillna("")
    hit = reasons != ""
    marked = rows.copy()
    for name in (name for name in GAP_COLUMNS if name not in _KEPT | _RESULTS):
        marked[name] = marked[name].mask(hit)
    marked["verdict"] = marked["verdict"].mask(hit, NOT_COMPARABLE)
    marked["verdict_code"] = marked["verdict_code"].mask(hit, "not_comparable")
    marked["method_code"] = marked["method_code"].mask(hit, "not_comparable")
    marked["method"] = marked["method"].mask(hit, "no trend: " + reasons)
    return marked


# Trends between waves with independent samples.


@typed
def trend(
    frame: pd.DataFrame,
    items: Items,
    *,
    wave: str = "wave",
    earlier: str | None = None,
    later: str | None = None,
    by: str | Sequence[str] = "audience",
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    compared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Change between two waves in each group: later minus earlier.

    Parameters
    ----------
    frame
        One row per respondent and wave (`study.responses(wave="all")`).
    items
        An instrument, variables, or names.
    wave
        The column of the wave: its category order, or else the order of its labels, is time.
    earlier, later
        The waves to compare; None for the last two.
    by
        Columns within whose groups the change is measured.
    measure, design, level, adjust, family, other_adjust, margin
        As in `gaps`.
    compared
        What `toolkit.instrument.compare` returned for the questionnaires of both waves. Rows whose question,
        answers or base changed get no number: verdict "not comparable", reason in `method`.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract; audience_a is the later wave, audience_b the earlier.

    Raises
    ------
    InvalidInput
        A wave that does not exist, fewer than two waves, a `compared` that is not a comparison, and whatever
        `gaps` refuses.

    Notes
    -----
    The waves are taken as independent samples. Where many people answered both times the interval is too
    wide rather than too narrow, as long as their answers agree; a panel wants `panel_change`.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = [1] * 30 + [0] * 70 + [1] * 60 + [0] * 40
    >>> frame = pd.DataFrame({"wave": ["2025"] * 100 + ["2026"] * 100, "agrees": answers})
    >>> trend(frame, "agrees", by=(), measure="mean")["verdict"].iloc[0]
    'a gap of 30 points (16 to 42)'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    before, after = two_waves(frame, wave, earlier, later, what="trend")
    broken = broken_series(compared, "trend")
    rows = gaps(
        without_broken(frame, broken, frame[wave] == before),
        items,
        between=wave,
        pairs=[(after, before)],
        by=by,
        measure=measure,
        design=design,
        level=level,
        adjust=adjust,
        family=family,
        other_adjust=other_adjust,
        margin=margin,
    )
    return mark_broken(rows, broken)


@typed
def average_change(
    rows: pd.DataFrame,
    *,
    wave: str = "wave",
    waves: Sequence[str] | None = None,
    by: str | Sequence[str] = "audience",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the average change from one wave to the next over three or more waves.

    Parameters
    ----------
    rows
        Estimates per item, group and wave, as `proportions(frame, items, by=["audience", "wave"])` returns.
    wave, by
        Their columns of waves and groups.
    waves
        The waves in order, one step apart; None for the sorted labels.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        item, measure, groups, waves (how many were used), change (per wave), std_error, conf_low, conf_high,
        heterogeneity (Q over its degrees of freedom). Series with fewer than three estimates that have a
        standard error have no row.

    Raises
    ------
    InvalidInput
        A column that is missing, or a wave that is not among `waves`.

    Notes
    -----
    A straight line by weighted least squares, the weights being inverse variances: the slope pools what all
    waves show. Where the waves are further from the line than chance makes them (heterogeneity above 1), the
    error is multiplied by its square root (Birge 1932). Waves are taken as independent samples.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": "mood", "measure": "top", "audience": "staff",
    ...     "wave": ["2024", "2025", "2026"], "estimate": [0.40, 0.46, 0.50], "std_error": 0.02})
    >>> average_change(rows)[["change", "conf_low", "conf_high"]].round(3).iloc[0].tolist()
    [0.05, 0.022, 0.078]
    """
    groups = [by] if isinstance(by, str) else list(by)
    keys = ["item", "measure", *groups]
    problems = [
        Problem("missing-column", f"column {name}", "is missing", "give what tk.proportions returned")
        for name in (*keys, wave, "estimate", "std_error")
        if name not in rows
    ]
    if not problems:
        order = {one: at for at, one in enumerate(waves or sorted(rows[wave].astype(str).unique()))}
        unknown = sorted(set(rows[wave].astype(str)) - set(order))
        problems += [Problem("unknown-wave", f"wave {one}", "is not in waves", "name all") for one in unknown]
    if problems:
        raise InvalidInput("average_change", problems)
    error = pd.to_numeric(rows["std_error"], errors="coerce")
    usable = rows[(error > 0) & rows["estimate"].notna()]
    found = []
    for key, own in usable.groupby(keys, sort=False, observed=True):
        if len(own) < 3:
            continue
        x = own[wave].astype(str).map(order).to_numpy(dtype=float)
        y, weight = own["estimate"].to_numpy(dtype=float), 1 / own["std_error"].to_numpy(dtype=float)
        (change, start), covariance = np.polyfit(x, y, 1, w=weight, cov="unscaled")
        spread = float((((y - start - change * x) * weight) ** 2).sum() / (len(own) - 2))
        wide = float(np.sqrt(covariance[0, 0] * max(spread, 1.0)))
        reach = quantile(level) * wide
        found.append((*key, len(own), change, wide, change - reach, change + reach, spread))
    columns = [*keys, "waves", "change", "std_error", "conf_low", "conf_high", "heterogeneity"]
    return pd.DataFrame(found, columns=columns)
