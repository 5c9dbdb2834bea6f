"""Form builders that have no codes: SurveyMonkey, Google Forms, Microsoft Forms; a mapping supplies them.

Rules:

- SurveyMonkey writes two rows of headings: a column is called "question | sub-heading", or by its question
  alone where the second row is Response or Open-Ended Response, or nothing;
- Google Forms joins ticks by ", " in its spreadsheet and by ";" in the CSV it sends, Microsoft Forms by ";",
  with one more at the end;
- ids are the platform's own; Google Forms has none, so that the row's number is taken.
"""

from __future__ import annotations

from toolkit.errors import InvalidInput, Problem
from toolkit.platforms import Platform, register
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.table import FormDialect

_SURVEYMONKEY_IDS = ("Respondent ID", "RespondentID", "respondent_id")
_SURVEYMONKEY_OWN = {
    *_SURVEYMONKEY_IDS,
    "Collector ID",
    "CollectorID",
    "collector_id",
    "Date Created",
    "StartDate",
}
_MICROSOFT_OWN = {"Start time", "Completion time"}
_ENDED = (
    "Completion time", "Timestamp", "Horodateur", "Zeitstempel", "Marca temporal", "End Date", "EndDate",
    "Date Modified", "Start time", "Start Date", "StartDate", "Date Created",
)  # fmt: skip
"""Columns with the time of a response, in forms of all three; the end counts before the start."""


def _surveymonkey_rows(sheet: Sheet, source: str) -> int:
    """Count rows of headings: the first record is one if it has no id, or if there are no ids at all."""
    texts = {str(cell).strip() for cell in sheet.cells.iloc[0]}
    places = [number for number, name in enumerate(sheet.names) if name in _SURVEYMONKEY_OWN]
    if not places and not texts & {"Response", "Open-Ended Response"}:
        wanted = "a column Respondent ID, or Response in a second row of headings"
        raise InvalidInput(source, [_not_of("SurveyMonkey", sheet, wanted)])
    return 1 if places and str(sheet.cells.iloc[0, places[0]]).strip() else 2


def _microsoft_rows(sheet: Sheet, source: str) -> int:
    if not set(sheet.names) >= _MICROSOFT_OWN:
        wanted = "columns Start time and Completion time"
        raise InvalidInput(source, [_not_of("Microsoft Forms", sheet, wanted)])
    return 1


def _not_of(platform: str, sheet: Sheet, wanted: str) -> Problem:
    shown = ", ".join(sheet.names[:5])[:150]
    what = f"are not those of {platform} ({shown} …): {wanted} expected"
    hint = "check platform and file; where its own columns were taken out, write headings: 2 (rows of them)"
    return Problem("wrong-file", "headings", what, hint)


register(
    Platform(
        "surveymonkey",
        "SurveyMonkey",
        dialect=FormDialect(_SURVEYMONKEY_IDS, ended=_ENDED, heading_rows=_surveymonkey_rows),
        recognises=lambda kind, head, headings: bool(
            {"Respondent ID", "RespondentID", "Collector ID", "CollectorID"} & set(headings)
        ),
        order=22,
    )
)
register(
    Platform(
        "microsoftforms",
        "Microsoft Forms",
        dialect=FormDialect(("ID", "Id"), ended=_ENDED, heading_rows=_microsoft_rows),
        recognises=lambda kind, head, headings: set(headings) >= _MICROSOFT_OWN,
        order=24,
    )
)
register(
    Platform(
        "googleforms",
        "Google Forms",
        dialect=FormDialect(separators=(",", ";"), ended=_ENDED),
        recognises=lambda kind, head, headings: (
            headings[:1] in (("Timestamp",), ("Horodateur",), ("Zeitstempel",), ("Marca temporal",))
        ),
        order=90,
    )
)
