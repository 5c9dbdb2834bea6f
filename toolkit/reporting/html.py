"""An executed notebook as one HTML page that needs nothing else: no network, no script, no fonts to fetch."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    import jinja2

__all__ = ["Cover", "render_html"]

HIDDEN_TAGS = frozenset({"parameters", "injected-parameters", "analyst"})
"""Cells with one of these tags are for whoever runs the notebook, not for whoever reads the page."""

_TABLE = re.compile(r"<table\b.*?</table>", flags=re.S)
_PICTURE = re.compile(r"<img\b[^>]*>")

_WORDS = {
    "en": {
        "skip": "Skip to the report",
        "contents": "Contents",
        "synthetic": "SYNTHETIC DATA",
        "synthetic_long": "The answers in this report are synthetic: made by a program, given by no one.",
        "wave": "Wave",
        "page": "Page",
        "of": "of",
        "made_with": "Made with",
    },
    "fr": {
        "skip": "Aller au rapport",
        "contents": "Sommaire",
        "synthetic": "DONNÉES SYNTHÉTIQUES",
        "synthetic_long": "Les réponses de ce rapport sont synthétiques : produites par un programme.",
        "wave": "Vague",
        "page": "Page",
        "of": "sur",
        "made_with": "Réalisé avec",
    },
}


@dataclass(frozen=True)
class Cover:
    """What stands around the cells: names, colours, and whether the answers are synthetic.

    Parameters
    ----------
    title
        The study.
    subject
        Whom the report is about; the page's main heading.
    wave
        The wave, as the study file writes it.
    language
        "en" or "fr": the page's language and the words around the cells.
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


@dataclass
class _Chapter:
    """A heading of the second level and all until the next."""

    title: str = ""
    anchor: str = ""
    parts: list[str] = field(default_factory=list)


def render_html(notebook: Mapping[str, Any], cover: Cover) -> str:
    """Write an executed notebook as a self-contained page: code hidden, contents list, print and dark styles.

    Parameters
    ----------
    notebook
        The notebook as its JSON says it (nbformat 4). Cells tagged "analyst" or "parameters" are left out.
    cover
        What stands around the cells.

    Returns
    -------
    str
        The page. Names are escaped; an output's own HTML is taken as it is.

    Raises
    ------
    ToolkitError
        A cell ended in an error: such a notebook is for the analyst, never a report.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "## Who answered"}
    >>> page = render_html({"cells": [cell]}, Cover("S", "Org"))
    >>> '<h2 id="who-answered">' in page
    True
    """
    chapters = list(_chapters(notebook.get("cells", ())))
    words = _WORDS.get(cover.language, _WORDS["en"])
    return _template("report.html.j2").render(
        cover=cover,
        words=words,
        opening="\n".join(part for chapter in chapters if not chapter.title for part in chapter.parts),
        chapters=[chapter for chapter in chapters if chapter.title],
        css_string=css_string,
    )


def css_string(text: str) -> str:
    """Quote text for a style sheet; signs that could end the string or the sheet become numbers."""
    return '"' + re.sub(r"[^A-Za-z0-9 .,]", lambda sign: f"\\{ord(sign[0]):06x}", text) + '"'


def template_page(name: str, **values: Any) -> str:
    """Fill one of the package's own templates; values are escaped."""
    return _template(name).render(**values, css_string=css_string)


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("toolkit.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


def _chapters(cells: Iterable[Mapping[str, Any]]) -> Iterator[_Chapter]:
    """Cut the cells at headings of the second level; what stands before the first has no title."""
    anchors: set[str] = set()
    chapter = _Chapter()
    for number, cell in enumerate(cells, start=1):
        if HIDDEN_TAGS & set(cell.get("metadata", {}).get("tags", ())):
            continue
        if cell["cell_type"] == "markdown":
            for title, body in _split_headings(_text(cell["source"])):
                if title:
                    yield chapter
                    chapter = _Chapter(title, _anchor(title, anchors))
                if body.strip():
                    chapter.parts.append(f'<div class="prose">{_markdown()(body)}</div>')
        elif cell["cell_type"] == "code":
            chapter.parts.extend(_outputs(cell.get("outputs", ()), number))
    yield chapter


def _split_headings(source: str) -> Iterator[tuple[str, str]]:
    """Pairs of (heading of level two or "", text below it); level-one headings are dropped: see the cover."""
    pieces = re.split(r"^##[ \t]+(.+?)[ \t]*#*$", re.sub(r"^#[ \t]+.*$", "", source, flags=re.M), flags=re.M)
    yield "", pieces[0]
    yield from zip(pieces[1::2], pieces[2::2], strict=True)


def _anchor(title: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w]+", "-", title.casefold()).strip("-") or "section"
    anchor, count = base, 1
    while anchor in taken:
        count += 1
        anchor = f"{base}-{count}"
    taken.add(anchor)
    return anchor


@cache
def _markdown() -> Any:
    import mistune

    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


def _outputs(outputs: Sequence[Mapping[str, Any]], cell: int) -> Iterator[str]:
    for output in outputs:
        kind = output["output_type"]
        if kind == "error":
            raise ToolkitError(
                f"cell {cell} ended in {output['ename']}: {output['evalue']}; no report is made of it"
            )
        if kind == "stream":
            if output.get("name") == "stdout":
                yield f"<pre>{html.escape(_text(output['text']))}</pre>"
            continue
        shown = _shown(output.get("data", {}), output.get("metadata", {}))
        if shown:
            yield f'<div class="output">{shown}</div>'


def _shown(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """The richest form of one output that works on paper and offline."""
    if "text/html" in data:
        return _PICTURE.sub(_sideways, _TABLE.sub(_scrolling, _text(data["text/html"])))
    alt = html.escape(str(metadata.get("alt", "")), quote=True)
    if "image/svg+xml" in data:
        encoded = base64.b64encode(_text(data["image/svg+xml"]).encode()).decode()
        return f'<figure><img alt="{alt}" src="data:image/svg+xml;base64,{encoded}"></figure>'
    if "image/png" in data:
        encoded = "".join(_text(data["image/png"]).split())
        return f'<figure><img alt="{alt}" src="data:image/png;base64,{encoded}"></figure>'
    if "text/markdown" in data:
        return str(_markdown()(_text(data["text/markdown"])))
    if "text/plain" in data:
        return f"<pre>{html.escape(_text(data['text/plain']))}</pre>"
    return ""


def _scrolling(table: re.Match[str]) -> str:
    """A wide table scrolls by itself on a telephone, and can be reached from the keyboard."""
    caption = re.search(r"<caption[^>]*>(.*?)</caption>", table[0], flags=re.S)
    name = html.escape(html.unescape(re.sub(r"<[^>]+>", "", caption[1])) if caption else "Table", quote=True)
    return f'<div class="scroll" role="group" tabindex="0" aria-label="{name}">{table[0]}</div>'


def _sideways(picture: re.Match[str]) -> str:
    """A picture keeps a legible size on a telephone and is moved sideways there."""
    return f'<div class="scroll" role="group" tabindex="0" aria-label="Picture">{picture[0]}</div>'


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
