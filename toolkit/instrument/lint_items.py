"""Lint of one scale or one item: answers, boxes, words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from toolkit.errors import ProblemCode, near_names
from toolkit.instrument.fields import ParallelWording, Wording
from toolkit.instrument.model import Instrument, Item, Option, Row, Scale, Source
from toolkit.instrument.published.refused import refused_name
from toolkit.instrument.reading import Finding

__all__ = ["find_in_item", "find_in_scale", "find_in_source", "find_in_words", "options_of", "repeated"]


def find_in_item(
    item: Item, instrument: Instrument, *, known: frozenset[str] = frozenset(), worded: bool = True
) -> Iterator[Finding]:
    """Find the faults of one item; without `worded`, its audiences need no wording yet."""
    path = ("items", item.id)
    if item.theme not in instrument.themes and item.theme not in known:
        hint = near_names(item.theme, instrument.themes)
        yield Finding("unknown-name", (*path, "theme"), f"unknown theme '{item.theme}'", hint)
    yield from _audience_names((*path, "audiences"), item.audiences, instrument.audiences, known)
    yield from _spoken((*path, "text"), item.text, item.audiences, instrument, known, worded)
    yield from find_in_words((*path, "short"), item.short, instrument, needed=False)
    yield from _answers(path, item, instrument, known)
    yield from _favourable((*path, "favourable"), item.favourable, item, instrument)
    yield from find_in_source((*path, "source"), item.source)
    for row in item.rows:
        yield from _row((*path, "rows", row.id), row, item, instrument, known, worded)


def find_in_scale(
    path: tuple[str, ...], scale: Scale, instrument: Instrument, known: frozenset[str]
) -> Iterator[Finding]:
    """Find the faults of one scale: codes, boxes, labels and missing answers."""
    yield from _options((*path, "options"), scale.options, instrument)
    for option in scale.options:
        if option.exclusive:
            hint = "leave it out: one answer excludes the others anyway"
            yield Finding(
                "unsuited-item",
                (*path, "options", option.code, "exclusive"),
                "only a multi-select has exclusive options",
                hint,
            )
    for box in ("top", "bottom"):
        for code in getattr(scale, box):
            if code not in scale.codes:
                hint = f"use codes of the scale: {', '.join(scale.codes)}"
                yield Finding("unknown-answer", (*path, box), f"unknown code '{code}' of this scale", hint)
        yield from find_in_words(
            (*path, f"{box}_label"), getattr(scale, f"{box}_label"), instrument, needed=False
        )
    if scale.net and not (scale.top and scale.bottom):
        yield Finding(
            "missing-key", (*path, "net"), "a net needs both a top and a bottom box", "write top and bottom"
        )
    both = [code for code in scale.top if code in scale.bottom]
    if both:
        yield Finding(
            "conflict",
            (*path, "bottom"),
            f"{', '.join(both)} is in the top and the bottom box",
            "keep it in one of them",
        )
    yield from _missing((*path, "missing"), scale.missing, scale.options, instrument, known)


def _options(path: tuple[str, ...], options: tuple[Option, ...], instrument: Instrument) -> Iterator[Finding]:
    for code in repeated([option.code for option in options]):
        yield Finding(
            "duplicate-id",
            (*path, code),
            f"the code '{code}' is given to two answers",
            "give each answer its own code",
        )
    for option in options:
        yield from find_in_words((*path, option.code, "label"), option.label, instrument)


def _missing(
    path: tuple[str, ...],
    names: tuple[str, ...],
    options: tuple[Option, ...],
    instrument: Instrument,
    known: frozenset[str],
) -> Iterator[Finding]:
    for name in names:
        if name not in instrument.missing and name not in known:
            hint = near_names(name, instrument.missing)
            yield Finding("unknown-name", path, f"unknown missing answer '{name}'", hint)
    offered = [instrument.missing[name] for name in dict.fromkeys(names) if name in instrument.missing]
    codes = {option.code for option in options}
    for missing in offered:
        if missing.code in codes:
            what = f"the missing answer's code {missing.code} is also the code of an answer"
            yield Finding(
                "duplicate-id", path, what, "give the missing answer a code of its own, such as 98 or 99"
            )
    for code in repeated([missing.code for missing in offered]):
        yield Finding(
            "duplicate-id", path, f"two missing answers have the code {code}", "give each its own code"
        )
    for becomes in repeated([missing.becomes for missing in offered]):
        yield Finding(
            "ambiguous",
            path,
            f"two missing answers become {becomes} and could not be distinguished",
            "offer one of them",
        )


def _answers(
    path: tuple[str, ...], item: Item, instrument: Instrument, known: frozenset[str]
) -> Iterator[Finding]:
    """Find mismatches of an item's type with its scale, options, rows, missing answers and bounds."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    if item.scale and scale is None and item.scale not in known:
        yield Finding(
            "unknown-name",
            (*path, "scale"),
            f"unknown scale '{item.scale}'",
            near_names(item.scale, instrument.scales),
        )
    for code, what, hint in _misfits(item):
        yield Finding(code, (*path, "type"), what, hint)
    yield from _options((*path, "options"), item.options, instrument)
    if item.type not in ("multi", "ranking"):
        for option in item.options:
            if option.exclusive:
                where = (*path, "options", option.code, "exclusive")
                yield Finding(
                    "unsuited-item", where, "only a multi-select has exclusive options", "leave it out"
                )
    written = [option.code for option in options_of(item, instrument) if option.write_in]
    if written and written[0] != "other":
        hint = "give it the code other, which survey platforms use"
        yield Finding(
            "invalid-name", (*path, "options", written[0]), f"the write-in has the code '{written[0]}'", hint
        )
    if written and item.type == "matrix":
        hint = "give the write-in to a single choice or a multi-select"
        yield Finding(
            "unsuited-item", (*path, "scale"), f"the scale of a matrix has a write-in ('{written[0]}')", hint
        )
    if len(written) > 1:
        what = f"{' and '.join(written)} are both write-ins, and platforms offer one per question"
        yield Finding("too-many", (*path, "options"), what, "keep write_in: true at one of them")
    names = (*(scale.missing if scale else ()), *item.missing)
    if item.missing:
        options = scale.options if scale else item.options
        yield from _missing((*path, "missing"), names, options, instrument, known)
    yield from _bounds(path, item)


def _misfits(item: Item) -> Iterator[tuple[ProblemCode, str, str]]:
    scale, options, rows = bool(item.scale), bool(item.options), bool(item.rows)
    if item.type == "single" and scale and options:
        yield "conflict", "a single choice has both a scale and options of its own", "keep one of them"
    if item.type == "single" and not scale and len(item.options) < 2:
        yield (
            "missing-key",
            "a single choice needs a scale, or two options or more",
            "name a scale or list the options",
        )
    if item.type == "ranking" and len(item.options) < 2:
        yield "too-few", "a ranking needs two options or more", "list its options"
    if item.type == "ranking" and scale:
        yield "conflict", "a ranking has a scale", "leave it out: its answers are ranks"
    if item.type == "ranking" and any(option.write_in or option.exclusive for option in item.options):
        yield "unsuited-item", "a ranking has a write-in or an exclusive option", "leave the key out"
    if item.type == "multi" and not options:
        yield "missing-key", "a multi-select has no options", "list its options"
    if item.type == "matrix" and not (rows and scale):
        yield "missing-key", "a matrix needs rows and a scale", "add what is not there"
    if item.type == "matrix" and options:
        yield "conflict", "a matrix has options of its own", "make them a scale"
    if item.type == "multi" and scale:
        yield "conflict", "a multi-select has a scale", "list its options instead"
    if item.type in ("number", "text") and (scale or options):
        yield (
            "conflict",
            f"a {item.type} has answers to choose from",
            "leave scale and options out, or make it a single choice",
        )
    if item.type != "matrix" and rows:
        yield "unsuited-item", "only a matrix has rows", "make it a matrix, or leave the rows out"
    if item.type not in ("single", "matrix") and item.missing:
        hint = "use an exclusive option" if item.type == "multi" else "let people leave it blank"
        yield "unsuited-item", f"a {item.type} cannot offer missing answers", hint


def _bounds(path: tuple[str, ...], item: Item) -> Iterator[Finding]:
    for bound in ("minimum", "maximum"):
        limit = getattr(item, bound)
        if limit is not None and bound == "maximum" and item.type in ("multi", "ranking"):
            if limit not in range(1, len(item.options) + 1):
                hint = f"write how many answers may be given, from 1 to {len(item.options)}"
                yield Finding("out-of-range", (*path, bound), f"{limit:g} answers cannot be chosen", hint)
        elif limit is not None and item.type != "number":
            yield Finding("unsuited-item", (*path, bound), f"only a number has a {bound}", "leave it out")
        elif limit is not None and not math.isfinite(limit):
            yield Finding(
                "not-finite",
                (*path, bound),
                f"{limit} is not a valid bound",
                "write a number, or leave it out",
            )
    if item.type != "number":
        if item.bands:
            yield Finding("unsuited-item", (*path, "bands"), "only a number has bands", "leave them out")
        return
    ends = [-math.inf if item.minimum is None else item.minimum, *item.bands]
    ends.append(math.inf if item.maximum is None else item.maximum)
    if item.bands and not (all(map(math.isfinite, item.bands)) and sorted(set(ends[:-1])) == ends[:-1]):
        hint = "write where each new band begins, in rising order and above the minimum: bands: [5, 10, 20]"
        yield Finding("wrong-order", (*path, "bands"), "the bands do not rise", hint)
    elif item.bands and item.bands[-1] > ends[-1]:
        yield Finding(
            "out-of-range", (*path, "bands"), "the last band begins above the maximum", "leave it out"
        )
    if item.minimum is not None and item.minimum < 0:
        hint = "use 0 or more: negative numbers are missing answers in exports"
        yield Finding("out-of-range", (*path, "minimum"), f"{item.minimum:g} is below 0", hint)
    if item.minimum is not None and item.maximum is not None and item.maximum < item.minimum:
        yield Finding(
            "wrong-order", (*path, "maximum"), f"{item.maximum:g} is below the minimum", "exchange them"
        )


def _favourable(path: tuple[str, ...], box: str, item: Item, instrument: Instrument) -> Iterator[Finding]:
    if box == "none" or item.type == "multi" or (item.scale and item.scale not in instrument.scales):
        return
    scale = instrument.scales[item.scale] if item.scale else None
    if not (scale and scale.top and scale.bottom):
        hint = "write favourable: none, or use a scale with a top and a bottom"
        yield Finding(
            "conflict", path, f"favourable is '{box}' and its answers have no top and bottom box", hint
        )


def _row(
    path: tuple[str, ...], row: Row, item: Item, instrument: Instrument, known: frozenset[str], worded: bool
) -> Iterator[Finding]:
    yield from _audience_names((*path, "audiences"), row.audiences, instrument.audiences, known)
    beyond = [
        name for name in row.audiences or () if item.audiences is not None and name not in item.audiences
    ]
    if beyond:
        what = f"the row is for {', '.join(beyond)}, and its item is not"
        yield Finding(
            "not-asked", (*path, "audiences"), what, "add the audience to the item, or take it from the row"
        )
    yield from _spoken((*path, "text"), row.text, row.audiences or item.audiences, instrument, known, worded)
    yield from find_in_words((*path, "short"), row.short, instrument, needed=False)
    if row.favourable is not None:
        yield from _favourable((*path, "favourable"), row.favourable, item, instrument)
    if row.source is not None:
        yield from find_in_source((*path, "source"), row.source)


def find_in_source(path: tuple[str, ...], source: Source) -> Iterator[Finding]:
    """Find published words without a source or licence, or from a refused questionnaire."""
    if source.origin != "published":
        return
    for name, hint in (
        ("after", "name the source of the words"),
        ("licence", "name the licence"),
    ):
        if not (getattr(source, name) or "").strip():
            yield Finding("missing-key", path, f"the words are published, and '{name}' is not said", hint)
    refused = refused_name(source.after or "")
    if refused:
        what = f"the words of the {refused.name} may not be used: {refused.reason}"
        yield Finding("not-licensed", (*path, "after"), what, refused.instead)


def _audience_names(
    path: tuple[str, ...], names: tuple[str, ...] | None, audiences: Iterable[str], known: frozenset[str]
) -> Iterator[Finding]:
    listed = list(audiences)
    if names == ():
        yield Finding(
            "empty", path, "the list is empty", "name the audiences, or leave the key out for all of them"
        )
    for name in names or ():
        if name not in listed and name not in known:
            yield Finding("unknown-audience", path, f"unknown audience '{name}'", near_names(name, listed))
    for name in repeated(names or ()):
        yield Finding("duplicate", path, f"'{name}' is listed twice", "list it once")


def _spoken(
    path: tuple[str, ...],
    text: ParallelWording,
    audiences: tuple[str, ...] | None,
    instrument: Instrument,
    known: frozenset[str],
    worded: bool,
) -> Iterator[Finding]:
    """Find audiences that are asked without wording in every language."""
    for name, wording in text.items():
        if name != "all" and name not in instrument.audiences and name not in known:
            hint = near_names(name, [*instrument.audiences, "all"])
            yield Finding("unknown-audience", (*path, name), f"unknown audience '{name}'", hint)
        yield from find_in_words((*path, name), wording, instrument)
    for name in (audiences or tuple(instrument.audiences)) if worded else ():
        if name not in text and "all" not in text:
            yield Finding(
                "missing-value",
                path,
                f"wording for {name} is missing",
                f"add '{name}:', or 'all:' for everyone",
            )


def find_in_words(
    path: tuple[str, ...], wording: Wording, instrument: Instrument, *, needed: bool = True
) -> Iterator[Finding]:
    """Find missing languages and blank words; without `needed`, there may be no words at all."""
    if not wording and not needed:
        return
    for language in dict.fromkeys(instrument.languages):
        if language not in wording:
            yield Finding("not-translated", path, f"wording in '{language}' is missing", f"add '{language}:'")
    for language, words in wording.items():
        if not words.strip():
            yield Finding(
                "missing-value", (*path, language), "the words are blank", "write them, or leave the key out"
            )


def options_of(item: Item, instrument: Instrument) -> tuple[Option, ...]:
    """Return an item's options: those of its scale if it names a defined one, otherwise its own."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    return scale.options if scale else item.options


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once, each once."""
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]
