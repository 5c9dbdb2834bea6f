"""The beginning and the end of every reader: what is said of the file, what became of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms import cells as of_cells
from toolkit.platforms.answers import AnswersFile, PlatformName
from toolkit.platforms.exports import Export, tally
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import Findings, plain_number, tidy

__all__ = ["finish", "kept_rows", "of_entry", "plain_entry", "rename_problems"]


def plain_entry(path: Path, platform: PlatformName, wave: str, headings: Iterable[str]) -> AnswersFile:
    """What is said of a file read without a study file: organisations only where a column has them."""
    column = "organisation" if "organisation" in headings else None
    return AnswersFile(wave=wave, platform=platform, file=path.name, organisation_column=column)


def rename_problems(entry: AnswersFile, headings: Iterable[str], instrument: Instrument) -> Iterator[Problem]:
    """Entries of `columns` and `absent` that lead nowhere."""
    headings = list(headings)
    names = sorted({name for v in instrument.variables for name in (v.name, v.item.id)})
    for heading, name in entry.columns.items():
        if heading not in headings:
            yield Problem(
                "unknown-column",
                f"columns → {heading}",
                "is no heading of the file",
                near_names(heading, headings),
            )
        if name not in names:
            yield Problem(
                "unknown-item", f"columns → {heading}", f"'{name}' is no item", near_names(name, names)
            )
    for name in entry.absent:
        if name not in names:
            yield Problem("unknown-item", "absent", f"'{name}' is no item", near_names(name, names))


def of_entry(sheet: Sheet, entry: AnswersFile, problems: list[Problem]) -> tuple[Sheet, tuple[str, ...]]:
    """Keep the rows of a file that an entry reads, and say how many it does not.

    Parameters
    ----------
    sheet
        Its first row of headings holds a name for each column.
    """
    if not entry.rows:
        return sheet, ()
    lacking = sorted({condition.column for condition in entry.rows} - set(sheet.names))
    if lacking:
        hint = near_names(lacking[0], sheet.names)
        raise InvalidInput(
            entry.file,
            [Problem("unknown-column", f"column {name}", "is not in the file", hint) for name in lacking],
        )
    held = {name: sheet.cells.iloc[:, sheet.names.index(name)].astype(str).map(tidy)
            for name in {condition.column for condition in entry.rows}}  # fmt: skip
    mine = pd.Series(True, index=sheet.cells.index)
    for condition in entry.rows:
        mine &= of_cells.met(held[condition.column], condition)
    notes = []
    if entry.wave_column is None:
        notes = [("rows of the file that this entry does not read", ~mine)]
    else:
        cells = held[entry.wave_column.column]
        values = {tidy(cell): wave for cell, wave in entry.wave_column.values.items()}
        problems += _unknown_waves(cells, values, entry)
        out = cells.isin([cell for cell, wave in values.items() if wave is None])
        notes = [("rows of other waves, which the study file leaves out", out)]
    said = tuple(f"{int(rows.sum())} {what}" for what, rows in notes if rows.any())
    return replace(sheet, cells=sheet.cells[mine]), said


def _unknown_waves(
    cells: pd.Series, values: Mapping[str, str | None], entry: AnswersFile
) -> Iterator[Problem]:
    """Rows that no wave claims."""
    blank = cells[(cells == "") & ("" not in values)]
    column = entry.wave_column.column if entry.wave_column else ""
    if len(blank):
        what = "is blank: nothing says to which wave the row belongs"
        hint = 'fill it in, or leave such rows out by values: {…, "": null}'
        yield Problem("missing-value", f"column {column}, {rows_said(blank.index)}", what, hint)
    for cell in cells[cells != ""].unique() if values else ():
        if cell not in values and plain_number(cell) not in values:
            rows = cells.index[cells == cell]
            what = f"{cell[:40]!r} is not among the values of wave"
            hint = f"{near_names(cell, values)} Or add it (null leaves its rows out)"
            yield Problem("unknown-wave", f"column {column}, {rows_said(rows)}", what, hint)


def kept_rows(aside: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Rows that no reason sets aside."""
    left = pd.Series(True, index=index)
    for rows in aside.values():
        left &= ~rows
    return left


def finish(
    entry: AnswersFile,
    people: pd.DataFrame,
    answers: pd.DataFrame,
    *,
    aside: Mapping[str, pd.Series],
    organisation: pd.Series,
    problems: Sequence[Problem],
    strict: bool,
    path: Path,
    idle: Iterable[str] = (),
    notes: Iterable[str] = (),
    hidden: pd.DataFrame | None = None,
    counted: Mapping[str, int] | None = None,
    beside: pd.DataFrame | None = None,
    dates: pd.Series | None = None,
    persons: pd.Series | None = None,
) -> Export:
    """Count what was read and set aside, and raise or carry the problems.

    Parameters
    ----------
    aside
        Reason → rows set aside (bool, one a row of the file); the first reason wins.
    organisation
        The organisation of every row of the file.
    idle
        Tests of a mapping that no row meets, each noted with 0 rows: one may be misspelt.
    notes
        What is to be said of the whole file: its encoding, its format.
    hidden
        Cells the platform says were not shown.
    counted
        Note → how many rows it is about.
    beside
        Per multi-select, who ticked something in a column that is not read.
    dates, persons
        The day on which each response was given; what tells its person in any file.
    """
    if strict and problems:
        raise InvalidInput(path, problems)
    tallied = [("read", "rows in the file", len(organisation))]
    tallied += [("noted", note, len(organisation)) for note in notes]
    tallied += [("noted", note, rows) for note, rows in (counted or {}).items()]
    if isinstance(problems, Findings):
        tallied += [("noted", what, int(rows.sum())) for what, rows in problems.noted.items()]
    unplaced = int(organisation.isna().sum())
    if unplaced and (entry.organisation_column is not None or entry.mapping is not None):
        tallied.append(("noted", "no organisation given, of all rows read", unplaced))
    left = pd.Series(True, index=organisation.index)
    for reason, rows in aside.items():
        tallied.append(("set aside", reason, int((left & rows).sum())))
        left &= ~rows
    return Export(
        source=entry.file,
        platform=entry.platform,
        wave=entry.wave,
        people=people,
        answers=answers,
        absent=entry.absent,
        disposition=tally(
            entry.wave,
            entry.file,
            [*(row for row in tallied if row[2]), *(("noted", reason, 0) for reason in idle)],
        ),
        problems=tuple(problems),
        hidden=hidden,
        beside=beside,
        dates=dates,
        persons=persons,
    )
