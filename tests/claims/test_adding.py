"""A claim is added whole or not at all."""

from __future__ import annotations

import pytest

from toolkit.claims import add_claim, load_register
from toolkit.errors import InvalidInput

CLAIM = {
    "finding_id": "NEW-01",
    "study": "upwork-2024",
    "item": "Like, or love, their job",
    "audience": "Full-time employees",
    "base": "all full-time employees surveyed",
    "statistic": "share",
    "value": 73,
    "n": 625,
    "n_status": "assumed",
    "source": "a paper",
    "closeness": "second-hand",
}


def test_a_sound_claim_stands_in_the_register_with_the_others_unchanged(shipped):
    before = (shipped / "findings.csv").read_text("utf-8")
    add_claim(shipped, CLAIM)
    assert (shipped / "findings.csv").read_text("utf-8").startswith(before)
    found = load_register(shipped)
    assert len(found.claims) == 132
    added = found.claim("NEW-01")
    assert (added["item"], added["published_as"], added["value"]) == ("Like, or love, their job", "73 %", 73)
    assert sorted(path.name for path in shipped.iterdir()) == [
        "findings.csv",
        "relations.yaml",
        "studies.yaml",
    ]


def test_a_file_without_a_last_line_break_keeps_its_last_claim(shipped):
    path = shipped / "findings.csv"
    path.write_text(path.read_text("utf-8").rstrip("\n"), "utf-8")
    add_claim(shipped, CLAIM)
    assert load_register(shipped).claims["finding_id"].tolist()[-2:] == ["SMB26-03", "NEW-01"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": None}, "column base: is blank; give the base"),
        ({"base": "  "}, "column base: is blank"),
        ({"value": 101}, "column value: 101 is outside 0–100"),
        ({"finding_id": "UBB24-01"}, "is in the register already; give it an id of its own"),
        ({"study": "upwork-2042"}, "or 'upwork-2024'"),
        ({"n": None}, 'column n: is blank beside "assumed"; give n, or write "unknown"'),
        ({"vlaue": 3}, "column vlaue: is unknown; did you mean 'value'"),
    ],
)
def test_an_unsound_claim_is_refused_with_a_hint_and_nothing_is_written(shipped, change, said):
    before = (shipped / "findings.csv").read_bytes()
    with pytest.raises(InvalidInput) as caught:
        add_claim(shipped, CLAIM | change)
    assert said in str(caught.value)
    assert (shipped / "findings.csv").read_bytes() == before


def test_every_problem_of_a_claim_is_told_at_once(shipped):
    with pytest.raises(InvalidInput) as caught:
        add_claim(shipped, {"finding_id": "NEW-01", "statistic": "share", "value": 730})
    said = [one.where for one in caught.value.problems]
    assert said == [
        f"NEW-01, column {name}"
        for name in ("study", "item", "audience", "base", "source", "closeness", "value")
    ]
