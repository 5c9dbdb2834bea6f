"""A questionnaire for one audience as Qualtrics sees it: questions, numbered choices, recode values."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Item
from toolkit.platforms.routing import confusable
from toolkit.platforms.words import every_text, spoken

__all__ = ["Choice", "Question", "find_unfit", "marked_up", "questions_of"]


@dataclass(frozen=True)
class Choice:
    """An answer, an option or a row: its place, the value it is exported as, our code, and its words."""

    number: int
    value: str
    code: str
    label: Mapping[str, str]
    exclusive: bool = False
    write_in: bool = False


@dataclass(frozen=True)
class Question:
    """One question; `answers` are those of a matrix or a single choice or the options of a multi-select."""

    item: Item
    number: int
    text: Mapping[str, str]
    answers: tuple[Choice, ...] = ()
    rows: tuple[Choice, ...] = ()

    @property
    def tag(self) -> str:
        """Its export tag: our item id."""
        return self.item.id

    @property
    def recoded(self) -> bool:
        """Whether values other than 1, 2, 3 … have to be set."""
        return any(choice.value != str(choice.number) for choice in self.answers)


def questions_of(instrument: Instrument, audience: str) -> tuple[Question, ...]:
    """The questions of one audience, in order; `instrument` holds what that audience is asked."""
    return tuple(
        _question(item, number, instrument, audience) for number, item in enumerate(instrument.items, start=1)
    )


def _question(item: Item, number: int, instrument: Instrument, audience: str) -> Question:
    languages = instrument.languages
    text = {language: spoken(item.text, audience, language) for language in languages}
    rows = tuple(
        Choice(place, row.id, row.id, {one: spoken(row.text, audience, one) for one in languages})
        for place, row in enumerate(item.rows, start=1)
    )
    return Question(item, number, text, tuple(_answers(item, instrument)), rows)


def _answers(item: Item, instrument: Instrument) -> Iterator[Choice]:
    """Whole-number codes keep their value, others and options are numbered; missing answers keep theirs."""
    if item.type in ("multi", "ranking"):
        for place, option in enumerate(item.options, start=1):
            yield Choice(place, str(place), option.code, option.label, option.exclusive, option.write_in)
    if item.type not in ("single", "matrix"):
        return
    variable = instrument.of_item(item.id)[0]
    whole = all(code.isdigit() for code in variable.codes)
    options = variable.scale.options if variable.scale else ()
    for place, option in enumerate(options, start=1):
        value = option.code if whole else str(place)
        yield Choice(place, value, option.code, option.label, write_in=option.write_in)
    for place, missing in enumerate(instrument.missing_of(variable), start=len(options) + 1):
        yield Choice(place, missing.code, missing.becomes, missing.label)


def marked_up(text: str) -> str:
    """Plain words as the HTML Qualtrics holds.

    Examples
    --------
    >>> marked_up("R&D <here>")
    'R&amp;D &lt;here&gt;'
    """
    plain = html.escape(text.strip().replace("\t", " "), quote=False)
    return re.sub(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", "<br>", plain)


def find_unfit(instrument: Instrument) -> Iterator[Problem]:
    """Everything Qualtrics would take for code, and answers that could not be told apart."""
    for place, text in every_text(instrument):
        for mark, what in (("[[", "a tag of the text format"), ("${", "piped text")):
            if mark in text:
                yield Problem(
                    "invalid-character",
                    place,
                    f"it holds '{mark}', which is {what} to Qualtrics",
                    "write it without",
                )
        if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            yield Problem("invalid-character", place, "it holds a control character", "write it without")
    for item in instrument.items:
        if item.type not in ("single", "matrix"):
            continue
        choices = tuple(_answers(item, instrument))
        for choice in choices:
            if not choice.value.isdigit():
                what = f"its missing answer has the code '{choice.value}', and Qualtrics exports numbers"
                yield Problem(
                    "unsupported",
                    f"item {item.id}",
                    what,
                    "give the missing answer a number, such as 98 or 99",
                )
        for one, other in confusable([choice.value for choice in choices]):
            what = f"two answers would be exported as {one} and {other}, which are one number"
            yield Problem("ambiguous", f"item {item.id}", what, "give one of them another code")
