"""Changes between waves that may be due to fewer people than the threshold.

Every way in which one to k − 1 people can have come or gone is a world; who stayed answered alike. Whatever
they answered, and however many they are, the report of the later wave must be the same.
"""

from __future__ import annotations

import pandas as pd
import pytest

from tests.disclosure.test_attack import instrument_of
from toolkit.analysis import gaps_from_summary
from toolkit.disclosure import Policy
from toolkit.disclosure.cells import Base
from toolkit.disclosure.gate import pass_gate
from toolkit.disclosure.redaction import limits_before, people_between

INSTRUMENT = instrument_of([{"id": "q", "scale": "yes"}, {"id": "then", "scale": "yes", "ask_if": "q == 1"}])
POLICY = Policy()


def trend(pairs: list[tuple[int, int, int, int]], policy: Policy = POLICY, item: str = "q") -> pd.DataFrame:
    """Release the change of each (yes now, n now, yes before, n before); anybody may have come or gone."""
    summary = pd.DataFrame(
        [
            {"item": item, "measure": "top", "audience": f"g{at}", "wave": wave, "estimate": yes / n, "n": n}
            for at, (c2, n2, c1, n1) in enumerate(pairs)
            for wave, yes, n in (("new", c2, n2), ("old", c1, n1))
        ]
    )
    gaps = gaps_from_summary(summary, between="wave", pairs=[("new", "old")], by=["audience"], adjust="none")
    near = [Base(item, frozenset({"audience": f"g{at}", "wave": "old"}.items())) for at in range(len(pairs))]
    return pass_gate({"trend": gaps}, policy, instrument=INSTRUMENT, current={"wave": "new"}, near=near)[
        "trend"
    ]


@pytest.mark.parametrize(
    ("n", "preset"),
    [
        (7, "standard"),
        pytest.param(12, "standard", marks=pytest.mark.slow),
        *(
            pytest.param(n, preset, marks=pytest.mark.slow)
            for n in (21, 40)
            for preset in ("standard", "strict")
        ),
    ],
)
def test_fewer_than_k_people_leave_no_trace_in_the_report(n: int, preset: str) -> None:
    policy = Policy(preset=preset)
    k = policy.threshold
    few = round(policy.unanimity_bounds(n, "q")[0] * n - 0.5 + 1e-6)
    shares = {*range(few + 4), n // 2, *range(n - few - 3, n + 1)}
    worlds = [
        (c, n, c - yes_came + yes_went, n - came + went)
        for c in sorted(shares & {*range(n + 1)})
        for came in range(k)
        for went in range(k - came)
        for yes_came in range(min(came, c) + 1)
        for yes_went in range(went + 1)
        if came + went and n - came + went >= k and came - yes_came <= n - c
    ]
    rows = trend(list(dict.fromkeys(worlds)), policy)
    rows["now"] = [pair[0] for pair in dict.fromkeys(worlds)]
    printed = rows.drop(columns="audience").astype(str).drop_duplicates()
    few = round(policy.unanimity_bounds(n, "q")[0] * n - 0.5 + 1e-6)
    assert len(printed) <= n + 1, "one row per share of this wave"
    masked = printed[(printed["now"].astype(int) <= few) | (printed["now"].astype(int) >= n - few)]
    assert masked.drop(columns="now").drop_duplicates().shape[0] <= 2, "and one per bound"
    assert set(rows["verdict_code"]) <= {"at_most", "not_shown"}


@pytest.mark.parametrize("n", [10, pytest.param(21, marks=pytest.mark.slow)])
def test_the_limits_contain_the_change_and_larger_changes_are_shown(n: int) -> None:
    pairs = [(c2, n, c1, n + more) for more in (0, 3) for c2 in range(n + 1) for c1 in range(n + more + 1)]
    rows = trend(pairs)
    for (c2, _, c1, n1), row in zip(pairs, rows.itertuples(), strict=True):
        if row.verdict_code == "at_most":
            assert row.gap_least - 1e-9 <= c2 / n - c1 / n1 <= row.gap_most + 1e-9
            assert all(map(pd.isna, (row.estimate_b, row.n_b, row.p_value)))
        elif row.shown:
            assert abs(c2 - c1) + abs((n - c2) - (n1 - c1)) >= POLICY.threshold


def test_a_question_that_follows_another_is_withheld() -> None:
    row = trend([(10, 20, 11, 21)], item="then").iloc[0]
    assert (row["shown"], row["withheld_code_b"]) == (False, "turnover")


def test_people_between_is_what_brute_force_finds() -> None:
    """Few came or went where so few suffice; counted over everybody who can have."""
    for n2, c2, n1, c1 in [(20, 12, 20, 9), (20, 3, 22, 9), (9, 9, 6, 2), (30, 15, 30, 15)]:
        least = min(
            came + went
            for came in range(n2 + 1)
            for went in range(n1 + 1)
            if n2 - came == n1 - went
            and any(0 <= c2 - a <= n2 - came and 0 <= c1 - (c2 - a) <= went for a in range(came + 1))
        )
        assert people_between((c2, c2, n2), (c1, c1, n1)) == least


def test_limits_widen_with_the_threshold() -> None:
    widths = [high - low for k in (3, 5, 7) for low, high in [limits_before((20, 20, 40), k, POLICY, "q")]]
    assert widths == sorted(widths)
