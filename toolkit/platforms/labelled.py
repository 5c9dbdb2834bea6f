"""Coded frames as SPSS and Stata hold them: names, labels and codes, written and read.

SPSS and Stata label numbers; codes that are not plain numbers ("US", "01") are numbered in the order of the
scale. A number that is a code stays that code, and no other code is given it, nor that of a don't-know on
screen: read without the manifest such a file is refused, never read wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import languages, translated
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Opening, Sheet, without_empty_columns
from toolkit.platforms.limesurvey.reading import own_of_limesurvey
from toolkit.platforms.manifest import MANIFEST_ENDING, Column, ExportManifest, column_of, manifest_of
from toolkit.platforms.vocabulary import code_words, option_labels, tidy
from toolkit.platforms.words import OWN_LABELS, missing_labels
from toolkit.system import temporary_folder

TEMPLATE_COLUMNS = ("respondent", "organisation", "wave", "audience", "source", "status")


@dataclass(frozen=True)
class Limits:
    """Limits of a program: names, labels of variables and of values.

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
    """Plan what a file holds of an instrument in one language.

    Parameters
    ----------
    instrument
        What is exported.
    language
        Of the labels.
    limits
        The program's.
    own
        Columns that are not items, and their types.
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
            stated,
            limits.longest_value_label,
            limits,
            f"the label of answer {code} of '{variable.name}'",
            notices,
        )
        for code, stated in words.items()
    }
    measure: Literal["ordinal", "nominal"] = "ordinal" if variable.ordered else "nominal"
    return Field(name, variable.name, "coded", label, measure, numbers_of(variable, instrument), labels)


def _label(variable: Variable, language: str) -> str:
    """Join a column's own words and its question, in this order, so that the shared part is cut first."""
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
    """Map each answer code to its number: its own if it is a plain number, else the next free one.

    Examples
    --------
    >>> numbers_of(instrument["country"], instrument)
    {'US': 1, 'UK': 2, 'AU': 3, 'CA': 4}
    """
    plain = {code: int(code) for code in variable.codes if re.fullmatch("0|[1-9][0-9]*", code)}
    offered = [missing.code for missing in instrument.missing_of(variable)]
    taken = {*plain.values(), *(int(code) for code in offered if code.isdigit())}
    free = (number for number in count(1) if number not in taken)
    return {code: plain[code] if code in plain else next(free) for code in variable.codes}


def cut(text: str, most: int, *, characters: bool = False) -> str:
    """Shorten a text to one line of at most `most` bytes (or characters), ending in "…" if it was cut.

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
    """Choose names that the program takes, unique in any case; names that fit are kept."""
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
    """Return a coded frame without respondents."""
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
    """Return the columns of a frame that are not items, and their type; a blank organisation is left out."""
    held: dict[str, Literal["number", "text"]] = {}
    for name in frame.columns:
        column = frame[name]
        if name in instrument or (name == "organisation" and len(column) and column.isna().all()):
            continue
        held[str(name)] = "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"
    return held


def columns_of(plan: Plan, instrument: Instrument, missing: Mapping[str, str]) -> Iterator[Column]:
    """Yield the columns of the manifest.

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
                # an option's missing codes are recognised by their labels
                codes={**numbers, **missing} if instrument[one.column].kind == "single" else numbers,
            )


# Files of SPSS and Stata

Pack = Callable[[Plan, pd.DataFrame], bytes]


def labelled_files(
    source: Instrument,
    part: Instrument,
    answers: pd.DataFrame | None,
    *,
    ending: str,
    limits: Limits,
    missing: Mapping[str, str],
    longest_text: int,
    pack: Pack,
    notices: Iterable[str] = (),
) -> dict[str, str | bytes]:
    """Name → content of a file of answers (or of its template) and of its manifest.

    Parameters
    ----------
    source, part
        The whole instrument, and what of it is exported; the first language of `part` is that of the labels.
    answers
        A coded frame with every column of `part`; None for a template.
    ending
        Of the file.
    limits, longest_text
        The program's; `longest_text` is that of an answer, in bytes.
    missing
        Analysis code of a missing answer → what a cell of the file holds.
    pack
        Makes the file.
    notices
        Further notices for the manifest.

    Raises
    ------
    InvalidInput
        Every text the file cannot hold.
    """
    frame = empty_frame(part) if answers is None else answers
    plan = plan_of(part, part.languages[0], limits, own=own_columns(frame, part))
    problems = list(_unfit(plan, frame, limits, longest_text))
    if problems:
        raise InvalidInput(f"{source.id} for {limits.program}", problems)
    stem = f"{source.id}-{limits.program.lower()}-{'template' if answers is None else 'answers'}"
    manifest = manifest_of(
        source,
        part.model_copy(update={"languages": part.languages[:1]}),
        platform=ending,
        layout="one",
        files=[f"{stem}.{ending}"],
        columns=columns_of(plan, part, missing),
        audience_column="audience",
        notices=[*plan.notices, *notices],
        settings={"language": part.languages[0]},
    ).model_copy(update={"audience_codes": {name: name for name in part.audiences}})
    return {f"{stem}.{ending}": pack(plan, frame), f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _unfit(plan: Plan, frame: pd.DataFrame, limits: Limits, longest: int) -> Iterator[Problem]:
    for one in plan.fields:
        if one.kind != "text":
            continue
        column = text_values(frame[one.column]).reset_index(drop=True)
        wrong = column.str.encode("utf-8").str.len() > longest
        if wrong.any():
            rows = f"column {one.column}, row {wrong.idxmax() + 1} (+{int(wrong.sum()) - 1} more)"
            what = f"is longer than the {longest} bytes of a text in {limits.program}"
            yield Problem("too-long", rows, what, "shorten the answer")


def text_values(column: pd.Series) -> pd.Series:
    """Return texts with "" for missing ones: neither program has another blank."""
    return column.astype("str").fillna("")


def packed(write: Callable[..., None], frame: pd.DataFrame, ending: str, **stated: Any) -> bytes:
    """Return the bytes that a function of pyreadstat writes."""
    with temporary_folder() as folder:  # it is cleared even if this process is killed
        path = folder / f"answers.{ending}"
        write(frame, str(path), **stated)
        return path.read_bytes()


# SPSS and Stata files: columns by name in any case, values by code, value labels as a check.
#
# Rules:
#
# - values declared user-missing are kept; what they mean comes from the manifest, the study file's
#   `missing`, or by a value label that means it ("Don't know", "Not asked"); any other is refused, never
#   made blank;
# - in a multiple-response set of dichotomies, the value that the set counts is the tick, whatever it is;
# - a code that carries the label of another code is refused: the scale runs the other way;
# - the columns of a coded frame (respondent, organisation, wave, audience, status) count as the platform's
#   own.

_OWN = {"respondent", "source", "status", "weight"}


def _load(path: Path, source: str, how: Opening) -> Sheet:
    sheet = read_cells(path, source=source, how=how)
    if sheet.delimiter:
        what = "is a text file, not one of SPSS or Stata"
        raise InvalidInput(
            source, [Problem("wrong-file", "file", what, "correct platform in the study file")]
        )
    return sheet


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    """Return who finished, by a coded frame's status or LimeSurvey's date; everyone if neither is there."""
    if "status" in frame:
        return frame["status"] != "partial"
    return frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)


def _sets_joined(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    """Read multiple-response sets: of categories as one column of the item it is named after, ticks as set.

    The columns of such a set hold the first option chosen, the second, and so on.
    """
    for name, places in sheet.sets.items():
        items = [
            one for one in instrument.items if one.type == "multi" and one.id == name.lstrip("$").lower()
        ]
        if not items or not places or manifest is not None:
            continue
        codes = option_labels(items[0].options)
        columns = []
        for place in places:
            labels = sheet.labels.get(place, {})
            found = {value: codes[tidy(label)] for value, label in labels.items() if tidy(label) in codes}
            cells = sheet.cells.iloc[:, place].astype(str)
            cells = cells.where(~cells.isin(list(sheet.declared.get(place, ()))), "")
            columns.append([found.get(cell, cell) for cell in cells])
        cells = sheet.cells.copy()
        for place in places:
            cells.isetitem(place, "")
        chosen = [
            "\n".join(dict.fromkeys(one for one in row if one.strip())) for row in zip(*columns, strict=True)
        ]
        cells[cells.shape[1]] = pd.Series(chosen, index=cells.index, dtype=str)
        headings = ["" if place in places else heading for place, heading in enumerate(sheet.names)]
        note = f"multiple-response set {name} of categories, read as '{items[0].id}'"
        sheet = replace(sheet, headings=((*headings, items[0].id),), cells=cells, notes=(*sheet.notes, note))
    sheet = without_empty_columns(sheet) if sheet.sets else sheet
    return _counted(sheet, instrument)


def _counted(sheet: Sheet, instrument: Instrument) -> Sheet:
    """Tick the columns of sets of dichotomies by the value that their set counts, where that is not 1.

    Other values become "Unchecked", except those declared missing. A column of the set that is not an option
    of a multi-select keeps its cells.
    """
    changed: list[str] = []
    cells, labels = sheet.cells, dict(sheet.labels)
    for place, value in sheet.counted.items():
        name = _code(sheet.names[place])
        if value == "1" or (name in instrument and instrument[name].kind != "option"):
            continue
        column = cells.iloc[:, place].astype(str)
        other = ~column.isin(["", value, *sheet.declared.get(place, ())])
        cells = cells if changed else cells.copy()
        cells.isetitem(place, column.mask(other, "Unchecked").mask(column == value, "Checked"))
        labels.pop(place, None)
        changed.append(f"{sheet.names[place]} ({value})")
    if not changed:
        return sheet
    shown = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
    note = f"ticked is the value that the multiple-response set counts: {shown}"
    return replace(sheet, cells=cells, labels=labels, notes=(*sheet.notes, note))


def _code(name: str) -> str:
    """Return a name in lower case if it has no lower-case letters."""
    return name if re.search("[a-z]", name) else name.lower()


def labelled_dialect(name: str, manifest: str) -> Dialect:
    """Make the dialect of a program whose files label variables and values."""
    return Dialect(
        name=name,
        load=_load,
        id_columns=("respondent", "id", "ResponseId", "RESPONDENT", "ID"),
        ended=("submitdate", "enddate", "datestamp", "recordeddate", "startdate"),
        own=lambda heading: heading.lower() in _OWN or own_of_limesurvey(heading),
        spellings=lambda heading: (_code(heading),),
        codes=code_words,
        submitted=_submitted,
        coded=_sets_joined,
        manifests=(manifest, name),
    )
