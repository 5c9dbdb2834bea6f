"""A formula and a frame as the numbers a model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.plain import is_constant
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING

__all__ = ["ModelFrame", "model_frame"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ModelFrame:
    """Complete rows of a model.

    Attributes
    ----------
    formula
        As it was given.
    outcome
        What is modelled, one number a row (position among `levels`, for an ordered outcome).
    levels
        Codes of an outcome that is no number; empty otherwise.
    predictors
        Rows × columns, the intercept first.
    names
        Of the columns: "(Intercept)", "age", "audience[employee]", "a[x]:b".
    terms
        Term → positions of its columns.
    rows
        Which rows of the frame are complete.
    offset
        A predictor of slope 1, one number a row; zeros unless one was named.
    """

    formula: str
    outcome: Array
    levels: tuple[str, ...]
    predictors: Array
    names: tuple[str, ...]
    terms: dict[str, tuple[int, ...]]
    rows: Array
    offset: Array


def model_frame(
    frame: pd.DataFrame, formula: str, *, weights: Array | None = None, offset: str | None = None
) -> ModelFrame:
    """Read a formula against a frame.

    Parameters
    ----------
    frame
        One row a respondent; rows lacking anything the formula names are left out.
    formula
        "outcome ~ a + b + a:b" over column names (Wilkinson and Rogers's notation). Text and categories
        become one column a category but the first.
    weights
        Rows of weight 0 are left out.
    offset
        Column of numbers that enter the model with slope 1.

    Raises
    ------
    InvalidInput
        For a formula that cannot be read, columns that are missing, outcomes that do not vary, columns
        that repeat what others say.
    """
    import patsy  # type: ignore[import-untyped]

    if not isinstance(formula, str) or formula.count("~") != 1 or not formula.split("~")[0].strip():
        mend = 'write it as "outcome ~ a + b"'
        raise InvalidInput("model", [Problem(f"formula {formula!r}", "has no outcome", mend)])
    outcome, right = (part.strip() for part in formula.split("~"))
    try:
        described = patsy.ModelDesc.from_formula(right)
    except patsy.PatsyError as error:
        what = str(error).splitlines()[0]
        raise InvalidInput("model", [Problem(f"formula {formula!r}", what, "correct it")]) from None
    used = {factor.code for term in described.rhs_termlist for factor in term.factors}
    _refuse_absent(frame, formula, {outcome, *used})
    known = frame[sorted({outcome, *used})].notna().to_numpy().all(axis=1)
    plain = {name: _plain(frame[name]) for name in used}
    y, levels = _outcome(_plain(frame[outcome]))
    for column in plain.values():
        known &= column.notna().to_numpy()
    known &= ~np.isnan(y)
    if weights is not None:
        known &= weights > 0
    away = _offset(frame, offset)
    known &= ~np.isnan(away)
    kept = pd.DataFrame({name: _observed(column[known]) for name, column in plain.items()})
    kept.index = range(int(known.sum()))
    _refuse_few(kept, y[known], formula)
    data: Any = kept if len(kept.columns) else {"(rows)": np.ones(len(kept))}
    if used:
        matrix = patsy.dmatrix(described, data, NA_action="raise", eval_env=patsy.EvalEnvironment([{}]))
        x, names, terms = _in_order(matrix, [term.name() for term in described.rhs_termlist])
    else:
        x, names, terms = np.ones((len(kept), 1)), ("(Intercept)",), {"Intercept": (0,)}
    _refuse_repeats(x, names, formula)
    return ModelFrame(formula, y[known], levels, x, names, terms, known, away[known])


def _offset(frame: pd.DataFrame, name: str | None) -> Array:
    if name is None:
        return np.zeros(len(frame))
    what, mend = "", "give a column of numbers, such as the log of how long each was observed"
    if name not in frame.columns:
        what, mend = "is not in the frame", near_names(name, map(str, frame.columns))
    elif not pd.api.types.is_numeric_dtype(frame[name]):
        what = "holds no numbers"
    else:
        numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = np.isinf(numbers)
        if not infinite.any():
            return np.asarray(numbers)
        what = f"is infinite in row {frame.index[int(np.argmax(infinite))]}"
    raise InvalidInput("model", [Problem(f"offset, column {name}", what, mend)])


def _in_order(matrix: Any, order: list[str]) -> tuple[Array, tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Columns in the order the formula names them (patsy puts categories first)."""
    info = matrix.design_info
    columns: list[int] = []
    terms: dict[str, tuple[int, ...]] = {}
    for term in order:
        place = info.term_name_slices[term]
        terms[term] = tuple(range(len(columns), len(columns) + place.stop - place.start))
        columns += range(place.start, place.stop)
    names = tuple(_said(info.column_names[at]) for at in columns)
    return np.take(np.asarray(matrix, dtype=np.float64), columns, axis=1), names, terms


def _plain(column: pd.Series) -> pd.Series:
    """Numbers as they are; answers as categories, reserved codes as missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        kept = [one for one in column.cat.categories if str(one) not in MISSING]
        return column.cat.set_categories(kept).reset_index(drop=True)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return pd.Series(np.where(np.isinf(numbers), np.nan, numbers))
    return _plain(pd.Series(pd.Categorical(column.to_numpy(dtype=object, na_value=None))))


def _observed(column: pd.Series) -> pd.Series:
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
        return column.cat.rename_categories([str(one) for one in column.cat.categories])
    return column


def _outcome(column: pd.Series) -> tuple[Array, tuple[str, ...]]:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column, dtype=np.float64), ()
    positions = column.cat.codes.to_numpy(dtype=np.float64)
    return np.where(positions < 0, np.nan, positions), tuple(map(str, column.cat.categories))


def _said(name: str) -> str:
    return name.replace("[T.", "[").replace("Intercept", "(Intercept)")


def _refuse_absent(frame: pd.DataFrame, formula: str, names: set[str]) -> None:
    absent = sorted(name for name in names if name not in frame.columns)
    if absent:
        raise InvalidInput(
            "model",
            [
                Problem(
                    f"formula {formula!r}, column {name}",
                    "is not in the frame; a formula names columns",
                    near_names(name, map(str, frame.columns)),
                )
                for name in absent
            ],
        )


def _refuse_few(kept: pd.DataFrame, y: Array, formula: str) -> None:
    problems = []
    if len(y) < 3:
        problems.append(Problem(f"formula {formula!r}", f"{len(y)} rows are complete", "a model needs more"))
    elif is_constant(y):
        problems.append(Problem(f"formula {formula!r}", "the outcome does not vary", "nothing to model"))
    for name in kept.columns:
        if len(kept) and kept[name].nunique() < 2:
            problems.append(Problem(f"column {name}", "is the same in every complete row", "leave it out"))
    if problems:
        raise InvalidInput("model", problems)


def _refuse_repeats(x: Array, names: tuple[str, ...], formula: str) -> None:
    if len(x) <= x.shape[1]:
        what = f"{x.shape[1]} columns and {len(x)} complete rows"
        raise InvalidInput("model", [Problem(f"formula {formula!r}", what, "leave something out")])
    scaled = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
    repeats: list[str] = []
    kept = np.empty((len(x), 0))
    for at, name in enumerate(names):
        grown = np.column_stack([kept, scaled[:, at]])
        if np.linalg.matrix_rank(grown, tol=1e-9) < grown.shape[1]:
            repeats.append(name)
        else:
            kept = grown
    if repeats:
        said = "says nothing that the columns before it do not say"
        raise InvalidInput("model", [Problem(f"column {name}", said, "leave it out") for name in repeats])
