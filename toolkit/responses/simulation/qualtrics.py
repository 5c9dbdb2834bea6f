"""Coded frames as CSV exports of Qualtrics, with three header rows and recode values."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.responses.simulation.fieldwork import item_counts
from toolkit.responses.simulation.limesurvey import cells, times
from toolkit.responses.simulation.people import Array, generator

__all__ = ["qualtrics_export"]

_OWN = (
    ("StartDate", "Start Date", {"ImportId": "startDate", "timeZone": "UTC"}),
    ("EndDate", "End Date", {"ImportId": "endDate", "timeZone": "UTC"}),
    ("Status", "Response Type", {"ImportId": "status"}),
    ("Progress", "Progress", {"ImportId": "progress"}),
    ("Duration (in seconds)", "Duration (in seconds)", {"ImportId": "duration"}),
    ("Finished", "Finished", {"ImportId": "finished"}),
    ("RecordedDate", "Recorded Date", {"ImportId": "recordedDate", "timeZone": "UTC"}),
    ("ResponseId", "Response ID", {"ImportId": "_recordId"}),
    ("UserLanguage", "User Language", {"ImportId": "userLanguage"}),
)
_ALPHABET = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"))


def qualtrics_export(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    opens: str,
    closes: str,
    seed: int,
    previews: int = 0,
    language: str = "en",
) -> bytes:
    """Write one audience's respondents of one wave in Qualtrics' export format.

    Names, question texts and ImportIds in three header rows; whole-number codes as they are, other codes and
    the options of a multi-select by their place (1, 2, 3 …); a multi-select in one cell, "1,3"; the
    organisation as embedded data in the last column.

    Parameters
    ----------
    frame
        A coded frame of one audience.
    instrument
        What it was coded with.
    opens, closes
        First and last day of the field phase (ISO dates).
    seed
        For times and response ids.
    previews
        Number of preview rows (Status 1) before the answers.
    language
        The language of the question texts.

    Raises
    ------
    InvalidInput
        The frame is empty or has more than one audience.
    """
    present = [str(audience) for audience in frame["audience"].unique()]
    if len(present) != 1:
        what = f"contains {' and '.join(present) or 'nobody'}, but a Qualtrics file must have one audience"
        raise InvalidInput(
            "Qualtrics export", [Problem("wrong-group", "the frame", what, "export each audience by itself")]
        )
    audience = present[0]
    tried = pd.concat([frame.iloc[:previews], frame], ignore_index=True)
    head = list(_OWN)
    columns = list(_own_columns(tried, instrument, opens, closes, seed, previews, language))
    asked = [item for item in instrument.items if audience in instrument.of_item(item.id)[0].audiences]
    for number, item in enumerate(asked, start=1):
        for name, text, tag, answers in _item_columns(tried, item, instrument, audience, language, number):
            head.append((name, text, {"ImportId": tag}))
            columns.append(answers)
    head.append(("organisation", "organisation", {"ImportId": "organisation"}))
    columns.append(cells(tried["organisation"]))
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([name for name, _, _ in head])
    writer.writerow([text for _, text, _ in head])
    writer.writerow([json.dumps(tag, separators=(",", ":")) for _, _, tag in head])
    writer.writerows(zip(*columns, strict=True))
    return lines.getvalue().encode("utf-8")


def _own_columns(
    frame: pd.DataFrame,
    instrument: Instrument,
    opens: str,
    closes: str,
    seed: int,
    previews: int,
    language: str,
) -> list[Array]:
    started, ended = times(frame, opens, closes, seed=seed)
    rng = generator(seed, "qualtrics", opens)
    letters = _ALPHABET[rng.integers(0, len(_ALPHABET), (len(frame), 15))]
    done = (frame["status"] == "complete").to_numpy()
    answered, shown = item_counts(frame, instrument)
    progress = np.where(done, 100, np.clip(np.floor(99 * answered / np.maximum(shown, 1)), 1, 99)).astype(int)
    seconds = (pd.to_datetime(ended) - pd.to_datetime(started)).total_seconds().astype(int)
    return [
        started,
        ended,
        np.where(np.arange(len(frame)) < previews, "1", "0"),
        progress.astype(str),
        np.asarray(seconds).astype(str),
        np.where(done, "1", "0"),
        ended,
        np.array(["R_" + "".join(row) for row in letters], dtype=object),
        np.full(len(frame), language.upper()),
    ]


def _item_columns(
    frame: pd.DataFrame, item: Item, instrument: Instrument, audience: str, language: str, number: int
) -> list[tuple[str, str, str, Array]]:
    """Yield name, text, ImportId and cells of an item's columns."""
    variables = [v for v in instrument.of_item(item.id) if audience in v.audiences]
    if item.type == "multi":
        stem = (item.text.get(audience) or item.text["all"])[language]
        ticks = (item.id, stem, f"QID{number}", _ticked(frame, variables))
        return [ticks, *_words(frame, item, instrument, language, number)]
    found = []
    for place, variable in enumerate(variables, start=1):
        tag = f"QID{number}" + (f"_{place}" if item.type == "matrix" else "")
        text = variable.wording(audience, language)
        if variable.row:
            stem = (item.text.get(audience) or item.text["all"])[language]
            text = f"{stem} - {text.removeprefix(stem).strip()}"
        tag += "_TEXT" if variable.kind in ("text", "number") else ""
        found.append((variable.name, text, tag, _answers(frame[variable.name], variable, instrument)))
    return [*found, *_words(frame, item, instrument, language, number)]


def _words(
    frame: pd.DataFrame, item: Item, instrument: Instrument, language: str, number: int
) -> list[tuple[str, str, str, Array]]:
    """Yield the column of a write-in's text, if the item has one."""
    write_in = instrument.write_in_of(item.id)
    if write_in is None or write_in.option is None:
        return []
    first = instrument.of_item(item.id)[0]
    codes = list(first.codes) if first.kind == "single" else [option.code for option in item.options]
    end = f"{codes.index(write_in.option.code) + 1}_TEXT"
    tag = f"QID{number}_{end}"
    return [(f"{item.id}_{end}", write_in.label(language), tag, cells(frame[write_in.name]))]


def _ticked(frame: pd.DataFrame, variables: list[Variable]) -> Array:
    ticked = pd.Series("", index=frame.index, dtype="str")
    for place, variable in enumerate(variables, start=1):
        ticked = ticked.where(frame[variable.name] != "1", ticked + f",{place}")
    return cells(ticked.str.removeprefix(","))


def _answers(column: pd.Series, variable: Variable, instrument: Instrument) -> Array:
    if variable.kind == "text":
        return cells(column)
    if variable.kind == "number":
        return cells(column.map("{:.10g}".format, na_action="ignore"))
    whole = all(code.isdigit() for code in variable.codes)
    places = {code: code if whole else str(place) for place, code in enumerate(variable.codes, start=1)}
    words = places | instrument.missing_on_screen(variable)
    return cells(column.astype("str").map(words))
