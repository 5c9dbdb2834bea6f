"""U10: tables of counts and correlations against R."""

from __future__ import annotations

import re
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis import library
from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _crosstab(call: str) -> pd.DataFrame:
    frame = data("org_given")
    names = re.findall(r"org_given\$(\w+)", call)
    return pd.crosstab(*(frame[name] for name in names[:2]))


def _check_pearson(call: str, r: dict[str, Any]) -> None:
    found = library.chi_square(_crosstab(call))
    if "expected" in r:
        flat = [found.residuals.T.ravel().tolist(), found.adjusted_residuals.T.ravel().tolist()]
        assert found.expected.ravel().tolist() == close(np.ravel(r["expected"]["values"]).tolist())
        for mine, theirs in zip(flat, ("residuals", "stdres"), strict=True):
            assert mine == close([cell["Freq"] for cell in r[theirs]], rel=1e-6)
    elif "V" in r:
        v = [found.cramers_v, tk.cramers_v(_crosstab(call))]
        assert [found.statistic, found.n, *v] == close([r["chisq"], r["n"], r["V"], r["V_bias_corrected"]])
    else:
        _check(found, r)


def _check(found: Any, r: dict[str, Any]) -> None:
    df = list(r.get("parameter", {}).values())
    assert [found.statistic, found.p_value] == close([*r["statistic"].values(), r["p_value"]])
    assert df in ([], [found.df])


def _admissions() -> np.ndarray:
    frame = data("ucb_admissions")
    shape = [frame[name].nunique() for name in ("Admit", "Gender", "Dept")]
    ordered = frame.sort_values(["Admit", "Gender", "Dept"])
    return ordered["Freq"].to_numpy().reshape(shape)


def _check_strata(call: str, r: dict[str, Any]) -> None:
    if "ucb" not in call:
        frame = data("org_given")
        names = re.findall(r"org_given\$(\w+)", call)
        counts = frame.groupby(names, observed=False).size()
        shape = [frame[name].nunique() for name in names]
        _check(tk.mantel_haenszel(counts.to_numpy().reshape(shape)), r)
        return
    exact = "exact=TRUE" in call
    found = tk.mantel_haenszel(_admissions(), correct="correct=FALSE" not in call, exact=exact)
    assert [found.statistic, found.p_value] == close([*r["statistic"].values(), r["p_value"]])
    # R's exact odds ratio and its limits come from uniroot with its loose tolerance, as Fisher's do.
    rel = 1e-4 if exact else 1e-6
    assert found.estimate == close(*r["estimate"].values(), rel=rel)
    assert [found.conf_low, found.conf_high] == close(r["conf_int"], rel=rel)


def _check_shares(call: str, r: dict[str, Any]) -> None:
    frame = data("org_given")
    item, group = re.search(r"tapply\((\w+), (\w+)", call).groups()
    x, n = (frame.groupby(group, observed=False)[item].agg(how) for how in ("sum", "count"))
    if call.startswith("prop.trend"):
        _check(library.trend_test(x, n), r)
        return
    _check(library.chi_square(np.column_stack([x, n - x])), r)
    assert (x / n).tolist() == close(list(r["estimate"].values()))


@pytest.mark.parametrize("case", cases("U10_tables"))
def test_tables_and_correlations_equal_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    if call.startswith("cor.test"):
        frame = data("org_given")
        a, b = re.findall(r"org_given\$(\w+)", call)
        method = re.search(r"method='(\w+)'", call)
        found = library.correlation(frame[a], frame[b], method=method.group(1) if method else "pearson")
        assert [found.statistic, found.p_value, found.estimate] == close(
            [*r["statistic"].values(), r["p_value"], *r["estimate"].values()]
        )
        assert "conf_int" not in r or [found.conf_low, found.conf_high] == close(r["conf_int"])
    elif call.startswith("mantelhaen"):
        _check_strata(call, r)
    elif call.startswith("mcnemar"):
        _check(library.mcnemar(_crosstab(call), correct="correct=FALSE" not in call), r)
    elif call.startswith("fisher"):
        assert tk.fisher_table(_crosstab(call)).p_value == close(r["p_value"], rel=1e-7)
    elif call.startswith("prop."):
        _check_shares(call, r)
    else:
        _check_pearson(call, r)


def _every_table(rows: list[int], columns: list[int]) -> list[np.ndarray]:
    found = []
    for inner in product(*(range(n + 1) for n in rows for _ in columns[1:])):
        table = np.zeros((len(rows), len(columns)), dtype=int)
        table[:, 1:] = np.reshape(inner, (len(rows), -1))
        table[:, 0] = np.array(rows) - table[:, 1:].sum(axis=1)
        if (table >= 0).all() and (table.sum(axis=0) == columns).all():
            found.append(table)
    return found


@pytest.mark.parametrize(
    "table", [[[3, 1, 2], [0, 4, 1]], [[4, 0], [1, 3], [2, 2]], [[1, 2, 0], [2, 0, 1], [0, 1, 3]]]
)
def test_the_exact_p_is_the_mass_of_every_table_no_likelier(table: list[list[int]]) -> None:
    seen = np.array(table)
    every = _every_table(seen.sum(axis=1).tolist(), seen.sum(axis=0).tolist())
    mass = np.array([1 / prod(factorial(int(cell)) for cell in one.ravel()) for one in every])
    own = 1 / prod(factorial(int(cell)) for cell in seen.ravel())
    assert tk.fisher_table(seen).p_value == pytest.approx(mass[mass <= own * (1 + 1e-7)].sum() / mass.sum())


def test_the_exact_test_of_two_by_two_is_fishers() -> None:
    assert tk.fisher_table([[9, 1], [3, 7]]).p_value == pytest.approx(
        library.fisher_exact(9, 10, 3, 10).p_value
    )


def test_order_of_rows_and_columns_changes_nothing() -> None:
    table = np.array([[12, 5, 9], [3, 14, 8], [7, 7, 1]])
    for moved in (table[::-1], table[:, [2, 0, 1]], table.T):
        assert tk.cramers_v(moved) == pytest.approx(tk.cramers_v(table))
        assert tk.fisher_table(moved).p_value == pytest.approx(tk.fisher_table(table).p_value)


def test_a_stratum_alone_is_a_plain_table_but_for_n_less_one() -> None:
    table = np.array([[12, 5], [3, 14]])
    found = tk.mantel_haenszel(table[:, :, None], correct=False)
    assert found.statistic == pytest.approx(library.chi_square(table).statistic * 33 / 34)
    assert found.estimate == pytest.approx(12 * 14 / 15)
    exact = tk.mantel_haenszel(table[:, :, None], exact=True)
    fisher = library.fisher_exact(12, 17, 3, 17)
    assert [exact.p_value, exact.estimate] == pytest.approx([fisher.p_value, fisher.estimate])


def test_the_generalised_test_of_two_by_two_is_the_plain_one() -> None:
    tables = _admissions()
    from toolkit.analysis.tables import _generalised

    plain = tk.mantel_haenszel(tables, correct=False)
    assert _generalised(tables.astype(float)).statistic == pytest.approx(plain.statistic)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.cramers_v([[1, 2]]), problem("wrong-shape", "table")),
        (lambda: tk.cramers_v([[1, -2], [3, 4]]), problem("not-finite", "table")),
        (lambda: tk.cramers_v([[1, 0], [3, 0]]), problem("empty-cell", "table")),
        (lambda: tk.fisher_table([[1.5, 2], [3, 4]]), problem("not-whole", "table")),
        (lambda: tk.fisher_table([[1, 0], [3, 0]]), problem("empty-cell", "table")),
        (lambda: tk.fisher_table(np.full((6, 6), 90)), problem("too-large", "table")),
        (lambda: tk.mantel_haenszel([[1, 2], [3, 4]]), problem("wrong-shape", "tables")),
        (lambda: tk.mantel_haenszel(np.ones((3, 2, 2)), exact=True), problem("unsuited-method", "exact")),
        (lambda: tk.mantel_haenszel(np.full((2, 2, 2), np.nan)), problem("not-finite", "tables")),
    ],
)
def test_what_is_no_table_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
