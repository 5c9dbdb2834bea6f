"""Words of an instrument as an exporter needs them: each text apart, for one audience and language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.instrument.fields import ParallelWording
from toolkit.instrument.model import MISSING, Instrument, Variable

__all__ = [
    "AT_MOST",
    "AUDIENCE_WORDS",
    "END_WORDS",
    "MISSING_WORDS",
    "OWN_LABELS",
    "WELCOME_WORDS",
    "every_text",
    "missing_words",
    "spoken",
]

AUDIENCE_WORDS: Mapping[str, tuple[str, str]] = {
    "en": ("Your role", "Which best describes your current role?"),
    "fr": ("Votre situation", "Quelle est votre situation actuelle ?"),
    "de": ("Ihre Rolle", "Was beschreibt Ihre derzeitige Rolle am besten?"),
    "es": ("Su función", "¿Qué describe mejor su función actual?"),
    "it": ("Il suo ruolo", "Che cosa descrive meglio il suo ruolo attuale?"),
    "nl": ("Uw rol", "Wat omschrijft uw huidige rol het best?"),
    "pt": ("A sua função", "O que descreve melhor a sua função atual?"),
}
"""Language → title of the first page and the question that asks who somebody is."""

WELCOME_WORDS: Mapping[str, str] = {
    "en": "Thank you for taking part. There are no right or wrong answers.",
    "fr": "Merci de participer. Il n'y a pas de bonne ou de mauvaise réponse.",
    "de": "Vielen Dank für Ihre Teilnahme. Es gibt keine richtigen oder falschen Antworten.",
    "es": "Gracias por participar. No hay respuestas correctas ni incorrectas.",
    "it": "Grazie per la partecipazione. Non ci sono risposte giuste o sbagliate.",
    "nl": "Dank u voor uw deelname. Er zijn geen goede of foute antwoorden.",
    "pt": "Obrigado por participar. Não há respostas certas nem erradas.",
}
"""Language → what a survey begins with, where its owner wrote nothing."""

END_WORDS: Mapping[str, str] = {
    "en": "Thank you. Your answers have been saved; you can close this page.",
    "fr": "Merci. Vos réponses ont été enregistrées ; vous pouvez fermer cette page.",
    "de": "Vielen Dank. Ihre Antworten sind gespeichert; Sie können diese Seite schließen.",
    "es": "Gracias. Sus respuestas se han guardado; puede cerrar esta página.",
    "it": "Grazie. Le sue risposte sono state salvate; può chiudere questa pagina.",
    "nl": "Dank u. Uw antwoorden zijn opgeslagen; u kunt deze pagina sluiten.",
    "pt": "Obrigado. As suas respostas foram guardadas; pode fechar esta página.",
}
"""Language → what a survey ends with, where its owner wrote nothing."""

AT_MOST: Mapping[str, str] = {
    "en": "Choose at most {most}.",
    "fr": "Choisissez-en {most} au plus.",
    "de": "Wählen Sie höchstens {most} aus.",
    "es": "Elija como máximo {most}.",
    "it": "Ne scelga al massimo {most}.",
    "nl": "Kies er hoogstens {most}.",
    "pt": "Escolha no máximo {most}.",
}
"""Language → what a multi-select says where only so many answers may be given."""

MISSING_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": MISSING,
    "fr": {
        "-1": "ne sait pas",
        "-2": "refus de répondre",
        "-3": "vu, laissé sans réponse",
        "-4": "non posé (filtre)",
        "-5": "non posé à ce public",
        "-6": "abandon avant",
    },
}
"""Language → analysis code of a missing answer → words; readers know each of them again."""

OWN_LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "respondent": "Respondent",
        "organisation": "Organisation",
        "wave": "Wave",
        "audience": "Audience",
        "source": "File the answers were read from",
        "status": "Complete or partial",
        "weight": "Weight",
    },
    "fr": {
        "respondent": "Répondant",
        "organisation": "Organisation",
        "wave": "Vague",
        "audience": "Public",
        "source": "Fichier dont les réponses proviennent",
        "status": "Complet ou partiel",
        "weight": "Pondération",
    },
}
"""Language → column that is no item → its label."""


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
    known = dict(MISSING_WORDS.get(language, MISSING)) | offered
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
