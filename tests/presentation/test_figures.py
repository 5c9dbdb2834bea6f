"""Pictures place every mark where its number is, keep words on the page, and say it all in the alt text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.presentation.measuring import extents
from toolkit.disclosure import Released
from toolkit.errors import InvalidInput
from toolkit.instrument.model import Instrument
from toolkit.presentation import (
    Picture,
    benchmark_dots,
    diverging_bars,
    gap_dumbbell,
    ranked_options,
    wave_change,
)
from toolkit.presentation.figures import bars, benchmarks, dots
from toolkit.presentation.figures.bar_page import Bar, Block, Part, draw_bars, sheets
from toolkit.presentation.figures.dots import (
    TALLEST,
    Dot,
    DotRow,
    Group,
    Span,
    chart_of_dots,
    dots_on_sheets,
    draw_dots,
    sheets_of_rows,
)
from toolkit.presentation.figures.page import WIDTH, Box, Line, Mark, Page, Text

WAVES = ("2024", "2025")
SVG = "{http://www.w3.org/2000/svg}"
DRAWN: dict[str, Callable[[Released, Instrument], Picture | None]] = {
    "gaps": lambda released, instrument: gap_dumbbell(released, instrument),
    "all gaps": lambda r, i: gap_dumbbell(r, i, items=[v.name for v in i.variables], most=None),
    "bars": lambda released, instrument: diverging_bars(released, instrument, theme="work"),
    "options": lambda released, instrument: ranked_options(released, instrument, item="ways"),
    "benchmarks": lambda released, instrument: benchmark_dots(released, instrument),
    "change": lambda released, instrument: wave_change(released, instrument, waves=WAVES),
}


def places(picture: Picture) -> dict[str, float]:
    """Id of every mark in the drawing → its x in inches, read from the SVG itself."""
    found = {}
    for group in ElementTree.fromstring(picture.svg).iter(f"{SVG}g"):
        name = group.get("id", "")
        moved = re.match(r"translate\(([\d.]+) ", group[0].get("transform", "")) if len(group) else None
        if moved and ":" in name:
            found[name] = float(moved[1]) / 72
    return found


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Page]:
    """Every page drawn during a test, caught before it becomes SVG."""
    caught: list[Page] = []

    def catch(draw: Callable[[], Page]) -> str:
        caught.append(draw())
        return "<svg/>"

    for module in (bars, dots):
        monkeypatch.setattr(module, "as_svg", catch)
    return caught


def test_each_dot_stands_at_its_share(released: Released, instrument: Instrument) -> None:
    picture = gap_dumbbell(released, instrument, most=None)
    found = places(picture)
    shares = released["shares"]
    single = shares[shares["shown"] & shares["item"].map(lambda name: instrument[name].kind == "single")]
    assert len(single) == 12
    for row in single.to_dict("records"):
        x = found[f"dot:{row['item']}:{row['audience']}"]
        assert x == pytest.approx(Span().place(row["estimate"]), abs=0.01)


def test_rows_are_ordered_by_the_widest_gap(
    released: Released, instrument: Instrument, pages: list[Page]
) -> None:
    gap_dumbbell(released, instrument)
    rows = released["gaps"]
    rows = rows[[instrument[name].kind == "single" for name in rows["item"]]]
    expected = rows.groupby("item")["gap"].agg(lambda gap: gap.abs().max()).sort_values(ascending=False).index
    labels = {one.gid: one.y for one in pages[0].placed if isinstance(one, Text) and one.gid}
    drawn = sorted((y, gid.split(":")[1]) for gid, y in labels.items() if gid.startswith("side:"))
    assert [name for _, name in drawn] == list(expected)


def test_bars_are_as_long_as_their_shares(
    released: Released, instrument: Instrument, pages: list[Page]
) -> None:
    diverging_bars(released, instrument, theme="work")
    boxes = {one.gid: one for page in pages for one in page.placed if isinstance(one, Box)}
    lines = {one.gid: one for page in pages for one in page.placed if isinstance(one, Line)}
    cells = released["distributions"]
    own = cells[(cells["item"] == "flex") & (cells["audience"] == "employee")].set_index("response")[
        "estimate"
    ]
    in_order = [own[code] for code in ("1", "2", "3", "4", "5")]
    widths = [boxes[f"part:flex:1:{place}"].width for place in range(5)]
    assert [width / sum(widths) for width in widths] == pytest.approx(in_order, abs=1e-9)
    starts = [boxes[f"part:flex:1:{place}"].x for place in range(5)]
    assert starts[1:] == pytest.approx(
        [start + width for start, width in zip(starts, widths, strict=True)][:4]
    )
    (zero, _) = lines["zero:flex"].x
    assert zero == pytest.approx(starts[2] + widths[2] / 2)


def test_only_the_share_that_may_be_shown_is_drawn(
    small: Released, instrument: Instrument, pages: list[Page]
) -> None:
    diverging_bars(small, instrument, theme="work")
    boxes = {one.gid: one for page in pages for one in page.placed if isinstance(one, Box)}
    words = [one.words for page in pages for one in page.placed if isinstance(one, Text)]
    assert boxes["share:flex:0"].hatched
    assert not any(gid.startswith(("part:flex:0", "part:burnout:0", "share:burnout:0")) for gid in boxes)
    assert "≥80\u00a0% agree" in words
    assert "not shown (few answers)" in words
    assert "Executives (<7)" in words


def test_a_bound_is_drawn_open_with_an_arrow_and_without_an_interval(
    small: Released, instrument: Instrument, pages: list[Page]
) -> None:
    picture = gap_dumbbell(small, instrument)
    lines = {one.gid: one for one in pages[0].placed if isinstance(one, Line | Mark) and one.gid}
    assert lines["dot:flex:executive"].face == "#FFFFFF"
    assert "interval:flex:executive" not in lines
    assert "interval:flex:employee" in lines
    assert "bound" in picture.caption


SHOWN_OF = [
    {"executive": 16, "employee": 240, "freelancer": 38},
    {"executive": 6, "employee": 60},
    {"employee": 30},
]
DRAWABLE = [
    pytest.param(name, counts, id=f"{name}, {len(counts)} audiences")
    for name in DRAWN
    for counts in SHOWN_OF
    if len(counts) > 1 or not name.endswith("gaps")
]


@pytest.mark.parametrize(("name", "counts"), DRAWABLE)
def test_no_words_leave_the_page_or_run_into_others(
    name: str,
    counts: dict[str, int],
    made: Callable[..., Released],
    instrument: Instrument,
    pages: list[Page],
) -> None:
    released = made(counts, seed=4)
    DRAWN[name](released, instrument)
    for page in pages:
        boxes = extents(page)
        for words, box in boxes:
            assert box.x0 >= -0.01, words
            assert box.x1 <= WIDTH + 0.01, words
            assert box.y0 >= -0.01, words
            assert box.y1 <= page.height + 0.01, words
        overlaps = [
            (one, other)
            for place, (one, a) in enumerate(boxes)
            for other, b in boxes[place + 1 :]
            if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.02 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.05
        ]
        assert overlaps == []


@pytest.mark.parametrize("name", DRAWN)
def test_drawings_are_small_repeatable_and_fetch_nothing(
    name: str, released: Released, instrument: Instrument
) -> None:
    first, second = DRAWN[name](released, instrument), DRAWN[name](released, instrument)
    assert first is not None
    assert first == second
    assert len(first.svg) < 120_000
    assert set(re.findall(r"https?://[^\"<]+", first.svg)) == {"http://www.w3.org/2000/svg"}
    ElementTree.fromstring(first.svg)
    assert "<script" not in first.svg
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", first.svg)


def test_the_alt_text_says_every_share_that_is_drawn(released: Released, instrument: Instrument) -> None:
    picture = gap_dumbbell(released, instrument)
    shares = released["shares"]
    for row in shares[shares["item"].isin(["flex", "burnout", "aiuse", "long"])].to_dict("records"):
        assert f"{row['audience']}s {int(100 * row['estimate'] + 0.5 + 1e-9)}\u00a0% (" in picture.alt
    assert picture.alt.startswith("Dot plot")


def test_what_is_left_out_is_said(released: Released, instrument: Instrument) -> None:
    picture = gap_dumbbell(released, instrument, most=2)
    assert "The 2 items with the widest gaps of 4 are drawn; the appendix has all." in picture.caption
    assert len({name for name in places(picture) if name.startswith("dot:")}) == 6


def test_open_means_earlier_and_filled_later_even_where_a_share_is_a_bound(
    made: Callable[..., Released], instrument: Instrument, pages: list[Page]
) -> None:
    for seed in (2, 3, 4, 5):
        wave_change(made({"executive": 7, "employee": 60}, seed=seed), instrument, waves=WAVES, most=None)
    marks = [one for page in pages for one in page.placed if isinstance(one, Mark)]
    dots = [one for one in marks if one.gid.startswith("dot:")]
    assert any(one.marker == ">" for one in marks)
    for dot in dots:
        is_open = dot.face == "#FFFFFF"
        assert is_open == dot.gid.endswith(":earlier")


def test_one_audience_alone_is_drawn_without_a_gap(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    alone = made({"employee": 30})
    picture = diverging_bars(alone, instrument, theme="work")
    assert picture is not None
    assert picture.title.startswith("Work: the highest share shown is on ")
    assert "of employees (" in picture.title


def test_options_are_ranked_and_none_of_these_comes_last(
    released: Released, instrument: Instrument, pages: list[Page]
) -> None:
    ranked_options(released, instrument, item="ways")
    labels = sorted(
        (one.y, one.gid.split(":")[1])
        for one in pages[0].placed
        if isinstance(one, Text) and one.gid.startswith("label:")
    )
    averages = released["shares"].query("shown").groupby("item")["estimate"].mean()
    first, second = ("ways_rev", "ways_lrn")
    if averages[second] > averages[first]:
        first, second = second, first
    assert [name for _, name in labels] == [first, second, "ways_none"]


def test_a_wrong_item_or_wave_is_refused_with_the_right_ones(
    released: Released, instrument: Instrument
) -> None:
    with pytest.raises(InvalidInput, match="'flex' is no multi-select"):
        ranked_options(released, instrument, item="flex")
    with pytest.raises(InvalidInput, match="there are 2024, 2025"):
        wave_change(released, instrument, waves=("2020", "2025"))


def test_only_comparable_figures_are_drawn(released: Released, instrument: Instrument) -> None:
    picture = benchmark_dots(released, instrument)
    assert picture is not None
    drawn = {name.split(":")[1] for name in places(picture) if name.startswith("dot:")}
    assert drawn == {"flex", "burnout"}
    assert "n not published" in picture.alt
    assert picture.title.startswith("This organisation lies furthest from what was published on burnout: ")


@pytest.mark.parametrize(("untested", "said"), [(0.9, True), (0.02, False)])
def test_a_title_says_that_a_wider_gap_has_no_published_n(
    released: Released, instrument: Instrument, untested: float, said: bool
) -> None:
    rows = {row["item"]: row for row in released["benchmarks"].to_dict("records")}
    rows["flex"] |= {"estimate_a": 0.05, "estimate_b": 0.05 + untested}
    title = benchmarks._title(
        [rows["flex"], rows["burnout"]], instrument, "audience", "this organisation", "en"
    )
    assert "on burnout" in title
    assert title.endswith(" (of the figures published with their n)") == said


def test_a_theme_without_scale_items_has_no_bars(released: Released, instrument: Instrument) -> None:
    assert diverging_bars(released, instrument, theme="elsewhere") is None


def test_a_tall_picture_is_split_so_that_every_sheet_fits_a_printed_page() -> None:
    bars_of_one = tuple(Bar(f"Audience {place}", ((0.3,), (), (0.7,))) for place in range(3))
    blocks = tuple(Block(f"item{place}", f"Item {place}", "", bars_of_one) for place in range(24))
    parts = [Part(("No", "Yes"), (1, 0, 1), blocks[:15]), Part(("Never", "Daily"), (1, 0, 1), blocks[15:])]
    spread = sheets(parts)
    assert [block.name for page in spread for part in page for block in part.blocks] == [
        b.name for b in blocks
    ]
    assert len(spread) > 1
    assert all(draw_bars(page).height < 4.4 for page in spread)
    assert sheets(parts[:1]) != [[]]
    assert sheets([Part(("No", "Yes"), (1, 0, 1), blocks[:2])]) == [
        [Part(("No", "Yes"), (1, 0, 1), blocks[:2])]
    ]


def test_items_of_one_scale_are_drawn_alike_on_every_sheet() -> None:
    def widths(share: float) -> tuple[Bar, ...]:
        return tuple(Bar(f"Audience {place}", ((share,), (0.2,), (0.8 - share,))) for place in range(3))

    blocks = tuple(Block(f"item{place}", f"Item {place}", "", widths(0.02 * place)) for place in range(24))
    spread = sheets([Part(("No", "So so", "Yes"), (1, 1, 1), blocks)])
    zeros = {
        round(one.x[0], 9)
        for page in spread
        for one in draw_bars(page).placed
        if isinstance(one, Line) and one.gid.startswith("zero:")
    }
    assert len(spread) > 2
    assert len(zeros) == 1


def test_a_bar_keeps_its_n_where_the_name_of_its_audience_is_long() -> None:
    shares = ((0.3,), (), (0.7,))
    assert Bar("Employees", shares, n="9,993").beside == "Employees (9,993)"
    long = Bar("Both employed and working for themselves", shares, n="637").beside
    assert long == "Both employed and … (637)"
    assert len(Bar("Unternehmensangehörigenvertretungen", shares, n="<5").beside) <= 26


def test_a_long_name_under_an_item_stays_beside_the_dots() -> None:
    hint = "both employed and working for themselves · published n 1,250"
    page = draw_dots(
        [DotRow("flex", "Flexible working", hint, (Dot("a", 0.4, 0.3, 0.5, "40 %"),))],
        [Group("a", "A", "#000000", "o")],
    )
    boxes = {words: box for words, box in extents(page) if words in hint}
    assert " ".join(boxes) == hint
    assert all(box.x1 < Span().left for box in boxes.values())


def _rows(count: int, **last: str) -> list[DotRow]:
    dots = tuple(Dot("a", 0.4, 0.3, 0.5, "40 %", lane) for lane in range(3))
    rows = [DotRow(f"r{place}", f"Row {place}", "", dots, lanes=3) for place in range(count)]
    return [*rows[:-1], replace(rows[-1], **last)]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 12, 20, 41])
def test_rows_keep_their_order_over_sheets_that_are_about_equally_full(count: int) -> None:
    rows = _rows(count)
    pages = sheets_of_rows(rows)
    assert [row for page in pages for row in page] == rows
    assert max(map(len, pages)) - min(map(len, pages)) <= 1
    group = [Group("a", "A", "#000000", "o")]
    one_row = draw_dots(rows[:1], group).height - draw_dots([], group).height
    assert len(pages) == -(-count * one_row // TALLEST)


def test_a_tall_picture_of_dots_is_broken_into_sheets_that_share_title_caption_and_scale() -> None:
    rows = _rows(12, side_note="not shown: some")
    group = Group("a", "Audience A", "#000000", "o")
    drawn: list[Page] = []

    def draw(some: Sequence[DotRow], span: Span) -> Page:
        drawn.append(draw_dots(some, [group], span=span))
        return drawn[-1]

    whole = Picture("Finding", "Dots.", "Read it so.", "", charts=(chart_of_dots(rows, [group]),))
    said = {row.name: f"{row.label} said." for row in rows}
    picture = dots_on_sheets(whole, rows, draw, said=said, lead="Gaps")
    sheets_of = (picture, *picture.more)
    assert [one.title for one in sheets_of] == [
        "Finding",
        "Gaps: continued (2 of 3)",
        "Gaps: continued (3 of 3)",
    ]
    assert [one.caption for one in sheets_of] == ["", "", "Read it so."]
    assert [one.alt.count("said.") for one in sheets_of] == [4, 4, 4]
    assert [len(chart.categories) for one in sheets_of for chart in one.charts] == [12]
    marks = [{one.x for one in page.placed if isinstance(one, Mark) and one.gid} for page in drawn]
    assert marks == [{Span().place(0.4)}] * 3  # one scale, though only the last sheet has words at the right
    for page in drawn:
        words = [one.words for one in page.placed if isinstance(one, Text)]
        assert {"Audience A", "0\u00a0%", "100\u00a0%"} <= set(words)


def test_further_sheets_carry_their_own_alt_text() -> None:
    second = Picture("Two", "Second alt.", "Read it so.", "<svg/>")
    first = Picture("One", "First alt.", "", "<svg/>", more=(second,))
    html = first._repr_html_()
    assert html.count("<figure") == html.count("</figure>") == 2
    assert html.count("<figcaption>") == 1
    assert "Second alt." in str(first)
