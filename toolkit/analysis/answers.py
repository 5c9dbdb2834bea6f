"""Columns of a frame as arrays: codes, numbers, measures and groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Number
from typing import Annotated, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arguments import Check, typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, Variable, is_missing_code

# Net scores (a share minus a share): +1, 0 or −1 per answer.


SCORES = ("net", "recommend")
"""Measures of this kind."""

_PROMOTER, _DETRACTOR = 9, 6
_POSSIBLE = tuple(str(number) for number in range(11))


def net_scores(variable: Variable | None, labels: Sequence[str]) -> list[float] | None:
    """Return +1 for each code of the top box, −1 of the bottom box, 0 between, NaN for anything else.

    None for an option of a multi-select, for numbers, and where the scale declares no two boxes.
    """
    if variable is None or variable.kind != "single":
        return None
    top, bottom = variable.codes_of("top"), variable.codes_of("bottom")
    if not top or not bottom:
        return None
    score = {code: float((code in top) - (code in bottom)) for code in variable.codes}
    return [score.get(label, np.nan) for label in labels]


def recommend_scores(codes: Sequence[str], labels: Sequence[str], *, declared: bool) -> list[float] | None:
    """Return +1 for the codes 9 and 10, −1 for 0 to 6, 0 for 7 and 8.

    None where a code is not a whole number from 0 to 10, or a declared scale lacks some of them.
    """
    if not set(codes) <= set(_POSSIBLE) or (declared and set(codes) != set(_POSSIBLE)):
        return None
    score = dict(zip(_POSSIBLE, _scored(np.arange(11.0)).tolist(), strict=True))
    return [score.get(label, np.nan) for label in labels]


def recommend_score(
    numbers: npt.NDArray[np.float64], variable: Variable | None
) -> npt.NDArray[np.float64] | None:
    """Score plain numbers; None where some are not possible or the item's limits are not 0 and 10."""
    known = numbers[~np.isnan(numbers)]
    declared = variable is None or (variable.item.minimum, variable.item.maximum) == (0, 10)
    return _scored(numbers) if declared and np.isin(known, np.arange(11)).all() else None


def _scored(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    score = (numbers >= _PROMOTER) * 1.0 - (numbers <= _DETRACTOR) * 1.0
    return np.where(np.isnan(numbers), np.nan, score)


# Columns and measures: arrays of numbers, one per column of the frame.


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
        return tuple(plain_code(value) for value in found)


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
        What is measured: "top", "bottom", or "net" of both. Any other becomes "top" (where only
        `bottom` is given, "bottom").
    top, bottom
        Answers in each box; None for no such box.

    Raises
    ------
    InvalidInput
        For variables, whose scales declare their boxes; an empty box; an answer in both; "net" of one box;
        measures that count no box.
    """
    if top is None and bottom is None:
        return items, measure
    boxes: dict[str, tuple[str, ...]] = {}
    for box, given in (("top", top), ("bottom", bottom)):
        if given is not None:
            held = [given] if isinstance(given, str | float | int) else list(given)
            boxes[box] = tuple(
                dict.fromkeys(one if isinstance(one, str) else plain_code(one) for one in held)
            )
    empty = [name for name, box in boxes.items() if not box]
    problems = [Problem("empty", name, "is empty", "name at least one answer") for name in empty]
    if both := set(boxes.get("top", ())) & set(boxes.get("bottom", ())):
        problems.append(
            Problem("conflict", "top, bottom", f"both hold {sorted(both)}", "put each answer into one box")
        )
    if measure == "recommend":
        fix = "leave them out, or choose the measure 'top', 'bottom' or 'net'"
        problems.append(Problem("conflict", "top, bottom", f"are not counted by measure {measure!r}", fix))
    if measure == "net" and len(boxes) < 2:
        problems.append(Problem("conflict", "top, bottom", "must both be given for 'net'", "give the other"))
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
    return named, measure if measure in boxes or measure == "net" else next(iter(boxes))


_MEASURES = ("favourable", "unfavourable", "top", "bottom", "mean", *SCORES)


@dataclass(frozen=True)
class Request:
    """One requested row of numbers from one column: `table` turns positions into them, None keeps numbers."""

    item: str
    measure: str
    raw: Any
    table: Any
    share: bool
    audiences: tuple[str, ...] | None
    span: float

    @property
    def points(self) -> bool:
        """Whether its differences are given in points: shares, and shares less shares."""
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
        """Write one number per respondent (of `rows`), NaN for those who gave no answer."""
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
    """Return the columns to analyse.

    Parameters
    ----------
    frame
        One row per respondent.
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
    """Find codes of a box that are not answers; a number may be one that no one chose."""
    for box, codes in (column.boxes or {}).items():
        known = column.codes
        strange = [one for one in codes if one not in known and not (column.labels is None and _numeric(one))]
        if strange or not set(codes) & set(known):
            what = f"has no answer {', '.join(map(repr, strange or codes))} of box {box}"
            hint = f"its answers are {', '.join(known[:12])}" if known else "nobody answered: leave it out"
            yield Problem("unknown-answer", f"column {column.name}", what, hint)


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
            "items", [Problem("wrong-type", "items", f"{one!r} is not one of them", hint) for one in odd]
        )
    return every


def _column(series: pd.Series, name: str, variable: Variable | None, chosen: bool, seen: _Seen) -> Column:
    series = without_objects(series, name)
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
            array = pd.Categorical([None if np.isnan(value) else plain_code(value) for value in numbers])
        elif variable is not None and variable.kind in ("text", "number"):
            raise InvalidInput(
                "items",
                [
                    Problem(
                        "not-a-number", f"column {name}", "holds text, not answers or numbers", "leave it out"
                    )
                ],
            )
        else:
            array = pd.Categorical(series)
    key = (id(array.categories), id(variable.scale) if variable is not None else 0)
    if key not in seen:
        # 4.0 is the answer "4", as in a column of floats
        labels = tuple(
            plain_code(one) if isinstance(one, float) and np.isfinite(one) else str(one)
            for one in array.categories.tolist()
        )
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


def without_objects(series: pd.Series, name: str) -> pd.Series:
    """Convert an object column of numbers or booleans, or one that holds no answers, to numbers.

    Raises
    ------
    InvalidInput
        Where values of different types are mixed, such as 1 and "1".
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series if len(series.cat.categories) else pd.Series(np.nan, series.index, name=series.name)
    if series.dtype != object:
        return series
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty"):
        return series.where(series.notna(), np.nan).astype(np.float64)
    if kind.startswith("mixed"):
        kinds = ", ".join(sorted({type(one).__name__ for one in series.dropna()}))
        fix = "make it all text (.astype(str)) or all numbers (pandas.to_numeric)"
        raise InvalidInput(
            "items", [Problem("wrong-type", f"column {name}", f"mixes values of types {kinds}", fix)]
        )
    return series


def request(column: Column, measure: str) -> Request | None:
    """Return what a measure counts in one column; None where an instrument's column does not have it.

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
    """Return what a measure counts in every column that has it.

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
            "measure", [Problem("unknown-option", f"measure {measure!r}", "is not supported", hint)]
        )


def refuse_ambiguous(name: str, codes: Iterable[str]) -> None:
    """Refuse numbers taken as codes where some are reserved: -1 may be an answer or a missing one.

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
    """Return one request per response code; none for a number item.

    Raises
    ------
    InvalidInput
        Where a named column holds numbers that are not codes.
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
    """Return int8 values unchanged if whole and complete (an eighth of the memory), else float64."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biu":
        return series.to_numpy()
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _infinite(numbers: Array) -> bool:
    if numbers.dtype.kind != "f":
        return False
    starts = range(0, len(numbers), _AT_ONCE)
    return any(bool(np.isinf(numbers[start : start + _AT_ONCE]).any()) for start in starts)


def _all_shares(numbers: Array) -> bool:
    """Return whether every answer is 0 or 1, testing slice by slice to stop early."""
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        if not ((part == 0) | (part == 1) | np.isnan(part)).all():
            return False
    return True


def _score(column: Column, measure: str) -> Request | None:
    variable, labels = column.variable, column.labels
    audiences = variable.audiences if variable is not None else None
    if measure == "net" and column.boxes is not None:
        top, bottom = _share(column, "top"), _share(column, "bottom")
        if top is None or bottom is None:
            return None
        if top.table is None:
            return replace(top, measure="net", raw=top.raw - bottom.raw, share=False)
        return replace(top, measure="net", table=top.table - bottom.table, share=False)
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
            "its answers are not numbers, so it has no mean",
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


def plain_code(value: float) -> str:
    """Write a number as an answer code: whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


# Answers as numbers, boxes and labels; counts of missing answers.
#
# For every frame, coded or plain, reserved codes and NaN are missing answers.


ROUNDING = 1e-12
"""A standard error below this part of the answers' size is rounding noise, not spread."""


def is_constant(values: Any, *, size: Any = None) -> Any:
    """Return whether the numbers of each column are all alike but for rounding.

    Parameters
    ----------
    values
        Numbers, or rows × columns of them.
    size
        How large the numbers are that rounding worked on, where these are differences of larger ones.

    Examples
    --------
    >>> bool(is_constant(np.array([0.1 + 0.2, 0.3]))), bool(is_constant(np.array([0.3, 0.31])))
    (True, False)
    """
    largest = np.abs(values).max(axis=0) if size is None else size
    return np.ptp(values, axis=0) <= ROUNDING / 10 * largest


def as_numbers(name: str, values: Any) -> Array:
    """Convert values to numbers, NaN where there is no answer.

    A column of a coded frame holds its reasons for missing as categories ("-3"): read as numbers they would
    be answers, far below the scale.

    Parameters
    ----------
    name
        What to call the values where they are refused.
    values
        A column of a coded frame, or numbers.

    Raises
    ------
    InvalidInput
        Where an answer is not a number.

    Examples
    --------
    >>> as_numbers("a", pd.Categorical(["4", "-3", "5"], categories=["-3", "4", "5"])).tolist()
    [4.0, nan, 5.0]
    """
    given = pd.Series(values) if isinstance(getattr(values, "dtype", None), pd.CategoricalDtype) else values
    try:
        if isinstance(given, pd.Series) and isinstance(given.dtype, pd.CategoricalDtype):
            kept = given.cat.remove_unused_categories()
            codes = [np.nan if str(one) in MISSING else float(one) for one in kept.cat.categories]
            given = np.array([*codes, np.nan])[kept.cat.codes]  # NaN, the last, means code -1
        elif not pd.api.types.is_numeric_dtype(getattr(given, "dtype", np.asarray(given).dtype)):
            cells = np.asarray(given, dtype=object).ravel()
            given = [np.nan if isinstance(one, str) and one in MISSING else one for one in cells]
        numbers: Array = np.asarray(given, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        hint = "give one column of numbers or of an item whose codes are numbers"
        raise InvalidInput(
            "samples", [Problem("not-a-number", name, f"holds a value that is not a number ({error})", hint)]
        ) from error
    return numbers


@typed
def numbers(frame: pd.DataFrame, items: Items) -> pd.DataFrame:
    """Return answers as numbers, for correlations, scales, models and tests of other libraries.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        An instrument (its ordered items, options and numbers), variables, or column names.

    Returns
    -------
    pandas.DataFrame
        float64, one column per item, NaN where there is no answer; the frame's index.

    Raises
    ------
    InvalidInput
        Columns that are not in the frame or whose answers are not numbers, all at once.

    Examples
    --------
    >>> answers = pd.Categorical(["4", "-3"], categories=["-3", "4"])
    >>> frame = pd.DataFrame({"burnout": answers, "group": ["a", "b"]})
    >>> numbers(frame, "burnout")["burnout"].tolist()
    [4.0, nan]
    >>> frame.assign(**numbers(frame, "burnout"))["burnout"].dtype  # beside the other columns
    dtype('float64')
    """
    return _filled(frame, requests_for(read_columns(frame, items), "mean"))


@typed
def top_boxes(
    frame: pd.DataFrame, items: Items, *, measure: str = "top", top: Codes = None, bottom: Codes = None
) -> pd.DataFrame:
    """Return whether each answer is in the top box: 1 or 0, NaN where there is no answer.

    Parameters
    ----------
    frame, items
        As in `numbers`.
    measure
        "top", "bottom", "favourable", "unfavourable" or one code.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        float64, so that a mean is a share; one column per item, the frame's index.

    Raises
    ------
    InvalidInput
        As `numbers`; an item without such a box that was named.

    Examples
    --------
    >>> top_boxes(pd.DataFrame({"q1": [5, 4, 3, None]}), "q1", top=[4, 5])["q1"].tolist()
    [1.0, 1.0, 0.0, nan]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    return _filled(frame, requests_for(read_columns(frame, items, kinds=("single", "option")), measure))


def _filled(frame: pd.DataFrame, wanted: Sequence[Request]) -> pd.DataFrame:
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    return pd.DataFrame(dict(zip((str(one.item) for one in wanted), values, strict=True)), index=frame.index)


@typed
def labels(
    frame: pd.DataFrame,
    instrument: Instrument,
    items: Sequence[Variable | str] | Variable | str | None = None,
    *,
    language: str | None = None,
) -> pd.DataFrame:
    """Return answers in words, in the order of their scales.

    Parameters
    ----------
    frame
        One row per respondent.
    instrument
        The questionnaire.
    items
        Columns, variables, ids of items, or "audience"; None for all that the frame has.
    language
        Of the words; None for the instrument's first.

    Returns
    -------
    pandas.DataFrame
        Categoricals, ordered where the scale is, NaN where there is no answer; the frame's index.
        `frame.assign(**labels(frame, instrument, ["tenure"]))` puts them beside the other columns.

    Raises
    ------
    InvalidInput
        Items that are not in the instrument or the frame or have no codes, a language without words.

    Examples
    --------
    >>> import seaborn as sns
    >>> answers = labels(study.responses(), study.instrument, ["tenure", "audience"])
    >>> ax = sns.countplot(answers, x="tenure", hue="audience")
    """
    language = language or instrument.languages[0]
    coded = [v for v in instrument.variables if v.codes]
    if items is None:
        chosen = [name for name in ("audience", *(v.name for v in coded)) if name in frame]
    else:
        listed = [items] if isinstance(items, str | Variable) else list(items)
        names = [one if isinstance(one, str) else one.name for one in listed]
        parts = {name: [v.name for v in instrument.of_item(name)] or [name] for name in names}
        chosen = list(dict.fromkeys(part for name in names for part in parts[name]))
    known = {v.name: v for v in coded}
    what = "has no answers with labels in the instrument"
    problems = [
        Problem("unsuited-item", f"column {name}", what, near_names(name, [*known, "audience"]))
        for name in chosen
        if name not in known and name != "audience"
    ]
    if problems:
        raise InvalidInput("labels", problems)
    made: dict[str, pd.Series] = {}
    for column in read_columns(frame, [known.get(name, name) for name in chosen]):
        variable = known.get(column.name)
        try:
            words = (
                variable.code_labels(language)
                if variable is not None
                else {key: one.label[language] for key, one in instrument.audiences.items()}
            )
        except KeyError:
            hint = f"use one of {', '.join(instrument.languages)}"
            problem = Problem("unknown-language", "language", f"has no words in {language!r}", hint)
            raise InvalidInput("labels", [problem]) from None
        if len(set(words.values())) < len(words):  # two codes of one label stay apart
            words = {code: f"{label} ({code})" for code, label in words.items()}
        dtype = pd.CategoricalDtype(list(words.values()), ordered=variable is None or variable.ordered)
        table = np.array([*(words.get(label) for label in column.labels or ()), None], dtype=object)
        made[column.name] = pd.Series(pd.Categorical(table[column.raw], dtype=dtype), index=frame.index)
    return pd.DataFrame(made, index=frame.index)


@typed
def missing_summary(frame: pd.DataFrame, items: Items, *, by: str | Sequence[str] = ()) -> pd.DataFrame:
    """Count answers and the reasons why they are missing, per item and group.

    Parameters
    ----------
    frame
        One row per respondent, with the reasons: `study.responses(missing="reasons")`, or a coded frame. Of
        other frames the missing answers are counted under the reason "unknown".
    items
        An instrument (which has the reasons of numbers and text), variables, or column names.
    by
        Group columns; rows without a group are left out.

    Returns
    -------
    pandas.DataFrame
        One row per item, group and reason that occurs for the item, "answered" first: item, groups, reason
        (a reserved code, "answered" or "unknown"), label, count, n (respondents of the group), share
        (count / n), share_of_asked (of those the question was put to: without -4 routed past and -5 not this
        group's; NA for these two, and where an unknown reason leaves open who was asked).

    Raises
    ------
    InvalidInput
        Columns that are not in the frame.

    Examples
    --------
    >>> answers = pd.Categorical(["4", "-3", "-4", "5"], categories=["-4", "-3", "4", "5"])
    >>> found = missing_summary(pd.DataFrame({"burnout": answers}), "burnout")
    >>> found[["reason", "label", "count", "share"]].values.tolist()[1]
    ['-3', 'shown but left blank', 1, 0.25]
    """
    from toolkit.responses.frames import plain, reasons

    groups = [by] if isinstance(by, str) else list(by)
    instrument = items if isinstance(items, Instrument) else None
    if instrument is not None:
        names = [variable.name for variable in instrument.variables if variable.name in frame]
    else:
        listed = [items] if isinstance(items, Variable | str) else _listed(items)
        names = [one if isinstance(one, str) else one.name for one in listed]
    absent = [name for name in [*names, *groups] if name not in frame]
    if absent or not names:
        raise InvalidInput(
            "missing_summary",
            [
                Problem(
                    "unknown-column",
                    f"column {one}",
                    "is not in the frame",
                    near_names(str(one), map(str, frame)),
                )
                for one in absent or ["of items"]
            ],
        )
    text = [name for name in names if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    frame = frame.assign(**{name: frame[name].astype("category") for name in text})  # codes kept as text too
    why, bare = reasons(frame, instrument), plain(frame)
    keys = bare[groups] if groups else pd.DataFrame({"": 0}, index=frame.index)
    order = ["answered", *MISSING, "unknown"]
    parts = []
    for name in names:
        known = why[name].astype(object) if name in why else pd.Series(None, index=frame.index, dtype=object)
        outcome = known.where(known.notna(), "unknown").mask(bare[name].notna(), "answered")
        held = keys.assign(reason=pd.Categorical(outcome, categories=order))[keys.notna().all(axis=1)]
        counts = held.groupby([*keys, "reason"], observed=True).size().unstack("reason", fill_value=0)
        counts = counts.reindex(
            columns=[one for one in order if one in counts or one == "answered"], fill_value=0
        )
        n = counts.sum(axis=1)
        asked = (n - counts[[one for one in ("-4", "-5") if one in counts]].sum(axis=1)).astype(float)
        asked = asked.where(asked > 0)
        if "unknown" in counts:
            asked = asked.where(counts["unknown"] == 0)
        long = counts.stack().rename("count").reset_index()
        places = np.repeat(np.arange(len(counts)), counts.shape[1])
        long["n"] = n.to_numpy()[places]
        long["share"] = long["count"] / long["n"]
        of_asked = long["count"] / asked.to_numpy()[places]
        codes = np.tile(counts.columns.to_numpy(), len(counts))
        long["share_of_asked"] = of_asked.mask(np.isin(codes, ["-4", "-5"]))
        parts.append(long.assign(item=str(name)))
    whole = pd.concat(parts, ignore_index=True)
    label = {"answered": "answered", **MISSING, "unknown": "missing, reason not kept"}
    whole["reason"] = whole["reason"].astype("str")
    whole["label"] = whole["reason"].map(label)
    return whole[["item", *groups, "reason", "label", "count", "n", "share", "share_of_asked"]]


# One column as numbers or as classes, for tests of one item.


_MOST = 100


def numbers_of(frame: pd.DataFrame, item: Variable | str, measure: str = "mean") -> Array:
    """Return one number per row, NaN for no answer."""
    values = np.empty(len(frame))
    requests_for(read_columns(frame, item), measure)[0].fill(values)
    return values


def classes_of(
    frame: pd.DataFrame, item: Variable | str, weights: Array | None = None
) -> tuple[Any, tuple[str, ...]]:
    """Return the index of each row's answer among those given (−1 for none), and the codes in order.

    Rows of weight 0 have no answer.

    Raises
    ------
    InvalidInput
        Where the column is missing, or holds numbers too many to be classes.
    """
    column = read_columns(frame, item)[0]
    codes, labels = _positions(column)
    if weights is not None:
        codes = np.where(weights > 0, codes, -1)
    given = np.unique(codes[codes >= 0])
    if len(given) > _MOST:
        what = f"holds {len(given)} different answers"
        raise InvalidInput(
            "classes", [Problem("too-many", f"column {column.name}", what, "group them first")]
        )
    place = np.full(len(labels) + 1, -1, dtype=np.intp)
    place[given] = np.arange(len(given))
    return place[codes], tuple(labels[at] for at in given)


def _positions(column: Column) -> tuple[Any, tuple[str, ...]]:
    if column.labels is None:
        found, at = np.unique(column.raw, return_inverse=True)
        known = ~np.isnan(found)
        labels = tuple(plain_code(value) for value in found[known])
        refuse_ambiguous(column.name, labels)
        return np.where(np.isnan(column.raw), -1, at), labels
    order = [code for code in column.codes if code in column.labels]
    table = np.full(len(column.labels) + 1, -1, dtype=np.intp)
    for place, label in enumerate(column.labels):
        if label not in MISSING:
            table[place] = order.index(label)
    return table[column.raw], tuple(order)


def two_sides(
    frame: pd.DataFrame, between: Variable | str, pair: tuple[str, str] | None, weights: Array | None = None
) -> tuple[Any, tuple[str, ...]]:
    """Return groups as `classes_of` does; of a pair, 0 and 1 in its order and −1 for everyone else.

    Raises
    ------
    InvalidInput
        Where a side of the pair is an empty group, or there are fewer than two groups.
    """
    codes, labels = classes_of(frame, between, weights)
    name = between.name if isinstance(between, Variable) else between
    if pair is None:
        if len(labels) < 2:
            what = f"has {len(labels)} group(s)"
            raise InvalidInput("groups", [Problem("too-few", f"column {name}", what, "give at least two")])
        return codes, labels
    absent = [side for side in pair if side not in labels]
    if absent or pair[0] == pair[1]:
        problems = [
            Problem("no-answers", f"column {name}", f"no one is in {side!r}", f"use two of {list(labels)}")
            for side in absent or pair[:1]
        ]
        raise InvalidInput("groups", problems)
    place = np.full(len(labels) + 1, -1, dtype=np.intp)
    for at, side in enumerate(pair):
        place[labels.index(side)] = at
    return place[codes], pair


# Groups of respondents.


@dataclass(frozen=True)
class Groups:
    """The group of each row (−1 for none) and each group's labels, one per name."""

    names: tuple[str, ...]
    codes: Any
    labels: tuple[tuple[Any, ...], ...]


def group_by(
    frame: pd.DataFrame, names: str | Sequence[str] | None, *, every_category: bool = True
) -> Groups:
    """Return the groups that a frame falls into.

    Parameters
    ----------
    frame
        One row per respondent.
    names
        Group columns; none makes one group of all.
    every_category
        With a single categorical column, keep empty categories.

    Raises
    ------
    InvalidInput
        Naming every column the frame lacks, and every column of numbers that holds reserved codes.

    Notes
    -----
    A row with NaN or a reserved code (-1 … -6) is in no group: no one is in the group "refused". In a column
    of numbers -1 may be a code or a number; it is refused rather than guessed.
    """
    listed = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    absent = [name for name in listed if name not in frame.columns]
    if absent:
        raise InvalidInput(
            "groups",
            [
                Problem(
                    "unknown-column",
                    f"column {name}",
                    "is not in the frame",
                    near_names(str(name), map(str, frame.columns)),
                )
                for name in absent
            ],
        )
    if len(set(listed)) < len(listed):
        raise InvalidInput(
            "groups",
            [Problem("duplicate", f"columns {listed}", "name one twice", "name each group column once")],
        )
    if not listed:
        return Groups((), np.zeros(len(frame), dtype=np.intp), ((),))
    coded = [levels_of(frame[name]) for name in listed]
    ambiguous = [
        Problem(
            "reserved-code",
            f"column {name}",
            f"holds numbers that are reserved codes for missing answers ({', '.join(map(str, reserved))})",
            "replace them by NaN where they mean that nothing is known, else recode the groups",
        )
        for name, (_, levels) in zip(listed, coded, strict=True)
        if (reserved := [level for level in levels if is_missing_code(level)])
    ]
    if ambiguous:
        raise InvalidInput("groups", ambiguous)
    if len(listed) == 1:
        codes, levels = coded[0]
        if not every_category:
            used = np.unique(codes[codes >= 0])
            position = np.full(len(levels) + 1, -1, dtype=np.intp)  # the last for code -1
            position[used] = np.arange(len(used))
            codes, levels = position[codes], [levels[i] for i in used]
        return Groups(listed, codes, tuple((level,) for level in levels))
    joint = np.zeros(len(frame), dtype=np.int64)
    inside = np.ones(len(frame), dtype=bool)
    for codes, levels in coded:
        joint = joint * max(len(levels), 1) + codes
        inside &= codes >= 0
    found, position = np.unique(joint[inside], return_inverse=True)
    result = np.full(len(frame), -1, dtype=np.intp)
    result[inside] = position
    labels = [_split(int(code), [levels for _, levels in coded]) for code in found]
    return Groups(listed, result, tuple(labels))


def levels_of(series: pd.Series) -> tuple[Any, list[Any]]:
    """Return the level of each row (−1 for none) and the levels.

    Reserved codes are not levels, except in a column of numbers, left for the caller to refuse.
    """
    if isinstance(series.array, pd.Categorical):
        codes, levels = series.array.codes.astype(np.intp), series.array.categories.tolist()
    else:
        codes, found = pd.factorize(series, sort=True)
        levels = list(found)
        if pd.api.types.is_numeric_dtype(series.dtype):
            return codes, levels
    real = np.array([not is_missing_code(level) for level in levels], dtype=bool)
    if real.all():
        return codes, levels
    position = np.append(np.where(real, np.cumsum(real) - 1, -1), -1)  # the last is for −1
    return position[codes], [level for level, kept in zip(levels, real, strict=True) if kept]


def _split(code: int, levels: list[list[Any]]) -> tuple[Any, ...]:
    labels = []
    for level in reversed(levels):
        code, position = divmod(code, len(level))
        labels.append(level[position])
    return tuple(reversed(labels))
