"""The rules behind lint's warnings and notes: names, word lists, and reasons for suppressing one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field

from toolkit.instrument.yaml_loader import Strict

RULES: Mapping[str, str] = {
    "double-barrelled": "two things are asked in one",
    "leading": "the words suggest an answer",
    "negation": "disagreeing with a negation is hard to understand",
    "vague": "a quantity is left to each reader",
    "reading-grade": "the text is hard to read",
    "unbalanced-scale": "one side of the scale has more answers than the other",
    "numeric-routing": "the code of a don't-know is compared as if it were a number",
    "unreachable-item": "no answers lead to a question, or all do",
    "length": "the questionnaire is long",
    "time-frame": "how often or how much is asked without a time",
    "proxy": "people are asked about others and cannot answer that they do not know",
    "typography": "French punctuation and apostrophes are not typographic",
    "agree-share": "many questions are answered by agreeing",
    "question-order": "an earlier question moves the answers to a later one",
    "undeclared": "the questionnaire does not declare what its questions are about, or lacks texts",
}
"""Name of a rule → what it is about."""

ALLOWABLE = tuple(rule for rule in RULES if rule not in ("length", "agree-share", "undeclared"))
"""Rules that an item or a scale may suppress; the others belong to the whole questionnaire."""


class Lint(Strict):
    """Warnings that are suppressed for an item or a scale: rule → reason."""

    allow: dict[str, str] = Field(default_factory=dict)


# Word lists, per language. A list finds the plain cases only; tests/instrument/test_traps.py counts
# false alarms on public questionnaires.


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


AGREE = re.compile(r"\b(?:dis)?agree\b|d['’]accord\b|\bzustimm|\bde acuerdo\b", re.IGNORECASE)
"""Words in the answers of an agree–disagree scale."""

JOINING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:and/or|as well as|but also|and|plus|(?P<either>or))\b|\b(?P<slash>[a-z]{3,}/[a-z]{3,})\b| & ",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:et/ou|ainsi que|mais aussi|et|(?P<either>ou))\b|\b(?P<slash>[a-zà-ÿ]{3,}/[a-zà-ÿ]{3,})\b| & ",
        re.IGNORECASE,
    ),
}
ONE_THING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\bbetween\b[^,.?]*?\band\b|\b\d[\d,.]* (?:and|or) \d[\d,.]*|\b(?:more and more|again and again|"
        r"now and then|up and down|pros and cons|back and forth|health and safety|terms and conditions|"
        r"research and development|trial and error|more or less|sooner or later|whether or not|he/she|"
        r"his/her|"
        r"him/her|or (?:more|less|fewer|older|younger)|yes or no|and so on|plus or minus)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\bentre\b[^,.?]*?\bet\b|\b\d[\d ,.]* (?:et|ou) \d[\d ,.]*|\b(?:de plus en plus|plus ou moins|"
        r"tôt ou tard|oui ou non|ou (?:plus|moins)|recherche et développement|santé et (?:la )?sécurité)\b",
        re.IGNORECASE,
    ),
}
JOINED_CLAUSES: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^(?!(?:in|on|at|by|for|with|within|without|among|across|since|when|if|while|although|though|as|after|before|during|"
        r"over|"
        r"under|compared|thinking|overall|generally|given|despite|because|once|where|whenever|until|all|"
        r"taking|considering|from|to|of|today|nowadays|these|this)\b)(?:\w+\W+){2,}?\w+\s*[,;] "
        r"(?!(?:which|who|whose|where|when|if|because|since|such|including|like|for|in|on|at|by|with|without|"
        r"to|as|even|not|rather|especially|that|except|or|and|how|what|whether|namely)\b)"
        r"(?:I|we|they|it|he|she|my|our|the|their|\w+s?) (?:\w+ ){0,2}?"
        r"(?:is|are|am|was|were|do|does|did|has|have|can|will|trust|feel|think|know|get|make|want|need|must|"
        r"should|\w+s|\w+ed)\b|\b(?:because|so that|which makes|therefore|that is why)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(r"\b(?:parce que?|parce qu['’]|c['’]est pourquoi|si bien que|donc)\b", re.IGNORECASE),
}
"""Two clauses in one statement, or a reason given with it; looked for in statements people agree with."""

LEADING: Mapping[str, re.Pattern[str]] = {
    "en": _words(
        r"(?:don|wouldn|isn|aren|won|doesn|didn|shouldn|couldn|hasn|haven)['’]t (?:you|we|it|they)|"
        r"do you not (?:agree|think)|would you not|surely|obviously|of course|clearly|undoubtedly|naturally|"
        r"(?<!far )as (?:we all know|everyone knows|you know|is well known)|everyone (?:knows|agrees)|"
        r"nobody (?:denies|doubts)|"
        r"most (?:people|experts) (?:think|agree|believe|say)|it is (?:clear|obvious|well known) that|"
        r"would you agree|you (?:must|will) agree|(?:experts|studies|research|science) (?:agree|shows?|"
        r"proves?)|"
        r"(?:any|every|no) (?:\w+ )?(?:sensible|reasonable|decent|rational|intelligent|normal|honest|"
        r"modern|smart|"
        r"serious|responsible) \w+|(?:sensible|reasonable|decent|right-thinking|responsible|smart) "
        r"(?:people|persons?|employers?|leaders?|managers?|companies)|fails? to|failed to|refuses? to|"
        r"so-called|"
        r"common sense|pointless|useless|ridiculous|absurd|wasteful|waste of|greedy|lazy|reckless(?:ly)?|"
        r"blind(?:ly)? (?:trusts?|follows?|uses?|adopts?)|blatant(?:ly)?|shameful|disastrous|outrageous|"
        r"unacceptable|wonderful|amazing|exciting|revolutionary|world-class|cutting-edge|wisely|"
        r"foolish(?:ly)?|"
        r"forced to|in your own interest|get away with|at the mercy of|the danger of|threatens? (?:us|our|"
        r"your)"
    ),
    "fr": _words(
        r"n['’]est-ce pas|ne (?:pensez|trouvez|croyez)-vous pas|évidemment|bien sûr|certainement|"
        r"sans aucun doute|naturellement|comme (?:chacun|tout le monde) (?:le )?sait|"
        r"tout le monde sait|la plupart des gens (?:pensent|disent)|il est (?:clair|évident) que|"
        r"toute (?:personne|entreprise) (?:sensée|raisonnable|responsable|sérieuse)|(?:gens|personnes) "
        r"(?:sensés|sensées|raisonnables)|soi-disant|bon sens|ridicule|absurde|inutile|paresseux|scandaleux|"
        r"inacceptable|formidable|révolutionnaire|aveuglément|les études (?:montrent|prouvent)"
    ),
}
PRESUPPOSED: Mapping[str, re.Pattern[str]] = {
    "en": _words(
        r"the (?:\w+ )?(?:time|money|hours|effort|gains?|benefits?|harm|damage|problems?|mistakes|success|"
        r"failure)"
        r"[^.?,]{0,30}? (?:saves?|saved|brings?|brought|causes?|caused|costs?|creates?|created|gained|lost|"
        r"wasted)|"
        r"(?:thanks to|due to) (?:AI|the new)|now that|even though|has finally|at last"
    ),
    "fr": _words(
        r"(?:le temps|l['’]argent|les heures|les gains|les problèmes|les erreurs|les avantages)[^.?,]{0,30}? "
        r"(?:gagnée?s?|économisée?s?|causée?s?|apportée?s?|perdue?s?)|grâce à l['’]IA|maintenant que|bien que"
    ),
}
"""A fact that a statement takes for granted: whoever doubts it cannot agree or disagree."""

NEGATION: Mapping[str, re.Pattern[str]] = {
    "en": _words(
        r"not|never|no|none|nobody|nothing|neither|nor|cannot|hardly|barely|lacks?|unable|"
        r"fails? to|failed to|refuses? to|\w+n['’]t"
    ),
    "fr": re.compile(
        r"\b(?:ne|jamais|aucune?|rien|ni|personne ne|incapables?)\b|\bn['’](?!est-ce)|\bpas (?:de|"
        r"d['’])",
        re.IGNORECASE,
    ),
}
NEGATED: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        rf"{NEGATION['en'].pattern}|\b(?:without|un\w+|in\w+|dis\w+|\w+less|too|rather than)\b", re.I
    ),
    "fr": re.compile(
        rf"{NEGATION['fr'].pattern}|\b(?:pas|plus|non|sans|guère|manque\w*|trop|plutôt que|in\w+|im\w+|"
        r"dé\w+|mal)\b",
        re.I,
    ),
}
"""Words that may carry a negation in a translation: wider than `NEGATION`, so that few are called lost."""
VAGUE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:(?<!how )(?<!too )(?<!so )(?<!as )many|(?<!how )(?<!more )(?<!less )(?<!too )(?<!most )often|"
        r"regularly|(?<!how )(?<!more )(?<!less )frequently|occasionally|sometimes|from time to time|"
        r"a lot of|"
        r"numerous|recently|lately|a few|now and then|quite a bit)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:beaucoup(?! (?:plus|moins|mieux))|(?<!plus )(?<!moins )(?<!trop )souvent|régulièrement|"
        r"fréquemment|"
        r"parfois|quelquefois|"
        r"de temps en temps|récemment|ces derniers temps|nombreu(?:x|ses))\b",
        re.IGNORECASE,
    ),
}
HOW_OFTEN: Mapping[str, re.Pattern[str]] = {
    "en": _words(r"how (?:often|frequently)|how many (?:times|hours|days|minutes)"),
    "fr": _words(r"à quelle fréquence|combien (?:de fois|d['’]heures|de jours|de minutes)"),
}
TIMES: Mapping[str, re.Pattern[str]] = {
    "en": _words(
        r"past|last|previous|next|today|yesterday|now|currently|(?:a|an|each|every|per|this|typical|usual|"
        r"average) "
        r"(?:hour|day|week|month|quarter|year)|weeks?|months?|years?|days?|since|ever|so far"
    ),
    "fr": _words(
        r"derni(?:er|ère|ers|ères)|passée?s?|prochaine?s?|aujourd['’]hui|hier|actuellement|par (?:jour|"
        r"semaine|mois|"
        r"an)|semaines?|mois|ans?|années?|jours?|depuis|jamais|jusqu['’]ici"
    ),
}
