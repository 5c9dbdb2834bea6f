"""What Word and PowerPoint files have in common: templates, descriptions, properties without traces."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, Problem
from toolkit.reporting.documents.model import Document
from toolkit.reporting.documents.words import frame_words

__all__ = ["MOMENT", "described", "named_after", "opened_template", "rgb"]

MOMENT = datetime.datetime(1980, 1, 1)

_TRACES = ("/thumbnail", "/extended-properties", "/custom-properties", "/customXml", "/printerSettings")
_SETTINGS = ("attachedTemplate", "mailMerge", "docVars", "saveThroughXslt")


def opened_template(opens: Callable[..., Any], template: Path | None) -> Any:
    """Open a client's template, or the library's own.

    Raises
    ------
    InvalidInput
        It is not there or no file of this kind.
    """
    if template is None:
        return _without_traces(opens())
    try:
        return _without_traces(opens(io.BytesIO(template.read_bytes())))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as fault:
        what = "is not there" if not template.is_file() else f"cannot be opened: {type(fault).__name__}"
        mend = "save it again from Word or PowerPoint, as .docx or .pptx and not as a template file"
        raise InvalidInput("brand", [Problem(template.name, what, mend)]) from None


def described(element: Any, words: str) -> None:
    """Give a drawing or a table the words that stand for it."""
    element.set("descr", words)


def rgb(text: str) -> Any:
    """A colour as python-pptx takes it, from "1f4e79" or "#1f4e79"."""
    from pptx.dml.color import RGBColor

    kind: Any = RGBColor
    return kind.from_string(text.lstrip("#").upper())


def _without_traces(file: Any) -> Any:
    """An open file without what a template brings along unseen: it may come from another client's report.

    That is the picture of its first page, its company, slide titles and properties of its own, stored data,
    the printer, and where it, its template and its address lists lay.
    """
    package = file.part.package
    for element in list(file.element.iter("{*}printerSettings")):
        element.getparent().remove(element)
    for rels in (getattr(package, "_rels", None) or package.rels, file.part.rels):
        for name, rel in list(rels.items()):
            if rel.reltype.endswith(_TRACES):
                rels.pop(name)
            elif rel.reltype.endswith("/settings"):
                _without_places(rel.target_part)
    return file


def _without_places(settings: Any) -> None:
    """Word's settings without the addresses of other files."""
    for child in list(settings.element):
        if child.tag.rpartition("}")[2] in _SETTINGS:
            settings.element.remove(child)
    for name, rel in list(settings.rels.items()):
        if rel.is_external:
            settings.rels.pop(name)


def named_after(properties: Any, document: Document) -> None:
    """The file's properties: what it is, and nothing of who or what made it, nor of a template's author."""
    cover = document.cover
    words = frame_words(cover.language)
    marked = f" · {words['synthetic']}" if cover.synthetic else ""
    properties.title = f"{cover.subject} · {cover.title}{marked}"[:255]
    properties.author = cover.brand[:255]
    properties.language = cover.language
    properties.subject = properties.keywords = properties.comments = properties.category = ""
    properties.last_modified_by = ""
    properties.revision = 1
    properties.created = properties.modified = properties.last_printed = MOMENT
