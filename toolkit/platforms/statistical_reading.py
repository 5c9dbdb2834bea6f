"""SPSS and Stata files: columns by name in any case, values by code, value labels as a check.

Rules:

- values declared user-missing are kept; what they mean is told by the manifest, the study file's `missing`,
  or by a value label that says it ("Don't know", "Not asked"); any other is refused, never made blank;
- a code that carries the label of another code is refused: the scale runs the other way;
- in a multiple-response set of dichotomies, the value that the set counts is the tick, whatever it is;
- the columns of a coded frame (respondent, organisation, wave, audience, status) count as the platform's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms.answers import AnswersFile, PlatformName
from toolkit.platforms.engine import read_platform
from toolkit.platforms.exports import Export
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Opening, Sheet, without_empty_columns
from toolkit.platforms.limesurvey.reading import own_of_limesurvey
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.platform import Platform
from toolkit.platforms.vocabulary import code_words, option_labels, tidy

__all__ = ["SPSS", "STATA", "read_spss", "read_stata"]

_OWN = {"respondent", "source", "status", "weight"}


def read_spss(
    path: str | Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one .sav or .zsav file.

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
    return read_platform(SPSS, Path(path), instrument, entry=entry, wave=wave, strict=strict)


def read_stata(
    path: str | Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one .dta file; see `read_spss`.

    Raises
    ------
    InvalidInput
        With every problem of the file.
    """
    return read_platform(STATA, Path(path), instrument, entry=entry, wave=wave, strict=strict)


def _load(path: Path, source: str, how: Opening) -> Sheet:
    sheet = read_cells(path, source=source, how=how)
    if sheet.delimiter:
        what = "is a text file, not one of SPSS or Stata"
        raise InvalidInput(
            source, [Problem("wrong-file", "file", what, "correct platform in the study file")]
        )
    return sheet


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    """Who finished: a coded frame's status, LimeSurvey's date; where neither is there, everyone."""
    if "status" in frame:
        return frame["status"] != "partial"
    return frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)


def _sets_joined(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    """Read multiple-response sets: of categories as one column of the item it is named after, ticks as set.

    The columns of such a set hold the first option chosen, the second, and so on.
    """
    for name, places in sheet.sets.items():
        items = [
            one for one in instrument.items if one.type == "multi" and one.id == name.lstrip("$").lower()
        ]
        if not items or not places or manifest is not None:
            continue
        codes = option_labels(items[0].options)
        columns = []
        for place in places:
            labels = sheet.labels.get(place, {})
            told = {value: codes[tidy(label)] for value, label in labels.items() if tidy(label) in codes}
            cells = sheet.cells.iloc[:, place].astype(str)
            cells = cells.where(~cells.isin(list(sheet.declared.get(place, ()))), "")
            columns.append([told.get(cell, cell) for cell in cells])
        cells = sheet.cells.copy()
        for place in places:
            cells.isetitem(place, "")
        chosen = [
            "\n".join(dict.fromkeys(one for one in row if one.strip())) for row in zip(*columns, strict=True)
        ]
        cells[cells.shape[1]] = pd.Series(chosen, index=cells.index, dtype=str)
        headings = ["" if place in places else heading for place, heading in enumerate(sheet.names)]
        note = f"multiple-response set {name} of categories, read as '{items[0].id}'"
        sheet = replace(sheet, headings=((*headings, items[0].id),), cells=cells, notes=(*sheet.notes, note))
    sheet = without_empty_columns(sheet) if sheet.sets else sheet
    return _counted(sheet, instrument)


def _counted(sheet: Sheet, instrument: Instrument) -> Sheet:
    """Tick the columns of sets of dichotomies by the value that their set counts, where that is not 1.

    Other values become "Unchecked", except those declared missing. A column of the set that is not an option
    of a multi-select keeps its cells.
    """
    changed: list[str] = []
    cells, labels = sheet.cells, dict(sheet.labels)
    for place, value in sheet.counted.items():
        name = _code(sheet.names[place])
        if value == "1" or (name in instrument and instrument[name].kind != "option"):
            continue
        column = cells.iloc[:, place].astype(str)
        other = ~column.isin(["", value, *sheet.declared.get(place, ())])
        cells = cells if changed else cells.copy()
        cells.isetitem(place, column.mask(other, "Unchecked").mask(column == value, "Checked"))
        labels.pop(place, None)
        changed.append(f"{sheet.names[place]} ({value})")
    if not changed:
        return sheet
    shown = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
    note = f"ticked is the value that the multiple-response set counts: {shown}"
    return replace(sheet, cells=cells, labels=labels, notes=(*sheet.notes, note))


def _code(name: str) -> str:
    """Names are written in any case."""
    return name if re.search("[a-z]", name) else name.lower()


def _platform(name: PlatformName, manifest: str) -> Platform:
    return Platform(
        name=name,
        load=_load,
        id_columns=("respondent", "id", "ResponseId", "RESPONDENT", "ID"),
        ended=("submitdate", "enddate", "datestamp", "recordeddate", "startdate"),
        own=lambda heading: heading.lower() in _OWN or own_of_limesurvey(heading),
        spellings=lambda heading: (_code(heading),),
        codes=code_words,
        submitted=_submitted,
        coded=_sets_joined,
        manifests=(manifest, name),
    )


SPSS = _platform("spss", "sav")
STATA = _platform("stata", "dta")
