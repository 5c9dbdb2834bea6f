"""Exercises on words: methods statements and answers about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.analysis import margin_of_error
from toolkit.checklists import checklist
from toolkit.course.topics import STUDY, Exercise, Mistake
from toolkit.errors import near_names
from toolkit.study import AAPOR_ITEMS

if TYPE_CHECKING:
    from toolkit.claims import Register
    from toolkit.study import Study

_SHORTEST = 4
_UNSAID = ("not published", "unpublished", "not known", "unknown", "not said", "not reported", "not stated")


def _employees(register: Register) -> float:
    return float(margin_of_error(register.studies[STUDY].audiences["Full-time employees"]))


def _everybody(register: Register) -> float:
    return float(margin_of_error(sum(register.studies[STUDY].audiences.values())))


def _names_with_status(source: Any, status: str, name: str) -> list[str]:
    found = checklist(source, lists=[name])
    return [str(one) for one in found.loc[found["status"] == status, "item"]]


def _left_out(register: Register) -> list[str]:
    return _names_with_status(register.studies[STUDY], "missing", "aapor")


def _count_missing(study: Study) -> int:
    return len(_names_with_status(study, "missing", "cherries"))


def _count_to_check(study: Study) -> int:
    return len(_names_with_status(study, "to check", "cherries"))


def _problems(statement: Any, register: Register) -> list[str]:
    """List what a methods statement of the 2024 study lacks."""
    if not isinstance(statement, Mapping) or not all(
        isinstance(part, str) for pair in statement.items() for part in pair
    ):
        return ["Give a dictionary: the name of each element and your text."]
    text = [
        f"“{name}” is not an element: {near_names(name, AAPOR_ITEMS)}."
        for name in statement
        if name not in AAPOR_ITEMS
    ]
    short = [name for name in AAPOR_ITEMS if len(statement.get(name, "").split()) < _SHORTEST]
    if short:
        text.append(f"Blank, or too short to state anything: {', '.join(short)}.")
    return text + [words for name, words in _facts_missed(statement, register) if name not in short]


def _facts_missed(statement: Mapping[str, str], register: Register) -> list[tuple[str, str]]:
    """List the published facts that the statement omits, and the unknowns it does not admit."""
    facts = register.studies[STUDY]
    wanted = {
        "sponsor_and_conductor": [facts.publisher, facts.vendor.split(",")[0]],
        "dates": re.findall(r"[A-Z][a-z]+|\d{4}", facts.fieldwork),
        "sample_sizes_and_precision": [str(count) for count in facts.audiences.values()],
        "population": list(facts.countries),
    }
    wording = []
    for name, words in wanted.items():
        text = statement.get(name, "").casefold().replace(",", "")
        lacking = [word for word in dict.fromkeys(words) if word.casefold() not in text]
        if lacking:
            number = "a published fact is" if len(lacking) == 1 else f"{len(lacking)} published facts are"
            wording.append((name, f"{name}: {number} not there. See register.studies."))
    for name in ("weighting", "sampling"):
        if not any(words in statement.get(name, "").casefold() for words in _UNSAID):
            wording.append(
                (name, f"{name}: the study did not publish everything; the statement must admit it.")
            )
    return wording


EXERCISES = (
    Exercise(
        "methods-1",
        "Write the eleven elements of a methods statement for the 2024 study.",
        "texts",
        lambda register: {},
        "All eleven are there with the published facts, and it is stated what was not published. "
        "Whether it reads well, a person must judge.",
        "What is known is in register.studies; what is not, under unpublished.",
        about="register",
        judge=_problems,
    ),
    Exercise(
        "methods-2",
        "Which margin of error at 95% would the employees' shares have, were they a simple random sample?",
        "fraction",
        _employees,
        "margin_of_error(625), near 50%. A panel is not a random sample: the margin is too small.",
        "The margin belongs to the group that a share is of.",
        about="register",
        mistakes=(
            Mistake(_everybody, "This is the margin of all 2,500 together, of whom no figure was published."),
            Mistake(lambda register: 2 * _employees(register), "This is the whole width, from end to end."),
        ),
    ),
    Exercise(
        "critique-1",
        "Which AAPOR elements did the 2024 study leave out in the sources read? Give their names.",
        "names",
        _left_out,
        "Their status in the checklist is “missing”: no source that was read mentions them.",
        "checklist takes register.studies[...]; look at the column status.",
        about="register",
    ),
    Exercise(
        "critique-2",
        "How many CHERRIES items does the sample study leave without a word?",
        "count",
        _count_missing,
        "Count “missing”. Unreported is not the same as not done: the sample has no ethics board to name.",
        'checklist(study, lists=["cherries"]) has the column status.',
        about="study",
        mistakes=(Mistake(_count_to_check, "A sentence may cover these; a person must read it."),),
    ),
)
"""Notebooks 9 and 10."""
