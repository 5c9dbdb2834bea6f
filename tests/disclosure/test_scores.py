"""Net and recommend scores at the gate."""

from __future__ import annotations

import pytest

from toolkit.disclosure.cells import kind_of


@pytest.mark.parametrize("measure", ["net", "recommend", "mean"])
def test_a_score_is_ruled_as_a_mean_and_not_as_the_share_of_a_code(measure: str) -> None:
    assert kind_of(measure, "measure") == "function"
