"""Parts of every reader: cells as text, rows that an entry keeps, multi-select answers, the disposition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, Option, Variable
from toolkit.platforms.answers import AnswersFile, Condition
from toolkit.platforms.exports import Export, tally
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import (
    Alike,
    Findings,
    as_known,
    category_dtype,
    note_alike,
    option_labels,
    option_numbers,
    plain_number,
    tidy,
    unknown_cells,
)


def tidied(cells: pd.DataFrame) -> pd.DataFrame:
    """Trim every cell and make every run of blanks one; each different cell is processed once."""
    return pd.DataFrame({name: _tidied(cells[name]) for name in cells}, index=cells.index, copy=False)


def _tidied(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return recoded(column, {cell: tidy(cell) for cell in column.cat.categories})
    return pd.Series([tidy(cell) for cell in column], index=column.index, dtype=column.dtype)


def recoded(cells: pd.Series, changed: Mapping[str, str]) -> pd.Series:
    """Replace some cells; of a Categorical each category once."""
    changed = {cell: stated for cell, stated in changed.items() if cell != stated}
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
    """Return where a column has one value."""
    if isinstance(cells.dtype, pd.CategoricalDtype) and cell not in cells.cat.categories:
        return pd.Series(False, index=cells.index)
    return cells == cell


def met(cells: pd.Series, condition: Condition) -> np.ndarray:
    """Return where the cells of a condition's column meet it; 5.0 is 5."""
    cells = cells.astype(str)
    if condition.contains is not None:
        return np.asarray(cells.str.contains(tidy(condition.contains), regex=False))
    if condition.not_contains is not None:
        return ~np.asarray(cells.str.contains(tidy(condition.not_contains), regex=False))
    one = condition.not_equals if condition.equals is None else condition.equals
    wanted = {tidy(value) for value in (condition.one_of or () if one is None else (one,))}
    places, distinct = pd.factorize(cells)
    alike = np.array([cell in wanted or plain_number(cell) in wanted for cell in distinct], dtype=bool)
    found = alike[places] if len(alike) else np.zeros(len(cells), dtype=bool)
    return ~found if condition.not_equals is not None else found


def merged_cells(
    frame: pd.DataFrame, headings: Sequence[str], name: str, problems: list[Problem]
) -> pd.Series:
    """Return the cells of one variable, from one column or from one column per audience."""
    cells = frame[headings[0]].astype(str)
    for heading in headings[1:]:
        other = frame[heading].astype(str)
        both = (cells != "") & (other != "") & (cells != other)
        if both.any():
            problems.append(
                Problem(
                    "contradiction",
                    f"columns {headings[0]} and {heading}, {rows_said(frame.index[both])}",
                    f"both answer '{name}', differently",
                    "a respondent may answer in one of them only; correct the export or `columns`",
                )
            )
        cells = cells.where(cells != "", other)
    return cells.rename(headings[0])


def blank_column(variable: Variable, index: pd.Index) -> pd.Series:
    """Return a column without answers."""
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


# Beginning and end of every reader: the settings of a file, and the disposition of its rows


def plain_entry(path: Path, platform: str, wave: str, headings: Iterable[str]) -> AnswersFile:
    """Describe a file read without a study file: organisations only if a column has them."""
    column = "organisation" if "organisation" in headings else None
    return AnswersFile(wave=wave, platform=platform, file=path.name, organisation_column=column)


def rename_problems(entry: AnswersFile, headings: Iterable[str], instrument: Instrument) -> Iterator[Problem]:
    """List entries of `columns` and `absent` that name nothing known."""
    headings = list(headings)
    names = sorted({name for v in instrument.variables for name in (v.name, v.item.id)})
    for heading, name in entry.columns.items():
        if heading not in headings:
            yield Problem(
                "unknown-column",
                f"columns → {heading}",
                "is not a heading of the file",
                near_names(heading, headings),
            )
        if name not in names:
            yield Problem(
                "unknown-item", f"columns → {heading}", f"'{name}' is not an item", near_names(name, names)
            )
    for name in entry.absent:
        if name not in names:
            yield Problem("unknown-item", "absent", f"'{name}' is not an item", near_names(name, names))


def of_entry(sheet: Sheet, entry: AnswersFile, problems: list[Problem]) -> tuple[Sheet, tuple[str, ...]]:
    """Keep the rows of a file that an entry reads, and count the others.

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
        mine &= met(held[condition.column], condition)
    notes = []
    if entry.wave_column is None:
        notes = [("rows of the file that this entry does not read", ~mine)]
    else:
        cells = held[entry.wave_column.column]
        values = {tidy(cell): wave for cell, wave in entry.wave_column.values.items()}
        problems += _unknown_waves(cells, values, entry)
        out = cells.isin([cell for cell, wave in values.items() if wave is None])
        notes = [("rows of other waves, which the study file leaves out", out)]
    stated = tuple(f"{int(rows.sum())} {what}" for what, rows in notes if rows.any())
    return replace(sheet, cells=sheet.cells[mine]), stated


def _unknown_waves(
    cells: pd.Series, values: Mapping[str, str | None], entry: AnswersFile
) -> Iterator[Problem]:
    """Report rows that belong to no wave."""
    blank = cells[(cells == "") & ("" not in values)]
    column = entry.wave_column.column if entry.wave_column else ""
    if len(blank):
        what = "is blank: the wave of the row is unknown"
        hint = 'fill it in, or leave such rows out by values: {…, "": null}'
        yield Problem("missing-value", f"column {column}, {rows_said(blank.index)}", what, hint)
    for cell in cells[cells != ""].unique() if values else ():
        if cell not in values and plain_number(cell) not in values:
            rows = cells.index[cells == cell]
            what = f"{cell[:40]!r} is not among the values of wave"
            hint = f"{near_names(cell, values)} Or add it (null leaves its rows out)"
            yield Problem("unknown-wave", f"column {column}, {rows_said(rows)}", what, hint)


def kept_rows(aside: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Return the rows that no reason excludes."""
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
        Reason → rows set aside (bool, one per row of the file); the first reason wins.
    organisation
        The organisation of every row of the file.
    idle
        Tests of a mapping that no row meets, each noted with 0 rows: one may be misspelt.
    notes
        Notes on the whole file: its encoding, its format.
    hidden
        Cells the platform marks as not shown.
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


def carried_columns(frame: pd.DataFrame, entry: AnswersFile, problems: list[Problem]) -> dict[str, pd.Series]:
    """Return the columns that an entry carries beside its answers, as text; missing where blank."""
    found = {}
    for name, one in entry.carry.items():
        if one.column not in frame:
            hint = near_names(one.column, map(str, frame.columns))
            problems.append(Problem("unknown-column", f"carry → {name}", f"'{one.column}' not found", hint))
            continue
        cells = frame[one.column].astype(str).map(tidy)
        cells = cells.replace({tidy(cell): tidy(word) for cell, word in one.values.items()})
        found[name] = cells.where(cells != "").astype("str")
    return found


# Multi-select answers: one column per option, or joined in one cell

TICKED = (
    "1", "Y", "y", "Yes", "YES", "yes", "TRUE", "True", "true", "Checked", "Selected", "Ticked", "x", "X",
    "Oui", "Ja", "Sí", "Sì", "Sim", "Coché",
)  # fmt: skip
NOT_TICKED = (
    "", "0", "N", "n", "No", "NO", "no", "FALSE", "False", "false", "Unchecked", "Not selected", "Not ticked",
    "Non", "Nein", "Não", "Nee", "Non coché",
)  # fmt: skip
"""None of these shows whether the option was displayed: routing decides that."""


def ticked(rows: pd.Series) -> pd.Series:
    """Return an option's column: "1" where ticked, NaN elsewhere."""
    categories = [*reversed(tuple(MISSING)), "0", "1"]  # those of every option
    codes = np.where(rows.to_numpy(dtype=bool), categories.index("1"), -1)
    return pd.Series(pd.Categorical.from_codes(codes, categories=categories), index=rows.index)


def read_ticks(
    cells: pd.Series, variable: Variable, problems: list[Problem], *, numbered: bool = False
) -> pd.Series:
    """Read the column of one option: Y or 1 or TRUE or "Checked", or the option's own text or code.

    Parameters
    ----------
    numbered
        Whether the option's number in the instrument's order ticks it too (Qualtrics).
    """
    own = _own_words(variable, numbered=numbered)
    words = {*TICKED, *(set(own) - set(NOT_TICKED))}
    cells = as_known(cells, dict.fromkeys(words, "1") | dict.fromkeys(NOT_TICKED, "0"), problems)
    places, distinct = pd.factorize(cells)
    strange = [cell for cell in distinct if cell not in words and cell not in NOT_TICKED]
    if strange:
        known = dict.fromkeys((*own, "1", "0", "Y", "N", "Yes", "No", "TRUE", "FALSE"), "1")
        problems.extend(unknown_cells(cells[cells.isin(strange)].astype(str), known, variable))
    held = np.array([cell in words for cell in distinct], dtype=bool)
    return ticked(pd.Series(held[places] if len(held) else np.zeros(len(cells), bool), cells.index))


def _own_words(variable: Variable, *, numbered: bool) -> tuple[str, ...]:
    """Return what names an option beside the usual marks: its code, its labels and, if asked, its number."""
    option = variable.option
    if option is None:
        raise TypeError(f"{variable.name} is not an option of a multi-select")
    own = [option.code, *(tidy(label) for label in option.label.values())]
    if numbered:
        own.append(str([o.code for o in variable.item.options].index(option.code) + 1))
    return tuple(dict.fromkeys(own))


def holds_words(cells: pd.Series, variable: Variable, *, numbered: bool = False) -> bool:
    """Return whether a write-in option's column holds words rather than ticks."""
    marks = dict.fromkeys([*TICKED, *NOT_TICKED, *_own_words(variable, numbered=numbered)], "")
    stated = pd.Series(cells.astype(str).unique(), dtype=str).map(tidy)
    return not set(as_known(stated, marks, [])) <= marks.keys()


def with_write_in(
    columns: dict[str, pd.Series], write_in: Variable, words: pd.Series
) -> dict[str, pd.Series]:
    """Return an item's columns with the text of its write-in; a respondent who wrote one chose that option.

    An answer of a single choice given beside the text is kept: the text is then an afterthought.
    """
    wrote = words.str.strip() != ""
    if write_in.item.type == "multi":
        code = write_in.option.code if write_in.option else ""
        name = f"{write_in.item.id}_{code}"
        before = columns.get(name)
        rows = wrote if before is None else wrote | (before == "1")
        return {**columns, name: ticked(rows), write_in.name: words}
    own = columns.get(write_in.item.id)
    if own is None or write_in.option is None:
        return {**columns, write_in.name: words}
    return {
        **columns,
        write_in.item.id: own.mask(wrote & own.isna(), write_in.option.code),
        write_in.name: words,
    }


def split_any(
    cells: pd.Series,
    variables: Sequence[Variable],
    separators: Sequence[str],
    problems: list[Problem],
    *,
    numbered: bool = False,
    sure: bool = False,
) -> dict[str, pd.Series]:
    """Split ticks joined in one cell, by the first separator under which every cell is made of known choices.

    Choices may be named by label in any language, by code, or (where `numbered`) by number. Where codes are
    whole numbers too, the cells have to tell which of the two they hold.

    Parameters
    ----------
    numbered
        Whether choices may be named by their number.
    sure
        Whether a manifest lists them: then codes count only where a cell can be nothing else.
    """
    options = variables[0].item.options
    codes = {option.code: option.code for option in options}
    words = codes | option_labels(options)
    if numbered:
        words = _numbers_or_codes(cells, options, separators, problems, sure=sure) | option_labels(options)
    return split_choices(cells, variables, words, separator_of(cells, words, separators), problems)


def separator_of(cells: pd.Series, words: Mapping[str, str], separators: Sequence[str]) -> str:
    """Choose the separator that leaves the fewest unknown cells; then, the one with most known choices."""
    words, fit = Alike(words), {}
    for separator in separators:
        strange = _strange(cells, words, separator)
        if not strange:
            return separator
        known = sum(len(_around(cell, words, separator)[0]) for cell in strange)
        fit[separator] = (len(strange), -known)
    return min(separators, key=lambda one: fit[one])


def _numbers_or_codes(
    cells: pd.Series,
    options: Sequence[Option],
    separators: Sequence[str],
    problems: list[Problem],
    *,
    sure: bool,
) -> dict[str, str]:
    """Map other names of choices: their numbers, or their codes if only codes fit the cells."""
    numbers = option_numbers(options)
    letters = {option.code: option.code for option in options if not option.code.isdigit()}
    by_code = letters | {option.code: option.code for option in options if option.code.isdigit()}
    by_number = letters | numbers
    if all(numbers.get(option.code) == option.code for option in options if option.code.isdigit()):
        return by_number
    seen = {
        plain_number(part.strip())
        for cell in cells.unique()
        for part in re.split("|".join(map(re.escape, separators)), cell)
    }
    seen &= by_code.keys() | by_number.keys()
    if seen <= by_number.keys():
        if seen <= by_code.keys() and not sure and any(by_code[one] != by_number[one] for one in seen):
            what = f"holds {', '.join(sorted(seen)[:6])}, which may be positions or codes of its options"
            problems.append(
                Problem("ambiguous", f"column {cells.name}", what, "export again with choice texts")
            )
        return by_number
    return by_code if seen <= by_code.keys() else by_number


def _strange(cells: pd.Series, words: Mapping[str, str], separator: str) -> list[str]:
    return [cell for cell in cells.unique() if cell.strip() and taken_apart(cell, words, separator) is None]


def split_choices(
    cells: pd.Series,
    variables: Sequence[Variable],
    words: Mapping[str, str],
    separator: str,
    problems: list[Problem],
    *,
    write_in: Variable | None = None,
) -> dict[str, pd.Series]:
    """Make one column per option of cells such as "1,3" or "Speed,Quality, of work".

    Each different cell is split once. A choice may itself hold the separator: a cell is split in the
    one way in which every part is a known choice (or one in another spelling, which is noted); where there is
    none, or more than one, what is left
    between known choices is a write-in, or a problem where the item offers none.

    Parameters
    ----------
    words
        What a choice may be called → option code.
    write_in
        The text column that unknown parts fall to; a column of that name is then among the result.
    """
    parts = {cell: taken_apart(cell, words, separator) for cell in cells.unique() if cell.strip()}
    unknown = [cell for cell, found in parts.items() if found is None]
    if unknown:
        words = Alike(words)
        again = {cell: taken_apart(cell, words, separator) for cell in unknown}
        note_alike(cells.isin([cell for cell, found in again.items() if found is not None]), problems)
        parts |= again
        unknown = [cell for cell in unknown if parts[cell] is None]
    written: dict[str, str] = {}
    if write_in is not None and write_in.option is not None:
        for cell in unknown:
            found, run = _around(cell, words, separator)
            parts[cell], written[cell] = found | {write_in.option.code}, run
    elif unknown:
        left = {cell: _around(cell, words, separator)[1] for cell in unknown}
        strange = cells[cells.isin(unknown)].map(left).rename(cells.name)
        problems.extend(unknown_cells(strange, words, variables[0], joined=True))
    columns = {}
    if write_in is not None:
        columns[write_in.name] = cells.map(lambda cell: written.get(cell, "")).astype(str)
    for variable in variables:
        code = variable.option.code if variable.option else ""
        holding = [cell for cell, found in parts.items() if found and code in found]
        columns[variable.name] = ticked(cells.isin(holding))
    return columns


def split_ranks(
    cells: pd.Series, variables: Sequence[Variable], separators: Sequence[str], problems: list[Problem]
) -> dict[str, pd.Series]:
    """Make one column of ranks per option of cells that list options from the first to the last.

    Options may be named by code or by label in any language. One that is not listed has no rank.
    """
    options = variables[0].item.options
    words = Alike({option.code: option.code for option in options} | option_labels(options))
    separator = separator_of(cells, words, separators)
    order: dict[str, list[str]] = {}
    for cell in cells.unique():
        pieces = _pieces(cell, words, separator) if cell.strip() else []
        order[cell] = _known_in_order(pieces, words, separator)
        if not order[cell] and pieces:
            left = cells[cells == cell].map(lambda one: _around(one, words, separator)[1])
            problems.extend(unknown_cells(left.rename(cells.name), words, variables[0], joined=True))
        elif len(set(order[cell])) < len(order[cell]):
            where = f"column {cells.name}, {rows_said(cells.index[cells == cell])}"
            problems.append(Problem("duplicate", where, "ranks one option twice", "correct the export"))
    made = {}
    for variable in variables:
        code, categories = variable.part, list(variable.categories)
        rank = {
            cell: categories.index(str(found.index(code) + 1))
            for cell, found in order.items()
            if code in found and str(found.index(code) + 1) in categories
        }
        places = cells.map(lambda cell, rank=rank: rank.get(cell, -1)).to_numpy(dtype=int)
        dtype = category_dtype(variable.categories, variable.ordered)
        made[variable.name] = pd.Series(pd.Categorical.from_codes(places, dtype=dtype), index=cells.index)
    return made


def _known_in_order(pieces: Sequence[str], words: Mapping[str, str], separator: str) -> list[str]:
    """Return codes of the pieces in order, rejoining labels that hold the separator; [] if one is unknown."""
    if not pieces:
        return []
    for length in range(len(pieces), 0, -1):
        code = words.get(tidy(separator.join(pieces[:length])))
        rest = _known_in_order(pieces[length:], words, separator) if code else []
        if code and (rest or length == len(pieces)):
            return [code, *rest]
    return []


def taken_apart(cell: str, words: Mapping[str, str], separator: str) -> frozenset[str] | None:
    """Return the option codes of one cell; None where it cannot be split in exactly one way.

    A separator after the last choice, as Microsoft Forms writes it, has no meaning.
    """
    ways = _ways(_pieces(cell, words, separator), words, separator)
    return next(iter(ways[-1])) if len(ways[-1]) == 1 else None


def _pieces(cell: str, words: Mapping[str, str], separator: str) -> list[str]:
    trimmed = cell.strip()
    if separator.strip() and trimmed.endswith(separator.strip()) and tidy(trimmed) not in words:
        trimmed = trimmed.removesuffix(separator.strip())
    return trimmed.split(separator)


def _around(cell: str, words: Mapping[str, str], separator: str) -> tuple[frozenset[str], str]:
    """Return the known choices around the shortest run of unknown parts, and that run (the last of equals).

    The whole cell is the run where it can be read in several ways.
    """
    pieces = _pieces(cell, words, separator)
    before = _ways(pieces, words, separator)
    after = [_ways(pieces[start:], words, separator)[-1] for start in range(len(pieces) + 1)]
    for length in range(1, len(pieces) + 1):
        for start in range(len(pieces) - length, -1, -1):
            run = tidy(separator.join(pieces[start : start + length]))
            if run and len(before[start]) == 1 and len(after[start + length]) == 1:
                return next(iter(before[start])) | next(iter(after[start + length])), run
    return frozenset(), tidy(cell)


def _ways(pieces: Sequence[str], words: Mapping[str, str], separator: str) -> list[set[frozenset[str]]]:
    """Return, for each number of leading pieces, every set of choices they can be read as."""
    ways: list[set[frozenset[str]]] = [{frozenset()}, *(set() for _ in pieces)]
    for end in range(1, len(pieces) + 1):
        for start in range(end):
            choice = words.get(tidy(separator.join(pieces[start:end])))
            if choice is not None:
                ways[end] |= {before | {choice} for before in ways[start]}
    return ways
