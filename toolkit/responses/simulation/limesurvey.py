"""Coded frames as CSV exports of LimeSurvey 6, with question codes as headings."""

from __future__ import annotations

import csv
from typing import Literal

import numpy as np
import pandas as pd

from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.simulation.fieldwork import answered_cells
from toolkit.responses.simulation.people import Array, generator

__all__ = ["cells", "limesurvey_export", "times"]


def limesurvey_export(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    answers: Literal["codes", "full"] = "codes",
    opens: str,
    closes: str,
    seed: int,
    language: str = "en",
) -> bytes:
    """Write the respondents of one wave in LimeSurvey's export format.

    UTF-8 with a byte order mark, `;`, everything quoted, CRLF, an empty last line. Items that none of the
    frame's audiences is asked are left out. In full answers an option nobody ticked is "No", also for those
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
    """
    started, ended = times(frame, opens, closes, seed=seed)
    done = (frame["status"] == "complete").to_numpy()
    sections = _last_section(frame, instrument)
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
    text: str = pd.DataFrame(columns).to_csv(
        index=False, sep=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    )
    return (text + "\r\n").encode("utf-8-sig")


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
            said = str(one.part) if answers == "codes" else one.label(language)
            held = held.mask((frame[one.name] == str(rank)).to_numpy(), said)
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


def _last_section(frame: pd.DataFrame, instrument: Instrument) -> Array:
    """Return the number of the last page with an answer."""
    page = np.ones(len(frame), dtype=int)
    for number, section in enumerate(instrument.sections, start=1):
        names = [v.name for item in section.items for v in instrument.of_item(item) if v.name in frame]
        answered = [answered_cells(frame[name]) for name in names]
        if answered:
            page = np.where(np.logical_or.reduce(answered), number, page)
    return page
