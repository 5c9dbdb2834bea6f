"""The policy: what may leave, read strictly and said in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.refusals import problem
from toolkit.disclosure import Policy, load_policy
from toolkit.disclosure.policy import unrounded_bound
from toolkit.errors import InvalidInput


def test_defaults_are_those_of_the_design():
    policy = Policy()
    assert (policy.threshold, policy.sensitive_threshold, policy.unanimity) == (5, 7, True)


STEPS = (0.01, 0.02, 0.05, 0.10, 0.20, 1 / 3, 0.40)


@pytest.mark.parametrize(
    ("n", "one", "two"),
    [
        (3, 1 / 3, None),
        (5, 0.20, 0.40),
        (6, 0.20, 1 / 3),
        (9, 0.20, 1 / 3),
        (10, 0.10, 0.20),
        (19, 0.10, 0.20),
        (20, 0.05, 0.10),
        (49, 0.05, 0.05),
        (50, 0.02, 0.05),
        (100, 0.01, 0.02),
        (200, 0.01, 0.01),
        (900, 0.01, 0.01),
    ],
)
def test_bounds_follow_the_base_and_the_room(n, one, two):
    policy = Policy(threshold=4, sensitive_items=("burnout",))
    assert policy.unanimity_bounds(n, "trust") == (one, 1 - one)
    if two:
        assert policy.unanimity_bounds(n, "burnout") == (two, 1 - two)
        assert Policy(room=2).unanimity_bounds(n, "trust") == (two, 1 - two)


@pytest.mark.parametrize("policy", [Policy(threshold=4), Policy(room=2), Policy(preset="strict")])
def test_every_bound_leaves_room_and_is_the_narrowest_that_does(policy):
    """No step of the ladder below the one taken leaves room, and not every share is a bound."""
    for n in range(policy.threshold, 1000):
        low, high = policy.unanimity_bounds(n)
        assert low + high == pytest.approx(1)
        assert policy.room <= int(low * n + 1e-9) < n / 2
        assert not [step for step in STEPS if step < low and int(step * n + 1e-9) >= policy.room]


def test_rows_and_options_of_a_sensitive_item_are_sensitive():
    policy = Policy(sensitive_items=("burnout",))
    assert [policy.threshold_for(name) for name in ("burnout", "burnout_a", "burnouts", "trust")] == [
        7,
        7,
        5,
        5,
    ]


def test_a_file_writes_scalars_as_words():
    policy = load_policy({"threshold": "8", "sensitive_items": ["leave"], "unanimity": "true"})
    assert policy == Policy(threshold=8, sensitive_threshold=8, sensitive_items=("leave",), unanimity=True)


def test_every_problem_of_a_policy_is_named_at_once():
    with pytest.raises(InvalidInput) as caught:
        load_policy({"threshhold": "5", "threshold": "2", "unanimity": "yes"}, "study.yaml")
    said = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "did you mean 'threshold'" in said
    assert said.startswith("study.yaml")


def test_a_sensitive_threshold_below_the_threshold_is_refused():
    with pytest.raises(InvalidInput, check=problem("conflict", "policy")):
        load_policy({"threshold": 9, "sensitive_threshold": 7})


def test_a_policy_cannot_be_changed():
    with pytest.raises(ValidationError):
        Policy().threshold = 3


def test_words_name_the_numbers_of_the_policy():
    said = Policy(threshold=6, sensitive_threshold=9).text()
    assert "fewer than 6" in said
    assert "is 9" in said
    assert "bound" not in Policy(unanimity=False).text()


# --- presets


@pytest.mark.parametrize(
    ("name", "values"), [("standard", (5, 7, 1)), ("strict", (7, 10, 2)), ("research", (4, 5, 1))]
)
def test_a_preset_is_named_alone_or_made_stricter(name, values):
    policy = load_policy(name)
    assert (policy.threshold, policy.sensitive_threshold, policy.room) == values
    assert policy.preset == name
    stricter = load_policy({"preset": name, "threshold": "12", "unanimity": "true"})
    assert (stricter.threshold, stricter.sensitive_threshold, stricter.room) == (12, 12, values[2])
    assert Policy.model_validate(policy.model_dump()) == policy
    assert Policy() == Policy(**{k: v for k, v in load_policy("standard") if k != "preset"})


@pytest.mark.parametrize(
    ("given", "code", "where"),
    [
        ("strickt", "unknown-option", "policy → preset"),
        ({"preset": "strict", "threshold": 6}, "conflict", "policy"),
        ({"preset": "strict", "room": 1}, "conflict", "policy"),
        ({"preset": "standard", "threshold": 4}, "conflict", "policy"),
        ({"preset": "research", "threshold": 3}, "out-of-range", "policy → threshold"),
        ({"room": 3}, "out-of-range", "policy → room"),
        ({"room": 2, "threshold": 4}, "conflict", "policy"),
        ({"threshold": 4, "sensitive_threshold": 4}, "conflict", "policy"),
    ],
)
def test_a_policy_weaker_than_its_name_or_the_floor_is_refused(given, code, where):
    with pytest.raises(InvalidInput, check=problem(code, where)):
        load_policy(given)


@pytest.mark.parametrize("decimals", [2, 3, 16])
def test_a_rounded_bound_holds_the_same_counts(decimals: int) -> None:
    for n in range(3, 200):
        for bound in Policy().unanimity_bounds(n):
            found = unrounded_bound(round(bound, decimals), decimals)
            assert [count <= found * n + 1e-9 for count in range(n + 1)] == [
                count <= bound * n + 1e-9 for count in range(n + 1)
            ]
    assert unrounded_bound(0.34, 2) == 0.34
