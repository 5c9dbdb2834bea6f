"""Calibration, trimming and errors after weighting: W10, their totals, and what they refuse."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.analysis.test_joint import check
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput, NotConverged
from toolkit.weighting import Weights, calibrate, design_effect, diagnose, poststratify, rake, trim

TYPES = {"E": 4421, "H": 755, "M": 1018}
SCHOOL_WIDE = {"No": 1072, "Yes": 5122}
ORGANISATION = {
    "audience": {"executive": 400, "employee": 9000, "freelancer": 2600},
    "region": {"East": 3000, "North": 4200, "South": 3000, "West": 1800},
    "tenure": {"0-1": 2400, "10+": 2400, "2-4": 4200, "5-9": 3000},
    "gender": {"f": 5760, "m": 5880, "x": 360},
}


def _cases(*, weights: bool) -> list[Any]:
    every = cases("W10_calibration")
    found = [
        one
        for one in every
        if one.values[0] is None or (one.values[0]["call"][:3] in ("cal", "tri")) == weights
    ]
    return [one for one in found if one.values[0] is None or not re.match("rake|post", one.values[0]["call"])]


def _weighted(frame: pd.DataFrame, case: dict[str, Any]) -> Weights:
    base, call = DESIGNS[case["design_name"]].weights, case["call"]
    if "postStratify" in call:
        return poststratify(frame, {"stype": TYPES}, base=base)
    margins = {"stype": TYPES, "sch_wide": SCHOOL_WIDE} if "pop.types" in call else ORGANISATION
    return rake(frame, margins, base=base, tolerance=1e-12)


@pytest.mark.parametrize("case", _cases(weights=True))
def test_calibrated_and_trimmed_weights_equal_r(case: dict[str, Any]) -> None:
    frame, call = data(case["dataset"]), case["call"]
    base = DESIGNS[case["design_name"]].weights
    result = case.get("result_survey_4_5", case["result"])
    if call.startswith("trimWeights"):
        upper, lower, strict = re.search(r"upper=(\d+), lower=(\d+), strict=(\w+)", call).groups()
        given = _weighted(frame, case) if "rake" in call else frame[base]
        found = trim(given, lower=float(lower), upper=float(upper), strict=strict == "TRUE")
    else:
        method = re.search(r"calfun='(\w+)'", call)
        limits = re.search(r"bounds=c\(([\d.]+),([\d.]+)\)", call)
        targets: dict[str, Any] = {"stype": TYPES}
        targets |= {"api99": 3914069} if "api99" in call else {"sch_wide": SCHOOL_WIDE}
        found = calibrate(
            frame,
            targets,
            base=base,
            method=method.group(1) if method else "linear",
            bounds=tuple(map(float, limits.groups())) if limits else None,
        )
    assert found.values.tolist() == close(result["weights"])
    assert found.values.sum() == close(result["sum"])


@pytest.mark.parametrize("case", _cases(weights=False))
def test_errors_after_weighting_equal_r(case: dict[str, Any]) -> None:
    frame, call = data(case["dataset"]), case["call"]
    design = dataclasses.replace(DESIGNS[case["design_name"]], weights=_weighted(frame, case))
    result = case.get("result_survey_4_5", case["result"])
    if call.startswith("svyglm"):
        item, by = re.match(r"svyglm\((\w+)~0\+(\w+)", call).groups()
        found = tk.estimate(frame, item, by=by, design=design)
        beside = np.outer(result["se"], result["se"]).max()
        np.testing.assert_allclose(found.covariance, result["vcov"], rtol=1e-6, atol=1e-8 * beside)
        model = tk.regression(frame, f"{item} ~ 0 + {by}", design=design)
        for name, wanted in (("estimate",) * 2, ("std_error", "se"), ("statistic", "t"), ("p_value",) * 2):
            assert model.table[name].tolist() == close(result[wanted])
        assert model.df_resid == result["df_residual"]
        return
    kind, text, by = re.match(r"svy(\w+)\(~([\w+]+)(?:, ~(\w+))?", call).groups()
    statistic = "total" if kind == "total" else "mean"
    check(tk.estimate(frame, text.split("+"), by=by, statistic=statistic, design=design), result)
    if statistic == "mean" and "+" not in text:
        means = tk.means(frame, text, by=by, design=design)
        wanted = result["se"] if isinstance(result["se"], list) else [result["se"]]
        assert means["std_error"].tolist() == close(wanted)


def _frame(rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], rows),
            "age": rng.uniform(18, 65, rows),
            "base": rng.uniform(1, 3, rows),
            "y": rng.normal(size=rows),
        }
    )


GOAL: dict[str, Any] = {"sex": {"f": 500, "m": 700}, "age": 1200 * 43.0}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "raking"},
        {"method": "logit", "bounds": (0.4, 4)},
        {"bounds": (0.5, 3)},
        {"base": "base"},
    ],
)
def test_calibration_reaches_every_total_within_its_bounds(options: dict[str, Any]) -> None:
    frame = _frame()
    found = calibrate(frame, GOAL, **options)
    assert found.margins["after"].tolist() == pytest.approx(found.margins["target"].tolist(), rel=1e-9)
    assert found.values.groupby(frame.sex).sum().tolist() == pytest.approx([500, 700])
    assert (found.values * frame.age).sum() == pytest.approx(1200 * 43.0)
    if "bounds" in options:
        factor = found.values / (1200 / 300)
        assert factor.min() >= options["bounds"][0] - 1e-9
        assert factor.max() <= options["bounds"][1] + 1e-9


def test_what_was_calibrated_to_has_no_error_and_the_rest_less() -> None:
    frame = _frame().assign(y=lambda f: 0.2 * f.age + f.y)
    found = calibrate(frame, GOAL, base="base")
    with_totals = tk.means(frame, ["age", "y"], design=Design(weights=found))
    without = tk.means(frame.assign(w=found.values), ["age", "y"], design=Design(weights="w"))
    assert with_totals["std_error"][0] == pytest.approx(0, abs=1e-9)
    assert with_totals["estimate"].tolist() == close(without["estimate"].tolist())
    assert with_totals["std_error"][1] < 0.7 * without["std_error"][1]
    assert "calibrated" in with_totals["method"][1]


def test_row_order_does_not_matter() -> None:
    frame = _frame()
    shuffled = frame.sample(frac=1, random_state=1)
    one, other = calibrate(frame, GOAL, method="raking"), calibrate(shuffled, GOAL, method="raking")
    assert other.values.loc[frame.index].tolist() == pytest.approx(one.values.tolist(), rel=1e-9)


def test_raking_by_calibration_is_raking() -> None:
    frame = _frame().assign(old=lambda f: np.where(f.age > 40, "yes", "no"))
    margins = {"sex": {"f": 500, "m": 700}, "old": {"yes": 400, "no": 800}}
    found = calibrate(frame, margins, base="base", method="raking")
    assert found.values.tolist() == pytest.approx(rake(frame, margins, base="base").values.tolist(), rel=1e-8)


def test_trimming_keeps_the_sum_and_the_limits() -> None:
    raked = rake(_frame(), {"sex": {"f": 200, "m": 1000}}, base="base")
    found = trim(raked, lower=1.0, upper=6.5)
    assert found.values.sum() == pytest.approx(1200)
    assert found.values.between(1 - 1e-9, 6.5 + 1e-9).all()
    assert found.design_effect < raked.design_effect
    assert found.margins["after"].sum() == pytest.approx(1200)
    assert trim(raked, upper=1e9).values.tolist() == raked.values.tolist()


def test_diagnostics_show_spread_and_cost_by_group() -> None:
    frame = _frame()
    found = diagnose(frame["base"], by=frame["sex"]).set_index("group")
    assert sorted(found.index) == ["all", "f", "m"]
    for group, part in (("all", frame), ("f", frame[frame.sex == "f"])):
        row = found.loc[group]
        assert [row["n"], row["sum"], row["largest"]] == close([len(part), part.base.sum(), part.base.max()])
        assert row["design_effect"] == close(design_effect(part.base))
        assert row["design_effect"] == close(1 + row["cv"] ** 2)
    pd.testing.assert_frame_equal(diagnose(frame["base"] * 3)[["cv"]], diagnose(frame["base"])[["cv"]])
    raked = rake(frame, {"sex": {"f": 200, "m": 1000}})
    assert diagnose(raked, by=pd.Categorical(frame["sex"]))["design_effect"][1:].tolist() == close([1, 1])
    with pytest.raises(InvalidInput, check=problem("unequal-length", "by")):
        diagnose(frame["base"], by=["a", "b"])
    with pytest.raises(InvalidInput, check=problem("not-finite", "weights")):
        diagnose(frame["y"])


def test_bounds_that_cannot_be_kept_are_told_from_slow_progress() -> None:
    with pytest.raises(NotConverged, match="age"):
        calibrate(_frame(), {"sex": {"f": 500, "m": 700}, "age": 1200 * 60.0}, bounds=(0.5, 1.5))
    with pytest.raises(NotConverged, match="every weight would be trimmed"):
        trim([1.0, 2.0, 9.0], upper=3.0)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: calibrate(f, {}), problem("empty", "targets") + problem("out-of-range", "population")),
        (lambda f: calibrate(f, {"age": 1}), problem("out-of-range", "population")),
        (lambda f: calibrate(f, {"agee": 1}, population=9), problem("unknown-column", "column agee")),
        (lambda f: calibrate(f, {"sex": 5}, population=9), problem("not-a-number", "column sex")),
        (
            lambda f: calibrate(f, {"sex": {"f": 1, "x": 2}}),
            problem("empty-cell", "margin sex") + problem("missing-value", "margin sex"),
        ),
        (lambda f: calibrate(f, GOAL, population=9), problem("conflict", "population")),
        (lambda f: calibrate(f, GOAL, method="logit"), problem("missing-argument", "bounds")),
        (lambda f: calibrate(f, GOAL, method="ridge"), problem("unknown-option", "method")),
        (lambda f: calibrate(f, GOAL, bounds=(1.2, 3)), problem("out-of-range", "bounds")),
        (lambda f: calibrate(f, {**GOAL, "age": np.nan}), problem("not-a-number", "total of age")),
        (lambda f: calibrate(f.assign(age=np.nan), GOAL), problem("not-finite", "column age")),
        (lambda f: calibrate(f, {**GOAL, "age": 1200 * 64.0}), problem("out-of-range", "row 0 (+96 more)")),
        (lambda f: trim(f["y"]), problem("not-finite", "weights")),
        (lambda f: trim(f["base"], lower=3, upper=2), problem("wrong-order", "limits")),
        (
            lambda f: tk.means(f.iloc[1:], "y", design=Design(weights=calibrate(f, GOAL))),
            problem("inconsistent", "weights"),
        ),
        (
            lambda f: tk.make_replicates(f, Design(weights=calibrate(f, GOAL))),
            problem("unsuited-design", "weights"),
        ),
    ],
)
def test_what_cannot_be_calibrated_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())
