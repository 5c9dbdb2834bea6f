"""Reading grade of English texts, by the formula of Flesch and Kincaid."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["reading_grade", "syllables"]

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
