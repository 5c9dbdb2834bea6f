"""Selection of the eight to twelve parts of a report that become slides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Bullets, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.charts import Chart
from toolkit.reporting.documents.model import Document, Section, in_its_language

__all__ = ["MOST_SLIDES", "Slide", "chosen_slides"]

MOST_SLIDES = 12
MOST_DOTS, MOST_BARS, MOST_ROWS = 8, 20, 8
A_SCALE = 2
"""Bars whose room the names of a scale's answers take."""

LONG_TABLE = 14
"""Rows; a longer table is left to the other formats."""

LONG_CHART, LATE = 18, 9
"""Rows; a longer picture becomes a slide only where there is room left."""

REMARK, LAST = 100, 99
"""Letters; a section that says no more is a slide only where it opens the report, and the rank of such."""

MOST_WORDS = 900
"""Letters of running text a slide holds; what is longer stands in its notes."""


@dataclass(frozen=True)
class Slide:
    """A slide before it is drawn: a title that states the finding, one exhibit, and speaker notes.

    Parameters
    ----------
    title
        A sentence.
    notes
        Base, method and the whole text, for whoever speaks.
    bullets
        (term or "", text).
    charts, table
        What is shown; rows that did not fit are counted in `left_out`.
    alt
        The words for the chart or table.
    left_out
        (shown, all) where not everything is on the slide.
    """

    title: str
    notes: str = ""
    bullets: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()
    table: Table | None = None
    alt: str = ""
    left_out: tuple[int, int] | None = None


@in_its_language
def chosen_slides(document: Document) -> list[Slide]:
    """Return the slides of a report after its title slide: the first exhibits of each section.

    Where there is room, second and third pictures follow; long tables stay in the other formats.
    """
    first, *others = [list(_of_section(one)) for one in document.chapters()] or [[]]
    found = first + [slide for section in others for slide in section if slide[0] < LAST]
    found = [(rank if rank < LAST else 1, slide) for rank, slide in found]
    ranked = sorted(range(len(found)), key=lambda place: (found[place][0], place))[: MOST_SLIDES - 1]
    return [found[place][1] for place in sorted(ranked)]


def _of_section(section: Section) -> Iterator[tuple[int, Slide]]:
    """Return pairs (rank, slide); rank 1 marks the slide a section must have."""
    blocks = list(section.flat())
    pictures = [block for block in blocks if isinstance(block, Picture) and _charts(block)]
    rank = 1
    for picture in pictures:
        long = max(len(chart.categories) for chart in _charts(picture)) > LONG_CHART
        for slide in _pictures(picture):
            yield (LATE if long else rank), slide
        rank += not long
    rank = 2 if pictures else 1
    for block in blocks:
        if isinstance(block, Table) and 0 < len(block.cells) <= LONG_TABLE:
            yield rank, _table(block)
            rank += 2
    said = [block for block in blocks if isinstance(block, Prose) and _tells(block)]
    if said and not pictures and not any(isinstance(block, Table) for block in blocks):
        yield LAST if _remark(said) else 1, _prose(section.title, said)


def _remark(passages: Sequence[Prose]) -> bool:
    """Return whether a section only says that there is nothing to show."""
    return sum(len(text) for passage in passages for _, text in _pairs(passage)) <= REMARK


def _tells(prose: Prose) -> bool:
    return prose.kind != "lead" and "synthetic" not in prose.kind and bool(prose.parts)


def _charts(picture: Picture) -> list[Chart]:
    return [chart for sheet in (picture, *picture.more) for chart in sheet.charts if chart.series]


def _pictures(picture: Picture) -> Iterator[Slide]:
    """Return the slides of a figure: one for dots, as many as needed for bars."""
    charts = _charts(picture)
    parts = list(_shared_out(charts)) if charts[0].kind == "stack" else [[_cut(charts[0], picture.focus)]]
    said = "\n".join(
        text for sheet in (picture, *picture.more) for text in (sheet.caption, sheet.alt) if text
    )
    for place, part in enumerate(parts):
        shown, total = (sum(len(one.categories) for one in some) for some in (part, charts))
        left = (shown, total) if shown < total else None
        more = f" ({_('continued')})" if place else ""
        yield Slide(f"{picture.title}{more}", said, charts=tuple(part), alt=picture.alt, left_out=left)


def _shared_out(charts: Sequence[Chart]) -> Iterator[list[Chart]]:
    """Divide bar charts over slides, keeping the bars of a question together."""
    slide: list[Chart] = []
    room = MOST_BARS
    for chart in charts:
        kept: list[int] = []
        room -= A_SCALE
        for item in dict.fromkeys(chart.items):
            places = [place for place, one in enumerate(chart.items) if one == item]
            if len(places) > room and (slide or kept):
                yield [*slide, *([chart.rows(kept)] if kept else [])]
                slide, kept, room = [], [], MOST_BARS - A_SCALE
            kept += places
            room -= len(places)
        slide.append(chart.rows(kept))
    if slide:
        yield slide


def _cut(chart: Chart, focus: str) -> Chart:
    """Cut a dot chart to the rows that fit a slide, including the row its title is about."""
    order = sorted(range(len(chart.items)), key=lambda place: chart.items[place] != focus)
    return chart.rows(sorted(order[:MOST_DOTS]))


def _table(table: Table) -> Slide:
    shown = replace(table, cells=table.cells[:MOST_ROWS])
    left = (MOST_ROWS, len(table.cells)) if len(table.cells) > MOST_ROWS else None
    return Slide(_finding(table), "\n".join(table.notes), table=shown, alt=table.title, left_out=left)


def _finding(table: Table) -> str:
    """Summarise a table in a sentence: participation, its first row's verdict, or its title."""
    row = table.rows[0]
    if table.kind == "participation":
        counts = (f"{one[0]} {one[2]}/{one[1]}" for one in table.rows)
        return _led(table.title, ", ".join(counts))
    if table.kind in ("gaps", "trend"):
        return _led(row[0].splitlines()[0], row[-1])
    return table.title


def _prose(title: str, passages: Sequence[Prose]) -> Slide:
    pairs = [(term, text) for passage in passages for term, text in _pairs(passage)]
    room, bullets = MOST_WORDS, []
    for term, text in pairs:
        if len(term) + len(text) > room:
            continue
        bullets.append((term, text))
        room -= len(term) + len(text)
    said = next((passage.finding for passage in passages if passage.finding), title)
    notes = "\n".join(_led(term, text) if term else text for term, text in pairs)
    return Slide(said, notes, tuple(bullets))


def _led(lead: str, said: str) -> str:
    return _("{lead}: {said}", lead=lead, said=said)


def _pairs(block: Block) -> Iterator[tuple[str, str]]:
    if not isinstance(block, Prose):
        return
    for part in block.parts:
        if isinstance(part, Paragraph):
            yield "", part.text
        elif isinstance(part, Bullets):
            yield from (("", item) for item in part.items)
        elif isinstance(part, Terms):
            for term, text in part.pairs:
                yield (f"{block.title} · {term}" if block.title else term), text
