"""Facts about a survey, in the form checklists ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["ANSWERED", "MISSING", "TO_CHECK", "Answer", "Facts", "Text", "quoted"]

ANSWERED, TO_CHECK, MISSING = "answered", "to check", "missing"

_LONGEST = 180


@dataclass(frozen=True)
class Answer:
    """The answer to a checklist item, and where it was found."""

    status: str
    says: str = ""
    where: str = ""


@dataclass(frozen=True)
class Text:
    """A methods text, the AAPOR element it is about, and its place."""

    element: str
    words: str
    where: str

    def sentences(self) -> Iterator[str]:
        """Split the text into sentences."""
        yield from (one.strip() for one in re.split(r"(?<=[.!?;])\s+", self.words) if one.strip())

    def naming(self, cues: Iterable[str]) -> str:
        """Return the first sentence with a word that begins with one of the cues; "" if none does."""
        found = re.compile("|".join(rf"\b{re.escape(cue)}" for cue in cues), re.IGNORECASE)
        return next((one for one in self.sentences() if found.search(one)), "") if found.pattern else ""


def quoted(sentence: str) -> str:
    """Quote a sentence, shortened if it is long."""
    kept = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST].rsplit(' ', 1)[0]} …"
    return f"“{kept.replace('“', '‘').replace('”', '’')}”"


@dataclass(frozen=True)
class Facts:
    """Answers by item, and the methods texts that may answer others."""

    known: Mapping[str, Answer]
    texts: tuple[Text, ...] = ()
    language: str = "en"
