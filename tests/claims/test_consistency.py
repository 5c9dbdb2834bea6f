"""Figures that bear on each other, held together by bounds that respect rounding, and by counting people."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.claims.conftest import row
from tests.examples import examples
from tests.refusals import problem
from toolkit.claims import check_claims, load_register, possible_bases, possible_counts, shares_of_groups
from toolkit.errors import InvalidInput


def rounds_to(count: int, n: int, percent: int) -> bool:
    """Whether count of n is printed as so many per cent, halves rounded either way; in whole numbers."""
    return 2 * abs(100 * count - percent * n) <= n


def counts(n: int, percent: int) -> list[int]:
    return [k for k in range(n + 1) if rounds_to(k, n, percent)]


@pytest.fixture(scope="module")
def checks(register):
    return check_claims(register).set_index("check")


def test_counting_every_possible_sample_gives_the_same_share_of_women(checks):
    possible = []
    for women in range(1, 625):
        men = 625 - women
        both = {w + m for w in counts(women, 74) for m in counts(men, 68)}
        if any(rounds_to(k, 625, 71) for k in both):
            possible.append(women)
    low, high = shares_of_groups((70.5, 71.5), (73.5, 74.5), (67.5, 68.5))
    assert (low, high) == pytest.approx((1 / 3, 2 / 3))
    assert low <= possible[0] / 625 <= low + 0.03, "whole numbers of people leave a little less room"
    assert high - 0.03 <= possible[-1] / 625 <= high
    assert (possible[0], possible[-1]) == (219, 400), "as docs/published_findings.md says"
    assert (
        checks.loc["burnedoutbygender", "implies"] == "the share of women among them is between 33 and 67 %"
    )


def test_the_85_percent_follow_from_39_and_46(checks):
    found = checks.loc["aipolicy"]
    assert (found["verdict"], found["points"]) == ("reproduced", 0)
    assert (found["allowed_low"], found["allowed_high"]) == pytest.approx((0.84, 0.86))


def test_three_ways_fit_under_the_77_percent_who_named_any(checks):
    found = checks.loc["addedwork"]
    assert found["verdict"] == "consistent"
    assert found["allowed_low"] == pytest.approx(0.385)
    assert found["allowed_high"] == 1, "other ways were not published"
    assert "81.5 to 84.5 %" in found["implies"]
    assert "1.05 to 1.10 of them" in found["implies"]
    assert round((38.5 + 22.5 + 20.5) / 77.5, 2) == 1.05
    assert round((39.5 + 23.5 + 21.5) / 76.5, 2) == 1.10


def test_every_check_of_the_register_by_hand(register, checks):
    value = register.claims.set_index("finding_id")["value"]
    assert value["UBB24-20"] + value["UBB24-21"] == value["UBB24-22"] == 85
    assert value["UBB24-10"] < value["UBB24-08"] < value["UBB24-09"]
    assert max(value[f"UBB24-0{k}"] for k in (3, 4, 5)) <= value["UBB24-02"]
    assert max(value[f"UBB24-{k}"] for k in range(14, 20)) <= value["UBB24-13"]
    assert value["UBB24-30"] + value["UBB24-31"] + value["UBB24-32"] == 92
    assert sum(value[f"UTT25-{k}"] for k in range(10, 14)) == 99
    for part, whole in (
        ("SEC26-10", "SEC26-09"),
        ("SOD-02", "SOD-01"),
        ("SOD-04", "SOD-03"),
        ("SOD-10", "SOD-08"),
    ):
        assert value[part] <= value[whole]
    assert value["SOD-08"] + value["SOD-09"] == 79
    assert set(checks["verdict"]) == {"reproduced", "consistent"}
    assert len(checks) == 11


RELATION = "checks:\n  - {{id: c, kind: {kind}, {whole}parts: [{parts}], says: s{more}}}\n"


@pytest.mark.parametrize(
    ("kind", "whole", "parts", "apart"),
    [
        ("sum", 87, (39, 46), 0.005),
        ("sum", 86, (39, 46), 0.0),
        ("sum", 90, (39, 46), 0.035),
        ("within", 40, (42,), 0.01),
        ("within", 40, (41,), 0.0),
        ("net", 30, (39, 23), 0.08),
        ("net", 65, (39, 23), 0.015),
        ("mixture", 76, (74, 68), 0.01),
        ("mixture", 75, (74, 68), 0.0),
        ("mixture", 60, (74, 68), 0.07),
        ("shares", None, (50, 30, 24), 0.025),
        ("shares", None, (50, 30, 21), 0.0),
    ],
)
def test_figures_that_cannot_stand_together_are_so_many_points_apart(small, kind, whole, parts, apart):
    rows = [row(f"P-{k}", part) for k, part in enumerate(parts)]
    named = ", ".join(f"P-{k}" for k in range(len(parts)))
    said = "" if whole is None else "whole: W, "
    rows += [] if whole is None else [row("W", whole)]
    for more, verdict in (
        ("", "contradicted"),
        (", provided: it is so", "cannot be tested from what is published"),
    ):
        relations = RELATION.format(kind=kind, whole=said, parts=named, more=more)
        found = check_claims(load_register(small(*rows, relations=relations))).iloc[0]
        assert found["points"] == pytest.approx(apart)
        if apart:
            assert found["verdict"] == verdict
        else:
            assert found["verdict"] == ("reproduced" if kind == "sum" else "consistent")


@settings(max_examples=examples(200))
@given(n_a=st.integers(20, 400), n_b=st.integers(20, 400), data=st.data())
def test_the_share_of_a_group_that_is_there_always_lies_within_the_bounds(n_a, n_b, data):
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))

    def printed(count, n):
        percent = math.floor(100 * count / n + 0.5)
        return percent - 0.5, percent + 0.5

    low, high = shares_of_groups(printed(a + b, n_a + n_b), printed(a, n_a), printed(b, n_b))
    assert low - 1e-9 <= n_a / (n_a + n_b) <= high + 1e-9


def test_groups_that_are_swapped_have_the_rest_of_the_shares():
    first = shares_of_groups((70.5, 71.5), (73.5, 74.5), (67.5, 68.5))
    second = shares_of_groups((70.5, 71.5), (67.5, 68.5), (73.5, 74.5))
    assert second == pytest.approx((1 - first[1], 1 - first[0]))
    assert shares_of_groups((70, 71), (69, 72), (70, 73)) == (0, 1)
    assert all(math.isnan(end) for end in shares_of_groups((80, 81), (70, 71), (60, 61)))


def test_the_bases_that_can_give_five_percentages_are_those_found_by_counting():
    percents = (77, 39, 23, 21, 47)
    by_hand = [n for n in range(1, 131) if all(counts(n, percent) for percent in percents)]
    assert possible_bases([(p - 0.5, p + 0.5) for p in percents], 130) == by_hand
    assert by_hand[0] == 57
    assert set(range(100, 131)) <= set(by_hand)


@pytest.mark.parametrize("percent", [0, 3, 33, 50, 71, 100])
def test_possible_counts_are_those_found_by_counting(percent):
    found = possible_counts(max(percent - 0.5, 0), min(percent + 0.5, 100), range(1, 120))
    for one in found.to_dict("records"):
        by_hand = counts(one["n"], percent)
        assert one["possible"] == bool(by_hand)
        if by_hand:
            assert (one["fewest"], one["most"]) == (by_hand[0], by_hand[-1])


def test_impossible_questions_are_refused():
    with pytest.raises(
        InvalidInput,
        check=problem("wrong-order", "low and high")
        + problem("out-of-range", "bases")
        + problem("out-of-range", "bases"),
    ) as caught:
        possible_counts(80, 70, [0, 2.5])
    assert len(caught.value.problems) == 3
