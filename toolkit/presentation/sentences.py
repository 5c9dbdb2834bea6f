"""Sentences made from single rows: headlines, verdicts and the titles of pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd

from toolkit.disclosure.cells import REASONS
from toolkit.instrument.model import Instrument
from toolkit.locale import N_, _, current_language, current_level
from toolkit.presentation.blocks import Cell
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    between,
    count,
    ends,
    interval,
    is_known,
    point_number,
    points,
    scale_figure,
    share,
    share_number,
    shortest,
)
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    direction,
    item_name,
    joined,
    known,
    led,
    shown_rows,
)

Row = Mapping[str, Any]


def by_width(gaps: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows that are shown and have a gap, the largest first; ties keep their order."""
    rows = shown_rows(gaps)
    rows = rows[rows["gap"].notna()]
    order = rows["gap"].astype(float).abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order]


def largest_first(rows: Iterable[Row]) -> list[Row]:
    """Sort an iterable of rows as `by_width` sorts a frame."""
    visible = [row for row in rows if bool(row["shown"]) and is_known(row["gap"])]
    return sorted(visible, key=lambda row: -abs(float(row["gap"])))


def is_certain(row: Any) -> bool:
    """Return whether the interval excludes 0 and the adjusted p value, if any, is small enough.

    Small enough is below 1 minus the current level: 0.05 at 95%. Of a row with a bound, the one end of its
    interval decides.
    """
    p = row.get("p_adjusted")
    return _clear_of_zero(row) and (not is_known(p) or bool(p < round(1 - current_level(), 12)))


def doubt(row: Any) -> str:
    """Return what a title adds where a gap is uncertain; "" where it is not."""
    if is_certain(row):
        return ""
    if _clear_of_zero(row):
        return _("though among so many comparisons a gap of this size may be due to chance")
    return _("but it may be due to chance")


def verdict_of(row: Any, *, what: Literal["gap", "change"] = "gap") -> str:
    """Word the row's verdict from its code and numbers, counted from the higher share down.

    Figures are rounded as everywhere else; `what` names the difference between waves a change.
    """
    if not bool(row["shown"]):
        return _("not shown ({why})", why=reasons_of(row))
    code, unit = str(known(row["verdict_code"], "not_computed")), str(known(row["verdict_unit"], "points"))
    figure = scale_figure if unit == "scale" else points
    change, scale = what == "change", unit == "scale"
    if code == "gap":
        size, ends = figure(abs(row["gap"])), _ends(row)
        if scale:
            text = (
                N_("a change of {size} on the scale ({ends})")
                if change
                else N_("a gap of {size} on the scale ({ends})")
            )
        else:
            text = (
                N_("a change of {size} points ({ends})") if change else N_("a gap of {size} points ({ends})")
            )
        return _(text, size=size, ends=ends)
    if code == "gap_at_least":
        text = N_("a change of at least {size} points") if change else N_("a gap of at least {size} points")
        return _(text, size=floored(row["gap"]))
    if code == "at_most":
        widest = max(abs(float(row[name])) for name in ("gap_least", "gap_most"))
        return _("a change of at most {size} points", size=points(math.ceil(100 * widest - 1e-6) / 100))
    if code == "undecided":
        if scale:
            text = (
                N_("this survey cannot tell; only changes of about {least} on the scale would show")
                if change
                else N_("this survey cannot tell; only gaps of about {least} on the scale would show")
            )
        else:
            text = (
                N_("this survey cannot tell; only changes of about {least} points would show")
                if change
                else N_("this survey cannot tell; only gaps of about {least} points would show")
            )
        return _(text, least=figure(row["minimum_detectable_gap"]))
    if code == "similar":
        margin = float(row["verdict_margin"])
        text = {
            "points": N_("views are similar to within {margin} points"),
            "scale": N_("views are similar to within {margin} on the scale"),
            "superiority": N_("views are similar to within {margin} points of superiority"),
        }[unit]
        return _(text, margin=shortest(margin if scale else 100 * margin))
    plain = {
        "likely": N_("a difference is likely; its practical size is uncertain"),
        "too_few": N_("this survey cannot tell; with so few answers no gap would show"),
        "not_computed": N_("no comparison could be made"),
        "not_comparable": N_("not comparable"),
        "too_close": N_("too close to all or none to show"),
    }
    return _(plain[code])


def reasons_of(row: Any) -> str:
    """Explain why a row is withheld; in English with the group each reason is about."""
    if current_language() != "en":
        return plain_reason(row, _("withheld"))
    reasons = [
        f"{row[f'audience_{side}']}: {reason(row[f'withheld_code_{side}'], row['threshold'])}"
        for side in "ab"
        if known(row.get(f"withheld_code_{side}"))
    ]
    return "; ".join(reasons) or plain_reason(row, _("withheld"))


def plain_reason(row: Row, default: str = "") -> str:
    """Explain why a row is withheld, without the names of its sides."""
    codes = (known(row.get(name)) for name in ("withheld_code", "withheld_code_a", "withheld_code_b"))
    found = dict.fromkeys(reason(code, row["threshold"]) for code in codes if code)
    return joined(found) or default or _("few answers")


def reason(code: str, threshold: int) -> str:
    """Word a reason of the gate from its code and the smallest base allowed."""
    return _(REASONS[code], k=threshold)


def headline(row: Any, instrument: Instrument) -> str:
    """Write one gap as a sentence, with its verdict.

    The verdict rests on the interval; where the p value adjusted for all comparisons is not small enough, the
    sentence states it too.

    Parameters
    ----------
    row
        A row of a released gaps table.
    instrument
        For the words.

    Returns
    -------
    "Burned out by work: 71% of employees against 40% of executives agree; a gap of 31 points (12 to 47)."

    Examples
    --------
    >>> headline(released["gaps"].query("item == 'burnout'").iloc[-1], instrument)
    'Burnout: 73% of employees against 33% of freelancers (agree); a gap of 40 points (19 to 56).'
    """
    name = item_name(instrument, row["item"])
    return led(name, finding(row, instrument))


def finding(row: Any, instrument: Instrument) -> str:
    """Write one gap as a sentence without the name of the item."""
    a, b = sides(row, instrument)
    if not bool(row["shown"]):
        return _(
            "{one} and {other} cannot be compared here; {verdict}.",
            one=a[0],
            other=b[0],
            verdict=verdict_of(row),
        )
    chance = f", {doubt(row)}" if _clear_of_zero(row) and not is_certain(row) else ""
    shares = shares_apart(row, instrument)
    return _("{shares}; {verdict}{chance}.", shares=shares, verdict=verdict_of(row), chance=chance)


def shares_apart(row: Any, instrument: Instrument) -> str:
    """Write both shares of a gap: "71% of employees against 40% of executives (agree)"."""
    (high, high_share), (low, low_share) = sides(row, instrument)
    item, words = row["item"], str(row["measure"])
    if item in instrument:
        words = answer_words(instrument[item], row["measure"])
    return _(
        "{high_share} of {high} against {low_share} of {low} ({words})",
        high_share=high_share,
        high=high,
        low_share=low_share,
        low=low,
        words=words,
    )


def sides(row: Any, instrument: Instrument) -> list[tuple[str, str]]:
    """Return both audiences of a gap with their shares as text, the higher one first."""
    return [(name, text) for name, text, _ in sides_with_n(row, instrument)]


def sides_with_n(row: Any, instrument: Instrument) -> list[tuple[str, str, str]]:
    """Return both audiences of a gap with shares and bases as text, the higher one first."""
    cells = side_cells(row, instrument)
    return [(one.label, str(one.value or NOT_SHOWN), str(one.n)) for one in cells]


def side_cells(row: Any, instrument: Instrument) -> list[Cell]:
    """Return both audiences of a gap as cells with shares and bases, the higher one first."""
    found = [
        Cell(
            share_number(row[f"estimate_{side}"], known(row.get(f"bound_{side}"))),
            n=count(row.get(f"n_{side}"), row.get(f"n_{side}_shown")),
            label=audience_name(instrument, row[f"audience_{side}"]),
        )
        for side in "ab"
    ]
    if known(row["estimate_b"], -1.0) > known(row["estimate_a"], -1.0):
        found.reverse()
    return found


def side_gap(row: Any) -> tuple[str, str]:
    """Label a pair of dots: the gap in points, and its interval."""
    bound = str(known(row.get("bound")))
    if not is_known(row["gap"]):
        return _("not shown"), ""
    if bound:
        return _("≥{size} points", size=floored(row["gap"])), ""
    ends = _ends(row)
    return _("{size} points", size=points(abs(row["gap"]))), f"({ends})" if ends else ""


def floored(gap: float) -> str:
    """Round a lower bound of a gap down to whole points, so that it remains a bound."""
    return points(_floor(gap))


def _floor(gap: float) -> float:
    return math.floor(100 * abs(gap) + 1e-6) / 100


def gap_cell(row: Any) -> Cell:
    """Make the cell of a gap in points with its interval, counted from the higher share down."""
    if not is_known(row["gap"]):
        return Cell(words=NOT_SHOWN)
    if known(row.get("bound")):
        return Cell(Number(_floor(row["gap"]), "points", 0, "≥"))
    return Cell(point_number(abs(row["gap"])), *ends(*_turned(row, row["gap"] < 0), "points"))


def change_cell(row: Any, *, turned: bool = False) -> Cell:
    """Make the cell of a signed gap in points with its interval; `turned` swaps the sides."""
    gap = row["gap"]
    if is_known(row.get("gap_least")):
        least, most = row["gap_least"], row["gap_most"]
        least, most = (-most, -least) if turned else (least, most)
        outward = math.floor(100 * least + 1e-6) / 100, math.ceil(100 * most - 1e-6) / 100
        return Cell(words=between(*(str(point_number(value, signed=True)) for value in outward)))
    if not is_known(gap):
        return Cell()
    gap = -gap if turned else gap
    if known(row.get("bound")):
        return Cell(Number(_floor(gap), "points", 0, "≥ +" if gap > 0 else "≤ −"))
    return Cell(point_number(gap, signed=True), *ends(*_turned(row, turned), "points"))


def signed_gap(row: Any, *, turned: bool = False) -> tuple[str, str]:
    """Format a signed gap as text: the number, and its interval in brackets."""
    cell = change_cell(row, turned=turned)
    bounds = between(cell.low.figure(), cell.high.figure()) if cell.low and cell.high else ""
    return str(cell.value or ""), f"({bounds})" if bounds else ""


def share_of(row: Any) -> str:
    """Format a share with its interval, or its bound, or why it is not shown."""
    if not bool(row["shown"]):
        return _("not shown ({why})", why=reasons_of(row))
    return share(row["estimate"], row["conf_low"], row["conf_high"], bound=str(known(row.get("bound"))))


def hint_of(item: str, measure: str, instrument: Instrument) -> str:
    """Return which direction is better, for a name in the instrument; "" otherwise."""
    return direction(instrument[item], measure) if item in instrument else ""


def _clear_of_zero(row: Any) -> bool:
    low, high = known(row["conf_low"], -math.inf), known(row["conf_high"], math.inf)
    return not low <= 0 <= high


def _ends(row: Any) -> str:
    low, high = _turned(row, row["gap"] < 0)
    return interval(low, high, scale=known(row.get("verdict_unit")) == "scale")


def _turned(row: Any, turned: bool) -> tuple[Any, Any]:
    """Return the ends of a gap's interval, counted from the other side where `turned`."""
    low, high = row["conf_low"], row["conf_high"]
    if turned and is_known(low) and is_known(high):
        return -high, -low
    return low, high
