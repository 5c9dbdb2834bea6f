"""U09: power, sample sizes and margins of error against R."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from tests.analysis.oracles import cases, close
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _found(call: str) -> Any:
    given = {name: float(value) for name, value in re.findall(r"([\w.]+)=([\d.]+)", call)}
    n, power, one_sided = given.get("n"), given.get("power"), "one.sided'" in call
    if call.startswith("power.prop"):
        side = "one-sided" if one_sided else "two-sided"
        return tk.power_proportions(given["p1"], given.get("p2"), n=n, power=power, alternative=side)
    if call.startswith("power.t"):
        kind = "paired" if "paired" in call else "one-sample" if "one.sample" in call else "two-sample"
        return tk.power_t_test(given.get("delta"), n=n, power=power, kind=kind)
    return tk.power_anova(
        int(given["groups"]),
        between_variance=given["between.var"],
        within_variance=given["within.var"],
        power=power,
    )


def _check_margins(r: dict[str, float]) -> None:
    assert [
        tk.margin_of_error(400),
        tk.margin_of_error(400, design_effect=1.5),
        tk.margin_of_error(400, 2600),
        tk.size_for_margin(0.03),
        tk.size_for_margin(0.03, 2600),
        tk.minimum_detectable_gap(200, 700),
    ] == close(list(r.values()))


@pytest.mark.parametrize("case", cases("U09_power"))
def test_power_equals_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    if call.startswith("list(moe"):
        _check_margins(r)
        return
    found = _found(call)
    assert [found.n, found.power] == close([r["n"], r["power"]])
    effect = r.get("delta", r.get("between.var", r.get("p2", 0) - r.get("p1", 0)))
    assert found.effect == close(effect)


def test_power_never_falls_below_the_level_of_the_test() -> None:
    """R: power.t.test(n = 10, delta = .1, strict = TRUE); power.prop.test likewise of 20, .5 and .51."""
    assert tk.power_t_test(0.1, n=10).power == pytest.approx(0.055161292112)
    assert tk.power_proportions(0.5, 0.51, n=20).power == pytest.approx(0.050446899972)


def test_what_is_solved_for_gives_the_power_that_was_asked() -> None:
    for power in (0.5, 0.8, 0.95):
        n = tk.power_proportions(0.2, 0.35, power=power).n
        assert tk.power_proportions(0.2, 0.35, n=n).power == pytest.approx(power)
        effect = tk.power_anova(4, n=50, power=power).effect
        assert tk.power_anova(4, n=50, between_variance=effect).power == pytest.approx(power)
        difference = tk.power_t_test(n=30, power=power, sd=2.0).effect
        assert tk.power_t_test(difference, n=30, sd=2.0).power == pytest.approx(power)


def test_the_power_of_a_t_test_is_the_share_of_samples_that_find_it() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.7, 1, (4000, 30)), rng.normal(0, 1, (4000, 30))
    pooled = np.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / 30)
    found = np.abs((a.mean(axis=1) - b.mean(axis=1)) / pooled) > 2.0017175
    assert tk.power_t_test(0.7, n=30).power == pytest.approx(found.mean(), abs=0.02)


def test_swapping_shares_or_changing_units_keeps_the_power() -> None:
    there, back = tk.power_proportions(0.3, 0.5, n=80), tk.power_proportions(0.5, 0.3, n=80)
    assert there.power == pytest.approx(back.power)
    assert tk.power_t_test(5, sd=10, n=50).power == pytest.approx(tk.power_t_test(0.5, n=50).power)


def test_the_size_for_a_margin_gives_that_margin() -> None:
    n = tk.size_for_margin(0.04, design_effect=1.3)
    assert tk.margin_of_error(n, design_effect=1.3) == pytest.approx(0.04)
    assert tk.margin_of_error(tk.size_for_margin(0.04, 900), 900) == pytest.approx(0.04, rel=1e-9)
    assert math.ceil(tk.size_for_margin(0.03)) == 1068


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.power_proportions(0.5, 0.6), problem("missing-argument", "p_b / n / power")),
        (lambda: tk.power_proportions(0.5, 0.6, n=100, power=0.8), problem("conflict", "p_b / n / power")),
        (
            lambda: tk.power_proportions(50, 60, n=100),
            problem("out-of-range", "p_a") + problem("out-of-range", "p_b"),
        ),
        (lambda: tk.power_proportions(0.5, 0.5, n=100), problem("duplicate", "p_b")),
        (lambda: tk.power_proportions(0.9, n=5, power=0.99), problem("unreachable", "p_b")),
        (lambda: tk.power_t_test(0.5, n=1), problem("out-of-range", "n")),
        (lambda: tk.power_t_test(0.5, n=9, kind="pairs"), problem("unknown-option", "kind")),
        (lambda: tk.power_t_test(-1, n=9), problem("out-of-range", "difference")),
        (lambda: tk.power_t_test(50, power=0.5), problem("unreachable", "n")),
        (lambda: tk.power_anova(1, n=30, power=0.8), problem("too-few", "groups")),
        (lambda: tk.size_for_margin(3), problem("out-of-range", "margin")),
        (lambda: tk.size_for_margin(0.03, 0), problem("out-of-range", "population")),
        (lambda: tk.margin_of_error(400, design_effect=0), problem("out-of-range", "design_effect")),
    ],
)
def test_what_cannot_be_planned_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
