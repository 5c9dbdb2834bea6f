"""What the tests of this folder share: a small questionnaire that tests spoil, and the shipped files."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.instrument import Instrument, load_instrument, load_instruments

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
AUDIENCES = ("executive", "employee", "freelancer")


@pytest.fixture(scope="session")
def shipped() -> Instrument:
    """The three shipped questionnaires as one instrument."""
    return load_instruments({name: INSTRUMENTS / f"{name}.yaml" for name in AUDIENCES})


@pytest.fixture
def whole() -> dict[str, Any]:
    """A sound questionnaire in one file, as plain data."""
    own = {"origin": "own"}
    return {
        "id": "tiny",
        "version": "2026.1.0",
        "title": {"en": "Tiny"},
        "languages": ["en"],
        "audiences": {
            "boss": {"code": "boss", "label": {"en": "Boss"}, "plural": {"en": "Bosses"}},
            "staff": {"code": "staff", "label": {"en": "Worker"}, "plural": {"en": "Workers"}},
        },
        "themes": {"work": {"en": "Work"}},
        "missing": {
            "dk": {"code": "98", "becomes": "-1", "label": {"en": "Don't know"}},
            "no": {"code": "99", "becomes": "-2", "label": {"en": "Rather not say"}},
        },
        "scales": {
            "yesno": {
                "options": [{"code": "1", "label": {"en": "Yes"}}, {"code": "0", "label": {"en": "No"}}],
                "top": ["1"],
                "bottom": ["0"],
                "missing": ["dk"],
            },
            "agree": {
                "ordered": "true",
                "options": [{"code": str(n), "label": {"en": f"Step {n}"}} for n in (1, 2, 3)],
                "top": ["3"],
                "bottom": ["1"],
            },
        },
        "sections": [
            {"id": "one", "title": {"en": "One"}, "items": ["q", "m", "grid", "hours", "top", "why"]}
        ],
        "items": [
            {
                "id": "q",
                "type": "single",
                "theme": "work",
                "scale": "yesno",
                "text": {"boss": {"en": "Does the firm?"}, "staff": {"en": "Do you?"}},
                "source": own,
            },
            {
                "id": "m",
                "type": "multi",
                "theme": "work",
                "ask_if": "q == 1",
                "text": {"all": {"en": "How?"}},
                "options": [
                    {"code": "rev", "label": {"en": "Reviewing"}},
                    {"code": "none", "exclusive": "true", "label": {"en": "None"}},
                ],
                "source": own,
            },
            {
                "id": "grid",
                "type": "matrix",
                "theme": "work",
                "scale": "agree",
                "text": {"all": {"en": "Do you agree?"}},
                "rows": [
                    {"id": "a", "text": {"all": {"en": "It is fair"}}},
                    {"id": "b", "text": {"staff": {"en": "I am heard"}}, "audiences": ["staff"]},
                ],
                "favourable": "top",
                "source": own,
            },
            {
                "id": "hours",
                "type": "number",
                "theme": "work",
                "minimum": "0",
                "maximum": "100",
                "text": {"all": {"en": "How many hours?"}},
                "source": own,
            },
            {
                "id": "top",
                "type": "single",
                "theme": "work",
                "audiences": ["boss"],
                "text": {"boss": {"en": "Which role?"}},
                "options": [
                    {"code": "ceo", "label": {"en": "Chief"}},
                    {"code": "oth", "label": {"en": "Other"}},
                ],
                "source": own,
            },
            {
                "id": "why",
                "type": "text",
                "theme": "work",
                "text": {"all": {"en": "Why?"}},
                "source": own,
            },
        ],
    }


@pytest.fixture
def plain(whole: dict[str, Any]) -> dict[str, Any]:
    """The small questionnaire with an agreement scale of five and a don't-know."""
    data = copy.deepcopy(whole)
    words = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")
    data["scales"]["agree"] = {
        "ordered": "true",
        "options": [{"code": str(n), "label": {"en": word}} for n, word in enumerate(words, start=1)],
        "top": ["4", "5"],
        "bottom": ["1", "2"],
        "missing": ["dk"],
    }
    return data


@pytest.fixture
def load(tmp_path: Path) -> Callable[[dict[str, Any]], Instrument]:
    """Write data as a YAML file and load it as an instrument."""

    def written(data: dict[str, Any]) -> Instrument:
        path = tmp_path / "tiny.yaml"
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")  # JSON is YAML
        return load_instrument(path)

    return written
