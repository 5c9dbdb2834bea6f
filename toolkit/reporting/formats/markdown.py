"""Output format: GitHub-flavoured Markdown, with figures as SVG files in a folder beside it.

Linked and not embedded: GitHub and most editors show no picture whose address is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.locale import _, using_language
from toolkit.reporting.formats import Format, register

if TYPE_CHECKING:
    from toolkit.presentation.blocks import Block
    from toolkit.reporting.documents.model import Document

_SIGNS = re.compile(r"([\\`*_\[\]<>|~$&])")
_OPENING = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))", flags=re.M)


def render_markdown(document: Document, name: str) -> dict[str, bytes]:
    """Write a document as Markdown.

    Returns
    -------
    dict
        "<name>.md", and "<name>_figures/figure-01.svg" and so on for its pictures.
    """
    with using_language(document.cover.language):
        return _rendered(document, name)


def _rendered(document: Document, name: str) -> dict[str, bytes]:
    from toolkit.reporting.documents.model import SYNTHETIC

    cover = document.cover
    pictures: dict[str, bytes] = {}
    about = [cover.title, f"{_('Wave')} {cover.wave}" if cover.wave else ""]
    found = [f"# {escaped(cover.subject)}", " · ".join(escaped(one) for one in about if one)]
    if cover.synthetic:
        found.append(f"> **{_('SYNTHETIC DATA')}**: {escaped(_(SYNTHETIC))}")
    for section in document.chapters():
        if section.title:
            found.append(f"## {_line(section.title)}")
        for part in section.parts:
            found += _written(part, f"{name}_figures", pictures)
    foot = [cover.brand, cover.footer, *cover.facts]
    if any(foot):
        found += ["---", "  \n".join(escaped(one) for one in foot if one)]
    page = "\n\n".join(one for one in found if one) + "\n"
    if cover.synthetic:  # a drawing is a file of its own, and may be passed on without the page
        note = f"<desc>{_('SYNTHETIC DATA')}</desc></svg>".encode()
        pictures = {
            address: content.replace(b"</svg>", note) if address.endswith(".svg") else content
            for address, content in pictures.items()
        }
    return {f"{name}.md": page.encode(), **pictures}


def _written(part: Block, folder: str, pictures: dict[str, bytes]) -> Iterator[str]:
    """Write a block's paragraphs, and its pictures into `pictures`."""
    from toolkit.presentation.blocks import Heading, Picture, Prose, Several, Table
    from toolkit.reporting.documents.model import Foreign, Passage

    def linked(content: bytes, alt: str, ending: str) -> str:
        address = f"{folder}/figure-{len(pictures) + 1:02d}.{ending}"
        pictures[address] = content
        return f"![{_line(alt)}]({address})"

    if isinstance(part, Several):
        for one in part.parts:
            yield from _written(one, folder, pictures)
    elif isinstance(part, Passage):
        yield part.source
    elif isinstance(part, Heading):
        yield f"### {_line(part.text)}"
    elif isinstance(part, Prose):
        yield f"### {_line(part.title)}" if part.title else ""
        for piece in part.to_dict()["parts"]:
            yield _piece(piece)
    elif isinstance(part, Table):
        yield f"**{_line(part.title)}**" if part.title else ""
        yield _table(part.columns, part.rows, part.numeric)
        yield from map(escaped, part.notes)
    elif isinstance(part, Picture):
        for sheet in (part, *part.more):
            yield f"**{_line(sheet.title)}**" if sheet.title else ""
            yield linked(sheet.svg.encode(), sheet.alt, "svg")
            yield escaped(sheet.caption)
    elif isinstance(part, Foreign) and part.png and part.alt:
        yield linked(part.picture(), part.alt, "png")
    else:
        yield _fenced(str(part))


def _piece(data: Mapping[str, Any]) -> str:
    """Write a paragraph, a list of sentences or a list of terms."""
    if "paragraph" in data:
        return escaped(data["paragraph"])
    if "items" in data:
        marks = [f"{place}." if data["ordered"] else "-" for place in range(1, len(data["items"]) + 1)]
        return "\n".join(f"{mark} {_line(one)}" for mark, one in zip(marks, data["items"], strict=True))
    return "\n".join(f"- **{_line(term)}**: {_line(text)}" for term, text in data["terms"])


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]], numeric: Iterable[str]) -> str:
    columns, numeric = list(columns), set(numeric)
    if not columns:
        return ""
    heads = ["---:" if name in numeric else "---" for name in columns]
    lines = [[_cell(name) for name in columns], heads, *([_cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return "<br>".join(_line(one) for one in text.split("\n"))


def _line(text: str) -> str:
    return escaped(" ".join(text.splitlines()))


def _fenced(text: str) -> str:
    """Fence text verbatim; the fence is longer than any in the text."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}text\n{text}\n{fence}" if text.strip() else ""


def escaped(text: str) -> str:
    r"""Escape text for Markdown.

    Examples
    --------
    >>> print(escaped("R&D: 5 * 3 [sic] | 40 %"))
    R\&D: 5 \* 3 \[sic\] \| 40 %
    >>> print(escaped("1. not a list"))
    1\. not a list
    """
    text = _SIGNS.sub(r"\\\1", text)
    return _OPENING.sub(lambda found: f"{found[1]}{_mark(found[2])}", text)


def _mark(sign: str) -> str:
    return f"{sign}\\" if sign.isdigit() else f"\\{sign}"


register(Format("markdown", render_markdown, order=6, suffix=".md"))
