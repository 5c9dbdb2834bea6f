"""Exercises of the course: what each asks for and how its right answer is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from toolkit.analysis import gaps, margin_of_error, minimum_detectable_gap
from toolkit.claims import (
    check_claims,
    compare_pairs,
    half_left_out_from,
    implied_by_ratio,
    implied_by_share,
    judge,
    largest_comparison,
    pair_over_design_effects,
    possible_bases,
    possible_counts,
    share_intervals,
    shares_of_groups,
)
from toolkit.errors import InvalidInput, Problem
from toolkit.weighting import effective_n

if TYPE_CHECKING:
    from toolkit.claims import Register
    from toolkit.instrument import Instrument
    from toolkit.study import Study

# Exercises: the question, a function that computes the answer, and known mistakes.


Kind = Literal["fraction", "number", "count", "ends", "name", "names", "texts"]
"""Kinds of answer: a count is a whole number, ends are those of an interval."""

NEEDS: dict[str, str] = {"register": "load_register", "study": "tk.load_study"}
"""Subject of an exercise → the call that supplies it."""


@dataclass(frozen=True)
class Mistake:
    """A common wrong answer, computed like the right one, with its explanation."""

    value: Callable[[Any], Any]
    says: str


@dataclass(frozen=True)
class Exercise:
    """One exercise of the course.

    Parameters
    ----------
    id
        The notebook's topic and a number: "interval-1".
    asks
        The question in a sentence.
    kind
        What the answer is.
    right
        Computes the right answer from what the exercise is about (None where it needs nothing).
    way
        How the answer comes about, shown with it.
    hint
        Where to look, shown beside every wrong answer.
    about
        "register", "study", or "" where the question holds all its figures.
    tolerance
        How far an answer may be from the right one; half a percentage point for fractions.
    mistakes
        Known wrong answers.
    judge
        For texts: what is missing in them, a sentence each.
    """

    id: str
    asks: str
    kind: Kind
    right: Callable[[Any], Any]
    way: str
    hint: str
    about: Literal["", "register", "study"] = ""
    tolerance: float = 0.005
    mistakes: tuple[Mistake, ...] = ()
    judge: Callable[[Any, Any], list[str]] | None = None


@dataclass(frozen=True)
class Checked:
    """The result of checking an answer.

    Parameters
    ----------
    id
        The exercise.
    state
        "right", "not yet", or "open" where nothing was answered.
    says
        Sentences: what is asked, or what is wrong, or why it is right.
    """

    id: str
    state: Literal["right", "not yet", "open"]
    says: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.state == "right"

    def __str__(self) -> str:
        return "\n  ".join([f"{self.id}: {self.state}", *self.says])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = {"right": "#1b6e3c", "not yet": "#a33b00", "open": "#44546a"}[self.state]
        text = "".join(f"<p style='margin:0.2em 0'>{escape(one)}</p>" for one in self.says)
        return (
            f"<div style='border-left:4px solid {colour};padding:0.2em 0.8em'>"
            f"<p style='margin:0.2em 0;color:{colour}'><strong>{escape(self.id)}: {self.state}</strong></p>"
            f"{text}</div>"
        )


# Random groups that cannot differ, to show what chance alone finds among many comparisons.


def random_halves(frame: pd.DataFrame, *, seed: int | np.random.Generator) -> pd.DataFrame:
    """Assign every respondent at random to half A or B, so that only chance separates them.

    Parameters
    ----------
    frame
        A row per respondent.
    seed
        Of the lot.

    Returns
    -------
    pandas.DataFrame
        The frame with a column "half" (A, B); the halves differ by at most one person.

    Examples
    --------
    >>> halves = random_halves(pd.DataFrame({"x": range(5)}), seed=1)["half"]
    >>> sorted(halves.value_counts().tolist())
    [2, 3]
    """
    drawn = np.random.default_rng(seed).permutation(len(frame)) % 2
    return frame.assign(half=pd.Categorical(np.where(drawn == 0, "A", "B"), ["A", "B"]))


def false_alarms(
    frame: pd.DataFrame, items: Instrument | Any, *, seeds: Iterable[int], alpha: float = 0.05
) -> pd.DataFrame:
    """Compare random halves repeatedly; every difference found is a false alarm.

    Parameters
    ----------
    frame
        Respondents of any kind; audiences are ignored.
    items
        The questions, as in `gaps`.
    seeds
        One a repetition.
    alpha
        What counts as found: p below it.

    Returns
    -------
    pandas.DataFrame
        A row per repetition: seed, tests, found (by unadjusted p values), found_holm (by p values adjusted
        over all questions).

    Raises
    ------
    InvalidInput
        No seed, or an alpha outside 0–1.
    """
    from toolkit.analysis import gaps

    wanted = list(seeds)
    problems = [] if wanted else [Problem("empty", "seeds", "are missing", "give some, such as range(20)")]
    if not 0 < alpha < 1:
        problems.append(
            Problem("out-of-range", "alpha", f"is {alpha:g}", "give a number between 0 and 1, such as 0.05")
        )
    if problems:
        raise InvalidInput("false_alarms", problems)
    rows = []
    for seed in wanted:
        halves = random_halves(frame, seed=seed)
        tested = gaps(halves, items, between="half", measure="top").dropna(subset=["p_value"])
        found = [int((tested[name] < alpha).sum()) for name in ("p_value", "p_adjusted")]
        rows.append({"seed": seed, "tests": len(tested), "found": found[0], "found_holm": found[1]})
    return pd.DataFrame(rows)


# Releases as a reader gets them, for attacks between two of them.


def as_printed(
    frame: pd.DataFrame, item: str, study: Study, *, audience: str | None = None, ledger: Any = False
) -> pd.Series:
    """Release one question's top box and return what a reader gets.

    Parameters
    ----------
    frame
        One row per respondent.
    audience
        The audience to release; None for everybody together.
    ledger
        As in `tk.release`.

    Returns
    -------
    Series
        n, share, count (share × n) and code (why it is withheld, or "").
    """
    from toolkit.analysis import proportions
    from toolkit.disclosure import release

    shares = proportions(frame, study.instrument[item], by="audience" if audience else None, measure="top")
    respondents = frame if ledger else None
    rows = release(shares, study.policy, instrument=study.instrument, ledger=ledger, respondents=respondents)[
        "results"
    ]
    row = rows[rows["audience"] == audience].iloc[0] if audience else rows.iloc[0]
    count = row["estimate"] * float(row["n"]) if row["shown"] else float("nan")
    return pd.Series(
        {"n": row["n_shown"], "share": row["estimate"], "count": count, "code": row["withheld_code"]}
    )


def refusal(call: Any, *arguments: Any, **options: Any) -> str:
    """Call something that should be refused, and return the code of the first problem; "" where it is not.

    Examples
    --------
    >>> import toolkit as tk
    >>> refusal(tk.load_study, "no_such_study.yaml")
    'file-not-found'
    """
    try:
        call(*arguments, **options)
    except InvalidInput as fault:
        return fault.problems[0].code
    return ""


# Exercises on respondents: multiple comparisons, weights, small organisations, subtraction attacks.


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
            Mistake(lambda given: 18 * 0.05, "This is the expected number, not the probability of one."),
            Mistake(lambda given: 0.95**18, "This is the probability of none."),
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
        "compare_pairs tries them: tipping_design_effect. A gap of 17 points survives nearly any weighting.",
        "Try larger and larger effects in pair_over_design_effects, or see tipping_design_effect.",
        about="register",
        tolerance=1.0,
    ),
    Exercise(
        "small-1",
        f"Ten of the twelve executives of {SMALL} answered. What is the margin of error near 50%?",
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
        f"Which gap between executives and employees could {SMALL} see with 80% power?",
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
        "Count the answers by organisation and audience; the policy's threshold defines what is too few.",
        about="study",
        mistakes=(
            Mistake(lambda study: _hidden(study, 0), "Where no one answered there is nothing to hide."),
        ),
    ),
    Exercise(
        "attack-1",
        "All: 43% of 54. Employees: 40% of 50. The executives are hidden. How many of the four agree?",
        "count",
        lambda given: _only_count(43, 54) - _only_count(40, 50),
        "Only 23 of 54 round to 43%, and only 20 of 50 are 40%: three of the four.",
        "Which whole number of 54 rounds to 43%, and which of 50 to 40%? See possible_counts.",
        mistakes=(
            Mistake(lambda given: 4, "This is how many executives there are."),
            Mistake(lambda given: 20, "This is how many employees agree."),
        ),
    ),
    Exercise(
        "attack-2",
        "Executives: 90% or more of 12. Employees: 20 of 50. All: 32 of 62. How many of the twelve agree?",
        "count",
        lambda given: 32 - 20,
        "32 − 20: everybody, which is what “90% or more” was to hide. So the total may not be printed.",
        "The bound hides nothing while a total is printed beside it.",
        mistakes=(Mistake(lambda given: 11, "The bound allows 11 or 12. Which of them fits the total?"),),
    ),
    Exercise(
        "attack-3",
        "Up to how many answers does a whole percentage always tell the exact count?",
        "count",
        lambda given: _always_one_count(),
        "While the steps 1/n are at least a whole percent apart, no two counts round to one percentage. So "
        "rounding protects no one in a firm this small.",
        "How far apart are two neighbouring counts, in per cent, with n answers?",
    ),
    Exercise(
        "releases-1",
        "Monday: 40% of 20. Tuesday, with one late answer: 43% of 21. How many late people agree?",
        "count",
        lambda given: _only_count(43, 21) - _only_count(40, 20),
        "Only 8 of 20 are 40%, and only 9 of 21 round to 43%: the late person agrees.",
        "Which whole number of 20 is 40%, and which of 21 rounds to 43%?",
        mistakes=(Mistake(lambda given: 3, "Percentages are not people."),),
    ),
    Exercise(
        "releases-2",
        "Last year 12 of 24 agreed. This year the same people answer alike, and with two newcomers 54% of "
        "26 agree. How many newcomers agree?",
        "count",
        lambda given: _only_count(54, 26) - 12,
        "Only 14 of 26 round to 54%, and twelve of them agreed before: both newcomers.",
        "Which whole number of 26 rounds to 54%?",
        mistakes=(Mistake(lambda given: 14, "So many agree this year, old and new."),),
    ),
    Exercise(
        "releases-3",
        "Three late answers have come, the threshold is 5. How many more must come to be counted?",
        "count",
        lambda given: 5 - 3,
        "Five late answers together: no one can distinguish them any more.",
        "The late answers must be none or at least five.",
        mistakes=(Mistake(lambda given: 5, "So many must have come in all."),),
    ),
)
"""Notebooks 4 to 7, and 11."""


# Exercises on published figures: proof, intervals, bases, and ratios in the news.


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
        "Count the verdicts of judge: half of the claims stand alone, with nothing to compare them with.",
        "judge gives every claim a verdict; value_counts counts them.",
        about="register",
        mistakes=(Mistake(_count("consistent"), "These are the consistent ones."),),
    ),
    Exercise(
        "figures-2",
        "Which claim follows from two others by adding them up? Give its id.",
        "name",
        _sum,
        "Those whose company requires AI tools and those whose company encourages them: 39 + 46 = 85%.",
        "The check of kind “sum” names the whole and its parts.",
        about="register",
        mistakes=(
            Mistake(lambda register: "ubb24-20", "This is one of the parts; which is the whole?"),
            Mistake(lambda register: "ubb24-21", "This is one of the parts; which is the whole?"),
        ),
    ),
    Exercise(
        "figures-3",
        "71% are burned out, of women 74%, of men 68%. What share of women is the largest possible?",
        "fraction",
        _women,
        "(71.5 − 67.5) / (73.5 − 67.5): everybody as high, and women and men as low, as rounding allows.",
        "Every figure is rounded: 71% is anything from 70.5 to 71.5%. See shares_of_groups.",
        about="register",
        mistakes=(
            Mistake(lambda register: _women(register, rounding=False), "So it would be without rounding."),
            Mistake(lambda register: 1 - _women(register), "This is the smallest share, not the largest."),
        ),
    ),
    Exercise(
        "interval-1",
        "71% of 625 employees are burned out. Give the 95% interval, both ends.",
        "ends",
        _burned_out,
        "Wilson's interval of 71% with n = 625; the plain one, ± 1.96 standard errors, is nearly the same.",
        "About two standard errors to each side; share_intervals has it exactly.",
        about="register",
        mistakes=(
            Mistake(
                _one_error,
                "This is half as wide as it should be: one standard error to each side, or everybody in the "
                "study for a base of employees.",
            ),
            Mistake(lambda register: _burned_out(register, level=0.99), "This is the interval at 99%."),
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
        "Give the 95% interval of that gap, both ends.",
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
        "Had 300 of the 625 employees used AI, what share of all employees would 77% of the users be?",
        "fraction",
        lambda register: float(register.claim("UBB24-02")["value"]) / 100 * 300 / 625,
        "0.77 × 300 / 625: a share of users becomes a share of everybody by the share who are users.",
        "How many people are 77% of 300, and what share of 625 are they?",
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
        "From how many answers on does the interval of 77% leave a half out, so that “most” holds?",
        "count",
        lambda register: half_left_out_from(register.claim("UBB24-02"), 625),
        "“Most” holds for nearly every base; what the base decides is how much more than a half it is.",
        "half_left_out_from tries every base up to the size of the audience.",
        about="register",
    ),
    Exercise(
        "base-3",
        "Five figures on AI users: 77, 39, 23, 21, 47%. What is the smallest base all can be true of?",
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
        "“88% more likely to be burned out.” What is the largest share the others can have?",
        "fraction",
        lambda register: largest_comparison(_ratio(register)),
        "1 / 1.88: 1.88 times the others' share cannot pass 100%. The ratio shows no more than that.",
        "1.88 times the others' share is at most 1.",
        about="register",
        mistakes=(
            Mistake(lambda register: 1 - (_ratio(register) - 1), "The remainder of 88% means nothing here."),
            Mistake(lambda register: _ratio(register) - 1, "88% is not a share: it is how much larger."),
            Mistake(lambda register: 1 / (_ratio(register) - 1), "“88% more” is 1.88 times, not 0.88 times."),
        ),
    ),
    Exercise(
        "ratio-2",
        "Were 30% of the others burned out, what share would it be of those who are “88% more likely”?",
        "fraction",
        lambda given: float(implied_by_ratio(1.88, [0.3])["share"].iloc[0]),
        "1.88 × 0.30. With 10% among the others it would be 19%: the ratio alone tells no share.",
        "Times as likely means: multiply.",
        mistakes=(
            Mistake(lambda given: 0.88, "88% is how much larger the share is, not the share."),
            Mistake(lambda given: 0.3 * 0.88, "“88% more” is 1.88 times, not 0.88 times."),
        ),
    ),
    Exercise(
        "ratio-3",
        "88% of one group are burned out, 80% of the other. How many times as likely is it in the first?",
        "number",
        lambda given: float(implied_by_share(0.88, [0.8])["ratio"].iloc[0]),
        "0.88 / 0.80: a large share, and a small ratio. “88% more likely” would be 1.88.",
        "Divide the one share by the other.",
        tolerance=0.01,
        mistakes=(
            Mistake(lambda given: 1.88, "This would be “88% more likely”. Here 88% is a share."),
            Mistake(lambda given: 0.08, "This is the gap. How many times as likely?"),
            Mistake(lambda given: 0.8 / 0.88, "The other way round: first over second."),
        ),
    ),
    Exercise(
        "ratio-4",
        "For which share of the others are “88% more likely” and “88% of them” both true?",
        "fraction",
        lambda register: 0.88 / _ratio(register),
        "0.88 / 1.88. Only there do the two sentences mean the same; for every other share one is wrong.",
        "1.88 times the others' share would have to be 0.88.",
        about="register",
        mistakes=(
            Mistake(
                lambda register: largest_comparison(_ratio(register)),
                "This is the most the others can have: 1.88 times it is 100%, not 88%.",
            ),
        ),
    ),
)
"""Notebook 8."""


# --- 11, writing questions


WRITING = (
    Exercise(
        "writing-1",
        "One in ten agrees with any statement; of all others 40% agree. What share agrees?",
        "fraction",
        lambda given: 0.1 + 0.9 * 0.4,
        "0.1 + 0.9 × 0.4: those who always agree, and 40% of the rest.",
        "Add those who always agree to the part of the others.",
        mistakes=(
            Mistake(lambda given: 0.1 + 0.4, "The 40% are of the others, who are nine in ten."),
            Mistake(lambda given: 0.4, "This leaves out those who agree with anything."),
        ),
    ),
    Exercise(
        "writing-2",
        "60% find their tools fast, 50% find them reliable. At most how many can agree with both?",
        "fraction",
        lambda given: min(0.6, 0.5),
        "No more than the smaller of the two; at least 0.6 + 0.5 − 1 = 0.1. The answer shows neither share.",
        "Imagine that everybody who finds them reliable also finds them fast.",
        mistakes=(
            Mistake(lambda given: 0.6 * 0.5, "This holds if the two have nothing to do with each other."),
            Mistake(lambda given: 0.6 + 0.5 - 1, "This is the least, not the most."),
            Mistake(lambda given: (0.6 + 0.5) / 2, "A mean of two shares is not the share of both."),
        ),
    ),
    Exercise(
        "writing-3",
        "Each week one in four takes part, whatever they did before. What share does so in four weeks?",
        "fraction",
        lambda given: 1 - 0.75**4,
        "1 − 0.75⁴: three in four stay away, four times over.",
        "How likely is it that a person takes part in none of the four weeks?",
        mistakes=(
            Mistake(lambda given: 1.0, "Some take part twice, so that others never do."),
            Mistake(lambda given: 0.25, "This is one week's share."),
            Mistake(lambda given: 0.75**4, "This is the share that never takes part."),
        ),
    ),
    Exercise(
        "writing-4",
        "Of 200 asked, 80 do not know; of the others 45% see the step. What share of all 200 sees it?",
        "fraction",
        lambda given: 120 / 200 * 0.45,
        "120 of 200 know, and 45% of them see it.",
        "First the part that knows, then the part of those that sees the step.",
        mistakes=(
            Mistake(lambda given: 0.45, "This is the share of those who know."),
            Mistake(lambda given: 0.45 - 80 / 200, "Shares of different bases cannot be subtracted."),
        ),
    ),
)
