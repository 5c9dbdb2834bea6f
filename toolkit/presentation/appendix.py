"""The appendix table: every question with wording, base and answers per audience."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.locale import _, localized
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.numbers import NOT_SHOWN, Number
from toolkit.presentation.rows import audience_name, base_in_words, joined, released_rows
from toolkit.presentation.spreads import Spreads
from toolkit.presentation.tables import number_cells

__all__ = ["distribution_table"]

Numbers = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
"""Item and audience → released rows of its mean, bands and net score."""


@localized
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
    language: str = "en",
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
        Whom to print; every audience an item is put to unless told.
    title, language
        The caption; the language of the wording.

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
        for row in _item_rows(item, spreads, numbers, instrument, wanted, language)
    ]
    rows = [row for row, _ in found]
    name = instrument.themes.get(theme or "", {}).get(language, "")
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
    language: str,
) -> Iterator[tuple[dict[str, str | Cell | Number | None], bool]]:
    variables = instrument.of_item(item.id)
    lines = [variables] if item.type == "multi" else [(variable,) for variable in variables]
    for line in lines:
        for audience in line[0].audiences:
            if audience not in wanted:
                continue
            n, answers, withheld = _answers(line, audience, spreads, numbers, language)
            row: dict[str, str | Cell | Number | None] = {
                _("Question"): _wording(item, line[0], audience, language),
                _("Audience"): audience_name(instrument, audience, start=True, language=language),
                _("Asked of"): base_in_words(line[0], instrument, language=language),
                _("n"): n,
                _("Answers"): answers,
            }
            yield row, withheld


def _wording(item: Item, variable: Variable, audience: str, language: str) -> str:
    if item.type != "multi":
        return variable.wording(audience, language)
    spoken = item.text.get(audience) or item.text["all"]
    return spoken[language]


def _answers(
    line: tuple[Variable, ...], audience: str, spreads: Spreads, numbers: Numbers, language: str
) -> tuple[Number | str, Cell, bool]:
    """Return the base, the answers, and whether some are withheld."""
    first = line[0]
    if first.kind == "text":
        return NOT_SHOWN, Cell(words=_("not shown: comments in people's own words are never reported")), True
    if first.kind == "option":
        return _options(line, audience, spreads, language)
    if first.kind == "number":
        rows = numbers.get((first.name, audience), [])
        lines, n, withheld = number_cells(first, rows)
        return (
            n,
            Cell(
                words=joined(lines)
                or (
                    _("not shown: this audience is not part of the report, or nobody answered")
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
            Cell(words=_("not shown: this audience is not part of the report, or nobody answered")),
            True,
        )
    return spread.base, spread.cell(first, language=language), bool(spread.why)


def _options(
    line: tuple[Variable, ...], audience: str, spreads: Spreads, language: str
) -> tuple[Number | str, Cell, bool]:
    found = [(variable.label(language), *spreads.option(variable, audience)) for variable in line]
    n = next((base for _, _, base, _ in found if base != NOT_SHOWN), NOT_SHOWN)
    reasons = list(dict.fromkeys(why for _, share, _, why in found if share is None))
    if all(share is None for _, share, _, _ in found):
        return n, Cell(words=_("not shown: {why}", why=joined(reasons))), True
    listed = tuple(
        Cell(share, label=label, words="" if share else _("not shown")) for label, share, *__ in found
    )
    hidden = _(" (not shown: {why})", why=joined(reasons)) if reasons else ""
    return n, Cell(answers=listed, words=hidden), bool(reasons)
