"""Multi-select answers, however a platform stores them: a column an option, or joined in one cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import MISSING, Option, Variable
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import (
    Alike,
    as_known,
    category_dtype,
    note_alike,
    option_labels,
    option_numbers,
    plain_number,
    tidy,
    unknown_cells,
)

__all__ = [
    "NOT_TICKED",
    "TICKED",
    "holds_words",
    "read_ticks",
    "separator_of",
    "split_any",
    "split_choices",
    "split_ranks",
    "ticked",
    "with_write_in",
]

TICKED = (
    "1", "Y", "y", "Yes", "YES", "yes", "TRUE", "True", "true", "Checked", "Selected", "Ticked", "x", "X",
    "Oui", "Ja", "Sí", "Sì", "Sim", "Coché",
)  # fmt: skip
NOT_TICKED = (
    "", "0", "N", "n", "No", "NO", "no", "FALSE", "False", "false", "Unchecked", "Not selected", "Not ticked",
    "Non", "Nein", "Não", "Nee", "Non coché",
)  # fmt: skip
"""Nobody says by any of these whether the option was shown: routing decides that."""


def ticked(rows: pd.Series) -> pd.Series:
    """An option's column: "1" where ticked, NaN elsewhere."""
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
    """What names an option beside the usual marks: its code, its labels and, where asked, its number."""
    option = variable.option
    if option is None:
        raise TypeError(f"{variable.name} is no option of a multi-select")
    own = [option.code, *(tidy(label) for label in option.label.values())]
    if numbered:
        own.append(str([o.code for o in variable.item.options].index(option.code) + 1))
    return tuple(dict.fromkeys(own))


def holds_words(cells: pd.Series, variable: Variable, *, numbered: bool = False) -> bool:
    """Whether the column of an option that takes a write-in holds people's own words, not ticks."""
    marks = dict.fromkeys([*TICKED, *NOT_TICKED, *_own_words(variable, numbered=numbered)], "")
    said = pd.Series(cells.astype(str).unique(), dtype=str).map(tidy)
    return not set(as_known(said, marks, [])) <= marks.keys()


def with_write_in(
    columns: dict[str, pd.Series], write_in: Variable, words: pd.Series
) -> dict[str, pd.Series]:
    """Columns of an item with the text of its write-in; whoever wrote something chose that option.

    An answer of a single choice that stands beside the text is kept: the text is then an afterthought.
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
        Whether a manifest says that they are: then codes count only where a cell can be nothing else.
    """
    options = variables[0].item.options
    codes = {option.code: option.code for option in options}
    words = codes | option_labels(options)
    if numbered:
        words = _numbers_or_codes(cells, options, separators, problems, sure=sure) | option_labels(options)
    return split_choices(cells, variables, words, separator_of(cells, words, separators), problems)


def separator_of(cells: pd.Series, words: Mapping[str, str], separators: Sequence[str]) -> str:
    """The first separator under which fewest cells hold something unknown; of several, most known choices."""
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
    """What a choice may be called beside its label: by number, or by code where only codes fit the cells."""
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
    """Make one column an option of cells such as "1,3" or "Speed,Quality, of work".

    Each different cell is taken apart once. A choice may itself hold the separator: a cell is split in the
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
    """Codes of the pieces in order, labels that hold the separator put together; [] where one is unknown."""
    if not pieces:
        return []
    for length in range(len(pieces), 0, -1):
        code = words.get(tidy(separator.join(pieces[:length])))
        rest = _known_in_order(pieces[length:], words, separator) if code else []
        if code and (rest or length == len(pieces)):
            return [code, *rest]
    return []


def taken_apart(cell: str, words: Mapping[str, str], separator: str) -> frozenset[str] | None:
    """Option codes of one cell; None where it cannot be split, or in ways that differ.

    A separator after the last choice, as Microsoft Forms writes it, says nothing.
    """
    ways = _ways(_pieces(cell, words, separator), words, separator)
    return next(iter(ways[-1])) if len(ways[-1]) == 1 else None


def _pieces(cell: str, words: Mapping[str, str], separator: str) -> list[str]:
    trimmed = cell.strip()
    if separator.strip() and trimmed.endswith(separator.strip()) and tidy(trimmed) not in words:
        trimmed = trimmed.removesuffix(separator.strip())
    return trimmed.split(separator)


def _around(cell: str, words: Mapping[str, str], separator: str) -> tuple[frozenset[str], str]:
    """Known choices before and after the shortest run of unknown parts, and that run; of equals the last.

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
    """For each number of pieces, every set of choices that these first pieces can be read as."""
    ways: list[set[frozenset[str]]] = [{frozenset()}, *(set() for _ in pieces)]
    for end in range(1, len(pieces) + 1):
        for start in range(end):
            choice = words.get(tidy(separator.join(pieces[start:end])))
            if choice is not None:
                ways[end] |= {before | {choice} for before in ways[start]}
    return ways
