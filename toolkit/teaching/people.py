"""Exercises on respondents: multiple comparisons, weights, small organisations, subtraction attacks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.analysis import gaps, margin_of_error, minimum_detectable_gap
from toolkit.findings import compare_pairs, possible_counts
from toolkit.teaching.exercise import Exercise, Mistake
from toolkit.weighting import effective_n

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["EXERCISES", "SMALL"]

SMALL = "org-04"
_TEN = [1.0] * 8 + [6.0] * 2


def _gaps(study: Study) -> pd.DataFrame:
    options: dict[str, Any] = {"measure": "top", "family": study.primary, "margin": study.margin}
    return gaps(study.responses(), study.instrument, **options)


def _tests(study: Study) -> int:
    return int(_gaps(study)["p_value"].notna().sum())


def _below(study: Study, column: str) -> int:
    return int((_gaps(study)[column] < 0.05).sum())


def _answered(study: Study, organisation: str, audience: str) -> int:
    frame = study.responses(organisation)
    return int((frame["audience"] == audience).sum())


def _margin(study: Study, *, known: bool = True) -> float:
    people = study.population(SMALL)["executive"] if known else None
    return float(margin_of_error(_answered(study, SMALL, "executive"), people))


def _visible(study: Study) -> float:
    return float(minimum_detectable_gap(*(_answered(study, SMALL, who) for who in ("executive", "employee"))))


def _visible_if_all_answered(study: Study) -> float:
    people = study.population(SMALL)
    return float(minimum_detectable_gap(people["executive"], people["employee"]))


def _hidden(study: Study, least: int = 1) -> int:
    frame = study.responses().dropna(subset=["organisation"])
    sizes = frame.groupby(["organisation", "audience"], observed=False).size()
    return int(((sizes >= least) & (sizes < study.policy.threshold)).sum())


def _tipping(register: Any) -> float:
    return float(
        compare_pairs(register.of("upwork-2024")).set_index("item").loc["flexible", "tipping_design_effect"]
    )


def _only_count(percent: float, n: int) -> int:
    return int(possible_counts(percent - 0.5, percent + 0.5, [n])["fewest"].iloc[0])


@cache
def _always_one_count() -> int:
    """Find the largest n at which no two counts round to the same whole percentage."""
    n = np.arange(1, 201)
    several = np.zeros(len(n), dtype=bool)
    for percent in range(101):
        found = possible_counts(max(percent - 0.5, 0), min(percent + 0.5, 100), n)
        several |= (found["most"] > found["fewest"]).fillna(False).to_numpy(dtype=bool)
    return int(n[np.flatnonzero(several)[0] - 1])


EXERCISES = (
    Exercise(
        "multiplicity-1",
        "If no gap of this study were real, how many of its comparisons would be expected below p = 0.05?",
        "number",
        lambda study: 0.05 * _tests(study),
        "One in twenty of all tests made: that many findings need no finding.",
        "How many rows of gaps have a p value, and which part of them falls below 0.05 by chance?",
        about="study",
        tolerance=0.5,
        mistakes=(Mistake(_tests, "This is how many tests there are."),),
    ),
    Exercise(
        "multiplicity-2",
        "18 comparisons, none of them real, each independent: how likely is at least one below 0.05?",
        "fraction",
        lambda given: 1 - 0.95**18,
        "1 − 0.95¹⁸: the chance that all 18 stay quiet is 0.95 eighteen times over.",
        "How likely is it that all 18 stay above 0.05?",
        mistakes=(
            Mistake(lambda given: 18 * 0.05, "This is how many are expected, not how likely one is."),
            Mistake(lambda given: 0.95**18, "This is how likely none is."),
            Mistake(lambda given: 0.05, "This is the chance for a single comparison."),
        ),
    ),
    Exercise(
        "multiplicity-3",
        "How many comparisons of the study are below 0.05 as they are, and no more once p is adjusted?",
        "count",
        lambda study: _below(study, "p_value") - _below(study, "p_adjusted"),
        "Count p_value below 0.05, and p_adjusted below 0.05: the difference is what adjusting takes back.",
        "Compare the columns p_value and p_adjusted of the rows of gaps.",
        about="study",
        mistakes=(
            Mistake(lambda study: _below(study, "p_value"), "So many are below 0.05 as they are."),
            Mistake(lambda study: _below(study, "p_adjusted"), "So many stay below 0.05 once adjusted."),
        ),
    ),
    Exercise(
        "weights-1",
        "Ten answers: eight weigh 1, two weigh 6. How many equal answers are they worth?",
        "number",
        lambda given: effective_n(_TEN),
        "(sum of weights)² / sum of squared weights = 20² / 80 (Kish 1965).",
        "Kish: the square of the sum over the sum of the squares.",
        tolerance=0.05,
        mistakes=(
            Mistake(lambda given: 10, "So many were asked. Two of them speak for most."),
            Mistake(lambda given: sum(_TEN), "This is the sum of the weights; it can be made any number."),
            Mistake(lambda given: 10 / effective_n(_TEN), "This is the design effect."),
        ),
    ),
    Exercise(
        "weights-2",
        "The same ten: how many times wider than unweighted is the interval?",
        "number",
        lambda given: float(np.sqrt(10 / effective_n(_TEN))),
        "The root of the design effect: √2. Variance goes with 1/n, width with its root.",
        "An interval is as wide as the root of the variance.",
        tolerance=0.02,
        mistakes=(Mistake(lambda given: 10 / effective_n(_TEN), "So much larger is the variance."),),
    ),
    Exercise(
        "weights-3",
        "Up to which design effect would the gap on flexible work of 2024 still leave 0 out?",
        "number",
        _tipping,
        "compare_pairs tries them: tipping_design_effect. A gap of 17 points stands nearly any weighting.",
        "Try larger and larger effects in pair_over_design_effects, or see tipping_design_effect.",
        about="register",
        tolerance=1.0,
    ),
    Exercise(
        "small-1",
        f"Ten of the twelve executives of {SMALL} answered. What is the margin of error near 50 %?",
        "fraction",
        _margin,
        "The two who did not answer are all the chance there is: √((12 − 10)/(12 − 1)) of the usual margin.",
        "margin_of_error takes the number of people as well.",
        about="study",
        mistakes=(
            Mistake(
                lambda study: _margin(study, known=False),
                "So it would be for ten out of very many. Here nearly everybody answered.",
            ),
        ),
    ),
    Exercise(
        "small-2",
        f"Which gap between executives and employees could {SMALL} see with 80 % power?",
        "fraction",
        _visible,
        "minimum_detectable_gap of those who answered; more employees would hardly help, the few decide.",
        "minimum_detectable_gap takes how many of each answered.",
        about="study",
        mistakes=(Mistake(_visible_if_all_answered, "This takes all who work there; how many answered?"),),
    ),
    Exercise(
        "small-3",
        "How many audiences of an organisation gave some answers, but too few to be shown?",
        "count",
        _hidden,
        "Cells of organisation and audience with 1 to 4 answers: below the policy's threshold of 5.",
        "Count the answers by organisation and audience; the policy's threshold says what is too few.",
        about="study",
        mistakes=(
            Mistake(lambda study: _hidden(study, 0), "Where nobody answered there is nothing to hide."),
        ),
    ),
    Exercise(
        "attack-1",
        "All: 43 % of 54. Employees: 40 % of 50. The executives are hidden. How many of the four agree?",
        "count",
        lambda given: _only_count(43, 54) - _only_count(40, 50),
        "Only 23 of 54 round to 43 %, and only 20 of 50 are 40 %: three of the four.",
        "Which whole number of 54 rounds to 43 %, and which of 50 to 40 %? See possible_counts.",
        mistakes=(
            Mistake(lambda given: 4, "This is how many executives there are."),
            Mistake(lambda given: 20, "This is how many employees agree."),
        ),
    ),
    Exercise(
        "attack-2",
        "Executives: 90 % or more of 12. Employees: 20 of 50. All: 32 of 62. How many of the twelve agree?",
        "count",
        lambda given: 32 - 20,
        "32 − 20: everybody, which is what “90 % or more” was to hide. So the total may not be printed.",
        "The bound hides nothing while a total stands beside it.",
        mistakes=(Mistake(lambda given: 11, "The bound allows 11 or 12. Which of them fits the total?"),),
    ),
    Exercise(
        "attack-3",
        "Up to how many answers does a whole percentage always tell the exact count?",
        "count",
        lambda given: _always_one_count(),
        "While the steps 1/n are at least a whole percent apart, no two counts round to one percentage. So "
        "rounding protects nobody in a firm this small.",
        "How far apart are two neighbouring counts, in per cent, with n answers?",
    ),
)
"""Notebooks 4 to 7."""
