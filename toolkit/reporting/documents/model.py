"""The document model all formats are written from: a cover and sections of text, tables and figures."""

from __future__ import annotations

import base64
import functools
import gzip
import html
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from toolkit.errors import InvalidInput, Problem
from toolkit.locale import N_, using_language
from toolkit.presentation.blocks import Block, Bullets, Paragraph, Prose, Several
from toolkit.reporting.documents.packing import write_bytes

__all__ = [
    "DOCUMENT",
    "SYNTHETIC",
    "Cover",
    "Document",
    "Foreign",
    "Passage",
    "Section",
    "in_its_language",
    "load_document",
    "save_document",
]

P = ParamSpec("P")
R = TypeVar("R")

DOCUMENT = "document.json.gz"
"""The file beside a report from which its formats can be made again without running anything."""

SYNTHETIC = N_("The answers in this report are synthetic: made by a program, given by no one.")
"""What a report of synthetic answers says of them."""

_FORM = 1


@dataclass(frozen=True)
class Cover:
    """Names, colours and notices around the sections.

    Parameters
    ----------
    title
        The study.
    subject
        Whom the report is about; the page's main heading.
    wave
        The wave, as the study file writes it.
    language
        The page's language and that of the words around the cells: one of `toolkit.locale.languages`.
    synthetic
        Puts the notice on the page and on every printed sheet.
    accent
        Colour of headings and rules, "#rrggbb".
    logo
        Picture as a data address, or empty.
    brand
        Name printed beside the logo.
    footer
        A sentence of the study's own at the foot.
    facts
        Short lines at the foot: versions, dates.
    font
        A typeface to be used where the reader's machine has it, or empty.
    """

    title: str
    subject: str
    wave: str = ""
    language: str = "en"
    synthetic: bool = False
    accent: str = "#1f4e79"
    logo: str = ""
    brand: str = ""
    footer: str = ""
    facts: tuple[str, ...] = ()
    font: str = ""


@dataclass(frozen=True, repr=False)
class Passage(Block):
    """A Markdown cell of the notebook."""

    source: str

    def _repr_html_(self) -> str:
        return str(_markdown("html")(self.source))

    def told(self, line: Callable[[str], str]) -> str:
        return self.source

    def prose(self) -> Prose:
        """Convert to paragraphs and lists without emphasis and links."""
        return Prose("", tuple(_parts(_markdown("tokens")(self.source))), "lead")


@dataclass(frozen=True, repr=False)
class Foreign(Block):
    """An output of another library: its HTML, its plain text, and a picture if it is one."""

    html: str
    text: str = ""
    png: str = ""
    alt: str = ""

    def _repr_html_(self) -> str:
        return self.html

    def told(self, line: Callable[[str], str]) -> str:
        return self.text or self.alt

    def picture(self) -> bytes:
        """Return the PNG image, if it is one."""
        return base64.b64decode(self.png)


@dataclass(frozen=True)
class Section:
    """A level-two heading and everything up to the next one."""

    title: str
    parts: tuple[Block, ...] = ()

    def flat(self) -> Iterator[Block]:
        """Return its blocks in order, with groups unpacked."""
        for part in self.parts:
            yield from _flat(part)


@dataclass(frozen=True)
class Document:
    """A report, ready to be written in any format.

    Parameters
    ----------
    cover
        What stands around it.
    opening
        What stands before the first heading.
    sections
        In order.
    templates
        "docx" and "pptx" → a client's own file to write into. Not saved with the document: paths are of a
        machine.
    """

    cover: Cover
    opening: Section = field(default_factory=lambda: Section(""))
    sections: tuple[Section, ...] = ()
    templates: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))

    def chapters(self) -> tuple[Section, ...]:
        """Return the opening, if it has content, and the sections."""
        return (self.opening, *self.sections) if self.opening.parts else self.sections


def save_document(document: Document, path: str | Path) -> None:
    """Write a document as JSON atomically; the file contains no local path."""
    sections = [_section_data(section) for section in (document.opening, *document.sections)]
    data = {"form": _FORM, "cover": asdict(document.cover), "sections": sections}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    # level 9 takes nearly twice the time, for a file smaller by a fiftieth
    write_bytes(Path(path), gzip.compress(text.encode(), compresslevel=6, mtime=0))


def in_its_language(render: Callable[Concatenate[Document, P], R]) -> Callable[Concatenate[Document, P], R]:
    """Run a function of a document in the document's language."""

    def inner(document: Document, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with using_language(document.cover.language):
            return render(document, *args, **kwargs)

    functools.update_wrapper(inner, render)
    return inner


def load_document(path: str | Path, *, templates: Mapping[str, Path] | None = None) -> Document:
    """Read a document written by `save_document`.

    Raises
    ------
    InvalidInput
        No such file, or none that this version can read.
    """
    path = Path(path)
    try:
        data = json.loads(gzip.decompress(path.read_bytes()))
        if data["form"] != _FORM:
            raise ValueError(f"it is of form {data['form']}")
        sections = [_section(one) for one in data["sections"]]
        cover = Cover(**{**data["cover"], "facts": tuple(data["cover"]["facts"])})
    except FileNotFoundError:
        problem = Problem("file-not-found", path.name, "there is no such file", "make the report first")
        raise InvalidInput(path.name, [problem]) from None
    except (EOFError, KeyError, OSError, TypeError, ValueError, zlib.error) as fault:
        problem = Problem(
            "damaged-file", path.name, f"is no document of this version: {fault}", "make the report again"
        )
        raise InvalidInput(path.name, [problem]) from None
    found = MappingProxyType(dict(templates or {}))
    return Document(cover, sections[0], tuple(sections[1:]), found)


def with_templates(document: Document, templates: Mapping[str, Path]) -> Document:
    """Return the document with the client's templates attached."""
    return replace(document, templates=MappingProxyType(dict(templates)))


def _section_data(section: Section) -> dict[str, Any]:
    return {"title": section.title, "parts": [_data(part) for part in section.parts]}


def _section(data: Mapping[str, Any]) -> Section:
    return Section(data["title"], tuple(_block(part) for part in data["parts"]))


def _data(part: Block) -> dict[str, Any]:
    if isinstance(part, Passage):
        return {"kind": "passage", "source": part.source}
    if isinstance(part, Foreign):
        return {"kind": "foreign", **{one.name: getattr(part, one.name) for one in fields(part)}}
    return part.to_dict()


def _block(data: Mapping[str, Any]) -> Block:
    if data["kind"] == "passage":
        return Passage(data["source"])
    if data["kind"] == "foreign":
        return Foreign(**{name: value for name, value in data.items() if name != "kind"})
    return Block.from_dict(data)


def _flat(part: Block) -> Iterator[Block]:
    if isinstance(part, Several):
        for one in part.parts:
            yield from _flat(one)
    elif isinstance(part, Passage):
        yield part.prose()
    else:
        yield part


@cache
def _markdown(form: str) -> Any:
    import mistune

    renderer = "html" if form == "html" else None
    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"], renderer=renderer)


def _parts(tokens: list[dict[str, Any]]) -> Iterator[Paragraph | Bullets]:
    for token in tokens:
        if token["type"] == "list":
            items = tuple(_words(item) for item in token["children"])
            yield Bullets(items, bool(token["attrs"].get("ordered")))
        elif token["type"] not in ("blank_line", "thematic_break"):
            words = _words(token)
            if words:
                yield Paragraph(words)


def _words(token: Mapping[str, Any]) -> str:
    """Return the text of a token and its children."""
    if "raw" in token:
        return html.unescape(str(token["raw"]))
    if token["type"] in ("linebreak", "softbreak"):
        return " "
    return "".join(_words(child) for child in token.get("children", ())).strip("\n")
