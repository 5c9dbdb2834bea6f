"""What result frames say in English, verdicts and the gate's reasons, in the language in force.

The result contract stays English in every frame; only what is printed is said in the report's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolkit.disclosure.comparisons import TOO_CLOSE
from toolkit.disclosure.ruling import REASONS
from toolkit.errors import ToolkitError
from toolkit.presentation.language import Words, language_in_force

__all__ = ["GATE", "VERDICTS", "translated"]

_SIZE = r"([−0-9.]+)"
_PLACE = re.compile(r"(\{\w+\})")

_SAID = Words(
    {
        "gap on scale": (
            "a gap of {0} on the scale ({1} to {2})",
            "un écart de {0} sur l’échelle ({1} à {2})",
        ),
        "gap": ("a gap of {0} points ({1} to {2})", "un écart de {0} points ({1} à {2})"),
        "least": ("a gap of at least {0} points", "un écart d’au moins {0} points"),
        "similar": (
            "views are similar to within {0} points",
            "les avis concordent à {0} points près",
        ),
        "similar on scale": (
            "views are similar to within {0} on the scale",
            "les avis concordent à {0} près sur l’échelle",
        ),
        "likely": (
            "a difference is likely; its practical size is uncertain",
            "une différence est probable ; son ampleur pratique est incertaine",
        ),
        "too few": (
            "this survey cannot tell; with so few answers no gap would show",
            "cette enquête ne permet pas de trancher ; avec si peu de réponses, aucun écart ne se verrait",
        ),
        "visible": (
            "this survey cannot tell; only gaps of about {0} points would show",
            "cette enquête ne permet pas de trancher ; seuls des écarts d’environ {0} points se verraient",
        ),
        "visible on scale": (
            "this survey cannot tell; only gaps of about {0} on the scale would show",
            "cette enquête ne permet pas de trancher ; seuls des écarts d’environ {0} sur l’échelle "
            "se verraient",
        ),
        "none": ("no comparison could be made", "aucune comparaison n’a pu être faite"),
        "not comparable": ("not comparable", "non comparable"),
        "close": (TOO_CLOSE, "trop proche de tous ou de personne pour être affiché"),
        "hidden": ("not shown", "non affiché"),
        "withheld": ("withheld", "non publié"),
        "few": ("few answers", "peu de réponses"),
        "no answers": ("no answers", "aucune réponse"),
        "not asked": ("not asked", "non posée"),
    }
)
VERDICTS: Mapping[str, tuple[str, str]] = _SAID.entries
"""Key → English as result frames hold it, and French; numbers in order."""

_REASONS = Words(
    {
        "small": (REASONS["small"], "moins de {k} réponses"),
        "unknown base": (REASONS["unknown base"], "le nombre de réponses n’est pas connu"),
        "distribution": (
            REASONS["distribution"],
            "certaines réponses ont été données par presque tous ou presque personne",
        ),
        "rest": (REASONS["rest"], "presque personne n’a choisi cette extrémité de l’échelle ou le milieu"),
        "spread": (
            REASONS["spread"],
            "les réponses sont si proches que la moyenne dirait chacune d’elles",
        ),
        "limits": (
            REASONS["limits"],
            "la plus petite et la plus grande réponse possibles ne sont pas déclarées",
        ),
        "whole": (REASONS["whole"], "tiré de la répartition entière, qui ne peut être affichée"),
        "code": (REASONS["code"], "une réponse seule n’est affichée qu’avec la répartition entière"),
        "routed": (
            REASONS["routed"],
            "savoir à qui la question a été posée dirait ce que presque tous ou presque personne ont répondu "
            "à une question précédente",
        ),
        "total": (REASONS["total"], "avec les groupes, cela permettrait de retrouver un nombre non publié"),
        "option": (
            REASONS["option"],
            "avec les autres options, cela permettrait de retrouver un nombre non publié",
        ),
        "none": (REASONS["none"], "n’a pas pu être calculé"),
    }
)
GATE: Mapping[str, tuple[str, str]] = _REASONS.entries
"""Key of the gate's reason → English and French."""


def translated(text: str) -> str:
    """A verdict or a reason of the gate, as result frames hold it in English, in the language in force.

    Raises
    ------
    ToolkitError
        No words are known for it: a report does not change its language in the middle of a sentence.

    Examples
    --------
    >>> translated("fewer than 5 answers")
    'fewer than 5 answers'
    """
    if language_in_force() == "en" or not text:
        return text
    for english, french in (*VERDICTS.values(), *GATE.values()):
        found = _pattern(english).fullmatch(text)
        if found:
            sizes = iter([part.replace(".", ",") for part in found.groups()])
            return "".join(
                next(sizes) if place % 2 else part for place, part in enumerate(_PLACE.split(french))
            )
    raise ToolkitError(f"there are no words in '{language_in_force()}' for {text!r}")


def _pattern(english: str) -> re.Pattern[str]:
    """The English words with any number at their places; re keeps what it has compiled."""
    parts = _PLACE.split(english)
    return re.compile("".join(_SIZE if place % 2 else re.escape(part) for place, part in enumerate(parts)))
