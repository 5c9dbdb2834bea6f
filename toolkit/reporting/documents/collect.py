"""Conversion of an executed notebook to a document, shared by all formats."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.locale import translated
from toolkit.presentation.blocks import BLOCK_MIME, Block, Several, unpacked
from toolkit.reporting.documents.model import Cover, Document, Foreign, Passage, Section

__all__ = ["HIDDEN_TAGS", "document_of", "without_blocks"]

HIDDEN_TAGS = frozenset({"parameters", "injected-parameters", "analyst"})
"""Cells with one of these tags are for whoever runs the notebook, not for whoever reads the report."""


def document_of(
    notebook: Mapping[str, Any], cover: Cover, *, templates: Mapping[str, Any] | None = None
) -> Document:
    """Collect what the cells of an executed notebook show.

    Parameters
    ----------
    notebook
        The notebook as its JSON says it (nbformat 4). Cells tagged "analyst" or "parameters" are left out.
        A text cell may hold itself in other languages in its metadata: ``{"languages": {"fr": "## …"}}``.
        A chapter whose cells showed nothing but empty `Several` is left out.
    cover
        What stands around the cells; in its language is what is gathered.
    templates
        "docx" and "pptx" → a client's own file.

    Raises
    ------
    ToolkitError
        A cell ended in an error: such a notebook is for the analyst, never a report.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "## Who answered"}
    >>> document_of({"cells": [cell]}, Cover("S", "Org")).sections[0].title
    'Who answered'
    """
    sections = [("", list[Block]())]
    for number, cell in enumerate(notebook.get("cells", ()), start=1):
        if HIDDEN_TAGS & set(cell.get("metadata", {}).get("tags", ())):
            continue
        if cell["cell_type"] == "markdown":
            for title, body in _split_headings(_source(cell, cover.language)):
                if title:
                    sections.append((title, []))
                if body.strip():
                    sections[-1][1].append(Passage(body.strip("\n")))
        elif cell["cell_type"] == "code":
            sections[-1][1].extend(_outputs(cell.get("outputs", ()), number))
    opening, *others = (
        Section(title, tuple(parts)) for title, parts in sections if not title or not _all_empty(parts)
    )
    return Document(cover, opening, tuple(others), dict(templates or {}))


def _all_empty(parts: Sequence[Block]) -> bool:
    """Return whether a chapter shows nothing but empty blocks; such a chapter is left out."""
    shown = [part for part in parts if not isinstance(part, Passage)]
    return bool(shown) and all(isinstance(part, Several) and not part.parts for part in shown)


def _source(cell: Mapping[str, Any], language: str) -> str:
    """Return a text cell in the report's language: from its metadata, else from the message catalogue."""
    own = cell.get("metadata", {}).get("languages", {}).get(language)
    return translated(language, _text(cell["source"])) if own is None else _text(own)


def without_blocks(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notebook without the block data, which its HTML outputs repeat for readers."""
    return {**notebook, "cells": [_without(cell) for cell in notebook["cells"]]}


def _without(cell: Mapping[str, Any]) -> dict[str, Any]:
    if cell.get("cell_type") != "code":
        return dict(cell)
    outputs = [
        {**one, "data": {kind: form for kind, form in one["data"].items() if kind != BLOCK_MIME}}
        if "data" in one
        else one
        for one in cell.get("outputs", ())
    ]
    return {**cell, "outputs": outputs}


def _split_headings(source: str) -> Iterator[tuple[str, str]]:
    """Split text into pairs (level-two heading or "", text); level-one headings belong to the cover."""
    pieces = re.split(r"^##[ \t]+(.+?)[ \t]*#*$", re.sub(r"^#[ \t]+.*$", "", source, flags=re.M), flags=re.M)
    yield "", pieces[0]
    yield from zip(pieces[1::2], pieces[2::2], strict=True)


def _outputs(outputs: Iterable[Mapping[str, Any]], cell: int) -> Iterator[Block]:
    for output in outputs:
        kind = output["output_type"]
        if kind == "error":
            raise ToolkitError(
                f"cell {cell} ended in {output['ename']}: {output['evalue']}; no report is made of it"
            )
        if kind == "stream":
            if output.get("name") == "stdout":
                yield _plain(_text(output["text"]))
            continue
        data = output.get("data", {})
        if BLOCK_MIME in data:
            yield unpacked(data[BLOCK_MIME], _text(data["text/html"]) if "text/html" in data else None)
        else:
            yield from _foreign(data, output.get("metadata", {}))


def _foreign(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Block]:
    """Return the richest form of an output that works on paper and offline."""
    plain = _text(data.get("text/plain", ""))
    alt = str(metadata.get("alt", ""))
    quoted = html.escape(alt, quote=True)
    if "text/html" in data:
        yield Foreign(_text(data["text/html"]), plain)
    elif "image/svg+xml" in data:
        encoded = base64.b64encode(_text(data["image/svg+xml"]).encode()).decode()
        yield Foreign(
            f'<figure><img alt="{quoted}" src="data:image/svg+xml;base64,{encoded}"></figure>', plain, alt=alt
        )
    elif "image/png" in data:
        encoded = "".join(_text(data["image/png"]).split())
        yield Foreign(
            f'<figure><img alt="{quoted}" src="data:image/png;base64,{encoded}"></figure>',
            plain,
            encoded,
            alt,
        )
    elif "text/markdown" in data:
        yield Passage(_text(data["text/markdown"]))
    elif plain:
        yield _plain(plain)


def _plain(text: str) -> Foreign:
    return Foreign(f"<pre>{html.escape(text)}</pre>", text)


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
