"""What is known of a survey, as a checklist asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["ANSWERED", "MISSING", "TO_CHECK", "Answer", "Facts", "Text", "quoted"]

ANSWERED, TO_CHECK, MISSING = "answered", "to check", "missing"

_LONGEST = 180


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

    def naming(self, cues: Iterable[str]) -> str:
        """Its first sentence in which a word begins as one of the cues does; "" where there is none."""
        found = re.compile("|".join(rf"\b{re.escape(cue)}" for cue in cues), re.IGNORECASE)
        return next((one for one in self.sentences() if found.search(one)), "") if found.pattern else ""


def quoted(sentence: str) -> str:
    """A sentence in quotation marks, cut where it is long."""
    kept = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST].rsplit(' ', 1)[0]} …"
    return f"“{kept.replace('“', '‘').replace('”', '’')}”"


@dataclass(frozen=True)
class Facts:
    """Answers by item, and the texts in which others may stand, in one language."""

    known: Mapping[str, Answer]
    texts: tuple[Text, ...] = ()
    language: str = "en"
