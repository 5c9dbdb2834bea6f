"""Form builders that have no codes: SurveyMonkey, Google Forms, Microsoft Forms; a mapping says what is what.

Rules:

- SurveyMonkey writes two rows of headings: a column is called "question | sub-heading", or by its question
  alone where the second row says Response or Open-Ended Response, or nothing;
- Google Forms joins ticks by ", " in its spreadsheet and by ";" in the CSV it sends, Microsoft Forms by ";",
  with one more at the end;
- ids are the platform's own; Google Forms has none, so that the row's number is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.responses.answers import AnswersFile
from toolkit.responses.export import Export
from toolkit.responses.files.opening import read_cells
from toolkit.responses.files.sheet import Sheet, named, peeled, without_empty_columns
from toolkit.responses.readers.matching import unique_names
from toolkit.responses.readers.table import read_mapped

__all__ = ["read_google_forms", "read_microsoft_forms", "read_surveymonkey"]

_ONE_ANSWER = {"", "Response", "Open-Ended Response"}
_SURVEYMONKEY_IDS = ("Respondent ID", "RespondentID", "respondent_id")
_SURVEYMONKEY_OWN = {
    *_SURVEYMONKEY_IDS,
    "Collector ID",
    "CollectorID",
    "collector_id",
    "Date Created",
    "StartDate",
}
_MICROSOFT_OWN = ("Start time", "Completion time")


def read_surveymonkey(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read SurveyMonkey's "all responses" (CSV or .xlsx), condensed or expanded, texts or numbers.

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
    sheet = without_empty_columns(read_cells(Path(path), source=entry.file, how=entry.opening))
    if not _SURVEYMONKEY_OWN & set(sheet.names):
        raise InvalidInput(entry.file, [_not_of("SurveyMonkey", sheet, "a column Respondent ID")])
    if _has_second_heading(sheet):
        sheet = _flattened(peeled(sheet, 1, source=entry.file))
    return _read(sheet, path, instrument, entry, strict, ids=_SURVEYMONKEY_IDS)


def read_google_forms(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read the CSV of a Google form or of its spreadsheet; see `read_surveymonkey`.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    sheet = without_empty_columns(read_cells(Path(path), source=entry.file, how=entry.opening))
    return _read(sheet, path, instrument, entry, strict, separators=(",", ";"))


def read_microsoft_forms(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read the workbook of a Microsoft form; see `read_surveymonkey`.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    sheet = without_empty_columns(read_cells(Path(path), source=entry.file, how=entry.opening))
    if not set(_MICROSOFT_OWN) <= set(sheet.names):
        wanted = "columns Start time and Completion time"
        raise InvalidInput(entry.file, [_not_of("Microsoft Forms", sheet, wanted)])
    return _read(sheet, path, instrument, entry, strict, ids=("ID", "Id"))


def _read(
    sheet: Sheet,
    path: str | Path,
    instrument: Instrument,
    entry: AnswersFile,
    strict: bool,
    *,
    separators: tuple[str, ...] = (";",),
    ids: tuple[str, ...] = (),
) -> Export:
    read: Callable[..., Export] = read_mapped
    sheet = named(sheet, unique_names(sheet.names))
    return read(sheet, Path(path), instrument, entry=entry, strict=strict, separators=separators, ids=ids)


def _not_of(platform: str, sheet: Sheet, wanted: str) -> Problem:
    what = f"are not those of {platform} (columns: {len(sheet.names)}): {wanted} should be there"
    return Problem("headings", what, "check platform and file, or read it as platform table")


def _has_second_heading(sheet: Sheet) -> bool:
    """Whether the first record is a row of sub-headings: it has no id."""
    place = next(number for number, name in enumerate(sheet.names) if name in _SURVEYMONKEY_OWN)
    return not str(sheet.cells.iloc[0, place]).strip()


def _flattened(sheet: Sheet) -> Sheet:
    """One name a column: the question is written once and stands for the columns right of it too."""
    names, question = [], ""
    first, second = sheet.headings[:2]
    for above, below in zip(first, second, strict=True):
        question = above or question
        names.append(question if below in _ONE_ANSWER and above else f"{question} | {below}")
    return named(sheet, names)
