"""The organisations table: who takes part in which wave, under which name, with how many people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.responses.delimited import headings_of, read_sheet
from toolkit.responses.naming import folder_name, or_else, rows_said, slug

__all__ = ["compare_with_answers", "organisations_from_answers", "read_organisations"]

_KEYS = ("organisation", "name", "wave")
_LONGEST_NAME = 120
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"


def read_organisations(path: Path, *, audiences: Sequence[str], waves: Sequence[str]) -> pd.DataFrame:
    """Read the table: organisation, name, wave, and one column of headcounts an audience.

    Returns
    -------
    pandas.DataFrame
        organisation, name, wave as text; headcounts Int64, missing where blank (unknown).

    Raises
    ------
    InvalidInput
        Every problem: a column missing or unknown, an organisation twice in a wave, an id that cannot
        name a folder, a headcount that is no whole number.
    """
    sheet = read_sheet(path, source=path.name)
    headings = sheet.headings[0]
    if not {*_KEYS, *audiences} & set(headings):  # another kind of file, which is not quoted
        what = f"is not an organisations table: it has none of the columns {', '.join((*_KEYS, *audiences))}"
        raise InvalidInput(path.name, [Problem("file", what, "check the path")])
    problems = list(headings_of(headings))
    problems += [
        Problem(f"column {name}", "is missing", near_names(name, headings))
        for name in (*_KEYS, *audiences)
        if name not in headings
    ]
    problems += [
        Problem(
            f"column {name}",
            "is neither a column of the table nor an audience",
            near_names(name, [*_KEYS, *audiences]),
        )
        for name in headings
        if name and name not in (*_KEYS, *audiences)
    ]
    if problems:
        raise InvalidInput(path.name, problems)
    frame = sheet.cells.set_axis(list(headings), axis=1).apply(lambda column: column.str.strip())
    problems += _key_problems(frame, waves)
    counts = {name: _headcounts(frame[name], problems) for name in audiences}
    if problems:
        raise InvalidInput(path.name, problems)
    return pd.DataFrame({**{name: frame[name] for name in _KEYS}, **counts}).reset_index(drop=True)


def _key_problems(frame: pd.DataFrame, waves: Sequence[str]) -> Iterator[Problem]:
    for name in _KEYS:
        blank = frame[name] == ""
        if blank.any():
            yield Problem(f"column {name}, {rows_said(frame.index[blank])}", "is blank", "fill it in")
    for value in frame["organisation"][frame["organisation"] != ""].unique():
        rows = frame.index[frame["organisation"] == value]
        if not folder_name(value):
            yield Problem(
                f"column organisation, {rows_said(rows)}",
                f"'{value}' cannot name a folder (lower-case letters, digits, '-' and '_', at most 60)",
                f"write '{slug(value)}' here and in the answers" if slug(value) else "choose another id",
            )
    unprintable = frame["name"].str.contains(_UNPRINTABLE)
    if unprintable.any():
        yield Problem(
            f"column name, {rows_said(frame.index[unprintable])}",
            "holds a line break or a sign that cannot be printed",
            "write the name anew, in one line",
        )
    long = frame["name"].str.len() > _LONGEST_NAME
    if long.any():
        yield Problem(
            f"column name, {rows_said(frame.index[long])}",
            f"is longer than {_LONGEST_NAME} signs, too long for a page",
            "write a shorter name",
        )
    twice = frame[frame.duplicated(["organisation", "wave"], keep=False) & (frame["organisation"] != "")]
    for (organisation, wave), rows in twice.groupby(["organisation", "wave"]):
        listed = ", ".join(str(row) for row in rows.index)
        yield Problem(
            f"rows {listed}", f"organisation '{organisation}' stands twice in wave {wave}", "keep one row"
        )
    for wave in frame["wave"][(frame["wave"] != "") & ~frame["wave"].isin(list(waves))].unique():
        rows = frame.index[frame["wave"] == wave]
        yield Problem(
            f"column wave, {rows_said(rows)}",
            f"no answers are given for wave '{wave}'",
            near_names(wave, waves),
        )


def _headcounts(cells: pd.Series, problems: list[Problem]) -> pd.Series:
    whole = cells.str.fullmatch(r"[0-9]{1,9}")
    for value in cells[(cells != "") & ~whole].unique()[:5]:
        rows = cells.index[cells == value]
        problems.append(
            Problem(
                f"column {cells.name}, {rows_said(rows)}",
                f"{value!r} is not a headcount",
                "write a whole number, 0 for nobody, nothing where it is unknown",
            )
        )
    return pd.to_numeric(cells.where(whole, np.nan), errors="coerce").astype("Int64")


def organisations_from_answers(
    frame: pd.DataFrame, *, audiences: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Make the table where only the answers name organisations: ids are made from the names.

    Returns
    -------
    tuple
        The table with unknown headcounts, and name → id.

    Raises
    ------
    InvalidInput
        Where two names would become the same id, or a name has no letters or digits.
    """
    named = frame.loc[frame["organisation"].notna(), ["organisation", "wave"]].drop_duplicates()
    ids = {name: slug(name) for name in sorted(named["organisation"].unique())}
    problems = [
        Problem(f"organisation {name!r}", "has no letters or digits to make an id of", "rename it")
        for name, made in ids.items()
        if not made
    ]
    for made in sorted({value for value in ids.values() if value}):
        names = [name for name, value in ids.items() if value == made]
        if len(names) > 1:
            listed = " and ".join(repr(name) for name in names)
            problems.append(
                Problem(f"organisations {listed}", f"both become '{made}'", "rename one, or give a table")
            )
    if problems:
        raise InvalidInput("organisations in the answers", problems)
    table = pd.DataFrame(
        {
            "organisation": named["organisation"].map(ids).astype(str),
            "name": named["organisation"],
            "wave": named["wave"],
        }
    )
    unknown = {name: pd.array([pd.NA] * len(table), dtype="Int64") for name in audiences}
    return table.assign(**unknown).sort_values(["wave", "organisation"], ignore_index=True), ids


def compare_with_answers(
    frame: pd.DataFrame, table: pd.DataFrame, audiences: Iterable[str]
) -> Iterator[Problem]:
    """Find organisations the table lacks and headcounts below the number who answered."""
    present = frame[frame["organisation"].notna()]
    known = table.set_index(["organisation", "wave"])
    for wave, rows in present[~present["wave"].isin(list(table["wave"]))].groupby("wave"):
        yield Problem(
            f"wave {wave}",
            f"{len(rows)} answers are of this wave, but the organisations table has no row of it",
            or_else(near_names(str(wave), table["wave"].unique()), "add its rows"),
        )
    present = present[present["wave"].isin(list(table["wave"]))]
    for (wave, organisation), rows in present.groupby(["wave", "organisation"]):
        if (organisation, wave) not in known.index:
            listed = sorted(table.loc[table["wave"] == wave, "organisation"])
            yield Problem(
                f"organisation {organisation}, wave {wave}",
                f"it is named in {len(rows)} row(s) of answers, but the organisations table has no such row",
                or_else(near_names(str(organisation), listed), "add the row or correct the answers"),
            )
            continue
        counts = rows["audience"].value_counts()
        for audience in audiences:
            headcount, answered = known.at[(organisation, wave), audience], int(counts.get(audience, 0))
            if not _unknown(headcount) and answered > headcount:
                yield Problem(
                    f"organisation {organisation}, wave {wave}, audience {audience}",
                    f"{answered} answered but the headcount is {headcount}",
                    "correct the headcount, or leave it blank where it is unknown",
                )


def _unknown(headcount: object) -> bool:
    return headcount is pd.NA
