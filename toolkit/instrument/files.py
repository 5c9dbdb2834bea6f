"""What stands in an instrument file: the questionnaire of one audience, a part of the bank, or everything."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from toolkit.instrument.model import (
    Audience,
    Id,
    Item,
    MissingAnswer,
    Scale,
    Section,
    Wording,
)

__all__ = ["AudienceFile", "BankFile", "WholeFile"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BankFile(_File):
    """One file of a bank: any of audiences, scales, missing answers, themes and items."""

    audiences: dict[str, Audience] = Field(default_factory=dict)
    scales: dict[str, Scale] = Field(default_factory=dict)
    missing: dict[str, MissingAnswer] = Field(default_factory=dict)
    themes: dict[Id, Wording] = Field(default_factory=dict)
    items: tuple[Item, ...] = ()


class AudienceFile(_File):
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
