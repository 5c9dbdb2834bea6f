"""U12: invariance of scales and differential items against R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput

FACTORS = {"g": ["A2", "A3", "A4", "A5"], "c": ["C1", "C2", "C3"]}


def _check_difference(r: dict[str, Any]) -> None:
    frame = data("bfi_ac")
    frame = frame.assign(y=(frame.A2 >= 5).where(frame.A2.notna()).astype("float64"))
    found = tk.item_difference(frame, "y", ["A3", "A4", "A5"], group="gender")
    assert list(found.deviances) == close(r["dev"])
    assert [found.uniform, found.p_uniform] == close([r["lr_uniform"], r["p_uniform"]])
    assert [found.nonuniform, found.p_nonuniform] == close([r["lr_nonuniform"], r["p_nonuniform"]])
    assert found.estimates["2"] == close(r["coef_gender"])


def _check_mantel_haenszel(r: dict[str, Any]) -> None:
    frame = data("bfi_ac")[["A2", "A3", "A4", "A5", "gender"]].dropna()
    frame = frame.assign(y=frame.A2 >= 5, rest=frame.A3 + frame.A4 + frame.A5)
    frame = frame[frame.rest >= 7]
    counts = pd.crosstab([frame.gender, frame.y], frame.rest).to_numpy().reshape(2, 2, -1)
    found = tk.mantel_haenszel(counts, correct=False)
    assert [found.statistic, found.p_value, found.estimate, found.conf_low, found.conf_high] == close(
        [*r["statistic"].values(), r["p_value"], *r["estimate"].values(), *r["conf_int"]]
    )


@pytest.mark.parametrize("case", cases("U12_invariance_dif"))
def test_invariance_equals_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    if "glm(" in call:
        _check_difference(r)
    elif "mantelhaen" in call:
        _check_mantel_haenszel(r)
    else:
        part = "strict" if "residuals" in call else "scalar" if "intercepts" in call else "metric"
        part = part if "group.equal" in call else "configural"
        found = tk.measurement_invariance(data("bfi_ac"), FACTORS, group="gender")
        row = found[found.model == part].iloc[0]
        for name, wanted in {"chisq": "chi_square", "npar": "parameters"}.items():
            assert row[wanted] == close(r[name])
        for name in ("df", "cfi", "tli", "rmsea", "aic", "bic"):
            assert row[name] == close(r[name])
        # lavaan stops its search at 1e-6 or so; residuals are the first to show it.
        assert row["srmr"] == close(r["srmr"], rel=1e-5)
        # R computes p as one less the lower tail, which ends at 1e-16.
        assert row["p_value"] == pytest.approx(r["pvalue"], abs=1e-12)


def _made(bias: float = 0.0, load: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(14)
    trait, who = rng.normal(size=1200), rng.choice(["x", "y"], 1200)
    frame = pd.DataFrame({name: trait + rng.normal(size=1200) for name in "abcd"})
    there = who == "y"
    frame.loc[there, "a"] = bias + load * trait[there] + rng.normal(size=int(there.sum()))
    return frame.assign(who=who)


def test_a_shifted_item_breaks_scalar_and_another_loading_metric_invariance() -> None:
    for frame, broken, kept in (
        (_made(), None, ("metric", "scalar", "strict")),
        (_made(bias=1.0), "scalar", ("metric",)),
        (_made(load=0.2), "metric", ()),
    ):
        table = tk.measurement_invariance(frame, {"f": list("abcd")}, group="who").set_index("model")
        assert all(table.loc[one, "p_change"] > 0.01 for one in kept)
        if broken is not None:
            assert table.loc[broken, "p_change"] < 1e-6
            assert table.loc[broken, "cfi_change"] < -0.01


def test_order_of_rows_items_and_units_change_nothing() -> None:
    frame = _made()
    moved = frame.sample(frac=1, random_state=3)
    moved = moved.assign(b=moved.b * 3 + 1)
    there, back = (
        tk.measurement_invariance(one, {"f": members}, group="who")
        for one, members in ((frame, list("abcd")), (moved, list("dcba")))
    )
    assert back["chi_square"].tolist() == pytest.approx(there["chi_square"].tolist(), rel=1e-6)


def test_a_biased_item_is_found_and_an_honest_one_is_not() -> None:
    rng = np.random.default_rng(2)
    trait, who = rng.normal(size=1500), rng.choice(["x", "y"], 1500)
    frame = pd.DataFrame({name: trait + rng.logistic(size=1500) for name in "abcd"}).assign(who=who)
    frame["a"] += 1.0 * (who == "y")
    for name in "abcd":
        frame[name] = np.digitize(frame[name], [-1.5, -0.5, 0.5, 1.5])
    biased = tk.item_difference(frame, "a", list("bcd"), group="who")
    honest = tk.item_difference(frame, "b", list("cd"), group="who")
    assert biased.p_uniform < 1e-6
    assert biased.estimates["y"] > 0.5
    assert honest.p_uniform > 0.01
    assert biased.method == "proportional odds"


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (
            lambda f: tk.measurement_invariance(f, {"f": ["a", "b"]}, group="who"),
            problem("too-few", "factor 'f'"),
        ),
        (
            lambda f: tk.measurement_invariance(f, {"f": list("abc"), "g": ["a", "d"]}, group="who"),
            problem("duplicate", "item 'a'"),
        ),
        (lambda f: tk.measurement_invariance(f, {}, group="who"), problem("empty", "factors")),
        (
            lambda f: tk.measurement_invariance(f.assign(who="x"), {"f": list("abc")}, group="who"),
            problem("too-few", "groups"),
        ),
        (
            lambda f: tk.measurement_invariance(f.head(12), {"f": list("abcd")}, group="who"),
            problem("too-few-answers", "group 'x'") + problem("too-few-answers", "group 'y'"),
        ),
        (lambda f: tk.item_difference(f, "a", ["a", "b"], group="who"), problem("conflict", "item a")),
        (lambda f: tk.item_difference(f, "a", [], group="who"), problem("too-few", "item a")),
        (
            lambda f: tk.item_difference(f.assign(who="x"), "a", ["b"], group="who"),
            problem("too-few", "groups"),
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_made())


def _scale(n: int = 900, *, lift: float = 0.0) -> pd.DataFrame:
    """Four five-point items of one trait; executives answer the first higher by `lift` at equal trait."""
    rng = np.random.default_rng(3)
    audience = rng.choice(["executive", "employee", "freelancer"], n, p=[0.35, 0.35, 0.3])
    trait = rng.logistic(size=n) + 0.8 * (audience == "executive")
    made = {"audience": pd.Categorical(audience, ["executive", "employee", "freelancer"])}
    for at, name in enumerate("abcd"):
        hidden = trait + rng.logistic(size=n) + (lift * (audience == "executive") if at == 0 else 0.0)
        made[name] = np.digitize(hidden, [-2, -0.7, 0.7, 2]) + 1
    return pd.DataFrame(made).assign(alone=made["b"], wt=rng.uniform(0.5, 2, n))


def _alike(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return tk.gaps(frame, ["a", "b", "alone"], measure="5", alike={"energy": list("abcd")}, **options)


def test_an_item_that_shifts_is_found_and_its_gap_stays() -> None:
    frame = _scale(lift=1.5)
    rows = _alike(frame, pairs=[("executive", "employee"), ("employee", "freelancer")])
    plain = tk.gaps(
        frame, ["a", "b", "alone"], measure="5", pairs=[("executive", "employee"), ("employee", "freelancer")]
    )
    pd.testing.assert_frame_equal(rows[plain.columns], plain)
    codes = rows.set_index(["item", "audience_a"])["alike_code"]
    assert codes["a", "executive"] == "differs"
    assert codes["a", "employee"] != "differs"
    assert set(codes["alone"]) == {"single_item"}
    first = rows.iloc[0]
    # the rest of the scale is a noisy stand-in of the trait, which shrinks no shift to nothing
    assert first["alike_low"] < first["alike_shift"] < first["alike_high"]
    assert first["alike_low"] > 0.43
    assert rows.loc[rows["item"] == "alone", ["alike_shift", "alike_n"]].isna().all(axis=None)


def test_the_shift_is_that_of_item_difference_and_statsmodels_ordered_model() -> None:
    frame = _scale(lift=0.6)
    pair = frame[frame["audience"] != "freelancer"]
    row = _alike(pair, pairs=[("executive", "employee")]).iloc[0]
    same = tk.item_difference(pair, "a", ["b", "c", "d"], group="audience")
    assert row["alike_shift"] == pytest.approx(-same.estimates["employee"], rel=1e-4)
    # Wald's and the likelihood ratio's p agree where samples are large
    assert row["alike_p"] == pytest.approx(same.p_uniform, rel=0.3)
    given = pd.DataFrame(
        {"score": pair[["b", "c", "d"]].mean(axis=1), "group": (pair["audience"] == "executive") * 1.0}
    )
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    fit = OrderedModel(pair["a"], given, distr="logit").fit(method="bfgs", disp=False)
    assert row["alike_shift"] == pytest.approx(fit.params["group"], rel=1e-3)
    assert row["alike_std_error"] == pytest.approx(fit.bse["group"], rel=1e-3)


def test_what_few_answers_could_have_seen_is_said() -> None:
    wide, narrow = (_alike(_scale(n), pairs=[("executive", "employee")]).iloc[0] for n in (150, 900))
    assert wide["alike_code"] == "cannot_tell"
    assert wide["alike_detectable"] == pytest.approx(
        (1.959964 + 0.841621) * wide["alike_std_error"], rel=1e-5
    )
    assert narrow["alike_detectable"] < wide["alike_detectable"]
    tiny = _alike(_scale(24), pairs=[("executive", "employee")]).iloc[0]
    assert tiny["alike_code"] == "not_computed"


def test_groups_of_by_designs_and_items_of_two_answers_are_checked_on_their_own() -> None:
    frame = _scale(lift=1.5).assign(site=lambda f: np.where(f.index % 2, "north", "south"))
    rows = _alike(frame, by="site", pairs=[("executive", "employee")])
    north = _alike(frame[frame["site"] == "north"], pairs=[("executive", "employee")])
    part = rows[(rows["site"] == "north") & (rows["item"] == "a")]
    assert part["alike_shift"].iloc[0] == pytest.approx(north["alike_shift"].iloc[0])
    weighted = _alike(frame, pairs=[("executive", "employee")], design=tk.Design(weights="wt"))
    plain = _alike(frame, pairs=[("executive", "employee")])
    assert weighted["alike_std_error"].iloc[0] > plain["alike_std_error"].iloc[0]
    yes = frame.assign(a=(frame["a"] > 3).astype(int))
    binary = tk.gaps(yes, "a", measure="1", pairs=[("executive", "employee")], alike={"energy": list("abcd")})
    given = yes[yes["audience"] != "freelancer"]
    fit = tk.regression(
        given.assign(s=given[["b", "c", "d"]].mean(axis=1), g=(given["audience"] == "executive") * 1.0),
        "a ~ s + g",
        family="binomial",
    )
    assert binary["alike_shift"].iloc[0] == pytest.approx(fit.params["g"], rel=1e-6)


def test_scales_that_cannot_serve_are_refused_or_said() -> None:
    frame = _scale(150)
    two = tk.gaps(frame, "a", measure="5", alike={"energy": ["a", "b"]})
    assert set(two["alike_code"]) == {"not_computed"}
    with pytest.raises(InvalidInput) as caught:
        tk.gaps(frame, "a", measure="5", alike=True)
    assert [one.where for one in caught.value.problems] == ["alike"]
    with pytest.raises(InvalidInput) as caught:
        tk.check_alike(
            tk.gaps(frame, "a", measure="5"), frame, {"energy": ["a", "x", "y"]}, margin=0, level=2
        )
    assert [one.where for one in caught.value.problems] == ["level", "margin", "column x", "column y"]
    with pytest.raises(InvalidInput) as caught:
        tk.check_alike(frame, frame, {"energy": ["a", "b", "c"]})
    assert {one.code for one in caught.value.problems} == {"missing-column"}
