"""Small groups leave the frame before anything is computed."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.disclosure import Policy, admit
from toolkit.disclosure.policy import LOWEST_THRESHOLD, large_enough
from toolkit.errors import InvalidInput


def frame_of(counts: dict[str, int]) -> pd.DataFrame:
    names = [name for name, count in counts.items() for _ in range(count)]
    column = pd.Categorical(names, categories=list(counts), ordered=True)
    return pd.DataFrame({"respondent": [str(i) for i in range(len(names))], "audience": column})


def test_a_small_group_is_in_no_base():
    admitted = admit(frame_of({"executive": 4, "employee": 30}), Policy())
    assert admitted.withheld == ("executive",)
    assert set(admitted.frame["audience"]) == {"employee"}
    assert list(admitted.frame["audience"].cat.categories) == ["employee"]


def test_the_groups_that_are_large_enough_are_those_that_are_admitted():
    audiences = {"executive": 1, "employee": 2}
    parts = {
        str(count): frame_of({name: times * count for name, times in audiences.items()}).assign(
            organisation=str(count)
        )
        for count in range(10)
    }
    told = large_enough(
        pd.concat(parts).sample(frac=1, random_state=1), Policy(), by=("organisation", "audience")
    )
    assert set(told) == {
        (organisation, audience)
        for organisation, part in parts.items()
        for audience in admit(part, Policy()).frame["audience"].unique()
    }


def test_participation_says_no_count_below_the_threshold():
    found = admit(
        frame_of({"executive": 3, "employee": 30, "freelancer": 0}),
        Policy(),
        population={"executive": 6, "employee": 60, "freelancer": 0},
    ).participation.set_index("audience")
    assert found["answered_shown"].to_dict() == {"executive": "<5", "employee": "30", "freelancer": "0"}
    assert found["answered"].fillna(-1).to_dict() == {"executive": -1, "employee": 30, "freelancer": 0}
    assert found["threshold"].tolist() == [5, 5, 5]
    assert found["invited"].to_dict() == {"executive": 6, "employee": 60, "freelancer": 0}
    assert found.loc["employee", "response_rate"] == pytest.approx(0.5)
    assert found.loc["executive", ["answered", "response_rate", "margin"]].isna().all()


def test_nobody_answering_looks_like_a_few_answering():
    invited = {"executive": 6, "employee": 60}
    none = admit(frame_of({"executive": 0, "employee": 30}), Policy(), population=invited).participation
    some = admit(frame_of({"executive": 4, "employee": 30}), Policy(), population=invited).participation
    pd.testing.assert_frame_equal(none, some)


def test_margin_is_that_of_a_finite_population():
    found = admit(frame_of({"employee": 60}), Policy(), population={"employee": 60}).participation
    assert found["margin"].item() == pytest.approx(0)


def test_unknown_headcounts_stay_unknown():
    found = admit(frame_of({"employee": 60}), Policy()).participation
    assert found[["invited", "response_rate", "margin"]].isna().all(axis=None)
    assert found["answered"].item() == 60


@pytest.mark.parametrize(
    ("frame", "population", "refusal"),
    [
        (pd.DataFrame({"x": [1]}), None, problem("unknown-column", "column audience")),
        (frame_of({"employee": 9}), {"employee": 8}, problem("above-population", "audience 'employee'")),
        (pd.DataFrame({"audience": ["employee", None]}), None, problem("missing-value", "column audience")),
    ],
)
def test_what_does_not_fit_is_refused(frame, population, refusal):
    with pytest.raises(InvalidInput, check=refusal):
        admit(frame, Policy(), population=population)


@pytest.mark.parametrize("threshold", range(LOWEST_THRESHOLD, 10))
def test_every_group_left_reaches_the_threshold(threshold):
    counts = {f"group of {count}": count for count in range(13)}
    frame = frame_of(counts)
    before = frame.copy()
    admitted = admit(frame, Policy(threshold=threshold, sensitive_threshold=9))
    left = admitted.frame["audience"].astype(str).value_counts()
    assert left.to_dict() == {name: count for name, count in counts.items() if count >= threshold}
    shown = admitted.participation["answered"].dropna()
    assert (shown >= threshold).all()
    pd.testing.assert_frame_equal(frame, before)
