"""Whose answers the rows of a file are: audiences, organisations, ids, waves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.naming import or_else, rows_said
from toolkit.platforms.vocabulary import Findings, as_known, audience_words


def all_audiences(cells: pd.Series, instrument: Instrument) -> bool:
    """Return whether a column holds audiences and nothing else."""
    stated = cells[cells != ""]
    return len(stated) > 0 and bool(
        stated.isin(list(audience_words(instrument.audiences, numbered=False))).all()
    )


def possible_audiences(entry: AnswersFile, instrument: Instrument) -> tuple[str, ...]:
    """List the audiences that the file may hold."""
    return (entry.audience,) if entry.audience else entry.audiences or tuple(instrument.audiences)


def audiences_of(
    frame: pd.DataFrame,
    entry: AnswersFile,
    instrument: Instrument,
    problems: list[Problem],
    *,
    numbered: bool = False,
) -> pd.Series:
    """Read the audience of each row, missing if blank; unknown ones are added to `problems`.

    Where the study file gives the audience of the whole file, a column may only agree with it.
    """
    if entry.audience_column not in frame:
        if entry.audience is None:
            problems.append(
                Problem(
                    "missing-column",
                    f"column {entry.audience_column}",
                    "is missing: the audience of a row is unknown",
                    "write audience: … for the file, or audience_column: …",
                )
            )
        return pd.Series(entry.audience, index=frame.index, dtype=str)
    stated = frame[entry.audience_column].astype(str)
    words = audience_words(instrument.audiences, numbered=numbered)
    stated = as_known(stated, words, problems)
    found = stated.map({"": np.nan, **words}).astype(str)
    _strange(stated[found.isna() & (stated != "")], entry.audience_column, words, problems)
    allowed = possible_audiences(entry, instrument)
    for other in found[found.notna() & ~found.isin(list(allowed))].unique():
        rows = found.index[found == other]
        problems.append(
            Problem(
                "wrong-group",
                f"column {entry.audience_column}, {rows_said(rows)}",
                f"answers of audience '{other}', which this file is not for ({', '.join(allowed)})",
                "correct audience or audiences in the study file, or remove the rows",
            )
        )
    return found if entry.audience is None else found.fillna(entry.audience)


def strays(
    frame: pd.DataFrame, column: str, instrument: Instrument, idle: pd.Series, *, numbered: bool = False
) -> dict[str, pd.Series]:
    """Find rows to set aside whose audience is unknown and that are unfinished or without answers.

    A respondent who opens a link with a misspelt audience is asked nothing: such a row is not a response.

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
    stated = frame[column].astype(str)
    words = audience_words(instrument.audiences, numbered=numbered)
    stray = (stated != "") & ~stated.isin(list(words)) & idle
    if not stray.any():
        return {}
    shown = ", ".join(repr(value[:20]) for value in stated[stray].unique()[:3])
    more = " …" if stated[stray].nunique() > 3 else ""
    return {f"no valid audience ({shown}{more}), unfinished or without an answer": stray}


def _strange(stated: pd.Series, column: str, words: Mapping[str, str], problems: list[Problem]) -> None:
    for value in stated.unique()[:5]:
        problems.append(
            Problem(
                "unknown-audience",
                f"column {column}, {rows_said(stated.index[stated == value])}",
                f"{value!r} is not an audience of the instrument",
                near_names(value, words),
            )
        )


def needed(entry: AnswersFile, instrument: Instrument, audience: pd.Series) -> list[str]:
    """Return variables that someone in the file was asked; of all audiences if they are unknown."""
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
    """Find answers in a column of one audience in rows of another."""
    cells = cells.astype(str)
    wrong = cells[(cells.str.strip() != "") & audience.notna() & ~audience.isin(list(audiences))]
    if len(wrong):
        yield Problem(
            "wrong-group",
            f"column {heading}, {rows_said(wrong.index)}",
            f"holds answers of {audience[wrong.index[0]]}s to '{name}', but it is the column of "
            + " and ".join(audiences),
            "correct the audience of these rows, or the heading",
        )


def other_wave(
    frame: pd.DataFrame, entry: AnswersFile, accepted: Mapping[str, str], column: str = "wave"
) -> Iterator[Problem]:
    """Find rows whose column `wave` names another wave than the study file."""
    named = entry.wave_column.column if entry.wave_column else None
    if column not in frame or column in (*accepted, *entry.ignore_columns, named):
        return
    other = frame[column][~frame[column].isin(["", entry.wave])]
    if len(other):
        yield Problem(
            "wrong-group",
            f"column {column}, {rows_said(other.index)}",
            f"names wave {other.iloc[0]!r}, but the study file assigns the file to wave '{entry.wave}'",
            "put the right export in its place, correct wave, list the column under ignore_columns, or write "
            f"wave: {{column: {column}}} where it holds several",
        )


def organisations_of(frame: pd.DataFrame, entry: AnswersFile, problems: list[Problem]) -> pd.Series:
    """Read the organisation of each row, missing if blank.

    Where the study file gives the organisation of the whole file, a column may only agree with it.
    """
    column = entry.organisation_column
    if column is None or column not in frame:
        if column is not None and entry.organisation is None:
            problems.append(
                Problem(
                    "missing-column",
                    f"column {column}",
                    "is missing: the organisation of a row is unknown",
                    or_else(
                        near_names(column, frame.columns), "write organisation: … or organisation_column: …"
                    ),
                )
            )
        return pd.Series(entry.organisation, index=frame.index, dtype=str)
    stated = frame[column].astype(str)
    stated = stated.where(stated != "")
    if entry.organisation is None:
        if len(stated) and stated.isna().all():
            what = "is blank in every row, so that no answer belongs to any organisation"
            hint = "export again with it, or write organisation: … or organisation_column: null for the file"
            problems.append(Problem("missing-value", f"column {column}", what, hint))
        return stated
    other = stated[stated.notna() & (stated != entry.organisation)]
    if len(other):
        problems.append(
            Problem(
                "wrong-group",
                f"column {column}, {rows_said(other.index)}",
                f"names {other.iloc[0]!r}, but the study file assigns the file to '{entry.organisation}'",
                "correct one of them",
            )
        )
    return stated.fillna(entry.organisation)


def duplicates(ids: pd.Series, what: str) -> Iterator[Problem]:
    """Find duplicate respondents and rows without an id."""
    blank = ids == ""
    if blank.any():
        yield Problem(
            "missing-value",
            f"column {what}, {rows_said(ids.index[blank])}",
            "is blank",
            "give every row its own id",
        )
    twice = ids[~blank & ids.duplicated(keep=False)]
    if len(twice):
        first = twice.iloc[0]
        rows = ", ".join(str(row) for row in twice.index[twice == first][:4])
        others = twice.nunique() - 1
        yield Problem(
            "duplicate-id",
            f"column {what}, rows {rows}",
            f"respondent {first!r} occurs twice" + (f", and so do {others} others" if others else ""),
            "keep one row of each, by rule: duplicates: last submitted (or last, first, most answers)",
        )


def rounded(ids: pd.Series) -> bool:
    """Return whether a spreadsheet program has rounded ids to duplicates (6.35E+17).

    Such programs keep 15 digits of a number.
    """
    twice = ids[(ids != "") & ids.duplicated(keep=False)].unique()
    return len(twice) > 0 and all(
        re.fullmatch(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,3}", one) or re.fullmatch(r"[1-9][0-9]{14}0+", one)
        for one in twice
    )


def ids_of(frame: pd.DataFrame, column: str | None, problems: list[Problem], *, named: bool) -> pd.Series:
    """Read the id of each row; its row number if there is no column, or a spreadsheet program damaged it.

    Parameters
    ----------
    named
        Whether the study file names the column: it is then not ignored.
    """
    numbers = pd.Series(frame.index.astype(str), index=frame.index)
    if column is None:
        return numbers
    ids = frame[column].astype(str)
    if not rounded(ids):
        problems.extend(duplicates(ids, column))
        return ids
    example = ids[ids.duplicated()].iloc[0]
    if not named:
        if isinstance(problems, Findings):
            what = f"column {column}: ids rounded by a spreadsheet program ({example}); row numbers are used"
            problems.note(what, pd.Series(True, index=frame.index))
        return numbers
    where = f"column {column}, {rows_said(ids.index[ids == example])}"
    what = f"a spreadsheet program has rounded the ids: {example} is shared by different people"
    hint = "leave `respondent` out of the mapping (rows are then identified by number), or export again"
    problems.append(Problem("damaged-file", where, what, hint))
    return numbers


def other_rows(
    frame: pd.DataFrame,
    submitted: pd.Series,
    entry: AnswersFile,
    by: Sequence[Sequence[str]],
    problems: list[Problem],
    dated: Sequence[str] = (),
) -> dict[str, pd.Series]:
    """Return the rows of a respondent that do not count, by the study file's rule.

    Parameters
    ----------
    frame
        Rows that nothing else sets aside.
    by
        Sets of columns that tell a respondent, tried in turn.
    dated
        The platform's own dates, likeliest first.

    Returns
    -------
    dict
        The reason → rows (bool); nothing where the study file gives no rule.
    """
    rule = entry.duplicates
    if rule is None:
        return {}
    lacking = [name for name in (*rule.by, rule.order) if name is not None and name not in frame]
    if lacking:
        problems += [
            Problem(
                "unknown-column",
                f"duplicates: column {name}",
                "is not in the file",
                near_names(name, frame.columns),
            )
            for name in lacking
        ]
        return {}
    when = _when(frame, rule.order, dated, problems)
    answers = pd.Series(0, index=frame.index)
    if rule.keep == "most answers":
        answers = sum((frame[name].astype(str) != "" for name in frame), answers)
    order = pd.DataFrame({"answers": answers, "submitted": submitted, "when": when, "row": range(len(frame))})
    first = rule.keep.startswith("first")
    if rule.keep in ("first", "last"):
        order = order.drop(columns="submitted")
    elif first:
        order["submitted"] = ~submitted
    order = order.sort_values(list(order), kind="stable")
    out = pd.Series(False, index=frame.index)
    for columns in [list(rule.by)] if rule.by else by:
        ids = frame.loc[order.index, list(columns)].astype(str)
        ids = ids[(ids != "").all(axis=1) & ~out[ids.index]]
        if len(columns) == 1 and rounded(ids.iloc[:, 0]):
            continue  # different people: `ids_of` says so
        out[ids.index[ids.duplicated(keep="first" if first else "last")]] = True
    return {f"another row of the same respondent (duplicates: {rule.keep})": out}


_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})(?:[T ,].*)?")
_YEAR_LAST = re.compile(
    r"(?P<one>[0-9]{1,2})(?P<mark>[-/.])(?P<two>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})(?:[T ,].*)?"
)
_NO_DATE = pd.Timestamp(1980, 1, 1)
"""Date that LimeSurvey writes where a survey keeps none."""


def days_of(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Read the day of each row from the first of the columns that has one; NaT where none has.

    The day is the one that is written, in whatever time zone. "03/04/2026" is read by the other cells of its
    column: one of them shows whether days or months come first, or nothing is read of the column.
    """
    found = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    for column in columns:
        found = found.fillna(_days(frame[column].astype(str).str.strip()))
    return found


def persons_of(frame: pd.DataFrame, entry: AnswersFile, tokens: Sequence[str] = ()) -> pd.Series | None:
    """Return what identifies a person in any file: the columns of `duplicates: {by: …}`, or else a token.

    Ids that each file counts from 1 identify no one; None where there is nothing else.
    """
    rule = entry.duplicates
    if rule is not None and rule.by:
        columns = [name for name in rule.by if name in frame]
    else:
        columns = [name for name in tokens if name in frame and name not in entry.ignore_columns][:1]
    if not columns:
        return None
    cells = frame[columns].astype(str)
    if len(columns) == 1 and rounded(cells.iloc[:, 0]):
        return None
    return cells.agg(" / ".join, axis=1).where((cells != "").all(axis=1), "")


def _days(cells: pd.Series) -> pd.Series:
    parts = cells.str.extract(_YEAR_FIRST)[["year", "month", "day"]]
    turned = cells.str.extract(_YEAR_LAST)
    one, two = (pd.to_numeric(turned[name]) for name in ("one", "two"))
    days_first = (turned["mark"] == ".").any() or (one > 12).any()
    if days_first != (two > 12).any():
        order = ["two", "one"] if days_first else ["one", "two"]
        year = turned["year"].where(turned["year"].str.len() != 2, "20" + turned["year"])
        other = pd.concat([year, turned[order]], axis=1).set_axis(parts.columns, axis=1)
        parts = parts.fillna(other)
    days = pd.to_datetime(parts, errors="coerce").astype("datetime64[s]")
    return days.where(days != _NO_DATE)


def _when(frame: pd.DataFrame, order: str | None, dated: Sequence[str], problems: list[Problem]) -> pd.Series:
    """Return each row's time as a number; 0 for all unless every row has one."""
    if order is not None:
        numbers = pd.to_numeric(frame[order].astype(str), errors="coerce")
        if numbers.notna().all():
            return numbers
    columns = [order] if order is not None else [name for name in dated if name in frame]
    stated = pd.Series("", index=frame.index, dtype=str)
    for name in columns:
        stated = stated.where(stated != "", frame[name].astype(str))
    dates = pd.to_datetime(stated, format="ISO8601", errors="coerce", utc=True)
    if order is not None and dates.isna().any():
        row = dates.index[dates.isna()]
        what = f"{stated[row[0]][:40]!r} is neither a number nor a date such as 2026-09-30 10:12"
        problems.append(
            Problem(
                "not-a-date", f"column {order}, {rows_said(row)}", what, "name another column under order"
            )
        )
    if dates.isna().any():
        return pd.Series(0, index=frame.index)
    return dates.astype("int64")
