"""Wording that biases answers: double-barrelled, leading or hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from toolkit.errors import ProblemCode
from toolkit.instrument.fields import ParallelWording
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.readability import reading_grade

__all__ = ["LANGUAGES", "hard_questionnaires", "spoilt_words"]

LANGUAGES = ("en", "fr")
"""Languages whose words are looked at; the reading grade is of English alone."""

_JOINING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:and/or|as well as|but also|and|(?P<either>or))\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:et/ou|ainsi que|mais aussi|et|(?P<either>ou))\b", re.IGNORECASE),
}
_ONE_THING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\bbetween\b[^,.?]*?\band\b|\b\d[\d,.]* (?:and|or) \d[\d,.]*|\b(?:more and more|again and again|"
        r"now and then|up and down|pros and cons|back and forth|health and safety|terms and conditions|"
        r"research and development|trial and error|more or less|sooner or later|whether or not|"
        r"or (?:more|less|fewer|older|younger)|yes or no|and so on)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\bentre\b[^,.?]*?\bet\b|\b\d[\d ,.]* (?:et|ou) \d[\d ,.]*|\b(?:de plus en plus|plus ou moins|"
        r"tôt ou tard|oui ou non|ou (?:plus|moins)|recherche et développement|santé et (?:la )?sécurité)\b",
        re.IGNORECASE,
    ),
}
_LEADING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:(?:don|wouldn|isn|aren|won|doesn|didn|shouldn|couldn|hasn|haven)['’]t (?:you|we|it|they)\b|"
        r"do you not (?:agree|think)|would you not|surely|obviously|of course|clearly|undoubtedly|naturally|"
        r"as (?:we all know|everyone knows|you know|is well known)|everyone (?:knows|agrees)|"
        r"most (?:people|experts) (?:think|agree|believe|say)|it is (?:clear|obvious|well known) that|"
        r"would you agree|you (?:must|will) agree)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:n['’]est-ce pas|ne (?:pensez|trouvez|croyez)-vous pas|évidemment|bien sûr|certainement|"
        r"sans aucun doute|naturellement|comme (?:chacun|tout le monde) (?:le )?sait|"
        r"tout le monde sait|la plupart des gens (?:pensent|disent)|il est (?:clair|évident) que)\b",
        re.IGNORECASE,
    ),
}
_HARD, _ENOUGH_WORDS = 12.0, 12
"""School years above which a text of so many words is hard: more than a whole school career."""
_HARD_WHOLE = 9.0
"""School years above which a questionnaire is hard; general surveys aim at eight or nine."""

Found = Iterable[tuple[ProblemCode, tuple[str, ...], str, str]]
"""Rule, path, what, hint; a rule is a code of `Problem`."""


def spoilt_words(item: Item, instrument: Instrument) -> Found:
    """Find faults in the words of an item and its rows; published words are not the author's to change.

    Notes
    -----
    Kinds of fault after Choi and Pak (2005), A catalog of biases in questionnaires, Preventing Chronic
    Disease 2(1), A13. A list of words finds the plain cases only.
    """
    if item.source.origin == "published":
        return
    choice = _of_alternatives(item, instrument)
    told = item.type == "text"  # in one's own words two things can be answered
    yield from _of_text(("items", item.id, "text"), item.text, instrument, choice=choice, told=told)
    for row in item.rows:
        if not (row.source and row.source.origin == "published"):
            path = ("items", item.id, "rows", row.id, "text")
            yield from _of_text(path, row.text, instrument, choice=choice, told=told)


def _of_alternatives(item: Item, instrument: Instrument) -> bool:
    """Return whether "or" may join the answers themselves, as in "an office or your home?"."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    return not (scale and scale.top and scale.bottom)


def _of_text(
    path: tuple[str, ...], text: ParallelWording, instrument: Instrument, *, choice: bool, told: bool
) -> Found:
    for audience, wording in text.items():
        for language in (one for one in LANGUAGES if one in instrument.languages and one in wording):
            words, here = wording[language], (*path, audience, language)
            joining = None if told else _joining(words, language, choice)
            if joining:
                hint = "ask one thing, or make two questions of it"
                yield "double-barrelled", here, f"'{joining}' may join two questions in “{words}”", hint
            leading = _LEADING[language].search(words)
            if leading:
                hint = "leave it out, so that every answer is as easy to give"
                yield "leading", here, f"'{leading.group()}' suggests an answer", hint
            if language == "en" and len(words.split()) >= _ENOUGH_WORDS:
                grade = reading_grade([words])
                if grade > _HARD:
                    what = f"reading it takes about {grade:.0f} school years (Flesch–Kincaid): “{words}”"
                    yield "reading-grade", here, what, "use shorter words and sentences"


def _joining(words: str, language: str, choice: bool) -> str | None:
    """Find the first word that joins two things; "or" counts only if it does not join the answers."""
    bare = _ONE_THING[language].sub(" ", words)
    for found in _JOINING[language].finditer(bare):
        if not (choice and found.group("either")):
            return found.group()
    return None


def hard_questionnaires(instrument: Instrument) -> Found:
    """Find audiences whose whole English questionnaire is hard to read."""
    if "en" not in instrument.languages:
        return
    for audience in instrument.audiences:
        grade = reading_grade(_texts_of(instrument, audience))
        if grade > _HARD_WHOLE:
            what = f"the questions to {audience} together take about {grade:.0f} school years to read"
            yield "reading-grade", ("audiences", audience), what, "use shorter words and sentences"


def _texts_of(instrument: Instrument, audience: str, language: str = "en") -> list[str]:
    """Collect every question, statement and stem an audience reads, except published ones."""
    texts = []
    for item in instrument.items:
        own = item.source.origin == "own"
        if own and audience in (item.audiences or tuple(instrument.audiences)):
            parts = [item.text] + [
                row.text for row in item.rows if row.audiences is None or audience in row.audiences
            ]
            spoken = [(text.get(audience) or text.get("all") or {}).get(language, "") for text in parts]
            texts += [words for words in spoken if words.strip()]
    return texts
