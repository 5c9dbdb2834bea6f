"""Gaps from published percentages, and shares against a published figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr

from toolkit.analysis.answers import Codes, Items, with_boxes
from toolkit.analysis.contract import gap_columns
from toolkit.analysis.design import Design
from toolkit.analysis.estimates import proportions
from toolkit.analysis.gap_rows import (
    Pairs,
    Sides,
    compare,
    finish,
    pairs_to_compare,
    refuse_options,
    refuse_percent,
)
from toolkit.analysis.two_proportions import cohen_h
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import is_missing_code

# Gaps from published percentages and bases, through the engine of `gaps`.


_NUMBERS = ("n", "effective_n", "estimate")


@typed
def gaps_from_summary(
    summary: pd.DataFrame,
    *,
    between: str = "audience",
    pairs: Pairs | None = None,
    reference: str | None = None,
    by: str | Sequence[str] = (),
    method: str | None = None,
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    power: float = 0.8,
) -> pd.DataFrame:
    """Compare audiences from published shares and bases.

    Parameters
    ----------
    summary
        One row per item and audience: item, the `between` column, estimate (a fraction), n, and if known
        effective_n, measure and referent (what the question was about). An n that was not published is NA.
    between, pairs, reference, by, method, level, adjust, family, other_adjust, margin, power
        As in `gaps`; "design-t" needs respondents.

    Returns
    -------
    pandas.DataFrame
        The gaps contract. Rows with an unknown n have NA and `method` states it.

    Raises
    ------
    InvalidInput
        For estimates outside 0–1 (96 where .96 is meant), bases of 0 or less, an effective_n without an n,
        rows given twice, audiences that do not exist: every problem at once.

    Notes
    -----
    Shares and bases are used as given, never rounded to counts; a published 73 % of 625 is .73, not
    456/625. Fisher's exact test only where estimate × n is a whole number. Standard errors are those of a
    simple sample of effective_n (of n where that is missing).

    Examples
    --------
    >>> audience = ["leaders", "staff"]
    >>> published = {"item": "trust", "audience": audience, "estimate": [0.90, 0.73], "n": [1250, 625]}
    >>> gaps_from_summary(pd.DataFrame(published))["verdict"].iloc[0]
    'a gap of 17 points (13 to 21)'
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    refuse_options(method, level, margin, power, (adjust, other_adjust))
    refuse_percent(margin, True)
    if method == "design-t":
        raise InvalidInput(
            "method",
            [Problem("unsuited-method", "method", "design-t needs respondents", 'use "newcombe", or gaps()')],
        )
    table = _checked(summary, between, names)
    column = table[between]
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    labels = list(column.cat.categories) if categorical else list(dict.fromkeys(column))
    labels = [label for label in labels if not is_missing_code(label)]
    wanted = pairs_to_compare(labels, between, pairs, reference)
    keys = list(zip(*(table[name].tolist() for name in ("item", "measure", *names)), strict=True))
    place = {side: at for at, side in enumerate(zip(column.tolist(), keys, strict=True))}
    ends = [
        (place[a, key], place[b, key])
        for key in dict.fromkeys(keys)
        for a, b in wanted
        if (a, key) in place and (b, key) in place
    ]
    if not ends:
        raise InvalidInput(
            "summary",
            [
                Problem(
                    "no-answers",
                    f"column {between}",
                    "no item is given for both audiences of a pair",
                    "give each item one row per audience",
                )
            ],
        )
    rows = {"a": np.array([end[0] for end in ends]), "b": np.array([end[1] for end in ends])}
    part = {
        f"{name}_{end}": table[name].to_numpy(dtype=np.float64)[at]
        for name in _NUMBERS
        for end, at in rows.items()
    }
    said = {end: column.astype(object).to_numpy()[at] for end, at in rows.items()}
    p, q = part["estimate_a"], part["estimate_b"]
    nothing = np.full(len(ends), np.nan)
    unknown = [
        "the number asked is unknown for "
        + " and ".join(str(side) for side, n in ((a, n_a), (b, n_b)) if np.isnan(n))
        if np.isnan(n_a) or np.isnan(n_b)
        else ""
        for a, b, n_a, n_b in zip(said["a"], said["b"], part["n_a"], part["n_b"], strict=True)
    ]
    sides = Sides(
        n_a=part["n_a"],
        n_b=part["n_b"],
        effective_a=part["effective_n_a"],
        effective_b=part["effective_n_b"],
        estimate_a=p,
        estimate_b=q,
        spread_a=p * (1 - p),
        spread_b=q * (1 - q),
        variance=nothing,
        df=nothing,
        share=np.ones(len(ends), dtype=bool),
        designed=False,
        why=np.array(unknown, dtype=object),
        basis="from published shares and bases",
    )
    found: dict[str, Any] = {name: table[name].array[rows["a"]] for name in ("measure", *names)}
    found |= {
        "item": table["item"].to_numpy(dtype=object)[rows["a"]],
        "audience_a": said["a"],
        "audience_b": said["b"],
        "n_a": sides.n_a,
        "n_b": sides.n_b,
        "estimate_a": sides.estimate_a,
        "estimate_b": sides.estimate_b,
    }
    found |= compare(sides, method=method, level=level, power=power)
    for end, at in rows.items():
        found[f"referent_{end}"] = table["referent"].to_numpy(dtype=object)[at]
    return finish(
        found,
        names,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=np.full(len(ends), margin),
        units=["points"] * len(ends),
    )


def _checked(summary: pd.DataFrame, between: str, by: tuple[str, ...]) -> pd.DataFrame:
    needed = ("item", between, *by, "estimate", "n")
    absent = [name for name in needed if name not in summary.columns]
    if absent:
        known = list(map(str, summary.columns))
        raise InvalidInput(
            "summary",
            [
                Problem(
                    "missing-column", f"column {name}", "is missing", f"add it; {near_names(name, known)}"
                )
                for name in absent
            ],
        )
    if summary.empty:
        raise InvalidInput(
            "summary", [Problem("no-rows", "summary", "has no rows", "give one row per item and audience")]
        )
    table = pd.DataFrame({name: summary[name] for name in needed})
    table["measure"] = summary["measure"].astype("str") if "measure" in summary.columns else "share"
    about = summary["referent"].astype(object) if "referent" in summary.columns else None
    table["referent"] = None if about is None else about.where(about.notna(), None)
    effective = summary["effective_n"] if "effective_n" in summary.columns else summary["n"]
    problems = [*_not_numbers(summary)]
    if problems:
        raise InvalidInput("summary", problems)
    table["estimate"], table["n"] = _numbers(summary["estimate"]), _numbers(summary["n"])
    table["effective_n"] = np.where(np.isnan(_numbers(effective)), table["n"], _numbers(effective))
    problems = [*_broken(table, between, by)]
    if problems:
        raise InvalidInput("summary", problems)
    table["item"] = table["item"].astype("str")
    return table


def _numbers(column: pd.Series) -> Any:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _not_numbers(summary: pd.DataFrame) -> Iterator[Problem]:
    for name in ("estimate", "n", "effective_n"):
        if (
            name in summary.columns
            and not pd.api.types.is_numeric_dtype(summary[name])
            and not summary[name].isna().all()
        ):
            yield Problem(
                "not-a-number",
                f"column {name}",
                "does not hold numbers",
                "give numbers; leave an unknown n empty",
            )


def _broken(table: pd.DataFrame, between: str, by: tuple[str, ...]) -> Iterator[Problem]:
    estimate, n, effective = (table[name].to_numpy() for name in ("estimate", "n", "effective_n"))
    for label, p, base, real in zip(table.index, estimate, n, effective, strict=True):
        where = f"row {label}"
        if np.isnan(p):
            yield Problem(
                "missing-value", f"{where}, column estimate", "is missing", "fill it in or leave the row out"
            )
        elif not 0 <= p <= 1:
            hint = (
                f"give a fraction: {p / 100:g} where {p:g} % is meant"
                if 1 < p <= 100
                else "give a fraction from 0 to 1"
            )
            yield Problem("out-of-range", f"{where}, column estimate", f"{p:g} is outside 0–1", hint)
        if base <= 0 or np.isinf(base):
            yield Problem(
                "out-of-range",
                f"{where}, column n",
                f"is {base:g}",
                "give the number asked, or leave it empty where it was not published",
            )
        if np.isnan(base) and not np.isnan(real):
            yield Problem("missing-value", f"{where}, column effective_n", "is given without n", "give n too")
        elif real != base and (real <= 0 or np.isinf(real)):
            yield Problem(
                "out-of-range",
                f"{where}, column effective_n",
                f"is {real:g}",
                "give a number above 0, or leave it empty",
            )
    keys = ["item", "measure", *by, between]
    for name in ("item", *by, between):
        for label in table.index[table[name].isna() | table[name].map(is_missing_code).astype(bool)]:
            yield Problem(
                "missing-value",
                f"row {label}, column {name}",
                "is missing",
                "fill it in or leave the row out",
            )
    for label in table.index[table.duplicated(keys)]:
        wording = ", ".join(str(value) for value in table.loc[[label], keys].iloc[0])
        yield Problem(
            "duplicate",
            f"row {label}",
            f"gives {wording} a second time",
            "keep one of them, or distinguish them with by",
        )


# Benchmarks: shares against a published figure taken as known without error.


Array = npt.NDArray[np.float64]
_FEW = 5
_OURS, _PUBLISHED = "this survey", "published"


@typed
def against_published(
    frame: pd.DataFrame,
    items: Items,
    published: float | Mapping[str, float],
    *,
    by: str | Sequence[str] = (),
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
    power: float = 0.8,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
) -> pd.DataFrame:
    """Hold shares against a published figure without a sample size of its own.

    Parameters
    ----------
    frame, items, measure, design
        As in `proportions`.
    published
        The published share, a fraction between 0 and 1, or item → share.
    by
        Group columns, each group compared with the same figure.
    level, power, adjust, family, other_adjust, margin
        As in `gaps`.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract: audience_a "this survey", audience_b "published" (n_b is NA); gap is ours less
        the published share.

    Raises
    ------
    InvalidInput
        For a published share outside 0–1, in percent or missing for an item, and whatever `proportions`
        refuses.

    Notes
    -----
    Simple samples: the score test with Wilson's interval, which leaves out the figure exactly where p is
    below 1 − level; where fewer than 5 answers are expected on a side, the exact binomial test with
    Clopper–Pearson's. Under a design: t = gap / SE with the design's df. A figure with an n of its own is
    no fixed one: compare it by `gaps_from_summary`, which counts its error too.

    Examples
    --------
    >>> frame = pd.DataFrame({"burnt_out": [1] * 81 + [0] * 182})
    >>> found = against_published(frame, "burnt_out", 0.5, measure="1")
    >>> found["verdict"].iloc[0]
    'a gap of −19 points (−24 to −13)'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, power, [adjust, other_adjust])
    refuse_percent(margin, True)
    names = (by,) if isinstance(by, str) else tuple(by)
    how: dict[str, Any] = {"by": names or None, "measure": measure, "design": design, "level": level}
    simple = design is None or design.plain
    plain = proportions(frame, items, method="wilson" if simple else "wald", **how)
    # The published share of each row
    listed = plain["item"].tolist()
    known = dict(published) if isinstance(published, Mapping) else dict.fromkeys(listed, published)
    problems = [
        Problem("missing-value", f"item {name}", "has no published share", "give one, or leave the item out")
        for name in dict.fromkeys(listed)
        if name not in known
    ]
    problems += [
        Problem(
            "unknown-item",
            f"published, {name!r}",
            "is not among the items",
            near_names(str(name), dict.fromkeys(listed)),
        )
        for name in known
        if name not in listed
    ]
    for name, share in known.items():
        if not 0 < share < 1:
            percent = 1 < share < 100
            hint = (
                f"give a fraction: {share / 100:g} for {share:g} %" if percent else "give a share that can be"
            )
            problems.append(
                Problem(
                    "out-of-range", f"published share of {name}", f"is {share}, not between 0 and 1", hint
                )
            )
    if problems:
        raise InvalidInput("against_published", problems)
    figure = np.array([known[name] for name in listed], dtype=np.float64)
    rows: dict[str, Any] = {name: plain[name].to_numpy() for name in ("item", "measure", *names)}
    rows |= _tested(plain, figure, level) if simple else _designed(plain, figure)
    n, own = plain["n"].to_numpy(dtype=np.float64), plain["estimate"].to_numpy()
    counted = n if simple else plain["effective_n"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = (ndtri((1 + level) / 2) + ndtri(power)) * np.sqrt(figure * (1 - figure) / counted)
    rows |= {
        "audience_a": np.full(len(plain), _OURS, dtype=object),
        "audience_b": np.full(len(plain), _PUBLISHED, dtype=object),
        "n_a": n,
        "n_b": np.full(len(plain), np.nan),
        "estimate_a": own,
        "estimate_b": figure,
        "gap": own - figure,
        "std_error": plain["std_error"].to_numpy(),
        "df": plain["df"].to_numpy(dtype=np.float64),
        "effect_size": np.where(n > 0, cohen_h(np.where(n > 0, own, 0.5), figure), np.nan),
        "effect_size_kind": np.full(len(plain), "cohen_h", dtype=object),
        "minimum_detectable_gap": np.where((n > 0) & (least < 1), least, np.nan),
    }
    result: pd.DataFrame = finish(
        rows,
        names,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=np.full(len(plain), margin),
        units=["points"] * len(plain),
    )
    return result[gap_columns(names)]


def _tested(plain: pd.DataFrame, figure: Array, level: float) -> dict[str, Any]:
    """Score test beside Wilson's interval; exact where few are expected on a side."""
    from scipy.stats import binomtest

    n, own = plain["n"].to_numpy(dtype=np.float64), plain["estimate"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (own - figure) / np.sqrt(figure * (1 - figure) / n)
    p = np.asarray(2 * ndtr(-np.abs(z)))
    low, high = plain["conf_low"].to_numpy() - figure, plain["conf_high"].to_numpy() - figure
    label = np.where(n > 0, "score test, Wilson score interval", plain["method"]).astype(object)
    code = np.where(n > 0, "score+wilson", "not_computed").astype(object)
    for at in np.flatnonzero((n > 0) & (n * np.minimum(figure, 1 - figure) < _FEW)):
        share = float(figure[at])
        exact = binomtest(round(own[at] * n[at]), int(n[at]), share)
        z[at], p[at] = np.nan, exact.pvalue
        low[at], high[at] = np.array(exact.proportion_ci(level)) - share
        label[at] = "exact binomial test, Clopper–Pearson exact interval"
        code[at] = "binomial+clopper_pearson"
    limits = {"conf_low": low, "conf_high": high}
    return {"statistic": z, "p_value": p, **limits, "method": label, "method_code": code}


def _designed(plain: pd.DataFrame, figure: Array) -> dict[str, Any]:
    """Compute the design's t; NaN where the answers do not vary."""
    error, own = plain["std_error"].to_numpy(), plain["estimate"].to_numpy()
    df = plain["df"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, (own - figure) / error, np.nan)
    finite = np.isfinite(df) & (df > 0)
    by_t = 2 * stdtr(np.where(finite, df, 1.0), -np.abs(t))
    p = np.where(finite, by_t, np.where(np.isinf(df), 2 * ndtr(-np.abs(t)), np.nan))
    unvaried = "no test: the answers do not vary; "
    label = np.where(np.isnan(p) & plain["n"].gt(0).to_numpy(), unvaried + plain["method"], plain["method"])
    low, high = plain["conf_low"].to_numpy() - figure, plain["conf_high"].to_numpy() - figure
    code = np.where(np.isnan(p), "no_variation", "design_t").astype(object)
    code[plain["n"].to_numpy() == 0] = "not_computed"
    designed = {"method": label, "method_code": code, "design": np.ones(len(plain), dtype=bool)}
    return {"statistic": t, "p_value": p, "conf_low": low, "conf_high": high, **designed}
