"""Qualtrics' modern CSV export: three heading rows (names, question texts, import ids).

Rules:

- the column of an item is found by its export tag: `item`, `item_row` (a matrix row by id or by number),
  and for a multi-select exported in several columns `item_option` (by number or by code);
- where an item's codes are all whole numbers they are Qualtrics' recode values; where they are not, and for
  multi-select options, choices are numbered 1, 2, 3 … in the order of the instrument;
- answers to "don't know" and the like keep their screen code (98, 99 …);
- -99, Qualtrics' mark for "seen but unanswered", is read as blank;
- previews, tests and responses marked as spam (Status) are set aside and counted;
- rows that are not Finished were not submitted.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.delimited import Sheet
from toolkit.responses.export import Export
from toolkit.responses.naming import rows_said
from toolkit.responses.readers.platform import Cells, Platform, read_platform
from toolkit.responses.readers.ticks import split_choices, ticked
from toolkit.responses.vocabulary import number_words, option_labels, option_numbers, tidy, unknown_cells

__all__ = ["read_qualtrics"]

_OWN = {
    "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished",
    "RecordedDate", "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "UserLanguage",
    "ExternalReference", "LocationLatitude", "LocationLongitude", "DistributionChannel",
}  # fmt: skip
_OWN_PATTERN = re.compile(r"Q_[A-Za-z0-9]+|.+_DO(_.+)?")
_FINISHED = {"1": True, "True": True, "TRUE": True, "0": False, "False": False, "FALSE": False}
_STATUS_NUMBERS = ("0", "1", "2", "4", "8", "9", "12", "16", "17", "32", "40", "48")
_STATUS_TEXTS = {
    "IP Address": "0", "Imported": "4", "Offline": "16", "Survey Preview": "1", "Survey Test": "2",
    "Offline Survey Preview": "17", "Spam": "8", "Possible Spam": "8", "Spam Survey Preview": "9",
    "Imported Spam": "12",
}  # fmt: skip


def read_qualtrics(
    path: str | Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one CSV file that Qualtrics exported, numeric values or choice text.

    Parameters
    ----------
    entry
        What the study file says about it; left out, the defaults of `AnswersFile`, organisations optional.
    wave
        The wave, where there is no entry.
    strict
        Raise for every problem found; otherwise they stand in the export's `problems`.

    Raises
    ------
    InvalidInput
        With every problem of the file.
    """
    return read_platform(_QUALTRICS, Path(path), instrument, entry=entry, wave=wave, strict=strict)


def _refuse(sheet: Sheet, source: str) -> None:
    third = sheet.headings[2]
    if all(_import_id(cell) for cell in third):
        return
    early = third[0].startswith("{'ImportId'")
    what = (
        "the third row is in the early format ({'ImportId': …})"
        if early
        else "the third row holds no import ids"
    )
    mend = "export again as CSV in the present format (not 'legacy'), with all three heading rows untouched"
    raise InvalidInput(source, [Problem("row 3", f"{what}: this is not Qualtrics' present CSV export", mend)])


def _import_id(cell: str) -> bool:
    try:
        return "ImportId" in json.loads(cell)
    except (ValueError, TypeError):
        return False


def _aside(frame: pd.DataFrame, problems: list[Problem]) -> dict[str, pd.Series]:
    if "Status" not in frame:
        return {}
    said = frame["Status"].replace(_STATUS_TEXTS)
    strange = ~said.isin(_STATUS_NUMBERS)
    for value in said[strange].unique()[:5]:
        rows = rows_said(said.index[said == value])
        mend = near_names(value, [*_STATUS_TEXTS, *_STATUS_NUMBERS])
        problems.append(Problem(f"column Status, {rows}", f"{value!r} is no status of Qualtrics", mend))
    bits = pd.to_numeric(said.where(~strange, "0")).astype(int)
    return {"a preview or test": (bits & 3) > 0, "marked as spam by Qualtrics": (bits & 8) > 0}


def _finished(frame: pd.DataFrame, problems: list[Problem]) -> pd.Series:
    if "Finished" not in frame:
        return pd.Series(False, index=frame.index)
    said = frame["Finished"]
    strange = said[~said.isin(list(_FINISHED))]
    if len(strange):
        where = f"column Finished, {rows_said(strange.index)}"
        problems.append(
            Problem(where, f"{strange.iloc[0]!r} is neither 1 nor 0, True nor False", "export again")
        )
    return said.isin([word for word, meaning in _FINISHED.items() if meaning])


def _accepted(instrument: Instrument) -> dict[str, str]:
    accepted: dict[str, str] = {}
    for item in instrument.items:
        parts = (
            [row.id for row in item.rows]
            if item.type == "matrix"
            else [option.code for option in item.options]
        )
        if item.type in ("matrix", "multi"):
            accepted |= {
                f"{item.id}_{number}": f"{item.id}_{part}" for number, part in enumerate(parts, start=1)
            }
            accepted |= {f"{item.id}_{part}": f"{item.id}_{part}" for part in parts}
        if item.type != "matrix":
            accepted[item.id] = item.id
    return accepted


def _joined(cells: Cells, instrument: Instrument, problems: list[Problem]) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for item in instrument.items:
        if item.type != "multi" or item.id not in cells:
            continue
        split = [v.name for v in instrument.of_item(item.id) if v.name in cells]
        if split:
            what = f"stands both in one column and in several ({split[0]} …)"
            problems.append(Problem(f"column {item.id}", what, "export again in one of the two ways"))
        variables = instrument.of_item(item.id)
        words = option_labels(item.options) | option_numbers(item.options)
        columns |= split_choices(cells[item.id], variables, words, ",", problems)
    return columns


def _tick(cells: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    option = variable.option
    if option is None:
        raise TypeError(f"{variable.name} is no option of a multi-select")
    number = [o.code for o in variable.item.options].index(option.code) + 1
    words = {"1", str(number), option.code, *(tidy(label) for label in option.label.values())}
    problems.extend(unknown_cells(cells[~cells.isin(["", "0", *words])], dict.fromkeys(words, "1"), variable))
    return ticked(cells.isin(list(words)), variable)


_QUALTRICS = Platform(
    name="qualtrics",
    heading_rows=3,
    id_column="ResponseId",
    required=("ResponseId", "Status", "Finished"),
    mend="export again with all of Qualtrics' own columns",
    unique=(),
    stamp=None,
    blank=("-99",),
    numbered=True,
    own=lambda heading: heading in _OWN or _OWN_PATTERN.fullmatch(heading) is not None,
    refuse=_refuse,
    accepted=_accepted,
    codes=number_words,
    tick=_tick,
    joined=_joined,
    aside=_aside,
    submitted=_finished,
)
