"""Multi-select answers that stand joined in one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Variable
from toolkit.responses.vocabulary import tidy, unknown_cells

__all__ = ["split_choices", "ticked"]


def ticked(rows: pd.Series, variable: Variable) -> pd.Series:
    """An option's column: "1" where ticked, NaN elsewhere."""
    categories = list(variable.categories)
    codes = np.where(rows.to_numpy(dtype=bool), categories.index("1"), -1)
    return pd.Series(pd.Categorical.from_codes(codes, categories=categories), index=rows.index)


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
    parts = {cell: _taken_apart(cell, words, separator) for cell in cells.unique() if cell}
    strange = cells.isin([cell for cell, found in parts.items() if found is None])
    if strange.any():
        problems.extend(unknown_cells(cells[strange], words, variables[0]))
    columns = {}
    for variable in variables:
        code = variable.option.code if variable.option else ""
        holding = [cell for cell, found in parts.items() if found and code in found]
        columns[variable.name] = ticked(cells.isin(holding), variable)
    return columns


def _taken_apart(cell: str, words: Mapping[str, str], separator: str) -> frozenset[str] | None:
    """Option codes of one cell; None where it cannot be split, or in ways that differ."""
    pieces = cell.split(separator)
    ways: list[set[frozenset[str]]] = [{frozenset()}, *(set() for _ in pieces)]
    for end in range(1, len(pieces) + 1):
        for start in range(end):
            choice = words.get(tidy(separator.join(pieces[start:end])))
            if choice is not None:
                ways[end] |= {before | {choice} for before in ways[start]}
    return next(iter(ways[-1])) if len(ways[-1]) == 1 else None
