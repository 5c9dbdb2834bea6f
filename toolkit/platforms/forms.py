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

from toolkit.instrument.model import Instrument
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.exports import Export
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.table import SURVEYMONKEY_IDS, load_table, read_mapped

__all__ = ["read_google_forms", "read_microsoft_forms", "read_surveymonkey"]


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
    return _read(load_table(Path(path), entry), path, instrument, entry, strict, ids=SURVEYMONKEY_IDS)


def read_google_forms(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read the CSV of a Google form or of its spreadsheet; see `read_surveymonkey`.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    return _read(load_table(Path(path), entry), path, instrument, entry, strict, separators=(",", ";"))


def read_microsoft_forms(
    path: str | Path, instrument: Instrument, *, entry: AnswersFile, strict: bool = True
) -> Export:
    """Read the workbook of a Microsoft form; see `read_surveymonkey`.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    return _read(load_table(Path(path), entry), path, instrument, entry, strict, ids=("ID", "Id"))


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
    ways = {"separators": separators, "ids": ids, "ended": _ENDED}
    return read(sheet, Path(path), instrument, entry=entry, strict=strict, **ways)


_ENDED = (
    "Completion time", "Timestamp", "Horodateur", "Zeitstempel", "Marca temporal", "End Date", "EndDate",
    "Date Modified", "Start time", "Start Date", "StartDate", "Date Created",
)  # fmt: skip
"""Columns that say when a response was given, in forms of all three; the end counts before the start."""
