"""Measures made of several columns: nets, rankings, scale scores, declared scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Column, Items, read_columns, requests_for
from toolkit.analysis.design import Design
from toolkit.analysis.estimates import proportions
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable

# Measures of several columns: any of a multi-select, its options ranked, scale scores.


Array = npt.NDArray[np.float64]


@typed
def any_of(frame: pd.DataFrame, options: Items) -> pd.Series:
    """Return whether each respondent ticked at least one of some options.

    Parameters
    ----------
    frame
        One row per respondent.
    options
        Options of a multi-select, or columns of 0 and 1.

    Returns
    -------
    pandas.Series
        1 where one is ticked, 0 where every one was left unticked, NaN where an option has no answer and no
        other is ticked; float64, aligned to the frame. As a column it serves `means`, `gaps` and models.

    Raises
    ------
    InvalidInput
        For columns that are missing or hold anything but 0 and 1, all at once.

    Notes
    -----
    The base is people who answered the question, not people who ticked something.

    Examples
    --------
    >>> frame = pd.DataFrame({"chat": [1, 0, None], "search": [1, 0, None]})
    >>> any_of(frame, ["chat", "search"]).tolist()
    [1.0, 0.0, nan]
    """
    ticked = _ticks(frame, read_columns(frame, options, kinds=("option",)))
    found = np.where((ticked == 1).any(axis=0), 1.0, np.where(np.isnan(ticked).any(axis=0), np.nan, 0.0))
    return pd.Series(found, index=frame.index, name="any")


@typed
def ticks(frame: pd.DataFrame, options: Items) -> pd.DataFrame:
    """Return the options of a multi-select as booleans, for counts of combinations and other libraries.

    Parameters
    ----------
    frame
        One row per respondent.
    options
        Options of a multi-select (`instrument["aiways"]`), or columns of 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One column per option of dtype "boolean": missing where the question was not answered, so that
        `.mean()` is the share of those who answered; the frame's index.

    Raises
    ------
    InvalidInput
        As `any_of`.

    Examples
    --------
    >>> ticks(pd.DataFrame({"chat": [1, 0, None]}), ["chat"])["chat"].tolist()
    [True, False, <NA>]
    """
    columns = read_columns(frame, options, kinds=("option",))
    ticked = _ticks(frame, columns)
    made = {
        str(one.name): pd.array(row, dtype="Float64").astype("boolean")
        for one, row in zip(columns, ticked, strict=True)
    }
    return pd.DataFrame(made, index=frame.index)


@typed
def ranked_options(
    frame: pd.DataFrame,
    options: Items,
    *,
    by: str | Sequence[str] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rank the options of a multi-select by share, with simultaneous intervals.

    Parameters
    ----------
    frame, by, design
        As in `proportions`.
    options
        Options of one multi-select, or columns of 0 and 1.
    level
        Confidence that, within a group, every interval holds at once.

    Returns
    -------
    pandas.DataFrame
        The estimates contract with `rank`, `rank_low` and `rank_high`, the most ticked first within each
        group. Equal shares have the same rank. Groups without answers have NA.

    Raises
    ------
    InvalidInput
        For fewer than two options, and as `any_of` and `proportions`.

    Notes
    -----
    Bonferroni: each of k intervals (Wilson's, or the logit interval under a design) has level
    1 − (1 − level)/k. Where options exclude each other this is Goodman's (1965) set. An option's rank is at
    best 1 + the options wholly above it and at worst k − the options wholly below it (Klein, Wright and
    Wieczorek 2020), so that all ranks hold at once too.

    Examples
    --------
    >>> frame = pd.DataFrame({"chat": [1] * 90 + [0] * 10, "search": [1] * 30 + [0] * 70})
    >>> ranked_options(frame, ["search", "chat"])[["item", "rank", "rank_high"]].values.tolist()
    [['chat', 1.0, 1.0], ['search', 2.0, 2.0]]
    """
    columns = read_columns(frame, options, kinds=("option",))
    if len(columns) < 2:
        raise InvalidInput(
            "ranked_options", [Problem("too-few", "options", "are fewer than two", "name more of them")]
        )
    if not 0 < level < 1:
        raise InvalidInput(
            "level", [Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95")]
        )
    ticked = _ticks(frame, columns)
    coded = {
        one.name: pd.Categorical.from_codes(np.nan_to_num(row, nan=-1).astype(np.int8), ["0", "1"])
        for one, row in zip(columns, ticked, strict=True)
    }
    named: list[Variable | str] = [one.variable or one.name for one in columns]
    each = 1 - (1 - level) / len(columns)
    found = proportions(
        frame.assign(**coded), named, by=by, measure="1", design=design, level=each, method=None
    )
    found["method"] = (
        found["method"]
        + f"; {100 * level:g} % for all {len(columns)} options of a group together (Bonferroni)"
    )
    return _ranked(found, [by] if isinstance(by, str) else list(by or ()))


def _ranked(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Rank within groups, by intervals that do not overlap."""
    places = found.groupby(by, observed=True, sort=False).indices.values() if by else [np.arange(len(found))]
    rank, best, worst = (np.full(len(found), np.nan) for _ in range(3))
    for place in places:
        share, low, high = (found[name].to_numpy()[place] for name in ("estimate", "conf_low", "conf_high"))
        known = ~np.isnan(share)
        rank[place] = np.where(known, 1 + (share[None, :] > share[:, None]).sum(axis=1), np.nan)
        bounded = known & ~np.isnan(low)
        best[place] = np.where(bounded, 1 + (low[None, :] > high[:, None]).sum(axis=1), np.nan)
        worst[place] = np.where(bounded, known.sum() - (high[None, :] < low[:, None]).sum(axis=1), np.nan)
    ranked = found.assign(rank=rank, rank_low=best, rank_high=worst)
    return ranked.sort_values([*by, "rank"], kind="stable", ignore_index=True)


@typed
def scale_scores(
    frame: pd.DataFrame,
    items: Items,
    *,
    reverse: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
    minimum: int | None = None,
) -> pd.Series:
    """Compute each respondent's mean over the items of a scale.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        Variables or column names of the scale's items.
    reverse
        Items worded the other way round: an answer a becomes lowest + highest − a.
    limits
        Lowest and highest possible answer; needed for plain columns where something is reversed, and held
        against the scales of variables.
    minimum
        Items a respondent must have answered to have a score; None asks for all of them.

    Returns
    -------
    pandas.Series
        Mean of the answered items, NaN below the minimum; aligned to the frame.

    Raises
    ------
    InvalidInput
        For columns without numbers, items of different limits, answers outside them, names to reverse
        that are not items, a minimum outside 1 … items: every problem at once.

    Notes
    -----
    The mean of what was answered is used for the rest (person-mean imputation), which is why the default
    asks for every item; half of the items is the usual lower bound (Schafer and Graham 2002).

    Examples
    --------
    >>> frame = pd.DataFrame({"calm": [5, 4, None], "tired": [1, 3, 2]})
    >>> scale_scores(frame, ["calm", "tired"], reverse=["tired"], limits=(1, 5)).tolist()
    [5.0, 3.5, nan]
    >>> scale_scores(frame, ["calm", "tired"], reverse=["tired"], limits=(1, 5), minimum=1).tolist()
    [5.0, 3.5, 4.0]
    """
    columns = read_columns(frame, items, kinds=("single", "number"))
    wanted = requests_for(columns, "mean")
    names = [one.item for one in wanted]
    values = np.empty((len(wanted), len(frame)))
    for row, one in zip(values, wanted, strict=True):
        one.fill(row)
    least = len(names) if minimum is None else minimum
    declared = [_limits(one) for one in columns if one.name in names]
    problems = [*_scale_problems(names, reverse, least)]
    known = limits or next((one for one in declared if one is not None), None)
    if known is None and reverse:
        problems.append(
            Problem(
                "missing-argument",
                "limits",
                "are unknown, and items are reversed",
                "give limits=(lowest, highest)",
            )
        )
    if known is not None:
        problems += _limit_problems(names, values, declared, known)
    if problems:
        raise InvalidInput("scale_scores", problems)
    if known is not None:
        turned = np.isin(names, list(reverse))
        values[turned] = sum(known) - values[turned]
    answered = (~np.isnan(values)).sum(axis=0)
    enough = answered >= least
    score = np.full(len(frame), np.nan)
    score[enough] = np.nansum(values[:, enough], axis=0) / answered[enough]
    return pd.Series(score, index=frame.index, name="score")


def _limits(column: Column) -> tuple[float, float] | None:
    """Return the lowest and highest answer of a declared scale; None for a plain column."""
    values = column.variable.values() if column.variable is not None else None
    return (min(values.values()), max(values.values())) if values else None


def _scale_problems(names: Sequence[str], reverse: Sequence[str], least: int) -> Iterator[Problem]:
    for name in reverse:
        if name not in names:
            yield Problem(
                "unknown-item",
                f"reverse {name!r}",
                "is not in the scale",
                near_names(str(name), names),
            )
    if not 1 <= least <= len(names):
        yield Problem(
            "out-of-range",
            "minimum",
            f"is {least}",
            f"give a number from 1 to {len(names)}, the items there are",
        )


def _limit_problems(
    names: Sequence[str],
    values: Array,
    declared: Sequence[tuple[float, float] | None],
    known: tuple[float, float],
) -> Iterator[Problem]:
    label = f"{known[0]:g} to {known[1]:g}"
    if not known[0] < known[1]:
        yield Problem("wrong-order", "limits", f"are {label}", "give the lowest answer, then the highest")
        return
    for name, row, own in zip(names, values, declared, strict=True):
        if own is not None and own != known:
            what = f"is answered from {own[0]:g} to {own[1]:g}, others from {label}"
            yield Problem(
                "inconsistent", f"column {name}", what, "make scores of items with the same answers"
            )
        elif bool(((row < known[0]) | (row > known[1])).any()):
            outside = row[(row < known[0]) | (row > known[1])][0]
            yield Problem(
                "out-of-range",
                f"column {name}",
                f"holds {outside:g}, outside {label}",
                "correct it, or the limits",
            )


def _ticks(frame: pd.DataFrame, columns: Sequence[Column]) -> Array:
    """Return options × people: 1 ticked, 0 not, NaN where the option has no answer."""
    values = np.empty((len(columns), len(frame)))
    problems = []
    for row, column in zip(values, columns, strict=True):
        if column.labels is None:
            row[:] = column.raw
        else:
            numbers = [{"0": 0.0, "1": 1.0}.get(label, np.nan) for label in column.labels]
            row[:] = np.array([*numbers, np.nan])[column.raw]
        strange = column.labels is not None and not set(column.codes) <= {"0", "1"}
        if strange or not (np.isnan(row) | (row == 0) | (row == 1)).all():
            problems.append(
                Problem(
                    "unsuited-item",
                    f"column {column.name}",
                    f"holds {list(column.codes[:5])}, not 0 and 1",
                    "name options of a multi-select, or columns of 0 and 1",
                )
            )
    if problems:
        raise InvalidInput("options", problems)
    return values


# Scores that an instrument declares.


@typed
def banded(frame: pd.DataFrame, variables: Iterable[Variable]) -> pd.DataFrame:
    """Cut numbers into the bands their items declare.

    Parameters
    ----------
    frame
        Coded answers, one row per respondent.
    variables
        Numbers with bands; others are passed over.

    Returns
    -------
    pandas.DataFrame
        An ordered categorical column per number, aligned to the frame: "1" for the lowest band, "2" for the
        next; NaN where there is no number. A band holds its first value and not the first of the next.

    Examples
    --------
    >>> readiness = tk.load_study("readiness")
    >>> bands = banded(readiness.responses(), [readiness.instrument["estuse"]])
    >>> list(bands["estuse"].cat.categories)
    ['1', '2', '3', '4']
    """
    made = {}
    for variable in variables:
        if variable.bands:
            codes = [str(number) for number in range(1, len(variable.bands) + 1)]
            edges = [-np.inf, *variable.item.bands, np.inf]
            made[variable.name] = pd.cut(frame[variable.name], edges, right=False, labels=codes)
    return pd.DataFrame(made, index=frame.index)


@typed
def declared_scores(
    frame: pd.DataFrame, instrument: Instrument, scores: Iterable[str] | None = None
) -> pd.DataFrame:
    """Compute each respondent's scores, as the instrument declares them.

    Parameters
    ----------
    frame
        Coded answers, one row per respondent.
    instrument
        The instrument with its `scores`.
    scores
        Names of some of them; None makes all.

    Returns
    -------
    pandas.DataFrame
        A float64 column per score, aligned to the frame: the mean of `scale_scores` over the score's items,
        times its `multiply`; NaN where fewer than its `minimum` were answered. As columns of the frame they
        serve `means`, `gaps` and models.

    Raises
    ------
    InvalidInput
        Names of no score, and whatever `scale_scores` refuses of any of them, all at once.

    Notes
    -----
    Reversed items and the answers required are declared in the instrument, from the scale's publication where
    it has one; nothing is guessed from the answers that occur.

    Examples
    --------
    >>> readiness = tk.load_study("readiness")
    >>> scores = declared_scores(readiness.responses(), readiness.instrument)
    >>> round(float(scores["readiness"].mean()), 2)
    1.74
    """
    wanted = list(instrument.scores if scores is None else scores)
    known = instrument.scores
    problems = [
        Problem(
            "unknown-name",
            f"score {name!r}",
            "the instrument declares no such score",
            near_names(str(name), known),
        )
        for name in wanted
        if name not in known
    ]
    made: dict[str, pd.Series] = {}
    for name in wanted:
        if name not in known:
            continue
        score = known[name]
        items = [instrument[item] for item in score.items]
        try:
            found = scale_scores(frame, items, reverse=score.reverse, minimum=score.minimum)
        except InvalidInput as error:
            problems += [replace(one, where=f"score {name!r}, {one.where}") for one in error.problems]
        else:
            made[name] = found * score.multiply
    if problems:
        raise InvalidInput("declared_scores", problems)
    return pd.DataFrame(made, index=frame.index, columns=wanted, dtype=float)
