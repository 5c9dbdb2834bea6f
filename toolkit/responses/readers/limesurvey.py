"""LimeSurvey's CSV export, headings by question code, answers as codes or in full.

Rules, as LimeSurvey 6 writes its files:

- rows without `submitdate` were not submitted;
- codes or full answers is told once for the whole file, by the cells that can be only one of the two;
- a multi-select option is ticked where the cell says Y or Yes; N, No and blank say nothing about
  whether it was shown, so they are read as blank and decided by routing later.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.delimited import headings_of, read_sheet
from toolkit.responses.export import Export, match_columns
from toolkit.responses.readers import common
from toolkit.responses.readers.ticks import ticked
from toolkit.responses.vocabulary import (
    code_words,
    flavour_of,
    label_words,
    number_cells,
    translate,
    unknown_cells,
)

__all__ = ["read_limesurvey"]

_OWN = {
    "id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "token", "ipaddr",
    "refurl", "interviewtime", "firstname", "lastname", "email", "completed",
}  # fmt: skip
_OWN_PATTERN = re.compile(r"groupTime\d+|.+Time|attribute_\d+")
_TICKED = ("Y", "Yes", "Oui", "Ja", "Sí", "Sì", "Sim", "1")
_NOT_TICKED = ("", "N", "No", "Non", "Nein", "Não", "Nee", "0")


def read_limesurvey(
    path: str | Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one CSV file that LimeSurvey exported with headings "Question code".

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
    sheet = read_sheet(path, source=entry.file if entry else path.name)
    headings = sheet.headings[0]
    entry = entry or common.plain_entry(path, "limesurvey", wave, headings)
    _refuse_other_headings(headings, entry.file)
    problems = list(headings_of(headings))
    frame = common.tidied(
        sheet.cells.loc[:, [not h or headings.index(h) == n for n, h in enumerate(headings)]]
    )
    frame.columns = pd.Index(list(dict.fromkeys(headings)))
    raw = dict(zip(headings, sheet.cells, strict=True))
    problems += [
        Problem(f"column {name}", "is missing", "export again with the response data (id, date submitted)")
        for name in ("id", "submitdate")
        if name not in frame
    ]
    audience = common.audiences_of(frame, entry, instrument, problems)
    organisation = common.organisations_of(frame, entry, problems)
    problems += common.rename_problems(entry, headings, instrument)
    held = match_columns(
        headings,
        instrument,
        accepted=_accepted(instrument) | entry.columns,
        needed=common.needed(entry, instrument, audience),
        other={h for h in headings if h in _OWN or _OWN_PATTERN.fullmatch(h)}
        | {entry.audience_column, entry.organisation_column or "", *entry.ignore_columns},
        absent=entry.absent,
    )
    problems += held.problems
    ids = frame["id"] if "id" in frame else pd.Series(frame.index.astype(str), index=frame.index)
    problems += common.duplicates(ids, "id")
    if "token" in frame:
        problems += common.duplicates(frame["token"][frame["token"] != ""], "token")
    cells = {
        name: common.merged_cells(frame, places, name, problems) for name, places in held.of_variable.items()
    }
    texts = {
        name: sheet.cells[raw[places[0]]] for name, places in held.of_variable.items() if len(places) == 1
    }
    answers = _answers(cells, texts, instrument, problems, frame.index)
    submitted = frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)
    people = pd.DataFrame(
        {"respondent": ids, "organisation": organisation, "audience": audience, "submitted": submitted}
    )
    return common.finish(entry, people, answers, set_aside={}, problems=problems, strict=strict, path=path)


def _refuse_other_headings(headings: tuple[str, ...], source: str) -> None:
    if "id" in headings or "submitdate" in headings:
        return
    if {"Response ID", "Date submitted", "Last page"} & set(headings):
        raise InvalidInput(
            source,
            [Problem("headings", "are question texts, which cannot be matched with certainty",
                     "export again with headings 'Question code'")],
        )  # fmt: skip
    raise InvalidInput(
        source,
        [Problem("headings", f"are not those of a LimeSurvey export ({', '.join(headings[:5])} …)",
                 "check platform and file, or export again with headings 'Question code'")],
    )  # fmt: skip


def _accepted(instrument: Instrument) -> dict[str, str]:
    accepted = {}
    for variable in instrument.variables:
        part = variable.row.id if variable.row else variable.option.code if variable.option else None
        accepted[variable.name] = variable.name
        if part is not None:
            accepted[f"{variable.item.id}[{part}]"] = variable.name
    return accepted


def _answers(
    cells: dict[str, pd.Series],
    texts: dict[str, pd.Series],
    instrument: Instrument,
    problems: list[Problem],
    index: pd.Index,
) -> pd.DataFrame:
    held = [v for v in instrument.variables if v.name in cells]
    singles = [v for v in held if v.kind == "single"]
    codes = {v.name: code_words(v, instrument) for v in singles}
    labels = {v.name: label_words(v, instrument) for v in singles}
    words = codes if flavour_of(cells, codes, labels) == "codes" else labels
    columns: dict[str, pd.Series] = {}
    for variable in held:
        column = cells[variable.name]
        if variable.kind == "single":
            columns[variable.name] = translate(column, words[variable.name], variable, problems)
        elif variable.kind == "option":
            columns[variable.name] = _ticks(column, variable, problems)
        elif variable.kind == "number":
            columns[variable.name] = number_cells(column, variable, instrument, problems)
        else:
            columns[variable.name] = texts.get(variable.name, column)
    return common.assemble(columns, instrument, index)


def _ticks(cells: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    words = dict.fromkeys((*_TICKED, *_NOT_TICKED), "")
    problems.extend(unknown_cells(cells[~cells.isin(list(words))], words, variable))
    return ticked(cells.isin(_TICKED), variable)
