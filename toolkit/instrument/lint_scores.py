"""Lint of declared scores: columns, answers, directions, audiences."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.errors import near_names
from toolkit.instrument.lint_items import find_in_source, find_in_words, repeated
from toolkit.instrument.model import RESERVED_COLUMNS, Instrument, Item, Score, Variable
from toolkit.instrument.reading import Finding

__all__ = ["find_in_scores", "sound_columns"]


def find_in_scores(
    instrument: Instrument, *, known: frozenset[str] = frozenset(), worded: bool = True
) -> Iterator[Finding]:
    """Find the faults of every score; without `worded`, its label needs no words yet."""
    known |= {item.id for item in instrument.items if not _sound(item, instrument)}
    columns = sound_columns(instrument)
    taken = {name.casefold() for name in (*columns, *(item.id for item in instrument.items))}
    for name, score in instrument.scores.items():
        path = ("scores", name)
        if name in taken or name in RESERVED_COLUMNS:
            yield Finding(
                "name-taken",
                path,
                f"'{name}' is also the name of an item or a column",
                "give it another name",
            )
        if worded:
            yield from find_in_words((*path, "label"), score.label, instrument)
        yield from find_in_source((*path, "source"), score.source)
        yield from _columns(path, score, columns, known)


def sound_columns(instrument: Instrument) -> dict[str, Variable]:
    """Return columns by name, without those of items whose answers are undefined."""
    sound = tuple(item for item in instrument.items if _sound(item, instrument))
    return {one.name: one for one in instrument.model_copy(update={"items": sound}).variables}


def _sound(item: Item, instrument: Instrument) -> bool:
    if item.scale:
        return item.scale in instrument.scales
    return item.type != "single" or len(item.options) > 1


def _columns(
    path: tuple[str, ...], score: Score, columns: dict[str, Variable], known: frozenset[str]
) -> Iterator[Finding]:
    here = (*path, "items")
    for name in repeated(score.items):
        yield Finding("duplicate", here, f"'{name}' is listed twice", "list it once")
    for name in dict.fromkeys(score.items):
        if name not in columns and name.split("_")[0] not in known:
            yield Finding("unknown-column", here, f"unknown column '{name}'", near_names(name, columns))
    for name in score.reverse:
        if name not in score.items:
            hint = near_names(name, score.items)
            yield Finding("unknown-item", (*path, "reverse"), f"'{name}' is not an item of this score", hint)
    if score.minimum is not None and score.minimum > len(score.items):
        what = f"{score.minimum} of {len(score.items)} items cannot be answered"
        yield Finding(
            "out-of-range", (*path, "minimum"), what, f"write a number from 1 to {len(score.items)}"
        )
    found = [columns[name] for name in dict.fromkeys(score.items) if name in columns]
    yield from _answers(here, found)
    if found and len(found) == len(score.items):
        yield from _audiences(here, found)


def _answers(path: tuple[str, ...], found: list[Variable]) -> Iterator[Finding]:
    """Find columns of a score whose answers are not numbers over the same range."""
    limits: dict[str, tuple[float, float]] = {}
    for variable in found:
        values = variable.values() if variable.kind == "single" else None
        if values is None:
            what = f"the answers of '{variable.name}' are not ordered numbers"
            yield Finding("unsuited-item", path, what, "use items with an ordered scale of numbered answers")
        else:
            limits[variable.name] = min(values.values()), max(values.values())
    if len(set(limits.values())) > 1:
        said = "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in limits.items())
        yield Finding(
            "inconsistent",
            path,
            f"its items are answered on different scales ({said})",
            "make one score a scale",
        )


def _audiences(path: tuple[str, ...], found: list[Variable]) -> Iterator[Finding]:
    asked = set(found[0].audiences).intersection(*(variable.audiences for variable in found[1:]))
    if not asked:
        yield Finding(
            "not-asked", path, "no audience is asked all of its items", "ask one audience all of them"
        )
