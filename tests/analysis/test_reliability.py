"""U05: alpha, omega and intraclass correlations against R."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput


def _scale(call: str) -> tuple[list[str], list[str]]:
    items = [f"{letter}{at}" for letter in re.findall(r"paste0\('(\w)',1:5\)", call) for at in range(1, 6)]
    reverse = re.search(r"for \(k in c\((.*?)\)\)", call)
    return items, re.findall(r"'(\w+)'", reverse.group(1)) if reverse else []


def _check_alpha(case: dict[str, Any], frame: pd.DataFrame) -> None:
    items, reverse = _scale(case["call"])
    found, r = tk.reliability(frame, items, reverse=reverse), case["result"]
    total = r["total"]
    assert [found.alpha, found.standardised, found.guttman6, found.std_error] == close(
        [total["raw_alpha"], total["std.alpha"], total["G6(smc)"], total["ase"]]
    )
    assert [found.mean_correlation, found.median_correlation] == close(
        [total["average_r"], total["median_r"]]
    )
    assert found.items["item_rest"].tolist() == close(r["item_total_r"])
    assert found.items["alpha_without"].tolist() == close(r["alpha_if_dropped"])
    assert [found.conf_low, found.alpha, found.conf_high] == close(list(r["feldt"].values()))


def _check_omega(case: dict[str, Any], frame: pd.DataFrame) -> None:
    items, reverse = _scale(case["call"])
    r = case["result"]
    # Results of optimisers: to 1e-4, as the reference says.
    if "omega_ml" in r:
        found = tk.omega(frame, items, reverse=reverse)
        assert found.total == close(r["omega_ml"], rel=1e-4)
        assert list(found.loadings) == close(r["loadings"], rel=1e-4)
        assert list(found.residuals) == close(r["residuals"], rel=1e-4)
        return
    factors = 3 if "nfactors=3" in case["call"] else 1
    found = tk.omega(frame, items, reverse=reverse, method="minres", factors=factors)
    assert found.total == close(r.get("omega_tot", r.get("omega_total")), rel=1e-4)
    if factors > 1:
        assert found.hierarchical == close(r["omega_h"], rel=1e-4)
    alpha = tk.reliability(frame, items, reverse=reverse, missing="complete")
    assert alpha.standardised == close(r["alpha"])


@pytest.mark.parametrize("case", cases("U05_reliability"))
def test_reliability_equals_r(case: dict[str, Any]) -> None:
    call, r = case["call"], case["result"]
    frame = data(case["dataset"])
    items, reverse = _scale(call)
    if "ICC" in call:
        names = re.findall(r"'(A\d)'", call)
        found = tk.intraclass(frame.iloc[:200], names).set_index("kind")
        for row in r:
            line = found.loc[row["type"]]
            assert [line["estimate"], line["conf_low"], line["conf_high"]] == close(
                [row["ICC"], row["lower"], row["upper"]]
            )
            assert [line["statistic"], line["df"], line["df_within"]] == close(
                [row["F"], row["df1"], row["df2"]]
            )
    elif "omega" in call:
        _check_omega(case, frame)
    elif "gender==" in call:
        group = frame[frame.gender == int(re.search(r"gender==(\d)", call).group(1))]
        assert tk.reliability(group, items, reverse=reverse, missing="complete").alpha == close(r)
    elif "sprintf" in call:
        items = [f"q{at:02d}" for at in (*range(1, 5), *range(6, 12), *range(13, 21))]
        found = tk.reliability(frame, items, missing="complete")
        assert [found.n, found.alpha, found.standardised] == close([r["n"], r["raw"], r["std"]])
    elif "alpha_raw" in r:
        found = tk.reliability(frame, items, reverse=reverse, missing="complete")
        assert [found.n, found.alpha, found.standardised, found.guttman6] == close(
            [r["n"], r["alpha_raw"], r["alpha_std"], r["guttman6"]]
        )
        # With an odd number of items R's package looks at the first half of the splits alone; we at all.
        correlation = frame[items].dropna().corr().to_numpy()
        sign = np.where(np.isin(items, reverse), -1, 1)
        correlation = correlation * np.outer(sign, sign)
        looked_at = list(combinations(range(5), 2))
        kept = [4 * correlation[np.ix_(a, sorted(set(range(5)) - set(a)))].sum() for a in looked_at]
        assert max(kept[:5]) / correlation.sum() == close(r["split_half_max"])
        assert found.best_split == pytest.approx(max(kept) / correlation.sum())
    else:
        _check_alpha(case, frame)


def _made(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    trait = rng.normal(size=n)
    return pd.DataFrame({name: trait + rng.normal(size=n) for name in "abcde"})


def test_item_by_item_alpha_and_correlation_are_those_of_the_other_items() -> None:
    frame = _made()
    found = tk.reliability(frame, list("abcde"))
    rest = frame[list("bcde")]
    assert found.items["item_rest"][0] == pytest.approx(frame.a.corr(rest.sum(axis=1)))
    assert found.items["alpha_without"][0] == pytest.approx(tk.reliability(rest, list("bcde")).alpha)


def test_order_of_rows_and_items_and_a_shared_unit_change_nothing() -> None:
    frame = _made()
    moved = frame.sample(frac=1, random_state=2) * 3 + 1
    for one, other in (
        (tk.reliability(frame, list("abcde")).alpha, tk.reliability(moved, list("edcba")).alpha),
        (tk.omega(frame, list("abcde")).total, tk.omega(moved, list("edcba")).total),
    ):
        assert one == pytest.approx(other, rel=1e-5)


def test_reversing_an_item_undoes_its_reversal() -> None:
    frame = _made()
    turned = frame.assign(b=-frame.b)
    assert tk.reliability(turned, list("abcde"), reverse=["b"]).alpha == pytest.approx(
        tk.reliability(frame, list("abcde")).alpha
    )
    assert tk.reliability(turned, list("abcde")).alpha < 0.6


def test_equally_good_items_have_an_omega_of_alpha() -> None:
    rng = np.random.default_rng(3)
    trait = rng.normal(size=20_000)
    frame = pd.DataFrame({name: trait + rng.normal(size=20_000) for name in "abcd"})
    alpha = tk.reliability(frame, list("abcd")).alpha
    assert alpha == pytest.approx(0.8, abs=0.01)
    for method in ("ml", "minres"):
        assert tk.omega(frame, list("abcd"), method=method).total == pytest.approx(alpha, abs=0.002)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.reliability(f, ["a"]), problem("too-few", "items")),
        (lambda f: tk.reliability(f, ["a", "b"], reverse=["z"]), problem("unknown-item", "reverse 'z'")),
        (lambda f: tk.reliability(f.assign(a=1), ["a", "b"]), problem("no-variation", "item a")),
        (lambda f: tk.reliability(f, ["a", "b"], missing="mean"), problem("unknown-option", "missing")),
        (lambda f: tk.omega(f, ["a", "b"]), problem("too-few", "items")),
        (
            lambda f: tk.omega(f, list("abcde"), factors=2, method="minres"),
            problem("out-of-range", "factors") + problem("too-few", "items"),
        ),
        (lambda f: tk.omega(f.head(5), list("abcde")), problem("too-few-answers", "respondents")),
        (lambda f: tk.intraclass(f.head(2), ["a", "b"]), problem("too-few-answers", "rows")),
    ],
)
def test_what_is_no_scale_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_made())


def test_raters_of_one_organisation_agree_as_the_analysis_of_variance_says() -> None:
    """ICC(1) and ICC(2) of equal groups are pingouin's ICC1 and ICC1k of the organisations' raters."""
    rng = np.random.default_rng(4)
    level = rng.normal(3, 1, 12)[:, None, None]
    ratings = np.clip(np.rint(level + rng.normal(0, 0.8, (12, 5, 3))), 1, 5)
    frame = pd.DataFrame(ratings.reshape(60, 3), columns=list("abc")).assign(
        o=np.repeat(list("abcdefghijkl"), 5)
    )
    groups, over = tk.rater_agreement(frame, list("abc"), group="o", categories=5)
    wide = pd.DataFrame(ratings.mean(axis=2), columns=list("vwxyz"))
    oracle = tk.intraclass(wide, list("vwxyz")).set_index("kind")
    row = over.iloc[0]
    assert row["icc1"] == pytest.approx(oracle.loc["ICC1", "estimate"])
    assert row["icc2"] == pytest.approx(oracle.loc["ICC1k", "estimate"])
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(
        oracle.loc["ICC1", ["conf_low", "conf_high"]].tolist()
    )
    left = 1 - ratings.var(axis=1, ddof=1).mean(axis=1) / 2
    assert groups["rwg"].tolist() == pytest.approx(np.where(left > 0, 3 * left / (2 * left + 1), 0))


def test_agreement_within_is_one_of_identical_answers_and_none_of_random_ones() -> None:
    assert tk.within_agreement([0.0, 0.0], 5) == 1
    assert tk.within_agreement([2.0, 2.0], 5) == 0
    assert tk.within_agreement([4.0, 4.0], 5) == 0, "answers at both ends are no agreement"


def test_one_organisation_alone_has_no_agreement_between_organisations() -> None:
    frame = pd.DataFrame({"o": ["x"] * 4 + ["y"], "a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 5]})
    with pytest.raises(InvalidInput) as raised:
        tk.rater_agreement(frame, ["a", "b"], group="o", categories=5)
    assert [one.code for one in raised.value.problems] == ["too-few-answers"]
