"""Lint errors: what is wrong with scales, items, routing and scores."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.lint_rules import ALLOWABLE, Lint
from toolkit.instrument.model import (
    RESERVED_COLUMNS,
    EstimateOf,
    Instrument,
    Item,
    Option,
    Row,
    Scale,
    Score,
    Source,
    Variable,
)
from toolkit.instrument.published.borrowing import refused_name
from toolkit.instrument.reading import Finding
from toolkit.instrument.routing import Answered, Comparison, Leaf, Selected, leaves, parse_tree
from toolkit.instrument.translation import PIPE, plain, wordings
from toolkit.instrument.yaml_loader import ID_PATTERN, ParallelWording, Wording

# Checks of one scale or one item: answers, boxes, words.


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
    yield from _spoken((*path, "help"), item.help, (), instrument, known, worded=False)
    yield from find_in_words((*path, "discuss"), item.discuss, instrument, needed=False)
    yield from _referents(path, item, instrument, known)
    yield from _declared(path, item, instrument, known)


def _referents(
    path: tuple[str, ...], item: Item, instrument: Instrument, known: frozenset[str]
) -> Iterator[Finding]:
    """Find referents of unknown audiences, and rows about unlike things in one battery."""
    rows = [((*path, "rows", row.id), row.referent) for row in item.rows]
    for place, about in ((path, item.referent), *rows):
        for name in about:
            if name != "all" and name not in instrument.audiences and name not in known:
                hint = near_names(name, [*instrument.audiences, "all"])
                yield Finding("unknown-audience", (*place, "referent"), f"unknown audience '{name}'", hint)
    for audience in item.audiences or tuple(instrument.audiences):
        heard = [
            row.referent or item.referent
            for row in item.rows
            if row.audiences is None or audience in row.audiences
        ]
        found = {about.get(audience, about.get("all")) for about in heard}
        if len(found) > 1:
            listed = ", ".join(sorted(one or "not declared" for one in found))
            what = f"its rows are about different things for {audience} ({listed})"
            hint = "make a battery of each, so that respondents need not notice a change of subject"
            yield Finding("inconsistent", (*path, "rows"), what, hint)
            return


def _declared(
    path: tuple[str, ...], item: Item, instrument: Instrument, known: frozenset[str]
) -> Iterator[Finding]:
    """Find attention checks, estimates, don't-knows and random orders that the item cannot have."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    if item.attention is not None:
        codes = [option.code for option in options_of(item, instrument)]
        if item.type != "single":
            hint = "make it a single choice with one right answer"
            yield Finding("unsuited-item", (*path, "attention"), f"a {item.type} has no right answer", hint)
        elif item.attention not in codes:
            what = f"'{item.attention}' is not one of its answers"
            yield Finding("unknown-answer", (*path, "attention"), what, near_names(item.attention, codes))
    if item.show_dont_know:
        names = (*(scale.missing if scale else ()), *item.missing)
        offered = [instrument.missing[name].becomes for name in names if name in instrument.missing]
        if "-1" not in offered and not (item.scale and scale is None):
            hint = "offer one under missing, or leave show_dont_know out"
            yield Finding("conflict", (*path, "show_dont_know"), "it offers no don't know", hint)
    if item.order is not None:
        what, hint = "", "leave order out"
        if item.type in ("number", "text"):
            what = f"a {item.type} has no rows or options"
        elif item.type == "single" and scale is not None and scale.ordered:
            what = f"the answers of '{item.scale}' are ordered"
        if what:
            yield Finding("unsuited-item", (*path, "order"), what, hint)
    if item.estimate_of is not None:
        yield from _estimate((*path, "estimate_of"), item, item.estimate_of, instrument, known)


def _estimate(
    path: tuple[str, ...], item: Item, target: EstimateOf, instrument: Instrument, known: frozenset[str]
) -> Iterator[Finding]:
    if item.type != "number" or (item.minimum, item.maximum) != (0, 100):
        what = "only a number from 0 to 100 estimates a share"
        yield Finding("unsuited-item", path, what, "write type: number, minimum: 0, maximum: 100")
    if {target.audience, target.item.split("_")[0]} & known:
        return
    if target.audience not in instrument.audiences:
        hint = near_names(target.audience, instrument.audiences)
        yield Finding("unknown-audience", (*path, "audience"), f"unknown audience '{target.audience}'", hint)
        return
    columns = sound_columns(instrument)
    variable = columns.get(target.item)
    if variable is None:
        hint = near_names(target.item, columns)
        yield Finding("unknown-item", (*path, "item"), f"unknown column '{target.item}'", hint)
    elif target.audience not in variable.audiences:
        what = f"{target.audience} is not asked '{target.item}'"
        yield Finding("not-asked", (*path, "audience"), what, f"name one of {', '.join(variable.audiences)}")
    elif not variable.codes_of(target.measure):
        what = f"'{target.item}' has no answers under '{target.measure}'"
        hint = f"name top, bottom or a code: {', '.join(variable.codes) or 'it has none'}"
        yield Finding("unknown-answer", (*path, "measure"), what, hint)


PIPES = ("organisation",)
"""Placeholders allowed in every question."""
PIPES_OF_TEXTS = (*PIPES, "minutes", "threshold", "sensitive_threshold")
"""Placeholders allowed in the texts before and after the questions."""


def find_in_pipes(instrument: Instrument) -> Iterator[Finding]:
    """Find placeholders that have no value.

    Questions of a platform's own may hold its own ("{firstname}"), which the exports that would fill them in
    refuse; here only misspelt or misplaced ones are found.
    """
    for key, audience, kind, words in wordings(plain(instrument)):
        allowed = PIPES_OF_TEXTS if kind == "text" else PIPES if kind in _PIPED else ()
        path = (*key.split("/"), *((audience,) if key.endswith(("/text", "/help")) else ()))
        for language, text in words.items():
            for name in dict.fromkeys(PIPE.findall(text)):
                if name not in allowed and (kind == "text" or get_close_matches(name, PIPES_OF_TEXTS)):
                    hint = near_names(name, allowed) if allowed else "write the words themselves"
                    what = f"'{{{name}}}' has no value here"
                    yield Finding("unknown-name", (*path, language), what, hint)


_PROMISE = re.compile(
    r"\b(?:fewer than|less than|at least|moins de|au moins|groups? of|groupes? de) "
    r"(?P<number>\d+|two|three|four|five|six|seven|eight|nine|ten|deux|trois|quatre|cinq|sept|huit|neuf|dix)"
    r"[\s\u00a0\u202f]+(?:people|persons?|respondents?|answers?|responses?|employees|colleagues|participants?"
    r"|personnes?|répondants?|réponses?|salariés|collègues)",
    re.IGNORECASE,
)
_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "two deux",
            "three trois",
            "four quatre",
            "five cinq",
            "six",
            "seven sept",
            "eight huit",
            "nine neuf",
        ),
        2,
    )
    for word in words.split()
} | {"ten": 10, "dix": 10}


def find_in_promises(instrument: Instrument, threshold: int, sensitive_threshold: int) -> Iterator[Problem]:
    """Find texts that promise respondents another smallest group than the policy has."""
    for name, words in instrument.texts:
        for language, text in words.items():
            for found in _PROMISE.finditer(text):
                wording = found["number"].lower()
                number = int(wording) if wording.isdigit() else _NUMBER_WORDS[wording]
                if number not in (threshold, sensitive_threshold):
                    what = f"promises “{found[0]}”; the policy's thresholds are {threshold} and "
                    what += f"{sensitive_threshold}"
                    hint = "write {threshold} or {sensitive_threshold}, which are filled in"
                    yield Problem("contradiction", f"texts → {name} → {language}", what, hint)


_PIPED = ("question", "statement", "help", "answer", "question for leaders")


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
        yield "missing-key", "a matrix needs rows and a scale", "add what is missing"
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
            yield Finding("missing-key", path, f"the words are published, and '{name}' is missing", hint)
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


# Checks of routing: names, order, audiences and codes.


def find_in_routing(instrument: Instrument, *, known: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Find the faults in the `ask_if` of every item."""
    places = {item.id: place for place, item in reversed(list(enumerate(instrument.items)))}
    items = {item.id: item for item in reversed(instrument.items)}
    for place, item in enumerate(instrument.items):
        if item.ask_if is None:
            continue
        path = ("items", item.id, "ask_if")
        try:
            tree = parse_tree(item.ask_if)
        except InvalidInput as error:
            for problem in error.problems:
                yield Finding(
                    problem.code, path, f"{problem.where} of '{item.ask_if}': {problem.what}", problem.hint
                )
            continue
        for leaf in dict.fromkeys(leaves(tree)):
            target, row = _target(leaf, items)
            if target is None:
                if leaf.name.split("_")[0] not in known:
                    hint = near_names(leaf.name, items)
                    yield Finding("unknown-item", path, f"unknown item '{leaf.name}'", hint)
                continue
            if places[target.id] >= place:
                what = (
                    f"'{target.id}' is asked later"
                    if target.id != item.id
                    else "an item cannot hang on itself"
                )
                yield Finding(
                    "circular" if target.id == item.id else "wrong-order",
                    path,
                    what,
                    "route on an earlier item, or move this one after it",
                )
            for code, what, hint in (
                *_audiences(item, target, row, instrument),
                *_leaf(leaf, target, row, instrument, known),
            ):
                yield Finding(code, path, what, hint)


def _target(leaf: Leaf, items: dict[str, Item]) -> tuple[Item | None, str | None]:
    """Return the item a leaf names, and the row if it names one of a matrix."""
    if leaf.name in items:
        return items[leaf.name], None
    name, _, part = leaf.name.partition("_")
    item = items.get(name)
    parts = {row.id for row in item.rows} if item else set()
    options = (
        {option.code for option in item.options} if item and item.type in ("multi", "ranking") else set()
    )
    return (item, part) if part in parts | options else (None, None)


def _audiences(
    item: Item, target: Item, row: str | None, instrument: Instrument
) -> Iterator[tuple[ProblemCode, str, str]]:
    everyone = tuple(instrument.audiences)
    asked = target.audiences or everyone
    for entry in target.rows:
        if entry.id == row and entry.audiences is not None:
            asked = entry.audiences
    for audience in item.audiences or everyone:
        if audience not in asked:
            name = f"{target.id}_{row}" if row else target.id
            hint = f"ask {audience}s '{name}' too, or route on what they are asked"
            yield "not-asked", f"{audience} is asked this item and not '{name}', on which it hangs", hint


def _leaf(
    leaf: Leaf, target: Item, row: str | None, instrument: Instrument, known: frozenset[str]
) -> Iterator[tuple[ProblemCode, str, str]]:
    if isinstance(leaf, Answered):
        return
    if isinstance(leaf, Selected):
        if target.type != "multi" or row:
            what = f"selected() needs a multi-select, which '{leaf.name}' is not"
            yield "unsuited-item", what, f"write '{leaf.name} == code'"
            return
        codes = [option.code for option in target.options]
        if leaf.code not in codes:
            what = f"unknown option '{leaf.code}' of '{leaf.name}'"
            yield "unknown-answer", what, near_names(leaf.code, codes)
        return
    uncompared = {
        "multi": ("a multi-select", f'write selected({target.id}, "code")'),
        "ranking": ("a ranking", f"write answered({target.id})"),
        "text": ("open text", f"write answered({leaf.name})"),
    }
    if target.type in uncompared:
        kind, hint = uncompared[target.type]
        yield "unsuited-item", f"'{leaf.name}' is {kind} and is not compared", hint
    elif target.type == "matrix" and row is None:
        hint = f"name one of its rows, such as {target.id}_{target.rows[0].id if target.rows else 'row'}"
        yield "ambiguous", f"'{leaf.name}' is a matrix", hint
    elif target.type == "number":
        for code in leaf.codes:
            if not code.replace(".", "", 1).isdigit():
                what = f"'{leaf.name}' is a number, but {code!r} is not"
                yield "not-a-number", what, "compare it with a number"
    elif not (target.scale and target.scale not in instrument.scales):
        yield from _codes(leaf, target, instrument)


def _codes(leaf: Comparison, target: Item, instrument: Instrument) -> Iterator[tuple[ProblemCode, str, str]]:
    scale = instrument.scales[target.scale] if target.scale else None
    codes = list(scale.codes) if scale else [option.code for option in target.options]
    names = (*(scale.missing if scale else ()), *target.missing)
    shown = [instrument.missing[name].code for name in names if name in instrument.missing]
    if leaf.operator in ("<", "<=", ">", ">="):
        if not all(code.isdigit() for code in codes):
            yield (
                "unsuited-item",
                f"the codes of '{leaf.name}' are not numbers",
                "write 'q in (…)' with the codes that are meant",
            )
        return
    for code in leaf.codes:
        if code not in codes and code not in shown:
            yield (
                "unknown-answer",
                f"unknown answer '{code}' of '{leaf.name}'",
                f"its codes: {', '.join([*codes, *shown])}",
            )


# Checks of declared scores: columns, answers, directions, audiences.


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
    yield from _find_incomparable_answers(here, found)
    if (
        found
        and len(found) == len(score.items)
        and not set.intersection(*(set(one.audiences) for one in found))
    ):
        what = "no audience is asked all of its items"
        yield Finding("not-asked", here, what, "ask one audience all of them")


def _find_incomparable_answers(path: tuple[str, ...], found: list[Variable]) -> Iterator[Finding]:
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
        text = "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in limits.items())
        yield Finding(
            "inconsistent",
            path,
            f"its items are answered on different scales ({text})",
            "define one score per scale",
        )


# Checks of a whole questionnaire: words, scales, names and columns.


PLATFORM_COLUMNS = (
    *("id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "token"),
    *("ipaddr", "refurl", "enddate", "ipaddress", "progress", "duration", "finished"),
    *("recordeddate", "responseid", "userlanguage"),
)
"""Columns that LimeSurvey and Qualtrics put into every export, in lower case."""


@typed
def lint(instrument: Instrument) -> list[Problem]:
    """Find the faults that would cause problems in the field or in analysis.

    Parameters
    ----------
    instrument
        An instrument, from files or made in Python.

    Returns
    -------
    list[Problem]
        Everything found: words missing for an audience or a language, scales, themes and missing answers
        that are undefined, codes that clash, colliding names, items listed twice or never, and routing that
        cannot work. Empty where all is well; `load_instrument` raises whatever this finds.

    Examples
    --------
    >>> from toolkit.instrument import load_instrument
    >>> lint(load_instrument("employee"))
    []
    """
    return list(dict.fromkeys(finding.problem() for finding in find(instrument)))


def find(instrument: Instrument, *, known: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Find everything that `lint` finds, ignoring references to the names in `known`."""
    yield from _header(instrument)
    for name, scale in instrument.scales.items():
        yield from find_in_scale(("scales", name), scale, instrument, known)
        yield from _allowed(("scales", name), scale.lint)
    for item in instrument.items:
        yield from find_in_item(item, instrument, known=known)
        yield from _allowed(("items", item.id), item.lint)
    yield from _sections(instrument, known)
    yield from _find_name_clashes(instrument)
    yield from find_in_routing(instrument, known=known)
    yield from find_in_scores(instrument, known=known)
    for name, words in instrument.texts:
        yield from find_in_words(("texts", name), words, instrument, needed=False)
    yield from find_in_pipes(instrument)


def _allowed(path: tuple[str, ...], lint: Lint) -> Iterator[Finding]:
    """Find suppressed rules that do not exist or lack a reason."""
    for rule, reason in lint.allow.items():
        here = (*path, "lint", "allow", rule)
        if rule not in ALLOWABLE:
            yield Finding("unknown-name", here, f"unknown rule '{rule}'", near_names(rule, ALLOWABLE))
        elif not reason.strip():
            yield Finding("missing-value", here, "it is allowed without a reason", "give a short reason")


def _header(instrument: Instrument) -> Iterator[Finding]:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", instrument.id):
        what = f"'{instrument.id}' cannot name an instrument"
        yield Finding("invalid-name", ("id",), what, "use lower-case letters, digits and hyphens")
    if not instrument.version.strip():
        yield Finding("missing-value", ("version",), "it is blank", "write one, such as 2026.1.0")
    for language in repeated(instrument.languages):
        yield Finding("duplicate", ("languages",), f"'{language}' is listed twice", "list it once")
    yield from find_in_words(("title",), instrument.title, instrument)
    for name, audience in instrument.audiences.items():
        path = ("audiences", name)
        if name == "all" or not re.fullmatch(ID_PATTERN, name):
            hint = "use up to 20 lower-case letters or digits, a letter first; 'all' means every audience"
            yield Finding("invalid-name", path, f"'{name}' cannot name an audience", hint)
        yield from find_in_words((*path, "label"), audience.label, instrument)
        yield from find_in_words((*path, "plural"), audience.plural, instrument)
        other = instrument.audiences.get(audience.code)
        if audience.code != name and other is not None and other.code != audience.code:
            what = f"the code '{audience.code}' is the id of another audience"
            yield Finding("duplicate-id", (*path, "code"), what, "give it a code of its own")
    for code in repeated([audience.code for audience in instrument.audiences.values()]):
        yield Finding(
            "duplicate-id", ("audiences",), f"two audiences have the code '{code}'", "give each its own code"
        )
    for name, missing in instrument.missing.items():
        yield from find_in_words(("missing", name, "label"), missing.label, instrument)
    for name, theme in instrument.themes.items():
        yield from find_in_words(("themes", name), theme, instrument)


def _sections(instrument: Instrument, known: frozenset[str]) -> Iterator[Finding]:
    ids = {item.id for item in instrument.items}
    home: dict[str, str] = {}
    for section in instrument.sections:
        path = ("sections", section.id)
        yield from find_in_words((*path, "title"), section.title, instrument)
        for name in section.items:
            if name not in ids and name not in known:
                yield Finding(
                    "unknown-item",
                    (*path, "items", name),
                    f"unknown item '{name}'",
                    near_names(name, ids),
                )
            if name in home:
                what = f"'{name}' is already in section '{home[name]}'"
                yield Finding("duplicate", (*path, "items", name), what, "list it once")
            home.setdefault(name, section.id)
    for name in repeated([section.id for section in instrument.sections]):
        yield Finding(
            "duplicate-id", ("sections", name), f"two sections have the id '{name}'", "give each its own id"
        )
    for item in instrument.items:
        if item.id not in home and "sections" not in known:
            yield Finding(
                "not-asked",
                ("items", item.id),
                "is in no section, so no one would be asked",
                "list it in a section",
            )
    order = [name for name in home if name in ids]
    if order != [item.id for item in instrument.items if item.id in home]:
        yield Finding(
            "wrong-order",
            ("items",),
            "the items are not in the order of the sections",
            "put them in that order",
        )


def _find_name_clashes(instrument: Instrument) -> Iterator[Finding]:
    """Find duplicate names of items and of their columns, which platforms compare without case."""
    taken = dict.fromkeys(RESERVED_COLUMNS, "a column of every coded frame")
    taken |= dict.fromkeys(PLATFORM_COLUMNS, "a column of every platform's export")
    for item in instrument.items:
        for name, path in _names(item, instrument):
            mine, other = f"the name of {' → '.join(path)}", taken.get(name.casefold())
            if other == mine and path[-2] != "options":
                kind = "rows" if path[-2] == "rows" else "items"
                yield Finding(
                    "duplicate-id", path, f"two {kind} have the id '{path[-1]}'", "give each its own id"
                )
            elif other is not None and other != mine:
                yield Finding(
                    "name-taken", path, f"the name '{name}' is already {other}", "give it another id or code"
                )
            taken.setdefault(name.casefold(), mine)


def _names(item: Item, instrument: Instrument) -> Iterator[tuple[str, tuple[str, ...]]]:
    path = ("items", item.id)
    yield item.id, path
    for row in item.rows:
        yield f"{item.id}_{row.id}", (*path, "rows", row.id)
    if item.type in ("multi", "ranking"):
        for option in item.options:
            yield f"{item.id}_{option.code}", (*path, "options", option.code)
    if item.type in ("single", "multi"):
        for option in options_of(item, instrument):
            if option.write_in:
                yield f"{item.id}_{option.code}_text", (*path, "options", f"{option.code} (write_in)")
