"""Everything written in the files of a report: visible, hidden, in properties, alternative texts and marks.

Part of the auditor: it reads produced files and shares nothing with the code that wrote them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

_INLINE = frozenset(
    {"b", "strong", "i", "em", "span", "a", "code", "br", "sub", "sup", "small", "tspan", "abbr"}
)
_WORDED = ("alt", "title", "aria-label", "aria-description", "content", "descr", "value", "summary", "label")
_COORDINATES = ("x", "cx", "x1", "x2", "width")
_MOST = 1 << 29
"""A member of an archive that unpacks to more is refused rather than read."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words of one place: a paragraph, the cells of a row side by side, a property.

    Parameters
    ----------
    place
        File, part and position, for messages.
    words
        White space is collapsed; cells of a row are joined by " | ".
    kind
        `prose`; `row` of a table; `cell` of a picture or a value alone; `series` of a chart, name before
        values; `sheet`, a row of a chart's workbook; `raw`, code in which only names are looked for.
    """

    place: str
    words: str
    kind: Literal["prose", "row", "cell", "series", "sheet", "raw"] = "prose"


def texts_of(name: str, data: bytes) -> Iterator[Text]:
    """Yield all text of a file, by the suffix of its name.

    Parameters
    ----------
    name
        File name; places begin with it.
    data
        The file's bytes.

    Raises
    ------
    ValueError
        The file cannot be read as its suffix suggests, or the suffix is unknown.

    Examples
    --------
    >>> [text.words for text in texts_of("a.md", b"# Title" + bytes([10]) + b"| a | 5 |")]
    ['# Title', 'a | 5']
    """
    suffix = name.lower().rsplit(".", 1)[-1]
    if suffix == "gz":
        name, data = name[:-3], gzip.decompress(data)
        suffix = name.lower().rsplit(".", 1)[-1]
    reader = _READERS.get(suffix)
    if reader is None:
        raise ValueError(f"files of type .{suffix} cannot be audited")
    try:
        for text in reader(name, data):
            words = " ".join(text.words.split())
            if words:
                yield Text(text.place, words, text.kind)
    except (
        etree.LxmlError,
        zipfile.BadZipFile,
        zlib.error,
        json.JSONDecodeError,
        LookupError,
        RuntimeError,
        struct.error,
    ) as error:
        raise ValueError(f"{name} cannot be read: {error}") from error


def _lines(name: str, data: bytes) -> Iterator[Text]:
    """Yield lines of Markdown or plain text; a row of a table by its cells."""
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        words = unescape(re.sub(r"\\([^\w\s])", r"\1", line)).replace("<br>", " ")
        if line.lstrip().startswith("|"):
            cells = " | ".join(cell.strip() for cell in words.strip().strip("|").split("|"))
            yield Text(f"{name} line {number}", cells, "row")
        else:
            yield Text(f"{name} line {number}", words)


def _csv(name: str, data: bytes) -> Iterator[Text]:
    for number, row in enumerate(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")), 1):
        yield Text(f"{name} row {number}", " | ".join(row), "raw")


def _json(name: str, data: bytes) -> Iterator[Text]:
    yield from _walk(name, json.loads(data))


def _walk(place: str, value: Any) -> Iterator[Text]:
    """Yield every key, text and number of a JSON value; pages and pictures inside are read as such."""
    if isinstance(value, dict):
        if "cells" in value and "columns" in value:
            for number, row in enumerate(value["cells"]):
                yield Text(f"{place}.cells[{number}]", " | ".join(_cell(cell) for cell in row), "row")
            value = {key: one for key, one in value.items() if key != "cells"}
        elif "categories" in value and "series" in value:
            yield from _chart(place, value)
            return
        for key, one in value.items():
            if key == "image/png" and isinstance(one, str):
                yield from _png(f"{place}.{key}", _base64(one))
                continue
            yield Text(f"{place}.{key}", str(key), "raw")
            if isinstance(one, list) and key.startswith(("text", "image", "source")):
                one = "".join(map(str, one))
            if key == "text/plain":
                for number, line in enumerate(str(one).splitlines(), 1):
                    yield Text(f"{place}.{key} line {number}", line, "row")
                continue
            if key == "source" and value.get("cell_type") == "markdown":
                yield from _lines(f"{place}.{key}", str(one).encode())
            yield from _walk(f"{place}.{key}", one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _walk(f"{place}[{number}]", one)
    elif isinstance(value, str):
        if value.lstrip().startswith(("<", "<?xml")) and ">" in value:
            yield from _html(place, value.encode())
        else:
            yield Text(place, value, "raw" if place.endswith(".source") else "prose")
    elif value is not None and not isinstance(value, bool):
        yield Text(place, repr(value), "cell")


def _cell(cell: Any) -> str:
    """Format a cell of a document's table as its writers do: value, interval, base."""
    if not isinstance(cell, dict):
        return str(cell or "")
    if "format" in cell:
        return _figure(cell)
    found = [f"{one['label']} {_cell(one)}" if "label" in one else _cell(one) for one in _parts(cell)]
    words = [str(cell[key]) for key in ("words", "text") if cell.get(key)]
    ends = [_figure(cell[key]) for key in ("low", "high") if cell.get(key)]
    base = f"n {_figure(cell['n'])}" if cell.get("n") else ""
    value = _figure(cell["value"]) if isinstance(cell.get("value"), dict) else ""
    return " ".join(filter(None, [value, f"({' to '.join(ends)})" if ends else "", base, *found, *words]))


def _parts(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("sides", "answers"):
        for one in cell.get(key) or ():
            yield (
                one
                if isinstance(one.get("value"), dict) or "words" in one
                else {**one, "words": str(one.get("value", ""))}
            )


def _figure(number: dict[str, Any]) -> str:
    percent = number["format"] in ("percent", "points")
    value = number["value"] * (100 if percent else 1)
    unit = "%" if number["format"] == "percent" else ""
    return f"{number.get('sign', '')}{value:.{number.get('digits', 0)}f}{unit}"


def _chart(place: str, chart: dict[str, Any]) -> Iterator[Text]:
    """Yield every value of a document's chart beside its category, group and series."""
    unit = "%" if chart.get("unit") == "percent" else ""
    for series in chart["series"]:
        known = [f"{value:.6g}" for value in series.get("values") or () if value is not None]
        yield Text(f"{place} series", " | ".join([series["name"], *known]), "series")
        for key in ("values", "low", "high"):
            for number, value in enumerate(series.get(key) or ()):
                if value is not None:
                    group = (chart.get("groups") or [""] * (number + 1))[number]
                    words = [chart["categories"][number], group, series["name"], f"{value * 100:.6g}{unit}"]
                    yield Text(f"{place} series {key} {number}", " | ".join(words), "row")
    for label in (
        *chart["categories"],
        *(chart.get("groups") or ()),
        *(one["name"] for one in chart["series"]),
    ):
        yield Text(f"{place} label", label)


def _base64(text: str) -> bytes:
    import base64
    import binascii

    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


# --- pages and pictures


def _html(name: str, data: bytes) -> Iterator[Text]:
    """Yield blocks, rows, attributes, comments, scripts and pictures of a page."""
    tree = lxml_html.document_fromstring(data, parser=lxml_html.HTMLParser(encoding="utf-8", huge_tree=True))
    yield from _element(name, tree)


def _element(name: str, tree: Any) -> Iterator[Text]:
    row, block = 0, 0
    inside: set[Any] = set()
    for node in tree.iter():
        if not isinstance(node.tag, str):
            yield Text(f"{name} comment", str(node.text or ""))
            continue
        tag = etree.QName(node).localname if node.tag.startswith("{") else node.tag
        for key, value in node.attrib.items():
            if key in _WORDED or (key.startswith("data-") and not key.startswith("data-mime")):
                yield Text(f"{name} {tag} {key}", value, "prose" if key in _WORDED else "cell")
            elif key in ("src", "href") and value.startswith("data:image"):
                yield from _data_url(f"{name} {tag} {key}", value)
            elif key in ("src", "href", "id", "class") and not value.startswith("#"):
                yield Text(f"{name} {tag} {key}", value, "raw")
        if tag in ("script", "style"):
            yield Text(f"{name} {tag}", str(node.text or ""), "raw")
        elif tag == "svg":
            yield from _marks(f"{name} svg", node)
        elif tag == "tr":
            row += 1
            yield Text(f"{name} row {row}", " | ".join(_words(cell) for cell in node), "row")
            inside.add(node)
        elif node.getparent() is not None and node.getparent() in inside:
            inside.add(node)
        elif tag not in _INLINE and (node.text or any(child.tail for child in node)):
            block += 1
            kind: Literal["prose", "cell"] = "cell" if tag in ("text", "td", "th") else "prose"
            yield Text(f"{name} {tag} {block}", _own_words(node), kind)


def _words(node: Any) -> str:
    return " ".join(str(part) for part in node.itertext())


def _own_words(node: Any) -> str:
    """Return an element's text with that of inline elements, but not of blocks inside it."""
    parts = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str):
            local = child.tag.rsplit("}", 1)[-1]
            parts.append(_words(child) if local in _INLINE else " ")
        parts.append(child.tail or "")
    return "".join(parts)


def _data_url(place: str, url: str) -> Iterator[Text]:
    head, _, body = url.partition(",")
    if "svg" in head:
        from urllib.parse import unquote_to_bytes

        yield from _svg(place, _base64(body) if "base64" in head else unquote_to_bytes(body))
    else:
        yield from _picture(place, _base64(body))


def _svg(name: str, data: bytes) -> Iterator[Text]:
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True, recover=True))
    if tree is None:
        raise ValueError(f"{name} is not a picture")
    yield from _element(name, tree)


def _marks(place: str, svg: Any) -> Iterator[Text]:
    """Yield the positions of marks on a 0 to 100% axis as the percentages that they draw.

    The axis is read from its tick labels: 0 and 100% (or 0 and a smaller last tick) and their positions.
    """
    drawn_at: list[str] = []
    for axes in svg.iter("{*}g", "g"):
        if not (axes.get("id") or "").startswith("axes_"):
            continue
        ticks: dict[float, float] = {}
        for tick in axes.iter("{*}g", "g"):
            if (tick.get("id") or "").startswith("xtick_"):
                label = next(tick.iter("{*}text", "text"), None)
                mark = next(tick.iter("{*}use", "use"), None)
                found = (
                    re.fullmatch(r"([+\-−]?\d+)\s?%?", _words(label).strip()) if label is not None else None
                )
                where = mark.get("x") if mark is not None and found else None
                if found and where:
                    ticks[float(found[1].replace("−", "-"))] = float(where)
        if len(ticks) < 2:
            continue
        (low, left), (high, right) = min(ticks.items()), max(ticks.items())
        for node in axes.iter("{*}use", "use"):
            if not any(":" in (up.get("id") or "") for up in node.iterancestors()):
                continue  # the key and the axes; marks of results are in a group such as dots:employee
            drawn = low + (float(node.get("x", "nan")) - left) / (right - left) * (high - low)
            drawn_at.append(f"{drawn / 100:.4f}")
    if drawn_at:
        yield Text(f"{place} marks", " | ".join(["", *drawn_at]), "series")


def _picture(name: str, data: bytes) -> Iterator[Text]:
    if data.startswith(b"\x89PNG"):
        yield from _png(name, data)
    elif data.startswith(b"\xff\xd8"):
        yield from _jpeg(name, data)
    elif data.lstrip()[:1] == b"<":
        yield from _svg(name, data)


def _png(name: str, data: bytes) -> Iterator[Text]:
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if kind == b"tEXt":
            yield Text(f"{name} tEXt", body.replace(b"\0", b": ").decode("latin-1"))
        elif kind in (b"zTXt", b"iTXt"):
            key, _, rest = body.partition(b"\0")
            packed = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
            if kind == b"zTXt" or rest[:1] == b"\1":
                packed = zlib.decompressobj().decompress(packed, _MOST)
            yield Text(
                f"{name} {kind.decode()}", f"{key.decode('latin-1')}: {packed.decode('utf-8', 'replace')}"
            )
        elif kind == b"eXIf":
            yield from _strings(f"{name} eXIf", body)
        at += 12 + size
    yield from _strings(f"{name} after its end", data[at:])


def _jpeg(name: str, data: bytes) -> Iterator[Text]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] == 0xFE or 0xE1 <= data[at + 1] <= 0xEF:
            yield from _strings(f"{name} metadata", data[at + 4 : at + 2 + size])
        at += 2 + size


def _strings(name: str, data: bytes) -> Iterator[Text]:
    for found in re.findall(rb"[\x20-\x7e\xc3-\xf4\x80-\xbf]{4,}", data):
        yield Text(name, found.decode("utf-8", "replace"))


# --- Office files


def _office(name: str, data: bytes) -> Iterator[Text]:
    """Yield every part of a Word, PowerPoint or Excel file, embedded workbooks and pictures included."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.comment:
            yield Text(f"{name} comment", archive.comment.decode("utf-8", "replace"))
        shared: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            shared = [_words(one) for one in _parse(archive.read("xl/sharedStrings.xml")).iter("{*}si")]
        used: set[int] = set()
        for part in archive.infolist():
            place = f"{name} → {part.filename}"
            yield Text(place, part.filename, "raw")
            if part.file_size > _MOST:
                raise ValueError(f"{place} is too large")
            suffix = part.filename.rsplit(".", 1)[-1].lower()
            if suffix in ("xlsx", "docx", "pptx"):
                yield from _office(place, archive.read(part))
            elif suffix in ("png", "jpg", "jpeg", "svg", "gif", "emf"):
                yield from _picture(place, archive.read(part))
            elif suffix == "rels" or suffix == "xml":
                if part.filename.startswith("xl/worksheets/") and suffix == "xml":
                    yield from _sheet(place, _parse(archive.read(part)), shared, used)
                elif part.filename != "xl/sharedStrings.xml":
                    yield from _part(place, _parse(archive.read(part)))
            elif suffix == "bin":
                yield from _strings(place, archive.read(part))
        for number, words in enumerate(shared):
            if number not in used:
                yield Text(f"{name} → unused shared text {number}", words)


def _parse(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))


def _sheet(place: str, tree: Any, shared: list[str], used: set[int]) -> Iterator[Text]:
    """Yield a worksheet's rows; a number follows the heading of its column."""
    heads: dict[str, str] = {}
    kind: Literal["sheet", "row"] = "sheet" if "embeddings" in place else "row"
    for row in tree.iter("{*}row"):
        cells: list[str] = []
        texts: dict[str, str] = {}
        for cell in row.iter("{*}c"):
            value = next(cell.iter("{*}v"), None)
            words = " ".join(_words(one) for one in cell.iter("{*}is"))
            if value is not None and value.text:
                words = value.text
                if cell.get("t") == "s":
                    used.add(int(value.text))
                    words = shared[int(value.text)]
            column = (cell.get("r") or "").rstrip("0123456789")
            texts |= {column: words} if cell.get("t") in ("s", "inlineStr", "str") else {}
            if kind == "sheet" and column in texts:
                yield Text(f"{place} cell {cell.get('r')}", words)
            if heads.get(column) in _OF_SHEETS and value is not None:
                words = ""
            if column in heads and kind == "row" and any(c.isdigit() for c in words):
                words = f"{heads[column]} {words}"
            formula = next(cell.iter("{*}f"), None)
            cells.append(words + (f" ={formula.text}" if formula is not None and formula.text else ""))
        if len(texts) > 1 and len(texts) == len(cells) and not heads:
            heads = texts
        yield Text(f"{place} row {row.get('r')}", " | ".join(cells), kind)
    for node in tree.iter("{*}oddHeader", "{*}oddFooter", "{*}evenHeader", "{*}evenFooter"):
        yield Text(
            f"{place} header or footer", re.sub(r"&(\"[^\"]*\"|K[0-9A-F]{6}|[A-Z]|\d+)", " ", node.text or "")
        )
    for node in tree.iter("{*}dataValidation"):
        yield Text(f"{place} validation", " ".join([*node.attrib.values(), _words(node)]), "raw")


_OF_SHEETS = ("Rows", "Lignes")
"""Headings of the list of sheets, whose numbers count rows and not people."""
_SETTINGS = (
    "styles",
    "theme",
    "fontTable",
    "settings",
    "numbering",
    "presProps",
    "viewProps",
    "tableStyles",
    "Content_Types",
)


def _part(place: str, tree: Any) -> Iterator[Text]:
    """Yield paragraphs, rows, chart caches, properties and the words of attributes of an XML part."""
    setting = any(one in place.rsplit("→", 1)[-1] for one in _SETTINGS)
    for series in tree.iter("{*}ser"):
        yield from _series(place, series)
    taken: set[Any] = set()
    number = 0
    for node in tree.iter():
        if not isinstance(node.tag, str):
            yield Text(f"{place} comment", str(node.text or ""))
            continue
        tag = node.tag.rsplit("}", 1)[-1]
        parent = node.getparent()
        for key, value in node.attrib.items():
            local = key.rsplit("}", 1)[-1]
            if local in ("descr", "title", "tooltip"):
                yield Text(f"{place} {tag} {local}", value)
            elif (
                local in ("name", "Target", "author", "initials", "userName", "lastModifiedBy")
                or tag == "sheet"
            ):
                yield Text(f"{place} {tag} {local}", value, "raw")
            elif "pivot" in place.lower():
                yield Text(f"{place} {tag} {local}", value, "cell")
        if (parent is not None and parent in taken) or tag == "ser":
            taken.add(node)
        elif tag in ("tr", "p"):
            number += 1
            taken.add(node)
            if tag == "tr":
                cells = [" ".join(_run(one) for one in cell.iter("{*}p")) for cell in node.iter("{*}tc")]
                yield Text(f"{place} row {number}", " | ".join(cells), "row")
            else:
                yield Text(f"{place} paragraph {number}", _run(node))
        elif node.text and node.text.strip():
            yield Text(
                f"{place} {tag}",
                node.text,
                "raw" if setting or tag == "definedName" else "cell" if tag in ("v", "pt") else "prose",
            )


def _run(paragraph: Any) -> str:
    """Return a paragraph's text: its runs side by side, breaks and tabs as spaces."""
    found = []
    for node in paragraph.iter("{*}t", "{*}br", "{*}tab", "{*}delText", "{*}instrText", "{*}fld"):
        local = node.tag.rsplit("}", 1)[-1]
        found.append(node.text or "" if local in ("t", "delText", "instrText") else " ")
    return "".join(found)


def _series(place: str, series: Any) -> Iterator[Text]:
    """Yield the cached values of a chart's series, its categories and labels."""
    title = next(series.iter("{*}tx"), None)
    name = _words(next(title.iter("{*}v"), title)).strip() if title is not None else ""
    for part in ("val", "xVal", "yVal", "plus", "minus", "bubbleSize", "cat"):
        for node in series.iter(f"{{*}}{part}"):
            points = [_words(one).strip() for one in node.iter("{*}pt")]
            if part == "cat":
                yield from (Text(f"{place} category", one) for one in points)
            else:
                yield Text(f"{place} {part}", " | ".join([name, *points]), "series")
    for label in series.iter("{*}dLbl"):
        yield Text(f"{place} label of {name}", " ".join(_run(one) for one in label.iter("{*}p")))


# --- PDF


def _pdf(name: str, data: bytes) -> Iterator[Text]:
    """Yield texts by the PDF's tags (rows, paragraphs, alternative texts), untagged text, and properties."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        yield from _pdf_parts(name, reader)
    except PyPdfError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error


def _pdf_parts(name: str, reader: Any) -> Iterator[Text]:
    for key, value in (reader.metadata or {}).items():
        yield Text(f"{name} {key}", str(value))
    root = reader.trailer["/Root"]
    if "/Metadata" in root:
        packet = etree.fromstring(root["/Metadata"].get_data(), etree.XMLParser(recover=True))
        for node in packet.iter() if packet is not None else ():
            yield Text(f"{name} XMP", node.text or "")
    for attached, contents in reader.attachments.items():
        for content in contents:
            yield from texts_of(f"{name} → {attached}", content)
    marked: dict[tuple[int, int], str] = {}
    for number, page in enumerate(reader.pages, 1):
        place = f"{name} page {number}"
        loose = []
        contents = page.get_contents()
        stream = b"" if contents is None else contents.get_data()
        for mark, words in _drawn(stream, page.get("/Resources") or {}, set()):
            if mark is None:
                loose.append(words)
            else:
                key = (page.indirect_reference.idnum, mark)
                marked[key] = f"{marked.get(key, '')} {words}".strip()
        yield Text(f"{place} untagged", "".join(loose), "raw")
        yield from (Text(f"{place} untagged", words) for words in loose if len(words) > 4)
        for note in page.get("/Annots") or ():
            found = note.get_object()
            for key in ("/Contents", "/T", "/TU", "/V"):
                if key in found:
                    yield Text(f"{place} note", str(found[key]))
    for outline in _flat(reader.outline):
        yield Text(f"{name} outline", str(outline))
    if "/StructTreeRoot" in root:
        yield from _tagged(name, root["/StructTreeRoot"], marked)
    for words in marked.values():
        yield Text(f"{name} outside its tags", words)


def _flat(outline: Iterable[Any]) -> Iterator[Any]:
    for one in outline:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one.title


def _tagged(name: str, root: Any, marked: dict[tuple[int, int], str]) -> Iterator[Text]:
    """Walk the structure tree without recursion: leaves give texts, rows join those of their cells."""
    stack: list[tuple[Any, int]] = [(root.get("/K"), 0)]
    while stack:
        node, page = stack.pop()
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            stack += [(one, page) for one in reversed(node)]
        elif isinstance(node, dict):
            if "/Pg" in node:
                page = dict.__getitem__(node, "/Pg").idnum
            for key in ("/Alt", "/ActualText", "/T", "/E"):
                if key in node:
                    yield Text(f"{name} alternative text", str(node[key]))
            if node.get("/S") == "/TR":
                cells = [" ".join(_leaves(cell, page, marked)) for cell in _as_list(node.get("/K"))]
                yield Text(f"{name} row", " | ".join(cells), "row")
            elif node.get("/S") in ("/P", "/H1", "/H2", "/H3", "/LI", "/Caption", "/Lbl", "/LBody"):
                yield Text(f"{name} paragraph", " ".join(_leaves(node, page, marked)))
            else:
                stack.append((node.get("/K"), page))
        elif isinstance(node, int):
            yield Text(f"{name} tagged text", marked.pop((page, int(node)), ""))


def _as_list(value: Any) -> list[Any]:
    value = value.get_object() if hasattr(value, "get_object") else value
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def _leaves(node: Any, page: int, marked: dict[tuple[int, int], str]) -> Iterator[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, int):
        yield marked.pop((page, int(node)), "")
    elif isinstance(node, dict):
        if "/Pg" in node:
            page = dict.__getitem__(node, "/Pg").idnum
        if "/MCID" in node:
            yield marked.pop((page, int(node["/MCID"])), "")
        for one in _as_list(node.get("/K")):
            yield from _leaves(one, page, marked)
    elif isinstance(node, list):
        for one in node:
            yield from _leaves(one, page, marked)


_DRAWING = re.compile(
    rb"/MCID\s+(?P<mark>\d+)[^>]*>>\s*BDC|(?P<open>B[MD]C|>>\s*BDC)(?!\w)|(?P<close>EMC)(?!\w)|(?P<end>ET)(?!\w)"
    rb"|/(?P<font>[^\s/\[(<]+)\s+[-\d.]+\s+Tf"
    rb"|\[(?P<many>(?:\((?:\\.|[^\\()]++)*+\)|<[0-9A-Fa-f\s]*+>|[-\d.\s]++)*+)\]\s*TJ"
    rb"|(?P<one>\((?:\\.|[^\\()]++)*+\)|<[0-9A-Fa-f\s]*+>)\s*(?:Tj|'|\")",
    re.DOTALL,
)
"""The operators that draw or mark text. Quantifiers are possessive: dashes of lines are arrays too."""
_PIECE = re.compile(rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


def _drawn(stream: bytes, resources: Any, seen: set[int]) -> Iterator[tuple[int | None, str]]:
    """Yield the texts a page draws, also those of the forms it draws, with the number of their mark."""
    resources = resources.get_object() if hasattr(resources, "get_object") else resources
    fonts = {key: _decoder(font.get_object()) for key, font in (resources.get("/Font") or {}).items()}
    marks: list[int | None] = []
    decode: Callable[[bytes], str] = _plain
    words: list[str] = []
    for found in _DRAWING.finditer(stream):
        kind = found.lastgroup
        if kind in ("mark", "open", "close", "end") and words:
            yield next((one for one in reversed(marks) if one is not None), None), "".join(words)
            words = []
        if kind == "mark":
            marks.append(int(found["mark"]))
        elif kind == "open":
            marks.append(None)
        elif kind == "close" and marks:
            marks.pop()
        elif kind == "font":
            decode = fonts.get("/" + found["font"].decode("latin-1"), _plain)
        elif kind in ("many", "one"):
            words += [decode(_bytes(piece)) for piece in _PIECE.findall(found[kind])]
    if words:
        yield None, "".join(words)
    for form in (resources.get("/XObject") or {}).values():
        form = form.get_object()
        if form.get("/Subtype") == "/Form" and id(form) not in seen:
            seen.add(id(form))
            yield from _drawn(form.get_data(), form.get("/Resources") or {}, seen)


_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}


def _bytes(piece: bytes) -> bytes:
    """Return the codes of a text operand, written in hexadecimal digits or in characters and escapes."""
    if piece[:1] == b"<":
        digits = b"".join(piece[1:-1].split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())

    def unescaped(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes((int(code, 8) & 255,)) if code.isdigit() else _ESCAPED.get(code, code)

    return _ESCAPE.sub(unescaped, piece[1:-1]) if b"\\" in piece else piece[1:-1]


def _plain(codes: bytes) -> str:
    return codes.decode("latin-1")


class _Glyphs(dict[int, str]):
    """Code → text, for `str.translate`; a code that is not listed draws nothing."""

    def __missing__(self, code: int) -> str:
        return ""


def _decoder(font: Any) -> Callable[[bytes], str]:
    """Return how a font's codes become text, by its map to Unicode."""
    if "/ToUnicode" not in font:
        return _plain
    source = font["/ToUnicode"].get_data()
    table = _Glyphs()
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", source, re.DOTALL):
        for code, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            table[int(code, 16)] = bytes.fromhex(value.decode()).decode("utf-16-be", "replace")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", source, re.DOTALL):
        for low, high, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for step, code in enumerate(range(int(low, 16), int(high, 16) + 1)):
                table[code] = chr(int(value, 16) + step)
    wide = font.get("/Subtype") == "/Type0"
    encoding = ("utf-16-be", "surrogatepass") if wide else ("latin-1", "strict")

    def decode(codes: bytes) -> str:
        return codes.decode(*encoding).translate(table)

    return decode


_READERS = {
    **dict.fromkeys(("md", "txt"), _lines),
    **dict.fromkeys(("html", "htm"), _html),
    **dict.fromkeys(("json", "ipynb"), _json),
    **dict.fromkeys(("docx", "pptx", "xlsx"), _office),
    **dict.fromkeys(("png", "jpg", "jpeg"), _picture),
    "csv": _csv,
    "svg": _svg,
    "pdf": _pdf,
}


# --- what does not belong in a delivery


@dataclass(frozen=True)
class Released:
    """Numbers and names that a report's released tables allow in its other files.

    Parameters
    ----------
    items
        Question → its names: labels, wordings, statements.
    groups
        Group → its names.
    numbers
        (question, group) → the numbers released of it: shares as fractions, bases, headcounts. The group ""
        holds what compares groups, the group "published" published figures.
    exact
        (question, group) → its shares that are released exactly: their intervals may be printed.
    phrases
        Words with numbers in them that are not results, such as the labels of answers.
    published
        Wording of a published figure → its numbers, which may occur in a text that quotes it.
    known
        The study's own words, in small letters: numbers in them are not results.
    hidden
        Groups below the threshold → the numbers that may occur beside their names: headcounts and thresholds.
    constants
        Numbers that any text may use: thresholds, levels, ends of axes.
    scales
        Question → answers that are numbers, which may precede their shares.
    """

    items: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    numbers: Mapping[tuple[str, str], frozenset[float]]
    exact: Mapping[tuple[str, str], frozenset[float]]
    phrases: tuple[str, ...]
    published: Mapping[str, frozenset[float]]
    known: str
    hidden: Mapping[str, frozenset[float]]
    constants: frozenset[float]
    scales: Mapping[str, frozenset[float]]


_TOKEN = re.compile(r"(?<![\w.,#-])-?(\d+(?:[.,]\d+)*)")
_HASH = re.compile(r"(?<![\w.,])[0-9a-f]{12,}")
_MORE = re.compile(r"\b(?:and \d+ more|et \d+ autres?)\b(?= ?:|$)")
"""How many more questions a title is about: "Workload and 2 more: no difference"."""
_INTERVAL = re.compile(r"\(\s?-?[\d.,]+\s?%?\s\w+\s-?[\d.,]+\s?%?\s?\)")
_SHARE_FOLLOWS = re.compile(r"[^\d%·;]{1,12}(?:\d+\s?%|0[.,]\d)")
_PLACE = re.compile(r",\s[^\W\d]+\s\d{1,2}(?:\s\w+\s\d{1,2})?(?=[;.]|$)")
"""The place of an option among the options: ", place 1 to 3"."""
_QUOTES = "“«\"„'"
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-"})


class Tracer:
    """Trace each printed number to the released tables.

    A number that follows the name of a question must be one of its released numbers, and beside the name
    of a group one of that group's or of a comparison. Beside the name of a hidden group only its headcount
    and thresholds may occur.
    """

    def __init__(self, released: Released) -> None:
        self.released = released
        self._item, self._group = _Names(released.items), _Names(released.groups)
        self._quoted = _Names({one: (one,) for one in released.published})
        self._phrase = _Names({"": released.phrases})
        self._seen: dict[tuple[str, str], str] = {}
        self._every = tuple({group for _, group in released.numbers} - {"", "published"})
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...], str], tuple[frozenset[float], bool]] = {}

    def untraced(self, text: Text) -> str:
        """Return the first number of a text that no released number explains, with its words; "" if none."""
        key = (text.words, "row" if text.kind == "row" else "")
        if key not in self._seen:
            self._seen[key] = self._untraced(text) if any(c.isdigit() for c in text.words) else ""
        return self._seen[key]

    def _untraced(self, text: Text) -> str:
        words = text.words.translate(_SPACES)
        found_items = self._item.found(words)
        names = [(end, keys, start) for start, end, keys in found_items]
        blank = _blanked(words, found_items)
        blank = _blanked(blank, self._phrase.found(blank))
        for words_of in (_HASH, _MORE):
            blank = _blanked(blank, ((*one.span(), one) for one in words_of.finditer(blank)))
        groups = [(end, start, group) for start, end, keys in self._group.found(blank) for group in keys]
        if not names and not groups:
            return ""
        row = text.kind == "row"
        cited = [words[start - 1 : start] in _QUOTES if start else False for *_, start in names]
        named = [several for (_, several, _), quoted in zip(names, cited, strict=True) if not quoted]
        every = tuple(dict.fromkeys(one for several in named for one in several))
        spans = [one.span() for one in (*_INTERVAL.finditer(blank), *_PLACE.finditer(blank))]
        whole = " series low" in text.place or " series high" in text.place
        tokens = list(_TOKEN.finditer(blank))
        for place, found in enumerate(tokens):
            start, end = found.span()
            if found[1].count(".") > 1:
                continue  # a version
            items = every
            if (
                not row
            ):  # the question named last in this sentence; one in quotation marks is only referred to
                items = ()
                for at in range(bisect(names, (start,)) - 1, -1, -1):
                    if words[names[at][2] - 1] not in _QUOTES:
                        items = () if ". " in blank[names[at][0] : start] else names[at][1]
                        break
            around = _beside(groups, blank, start, end)
            exact, explained = self._explained(items, around, found[1])
            if explained:
                continue
            inside = whole or any(one < start < other for one, other in spans)
            before = tokens[max(place - 2, 0) : place] if row else []
            if exact and (inside or any(_is_one(one[1], exact) for one in before)):
                continue  # an end of the interval of a share that is printed exactly, or its rank
            answers = {one for item in items for one in self.released.scales.get(item, ())}
            if _SHARE_FOLLOWS.match(blank, end) and found[1].isdecimal() and float(found[1]) in answers:
                continue
            quoted = (keys[0] for _, _, keys in self._quoted.found(words))
            if any(_is_one(found[1], self.released.published[one]) for one in quoted):
                continue
            if words[max(0, start - 12) : end + 12].casefold().strip() not in self.released.known:
                return f"{found[0].strip()} in “…{words[max(0, start - 60) : end + 20]}…”"
        return ""

    def _explained(
        self, items: tuple[str, ...], groups: tuple[str, ...], text: str
    ) -> tuple[frozenset[float], bool]:
        """Return the exact shares a number can be about, and whether the released numbers explain it."""
        key = (items, groups, text)
        if key not in self._known:
            released = self.released
            hidden = [group for group in groups if group in released.hidden]
            exact = {
                value
                for item in items
                for group in groups or self._every
                for value in released.exact.get((item, group), ())
            }
            told = ["", "published", *(groups or self._every)]
            extra: set[float] = set(released.constants)
            if hidden and len(hidden) == len(groups):
                told, exact = ["published"], set()
                extra |= {value for group in hidden for value in released.hidden[group]}
            elif not items:
                return frozenset(), True
            allowed = {
                one for item in items for group in told for one in released.numbers.get((item, group), ())
            }
            plain = any(value in extra for value, _ in _readings(text))
            self._known[key] = (frozenset(exact), plain or _is_one(text, allowed))
        return self._known[key]


def _blanked(words: str, places: Iterable[tuple[int, int, object]]) -> str:
    for start, end, _ in places:
        words = f"{words[:start]}{chr(0) * (end - start)}{words[end:]}"
    return words


def _is_one(text: str, numbers: Iterable[float]) -> bool:
    return any(_near(value, digits, one) for value, digits in _readings(text) for one in numbers)


class _Names:
    """Find names in texts, whatever the case: at each place the longest, looked up by its first word."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self._keys: dict[str, tuple[str, ...]] = {}
        self._starting: dict[str, list[tuple[str, int]]] = {}
        for key, words in names.items():
            for one in words:
                clean = _lower(" ".join(one.translate(_SPACES).split()))
                if len(clean) > 1:
                    self._keys[clean] = (*self._keys.get(clean, ()), key)
        for clean in sorted(self._keys, key=len, reverse=True):
            if first := re.search(r"\w+", clean):
                self._starting.setdefault(first[0], []).append((clean, first.start()))

    def found(self, words: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """Return start, end, and what the name at this place can be the name of."""
        low, past, places = _lower(words), 0, []
        for word in re.finditer(r"\w+", low):
            for name, before in self._starting.get(word[0], ()):
                start = word.start() - before
                end = start + len(name)
                if start < past or not low.startswith(name, start):
                    continue
                if not (_is_word(low[start - 1 : start]) or _is_word(low[end : end + 1])):
                    places.append((start, end, self._keys[name]))
                    past = end
                    break
        return places


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _lower(words: str) -> str:
    """Return a text in small letters, as long as it was."""
    low = words.lower()
    return low if len(low) == len(words) else "".join(one.lower()[:1] for one in words)


def _beside(groups: list[tuple[int, int, str]], words: str, start: int, end: int) -> tuple[str, ...]:
    """Return the groups a number can be about: named last in its sentence, or at once after it."""
    at = bisect(groups, (start + 1,))
    found = []
    if at and ". " not in words[groups[at - 1][0] : start]:
        found.append(groups[at - 1][2])
        if at > 1 and re.fullmatch(r"\s\w{1,4}\s", words[groups[at - 2][0] : groups[at - 1][1]]):
            found.append(groups[at - 2][2])  # "employees and executives differ: 85% against 25%"
    if (
        at < len(groups)
        and groups[at][1] <= end + 30
        and re.fullmatch(r"\s?%?\s?(?:\w+\s){0,3}", words[end : groups[at][1]])
    ):
        found.append(groups[at][2])
    return tuple(found)


def _readings(text: str) -> list[tuple[float, int]]:
    """Return the values a printed number can have, each with its decimals: 1,250 is 1250 or 1.25."""
    plain = (
        text.replace(",", "").replace(".", "", text.count(".") - 1)
        if text.count(".") > 1
        else text.replace(",", "")
    )
    value = round(float(plain), 12)  # 0.5600000000000001 is 0.56 as a workbook stores it
    found = [
        (
            value,
            len(f"{value:.12f}".rstrip("0").partition(".")[2])
            if len(plain) > 12
            else len(plain.partition(".")[2]),
        )
    ]
    if text.count(",") == 1 and "." not in text:
        found.append((float(text.replace(",", ".")), len(text.partition(",")[2])))
    return found


def _near(value: float, digits: int, released: float) -> bool:
    """Return whether a printed number is a released one, as a fraction or in percent, rounded or cut off."""
    unit = 10.0**-digits
    return any(
        abs(value - abs(released) * scale) < unit * (1 + 1e-6)
        if digits < 6
        else abs(value - abs(released) * scale) < 1e-9 * max(1, value)
        for scale in (1.0, 100.0)
    )


def odd_pictures(texts: Sequence[Text]) -> Iterator[tuple[Text, str]]:
    """Yield pictures and charts that are not those of the stored document, which is checked by its tables.

    A picture drawn with marks must have the marks of a picture of document.json, whose own must be at values
    of the charts beside it; a series of an Office chart must have values of a series of the same name.
    """
    values: dict[str, list[float]] = {}
    drawn: list[tuple[Text, list[float]]] = []
    series: dict[str, list[list[float]]] = {}
    others: list[tuple[Text, str, list[float]]] = []
    sheets: list[tuple[Text, float]] = []
    for text in texts:
        name, *rest = text.words.split("|") if text.kind == "series" else ("",)
        numbers = [float(one) for one in rest if _is_float(one)]
        if text.kind == "series" and text.place.endswith(" marks"):
            drawn.append((text, numbers))
        elif text.kind == "series" and text.place.startswith("document.json"):
            series.setdefault(name.strip(), []).append(numbers)
        elif text.kind == "series":
            others.append((text, name.strip(), numbers))
        elif text.kind == "sheet":
            sheets += [(text, float(one)) for one in text.words.split("|") if _is_float(one)]
        if text.place.startswith("document.json") and ".charts[" in text.place and text.kind == "row":
            part = text.place.partition(".charts[")[0]
            values.setdefault(part, []).append(float(text.words.rpartition("|")[2].strip(" %")) / 100)
    if not series:
        return
    known = {tuple(numbers) for text, numbers in drawn if text.place.startswith("document.json")}
    for text, numbers in drawn:
        if not text.place.startswith("document.json"):
            if tuple(numbers) not in known:
                yield text, "the marks of this picture are not those of a picture of the document"
            continue
        beside = values.get(text.place.partition(".svg")[0], [])
        far = [one for one in numbers if not any(abs(one - value) < 0.0051 for value in beside)]
        if beside and far:
            yield text, f"a mark at {100 * far[0]:.1f}% matches no value of its chart"
    cached = {round(one, 6) for _, _, numbers in others for one in numbers}
    for text, number in sheets:
        if round(number, 6) not in cached:
            yield text, f"{number:g} of a chart's workbook is not in the chart"
    for text, name, numbers in others:
        if "." in text.words and max(numbers, default=0) > 1:
            numbers = [one / 100 for one in numbers]  # points
        drawn_by = [] if text.place.endswith(("yVal", "plus", "minus")) else series.get(name, [])
        if drawn_by and not any(_is_part(numbers, whole) for whole in drawn_by):
            yield text, f"the series {name} has values that the document's charts do not have"


def _is_float(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(\.\d+)?(e-?\d+)?\s*", text) is not None


def _is_part(some: list[float], whole: list[float]) -> bool:
    """Return whether some numbers occur in the whole in their order."""
    rest = iter(whole)
    return all(any(abs(one - other) < 0.0051 for other in rest) for one in some)


class Foreign:
    """Find names, ids and words that do not belong in a delivery.

    Parameters
    ----------
    phrases
        Words → what they are ("organisation org-02").
    """

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self._phrases = {
            tuple(_WORD.findall(words.casefold())): (words, what) for words, what in phrases.items()
        }
        self._phrases.pop((), None)

    def found(self, texts: Sequence[Text]) -> Iterator[tuple[Text, str, str]]:
        """Yield each text that contains a phrase, the phrase, and what it is."""
        tokens = {words: _WORD.findall(words.casefold()) for words in {text.words for text in texts}}
        known = {token for words in tokens.values() for token in words}
        wanted: dict[str, list[tuple[str, ...]]] = {}
        for phrase in self._phrases:
            if all(token in known for token in phrase):
                wanted.setdefault(phrase[0], []).append(phrase)
        odd = {
            words: [
                self._phrases[phrase]
                for at, token in enumerate(several)
                for phrase in wanted.get(token, ())
                if tuple(several[at : at + len(phrase)]) == phrase
            ]
            for words, several in tokens.items()
            if not wanted.keys().isdisjoint(several)
        }
        for text in texts:
            for words, what in odd.get(text.words, ()):
                yield text, words, what


_WORD = re.compile(r"\w+(?:[-'’@.]\w+)*")
_PATH = re.compile(
    r"(?<![\w:/.])(?:file://)?/(?:home|Users|root|tmp|private|mnt|work|srv)/[\w.~-]+|\b[A-Za-z]:\\\\?[\w ]+\\"
)


def paths_in(words: str) -> str:
    """Return a path of a machine that a text names; "" if none.

    Examples
    --------
    >>> paths_in("read from /home/anna/study.yaml")
    '/home/anna'
    """
    found = _PATH.search(words) if "/" in words or "\\" in words else None
    return found[0] if found else ""
