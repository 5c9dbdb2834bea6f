"""Survey platforms, forms and data files: per name, what is written for it and how its exports are read.

Every list of platforms is read from `PLATFORMS`: those of `export` and `read`, of study files and of the
documentation. A platform is a module or a folder of this package that calls `register`; the modules are
imported when a platform is first looked up, so that commands start quickly.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InvalidInput, Problem, near_names

if TYPE_CHECKING:
    from toolkit.instrument.model import Instrument
    from toolkit.platforms.answer_files import read_coded, write_answers
    from toolkit.platforms.answers import AnswersFile
    from toolkit.platforms.exports import Dialect, Export
    from toolkit.platforms.manifest import ExportManifest, read_manifest
    from toolkit.platforms.reading import divided, platform_of, read_answers
    from toolkit.platforms.table import FormDialect
    from toolkit.platforms.words import narrow

__all__ = [
    "PLATFORMS",
    "AnswersFile",
    "Export",
    "ExportManifest",
    "Platform",
    "divided",
    "export",
    "narrow",
    "platform_of",
    "read_answers",
    "read_coded",
    "read_manifest",
    "register",
    "write_answers",
]


@dataclass(frozen=True)
class Platform:
    """Writer of questionnaires for a platform, and reader of its exports.

    Parameters
    ----------
    name
        What users write, in study files and on the command line.
    title
        What it is called in texts.
    files
        Instrument, and what of it is exported → file name → content of its questionnaire or documentation,
        with a manifest. Its keyword arguments are options of `export`. None where nothing is written.
    layouts
        How the files can be cut, the default first; empty where there is one way.
    answers
        Instrument, what of it is exported, a coded frame and notices → file name → content, for platforms
        that answers are written for.
    dialect
        How its exports are read: by codes or a manifest (`Dialect`), or by the mapping of a study file alone
        (`FormDialect`). None where nothing is read.
    recognises
        Whether a file is its own: kind of file ("text", "json", "spss", …), its first bytes, its headings.
    aliases
        Other names it is found under, such as a file's ending.
    order
        Its place in lists, and in the search for the platform of a file.
    fielding
        Whether people answer on it, so that `export` fills names into its texts.
    """

    name: str
    title: str
    files: Callable[..., Mapping[str, str | bytes]] | None = None
    layouts: tuple[str, ...] = ()
    answers: Callable[..., Mapping[str, str | bytes]] | None = None
    dialect: Dialect | FormDialect | None = None
    recognises: Callable[[str, bytes, tuple[str, ...]], bool] = lambda kind, head, headings: False
    aliases: tuple[str, ...] = ()
    order: int = 100
    fielding: bool = False


_registered: dict[str, Platform] = {}


class _Registry(Mapping[str, Platform]):
    """Name → platform, in order."""

    def __getitem__(self, name: str) -> Platform:
        _import_all()
        return _registered[name]

    def __iter__(self) -> Iterator[str]:
        _import_all()
        return iter(sorted(_registered, key=lambda name: (_registered[name].order, name)))

    def __len__(self) -> int:
        _import_all()
        return len(_registered)


PLATFORMS: Mapping[str, Platform] = _Registry()
"""Name → platform, in order."""


@functools.cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def register(platform: Platform) -> Platform:
    """Add a platform to `PLATFORMS`, or replace the one of its name.

    Examples
    --------
    >>> def files(instrument, part):
    ...     return {f"{instrument.id}.txt": "\\n".join(item.id for item in part.items)}
    >>> register(Platform("outline", "Outline", files)).name
    'outline'
    >>> "outline" in PLATFORMS
    True
    >>> unregister("outline")
    """
    _registered[platform.name] = platform
    return platform


def unregister(name: str) -> None:
    """Remove a platform from `PLATFORMS`."""
    _registered.pop(name, None)


def get_platform(name: str) -> Platform:
    """Return the platform of a name or an alias.

    Raises
    ------
    InvalidInput
        The name is unknown.

    Examples
    --------
    >>> get_platform("sav").name
    'spss'
    """
    found = PLATFORMS.get(name) or next((one for one in PLATFORMS.values() if name in one.aliases), None)
    if found is None:
        hint = near_names(name, PLATFORMS)
        raise InvalidInput("platform", [Problem("unknown-option", name, "unknown platform", hint)])
    return found


def export(
    instrument: Instrument,
    platform: str,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    layout: str | None = None,
    organisation: str | None = None,
    threshold: int = 5,
    sensitive_threshold: int = 7,
    fielding: bool = False,
    **options: Any,
) -> list[Path]:
    """Write an instrument as a platform's questionnaire, with a manifest beside it.

    Parameters
    ----------
    instrument
        The instrument.
    platform
        Name or alias of one of `PLATFORMS`.
    folder
        Where to write; made if missing.
    languages, audiences
        What to export; everything where left out. The first language is the base language.
    layout
        How the platform's files are cut, where it offers more than one way; by default its first layout.
    organisation
        Name that texts with {organisation} show, one export per organisation; "this organisation" where left
        out, which `fielding` refuses.
    threshold, sensitive_threshold
        Those of the study's policy, for {threshold} and {sensitive_threshold}. A text that promises others is
        refused.
    fielding
        True to refuse a questionnaire without welcome, consent, confidentiality, contact and end texts.
    **options
        Options of this platform alone, such as LimeSurvey's quotas.

    Returns
    -------
    list[Path]
        Every file written, manifests among them; their `notices` list what had to be changed.

    Raises
    ------
    InvalidInput
        A platform, language, audience, layout or option that is unknown, and every item that the platform
        cannot express, with a hint.

    Examples
    --------
    >>> export(tk.load_instrument("employee"), "limesurvey", "out")
    [PosixPath('out/ai-at-work.txt'), PosixPath('out/ai-at-work.manifest.json')]
    """
    from toolkit.platforms.words import fill_in, narrow
    from toolkit.system import write_files

    found = get_platform(platform)
    if found.files is None:
        able = [name for name, one in PLATFORMS.items() if one.files]
        what = f"nothing is written for {found.title}"
        raise InvalidInput(
            "export", [Problem("unsupported", f"platform {platform}", what, f"use one of {', '.join(able)}")]
        )
    given = options if layout is None else {**options, "layout": layout}
    known = list(inspect.signature(found.files).parameters)[2:]
    problems = [
        Problem("unknown-key", f"option '{name}'", f"unknown to {platform}", near_names(name, known))
        for name in given
        if name not in known
    ]
    if "layout" in known and layout is not None and layout not in found.layouts:
        hint = near_names(layout, found.layouts)
        problems.append(Problem("unknown-option", f"layout '{layout}'", f"unknown to {platform}", hint))
    if problems:
        raise InvalidInput("export", problems)
    part = fill_in(
        narrow(instrument, languages=languages, audiences=audiences),
        organisation=organisation,
        threshold=threshold,
        sensitive_threshold=sensitive_threshold,
        fielding=fielding,
        needed=found.fielding or found.name == "preview",
    )
    return write_files(folder, found.files(instrument, part, **given))


_HOME = {
    "AnswersFile": "answers",
    "Export": "exports",
    "ExportManifest": "manifest",
    "divided": "reading",
    "narrow": "words",
    "platform_of": "reading",
    "read_answers": "reading",
    "read_coded": "answer_files",
    "read_manifest": "manifest",
    "write_answers": "answer_files",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
