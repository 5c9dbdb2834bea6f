"""Answers as numbers, boxes and words, and counts of missing ones.

For every frame, coded or plain, reserved codes and NaN are missing answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Codes, Items, Request, read_columns, requests_for, with_boxes
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, Variable

__all__ = ["ROUNDING", "as_numbers", "is_constant", "labels", "missing_summary", "numbers", "top_boxes"]

Array = npt.NDArray[np.float64]
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
    """Values as numbers, NaN where there is no answer.

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
        Where an answer is no number.

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
            given = np.array([*codes, np.nan])[kept.cat.codes]  # NaN, the last, stands for code -1
        elif not pd.api.types.is_numeric_dtype(getattr(given, "dtype", np.asarray(given).dtype)):
            cells = np.asarray(given, dtype=object).ravel()
            given = [np.nan if isinstance(one, str) and one in MISSING else one for one in cells]
        numbers: Array = np.asarray(given, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        hint = "give one column of numbers or of an item whose codes are numbers"
        raise InvalidInput(
            "samples", [Problem("not-a-number", name, f"holds what is no number ({error})", hint)]
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
    >>> answers = labels(study.responses(), study.instrument, ["tenure", "audience"])  # doctest: +SKIP
    >>> sns.countplot(answers, x="tenure", hue="audience")  # doctest: +SKIP
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
        An instrument (which tells the reasons of numbers and text), variables, or column names.
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
        listed: list[Any] = [items] if isinstance(items, Variable | str) else list(items)
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
    said = {"answered": "answered", **MISSING, "unknown": "missing, reason not kept"}
    whole["reason"] = whole["reason"].astype("str")
    whole["label"] = whole["reason"].map(said)
    return whole[["item", *groups, "reason", "label", "count", "n", "share", "share_of_asked"]]
