"""Shares of many organisations: shrunk as the likeliest beta-binomial says, and the limits of a funnel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, betabinom, binom

from tests.refusals import Refusal, problem
from toolkit.analysis import funnel_limits, gaps, organisation_shares, pool_gaps, proportions, shrink
from toolkit.errors import InvalidInput

X = np.array([1, 30, 12, 45, 5, 28, 9])
N = np.array([4, 50, 40, 60, 20, 40, 11])


def likelihood(mean: float, weight: float) -> float:
    return float(betabinom.logpmf(X, N, mean * weight, (1 - mean) * weight).sum())


def test_no_nearby_mean_or_weight_is_likelier_by_scipys_beta_binomial() -> None:
    found = shrink(X, N)
    best = likelihood(found.overall, found.prior_n)
    for step in (0.001, 0.05, 0.3):
        for away in (1 - step, 1 + step):
            assert likelihood(found.overall * away, found.prior_n) < best
            assert likelihood(found.overall, found.prior_n * away) < best
            assert likelihood(found.overall * away, found.prior_n / away) < best
    up, down = (likelihood(found.overall, found.prior_n * np.exp(step)) for step in (1e-3, -1e-3))
    assert (up - down) / (2 * best - up - down) == pytest.approx(0, abs=1e-2)


def test_shrunk_shares_and_limits_are_those_of_each_posterior() -> None:
    found = shrink(X, N, level=0.9)
    a, b = found.overall * found.prior_n + X, (1 - found.overall) * found.prior_n + N - X
    assert found.shrunk == pytest.approx(beta.mean(a, b), rel=1e-12)
    assert found.conf_low == pytest.approx(beta.ppf(0.05, a, b), rel=1e-9)
    assert found.conf_high == pytest.approx(beta.ppf(0.95, a, b), rel=1e-9)
    assert found.spread == pytest.approx(
        beta.std(found.overall * found.prior_n, (1 - found.overall) * found.prior_n)
    )


def test_it_finds_the_distribution_the_shares_were_drawn_from() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(20, 200, 1500)
    found = shrink(rng.binomial(sizes, rng.beta(6, 14, 1500)), sizes)
    assert found.overall == pytest.approx(0.3, abs=0.01)
    assert found.prior_n == pytest.approx(20, rel=0.15)


def test_shrinkage_draws_towards_the_mean_and_the_small_most() -> None:
    found = shrink(X, N)
    assert ((found.shrunk - found.raw) * (found.overall - found.raw) >= 0).all()
    kept = (found.shrunk - found.overall) / (found.raw - found.overall)
    assert kept[np.argsort(N)].tolist() == sorted(kept)


def test_shares_that_differ_no_more_than_chance_are_pooled() -> None:
    found = shrink([50, 51, 49, 50, 50, 50], [100] * 6)
    assert (found.prior_n, found.spread) == (np.inf, 0.0)
    assert found.shrunk == pytest.approx([0.5] * 6)
    assert 0.45 < found.conf_low[0] < 0.5 < found.conf_high[0] < 0.55
    assert "no more spread" in found.method
    assert shrink([0] * 6, [9] * 6).shrunk.tolist() == [0.0] * 6


def test_order_does_not_matter_and_turning_the_question_turns_the_shares() -> None:
    found, back = shrink(X, N), shrink(X[::-1], N[::-1])
    assert back.shrunk[::-1] == pytest.approx(found.shrunk, rel=1e-7)
    turned = shrink(N - X, N)
    assert 1 - turned.shrunk == pytest.approx(found.shrunk, rel=1e-7)
    assert 1 - turned.conf_high == pytest.approx(found.conf_low, rel=1e-6)


@pytest.mark.parametrize(
    ("x", "n", "refusal"),
    [
        ([1, 2, 3], [4, 5, 6], problem("too-few", "x")),
        ([1, 2, 3, 4, 9], [4, 5, 6, 7, 8], problem("out-of-range", "x")),
        ([0, 0, 1, 1, 1], [0, 5, 6, 7, 8], problem("out-of-range", "x")),
        ([0.5, 2, 3, 4, 5], [4, 5, 6, 7, 8], problem("not-whole", "x, n")),
        ([1, 2], [4], problem("unequal-length", "x, n")),
    ],
)
def test_counts_that_cannot_be_are_refused(x: list[float], n: list[float], refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        shrink(x, n)


@pytest.mark.parametrize("level", [0.95, 0.998])
def test_beyond_a_funnel_lies_at_most_half_of_what_is_left_on_each_side(level: float) -> None:
    sizes = np.arange(1, 200)
    low, high = funnel_limits(0.3, sizes, level=level)
    least, most = np.rint(low * sizes), np.rint(high * sizes)
    tail = (1 - level) / 2 * (1 + 1e-12)
    assert (binom.cdf(least - 1, sizes, 0.3) <= tail).all()
    assert (binom.sf(most, sizes, 0.3) <= tail).all()
    assert (binom.cdf(least, sizes, 0.3) >= tail).all()
    assert (binom.sf(most - 1, sizes, 0.3) >= tail).all()


def test_a_funnel_without_answers_or_of_percent_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("out-of-range", "share")):
        funnel_limits(30, [10])
    with pytest.raises(InvalidInput, check=problem("out-of-range", "n")):
        funnel_limits(0.3, [0, 10])


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    names = rng.choice([f"org-{i}" for i in range(8)], 600, p=np.arange(1, 9) / 36)
    at = pd.Series(names).str[-1].astype(int).to_numpy()
    agrees = np.where(rng.random(600) < 0.1, np.nan, rng.random(600) < 0.2 + 0.08 * at)
    return pd.DataFrame({"organisation": names, "audience": rng.choice(["a", "b"], 600), "agrees": agrees})


def test_the_table_is_proportions_beside_shrink(frame: pd.DataFrame) -> None:
    found = organisation_shares(frame, "agrees", measure="1")
    plain = proportions(frame, "agrees", by="organisation", measure="1")
    for name in ("estimate", "conf_low", "conf_high", "n"):
        assert found[name].tolist() == pytest.approx(plain[name].tolist(), rel=1e-12)
    x, n = frame.groupby("organisation")["agrees"].agg(["sum", "count"]).to_numpy().T
    assert found["shrunk"].to_numpy() == pytest.approx(shrink(x, n).shrunk, rel=1e-9)
    assert found["funnel_low"].to_numpy() == pytest.approx(funnel_limits(x.sum() / n.sum(), n)[0])


def test_each_group_has_a_fit_of_its_own(frame: pd.DataFrame) -> None:
    found = organisation_shares(frame, "agrees", by="audience", measure="1")
    alone = organisation_shares(frame[frame["audience"] == "b"], "agrees", measure="1")
    part = found[found["audience"] == "b"].drop(columns="audience").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)


def test_few_organisations_are_not_shrunk_and_the_row_says_why(frame: pd.DataFrame) -> None:
    few = frame[frame["organisation"].isin(["org-6", "org-7"])]
    found = organisation_shares(few, "agrees", measure="1")
    assert found["shrunk"].isna().all()
    assert found["method"].str.contains("fewer than 5").all()


def test_an_organisation_column_that_is_not_there_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-column", "column organization")):
        organisation_shares(frame, "agrees", unit="organization", measure="1")


def many_gaps(sizes: list[int], shares: list[float]) -> pd.DataFrame:
    rows = pd.DataFrame({"organisation": range(len(sizes)), "item": "q", "measure": "top", "n_a": sizes})
    rows = rows.assign(audience_a="x", audience_b="y", n_b=40, estimate_b=0.5)
    rows["estimate_a"] = shares
    return rows.assign(gap=rows["estimate_a"] - rows["estimate_b"])


def test_pooled_gaps_are_those_of_the_two_level_model_by_hand() -> None:
    rows = many_gaps([10, 20, 5, 40, 10, 30], [0.1, 0.3, 0.2, 0.4, 0.3, 0.8])
    found = pool_gaps(rows)
    p, q = (rows["estimate_a"] * rows["n_a"] + 1) / (rows["n_a"] + 2), 21 / 42
    v = p * (1 - p) / (rows["n_a"] + 2) + q * (1 - q) / 42
    low, high = 0.0, 4.0
    for _ in range(200):  # Paule and Mandel: the generalised Q statistic equals its degrees of freedom
        tau2 = (low + high) / 2
        w = 1 / (v + tau2)
        mean = (w * rows["gap"]).sum() / w.sum()
        low, high = (tau2, high) if (w * (rows["gap"] - mean) ** 2).sum() > 5 else (low, tau2)
    for i in range(6):
        rest = [j for j in range(6) if j != i]
        usual = (w[rest] * rows["gap"][rest]).sum() / w[rest].sum()
        drawn = 3 / 5 * v[i] / (v[i] + tau2)
        assert found["usual"][i] == pytest.approx(usual, abs=1e-4)
        assert found["pooled"][i] == pytest.approx((1 - drawn) * (p[i] - q) + drawn * usual, abs=1e-4)
    assert found["spread"].iloc[0] == pytest.approx(np.sqrt(tau2), abs=1e-3)


def test_pooling_leaves_the_organisation_itself_out_of_what_is_usual() -> None:
    rows = many_gaps([20] * 6, [0.3, 0.4, 0.5, 0.6, 0.7, 0.5])
    other = rows.assign(estimate_a=rows["estimate_a"].where(rows.index != 0, 0.35))
    other["gap"] = other["estimate_a"] - other["estimate_b"]
    one, two = pool_gaps(rows), pool_gaps(other)
    # only the weights know of it, and with equal bases they hardly differ
    assert one["usual"][0] == pytest.approx(two["usual"][0], abs=0.002)
    assert abs(one["usual"][1] - two["usual"][1]) > 0.005


@pytest.mark.parametrize(
    ("spread", "sizes"),
    [
        (0.15, (5, 30)),
        pytest.param(0.0, (5, 30), marks=pytest.mark.slow),
        pytest.param(0.15, (10, 200), marks=pytest.mark.slow),
    ],
)
def test_limits_of_pooled_gaps_hold_the_true_gap_as_often_as_they_promise(
    spread: float, sizes: tuple[int, int]
) -> None:
    generator = np.random.default_rng(11)
    held, better = [], []
    for _ in range(60):
        n = generator.integers(*sizes, (2, 20))
        true = np.clip(0.55 + spread * generator.standard_normal(20), 0.02, 0.98)
        rows = many_gaps([*map(int, n[0])], [*(generator.binomial(n[0], true) / n[0])])
        rows = rows.assign(n_b=n[1], estimate_b=generator.binomial(n[1], 0.5) / n[1])
        rows["gap"] = rows["estimate_a"] - rows["estimate_b"]
        found = pool_gaps(rows)
        held += [*((found["pooled_low"] <= true - 0.5) & (true - 0.5 <= found["pooled_high"]))]
        better.append(((found["pooled"] - true + 0.5) ** 2).mean() < ((rows["gap"] - true + 0.5) ** 2).mean())
    assert np.mean(held) > 0.92  # 1,200 limits: standard error .007
    assert np.mean(better) > 0.75


def test_few_organisations_order_and_bad_rows() -> None:
    rows = many_gaps([10, 20, 5, 40, 10, 30], [0.1, 0.3, 0.2, 0.4, 0.3, 0.8])
    assert pool_gaps(rows.head(4))["pooled"].isna().all()
    turned = pool_gaps(rows.iloc[::-1])
    assert turned["pooled"].iloc[::-1].to_numpy() == pytest.approx(pool_gaps(rows)["pooled"].to_numpy())
    with pytest.raises(InvalidInput, check=problem("missing-column", "column n_a")):
        pool_gaps(rows.drop(columns="n_a"))
    with pytest.raises(InvalidInput, check=problem("duplicate", "rows")):
        pool_gaps(pd.concat([rows, rows]))


def test_pooled_gaps_take_what_gaps_returns() -> None:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"organisation": np.repeat(list("abcdefg"), 60), "audience": list("xy") * 210})
    frame["agrees"] = (generator.random(420) < np.where(frame["audience"] == "x", 0.7, 0.4)).astype(int)
    rows = gaps(frame, "agrees", by="organisation", between="audience", measure="1")
    found = pool_gaps(rows)
    assert len(found) == 7
    assert found["pooled"].std() < rows["gap"].std()
