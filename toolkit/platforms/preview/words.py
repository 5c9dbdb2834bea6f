"""What the preview page says itself, by language."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LANGUAGE_NAMES", "words_in"]

LANGUAGE_NAMES: Mapping[str, str] = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
}
"""Language → its name in itself."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "tab": "{title} – preview",
        "banner": "Preview. Nothing is sent; answers you save are marked as a test.",
        "language": "Language",
        "inner": "Show names, codes and routing",
        "intro": "Answer the questionnaire as one of those it is for. You can go back at any time.",
        "who": "As whom do you answer?",
        "choose": "Choose one to begin.",
        "begin": "Begin",
        "back": "Back",
        "next": "Next",
        "progress": "Page {page} of {pages}",
        "required": "needs an answer",
        "several": "You may tick several.",
        "choices": "Choose at most {most}.",
        "ranks": "Please give each rank once.",
        "clear": "Clear",
        "between": "A number from {minimum} to {maximum}.",
        "least": "A number from {minimum} on.",
        "most": "A number up to {maximum}.",
        "nonumber": "This is no number.",
        "unanswered": "Please answer this question.",
        "rows": "Please answer every line.",
        "fix": "Before the next page:",
        "more": "More questions have appeared on this page.",
        "done": "That was the last question",
        "kept": "People in the file so far: {people}. Save it, or answer as somebody else first.",
        "save": "Save answers",
        "another": "Answer as another person",
        "saved": "What is saved for this person",
        "column": "Column",
        "held": "Holds",
        "written": "The file was saved.",
    },
    "fr": {
        "tab": "{title} – aperçu",
        "banner": "Aperçu. Rien n’est envoyé ; les réponses enregistrées sont marquées comme un essai.",
        "language": "Langue",
        "inner": "Afficher noms, codes et filtres",
        "intro": "Répondez comme l’un des publics du questionnaire. Vous pouvez toujours revenir en arrière.",
        "who": "À quel titre répondez-vous ?",
        "choose": "Choisissez pour commencer.",
        "begin": "Commencer",
        "back": "Retour",
        "next": "Suivant",
        "progress": "Page {page} sur {pages}",
        "required": "réponse nécessaire",
        "several": "Plusieurs réponses sont possibles.",
        "choices": "Choisissez-en {most} au plus.",
        "ranks": "Veuillez donner chaque rang une seule fois.",
        "clear": "Effacer",
        "between": "Un nombre de {minimum} à {maximum}.",
        "least": "Un nombre à partir de {minimum}.",
        "most": "Un nombre jusqu’à {maximum}.",
        "nonumber": "Ce n’est pas un nombre.",
        "unanswered": "Merci de répondre à cette question.",
        "rows": "Merci de répondre à chaque ligne.",
        "fix": "Avant la page suivante :",
        "more": "D’autres questions sont apparues sur cette page.",
        "done": "C’était la dernière question",
        "kept": "Personnes dans le fichier : {people}. Enregistrez-le, ou répondez d’abord pour une autre.",
        "save": "Enregistrer les réponses",
        "another": "Répondre pour une autre personne",
        "saved": "Ce qui est enregistré pour cette personne",
        "column": "Colonne",
        "held": "Contenu",
        "written": "Le fichier a été enregistré.",
    },
}


def words_in(language: str) -> Mapping[str, str]:
    """The page's words in a language; in English where nobody has translated them.

    Examples
    --------
    >>> words_in("fr")["next"]
    'Suivant'
    """
    return _WORDS.get(language, _WORDS["en"])
