"""One page that documents a questionnaire in one language, for people and for paper."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from typing import Any

from toolkit.instrument.codebook import base_of, cited
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.locale import translated
from toolkit.platforms.words import missing_words, spoken

__all__ = ["page"]


def page(instrument: Instrument, language: str) -> str:
    """The codebook in one language, as one HTML file without anything from elsewhere.

    Parameters
    ----------
    instrument
        What is documented.
    language
        One of its languages; the page's own words are English where it has no others.
    """
    import jinja2

    folder = files("toolkit.platforms").joinpath("templates")
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(folder.joinpath("codebook.html").read_text("utf-8"))
    return template.render(
        language=language,
        instrument=instrument,
        _=partial(translated, language),
        style=folder.joinpath("codebook.css").read_text("utf-8"),
        sections=[
            {
                "id": section.id,
                "title": section.title[language],
                "items": [_item(instrument.item(name), instrument, language) for name in section.items],
            }
            for section in instrument.sections
        ],
        scores=[
            {
                "name": name,
                "label": score.label[language],
                "score": score,
                "least": len(score.items) if score.minimum is None else score.minimum,
                "source": cited(score.source),
            }
            for name, score in instrument.scores.items()
            if any(item in instrument for item in score.items)
        ],
    )


def _item(item: Item, instrument: Instrument, language: str) -> dict[str, Any]:
    variables = instrument.of_item(item.id)
    first = variables[0]
    asked = item.audiences or tuple(instrument.audiences)
    return {
        "item": item,
        "label": item.short.get(language) or spoken(item.text, asked[0], language),
        "theme": instrument.themes[item.theme][language],
        "asked": [
            {
                "audiences": ", ".join(instrument.audiences[name].label[language] for name in names),
                "text": text,
                "bases": [base_of(first, name, instrument, language) for name in names],
            }
            for text, names in _alike((spoken(item.text, name, language), name) for name in asked)
        ],
        "parts": [_part(variable, instrument, language) for variable in variables if variable.part],
        "answers": list(first.code_labels(language).items()),
        "missing": list(missing_words(first, instrument, language).items()),
        "sources": [(names, text) for text, names in _sources(variables).items()],
        "sensitive": any(variable.sensitive for variable in variables),
    }


def _alike(said: Iterator[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The same words once, with everybody who reads them."""
    found: dict[str, list[str]] = {}
    for text, name in said:
        found.setdefault(text, []).append(name)
    return list(found.items())


def _part(variable: Variable, instrument: Instrument, language: str) -> dict[str, Any]:
    if variable.row is None:
        return {"name": variable.name, "texts": [("", variable.label(language))], "favourable": ""}
    texts = _alike((spoken(variable.row.text, name, language), name) for name in variable.audiences)
    everybody = set(variable.item.audiences or instrument.audiences)
    return {
        "name": variable.name,
        "texts": [
            (
                ""
                if set(names) == everybody
                else ", ".join(instrument.audiences[name].label[language] for name in names),
                text,
            )
            for text, names in texts
        ],
        "favourable": "" if variable.favourable == "none" else variable.favourable,
    }


def _sources(variables: tuple[Variable, ...]) -> dict[str, str]:
    """Source → the columns it is of; nothing is said of columns where all have one."""
    found: dict[str, list[str]] = {}
    for variable in variables:
        found.setdefault(cited(variable.source), []).append(variable.name)
    return {text: ", ".join(names) if len(found) > 1 else "" for text, names in found.items()}
