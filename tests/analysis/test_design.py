"""What a design refuses, and R's rules for its degrees of freedom and finite populations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import close
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design, means
from toolkit.errors import InvalidInput


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 8.0, 3.0, 5.0],
            "w": [1.0, 1.0, 2.0, 2.0, 1.0, 1.0],
            "h": ["a", "a", "a", "b", "b", "b"],
            "c": [1, 1, 2, 1, 2, 3],
            "size": [6, 6, 6, 9, 9, 9],
        }
    )


def test_units_count_within_their_stratum() -> None:
    row = means(_frame(), "y", design=Design(weights="w", strata="h", clusters="c")).iloc[0]
    assert row["df"] == 5 - 2
    again = means(
        _frame().assign(c=["a1", "a1", "a2", "b1", "b2", "b3"]),
        "y",
        design=Design(weights="w", strata="h", clusters=["c"]),
    ).iloc[0]
    assert row["std_error"] == close(again["std_error"])


def test_the_error_of_a_clustered_mean_is_that_of_its_unit_totals() -> None:
    frame = _frame()
    row = means(frame, "y", design=Design(weights="w", strata="h", clusters="c")).iloc[0]
    z = frame.w * (frame.y - row["estimate"]) / frame.w.sum()
    variance = 0.0
    for _, stratum in z.groupby(frame.h):
        totals = stratum.groupby(frame.c).sum()
        variance += len(totals) / (len(totals) - 1) * ((totals - totals.mean()) ** 2).sum()
    assert row["std_error"] == close(np.sqrt(variance))


def test_a_stratum_taken_whole_adds_no_error() -> None:
    frame = _frame().assign(size=[3, 3, 3, 9, 9, 9])
    part = means(frame, "y", design=Design(weights="w", strata="h", fpc="size")).iloc[0]
    b = frame[frame.h == "b"]
    z = b.w * (b.y - part["estimate"]) / frame.w.sum()
    assert part["std_error"] == close(np.sqrt(2 / 3 * 3 / 2 * ((z - z.mean()) ** 2).sum()))


def test_a_finite_population_may_be_a_count_or_a_fraction() -> None:
    counts = means(_frame(), "y", design=Design(weights="w", strata="h", fpc="size")).iloc[0]
    fractions = means(
        _frame().assign(size=[0.5] * 3 + [1 / 3] * 3), "y", design=Design(weights="w", strata="h", fpc="size")
    ).iloc[0]
    assert counts["std_error"] == close(fractions["std_error"])


def test_without_weights_a_finite_population_gives_them() -> None:
    given = means(
        _frame().assign(w=[2.0] * 3 + [3.0] * 3), "y", design=Design(weights="w", strata="h", fpc="size")
    ).iloc[0]
    made = means(_frame(), "y", design=Design(strata="h", fpc="size")).iloc[0]
    assert [made["estimate"], made["std_error"]] == close([given["estimate"], given["std_error"]])


@pytest.mark.parametrize(
    ("changes", "design", "refusal"),
    [
        ({"w": [1, 1, -2, 2, 1, 1]}, Design(weights="w"), problem("not-finite", "column w, row 2")),
        ({"w": [1, 1, np.nan, 2, 1, 1]}, Design(weights="w"), problem("not-finite", "column w, row 2")),
        ({"w": [1, 1, np.inf, 2, 1, 1]}, Design(weights="w"), problem("not-finite", "column w, row 2")),
        ({"w": [0.0] * 6}, Design(weights="w"), problem("wrong-sum", "column w")),
        ({"w": list("abcdef")}, Design(weights="w"), problem("not-a-number", "column w")),
        (
            {"h": ["a", "a", "a", "b", "b", "solo"]},
            Design(strata="h"),
            problem("lonely-unit", "column h, stratum 'solo'"),
        ),
        (
            {"c": [1, 1, 1, 1, 2, 3]},
            Design(strata="h", clusters="c"),
            problem("lonely-unit", "column h, stratum 'a'"),
        ),
        (
            {"h": ["a", None, "a", "b", "b", "b"]},
            Design(strata="h"),
            problem("missing-value", "column h, row 1"),
        ),
        (
            {"size": [6, 6, 6, 2, 2, 2]},
            Design(strata="h", fpc="size"),
            problem("above-population", "column size, stratum 'b'"),
        ),
        (
            {"size": [6, 7, 6, 9, 9, 9]},
            Design(strata="h", fpc="size"),
            problem("inconsistent", "column size, stratum 'a'"),
        ),
        (
            {"size": [6, 6, 6, 0, 0, 0]},
            Design(strata="h", fpc="size"),
            problem("out-of-range", "column size, stratum 'b'"),
        ),
        ({}, Design(weights="weight"), problem("unknown-column", "column weight")),
    ],
)
def test_what_no_variance_can_be_made_from_is_refused(
    changes: dict[str, Any], design: Design, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        means(_frame().assign(**changes), "y", design=design)


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        means(_frame(), "y", design=Design(weights="ww", strata="hh", clusters="cc"))
    assert len(caught.value.problems) == 3


def test_an_unknown_df_rule_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-option", "df")):
        Design(df="residual")
    with pytest.raises(InvalidInput, check=problem("unknown-option", "df")):
        Design(df=0)


def test_given_degrees_of_freedom_are_taken_as_they_are() -> None:
    row = means(_frame(), "y", design=Design(weights="w", df=np.inf)).iloc[0]
    assert row["conf_high"] - row["estimate"] == close(1.959963984540054 * row["std_error"])
    assert means(_frame(), "y", by="h", design=Design(weights="w", df=7))["df"].tolist() == [7, 7]
    alone = means(_frame(), "y", design=Design(df=np.inf)).iloc[0]
    assert alone["std_error"] == close(means(_frame(), "y").iloc[0]["std_error"])
    assert [alone["df"], alone["method"]] == [np.inf, "t interval, linearised (equal weights)"]


def test_lonely_strata_in_groups_take_the_average_of_the_whole_design() -> None:
    """R 4.2.2, survey 4.1.1, options(survey.lonely.psu = "average"):

    x <- svydesign(~1, strata = ~st, weights = ~w, data = d); b <- svyby(~y, ~g, x, svymean, covmat = TRUE)
    sqrt(diag(vcov(b))) is 0.613603933811, 1.461546257726; svycontrast(b, c(a = 1, b = -1)) has SE 1.71341.
    SE(b), by subset() of the design, is 0.650825253841, 1.265736187997: a's by the factor 3/2 for its strata
    1, 2 and the lonely 3, where the whole design has 4/3; b's by 1, as it does not reach the lonely stratum.
    """
    frame = pd.DataFrame(
        {
            "st": [1, 1, 1, 2, 2, 2, 3, 4, 4, 4],
            "g": list("aababbabbb"),
            "y": [1, 4, 2, 5, 3, 7, 6, 2, 8, 1],
            "w": [1, 2, 1, 3, 1, 2, 1, 2, 1, 1.5],
        }
    )
    design = Design(weights="w", strata="st", lonely="average")
    for table in (
        tk.means(frame, "y", by="g", design=design),
        tk.estimate(frame, "y", by="g", design=design).table,
    ):
        assert table["std_error"].tolist() == pytest.approx([0.613603933811, 1.461546257726], rel=1e-10)
        of_subset = table["std_error"] ** 2 * 3 / 4 * np.array([3 / 2, 1])
        assert np.sqrt(of_subset).tolist() == pytest.approx([0.650825253841, 1.265736187997], rel=1e-10)
    gap = tk.gaps(frame, "y", between="g", measure="mean", design=design)
    assert gap["std_error"].item() == pytest.approx(1.71341, abs=5e-6)
