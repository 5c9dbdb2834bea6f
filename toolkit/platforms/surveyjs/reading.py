"""Answers of SurveyJS as JSON, and of the HTML preview: an object per respondent, or a list of them.

Rules:

- a matrix is an object (row → answer), a multi-select a list of codes; what is absent was not answered;
- other things beside answers (id, times, pageNo) are the platform's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import parsed_json
from toolkit.instrument.model import Instrument
from toolkit.platforms.exports import Dialect, Rows
from toolkit.platforms.files.opening import decoded, kind_of, read_cells, unpacked
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.files.workbooks import as_text, frame_sheet
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import code_words

_OWN = {
    "id", "Id", "instanceId", "HappendAt", "happenedAt", "createdAt", "completedAt", "startedAt", "pageNo",
    "locale", "clientId", "ip", "respondent", "status", "submitted", "started", "finished", "language",
    "test",
    "preview", "instrument", "version", "duration", "seconds", "source",
}  # fmt: skip
_HOLDERS = ("Data", "data", "results", "responses", "answers")
_TRUE = ("1", "TRUE", "True", "true", "yes", "preview", "test")


def _load(path: Path, source: str, how: Opening) -> Sheet:
    data, notes = unpacked(path, source)
    if kind_of(data) != "json":
        return read_cells(path, source=source, how=how)
    text, stated = decoded(data, source=source, encoding=how.encoding)
    rows = _rows(text, source)
    cells = [dict(_cells(row)) for row in rows]
    frame = pd.DataFrame(cells, dtype=str).fillna("")
    sheet = frame_sheet(frame, source=source, notes=(*notes, *stated, "read from JSON"))
    return replace(sheet, sparse=True)


def _rows(text: str, source: str) -> list[Mapping[str, object]]:
    try:
        held = parsed_json(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            held = [parsed_json(line) for line in lines]
        except ValueError:
            problem = Problem("damaged-file", "file", f"is damaged JSON ({error})", "save the answers again")
            raise InvalidInput(source, [problem]) from error
    if isinstance(held, dict):
        inside = next((held[key] for key in _HOLDERS if isinstance(held.get(key), list)), None)
        held = inside if inside is not None else [held]
    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        raise InvalidInput(
            source, [Problem("wrong-file", "file", "holds no list of answers", "save the answers again")]
        )
    if any("pages" in row or "SurveyElements" in row for row in held):
        what = "is a questionnaire, not answers"
        raise InvalidInput(
            source, [Problem("wrong-file", "file", what, "name the file the answers were saved in")]
        )
    return [_opened(row) for row in held]


def _opened(row: Mapping[str, object]) -> Mapping[str, object]:
    """Return the answers of a row that a service has put under a key of their own, beside id and time."""
    for key in _HOLDERS:
        if isinstance(row.get(key), dict):
            return {**{k: v for k, v in row.items() if k != key}, **row[key]}  # type: ignore[dict-item]
    return row


def _cells(row: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        here = f"{before}.{name}" if before else name
        if isinstance(value, dict):
            yield from _cells(value, here)
        elif isinstance(value, list):
            yield here, "\n".join(as_text(one) for one in value)
        else:
            yield here, as_text(value)


def _own(heading: str) -> bool:
    return heading in _OWN or heading.endswith("-Comment")


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    if "submitted" in frame:
        return ~frame["submitted"].isin(["0", "FALSE", "false"])
    if "status" in frame:
        return ~frame["status"].isin(["partial", "started", "incomplete"])
    return pd.Series(True, index=frame.index)


def _of_instrument(
    sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str
) -> Sheet:
    """Return the sheet unless it belongs to another instrument."""
    if "instrument" not in sheet.names or "instrument" in instrument:
        return sheet
    stated = sheet.cells.iloc[:, sheet.names.index("instrument")]
    other = stated[~stated.isin(["", instrument.id])]
    if len(other):
        what = f"answers of instrument '{other.iloc[0]}', not of '{instrument.id}': this is another survey"
        hint = "check which file and which instrument the study file names"
        raise InvalidInput(
            source, [Problem("wrong-instrument", f"column instrument, {rows_said(other.index)}", what, hint)]
        )
    return sheet


def _tests(frame: pd.DataFrame, problems: list[Problem]) -> Rows:
    """Return test answers: all that the preview saves, or the rows so marked."""
    for name in ("preview", "test"):
        if name in frame:
            return {"test": frame[name].isin(_TRUE)}
    return {"test": pd.Series(True, index=frame.index)}


SURVEYJS = Dialect(
    name="surveyjs",
    load=_load,
    id_columns=("instanceId", "id", "Id", "respondent"),
    own=_own,
    codes=code_words,
    submitted=_submitted,
    ended=("completedAt", "happenedAt", "HappendAt", "finished", "createdAt", "startedAt", "started"),
    manifests=("surveyjs",),
)
PREVIEW = Dialect(
    name="preview",
    load=_load,
    id_columns=("respondent", "id", "instanceId"),
    own=_own,
    codes=code_words,
    submitted=_submitted,
    ended=("completedAt", "happenedAt", "HappendAt", "finished", "createdAt", "startedAt", "started"),
    aside=_tests,
    coded=_of_instrument,
    manifests=("preview", "surveyjs"),
)
