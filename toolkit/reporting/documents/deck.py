"""Which parts of a report become slides, and what each slide says: eight to twelve, in the report's order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from toolkit.presentation.blocks import Block, Bullets, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.charts import Chart, Series
from toolkit.reporting.documents.model import Document, Section
from toolkit.reporting.documents.words import frame_words

__all__ = ["MOST_SLIDES", "Slide", "chosen_slides"]

MOST_SLIDES = 12
MOST_DOTS, MOST_BARS, MOST_ROWS = 8, 12, 8
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
    """One slide before it is drawn: a title that says the finding, one thing to see, and its notes.

    Parameters
    ----------
    title
        A sentence.
    notes
        Base, method and the whole text, for whoever speaks.
    bullets
        (term or "", text).
    chart, table
        What is shown; rows that did not fit are counted in `left_out`.
    alt
        The words for the chart or table.
    left_out
        (shown, all) where not everything is on the slide.
    """

    title: str
    notes: str = ""
    bullets: tuple[tuple[str, str], ...] = ()
    chart: Chart | None = None
    table: Table | None = None
    alt: str = ""
    left_out: tuple[int, int] | None = None


def chosen_slides(document: Document) -> list[Slide]:
    """The slides of a report after its title slide: of each section the first thing there is to see.

    Where there is room, second and third pictures follow; long tables stay in the other formats.
    """
    first, *others = [list(_of_section(one, document.cover.language)) for one in document.chapters()] or [[]]
    found = first + [slide for section in others for slide in section if slide[0] < LAST]
    found = [(rank if rank < LAST else 1, slide) for rank, slide in found]
    ranked = sorted(range(len(found)), key=lambda place: (found[place][0], place))[: MOST_SLIDES - 1]
    return [found[place][1] for place in sorted(ranked)]


def _of_section(section: Section, language: str) -> Iterator[tuple[int, Slide]]:
    """(rank, slide): 1 for what a section may not be without."""
    blocks = list(section.flat())
    pictures = [block for block in blocks if isinstance(block, Picture) and _charts(block)]
    rank = 1
    for picture in pictures:
        long = max(len(chart.categories) for chart in _charts(picture)) > LONG_CHART
        yield (LATE if long else rank), _picture(picture)
        rank += not long
    rank = 2 if pictures else 1
    for block in blocks:
        if isinstance(block, Table) and 0 < len(block.cells) <= LONG_TABLE:
            yield rank, _table(block, language)
            rank += 2
    said = [block for block in blocks if isinstance(block, Prose) and _tells(block)]
    if said and not pictures and not any(isinstance(block, Table) for block in blocks):
        yield LAST if _remark(said) else 1, _prose(section.title, said, language)


def _remark(passages: Sequence[Prose]) -> bool:
    """Whether a section only says that there is nothing to see."""
    return sum(len(text) for passage in passages for _, text in _pairs(passage)) <= REMARK


def _tells(prose: Prose) -> bool:
    return prose.kind != "lead" and "synthetic" not in prose.kind and bool(prose.parts)


def _charts(picture: Picture) -> list[Chart]:
    return [chart for sheet in (picture, *picture.more) for chart in sheet.charts if chart.series]


def _picture(picture: Picture) -> Slide:
    charts = _charts(picture)
    chart = next((one for one in charts if _named(one.categories, picture.title)), None)
    chart = chart or max(charts, key=lambda one: len(one.categories))
    cut = _cut(chart, picture.title)
    total = sum(len(one.categories) for one in charts)
    left = (len(cut.categories), total) if len(cut.categories) < total else None
    said = "\n".join(
        text for sheet in (picture, *picture.more) for text in (sheet.caption, sheet.alt) if text
    )
    return Slide(picture.title, said, chart=cut, alt=picture.alt, left_out=left)


def _head(category: str) -> str:
    return category.partition(" · ")[0]


def _named(categories: Sequence[str], title: str) -> set[str]:
    """The questions a title speaks of."""
    return {_head(one) for one in categories if _head(one).casefold() in title.casefold()}


def _cut(chart: Chart, title: str) -> Chart:
    """So many rows as a slide holds; the question the title speaks of is among them, none is cut in two."""
    most = MOST_BARS if chart.kind == "stack" else MOST_DOTS
    heads = list(dict.fromkeys(_head(one) for one in chart.categories))
    named = _named(chart.categories, title)
    kept: set[str] = set()
    room = most
    for head in sorted(heads, key=lambda one: (one not in named, heads.index(one))):
        size = sum(_head(one) == head for one in chart.categories)
        if size <= room or not kept:
            kept.add(head)
            room -= size
        else:
            break
    places = [place for place, one in enumerate(chart.categories) if _head(one) in kept][:most]
    series = tuple(_at(one, places) for one in chart.series)
    shown = tuple(one for one in series if any(value is not None for value in one.values))
    return Chart(chart.kind, tuple(chart.categories[place] for place in places), shown)


def _at(series: Series, places: Sequence[int]) -> Series:
    ends = [tuple(side[place] for place in places) if side else () for side in (series.low, series.high)]
    return Series(
        series.name,
        series.colour,
        tuple(series.values[place] for place in places),
        tuple(series.words[place] for place in places),
        ends[0],
        ends[1],
    )


def _table(table: Table, language: str) -> Slide:
    shown = replace(table, cells=table.cells[:MOST_ROWS])
    left = (MOST_ROWS, len(table.cells)) if len(table.cells) > MOST_ROWS else None
    return Slide(
        _finding(table, language), "\n".join(table.notes), table=shown, alt=table.title, left_out=left
    )


def _finding(table: Table, language: str) -> str:
    """What a table says in a sentence: how many answered, or its first row's verdict; else its own title."""
    row = table.rows[0]
    if table.kind == "participation":
        counts = (f"{one[0]} {one[2]}/{one[1]}" for one in table.rows)
        return _led(table.title, ", ".join(counts), language)
    if table.kind in ("gaps", "trend"):
        return _led(row[0].splitlines()[0], row[-1], language)
    return table.title


def _prose(title: str, passages: Sequence[Prose], language: str) -> Slide:
    pairs = [(term, text) for passage in passages for term, text in _pairs(passage)]
    room, bullets = MOST_WORDS, []
    for term, text in pairs:
        if len(term) + len(text) > room:
            continue
        bullets.append((term, text))
        room -= len(term) + len(text)
    lead = next(((term, text) for term, text in pairs if term), None)
    says = any(passage.kind == "summary" for passage in passages) and lead is not None
    said = _led(lead[0], lead[1].partition(";")[0].rstrip(), language) if says and lead else title
    notes = "\n".join(_led(term, text, language) if term else text for term, text in pairs)
    return Slide(said, notes, tuple(bullets))


def _led(lead: str, said: str, language: str) -> str:
    return frame_words(language)["lead"].format(lead=lead, said=said)


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
