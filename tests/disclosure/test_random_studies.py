"""Random studies under attack: careful releases give nothing away, careless ones are refused."""

from __future__ import annotations

import pytest

from tests.disclosure.attacker import CAREFUL, check

pytestmark = pytest.mark.slow

CARELESS = (2, 4, 1018)
"""Seeds of studies whose results leave in separate calls, in a second issue, and rounded in two calls."""
CAREFULLY = (0, 1, 6, 9)
"""Seeds of one call, cuts, waves and a ledger."""


@pytest.mark.parametrize("seed", CAREFULLY)
def test_a_careful_release_gives_nothing_away(seed: int) -> None:
    outcome = check(seed)
    assert outcome.kind in CAREFUL
    assert outcome.sound, outcome
    assert outcome.passed, outcome.breaches


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 20))
def test_more_random_studies_give_nothing_away_or_are_refused(first: int) -> None:
    outcomes = [check(seed, audited=seed % 4 == 0) for seed in range(first, first + 20)]
    assert [outcome.seed for outcome in outcomes if not outcome.sound] == []
    refused = [outcome for outcome in outcomes if outcome.careful and not outcome.passed]
    assert {outcome.kind for outcome in refused} <= {"one", "ledger"}, "what reports print is not refused"


def test_what_the_attacker_finds_in_careless_releases_is_refused() -> None:
    """Otherwise the tests above would show nothing."""
    outcomes = [check(seed) for seed in CARELESS]
    assert all(outcome.finds and not outcome.passed for outcome in outcomes), outcomes
