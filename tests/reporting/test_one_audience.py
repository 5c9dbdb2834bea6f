"""A survey of one audience: nothing is called hidden, and the summary names high, low and clear changes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.reporting.documents.conftest import executed
from toolkit.reporting.documents import Cover, document_of
from toolkit.reporting.html import render_document

INSTRUMENT = """
id: canteen
version: 2026.1.0
title: {en: The canteen, fr: La cantine}
languages: [en, fr]
audiences:
  staff: {code: staff, label: {en: Member of staff, fr: Salarié}, plural: {en: Staff, fr: Salariés}}
themes:
  food: {en: Food, fr: Plats}
scales:
  yesno:
    options:
      - {code: 1, label: {en: "Yes", fr: Oui}}
      - {code: 0, label: {en: "No", fr: Non}}
    top: [1]
    bottom: [0]
sections:
  - {id: lunch, title: {en: Lunch, fr: Repas}, items: [good, quick, cold, near]}
items:
"""
ITEM = """
  - {{id: {name}, type: single, theme: food, scale: yesno, favourable: {way}, source: {{origin: own}},
     text: {{all: {{en: "Is it {name}?", fr: "Est-ce {name} ?"}}}},
     short: {{en: Item {name}, fr: Item {name}}}}}
"""
ITEMS = {"good": "top", "quick": "top", "cold": "bottom", "near": "none"}
YES = {
    "2025": {"good": 10, "quick": 30, "cold": 8, "near": 20},
    "2026": {"good": 32, "quick": 28, "cold": 12, "near": 20},
}
"""How many of forty said yes, by wave; cold food is bad news, and that it is near is no news."""
WRITTEN = ("population", "sampling", "data_collection_strategy", "sponsor_and_conductor", "mode", "dates")


@pytest.fixture(params=["en", "fr"])
def study(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    items = "".join(ITEM.format(name=name, way=way) for name, way in ITEMS.items())
    (tmp_path / "canteen.yaml").write_text(INSTRUMENT + items, "utf-8")
    for wave, counts in YES.items():
        rows = [
            f"{one};{wave}-09-03 10:12:00;acme;staff;"
            + ";".join(str(int(one <= counts[name])) for name in ITEMS)
            for one in range(1, 41)
        ]
        head = ";".join(["id", "submitdate", "organisation", "audience", *ITEMS])
        (tmp_path / f"{wave}.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    answers = "".join(f"  - {{wave: '{wave}', platform: limesurvey, file: {wave}.csv}}\n" for wave in YES)
    methods = ", ".join(f"{name}: x." for name in (*WRITTEN, "limitations"))
    (tmp_path / "study.yaml").write_text(
        f"id: canteen\ntitle: The canteen\nsynthetic: true\nlanguage: {request.param}\n"
        f"instrument: canteen.yaml\nperson: new\nanswers:\n{answers}methods:\n  common: {{{methods}}}\n",
        "utf-8",
    )
    return tmp_path / "study.yaml"


def test_the_summary_names_the_highest_the_lowest_and_the_clear_changes(study: Path) -> None:
    report = tk.open_report(study, "acme")
    told = report.summary().parts[-1]
    high, low, changed = (dict(part.pairs) for part in told.parts if hasattr(part, "pairs"))
    # good 80% and quick 70% are good news; of cold 30% the other 70% are: most favourable is good
    assert list(high) == ["Item good"]
    assert next(iter(high.values())).replace("\u00a0%", "%").startswith("80%")
    assert list(low) == ["Item cold"]
    assert next(iter(low.values())).replace("\u00a0%", "%").startswith("30%")
    assert list(changed) == ["Item good"]  # 25 to 80%; no other change stays clear of 0
    words = changed["Item good"].replace("\u00a0", " ").replace(" %", "%")
    assert words.startswith("80%")
    assert "25%" in words
    assert "+55 points" in words


def test_nothing_is_called_hidden_or_comparable(study: Path) -> None:
    report = tk.open_report(study, "acme")
    text = " ".join(str(part) for part in (report.summary(), report.gap_picture(), report.cannot_tell()))
    for word in ("compared", "comparés", "may be shown", "affiché"):
        assert word not in text
    made = document_of(executed("acme", study), Cover("Study", "Acme", language=report.language))
    titles = [section.title for section in made.sections]
    assert "Where audiences see it differently" not in titles
    assert "Où les publics voient les choses différemment" not in titles
    # neither several answers nor published figures: such chapters are left out
    assert len(titles) == 8


def test_shares_are_those_of_the_answers(study: Path) -> None:
    shares = tk.open_report(study, "acme").released["shares"]
    answers = pd.read_csv(study.with_name("2026.csv"), sep=";")
    for row in shares[shares["item"].isin(list(ITEMS))].to_dict("records"):
        assert row["estimate"] == pytest.approx(answers[row["item"]].mean())


def test_a_headcount_below_the_answers_is_noted_in_the_page_and_not_used(study: Path) -> None:
    table = study.with_name("organisations.csv")
    table.write_text("organisation,name,wave,staff\nacme,Acme,2025,60\nacme,Acme,2026,30\n", "utf-8")
    study.write_text(study.read_text("utf-8") + "organisations: organisations.csv\n", "utf-8")
    report = tk.open_report(study, "acme")
    cover = Cover("Study", "Acme", language=report.language)
    page = render_document(document_of(executed("acme", study), cover))
    notes = {
        "en": "More staff answered than the list of organisations records: its number is not used.",
        "fr": "Plus de salariés ont répondu que la liste des organisations n’en compte",
    }
    assert notes[report.language] in " ".join(page.replace("\u00a0", " ").split())
    (row,) = report.participation.itertuples()
    assert row.answered == 40
    assert pd.isna(row.invited)
    assert pd.isna(row.response_rate)
