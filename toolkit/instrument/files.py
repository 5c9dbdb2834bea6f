"""Schemas of instrument files: an audience's questionnaire, a part of a bank, or a complete questionnaire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.instrument.fields import Code, Id, ParallelWording, Strict, Wording
from toolkit.instrument.model import Audience, Item, MissingAnswer, Scale, Score, Section

__all__ = ["AudienceFile", "BankFile", "Borrowed", "BorrowedScore", "WholeFile"]


class BorrowedScore(Strict):
    """A score of a family of published questions: its rows, and the reversed ones among them."""

    label: Wording
    rows: tuple[Id, ...] = Field(min_length=2)
    reverse: tuple[Id, ...] = ()
    favourable: Literal["high", "low", "none"]


class Borrowed(Strict):
    """A published scale whose words are not shipped: the user's copy of them, with a confirmation.

    `confirmed` says who may use the scale and on what ground. `text` holds a stem for each grid, `rows` the
    statements, `answers` the labels of each set of answers by code; `scores` is for families of questions.
    """

    confirmed: str
    theme: Id
    text: dict[str, ParallelWording] = Field(default_factory=dict)
    rows: dict[Id, ParallelWording] = Field(default_factory=dict)
    answers: dict[str, dict[Code, Wording]] = Field(default_factory=dict)
    scores: dict[Id, BorrowedScore] = Field(default_factory=dict)


class BankFile(Strict):
    """One file of a bank: any of the kinds of entry below."""

    audiences: dict[str, Audience] = Field(default_factory=dict)
    scales: dict[str, Scale] = Field(default_factory=dict)
    missing: dict[str, MissingAnswer] = Field(default_factory=dict)
    themes: dict[Id, Wording] = Field(default_factory=dict)
    items: tuple[Item, ...] = ()
    scores: dict[Id, Score] = Field(default_factory=dict)
    borrowed: dict[str, Borrowed] = Field(default_factory=dict)


class AudienceFile(Strict):
    """The questionnaire of one audience: which items of a bank it is asked, in order."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    audience: str
    bank: str
    sections: tuple[Section, ...] = Field(min_length=1)


class WholeFile(BankFile):
    """A complete questionnaire: audiences, scales, themes, items and sections in one file."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    sections: tuple[Section, ...] = Field(min_length=1)
