"""What a cell may say: code or label → analysis code, for each column of an instrument."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Audience, Instrument, Option, Variable
from toolkit.responses.naming import or_else, rows_said

__all__ = [
    "audience_words",
    "category_dtype",
    "code_words",
    "flavour_of",
    "label_words",
    "number_cells",
    "number_words",
    "option_labels",
    "option_numbers",
    "shortened",
    "tidy",
    "translate",
    "unknown_cells",
]

Flavour = Literal["codes", "labels"]


def _missing(variable: Variable, instrument: Instrument) -> dict[str, str]:
    return {missing.code: missing.becomes for missing in instrument.missing_of(variable)}


def code_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Codes as they stand in the instrument, with the screen codes of missing answers."""
    return {code: code for code in variable.codes} | _missing(variable, instrument)


def number_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Recode values: the codes where all are whole numbers, else 1, 2, 3 … in the instrument's order.

    Missing answers keep their screen code.
    """
    if all(code.isdigit() for code in variable.codes):
        return code_words(variable, instrument)
    numbered = {str(number): code for number, code in enumerate(variable.codes, start=1)}
    return numbered | _missing(variable, instrument)


def label_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Labels in every language; one that means two codes is left out."""
    scale = variable.scale
    pairs = [
        (label, option.code) for option in (scale.options if scale else ()) for label in option.label.values()
    ]
    for missing in instrument.missing_of(variable):
        pairs += [(label, missing.becomes) for label in missing.label.values()]
    return _unambiguous((tidy(label), code) for label, code in pairs)


def option_labels(options: Iterable[Option]) -> dict[str, str]:
    """Label in any language → option code."""
    return {tidy(label): option.code for option in options for label in option.label.values()}


def option_numbers(options: Iterable[Option]) -> dict[str, str]:
    """Choice number → option code, numbered from 1 in the instrument's order."""
    return {str(number): option.code for number, option in enumerate(options, start=1)}


def audience_words(audiences: Mapping[str, Audience], *, numbered: bool) -> dict[str, str]:
    """Everything that names an audience: its id, platform code, labels, and its number where asked."""
    pairs = [(word, name) for name, audience in audiences.items() for word in (name, audience.code)]
    pairs += [
        (tidy(label), name) for name, audience in audiences.items() for label in audience.label.values()
    ]
    if numbered:
        taken = {word for word, _ in pairs}
        pairs += [(str(n), name) for n, name in enumerate(audiences, start=1) if str(n) not in taken]
    return _unambiguous(pairs)


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    meanings: dict[str, set[str]] = {}
    for word, code in pairs:
        meanings.setdefault(word, set()).add(code)
    return {word: codes.pop() for word, codes in meanings.items() if len(codes) == 1}


def tidy(text: str) -> str:
    """Drop surrounding blanks and make every run of blanks one."""
    return re.sub(r"\s+", " ", text).strip()


def flavour_of(
    cells: Mapping[str, pd.Series],
    codes: Mapping[str, Mapping[str, str]],
    labels: Mapping[str, Mapping[str, str]],
) -> Flavour:
    """Whether a file holds answer codes or full answers, told by the cells that can be only one of them."""
    only_codes = only_labels = 0
    for name in codes:
        for cell, times in _counted(cells[name]):
            as_code, as_label = cell in codes[name], cell in labels[name]
            only_codes += times if as_code and not as_label else 0
            only_labels += times if as_label and not as_code else 0
    return "labels" if only_labels > only_codes else "codes"


def _counted(cells: pd.Series) -> Iterator[tuple[str, int]]:
    places, distinct = _distinct(cells)
    return zip(distinct, np.bincount(places, minlength=len(distinct)).tolist(), strict=True)


def _distinct(cells: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Place of each cell among the different ones, and these."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.array.codes, cells.array.categories.tolist()
    places, distinct = pd.factorize(cells)
    return places, list(distinct)


@lru_cache(maxsize=256)
def category_dtype(categories: tuple[str, ...], ordered: bool) -> pd.CategoricalDtype:
    """The same for every column of a scale."""
    return pd.CategoricalDtype(list(categories), ordered=ordered)


def translate(
    cells: pd.Series, words: Mapping[str, str], variable: Variable, problems: list[Problem]
) -> pd.Series:
    """Turn cells into the variable's categories, NaN where blank; unknown cells are added to `problems`."""
    categories = list(variable.categories)
    places, distinct = _distinct(cells)
    codes = np.array(
        [categories.index(words[cell]) if cell in words else -1 for cell in distinct], dtype=np.int16
    )
    strange = np.array([cell != "" and cell not in words for cell in distinct], dtype=bool)
    if strange.any() and strange[places].any():
        problems.extend(unknown_cells(cells[strange[places]].astype(str), words, variable))
    dtype = category_dtype(variable.categories, variable.ordered)
    return pd.Series(pd.Categorical.from_codes(codes[places], dtype=dtype), index=cells.index)


def unknown_cells(
    cells: pd.Series, words: Mapping[str, str], variable: Variable, *, joined: bool = False
) -> Iterator[Problem]:
    """One problem for each of the five commonest answers the instrument does not know, one for all others.

    Parameters
    ----------
    joined
        Whether the answers are parts of cells that hold several: the item is named, not one of its options.
    """
    name = variable.item.id if joined else variable.name
    counts = cells.value_counts()  # one row may hold several parts
    otherwise = "correct the instrument or the export"
    if variable.item.type in ("single", "multi"):
        otherwise += "; answers in people's own words need an option with write_in: true"
    for answer in counts.index[:5]:
        rows = cells.index[cells == answer].unique()
        yield Problem(
            f"column {cells.name}, {rows_said(rows)}",
            f"{shortened(answer)!r} is not an answer of '{name}'",
            or_else(near_names(answer, words), otherwise),
        )
    if len(counts) > 5:
        further = list(counts.index[5:])
        rest = cells[cells.isin(further)]
        listed = ", ".join(repr(shortened(one)) for one in further[:_MOST_LISTED])
        more = f" and {len(further) - _MOST_LISTED} more" if len(further) > _MOST_LISTED else ""
        yield Problem(
            f"column {cells.name}, {rows_said(rest.index.unique())}",
            f"{len(further)} further answers are unknown to '{name}': {listed}{more}",
            "check that the column holds this item",
        )


_MOST_LISTED = 100


def shortened(answer: str) -> str:
    """An answer as a message shows it: at most 80 characters."""
    return answer if len(answer) <= 80 else answer[:77] + "…"


def number_cells(cells: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    """Turn cells into numbers, NaN where blank; what is none or out of bounds is added to `problems`."""
    item = variable.item
    numbers = pd.to_numeric(cells.where(cells != "", np.nan), errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    outside = pd.Series(False, index=cells.index)
    if item.minimum is not None:
        outside |= numbers < item.minimum
    if item.maximum is not None:
        outside |= numbers > item.maximum
    plain, bounds = (
        "correct the export (a decimal point, no units)",
        "correct the answer or the item's bounds",
    )
    for wrong, rule, mend in (
        (numbers.isna() & (cells != ""), "is not a number", plain),
        (outside, _range(variable), bounds),
    ):
        if wrong.any():
            first = cells[wrong].iloc[0]
            where = f"column {cells.name}, {rows_said(cells.index[wrong])}"
            problems.append(Problem(where, f"{first[:40]!r} {rule}", mend))
    return numbers


def _range(variable: Variable) -> str:
    low, high = variable.item.minimum, variable.item.maximum
    return f"is outside {'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
