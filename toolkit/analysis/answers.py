"""Columns of a frame as arrays of numbers: what a measure counts in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Number
from typing import Annotated, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.scores import SCORES, net_scores, recommend_score, recommend_scores
from toolkit.arguments import Check
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, Variable

__all__ = [
    "Codes",
    "Column",
    "Items",
    "Request",
    "read_columns",
    "refuse_ambiguous",
    "request",
    "requests_for",
    "requests_per_code",
    "with_boxes",
]

Items: TypeAlias = Annotated[
    Instrument | Variable | str | Sequence[Variable | str],
    Check(
        lambda value: isinstance(value, Instrument | Variable | Iterable),
        "column names, variables or an instrument",
    ),
]
Codes: TypeAlias = Annotated[
    str | float | Sequence[str | float] | None,
    Check(
        lambda value: (
            isinstance(value, str | Number)
            or (not isinstance(value, bytes | Mapping) and isinstance(value, Iterable))
        ),
        "a code or a list of codes",
    ),
]
Array = npt.NDArray[np.float64]
_MOST_CODES = 25
_AT_ONCE = 65_536
_Seen: TypeAlias = dict[tuple[int, int], tuple[Any, tuple[str, ...], list[str]]]
"""Categories and scale, by identity → the categories (kept alive), their labels, those the scale lacks."""


@dataclass(frozen=True)
class Column:
    """One column: category positions with their labels, or plain numbers with none.

    `chosen` is False for a column an Instrument brought along, which may be passed over where a measure
    has no meaning for it; a column someone named is refused instead.
    """

    name: str
    raw: Any
    labels: tuple[str, ...] | None
    variable: Variable | None
    chosen: bool
    boxes: Mapping[str, tuple[str, ...]] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Answer codes in order."""
        if self.variable is not None and self.variable.codes:
            return self.variable.codes
        if self.labels is not None:
            return tuple(label for label in self.labels if label not in MISSING)
        found = np.unique(self.raw[~np.isnan(self.raw)])
        return tuple(_plain(value) for value in found)


class _Boxed(str):
    """A column's name with the codes that count as its top and bottom box."""

    boxes: Mapping[str, tuple[str, ...]]


_M = TypeVar("_M", str, str | None)


def with_boxes(items: Items, measure: _M, *, top: Codes = None, bottom: Codes = None) -> tuple[Items, _M]:
    """Give plain columns a top and a bottom box, as an instrument's scale declares them.

    Parameters
    ----------
    items
        Column names.
    measure
        What is measured; "top" (where only `bottom` is given, "bottom") unless it is one of the two.
    top, bottom
        Answers in each box; None for no such box.

    Raises
    ------
    InvalidInput
        For variables, whose scales declare their boxes; an empty box; an answer in both.
    """
    if top is None and bottom is None:
        return items, measure
    boxes: dict[str, tuple[str, ...]] = {}
    for box, given in (("top", top), ("bottom", bottom)):
        if given is not None:
            held = [given] if isinstance(given, str | float | int) else list(given)
            boxes[box] = tuple(dict.fromkeys(one if isinstance(one, str) else _plain(one) for one in held))
    empty = [name for name, box in boxes.items() if not box]
    problems = [Problem("empty", name, "is empty", "name at least one answer") for name in empty]
    if both := set(boxes.get("top", ())) & set(boxes.get("bottom", ())):
        problems.append(
            Problem("conflict", "top, bottom", f"both hold {sorted(both)}", "put each answer into one box")
        )
    listed = [items] if isinstance(items, Instrument | Variable | str) else _listed(items)
    named = []
    for one in listed:
        if not isinstance(one, str):
            what = f"are given for {'an instrument' if isinstance(one, Instrument) else one.name}"
            fix = "declare boxes in the instrument's scale, or give column names"
            problems.append(Problem("conflict", "top, bottom", what, fix))
            continue
        name = _Boxed(one)
        name.boxes = boxes
        named.append(name)
    if problems:
        raise InvalidInput("items", problems)
    return named, measure if measure in boxes else next(iter(boxes))


_MEASURES = ("favourable", "unfavourable", "top", "bottom", "mean", *SCORES)


@dataclass(frozen=True)
class Request:
    """One row of numbers wanted from one column: `table` turns positions into them, None keeps numbers."""

    item: str
    measure: str
    raw: Any
    table: Any
    share: bool
    audiences: tuple[str, ...] | None
    span: float

    @property
    def points(self) -> bool:
        """Whether its differences are said in points: shares, and shares less shares."""
        return self.share or self.measure in SCORES

    @property
    def complete(self) -> bool:
        """Whether everybody is seen at a glance to have answered; False where it takes a closer look."""
        if self.raw.size == 0:
            return True
        least = self.raw.min()  # NaN where one is
        if self.table is None:
            return not np.isnan(least)
        return bool(least >= 0) and not np.isnan(self.table[least : self.raw.max() + 1]).any()

    def fill(self, into: Array, rows: slice = slice(None)) -> None:
        """Write one number a respondent (of `rows`), NaN for those who gave no answer."""
        if self.table is None:
            into[:] = self.raw[rows]
        else:
            np.take(self.table, self.raw[rows], out=into, mode="wrap")  # −1, no answer, is the last


def read_columns(
    frame: pd.DataFrame,
    items: Items,
    *,
    kinds: Sequence[str] = ("single", "option", "number"),
    shared: bool = False,
) -> list[Column]:
    """The columns an analysis is about.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        An instrument (every column of those kinds), variables, or column names.
    kinds
        Kinds of variable taken from an instrument.
    shared
        Take from an instrument only what two or more audiences answer.

    Raises
    ------
    InvalidInput
        Naming every column that is missing, is text, or holds codes its scale lacks.
    """
    if isinstance(items, Instrument):
        listed: Iterable[Variable | str] = (
            items.shared(kinds=kinds) if shared else (v for v in items.variables if v.kind in kinds)
        )
    else:
        listed = [items] if isinstance(items, Variable | str) else _listed(items)
    chosen, problems = not isinstance(items, Instrument), []
    columns: list[Column] = []
    taken: set[str] = set()
    twice = set(frame.columns[frame.columns.duplicated()])
    seen: _Seen = {}
    for entry in listed:
        variable, name = (entry, entry.name) if isinstance(entry, Variable) else (None, entry)
        if name not in frame.columns:
            problems.append(
                Problem(
                    "unknown-column",
                    f"column {name}",
                    "is not in the frame",
                    near_names(str(name), map(str, frame.columns)),
                )
            )
            continue
        if name in taken or name in twice:
            problems.append(
                Problem(
                    "duplicate-column", f"column {name}", "is named or occurs twice", "keep one of the two"
                )
            )
            continue
        try:
            column = _column(frame[name], name, variable, chosen, seen)
            if isinstance(name, _Boxed):
                column = replace(column, boxes=name.boxes)
                problems += _unknown_codes(column)
            columns.append(column)
            taken.add(name)
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput("items", problems)
    if not columns:
        raise InvalidInput(
            "items", [Problem("empty", "items", "no column was asked for", "name at least one item")]
        )
    return columns


def _unknown_codes(column: Column) -> Iterator[Problem]:
    """Find codes of a box that are no answers; a number may be one that nobody chose."""
    for box, codes in (column.boxes or {}).items():
        known = column.codes
        strange = [one for one in codes if one not in known and not (column.labels is None and _numeric(one))]
        if strange or not set(codes) & set(known):
            what = f"has no answer {', '.join(map(repr, strange or codes))} of box {box}"
            yield Problem(
                "unknown-answer", f"column {column.name}", what, f"its answers are {', '.join(known[:12])}"
            )


def _numeric(code: str) -> bool:
    try:
        return bool(np.isfinite(float(code)))
    except ValueError:
        return False


def _listed(items: Any) -> list[Variable | str]:
    every = list(items) if isinstance(items, Iterable) else [items]
    odd = [one for one in every if not isinstance(one, Variable | str)]
    if odd:
        hint = "give an instrument, variables or column names"
        raise InvalidInput(
            "items", [Problem("wrong-type", "items", f"{one!r} is none of them", hint) for one in odd]
        )
    return every


def _column(series: pd.Series, name: str, variable: Variable | None, chosen: bool, seen: _Seen) -> Column:
    array = series.array
    single = variable is not None and variable.kind in ("single", "option")
    if not isinstance(array, pd.Categorical):
        if pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
            numbers = _numbers(series)
            if _infinite(numbers):
                raise InvalidInput(
                    "items",
                    [Problem("not-finite", f"column {name}", "holds an infinite number", "correct it")],
                )
            if not single:
                return Column(name, numbers, None, variable, chosen)
            array = pd.Categorical([None if np.isnan(value) else _plain(value) for value in numbers])
        elif variable is not None and variable.kind in ("text", "number"):
            raise InvalidInput(
                "items",
                [
                    Problem(
                        "not-a-number", f"column {name}", "holds text, not answers or numbers", "leave it out"
                    )
                ],
            )
        elif series.dtype == object and pd.api.types.infer_dtype(series).startswith("mixed"):
            kinds = ", ".join(sorted({type(one).__name__ for one in series.dropna()}))
            fix = "make it all text (.astype(str)) or all numbers (pandas.to_numeric)"
            raise InvalidInput(
                "items", [Problem("wrong-type", f"column {name}", f"mixes values of types {kinds}", fix)]
            )
        else:
            array = pd.Categorical(series)
    key = (id(array.categories), id(variable.scale) if variable is not None else 0)
    if key not in seen:
        labels = tuple(map(str, array.categories.tolist()))
        codes = variable.codes if variable is not None and single else labels
        unknown = [label for label in labels if label not in MISSING and label not in codes]
        seen[key] = (array.categories, labels, unknown)
    _, labels, unknown = seen[key]
    if unknown and variable is not None:
        used = [label for label in unknown if bool((array.codes == labels.index(label)).any())]
        if used:
            raise InvalidInput(
                "items",
                [
                    Problem(
                        "unknown-answer",
                        f"column {name}",
                        f"holds {used}, which its scale lacks",
                        f"recode to {list(variable.codes)}",
                    )
                ],
            )
    return Column(name, array.codes, labels, variable, chosen)


def request(column: Column, measure: str) -> Request | None:
    """What a measure counts in one column; None where an instrument's column has no such measure.

    Raises
    ------
    InvalidInput
        Where a column that was named has no such measure.
    """
    if measure in SCORES:
        made = _score(column, measure)
    else:
        made = _mean(column) if measure == "mean" else _share(column, measure)
    if made is None and column.chosen:
        raise InvalidInput("measure", [_meaningless(column, measure)])
    return made


def requests_for(columns: Sequence[Column], measure: str) -> list[Request]:
    """What a measure counts in every column that has it.

    Raises
    ------
    InvalidInput
        Naming every column that was named and has no such measure; a measure that no item could have.
    """
    _refuse_strange(columns, measure)
    problems: list[Problem] = []
    found = []
    for column in columns:
        try:
            made = request(column, measure)
        except InvalidInput as error:
            problems.extend(error.problems)
        else:
            found += [] if made is None else [made]
    if problems:
        raise InvalidInput("measure", problems)
    return found


def _refuse_strange(columns: Sequence[Column], measure: str) -> None:
    """Refuse a measure that is neither a word of ours nor a code of any column: a slip of the pen."""
    if measure in _MEASURES or not columns or any(column.chosen for column in columns):
        return
    if not any(measure in column.codes for column in columns):
        hint = f"{near_names(str(measure), _MEASURES)}; or give an answer code"
        raise InvalidInput(
            "measure", [Problem("unknown-option", f"measure {measure!r}", "is not known", hint)]
        )


def refuse_ambiguous(name: str, codes: Iterable[str]) -> None:
    """Refuse numbers taken as codes where some are reserved: an answer -1, or that there is none?

    Raises
    ------
    InvalidInput
        Naming the column and the codes.
    """
    found = [code for code in codes if code in MISSING]
    if found:
        what = f"holds {', '.join(found)} as numbers, which are reserved codes for missing answers"
        fix = "replace them by NaN where nothing was answered, else pass the item's variable or recode"
        raise InvalidInput("items", [Problem("reserved-code", f"column {name}", what, fix)])


def requests_per_code(column: Column) -> list[Request]:
    """One request a response code; none for an instrument's numbers.

    Raises
    ------
    InvalidInput
        Where a named column holds numbers that are no codes.
    """
    if column.labels is None:
        codes = column.codes
        whole = all("." not in code for code in codes)
        if not whole or len(codes) > _MOST_CODES or (column.variable is not None and not column.chosen):
            if column.chosen:
                raise InvalidInput(
                    "items",
                    [
                        Problem(
                            "unsuited-item",
                            f"column {column.name}",
                            "holds numbers, not response codes",
                            "use means(), or name a measure",
                        )
                    ],
                )
            return []
    found = (_share(column, code) for code in column.codes)
    return [made for made in found if made is not None]


def _share(column: Column, measure: str) -> Request | None:
    variable = column.variable
    codes: tuple[str, ...] = (measure,)
    if variable is not None and variable.kind in ("single", "option"):
        codes = variable.codes_of(measure)
        if not codes:
            return None
    elif column.boxes is not None and measure in column.boxes:
        codes = column.boxes[measure]
    elif measure not in column.codes:
        return None
    audiences = variable.audiences if variable is not None else None
    if column.labels is None:
        refuse_ambiguous(column.name, column.codes)
        hit = np.where(
            np.isnan(column.raw),
            np.nan,
            np.isin(column.raw, [float(code) for code in codes]).astype(np.float64),
        )
        return Request(column.name, measure, hit, None, True, audiences, 1.0)
    table = np.array(
        [*(np.nan if label in MISSING else float(label in codes) for label in column.labels), np.nan]
    )
    return Request(column.name, measure, column.raw, table, True, audiences, 1.0)


def _mean(column: Column) -> Request | None:
    variable = column.variable
    audiences = variable.audiences if variable is not None else None
    if column.labels is None:
        share = _all_shares(column.raw)
        return Request(column.name, "mean", column.raw, None, share, audiences, 1.0)
    values = variable.values() if variable is not None else _as_numbers(column.codes)
    if not values:
        return None
    table = np.array(
        [*(values.get(label, np.nan) if label not in MISSING else np.nan for label in column.labels), np.nan]
    )
    span = max(values.values()) - min(values.values())
    return Request(
        column.name, "mean", column.raw, table, set(values.values()) == {0.0, 1.0}, audiences, span
    )


def _numbers(series: pd.Series) -> Any:
    """As they are where whole and none is missing, in an eighth of the memory; else float64."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biu":
        return series.to_numpy()
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _infinite(numbers: Array) -> bool:
    if numbers.dtype.kind != "f":
        return False
    starts = range(0, len(numbers), _AT_ONCE)
    return any(bool(np.isinf(numbers[start : start + _AT_ONCE]).any()) for start in starts)


def _all_shares(numbers: Array) -> bool:
    """Whether every answer is 0 or 1, looked at slice by slice as most that are not show it at once."""
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        if not ((part == 0) | (part == 1) | np.isnan(part)).all():
            return False
    return True


def _score(column: Column, measure: str) -> Request | None:
    variable, labels = column.variable, column.labels
    audiences = variable.audiences if variable is not None else None
    if labels is None:
        score = recommend_score(column.raw, variable) if measure == "recommend" else None
        return None if score is None else Request(column.name, measure, score, None, False, audiences, 1.0)
    if measure == "net":
        table = net_scores(variable, labels)
    else:
        table = recommend_scores(column.codes, labels, declared=variable is not None)
    if table is None:
        return None
    return Request(column.name, measure, column.raw, np.array([*table, np.nan]), False, audiences, 1.0)


def _as_numbers(codes: Sequence[str]) -> dict[str, float] | None:
    try:
        return {code: float(code) for code in codes}
    except ValueError:
        return None


def _meaningless(column: Column, measure: str) -> Problem:
    where = f"column {column.name}"
    if measure == "mean":
        return Problem(
            "unsuited-measure",
            where,
            "its answers are no numbers, so it has no mean",
            "use a share of its codes instead",
        )
    if measure == "recommend":
        return Problem(
            "unsuited-measure", where, "is not answered from 0 to 10 in whole numbers", "use another measure"
        )
    if measure == "net" and column.variable is not None:
        return Problem(
            "unsuited-measure", where, "has no top and bottom box", "declare both in the instrument's scale"
        )
    if column.variable is None:
        known = list(column.codes[:12])
        return Problem(
            "unsuited-measure",
            where,
            f"has no measure {measure!r} without an instrument",
            f'use measure="mean", one of its codes {known}, top=[…], or pass the instrument\'s variable',
        )
    return Problem(
        "unsuited-measure",
        where,
        f"has no measure {measure!r}",
        f"use one of its codes {list(column.codes)}, or declare the box in the instrument",
    )


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
