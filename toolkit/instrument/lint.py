"""stub"""
from __future__ import annotations
from collections.abc import Iterator
from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.reading import Finding
def find(instrument: Instrument, *, known: frozenset[str] = frozenset()) -> Iterator[Finding]:
    return iter(())
def find_in_item(item: Item, instrument: Instrument, *, known: frozenset[str] = frozenset(), worded: bool = True) -> Iterator[Finding]:
    return iter(())
def lint(instrument: Instrument) -> list[Problem]:
    return [finding.problem() for finding in find(instrument)]
