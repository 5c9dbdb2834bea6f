"""HTML output: one self-contained page without network access, foreign scripts or fonts."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.locale import _
from toolkit.presentation.blocks import Block
from toolkit.reporting.documents.model import (
    HIDDEN_TAGS,
    Cover,
    Document,
    Passage,
    document_of,
    in_its_language,
)

if TYPE_CHECKING:
    import jinja2

__all__ = ["HIDDEN_TAGS", "Cover", "css_string", "render_document", "render_html", "template_page"]

_TABLE = re.compile(r"<table\b.*?</table>", flags=re.S)
_PICTURE = re.compile(r"<img\b[^>]*>")


def render_html(notebook: Mapping[str, Any], cover: Cover) -> str:
    """Write an executed notebook as a self-contained page: code hidden, contents list, print and dark styles.

    Parameters
    ----------
    notebook
        The notebook as parsed JSON (nbformat 4). Cells tagged "analyst" or "parameters" are left out.
    cover
        What surrounds the cells.

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
    return render_document(document_of(notebook, cover))


@in_its_language
def render_document(document: Document) -> str:
    """Write a document as a self-contained page; see `render_html`."""
    anchors: set[str] = set()
    chapters = [
        {
            "title": section.title,
            "anchor": _anchor(section.title, anchors),
            "parts": [_shown(part) for part in section.parts],
        }
        for section in document.sections
    ]
    cover = document.cover
    return _template("report.html.j2").render(
        cover=cover,
        _=_,
        opening="\n".join(_shown(part) for part in document.opening.parts),
        chapters=chapters,
        css_string=css_string,
        content_policy=content_policy,
    )


def content_policy(script: str) -> str:
    """Write a Content-Security-Policy for a page with one script of its own.

    The page may show its own styles and pictures and run that one script, by its hash. Nothing is loaded from
    elsewhere, and a script or an address in a label or in a notebook's output has no effect.

    Examples
    --------
    >>> content_policy("")
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; \
form-action 'none'; script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
        f"form-action 'none'; script-src 'sha256-{digest}'"
    )


def css_string(text: str) -> str:
    """Quote text for a style sheet, with characters that could end the string escaped."""
    return '"' + re.sub(r"[^A-Za-z0-9 .,]", lambda sign: f"\\{ord(sign[0]):06x}", text) + '"'


def template_page(name: str, **values: Any) -> str:
    """Render one of the package's templates; values are escaped."""
    return _template(name).render(**values, _=_, css_string=css_string, content_policy=content_policy)


def preload() -> None:
    """Compile the template and the Markdown parser once, before many pages are written."""
    render_html({"cells": [{"cell_type": "markdown", "source": "## Nothing\n\n*nothing*"}]}, Cover("", ""))


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


def _anchor(title: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w]+", "-", title.casefold()).strip("-") or "section"
    anchor, count = base, 1
    while anchor in taken:
        count += 1
        anchor = f"{base}-{count}"
    taken.add(anchor)
    return anchor


def _shown(part: Block) -> str:
    """Return a block's HTML, with tables and figures that scroll sideways."""
    if isinstance(part, Passage):
        return f'<div class="prose">{part._repr_html_()}</div>'
    label = html.escape(_("Picture"), quote=True)

    def sideways(picture: re.Match[str]) -> str:
        """Wrap a figure so that it keeps a legible size on a telephone and scrolls there."""
        return f'<div class="scroll" role="group" tabindex="0" aria-label="{label}">{picture[0]}</div>'

    def scrolling(table: re.Match[str]) -> str:
        return _scrolling(table, _("Table"))

    inner = _PICTURE.sub(sideways, _TABLE.sub(scrolling, part.as_html()))
    return f'<div class="output">{inner}</div>'


def _scrolling(table: re.Match[str], unnamed: str) -> str:
    """Wrap a wide table so that it scrolls on a telephone and can be reached by keyboard."""
    caption = re.search(r"<caption[^>]*>(.*?)</caption>", table[0], flags=re.S)
    name = html.escape(html.unescape(re.sub(r"<[^>]+>", "", caption[1])) if caption else unnamed, quote=True)
    return f'<div class="scroll" role="group" tabindex="0" aria-label="{name}">{table[0]}</div>'
