"""The policy: what may leave, read strictly and said in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.refusals import problem
from toolkit.disclosure import Policy, load_policy
from toolkit.errors import InvalidInput


def test_defaults_are_those_of_the_design():
    policy = Policy()
    assert (policy.threshold, policy.sensitive_threshold, policy.unanimity) == (5, 7, True)


@pytest.mark.parametrize(
    ("n", "bounds"),
    [
        (5, (0.2, 0.8)),
        (9, (0.2, 0.8)),
        (10, (0.1, 0.9)),
        (39, (0.1, 0.9)),
        (40, (0.05, 0.95)),
        (99, (0.05, 0.95)),
        (100, (0.02, 0.98)),
        (299, (0.02, 0.98)),
        (300, (0.01, 0.99)),
        (900, (0.01, 0.99)),
    ],
)
def test_bounds_follow_the_base(n, bounds):
    assert Policy().unanimity_bounds(n) == bounds


def test_a_bound_never_means_exactly_nobody():
    bounds = {n: Policy(threshold=3).unanimity_bounds(n) for n in range(3, 1000)}
    assert all(int(low * n + 1e-9) >= 1 for n, (low, _) in bounds.items())
    assert all(low + high == pytest.approx(1) for low, high in bounds.values())


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
