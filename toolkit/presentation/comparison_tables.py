"""Tables of comparisons, and of every answer in the appendix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.locale import _, current_language
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.figures.benchmarks import here_and_there
from toolkit.presentation.figures.gaps import single_items
from toolkit.presentation.numbers import NOT_SHOWN, Number, base, count, is_known, percent, share_number
from toolkit.presentation.rows import (
    audience_name,
    base_in_words,
    joined,
    known,
    quoted,
    released_rows,
    released_table,
    waves_apart,
)
from toolkit.presentation.sentences import change_cell, largest_first, verdict_of
from toolkit.presentation.spreads import Spreads
from toolkit.presentation.tables import notes_on, number_cells, rounded_note, with_answer
from toolkit.records import records

# Tables that compare an organisation with published statistics and with an earlier wave.


def benchmark_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "benchmarks",
    by: str = "audience",
    own: str = "this organisation",
    title: str | None = None,
) -> Table:
    """Tabulate own shares beside published ones with base and n, or why they do not compare.

    What compares is first; on paper the rest is left out.

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
    title
        The caption.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    needed = ("item", "measure", by, "estimate_a", "estimate_b")
    every_row = sorted(released_rows(released, table, columns=needed), key=lambda row: not _compares(row))
    rows = [_benchmark_row(row, instrument, by, own) for row in every_row]
    notes = [
        _(
            "Published wording is in quotation marks. Without a published n there is "
            "neither an interval nor a test."
        ),
        *notes_on(every_row, mark=_("Not shown here")),
    ]
    columns = [_("Item"), _("Audience"), _("Here"), _("Published"), _("What was published"), _("Comparison")]
    title = _("Beside the published figures") if title is None else title
    found = table_of(rows, columns, title=title, kind="benchmarks", notes=notes, numeric=columns[2:4])
    return replace(found, paper=max(5, sum(map(_compares, every_row))))


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
    title
        The caption.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap"))
    frame = waves_apart(frame, waves)
    frame = frame[frame["item"].isin(single_items(frame["item"], instrument, items))]
    every_row = records(frame)
    wide = largest_first(every_row)
    placed = {id(row) for row in wide}
    ordered = [*wide, *(row for row in every_row if id(row) not in placed)]
    rows = [_trend_row(row, waves, instrument, by) for row in ordered]
    notes = [
        _("Change: later minus earlier, with its {level} interval.", level=percent(level)),
        rounded_note(),
        *notes_on(every_row),
    ]
    first, last = (_("Item"), _("Audience")), (_("Change in points"), _("Verdict"))
    columns = [*first, *waves, *last]
    title = title or _("What changed from {first} to {last}", first=waves[0], last=waves[1])
    return table_of(rows, columns, title=title, kind="trend", notes=notes, numeric=columns[2:5])


def _trend_row(
    row: Mapping[str, Any], waves: tuple[str, str], instrument: Instrument, by: str
) -> dict[str, str | Cell | Number | None]:
    return {
        _("Item"): with_answer(row["item"], row["measure"], instrument),
        _("Audience"): audience_name(instrument, row[by], start=True),
        waves[0]: _sided(row, "earlier"),
        waves[1]: _sided(row, "later"),
        _("Change in points"): change_cell(row, turned=row["turned"]),
        _("Verdict"): verdict_of(row, what="change"),
    }


def _sided(row: Mapping[str, Any], side: str) -> Number | None:
    return share_number(row[side], known(row.get(f"bound_{side}")))


def _benchmark_row(
    row: Mapping[str, Any], instrument: Instrument, by: str, own: str
) -> dict[str, str | Cell | Number | None]:
    here, there = here_and_there(row, own)
    name = with_answer(row["item"], row["measure"], instrument)
    return {
        _("Item"): name,
        _("Audience"): audience_name(instrument, row[by], start=True),
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


def _compares(row: Mapping[str, Any]) -> bool:
    return str(known(row.get("comparable"), "yes")) != "no"


def _comparison(row: Mapping[str, Any], there: str) -> str:
    if not _compares(row):
        return _("not comparable: {why}", why=known(row.get("reason"), _("item or base differs")))
    if not bool(row["shown"]):
        return verdict_of(row)
    if not is_known(row[f"n_{there}"]):
        return _("no interval: n not published")
    return verdict_of(row)


# The appendix table: every question with wording, base and answers per audience.


Numbers = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
"""Item and audience → released rows of its mean, bands and net score."""


def distribution_table(
    released: Any,
    instrument: Instrument,
    *,
    theme: str | None = None,
    table: str = "distributions",
    shares: str = "shares",
    by: str = "audience",
    audiences: Iterable[str] | None = None,
    title: str | None = None,
) -> Table:
    """Tabulate every item in each audience's wording, with base, n and answers, or why they are withheld.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, routing and order.
    theme
        A theme of the instrument; None for all.
    table, shares, by
        Released distributions (rows per response), released shares, and their group column. The gate's
        "…_parts" of the distributions is used where it is there.
    audiences
        Audiences to print; by default every audience that is asked the item.
    title
        The caption.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    spreads = Spreads(released, table=table, shares=shares, by=by)
    numbers: dict[tuple[str, str], list[Any]] = {}
    for name in ("scores", "bands"):
        for row in released_rows(released, name) if name in released else ():
            numbers.setdefault((str(row["item"]), str(row[by])), []).append(row)
    wanted = set(audiences) if audiences is not None else set(instrument.audiences)
    found = [
        row
        for item in instrument.items
        if theme in (None, item.theme)
        for row in _item_rows(item, spreads, numbers, instrument, wanted)
    ]
    rows = [row for row, _ in found]
    name = instrument.themes.get(theme or "", {}).get(current_language(), "")
    hidden = any(withheld for _, withheld in found)
    notes = [
        _("n: people who were asked and gave an answer, without “don't know” and blanks."),
        *(
            [
                _(
                    "Where few answered, or nearly all gave the same answer, the full "
                    "distribution is confidential and only the shares that can be shown are "
                    "printed."
                )
            ]
            if hidden
            else []
        ),
    ]
    default = _("{name}: questions and answers", name=name) if name else _("Questions and answers")
    columns = [_("Question"), _("Audience"), _("Asked of"), _("n"), _("Answers")]
    return table_of(rows, columns, title=title or default, kind="appendix", notes=notes, numeric=["n"])


def _item_rows(
    item: Item,
    spreads: Spreads,
    numbers: Numbers,
    instrument: Instrument,
    wanted: set[str],
) -> Iterator[tuple[dict[str, str | Cell | Number | None], bool]]:
    variables = instrument.of_item(item.id)
    lines = [variables] if item.type == "multi" else [(variable,) for variable in variables]
    for line in lines:
        for audience in line[0].audiences:
            if audience not in wanted:
                continue
            n, answers, withheld = _answers(line, audience, spreads, numbers)
            row: dict[str, str | Cell | Number | None] = {
                _("Question"): _wording(item, line[0], audience),
                _("Audience"): audience_name(instrument, audience, start=True),
                _("Asked of"): base_in_words(line[0], instrument),
                _("n"): n,
                _("Answers"): answers,
            }
            yield row, withheld


def _wording(item: Item, variable: Variable, audience: str) -> str:
    if item.type != "multi":
        return variable.wording(audience, current_language())
    spoken = item.text.get(audience) or item.text["all"]
    return spoken[current_language()]


def _answers(
    line: tuple[Variable, ...], audience: str, spreads: Spreads, numbers: Numbers
) -> tuple[Number | str, Cell, bool]:
    """Return the base, the answers, and whether some are withheld."""
    first = line[0]
    if first.kind == "text":
        return NOT_SHOWN, Cell(words=_("not shown: comments in people's own words are never reported")), True
    if first.kind == "option":
        return _options(line, audience, spreads)
    if first.kind == "number":
        rows = numbers.get((first.name, audience), [])
        lines, n, withheld = number_cells(first, rows)
        return (
            n,
            Cell(
                words=joined(lines)
                or (
                    _("not shown: this audience is not part of the report, or no one answered")
                    if numbers
                    else _("not shown: no mean was released with these results")
                )
            ),
            withheld,
        )
    spread = spreads.of(first, audience)
    if spread is None:
        return (
            NOT_SHOWN,
            Cell(words=_("not shown: this audience is not part of the report, or no one answered")),
            True,
        )
    return spread.base, spread.cell(first), bool(spread.why)


def _options(line: tuple[Variable, ...], audience: str, spreads: Spreads) -> tuple[Number | str, Cell, bool]:
    found = [(variable.label(current_language()), *spreads.option(variable, audience)) for variable in line]
    n = next((base for _, _, base, _ in found if base != NOT_SHOWN), NOT_SHOWN)
    reasons = list(dict.fromkeys(why for _, share, _, why in found if share is None))
    if all(share is None for _, share, _, _ in found):
        return n, Cell(words=_("not shown: {why}", why=joined(reasons))), True
    listed = tuple(
        Cell(share, label=label, words="" if share else _("not shown")) for label, share, *__ in found
    )
    hidden = _(" (not shown: {why})", why=joined(reasons)) if reasons else ""
    return n, Cell(answers=listed, words=hidden), bool(reasons)
