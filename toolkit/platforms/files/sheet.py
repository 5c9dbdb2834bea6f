"""The cells of one file as text, whatever it was kept in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from toolkit.errors import InvalidInput, Problem


@dataclass(frozen=True)
class Opening:
    """How its owner wants a file opened: the encoding of text, the sheet of a workbook."""

    encoding: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Sheet:
    """The cells of one file as text.

    Parameters
    ----------
    headings
        One list a heading row.
    cells
        One row per record, columns numbered from 0, indexed by the row number a spreadsheet shows.
    delimiter
        Separator of the cells; empty where the file is not text.
    notes
        What its owner should know about how it was read (its encoding, its format).
    labels
        Column number → value → label, where the file has them (SPSS, Stata).
    declared
        Column number → cells that the file declares missing (SPSS), where it holds any.
    sets
        Name of a multiple-response set of categories → the numbers of its columns (SPSS).
    counted
        Column number → the value that ticks it, of columns in a multiple-response set of dichotomies (SPSS).
    sparse
        Whether a question no one answered is absent from the file (JSON, XML).
    """

    headings: tuple[tuple[str, ...], ...]
    cells: pd.DataFrame
    delimiter: str
    notes: tuple[str, ...] = ()
    labels: dict[int, dict[str, str]] = field(default_factory=dict)
    declared: dict[int, frozenset[str]] = field(default_factory=dict)
    sparse: bool = False
    sets: dict[str, tuple[int, ...]] = field(default_factory=dict)
    counted: dict[int, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The first heading row."""
        return self.headings[0]


def peeled(sheet: Sheet, rows: int, *, source: str) -> Sheet:
    """Count the first rows of cells among the headings.

    Raises
    ------
    InvalidInput
        Where nothing is left below them.
    """
    more = tuple(tuple(map(str.strip, record)) for record in sheet.cells.iloc[:rows].to_numpy().tolist())
    if len(sheet.cells) <= rows:
        raise InvalidInput(source, [no_rows()])
    return replace(sheet, headings=(*sheet.headings, *more), cells=sheet.cells.iloc[rows:])


def no_rows() -> Problem:
    """Report a file without rows below the headings."""
    return Problem("no-rows", "file", "has headings but no rows below them", "export it again")


def without_empty_columns(sheet: Sheet) -> Sheet:
    """Leave out columns that have neither a heading nor a cell: a comma at the end of each line makes one."""
    keep = [
        number
        for number, name in enumerate(sheet.names)
        if any(row[number] for row in sheet.headings) or (sheet.cells.iloc[:, number] != "").any()
    ]
    if len(keep) == len(sheet.names):
        return sheet
    headings = tuple(tuple(row[number] for number in keep) for row in sheet.headings)
    cells = sheet.cells.iloc[:, keep].set_axis(range(len(keep)), axis=1)
    labels = {keep.index(number): words for number, words in sheet.labels.items() if number in keep}
    declared = {keep.index(number): held for number, held in sheet.declared.items() if number in keep}
    return replace(sheet, headings=headings, cells=cells, labels=labels, declared=declared)


def without_row_numbers(sheet: Sheet) -> tuple[Sheet, tuple[str, ...]]:
    """Leave out a first column without heading that only numbers the rows, as pandas and R write it."""
    if sheet.names[0] or len(sheet.names) < 2 or any(row[0] for row in sheet.headings):
        return sheet, ()
    numbers = sheet.cells.iloc[:, 0].astype(str).str.strip().str.removesuffix(".0")
    if not numbers.str.fullmatch("[0-9]{1,9}").all() or (numbers.astype("int64").diff() <= 0).any():
        return sheet, ()
    cells = sheet.cells.copy()
    cells.isetitem(0, "")
    note = "the first column, without heading, only numbers the rows: not read"
    return without_empty_columns(replace(sheet, cells=cells)), (note,)


def named(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """Return the same cells under other headings."""
    return replace(sheet, headings=(tuple(names), *sheet.headings[1:]))


_IMPORT_ID = re.compile(r"\{['\"]ImportId")
_ONE_ANSWER = frozenset({"", "Response", "Open-Ended Response"})
"""Second heading of a question that has one column."""


def flattened(sheet: Sheet) -> Sheet:
    """Join several rows of headings to one name per column: "question | sub-heading".

    A question is written once and applies to the columns to its right too; where the row below is blank
    or "Response", holds an import id of Qualtrics, or repeats it, it is the name.
    """
    names: list[str] = list(sheet.headings[0])
    for below in sheet.headings[1:]:
        question, joined = "", []
        for above, sub in zip(names, below, strict=True):
            question = above or question
            if ((sub in _ONE_ANSWER or _IMPORT_ID.match(sub)) and above) or sub == question:
                joined.append(question)
            else:
                joined.append(f"{question} | {sub}" if question else sub)
        names = joined
    return replace(sheet, headings=(tuple(names),))


def headings_of(names: Sequence[str], what: str = "heading") -> Iterator[Problem]:
    """Find headings that are blank or occur twice."""
    counts = pd.Series(names, dtype=str).value_counts()
    for name in counts.index[counts > 1]:
        if name:
            yield Problem(
                "duplicate-column",
                f"column {name}",
                f"{what} occurs {counts[name]} times",
                "rename all but one and export again",
            )
    blank = [number + 1 for number, name in enumerate(names) if not name]
    if blank:
        yield Problem("missing-value", f"column {blank[0]}", "has no heading", "export again with headings")
