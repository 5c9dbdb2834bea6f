"""Elements of a DDI codebook, made with the standard library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

__all__ = ["NAMESPACE", "add", "add_each", "element"]

NAMESPACE = "ddi:codebook:2_5"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def element(
    tag: str, text: str | None = None, *, lang: str | None = None, **attributes: str
) -> ElementTree.Element:
    """An element of the codebook's namespace; text on one line."""
    made = ElementTree.Element(f"{{{NAMESPACE}}}{tag}", attributes)
    if lang is not None:
        made.set(_LANG, lang)
    if text is not None:
        made.text = " ".join(text.split())
    return made


def add(
    parent: ElementTree.Element,
    tag: str,
    text: str | None = None,
    *,
    lang: str | None = None,
    **attributes: str,
) -> ElementTree.Element:
    """An element at the end of another."""
    made = element(tag, text, lang=lang, **attributes)
    parent.append(made)
    return made


def add_each(
    parent: ElementTree.Element, tag: str, words: Mapping[str, str], languages: Iterable[str]
) -> None:
    """An element a language."""
    for language in languages:
        add(parent, tag, words[language], lang=language)
