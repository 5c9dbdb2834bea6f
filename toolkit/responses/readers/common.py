"""What every platform's reader needs: who answered, from where, and columns that answer one variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.answers import AnswersFile, PlatformName
from toolkit.responses.export import Export, tally
from toolkit.responses.naming import or_else, rows_said
from toolkit.responses.vocabulary import audience_words, tidy

__all__ = [
    "all_audiences",
    "assemble",
    "audiences_of",
    "blank_column",
    "duplicates",
    "filled_by_others",
    "finish",
    "holds",
    "kept_rows",
    "merged_cells",
    "needed",
    "organisations_of",
    "other_wave",
    "plain_entry",
    "possible_audiences",
    "recoded",
    "rename_problems",
    "tidied",
]


_BLANK = (
    r"\t\n\x0b\x0c\r \x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
)
_UNTIDY = f"^[{_BLANK}]|[{_BLANK}]$|[{_BLANK}][{_BLANK}]|[{_BLANK.replace(' ', '')}]"
"""Cells that `tidy` would change: blanks around them, several of them, or one that is no plain blank."""


def plain_entry(path: Path, platform: PlatformName, wave: str, headings: Iterable[str]) -> AnswersFile:
    """What is said of a file read without a study file: organisations only where a column has them."""
    column = "organisation" if "organisation" in headings else None
    return AnswersFile(wave=wave, platform=platform, file=path.name, organisation_column=column)


def all_audiences(cells: pd.Series, instrument: Instrument) -> bool:
    """Whether a column holds audiences and nothing else."""
    said = cells[cells != ""]
    return len(said) > 0 and bool(said.isin(list(audience_words(instrument.audiences, numbered=False))).all())


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


def tidied(cells: pd.DataFrame) -> pd.DataFrame:
    """Trim every cell and make every run of blanks one; each different cell is looked at once."""
    return pd.DataFrame({name: _tidied(cells[name]) for name in cells}, index=cells.index, copy=False)


def _tidied(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return recoded(column, {cell: tidy(cell) for cell in column.cat.categories})
    loose = _untidy(column)
    if not loose.any():
        return column
    return column.where(~loose, column[loose].map(tidy).reindex(column.index))


def _untidy(column: pd.Series) -> pd.Series:
    import pyarrow as pa
    from pyarrow import compute

    found = compute.match_substring_regex(pa.array(column.array), _UNTIDY)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index)


def recoded(cells: pd.Series, changed: Mapping[str, str]) -> pd.Series:
    """Say some cells otherwise; of a Categorical each category once."""
    changed = {cell: said for cell, said in changed.items() if cell != said}
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        found = cells.isin(list(changed)) if changed else None
        return cells if found is None or not found.any() else cells.where(~found, cells.map(changed))
    before = list(cells.cat.categories)
    if not changed.keys() & set(before):
        return cells
    places, distinct = pd.factorize(np.array([changed.get(cell, cell) for cell in before], dtype=object))
    codes = places[cells.cat.codes.to_numpy(dtype=np.intp)]
    made = pd.Categorical.from_codes(codes, categories=pd.Index(distinct, dtype=str))
    return pd.Series(made, index=cells.index)


def holds(cells: pd.Series, cell: str) -> pd.Series:
    """Where a column says one thing."""
    if isinstance(cells.dtype, pd.CategoricalDtype) and cell not in cells.cat.categories:
        return pd.Series(False, index=cells.index)
    return cells == cell


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


def rename_problems(entry: AnswersFile, headings: Iterable[str], instrument: Instrument) -> Iterator[Problem]:
    """Entries of `columns` and `absent` that lead nowhere."""
    headings = list(headings)
    names = sorted({name for v in instrument.variables for name in (v.name, v.item.id)})
    for heading, name in entry.columns.items():
        if heading not in headings:
            yield Problem(f"columns → {heading}", "is no heading of the file", near_names(heading, headings))
        if name not in names:
            yield Problem(f"columns → {heading}", f"'{name}' is no item", near_names(name, names))
    for name in entry.absent:
        if name not in names:
            yield Problem("absent", f"'{name}' is no item", near_names(name, names))


def merged_cells(
    frame: pd.DataFrame, headings: Sequence[str], name: str, problems: list[Problem]
) -> pd.Series:
    """The cells of one variable, from one column or from one column an audience."""
    cells = frame[headings[0]].astype(str)
    for heading in headings[1:]:
        other = frame[heading].astype(str)
        both = (cells != "") & (other != "") & (cells != other)
        if both.any():
            problems.append(
                Problem(
                    f"columns {headings[0]} and {heading}, {rows_said(frame.index[both])}",
                    f"both answer '{name}', differently",
                    "a respondent may answer in one of them only; correct the export or `columns`",
                )
            )
        cells = cells.where(cells != "", other)
    return cells.rename(headings[0])


def blank_column(variable: Variable, index: pd.Index) -> pd.Series:
    """A column in which nobody answered."""
    if variable.kind == "number":
        return pd.Series(np.nan, index=index, dtype="float64")
    if variable.kind == "text":
        return pd.Series("", index=index, dtype=str)
    none = pd.Categorical.from_codes(
        np.full(len(index), -1, dtype="int8"), categories=list(variable.categories), ordered=variable.ordered
    )
    return pd.Series(none, index=index)


def assemble(columns: Mapping[str, pd.Series], instrument: Instrument, index: pd.Index) -> pd.DataFrame:
    """Put the answers in questionnaire order, blank where the file has no column."""
    return pd.DataFrame(
        {
            v.name: columns[v.name] if v.name in columns else blank_column(v, index)
            for v in instrument.variables
        },
        index=index,
    )


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
    """
    if strict and problems:
        raise InvalidInput(path, problems)
    counted = [("read", "rows in the file", len(organisation))]
    counted += [("noted", note, len(organisation)) for note in notes]
    unplaced = int(organisation.isna().sum())
    if unplaced and (entry.organisation_column is not None or entry.mapping is not None):
        counted.append(("noted", "no organisation given, of all rows read", unplaced))
    left = pd.Series(True, index=organisation.index)
    for reason, rows in aside.items():
        counted.append(("set aside", reason, int((left & rows).sum())))
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
            [*(row for row in counted if row[2]), *(("noted", reason, 0) for reason in idle)],
        ),
        problems=tuple(problems),
        hidden=hidden,
    )


def kept_rows(aside: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Rows that no reason sets aside."""
    left = pd.Series(True, index=index)
    for rows in aside.values():
        left &= ~rows
    return left
