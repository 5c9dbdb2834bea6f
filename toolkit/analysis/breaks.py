"""Where a questionnaire changed between two waves, no trend is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from toolkit.analysis.contract import GAP_COLUMNS
from toolkit.errors import InvalidInput, Problem

__all__ = ["NOT_COMPARABLE", "broken_series", "mark_broken", "without_broken"]

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
_SAID = {"verdict", "verdict_code", "method", "method_code"}


def broken_series(compared: pd.DataFrame | None, what: str) -> Broken:
    """(item, audience) → what changed, of those for which no trend may be drawn.

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
    """The frame with earlier answers to changed questions taken out: other answers than the later ones.

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
    """Rows of changed questions without numbers, with a verdict and the reason."""
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
    for name in (name for name in GAP_COLUMNS if name not in _KEPT | _SAID):
        marked[name] = marked[name].mask(hit)
    marked["verdict"] = marked["verdict"].mask(hit, NOT_COMPARABLE)
    marked["verdict_code"] = marked["verdict_code"].mask(hit, "not_comparable")
    marked["method_code"] = marked["method_code"].mask(hit, "not_comparable")
    marked["method"] = marked["method"].mask(hit, "no trend: " + reasons)
    return marked
