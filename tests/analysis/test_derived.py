"""Net and recommend scores, any of a multi-select, ranked options, scale scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data, number
from tests.analysis.test_answers import _variable as variable
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput

TIRED = variable("tired")


def _case(name: str) -> list[Any]:
    return [one for one in cases("W15_gap_table") if one.values[0] is None or one.values[0]["id"] == name]


def _net_frame() -> pd.DataFrame:
    frame = data("org_given")
    return frame.assign(tired=frame.q01)


def _check(found: pd.DataFrame, result: dict[str, Any], factor: float) -> None:
    assert (factor * found["estimate"]).tolist() == close(result["estimate"])
    assert (factor * found["std_error"]).tolist() == close(result["se"])
    assert set(found["df"]) == {result["design_df"]}
    limits = (factor * found[["conf_low", "conf_high"]]).to_numpy()
    assert limits.ravel().tolist() == close([number(one) for row in result["ci95_t_designdf"] for one in row])


@pytest.mark.parametrize("case", _case("W15-004"))
def test_recommend_scores_under_a_design_equal_r(case: dict[str, Any]) -> None:
    found = tk.means(
        data("org_given"), "nps", by="audience", measure="recommend", design=DESIGNS[case["design_name"]]
    )
    _check(found, case["result"], 100)


@pytest.mark.parametrize("case", _case("W15-005"))
def test_gaps_of_recommend_scores_equal_r(case: dict[str, Any]) -> None:
    found = tk.gaps(data("org_given"), "nps", measure="recommend", design=DESIGNS[case["design_name"]])
    _check(found.assign(estimate=found["gap"]), case["result_survey_4_5"], 100)
    assert found["verdict"].iloc[0] == "a gap of 57 points (46 to 67)"


@pytest.mark.parametrize("case", _case("W15-006"))
def test_net_scores_under_a_design_equal_r(case: dict[str, Any]) -> None:
    frame, design = _net_frame(), DESIGNS[case["design_name"]]
    everyone = variable("tired", audiences=("executive", "employee", "freelancer"))
    _check(tk.means(frame, everyone, by="audience", measure="net", design=design), case["result"], 1)


def _frame(seed: int = 5, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    audience = pd.Categorical(rng.choice(["executive", "employee"], rows), ["executive", "employee"])
    answers = rng.choice(["-1", "1", "2", "3", "4", "5"], rows)
    ticks = {
        name: np.where(rng.uniform(size=rows) < p, 1.0, 0.0)
        for name, p in zip("abc", (0.1, 0.5, 0.9), strict=True)
    }
    frame = pd.DataFrame({"audience": audience, "tired": pd.Categorical(answers, TIRED.categories), **ticks})
    frame.loc[frame.index[:20], ["a", "b", "c"]] = np.nan
    return frame.assign(weight=rng.uniform(0.5, 2, rows), nps=rng.integers(0, 11, rows))


def test_a_net_is_the_top_less_the_bottom_share() -> None:
    frame, design = _frame(), Design(weights="weight")
    net = tk.means(frame, TIRED, by="audience", measure="net", design=design)
    top, bottom = (
        tk.proportions(frame, TIRED, by="audience", measure=one, design=design) for one in ("top", "bottom")
    )
    assert net["estimate"].tolist() == close((top["estimate"] - bottom["estimate"]).tolist())
    assert net["n"].tolist() == top["n"].tolist()
    assert set(net["measure"]) == {"net"}


def test_the_error_of_an_unweighted_net_is_that_of_two_multinomial_shares() -> None:
    frame = _frame()
    row = tk.means(frame, TIRED, measure="net").iloc[0]
    known = frame.loc[frame.tired != "-1", "tired"].astype(int)
    p, q, n = (known >= 4).mean(), (known <= 2).mean(), len(known)
    assert row["std_error"] == close(float(np.sqrt((p + q - (p - q) ** 2) / (n - 1))))


def test_a_scale_turned_round_turns_the_sign_of_the_net() -> None:
    frame = _frame()
    turned = frame["tired"].astype(str).map(lambda code: code if code == "-1" else str(6 - int(code)))
    other = frame.assign(tired=pd.Categorical(turned, TIRED.categories))
    here, there = (tk.gaps(one, TIRED, measure="net").iloc[0] for one in (frame, other))
    for name in ("estimate_a", "gap", "statistic"):
        assert here[name] == close(-there[name])
    assert here["std_error"] == close(there["std_error"])
    assert here["effect_size_kind"] == "hedges_g"


def test_recommend_scores_of_codes_and_of_numbers_are_the_same() -> None:
    frame = _frame()
    coded = frame.assign(nps=pd.Categorical(frame.nps.astype(str), [str(one) for one in range(11)]))
    here, there = (tk.means(one, "nps", measure="recommend") for one in (frame, coded))
    pd.testing.assert_frame_equal(here, there)
    by_hand = (frame.nps >= 9).mean() - (frame.nps <= 6).mean()
    assert here["estimate"].iloc[0] == close(float(by_hand))


def test_a_score_of_people_who_all_agree_has_no_interval() -> None:
    row = tk.means(pd.DataFrame({"nps": [10, 9, 10, 9]}), "nps", measure="recommend").iloc[0]
    assert row["estimate"] == 1
    assert np.isnan(row["conf_low"])
    assert "no one's answer varies" in row["method"]


def test_any_of_has_the_base_of_the_question() -> None:
    frame = _frame()
    found = tk.any_of(frame, ["a", "b"])
    assert found.isna().sum() == 20
    assert found.dropna().tolist() == (frame[["a", "b"]].dropna().max(axis=1)).tolist()


def test_any_of_counts_a_tick_beside_a_missing_option_and_nothing_else() -> None:
    frame = pd.DataFrame({"a": [1, 0, np.nan], "b": [np.nan, np.nan, 0]})
    assert tk.any_of(frame, ["a", "b"]).fillna(-9).tolist() == [1, -9, -9]


def test_any_of_takes_the_options_of_an_instrument() -> None:
    option = variable("ticked", option=True)
    codes = pd.Categorical(["1", "0", "-3", "-5"], option.categories)
    found = tk.any_of(pd.DataFrame({"ticked": codes}), option)
    assert found.tolist()[:2] == [1.0, 0.0]
    assert found.isna().tolist() == [False, False, True, True]


def test_ranked_options_have_wilson_intervals_of_the_level_shared_out() -> None:
    frame = _frame()
    found = tk.ranked_options(frame, ["a", "b", "c"], by="audience")
    alone = tk.means(frame, ["a", "b", "c"], by="audience")
    single = tk.proportions(frame, "b", by="audience", measure="1", level=1 - 0.05 / 3)
    ours = found[found["item"] == "b"].set_index("audience").loc[single["audience"]]
    assert ours["conf_low"].tolist() == close(single["conf_low"].tolist())
    assert sorted(found["estimate"]) == close(sorted(alone["estimate"]))
    assert (
        found.groupby("audience", observed=True)["estimate"]
        .apply(lambda share: share.is_monotonic_decreasing)
        .all()
    )


def test_ranks_are_as_sure_as_the_intervals_are_apart() -> None:
    rows = 40
    frame = pd.DataFrame(
        {
            "often": [1] * 38 + [0] * 2,
            "some": [1] * 10 + [0] * 30,
            "few": [1] * 9 + [0] * 31,
            "none": [0] * rows,
        }
    )
    found = tk.ranked_options(frame, list(frame)).set_index("item")
    assert found.loc["often", ["rank", "rank_low", "rank_high"]].tolist() == [1, 1, 1]
    assert found.loc["some", ["rank", "rank_low", "rank_high"]].tolist() == [2, 2, 4]
    assert found.loc["none", "estimate"] == 0


def test_the_order_of_options_and_rows_does_not_change_the_ranking() -> None:
    frame = _frame()
    one = tk.ranked_options(frame, ["a", "b", "c"], design=Design(weights="weight"))
    shuffled = frame.sample(frac=1, random_state=1)
    other = tk.ranked_options(shuffled, ["c", "a", "b"], design=Design(weights="weight"))
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_scale_scores_mirror_reversed_items_and_ask_for_enough_answers() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(1, 6, (50, 4)) * 1.0
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    frame = pd.DataFrame(values, columns=list("wxyz"), index=range(100, 150))
    turned = frame.assign(x=6 - frame.x)
    by_hand = turned.mean(axis=1).where(turned.notna().sum(axis=1) >= 3)
    found = tk.scale_scores(frame, list("wxyz"), reverse=["x"], limits=(1, 5), minimum=3)
    pd.testing.assert_series_equal(found, by_hand, check_names=False)
    strict = tk.scale_scores(frame, list("wxyz"), reverse=["x"], limits=(1, 5))
    assert strict.isna().tolist() == frame.isna().any(axis=1).tolist()


def test_a_declared_scale_gives_its_own_limits_even_where_no_one_used_them() -> None:
    frame = pd.DataFrame({"tired": pd.Categorical(["2", "3", "-1"], TIRED.categories)})
    assert tk.scale_scores(frame, TIRED, reverse=["tired"]).tolist()[:2] == [4.0, 3.0]


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.means(f, "a", measure="net"), problem("unsuited-measure", "column a")),
        (
            lambda f: tk.means(f.assign(nps=f.nps + 1), "nps", measure="recommend"),
            problem("unsuited-measure", "column nps"),
        ),
        (lambda f: tk.means(f, TIRED, measure="recommend"), problem("unsuited-measure", "column tired")),
        (lambda f: tk.means(f, TIRED, measure="top"), problem("unsuited-measure", "measure 'top'")),
        (lambda f: tk.proportions(f, TIRED, measure="net"), problem("unsuited-measure", "measure 'net'")),
        (lambda f: tk.gaps(f, TIRED, measure="net", margin=10), problem("out-of-range", "margin")),
        (lambda f: tk.any_of(f, ["a", "nps"]), problem("unsuited-item", "column nps")),
        (lambda f: tk.any_of(f, ["a", "zz"]), problem("unknown-column", "column zz")),
        (lambda f: tk.ranked_options(f, ["a"]), problem("too-few", "options")),
        (lambda f: tk.ranked_options(f, ["a", "b"], level=95), problem("out-of-range", "level")),
        (lambda f: tk.scale_scores(f, ["a", "b"], reverse=["b"]), problem("missing-argument", "limits")),
        (
            lambda f: tk.scale_scores(f, ["a", "b"], reverse=["q"], limits=(0, 1)),
            problem("unknown-item", "reverse 'q'"),
        ),
        (lambda f: tk.scale_scores(f, ["a", "b"], minimum=3), problem("out-of-range", "minimum")),
        (lambda f: tk.scale_scores(f, ["a", "nps"], limits=(0, 1)), problem("out-of-range", "column nps")),
        (lambda f: tk.scale_scores(f, [TIRED, "a"], limits=(0, 7)), problem("inconsistent", "column tired")),
    ],
)
def test_what_has_no_meaning_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())
