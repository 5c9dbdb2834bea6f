"""What stands in an instrument file: the questionnaire of one audience, a part of the bank, or everything."""

from __future__ import annotations

from pydantic import Field

from toolkit.instrument.fields import Id, Strict, Wording
from toolkit.instrument.model import Audience, Item, MissingAnswer, Scale, Section

__all__ = ["AudienceFile", "BankFile", "WholeFile"]


class BankFile(Strict):
    """One file of a bank: any of audiences, scales, missing answers, themes and items."""

    audiences: dict[str, Audience] = Field(default_factory=dict)
    scales: dict[str, Scale] = Field(default_factory=dict)
    missing: dict[str, MissingAnswer] = Field(default_factory=dict)
    themes: dict[Id, Wording] = Field(default_factory=dict)
    items: tuple[Item, ...] = ()


class AudienceFile(Strict):
    """The questionnaire of one audience: which items of a bank it is asked, in which order."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    audience: str
    bank: str
    sections: tuple[Section, ...] = Field(min_length=1)


class WholeFile(BankFile):
    """A questionnaire that needs no bank: its audiences, scales, themes, items and sections in one file."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    sections: tuple[Section, ...] = Field(min_length=1)
