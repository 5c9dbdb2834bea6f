"""Checks of a translation sheet against its instrument, and import of its languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.instrument.translation.sheet import Sheet, SheetRow
from toolkit.instrument.translation.texts import Text, plain, texts, wordings

__all__ = ["check_sheet", "placeholders", "translated"]

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]+>|%\w")


def placeholders(words: str) -> Counter[str]:
    """Count placeholders and markup in a text: {…}, <…> and %s.

    Examples
    --------
    >>> sorted(placeholders("Dear {name}, <b>{name}</b>").items())
    [('</b>', 1), ('<b>', 1), ('{name}', 2)]
    """
    return Counter(_PLACEHOLDER.findall(words))


def check_sheet(sheet: Sheet, instrument: Instrument) -> tuple[Problem, ...]:
    """List what is missing or changed in a translation sheet.

    Parameters
    ----------
    sheet
        The sheet as it came back.
    instrument
        The instrument it was made from.

    Returns
    -------
    tuple[Problem, ...]
        Another instrument or version; rows that are gone, given twice or belong to nothing; words of the
        source language that are not the instrument's any more; words not translated yet; placeholders that
        were lost or made up. Empty where the sheet can be brought in.
    """
    other = tuple(_other(sheet, instrument))
    if other:
        return other
    known = {(one.key, one.audience): one for one in texts(instrument)}
    return (*_changed_rows(sheet, known), *_cells(sheet, known))


def translated(sheet: Sheet, instrument: Instrument) -> Instrument:
    """Add the languages of a sheet to an instrument.

    Parameters
    ----------
    sheet, instrument
        As for `check_sheet`.

    Returns
    -------
    Instrument
        The same instrument, written in the sheet's languages too.

    Raises
    ------
    InvalidInput
        Whatever `check_sheet` finds, a text without words among it: a language comes in whole or not at all.

    Examples
    --------
    >>> translated(read_sheet("fr.xlsx"), instrument).languages  # doctest: +SKIP
    ('en', 'fr')
    """
    problems = check_sheet(sheet, instrument)
    if problems:
        raise InvalidInput(sheet.name, problems)
    given = {(row.key, row.audience): row.words for row in sheet.rows}
    data = plain(instrument)
    for key, audience, _, words in wordings(data):
        words.update({name: given[key, audience][name] for name in sheet.targets})
    data["languages"] = list(dict.fromkeys((*instrument.languages, *sheet.targets)))
    return Instrument.model_validate(data)


def _other(sheet: Sheet, instrument: Instrument) -> Iterator[Problem]:
    where = f"{sheet.name}, sheet about"
    if sheet.instrument != instrument.id:
        what = f"the sheet is of instrument '{sheet.instrument}', and this is '{instrument.id}'"
        yield Problem("wrong-instrument", where, what, "give the instrument it was made from")
    elif sheet.version != instrument.version:
        what = f"the sheet is of version {sheet.version}, and the instrument is {instrument.version}"
        yield Problem(
            "changed-text", where, what, "export a sheet of this version; existing translations are filled in"
        )
    if sheet.source not in instrument.languages:
        what = f"it is translated from '{sheet.source}', in which the instrument is not written"
        yield Problem("unknown-language", where, what, near_names(sheet.source, instrument.languages))


def _changed_rows(sheet: Sheet, known: dict[tuple[str, str], Text]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    keys = list(dict.fromkeys(key for key, _ in known))
    for row in sheet.rows:
        here = (row.key, row.audience)
        where = f"{sheet.name}, row {row.number}"
        if here not in known and row.key in keys:
            audiences = [audience for key, audience in known if key == row.key]
            what = f"'{row.key}' has no words for audience '{row.audience}'"
            yield Problem("unknown-audience", where, what, f"put back what was there: {', '.join(audiences)}")
        elif here not in known:
            yield Problem(
                "unknown-name", where, f"the instrument has no text '{row.key}'", near_names(row.key, keys)
            )
        elif here in seen:
            what = f"'{row.key}' for {row.audience} duplicates row {seen[here]}"
            yield Problem("duplicate", where, what, "keep one of them")
        seen.setdefault(here, row.number)
    for key, audience in known:
        if (key, audience) not in seen:
            what = f"the row of '{key}' for {audience} is not there"
            yield Problem("missing-value", f"{sheet.name}", what, "put it back, or write the sheet out again")


def _cells(sheet: Sheet, known: dict[tuple[str, str], Text]) -> Iterator[Problem]:
    for row in sheet.rows:
        text = known.get((row.key, row.audience))
        if text is None:
            continue
        where = f"{sheet.name}, row {row.number} ({row.key}, {row.audience}), column"
        if row.words[sheet.source] != text.words[sheet.source].strip():
            what = f"the text differs from the instrument's, which reads {_cut(text.words[sheet.source])}"
            hint = "put them back and look at the translation again, or write the sheet out again"
            yield Problem("changed-text", f"{where} {sheet.source}", what, hint)
        for target in sheet.targets:
            yield from _translation(f"{where} {target}", row, text, sheet.source, target)


def _translation(where: str, row: SheetRow, text: Text, source: str, target: str) -> Iterator[Problem]:
    words = row.words[target]
    if not words:
        yield Problem(
            "not-translated", where, f"not translated: {_cut(text.words[source])}", "write the translation"
        )
        return
    wanted, given = placeholders(text.words[source]), placeholders(words)
    for change, found in _compared(wanted, given):
        said = ", ".join(sorted(found))
        hint = f"must contain {', '.join(sorted(wanted))}" if wanted else f"take out {said}"
        yield Problem("changed-text", where, f"{said} {change}", hint)


def _compared(
    wanted: Counter[str], given: Counter[str]
) -> Iterator[tuple[Literal["was lost", "was not there before"], Counter[str]]]:
    if wanted - given:
        yield "was lost", wanted - given
    if given - wanted:
        yield "was not there before", given - wanted


def _cut(words: str) -> str:
    return repr(words if len(words) <= 60 else f"{words[:57]}...")
