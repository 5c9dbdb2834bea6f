"""The words around a report's own, in the languages it can be made in."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LANGUAGES", "frame_words"]

_ENGLISH = {
    "skip": "Skip to the report",
    "contents": "Contents",
    "synthetic": "SYNTHETIC DATA",
    "synthetic_long": "The answers in this report are synthetic: made by a program, given by no one.",
    "wave": "Wave",
    "page": "Page",
    "of": "of",
    "made_with": "Made with",
    "table": "Table",
    "picture": "Picture",
    "continued": "continued",
    "notes": "Notes",
    "sheet": "Sheet",
    "title": "Title",
    "section": "Section",
    "rows": "Rows",
    "offset": "Space before the bar",
    "text": "Text",
    "method": "Methods",
    "summary": "Summary",
    "update": "Right-click and choose “Update field” to fill in the page numbers.",
    "first": "{shown} of {all} bars are on this slide; the report has all.",
    "first_rows": "{shown} of {all} rows are on this slide; the report has all.",
    "question": "Question",
    "logo": "Logo of {brand}",
    "interval": "interval",
    "from": "from",
    "to": "to",
    "report": "Report",
    "in_numbers": "What the pictures are drawn from",
    "sort": "Sort by {column}",
    "share": "Share",
    "who": "audience",
    "higher": "Higher side",
    "lower": "Lower side",
    "answered": "Answered",
    "findings": "Findings",
    "figure": "Figure",
    "lead": "{lead}: {said}",
}
_FRENCH = {
    "skip": "Aller au rapport",
    "contents": "Sommaire",
    "synthetic": "DONNÉES SYNTHÉTIQUES",
    "synthetic_long": (
        "Les réponses de ce rapport sont synthétiques\u00a0: produites par un programme, "
        "données par personne."
    ),
    "wave": "Vague",
    "page": "Page",
    "of": "sur",
    "made_with": "Réalisé avec",
    "table": "Tableau",
    "picture": "Figure",
    "continued": "suite",
    "notes": "Notes",
    "sheet": "Feuille",
    "title": "Titre",
    "section": "Partie",
    "rows": "Lignes",
    "offset": "Espace avant la barre",
    "text": "Texte",
    "method": "Méthode",
    "summary": "Synthèse",
    "update": "Clic droit puis «\u00a0Mettre à jour les champs\u00a0» pour obtenir les numéros de page.",
    "first": "{shown} barres sur {all} figurent sur cette diapositive\u00a0; le rapport les contient toutes.",
    "first_rows": (
        "{shown} lignes sur {all} figurent sur cette diapositive\u00a0; le rapport les contient toutes."
    ),
    "question": "Question",
    "logo": "Logo de {brand}",
    "interval": "intervalle",
    "from": "de",
    "to": "à",
    "report": "Rapport",
    "in_numbers": "Les chiffres des figures",
    "sort": "Trier par {column}",
    "share": "Part",
    "who": "public",
    "higher": "Côté haut",
    "lower": "Côté bas",
    "answered": "Ont répondu",
    "findings": "Résultats",
    "figure": "Figure",
    "lead": "{lead}\u00a0: {said}",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "fr": _FRENCH}


def frame_words(language: str) -> Mapping[str, str]:
    """The words of one language; English where there are none of it.

    Examples
    --------
    >>> frame_words("fr")["contents"]
    'Sommaire'
    """
    return LANGUAGES.get(language, _ENGLISH)
