"""The gate: what leaves, what stays, and that nothing else can be shown."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from toolkit.analysis import (
    Design,
    Replicates,
    adjust_p,
    gaps,
    gaps_from_summary,
    means,
    panel_change,
    population_gaps,
    proportions,
    rank_gap,
)
from toolkit.analysis.contract import ESTIMATE_COLUMNS, GAP_COLUMNS
from toolkit.disclosure import Policy, Released, admit, release
from toolkit.errors import DisclosureError, ToolkitError
from toolkit.study.weighting import with_kish

POLICY = Policy()
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking a whole organisation takes minutes and tells little."""
NUMBERS = ["gap", "std_error", "conf_low", "conf_high", "statistic", "p_value", "p_adjusted", "effect_size"]


def answers(**audiences: list[int]) -> pd.DataFrame:
    """Answers to "q" by audience."""
    names = [name for name, given_ in audiences.items() for _ in given_]
    codes = [str(code) for given_ in audiences.values() for code in given_]
    return pd.DataFrame(
        {
            "audience": pd.Categorical(names, categories=list(audiences), ordered=True),
            "q": pd.Categorical(codes, categories=["1", "2", "3", "4", "5"], ordered=True),
        }
    )


def yes_no(**shares: tuple[int, int]) -> pd.DataFrame:
    """(yes, asked) by audience as 0/1 answers."""
    rows = [(name, int(i < yes)) for name, (yes, asked) in shares.items() for i in range(asked)]
    frame = pd.DataFrame(rows, columns=["audience", "q"])
    return frame.assign(
        audience=pd.Categorical(frame["audience"], categories=list(shares)), q=coded(frame["q"])
    )


def coded(values: object) -> pd.Categorical:
    return pd.Categorical([str(value) for value in values], categories=["0", "1"])  # type: ignore[attr-defined]


def by_audience(frame: pd.DataFrame) -> pd.DataFrame:
    return proportions(frame, "q", by="audience", measure="1")


def released_row(frame: pd.DataFrame, audience: str) -> pd.Series:
    return release(by_audience(frame), POLICY)["results"].set_index("audience").loc[audience]


# --- threshold and bounds


@pytest.mark.parametrize("yes", [0, 2, 4])
def test_a_base_below_the_threshold_loses_every_number(yes):
    row = released_row(yes_no(executive=(yes, 4), employee=(20, 40)), "executive")
    assert row[["n", *(c for c in ESTIMATE_COLUMNS if c not in ("n", "method"))]].isna().all()
    assert (row["shown"], row["n_shown"], row["withheld"]) == (False, "<5", "fewer than 5 answers")


def test_sensitive_items_need_the_larger_base():
    shares = by_audience(yes_no(executive=(3, 6), employee=(20, 40)))
    assert release(shares, POLICY)["results"]["shown"].tolist() == [True, True]
    for released in (
        release(shares, POLICY, sensitive=["q"]),
        release(shares, Policy(sensitive_items=("q",))),
    ):
        assert released["results"]["n_shown"].tolist() == ["<7", "40"]


@pytest.mark.parametrize(
    ("yes", "asked", "bound", "shown"),
    [
        (9, 9, ">=", 0.80),
        (11, 12, ">=", 0.90),
        (12, 12, ">=", 0.90),
        (1, 12, "<=", 0.10),
        (38, 40, ">=", 0.95),
        (5, 100, "", 0.05),
        (2, 100, "", 0.02),
        (1, 100, "<=", 0.01),
        (297, 300, ">=", 0.99),
    ],
)
def test_shares_near_all_or_none_leave_as_a_bound(yes, asked, bound, shown):
    row = released_row(yes_no(executive=(yes, asked), employee=(20, 40)), "executive")
    assert (row["bound"], row["n"], row["shown"]) == (bound, asked, True)
    assert row["estimate"] == pytest.approx(shown)
    assert pd.isna(row["std_error"]) == pd.isna(row["conf_low"]) == (bound != "")


def test_a_bound_of_a_sensitive_item_or_under_strict_leaves_room_for_two():
    """11 of 12 as "90% or more" tells the twelfth what all others answered."""
    shares = by_audience(yes_no(executive=(10, 12), employee=(20, 40)))
    assert release(shares, POLICY)["results"]["bound"].tolist() == ["", ""]
    for policy in (Policy(sensitive_items=("q",)), Policy(preset="strict")):
        found = release(shares, policy)["results"]
        assert found["bound"].tolist() == [">=", ""]
        assert found["estimate"].tolist() == [0.8, 0.5]


@pytest.mark.parametrize("preset", ["standard", "strict"])
@pytest.mark.parametrize("n", [9, 12, 26])
def test_a_weighted_share_shown_exactly_is_that_of_more_people_than_nearly_nobody(n, preset):
    """Whoever answered: the lightest and the heaviest, near nobody and near everybody."""
    policy = Policy(preset=preset)
    few = math.floor(policy.unanimity_bounds(n)[0] * n + 1e-9)
    weights = np.sort(np.random.default_rng(n).uniform(0.5, 2.0, n))
    people = np.arange(n)
    frame = pd.concat(
        pd.DataFrame({"audience": f"{yes} {which}", "agrees": agrees.astype(float), "weight": weights})
        for yes in range(n + 1)
        for which, agrees in (("light", people < yes), ("heavy", people >= n - yes))
    )
    design = Design(weights="weight")
    rows = proportions(frame, "agrees", by="audience", measure="1", design=design)
    shown = release(with_kish(rows, frame, design), policy, ledger=False)["results"]
    assert "kish_heaviest_1" not in shown
    if n == 9 and preset == "strict":  # three people are nearly nobody, and have more than 40% of the weights
        assert set(shown["withheld_code"]) == {"heaviest"}
        return
    yes = shown["audience"].str.split().str[0].astype(int)
    few_or_many = np.minimum(yes, n - yes) <= few
    assert shown.loc[few_or_many, "bound"].ne("").all()
    assert set(yes[shown["bound"] == "<="]) >= set(range(few + 1))
    exact = shown["bound"] == ""
    assert exact.any()
    assert shown.loc[exact, "estimate"].tolist() == rows.loc[exact, "estimate"].tolist()


def test_equal_weights_and_none_are_masked_alike():
    frame = pd.DataFrame({"audience": "a", "agrees": [1.0] * 2 + [0.0] * 18, "weight": 1.3})
    design = Design(weights="weight")
    rows = proportions(frame, "agrees", by="audience", measure="1")
    weighted = with_kish(rows, frame, design)
    plain, judged = (release(one, Policy(), ledger=False)["results"] for one in (rows, weighted))
    pd.testing.assert_frame_equal(plain, judged[plain.columns])


def test_a_base_whose_heaviest_person_is_more_than_any_bound_is_withheld():
    frame = pd.DataFrame({"audience": "a", "agrees": [1.0, 0.0] * 20, "weight": [28.0] + [1.0] * 39})
    design = Design(weights="weight")
    rows = proportions(frame, "agrees", by="audience", measure="1", design=design)
    rows = with_kish(rows, frame, design)
    assert rows["kish_n"].iloc[0] > POLICY.threshold
    shown = release(rows, Policy(), ledger=False)["results"].iloc[0]
    assert (shown["shown"], shown["withheld_code"]) == (False, "heaviest")


def test_without_unanimity_shares_leave_as_they_are():
    shares = by_audience(yes_no(executive=(12, 12), employee=(20, 40)))
    found = release(shares, Policy(unanimity=False))["results"]
    assert found["estimate"].tolist() == [1.0, 0.5]


def test_shares_that_may_leave_are_not_changed():
    shares = by_audience(yes_no(executive=(5, 12), employee=(20, 40)))
    found = release(shares, POLICY)["results"]
    pd.testing.assert_frame_equal(found[shares.columns], shares, check_dtype=False)


# --- gaps


def test_a_gap_with_a_bound_is_a_function_of_what_is_shown():
    unanimous, nearly = (
        release(gaps(yes_no(executive=(yes, 12), employee=(15, 50)), ["q"], measure="1"), POLICY)["results"]
        for yes in (12, 11)
    )
    pd.testing.assert_frame_equal(unanimous, nearly)
    row = unanimous.iloc[0]
    again = gaps_from_summary(
        pd.DataFrame({"item": "q", "audience": ["a", "b"], "estimate": [0.9, 0.3], "n": [12, 50]})
    ).iloc[0]
    assert (row["estimate_a"], row["bound_a"], row["bound"]) == (0.9, ">=", ">=")
    for column in ("gap", "conf_low", "p_value", "statistic", "effect_size", "minimum_detectable_gap"):
        assert row[column] == pytest.approx(again[column])
    assert pd.isna(row["conf_high"])
    assert row["verdict"] == "a gap of at least 60 points"


def test_a_share_that_equals_its_bound_keeps_its_adjusted_p_value():
    found = release(gaps(yes_no(executive=(2, 40), employee=(20, 60)), ["q"], measure="1"), POLICY)["results"]
    assert found["bound_a"].item() == "<="
    assert found["p_adjusted"].item() == found["p_value"].item()


def test_a_gap_between_two_bounds_on_one_side_is_not_told():
    found = release(gaps(yes_no(executive=(12, 12), employee=(29, 30)), ["q"], measure="1"), POLICY)
    row = found["results"].iloc[0]
    assert row["verdict"] == "too close to all or none to show"
    assert row[NUMBERS].isna().all()
    assert (row["bound_a"], row["bound_b"], row["bound"]) == (">=", ">=", "")


def test_a_gap_against_a_small_group_is_withheld_whole():
    table = gaps(yes_no(executive=(2, 3), employee=(29, 60)), ["q"], measure="1")
    row = release(table, POLICY)["results"].iloc[0]
    assert row[[*NUMBERS, "estimate_a", "estimate_b", "n_a", "n_b", "minimum_detectable_gap"]].isna().all()
    assert (row["n_a_shown"], row["n_b_shown"], row["shown"]) == ("<5", "60", False)
    assert row["withheld"] == "executive: fewer than 5 answers"


def test_adjusted_p_values_are_made_of_the_p_values_that_leave():
    rng = np.random.default_rng(7)
    frame = yes_no(executive=(6, 14), employee=(30, 60), freelancer=(3, 4))
    frame = frame.assign(**{f"q{i}": coded(rng.integers(0, 2, len(frame))) for i in range(4)})
    table = gaps(frame, ["q", "q0", "q1", "q2", "q3"], measure="1", family=["q", "q0"])
    found = release(table, POLICY)["results"]
    for family, method in (("pre-declared", "holm"), ("other", "BH")):
        mine = found[found["family"] == family]
        assert mine["p_adjusted"].to_numpy() == pytest.approx(
            adjust_p(mine["p_value"].to_numpy(), method), nan_ok=True
        )
    assert not np.allclose(table["p_adjusted"], found["p_adjusted"], equal_nan=True)


def test_part_of_a_family_is_refused_where_a_row_must_be_withheld():
    frame = yes_no(executive=(6, 14), employee=(30, 60), freelancer=(3, 4))
    table = gaps(frame, ["q"], measure="1").assign(p_adjusted=0.01)
    with pytest.raises(ToolkitError, match="release the whole table at once"):
        release(table, POLICY)


# --- decided by codes, never by words


def surveyed(**shares: tuple[int, int]) -> pd.DataFrame:
    """Answers with everything a design may name: weights, strata, clusters and replicate weights."""
    frame = yes_no(**shares)
    rng = np.random.default_rng(11)
    place = np.arange(len(frame))
    columns = {
        "weight": rng.uniform(0.5, 3.0, len(frame)).round(2),
        "stratum": place % 2,
        "school": place % 20,
        "q2": coded(rng.integers(0, 2, len(frame))),
    }
    frame = frame.assign(**columns)
    for name in range(20):  # one school left out at a time
        frame[f"rep{name}"] = np.where(frame["school"] == name, 0.0, frame["weight"] * 20 / 19)
    return frame


DESIGNS = {
    "weights": Design(weights="weight"),
    "strata": Design(strata="stratum"),
    "clusters": Design(clusters="school"),
    "weights and clusters": Design(weights="weight", clusters="school"),
    "replicates": Design(
        weights="weight",
        replicates=Replicates([f"rep{name}" for name in range(20)], kind="JK1", scale=19 / 20),
    ),
}
SHARES = {"executive": (60, 60), "employee": (30, 60), "freelancer": (21, 60)}


@pytest.mark.parametrize("method", [None, "newcombe", "wald"])
@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_a_gap_under_a_design_with_a_masked_side_gets_no_error_of_a_simple_sample(design, method):
    table = gaps(surveyed(**SHARES), ["q"], measure="1", design=design, method=method)
    assert table["design"].all()
    found = release(table, POLICY)["results"]
    masked = found[found["bound_a"] != ""]
    assert masked["bound"].tolist() == [">=", ">="]
    assert masked["gap"].notna().all()
    nothing = ["conf_low", "conf_high", "std_error", "statistic", "p_value", "p_adjusted", "effect_size"]
    assert masked[nothing].isna().all(axis=None)
    assert masked["verdict_code"].tolist() == ["too_close"] * 2
    assert masked["method_code"].tolist() == ["bound"] * 2
    assert found.loc[found["bound_a"] == "", "p_value"].notna().all()


def test_a_gap_of_effective_bases_paired_people_or_known_populations_is_not_made_again_either():
    sides = {"item": "q", "audience": ["a", "b"], "estimate": [1.0, 0.3], "n": 60.0, "effective_n": 30.0}
    frame = yes_no(executive=(60, 60), employee=(30, 60))
    panel = pd.DataFrame({"person": [*range(60)] * 2, "wave": ["1"] * 60 + ["2"] * 60})
    panel = panel.assign(q=coded([0, 1] * 30 + [1] * 60))
    changed = panel_change(panel, ["q"], person="person", by=(), measure="1")
    people = {"executive": 70, "employee": 70}
    for table in (
        gaps_from_summary(pd.DataFrame(sides)),
        changed.drop(columns=["joined", "left"]),
        population_gaps(frame, ["q"], population=people, measure="1"),
    ):
        row = release(table, POLICY)["results"].iloc[0]
        assert (row["bound"], row["verdict_code"]) == (">=", "too_close")
        assert row[["conf_low", "conf_high", "p_value"]].isna().all()


SENTENCES = [
    "design-based t (linearised)",
    "survey-weighted t",
    "not computed: no one answered",
    "Newcombe interval; pooled z test",
    "fewer than 5 answers",
    "a gap of 90 points (80 to 99)",
    "a gap of at least 90 points",
    "a difference is likely; its practical size is uncertain",
    "this survey cannot tell",
    "not comparable",
    "withheld",
    "",
]


@pytest.mark.parametrize("design", [None, *DESIGNS.values()], ids=["none", *DESIGNS])
@pytest.mark.parametrize("seed", range(3))
def test_the_wording_of_methods_and_verdicts_changes_nothing_that_is_released(design, seed):
    frame = surveyed(executive=(60, 60), employee=(30, 60), freelancer=(2, 4), contractor=(29, 30))
    items, rng = ["q", "q2"], np.random.default_rng(seed)
    results = {
        "shares": proportions(frame, items, by="audience", measure="1", design=design),
        "all": proportions(frame, items, design=design),
        "gaps": gaps(frame, items, measure="1", design=design, family=["q"]),
    }
    spoilt = {
        name: table.assign(
            **{
                column: rng.choice(SENTENCES, len(table))
                for column in ("method", "verdict")
                if column in table.columns
            }
        )
        for name, table in results.items()
    }
    before, after = release(results, POLICY), release(spoilt, POLICY)
    assert list(before) == list(after)
    for name in before:
        words = [column for column in ("method", "verdict") if column in before[name].columns]
        pd.testing.assert_frame_equal(
            before[name].drop(columns=words), after[name].drop(columns=words), check_exact=True
        )


@pytest.mark.parametrize("adjust", ["holm", "hochberg", "hommel", "bonferroni", "BH", "BY", "none"])
def test_what_leaves_is_adjusted_as_the_rows_were(adjust):
    frame = yes_no(executive=(6, 14), employee=(30, 60), freelancer=(3, 4))
    frame = frame.assign(q2=coded(np.arange(len(frame)) % 2))
    table = gaps(frame, ["q", "q2"], measure="1", adjust=adjust)
    assert table["adjustment"].eq(adjust).all()
    found = release(table, POLICY)["results"]
    assert found["p_adjusted"].to_numpy() == pytest.approx(
        adjust_p(found["p_value"].to_numpy(), adjust), nan_ok=True
    )


# --- distributions and what is made of them


def test_a_distribution_with_a_rare_answer_does_not_leave():
    frame = answers(executive=[1, 2, 3, 4, 5] * 4, employee=[4] * 19 + [1])
    found = release(proportions(frame, "q", by="audience"), POLICY)["results"]
    shown = found.groupby("audience", observed=True)["shown"].agg(["all", "any"])
    assert shown.loc["executive"].tolist() == [True, True]
    assert shown.loc["employee"].tolist() == [False, False]


def test_means_and_ranks_leave_only_beside_their_whole_distributions():
    whole = answers(executive=[1, 2, 3, 4, 5] * 4, employee=[1, 2, 2, 3, 3, 4, 4, 5] * 6)
    rare = answers(executive=[1, 2, 3, 4, 5] * 4, employee=[2, 2, 2, 3, 3, 4, 4, 4] * 6)
    for frame, allowed in ((whole, True), (rare, False)):
        results = {
            "distributions": proportions(frame, "q", by="audience"),
            "means": means(frame.assign(q=frame["q"]), "q", by="audience"),
            "ranks": rank_gap(frame, ["q"]),
        }
        found = release(results, POLICY)
        assert found["ranks"]["shown"].tolist() == [allowed]
        assert found["means"]["shown"].tolist() == [True, allowed]
        assert release({"ranks": results["ranks"]}, POLICY)["ranks"]["shown"].tolist() == [False]


# --- the value itself


def test_only_release_makes_released_results():
    with pytest.raises(DisclosureError, match="by nothing else"):
        Released({}, POLICY)
    released = release({}, POLICY)
    with pytest.raises(AttributeError):
        released.policy = POLICY
    assert len(released) == 0


def test_changing_a_copy_does_not_change_what_was_released():
    released = release(by_audience(yes_no(executive=(5, 12), employee=(20, 40))), POLICY)
    before = released["results"]
    for copy in (released["results"], released.tables["results"]):
        copy.loc[:, "estimate"] = 1.0
    pd.testing.assert_frame_equal(released["results"], before)
    with pytest.raises(KeyError, match="did you mean 'results'"):
        released["result"]


def test_released_rows_are_those_of_the_table_and_can_neither_be_changed_nor_tell_more() -> None:
    released = release(by_audience(yes_no(executive=(3, 4), employee=(12, 30))), POLICY)
    rows, table = released.rows("results"), released["results"]
    pd.testing.assert_frame_equal(pd.DataFrame(map(dict, rows)).astype(table.dtypes), table)
    assert rows[0]["audience"] == "executive"
    assert pd.isna(rows[0]["estimate"])
    assert rows[0]["n_shown"] == "<5"
    with pytest.raises(TypeError):
        rows[0]["estimate"] = 0.75  # type: ignore[index]
    assert released.columns("results") == tuple(table.columns)
    with pytest.raises(KeyError, match="did you mean 'results'"):
        released.rows("result")


def test_released_results_survive_pickling_and_hold_no_raw_number():
    released = release(by_audience(yes_no(executive=(3, 4), employee=(20, 40))), POLICY)
    again = pickle.loads(pickle.dumps(released))
    pd.testing.assert_frame_equal(again["results"], released["results"])
    assert again.policy == POLICY
    assert again["results"].attrs == {}


def test_arguments_are_left_as_they_were():
    frame = by_audience(yes_no(executive=(3, 4), employee=(39, 40)))
    before = frame.copy()
    release({"shares": frame}, POLICY)
    pd.testing.assert_frame_equal(frame, before)


def test_a_frame_that_is_no_contract_frame_is_refused():
    with pytest.raises(ToolkitError, match="n, effective_n, estimate"):
        release(pd.DataFrame({"item": ["q"], "measure": ["top"]}), POLICY)
    shares = by_audience(yes_no(executive=(5, 12), employee=(20, 40)))
    with pytest.raises(ToolkitError, match="count"):
        release(shares.assign(count=3), POLICY)
    with pytest.raises(ToolkitError, match="a mapping to DataFrames"):
        release({"x": [1]}, POLICY)


def test_participation_is_checked_again():
    table = admit(yes_no(executive=(3, 4), employee=(20, 40)), POLICY).participation
    leaky = table.assign(answered=[4, 40], answered_shown=["4", "40"])
    found = release({"participation": leaky}, POLICY)["participation"]
    assert found["answered_shown"].tolist() == ["<5", "40"]
    assert found["answered"].isna().tolist() == [True, False]


def test_that_nobody_answered_is_said_only_where_nobody_was_invited():
    population = {"executive": 0, "employee": 40}
    table = admit(yes_no(employee=(20, 40)), POLICY, population=population).participation
    found = release({"participation": table}, POLICY)["participation"].set_index("audience")
    assert found.loc["executive", ["answered", "answered_shown"]].tolist() == [0, "0"]
    leaky = table.assign(invited=[9, 40])
    found = release({"participation": leaky}, POLICY)["participation"].set_index("audience")
    assert found.loc["executive", "answered_shown"] == "<5"
    assert found["answered"].isna()["executive"]


# --- any small organisation

ITEMS = [f"q{number}" for number in range(12)]


@st.composite
def organisations(draw: st.DrawFn) -> pd.DataFrame:
    """Many questions and audiences at once: a call costs much the same for one or for twelve."""
    sizes = draw(st.lists(st.integers(1, 45), min_size=2, max_size=5))
    shares = draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), min_size=12, max_size=12))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    names = np.repeat(["executive", "employee", "freelancer", "intern", "adviser"][: len(sizes)], sizes)
    columns = {f"q{i}": coded((rng.random(len(names)) < share).astype(int)) for i, share in enumerate(shares)}
    return pd.DataFrame({"audience": pd.Categorical(names), **columns})


@settings(max_examples=examples(10), phases=QUICK)
@given(organisations())
def test_whatever_the_organisation_nothing_below_threshold_or_beyond_a_bound_leaves(frame):
    items = ITEMS
    results = {
        "shares": proportions(frame, items, by="audience", measure="1"),
        "all": proportions(frame, items, measure="1"),
        "gaps": gaps(frame, items, measure="1"),
        "distributions": proportions(frame, items, by="audience"),
    }
    released = release(results, POLICY)
    for name in ("shares", "all", "distributions"):
        table = released[name]
        told = table[table["shown"]]
        assert (told["n"] >= POLICY.threshold).all()
        bounds = [POLICY.unanimity_bounds(n) for n in told["n"]]
        assert all(low <= share <= high for share, (low, high) in zip(told["estimate"], bounds, strict=True))
        assert table.loc[~table["shown"], "estimate"].isna().all()
        exact = told[told["bound"] == ""]
        assert exact["conf_low"].notna().all()
    compared = released["gaps"]
    assert set(GAP_COLUMNS) <= set(compared.columns)
    told = compared[compared["shown"] & compared["gap"].notna()]
    assert told["gap"].to_numpy() == pytest.approx((told["estimate_a"] - told["estimate_b"]).to_numpy())
    assert compared["p_adjusted"].to_numpy() == pytest.approx(
        adjust_p(compared["p_value"].to_numpy()), nan_ok=True
    )


@settings(max_examples=examples(8), phases=QUICK)
@given(organisations(), st.data())
def test_nothing_released_changes_when_a_masked_count_changes_within_its_bound(frame, data):
    """12 of 12 and 11 of 12 give the same report, to the last digit."""

    def everything(answers_: pd.DataFrame) -> Released:
        results = {
            "shares": proportions(answers_, ITEMS, by="audience", measure="1"),
            "all": proportions(answers_, ITEMS, measure="1"),
            "gaps": gaps(answers_, ITEMS, measure="1", family=["q0"]),
            "distributions": proportions(answers_, ITEMS, by="audience"),
        }
        return release(results, POLICY)

    before = everything(frame)
    shares = before["shares"]
    masked = shares[shares["bound"] != ""]
    for row in masked.itertuples():
        inside = frame["audience"] == row.audience
        answer = "1" if row.bound == ">=" else "0"
        rows = frame.index[inside]
        room = int(min(row.estimate, 1 - row.estimate) * row.n + 1e-9)
        others = data.draw(st.integers(0, room), label=f"{row.item} {row.audience}")
        values = [{"1": "0", "0": "1"}[answer]] * others + [answer] * (len(rows) - others)
        column = frame[row.item].astype(str)
        column.loc[rows] = values
        frame = frame.assign(**{row.item: coded(column)})
    after = everything(frame)
    for name in before:
        pd.testing.assert_frame_equal(before[name], after[name])


@pytest.mark.parametrize("asked", [True, False])
def test_gaps_of_items_that_do_not_work_alike_are_withheld_only_where_the_policy_asks(asked: bool) -> None:
    frame = pd.DataFrame(
        {
            "audience": ["executive"] * 60 + ["employee"] * 60,
            "tired": [1] * 40 + [0] * 20 + [1] * 20 + [0] * 40,
            "calm": [1] * 30 + [0] * 30 + [1] * 25 + [0] * 35,
        }
    )
    rows = gaps(frame, ["tired", "calm"], measure="1", pairs=[("executive", "employee")])
    rows = rows.assign(alike_code=["differs", "cannot_tell"], alike="words", alike_shift=[1.2, 0.1])
    found = release({"gaps": rows}, Policy(withhold_unlike=asked))["gaps"]
    assert found["shown"].tolist() == [not asked, True]
    assert (found["withheld_code_a"] == "unlike").tolist() == [asked, False]
    assert found["gap"].isna().tolist() == [asked, False]
    assert not [name for name in found if name.startswith("alike")]
