"""Gaps split into composition (who they are) and perception (how they answer).

Ours because statsmodels' `OaxacaBlinder` takes one numeric outcome and has neither weights, designs nor
standard errors of single columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from toolkit.analysis.answers import (
    ROUNDING,
    Codes,
    Items,
    Request,
    levels_of,
    read_columns,
    requests_for,
    with_boxes,
)
from toolkit.analysis.contract import tidy
from toolkit.analysis.design import Design, Sampled, covariance
from toolkit.analysis.gap_rows import Pairs, refuse_overlap
from toolkit.analysis.gaps import plan_pairs
from toolkit.analysis.intervals import quantile
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

Array = npt.NDArray[np.float64]
SPLIT_COLUMNS = (
    "audience_a",
    "audience_b",
    "component",
    "column",
    "n_a",
    "n_b",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "statistic",
    "df",
    "p_value",
    "left_out_a",
    "left_out_b",
    "outside_a",
    "outside_b",
    "extrapolated_a",
    "extrapolated_b",
    "reference",
    "method",
    "note",
    "method_code",
    "design",
    "unit",
)
"""Columns of a split after its item, its measure and its groups."""
_REFERENCES = {
    "average": "the average of both groups' coefficients",
    "a": "audience_a's coefficients",
    "b": "audience_b's coefficients",
    "size": "both groups' coefficients, averaged by group size",
    "pooled": "the coefficients of both groups pooled, a term for the group beside them",
}
_CONSTANT = "constant"
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("item", "measure", *SPLIT_COLUMNS), object),
    **dict.fromkeys(SPLIT_COLUMNS[6:19], np.float64),
    **dict.fromkeys(("n_a", "n_b", "left_out_a", "left_out_b"), np.int64),
    "design": bool,
}
_REST = "perception holds whatever the columns leave out; columns act additively; no claim about causes"


@dataclass(frozen=True)
class _Estimate:
    """Numbers, and the weighted influence of each person on them (people × numbers)."""

    value: Array
    influence: Array

    def __add__(self, other: _Estimate) -> _Estimate:
        return _Estimate(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: _Estimate) -> _Estimate:
        return self + other.times(-1.0)

    def __mul__(self, other: _Estimate) -> _Estimate:
        return _Estimate(
            self.value * other.value, self.influence * other.value + other.influence * self.value
        )

    def times(self, factor: float) -> _Estimate:
        return _Estimate(self.value * factor, self.influence * factor)


@typed
def decompose_gap(
    frame: pd.DataFrame,
    items: Items,
    background: str | Sequence[str],
    *,
    between: str = "audience",
    pairs: Pairs | None = None,
    by: str | Sequence[str] = (),
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    split: Literal["twofold", "threefold"] = "twofold",
    reference: Literal["average", "a", "b", "size", "pooled"] | None = None,
    design: Design | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Split gaps into composition and perception, in total and by background column.

    Parameters
    ----------
    frame
        One row per respondent.
    items, between, pairs, by, measure, top, bottom, design, level
        As in `gaps`.
    background
        Characteristics of people, such as role, tenure, sector, country. A category, text or yes/no
        column counts by its levels, a column of numbers linearly (make it a category to count its values).
    split
        "twofold": composition and perception. "threefold": also their interaction.
    reference
        Coefficients by which differences in composition are valued. Of a twofold split: "average" of both
        groups (the default: it does not depend on which group comes first or is larger), "a" or "b"
        (audience_a's or audience_b's), "size" (averaged by group size) or "pooled" (both groups together,
        with a term for the group). Of a threefold split: "b" (the default) or "a".

    Returns
    -------
    pandas.DataFrame
        Per item, pair and group: a row for the `gap` and one for each component ("composition",
        "perception", "interaction", "no_counterpart_a", "no_counterpart_b"), which sum to the gap, then the
        components by `column` ("constant": the part of perception that no column accounts for). `estimate`,
        `std_error`, interval and p value (not adjusted) in the units of the item. `left_out_*`: people with
        an answer but no background. `outside_*`: share of the group in levels that the other lacks, whose
        part is "no_counterpart". `extrapolated_*`: share in combinations of levels that the other lacks.
        `note` gives the last three in words; `unit` is "points" of a percentage or "scale". A split that
        cannot be computed has NA, and `method` gives the reason.

    Raises
    ------
    InvalidInput
        For columns, pairs, measures, options or a design that cannot be used.

    Notes
    -----
    Kitagawa (1955), Oaxaca (1973), Blinder (1973). With x̄ the means of the background's levels and b the
    coefficients of a linear model of the answer in each group, and b* the reference,
    gap = (x̄_a − x̄_b)·b* + [x̄_a·(b_a − b*) + x̄_b·(b* − b_b)]. Of one categorical column with
    reference "average" this is Kitagawa's split of a rate. Coefficients of levels are taken from their
    unweighted average within the column (Yun 2005), so that no level is the base. People in levels that
    the other group lacks are reported separately as in Ñopo (2008). Errors: Taylor linearisation of means and
    coefficients together (Jann 2008), or refitting under each replicate weight; backgrounds count as
    sampled, the set of levels as given. Checked against R's `survey` and statsmodels' `OaxacaBlinder`;
    see docs/methods/gap_split.md.

    References
    ----------
    Jann, B. (2008). The Blinder–Oaxaca decomposition for linear regression models. Stata Journal 8(4).
    Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50(272).
    Ñopo, H. (2008). Matching as a tool to decompose wage gaps. Review of Economics and Statistics 90(2).
    Yun, M.-S. (2005). A simple solution to the identification problem. Economic Inquiry 43(4).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "audience": ["executive"] * 100 + ["employee"] * 100,
    ...     "tenure": ["long"] * 80 + ["short"] * 20 + ["long"] * 40 + ["short"] * 60,
    ...     "agrees": [1] * 60 + [0] * 20 + [1] * 10 + [0] * 10 + [1] * 30 + [0] * 10 + [1] * 20 + [0] * 40,
    ... })
    >>> split = decompose_gap(frame, "agrees", "tenure", measure="1", pairs=[("executive", "employee")])
    >>> split.loc[split["column"] == "", ["component", "estimate"]].round(3).values.tolist()
    [['gap', 0.2], ['composition', 0.133], ['perception', 0.067]]
    """
    columns = (background,) if isinstance(background, str) else tuple(background)
    chosen = reference or ("average" if split == "twofold" else "b")
    outer = (by,) if isinstance(by, str) else tuple(by)
    problems = list(_problems(frame, columns, (between, *outer), split, chosen, level))
    if problems:
        raise InvalidInput("decompose_gap", problems)
    refuse_overlap(frame, between)
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    read = read_columns(frame, items, shared=between == "audience")
    inside = [one.name for one in read if one.name in columns and one.chosen]
    if inside:
        what, fix = "is both an item and in the background", "leave it out of one"
        raise InvalidInput(
            "decompose_gap", [Problem("conflict", f"column {name}", what, fix) for name in inside]
        )
    wanted = requests_for([one for one in read if one.name not in columns], measure)
    plan = plan_pairs(frame, wanted, between, pairs, by)
    sampled = (design or Design()).over(frame, linearise=True)
    values = {name: _background(frame[name]) for name in columns}
    labels = plan.labels()
    answers = np.empty(len(frame))
    found: dict[str, list[Any]] = {name: [] for name in ("item", "measure", *plan.by, *SPLIT_COLUMNS)}
    filled = -1
    for at, item in enumerate(plan.item.tolist()):
        if item != filled:
            wanted[item].fill(answers)
            filled = item
        sides = (plan.groups.codes == plan.a[at], plan.groups.codes == plan.b[at])
        names = (str(labels["audience_a"][at]), str(labels["audience_b"][at]))
        rows = _split(answers, wanted[item], values, sides, names, sampled, split, chosen, level)
        named = {name: [labels[name][at]] * len(rows["estimate"]) for name in labels}
        for name, part in (named | rows).items():
            found[name] += list(part)
    made = {name: np.array(part, dtype=_TYPES.get(name)) for name, part in found.items()}
    return tidy(made, [*found])


def _problems(
    frame: pd.DataFrame,
    columns: Sequence[str],
    taken: Sequence[str],
    split: str,
    reference: str,
    level: float,
) -> Iterator[Problem]:
    if not columns or len(set(columns)) < len(columns):
        yield Problem(
            "duplicate" if columns else "empty",
            "background",
            "names no column, or one twice",
            "name each column once",
        )
    for name in dict.fromkeys(columns):
        where = f"column {name}"
        if name not in frame.columns:
            yield Problem(
                "unknown-column", where, "is not in the frame", near_names(str(name), map(str, frame.columns))
            )
        elif name in taken:
            yield Problem("conflict", where, "also names the compared groups", "leave it out of background")
        elif _is_number(frame[name]):
            if np.isinf(frame[name].to_numpy(dtype=np.float64, na_value=np.nan)).any():
                yield Problem("not-finite", where, "holds an infinite number", "correct it")
        elif len(levels_of(frame[name])[1]) > len(frame) / 2 > 10:
            yield Problem(
                "too-many", where, "has a level for nearly everybody", "group its values, or make it a number"
            )
    if split == "threefold" and reference not in ("a", "b"):
        yield Problem(
            "unknown-option", "reference", f"{reference!r} is not one of a threefold split", "use a or b"
        )
    if not 0 < level < 1:
        yield Problem("out-of-range", "level", f"is {level}", "give a fraction between 0 and 1")


def _is_number(series: pd.Series) -> bool:
    dtype = series.dtype
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _background(series: pd.Series) -> tuple[Array, list[str] | None]:
    """Return numbers (NaN for none), or the index of each row's level (NaN for none) and the levels."""
    if _is_number(series):
        return series.to_numpy(dtype=np.float64, na_value=np.nan), None
    codes, levels = levels_of(series)
    return np.where(codes < 0, np.nan, codes), [str(one) for one in levels]


def _split(
    answers: Array,
    item: Request,
    values: dict[str, tuple[Array, list[str] | None]],
    sides: tuple[Any, Any],
    names: tuple[str, str],
    sampled: Sampled,
    split: str,
    reference: str,
    level: float,
) -> dict[str, Any]:
    """Return all rows of one item and pair, as columns."""
    counted = (sampled.weights > 0) & ~np.isnan(answers)
    known = counted & ~np.isnan(np.array([one for one, _ in values.values()])).any(axis=0)
    base = np.nonzero(known & (sides[0] | sides[1]))[0]
    first, weights, y = sides[0][base], sampled.weights[base], answers[base]
    given = {name: (column[base], levels) for name, (column, levels) in values.items()}
    kept, apart = _on_support(given, first)
    groups = (first, ~first)
    sizes = [float(weights[side].sum()) for side in groups]
    left = [int((counted & side).sum() - (known & side).sum()) for side in sides]
    combined = _extrapolated(given, kept, first)
    shares: dict[str, list[float]] = {"outside": [], "extrapolated": []}
    for side, size in zip(groups, sizes, strict=True):
        for name, rows in (("outside", ~kept), ("extrapolated", combined)):
            shares[name].append(float(weights[side & rows].sum() / size) if size else np.nan)
    full, reduced, spread_out, owner = _columns(given, kept)
    why = _why(reduced, kept, groups, names, owner)
    parts = _components(split, [not rows.all() for rows in (kept | ~first, kept | first)], list(values))
    estimate, error = np.full(len(parts), np.nan), np.full(len(parts), np.nan)
    if why:
        y_of = [
            float(weights[side] @ y[side] / size) if size else np.nan
            for side, size in zip(groups, sizes, strict=True)
        ]
        estimate[0] = y_of[0] - y_of[1]
    else:
        known_as = (y, full, reduced, spread_out, owner, first, kept, split, reference, parts)
        estimate, influence = _numbers(weights, *known_as, linear=sampled.replicated is None)
        if sampled.replicated is None:
            everyone = np.zeros((len(answers), len(parts)))
            everyone[base] = influence
            spread = covariance(sampled, everyone)
        else:
            each = [_numbers(one, *known_as, linear=False)[0] for one in sampled.replicated.weights[base].T]
            spread = sampled.replicated.covariance(np.array(each), estimate)
            if np.isnan(spread[0, 0]):
                why = "in some replicates a group lacks a level"
        error = np.sqrt(np.maximum(np.diag(spread), 0.0))
    domain = known & (sides[0] | sides[1]) if sampled.own_df else None
    df = sampled.degrees_of_freedom(domain)
    flat = ~(error > ROUNDING * 100 * max(float(np.abs(y).max()), 1e-300)) if len(y) else error > 0
    error_or_none = np.where(np.isnan(error) | (df <= 0), np.nan, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(flat | (df <= 0), np.nan, estimate / error_or_none)
        half = np.where(flat, np.nan, quantile(level, np.full(len(parts), df)) * error_or_none)
    code = np.where(flat, "no_variation", f"oaxaca_blinder_{split}").astype(object)
    label = (
        f"{split} Oaxaca–Blinder split of a linear model, valued at {_REFERENCES[reference]}; "
        f"{sampled.how}; {_REST}"
    )
    method = [
        label if one != "no_variation" else f"no error: this part does not vary; {label}" for one in code
    ]
    if df <= 0:
        code[:], method = "no_df", ["not tested: the design leaves no degrees of freedom"] * len(parts)
    if why:
        code[:], method = "not_computed", [f"not computed: {why}"] * len(parts)
    note = "; ".join(_noted(names, apart, shares["extrapolated"], left, list(given)))
    n = [int(side.sum()) for side in groups]
    alike = {
        "n_a": n[0],
        "n_b": n[1],
        "df": float(df),
        "left_out_a": left[0],
        "left_out_b": left[1],
        **{f"{name}_{at}": one for name, both in shares.items() for at, one in zip("ab", both, strict=True)},
        "reference": reference,
        "note": note,
        "unit": "points" if item.points else "scale",
        "design": not (sampled.label == "equal weights" and sampled.replicated is None),
    }
    return {name: [value] * len(parts) for name, value in alike.items()} | {
        "component": [component for component, _ in parts],
        "column": [column for _, column in parts],
        "estimate": estimate,
        "std_error": error,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "statistic": t,
        "p_value": np.where(np.isnan(t), np.nan, 2 * stdtr(max(df, 1.0), -np.abs(np.nan_to_num(t)))),
        "method_code": code,
        "method": method,
    }


def _components(split: str, outside: Sequence[bool], columns: list[str]) -> list[tuple[str, str]]:
    """Return the component and column of each row, totals first."""
    components = ["composition", "perception"] + (["interaction"] if split == "threefold" else [])
    alone = [f"no_counterpart_{side}" for side, some in zip("ab", outside, strict=True) if some]
    totals = [(one, "") for one in ["gap", *components, *alone]]
    return totals + [
        (one, column)
        for one in components
        for column in (*columns, *([_CONSTANT] if one == "perception" else []))
    ]


def _on_support(
    given: dict[str, tuple[Array, list[str] | None]], first: Any
) -> tuple[Any, list[tuple[str, str, int, int]]]:
    """Return the rows whose levels both groups have, and the column, level, group and n of the others.

    Repeated, as leaving a level out can leave another group without a level of another column.
    """
    kept, apart = np.ones(len(first), dtype=bool), []
    again = True
    while again:
        again = False
        for name, (codes, levels) in given.items():
            for at, label in enumerate(levels or ()):
                here = kept & (codes == at)
                in_a, in_b = int((here & first).sum()), int((here & ~first).sum())
                if bool(in_a) != bool(in_b):
                    apart.append((name, label, 0 if in_a else 1, in_a or in_b))
                    kept, again = kept & ~here, True
    return kept, apart


def _extrapolated(given: dict[str, tuple[Array, list[str] | None]], kept: Any, first: Any) -> Any:
    """Count the rows kept whose combination of levels the other group lacks."""
    codes = [column for column, levels in given.values() if levels is not None]
    if len(codes) < 2 or not kept.any():
        return np.zeros(len(first), dtype=bool)
    cell = np.unique(np.column_stack(codes), axis=0, return_inverse=True)[1].ravel()
    in_a, in_b = (np.bincount(cell[kept & side], minlength=cell.max() + 1) for side in (first, ~first))
    return kept & ((in_a == 0) | (in_b == 0))[cell]


def _columns(
    given: dict[str, tuple[Array, list[str] | None]], kept: Any
) -> tuple[Array, Array, Array, list[str]]:
    """Return all levels as 0/1 columns, those the model takes, and the map from the latter to the former.

    A column's first level is left out of the model; the coefficients of all its levels are then taken from
    their average, which goes to the constant. The last is the column each coefficient is of.
    """
    full, reduced, owner = [np.ones(len(kept))], [np.ones(len(kept))], [_CONSTANT]
    levels_in: list[int | None] = []
    for name, (values, levels) in given.items():
        columns = [values] if levels is None else [(values == at) * 1.0 for at in np.unique(values[kept])]
        levels_in.append(None if levels is None else len(columns))
        full, reduced = full + columns, reduced + columns[0 if levels is None else 1 :]
        owner += [name] * len(columns)
    spread_out = np.zeros((len(full), len(reduced)))
    spread_out[0, 0], row, column = 1.0, 1, 1
    for count in levels_in:
        if count == 0:  # no one is left
            continue
        if count is None:
            spread_out[row, column], row, column = 1.0, row + 1, column + 1
            continue
        block = slice(column, column + count - 1)
        spread_out[0, block] = 1 / count
        spread_out[row : row + count, block] = np.eye(count)[:, 1:] - 1 / count
        row, column = row + count, column + count - 1
    return np.column_stack(full), np.column_stack(reduced), spread_out, owner


def _why(reduced: Array, kept: Any, groups: tuple[Any, Any], names: tuple[str, str], owner: list[str]) -> str:
    """Return why there is no split: too few answers, or collinear columns within a group."""
    for side, name in zip(groups, names, strict=True):
        x = reduced[kept & side]
        if len(x) <= reduced.shape[1]:
            return f"too few answers from {name}: {len(x)} for {reduced.shape[1]} coefficients"
        scaled = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        size = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
        if (size < 1e-9).any():
            return f"within {name}, some of {', '.join(dict.fromkeys(owner[1:]))} repeat the others"
    return ""


def _numbers(
    weights: Array,
    y: Array,
    full: Array,
    reduced: Array,
    spread_out: Array,
    owner: list[str],
    first: Any,
    kept: Any,
    split: str,
    reference: str,
    parts: list[tuple[str, str]],
    *,
    linear: bool,
) -> tuple[Array, Array]:
    """Estimate each row of the split and, where `linear`, each person's influence on it."""
    people = len(y) if linear else 0

    def mean(values: Array, rows: Any) -> _Estimate:
        w = np.where(rows, weights, 0.0)
        size = w.sum()
        found = w @ values / size if size > 0 else np.full(values.shape[1], np.nan)
        return _Estimate(found, ((values - found) * (w / size)[:, None])[:people])

    def slopes(x: Array, rows: Any, out: Array) -> _Estimate:
        w = np.where(rows, weights, 0.0)
        root = np.sqrt(w)
        q, r = np.linalg.qr(x * root[:, None])
        if np.abs(np.diag(r)).min() <= 1e-9 * np.abs(np.diag(r)).max():  # a replicate that lacks a level
            return _Estimate(np.full(len(out), np.nan), np.zeros((0, len(out))))
        beta, inverse = np.linalg.solve(r, q.T @ (root * y)), np.linalg.inv(r)
        scores = (x * (w * (y - x @ beta))[:, None])[:people]
        return _Estimate(out @ beta, scores @ (inverse @ inverse.T) @ out.T)

    in_a, in_b = kept & first, kept & ~first
    x_a, x_b = mean(full, in_a), mean(full, in_b)
    b_a, b_b = slopes(reduced, in_a, spread_out), slopes(reduced, in_b, spread_out)
    if reference == "pooled":
        wide = np.column_stack([reduced, first * 1.0])
        star = slopes(wide, kept, np.column_stack([spread_out, np.zeros(len(spread_out))]))
    elif reference == "size":
        star = b_b + mean(np.repeat(first[:, None] * 1.0, full.shape[1], axis=1), kept) * (b_a - b_b)
    else:
        share = {"average": 0.5, "a": 1.0, "b": 0.0}[reference]
        star = b_a.times(share) + b_b.times(1 - share)
    if split == "twofold":
        each = {"composition": (x_a - x_b) * star, "perception": x_a * (b_a - star) + x_b * (star - b_b)}
    else:
        each = {
            "composition": (x_a - x_b) * star,
            "perception": (x_b if reference == "b" else x_a) * (b_a - b_b),
            "interaction": ((x_a - x_b) * (b_a - b_b)).times(1.0 if reference == "b" else -1.0),
        }
    answer = y[:, None]
    all_a, all_b = mean(answer, first), mean(answer, ~first)
    totals = {
        "gap": all_a - all_b,
        "no_counterpart_a": all_a - mean(answer, in_a),
        "no_counterpart_b": mean(answer, in_b) - all_b,
    }
    estimates, influences = [], []
    for component, column in parts:
        found = totals.get(component) or each[component]
        of = np.array([column in ("", one) for one in owner]) if component in each else np.ones(1, dtype=bool)
        estimates.append(found.value[of].sum())
        influences.append(found.influence[:, of].sum(axis=1))
    return np.array(estimates), np.column_stack(influences)


def _noted(
    names: tuple[str, str],
    apart: list[tuple[str, str, int, int]],
    extrapolated: list[float],
    left: list[int],
    columns: list[str],
) -> Iterator[str]:
    """Describe what the split leaves out or extrapolates."""
    for column, label, side, n in apart:
        yield (
            f"{column} {label!r}: {n} answers of {names[side]}, none of {names[1 - side]}; their part is "
            f"no_counterpart_{'ab'[side]}"
        )
    for at, share in enumerate(extrapolated):
        if share > 0:
            shown = "under 1" if share < 0.01 else f"{100 * share:.0f}"
            yield (
                f"{shown}% of {names[at]} are in combinations of {', '.join(columns)} that "
                f"{names[1 - at]} lack: there the split extrapolates"
            )
    for name, count in zip(names, left, strict=True):
        if count:
            yield f"{count} answers of {name} left out: no value in {' or '.join(columns)}"
