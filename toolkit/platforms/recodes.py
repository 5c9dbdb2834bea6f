"""Qualtrics' recode values: whether a file follows them, or was exported before anybody set them.

Each choice has a number by its position and a recode value, which is what a numeric export holds. The
manifest knows both. Where they differ, the cells of a question tell: a value that only one of the two knows.
Where no cell tells and the two would be read as other answers, the file is refused, unless `recodes` says.

The same holds for options of a multi-select whose codes are whole numbers, in the headings of its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Item
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.files.sheet import Sheet, named
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.matching import Matched
from toolkit.platforms.vocabulary import option_numbers, tidy

__all__ = ["by_code", "settled"]


def settled(matched: Matched, frame: pd.DataFrame, entry: AnswersFile, problems: list[Problem]) -> Matched:
    """The same columns, each with the words its question was exported by; what nothing tells is a problem.

    Parameters
    ----------
    frame
        The cells, of the rows that count.
    """
    questions: dict[str, list[str]] = {}
    for name in matched.raw:
        questions.setdefault(matched.accepted[name].partition("_")[0], []).append(name)
    words = dict(matched.words)
    unset = []
    for item_id, names in questions.items():
        seen = {cell for name in names for cell in frame[name].unique()} - {""}
        told = entry.recodes or _told(seen, words[names[0]], matched.raw[names[0]])
        if told == "unset":
            unset.append(item_id)
            words |= {name: matched.raw[name] for name in names}
        elif told not in ("set", None):
            problems.append(Problem("ambiguous", f"column {names[0]}", told, _HINT))
    note = f"recode values were never set in Qualtrics for {', '.join(unset)}: read by position"
    notes = (*matched.notes, note) if unset else matched.notes
    return replace(matched, words=words, notes=notes)


_HINT = "export again with choice texts, or write recodes: set (they were set in Qualtrics) or unset"


def _told(seen: set[str], by_value: Mapping[str, str], by_place: Mapping[str, str]) -> str | None:
    """ "set", "unset", None where it makes no difference, or why it cannot be told."""
    values, places = seen & (by_value.keys() - by_place.keys()), seen & (by_place.keys() - by_value.keys())
    if values and places:
        return (
            f"holds {_listed(values)}, which only a recode value says, and {_listed(places)}, "
            "which only a choice's position says"
        )
    if values or places:
        return "set" if values else "unset"
    torn = {cell for cell in seen & by_value.keys() & by_place.keys() if by_value[cell] != by_place[cell]}
    if torn:
        return (
            f"holds {_listed(torn)}, which mean other answers where the recode values were never set in "
            "Qualtrics (1, 2, 3 … by position), and no cell tells whether they were"
        )
    return None


def _listed(cells: Iterable[str]) -> str:
    return ", ".join(sorted(cells)[:6])


def by_code(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    """Columns of options numbered by position, named by code where the two differ.

    With a manifest nothing is changed: it knows the headings.

    Raises
    ------
    InvalidInput
        Where neither the numbers nor the texts below them tell which of the two they are.
    """
    if manifest is not None:
        return sheet
    names, problems = list(sheet.names), []
    texts = sheet.headings[1] if len(sheet.headings) > 1 else ("",) * len(names)
    for item in instrument.items:
        codes = [option.code for option in item.options]
        places = option_numbers(item.options)
        if item.type != "multi" or not any(places.get(code, code) != code for code in codes):
            continue
        here = {place: name for place, name in enumerate(names) if _number(name, item) is not None}
        numbers = {str(_number(name, item)) for name in here.values()}
        labelled = {place: _by_text(texts[place], item) for place in here}
        if here and all(labelled.values()):
            for place, code in labelled.items():
                names[place] = f"{item.id}_{code}"
        elif numbers <= places.keys() and not numbers <= set(codes):
            for place, name in here.items():
                names[place] = f"{item.id}_{places[str(_number(name, item))]}"
        elif here and numbers <= places.keys() & set(codes):
            what = f"columns are numbered {_listed(numbers)}, which may be positions or codes of its options"
            hint = "export with all three rows of headings, or name the import ids under columns"
            problems.append(Problem("ambiguous", f"item {item.id}", what, hint))
    if problems:
        raise InvalidInput(source, problems)
    return named(sheet, names)


def _number(name: str, item: Item) -> str | None:
    stem, _, number = name.rpartition("_")
    return number if stem == item.id and number.isdigit() else None


def _by_text(text: str, item: Item) -> str | None:
    """The one option whose label ends the text of a column, "… - Selected Choice - Label"."""
    found = [code for label, code in _labels(item) if tidy(text).endswith(f"- {label}")]
    return found[0] if len(set(found)) == 1 else None


def _labels(item: Item) -> Iterator[tuple[str, str]]:
    for option in item.options:
        yield from ((tidy(label), option.code) for label in option.label.values())
