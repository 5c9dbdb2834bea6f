"""Columns of a design as arrays, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem

__all__ = [
    "all_fractions",
    "codes_of",
    "column_names",
    "first_row",
    "sampled_fractions",
    "units_within",
    "weight_problems",
]


def column_names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name, several or none, as a tuple."""
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    listed = tuple(given) if isinstance(given, Iterable) else (given,)
    odd = [name for name in listed if not isinstance(name, str)]
    if odd:
        problems = [Problem("wrong-type", f"column {name!r}", "is no name", "give a text") for name in odd]
        raise InvalidInput("Design", problems)
    return listed


def all_fractions(frame: pd.DataFrame, fpcs: Sequence[str]) -> bool:
    """Whether the columns hold sampled fractions, not counts."""
    return all(bool((frame[name].to_numpy(dtype=np.float64) <= 1).all()) for name in fpcs)


def weight_problems(column: pd.Series) -> Iterator[Problem]:
    """What is wrong with a column of weights, by row."""
    if not pd.api.types.is_numeric_dtype(column):
        yield Problem(
            "not-a-number", f"column {column.name}", "weights are not numbers", "read them as numbers"
        )
        return
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    for broken, what in (
        (np.isnan(values), "a weight is missing"),
        (np.isinf(values), "a weight is infinite"),
        (values < 0, "a weight is negative"),
    ):
        if broken.any():
            yield Problem("not-finite", first_row(column, broken), what, "correct it or leave the row out")
    if not np.isnan(values).any() and values.sum() == 0:
        yield Problem(
            "wrong-sum", f"column {column.name}", "weights sum to zero", "give at least one row a weight"
        )


def first_row(column: pd.Series, broken: Any) -> str:
    """Where the first broken row of a column is, and how many more there are."""
    rows = column.index[broken]
    more = f" (+{len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"column {column.name}, row {rows[0]}{more}"


def codes_of(frame: pd.DataFrame, name: str | None) -> tuple[Any, list[Any]]:
    """Code of each row and what the codes stand for; one code for all where no column is named."""
    if name is None:
        return np.zeros(len(frame), dtype=np.intp), ["all"]
    codes, found = pd.factorize(frame[name])
    return codes, list(found)


def units_within(frame: pd.DataFrame, cluster: str | None, stratum: Any, strata: int) -> tuple[Any, Any]:
    """Primary unit of each row, numbered within strata, and the count of each stratum."""
    if cluster is None:
        return np.arange(len(frame)), np.bincount(stratum, minlength=strata).astype(np.float64)
    codes, found = pd.factorize(frame[cluster])
    psu, pairs = pd.factorize(stratum * len(found) + codes)
    return psu, np.bincount(np.asarray(pairs) // len(found), minlength=strata).astype(np.float64)


def sampled_fractions(
    frame: pd.DataFrame, fpc: str | None, stratum: Any, psus_in: Any, names: list[Any], fractions: bool
) -> tuple[Any, Any, list[Problem]]:
    """Sampled fraction and population of each stratum, and what is wrong with them."""
    if fpc is None:
        return np.zeros(len(names)), None, []
    given = frame[fpc].to_numpy(dtype=np.float64)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, stratum, given)
    np.maximum.at(high, stratum, given)
    population = psus_in / np.maximum(low, 1e-300) if fractions else low
    problems = []
    for name, least, most, count, whole in zip(names, low, high, psus_in, population, strict=True):
        where = f"column {fpc}, stratum {name!r}"
        if least != most:
            problems.append(
                Problem(
                    "inconsistent",
                    where,
                    f"differs within the stratum ({least:g} to {most:g})",
                    "give one number a stratum",
                )
            )
        elif least <= 0:
            problems.append(
                Problem("out-of-range", where, f"is {least:g}", "give the number of units in the population")
            )
        elif whole < count * (1 - 1e-12):
            problems.append(
                Problem(
                    "above-population",
                    where,
                    f"the population is {whole:g} and the sample {count:g}",
                    "a sample cannot be larger than its population; correct one of the two",
                )
            )
    return np.minimum(psus_in / np.maximum(population, 1e-300), 1.0), population, problems
