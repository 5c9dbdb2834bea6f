"""Lint warnings: what is well formed and may still spoil answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import pandas as pd

from toolkit.errors import ProblemCode
from toolkit.instrument.lint_rules import Lint
from toolkit.instrument.model import Instrument, Item, Option, Row, Scale
from toolkit.instrument.routing import Comparison, Joined, Leaf, Node, Not, leaves, parse_tree
from toolkit.instrument.yaml_loader import Finding, ParallelWording

__all__ = [
    "LANGUAGES",
    "LONGEST",
    "advise",
    "hard_questionnaires",
    "minutes",
    "reading_grade",
    "spoilt_words",
    "syllables",
]


# Reading grade of English texts, by the formula of Flesch and Kincaid.


_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*|\d[\d,.]*")
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")
# an e that is written and not spoken: at the end, before s or d, before an ending such as -ly
_SILENT = re.compile(
    r"[^aeiouy]e$(?<![^aeiouy]le)|[^aeiouysxzhcg]es$(?<![^aeiouy]les)|[^aeiouytd]ed$(?<![^aeiouyl]led)"
    r"|[^aeiouyl]e(?:ly|ments?|ful|less|ness)$"
)
# adjacent vowels that are separate syllables
_APART = re.compile(
    r"[aeiou]y[aeiou]|[aeiouy]ing|(?<![cstgx])i[ao](?!us)|(?<![fr])ien(?!d)|(?<![qg])ua|iu|eo(?!p|u|n)|ism$|crea|idea|area"
)


def reading_grade(texts: Iterable[str]) -> float:
    """Compute the school years needed to read some English texts.

    Parameters
    ----------
    texts
        Questions or statements; each is at least one sentence, with or without a full stop.

    Returns
    -------
    float
        0.39 words per sentence + 11.8 syllables per word − 15.59. NaN where there are no words.

    Notes
    -----
    Kincaid, Fishburne, Rogers and Chissom (1975), Navy Research Branch Report 8-75. It was fitted to passages
    of many sentences: of a single question it is a rough guide, of a questionnaire a better one.

    Examples
    --------
    >>> round(reading_grade(["The cat sat on the mat."]), 2)
    -1.45
    """
    words = sentences = spoken = 0
    for text in texts:
        found = _WORD.findall(text)
        words += len(found)
        spoken += sum(map(syllables, found))
        sentences += sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    if not words:
        return float("nan")
    return 0.39 * words / sentences + 11.8 * spoken / words - 15.59


def syllables(word: str) -> int:
    """Count the syllables of an English word by its spelling; a number or a letter of an abbreviation is one.

    Examples
    --------
    >>> [syllables(word) for word in ("work", "burnout", "productivity", "AI")]
    [1, 2, 5, 2]
    """
    plain = re.sub(r"['’](?:s|ll|ve|re|d|m)$", "", word)
    if plain.isupper() and len(plain) <= 4:
        return len(plain)
    plain = re.sub(r"[^a-z]", "", plain.lower())
    if not plain:
        return 1
    spoken = len(_VOWELS.findall(plain)) + len(_APART.findall(plain)) - len(_SILENT.findall(plain))
    return max(spoken, 1)


# Wording that biases answers: double-barrelled, leading or hard to read.


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


# Estimated length of a questionnaire in minutes, from its questions alone.


QUESTION, ROW, OPEN = 15 * 60 / 85, 6.0, 60.0
"""Seconds for a single question, a row of a matrix, and an open answer."""
WORDS_A_MINUTE = 238.0
"""Silent reading of English prose."""
LONGEST = 20.0
"""Minutes above which lint warns."""


def minutes(instrument: Instrument, *, language: str | None = None) -> pd.DataFrame:
    """Estimate the minutes each audience needs, from no follow-up questions to all of them.

    Parameters
    ----------
    instrument
        The questionnaire.
    language
        Whose words are counted; None for its first.

    Returns
    -------
    pandas.DataFrame
        One row per audience: audience, questions (each row of a matrix counts), shortest, longest (minutes).

    Notes
    -----
    A single question takes 10.6 seconds: Pew Research Center (2022) allows 85 such in 15 minutes.
    A row of a matrix takes 6 (ten a minute) and an answer in words 60, rules of thumb of Amplitude Research.
    A text that takes longer to read, at 238 words a minute (Brysbaert 2019), takes that long. Where only one
    of several branches can be taken, the longest is too long. It is a forecast: time a pilot.
    Lint warns above 20 minutes, the longest that people called acceptable (Revilla and Ochoa 2017).

    Examples
    --------
    >>> minutes(load_instrument("instruments/employee.yaml"))  # doctest: +SKIP
    """
    language = language or instrument.languages[0]
    rows = []
    for audience in instrument.audiences:
        asked = [item for item in instrument.items if (item.audiences is None or audience in item.audiences)]
        seconds = {item.id: _seconds(item, instrument, audience, language) for item in asked}
        always = sum(seconds[item.id] for item in asked if item.ask_if is None)
        questions = sum(len(_rows(item, audience)) if item.type == "matrix" else 1 for item in asked)
        rows.append((audience, questions, always / 60, sum(seconds.values()) / 60))
    return pd.DataFrame(rows, columns=["audience", "questions", "shortest", "longest"])


def _rows(item: Item, audience: str) -> tuple[Row, ...]:
    return tuple(row for row in item.rows if row.audiences is None or audience in row.audiences)


def _seconds(item: Item, instrument: Instrument, audience: str, language: str) -> float:
    rows = _rows(item, audience)
    texts = [
        (text.get(audience) or text.get("all") or {}) for text in (item.text, *(row.text for row in rows))
    ]
    scale = instrument.scales.get(item.scale) if item.scale else None
    labels = [option.label for option in (scale.options if scale else item.options)]
    words = sum(len(one.get(language, "").split()) for one in (*texts, *labels))
    answering = {"matrix": ROW * len(rows), "ranking": ROW * len(item.options), "text": OPEN}.get(
        item.type, QUESTION
    )
    return max(answering, 60 * words / WORDS_A_MINUTE)


# Warnings about questionnaires that are well formed but may bias answers; each can be suppressed.


_ORDERS = ("<", "<=", ">", ">=")
_POLES = tuple(
    (re.compile(rf"\b(?:{more})\b", re.IGNORECASE), re.compile(rf"\b(?:{less})\b", re.IGNORECASE))
    for more, less in (
        ("agree", "disagree"),
        ("satisfied", "dissatisfied|unsatisfied"),
        ("likely", "unlikely"),
        ("good|well|excellent|great|outstanding", "bad|badly|poor|poorly|terrible|awful"),
        ("positive|positively", "negative|negatively"),
        ("better|improved", "worse|worsened"),
        ("increased|increase", "decreased|decrease"),
        ("favou?rable|in favou?r", "unfavou?rable|against|opposed"),
        ("easy", "hard|difficult"),
        ("d'accord", "pas (?:du tout )?d'accord"),
        ("satisfaite?", "insatisfaite?"),
    )
)
_MOST_LEAVES = 12


def advise(instrument: Instrument) -> list[Finding]:
    """List what may bias the answers to a questionnaire without faults.

    Parameters
    ----------
    instrument
        A sound instrument: what `lint` finds is not said again.

    Returns
    -------
    list[Finding]
        Rules "double-barrelled", "leading" and "reading-grade" (words), "unbalanced-scale", "numeric-routing"
        and "length". Those an item or a scale allows, with a reason, are left out.

    Examples
    --------
    >>> advise(load_instrument("instruments/employee.yaml"))  # doctest: +SKIP
    []
    """
    found: list[Finding] = []
    for name, scale in instrument.scales.items():
        found += _kept(_unbalanced(("scales", name), scale.options, scale), scale.lint)
    for item in instrument.items:
        here = [*spoilt_words(item, instrument), *_routing(item, instrument)]
        if item.type == "single" and item.options:
            here += _unbalanced(("items", item.id, "options"), item.options, None)
        found += _kept(here, item.lint)
    found += _kept(hard_questionnaires(instrument), Lint())
    found += _kept(_length(instrument), Lint())
    return list(dict.fromkeys(found))


def _kept(found: Found, lint: Lint) -> Iterator[Finding]:
    """Leave out the rules an author allows; the sentence names its rule, as it can be set aside."""
    for rule, path, what, hint in found:
        if rule not in lint.allow:
            yield Finding(rule, path, f"{what} [{rule}]", hint)


def _unbalanced(path: tuple[str, ...], options: tuple[Option, ...], scale: Scale | None) -> Found:
    """Find scales with more answers on one side, by their boxes or by opposite words in the labels."""
    hint = "give both sides the same number of answers, or a reason under lint → allow"
    if scale and scale.ordered and scale.top and scale.bottom and len(scale.top) != len(scale.bottom):
        what = f"the top box has {len(scale.top)} answers and the bottom box {len(scale.bottom)}"
        yield "unbalanced-scale", path, what, hint
        return
    for language in dict.fromkeys(name for option in options for name in option.label):
        labels = [option.label.get(language, "") for option in options]
        for more, less in _POLES:
            low = [label for label in labels if less.search(label)]
            high = [label for label in labels if more.search(less.sub("", label))]
            both = [label for label in high if label in low]  # "neither agree nor disagree"
            if low and high and len(low) != len(high) and len(both) < min(len(low), len(high)):
                above, below = len(high) - len(both), len(low) - len(both)
                what = f"{above} of its answers are at one end, {below} at the other"
                yield "unbalanced-scale", path, f"{what} ({language})", hint
                return


def _length(instrument: Instrument) -> Found:
    for row in minutes(instrument).itertuples(index=False):
        if row.longest > LONGEST:
            what = f"it takes {row.audience} up to {row.longest:.0f} minutes, {row.questions} questions"
            yield "length", ("audiences", str(row.audience)), what, f"shorten it to {LONGEST:.0f} minutes"


def _routing(item: Item, instrument: Instrument) -> Found:
    """Find conditions that a don't-know meets because its code is a large number."""
    if item.ask_if is None:
        return
    tree = parse_tree(item.ask_if)
    found = list(dict.fromkeys(leaves(tree)))
    ordered = dict.fromkeys(
        leaf.name for leaf in found if isinstance(leaf, Comparison) and leaf.operator in _ORDERS
    )
    for name in ordered:
        if name not in instrument:
            continue
        for missing in instrument.missing_of(instrument[name]):
            if missing.code.isdigit() and _lets_in(tree, found, name, missing.code):
                label = next(iter(missing.label.values()))
                what = f"'{item.ask_if}' is true of “{label}” on '{name}', whose code is {missing.code}"
                hint = f"name the codes that are meant, as '{name} in (4, 5)'"
                yield "numeric-routing", ("items", item.id, "ask_if"), what, hint


def _lets_in(tree: Node, found: list[Leaf], name: str, code: str) -> bool:
    """Return whether that code meets the condition where no answer would not, whatever the rest."""
    others = [leaf for leaf in found if leaf.name != name]
    if len(others) > _MOST_LEAVES:
        return True  # too many combinations to try: better one warning too many
    mine = [leaf for leaf in found if leaf.name == name]
    with_code = {leaf: _holds(leaf, code) for leaf in mine}
    unanswered = {leaf: _holds(leaf, None) for leaf in mine}
    for values in product((False, True), repeat=len(others)):
        rest = dict(zip(others, values, strict=True))
        if _true(tree, rest | with_code) and not _true(tree, rest | unanswered):
            return True
    return False


def _holds(leaf: Leaf, code: str | None) -> bool:
    """Evaluate a leaf for one answer; a missing answer meets only "!=" and "not in"."""
    if not isinstance(leaf, Comparison):
        return code is not None
    if leaf.operator in _ORDERS:
        if code is None:
            return False
        value, limit = float(code), float(leaf.codes[0])
        return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[
            leaf.operator
        ]
    there = code in leaf.codes
    return there if leaf.operator in ("==", "in") else not there


def _true(node: Node, values: Mapping[Leaf, bool]) -> bool:
    if isinstance(node, Not):
        return not _true(node.part, values)
    if isinstance(node, Joined):
        parts = [_true(part, values) for part in node.parts]
        return all(parts) if node.word == "and" else any(parts)
    return values[node]
