"""Shared parts of Word and PowerPoint files: templates, alt texts, document properties."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from toolkit.errors import InvalidInput, Problem, ProblemCode
from toolkit.locale import _
from toolkit.presentation.blocks import Bullets, Paragraph, Prose, Terms, table_of
from toolkit.reporting.documents.model import Cover, Document, Section
from toolkit.reporting.formats import FORMATS

MOMENT = datetime.datetime(1980, 1, 1)

LARGEST_TEMPLATE, LARGEST_UNPACKED = 50_000_000, 500_000_000
"""Bytes of a template as it is, and of all its parts."""

_SAVE_AGAIN = "save it again from Word or PowerPoint, as .docx or .pptx and not as a template file"
_TRACES = (
    "/thumbnail", "/stylesWithEffects", "/extended-properties", "/custom-properties", "/customXml",
    "/printerSettings",
)  # fmt: skip
_SETTINGS = ("attachedTemplate", "mailMerge", "docVars", "saveThroughXslt")


def opened_template(opens: Callable[..., Any], template: Path | None) -> Any:
    """Open a client's template, or the library's default.

    Raises
    ------
    InvalidInput
        It is missing, not a file of this kind, too large, or loads something from elsewhere.
    """
    if template is None:
        return _without_traces(opens())
    content = _packed(template)
    try:
        return _without_traces(opens(io.BytesIO(content)))
    except Exception as fault:  # noqa: BLE001 - damaged parts raise whatever their reader stumbles over
        what = f"cannot be opened: {type(fault).__name__}"
        raise InvalidInput("brand", [Problem("damaged-file", template.name, what, _SAVE_AGAIN)]) from None


def _packed(template: Path) -> bytes:
    """Return a template's bytes after checking its size and that no part is loaded from elsewhere."""

    def refuse(code: ProblemCode, what: str, hint: str = _SAVE_AGAIN) -> NoReturn:
        raise InvalidInput("brand", [Problem(code, template.name, what, hint)])

    if not template.is_file():
        refuse(
            "wrong-path" if template.exists() else "file-not-found",
            "is not a regular file" if template.exists() else "does not exist",
            "check the path",
        )
    if template.stat().st_size > LARGEST_TEMPLATE:
        refuse("too-large", f"has more than {LARGEST_TEMPLATE:,} bytes", "remove large pictures")
    try:
        content = template.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(one.file_size for one in parts.infolist()) > LARGEST_UNPACKED:
                refuse(
                    "too-large",
                    f"unpacks to more than {LARGEST_UNPACKED:,} bytes",
                    "remove large pictures",
                )
            elsewhere = list(_elsewhere(parts))
    except OSError as fault:
        refuse("unreadable-file", f"cannot be read: {fault.strerror}", "give yourself the right to read it")
    except InvalidInput:
        raise
    except Exception as fault:  # noqa: BLE001 - encrypted, oddly packed and damaged archives, damaged XML
        refuse("damaged-file", f"cannot be opened: {type(fault).__name__}")
    if elsewhere:
        hint = "embed it in the template, or remove it (in Word: File → Info → Edit Links to Files)"
        raise InvalidInput(
            "brand",
            [
                Problem("outside-folder", template.name, f"{part} loads a {kind} from {target!r}", hint)
                for part, kind, target in elsewhere
            ],
        )
    return content


def _elsewhere(parts: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    """List part, kind and address of everything a package loads from elsewhere; hyperlinks load nothing.

    Word's settings name the template a file was made from; that is taken out by `_without_places`.
    """
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    for name in parts.namelist():
        if not name.endswith(".rels") or name == "word/_rels/settings.xml.rels":
            continue
        for one in etree.fromstring(parts.read(name), parser).iter("{*}Relationship"):
            kind, target = str(one.get("Type", "")).rpartition("/")[2], str(one.get("Target", ""))
            link = kind == "hyperlink" and target.lower().startswith(("http://", "https://", "mailto:"))
            if str(one.get("TargetMode", "")).lower() == "external" and not link:
                yield name, kind, target if len(target) <= 60 else f"{target[:57]}…"


def check_template(form: str, template: Path) -> None:
    """Write a small document into a client's template to find problems before any report is built.

    Parameters
    ----------
    form
        A format with `template`, as "docx".

    Raises
    ------
    InvalidInput
        It cannot be opened, or lacks what a report is written with, such as the style "Heading 1".
    """
    trial = Document(
        Cover("Study", "Organisation", wave="1", synthetic=True, brand="Brand", footer="Footer"),
        sections=(
            Section(
                "Section",
                (
                    Prose(
                        "Title",
                        (
                            Paragraph("Text."),
                            Bullets(("one", "two")),
                            Bullets(("one", "two"), ordered=True),
                            Terms((("Term", "Text."),)),
                        ),
                    ),
                    table_of(
                        [{"a": "1", "b": "2"}], ("a", "b"), title="Table", kind="trial", notes=["Note."]
                    ),
                ),
            ),
        ),
        templates={form: template},
    )
    try:
        FORMATS[form].write(trial, "trial")
    except InvalidInput:
        raise
    except Exception as fault:  # noqa: BLE001 - templates lack parts in many ways; each is reported
        hint = "start from a file of the program's own, with its built-in styles and layouts"
        what = f"cannot be written into: {type(fault).__name__}: {fault}"
        raise InvalidInput("brand", [Problem("damaged-file", template.name, what, hint)]) from None


def described(element: Any, words: str) -> None:
    """Set the alt text of a drawing or table."""
    element.set("descr", words)


def rgb(text: str) -> Any:
    """Convert "1f4e79" or "#1f4e79" to an RGBColor."""
    from pptx.dml.color import RGBColor

    kind: Any = RGBColor
    return kind.from_string(text.lstrip("#").upper())


def _without_traces(file: Any) -> Any:
    """Remove hidden parts of a template, which may come from another client's report.

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
    """Return Word's settings without references to other files."""
    for child in list(settings.element):
        if child.tag.rpartition("}")[2] in _SETTINGS:
            settings.element.remove(child)
    for name, rel in list(settings.rels.items()):
        if rel.is_external:
            settings.rels.pop(name)


def named_after(properties: Any, document: Document) -> None:
    """Set the file's title and language, and clear author, software and template properties."""
    cover = document.cover
    marked = f" · {_('SYNTHETIC DATA')}" if cover.synthetic else ""
    properties.title = f"{cover.subject} · {cover.title}{marked}"[:255]
    properties.author = cover.brand[:255]
    properties.language = cover.language
    properties.subject = properties.keywords = properties.comments = properties.category = ""
    properties.last_modified_by = ""
    properties.revision = 1
    properties.created = properties.modified = properties.last_printed = MOMENT
