"""Multi-select answers, however a platform stores them: a column an option, or joined in one cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Option, Variable
from toolkit.responses.vocabulary import as_known, option_labels, option_numbers, tidy, unknown_cells

__all__ = ["NOT_TICKED", "TICKED", "read_ticks", "separator_of", "split_any", "split_choices", "ticked"]

TICKED = (
    "1", "Y", "y", "Yes", "YES", "yes", "TRUE", "True", "true", "Checked", "Selected", "Ticked", "x", "X",
    "Oui", "Ja", "Sí", "Sì", "Sim", "Coché",
)  # fmt: skip
NOT_TICKED = (
    "", "0", "N", "n", "No", "NO", "no", "FALSE", "False", "false", "Unchecked", "Not selected", "Not ticked",
    "Non", "Nein", "Não", "Nee", "Non coché",
)  # fmt: skip
"""Nobody says by any of these whether the option was shown: routing decides that."""


def ticked(rows: pd.Series, variable: Variable) -> pd.Series:
    """An option's column: "1" where ticked, NaN elsewhere."""
    categories = list(variable.categories)
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
    option = variable.option
    if option is None:
        raise TypeError(f"{variable.name} is no option of a multi-select")
    own = {option.code, *(tidy(label) for label in option.label.values())}
    if numbered:
        own.add(str([o.code for o in variable.item.options].index(option.code) + 1))
    words = {*TICKED, *(own - set(NOT_TICKED))}
    cells = as_known(cells, dict.fromkeys(words, "1") | dict.fromkeys(NOT_TICKED, "0"), problems)
    places, distinct = pd.factorize(cells)
    strange = [cell for cell in distinct if cell not in words and cell not in NOT_TICKED]
    if strange:
        known = dict.fromkeys((*own, "1", "0", "Y", "N", "Yes", "No", "TRUE", "FALSE"), "1")
        problems.extend(unknown_cells(cells[cells.isin(strange)].astype(str), known, variable))
    held = np.array([cell in words for cell in distinct], dtype=bool)
    return ticked(pd.Series(held[places] if len(held) else np.zeros(len(cells), bool), cells.index), variable)


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
    """The first separator under which fewest cells hold something that is no choice."""
    strange = {}
    for separator in separators:
        strange[separator] = len(_strange(cells, words, separator))
        if not strange[separator]:
            return separator
    return min(separators, key=lambda one: strange[one])


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
        part.strip()
        for cell in cells.unique()
        for part in re.split("|".join(map(re.escape, separators)), cell)
    }
    seen &= by_code.keys() | by_number.keys()
    if seen <= by_number.keys():
        if seen <= by_code.keys() and not sure and any(by_code[one] != by_number[one] for one in seen):
            what = f"holds {', '.join(sorted(seen)[:6])}, which may be positions or codes of its options"
            problems.append(Problem(f"column {cells.name}", what, "export again with choice texts"))
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
) -> dict[str, pd.Series]:
    """Make one column an option of cells such as "1,3" or "Speed,Quality, of work".

    Each different cell is taken apart once. A choice may itself hold the separator: a cell is split in the
    one way in which every part is a known choice; where there is none, or more than one, it is a problem.

    Parameters
    ----------
    words
        What a choice may be called → option code.
    """
    parts = {cell: taken_apart(cell, words, separator) for cell in cells.unique() if cell.strip()}
    strange = cells.isin([cell for cell, found in parts.items() if found is None])
    if strange.any():
        problems.extend(unknown_cells(cells[strange], words, variables[0]))
    columns = {}
    for variable in variables:
        code = variable.option.code if variable.option else ""
        holding = [cell for cell, found in parts.items() if found and code in found]
        columns[variable.name] = ticked(cells.isin(holding), variable)
    return columns


def taken_apart(cell: str, words: Mapping[str, str], separator: str) -> frozenset[str] | None:
    """Option codes of one cell; None where it cannot be split, or in ways that differ.

    A separator after the last choice, as Microsoft Forms writes it, says nothing.
    """
    trimmed = cell.strip()
    if separator.strip() and trimmed.endswith(separator.strip()) and tidy(trimmed) not in words:
        trimmed = trimmed.removesuffix(separator.strip())
    pieces = trimmed.split(separator)
    ways: list[set[frozenset[str]]] = [{frozenset()}, *(set() for _ in pieces)]
    for end in range(1, len(pieces) + 1):
        for start in range(end):
            choice = words.get(tidy(separator.join(pieces[start:end])))
            if choice is not None:
                ways[end] |= {before | {choice} for before in ways[start]}
    return next(iter(ways[-1])) if len(ways[-1]) == 1 else None
