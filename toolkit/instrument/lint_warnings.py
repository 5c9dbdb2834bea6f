"""Lint warnings: well-formed questions that may still distort answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import pandas as pd

from toolkit.errors import ProblemCode
from toolkit.instrument.lint_rules import (
    AGREE,
    HOW_OFTEN,
    JOINED_CLAUSES,
    JOINING,
    LEADING,
    NEGATION,
    ONE_THING,
    PRESUPPOSED,
    TIMES,
    VAGUE,
    Lint,
)
from toolkit.instrument.model import Instrument, Item, Option, Row, Scale
from toolkit.instrument.routing import Comparison, Joined, Leaf, Node, Not, leaves, parse_tree, paths
from toolkit.instrument.yaml_loader import Finding, ParallelWording

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


_FRENCH_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+")


def reading_ease(texts: Iterable[str]) -> float:
    """Compute the reading ease of some French texts: 100 is very easy, 0 very hard.

    Parameters
    ----------
    texts
        Questions or statements; each is at least one sentence.

    Returns
    -------
    float
        207 − 1.015 words per sentence − 73.6 syllables per word. NaN where there are no words.

    Notes
    -----
    Kandel and Moles (1958), Cahiers d'études de radio-télévision 19: Flesch's formula for French. Syllables
    are groups of vowels, without a final mute e.

    Examples
    --------
    >>> round(reading_ease(["Le chat est sur le tapis."]), 1)
    115.0
    """
    words = sentences = spoken = 0
    for text in texts:
        found = re.findall(r"[a-zà-ÿœæ]+", text.lower())
        words += len(found)
        spoken += sum(
            max(len(_FRENCH_VOWELS.findall(re.sub(r"(?<=[^aeiouy])e(?:s|nt)?$", "", one))), 1)
            for one in found
        )
        sentences += sum(1 for part in _SENTENCE_END.split(text) if re.search(r"\w", part))
    if not words:
        return float("nan")
    return 207 - 1.015 * words / sentences - 73.6 * spoken / words


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
"""Languages whose words are checked; the reading grade is of English alone."""

_HARD, _ENOUGH_WORDS = 12.0, 12
"""School years above which a text of so many words is hard: more than a whole school career."""
_HARD_WHOLE = 9.0
"""School years above which a questionnaire is hard; general surveys aim at eight or nine."""
_EASE, _EASE_WHOLE = 10.0, 50.0
"""Reading ease of French below which one text, or all of them, is hard."""

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
    agrees = agree_item(item, instrument)
    yield from _of_text(("items", item.id, "text"), item.text, instrument, choice, told, agrees)
    for row in item.rows:
        if not (row.source and row.source.origin == "published"):
            path = ("items", item.id, "rows", row.id, "text")
            yield from _of_text(path, row.text, instrument, choice, told, agrees)


def agree_item(item: Item, instrument: Instrument) -> bool:
    """Return whether people answer an item by agreeing or disagreeing."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    labels = (words for one in (scale.options if scale else ()) for words in one.label.values())
    return any(AGREE.search(words) for words in labels)


def _of_alternatives(item: Item, instrument: Instrument) -> bool:
    """Return whether "or" may join the answers themselves, as in "an office or your home?"."""
    scale = instrument.scales.get(item.scale) if item.scale else None
    return not (scale and scale.top and scale.bottom)


def _of_text(
    path: tuple[str, ...],
    text: ParallelWording,
    instrument: Instrument,
    choice: bool,
    told: bool,
    agrees: bool,
) -> Found:
    for audience, wording in text.items():
        for language in (one for one in LANGUAGES if one in instrument.languages and one in wording):
            words, here = wording[language], (*path, audience, language)
            joining = None if told else _joining(words, language, choice)
            clause = JOINED_CLAUSES[language].search(words) if agrees else None
            if joining or clause:
                joined = f"'{joining}' may join" if joining else "it may hold"
                hint = "ask one thing, or split it into two questions"
                yield "double-barrelled", here, f"{joined} two questions in “{words}”", hint
            leading = LEADING[language].search(words)
            if leading:
                hint = "leave it out, so that every answer is as easy to give"
                yield "leading", here, f"'{leading.group()}' suggests an answer", hint
            presupposed = PRESUPPOSED[language].search(words) if agrees else None
            if presupposed:
                hint = "ask first whether it is so, or offer an answer to those of whom it is not"
                yield "leading", here, f"'{presupposed.group()}' is taken for granted", hint
            negations = NEGATION[language].findall(LEADING[language].sub(" ", words))
            if negations and (agrees or (len(negations) > 1 and language == "en")):
                what = (
                    f"'{negations[0]}' in a statement to agree with"
                    if agrees
                    else f"{len(negations)} negations"
                )
                yield (
                    "negation",
                    here,
                    what,
                    "phrase it without, or ask how often or how much on a scale of its own",
                )
            vague = None if told else VAGUE[language].search(words)
            if vague:
                hint = "give a number or a time, or let the answers state how much"
                yield "vague", here, f"'{vague.group()}' means something else to each reader", hint
            if len(words.split()) >= _ENOUGH_WORDS:
                yield from _hard(here, words, language)


def _hard(here: tuple[str, ...], words: str, language: str) -> Found:
    hint = "use shorter words and sentences"
    if language == "en" and (grade := reading_grade([words])) > _HARD:
        what = f"reading it takes about {grade:.0f} school years (Flesch–Kincaid): “{words}”"
        yield "reading-grade", here, what, hint
    if language == "fr" and (ease := reading_ease([words])) < _EASE:
        yield "reading-grade", here, f"its reading ease is {ease:.0f} (Kandel–Moles): “{words}”", hint


def _joining(words: str, language: str, choice: bool) -> str | None:
    """Find the first word that joins two things; "or" counts only if it does not join the answers."""
    bare = ONE_THING[language].sub(" ", words)
    for found in JOINING[language].finditer(bare):
        if not (choice and (found.group("either") or found.group("slash"))):
            return found.group().strip()
    return None


def hard_questionnaires(instrument: Instrument) -> Found:
    """Find audiences whose whole questionnaire is hard to read, in English or French."""
    hint = "use shorter words and sentences"
    for audience in instrument.audiences:
        if "en" in instrument.languages:
            grade = reading_grade(_texts_of(instrument, audience))
            if grade > _HARD_WHOLE:
                what = f"the questions to {audience} together take about {grade:.0f} school years to read"
                yield "reading-grade", ("audiences", audience), what, hint
        if "fr" in instrument.languages:
            ease = reading_ease(_texts_of(instrument, audience, "fr"))
            if ease < _EASE_WHOLE:
                what = f"the French questions to {audience} have a reading ease of {ease:.0f} (Kandel–Moles)"
                yield "reading-grade", ("audiences", audience), what, hint


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
    >>> minutes(tk.load_instrument("employee")).round(1)
       audience  questions  shortest  longest
    0  employee         29       5.1      6.0
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
        (text.get(audience) or text.get("all") or {})
        for text in (item.text, item.help, *(row.text for row in rows))
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
        A sound instrument: what `lint` finds is not repeated.

    Returns
    -------
    list[Finding]
        Rules "double-barrelled", "leading", "negation", "vague" and "reading-grade" (words),
        "question-order" (a sensitive item among the first three), "unbalanced-scale", "numeric-routing",
        "unreachable-item" and "length". Those an item or a scale allows, with a reason, are left out. What is
        noted beside them: `notes`.

    Examples
    --------
    >>> advise(tk.load_instrument("employee"))
    []
    """
    found: list[Finding] = []
    reach: dict[str, list[tuple[str, str]]] = {}
    if any(item.ask_if for item in instrument.items):
        for item_id, audience, kind in paths(instrument)[["item", "audience", "reach"]].itertuples(
            index=False
        ):
            reach.setdefault(item_id, []).append((audience, kind))
    for name, scale in instrument.scales.items():
        found += _kept(_unbalanced(("scales", name), scale.options, scale), scale.lint)
    for item in instrument.items:
        here = [*spoilt_words(item, instrument), *_routing(item, instrument), *_unreachable(item, reach)]
        if item.type == "single" and item.options:
            here += _unbalanced(("items", item.id, "options"), item.options, None)
        found += _kept(here, item.lint)
    for fault, item in _early(instrument):
        found += _kept([fault], item.lint)
    found += _kept(hard_questionnaires(instrument), Lint())
    found += _kept(_length(instrument), Lint())
    return list(dict.fromkeys(found))


_MOST_AGREE = 0.25
_EARLY = 3
_BURDENS = 3
_SHOWN = 3


def notes(instrument: Instrument) -> list[Finding]:
    """List what a designer should look at, which `lint --strict` does not refuse.

    Parameters
    ----------
    instrument
        A sound instrument.

    Returns
    -------
    list[Finding]
        Rules "time-frame", "proxy", "typography", "question-order" (burdens alone before an outcome) per
        item; "agree-share" and "undeclared" for the whole. Those that an item allows, with a reason, are
        left out.

    Notes
    -----
    Agreeing draws acquiescence (Saris, Revilla, Krosnick and Shaeffer 2010). A battery of burdens makes them
    easier to recall in the questions after it (Schuman and Presser 1981; Tourangeau, Rips and Rasinski 2000).

    Examples
    --------
    >>> sorted({note.code for note in notes(tk.load_instrument("published"))})
    ['agree-share']
    """
    found: list[Finding] = []
    for item in instrument.items:
        found += _kept([*_timeless(item, instrument), *_proxies(item, instrument)], item.lint)
        found += _kept([*_misprints(item, instrument)], item.lint)
    for fault, item in _burdened(instrument):
        found += _kept([fault], item.lint)
    found += _kept(_agree_share(instrument), Lint())
    found += _kept(_undeclared(instrument), Lint())
    return list(dict.fromkeys(found))


def _timeless(item: Item, instrument: Instrument) -> Found:
    """Find questions on how often or how long that name no time."""
    if item.time_frame is not None or item.source.origin == "published":
        return
    for audience, wording in item.text.items():
        for language in (one for one in LANGUAGES if one in instrument.languages and one in wording):
            found = HOW_OFTEN[language].search(wording[language])
            if found and not TIMES[language].search(wording[language]):
                path = ("items", item.id, "text", audience, language)
                yield (
                    "time-frame",
                    path,
                    f"'{found.group()}' without a time",
                    "name one, such as the past 4 weeks",
                )


def _proxies(item: Item, instrument: Instrument) -> Found:
    """Find questions on other people without a don't-know."""
    if item.type not in ("single", "matrix") or item.source.origin == "published":
        return
    variable = instrument.of_item(item.id)[0]
    others = [name for name in variable.audiences if variable.referent(name) == "employees"]
    if others and "-1" not in instrument.missing_on_screen(variable):
        what = f"{', '.join(others)} are asked about others and cannot answer that they do not know"
        yield "proxy", ("items", item.id), what, "offer a don't know"


def typeset(text: str) -> str:
    """Set a French text as it is printed: no-break spaces before ; : ! ? and inside « », curved apostrophes.

    Examples
    --------
    >>> typeset("L'IA aide-t-elle ?")
    'L’IA aide-t-elle\u202f?'
    """
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(r"(?<=[\w»)”])[ \u00a0\u202f]*([;!?])(?!\w)", "\u202f\\1", text)
    text = re.sub(r"(?<=[\w»)”])[ \u00a0\u202f]*:(?=\s|$)", "\u00a0:", text)
    text = re.sub(r"«[ \u00a0\u202f]*", "«\u00a0", text)
    return re.sub(r"[ \u00a0\u202f]*»", "\u00a0»", text)


def _misprints(item: Item, instrument: Instrument) -> Found:
    if "fr" not in instrument.languages:
        return
    texts = [item.text, item.help, *(row.text for row in item.rows)]
    french = [one.get("fr", "") for text in texts for one in text.values()]
    french += [option.label.get("fr", "") for option in item.options]
    spoilt = [
        text
        for text in french
        if typeset(text).replace("\u202f", "\u00a0") != text.replace("\u202f", "\u00a0")
    ]
    if spoilt:
        what = f"{len(spoilt)} French text(s) with a breaking space or a straight apostrophe: “{spoilt[0]}”"
        yield "typography", ("items", item.id), what, "use a no-break space before ? : ; ! and ’ for '"


def _early(instrument: Instrument) -> Iterator[tuple[tuple[ProblemCode, tuple[str, ...], str, str], Item]]:
    """Find sensitive items among the first questions."""
    items = [item for item in instrument.items if item.type != "text"]
    hint = "ask it later, when people know what it is about, yet before questions on burdens"
    for place, item in enumerate(items[:_EARLY] if len(items) >= 8 else ()):
        if item.sensitive or any(row.sensitive for row in item.rows):
            what = f"a sensitive question is number {place + 1} of {len(items)}"
            yield ("question-order", ("items", item.id), what, hint), item


def _burdened(instrument: Instrument) -> Iterator[tuple[tuple[ProblemCode, tuple[str, ...], str, str], Item]]:
    """Find outcomes behind questions on burdens alone."""
    burdens = 0
    for item in (one for one in instrument.items if one.type != "text"):
        bad = item.favourable == "bottom"
        outcome = bad and (item.sensitive or any(row.sensitive for row in item.rows))
        if outcome and burdens >= _BURDENS:
            what = f"{burdens} questions about burdens alone come right before it"
            hint = "ask the outcome first, or ask gains too"
            yield ("question-order", ("items", item.id), what, hint), item
        many = max(len(item.rows), len(item.options) if item.type == "multi" else 0, 1)
        burdens = 0 if outcome else burdens + many if bad else burdens if item.favourable == "none" else 0


def _agree_share(instrument: Instrument) -> Found:
    closed = [one for one in instrument.variables if one.kind == "single" and one.item.type != "ranking"]
    rated = [
        one for one in closed if one.scale is not None and one.ordered and one.item.source.origin == "own"
    ]
    agreed = sum(agree_item(one.item, instrument) for one in rated)
    if rated and agreed > _MOST_AGREE * len(rated):
        what = f"{agreed} of {len(rated)} rated questions are answered by agreeing"
        yield "agree-share", ("scales",), what, "ask how often, how much or how well, with answers of its own"


def _undeclared(instrument: Instrument) -> Found:
    shared = [
        item.id for item in instrument.items if not item.referent and not any(r.referent for r in item.rows)
    ]
    compared = {one.item.id for one in instrument.shared()}
    silent = [name for name in shared if name in compared]
    if silent:
        named = ", ".join(silent[:_SHOWN]) + (", …" if len(silent) > _SHOWN else "")
        what = f"{len(silent)} compared questions do not declare what they are about ({named})"
        yield "undeclared", ("items",), what, "write referent: self, team, organisation, employees or general"
    absent = [name for name, words in instrument.texts if not words]
    if absent:
        what = f"respondents read no {', '.join(absent)}"
        yield "undeclared", ("texts",), what, "write them under texts before fieldwork"


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


def _unreachable(item: Item, reach: Mapping[str, list[tuple[str, str]]]) -> Found:
    """Find conditions that no answers meet, or that every answer meets."""
    if item.ask_if is None:
        return
    path = ("items", item.id, "ask_if")
    never = [audience for audience, kind in reach.get(item.id, ()) if kind == "never"]
    if never:
        what = f"no answers of {', '.join(never)} meet '{item.ask_if}'"
        yield "unreachable-item", path, what, "correct the condition, or do not ask them"
    always = [audience for audience, kind in reach.get(item.id, ()) if kind == "always"]
    if always:
        what = f"whatever {', '.join(always)} answer meets '{item.ask_if}'"
        yield "unreachable-item", path, what, "correct the condition, or leave it out"


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
