"""Qualtrics' CSV exports: three heading rows (names, texts, import ids), early or modern, and legacy two.

Rules:

- import ids come first: what the study file's `columns` or the manifest gives for one precedes the export
  tag, which may occur twice;
- the column of an item is found by its export tag: `item`, `item_row` (a matrix row by id or by number),
  and for a multi-select exported in several columns `item_option` (by number or by code);
- where an item's codes are all whole numbers they are Qualtrics' recode values; where they are not, and for
  multi-select options, choices are numbered 1, 2, 3 … in the order of the instrument; whether recode values
  were set at all is decided by the manifest and the cells (see `recodes`);
- answers to "don't know" and the like keep their screen code (98, 99 …);
- -99, Qualtrics' mark for "seen but unanswered", is read as blank;
- previews, tests and responses marked as spam (Status) are set aside and counted;
- rows that are not Finished were not submitted.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Opening, Sheet, named, peeled, without_empty_columns
from toolkit.platforms.matching import by_code, codes_of
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import number_words

_OWN = {
    "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished",
    "RecordedDate", "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "UserLanguage",
    "ExternalReference", "LocationLatitude", "LocationLongitude", "DistributionChannel", "ResponseSet",
    "Name",
    "LocationAccuracy", "RecipientID",
}  # fmt: skip
_RENAMED = {
    "ResponseID": "ResponseId", "ExternalDataReference": "ExternalReference",
    "EmailAddress": "RecipientEmail",
}  # fmt: skip
_OWN_PATTERN = re.compile(
    r"Q_[A-Za-z0-9]+|.+_DO(_.+)?|.+ - ((Parent )?Topics|Topic |Sentiment|Actionability).*"
)
"""Display order, fields of Text iQ beside an open question, and Qualtrics' own embedded data."""
_FINISHED = {"1": True, "True": True, "TRUE": True, "0": False, "False": False, "FALSE": False}
_STATUS_NUMBERS = ("0", "1", "2", "4", "8", "9", "12", "16", "17", "32", "40", "48")
_STATUS_TEXTS = {
    "IP Address": "0", "Imported": "4", "Offline": "16", "Survey Preview": "1", "Survey Test": "2",
    "Offline Survey Preview": "17", "Spam": "8", "Possible Spam": "8", "Spam Survey Preview": "9",
    "Imported Spam": "12",
}  # fmt: skip


def _load(path: Path, source: str, how: Opening) -> Sheet:
    """Load the sheet with its heading rows: names, texts and, if the format has them, import ids."""
    sheet = without_empty_columns(read_cells(path, source=source, how=how, categories=True))
    first = [str(cell).strip() for cell in sheet.cells.iloc[0]]
    if first[0] in ("ResponseID", "ResponseId") and re.fullmatch(r"V\d+", sheet.names[0]):
        legacy = [
            own if re.fullmatch(r"V\d+", tag) else tag for tag, own in zip(sheet.names, first, strict=True)
        ]
        sheet = replace(
            named(sheet, legacy), notes=(*sheet.notes, "Qualtrics' legacy format, two heading rows")
        )
        return _own_names(peeled(sheet, 1, source=source))
    third = [str(cell).strip() for cell in sheet.cells.iloc[1]] if len(sheet.cells) > 1 else [""]
    ids = [_import_id(cell) for cell in third]
    if not all(ids):
        what = "the third row holds no import ids: this is not Qualtrics' CSV export"
        hint = "export again as CSV, with all three heading rows untouched"
        raise InvalidInput(source, [Problem("wrong-file", "row 3", what, hint)])
    early = third[0].startswith("{'")
    made = peeled(sheet, 2, source=source)
    notes = (*made.notes, "Qualtrics' early format of three heading rows") if early else made.notes
    return _own_names(replace(made, headings=(*made.headings[:2], tuple(ids)), notes=notes))


def _own_names(sheet: Sheet) -> Sheet:
    return named(sheet, [_RENAMED.get(name, name) for name in sheet.names])


def _import_id(cell: str) -> str:
    """Return the id in `{"ImportId":"QID3_1"}`, also as the early format wrote it, or an empty text."""
    if not cell.startswith("{"):
        return ""
    try:
        held = json.loads(cell) if '"' in cell else ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    if not isinstance(held, dict) or not isinstance(held.get("ImportId"), str):
        return ""
    choice = held.get("choiceId")
    return f"{held['ImportId']}_{choice}" if choice else held["ImportId"]


def _aside(frame: pd.DataFrame, problems: list[Problem]) -> dict[str, pd.Series]:
    if "Status" not in frame:
        return {}
    stated = frame["Status"].astype(str).replace(_STATUS_TEXTS)
    strange = ~stated.isin(_STATUS_NUMBERS)
    for value in stated[strange].unique()[:5]:
        rows = rows_said(stated.index[stated == value])
        hint = near_names(value, [*_STATUS_TEXTS, *_STATUS_NUMBERS])
        problems.append(
            Problem("unknown-answer", f"column Status, {rows}", f"{value!r} is not a Qualtrics status", hint)
        )
    bits = pd.to_numeric(stated.where(~strange, "0")).astype(int)
    return {"test": (bits & 3) > 0, "marked as spam by Qualtrics": (bits & 8) > 0}


def _finished(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    if "Finished" not in frame:
        return pd.Series(False, index=frame.index)
    stated = frame["Finished"].astype(str)
    strange = stated[~stated.isin(list(_FINISHED))]
    if len(strange):
        where = f"column Finished, {rows_said(strange.index)}"
        problems.append(
            Problem(
                "unknown-answer",
                where,
                f"{strange.iloc[0]!r} is neither 1 nor 0, True nor False",
                "export again",
            )
        )
    return stated.isin([word for word, meaning in _FINISHED.items() if meaning])


def _accepted(instrument: Instrument) -> dict[str, str]:
    accepted = codes_of(instrument)
    for item in instrument.items:
        parts = (
            [row.id for row in item.rows]
            if item.type == "matrix"
            else [option.code for option in item.options]
        )
        if item.type in ("matrix", "multi"):
            numbered = {
                f"{item.id}_{number}": f"{item.id}_{part}" for number, part in enumerate(parts, start=1)
            }
            accepted = numbered | accepted
    return accepted


QUALTRICS = Dialect(
    name="qualtrics",
    dated=("RecordedDate", "EndDate", "StartDate"),
    ended=("EndDate", "RecordedDate", "StartDate"),
    load=_load,
    id_columns=("ResponseId",),
    required=("ResponseId", "Status", "Finished"),
    hint="export again with all of Qualtrics' own columns",
    blank=("-99",),
    numbered=True,
    own=lambda heading: heading in _OWN or _OWN_PATTERN.fullmatch(heading) is not None,
    accepted=_accepted,
    codes=number_words,
    separators=(",", "\n", ";", "|"),
    aside=_aside,
    submitted=_finished,
    manifests=("qualtrics",),
    ids_row=True,
    recodes=True,
    coded=by_code,
)
