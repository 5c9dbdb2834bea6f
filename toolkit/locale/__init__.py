"""Languages of reports: message catalogues, the current language, plural forms and marks of numbers.

English is the source text in the code: `_("{shown} of {all}", shown=3, all=5)`. Translations are beside this
module, `LANGUAGE/LC_MESSAGES/toolkit.po` for reports and `questionnaire.po` for what respondents read; a
language is available where its catalogue is. A catalogue is read by Babel on first use and kept: nothing is
compiled to disk, so that an editable install, a wheel and read-only site-packages work alike.

The current language, and the level of the intervals that sentences are about, belong to the running context
(`contextvars`): threads do not disturb each other.
"""

from __future__ import annotations

import functools
import gettext as standard
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from toolkit.errors import ToolkitError, near_names

__all__ = [
    "EXTRA",
    "N_",
    "SOURCE",
    "_",
    "current_language",
    "current_level",
    "language_name",
    "languages",
    "localized",
    "ngettext",
    "number_marks",
    "own_name",
    "pgettext",
    "preload",
    "respondent_text",
    "translated",
    "using_language",
]

P = ParamSpec("P")
R = TypeVar("R")

SOURCE = "en"
"""The language of the messages in the code."""

EXTRA = "SURVEY_TOOLKIT_LOCALES"
"""Environment variable: one more folder of catalogues, for a language that is not in the package."""

_LANGUAGE: ContextVar[str] = ContextVar("language", default=SOURCE)
_LEVEL: ContextVar[float] = ContextVar("level", default=0.95)


class Marks(NamedTuple):
    """How a locale writes numbers."""

    decimal: str
    thousands: str
    percent: str
    """The percent sign with what separates it from the number."""


def _(message: str, /, **values: object) -> str:
    """Translate a message into the current language and fill in its named placeholders.

    Examples
    --------
    >>> _("{a} to {b}", a=1, b=2)
    '1 to 2'
    """
    text = _translations(_LANGUAGE.get()).gettext(message)
    return text.format(**values) if values else text


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Translate a message that means different things in different places.

    Examples
    --------
    >>> pgettext("column heading", "Gap")
    'Gap'
    """
    text = _translations(_LANGUAGE.get()).pgettext(context, message)
    return text.format(**values) if values else text


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate a message in the plural form that a count needs; `{count}` is filled in if omitted.

    Examples
    --------
    >>> ngettext("1 report", "{count} reports", 3)
    '3 reports'
    """
    text = _translations(_LANGUAGE.get()).ngettext(singular, plural, count)
    return text.format(**{"count": count, **values})


def N_(message: str) -> str:  # noqa: N802 - the name extractors know
    """Mark a message for extraction where it is translated later."""
    return message


def respondent_text(language: str, message: str, /, **values: object) -> str:
    """Translate a text that respondents read, from the questionnaire catalogues; English where there is none.

    Examples
    --------
    >>> respondent_text("fr", "Choose at most {most}.", most=3)
    'Choisissez-en 3 au plus.'
    """
    text = _translations(language, "questionnaire").gettext(message)
    return text.format(**values) if values else text


def translated(language: str, message: str, /, **values: object) -> str:
    """Translate a message of the report catalogue into a given language; English where there is none.

    Examples
    --------
    >>> translated("fr", "Not ticked"), translated("xx", "Not ticked")
    ('Non coché', 'Not ticked')
    """
    text = _translations(language).gettext(message)
    return text.format(**values) if values else text


def current_language() -> str:
    """Return the language that words are made in just now; English by default."""
    return _LANGUAGE.get()


def current_level() -> float:
    """Return the level of the intervals that sentences are about just now."""
    return _LEVEL.get()


@contextmanager
def using_language(language: str, level: float | None = None) -> Iterator[None]:
    """Make words in a language while the block runs, about intervals of a level.

    Raises
    ------
    ToolkitError
        There is no catalogue of the language.

    Examples
    --------
    >>> with using_language("fr"):
    ...     current_language()
    'fr'
    """
    if language not in (_LANGUAGE.get(), SOURCE) and language not in languages():
        raise ToolkitError(f"unsupported language '{language}': {near_names(language, languages())}")
    before = _LANGUAGE.set(language), _LEVEL.set(_LEVEL.get() if level is None else level)
    try:
        yield
    finally:
        _LANGUAGE.reset(before[0])
        _LEVEL.reset(before[1])


def localized(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in its `language=` and about its `level=`; by default in the current ones."""

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, Any] = {"language": current_language(), **kwargs}
        with using_language(given["language"], given.get("level")):
            called: Callable[..., R] = function
            return called(*args, **given)

    return inner


def languages(domain: str = "toolkit") -> tuple[str, ...]:
    """Return the languages that have a catalogue, English first.

    Examples
    --------
    >>> languages()
    ('en', 'fr')
    """
    return _found(domain, os.environ.get(EXTRA, ""))


def language_name(language: str) -> str:
    """Return a language's name in the current language, and its code where Babel does not know it.

    Examples
    --------
    >>> language_name("fr")
    'French'
    """
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(language, sep="-" if "-" in language else "_").get_display_name(_LANGUAGE.get())
    except (ValueError, UnknownLocaleError):
        name = None
    return name or _("the language “{code}”", code=language)


def own_name(language: str) -> str:
    """Return a language's name in itself, and its code where Babel does not know it.

    Examples
    --------
    >>> own_name("fr")
    'Français'
    """
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(language, sep="-" if "-" in language else "_").get_display_name()
    except (ValueError, UnknownLocaleError):
        name = None
    return f"{name[0].upper()}{name[1:]}" if name else language


def number_marks() -> Marks:
    """Return how the current language writes numbers."""
    return _marks(_LANGUAGE.get())


def preload() -> None:
    """Read every catalogue and the marks of numbers, before processes are forked."""
    for language in languages():
        _marks(language)
    for domain in ("toolkit", "questionnaire"):
        for language in languages(domain):
            _translations(language, domain)


def _folders(extra: str) -> list[Path]:
    return [Path(__file__).parent, *([Path(extra)] if extra else [])]


@functools.cache
def _found(domain: str, extra: str) -> tuple[str, ...]:
    paths = (path for folder in _folders(extra) for path in folder.glob(f"*/LC_MESSAGES/{domain}.po"))
    return (SOURCE, *sorted({path.parts[-3] for path in paths} - {SOURCE}))


@functools.cache
def _translations(language: str, domain: str = "toolkit") -> standard.NullTranslations:
    if language == SOURCE or language not in languages(domain):
        return standard.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    paths = (
        folder / language / "LC_MESSAGES" / f"{domain}.po" for folder in _folders(os.environ.get(EXTRA, ""))
    )
    path = next(path for path in paths if path.is_file())
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, language))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


@functools.cache
def _marks(language: str) -> Marks:
    """Read a locale's marks; a space before the percent sign is the wide one that does not break."""
    from babel import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = Locale.parse(language)
    space = "\u00a0" if not locale.percent_formats[None].pattern.endswith("0%") else ""
    return Marks(get_decimal_symbol(locale), get_group_symbol(locale), f"{space}%")
