"""Whose answers the rows of a file are: audiences, organisations, ids, waves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.responses.answers import AnswersFile
from toolkit.responses.naming import or_else, rows_said
from toolkit.responses.vocabulary import audience_words

__all__ = [
    "all_audiences",
    "audiences_of",
    "duplicates",
    "filled_by_others",
    "needed",
    "organisations_of",
    "other_wave",
    "possible_audiences",
    "strays",
]


def all_audiences(cells: pd.Series, instrument: Instrument) -> bool:
    """Whether a column holds audiences and nothing else."""
    said = cells[cells != ""]
    return len(said) > 0 and bool(said.isin(list(audience_words(instrument.audiences, numbered=False))).all())


def possible_audiences(entry: AnswersFile, instrument: Instrument) -> tuple[str, ...]:
    """The audiences the file may hold."""
    return (entry.audience,) if entry.audience else entry.audiences or tuple(instrument.audiences)


def audiences_of(
    frame: pd.DataFrame,
    entry: AnswersFile,
    instrument: Instrument,
    problems: list[Problem],
    *,
    numbered: bool = False,
) -> pd.Series:
    """The audience of each row, missing where blank; strange ones are added to `problems`.

    Where the study file says the audience of the whole file, a column may only agree with it.
    """
    if entry.audience_column not in frame:
        if entry.audience is None:
            problems.append(
                Problem(
                    f"column {entry.audience_column}",
                    "is missing: nothing says to which audience a row belongs",
                    "write audience: … for the file, or audience_column: …",
                )
            )
        return pd.Series(entry.audience, index=frame.index, dtype=str)
    said = frame[entry.audience_column].astype(str)
    words = audience_words(instrument.audiences, numbered=numbered)
    found = said.map({"": np.nan, **words}).astype(str)
    _strange(said[found.isna() & (said != "")], entry.audience_column, words, problems)
    allowed = possible_audiences(entry, instrument)
    for other in found[found.notna() & ~found.isin(list(allowed))].unique():
        rows = found.index[found == other]
        problems.append(
            Problem(
                f"column {entry.audience_column}, {rows_said(rows)}",
                f"answers of audience '{other}', which this file is not for ({', '.join(allowed)})",
                "correct audience or audiences in the study file, or take the rows out",
            )
        )
    return found if entry.audience is None else found.fillna(entry.audience)


def strays(
    frame: pd.DataFrame, column: str, instrument: Instrument, idle: pd.Series, *, numbered: bool = False
) -> dict[str, pd.Series]:
    """Rows to set aside because their audience is unknown and nobody would miss their answers.

    Whoever opens a link with a misspelt audience is asked nothing and leaves: such a row is no response.

    Parameters
    ----------
    idle
        Rows that were not submitted, or hold no answer.

    Returns
    -------
    dict[str, pd.Series]
        Reason → rows; empty where there are none.
    """
    if column not in frame:
        return {}
    said = frame[column].astype(str)
    words = audience_words(instrument.audiences, numbered=numbered)
    stray = (said != "") & ~said.isin(list(words)) & idle
    if not stray.any():
        return {}
    shown = ", ".join(repr(value[:20]) for value in said[stray].unique()[:3])
    more = " …" if said[stray].nunique() > 3 else ""
    return {f"no valid audience ({shown}{more}), unfinished or without an answer": stray}


def _strange(said: pd.Series, column: str, words: Mapping[str, str], problems: list[Problem]) -> None:
    for value in said.unique()[:5]:
        problems.append(
            Problem(
                f"column {column}, {rows_said(said.index[said == value])}",
                f"{value!r} is no audience of the instrument",
                near_names(value, words),
            )
        )


def needed(entry: AnswersFile, instrument: Instrument, audience: pd.Series) -> list[str]:
    """Variables somebody in the file was to be asked; where audiences are not told, those of them all."""
    present = set(audience.dropna().unique())
    possible = set(possible_audiences(entry, instrument))
    return [
        variable.name
        for variable in instrument.variables
        if set(variable.audiences) & present or (not present and possible <= set(variable.audiences))
    ]


def filled_by_others(
    cells: pd.Series, heading: str, name: str, audiences: tuple[str, ...], audience: pd.Series
) -> Iterator[Problem]:
    """Answers in a column of one audience in rows of another."""
    cells = cells.astype(str)
    wrong = cells[(cells.str.strip() != "") & audience.notna() & ~audience.isin(list(audiences))]
    if len(wrong):
        yield Problem(
            f"column {heading}, {rows_said(wrong.index)}",
            f"holds answers of {audience[wrong.index[0]]}s to '{name}', but it is the column of "
            + " and ".join(audiences),
            "correct the audience of these rows, or the heading",
        )


def other_wave(frame: pd.DataFrame, entry: AnswersFile, accepted: Mapping[str, str]) -> Iterator[Problem]:
    """Rows of a column `wave` that name another wave than the study file."""
    if "wave" not in frame or "wave" in accepted or "wave" in entry.ignore_columns:
        return
    other = frame["wave"][~frame["wave"].isin(["", entry.wave])]
    if len(other):
        yield Problem(
            f"column wave, {rows_said(other.index)}",
            f"names wave {other.iloc[0]!r}, but the study file says the file is of wave '{entry.wave}'",
            "put the right export in its place, correct wave, or list the column under ignore_columns",
        )


def organisations_of(frame: pd.DataFrame, entry: AnswersFile, problems: list[Problem]) -> pd.Series:
    """The organisation of each row, missing where blank.

    Where the study file says the organisation of the whole file, a column may only agree with it.
    """
    column = entry.organisation_column
    if column is None or column not in frame:
        if column is not None and entry.organisation is None:
            problems.append(
                Problem(
                    f"column {column}",
                    "is missing: nothing says to which organisation a row belongs",
                    or_else(
                        near_names(column, frame.columns), "write organisation: … or organisation_column: …"
                    ),
                )
            )
        return pd.Series(entry.organisation, index=frame.index, dtype=str)
    said = frame[column].astype(str)
    said = said.where(said != "")
    if entry.organisation is None:
        if len(said) and said.isna().all():
            what = "is blank in every row, so that no answer belongs to any organisation"
            mend = "export again with it, or write organisation: … or organisation_column: null for the file"
            problems.append(Problem(f"column {column}", what, mend))
        return said
    other = said[said.notna() & (said != entry.organisation)]
    if len(other):
        problems.append(
            Problem(
                f"column {column}, {rows_said(other.index)}",
                f"names {other.iloc[0]!r}, but the study file says the file is of '{entry.organisation}'",
                "correct one of them",
            )
        )
    return said.fillna(entry.organisation)


def duplicates(ids: pd.Series, what: str) -> Iterator[Problem]:
    """Respondents that stand twice, and rows without an id."""
    blank = ids == ""
    if blank.any():
        yield Problem(
            f"column {what}, {rows_said(ids.index[blank])}", "is blank", "give every row its own id"
        )
    twice = ids[~blank & ids.duplicated(keep=False)]
    if len(twice):
        first = twice.iloc[0]
        rows = ", ".join(str(row) for row in twice.index[twice == first][:4])
        others = twice.nunique() - 1
        yield Problem(
            f"column {what}, rows {rows}",
            f"respondent {first!r} stands twice" + (f", and so do {others} others" if others else ""),
            "keep one row of each and say which",
        )
