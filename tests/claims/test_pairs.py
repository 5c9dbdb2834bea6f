"""Like-for-like pairs: Newcombe's interval, the pooled test, Cohen's h and Holm's p, all recomputed here."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from tests.claims.test_bases import Z, wilson_by_hand
from tests.refusals import problem
from toolkit.claims import compare_pairs, over_splits, pair_over_design_effects
from toolkit.errors import InvalidInput


@pytest.fixture(scope="module")
def pairs(register):
    return compare_pairs(register).set_index("item")


def newcombe_by_hand(p: float, n: float, q: float, m: float) -> tuple[float, float]:
    """Newcombe 1998, method 10: the square-and-add of both Wilson intervals."""
    (low_p, high_p), (low_q, high_q) = wilson_by_hand(p, n), wilson_by_hand(q, m)
    gap = p - q
    return (
        gap - math.sqrt((p - low_p) ** 2 + (high_q - q) ** 2),
        gap + math.sqrt((high_p - p) ** 2 + (q - low_q) ** 2),
    )


def pooled_p_by_hand(p: float, n: float, q: float, m: float) -> float:
    both = (p * n + q * m) / (n + m)
    z = (p - q) / math.sqrt(both * (1 - both) * (1 / n + 1 / m))
    return math.erfc(abs(z) / math.sqrt(2))


def known(register):
    claims = register.claims.set_index("finding_id")
    for pair in register.relations.pairs:
        a, b = claims.loc[pair.a], claims.loc[pair.b]
        if pd.notna(a["n"]) and pd.notna(b["n"]):
            yield pair.id, (a["value"] / 100, int(a["n"]), b["value"] / 100, int(b["n"]))


def test_every_pair_with_bases_has_the_gap_interval_and_test_of_the_formulas(register, pairs):
    done = dict(known(register))
    assert len(done) == 8
    for name, figures in done.items():
        one = pairs.loc[name]
        p, _, q, _ = figures
        assert one["gap"] == pytest.approx(p - q)
        assert (one["conf_low"], one["conf_high"]) == pytest.approx(newcombe_by_hand(*figures), rel=1e-9)
        assert one["p_value"] == pytest.approx(pooled_p_by_hand(*figures), rel=1e-6)
        h = 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(q))
        assert one["effect_size"] == pytest.approx(h)
    assert set(pairs.index[pairs["p_value"].notna()]) == set(done)


def test_p_is_adjusted_by_holm_over_the_pairs_that_could_be_tested(register, pairs):
    tested = sorted((pooled_p_by_hand(*figures), name) for name, figures in known(register))
    held, so_far = {}, 0.0
    for place, (p, name) in enumerate(tested):
        so_far = max(so_far, min(1.0, p * (len(tested) - place)))
        held[name] = so_far
    for name, p in held.items():
        assert pairs.loc[name, "p_adjusted"] == pytest.approx(p, rel=1e-6)


def test_the_two_pairs_of_the_2024_study(register):
    found = compare_pairs(register.of("upwork-2024")).set_index("item")
    assert found.loc["flexible", "verdict"] == "a gap of 17 points (13 to 21)"
    assert found.loc["strategy", "verdict"] == "a gap of 14 points (11 to 18)"
    assert found.loc["flexible", ["n_a", "n_b"]].tolist() == [1250, 625]
    assert (found.loc["flexible", "gap_low"], found.loc["flexible", "gap_high"]) == pytest.approx(
        (0.16, 0.18)
    )


def test_without_a_base_there_is_a_gap_and_no_test(pairs):
    one = pairs.loc["access"]
    assert one["gap"] == pytest.approx(0.48)
    assert one[["conf_low", "p_value", "p_adjusted", "tipping_design_effect"]].isna().all()
    assert "is unknown" in one["method"]


def test_the_needed_base_is_the_first_from_which_every_interval_leaves_0_out(pairs):
    for name, p, q in (("access", 0.80, 0.32), ("career", 0.79, 0.67)):
        out = [newcombe_by_hand(p, n, q, n)[0] > 0 for n in range(2, 401)]
        by_hand = next(n for n in range(2, 401) if all(out[n - 2 :]))
        assert pairs.loc[name, "needed_base"] == by_hand
    assert pd.isna(pairs.loc["bygender", "needed_base"])
    assert newcombe_by_hand(0.74, 400, 0.68, 400)[0] < 0


def test_up_to_its_tipping_design_effect_a_gap_leaves_0_out_and_soon_after_no_more(pairs):
    for name, figures in (("flexible", (0.9, 1250, 0.73, 625)), ("wouldnot", (0.59, 800, 0.45, 800))):
        p, n, q, m = figures
        tips = pairs.loc[name, "tipping_design_effect"]
        assert newcombe_by_hand(p, n / tips, q, m / tips)[0] > 0
        assert newcombe_by_hand(p, n / (1.03 * tips), q, m / (1.03 * tips))[0] < 0
    assert pd.isna(pairs.loc["sabotage", "tipping_design_effect"]), "its interval holds 0 to begin with"


def test_women_and_men_are_within_chance_however_the_625_split(register):
    found = over_splits(register, "bygender", 625)
    assert len(found) == 624
    assert not found["left_out"].any()
    for one in found.iloc[[0, 100, 311, 623]].to_dict("records"):
        by_hand = newcombe_by_hand(0.74, one["n_a"], 0.68, one["n_b"])
        assert (one["conf_low"], one["conf_high"]) == pytest.approx(by_hand)


def test_a_pair_over_design_effects_is_that_of_smaller_samples(register):
    found = pair_over_design_effects(register, "strategy", [1, 2, 4])
    for one in found.to_dict("records"):
        effect = one["design_effect"]
        by_hand = newcombe_by_hand(0.94, 1250 / effect, 0.80, 625 / effect)
        assert (one["conf_low"], one["conf_high"]) == pytest.approx(by_hand)
    assert found["gap"].tolist() == pytest.approx([0.14] * 3)


def test_a_design_effect_of_every_sample_widens_intervals_and_leaves_gaps(register):
    plain = compare_pairs(register.of("upwork-2024")).set_index("item")
    found = compare_pairs(register.of("upwork-2024"), design_effect=2).set_index("item")
    one = found.loc["flexible"]
    assert (one["conf_low"], one["conf_high"]) == pytest.approx(newcombe_by_hand(0.9, 625, 0.73, 312.5))
    assert one["p_value"] == pytest.approx(pooled_p_by_hand(0.9, 625, 0.73, 312.5), rel=1e-6)
    assert found["gap"].tolist() == plain["gap"].tolist()
    assert found["n_a"].tolist()[:2] == [1250, 1250]


def test_two_waves_of_one_audience_are_told_apart_by_their_year(pairs):
    assert pairs.loc["tearing", ["audience_a", "audience_b"]].tolist() == ["C-suite, 2026", "C-suite, 2025"]


def test_a_pair_turned_round_is_the_same_gap_with_the_other_sign():
    first = newcombe_by_hand(0.9, 1250, 0.73, 625)
    second = newcombe_by_hand(0.73, 625, 0.9, 1250)
    assert first == pytest.approx((-second[1], -second[0]))


def test_questions_that_cannot_be_answered_are_refused(register):
    with pytest.raises(InvalidInput, check=problem("unknown-name", "pair flexibel")):
        over_splits(register, "flexibel", 10)
    with pytest.raises(InvalidInput, check=problem("out-of-range", "total")):
        over_splits(register, "flexible", 1)
    with pytest.raises(
        InvalidInput, check=problem("missing-value", "UBB24-09") + problem("missing-value", "UBB24-10")
    ):
        pair_over_design_effects(register, "bygender", [1])
    with pytest.raises(InvalidInput, check=problem("out-of-range", "design effect")):
        pair_over_design_effects(register, "flexible", [-1])
    assert Z > 0
