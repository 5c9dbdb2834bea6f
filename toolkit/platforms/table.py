"""Any table, read by the `mapping` of a study file: columns → items, values → codes, rules → audience."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as TMapping
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms import cells as of_cells
from toolkit.platforms import common, people
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.exports import Export
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Sheet, flattened, named, peeled, without_empty_columns
from toolkit.platforms.mapped import MappedAnswers
from toolkit.platforms.mapping import Mapping
from toolkit.platforms.mapping_checks import (
    long_file,
    mapping_problems,
    pivoted,
    spelt_as_mapped,
    unexplained,
)
from toolkit.platforms.matching import unique_sheet
from toolkit.platforms.published import (
    another_year,
    design_columns,
    other_shape,
    without_optional,
)
from toolkit.platforms.ticks import NOT_TICKED
from toolkit.platforms.vocabulary import Findings, tidy

__all__ = ["SURVEYMONKEY_IDS", "load_table", "read_mapped", "read_table"]

_ONE_COLUMN = {"Response", "Open-Ended Response"}
SURVEYMONKEY_IDS = ("Respondent ID", "RespondentID", "respondent_id")
_SURVEYMONKEY_OWN = {
    *SURVEYMONKEY_IDS,
    "Collector ID",
    "CollectorID",
    "collector_id",
    "Date Created",
    "StartDate",
}
_MICROSOFT_OWN = ("Start time", "Completion time")
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
            entry.file,
            [Problem("missing-key", "mapping", "is missing", "write one; see docs/your_own_study.md")],
        )
    return read_mapped(load_table(path, entry), path, instrument, entry=entry, strict=strict)


def load_table(path: Path, entry: AnswersFile) -> Sheet:
    """Read the cells of a form's export under one name per column; also of any other mapped table.

    Raises
    ------
    InvalidInput
        Where it is not the platform's, or holds no rows below its headings.
    """
    sheet = read_cells(path, source=entry.file, how=entry.opening)
    if entry.platform != "table":
        sheet = without_empty_columns(sheet)
    own, texts = set(sheet.names), {str(cell).strip() for cell in sheet.cells.iloc[0]}
    rows = entry.headings
    if rows is None and entry.platform == "surveymonkey":
        if not _SURVEYMONKEY_OWN & own and not texts & _ONE_COLUMN:
            wanted = "a column Respondent ID, or Response in a second row of headings"
            raise InvalidInput(entry.file, [_not_of("SurveyMonkey", sheet, wanted)])
        rows = 2 if _has_second_heading(sheet) else 1
    if rows is None and entry.platform == "microsoftforms" and not set(_MICROSOFT_OWN) <= own:
        wanted = "columns Start time and Completion time"
        raise InvalidInput(entry.file, [_not_of("Microsoft Forms", sheet, wanted)])
    if rows is not None and rows > 1:
        sheet = flattened(peeled(sheet, rows - 1, source=entry.file))
    return sheet


def _not_of(platform: str, sheet: Sheet, wanted: str) -> Problem:
    shown = ", ".join(sheet.names[:5])[:150]
    what = f"are not those of {platform} ({shown} …): {wanted} should be there"
    hint = "check platform and file; where its own columns were taken out, write headings: 2 (rows of them)"
    return Problem("wrong-file", "headings", what, hint)


def _has_second_heading(sheet: Sheet) -> bool:
    """Whether the first record is a row of sub-headings: it has no id, or there are no ids at all."""
    places = [number for number, name in enumerate(sheet.names) if name in _SURVEYMONKEY_OWN]
    return not places or not str(sheet.cells.iloc[0, places[0]]).strip()


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
    dated: tuple[str, ...] = (),
    ended: tuple[str, ...] = (),
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
    dated, ended
        The platform's own columns of dates; of these, what says when a response ended, likeliest first.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    mapping = entry.mapping
    if mapping is None:
        raise TypeError("a table is read by its mapping")
    sheet, notes = unique_sheet(sheet)
    sheet = named(sheet, spelt_as_mapped(sheet.names, mapping, entry))
    headings = sheet.names
    entry, mapping, lacking = without_optional(entry, mapping, headings)
    problems = Findings(another_year(entry, headings))
    sheet, left = common.of_entry(sheet, entry, problems)
    if entry.long is not None:
        sheet = pivoted(sheet, entry, mapping, problems)
        mapping = mapping.model_copy(update={"respondent": mapping.respondent or entry.long.respondent})
        headings = sheet.names
    problems += mapping_problems(mapping, entry, headings, instrument)
    problems += long_file(sheet, mapping, entry, instrument)
    if problems:
        raise InvalidInput(entry.file, problems)
    raw = sheet.cells.set_axis(list(headings), axis=1)
    frame = of_cells.tidied(raw)
    own = {reason: rows.reindex(frame.index) for reason, rows in (aside or {}).items()}
    audience, by_rule = _audiences(frame, entry, mapping)
    aside = {**own, **by_rule}
    organisation = _organisation(frame, entry, mapping)
    idle = [*dict.fromkeys(_idle(frame, mapping)), *lacking, *other_shape(entry, sheet)]
    place = mapping.respondent or next((name for name in ids if name in frame), None)
    kept = common.kept_rows(aside, frame.index)
    submitted = pd.Series(_submitted(frame, mapping), index=frame.index)
    others = people.other_rows(
        frame[kept], submitted[kept], entry, [[place]] if place else [], problems, dated
    )
    aside |= {why: rows.reindex(frame.index, fill_value=False) for why, rows in others.items()}
    kept = common.kept_rows(aside, frame.index)
    frame = frame[kept]
    whose_ids = people.ids_of(frame, place, problems, named=mapping.respondent is not None)
    columns: dict[str, pd.Series] = {}
    problems += unexplained(sheet, mapping, instrument)
    reading = MappedAnswers(frame, raw[kept], entry, mapping, instrument, separators, problems)
    for item_id, where in mapping.items.items():
        columns |= reading.item(instrument.item(item_id), where)
    whose = pd.DataFrame(
        {
            "respondent": whose_ids,
            "organisation": organisation[kept],
            "audience": audience[kept],
            "submitted": submitted[kept],
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
        notes=(*sheet.notes, *notes, *left),
        counted=reading.written,
        beside=_beside(frame, mapping, instrument),
        dates=people.days_of(frame, [name for name in ended if name in frame]),
        persons=people.persons_of(frame, entry),
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
        if not of_cells.met(frame[condition.column], condition).any():
            test, value = next(
                (k, v) for k, v in condition.model_dump(exclude_unset=True).items() if k != "column"
            )
            yield f"no row meets a test of the mapping: {condition.column} {test} {value!r}"


def _submitted(frame: pd.DataFrame, mapping: Mapping) -> np.ndarray:
    if mapping.submitted is None:
        return np.ones(len(frame), dtype=bool)
    return of_cells.met(frame[mapping.submitted.column], mapping.submitted)


def _audiences(
    frame: pd.DataFrame, entry: AnswersFile, mapping: Mapping
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """The first rule that holds decides; rows no rule fits are the file's audience's, or set aside."""
    open_rows = np.ones(len(frame), dtype=bool)
    audience = np.full(len(frame), entry.audience, dtype=object)
    aside: dict[str, np.ndarray] = {}
    for rule in mapping.audience:
        fits = open_rows & np.logical_and.reduce(
            [of_cells.met(frame[c.column], c) for c in rule.when] or [open_rows]
        )
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
