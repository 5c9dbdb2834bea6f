"""Any table, read by the `mapping` of a study file: columns → items, values → codes, rules → audience."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as TMapping
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.export import Export
from toolkit.responses.files.opening import read_cells
from toolkit.responses.files.sheet import Sheet, headings_of
from toolkit.responses.mapping import Condition, ItemMapping, Mapping
from toolkit.responses.naming import rows_said
from toolkit.responses.readers import common
from toolkit.responses.readers.ticks import NOT_TICKED, read_ticks, split_choices, ticked
from toolkit.responses.vocabulary import (
    code_words,
    label_words,
    number_cells,
    option_labels,
    tidy,
    translate,
    unknown_cells,
)

__all__ = ["read_mapped", "read_table"]

_NO_RULE = "meets no rule of the mapping's audience"


def read_table(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read any table (CSV, .xlsx, Parquet, .sav, .dta) as the entry's mapping says.

    Headings the mapping does not name are left unread: a table of somebody else may hold hundreds.

    Parameters
    ----------
    entry
        The entry of the study file, with its mapping.
    strict
        Raise for every problem found; otherwise they stand in the export's `problems`.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    path = Path(path)
    if entry.mapping is None:
        raise InvalidInput(
            entry.file, [Problem("mapping", "is missing", "write one; see docs/your_own_study.md")]
        )
    sheet = read_cells(path, source=entry.file, encoding=entry.encoding)
    return read_mapped(sheet, path, instrument, entry=entry, strict=strict)


def read_mapped(
    sheet: Sheet,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile,
    strict: bool,
    separator: str = ";",
    ids: tuple[str, ...] = (),
    aside: TMapping[str, pd.Series] | None = None,
) -> Export:
    """Read cells as the entry's mapping says.

    Parameters
    ----------
    separator
        Between the ticks of a multi-select, where the mapping does not say.
    ids
        The platform's own columns of ids; the first one there counts where the mapping names none.
    aside
        Rows the platform says are no responses, by reason.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    mapping = entry.mapping
    if mapping is None:
        raise TypeError("a table is read by its mapping")
    headings = sheet.names
    problems = [
        *_twice(headings, mapping),
        *_mapping_problems(mapping, entry, headings, instrument),
    ]
    if problems:
        raise InvalidInput(entry.file, problems)
    own = dict(aside or {})
    frame = common.tidied(sheet.cells).set_axis(list(headings), axis=1)
    first = [headings.index(name) == place for place, name in enumerate(headings)]
    raw = sheet.cells.set_axis(list(headings), axis=1).loc[:, first]
    frame = frame.loc[:, first]
    audience, by_rule = _audiences(frame, entry, mapping)
    aside = {**own, **by_rule}
    organisation = _organisation(frame, entry, mapping)
    idle = list(dict.fromkeys(_idle(frame, mapping)))
    kept = common.kept_rows(aside, frame.index)
    frame = frame[kept]
    place = mapping.respondent or next((name for name in ids if name in frame), None)
    people_ids = frame[place] if place else pd.Series(frame.index.astype(str), index=frame.index)
    problems += common.duplicates(people_ids, place or "row")
    columns: dict[str, pd.Series] = {}
    reading = _Reading(frame, raw[kept], mapping, instrument, separator, problems)
    for item_id, where in mapping.items.items():
        columns |= reading.item(instrument.item(item_id), where)
    people = pd.DataFrame(
        {
            "respondent": people_ids,
            "organisation": organisation[kept],
            "audience": audience[kept],
            "submitted": _submitted(frame, mapping),
        },
        index=frame.index,
    )
    return common.finish(
        entry,
        people,
        common.assemble(columns, instrument, frame.index),
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
        idle=idle,
        notes=sheet.notes,
    )


def _twice(headings: tuple[str, ...], mapping: Mapping) -> Iterator[Problem]:
    """Headings that stand twice matter where the mapping names them; blank ones never."""
    named = set(_named(mapping))
    for problem in headings_of(headings):
        if problem.where.removeprefix("column ") in named:
            yield problem


def _named(mapping: Mapping) -> Iterator[str]:
    yield from (h for where in mapping.items.values() for h in where.headings)
    yield from (c.column for rule in mapping.audience for c in rule.when)
    yield from (mapping.respondent or "", mapping.organisation or "")
    if mapping.submitted:
        yield mapping.submitted.column


def _idle(frame: pd.DataFrame, mapping: Mapping) -> Iterator[str]:
    """Tests that no row meets: harmless where nobody is of that kind, and wrong where a value is misspelt."""
    for condition in (c for rule in mapping.audience for c in rule.when):
        if not _met(frame, condition).any():
            test, value = next(
                (k, v) for k, v in condition.model_dump(exclude_unset=True).items() if k != "column"
            )
            yield f"no row meets a test of the mapping: {condition.column} {test} {value!r}"


def _submitted(frame: pd.DataFrame, mapping: Mapping) -> np.ndarray:
    return np.ones(len(frame), dtype=bool) if mapping.submitted is None else _met(frame, mapping.submitted)


def _mapping_problems(
    mapping: Mapping, entry: AnswersFile, headings: tuple[str, ...], instrument: Instrument
) -> Iterator[Problem]:
    items = {item.id: item for item in instrument.items}
    used = [("mapping → respondent", mapping.respondent), ("mapping → organisation", mapping.organisation)]
    used += [("mapping → audience", c.column) for rule in mapping.audience for c in rule.when]
    used += [("mapping → submitted", mapping.submitted.column)] if mapping.submitted else []
    used += [
        (f"mapping → items → {name}", h) for name, where in mapping.items.items() for h in where.headings
    ]
    for place, heading in dict.fromkeys(used):
        if heading is not None and heading not in headings:
            yield Problem(place, f"column '{heading}' is not in the file", near_names(heading, headings))
    for name, where in mapping.items.items():
        if name not in items:
            yield Problem(
                f"mapping → items → {name}", "is no item of the instrument", near_names(name, items)
            )
        else:
            yield from _item_problems(items[name], where, instrument)
    for name in items:
        if name not in mapping.items and name not in entry.absent:
            yield Problem(f"mapping → items → {name}", "is missing", "map it, or list it under absent")
        if name in mapping.items and name in entry.absent:
            yield Problem(
                f"mapping → items → {name}", "is mapped and listed under absent", "take it out of one of them"
            )
    yield from _places_said_otherwise(mapping, entry)


def _places_said_otherwise(mapping: Mapping, entry: AnswersFile) -> Iterator[Problem]:
    """Whose answers they are is said once: by the mapping or for the whole file."""
    if not mapping.audience and not entry.audience:
        yield Problem("mapping → audience", "is missing", "write rules, or audience: … for the whole file")
    if entry.audience and any(rule.audience not in (None, entry.audience) for rule in mapping.audience):
        what = f"names an audience, and the whole file is said to be of '{entry.audience}'"
        yield Problem("mapping → audience", what, "take audience: … out, or keep only rules that set aside")
    if mapping.organisation is None and entry.organisation is None:
        yield Problem(
            "mapping → organisation", "is missing", "name a column, or organisation: … for the whole file"
        )
    if mapping.organisation is not None and entry.organisation is not None:
        what = f"is given, and the whole file is said to be of '{entry.organisation}'"
        yield Problem("mapping → organisation", what, "take one of them out")


def _item_problems(item: Item, where: ItemMapping, instrument: Instrument) -> Iterator[Problem]:
    place = f"mapping → items → {item.id}"
    parts = (
        [row.id for row in item.rows] if item.type == "matrix" else [option.code for option in item.options]
    )
    if item.type == "matrix" and not where.columns:
        yield Problem(place, "is a matrix", "write columns: {row: heading, …}")
    if item.type in ("number", "text") and where.columns:
        yield Problem(place, "has one column", "write column: heading")
    if item.type in ("matrix", "multi") and where.either:
        yield Problem(place, f"is a {item.type}", "either is for items of one column; write columns")
    if item.type == "single" and where.columns:
        codes = list(code_words(instrument.of_item(item.id)[0], instrument))
        for name in sorted(set(where.columns) - set(codes)):
            yield Problem(f"{place} → columns", f"'{name}' is no answer code", near_names(name, codes))
    if item.type in ("matrix", "multi") and where.columns:
        for name in sorted(set(where.columns) - set(parts)):
            yield Problem(f"{place} → columns", f"'{name}' is no row or option", near_names(name, parts))
        for name in sorted(set(parts) - set(where.columns)):
            yield Problem(f"{place} → columns", f"'{name}' is missing", "add its heading")
    variable = instrument.of_item(item.id)[0]
    allowed = set(_targets(item, variable, where, instrument))
    for value, code in where.values.items():
        if allowed and code not in allowed:
            what = f"{value!r} becomes '{code}', which is no answer code"
            yield Problem(f"{place} → values", what, near_names(code, sorted(allowed)))


def _targets(item: Item, variable: Variable, where: ItemMapping, instrument: Instrument) -> list[str]:
    if item.type == "multi":
        return ["0", "1"] if where.columns else [option.code for option in item.options]
    return list(code_words(variable, instrument)) if item.type in ("single", "matrix") else []


def _met(frame: pd.DataFrame, condition: Condition) -> np.ndarray:
    cells = frame[condition.column]
    if condition.equals is not None:
        return np.asarray(cells == tidy(condition.equals))
    if condition.not_equals is not None:
        return np.asarray(cells != tidy(condition.not_equals))
    if condition.contains is not None:
        return np.asarray(cells.str.contains(tidy(condition.contains), regex=False))
    if condition.not_contains is not None:
        return ~np.asarray(cells.str.contains(tidy(condition.not_contains), regex=False))
    return np.asarray(cells.isin([tidy(value) for value in condition.one_of or ()]))


def _audiences(
    frame: pd.DataFrame, entry: AnswersFile, mapping: Mapping
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """The first rule that holds decides; rows no rule fits are the file's audience's, or set aside."""
    open_rows = np.ones(len(frame), dtype=bool)
    audience = np.full(len(frame), entry.audience, dtype=object)
    aside: dict[str, np.ndarray] = {}
    for rule in mapping.audience:
        fits = open_rows & np.logical_and.reduce([_met(frame, c) for c in rule.when] or [open_rows])
        open_rows &= ~fits
        if rule.audience:
            audience[fits] = rule.audience
        else:
            aside[str(rule.set_aside)] = aside.get(str(rule.set_aside), np.zeros_like(fits)) | fits
    if entry.audience is None:
        aside[_NO_RULE] = open_rows
    found = pd.Series(audience, index=frame.index, dtype=str)
    return found, {reason: pd.Series(rows, index=frame.index) for reason, rows in aside.items()}


def _organisation(frame: pd.DataFrame, entry: AnswersFile, mapping: Mapping) -> pd.Series:
    if mapping.organisation is None:
        return pd.Series(entry.organisation, index=frame.index, dtype=str)
    said = frame[mapping.organisation]
    return said.where(~said.isin(["", *map(tidy, mapping.blank)]))


class _Reading:
    """One table while its columns become answers."""

    def __init__(
        self,
        frame: pd.DataFrame,
        raw: pd.DataFrame,
        mapping: Mapping,
        instrument: Instrument,
        separator: str,
        problems: list[Problem],
    ) -> None:
        self.frame, self.raw, self.mapping, self.instrument = frame, raw, mapping, instrument
        self.separator, self.problems = separator, problems

    def item(self, item: Item, where: ItemMapping) -> dict[str, pd.Series]:
        """Every column of one item."""
        variables = self.instrument.of_item(item.id)
        blank = {tidy(value) for value in (*self.mapping.blank, *where.blank)} - {""}
        values = {tidy(value): code for value, code in where.values.items()}
        if item.type == "multi" and where.column is not None:
            words = values or option_labels(item.options) | {o.code: o.code for o in item.options}
            separator = where.separator or self.separator
            cells = (self.raw if separator == "\n" else self.frame)[where.column]
            cells = cells.where(~cells.isin(list(blank)), "") if blank else cells
            return split_choices(cells, variables, words, separator, self.problems)
        places = where.places
        if item.type == "single" and places:
            return {item.id: self._one_of(variables[0], places, blank)}
        columns = {}
        for variable in variables:
            cells = self._cells(variable, where, places)
            cells = cells.where(~cells.isin(list(blank)), "") if blank else cells
            columns[variable.name] = _column(cells, values, variable, self.instrument, self.problems)
        return columns

    def _cells(self, variable: Variable, where: ItemMapping, places: TMapping[str, str]) -> pd.Series:
        if where.either:
            return common.merged_cells(self.frame, where.either, variable.name, self.problems)
        source = self.raw if variable.kind == "text" else self.frame
        return source[where.column if where.column is not None else places[str(variable.part)]]

    def _one_of(self, variable: Variable, places: TMapping[str, str], blank: set[str]) -> pd.Series:
        """A single answer of which each has a column: whichever is filled is the answer."""
        not_filled = {*NOT_TICKED, *blank} - {*label_words(variable, self.instrument)}
        made = pd.Series("", index=self.frame.index, dtype=str)
        for code, heading in places.items():
            filled = ~self.frame[heading].isin(list(not_filled))
            both = filled & (made != "")
            if both.any():
                where = f"column {heading}, {rows_said(self.frame.index[both])}"
                what = f"a second answer to '{variable.name}', which takes one"
                self.problems.append(Problem(where, what, "correct the export, or make the item a multi"))
            made = made.mask(filled, code)
        return translate(made, code_words(variable, self.instrument), variable, self.problems)


def _column(
    cells: pd.Series,
    values: dict[str, str],
    variable: Variable,
    instrument: Instrument,
    problems: list[Problem],
) -> pd.Series:
    if variable.kind == "text":
        return cells
    if variable.kind == "number":
        return number_cells(cells.replace(values), variable, problems)
    if variable.kind == "option":
        if not values:
            return read_ticks(cells, variable, problems)
        words = values
        problems.extend(unknown_cells(cells[~cells.isin(["", *words])], words, variable))
        return ticked(cells.isin([cell for cell, code in words.items() if code == "1"]), variable)
    known = code_words(variable, instrument)
    words = {cell: known[code] for cell, code in values.items()} or label_words(variable, instrument) | known
    return translate(cells, words, variable, problems)
