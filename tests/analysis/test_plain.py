"""A coded column is read the same way everywhere: its reserved codes are no answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit import analysis
from toolkit.analysis.plain import as_numbers
from toolkit.errors import InvalidInput

CODES = ["-6", "-5", "-4", "-3", "-2", "-1", "1", "2", "3", "4", "5"]
A = ["5", "4", "-3", "2", "5", "-5", "3", "4", "1", "5"]
B = ["1", "2", "2", "-1", "3", "4", "1", "-6", "2", "3"]

TWO_SAMPLES: list[Callable[[Any, Any], Any]] = [
    analysis.t_test,
    lambda a, b: analysis.t_test(a, b, paired=True),
    analysis.cohen_d,
    analysis.mann_whitney,
    analysis.brunner_munzel,
    analysis.cliff_delta,
    analysis.kolmogorov_smirnov,
    analysis.wilcoxon_signed_rank,
    analysis.correlation,
    lambda a, b: analysis.correlation(a, b, method="kendall"),
    lambda a, b: analysis.kruskal([a, b]),
    lambda a, b: analysis.weighted_quantile(a, np.ones(len(b)), 0.5, rule="school"),
    lambda a, b: analysis.anova({"a": a, "b": b}).to_dict(),
    lambda a, b: analysis.welch_anova({"a": a, "b": b}),
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


def test_reserved_codes_are_no_answers_in_a_frame_of_repeated_answers() -> None:
    coded = pd.DataFrame({"a": _coded(A), "b": _coded(B), "c": _coded(A[::-1])})
    plain = np.column_stack([_plain(A), _plain(B), _plain(A[::-1])])
    assert repr(analysis.friedman(coded)) == repr(analysis.friedman(plain))


def test_a_number_below_zero_that_is_no_code_is_a_number() -> None:
    assert as_numbers("a", [-3.0, 2.0]).tolist() == [-3.0, 2.0]
    assert as_numbers("a", pd.Categorical([2, 1, 2])).tolist() == [2.0, 1.0, 2.0]


def test_answers_that_are_no_numbers_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.t_test(pd.Series(pd.Categorical(["man", "all"])), [1, 2])
    with pytest.raises(InvalidInput, check=problem("not-a-number", "a")):
        analysis.t_test(pd.DataFrame({"x": ["one", "two"]}), [1, 2])
