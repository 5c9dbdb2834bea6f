"""Every claim has a verdict and a reason; what others printed is judged apart."""

from __future__ import annotations

import math

import pytest

from tests.claims.conftest import STUDY, row
from tests.refusals import problem
from toolkit.claims import (
    VERDICTS,
    implied_by_ratio,
    implied_by_share,
    judge,
    judge_readings,
    largest_comparison,
    load_register,
)
from toolkit.errors import InvalidInput

UNTESTED = "untested"


@pytest.fixture(scope="module")
def judged(register):
    return judge(register).set_index("finding_id")


def test_every_finding_has_a_verdict_and_a_reason(register, judged):
    assert judged.index.tolist() == register.claims["finding_id"].tolist()
    assert set(judged["verdict_code"]) <= set(VERDICTS)
    assert (judged["reason"].str.len() > 20).all()


def test_the_verdicts_of_the_register_are_those_its_page_counts(root, judged):
    counts = judged["verdict_code"].value_counts()
    assert (counts["reproduced"], counts["consistent"], counts[UNTESTED]) == (1, 32, 98)
    page = (root / "docs" / "published_findings.md").read_text("utf-8")
    assert "Of the 131 claims shipped 1 is reproduced, 32 are consistent, 98 cannot be tested" in page


def test_only_claims_that_another_figure_bears_on_are_more_than_untested(register, judged):
    named = {one for check in register.relations.checks for one in (*check.parts, check.whole) if one}
    assert set(judged.index[judged["verdict_code"] != UNTESTED]) == named


def test_a_whole_is_reproduced_and_its_parts_are_consistent(judged):
    assert judged.loc["UBB24-22", "verdict_code"] == "reproduced"
    assert judged.loc[["UBB24-20", "UBB24-21"], "verdict_code"].tolist() == ["consistent"] * 2
    assert judged.loc["UBB24-22", "reason"].startswith("Follows from UBB24-20 and UBB24-21 within rounding")


def test_an_assumption_is_said_beside_the_verdict_that_needs_it(judged):
    assert "provided that everybody counts as a woman or a man" in judged.loc["UBB24-08", "reason"]
    assert "provided that" not in judged.loc["UBB24-02", "reason"]


def test_a_contradiction_is_told_by_how_much_on_every_side(small):
    relations = "checks:\n  - {id: c, kind: within, whole: X-1, parts: [X-2], says: users may use}\n"
    found = judge(load_register(small(row("X-1", 40), row("X-2", 62), relations=relations)))
    assert found["verdict_code"].tolist() == ["contradicted"] * 2
    assert found["points"].tolist() == pytest.approx([0.21] * 2)
    assert "they are 21 points apart" in found["reason"].iloc[0]


def test_the_worst_of_several_checks_is_the_verdict(small):
    relations = (
        "checks:\n  - {id: c, kind: within, whole: X-1, parts: [X-2], says: s}\n"
        "  - {id: d, kind: within, whole: X-3, parts: [X-2], says: s}\n"
    )
    found = judge(load_register(small(row("X-1", 70), row("X-2", 62), row("X-3", 50), relations=relations)))
    assert found["verdict_code"].tolist() == ["consistent", "contradicted", "contradicted"]


@pytest.mark.parametrize(
    ("value", "n", "weighted", "verdict"),
    [
        (33, 9, "no", "consistent"),
        (34, 9, "no", "contradicted"),
        (34, 9, "unknown", UNTESTED),
        (34, 900, "no", UNTESTED),
    ],
)
def test_a_percentage_no_number_of_people_gives_is_contradicted_unless_weighted(
    small, value, n, weighted, verdict
):
    study = STUDY.replace("weighted: no", f"weighted: {weighted}").replace("total: 100", "total: 1000")
    found = judge(load_register(small(row("X-1", value, n=n), study=study))).iloc[0]
    assert found["verdict_code"] == verdict
    if verdict == "contradicted":
        assert found["points"] == pytest.approx(abs(3 / 9 - 0.34))


def test_a_ratio_bounds_the_comparison_group_and_nothing_else(judged):
    found = judged.loc["UTT25-03"]
    assert found["verdict_code"] == UNTESTED
    assert "53 % of it at most" in found["reason"]
    assert judged.loc["UTT25-04", "reason"].count("67 % of it at most") == 1, "“twice” may be 1.5 times"


def test_what_others_printed_is_judged_against_the_nearest_source(register):
    read = judge_readings(register)
    assert len(read) == len(register.relations.readings) == 15
    found = read.drop_duplicates("finding_id").set_index("finding_id")
    wordings = read[read["said"].str.contains("wellbeing|disengaged")]
    assert set(wordings["finding_id"]) == {"UTT25-03", "UBB24-25"}
    assert set(wordings["verdict_code"]) == {UNTESTED}
    assert found.loc["UBB24-04", ["verdict_code", "points"]].tolist() == ["contradicted", pytest.approx(0.02)]
    assert found.loc["UTT25-07", ["verdict_code", "points"]].tolist() == ["contradicted", pytest.approx(0.01)]
    assert found.loc["SEC26-10", ["verdict_code", "points"]].tolist() == ["reproduced", 0]
    assert found.loc["UBB24-02", "verdict_code"] == "contradicted"
    assert found.loc["UTT25-03", "verdict_code"] == "contradicted"
    assert found.loc["UBB24-22", "verdict_code"] == UNTESTED


def test_a_conflict_between_sources_stands_beside_its_claim(judged):
    assert "getcoai.com: “21 %”" in judged.loc["UBB24-04", "conflict"]
    assert "88 % report burnout" in judged.loc["UTT25-03", "conflict"]
    assert judged.loc["UBB24-01", "conflict"] == ""


def test_88_percent_more_likely_and_88_percent_of_them_are_two_claims():
    ratio = implied_by_ratio(1.88, [0.2, 0.4, 0.5, 0.6])
    assert ratio["share"].iloc[:3].tolist() == pytest.approx([0.376, 0.752, 0.94])
    assert ratio["gap"].iloc[:3].tolist() == pytest.approx([0.176, 0.352, 0.44])
    assert ratio["odds_ratio"].iloc[0] == pytest.approx((0.376 / 0.624) / (0.2 / 0.8))
    assert ratio["possible"].tolist() == [True, True, True, False]
    assert ratio.loc[3, ["share", "gap", "odds_ratio"]].isna().all()
    share = implied_by_share(0.88, [0.2, 0.4, 0.5])
    assert share["ratio"].tolist() == pytest.approx([4.4, 2.2, 1.76])
    same = 0.88 / 1.88
    assert implied_by_ratio(1.88, [same])["share"].iloc[0] == pytest.approx(0.88)
    assert same == pytest.approx(0.468, abs=5e-4), "46.8 %, as relations.yaml says"
    assert largest_comparison(1.88) == pytest.approx(1 / 1.88) == pytest.approx(0.532, abs=5e-4)
    assert largest_comparison(0.5) == 1
    edge = implied_by_ratio(1.88, [largest_comparison(1.88)]).iloc[0]
    assert (edge["share"], bool(edge["possible"])) == (pytest.approx(1), True)
    assert math.isnan(edge["odds_ratio"]), "no odds where everybody is"


def test_ratios_and_shares_that_cannot_be_are_refused():
    with pytest.raises(
        InvalidInput, check=problem("out-of-range", "ratio") + problem("out-of-range", "comparison")
    ) as caught:
        implied_by_ratio(0, [40])
    assert len(caught.value.problems) == 2
    with pytest.raises(InvalidInput, check=problem("out-of-range", "share")):
        implied_by_share(88, [0.4])
    with pytest.raises(InvalidInput, check=problem("out-of-range", "comparison")):
        implied_by_share(0.88, [0.0])
