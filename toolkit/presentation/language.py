"""The language in which a report is said: a catalogue a module, each entry in every language at once.

A public function of this stage that takes `language=` puts it in force while it runs, so that the helpers it
calls need not be told; afterwards the former one is in force again. So it is with the level of the intervals
that are spoken of. Both belong to the running context (`contextvars`): two threads do not disturb each other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from toolkit.errors import ToolkitError, near_names
from toolkit.study.file import REPORT_LANGUAGES

__all__ = ["LANGUAGES", "Words", "language_in_force", "level_in_force", "speaking", "spoken"]

P = ParamSpec("P")
R = TypeVar("R")

LANGUAGES = REPORT_LANGUAGES
"""What generated words can be said in, in the order of each catalogue's entries."""

_IN_FORCE: ContextVar[str] = ContextVar("language", default="en")
_LEVEL: ContextVar[float] = ContextVar("level", default=0.95)


def language_in_force() -> str:
    """The language that words are made in just now; English unless a function was told another."""
    return _IN_FORCE.get()


def level_in_force() -> float:
    """The level of the intervals that sentences are made of just now."""
    return _LEVEL.get()


@contextmanager
def speaking(language: str, level: float | None = None) -> Iterator[None]:
    """Put a language in force for a while, and the level of the intervals that are spoken of.

    Raises
    ------
    ToolkitError
        There are no words in it.

    Examples
    --------
    >>> with speaking("fr"):
    ...     language_in_force()
    'fr'
    """
    if language not in LANGUAGES:
        raise ToolkitError(f"no report can be said in '{language}': {near_names(language, LANGUAGES)}")
    before = _IN_FORCE.set(language), _LEVEL.set(level_in_force() if level is None else level)
    try:
        yield
    finally:
        _IN_FORCE.reset(before[0])
        _LEVEL.reset(before[1])


def spoken(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function say all in its `language`, of intervals of its `level`; untold, as is in force."""

    @functools.wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, Any] = {"language": language_in_force(), **kwargs}
        with speaking(given["language"], kwargs.get("level")):  # type: ignore[arg-type]
            called: Callable[..., R] = function
            return called(*args, **given)

    return told


class Words:
    """A catalogue: key → the same words in every language.

    Parameters
    ----------
    entries
        Key → (English, French). A place to fill in is written `{name}`; both have the same ones. French
        signs of two strokes get their unbreakable space here.

    Examples
    --------
    >>> words = Words({"of": ("{a} of {b}", "{a} sur {b}")})
    >>> words("of", a=1, b=2)
    '1 of 2'
    """

    def __init__(self, entries: Mapping[str, tuple[str, str]]) -> None:
        self.entries = {key: (english, _spaced(french)) for key, (english, french) in entries.items()}

    def __call__(self, key: str, /, **values: object) -> str:
        text = self.entries[key][LANGUAGES.index(language_in_force())]
        return text.format(**values) if values else text


def _spaced(french: str) -> str:
    """Spaces before : ; ? ! » and after « that do not break."""
    for sign in ":;?!»":
        french = french.replace(f" {sign}", f"\u00a0{sign}")
    return french.replace("« ", "«\u00a0")
