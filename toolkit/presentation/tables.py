"""Released rows as tables to be read: words and rounded numbers, every gap explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from toolkit.errors import DisclosureError, ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Table, table_of
from toolkit.presentation.figures.change import here_and_there, waves_apart
from toolkit.presentation.numbers import NOT_SHOWN, base, change, is_known, p_value, percent, points, share
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    item_name,
    known,
    released_table,
    shown_rows,
)
from toolkit.presentation.sentences import by_width, hint_of, side_gap, sides, verdict_of

__all__ = ["benchmark_table", "gap_table", "participation_table", "shares_table", "trend_table"]

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
    by, language
        The group column; the language of the names.

    Raises
    ------
    DisclosureError
        A number of answers that the policy does not allow.
    ToolkitError
        A column is lacking.
    """  # fmt: skip
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
        "Margin of error: how far a share near 50 % may lie from that of everyone invited, at 95 %, if those who "
        "did not answer think like those who did."
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
    return table_of(rows, columns, title="Who was invited and who answered", kind="participation", notes=notes,
                    numeric=columns[1:])  # fmt: skip


def gap_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    items: Iterable[str] | None = None,
    theme: str | None = None,
    most: int | None = None,
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
    wide = by_width(frame)
    ordered = pd.concat([wide, frame.drop(index=wide.index)]).head(most if most is not None else len(frame))
    rows = [_gap_row(row, instrument, language) for row in ordered.to_dict("records")]
    notes = [
        ROUNDED_NOTE,
        "Interval: 95 %. p: adjusted for the number of gaps tested; the verdict rests on the interval.",
    ]
    columns = ["Item", "Higher", "Lower", "Gap in points", "p, adjusted", "Good news", "Verdict"]
    return table_of(rows, columns, title=title, kind="gaps", notes=[*notes, *_notes(frame)],
                    numeric=["Gap in points", "p, adjusted"])  # fmt: skip


def shares_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "shares",
    by: str = "audience",
    measure: str = "top",
    items: Iterable[str] | None = None,
    theme: str | None = None,
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
            "Item": _with_answer(item, measure, instrument, language),
            **{names[group]: cells.get((item, group), "not asked") for group in groups},
        }
        for item in dict.fromkeys(frame["item"])
    ]
    notes = ["Share, 95 % interval, and n, the number who answered.", *_notes(frame)]
    return table_of(rows, ["Item", *names.values()], title=title, kind="shares", notes=notes,
                    numeric=list(names.values()))  # fmt: skip


def benchmark_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "benchmarks",
    by: str = "audience",
    own: str = "this organisation",
    title: str = "Beside the published figures",
    language: str = "en",
) -> Table:
    """This organisation's shares beside published ones, with the published base and n, or why they do not compare.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, by
        The released comparison and its group column. Where it has them, the columns published_item,
        published_base, published_audience, comparable and reason are printed.
    own
        How the table names this organisation.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", "measure", by, "estimate_a", "estimate_b"))
    rows = [_benchmark_row(row, instrument, by, own, language) for row in frame.to_dict("records")]
    notes = [
        "A published figure without its n has no interval, and no test can be made against it.",
        *_notes(frame),
    ]
    columns = ["Item", "Audience", "Here", "Published", "Published base", "Comparison"]
    return table_of(rows, columns, title=title, kind="benchmarks", notes=notes, numeric=["Here", "Published"])


def trend_table(
    released: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str],
    table: str = "trend",
    by: str = "audience",
    title: str | None = None,
    language: str = "en",
) -> Table:
    """Every share at two waves with the change, the largest change first.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    waves
        The earlier and the later wave, as the table names them.
    table, by
        The released gaps between waves and their group column.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap"))
    frame = waves_apart(frame, waves)
    wide = by_width(frame)
    ordered = pd.concat([wide, frame.drop(index=wide.index)])
    rows = [
        {
            "Item": _with_answer(row["item"], row["measure"], instrument, language),
            "Audience": audience_name(instrument, row[by], start=True, language=language),
            waves[0]: _sided(row, "earlier"),
            waves[1]: _sided(row, "later"),
            "Change in points": change(row["change"], row["change_low"], row["change_high"]),
            "Verdict": verdict_of(row),
        }
        for row in ordered.to_dict("records")
    ]
    notes = ["Change: later minus earlier, with its 95 % interval.", ROUNDED_NOTE, *_notes(frame)]
    columns = ["Item", "Audience", waves[0], waves[1], "Change in points", "Verdict"]
    return table_of(rows, columns, title=title or f"What changed from {waves[0]} to {waves[1]}", kind="trend",
                    notes=notes, numeric=[waves[0], waves[1], "Change in points"])  # fmt: skip


def _chosen(
    frame: pd.DataFrame, instrument: Instrument, items: Iterable[str] | None, theme: str | None
) -> pd.DataFrame:
    if items is not None:
        frame = frame[frame["item"].isin(list(items))]
    if theme is not None:
        frame = frame[[name in instrument and instrument[name].theme == theme for name in frame["item"]]]
    return frame


def _with_answer(item: str, measure: str, instrument: Instrument, language: str) -> str:
    name = item_name(instrument, item, language=language)
    if item not in instrument or instrument[item].kind == "option":
        return name
    return f"{name} ({answer_words(instrument[item], measure, language=language)})"


def _gap_row(row: Mapping[str, Any], instrument: Instrument, language: str) -> dict[str, str]:
    name = _with_answer(row["item"], row["measure"], instrument, language)
    high, low = sides(row, instrument, language=language)
    if not bool(row["shown"]) or not is_known(row["gap"]):
        return {
            "Item": name, "Higher": high[0], "Lower": low[0], "Gap in points": NOT_SHOWN, "p, adjusted": NOT_SHOWN,
            "Good news": "", "Verdict": verdict_of(row),
        }  # fmt: skip
    size, ends = side_gap(row)
    return {
        "Item": name,
        "Higher": f"{high[0]} {high[1]}",
        "Lower": f"{low[0]} {low[1]}",
        "Gap in points": f"{size.removesuffix(' points')} {ends}".strip(),
        "p, adjusted": p_value(row.get("p_adjusted")),
        "Good news": hint_of(row["item"], row["measure"], instrument).removesuffix(" is better"),
        "Verdict": verdict_of(row),
    }


def _share_cell(row: Mapping[str, Any]) -> str:
    n = base(row["n"], row.get("n_shown"))
    if not bool(row["shown"]) or not is_known(row["estimate"]):
        return f"{NOT_SHOWN} (n {n})" if n != NOT_SHOWN else NOT_SHOWN
    text = share(row["estimate"], row["conf_low"], row["conf_high"], bound=str(known(row.get("bound"))))
    return f"{text}, n {n}"


def _sided(row: Mapping[str, Any], side: str) -> str:
    return percent(row[side], bound=str(known(row.get(f"bound_{side}"))))


def _benchmark_row(
    row: Mapping[str, Any], instrument: Instrument, by: str, own: str, language: str
) -> dict[str, str]:
    here, there = here_and_there(dict(row), own)
    n = base(row[f"n_{there}"]) if is_known(row[f"n_{there}"]) else "not published"
    asked = str(known(row.get("published_base")))
    words = str(known(row.get("published_item"))) or _with_answer(
        row["item"], row["measure"], instrument, language
    )
    return {
        "Item": words,
        "Audience": audience_name(instrument, row[by], start=True, language=language),
        "Here": percent(row[f"estimate_{here}"], bound=str(known(row.get(f"bound_{here}")))),
        "Published": percent(row[f"estimate_{there}"]),
        "Published base": f"{asked}; n {n}"
        if asked and "n not published" not in asked
        else asked or f"n {n}",
        "Comparison": _comparison(row, there),
    }


def _comparison(row: Mapping[str, Any], there: str) -> str:
    if str(known(row.get("comparable"), "yes")) == "no":
        return f"not comparable: {known(row.get('reason'), 'item or base differs')}"
    if not bool(row["shown"]):
        return f"not shown: {known(row.get('withheld'), 'few answers')}"
    if not is_known(row[f"n_{there}"]):
        return "no interval: n not published"
    return verdict_of(row)


def _notes(frame: pd.DataFrame) -> list[str]:
    notes = []
    bounds = [name for name in ("bound", "bound_a", "bound_b") if name in frame]
    if any((frame[name].fillna("").astype(str) != "").any() for name in bounds):
        notes.append(BOUND_NOTE)
    if len(shown_rows(frame)) < len(frame):
        reasons = [str(reason) for reason in frame["withheld"].dropna().unique() if str(reason)]
        notes.append(f"{NOT_SHOWN}: withheld ({'; '.join(reasons) or 'few answers'}).")
    return notes
