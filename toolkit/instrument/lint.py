"""Lint of well-formed questionnaires: words, scales, names and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.errors import Problem, near_names
from toolkit.instrument.fields import ID_PATTERN
from toolkit.instrument.lint_items import find_in_item, find_in_scale, find_in_words, options_of, repeated
from toolkit.instrument.lint_routing import find_in_routing
from toolkit.instrument.lint_rules import ALLOWABLE, Lint
from toolkit.instrument.lint_scores import find_in_scores
from toolkit.instrument.model import RESERVED_COLUMNS, Instrument, Item
from toolkit.instrument.reading import Finding

__all__ = ["PLATFORM_COLUMNS", "find", "lint"]

PLATFORM_COLUMNS = (
    *(
        "id",
        "submitdate",
        "lastpage",
        "startlanguage",
        "seed",
        "startdate",
        "datestamp",
        "token",
        "ipaddr",
        "refurl",
    ),
    *(
        "enddate",
        "ipaddress",
        "progress",
        "duration",
        "finished",
        "recordeddate",
        "responseid",
        "userlanguage",
    ),
)
"""Columns that LimeSurvey and Qualtrics put into every export, in lower case."""


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
        nobody defined, codes that clash, names that collide, items listed twice or never, and routing that
        cannot work. Empty where all is well; `load_instrument` raises whatever this finds.

    Examples
    --------
    >>> lint(load_instrument("instruments/employee.yaml"))  # doctest: +SKIP
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
    yield from _columns(instrument)
    yield from find_in_routing(instrument, known=known)
    yield from find_in_scores(instrument, known=known)


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
                "is in no section, so nobody would be asked",
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


def _columns(instrument: Instrument) -> Iterator[Finding]:
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
