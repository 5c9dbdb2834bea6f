"""Words of an instrument as an exporter needs them: each text apart, for one audience and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.instrument.fields import ParallelWording
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import N_, respondent_text, translated

__all__ = [
    "OWN_LABELS",
    "audience_question",
    "every_text",
    "missing_labels",
    "missing_words",
    "spoken",
]

OWN_LABELS: Mapping[str, str] = {
    "respondent": N_("Respondent"),
    "organisation": N_("Organisation"),
    "wave": N_("Wave"),
    "audience": N_("Audience"),
    "source": N_("File the answers were read from"),
    "status": N_("Complete or partial"),
    "weight": N_("Weight"),
}
"""Column that is no item → its label in English."""


def audience_question(language: str) -> tuple[str, str]:
    """Return the title of the first page and the question that asks for the respondent's role."""
    return (
        respondent_text(language, "Your role"),
        respondent_text(language, "Which best describes your current role?"),
    )


def missing_labels(language: str) -> dict[str, str]:
    """Return analysis code of a missing answer → its label; readers recognise each of them."""
    return {code: translated(language, label) for code, label in MISSING.items()}


def spoken(text: ParallelWording, audience: str, language: str) -> str:
    """What one audience reads in one language; the words for "all" where it has none of its own."""
    return (text.get(audience) or text["all"])[language]


def missing_words(variable: Variable, instrument: Instrument, language: str) -> dict[str, str]:
    """The missing codes that a coded column can hold, in words; in English where there are no others.

    Don't know and refused where they are offered, routed past where there is routing, not asked where only
    some audiences are.
    """
    if not variable.codes:
        return {}
    offered = {missing.becomes: missing.label[language] for missing in instrument.missing_of(variable)}
    everybody = set(variable.audiences) >= set(instrument.audiences)
    never = {code for code in ("-1", "-2") if code not in offered or variable.kind == "option"}
    never |= {"-4"} if variable.item.ask_if is None else set()
    never |= {"-5"} if everybody else set()
    known = missing_labels(language) | offered
    return {code: known[code] for code in MISSING if code not in never}


def every_text(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Every text that somebody reads on screen, each with the place at which its owner would look for it."""
    for language in instrument.languages:
        yield f"title ({language})", instrument.title[language]
        for name, audience in instrument.audiences.items():
            yield f"audience {name}, label ({language})", audience.label[language]
        for section in instrument.sections:
            yield f"section {section.id}, title ({language})", section.title[language]
        yield from _item_texts(instrument, language)
        yield from _answer_texts(instrument, language)


def _item_texts(instrument: Instrument, language: str) -> Iterator[tuple[str, str]]:
    for item in instrument.items:
        for name in item.audiences or instrument.audiences:
            yield f"item {item.id}, text for {name} ({language})", spoken(item.text, name, language)
        for row in item.rows:
            for name in row.audiences or item.audiences or instrument.audiences:
                place = f"item {item.id}, row {row.id}, text for {name} ({language})"
                yield place, spoken(row.text, name, language)
        for option in item.options:
            yield f"item {item.id}, option {option.code} ({language})", option.label[language]


def _answer_texts(instrument: Instrument, language: str) -> Iterator[tuple[str, str]]:
    scales = dict.fromkeys(item.scale for item in instrument.items if item.scale)
    for name in scales:
        for option in instrument.scales[name].options:
            yield f"scale {name}, answer {option.code} ({language})", option.label[language]
    offered = {name for variable in instrument.variables for name in _missing_names(variable)}
    for name in instrument.missing:
        if name in offered:
            yield f"missing {name}, label ({language})", instrument.missing[name].label[language]


def _missing_names(variable: Variable) -> tuple[str, ...]:
    return (*(variable.scale.missing if variable.scale else ()), *variable.item.missing)
