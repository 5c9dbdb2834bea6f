"""The appendix: every question as each audience read it, who was asked, how many answered, and what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.presentation.blocks import Table, table_of
from toolkit.presentation.numbers import NOT_SHOWN
from toolkit.presentation.rows import audience_name, base_in_words
from toolkit.presentation.spreads import Spreads

__all__ = ["distribution_table"]

COLUMNS = ("Question", "Audience", "Asked of", "n", "Answers")
_N_NOTE = "n: those who were asked and gave an answer; “don't know” and blanks are not part of it."
_PART_NOTE = (
    "Where few answered, or nearly all gave the same answer, the full spread stays confidential and only "
    "the shares that may be shown are printed."
)


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
    """Every item in each audience's own wording, with its base, n and answers, or why they are withheld.

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
    wanted = set(audiences) if audiences is not None else set(instrument.audiences)
    rows = [
        row
        for item in instrument.items
        if theme in (None, item.theme)
        for row in _item_rows(item, spreads, instrument, wanted, language)
    ]
    name = instrument.themes.get(theme or "", {}).get(language, "")
    notes = [_N_NOTE, *([_PART_NOTE] if any("not shown" in row["Answers"] for row in rows) else [])]
    default = f"{name}: questions and answers" if name else "Questions and answers"
    return table_of(rows, COLUMNS, title=title or default, kind="appendix", notes=notes, numeric=["n"])


def _item_rows(
    item: Item, spreads: Spreads, instrument: Instrument, wanted: set[str], language: str
) -> Iterator[dict[str, str]]:
    variables = instrument.of_item(item.id)
    lines = [variables] if item.type == "multi" else [(variable,) for variable in variables]
    for line in lines:
        for audience in line[0].audiences:
            if audience not in wanted:
                continue
            n, answers = _answers(line, audience, spreads, language)
            yield {
                "Question": _wording(item, line[0], audience, language),
                "Audience": audience_name(instrument, audience, start=True, language=language),
                "Asked of": base_in_words(line[0], instrument, language=language),
                "n": n,
                "Answers": answers,
            }


def _wording(item: Item, variable: Variable, audience: str, language: str) -> str:
    if item.type != "multi":
        return variable.wording(audience, language)
    spoken = item.text.get(audience) or item.text["all"]
    return spoken[language]


def _answers(line: tuple[Variable, ...], audience: str, spreads: Spreads, language: str) -> tuple[str, str]:
    first = line[0]
    if first.kind == "text":
        return NOT_SHOWN, "not shown: comments in people's own words are never reported"
    if first.kind == "option":
        return _options(line, audience, spreads, language)
    if first.kind == "number":
        return NOT_SHOWN, "not shown: answers in plain numbers are not reported yet"
    spread = spreads.of(first, audience)
    if spread is None:
        return NOT_SHOWN, "not shown: this audience is not part of the report, or nobody answered"
    return spread.n, spread.words(first, language=language)


def _options(line: tuple[Variable, ...], audience: str, spreads: Spreads, language: str) -> tuple[str, str]:
    found = [(variable.label(language), *spreads.option(variable, audience)) for variable in line]
    n = next((base for _, _, base, _ in found if base != NOT_SHOWN), NOT_SHOWN)
    reasons = list(dict.fromkeys(why for _, text, _, why in found if not text))
    if not any(text for _, text, _, _ in found):
        return n, f"not shown: {'; '.join(reasons)}"
    listed = " · ".join(f"{label} {text or 'not shown'}" for label, text, _, _ in found)
    return n, f"{listed} (not shown: {'; '.join(reasons)})" if reasons else listed
