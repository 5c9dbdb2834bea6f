"""U04: p adjustment against R."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.analysis.oracles import cases, close
from toolkit.analysis import adjust_p
from toolkit.errors import InvalidInput


@pytest.mark.parametrize("case", cases("U04_padjust"))
def test_adjusted_p_equals_r(case: dict[str, Any]) -> None:
    given, method = re.match(r"p\.adjust\(c\((.*)\), '(\w+)'\)", case["call"]).groups()
    p = [float("nan") if one == "NA" else float(one) for one in given.split(",")]
    wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    found = adjust_p(p, method)
    assert found.tolist() == close(wanted)
    assert (found[1] == 0) == (p[1] == 0) if len(p) > 1 else True


def test_order_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(size=40)
    shuffled = rng.permutation(40)
    for method in ("holm", "hochberg", "hommel", "bonferroni", "BH", "BY", "none"):
        assert adjust_p(p[shuffled], method) == pytest.approx(adjust_p(p, method)[shuffled])


def test_no_tests_give_no_p() -> None:
    assert adjust_p([], "hommel").size == 0
    assert np.isnan(adjust_p([float("nan")], "BY")).all()


@pytest.mark.parametrize(("p", "method"), [([0.1], "sidak"), ([1.1], "holm"), ([-0.1], "holm")])
def test_unknown_methods_and_impossible_p_are_refused(p: list[float], method: str) -> None:
    with pytest.raises(InvalidInput):
        adjust_p(p, method)
