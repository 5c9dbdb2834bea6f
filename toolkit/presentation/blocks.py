"""Display blocks of notebooks and reports: pictures, tables, text."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from html import escape
from typing import Any

import pandas as pd

from toolkit.errors import ToolkitError
from toolkit.locale import _, current_language, using_language
from toolkit.presentation.charts import Chart, Series
from toolkit.presentation.numbers import NOT_SHOWN, Number, between, is_known

BLOCK_MIME = "application/vnd.survey-toolkit.block+json"
"""The kind of output under which a notebook keeps a displayable as data (see `packed`)."""

NOTHING = "nothing"
"""The kind of a `Prose` that says why there is nothing to show: notebooks show it, documents leave it out."""


class Block:
    """Base class: HTML for notebooks and reports, plain text for terminals."""

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def as_html(self) -> str:
        """Return the HTML, as kept by the notebook it comes from."""
        kept: str | None = self.__dict__.get("_kept_html")
        return self._repr_html_() if kept is None else kept

    def to_text(self, line: Callable[[str], str]) -> str:
        """Return the text, each passage passed through `line`."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Convert to dictionaries, lists, text and numbers.

        Raises
        ------
        ToolkitError
            A kind that cannot be written.
        """
        kept: dict[str, Any] | None = self.__dict__.get("_kept_data")  # of what came from a notebook
        return self._as_dict() if kept is None else kept

    def _as_dict(self) -> dict[str, Any]:
        raise ToolkitError(f"{type(self).__name__} cannot be written as data")

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Block:
        """Restore what `to_dict` returned.

        Raises
        ------
        ToolkitError
            An unknown kind.
        """
        kinds: dict[str, type[Block]] = {
            "heading": Heading,
            "several": Several,
            "prose": Prose,
            "table": Table,
            "picture": Picture,
        }
        if data.get("kind") not in kinds:
            raise ToolkitError(f"unknown kind of displayable: {data.get('kind')!r}")
        return kinds[str(data["kind"])]._of_dict(data)

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Block:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.to_text(_wrapped)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        forms: dict[str, Callable[[], Any]] = {
            "text/html": self._repr_html_,
            "text/plain": lambda: self.to_text(str),  # whoever shows it breaks its lines
            BLOCK_MIME: lambda: packed(self),
        }
        kept = (set(include) if include else set(forms)) - set(exclude or ())
        return {kind: form() for kind, form in forms.items() if kind in kept}


@dataclass(frozen=True, repr=False)
class Picture(Block):
    """A figure with a title that states the finding.

    Parameters
    ----------
    title
        A sentence.
    alt
        The same rows in words, for those who do not see the picture.
    caption
        How to read it: bases, intervals, what was left out and why.
    svg
        The drawing itself, an SVG document.
    more
        Further sheets, where one would be too tall for a printed page.
    charts
        The rows that are drawn, rounded as they are printed; one per scale of answers.
    focus
        The row the title is about, as `Chart.items` names it; "" where it is about none or many.
    sentences
        The caption's, while a chapter is put together.
    cuts
        Points from the top at which it may be cut on paper: after its heading, and after each row.
    """

    title: str
    alt: str
    caption: str
    svg: str
    more: tuple[Picture, ...] = ()
    charts: tuple[Chart, ...] = ()
    focus: str = ""
    sentences: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()

    def _repr_html_(self) -> str:
        return self._figure() + "".join(sheet._repr_html_() for sheet in self.more)

    def _figure(self) -> str:
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        data = base64.b64encode(self.svg.encode()).decode()
        title = f'<p class="picture-title"><strong>{escape(self.title)}</strong></p>' if self.title else ""
        return (
            f'<figure class="picture">{title}'
            f'<img alt="{escape(self.alt)}" src="data:image/svg+xml;base64,{data}" '
            'style="max-width:100%;height:auto;background:#ffffff">'
            f"{_strips(self.charts)}{caption}</figure>"
        )

    def to_text(self, line: Callable[[str], str]) -> str:
        own = [line(text) for text in (self.title, self.alt, self.caption) if text]
        return "\n".join([*own, *(sheet.to_text(line) for sheet in self.more)])

    def _as_dict(self) -> dict[str, Any]:
        return {
            "kind": "picture",
            "title": self.title,
            "alt": self.alt,
            "caption": self.caption,
            "svg": self.svg,
            "charts": [chart.to_dict() for chart in self.charts],
            "focus": self.focus,
            "cuts": list(self.cuts),
            "more": [sheet.to_dict() for sheet in self.more],
        }

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Picture:
        more = tuple(cls._of_dict(sheet) for sheet in data["more"])
        charts = tuple(Chart.from_dict(chart) for chart in data["charts"])
        return cls(
            data["title"],
            data["alt"],
            data["caption"],
            data["svg"],
            more,
            charts,
            data.get("focus", ""),
            cuts=tuple(data.get("cuts", ())),
        )


@dataclass(frozen=True)
class Cell:
    """A table cell with numbers, formatted by each writer.

    Parameters
    ----------
    value
        Its number.
    low, high
        The ends of the interval.
    n
        How many answered, or what the gate wrote instead.
    label
        Whose number it is, or of which answer; for cells within a cell.
    words
        Printed in place of the numbers, or after the last of `answers`.
    sides, answers
        Cells within it: the two sides of a gap, a line each; the answers of a question, in a row.
    """

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    n: Number | str | None = None
    label: str = ""
    words: str = ""
    sides: tuple[Cell, ...] = ()
    answers: tuple[Cell, ...] = ()

    def __str__(self) -> str:
        if self.sides:
            return "\n".join(side.as_side() for side in self.sides)
        if self.answers:
            return " · ".join(f"{one.label} {one.value or one.words}" for one in self.answers) + self.words
        if self.words or self.value is None:
            return self.words
        lines = [str(self.value)]
        if self.low is not None and self.high is not None:
            lines.append(f"({between(self.low.figure(), self.high.figure())})")
        if self.n is not None:
            lines = [" ".join(lines), f"n {self.n}"]
        return "\n".join(lines).replace(" ", "\u00a0")

    def as_side(self) -> str:
        """Format one side of a gap without line breaks."""
        return f"{self.label} {self.value or NOT_SHOWN} (n {self.n})".replace(" ", "\u00a0")

    @classmethod
    def of_dict(cls, data: Mapping[str, Any]) -> Cell:
        """Restore a cell from a dictionary."""
        found = dict(data)
        for name in ("value", "low", "high", "n"):
            if isinstance(found.get(name), Mapping):
                found[name] = Number(**found[name])
        for name in ("sides", "answers"):
            found[name] = tuple(cls.of_dict(one) for one in found.get(name, ()))
        return cls(**found)


@dataclass(frozen=True, eq=False, repr=False)
class Table(Block):
    """A table of text and rounded numbers.

    Parameters
    ----------
    title
        Its caption.
    columns
        The headings; the first column names the row.
    cells
        Row by row, one cell per heading.
    notes
        Sentences printed beneath.
    kind
        A word for its class in HTML ("gaps", "participation").
    numeric
        Columns set to the right.
    language
        What its numbers are printed in.
    paper
        How many rows are printed on paper; None for all.
    """

    title: str
    columns: tuple[str, ...]
    cells: tuple[tuple[str | Cell, ...], ...]
    notes: tuple[str, ...] = ()
    kind: str = "table"
    numeric: tuple[str, ...] = ()
    language: str = "en"
    paper: int | None = None

    def on_paper(self) -> Table:
        """Return the table with the rows that are printed on paper, and a note on how many those are."""
        if self.paper is None or self.paper >= len(self.cells):
            return self
        note = _(
            "{shown} of {all} rows are printed here; the report as a web page or workbook has all of them.",
            shown=self.paper,
            all=len(self.cells),
        )
        return replace(self, cells=self.cells[: self.paper], notes=(note, *self.notes), paper=None)

    def grouped(self) -> tuple[Table, tuple[str, ...]]:
        """Return the table without its first column, and per row what to print above it: that cell or "".

        A first cell that the row before has too is printed once. Long questions take a line of their own.
        """
        first = [row[0] for row in self.rows]
        heads = tuple("" if place and first[place - 1] == text else text for place, text in enumerate(first))
        return replace(self, columns=self.columns[1:], cells=tuple(row[1:] for row in self.cells)), heads

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Return the formatted cells, row by row."""
        with using_language(self.language):
            return tuple(tuple(str(cell) for cell in row) for row in self.cells)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return a DataFrame of text."""
        return pd.DataFrame(list(self.rows), columns=list(self.columns), dtype=str)

    def _repr_html_(self) -> str:
        columns = self.columns
        side = {
            name: ' class="num" style="text-align:right"' if name in self.numeric else "" for name in columns
        }
        left = ' style="text-align:left"'
        head = "".join(f'<th scope="col"{side[name] or left}>{escape(str(name))}</th>' for name in columns)
        opening = [f'<th scope="row"{left}>', *(f"<td{side[name] or left}>" for name in columns[1:])]
        ending = ["</th>", *("</td>" for _ in columns[1:])]
        rows = "".join(
            "<tr>"
            + "".join(
                f"{begin}{_cell(value)}{end}" for begin, value, end in zip(opening, row, ending, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        notes = f'<div class="table-notes">{notes}</div>' if notes else ""
        return (
            f'<div class="table-block {escape(self.kind)}">'
            f'<table class="toolkit-table {escape(self.kind)}"><caption>{escape(self.title)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"
        )

    def to_text(self, line: Callable[[str], str]) -> str:
        body = _aligned([self.columns, *self.rows]) if self.rows else "(no rows)"
        return "\n".join([self.title, body, *(line(note) for note in self.notes)])

    def _as_dict(self) -> dict[str, Any]:
        return {
            "kind": "table",
            "title": self.title,
            "columns": list(self.columns),
            "cells": [
                [cell if isinstance(cell, str) else _short_dict(cell) for cell in row] for row in self.cells
            ],
            "notes": list(self.notes),
            "class": self.kind,
            "numeric": list(self.numeric),
            "language": self.language,
            **({} if self.paper is None else {"paper": self.paper}),
        }

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Table:
        cells = tuple(
            tuple(cell if isinstance(cell, str) else Cell.of_dict(cell) for cell in row)
            for row in data["cells"]
        )
        return cls(
            data["title"],
            tuple(data["columns"]),
            cells,
            tuple(data["notes"]),
            data["class"],
            tuple(data["numeric"]),
            data["language"],
            data.get("paper"),
        )


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Terms:
    """A list of terms with definitions."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, repr=False)
class Prose(Block):
    """A passage of text.

    Parameters
    ----------
    title
        A heading, or "" for none.
    parts
        Paragraphs, bullet lists and lists of terms, in order.
    kind
        A word for its class in HTML ("summary", "notice").
    finding
        Its first finding in a line, which a slide takes as its title; "" where there is none.
    """

    title: str
    parts: tuple[Paragraph | Bullets | Terms, ...]
    kind: str = "prose"
    finding: str = ""

    def _repr_html_(self) -> str:
        heading = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        body = "".join(_part_html(part) for part in self.parts)
        return f'<section class="prose {escape(self.kind)}">{heading}{body}</section>'

    def to_text(self, line: Callable[[str], str]) -> str:
        title = [self.title] if self.title else []
        return "\n".join([*title, *(_part_text(part, line) for part in self.parts)])

    def sentences(self) -> tuple[str, ...]:
        """Return all text in order."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, Paragraph):
                found.append(part.text)
            elif isinstance(part, Bullets):
                found.extend(part.items)
            else:
                found.extend(f"{term}: {text}" for term, text in part.pairs)
        return tuple(found)

    def _as_dict(self) -> dict[str, Any]:
        parts = [_part_dict(part) for part in self.parts]
        return {
            "kind": "prose",
            "title": self.title,
            "class": self.kind,
            "parts": parts,
            "finding": self.finding,
        }

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Prose:
        parts = tuple(_part(part) for part in data["parts"])
        return cls(data["title"], parts, data["class"], data.get("finding", ""))


@dataclass(frozen=True, repr=False)
class Heading(Block):
    """A level-three heading between two blocks."""

    text: str

    def _repr_html_(self) -> str:
        return f"<h3>{escape(self.text)}</h3>"

    def to_text(self, line: Callable[[str], str]) -> str:
        return self.text

    def _as_dict(self) -> dict[str, Any]:
        return {"kind": "heading", "text": self.text}

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Heading:
        return cls(data["text"])


@dataclass(frozen=True, repr=False)
class Several(Block):
    """A sequence of blocks."""

    parts: tuple[Block, ...]

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)

    def to_text(self, line: Callable[[str], str]) -> str:
        return "\n\n".join(part.to_text(line) for part in self.parts)

    def _as_dict(self) -> dict[str, Any]:
        return {"kind": "several", "parts": [part.to_dict() for part in self.parts]}

    @classmethod
    def _of_dict(cls, data: Mapping[str, Any]) -> Several:
        return cls(tuple(Block.from_dict(part) for part in data["parts"]))


def packed(block: Block) -> dict[str, str]:
    """Serialise a block to one JSON string, because notebooks visit every part of an output.

    Examples
    --------
    >>> unpacked(packed(Heading("Gaps")))
    Gaps
    """
    return {"packed": json.dumps(block.to_dict(), ensure_ascii=False)}


def unpacked(output: Mapping[str, str], html: str | None = None) -> Block:
    """Deserialise what `packed` wrote; `html` is its HTML, if already rendered.

    Raises
    ------
    ToolkitError
        An unknown kind.
    """
    data = json.loads(output["packed"])
    block = Block.from_dict(data)
    block.__dict__.update(_kept_html=html, _kept_data=data)
    return block


def table_of(
    rows: Iterable[Mapping[str, str | Cell | Number | None]],
    columns: Iterable[str],
    *,
    title: str,
    kind: str,
    notes: Iterable[str] = (),
    numeric: Iterable[str] = (),
) -> Table:
    """Make a Table from rows of text, numbers and cells, in the current language."""
    names = tuple(map(str, columns))
    cells = tuple(tuple(_as_cell(row.get(name)) for name in names) for row in rows)
    return Table(title, names, cells, tuple(notes), kind, tuple(numeric), current_language())


def _as_cell(value: str | Cell | Number | None) -> str | Cell:
    if isinstance(value, Number):
        return Cell(value)
    return value if isinstance(value, Cell) else as_text(value)


def as_text(value: Any) -> str:
    """Format a cell."""
    return str(value) if is_known(value) else NOT_SHOWN


def _strips(charts: Sequence[Chart]) -> str:
    """Return the rows as HTML for narrow screens, which the style sheet of reports shows on them alone."""
    rows = [
        f"<dt>{escape(chart.label(place))}</dt><dd>{_strip(chart, series, place)}</dd>"
        for chart in charts
        for place in range(len(chart.categories))
        if (series := [one for one in chart.series if one.values[place] is not None])
    ]
    return f'<dl class="strips" hidden>{"".join(rows)}</dl>' if rows else ""


def _strip(chart: Chart, series: Sequence[Series], place: int) -> str:
    parts = [
        (one.name, one.colour, chart.words(one, place), 100 * float(one.values[place] or 0.0))
        for one in series
        if one.side != "total"
    ]
    stacked = chart.kind == "stack"
    if stacked:
        bars = "".join(f'<i style="width:{wide:g}%;background:{colour}"></i>' for _, colour, _, wide in parts)
    else:
        bars = "".join(f'<b style="left:{at:g}%;background:{colour}"></b>' for _, colour, _, at in parts)
    words = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)} {escape(text)}</span>'
        for name, colour, text, _ in parts
    )
    kind = "bar" if stacked else "dots"
    return f'<span class="{kind}" aria-hidden="true">{bars}</span><span class="keys">{words}</span>'


def _cell(value: str) -> str:
    return escape(value).replace("\n", "<br>")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Format rows as lines of right-aligned columns."""
    cells = [[cell.replace("\n", " / ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(wide) for cell, wide in zip(row, widths, strict=True)) for row in cells
    )


def _part_html(part: Paragraph | Bullets | Terms) -> str:
    if isinstance(part, Paragraph):
        return f"<p>{escape(part.text)}</p>"
    if isinstance(part, Bullets):
        tag = "ol" if part.ordered else "ul"
        return f"<{tag}>" + "".join(f"<li>{escape(item)}</li>" for item in part.items) + f"</{tag}>"
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in part.pairs)
    return f"<dl>{listed}</dl>"


def _part_text(part: Paragraph | Bullets | Terms, line: Callable[[str], str]) -> str:
    if isinstance(part, Paragraph):
        return line(part.text)
    if isinstance(part, Bullets):
        marks = [f"{place}." if part.ordered else "-" for place in range(1, len(part.items) + 1)]
        return "\n".join(line(f"{mark} {item}") for mark, item in zip(marks, part.items, strict=True))
    return "\n".join(line(f"{term}: {text}") for term, text in part.pairs)


def _part_dict(part: Paragraph | Bullets | Terms) -> dict[str, Any]:
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


def _short_dict(cell: Cell) -> dict[str, Any]:
    """Convert a cell to a dictionary without default values."""
    found: dict[str, Any] = {}
    for one in fields(cell):
        value = getattr(cell, one.name)
        if value == one.default:
            continue
        if isinstance(value, Number):
            value = asdict(value)
        elif isinstance(value, tuple):
            value = [_short_dict(part) for part in value]
        found[one.name] = value
    return found
