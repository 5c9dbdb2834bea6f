"""Near names help whoever misspelt one."""

from __future__ import annotations

from toolkit.errors import near_names


def test_capital_and_small_letters_are_the_same() -> None:
    assert near_names("ORG-07", ["org-07", "org-11"]).startswith("did you mean 'org-07'")
    assert near_names("burnout", ["Burnout"]) == "did you mean 'Burnout'?"


def test_a_name_is_never_its_own_near_name() -> None:
    assert near_names("struggle", ["struggle", "burnout"]) == "known: burnout"


def test_where_nothing_is_near_some_of_what_is_known_is_listed() -> None:
    assert near_names("x", map(str, range(12))) == "known: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"
    assert near_names("x", []) == "nothing is known under any name"
