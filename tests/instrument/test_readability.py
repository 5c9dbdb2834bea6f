"""The reading grade is the published formula on words, sentences and syllables."""

from __future__ import annotations

import math

import pytest

from toolkit.instrument.lint_warnings import reading_grade, syllables

# Syllables as the Carnegie Mellon Pronouncing Dictionary has them.
SPOKEN = {
    "the": 1, "work": 1, "likes": 1, "asked": 1, "doubled": 2, "skilled": 1, "table": 2, "statement": 2,
    "likely": 2, "client": 2, "being": 2, "employee": 3, "employer": 3, "evaluate": 4, "minutes": 2,
    "wellbeing": 3, "period": 3, "idea": 3, "people": 2, "question": 2, "special": 2, "religion": 3,
    "productivity": 5, "organization": 5, "individual": 5, "client's": 2, "changes": 2, "needed": 2,
    "capitalism": 5, "medium": 3, "useful": 2,
}  # fmt: skip


@pytest.mark.parametrize(("word", "count"), SPOKEN.items())
def test_syllables_are_those_of_a_pronouncing_dictionary(word: str, count: int) -> None:
    assert syllables(word) == count


def test_an_abbreviation_is_spelled_and_a_number_counts_one() -> None:
    assert (syllables("AI"), syllables("HTML"), syllables("12")) == (2, 4, 1)


def test_the_grade_is_the_formula() -> None:
    text = "The cat sat on the mat. The dog ran."
    assert reading_grade([text]) == pytest.approx(0.39 * 9 / 2 + 11.8 * 9 / 9 - 15.59)


def test_two_texts_are_two_sentences_with_or_without_a_full_stop() -> None:
    assert reading_grade(["The cat sat", "The dog ran"]) == reading_grade(["The cat sat. The dog ran."])


def test_longer_words_and_longer_sentences_are_harder() -> None:
    easy = reading_grade(["I like my work."])
    assert reading_grade(["I appreciate my occupation."]) > easy
    assert reading_grade(["I like my work in the place where I sit with my dog all day."]) > easy


def test_no_words_have_no_grade() -> None:
    assert math.isnan(reading_grade(["…", ""]))
