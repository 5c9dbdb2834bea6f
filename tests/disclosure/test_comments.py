"""Comments are quoted only as approved, only where many commented, and never with an identifying detail."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import problem
from toolkit.disclosure.comments import (
    CommentRules,
    comments_of,
    merge_review,
    quotable,
    read_review,
    redact,
    review_problems,
)
from toolkit.disclosure.policy import Policy
from toolkit.errors import InvalidInput

RULES = CommentRules(items=("comment",), consent={"quote": ("1",)}, tags={"pay": ("salary", "wage")})


def answers(executives: int = 4, employees: int = 20) -> pd.DataFrame:
    """Everybody comments; every fifth employee does not agree to be quoted."""
    total = executives + employees
    return pd.DataFrame(
        {
            "respondent": [f"r{place}" for place in range(total)],
            "organisation": "acme",
            "wave": "2026",
            "audience": ["executive"] * executives + ["employee"] * employees,
            "quote": ["0" if place % 5 == 4 else "1" for place in range(total)],
            "comment": [f"My salary is low, thought {chr(97 + place)}" for place in range(total)],
        }
    )


def approved(found: pd.DataFrame) -> pd.DataFrame:
    return merge_review(found, None).assign(approved="yes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to jo.b+x@acme.example!", "Write to [e-mail]!"),
        ("jo (at) acme.example knows", "[e-mail] knows"),
        ("See https://acme.example/jo and www.acme.example", "See [address] and [address]"),
        ("Call +44 (0)20 7946 0018 or 0171-555-0102.", "Call [number] or [number]."),
        ("my staff number AB12345 and 99 others in 2026", "my staff number [id] and 99 others in 2026"),
        ("ask @jo_b", "ask [handle]"),
        ("Jo said so; JO too, Joanna not", "[name] said so; [name] too, Joanna not"),
        ("St. John's (Bath) office", "[name] office"),
    ],
)
def test_details_become_marks(text: str, expected: str) -> None:
    assert redact(text, names=["Jo", "St. John's (Bath)"]) == expected


@given(
    before=st.text(st.characters(categories=["L", "Zs"]), max_size=20),
    digits=st.lists(st.integers(0, 9), min_size=5, max_size=14),
    gap=st.sampled_from(["", " ", "-", ".", " / "]),
)
def test_no_number_of_five_digits_is_left(before: str, digits: list[int], gap: str) -> None:
    shown = redact(f"{before} {gap.join(map(str, digits))} end")
    assert sum(one.isdigit() for one in shown) - sum(one.isdigit() for one in before) < 5


@given(st.text(max_size=60))
def test_redaction_is_stable(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_only_those_who_agreed_are_listed_and_tagged_by_words() -> None:
    found = comments_of(answers(), RULES)
    assert len(found) == 20
    assert set(found["tags"]) == {"pay"}
    assert found["comment"].is_unique
    assert list(found["comment"]) == sorted(found["comment"])  # not in the order of the answers


def test_a_hidden_groups_comments_are_never_quoted() -> None:
    frame = answers()
    found = comments_of(frame, RULES)
    quoted = quotable(approved(found), found, frame, Policy(), RULES)
    executives = set(found.loc[found["audience"] == "executive", "text"])
    assert executives
    assert not executives & set(quoted["text"])
    assert len(quoted) == 16
    assert list(quoted) == ["item", "tag", "text"]


def test_too_few_comments_are_not_quoted_at_all() -> None:
    frame = answers(executives=4, employees=11)  # eight employees agreed
    found = comments_of(frame, RULES)
    assert quotable(approved(found), found, frame, Policy(), RULES).empty
    assert not quotable(
        approved(found), found, frame, Policy(), RULES.model_copy(update={"threshold": 8})
    ).empty


def test_nothing_is_quoted_unread() -> None:
    frame = answers()
    found = comments_of(frame, RULES)
    review = merge_review(found, None)
    assert set(review["approved"]) == {""}
    assert quotable(review, found, frame, Policy(), RULES).empty


def test_writing_the_review_again_keeps_the_analysts_work_and_drops_changed_comments() -> None:
    frame = answers()
    first = approved(comments_of(frame, RULES)).assign(text="My pay is low", tags="pay; mood")
    frame.loc[10, "comment"] = "Another thought"
    again = merge_review(comments_of(frame, RULES), first)
    assert (again["approved"] == "yes").sum() == 19
    assert set(again.loc[again["approved"] == "yes", "text"]) == {"My pay is low"}
    assert list(again.loc[again["approved"] == "", "text"]) == ["Another thought"]


def test_a_comment_stands_under_each_of_its_tags() -> None:
    frame = answers()
    found = comments_of(frame, RULES)
    review = approved(found).assign(tags="pay ; mood")
    assert set(quotable(review, found, frame, Policy(), RULES)["tag"]) == {"pay", "mood"}


def test_approving_a_detail_or_an_unknown_comment_is_refused() -> None:
    found = comments_of(answers(), RULES)
    review = approved(found).iloc[:4].copy()
    review.index = [2, 3, 4, 5]
    review.loc[2, "text"] = "Ask jo@acme.example"
    review.loc[3, "comment"] = "0" * 20
    review.loc[4, "organisation"] = "bolt"
    review.loc[5, "text"] = ""
    problems = [(one.code, one.where) for one in review_problems(review, found)]
    assert problems == [
        ("invalid-character", "line 2"),
        ("unknown-value", "line 3"),
        ("unknown-value", "line 4"),
        ("missing-value", "line 5"),
    ]


def test_a_review_file_is_read_as_it_was_written_and_refused_where_it_is_spoilt(tmp_path: Path) -> None:
    from toolkit.records import csv_for_people

    frame = answers()
    frame.loc[8, "comment"] = "=1+1 is what we are told"
    path = tmp_path / "review.csv"
    review = approved(comments_of(frame, RULES))
    path.write_text(csv_for_people(review), "utf-8-sig")
    assert read_review(path).reset_index(drop=True).equals(review.astype(read_review(path).dtypes))
    path.write_text(csv_for_people(review.assign(approved="maybe").head(1)), "utf-8")
    with pytest.raises(InvalidInput, check=problem("unknown-option", "line 2")):
        read_review(path)
    path.write_text(csv_for_people(pd.concat([review.head(1)] * 2)), "utf-8")
    with pytest.raises(InvalidInput, check=problem("duplicate-id", "line 3")):
        read_review(path)
    path.write_text(csv_for_people(review.drop(columns="approved")), "utf-8")
    with pytest.raises(InvalidInput, check=problem("missing-column", "column approved")):
        read_review(path)
