"""The methodology statement: the eleven disclosure items of the AAPOR code, once for each audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from toolkit.errors import ToolkitError, near_names
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Prose, Terms
from toolkit.presentation.language import Words, language_in_force, spoken
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import audience_name
from toolkit.records import records
from toolkit.responses.gather import FieldDates
from toolkit.study import AAPOR_ITEMS

__all__ = ["AAPOR_HEADINGS", "computed_methods", "methods_statement", "policy_in_words"]

_HEADINGS = Words(
    {
        "data_collection_strategy": (
            "How the answers were collected",
            "Comment les réponses ont été recueillies",
        ),
        "sponsor_and_conductor": (
            "Who paid for the survey and who carried it out",
            "Qui a financé l’enquête et qui l’a réalisée",
        ),
        "instrument": ("Questions asked", "Questions posées"),
        "population": ("Whom the survey is about", "Sur qui porte l’enquête"),
        "sampling": ("How people were chosen", "Comment les personnes ont été choisies"),
        "mode": ("How and in which language people answered", "Comment et en quelle langue on a répondu"),
        "dates": ("When people answered", "Quand on a répondu"),
        "sample_sizes_and_precision": (
            "How many answered, and how precise that is",
            "Combien ont répondu, et avec quelle précision",
        ),
        "weighting": ("Weighting", "Pondération"),
        "processing_and_quality": (
            "How the answers were checked and processed",
            "Comment les réponses ont été vérifiées et traitées",
        ),
        "limitations": ("Limits", "Limites"),
    }
)
AAPOR_HEADINGS: Mapping[str, str] = {key: english for key, (english, _) in _HEADINGS.entries.items()}
"""Item → the English words it is printed under, in the order of the code."""

_WORDS = Words(
    {
        "instrument": (
            "“{title}”, version {version}: {questions} questions ({asked} answers to record) for this "
            "audience. The appendix prints every question as it was worded, who was asked and how the "
            "answers spread.",
            "« {title} », version {version} : {questions} questions ({asked} réponses à relever) pour ce "
            "public. L’annexe imprime chaque question telle qu’elle était formulée, à qui elle a été posée "
            "et comment les réponses se répartissent.",
        ),
        "processing": (
            "Every answer was checked against the questionnaire's codes and routing; what did not fit was "
            "set aside by stated rules and counted, nothing was guessed. Answers of “don't know” and blanks "
            "are not part of any base. {policy}",
            "Chaque réponse a été vérifiée d’après les codes et les filtres du questionnaire ; ce qui n’y "
            "correspondait pas a été écarté selon des règles énoncées et compté, rien n’a été deviné. Les "
            "réponses « ne sait pas » et les blancs n’entrent dans aucune base. {policy}",
        ),
        "dates": (
            "By the dates in the answer files, people in the whole study answered from {first} to {last}.",
            "D’après les dates des fichiers de réponses, on a répondu dans toute l’étude du {first} au "
            "{last}.",
        ),
        "one day": (
            "By the dates in the answer files, people in the whole study answered on {day}.",
            "D’après les dates des fichiers de réponses, on a répondu dans toute l’étude le {day}.",
        ),
        "some dates": (
            "For some of the answers, no date is known.",
            "Pour une partie des réponses, la date n’est pas connue.",
        ),
        "no dates": (
            "The answer files do not say when people answered.",
            "Les fichiers de réponses ne disent pas quand on a répondu.",
        ),
        "unweighted": (
            "The figures are not weighted: every respondent counts once.",
            "Les chiffres ne sont pas pondérés : chaque répondant compte une fois.",
        ),
        "threshold": (
            "Groups of fewer than {k} people are not shown and are not part of any total.",
            "Les groupes de moins de {k} personnes ne sont pas affichés et n’entrent dans aucun total.",
        ),
        "sensitive": (
            " For sensitive questions (such as burnout and leaving) the smallest group is {k}.",
            " Pour les questions sensibles (comme l’épuisement ou le départ), le plus petit groupe est de "
            "{k}.",
        ),
        "unanimity": (
            " Where nearly all or nearly none gave an answer only a bound is shown: 80 % or more and 20 % "
            "or less for groups under 10, 90 and 10 % for 10 to 39, 95 and 5 % for 40 to 99, 98 and 2 % for "
            "100 to 299, 99 and 1 % from 300 on. Every comparison with such a share is computed from the "
            "bound that is shown.",
            " Là où presque tous ou presque personne ont donné une réponse, seule une borne est affichée : "
            "80 % ou plus et 20 % ou moins pour les groupes de moins de 10, 90 et 10 % de 10 à 39, 95 et 5 "
            "% de 40 à 99, 98 et 2 % de 100 à 299, 99 et 1 % à partir de 300. Toute comparaison avec une "
            "telle part est calculée à partir de la borne affichée.",
        ),
        "whole": (
            " A full distribution of answers is shown only where none of its parts is that close to all or "
            "none, and nothing is shown that would give a withheld number back by subtraction.",
            " Une répartition entière n’est affichée que si aucune de ses parts n’est aussi proche de tous "
            "ou de personne, et rien n’est affiché qui permettrait de retrouver par soustraction un nombre "
            "non publié.",
        ),
        "nobody": ("No {name} were invited.", "Aucune personne de ce public ({name}) n’a été invitée."),
        "fewer": ("Fewer than {k}", "Moins de {k}"),
        "few": (
            "{few} {name} answered; their answers are not part of any number here.",
            "{few} {name} ont répondu ; leurs réponses n’entrent dans aucun chiffre.",
        ),
        "of invited": (" of {invited} invited ({rate})", " sur {invited} invités ({rate})"),
        "answered": ("{count} {name} answered{invited}.", "{count} {name} ont répondu{invited}."),
        "margin": (
            "{text} A share near 50 % has a margin of error of ± {margin} points at {level}, the size of the "
            "audience taken into account; it allows for chance only, not for those who did not answer.",
            "{text} Une part proche de 50 % a une marge d’erreur de ± {margin} points au niveau de {level}, "
            "compte tenu de la taille du public ; elle ne tient compte que du hasard, non de ceux qui n’ont "
            "pas répondu.",
        ),
        "own interval": (
            "{text} Each share carries its own {level} interval.",
            "{text} Chaque part porte son propre intervalle à {level}.",
        ),
        "no margin": (
            "{text} Each share carries its own {level} interval; how many were invited is not known.",
            "{text} Chaque part porte son propre intervalle à {level} ; le nombre d’invités n’est pas connu.",
        ),
    }
)


@spoken
def methods_statement(
    methods: Mapping[str, str],
    computed: Mapping[str, str],
    *,
    audience: str,
    instrument: Instrument | None = None,
    language: str = "en",
) -> Prose:
    """The eleven items for one audience.

    Parameters
    ----------
    methods
        Item → text, as the study file has it for this audience.
    computed
        Item → text made by the report (see `computed_methods`); what both have is printed together.
    audience
        Whom it is about.
    instrument, language
        For the audience's name in the heading.

    Returns
    -------
    All eleven items in the order of the code.

    Raises
    ------
    ToolkitError
        An item is blank or unknown: a statement with a hole is not printed.
    """
    unknown = sorted((set(methods) | set(computed)) - set(AAPOR_ITEMS))
    if unknown:
        raise ToolkitError(
            f"methodology statement, {audience}: '{unknown[0]}' is no disclosure item; "
            f"{near_names(unknown[0], AAPOR_ITEMS)}"
        )
    texts = {
        name: " ".join(
            part.strip() for part in (methods.get(name, ""), computed.get(name, "")) if part and part.strip()
        )
        for name in AAPOR_ITEMS
    }
    blank = [name for name, text in texts.items() if not text]
    if blank:
        raise ToolkitError(
            f"methodology statement, {audience}: blank item(s) {', '.join(blank)}; write them in the study "
            f"file under methods → common or methods → {audience}"
        )
    title = audience_name(instrument, audience, start=True, language=language) if instrument else audience
    return Prose(title, (Terms(tuple((_HEADINGS(name), texts[name]) for name in AAPOR_ITEMS)),), "methods")


@spoken
def computed_methods(
    participation: pd.DataFrame,
    instrument: Instrument,
    *,
    audience: str,
    policy: Any,
    level: float = 0.95,
    by: str = "audience",
    language: str = "en",
    dates: FieldDates | None = None,
) -> dict[str, str]:
    """Compute what a report knows by itself: instrument, dates, sizes and precision, weighting, processing.

    Parameters
    ----------
    participation
        `Admitted.participation`.
    instrument
        The questionnaire.
    audience
        Whom it is about.
    policy
        The disclosure policy, whose `text()` is printed; None where the numbers have not passed it.
    level
        Of the intervals.
    by, language
        The group column of `participation`; the language of the names.
    dates
        The first and last day of the wave (`Study.field_dates`); None where the files do not say.

    Raises
    ------
    ToolkitError
        The audience is not in `participation`.
    """
    rows = [row for row in records(participation) if str(row[by]) == audience]
    if not rows:
        raise ToolkitError(f"participation says nothing of '{audience}'")
    asked = sum(audience in variable.audiences for variable in instrument.variables)
    questions = sum(
        any(audience in variable.audiences for variable in instrument.of_item(item.id))
        for item in instrument.items
    )
    title = instrument.title.get(language, instrument.id)
    return {
        "sample_sizes_and_precision": _sizes(rows[0], instrument, audience, level, language),
        "instrument": _WORDS(
            "instrument", title=title, version=instrument.version, questions=questions, asked=asked
        ),
        "dates": _dates(dates, language),
        "weighting": _WORDS("unweighted"),
        "processing_and_quality": _WORDS(
            "processing", policy="" if policy is None else policy_in_words(policy)
        ).rstrip(),
    }


@spoken
def policy_in_words(policy: Any, *, language: str = "en") -> str:
    """The disclosure policy for a methods section: its own text in English, the same in other languages."""
    if language_in_force() == "en":
        return str(policy.text())
    sensitive = policy.sensitive_threshold > policy.threshold
    said = [
        _WORDS("threshold", k=policy.threshold),
        _WORDS("sensitive", k=policy.sensitive_threshold) if sensitive else "",
        _WORDS("unanimity") if policy.unanimity else "",
        _WORDS("whole"),
    ]
    return "".join(said)


def _dates(found: FieldDates | None, language: str) -> str:
    from babel.dates import format_date

    if found is None:
        return _WORDS("no dates")
    first, last = (format_date(day, "d MMMM y", locale=language) for day in (found.first, found.last))
    text = _WORDS("one day", day=first) if first == last else _WORDS("dates", first=first, last=last)
    return text if found.complete else f"{text} {_WORDS('some dates')}"


def _sizes(row: Mapping[str, Any], instrument: Instrument, audience: str, level: float, language: str) -> str:
    name = audience_name(instrument, audience, language=language)
    if not is_known(row["answered"]):
        return _WORDS("few", few=_WORDS("fewer", k=row["threshold"]), name=name)
    if row["answered"] == 0:  # nobody was invited
        return _WORDS("nobody", name=name)
    invited = (
        _WORDS("of invited", invited=base(row["invited"]), rate=percent(row["response_rate"]))
        if is_known(row["invited"])
        else ""
    )
    text = _WORDS("answered", count=base(row["answered"]), name=name, invited=invited)
    if is_known(row["margin"]):
        return _WORDS("margin", text=text, margin=points(row["margin"]), level=percent(level))
    known = is_known(row["invited"])
    return _WORDS("own interval" if known else "no margin", text=text, level=percent(level))
