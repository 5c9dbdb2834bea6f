"""Verdicts, reasons, policies and numbers in both languages."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest

import toolkit.presentation
import toolkit.reporting
from toolkit.analysis import verdict
from toolkit.analysis.gap_rows import UNITS, VERDICTS, verdict_code
from toolkit.disclosure import Policy
from toolkit.disclosure.cells import REASONS
from toolkit.locale import using_language
from toolkit.presentation.numbers import base, interval, p_value, percent, points, share
from toolkit.presentation.sentences import reason, verdict_of


def test_french_numbers_have_a_comma_and_narrow_spaces_that_do_not_break() -> None:
    with using_language("fr"):
        assert base(1_250_000) == "1\u202f250\u202f000"
        assert percent(0.574) == "57\u00a0%"
        assert percent(0.5744, digits=1) == "57,4\u00a0%"
        assert interval(0.003, 0.17) == "0,3 à 17"
        assert share(0.5, 0.4, 0.6) == "50\u00a0% (40 à 60)"
        assert p_value(0.0321) == "0,032"
        assert p_value(0.00002) == "<0,001"
        assert points(-0.238) == "\u221224"


def _row(gap: float, low: float, high: float, **more: object) -> dict[str, object]:
    """What the verdict of a released gap is worded from."""
    options = {"margin": 0.1, "detectable": float("nan"), "unit": "points"} | more
    codes = {name: options[name] for name in ("margin", "detectable")}
    row = {"gap": gap, "conf_low": low, "conf_high": high, "shown": True, "verdict_unit": options["unit"]}
    code = verdict_code(gap, low, high, **codes)  # type: ignore[arg-type]
    return row | {
        "verdict_code": code,
        "verdict_margin": options["margin"],
        "minimum_detectable_gap": options["detectable"],
    }


CASES = [
    (_row(0.24, 0.12, 0.35), "un écart de 24 points (12 à 35)"),
    (_row(-0.24, -0.35, -0.12), "un écart de 24 points (12 à 35)"),
    (_row(0.01, -0.02, 0.04, margin=0.125), "les avis concordent à 12,5 points près"),
    (_row(0.09, 0.01, 0.2), "une différence est probable\u00a0; son ampleur pratique est incertaine"),
    (_row(1.2, 0.9, 1.5, margin=0.2, unit="scale"), "un écart de 1,20 sur l’échelle (0,90 à 1,50)"),
]


@pytest.mark.parametrize(("row", "french"), CASES)
def test_a_verdict_is_said_in_french_with_its_own_numbers(row: dict[str, object], french: str) -> None:
    with using_language("fr"):
        assert verdict_of(row) == french


@pytest.mark.parametrize("unit", ["points", "scale", "superiority"])
@pytest.mark.parametrize("gap", [float("nan"), 0.0, 0.05, 0.3])
@pytest.mark.parametrize("detectable", [float("nan"), 0.31])
@pytest.mark.parametrize("half", [0.02, 0.04, 0.5])
@pytest.mark.parametrize("what", ["gap", "change"])
def test_every_verdict_the_analysis_can_reach_has_words_in_both_languages(
    gap: float, half: float, detectable: float, unit: str, what: Literal["gap", "change"]
) -> None:
    row = _row(gap, gap - half, gap + half, detectable=detectable, unit=unit)
    english = verdict_of(row, what=what)
    if unit != "superiority" and what == "gap":
        assert english == verdict(gap, gap - half, gap + half, detectable=detectable, unit=UNITS[unit])
    with using_language("fr"):
        assert verdict_of(row, what=what) not in ("", english)


def test_every_code_of_a_verdict_has_words() -> None:
    codes = {*VERDICTS, "gap_at_least", "too_close"}
    for code in codes:
        row = _row(0.3, 0.2, 0.4, detectable=0.3) | {"verdict_code": code}
        assert verdict_of(row)


def test_every_reason_of_the_gate_has_words_in_both_languages_with_its_number() -> None:
    with using_language("fr"):
        assert reason("small", 7) == "moins de 7 réponses"
        french = {code: reason(code, 5) for code in REASONS}
    for code, words in REASONS.items():
        assert reason(code, 5) == words.format(k=5) != french[code]


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(threshold=8, sensitive_threshold=8), Policy(unanimity=False)]
)
def test_the_policy_has_the_same_parts_in_both_languages(policy: Policy) -> None:
    english = policy.text()
    with using_language("fr"):
        french = policy.text()
    for text, few in ((english, "fewer than {} people"), (french, "moins de {} personnes")):
        assert few.format(policy.threshold) in text
        sensitive = policy.sensitive_threshold > policy.threshold
        assert text.split(". ")[1].endswith(f" {policy.sensitive_threshold}") == sensitive
    assert ("bound" in english) == policy.unanimity
    assert ("borne" in french) == policy.unanimity


def test_a_result_frame_stays_english_whatever_is_spoken(released: object) -> None:
    frame = released["gaps"]  # type: ignore[index]
    assert isinstance(frame, pd.DataFrame)
    before = frame["verdict"].tolist()
    with using_language("fr"):
        toolkit.presentation.gap_table(released, _instrument())
    assert frame["verdict"].tolist() == before


def _instrument() -> object:
    from tests.presentation.conftest import questionnaire
    from toolkit.presentation.words import in_language

    return in_language(questionnaire(), "fr")[0]
