"""Exercises on published figures: proof, intervals, bases, and ratios in the news."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.findings import (
    check_claims,
    half_left_out_from,
    implied_by_ratio,
    implied_by_share,
    judge,
    largest_comparison,
    pair_over_design_effects,
    possible_bases,
    share_intervals,
    shares_of_groups,
)
from toolkit.teaching.exercise import Exercise, Mistake

if TYPE_CHECKING:
    from toolkit.findings import Register

__all__ = ["FIGURES", "NEWS", "STUDY"]

STUDY = "upwork-2024"
_AI_USERS = ("UBB24-02", "UBB24-03", "UBB24-04", "UBB24-05", "UBB24-06")


def _count(verdict: str) -> Callable[[Register], int]:
    return lambda register: int((judge(register.of(STUDY))["verdict_code"] == verdict).sum())


def _sum(register: Register) -> str:
    checks = check_claims(register.of(STUDY)).set_index("kind")
    return str(checks.loc["sum", "whole"])


def _ends(register: Register, finding: str, *, rounding: bool = True) -> tuple[float, float]:
    claim = register.claim(finding)
    names = ("low", "high") if rounding else ("value", "value")
    return float(claim[names[0]]), float(claim[names[1]])


def _women(register: Register, *, rounding: bool = True) -> float:
    three = ("UBB24-08", "UBB24-09", "UBB24-10")
    return shares_of_groups(*(_ends(register, one, rounding=rounding) for one in three))[1]


def _burned_out(register: Register, *, level: float = 0.95) -> tuple[float, float]:
    claim = register.claims[register.claims["finding_id"] == "UBB24-08"]
    row = share_intervals(claim, level=level).iloc[0]
    return float(row["conf_low"]), float(row["conf_high"])


def _one_error(register: Register) -> tuple[float, float]:
    """Compute the share plus and minus one standard error."""
    claim = register.claim("UBB24-08")
    share = float(claim["value"]) / 100
    error = float(np.sqrt(share * (1 - share) / float(claim["n"])))
    return share - error, share + error


def _flexible(register: Register) -> Any:
    return pair_over_design_effects(register, "flexible", [1.0]).iloc[0]


def _gap(register: Register) -> tuple[float, float]:
    row = _flexible(register)
    return float(row["conf_low"]), float(row["conf_high"])


def _ends_apart(register: Register) -> tuple[float, float]:
    """Subtract the ends of two intervals."""
    pair = register.claims.set_index("finding_id", drop=False).loc[["UBB24-26", "UBB24-27"]]
    found = share_intervals(pair)
    low, high = found["conf_low"].to_numpy(), found["conf_high"].to_numpy()
    return float(low[0] - high[1]), float(high[0] - low[1])


def _smallest_base(register: Register) -> int:
    most = int(register.claim("UBB24-08")["n"])
    return min(possible_bases([_ends(register, one) for one in _AI_USERS], most))


def _ratio(register: Register) -> float:
    return float(register.claim("UTT25-03")["value"])


FIGURES = (
    Exercise(
        "figures-1",
        "How many claims of the 2024 study cannot be tested from what is published?",
        "count",
        _count("cannot be tested from what is published"),
        "Count the verdicts of judge: half of the claims stand alone, with nothing to hold them against.",
        "judge gives every claim a verdict; value_counts counts them.",
        about="register",
        mistakes=(Mistake(_count("consistent"), "These are the consistent ones."),),
    ),
    Exercise(
        "figures-2",
        "Which claim follows from two others by adding them up? Give its id.",
        "name",
        _sum,
        "Those whose company requires AI tools and those whose company encourages them: 39 + 46 = 85 %.",
        "The check of kind “sum” names the whole and its parts.",
        about="register",
        mistakes=(
            Mistake(lambda register: "ubb24-20", "This is one of the parts; which is the whole?"),
            Mistake(lambda register: "ubb24-21", "This is one of the parts; which is the whole?"),
        ),
    ),
    Exercise(
        "figures-3",
        "71 % are burned out, of women 74 %, of men 68 %. What share of women is the largest possible?",
        "fraction",
        _women,
        "(71.5 − 67.5) / (73.5 − 67.5): everybody as high, and women and men as low, as rounding allows.",
        "Every figure is rounded: 71 % is anything from 70.5 to 71.5 %. See shares_of_groups.",
        about="register",
        mistakes=(
            Mistake(lambda register: _women(register, rounding=False), "So it would be without rounding."),
            Mistake(lambda register: 1 - _women(register), "This is the smallest share, not the largest."),
        ),
    ),
    Exercise(
        "interval-1",
        "71 % of 625 employees are burned out. Give the 95 % interval, both ends.",
        "ends",
        _burned_out,
        "Wilson's interval of 71 % with n = 625; the plain one, ± 1.96 standard errors, is nearly the same.",
        "About two standard errors to each side; share_intervals has it exactly.",
        about="register",
        mistakes=(
            Mistake(
                _one_error,
                "This is half as wide as it should be: one standard error to each side, or everybody in the "
                "study for a base of employees.",
            ),
            Mistake(lambda register: _burned_out(register, level=0.99), "This is the interval at 99 %."),
        ),
    ),
    Exercise(
        "interval-2",
        "By how much do leaders report flexible work more often than employees?",
        "fraction",
        lambda register: float(_flexible(register)["gap"]),
        "0.90 − 0.73: the gap of two shares is counted in points.",
        "Subtract the employees' share from the leaders'.",
        about="register",
        mistakes=(
            Mistake(
                lambda register: (
                    float(_flexible(register)["estimate_a"] / _flexible(register)["estimate_b"]) - 1
                ),
                "This is by how many per cent the one is larger than the other; asked is the gap in points.",
            ),
        ),
    ),
    Exercise(
        "interval-3",
        "Give the 95 % interval of that gap, both ends.",
        "ends",
        _gap,
        "Newcombe's interval: the squares of the two errors add up, not the errors themselves.",
        "gaps_from_summary takes the two shares and their bases.",
        about="register",
        mistakes=(
            Mistake(
                _ends_apart,
                "This subtracts the ends of two intervals. It is too wide: both samples would have to be far "
                "off, in opposite directions, at once. The squares of the errors add up.",
            ),
        ),
    ),
    Exercise(
        "base-1",
        "Had 300 of the 625 employees used AI, what share of all employees would 77 % of the users be?",
        "fraction",
        lambda register: float(register.claim("UBB24-02")["value"]) / 100 * 300 / 625,
        "0.77 × 300 / 625: a share of users becomes a share of everybody by the share who are users.",
        "How many people are 77 % of 300, and what share of 625 are they?",
        about="register",
        mistakes=(
            Mistake(
                lambda register: float(register.claim("UBB24-02")["value"]) / 100,
                "This is the share of the users. To print it for all employees is to change the base.",
            ),
            Mistake(lambda register: 300 / 625, "This is the share who would be users."),
        ),
    ),
    Exercise(
        "base-2",
        "From how many answers on does the interval of 77 % leave a half out, so that “most” holds?",
        "count",
        lambda register: half_left_out_from(register.claim("UBB24-02"), 625),
        "“Most” holds for nearly every base; what the base decides is how much more than a half it is.",
        "half_left_out_from tries every base up to the size of the audience.",
        about="register",
    ),
    Exercise(
        "base-3",
        "Five figures on AI users: 77, 39, 23, 21, 47 %. What is the smallest base all can be true of?",
        "count",
        _smallest_base,
        "A whole number of people must give each figure. Some bases between this one and 100 fail again.",
        "possible_bases takes what rounds to each figure, and the largest base to try.",
        about="register",
    ),
)
"""Notebooks 1 to 3."""

NEWS = (
    Exercise(
        "ratio-1",
        "“88 % more likely to be burned out.” What is the largest share the others can have?",
        "fraction",
        lambda register: largest_comparison(_ratio(register)),
        "1 / 1.88: 1.88 times the others' share cannot pass 100 %. More than that the ratio does not say.",
        "1.88 times the others' share is at most 1.",
        about="register",
        mistakes=(
            Mistake(lambda register: 1 - (_ratio(register) - 1), "What is left of 88 % says nothing here."),
            Mistake(
                lambda register: _ratio(register) - 1, "88 % is no share of anybody: it is how much larger."
            ),
            Mistake(
                lambda register: 1 / (_ratio(register) - 1), "“88 % more” is 1.88 times, not 0.88 times."
            ),
        ),
    ),
    Exercise(
        "ratio-2",
        "Were 30 % of the others burned out, what share would it be of those who are “88 % more likely”?",
        "fraction",
        lambda given: float(implied_by_ratio(1.88, [0.3])["share"].iloc[0]),
        "1.88 × 0.30. With 10 % among the others it would be 19 %: the ratio alone tells no share.",
        "Times as likely means: multiply.",
        mistakes=(
            Mistake(lambda given: 0.88, "88 % is how much larger the share is, not the share."),
            Mistake(lambda given: 0.3 * 0.88, "“88 % more” is 1.88 times, not 0.88 times."),
        ),
    ),
    Exercise(
        "ratio-3",
        "88 % of one group are burned out, 80 % of the other. How many times as likely is it in the first?",
        "number",
        lambda given: float(implied_by_share(0.88, [0.8])["ratio"].iloc[0]),
        "0.88 / 0.80: a large share, and a small ratio. “88 % more likely” would be 1.88.",
        "Divide the one share by the other.",
        tolerance=0.01,
        mistakes=(
            Mistake(lambda given: 1.88, "This would be “88 % more likely”. Here 88 % is a share."),
            Mistake(lambda given: 0.08, "This is the gap. How many times as likely?"),
            Mistake(lambda given: 0.8 / 0.88, "The other way round: first over second."),
        ),
    ),
    Exercise(
        "ratio-4",
        "For which share of the others are “88 % more likely” and “88 % of them” both true?",
        "fraction",
        lambda register: 0.88 / _ratio(register),
        "0.88 / 1.88. Only there do the two sentences say the same; for every other share one is wrong.",
        "1.88 times the others' share would have to be 0.88.",
        about="register",
        mistakes=(
            Mistake(
                lambda register: largest_comparison(_ratio(register)),
                "This is the most the others can have: 1.88 times it is 100 %, not 88 %.",
            ),
        ),
    ),
)
"""Notebook 8."""
