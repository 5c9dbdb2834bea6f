"""The items of the checklists, read from the YAML files beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from toolkit.instrument.fields import Strict
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document

__all__ = ["CHECKLISTS", "Checklist", "ChecklistItem", "load_checklist"]

CHECKLISTS = ("aapor", "cherries")


class ChecklistItem(Strict):
    """An item of a checklist.

    Parameters
    ----------
    asks
        What a reader wants to know, in our own words.
    look_in
        Methods texts that may say it; all where none is named.
    cues
        Words that show that they do; small and capital letters are the same.
    """

    id: str
    section: str = ""
    title: str
    asks: str
    look_in: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()


class Checklist(Strict):
    """A published checklist with its source."""

    id: str
    title: str
    source: str
    items: tuple[ChecklistItem, ...] = Field(min_length=1)


@cache
def load_checklist(name: str) -> Checklist:
    """Load one of `CHECKLISTS`.

    Examples
    --------
    >>> len(load_checklist("aapor").items), len(load_checklist("cherries").items)
    (11, 30)
    """
    return checked(Checklist, read_document(Path(__file__).with_name(f"{name}.yaml")))
