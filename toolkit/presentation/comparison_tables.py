"""Tables that compare an organisation with published statistics and with an earlier wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.locale import _, localized
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.figures.benchmarks import here_and_there
from toolkit.presentation.figures.gaps import single_items
from toolkit.presentation.numbers import (
    Number,
    base,
    count,
    is_known,
    percent,
    share_number,
)
from toolkit.presentation.rows import audience_name, joined, known, quoted, released_rows, released_table
from toolkit.presentation.sentences import change_cell, verdict_of, widest_first
from toolkit.presentation.tables import notes_on, rounded_note, with_answer
from toolkit.presentation.waves import waves_apart
from toolkit.records import records

__all__ = ["benchmark_table", "trend_table"]


@localized
def benchmark_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "benchmarks",
    by: str = "audience",
    own: str = "this organisation",
    title: str | None = None,
    language: str = "en",
) -> Table:
    """Tabulate own shares beside published ones with base and n, or why they do not compare.

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
    told = released_rows(released, table, columns=("item", "measure", by, "estimate_a", "estimate_b"))
    rows = [_benchmark_row(row, instrument, by, own, language) for row in told]
    notes = [
        _(
            "Published wording is in quotation marks. Without a published n there is "
            "neither an interval nor a test."
        ),
        *notes_on(told, mark=_("Not shown here")),
    ]
    columns = [_("Item"), _("Audience"), _("Here"), _("Published"), _("What was published"), _("Comparison")]
    title = _("Beside the published figures") if title is None else title
    return table_of(rows, columns, title=title, kind="benchmarks", notes=notes, numeric=columns[2:4])


@localized
def trend_table(
    released: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str],
    table: str = "trend",
    by: str = "audience",
    items: Iterable[str] | None = None,
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Table:
    """Tabulate shares at two waves with their change, the largest change first.

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
    items
        Columns to print; without it every column but the options of multi-selects.
    level
        Of the intervals in the table, for the words.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap"))
    frame = waves_apart(frame, waves)
    frame = frame[frame["item"].isin(single_items(frame["item"], instrument, items))]
    told = records(frame)
    wide = widest_first(told)
    placed = {id(row) for row in wide}
    ordered = [*wide, *(row for row in told if id(row) not in placed)]
    rows = [_trend_row(row, waves, instrument, by, language) for row in ordered]
    notes = [
        _("Change: later minus earlier, with its {level} interval.", level=percent(level)),
        rounded_note(),
        *notes_on(told),
    ]
    first, last = (_("Item"), _("Audience")), (_("Change in points"), _("Verdict"))
    columns = [*first, *waves, *last]
    title = title or _("What changed from {first} to {last}", first=waves[0], last=waves[1])
    return table_of(rows, columns, title=title, kind="trend", notes=notes, numeric=columns[2:5])


def _trend_row(
    row: Mapping[str, Any], waves: tuple[str, str], instrument: Instrument, by: str, language: str
) -> dict[str, str | Cell | Number | None]:
    return {
        _("Item"): with_answer(row["item"], row["measure"], instrument, language),
        _("Audience"): audience_name(instrument, row[by], start=True, language=language),
        waves[0]: _sided(row, "earlier"),
        waves[1]: _sided(row, "later"),
        _("Change in points"): change_cell(row, turned=row["turned"]),
        _("Verdict"): verdict_of(row, what="change"),
    }


def _sided(row: Mapping[str, Any], side: str) -> Number | None:
    return share_number(row[side], known(row.get(f"bound_{side}")))


def _benchmark_row(
    row: Mapping[str, Any], instrument: Instrument, by: str, own: str, language: str
) -> dict[str, str | Cell | Number | None]:
    here, there = here_and_there(row, own)
    name = with_answer(row["item"], row["measure"], instrument, language)
    return {
        _("Item"): name,
        _("Audience"): audience_name(instrument, row[by], start=True, language=language),
        _("Here"): _with_n(row, here) if bool(row["shown"]) else _("not shown"),
        _("Published"): (share_number(row[f"estimate_{there}"]) or _("no figure")),
        _("What was published"): _what(row, there),
        _("Comparison"): _comparison(row, there),
    }


def _with_n(row: Mapping[str, Any], side: str) -> Cell | None:
    share = share_number(row[f"estimate_{side}"], known(row.get(f"bound_{side}")))
    own, printed = row[f"n_{side}"], known(row.get(f"n_{side}_shown"))
    return Cell(share, n=count(own, printed) if is_known(own) or printed else None) if share else None


def _what(row: Mapping[str, Any], there: str) -> str:
    """Return the published wording and base with its n."""
    words, asked = str(known(row.get("published_item"))), str(known(row.get("published_base")))
    n = f"n\u00a0{base(row[f'n_{there}'])}" if is_known(row[f"n_{there}"]) else ""
    parts = [quoted(words) if words else "", asked, n]
    return joined(part for part in parts if part)


def _comparison(row: Mapping[str, Any], there: str) -> str:
    if str(known(row.get("comparable"), "yes")) == "no":
        return _("not comparable: {why}", why=known(row.get("reason"), _("item or base differs")))
    if not bool(row["shown"]):
        return verdict_of(row)
    if not is_known(row[f"n_{there}"]):
        return _("no interval: n not published")
    return verdict_of(row)
