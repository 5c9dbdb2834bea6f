"""Signs of answering without reading: numbers per respondent, flags, and never a deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from toolkit.analysis.answers import numbers_of
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, Variable

Array = npt.NDArray[np.float64]
_FEWEST_PAIRS = 3


@typed
def careless_indices(
    frame: pd.DataFrame,
    items: Sequence[Variable | str],
    *,
    scales: Mapping[str, Sequence[str]] | None = None,
    reverse: Sequence[str] = (),
    seconds: str | None = None,
    attention: Mapping[str, Any] | Instrument | None = None,
    synonyms: float = 0.6,
) -> pd.DataFrame:
    """Compute indices of careless responding, one row per respondent.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        Items of one answer scale, in the order they were shown.
    scales
        Scale → its items (two or more), for the even–odd index; three scales at least.
    reverse
        Items to mirror before even–odd and synonyms (never before longstring, which is about the screen).
    seconds
        Column of the completion time.
    attention
        Column of an attention item → its right answer; or an instrument, for the items that declare
        `attention`. There a missing answer does not count: some are not asked, and some break off.
    synonyms
        Correlation in the sample from which two items count as a pair of synonyms.

    Returns
    -------
    pandas.DataFrame
        Indexed as the frame: longstring, irv, mahalanobis (squared) and its p, person_total,
        missing_share; and, where asked for, even_odd, synonyms, seconds, attention_failed. NaN where a
        respondent gave too little to tell.

    Raises
    ------
    InvalidInput
        Naming every column that is missing or no number.

    Notes
    -----
    longstring: longest run of one answer, a missing answer breaks it. irv: standard deviation within the
    person. mahalanobis: from complete respondents, to their means. person_total: correlation with the item
    means of complete respondents. even_odd: correlation of odd- and even-item means over scales, stepped
    up (Spearman–Brown).

    Examples
    --------
    >>> frame = pd.DataFrame([[1, 1, 1, 2], [3, 4, 2, 5]], columns=list("abcd"))
    >>> careless_indices(frame, list("abcd"))["longstring"].tolist()
    [3.0, 1.0]
    """
    asked_alone = isinstance(attention, Instrument)
    if isinstance(attention, Instrument):
        checks = {item.id: item.attention for item in attention.items if item.attention is not None}
        if not checks:
            hint = "declare attention: CODE at an item, or give {column: right answer}"
            nothing = Problem("missing-key", "attention", "the instrument has no attention check", hint)
            raise InvalidInput("careless responding", [nothing])
        attention = checks
    names, values = item_values(frame, items, "careless responding")
    problems = _problems(frame, names, scales, reverse, seconds, attention)
    if problems:
        raise InvalidInput("careless responding", problems)
    known = ~np.isnan(values)
    complete = known.all(axis=1)
    distance, p = _mahalanobis(values, complete)
    centre = values[complete].mean(axis=0) if complete.any() else np.full(len(names), np.nan)
    longest = run = np.ones(len(values))
    for before, after in zip(values.T[:-1], values.T[1:], strict=True):
        run = np.where(before == after, run + 1, 1.0)
        longest = np.maximum(longest, run)
    n = known.sum(axis=1)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(n, 1)
    squares = (np.where(known, values - mean[:, None], 0.0) ** 2).sum(axis=1)
    columns: dict[str, Any] = {
        "longstring": longest,
        "irv": np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan),
        "mahalanobis": distance,
        "mahalanobis_p": p,
        "person_total": _within(values, np.broadcast_to(centre, values.shape)),
        "missing_share": 1 - known.mean(axis=1),
    }
    mirrored = item_values(frame, items, "careless responding", reverse=reverse)[1]
    if scales is not None:
        columns["even_odd"] = _even_odd(mirrored, names, scales)
    correlation = pd.DataFrame(mirrored).corr(min_periods=10).to_numpy()
    a, b = np.nonzero(np.triu(np.nan_to_num(correlation) >= synonyms, 1))
    few = len(a) < _FEWEST_PAIRS
    columns["synonyms"] = np.full(len(mirrored), np.nan) if few else _within(mirrored[:, a], mirrored[:, b])
    if seconds is not None:
        columns["seconds"] = numbers_of(frame, seconds)
    if attention is not None:
        failed = []
        for name, right in attention.items():
            given = frame[name].astype("str")
            absent = frame[name].isna() | given.isin(list(MISSING))
            failed.append(((given != str(right)) & ~(absent & asked_alone)).to_numpy())
        columns["attention_failed"] = np.sum(failed, axis=0)
    return pd.DataFrame(columns, index=frame.index)


@typed
def careless_flags(
    indices: pd.DataFrame,
    *,
    longstring: float | None = None,
    irv: float = 0.3,
    mahalanobis_p: float = 0.001,
    person_total: float = 0.0,
    missing_share: float = 0.5,
    even_odd: float = 0.3,
    synonyms: float = 0.2,
    slowest_part: float = 1 / 3,
    least: int = 2,
) -> pd.DataFrame:
    """Flag unusual values of each index, and respondents with at least two of them.

    Parameters
    ----------
    indices
        From `careless_indices`.
    longstring
        Flag runs of this length or more; half the longest run seen, and 6 at least, unless given.
    irv, mahalanobis_p, person_total, even_odd, synonyms
        Flag values below.
    missing_share
        Flag shares above.
    slowest_part
        Flag times below this part of the median.
    least
        Flags it takes to name a respondent; two at least, as each sign alone has honest causes.

    Returns
    -------
    pandas.DataFrame
        A boolean column per index, `flags` (how many) and `named`. No one is removed: report results with
        and without those named.

    Raises
    ------
    InvalidInput
        Where `least` is below 2, or columns of `careless_indices` are missing.

    Examples
    --------
    >>> frame = pd.DataFrame([[3, 3, 3, 3], [1, 4, 2, 5], [2, 4, 1, 5]], columns=list("abcd"))
    >>> careless_flags(careless_indices(frame, list("abcd")))["named"].tolist()
    [False, False, False]
    """
    if least < 2:
        what, hint = f"is {least}", "use 2 or more: one sign alone has honest causes"
        raise InvalidInput("careless_flags", [Problem("out-of-range", "least", what, hint)])
    if lacking := [name for name in ("longstring", "missing_share") if name not in indices]:
        hint = "give what careless_indices returned"
        raise InvalidInput(
            "careless_flags",
            [Problem("missing-column", f"column {one}", "not found", hint) for one in lacking],
        )
    run = indices["longstring"]
    longest = longstring if longstring is not None else max(6.0, float(run.max()) / 2)
    below = {
        "irv": irv,
        "mahalanobis_p": mahalanobis_p,
        "person_total": person_total,
        "even_odd": even_odd,
        "synonyms": synonyms,
    }
    flags = {"longstring": run >= longest, "missing_share": indices["missing_share"] > missing_share}
    flags |= {name: indices[name] < limit for name, limit in below.items() if name in indices}
    if "seconds" in indices:
        flags["seconds"] = indices["seconds"] < slowest_part * indices["seconds"].median()
    if "attention_failed" in indices:
        flags["attention_failed"] = indices["attention_failed"] > 0
    table = pd.DataFrame(flags, index=indices.index)
    count = table.sum(axis=1)
    return table.assign(flags=count, named=count >= least)


def _mahalanobis(values: Array, complete: Any) -> tuple[Array, Array]:
    found = np.full(len(values), np.nan)
    inside = values[complete]
    if len(inside) > values.shape[1]:
        covariance = np.atleast_2d(np.cov(inside.T))
        if np.linalg.matrix_rank(covariance) == len(covariance):
            away = inside - inside.mean(axis=0)
            found[complete] = (away @ np.linalg.inv(covariance) * away).sum(axis=1)
    return found, np.where(np.isnan(found), np.nan, chdtrc(values.shape[1], np.nan_to_num(found)))


def _within(a: Array, b: Array) -> Array:
    """Correlate two rows person by person, over the items both answered."""
    known = ~(np.isnan(a) | np.isnan(b))
    n = np.maximum(known.sum(axis=1, keepdims=True), 1)
    x, y = (np.where(known, one, 0.0) for one in (a, b))
    x = np.where(known, x - x.sum(axis=1, keepdims=True) / n, 0.0)
    y = np.where(known, y - y.sum(axis=1, keepdims=True) / n, 0.0)
    below = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    usable = (known.sum(axis=1) >= 2) & (below > 1e-12)
    return np.where(usable, (x * y).sum(axis=1) / np.where(usable, below, 1.0), np.nan)


def _even_odd(values: Array, names: Sequence[str], scales: Mapping[str, Sequence[str]]) -> Array:
    halves: tuple[list[Array], list[Array]] = ([], [])
    for members in scales.values():
        at = [names.index(name) for name in members]
        for side, part in zip(halves, (at[::2], at[1::2]), strict=True):
            inside = values[:, part]
            known = ~np.isnan(inside)
            mean = np.where(known, inside, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            side.append(np.where(known.any(axis=1), mean, np.nan))
    both = [np.column_stack(side) for side in halves]
    together = (~np.isnan(both[0]) & ~np.isnan(both[1])).sum(axis=1)
    r = np.where(together >= _FEWEST_PAIRS, _within(*both), np.nan)
    stepped = np.where(r > -1 + 1e-9, 2 * r / np.where(r > -1 + 1e-9, 1 + r, 1.0), -1.0)
    return np.where(np.isnan(r), np.nan, np.maximum(stepped, -1.0))


def _problems(
    frame: pd.DataFrame,
    names: Sequence[str],
    scales: Mapping[str, Sequence[str]] | None,
    reverse: Sequence[str],
    seconds: str | None,
    attention: Mapping[str, Any] | None,
) -> list[Problem]:
    listed = {name: list(members) for name, members in (scales or {}).items()}
    found = [
        Problem(
            "unknown-item",
            f"scale {scale!r}, item {name!r}",
            "is not among the items",
            near_names(name, names),
        )
        for scale, members in listed.items()
        for name in members
        if name not in names
    ]
    found += [
        Problem("too-few", f"scale {scale!r}", "has one item", "even–odd needs two or more")
        for scale, members in listed.items()
        if len(members) < 2
    ]
    if scales is not None and len(listed) < _FEWEST_PAIRS:
        found.append(Problem("too-few", "scales", f"are {len(listed)}", "even–odd needs three or more"))
    found += [
        Problem("unknown-item", f"reverse {name!r}", "is not among the items", near_names(name, names))
        for name in reverse
        if name not in names
    ]
    return found + [
        Problem(
            "unknown-column",
            f"column {name}",
            "is not in the frame",
            near_names(name, map(str, frame.columns)),
        )
        for name in [*([seconds] if seconds else []), *(attention or {})]
        if name not in frame.columns
    ]
