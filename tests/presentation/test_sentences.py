"""Sentences say what a row says, no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from toolkit.disclosure import Released
from toolkit.instrument.model import Instrument
from toolkit.locale import using_language
from toolkit.presentation import (
    Picture,
    Prose,
    Table,
    as_picture,
    benchmark_dots,
    benchmark_table,
    cannot_tell,
    computed_methods,
    distribution_table,
    diverging_bars,
    gap_dumbbell,
    gap_table,
    participation_table,
    ranked_options,
    shares_table,
    summary,
    trend_table,
    wave_change,
)
from toolkit.presentation.figures.gaps import gap_title
from toolkit.presentation.sentences import (
    by_width,
    doubt,
    headline,
    is_certain,
    largest_first,
    signed_gap,
    verdict_of,
)
from toolkit.records import records

WAVES = ("2024", "2025")
BANNED = re.compile(
    r"(?i:\bsignifican|no difference|\bproves?\b|\bdrives?\b|\bnan\b|<na>)|\bNone\b(?!\s+of\s+these)|\{|\}"
)


def _row(**more: object) -> dict[str, object]:
    base: dict[str, object] = {
        "item": "flex", "measure": "top", "audience_a": "employee", "audience_b": "executive",
        "estimate_a": 0.64, "estimate_b": 0.91, "gap": -0.27, "conf_low": -0.41, "conf_high": -0.12,
        "p_adjusted": 0.01, "minimum_detectable_gap": 0.21, "verdict": "a gap of −27 points (−41 to −12)",
        "verdict_code": "gap", "verdict_unit": "points", "verdict_margin": 0.1,
        "shown": True, "bound": "", "bound_a": "", "bound_b": "", "withheld": "", "withheld_code_a": "",
        "withheld_code_b": "", "threshold": 5,
    }  # fmt: skip
    return base | more


def test_a_headline_names_the_higher_share_first_and_turns_the_verdict(instrument: Instrument) -> None:
    said = headline(_row(), instrument).replace("\u00a0", " ")
    shares = "91% of executives against 64% of employees (agree)"
    assert said == f"Flexible working: {shares}; a gap of 27 points (12 to 41)."


def test_a_headline_says_where_the_adjusted_p_leaves_room_for_chance(instrument: Instrument) -> None:
    said = headline(_row(p_adjusted=0.2), instrument)
    assert said.endswith("though among so many comparisons a gap of this size may be due to chance.")
    across_zero = _row(p_adjusted=0.2, conf_high=0.05, verdict_code="too_few")
    assert "chance" not in headline(across_zero, instrument)


def test_swapping_the_audiences_changes_no_word(instrument: Instrument) -> None:
    row = _row()
    other = _row(
        audience_a="executive", audience_b="employee", estimate_a=0.91, estimate_b=0.64, gap=0.27,
        conf_low=0.12, conf_high=0.41,
    )  # fmt: skip
    assert headline(row, instrument) == headline(other, instrument)
    assert gap_title([row], instrument) == gap_title([other], instrument)
    assert signed_gap(row, turned=True) == signed_gap(other)


def test_a_verdict_rounds_as_everything_else_does() -> None:
    halves = _row(gap=0.125, conf_low=0.105, conf_high=0.145)
    assert verdict_of(halves) == "a gap of 13 points (11 to 15)"
    unsure = _row(
        verdict_code="undecided",
        minimum_detectable_gap=0.205,
    )
    assert verdict_of(unsure) == "this survey cannot tell; only gaps of about 21 points would show"


@pytest.mark.parametrize("words", ["", "not shown", "a gap of at least 90 points", "this survey cannot tell"])
@pytest.mark.parametrize("code", ["gap", "likely", "undecided", "similar", "not_computed", "not_comparable"])
def test_a_verdict_is_made_of_its_code_and_never_of_the_sentence_beside_it(
    code: str, words: str, instrument: Instrument
) -> None:
    plain = _row(verdict_code=code)
    spoilt = _row(verdict_code=code, verdict=words, method=words, withheld=words)
    assert headline(spoilt, instrument) == headline(plain, instrument)
    assert verdict_of(spoilt, what="change") == verdict_of(plain, what="change")


def test_a_gap_on_a_scale_is_not_counted_in_points() -> None:
    row = _row(
        measure="mean", verdict_unit="scale", gap=-0.35, conf_low=-0.6, conf_high=-0.1, verdict_margin=0.4
    )
    assert verdict_of(row) == "a gap of 0.35 on the scale (0.10 to 0.60)"
    assert verdict_of(row | {"verdict_code": "similar"}) == "views are similar to within 0.4 on the scale"


def test_a_gap_with_a_bound_is_said_to_be_at_least_so_wide(instrument: Instrument) -> None:
    row = _row(
        estimate_b=0.9,
        bound_b=">=",
        bound="<=",
        gap=-0.266,
        conf_low=np.nan,
        verdict_code="gap_at_least",
    )
    assert verdict_of(row) == "a gap of at least 26 points"
    assert "≥90" in headline(row, instrument)
    assert signed_gap(row, turned=True) == ("≥ +26", "")
    assert is_certain(row)


def test_a_withheld_gap_prints_its_reason_and_no_number(instrument: Instrument) -> None:
    hidden = dict.fromkeys(("estimate_a", "estimate_b", "gap", "conf_low", "conf_high", "p_adjusted"), np.nan)
    row = _row(**hidden, shown=False, verdict_code="not_shown", withheld_code_a="small")
    said = headline(row, instrument)
    assert "fewer than 5 answers" in said
    assert not re.search(r"\d", said.replace("fewer than 5", ""))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"conf_high": 0.02}, "but it may be due to chance"),
        ({"p_adjusted": 0.3}, "though among so many comparisons a gap of this size may be due to chance"),
        ({"conf_low": np.nan, "conf_high": np.nan}, "but it may be due to chance"),
    ],
)
def test_a_title_says_when_the_widest_gap_is_uncertain(
    change: dict[str, object], words: str, instrument: Instrument
) -> None:
    row = _row(**change)
    assert doubt(row) == words
    title, focus = gap_title([row], instrument)
    assert focus == ("" if words else row["item"])
    assert title.endswith("clear of chance" if words else "64%")
    assert ("differ most" in title) == (not words)


def test_what_is_certain_is_so_at_the_level_of_the_intervals(instrument: Instrument) -> None:
    row = _row(p_adjusted=0.08)
    assert not is_certain(row)
    with using_language("en", 0.9):
        assert is_certain(row)
        assert not is_certain(_row(p_adjusted=0.1))
        assert "chance" not in headline(row, instrument)  # a function that is not told a level keeps it
    assert "chance" in headline(row, instrument)
    with using_language("en", 0.99):
        assert not is_certain(_row(p_adjusted=0.03))


@pytest.mark.parametrize("other", [{"shown": False, "gap": np.nan}, {"bound": ">=", "gap": 0.2}])
def test_a_title_claims_the_widest_gap_of_all_only_where_none_is_hidden(
    other: dict[str, object], instrument: Instrument
) -> None:
    both = [_row(), _row(item="burnout", **other)]
    assert gap_title(both, instrument)[0].startswith("Executives and employees clearly differ on flexible")
    wider = [_row(), _row(item="burnout", gap=0.6, conf_low=-0.1, conf_high=0.9)]
    assert "most" not in gap_title(wider, instrument)[0]
    plain = [_row(), _row(item="burnout", gap=0.2)]
    title, focus = gap_title(plain, instrument)
    assert title.startswith("Executives and employees differ most on flexible working")
    assert focus == both[0]["item"]


def test_the_title_names_the_widest_clear_gap_whatever_the_order_of_rows(
    released: Released, instrument: Instrument
) -> None:
    gaps = released["gaps"]
    gaps = gaps[gaps["measure"] == "top"]
    title, focus = gap_title(records(gaps), instrument)
    assert (title == "No gap between groups is clear of chance") == (
        not any(is_certain(row) for row in largest_first(records(gaps)))
    )
    assert gap_title(records(gaps.sample(frac=1, random_state=3)), instrument) == (title, focus)
    ranked = by_width(gaps)
    assert ranked["gap"].abs().is_monotonic_decreasing
    pd.testing.assert_frame_equal(
        pd.DataFrame(largest_first(records(gaps))).astype(ranked.dtypes), ranked.reset_index(drop=True)
    )


def _spoken(released: Released, instrument: Instrument, participation: pd.DataFrame) -> Iterator[str]:
    blocks: list[Picture | Table | Prose | None] = [
        as_picture(diverging_bars, released, instrument, theme="work"),
        as_picture(ranked_options, released, instrument, item="ways"),
        as_picture(wave_change, released, instrument, waves=WAVES),
        trend_table(released, instrument, waves=WAVES),
        participation_table(participation, instrument),
        shares_table(released, instrument),
        distribution_table(released, instrument),
    ]
    if "benchmarks" in released:
        blocks += [as_picture(benchmark_dots, released, instrument), benchmark_table(released, instrument)]
    if "gaps" in released:
        blocks += [
            as_picture(gap_dumbbell, released, instrument),
            gap_table(released, instrument),
            summary(released, instrument, participation=participation),
            cannot_tell(released, instrument, participation=participation),
        ]
    for audience in instrument.audiences:
        yield from computed_methods(
            participation, instrument, audience=audience, policy=released.policy
        ).values()
    yield from (str(block) for block in blocks if block is not None)


@pytest.mark.parametrize(
    "counts",
    [
        {"executive": 16, "employee": 240, "freelancer": 38},
        {"executive": 6, "employee": 60},
        {"executive": 9, "freelancer": 11},
        {"employee": 30},
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", [2, 3])
def test_no_sentence_says_more_than_a_survey_can(
    counts: dict[str, int],
    seed: int,
    made: Callable[..., Released],
    instrument: Instrument,
    participation: pd.DataFrame,
) -> None:
    for text in _spoken(made(counts, seed=seed), instrument, participation):
        found = BANNED.search(text)
        assert found is None, f"{found!r} in {text}"
