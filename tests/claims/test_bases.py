"""Intervals of published shares, recomputed here from the formula; over every base; over design effects."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.claims import half_left_out_from, judge, over_bases, over_design_effects, share_intervals
from toolkit.errors import InvalidInput

Z = 1.959963984540054


def wilson_by_hand(p: float, n: float) -> tuple[float, float]:
    """The two roots of (p − q)² = z² q(1 − q)/n, a quadratic in q."""
    a, b, c = 1 + Z * Z / n, -(2 * p + Z * Z / n), p * p
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def test_every_share_with_an_n_has_the_interval_of_the_formula(register):
    found = share_intervals(register.claims)
    claims = register.claims
    expected = claims[(claims["statistic"] == "share") & claims["n"].notna() & claims["value"].notna()]
    done = found[found["conf_low"].notna()]
    assert done["finding_id"].tolist() == expected["finding_id"].tolist()
    assert len(done) == 35
    for one, claim in zip(done.to_dict("records"), expected.to_dict("records"), strict=True):
        low, high = wilson_by_hand(claim["value"] / 100, int(claim["n"]))
        assert (one["conf_low"], one["conf_high"]) == pytest.approx((low, high), rel=1e-9), claim[
            "finding_id"
        ]
        widest = (
            wilson_by_hand(claim["low"] / 100, claim["n"])[0],
            wilson_by_hand(claim["high"] / 100, claim["n"])[1],
        )
        assert (one["widest_low"], one["widest_high"]) == pytest.approx(widest, rel=1e-9)


def test_no_interval_is_invented(register):
    found = share_intervals(register.claims)
    unknown = register.claims["n"].isna() | (register.claims["statistic"] != "share")
    assert (
        found.loc[unknown.to_numpy(), ["conf_low", "conf_high", "widest_low", "widest_high"]]
        .isna()
        .all(axis=None)
    )


def test_over_every_base_the_interval_narrows_and_holds_the_share(register):
    found = over_bases(register.claim("UBB24-02"), range(1, 626))
    width = found["conf_high"] - found["conf_low"]
    assert (np.diff(width) < 0).all()
    assert ((found["conf_low"] < 0.77) & (found["conf_high"] > 0.77)).all()
    for n in (1, 13, 14, 100, 625):
        one = found[found["n"] == n].iloc[0]
        assert (one["conf_low"], one["conf_high"]) == pytest.approx(wilson_by_hand(0.77, n))


def test_a_half_is_left_out_from_the_base_that_trying_every_one_gives(register):
    for name, share in (("UBB24-02", 0.77), ("UBB24-06", 0.47), ("UBB24-35", 0.45)):
        claim = register.claim(name)
        most = int(claim["n_most"])
        out = [
            not (wilson_by_hand(share, n)[0] <= 0.5 <= wilson_by_hand(share, n)[1])
            for n in range(1, most + 1)
        ]
        by_hand = next((n for n in range(1, most + 1) if all(out[n - 1 :])), None)
        assert half_left_out_from(claim, most) == by_hand
    assert half_left_out_from(register.claim("UBB24-06"), 625) is None


def test_a_design_effect_is_a_smaller_sample(register):
    claim = register.claim("UBB24-08")
    found = over_design_effects(claim, design_effects=[1, 2, 5])
    for effect, one in zip((1, 2, 5), found.to_dict("records"), strict=True):
        assert (one["conf_low"], one["conf_high"]) == pytest.approx(wilson_by_hand(0.71, 625 / effect))
    whole = share_intervals(register.claims, design_effect=2).set_index("finding_id").loc["UBB24-08"]
    assert (whole["conf_low"], whole["effective_n"]) == pytest.approx((found["conf_low"].iloc[1], 312.5))


def test_without_an_n_the_verdicts_give_the_interval_at_the_fewest_and_the_most(register):
    found = judge(register, least_base=80).set_index("finding_id")
    one = found.loc["UBB24-06"]
    assert (one["least_low"], one["least_high"]) == pytest.approx(wilson_by_hand(0.47, 80))
    assert (one["most_low"], one["most_high"]) == pytest.approx(wilson_by_hand(0.47, 625))
    assert pd.isna(found.loc["GAL25-01", "most_low"])
    assert pd.isna(found.loc["UBB24-08", "least_low"])


def test_a_design_effect_widens_every_interval_of_the_verdicts(register):
    found = judge(register, design_effect=3).set_index("finding_id")
    one = found.loc["UBB24-08"]
    assert (one["conf_low"], one["conf_high"]) == pytest.approx(wilson_by_hand(0.71, 625 / 3))
    other = found.loc["UBB24-06"]
    assert (other["most_low"], other["most_high"]) == pytest.approx(wilson_by_hand(0.47, 625 / 3))
    assert (other["least_low"], other["least_high"]) == pytest.approx(wilson_by_hand(0.47, 50 / 3))


def test_what_has_no_share_or_n_is_refused(register):
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "UTT25-02")):
        over_bases(register.claim("UTT25-02"), [10])
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "UBB24-34")):
        over_bases(register.claim("UBB24-34"), [10])
    with pytest.raises(InvalidInput, check=problem("out-of-range", "bases")):
        over_bases(register.claim("UBB24-02"), [0])
    with pytest.raises(InvalidInput, check=problem("missing-value", "UBB24-02")):
        over_design_effects(register.claim("UBB24-02"))
    with pytest.raises(InvalidInput, check=problem("out-of-range", "design effect")):
        share_intervals(register.claims, design_effect=0)
