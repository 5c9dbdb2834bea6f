"""What a notebook shows: a picture, a table or a passage of text, each complete in itself."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import pandas as pd

from toolkit.presentation.charts import Chart, Series
from toolkit.presentation.numbers import NOT_SHOWN, is_known

__all__ = [
    "BLOCK_MIME",
    "Block",
    "Bullets",
    "Heading",
    "Paragraph",
    "Picture",
    "Prose",
    "Several",
    "Table",
    "Terms",
    "as_text",
    "table_of",
]

BLOCK_MIME = "application/vnd.survey-toolkit.block+json"
"""The kind of output under which a notebook keeps a displayable as data (see `carry`)."""


class Block:
    """Something displayable: HTML for a notebook and a report, plain text for a terminal."""

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def as_html(self) -> str:
        """Its HTML, as a notebook has kept it where it comes from one."""
        kept: str | None = self.__dict__.get("_kept_html")
        return self._repr_html_() if kept is None else kept

    def told(self, line: Callable[[str], str]) -> str:
        """Its words as plain text, each passage passed through `line`."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.told(_wrapped)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        from toolkit.presentation.carry import packed

        forms: dict[str, Callable[[], Any]] = {
            "text/html": self._repr_html_,
            "text/plain": lambda: self.told(str),  # whoever shows it breaks its lines
            BLOCK_MIME: lambda: packed(self),
        }
        kept = (set(include) if include else set(forms)) - set(exclude or ())
        return {kind: form() for kind, form in forms.items() if kind in kept}


@dataclass(frozen=True, repr=False)
class Picture(Block):
    """A drawing with a title that says the finding.

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
    sentences
        The caption's, while a chapter is put together.
    """

    title: str
    alt: str
    caption: str
    svg: str
    more: tuple[Picture, ...] = ()
    charts: tuple[Chart, ...] = ()
    sentences: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return self._figure() + "".join(sheet._repr_html_() for sheet in self.more)

    def _figure(self) -> str:
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            '<figure class="picture">'
            f'<p class="picture-title"><strong>{escape(self.title)}</strong></p>'
            f'<img alt="{escape(self.alt)}" src="data:image/svg+xml;base64,{data}" '
            'style="max-width:100%;height:auto;background:#ffffff">'
            f"{_strips(self.charts)}{caption}</figure>"
        )

    def told(self, line: Callable[[str], str]) -> str:
        own = [line(text) for text in (self.title, self.alt, self.caption) if text]
        return "\n".join([*own, *(sheet.told(line) for sheet in self.more)])


@dataclass(frozen=True, eq=False, repr=False)
class Table(Block):
    """A table of text ready to be read: every cell is already rounded and worded.

    Parameters
    ----------
    title
        Its caption.
    frame
        One column a heading, all text; the first column names the row.
    notes
        Sentences printed beneath.
    kind
        A word for its class in HTML ("gaps", "participation").
    numeric
        Columns set to the right.
    """

    title: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    kind: str = "table"
    numeric: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Its cells as they are printed, row by row."""
        columns = [[as_text(value) for value in column.tolist()] for _, column in self.frame.items()]
        return tuple(zip(*columns, strict=True))

    def _repr_html_(self) -> str:
        columns = list(self.frame.columns)
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

    def told(self, line: Callable[[str], str]) -> str:
        body = _aligned([list(map(str, self.frame.columns)), *self.rows]) if self.rows else "(no rows)"
        return "\n".join([self.title, body, *(line(note) for note in self.notes)])


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
    """A list of names, each with what is said about it."""

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
    """

    title: str
    parts: tuple[Paragraph | Bullets | Terms, ...]
    kind: str = "prose"

    def _repr_html_(self) -> str:
        heading = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        body = "".join(_part_html(part) for part in self.parts)
        return f'<section class="prose {escape(self.kind)}">{heading}{body}</section>'

    def told(self, line: Callable[[str], str]) -> str:
        title = [self.title] if self.title else []
        return "\n".join([*title, *(_part_text(part, line) for part in self.parts)])

    def sentences(self) -> tuple[str, ...]:
        """Every piece of text in it, in order."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, Paragraph):
                found.append(part.text)
            elif isinstance(part, Bullets):
                found.extend(part.items)
            else:
                found.extend(f"{term}: {text}" for term, text in part.pairs)
        return tuple(found)


@dataclass(frozen=True, repr=False)
class Heading(Block):
    """A heading of the third level between two displayables."""

    text: str

    def _repr_html_(self) -> str:
        return f"<h3>{escape(self.text)}</h3>"

    def told(self, line: Callable[[str], str]) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Several(Block):
    """Displayables one after the other."""

    parts: tuple[Block, ...]

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)

    def told(self, line: Callable[[str], str]) -> str:
        return "\n\n".join(part.told(line) for part in self.parts)


def table_of(
    rows: Iterable[Mapping[str, str]],
    columns: Iterable[str],
    *,
    title: str,
    kind: str,
    notes: Iterable[str] = (),
    numeric: Iterable[str] = (),
) -> Table:
    """Make a Table from rows of text."""
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=str)
    return Table(title, frame, tuple(notes), kind, tuple(numeric))


def as_text(value: Any) -> str:
    """A cell as it is printed."""
    return str(value) if is_known(value) else NOT_SHOWN


def _strips(charts: Sequence[Chart]) -> str:
    """The same rows for a narrow screen, where the drawing's letters would be too small to read."""
    rows = [
        (category, [(one, place) for one in chart.series if one.values[place] is not None])
        for chart in charts
        for place, category in enumerate(chart.categories)
    ]
    if not rows:
        return ""
    stacked = {category for chart in charts if chart.kind == "stack" for category in chart.categories}
    shown = "".join(
        f"<dt>{escape(category)}</dt><dd>{_strip(category in stacked, told)}</dd>"
        for category, told in rows
        if told
    )
    return f'<dl class="strips">{shown}</dl>'


def _strip(stacked: bool, told: Sequence[tuple[Series, int]]) -> str:
    parts = [
        (one.name, one.colour, one.words[place], 100 * float(one.values[place] or 0.0)) for one, place in told
    ]
    if stacked:
        bars = "".join(f'<i style="width:{wide:g}%;background:{colour}"></i>' for _, colour, _, wide in parts)
    else:
        bars = "".join(f'<b style="left:{at:g}%;background:{colour}"></b>' for _, colour, _, at in parts)
    words = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name.partition(" (")[0])} {escape(text)}</span>'
        for name, colour, text, _ in parts
    )
    kind = "bar" if stacked else "dots"
    return f'<span class="{kind}" aria-hidden="true">{bars}</span><span class="keys">{words}</span>'


def _cell(value: str) -> str:
    return escape(value).replace("\n", "<br>")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines of columns set to the right; a cell of several lines is one here."""
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
