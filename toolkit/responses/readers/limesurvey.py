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
from toolkit.responses.delimited import Sheet
from toolkit.responses.export import Export
from toolkit.responses.readers.platform import Platform, read_platform
from toolkit.responses.readers.ticks import ticked
from toolkit.responses.vocabulary import code_words, unknown_cells

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
    return read_platform(_LIMESURVEY, Path(path), instrument, entry=entry, wave=wave, strict=strict)


def _refuse(sheet: Sheet, source: str) -> None:
    headings = sheet.headings[0]
    if "id" in headings or "submitdate" in headings:
        return
    if {"Response ID", "Date submitted", "Last page"} & set(headings):
        what = "are question texts, which cannot be matched with certainty"
        mend = "export again with headings 'Question code'"
    else:
        what = f"are not those of a LimeSurvey export ({', '.join(headings[:5])} …)"
        mend = "check platform and file, or export again with headings 'Question code'"
    raise InvalidInput(source, [Problem("headings", what, mend)])


def _accepted(instrument: Instrument) -> dict[str, str]:
    accepted = {}
    for variable in instrument.variables:
        accepted[variable.name] = variable.name
        if variable.part is not None:
            accepted[f"{variable.item.id}[{variable.part}]"] = variable.name
    return accepted


def _ticks(cells: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    words = dict.fromkeys((*_TICKED, *_NOT_TICKED), "")
    problems.extend(unknown_cells(cells[~cells.isin(list(words))], words, variable))
    return ticked(cells.isin(_TICKED), variable)


def _submitted(frame: pd.DataFrame, problems: list[Problem]) -> pd.Series:
    return frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)


_LIMESURVEY = Platform(
    name="limesurvey",
    heading_rows=1,
    id_column="id",
    required=("id", "submitdate"),
    mend="export again with the response data (id, date submitted)",
    unique=("token",),
    stamp="seed",
    blank=(),
    numbered=False,
    own=lambda heading: heading in _OWN or _OWN_PATTERN.fullmatch(heading) is not None,
    refuse=_refuse,
    accepted=_accepted,
    codes=code_words,
    tick=_ticks,
    joined=lambda cells, instrument, problems: {},
    aside=lambda frame, problems: {},
    submitted=_submitted,
)
