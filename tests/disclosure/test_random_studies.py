"""Random studies under attack: careful releases give nothing away, careless ones are refused."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.disclosure.attacker import check, draw


@pytest.mark.parametrize("seed", range(12))
def test_a_random_study_gives_nothing_away_or_is_refused(seed: int) -> None:
    outcome = check(seed)
    assert outcome.sound, outcome
    if outcome.careful:
        assert outcome.passed, outcome.breaches


@pytest.mark.slow
@pytest.mark.parametrize("first", range(12, 212, 20))
def test_more_random_studies_give_nothing_away_or_are_refused(first: int) -> None:
    outcomes = [check(seed) for seed in range(first, first + 20)]
    assert [outcome.seed for outcome in outcomes if not outcome.sound] == []
    assert [outcome.seed for outcome in outcomes if outcome.careful and not outcome.passed] == []


def test_the_attacker_finds_something_in_careless_releases() -> None:
    """Otherwise the tests above would show nothing."""
    careless = [seed for seed in range(20) if not draw(seed).careful][:4]
    found = (seed for seed in careless if check(seed).finds)
    assert len(list(islice(found, 2))) == 2
