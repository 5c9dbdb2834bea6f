"""The tiny survey of the reference data as an instrument of ours, as a real LimeSurvey imported it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolkit.instrument import Instrument, read_yaml

__all__ = ["tiny_instrument"]

_EXPECTS = {
    "en": "Has your company increased the output it expects of workers in the past year?",
    "fr": "Votre entreprise a-t-elle relevé ses attentes ?",
}
_LOAD = {
    "exec": {
        "en": "AI tools have added to our workers’ workload",
        "fr": "L’IA a alourdi la charge de nos équipes",
    },
    "all": {"en": "AI tools have added to my workload", "fr": "L’IA a alourdi ma charge"},
}


def tiny_instrument(shared: Path) -> Instrument:
    """The YAML in `platforms/source`, in our words, with what the imported file has and the YAML lacks."""
    data: Any = read_yaml(shared / "platforms/source/tiny.instrument.yaml")
    for name, audience in data["audiences"].items():
        audience |= {"code": name, "plural": audience["label"]}
    data["audiences"]["fte"]["label"] = {"en": "Full-time employee", "fr": "Salarié·e à temps plein"}
    data["missing"]["dk"] = {"code": "98", "becomes": "-1", "label": data["missing"]["dk"]["label"]}
    data["title"] = {
        "en": "AI at work (tiny parallel instrument)",
        "fr": "L’IA au travail (mini-instrument parallèle)",
    }
    data["themes"] = {"work": {"en": "Work", "fr": "Travail"}}
    items = {item["id"]: item for item in data["items"]}
    for item in items.values():
        item |= {"theme": "work", "source": {"origin": "own"}}
    for row in items["agree"]["rows"]:
        row.pop("reverse", None)
    items["agree"]["rows"].insert(1, {"id": "load", "text": _LOAD})
    items["ways"]["options"].insert(
        2, {"code": "ask", "label": {"en": "More work is asked of us", "fr": "On en demande plus"}}
    )
    items["ways"]["options"][1]["label"]["fr"] = "Apprentissage des outils"
    items["ways"]["text"] = {
        "all": {
            "en": "In which ways has AI added work? Select all that apply.",
            "fr": "De quelle façon l’IA a-t-elle ajouté du travail ?",
        }
    }
    items["outup"] |= {"id": "outp", "text": {"exec": _EXPECTS}}
    items["open"]["text"] = {
        "all": {
            "en": "In your own words, what would make AI more useful?",
            "fr": "Avec vos mots, que faudrait-il améliorer ?",
        }
    }
    listed = [item["id"] for item in data["items"]]
    data["sections"] = [
        {"id": "main", "title": {"en": "AI and work", "fr": "IA et travail"}, "items": listed}
    ]
    return Instrument.model_validate(data)
