"""Displayables as plain data, so that every format is made of the same ones and none is made twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.presentation.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Prose,
    Several,
    Table,
    Terms,
    table_of,
)
from toolkit.presentation.charts import Chart, Series

__all__ = ["from_data", "packed", "to_data", "unpacked"]


def packed(block: Block) -> dict[str, str]:
    """A displayable as a notebook keeps it: one text, for whoever handles a notebook visits its every part.

    Examples
    --------
    >>> unpacked(packed(Heading("Gaps")))
    Gaps
    """
    return {"packed": json.dumps(to_data(block), ensure_ascii=False)}


def unpacked(output: Mapping[str, str], html: str | None = None) -> Block:
    """Read back what `packed` wrote; `html` is what was made of it already, so that it is not made again.

    Raises
    ------
    ToolkitError
        A kind that is not known here.
    """
    data = json.loads(output["packed"])
    block = from_data(data)
    block.__dict__.update(_kept_html=html, _kept_data=data)
    return block


def to_data(block: Block) -> dict[str, Any]:
    """Write a displayable as dictionaries, lists, text and numbers.

    Raises
    ------
    ToolkitError
        A displayable of a kind that is not known here.

    Examples
    --------
    >>> to_data(Heading("Gaps"))
    {'kind': 'heading', 'text': 'Gaps'}
    """
    kept: dict[str, Any] | None = block.__dict__.get("_kept_data")  # of what came from a notebook
    if kept is not None:
        return kept
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text}
    if isinstance(block, Several):
        return {"kind": "several", "parts": [to_data(part) for part in block.parts]}
    if isinstance(block, Prose):
        return {
            "kind": "prose",
            "title": block.title,
            "class": block.kind,
            "parts": [_part_data(part) for part in block.parts],
        }
    if isinstance(block, Table):
        return _table_data(block)
    if isinstance(block, Picture):
        return {
            "kind": "picture",
            "title": block.title,
            "alt": block.alt,
            "caption": block.caption,
            "svg": block.svg,
            "charts": [_chart_data(chart) for chart in block.charts],
            "more": [to_data(sheet) for sheet in block.more],
        }
    raise ToolkitError(f"{type(block).__name__} cannot be written as data")


def from_data(data: Mapping[str, Any]) -> Block:
    """Read back what `to_data` wrote.

    Raises
    ------
    ToolkitError
        A kind that is not known here.
    """
    kind = data.get("kind")
    if kind == "heading":
        return Heading(data["text"])
    if kind == "several":
        return Several(tuple(from_data(part) for part in data["parts"]))
    if kind == "prose":
        return Prose(data["title"], tuple(_part(part) for part in data["parts"]), data["class"])
    if kind == "table":
        rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
        return table_of(
            rows,
            data["columns"],
            title=data["title"],
            kind=data["class"],
            notes=data["notes"],
            numeric=data["numeric"],
        )
    if kind == "picture":
        return _picture(data)
    raise ToolkitError(f"a displayable of the kind {kind!r} is not known")


def _table_data(table: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": table.title,
        "columns": [str(name) for name in table.frame.columns],
        "rows": [list(row) for row in table.rows],
        "notes": list(table.notes),
        "class": table.kind,
        "numeric": list(table.numeric),
    }


def _picture(data: Mapping[str, Any]) -> Picture:
    sheets = [from_data(sheet) for sheet in data["more"]]
    return Picture(
        data["title"],
        data["alt"],
        data["caption"],
        data["svg"],
        tuple(sheet for sheet in sheets if isinstance(sheet, Picture)),
        tuple(_chart(chart) for chart in data["charts"]),
    )


def _chart_data(chart: Chart) -> dict[str, Any]:
    series = [{one.name: getattr(part, one.name) for one in fields(part)} for part in chart.series]
    return {"kind": chart.kind, "categories": chart.categories, "series": series}


def _chart(data: Mapping[str, Any]) -> Chart:
    series = tuple(
        Series(
            one["name"],
            one["colour"],
            tuple(one["values"]),
            tuple(one["words"]),
            tuple(one["low"]),
            tuple(one["high"]),
        )
        for one in data["series"]
    )
    return Chart(data["kind"], tuple(data["categories"]), series)


def _part_data(part: Paragraph | Bullets | Terms) -> dict[str, Any]:
    if isinstance(part, Paragraph):
        return {"paragraph": part.text}
    if isinstance(part, Bullets):
        return {"items": list(part.items), "ordered": part.ordered}
    return {"terms": [list(pair) for pair in part.pairs]}


def _part(data: Mapping[str, Any]) -> Paragraph | Bullets | Terms:
    if "paragraph" in data:
        return Paragraph(data["paragraph"])
    if "items" in data:
        return Bullets(tuple(data["items"]), data["ordered"])
    return Terms(tuple((term, text) for term, text in data["terms"]))
