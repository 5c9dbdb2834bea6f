"""Simulated answers as files of LimeSurvey and Qualtrics."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.simulation.fieldwork import answered_cells, item_counts
from toolkit.simulation.population import Array, generator

# Coded frames as CSV exports of LimeSurvey 6, with question codes as headings.


def limesurvey_export(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    answers: Literal["codes", "full"] = "codes",
    opens: str,
    closes: str,
    seed: int,
    language: str = "en",
    further: Mapping[str, Array] = MappingProxyType({}),
) -> bytes:
    """Write the respondents of one wave in LimeSurvey's export format.

    UTF-8 with a byte order mark, `;`, everything quoted, CRLF, an empty last line. Items that none of the
    frame's audiences is asked are left out. In full answers an option no one ticked is "No", also for those
    who were never asked, as LimeSurvey does it. The audience is in one column, "audience", as in surveys that
    were set up before exports asked three questions for it (docs/decisions/027); both are read.

    Parameters
    ----------
    frame
        A coded frame.
    instrument
        What it was coded with.
    answers
        "codes" or "full", as the export page of LimeSurvey names them.
    opens, closes
        First and last day of the field phase (ISO dates).
    seed
        For the times and LimeSurvey's own random seeds.
    language
        The language the answers are written in.
    further
        Heading → cells of columns to append.

    Raises
    ------
    InvalidInput
        A further column has the heading of another.
    """
    started, ended = times(frame, opens, closes, seed=seed)
    done = (frame["status"] == "complete").to_numpy()
    # the number of the last page with an answer
    sections = np.ones(len(frame), dtype=int)
    for number, section in enumerate(instrument.sections, start=1):
        names = [v.name for item in section.items for v in instrument.of_item(item) if v.name in frame]
        answered = [answered_cells(frame[name]) for name in names]
        if answered:
            sections = np.where(np.logical_or.reduce(answered), number, sections)
    columns: dict[str, object] = {
        "id": np.arange(1, len(frame) + 1).astype(str),
        "submitdate": np.where(done, ended, ""),
        "lastpage": np.where(done, len(instrument.sections), sections).astype(str),
        "startlanguage": np.full(len(frame), language),
        "seed": generator(seed, "limesurvey", opens).integers(10**8, 2 * 10**9, len(frame)).astype(str),
        "startdate": started,
        "datestamp": ended,
        "organisation": cells(frame["organisation"]),
        "audience": _audience(frame, instrument, answers, language),
    }
    present = set(frame["audience"].unique())
    for variable in instrument.variables:
        if variable.item.type == "ranking":
            columns |= _by_rank(frame, variable, instrument, answers, language)
            continue
        if variable.kind == "option" and variable.option is not None and variable.option.write_in:
            continue  # represented by its text
        if present & set(variable.audiences):
            words = _words(variable, instrument, answers, language)
            columns[_heading(variable)] = _answers(frame[variable.name], variable, words)
    _refuse_doubled(columns, further)
    text: str = pd.DataFrame({**columns, **further}).to_csv(
        index=False, sep=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    )
    return (text + "\r\n").encode("utf-8-sig")


def _refuse_doubled(headings: Collection[str], further: Iterable[str]) -> None:
    doubled = [name for name in further if name in headings]
    if doubled:
        hint = "choose another heading"
        problems = [Problem("name-taken", f"column {name}", "is a column already", hint) for name in doubled]
        raise InvalidInput("simulated export", problems)


def made_up_weights(frame: pd.DataFrame, *, seed: int) -> Array:
    """Draw a positive weight with three decimals for every respondent, about 1 on average."""
    return np.exp(generator(seed, "weights").normal(-0.04, 0.3, len(frame))).round(3)


def times(frame: pd.DataFrame, opens: str, closes: str, *, seed: int) -> tuple[Array, Array]:
    """Format when each respondent started and last acted, in frame order."""
    rng = generator(seed, "times", opens)
    first, last = pd.Timestamp(opens) + pd.Timedelta(hours=8), pd.Timestamp(closes) + pd.Timedelta(hours=18)
    offsets = np.sort(rng.integers(0, int((last - first).total_seconds()), len(frame)))
    lasted = rng.integers(240, 1500, len(frame))
    started = first + pd.to_timedelta(offsets, unit="s")
    ended = started + pd.to_timedelta(lasted, unit="s")
    form = "%Y-%m-%d %H:%M:%S"
    return np.asarray(started.strftime(form), dtype=object), np.asarray(ended.strftime(form), dtype=object)


def cells(column: pd.Series, otherwise: str = "") -> Array:
    """Format text for a file, with `otherwise` for missing values."""
    return np.asarray(column.astype("object").where(column.notna(), otherwise), dtype=object)


_OTHER = {"codes": "-oth-", "full": "Other"}


def _by_rank(
    frame: pd.DataFrame, variable: Variable, instrument: Instrument, answers: str, language: str
) -> dict[str, Array]:
    """Return LimeSurvey's columns of a ranking: one per rank, holding the option."""
    options = instrument.of_item(variable.item.id)
    if variable != options[0]:
        return {}
    found = {}
    for rank in range(1, len(options) + 1):
        held = pd.Series("", index=frame.index, dtype="str")
        for one in options:
            text = str(one.part) if answers == "codes" else one.label(language)
            held = held.mask((frame[one.name] == str(rank)).to_numpy(), text)
        found[f"{variable.item.id}[{rank}]"] = cells(held)
    return found


def _heading(variable: Variable) -> str:
    if variable.write_in:
        return f"{variable.item.id}[other]"
    return variable.item.id if variable.part is None else f"{variable.item.id}[{variable.part}]"


def _audience(frame: pd.DataFrame, instrument: Instrument, answers: str, language: str) -> Array:
    words = {
        name: audience.code if answers == "codes" else audience.label[language]
        for name, audience in instrument.audiences.items()
    }
    return cells(frame["audience"].astype("str").map(words))


def _words(variable: Variable, instrument: Instrument, answers: str, language: str) -> dict[str, str]:
    """Map analysis codes to the text in the file; anything else is an empty cell (or "No" for an option)."""
    if variable.kind == "option":
        return {"1": "Y"} if answers == "codes" else {"1": "Yes"}
    write_in = instrument.write_in_of(variable.item.id)
    own = {} if write_in is None or write_in.option is None else {write_in.option.code: _OTHER[answers]}
    if answers == "codes":
        return {code: code for code in variable.codes} | own | instrument.missing_on_screen(variable)
    offered = {missing.becomes: missing.label[language] for missing in instrument.missing_of(variable)}
    return variable.code_labels(language) | own | offered


def _answers(column: pd.Series, variable: Variable, words: dict[str, str]) -> Array:
    if variable.kind == "text":
        return cells(column)
    if variable.kind == "number":
        return cells(column.map("{:.10g}".format, na_action="ignore"))
    otherwise = "No" if words == {"1": "Yes"} else ""
    return cells(column.astype("str").map(words), otherwise)


# Coded frames as CSV exports of Qualtrics, with three header rows and recode values.


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
    further: Mapping[str, Array] = MappingProxyType({}),
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
    further
        Heading → cells of columns to append.

    Raises
    ------
    InvalidInput
        The frame is empty or has more than one audience; a further column has the heading of another.
    """
    present = [str(audience) for audience in frame["audience"].unique()]
    if len(present) != 1:
        what = f"contains {' and '.join(present) or 'no one'}, but a Qualtrics file must have one audience"
        raise InvalidInput(
            "Qualtrics export", [Problem("wrong-group", "the frame", what, "export each audience separately")]
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
    _refuse_doubled([name for name, _, _ in head], further)
    for name, values in further.items():
        head.append((name, name, {"ImportId": name}))
        columns.append(np.concatenate([values[:previews], values]))
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
        return [ticks, *_qualtrics_text(frame, item, instrument, language, number)]
    found = []
    for place, variable in enumerate(variables, start=1):
        tag = f"QID{number}" + (f"_{place}" if item.type == "matrix" else "")
        text = variable.wording(audience, language)
        if variable.row:
            stem = (item.text.get(audience) or item.text["all"])[language]
            text = f"{stem} - {text.removeprefix(stem).strip()}"
        tag += "_TEXT" if variable.kind in ("text", "number") else ""
        found.append(
            (variable.name, text, tag, _qualtrics_answers(frame[variable.name], variable, instrument))
        )
    return [*found, *_qualtrics_text(frame, item, instrument, language, number)]


def _qualtrics_text(
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


def _qualtrics_answers(column: pd.Series, variable: Variable, instrument: Instrument) -> Array:
    if variable.kind == "text":
        return cells(column)
    if variable.kind == "number":
        return cells(column.map("{:.10g}".format, na_action="ignore"))
    whole = all(code.isdigit() for code in variable.codes)
    places = {code: code if whole else str(place) for place, code in enumerate(variable.codes, start=1)}
    words = places | instrument.missing_on_screen(variable)
    return cells(column.astype("str").map(words))


@dataclass(frozen=True)
class SimulatedExport:
    """A platform's export format in which answers can be simulated.

    Parameters
    ----------
    write
        Coded frame, instrument, first and last day of the field phase, seed → content of the file. Further
        keyword arguments are settings of the format.
    one_audience
        Whether each file holds one audience.
    """

    write: Callable[..., bytes]
    one_audience: bool = False


EXPORTS: Mapping[str, SimulatedExport] = {
    "limesurvey": SimulatedExport(limesurvey_export),
    "qualtrics": SimulatedExport(qualtrics_export, one_audience=True),
}
"""Name of a platform → its format for simulated answers; every list of these platforms is read from here."""
