"""Frames as they are handed out: missing answers as NaN, with the reasons beside them or as codes.

Three forms of one frame, chosen by `missing=` wherever answers are read or simulated:

- "nan", the default: an answer that is missing is missing, under any library.
- "reasons": the same, and for each column of answers a companion `<column>__missing` with the reserved code
  with the reason why an answer is missing (else NaN). Companions are ordinary columns, so the reasons
  survive filter, merge, concat, sort, pickling and Parquet.
- "codes": reserved codes are categories of the answer columns themselves, as exports and the readers' rules
  need them. Plain pandas takes them for answers.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument import asked
from toolkit.instrument.model import COMPANION, MISSING, Instrument

Missing = Literal["nan", "reasons", "codes"]
_CODES = tuple(reversed(tuple(MISSING)))
_REASONS = pd.CategoricalDtype(list(_CODES))
_ASIDE = "-6"


def in_form(frame: pd.DataFrame, missing: Missing, instrument: Instrument | None = None) -> pd.DataFrame:
    """Return a coded frame in the form asked for.

    Raises
    ------
    InvalidInput
        A form that is not "nan", "reasons" or "codes".
    """
    if missing not in get_args(Missing):
        what, mend = f"unknown form {missing!r}", f"use one of {', '.join(get_args(Missing))}"
        raise InvalidInput("responses", [Problem("unknown-option", "missing", what, mend)])
    if missing == "codes":
        return frame
    made = plain(frame)
    if missing == "reasons":
        made = pd.concat([made, reasons(frame, instrument).add_suffix(COMPANION)], axis=1)
        made.attrs = frame.attrs
    return made


@typed
def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose missing answers are NaN: reserved codes are not categories of its columns.

    Parameters
    ----------
    frame
        A coded frame; other frames come back as they are, companions included.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns. Answers keep their codes, order and dtype.

    Examples
    --------
    >>> answers = pd.Categorical(["4", "-3", "5"], categories=["-3", "4", "5"], ordered=True)
    >>> float(plain(pd.DataFrame({"burnout": answers}))["burnout"].astype(float).mean())
    4.5
    """
    made: dict[int, tuple[pd.CategoricalDtype, np.ndarray]] = {}
    columns: dict[str, pd.Series] = {}
    for name, column in frame.items():
        if not _holds_codes(str(name), column):
            continue
        categories = column.cat.categories
        if id(categories) not in made:  # columns of one scale share their dtype, before and after
            kept = [code for code in categories if code not in MISSING]
            places = np.array([*(kept.index(c) if c not in MISSING else -1 for c in categories), -1])
            made[id(categories)] = (pd.CategoricalDtype(kept, ordered=column.cat.ordered), places)
        dtype, places = made[id(categories)]
        held = pd.Categorical.from_codes(places[column.cat.codes], dtype=dtype)
        columns[str(name)] = pd.Series(held, index=frame.index)
    return frame.assign(**columns)


@typed
def reasons(frame: pd.DataFrame, instrument: Instrument | None = None) -> pd.DataFrame:
    """Return why answers are missing: the reserved code, or NaN, for each column of answers.

    Parameters
    ----------
    frame
        A coded frame, or one with companions (`missing="reasons"`).
    instrument
        The questionnaire of a coded frame; it tells the reasons of numbers and text, which have no codes:
        group, routing and breaking off decide.

    Returns
    -------
    pandas.DataFrame
        One column per column of answers of which reasons are known, under its name.

    Examples
    --------
    >>> answers = pd.Categorical(["4", "-3", "5"], categories=["-3", "4", "5"], ordered=True)
    >>> reasons(pd.DataFrame({"burnout": answers}))["burnout"].tolist()
    [nan, '-3', nan]
    """
    found: dict[str, pd.Series] = {}
    for name, column in frame.items():
        if str(name).endswith(COMPANION):
            found[str(name).removesuffix(COMPANION)] = column
        elif _holds_codes(str(name), column):
            places = np.array([*(_CODES.index(c) if c in MISSING else -1 for c in column.cat.categories), -1])
            held = pd.Categorical.from_codes(places[column.cat.codes], dtype=_REASONS)
            found[str(name)] = pd.Series(held, index=frame.index)
    if instrument is not None:
        found |= _uncoded(frame, instrument, found)
    order = [*(str(name) for name in frame if name in found), *(name for name in found if name not in frame)]
    return pd.DataFrame({name: found[name] for name in order}, index=frame.index)


def _uncoded(
    frame: pd.DataFrame, instrument: Instrument, found: dict[str, pd.Series]
) -> dict[str, pd.Series]:
    """Work out the reasons of numbers and text from group, routing and the last item answered."""
    order = {item.id: place for place, item in enumerate(instrument.items)}
    here = [variable for variable in instrument.variables if variable.name in frame]
    last = np.full(len(frame), -1)
    for variable in here:
        answered = frame[variable.name].notna().to_numpy()
        if variable.name in found:
            answered = answered & found[variable.name].isna().to_numpy()
        last = np.where(answered, np.maximum(last, order[variable.item.id]), last)
    unfinished = (frame["status"] != "complete").to_numpy() if "status" in frame else np.False_
    made = {}
    for variable in here:
        if variable.kind not in ("number", "text") or variable.name in found:
            continue
        theirs = frame["audience"].isin(variable.audiences).to_numpy()
        after = unfinished & (last < order[variable.item.id])
        shown = asked(frame, variable, instrument)
        code = np.select([~theirs, after, ~shown], ["-5", _ASIDE, "-4"], default="-3").astype(object)
        code[frame[variable.name].notna().to_numpy()] = None
        made[variable.name] = pd.Series(pd.Categorical(code, dtype=_REASONS), index=frame.index)
    return made


@typed
def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the coded form of a frame with companions, as exports and `toolkit.instrument.asked` need it.

    Parameters
    ----------
    frame
        A frame of `missing="reasons"`; a coded frame comes back as it is.

    Raises
    ------
    InvalidInput
        A column of answers that has both an answer and a reason for its absence.

    Examples
    --------
    >>> held = pd.DataFrame({"burnout": pd.Categorical(["4", None], categories=["4", "5"], ordered=True)})
    >>> coded(held.assign(burnout__missing=pd.Categorical([None, "-3"])))["burnout"].tolist()
    ['4', '-3']
    """
    columns: dict[str, pd.Series] = {}
    problems = []
    for name in [str(name) for name in frame if str(name).endswith(COMPANION)]:
        item = name.removesuffix(COMPANION)
        if item not in frame or not isinstance(frame[item].dtype, pd.CategoricalDtype):
            continue
        why = frame[name].astype(object).where(frame[name].notna(), None)
        answer = frame[item].astype(object).where(frame[item].notna(), None)
        both = (why.notna() & answer.notna()).to_numpy()
        if both.any():
            where = f"column {item}, row {int(both.argmax()) + 1} (+{int(both.sum()) - 1} more)"
            problems.append(
                Problem(
                    "contradiction", where, "has an answer and a reason why there is none", f"clear {name}"
                )
            )
            continue
        categories = [*_CODES, *frame[item].cat.categories]
        held = pd.Categorical(answer.fillna(why), categories=categories, ordered=frame[item].cat.ordered)
        columns[item] = pd.Series(held, index=frame.index)
    if problems:
        raise InvalidInput("frame", problems)
    kept = frame[[name for name in frame if not str(name).endswith(COMPANION)]]
    return kept.assign(**columns)


def _holds_codes(name: str, column: pd.Series) -> bool:
    if not isinstance(column.dtype, pd.CategoricalDtype) or name.endswith(COMPANION):
        return False
    return any(isinstance(code, str) and code in MISSING for code in column.cat.categories)
