"""U09: power, sample sizes and margins of error against R."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from tests.analysis import library
from tests.analysis.oracles import cases, close
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _found(call: str) -> Any:
    given = {name: float(value) for name, value in re.findall(r"([\w.]+)=([\d.]+)", call)}
    n, power, one_sided = given.get("n"), given.get("power"), "one.sided'" in call
    if call.startswith("power.prop"):
        side = "one-sided" if one_sided else "two-sided"
        return library.power_proportions(given["p1"], given.get("p2"), n=n, power=power, alternative=side)
    if call.startswith("power.t"):
        kind = "paired" if "paired" in call else "one-sample" if "one.sample" in call else "two-sample"
        return library.power_t_test(given.get("delta"), n=n, power=power, kind=kind)
    return library.power_anova(
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
    assert library.power_t_test(0.1, n=10).power == pytest.approx(0.055161292112)
    assert library.power_proportions(0.5, 0.51, n=20).power == pytest.approx(0.050446899972)


def test_the_size_for_a_margin_gives_that_margin() -> None:
    n = tk.size_for_margin(0.04, design_effect=1.3)
    assert tk.margin_of_error(n, design_effect=1.3) == pytest.approx(0.04)
    assert tk.margin_of_error(tk.size_for_margin(0.04, 900), 900) == pytest.approx(0.04, rel=1e-9)
    assert math.ceil(tk.size_for_margin(0.03)) == 1068


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: tk.size_for_margin(3), problem("out-of-range", "margin")),
        (lambda: tk.size_for_margin(0.03, 0), problem("out-of-range", "population")),
        (lambda: tk.margin_of_error(400, design_effect=0), problem("out-of-range", "design_effect")),
    ],
)
def test_what_cannot_be_planned_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
