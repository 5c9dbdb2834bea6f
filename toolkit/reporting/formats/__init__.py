"""The registry of output formats; each module of this package registers one.

Every list of formats is read from `FORMATS`: those of the commands, of `check`, of the index and of workers.
Importing this package imports every module in it, so a module here imports the library it writes with, and
pandas, only when it writes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from toolkit.errors import InvalidInput, Problem, near_names

if TYPE_CHECKING:
    from toolkit.reporting.documents.model import Document

__all__ = ["FORMATS", "Format", "check_formats", "register"]


@dataclass(frozen=True)
class Format:
    """An output format.

    Parameters
    ----------
    name
        What users write: "pdf".
    write
        Document and file name without ending → file name → content, the report itself first. Further files
        are in a folder that begins with that name and "_", and are linked from it. The same document must
        give the same bytes.
    order
        Its place in lists; formats of one place are in the order of their names.
    suffix
        Ending of the report's file, "." and the name where it is empty. Users may write it for the name.
    modules
        Modules to import before the first worker is forked; the one that registers the format is always.
    template
        Whether it is written into a client's own file (`templates` of the document). A study file names it
        under "template_" and the name, which has to be a key of `toolkit.study.file.Brand`.
    typeface
        What is set in the typeface that comes with the toolkit, and cannot show letters it lacks: "text"
        (pictures too), "pictures" or "" for nothing.
    """

    name: str
    write: Callable[[Document, str], Mapping[str, bytes]]
    order: int = 100
    suffix: str = ""
    modules: tuple[str, ...] = ()
    template: bool = False
    typeface: Literal["text", "pictures", ""] = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "suffix", self.suffix or f".{self.name}")


_registered: dict[str, Format] = {}
FORMATS: Mapping[str, Format] = MappingProxyType(_registered)
"""Name → format, in order."""


def register(form: Format) -> Format:
    """Register a format, replacing one of the same name.

    Parameters
    ----------
    form
        The format. Workers import the module in which its `write` is defined, so that must be one they can
        import: not a script, nor a notebook.

    Examples
    --------
    >>> def write(document, name):
    ...     return {f"{name}.txt": document.cover.title.encode()}
    >>> register(Format("txt", write)).suffix
    '.txt'
    >>> check_formats("html,txt")
    ('html', 'txt')
    >>> unregister("txt")
    """
    _registered[form.name] = form
    ordered = sorted(_registered.values(), key=lambda one: (one.order, one.name))
    _registered.clear()
    _registered.update((one.name, one) for one in ordered)
    return form


def unregister(name: str) -> None:
    """Remove a format from `FORMATS`."""
    _registered.pop(name, None)


def check_formats(formats: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of formats, each once; "html,pdf" or a list.

    Raises
    ------
    InvalidInput
        Every unknown name, or no name at all.

    Examples
    --------
    >>> check_formats("html, pdf,html")
    ('html', 'pdf')
    >>> check_formats(".docx,.md")
    ('docx', 'markdown')
    """
    endings = {form.suffix.removeprefix("."): name for name, form in FORMATS.items()}
    named = formats.split(",") if isinstance(formats, str) else list(formats)
    given = [name.strip().lower().removeprefix(".") for name in named if name.strip()]
    wanted = tuple(dict.fromkeys(endings.get(name, name) for name in given))
    problems = [
        Problem("unknown-option", f"format {name}", "unknown output format", near_names(name, FORMATS))
        for name in wanted
        if name not in FORMATS
    ]
    if not wanted:
        problems.append(
            Problem("empty", "formats", "no output format given", f"name some of {', '.join(FORMATS)}")
        )
    if problems:
        raise InvalidInput("formats", problems)
    return wanted


def modules_of(formats: Iterable[str]) -> tuple[str, ...]:
    """List the modules that register some formats, and those they write with.

    Raises
    ------
    InvalidInput
        Every format registered in a script or a notebook, which no worker can import.
    """
    found = [FORMATS[name] for name in formats if name in FORMATS]
    registering = [form.write.__module__ for form in found]
    hint = "register it in a module of its own, and import that"
    problems = [
        Problem(
            "unsupported",
            f"format {form.name}",
            "is registered in a script or notebook, which workers cannot import",
            hint,
        )
        for form, module in zip(found, registering, strict=True)
        if module == "__main__"
    ]
    if problems:
        raise InvalidInput("formats", problems)
    return tuple(dict.fromkeys([*registering, *(module for form in found for module in form.modules)]))


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
