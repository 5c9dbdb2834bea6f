"""Released rows as tables to be read: words and rounded numbers, every gap explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from toolkit.errors import DisclosureError, ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Table, table_of
from toolkit.presentation.numbers import NOT_SHOWN, base, is_known, p_value, percent, points, share
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    item_name,
    known,
    released_table,
)
from toolkit.presentation.sentences import by_width, hint_of, side_gap, sides_with_n, verdict_of

__all__ = ["gap_table", "participation_table", "shares_table"]

BOUND_NOTE = "≥ and ≤: nearly all or nearly none gave this answer; only the bound may be shown."
ROUNDED_NOTE = (
    "Gaps are computed before rounding, so a gap can differ by a point from the shares printed beside it."
)


def participation_table(
    participation: pd.DataFrame,
    instrument: Instrument,
    *,
    policy: Any = None,
    by: str = "audience",
    level: float = 0.95,
    language: str = "en",
) -> Table:
    """How many were invited and answered, with the margin of error of a share of one half.

    Parameters
    ----------
    participation
        `Admitted.participation`: `by`, invited, answered, answered_shown, response_rate, margin.
    instrument
        For the audiences' names.
    policy
        The disclosure policy; where given, a count below its threshold is refused.
    by, level, language
        The group column; the level of the margin of error; the language of the names.

    Raises
    ------
    DisclosureError
        A number of answers that the policy does not allow.
    ToolkitError
        A column is lacking.
    """
    lacking = sorted(
        {by, "invited", "answered", "answered_shown", "response_rate", "margin"} - set(participation)
    )
    if lacking:
        raise ToolkitError(f"the participation frame lacks the column(s) {', '.join(lacking)}")
    if policy is not None:
        small = participation["answered"].astype("Float64").between(1, policy.threshold - 1).fillna(False)
        if small.any():
            raise DisclosureError(
                "the participation frame holds a number of answers below the policy's threshold"
            )
    rows = [
        {
            "Audience": audience_name(instrument, row[by], start=True, language=language),
            "Invited": base(row["invited"]) if is_known(row["invited"]) else "not known",
            "Answered": base(row["answered"], row["answered_shown"]),
            "Response": percent(row["response_rate"]),
            "Margin of error": f"± {points(row['margin'])} points" if is_known(row["margin"]) else NOT_SHOWN,
        }
        for row in participation.to_dict("records")
    ]
    notes = [
        "Margin of error: how far a share near 50 % may lie from that of everyone invited, at "
        f"{percent(level)}, if those who did not answer think like those who did."
    ]
    if participation["answered"].isna().any():
        notes.append(
            "“<” before a number: too few answered to be shown; they are not part of any number here."
        )
    if any(NOT_SHOWN in row.values() for row in rows):
        notes.append(
            f"{NOT_SHOWN}: not known, or it would tell how many answered in a group too small to show."
        )
    columns = ["Audience", "Invited", "Answered", "Response", "Margin of error"]
    title = "Who was invited and who answered"
    return table_of(rows, columns, title=title, kind="participation", notes=notes, numeric=columns[1:])


def gap_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    items: Iterable[str] | None = None,
    theme: str | None = None,
    most: int | None = None,
    level: float = 0.95,
    title: str = "Gaps between audiences, the widest first",
    language: str = "en",
) -> Table:
    """Every gap with both shares, its interval, the adjusted p value and the verdict.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table
        The released gaps.
    items, theme, most
        Only these columns; only this theme; only so many rows.
    level
        Of the intervals in the table, for the words.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = _chosen(
        released_table(released, table, columns=("item", "measure", "gap")), instrument, items, theme
    )
    told = frame[frame["shown"].astype(bool)]
    wide = by_width(told)
    ordered = pd.concat([wide, told.drop(index=wide.index)]).head(most if most is not None else len(told))
    rows = [_gap_row(row, instrument, language) for row in ordered.to_dict("records")]
    notes = [
        ROUNDED_NOTE,
        f"In brackets: the {percent(level)} interval. p: adjusted for the number of gaps tested; the "
        "verdict rests on the interval.",
        *_bound_notes(frame),
    ]
    if most is None:
        notes += _hidden_gaps(frame, instrument, language)
    columns = ["Item", "Shares", "Gap in points", "p, adjusted", "Verdict"]
    return table_of(rows, columns, title=title, kind="gaps", notes=notes, numeric=columns[2:4])


def shares_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "shares",
    by: str = "audience",
    measure: str = "top",
    items: Iterable[str] | None = None,
    theme: str | None = None,
    level: float = 0.95,
    title: str = "Shares by audience",
    language: str = "en",
) -> Table:
    """One row an item, one column an audience: the share with its interval and base.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, by, measure
        The released shares, their group column, and which share.
    items, theme
        Only these columns; only this theme.
    level
        Of the intervals in the table, for the words.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", "measure", by, "estimate"))
    frame = _chosen(frame[frame["measure"] == measure], instrument, items, theme)
    present = set(frame[by].astype(str))
    groups = [name for name in instrument.audiences if name in present]
    groups += sorted(present - set(groups))
    names = {name: audience_name(instrument, name, start=True, language=language) for name in groups}
    cells = {(row["item"], str(row[by])): _share_cell(row) for row in frame.to_dict("records")}
    rows = [
        {
            "Item": with_answer(item, measure, instrument, language),
            **{names[group]: cells.get((item, group), "not asked") for group in groups},
        }
        for item in dict.fromkeys(frame["item"])
    ]
    notes = [f"Share, {percent(level)} interval, and n, the number who answered.", *notes_on(frame)]
    columns = ["Item", *names.values()]
    return table_of(rows, columns, title=title, kind="shares", notes=notes, numeric=columns[1:])


def _chosen(
    frame: pd.DataFrame, instrument: Instrument, items: Iterable[str] | None, theme: str | None
) -> pd.DataFrame:
    if items is not None:
        frame = frame[frame["item"].isin(list(items))]
    if theme is not None:
        frame = frame[[name in instrument and instrument[name].theme == theme for name in frame["item"]]]
    return frame


def with_answer(item: str, measure: str, instrument: Instrument, language: str) -> str:
    name = item_name(instrument, item, language=language)
    if item not in instrument or (instrument[item].option is not None and measure in ("top", "1")):
        return name
    return f"{name} ({answer_words(instrument[item], measure, language=language)})"


def _gap_row(row: Mapping[str, Any], instrument: Instrument, language: str) -> dict[str, str]:
    name = with_answer(row["item"], row["measure"], instrument, language)
    hint = hint_of(row["item"], row["measure"], instrument)
    size, ends = side_gap(row)
    return {
        "Item": f"{name}\n{hint}" if hint else name,
        "Shares": "\n".join(
            f"{who} {share} (n {n})".replace(" ", "\u00a0")
            for who, share, n in sides_with_n(row, instrument, language=language)
        ),
        "Gap in points": in_cell(size.removesuffix(" points"), ends) if is_known(row["gap"]) else NOT_SHOWN,
        "p, adjusted": p_value(row.get("p_adjusted")),
        "Verdict": verdict_of(row),
    }


def _hidden_gaps(frame: pd.DataFrame, instrument: Instrument, language: str) -> list[str]:
    """One sentence a reason: which comparisons are not shown."""
    found: dict[str, list[str]] = {}
    for row in frame[~frame["shown"].astype(bool)].to_dict("records"):
        pair = " and ".join(
            audience_name(instrument, row[f"audience_{side}"], language=language) for side in "ab"
        )
        found.setdefault(plain_reason(row), []).append(
            f"{item_name(instrument, row['item'], language=language)} ({pair})"
        )
    return [f"Not shown ({reason}): {'; '.join(items)}." for reason, items in found.items()]


def plain_reason(row: Mapping[str, Any]) -> str:
    """Why a row is withheld, without the names of its sides."""
    parts = [part.strip().rpartition(": ")[2] for part in str(known(row.get("withheld"))).split(";")]
    return "; ".join(dict.fromkeys(part for part in parts if part)) or "few answers"


def in_cell(size: str, ends: str) -> str:
    """A number with its interval on a line of its own, which does not break."""
    return f"{size}\n{ends}".strip().replace(" ", "\u00a0")


def _share_cell(row: Mapping[str, Any]) -> str:
    n = base(row["n"], row.get("n_shown"))
    if not bool(row["shown"]) or not is_known(row["estimate"]):
        return f"{NOT_SHOWN} (n\u00a0{n})" if n != NOT_SHOWN else NOT_SHOWN
    text = share(row["estimate"], row["conf_low"], row["conf_high"], bound=str(known(row.get("bound"))))
    size, _, ends = text.partition(" (")
    return f"{in_cell(size, '(' + ends if ends else '')}\nn\u00a0{n}"


def notes_on(frame: pd.DataFrame, *, mark: str = f"{NOT_SHOWN}: not shown") -> list[str]:
    """What the marks in a table mean, where it has them; `mark` is what stands for a withheld number."""
    notes = _bound_notes(frame)
    hidden = frame[~frame["shown"].astype(bool)].to_dict("records")
    if hidden:
        reasons = dict.fromkeys(plain_reason(row) for row in hidden)
        notes.append(f"{mark} ({'; '.join(reasons)}).")
    return notes


def _bound_notes(frame: pd.DataFrame) -> list[str]:
    bounds = [name for name in ("bound", "bound_a", "bound_b") if name in frame]
    return [BOUND_NOTE] if any((frame[name].fillna("").astype(str) != "").any() for name in bounds) else []
