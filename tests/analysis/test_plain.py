"""A coded column is read the same way everywhere: its reserved codes are no answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit import analysis
from toolkit.analysis.answers import as_numbers
from toolkit.errors import InvalidInput

CODES = ["-6", "-5", "-4", "-3", "-2", "-1", "1", "2", "3", "4", "5"]
A = ["5", "4", "-3", "2", "5", "-5", "3", "4", "1", "5"]
B = ["1", "2", "2", "-1", "3", "4", "1", "-6", "2", "3"]

TWO_SAMPLES: list[Callable[[Any, Any], Any]] = [
    analysis.cliff_delta,
    lambda a, b: analysis.weighted_quantile(a, np.ones(len(b)), 0.5, rule="school"),
]


def _coded(answers: list[str]) -> pd.Series:
    return pd.Series(pd.Categorical(answers, categories=CODES, ordered=True))


def _plain(answers: list[str]) -> np.ndarray:
    return np.array([np.nan if one.startswith("-") else float(one) for one in answers])


@pytest.mark.parametrize("call", TWO_SAMPLES)
def test_reserved_codes_are_no_answers_wherever_samples_are_compared(
    call: Callable[[Any, Any], Any],
) -> None:
    assert repr(call(_coded(A), _coded(B))) == repr(call(_plain(A), _plain(B)))


def test_a_number_below_zero_that_is_no_code_is_a_number() -> None:
    assert as_numbers("a", [-3.0, 2.0]).tolist() == [-3.0, 2.0]
    assert as_numbers("a", pd.Categorical([2, 1, 2])).tolist() == [2.0, 1.0, 2.0]


def test_answers_that_are_no_numbers_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.cliff_delta(pd.Series(pd.Categorical(["man", "all"])), [1, 2])
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.cliff_delta(pd.DataFrame({"x": ["one", "two"]}), [1, 2])
