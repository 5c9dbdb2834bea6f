"""Descriptions of routing conditions."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CONDITION_WORDS"]

CONDITION_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "==": "is",
        "!=": "is not",
        "<": "is below",
        "<=": "is at most",
        ">": "is above",
        ">=": "is at least",
        "in": "is one of",
        "not in": "is none of",
        "not": "not",
        "and": "and",
        "or": "or",
        "answered": "is answered",
        "selected": "includes",
        "quoted": "“{}”",
    },
    "fr": {
        "==": "est",
        "!=": "n’est pas",
        "<": "est inférieur à",
        "<=": "est au plus",
        ">": "est supérieur à",
        ">=": "est au moins",
        "in": "est l’une des réponses",
        "not in": "n’est aucune des réponses",
        "not": "non",
        "and": "et",
        "or": "ou",
        "answered": "a une réponse",
        "selected": "comprend",
        "quoted": "« {} »",
    },
}
"""Language → how a condition is said; English where there are no other words."""
