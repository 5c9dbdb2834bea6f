"""A coded frame as a statistics program holds it: names it takes, labels that fit, codes as numbers.

SPSS and Stata label numbers; codes that are no plain numbers ("US", "01") are numbered in the order of the
scale. A number that is a code stays that code, and no other code is given it, nor that of a don't-know on
screen: read without the manifest such a file is refused, never read wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import pandas as pd

from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import languages, translated
from toolkit.platforms.manifest import Column, column_of
from toolkit.platforms.words import OWN_LABELS, missing_labels

__all__ = [
    "Field",
    "Limits",
    "Plan",
    "columns_of",
    "cut",
    "empty_frame",
    "numbers_of",
    "own_columns",
    "plan_of",
]

TEMPLATE_COLUMNS = ("respondent", "organisation", "wave", "audience", "source", "status")


@dataclass(frozen=True)
class Limits:
    """What a program takes: names, labels of variables and of values.

    Parameters
    ----------
    program
        Its name in notices.
    longest_name
        In characters.
    taken
        Words it keeps for itself, in small letters.
    longest_label, longest_value_label, longest_title
        In bytes, or in characters where `characters`.
    """

    program: str
    longest_name: int
    taken: frozenset[str]
    longest_label: int
    longest_value_label: int
    longest_title: int
    characters: bool = False


@dataclass(frozen=True)
class Field:
    """One column of the file.

    `numbers` gives each answer code its number, `labels` each answer code and missing code its words; both
    are empty for numbers and text.
    """

    name: str
    column: str
    kind: Literal["coded", "number", "text"]
    label: str
    measure: Literal["nominal", "ordinal", "scale"]
    numbers: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All columns of one file, in order."""

    title: str
    fields: tuple[Field, ...]
    notices: tuple[str, ...]


def plan_of(
    instrument: Instrument, language: str, limits: Limits, *, own: Mapping[str, Literal["number", "text"]]
) -> Plan:
    """What a file holds of an instrument, in one language.

    Parameters
    ----------
    instrument
        What is exported.
    language
        Of the labels.
    limits
        The program's.
    own
        Columns that are no items, and how they are held.
    """
    notices: list[str] = []
    names = _names([*own, *(variable.name for variable in instrument.variables)], limits, notices)
    fields = [
        Field(
            names[name],
            name,
            kind,
            translated(language, OWN_LABELS.get(name, name)),
            "scale" if kind == "number" else "nominal",
            labels=_audiences(instrument, language, limits, notices) if name == "audience" else {},
        )
        for name, kind in own.items()
    ]
    fields += [_field(v, names[v.name], instrument, language, limits, notices) for v in instrument.variables]
    if language not in languages():
        notices.append(f"missing codes are labelled in English, for want of words in '{language}'")
    title = _fit(instrument.title[language], limits.longest_title, limits, "the title", notices)
    return Plan(title, tuple(fields), tuple(notices))


def _field(
    variable: Variable,
    name: str,
    instrument: Instrument,
    language: str,
    limits: Limits,
    notices: list[str],
) -> Field:
    where = f"the label of '{variable.name}'"
    label = _fit(_label(variable, language), limits.longest_label, limits, where, notices)
    if variable.kind in ("number", "text"):
        kind: Literal["number", "text"] = "number" if variable.kind == "number" else "text"
        return Field(name, variable.name, kind, label, "scale" if kind == "number" else "nominal")
    words = missing_labels(language)
    words |= {missing.becomes: missing.label[language] for missing in instrument.missing_of(variable)}
    words |= variable.code_labels(language)
    labels = {
        code: _fit(
            said,
            limits.longest_value_label,
            limits,
            f"the label of answer {code} of '{variable.name}'",
            notices,
        )
        for code, said in words.items()
    }
    measure: Literal["ordinal", "nominal"] = "ordinal" if variable.ordered else "nominal"
    return Field(name, variable.name, "coded", label, measure, numbers_of(variable, instrument), labels)


def _label(variable: Variable, language: str) -> str:
    """Its own words first, its question behind them: what is cut is the part that others share."""
    own = variable.label(language)
    if variable.part is None:
        return own
    item = variable.item
    stem = item.short.get(language) or (item.text.get(variable.audiences[0]) or item.text["all"])[language]
    return f"{own} – {stem}"


def _audiences(instrument: Instrument, language: str, limits: Limits, notices: list[str]) -> dict[str, str]:
    return {
        name: _fit(
            audience.label[language],
            limits.longest_value_label,
            limits,
            f"the label of audience '{name}'",
            notices,
        )
        for name, audience in instrument.audiences.items()
    }


def numbers_of(variable: Variable, instrument: Instrument) -> dict[str, int]:
    """Answer code → the number it is held as: its own where it is a plain number, else the next free one.

    Examples
    --------
    >>> numbers_of(instrument["country"], instrument)  # doctest: +SKIP
    {'US': 1, 'UK': 2}
    """
    plain = {code: int(code) for code in variable.codes if re.fullmatch("0|[1-9][0-9]*", code)}
    offered = [missing.code for missing in instrument.missing_of(variable)]
    taken = {*plain.values(), *(int(code) for code in offered if code.isdigit())}
    free = (number for number in count(1) if number not in taken)
    return {code: plain[code] if code in plain else next(free) for code in variable.codes}


def cut(text: str, most: int, *, characters: bool = False) -> str:
    """One line of at most so many bytes (or characters), cut between two characters and ended with "…".

    Examples
    --------
    >>> cut("déjà vu", 8), cut("déjà vu", 9)
    ('déj…', 'déjà vu')
    """
    line = " ".join(text.split())
    if characters:
        return line if len(line) <= most else line[: most - 1] + "…"
    held = line.encode("utf-8")
    if len(held) <= most:
        return line
    return held[: most - len("…".encode())].decode("utf-8", errors="ignore") + "…"


def _fit(text: str, most: int, limits: Limits, where: str, notices: list[str]) -> str:
    kept = cut(text, most, characters=limits.characters)
    if kept != " ".join(text.split()):
        unit = "characters" if limits.characters else "bytes"
        notices.append(
            f"{where} is longer than the {most} {unit} of {limits.program}; it was cut to '{kept}'"
        )
    return kept


def _names(columns: Iterable[str], limits: Limits, notices: list[str]) -> dict[str, str]:
    """Names the program takes, unique whatever the case; those that fit keep theirs."""
    columns = list(columns)
    given: dict[str, str] = {}
    used: set[str] = set()
    for name in columns:
        if len(name) <= limits.longest_name and name.lower() not in limits.taken | used:
            given[name] = name
            used.add(name.lower())
    for name in columns:
        if name not in given:
            given[name] = next(one for one in _others(name, limits) if one.lower() not in limits.taken | used)
            used.add(given[name].lower())
            notices.append(f"{limits.program} does not take the name '{name}'; it is '{given[name]}' there")
    return given


def _others(name: str, limits: Limits) -> Iterator[str]:
    for number in count(1):
        ending = f"_{number}"
        yield name[: limits.longest_name - len(ending)] + ending


def empty_frame(instrument: Instrument) -> pd.DataFrame:
    """A coded frame without respondents."""
    texts = {name: pd.Series(dtype=str) for name in TEMPLATE_COLUMNS}
    held = {"number": "float64", "text": "str"}
    answers = {
        variable.name: pd.Series(dtype=held[variable.kind])
        if variable.kind in held
        else pd.Series(pd.Categorical([], categories=list(variable.categories), ordered=variable.ordered))
        for variable in instrument.variables
    }
    return pd.DataFrame({**texts, **answers})


def own_columns(frame: pd.DataFrame, instrument: Instrument) -> dict[str, Literal["number", "text"]]:
    """Columns of a frame that are no items, and how they are held; a blank organisation is left out."""
    held: dict[str, Literal["number", "text"]] = {}
    for name in frame.columns:
        column = frame[name]
        if name in instrument or (name == "organisation" and len(column) and column.isna().all()):
            continue
        held[str(name)] = "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"
    return held


def columns_of(plan: Plan, instrument: Instrument, missing: Mapping[str, str]) -> Iterator[Column]:
    """The columns of the manifest.

    Parameters
    ----------
    missing
        Our code of a missing answer → what the file's cell holds.
    """
    for one in plan.fields:
        if one.column in instrument:
            numbers = {code: str(number) for code, number in one.numbers.items()}
            yield column_of(
                instrument[one.column],
                instrument,
                question=one.name,
                headings={"name": [one.name]},
                codes=_held(instrument[one.column], numbers, missing),
            )


def _held(variable: Variable, numbers: dict[str, str], missing: Mapping[str, str]) -> dict[str, str]:
    """What a cell holds for each code; an option's missing codes are told by their labels."""
    return {**numbers, **missing} if variable.kind == "single" else numbers
