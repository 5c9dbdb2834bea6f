"""The same people twice: paired tests and intervals, and who joined or left."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, multinomial, ttest_rel

from tests.analysis import library
from tests.refusals import Refusal, problem
from toolkit import analysis
from toolkit.analysis import newcombe_paired
from toolkit.errors import InvalidInput

panel_change = partial(analysis.panel_change, person="respondent_id")


def by_hand(r: float, s: float, t: float, u: float) -> tuple[float, float]:
    """Newcombe's method 10 step by step, from the paper."""
    n, z = r + s + t + u, 1.959963984540054

    def limits(x: float) -> tuple[float, float]:
        root = z * np.sqrt(z * z + 4 * x * (n - x) / n)
        return (2 * x + z * z - root) / (2 * (n + z * z)), (2 * x + z * z + root) / (2 * (n + z * z))

    product = r * u - s * t
    corrected = product - n / 2 if product > n / 2 else 0.0 if product >= 0 else product
    margins = (r + s) * (t + u) * (r + t) * (s + u)
    phi = corrected / np.sqrt(margins) if margins else 0.0
    p, q, (l2, u2), (l3, u3) = (r + s) / n, (r + t) / n, limits(r + s), limits(r + t)
    delta = (p - l2) ** 2 - 2 * phi * (p - l2) * (u3 - q) + (u3 - q) ** 2
    epsilon = (u2 - p) ** 2 - 2 * phi * (u2 - p) * (q - l3) + (q - l3) ** 2
    return p - q - np.sqrt(delta), p - q + np.sqrt(epsilon)


@pytest.mark.parametrize(
    "table", [(14, 5, 0, 22), (3, 4, 5, 6), (1, 9, 8, 2), (0, 0, 0, 7), (12, 0, 0, 8), (1, 1, 7, 12)]
)
def test_the_paired_interval_is_newcombes_method_10(table: tuple[int, int, int, int]) -> None:
    found = newcombe_paired(np.reshape(table, (2, 2)))
    assert (found.conf_low, found.conf_high) == pytest.approx(by_hand(*table), rel=1e-9, abs=1e-12)


def test_answers_that_go_together_make_the_interval_narrower_than_two_samples_would() -> None:
    found, apart = newcombe_paired([[40, 10], [2, 48]]), library.newcombe(50, 100, 42, 100)
    assert found.conf_high - found.conf_low < 0.7 * (apart.conf_high - apart.conf_low)


def test_turning_the_times_turns_the_interval() -> None:
    found, turned = newcombe_paired([[14, 5], [1, 22]]), newcombe_paired([[14, 1], [5, 22]])
    assert (-turned.conf_high, -turned.conf_low) == pytest.approx((found.conf_low, found.conf_high))


def test_the_paired_interval_covers_by_enumeration() -> None:
    n, chances = 14, (0.4, 0.2, 0.1, 0.3)
    held = 0.0
    for r, s, t in itertools.product(range(n + 1), repeat=3):
        if r + s + t <= n:
            table = [[r, s], [t, n - r - s - t]]
            found = newcombe_paired(table)
            chance = float(multinomial.pmf([r, s, t, n - r - s - t], n, chances))
            held += chance * (found.conf_low <= chances[1] - chances[2] <= found.conf_high)
    assert 0.935 <= held <= 0.99


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = []
    for wave, people in (("2024", range(90)), ("2025", range(30, 130))):
        for one in people:
            base = one % 5 / 6
            yes = float(rng.random() < base + (wave == "2025") * 0.1)
            rows.append(
                (f"p{one}", wave, "ab"[one % 2], yes, one % 5 + rng.normal() + (wave == "2025") * 0.4)
            )
    made = pd.DataFrame(rows, columns=["respondent_id", "wave", "audience", "tired", "score"])
    made.loc[rng.choice(len(made), 12, replace=False), "tired"] = np.nan
    return made.sample(frac=1, random_state=0, ignore_index=True)


def matched(frame: pd.DataFrame, item: str, audience: str) -> pd.DataFrame:
    part = frame[frame["audience"] == audience].pivot(index="respondent_id", columns="wave", values=item)
    return part.dropna()


@pytest.mark.parametrize("audience", ["a", "b"])
def test_shares_are_mcnemars_exact_test_of_matched_people(frame: pd.DataFrame, audience: str) -> None:
    row = panel_change(frame, "tired", measure="mean").set_index("audience").loc[audience]
    pairs = matched(frame, "tired", audience)
    new = int(((pairs["2025"] == 1) & (pairs["2024"] == 0)).sum())
    gone = int(((pairs["2025"] == 0) & (pairs["2024"] == 1)).sum())
    both, neither = int((pairs.sum(axis=1) == 2).sum()), int((pairs.sum(axis=1) == 0).sum())
    assert (row["n_a"], row["n_b"]) == (len(pairs), len(pairs))
    assert row["gap"] == pytest.approx((pairs["2025"] - pairs["2024"]).mean(), rel=1e-12)
    assert row["std_error"] == pytest.approx((pairs["2025"] - pairs["2024"]).std(ddof=0) / len(pairs) ** 0.5)
    assert row["p_value"] == pytest.approx(binomtest(new, new + gone).pvalue, rel=1e-9)
    interval = newcombe_paired([[both, new], [gone, neither]])
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((interval.conf_low, interval.conf_high))


@pytest.mark.parametrize("audience", ["a", "b"])
def test_means_are_the_paired_t_test_of_matched_people(frame: pd.DataFrame, audience: str) -> None:
    row = panel_change(frame, "score", measure="mean").set_index("audience").loc[audience]
    pairs = matched(frame, "score", audience)
    found = ttest_rel(pairs["2025"], pairs["2024"])
    limits = found.confidence_interval()
    assert (row["statistic"], row["df"], row["p_value"]) == pytest.approx(
        (found.statistic, found.df, found.pvalue), rel=1e-9
    )
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((limits.low, limits.high), rel=1e-9)
    ours = library.t_test(pairs["2025"], pairs["2024"], paired=True)
    assert row["gap"] == pytest.approx(ours.estimate)


def test_joiners_and_leavers_are_counted(frame: pd.DataFrame) -> None:
    found = panel_change(frame, "tired", by=(), measure="mean").iloc[0]
    assert (found["joined"], found["left"]) == (40, 30)


def test_who_changes_group_leaves_the_one_and_joins_the_other(frame: pd.DataFrame) -> None:
    moved = frame["respondent_id"].eq("p40") & frame["wave"].eq("2025")
    before = panel_change(frame, "score", measure="mean").set_index("audience")
    frame.loc[moved, "audience"] = "b"
    after = panel_change(frame, "score", measure="mean").set_index("audience")
    assert (after["left"] - before["left"]).to_dict() == {"a": 1, "b": 0}
    assert (after["joined"] - before["joined"]).to_dict() == {"a": 0, "b": 1}
    assert (after["n_a"] - before["n_a"]).to_dict() == {"a": -1, "b": 0}


def test_row_order_and_names_of_people_change_nothing(frame: pd.DataFrame) -> None:
    other = frame.sample(frac=1, random_state=9).assign(
        respondent_id=lambda f: "x" + f["respondent_id"].str[::-1]
    )
    found, again = (panel_change(one, ["tired", "score"], measure="mean") for one in (frame, other))
    pd.testing.assert_frame_equal(found, again)


def test_nobody_twice_and_no_change_at_all_are_rows_that_say_so() -> None:
    frame = pd.DataFrame(
        {"respondent_id": [1, 2, 1, 2, 3, 4], "wave": list("112212"), "audience": list("aaaabb")}
    ).assign(x=[1.0, 0, 1, 0, 1, 1], y=[2.0, 3, 3, 4, 5, 5])
    found = panel_change(frame, ["x", "y"], measure="mean").set_index(["item", "audience"])
    assert found.loc[("x", "a"), "p_value"] == 1.0
    assert "no one answered both times" in found.loc[("x", "b"), "method"]
    assert np.isnan(found.loc[("x", "b"), "p_value"])
    assert "same amount" in found.loc[("y", "a"), "method"]


@pytest.mark.parametrize(
    ("change", "options", "refusal"),
    [
        (
            {"respondent_id": "p1"},
            {},
            problem("duplicate-id", "column respondent_id, wave 2024")
            + problem("duplicate-id", "column respondent_id, wave 2025"),
        ),
        (
            {"respondent_id": None},
            {},
            problem("missing-value", "column respondent_id, wave 2024")
            + problem("missing-value", "column respondent_id, wave 2025"),
        ),
        ({}, {"person": "respondent"}, problem("unknown-column", "column respondent")),
        ({}, {"earlier": "2020"}, problem("unknown-wave", "wave 2020")),
        ({}, {"margin": 10}, problem("out-of-range", "margin")),
    ],
)
def test_people_that_cannot_be_matched_are_refused(
    frame: pd.DataFrame, change: dict, options: dict, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        panel_change(frame.assign(**change), "tired", measure="mean", **options)


def test_a_table_that_is_no_pair_of_answers_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-shape", "table")):
        newcombe_paired([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    with pytest.raises(InvalidInput, check=problem("wrong-shape", "table")):
        newcombe_paired([[0, 0], [0, 0]])
