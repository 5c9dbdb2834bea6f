"""REDCap's CSV export with raw headings; values raw or as labels.

Rules:

- a checkbox has a column per option, `item___code`: 1 or "Checked", 0 or "Unchecked";
- each form ends with a column `<form>_complete`; a respondent finished where every form that holds an item is
  2 or "Complete";
- the first column is the record's id; events and repeated forms give a record several rows: refused;
- headings that are labels are refused: REDCap writes the same label for several columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms import Platform, register
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Opening, Sheet, named
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.matching import codes_of
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import code_words

_OWN = {
    "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    "redcap_data_access_group", "redcap_survey_identifier", "participant_id", "study_id",
}  # fmt: skip
_DONE = {
    "2": True,
    "Complete": True,
    "0": False,
    "1": False,
    "": False,
    "Incomplete": False,
    "Unverified": False,
}


def _load(path: Path, source: str, how: Opening) -> Sheet:
    sheet = read_cells(path, source=source, how=how)
    if (
        any(name.endswith("(choice=") or "(choice=" in name for name in sheet.names)
        or "Complete?" in sheet.names
    ):
        what = "are labels that several columns share"
        raise InvalidInput(
            source,
            [Problem("ambiguous", "headings", what, "export again as 'CSV / Microsoft Excel (raw data)'")],
        )
    if "Variable / Field Name" in sheet.names:
        what = "are those of REDCap's data dictionary, which holds questions and no answers"
        raise InvalidInput(
            source, [Problem("wrong-file", "headings", what, "export the records as CSV (raw data)")]
        )
    if not any(name.endswith("_complete") for name in sheet.names):
        what = f"are not those of a REDCap export: no form's _complete (columns: {len(sheet.names)})"
        hint = "check platform and file, or export all forms with their status"
        raise InvalidInput(source, [Problem("wrong-file", "headings", what, hint)])
    return sheet


def _own(heading: str) -> bool:
    return heading in _OWN or re.fullmatch(r".+_(complete|timestamp)", heading) is not None


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    done = pd.Series(True, index=frame.index)
    holds_item = False
    for name in frame:
        holds_item |= str(name) in items
        if not str(name).endswith("_complete"):
            continue
        if holds_item:
            stated = frame[name]
            strange = stated[~stated.isin(list(_DONE))]
            if len(strange):
                where = f"column {name}, {rows_said(strange.index)}"
                problems.append(
                    Problem(
                        "unknown-answer",
                        where,
                        f"{strange.iloc[0]!r} is not a status of a form",
                        "export it again",
                    )
                )
            done &= stated.isin([word for word, meant in _DONE.items() if meant])
        holds_item = False
    return done


def _one_row_each(
    sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str
) -> Sheet:
    """Check that each record has one row; the first column holds its id, under any name.

    Raises
    ------
    InvalidInput
        Where events or repeated forms give a record several rows.
    """
    problems = []
    for name, many in (("redcap_event_name", 1), ("redcap_repeat_instance", 0)):
        if name in sheet.names:
            stated = sheet.cells.iloc[:, sheet.names.index(name)].str.strip()
            found = [one for one in stated.unique() if one]
            if len(found) > many:
                what = f"holds {', '.join(found[:4])}: a record has a row for each"
                hint = "export a report of one event or form, or set the others aside by a mapping"
                problems.append(Problem("duplicate-id", f"column {name}", what, hint))
    if problems:
        raise InvalidInput(source, problems)
    first = sheet.names[0]
    if any(name in sheet.names for name in _IDS) or first in codes_of(instrument):
        return sheet
    return named(sheet, ("record_id", *sheet.names[1:]))


_IDS = ("record_id", "participant_id", "study_id")
REDCAP = Dialect(
    name="redcap",
    load=_load,
    id_columns=_IDS,
    own=_own,
    codes=code_words,
    submitted=_submitted,
    ended=("*_timestamp",),
    coded=_one_row_each,
    texts="export again as 'CSV / Microsoft Excel (raw data)'",
)


_MARKS = {"redcap_event_name", "redcap_survey_identifier", "redcap_repeat_instrument"}


def _recognises(kind: str, head: bytes, headings: tuple[str, ...]) -> bool:
    return bool(_MARKS & set(headings)) or any(re.fullmatch("[a-z0-9_]+_complete", name) for name in headings)


register(Platform("redcap", "REDCap", dialect=REDCAP, recognises=_recognises, order=80))
