"""Every case of make_simple_oracles.R through the public calls: small samples, ties, zeros, other levels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.oracles.reading import HERE
from tests.oracles.reading_simple import answer
from tests.oracles.test_against_r import flat

CASES = json.loads((HERE / "simple_cases.json").read_text("utf-8"))["cases"]

LOOSE = {
    ("fisher", "estimate"): 5e-3,  # R finds the odds ratio and its limits by uniroot with a loose tolerance
    ("fisher", "ci"): 3e-2,
    ("mantelhaen", "estimate"): 1e-4,  # the same
    ("mantelhaen", "ci"): 1e-3,
    ("ks", "p"): 5e-6,  # R ends the series where a term is below 1e-6
    ("tukey", "limits"): 1e-5,  # qtukey stops at 1e-4 of a range
}
"""Relative tolerance by kind and part; 1e-6 elsewhere."""


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy's, of a group whose answers are all alike
@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered in scalar divide")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_public_calls_of_simple_samples_equal_r(case: dict[str, Any]) -> None:
    for name, ours, theirs in answer(case):
        mine = [np.nan if one is None else one for one in flat(ours)]
        loose = LOOSE.get((case["kind"], name), 1e-6)
        np.testing.assert_allclose(
            mine, flat(theirs), rtol=loose, atol=1e-7 if loose > 1e-6 else 1e-11, err_msg=name
        )


def test_the_cases_of_simple_samples_cover_what_they_are_meant_to() -> None:
    kinds = {case["kind"] for case in CASES}
    assert {"prop_test", "fisher", "binom", "score", "wilcox", "t", "tukey", "mantelhaen", "adjust"} <= kinds
    assert len(CASES) > 1000
