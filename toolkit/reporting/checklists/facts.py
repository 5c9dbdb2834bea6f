"""What is known of a survey, as a checklist asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["ANSWERED", "MISSING", "TO_CHECK", "Answer", "Facts", "Text"]

ANSWERED, TO_CHECK, MISSING = "answered", "to check", "missing"


@dataclass(frozen=True)
class Answer:
    """What is said on one item, and where."""

    status: str
    says: str = ""
    where: str = ""


@dataclass(frozen=True)
class Text:
    """A methods text: the AAPOR element it is about, and where it stands."""

    element: str
    words: str
    where: str

    def sentences(self) -> Iterator[str]:
        """Its sentences, one by one."""
        yield from (one.strip() for one in re.split(r"(?<=[.!?;])\s+", self.words) if one.strip())


@dataclass(frozen=True)
class Facts:
    """Answers by item, and the texts in which others may stand, in one language."""

    known: Mapping[str, Answer]
    texts: tuple[Text, ...] = ()
    language: str = "en"
