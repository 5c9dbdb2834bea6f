"""The wordings of an item: audiences that read the same words share one question on a platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.platforms.words import spoken

__all__ = ["Variant", "variants_of"]


@dataclass(frozen=True)
class Variant:
    """One wording of an item: who reads it, and what its question's name ends in (empty for the only one)."""

    audiences: tuple[str, ...]
    suffix: str

    def text(self, item: Item, language: str) -> str:
        """The question as these audiences read it."""
        return spoken(item.text, self.audiences[0], language)

    def statements(self, variable: Variable, instrument: Instrument) -> Mapping[str, str]:
        """A row as these audiences read it; language → words."""
        heard = next(one for one in self.audiences if one in variable.audiences)
        text = variable.row.text if variable.row else variable.item.text
        return {language: spoken(text, heard, language) for language in instrument.languages}


def variants_of(item: Item, instrument: Instrument) -> tuple[Variant, ...]:
    """The wordings of an item, in the order of the audiences.

    Parameters
    ----------
    item
        An item of the instrument.
    instrument
        Its languages are compared, and no others.

    Returns
    -------
    tuple of Variant
        Each with the audiences that read it; suffixes are the code of the first of them.
    """
    heard: dict[tuple[str, ...], list[str]] = {}
    for name in item.audiences or tuple(instrument.audiences):
        heard.setdefault(_words(item, name, instrument), []).append(name)
    if len(heard) == 1:
        return tuple(Variant(tuple(names), "") for names in heard.values())
    return tuple(Variant(tuple(names), instrument.audiences[names[0]].code) for names in heard.values())


def _words(item: Item, audience: str, instrument: Instrument) -> tuple[str, ...]:
    """Everything one audience reads of an item; the rows it is asked are part of it."""
    said = [spoken(item.text, audience, language) for language in instrument.languages]
    for row in item.rows:
        if row.audiences is None or audience in row.audiences:
            said += [row.id, *(spoken(row.text, audience, language) for language in instrument.languages)]
    return tuple(said)
