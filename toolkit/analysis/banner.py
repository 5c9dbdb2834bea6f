"""Banner tables: every answer down, groups of people across, with letters for what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis.answers import (
    Codes,
    Items,
    Request,
    classes_of,
    group_by,
    read_columns,
    requests_for,
    requests_per_code,
    with_boxes,
)
from toolkit.analysis.contract import Test, tidy
from toolkit.analysis.design import Design
from toolkit.analysis.design_tests import crosstab, independence
from toolkit.analysis.estimates import proportions
from toolkit.analysis.gap_rows import adjust_p, refuse_options
from toolkit.analysis.gaps import compare_groups, plan_pairs
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

TOTAL = "total"
_LEAST = 30
"""Answers a column needs before it is compared."""


@typed
def banner(
    frame: pd.DataFrame,
    items: Items,
    columns: str | Sequence[str],
    *,
    measure: str | None = None,
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    letters: bool = False,
    level: float = 0.95,
    adjust: str = "holm",
) -> pd.DataFrame:
    """Tabulate shares of every answer by the groups of several columns, beside the total.

    Parameters
    ----------
    frame
        One row per respondent.
    items
        An instrument, variables, or column names.
    columns
        Columns whose groups head the columns of the table; each brings a column per group.
    measure
        None for a row per response code; else a share as in `proportions`.
    design
        How respondents were drawn.
    letters
        Whether to mark columns that differ.
    level
        Confidence level; letters are given at 1 − level, two-sided.
    adjust
        For the p values of one answer within one of `columns`.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        One row an answer and column of the table: item, response or measure, banner, column, letter, n,
        effective_n, estimate, conf_low, conf_high, higher_than, method. `higher_than` holds the letters of
        the columns whose share is lower, "" for none, NA where nothing was tested. `pivot` lays it out wide.

    Raises
    ------
    InvalidInput
        As `proportions`; for a column named twice or among the items, and unknown options.

    Notes
    -----
    Tests are those of `gaps`: pooled z, Fisher's where few are expected, or t under a design. Only groups of
    one column exclude each other; the total and the groups of other columns overlap and are not compared,
    nor is a column with fewer than 30 answers (or effective answers).

    Examples
    --------
    >>> audience = ["a"] * 60 + ["b"] * 60
    >>> frame = pd.DataFrame({"audience": audience, "agrees": [1] * 50 + [0] * 10 + [1] * 20 + [0] * 40})
    >>> banner(frame, "agrees", "audience", measure="1", letters=True)["higher_than"].tolist()
    [nan, 'C', '']
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    across = [columns] if isinstance(columns, str) else list(columns)
    read = read_columns(frame, items, kinds=("single", "option"))
    _refuse(across, [one.name for one in read], level, adjust)
    if measure is None:
        wanted = [made for column in read for made in requests_per_code(column)]
    else:
        wanted = requests_for(read, measure)
    kind = "response" if measure is None else "measure"
    parts = [_part(frame, items, None, TOTAL, measure, design, level)]
    for name in across:
        part = _part(frame, items, name, name, measure, design, level)
        if letters:
            part = _with_letters(part, frame, wanted, name, kind, design, level, adjust)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    named = list(dict.fromkeys(zip(table["banner"], table["column"], strict=True)))
    names = {column: _letter(at) for at, column in enumerate(named)}
    table["letter"] = [names[one] for one in zip(table["banner"], table["column"], strict=True)]
    table["higher_than"] = pd.array(
        [
            pd.NA
            if lower is None
            else " ".join(names[one, other] for other in sorted(lower, key=lambda o: named.index((one, o))))
            for one, lower in zip(table["banner"], table["lower"], strict=True)
        ],
        dtype="str",
    )
    places = {(one.item, one.measure): at for at, one in enumerate(wanted)}
    rows = [places[key] for key in zip(table["item"], table[kind], strict=True)]
    table = table.assign(place=rows).sort_values("place", kind="stable", ignore_index=True)
    order = ["item", kind, "banner", "column", "letter", "n", "effective_n", "estimate"]
    return tidy(dict(table.items()), [*order, "conf_low", "conf_high", "higher_than", "method"])


@dataclass(frozen=True, repr=False)
class CrossTable(Displayed):
    """One item by one grouping: counts, shares, a test, and which columns differ.

    Attributes
    ----------
    table
        One row per answer and column of the table, the total first: response, column, letter, n (answers in
        the column), cell_n and count (answers in the cell, unweighted and weighted), estimate (share of the
        column), conf_low, conf_high, higher_than (as in `banner`).
    test
        Of independence, after Rao and Scott; p is NaN where it cannot be tested (see `method`).
    item, by
        Names of the columns of the frame.
    """

    table: pd.DataFrame
    test: Test
    item: str
    by: str
    method: str

    def wide(self, values: str = "estimate") -> pd.DataFrame:
        """Return one of the table's columns with a row per answer and a column per group."""
        order = list(dict.fromkeys(self.table["column"]))
        wide = self.table.pivot(index="response", columns="column", values=values)
        return wide.loc[list(dict.fromkeys(self.table["response"])), order]


@typed
def cross_table(
    frame: pd.DataFrame,
    rows: Variable | str,
    columns: Variable | str,
    *,
    design: Design | None = None,
    letters: bool = True,
    level: float = 0.95,
    adjust: str = "holm",
) -> CrossTable:
    """Cross an item with a grouping: weighted counts, column percentages, Rao–Scott test, letters.

    Parameters
    ----------
    frame
        One row per respondent; who lacks one of the two answers is not counted.
    rows, columns
        The item down, and the groups across.
    design
        How respondents were drawn.
    letters
        Whether to mark columns that differ (see `banner`).
    level, adjust
        As in `banner`.

    Returns
    -------
    CrossTable
        `tk.save_table(result, "table.docx")` writes it for Word, `wide("count")` is a plain frame.

    Raises
    ------
    InvalidInput
        As `banner`.

    Notes
    -----
    Counts are R's `svytable`, the test its `svychisq` (second order, F). Without a design the weights are 1
    and the test is close to Pearson's.

    Examples
    --------
    >>> audience = ["a"] * 60 + ["b"] * 60
    >>> frame = pd.DataFrame({"audience": audience, "agrees": [1] * 50 + [0] * 10 + [1] * 20 + [0] * 40})
    >>> found = cross_table(frame, "agrees", "audience")
    >>> found.wide("count").loc["1"].tolist(), round(found.test.p_value, 6) < 0.001
    ([70.0, 50.0, 20.0], True)
    """
    item, by = (one.name if isinstance(one, Variable) else one for one in (rows, columns))
    counts = crosstab(frame, rows, columns, design=design)
    if counts.empty:
        problem = Problem(
            "no-answers", f"columns {item} and {by}", "no one answered both", "check the columns"
        )
        raise InvalidInput("cross_table", [problem])
    plain = crosstab(frame.loc[(design or Design()).over(frame, linearise=True).weights > 0], rows, columns)
    one, other = (classes_of(frame, each)[0] >= 0 for each in (rows, columns))
    both = frame.assign(**{item: frame[item].where(one & other), by: frame[by].where(one & other)})
    found = banner(both, rows, by, design=design, letters=letters, level=level, adjust=adjust)
    found = found[found["response"].isin(counts.index)].reset_index(drop=True)
    cells = list(zip(found["response"], found["column"], strict=True))
    sums = {
        name: table.assign(**{TOTAL: table.sum(axis=1)})
        for name, table in (("cell_n", plain), ("count", counts))
    }
    added = {
        name: [float(table[column].get(row, 0.0)) if column in table else 0.0 for row, column in cells]
        for name, table in sums.items()
    }
    order = ["response", "column", "letter", "n", "cell_n", "count", "estimate", "conf_low", "conf_high"]
    table = found.assign(**added).astype({"cell_n": "int64"})[[*order, "higher_than"]]
    try:
        test = independence(both, rows, columns, design=design)
    except InvalidInput as error:
        test = Test(np.nan, np.nan, f"not tested: {error.problems[0].where} {error.problems[0].what}")
    return CrossTable(table, test, item, by, str(found["method"].iloc[-1]))


def _refuse(across: list[str], items: list[str], level: float, adjust: str) -> None:
    refuse_options(None, level, 0.1, 0.8, (adjust,))
    problems = [
        Problem("conflict", f"column {name}", "is both across and down the table", "leave it out of one")
        for name in across
        if name in items
    ]
    if not across or len(set(across)) < len(across):
        problems.append(
            Problem(
                "duplicate" if across else "empty",
                "columns",
                "are empty or name one twice",
                "name each column once",
            )
        )
    if problems:
        raise InvalidInput("banner", problems)


def _part(
    frame: pd.DataFrame,
    items: Items,
    by: str | None,
    name: str,
    measure: str | None,
    design: Design | None,
    level: float,
) -> pd.DataFrame:
    found = proportions(frame, items, by=by, measure=measure, design=design, level=level)
    shown = found[by].astype(str) if by is not None else pd.Series(TOTAL, index=found.index)
    return found.assign(banner=name, column=shown, lower=None)


def _with_letters(
    part: pd.DataFrame,
    frame: pd.DataFrame,
    wanted: Sequence[Request],
    name: str,
    kind: str,
    design: Design | None,
    level: float,
    adjust: str,
) -> pd.DataFrame:
    """Return the columns each share exceeds; None where the column was not compared."""
    enough = np.minimum(part["n"], part["effective_n"]).to_numpy() >= _LEAST
    rows = list(zip(part["item"], part[kind], part["column"], strict=True))
    tested = dict(zip(rows, enough.tolist(), strict=True))
    lower: dict[Any, list[str]] = {row: [] for row, many in tested.items() if many}
    met = set()
    for key, a, b, gap, p in _tests(frame, wanted, name, design, level, tested, adjust):
        met |= {(*key, a), (*key, b)}
        if p < 1 - level and gap != 0:
            over, under = (a, b) if gap > 0 else (b, a)
            lower[*key, over].append(under)
    label = f"; letters at {100 * (1 - level):g} %, p adjusted by {adjust} within the answer and '{name}'"
    few = f"; no letters: fewer than {_LEAST} answers, or none to compare with"
    return part.assign(
        lower=[lower[row] if row in met else None for row in rows],
        method=[how + (label if row in met else few) for how, row in zip(part["method"], rows, strict=True)],
    )


def _tests(
    frame: pd.DataFrame,
    wanted: Sequence[Request],
    name: str,
    design: Design | None,
    level: float,
    tested: dict[Any, bool],
    adjust: str,
) -> list[tuple[tuple[str, str], str, str, float, float]]:
    if len(group_by(frame, name).labels) < 2:
        return []
    plan = plan_pairs(frame, wanted, name, None, ())
    rows = compare_groups(frame, wanted, plan, design=design, method=None, level=level, power=0.8)
    keys = list(zip(rows["item"], rows["measure"], strict=True))
    sides = [list(rows[side]) for side in ("audience_a", "audience_b")]
    usable = np.array(
        [tested[*key, a] and tested[*key, b] for key, a, b in zip(keys, *sides, strict=True)], dtype=bool
    )
    usable &= ~np.isnan(rows["p_value"])
    adjusted = np.full(len(keys), np.nan)
    for at in np.unique(plan.item):
        chosen = usable & (plan.item == at)
        adjusted[chosen] = adjust_p(rows["p_value"][chosen], adjust)
    each = zip(keys, *sides, rows["gap"].tolist(), adjusted.tolist(), strict=True)
    return [row for row, kept in zip(each, usable.tolist(), strict=True) if kept]


def _letter(at: int) -> str:
    """Name a column A … Z, AA, AB … by its position."""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
