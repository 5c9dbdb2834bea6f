"""Every generated word in both languages, none forgotten, none of one language in the other."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from string import Formatter
from typing import Literal

import pandas as pd
import pytest

import toolkit.presentation
import toolkit.reporting
from toolkit.analysis import verdict
from toolkit.analysis.gap_rows import UNITS
from toolkit.analysis.verdict import VERDICTS, verdict_code
from toolkit.disclosure import Policy
from toolkit.disclosure.ruling import REASONS
from toolkit.errors import ToolkitError
from toolkit.presentation.language import LANGUAGES, Words, language_in_force, speaking, spoken
from toolkit.presentation.methods import _WORDS as METHODS
from toolkit.presentation.methods import policy_in_words
from toolkit.presentation.numbers import base, interval, p_value, percent, points, share
from toolkit.presentation.sentences import reason, verdict_of
from toolkit.reporting.documents.words import LANGUAGES as FRAMES


def catalogues() -> Iterator[tuple[str, Words]]:
    """Every catalogue of the two stages that speak."""
    for package in (toolkit.presentation, toolkit.reporting):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, Words):
                    yield f"{found.name}.{name}", value


CATALOGUES = dict(catalogues())


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", CATALOGUES)
def test_both_languages_of_an_entry_have_the_same_places_to_fill(name: str) -> None:
    for key, (english, french) in CATALOGUES[name].entries.items():
        if name.endswith("funnel._WORDS") and key == "note":
            continue  # the method's own name is English; French says which one it is
        assert places(english) == places(french), key


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_french_entry_is_blank_or_breaks_before_a_sign_of_two_strokes(name: str) -> None:
    for key, (english, french) in CATALOGUES[name].entries.items():
        assert bool(english) == bool(french), key
        assert not re.search(r" [:;?!»]|« ", french), key


def test_the_words_around_a_report_have_the_same_keys_and_places_in_both_languages() -> None:
    assert tuple(FRAMES) == LANGUAGES
    assert set(FRAMES["en"]) == set(FRAMES["fr"])
    for key, english in FRAMES["en"].items():
        assert places(english) == places(FRAMES["fr"][key]), key


def test_a_language_is_in_force_only_while_it_is_spoken() -> None:
    def fails_in_french() -> None:
        with speaking("fr"):
            assert language_in_force() == "fr"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_in_french()
    assert language_in_force() == "en"


def test_a_function_that_is_not_told_a_language_speaks_the_one_in_force() -> None:
    @spoken
    def said(*, language: str = "en") -> tuple[str, str]:
        return language, language_in_force()

    assert said() == ("en", "en")
    with speaking("fr"):
        assert said() == ("fr", "fr")
        assert said(language="en") == ("en", "en")
        assert language_in_force() == "fr"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ToolkitError, match="'de'"), speaking("de"):
        pass


def test_french_numbers_have_a_comma_and_narrow_spaces_that_do_not_break() -> None:
    with speaking("fr"):
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
    with speaking("fr"):
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
    with speaking("fr"):
        assert verdict_of(row, what=what) not in ("", english)


def test_every_code_of_a_verdict_has_words() -> None:
    codes = {*VERDICTS, "gap_at_least", "too_close"}
    for code in codes:
        row = _row(0.3, 0.2, 0.4, detectable=0.3) | {"verdict_code": code}
        assert verdict_of(row)


def test_every_reason_of_the_gate_has_words_in_both_languages_with_its_number() -> None:
    with speaking("fr"):
        assert reason("small", 7) == "moins de 7 réponses"
        french = {code: reason(code, 5) for code in REASONS}
    for code, words in REASONS.items():
        assert reason(code, 5) == words.format(k=5) != french[code]


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(threshold=8, sensitive_threshold=8), Policy(unanimity=False)]
)
def test_the_policy_is_said_from_the_same_parts_in_both_languages(policy: Policy) -> None:
    entries = METHODS.entries
    parts = [entries["threshold"][0].format(k=policy.threshold)]
    if policy.sensitive_threshold > policy.threshold:
        parts.append(entries["sensitive"][0].format(k=policy.sensitive_threshold))
    parts += [entries["unanimity"][0]] if policy.unanimity else []
    assert "".join([*parts, entries["whole"][0]]) == policy.text() == policy_in_words(policy)
    french = policy_in_words(policy, language="fr")
    assert f"moins de {policy.threshold} personnes" in french
    assert ("borne" in french) == policy.unanimity


def test_a_result_frame_stays_english_whatever_is_spoken(released: object) -> None:
    frame = released["gaps"]  # type: ignore[index]
    assert isinstance(frame, pd.DataFrame)
    before = frame["verdict"].tolist()
    toolkit.presentation.gap_table(released, _instrument(), language="fr")
    assert frame["verdict"].tolist() == before


def _instrument() -> object:
    from tests.presentation.conftest import questionnaire
    from toolkit.presentation.questionnaire_words import in_language

    return in_language(questionnaire(), "fr")[0]
