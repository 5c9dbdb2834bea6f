"""Any table, read by the `mapping` of a study file: columns → items, values → codes, rules → audience."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as TMapping
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.responses.answers import AnswersFile
from toolkit.responses.export import Export
from toolkit.responses.files.opening import read_cells
from toolkit.responses.files.sheet import Sheet, named
from toolkit.responses.mapping import Condition, Mapping
from toolkit.responses.readers import cells as of_cells
from toolkit.responses.readers import common, people
from toolkit.responses.readers.mapped import MappedAnswers
from toolkit.responses.readers.mapping_checks import mapping_problems, spelt_as_mapped, unexplained
from toolkit.responses.readers.published import (
    another_year,
    design_columns,
    other_shape,
    without_optional,
)
from toolkit.responses.readers.ticks import NOT_TICKED
from toolkit.responses.vocabulary import tidy

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
    sheet = read_cells(path, source=entry.file, how=entry.opening)
    return read_mapped(sheet, path, instrument, entry=entry, strict=strict)


def read_mapped(
    sheet: Sheet,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile,
    strict: bool,
    separators: tuple[str, ...] = (";",),
    ids: tuple[str, ...] = (),
    aside: TMapping[str, pd.Series] | None = None,
) -> Export:
    """Read cells as the entry's mapping says.

    Parameters
    ----------
    separators
        What may stand between the ticks of a multi-select, where the mapping does not say.
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
    sheet = named(sheet, spelt_as_mapped(sheet.names, mapping))
    headings = sheet.names
    entry, mapping, lacking = without_optional(entry, mapping, headings)
    problems = [*another_year(entry, headings), *mapping_problems(mapping, entry, headings, instrument)]
    if problems:
        raise InvalidInput(entry.file, problems)
    own = dict(aside or {})
    frame = of_cells.tidied(sheet.cells).set_axis(list(headings), axis=1)
    first = [headings.index(name) == place for place, name in enumerate(headings)]
    raw = sheet.cells.set_axis(list(headings), axis=1).loc[:, first]
    frame = frame.loc[:, first]
    audience, by_rule = _audiences(frame, entry, mapping)
    aside = {**own, **by_rule}
    organisation = _organisation(frame, entry, mapping)
    idle = [*dict.fromkeys(_idle(frame, mapping)), *lacking, *other_shape(entry, sheet)]
    kept = common.kept_rows(aside, frame.index)
    frame = frame[kept]
    place = mapping.respondent or next((name for name in ids if name in frame), None)
    people_ids = frame[place] if place else pd.Series(frame.index.astype(str), index=frame.index)
    problems += people.duplicates(people_ids, place or "row")
    columns: dict[str, pd.Series] = {}
    problems += unexplained(sheet, mapping, instrument)
    reading = MappedAnswers(frame, raw[kept], mapping, instrument, separators, problems)
    for item_id, where in mapping.items.items():
        columns |= reading.item(instrument.item(item_id), where)
    whose = pd.DataFrame(
        {
            "respondent": people_ids,
            "organisation": organisation[kept],
            "audience": audience[kept],
            "submitted": _submitted(frame, mapping),
            **design_columns(frame, mapping, problems),
        },
        index=frame.index,
    )
    return common.finish(
        entry,
        whose,
        of_cells.assemble(columns, instrument, frame.index),
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
        idle=idle,
        notes=sheet.notes,
        counted=reading.written,
        beside=_beside(frame, mapping, instrument),
    )


_MARKS = (" | ", "[", "___", "/")
"""What parts the heading of an option from that of its question."""


def _beside(frame: pd.DataFrame, mapping: Mapping, instrument: Instrument) -> pd.DataFrame | None:
    """Per multi-select with a column per option, who filled a column of it that the mapping leaves out.

    Such a column begins as all of the others do, up to a mark: "Why? | ", "why[", "why/".
    """
    named = {heading for where in mapping.items.values() for heading in where.headings}
    made = {}
    for item_id, where in mapping.items.items():
        if instrument.item(item_id).type != "multi" or len(where.places) < 2:
            continue
        begins = [{one.rpartition(mark)[0] + mark for one in where.places.values()} for mark in _MARKS]
        stem = next((one for same in begins if len(same) == 1 for one in same if one not in _MARKS), None)
        left = [name for name in frame if stem and name.startswith(stem) and name not in named]
        if left:
            made[item_id] = ~frame[left].astype(str).isin(NOT_TICKED).all(axis=1)
    return pd.DataFrame(made, index=frame.index) if made else None


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
