"""Words as LimeSurvey holds them: HTML in which braces are code, switched by audience with ExpressionScript.

What was read off LimeSurvey 6's own source: an expression ends at the first closing brace, also inside a
string; a string ends at the first quotation mark of its kind; a backslash changes the meaning of the mark
behind it; a cell that begins and ends with a quotation mark loses both on import; an XSS filter, where it is
on, turns `&quot;` inside a string back into a mark. So strings are put together from pieces that hold only
the other kind of mark, and braces and backslashes are refused.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = [
    "ASKED",
    "AUDIENCE",
    "GROUP",
    "abbreviated",
    "heading",
    "is_one_of",
    "marked_up",
    "switched",
    "unholdable",
]

AUDIENCE = "audience"
"""Code of the hidden question that the link fills in: ?audience=exec."""
ASKED = "audienceask"
"""Code of the question that asks who somebody is, where the link does not say it."""
GROUP = "audiencegroup"
"""Code of the hidden question that holds the audience in the end; conditions and quotas look at it."""

_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_ABBREVIATED = 15


def marked_up(text: str) -> str:
    """Plain words as HTML: marks that mean something in HTML are escaped, lines end with `<br />`.

    Examples
    --------
    >>> marked_up('"R&D" <here>')
    '&quot;R&amp;D&quot; &lt;here&gt;'
    """
    return _one_line(html.escape(text, quote=False)).replace('"', "&quot;")


def switched(words: Mapping[str, str]) -> str:
    """What each audience reads, as one text; plain HTML where all read the same.

    Parameters
    ----------
    words
        Audience code → words; the last audience's are those of whoever is left.

    Examples
    --------
    >>> switched({"exec": "Your people", "fte": "You", "free": "You"})
    '{if(audiencegroup.NAOK=="exec","Your people","You")}'
    """
    if len(set(words.values())) == 1:
        return marked_up(next(iter(words.values())))
    by_text: dict[str, list[str]] = {}
    for code, text in words.items():
        by_text.setdefault(text, []).append(code)
    rest = words[list(words)[-1]]
    others = [text for text in by_text if text != rest]
    said = _literal(rest)
    for text in reversed(others):
        said = f"if({is_one_of(by_text[text])},{_literal(text)},{said})"
    return f"{{{said}}}"


def is_one_of(codes: Iterable[str], question: str = GROUP) -> str:
    """The condition that somebody is of one of some audiences, given by their answer codes."""
    return " or ".join(f'{question}.NAOK=="{code}"' for code in codes)


def heading(stem: str, part: str | None = None) -> str:
    """A column's heading in an export with full question texts: tags gone, code still in it."""
    whole = _stripped(stem)
    return whole if part is None else f"{whole} [{_stripped(part)}]"


def abbreviated(stem: str, part: str | None = None) -> str:
    """A column's heading in an export with abbreviated question texts."""
    whole = _cut(_stripped(stem))
    return whole if part is None else f"{whole} [{_cut(_stripped(part))}]"


def unholdable(text: str) -> str | None:
    """Why LimeSurvey cannot hold some words; None where it can."""
    for mark, name in (("{", "an opening brace"), ("}", "a closing brace"), ("\\", "a backslash")):
        if mark in text:
            return f"holds {name}, which is code to LimeSurvey"
    if any(unicodedata.category(mark) == "Cc" for mark in _BREAKS.sub("", text).replace("\t", "")):
        return "holds a control character"
    if any(unicodedata.category(mark) == "Cs" for mark in text):
        return "holds half of a character (a lone surrogate)"
    return None


def _one_line(text: str) -> str:
    return _BREAKS.sub("<br />", text.strip().replace("\t", " "))


def _literal(text: str) -> str:
    """Words as an ExpressionScript string, joined from pieces where both kinds of mark are in them."""
    plain = _one_line(html.escape(text, quote=False))
    if '"' not in plain:
        return f'"{plain}"'
    if "'" not in plain:
        return f"'{plain}'"
    pieces = [piece for piece in re.split(r'("+)', plain) if piece]
    quoted = [f"'{piece}'" if '"' in piece else f'"{piece}"' for piece in pieces]
    return f"join({','.join(quoted)})"


def _stripped(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _cut(text: str) -> str:
    return text if len(text) <= _ABBREVIATED + 3 else f"{text[:_ABBREVIATED]}.. "
