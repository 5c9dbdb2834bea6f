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
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.delimited import headings_of, read_sheet
from toolkit.responses.export import Export, match_columns
from toolkit.responses.readers import common
from toolkit.responses.readers.ticks import split_choices, ticked
from toolkit.responses.strict import rows_said
from toolkit.responses.vocabulary import (
    flavour_of,
    label_words,
    number_cells,
    number_words,
    option_numbers,
    tidy,
    translate,
    unknown_cells,
)

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
    path = Path(path)
    sheet = read_sheet(path, source=entry.file if entry else path.name, heading_rows=3)
    headings = sheet.headings[0]
    entry = entry or common.plain_entry(path, "qualtrics", wave, headings)
    _refuse_other_headings(sheet.headings, sheet.cells, entry.file)
    problems = list(headings_of(headings, "export tag"))
    first = [not name or headings.index(name) == place for place, name in enumerate(headings)]
    frame = common.tidied(sheet.cells.loc[:, first]).set_axis(list(dict.fromkeys(headings)), axis=1)
    problems += [
        Problem(f"column {name}", "is missing", "export again with all of Qualtrics' own columns")
        for name in ("ResponseId", "Status", "Finished")
        if name not in frame
    ]
    tested, spam = _set_aside(frame, problems)
    audience = common.audiences_of(frame, entry, instrument, problems, numbered=True)
    organisation = common.organisations_of(frame, entry, problems)
    problems += common.rename_problems(entry, headings, instrument)
    held = match_columns(
        headings,
        instrument,
        accepted=_accepted(instrument) | entry.columns,
        needed=common.needed(entry, instrument, audience[~tested & ~spam]),
        other={h for h in headings if h in _OWN or _OWN_PATTERN.fullmatch(h)}
        | {entry.audience_column, entry.organisation_column or "", *entry.ignore_columns},
        absent=entry.absent,
    )
    problems += held.problems
    ids = (
        frame["ResponseId"]
        if "ResponseId" in frame
        else pd.Series(frame.index.astype(str), index=frame.index)
    )
    problems += common.duplicates(ids, "ResponseId")
    raw = dict(zip(headings, sheet.cells, strict=True))
    texts = {
        name: sheet.cells[raw[places[0]]] for name, places in held.of_variable.items() if len(places) == 1
    }
    cells = {
        name: common.merged_cells(frame, places, name, problems).replace("-99", "")
        for name, places in held.of_variable.items()
    }
    answers = _answers(cells, texts, instrument, problems, frame.index)
    people = pd.DataFrame(
        {
            "respondent": ids,
            "organisation": organisation,
            "audience": audience,
            "submitted": _finished(frame, problems),
        }
    )
    aside = {"a preview or test": tested, "marked as spam by Qualtrics": spam}
    return common.finish(entry, people, answers, set_aside=aside, problems=problems, strict=strict, path=path)


def _refuse_other_headings(headings: tuple[tuple[str, ...], ...], cells: pd.DataFrame, source: str) -> None:
    def import_id(cell: str) -> bool:
        try:
            return "ImportId" in json.loads(cell)
        except (ValueError, TypeError):
            return False

    if len(headings) == 3 and headings[2] and all(import_id(cell) for cell in headings[2]):
        return
    early = len(headings) > 2 and headings[2][0].startswith("{'ImportId'")
    what = (
        "the third row is in the early format ({'ImportId': …})"
        if early
        else "the third row holds no import ids"
    )
    mend = "export again as CSV in the present format (not 'legacy'), with all three heading rows untouched"
    raise InvalidInput(source, [Problem("row 3", f"{what}: this is not Qualtrics' present CSV export", mend)])


def _set_aside(frame: pd.DataFrame, problems: list[Problem]) -> tuple[pd.Series, pd.Series]:
    if "Status" not in frame:
        none = pd.Series(False, index=frame.index)
        return none, none
    said = frame["Status"].replace(_STATUS_TEXTS)
    strange = ~said.isin(_STATUS_NUMBERS)
    for value in said[strange].unique()[:5]:
        rows = rows_said(said.index[said == value])
        mend = near_names(value, [*_STATUS_TEXTS, *_STATUS_NUMBERS])
        problems.append(Problem(f"column Status, {rows}", f"{value!r} is no status of Qualtrics", mend))
    bits = pd.to_numeric(said.where(~strange, "0")).astype(int)
    return (bits & 3) > 0, (bits & 8) > 0


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


def _answers(
    cells: Mapping[str, pd.Series],
    texts: Mapping[str, pd.Series],
    instrument: Instrument,
    problems: list[Problem],
    index: pd.Index,
) -> pd.DataFrame:
    singles = [v for v in instrument.variables if v.kind == "single" and v.name in cells]
    numbers = {v.name: number_words(v, instrument) for v in singles}
    labels = {v.name: label_words(v, instrument) for v in singles}
    words = numbers if flavour_of(cells, numbers, labels) == "codes" else labels
    columns: dict[str, pd.Series] = {}
    for variable in instrument.variables:
        column = cells.get(variable.name)
        if column is None:
            continue
        if variable.kind == "single":
            columns[variable.name] = translate(column, words[variable.name], variable, problems)
        elif variable.kind == "option":
            columns[variable.name] = _split_tick(column, variable, problems)
        elif variable.kind == "number":
            columns[variable.name] = number_cells(column, variable, instrument, problems)
        else:
            columns[variable.name] = texts.get(variable.name, column)
    for item in _joined(instrument, cells, problems):
        columns |= split_choices(
            cells[item.id], instrument.of_item(item.id), _choice_words(item), ",", problems
        )
    return common.assemble(columns, instrument, index)


def _joined(
    instrument: Instrument, cells: Mapping[str, pd.Series], problems: list[Problem]
) -> Iterator[Item]:
    for item in instrument.items:
        if item.type == "multi" and item.id in cells:
            split = [v.name for v in instrument.of_item(item.id) if v.name in cells]
            if split:
                what = f"stands both in one column and in several ({split[0]} …)"
                problems.append(Problem(f"column {item.id}", what, "export again in one of the two ways"))
            yield item


def _choice_words(item: Item) -> dict[str, str]:
    labels = {tidy(label): option.code for option in item.options for label in option.label.values()}
    return labels | option_numbers(item.options)


def _split_tick(cells: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    option = variable.option
    if option is None:
        raise TypeError(f"{variable.name} is no option of a multi-select")
    number = [o.code for o in variable.item.options].index(option.code) + 1
    words = {"1", str(number), option.code, *(tidy(label) for label in option.label.values())}
    problems.extend(unknown_cells(cells[~cells.isin(["", "0", *words])], dict.fromkeys(words, "1"), variable))
    return ticked(cells.isin(list(words)), variable)
