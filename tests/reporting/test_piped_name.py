"""A report prints the organisation's name where a question held {organisation}."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import toolkit as tk
from toolkit.instrument.translation import filled

STUDY = Path(__file__).resolve().parents[2] / "data_samples" / "ai_at_work" / "study.yaml"


def test_the_name_stands_in_the_questions_of_its_report() -> None:
    study = tk.load_study(STUDY)
    items = list(study.instrument.items)
    place = next(n for n, one in enumerate(items) if one.id == "trust")
    text = {
        name: dict.fromkeys(words, "Trust at {organisation}?") for name, words in items[place].text.items()
    }
    items[place] = items[place].model_copy(update={"text": text})
    piped = replace(study, instrument=study.instrument.model_copy(update={"items": tuple(items)}))
    report = tk.open_report(piped, "org-01")
    name = study.organisation_name("org-01")
    assert report.instrument["trust"].wording("employee", study.language) == f"Trust at {name}?"
    assert "{organisation}" not in report.results().to_csv()


def test_nothing_to_fill_in_gives_the_same_instrument() -> None:
    instrument = tk.load_instrument("employee")
    assert filled(instrument, {"nothing": "Acme"}) is instrument
