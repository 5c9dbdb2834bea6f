"""Columns of LimeSurvey's first VV format: `424242X2X3prod` is survey, group, question and part.

The numbers are LimeSurvey's own. They are taken for questions by their order, and only where everything that
can be checked agrees: as many questions as the instrument (or manifest) has, the same parts at each, and the
text of each question without parts where the file shows it plainly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.fields import ID_PATTERN
from toolkit.instrument.model import Instrument, Item
from toolkit.platforms.files.sheet import Sheet, named
from toolkit.platforms.limesurvey.text import ASKED, AUDIENCE
from toolkit.platforms.manifest import ExportManifest

__all__ = ["named_by_order", "numbered_columns"]

_NUMBERS = re.compile(r"(\d+X\d+X\d+)(.*)")
_HINT = "export again as VV version 2 (question codes), or as CSV with headings 'Question code'"


def numbered_columns(sheet: Sheet) -> bool:
    """Whether the headings are LimeSurvey's numbers."""
    return any(_NUMBERS.fullmatch(name) for name in sheet.names)


def named_by_order(
    sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str
) -> Sheet:
    """Give numbered columns their question codes.

    Raises
    ------
    InvalidInput
        Where questions, parts or texts do not agree with the instrument's.
    """
    places = [(place, found) for place, name in enumerate(sheet.names) if (found := _NUMBERS.fullmatch(name))]
    questions = [list(group) for _, group in groupby(places, key=lambda one: one[1].group(1))]
    items = list(_expected(instrument, manifest))
    extra = len(questions) - len(items)
    offset = _offset(sheet, questions, items, extra)
    if offset is None:
        what = (
            f"are LimeSurvey's numbers of {len(questions)} questions, which do not follow the "
            f"{len(items)} of the instrument part by part"
        )
        raise InvalidInput(source, [Problem("wrong-instrument", "headings", what, _HINT)])
    names = list(sheet.names)
    for question, code in zip(questions[:extra], _before(sheet, questions[:extra], manifest), strict=True):
        names[question[0][0]] = code
    for question, item in zip(questions[extra:], items, strict=True):
        for place, found in question:
            names[place] = f"{item.id}[{found.group(2)}]" if found.group(2) else item.id
    return named(sheet, names)


def _expected(instrument: Instrument, manifest: ExportManifest | None) -> Iterator[Item]:
    if manifest is None:
        yield from instrument.items
        return
    for name in dict.fromkeys(column.item for column in manifest.columns):
        yield instrument.item(name)


def _offset(
    sheet: Sheet, questions: list[list[tuple[int, re.Match[str]]]], items: list[Item], extra: int
) -> int | None:
    """How many questions stand before the first item (hidden, and the audience's); None if none fits."""
    if extra < 0 or any(found.group(2) for question in questions[:extra] for _, found in question):
        return None
    texts = sheet.headings[1]
    for question, item in zip(questions[extra:], items, strict=True):
        parts = [found.group(2) for _, found in question]
        if parts != (_parts(item) or [""]):
            return None
        text = " ".join(texts[question[0][0]].split())
        plain = "{" not in text and not any(_parts(item))
        if plain and text not in _wordings(item):
            return None
    return extra


def _before(
    sheet: Sheet, questions: list[list[tuple[int, re.Match[str]]]], manifest: ExportManifest | None
) -> list[str]:
    """Codes of the questions before the first item: hidden ones, whose text is their code, then the audience.

    The manifest knows them; without it, a question whose text is no code is taken for the audience's.
    """
    if manifest is not None:
        audience = manifest.settings.get("audience", manifest.audience_column or "")
        known = [*manifest.settings.get("hidden", "").split(), *audience.split()]
        if len(known) == len(questions):
            return known
    texts = [sheet.headings[1][question[0][0]] for question in questions]
    asked = ASKED if AUDIENCE in texts else AUDIENCE
    return [text if re.fullmatch(ID_PATTERN, text) else asked for text in texts]


def _parts(item: Item) -> list[str]:
    return (
        [row.id for row in item.rows]
        if item.type == "matrix"
        else [o.code for o in item.options]
        if item.type == "multi"
        else []
    )


def _wordings(item: Item) -> set[str]:
    return {" ".join(text.split()) for words in item.text.values() for text in words.values()}
