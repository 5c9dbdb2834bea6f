"""Native PowerPoint charts, whose workbooks hold the numbers as printed."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import xlsxwriter
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_PATTERN
from pptx.oxml import parse_xml
from pptx.util import Pt
from xlsxwriter.utility import xl_rowcol_to_cell

from toolkit.locale import _, number_marks
from toolkit.presentation.charts import Chart, Series
from toolkit.presentation.theme import ink_on
from toolkit.reporting.documents.office import described, rgb

_CATEGORY_DATA: Any = CategoryChartData  # python-pptx is not annotated
_XY_DATA: Any = XyChartData
_CATEGORY_WRITER: Any = CategoryWorkbookWriter
_XY_WRITER: Any = XyWorkbookWriter
_LEAST = 0.04
"""A narrower part of a bar has no room for its number."""

_USUAL = (0.6, 0.9)
"""Least extent drawn to the left and the right of the middle, as in the pictures."""

_SUM = 0.1
"""Room at the right for the higher answers together."""

_LEGEND, _BAR, _ROW = 900000, 450000, 1000000
"""English metric units (914,400 an inch) a legend of dots takes, and each bar and row of dots at most."""

_KEYS, _LETTER = 210000, 78000
"""Height of a line of the answers' colours and names, and width of one of its letters."""

_INK, _SOFT, _RULE = "#1F2933", "#52606D", "#D9DEE4"
_NAMES, _LETTERS = 0.27, 36
"""Part of a chart of dots that its rows' names take, and letters in a line of them."""

_BAR_NAMES = 0.36
"""Part of a chart of bars that their names take."""

_SCALE = {"percent": 1, "points": 100}
_MARKERS = {
    "o": XL_MARKER_STYLE.CIRCLE,
    "s": XL_MARKER_STYLE.SQUARE,
    "D": XL_MARKER_STYLE.DIAMOND,
    "d": XL_MARKER_STYLE.DIAMOND,
    "^": XL_MARKER_STYLE.TRIANGLE,
}
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_ERRORS = (
    f'<c:errBars xmlns:c="{_C}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<c:errDir val="x"/><c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>'
    '{plus}{minus}<c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:ln>'
    "</c:spPr></c:errBars>"
)
_LAYOUT = (
    f'<c:layout xmlns:c="{_C}"><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
    '<c:yMode val="edge"/><c:x val="{x:.4f}"/><c:y val="{y:.4f}"/><c:w val="{w:.4f}"/><c:h val="{h:.4f}"/>'
    "</c:manualLayout></c:layout>"
)


@contextmanager
def _text_workbook(file: io.BytesIO) -> Iterator[tuple[Any, Any]]:
    """Open a workbook in which a label that begins with = is text and a URL is not a link."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        yield book, book.add_worksheet()


class _BarWorkbook(_CATEGORY_WRITER):  # type: ignore[misc]
    """The workbook behind diverging bars; formulas compute the offsets, so that they follow edits."""

    def _open_worksheet(self, xlsx_file: io.BytesIO) -> Any:
        return _text_workbook(xlsx_file)

    def _populate_worksheet(self, workbook: Any, worksheet: Any) -> None:
        super()._populate_worksheet(workbook, worksheet)
        data = self._chart_data
        form = workbook.add_format({"num_format": data.number_format})
        for place, value in enumerate(data.offsets, start=1):
            if value is not None:
                sides = [
                    "+".join(
                        [
                            xl_rowcol_to_cell(place, column)
                            for column, one in enumerate(data.drawn, start=2)
                            if one.side == side
                        ]
                        or ["0"]
                    )
                    for side in ("lower", "middle")
                ]
                formula = f"={data.middle}-({sides[0]})-({sides[1]})/2"
                worksheet.write_formula(place, 1, formula, form, value)


class _BarData(_CATEGORY_DATA):  # type: ignore[misc]
    """Categories and series with invisible offsets that centre the bars at `middle`."""

    drawn: Sequence[Series] = ()
    offsets: Sequence[float | None] = ()
    middle = 0.0

    @property
    def _workbook_writer(self) -> _BarWorkbook:
        return _BarWorkbook(self)


class _DotWorkbook(_XY_WRITER):  # type: ignore[misc]
    """The workbook behind dots: share, height in the chart, row name, error bars."""

    def _open_worksheet(self, xlsx_file: io.BytesIO) -> Any:
        return _text_workbook(xlsx_file)

    def _populate_worksheet(self, workbook: Any, worksheet: Any) -> None:
        super()._populate_worksheet(workbook, worksheet)
        for series, names, arms in zip(
            self._chart_data, self._chart_data.names, self._chart_data.arms, strict=True
        ):
            row = self.series_table_row_offset(series) + 1
            worksheet.write_column(row, 2, names)
            for column, values in enumerate(zip(*arms, strict=True), start=3):
                worksheet.write_column(row, column, values)


class _DotData(_XY_DATA):  # type: ignore[misc]
    """Series of points, with the row and the error bars of each point."""

    names: Sequence[Sequence[str]] = ()
    arms: Sequence[Sequence[tuple[float, float]]] = ()

    @property
    def _workbook_writer(self) -> _DotWorkbook:
        return _DotWorkbook(self)


def add_charts(
    slide: Any, charts: Sequence[Chart], box: tuple[float, float, float, float], *, alt: str
) -> None:
    """Add charts to a slide: dots with intervals, or diverging bars.

    Parameters
    ----------
    slide
        Of python-pptx.
    charts
        One chart of dots, or a chart of bars per scale of answers, drawn one below the other on one scale.
    box
        Left, top, width, height.
    alt
        The same rows in words.
    """
    left, top, wide, high = (int(one) for one in box)
    if charts[0].kind == "dots":
        _dots(slide, charts[0], (left, top, wide, high), alt)
        return
    keys = [
        _KEYS * math.ceil(sum(len(words) + 5 for words, _ in _keys(one)) * _LETTER / wide) for one in charts
    ]
    bars = sum(len(one.categories) for one in charts)
    step = min(_BAR, (high - sum(keys)) // bars)
    reaches = [_reach(one, place) for one in charts for place in range(len(one.categories))]
    middle = round(max(*(lower for lower, _ in reaches), _USUAL[0]), 4)
    most = round(middle + max(*(higher for _, higher in reaches), _USUAL[1]) + _SUM, 4)
    for one, room in zip(charts, keys, strict=True):
        _legend(slide, one, (left, top, wide, room))
        top += room
        _bars(slide, one, (left, top, wide, step * len(one.categories)), alt, middle, most)
        top += step * len(one.categories)


def _frame(slide: Any, kind: Any, data: Any, box: Sequence[int], alt: str) -> Any:
    frame = slide.shapes.add_chart(kind, *box, data)
    described(frame._element.nvGraphicFramePr.cNvPr, alt)
    frame.chart.has_title = frame.chart.has_legend = False
    for kind_of_id in ("axId", "crossAx"):  # python-pptx gives negative ones, which the schema refuses
        for one in frame.chart._chartSpace.iter(f"{{{_C}}}{kind_of_id}"):
            one.set("val", str(abs(int(one.get("val")))))
    return frame


def _lay_out(drawn: Any, x: float, y: float, w: float, h: float) -> None:
    """Set the plot area as fractions of the chart."""
    area = drawn._chartSpace.chart.plotArea
    for old in area.findall(f"{{{_C}}}layout"):
        area.remove(old)
    area.insert(0, parse_xml(_LAYOUT.format(x=x, y=y, w=w, h=h)))


# Bars


def _keys(chart: Chart) -> list[tuple[str, str]]:
    """Return pairs (answer, colour) of the parts of the bars."""
    return [(one.name, one.colour) for one in chart.series if one.side != "total"]


def _legend(slide: Any, chart: Chart, box: Sequence[int]) -> None:
    """Draw the legend in the order of the scale.

    A legend of the chart's own would also name what is not to be seen, and programs number its entries
    differently.
    """
    frame = slide.shapes.add_textbox(*box).text_frame
    frame.word_wrap = True
    frame.margin_top = frame.margin_bottom = 0
    for words, colour in _keys(chart):
        for text, tint in (("\u25a0\u00a0", colour), (f"{words}   ", _SOFT)):
            run = frame.paragraphs[0].add_run()
            run.text, run.font.size, run.font.color.rgb = text, Pt(10), rgb(tint)


def _bars(slide: Any, chart: Chart, box: Sequence[int], alt: str, middle: float, most: float) -> None:
    data: Any = _BarData(number_format="0%")
    data.categories = _bar_names(chart)
    data.drawn, data.middle = chart.series, middle
    data.offsets = [
        round(middle - _reach(chart, place)[0], 4)
        if any(one.values[place] is not None for one in chart.series)
        else None
        for place in range(len(chart.categories))
    ]
    data.add_series(_("Space before the bar"), data.offsets)
    for one in chart.series:
        data.add_series(one.name, one.values)
    drawn = _frame(slide, XL_CHART_TYPE.BAR_STACKED, data, box, alt).chart
    drawn.font.size = Pt(9)
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap = 25, 100
    rows, values = drawn.category_axis, drawn.value_axis
    rows.reverse_order = True
    rows.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    rows.major_tick_mark = XL_TICK_MARK.NONE
    rows.format.line.color.rgb = rgb(_SOFT)
    values.minimum_scale, values.maximum_scale = 0.0, most
    values.crosses_at = middle  # the line of the middle answers
    values.visible = False
    values.has_major_gridlines = False
    _lay_out(drawn, _BAR_NAMES, 0.01, 0.99 - _BAR_NAMES, 0.98)
    offset, *others = plot.series
    offset.format.fill.background()
    for bar, one in zip(others, chart.series, strict=True):
        _bar_series(bar, one, chart)


def _reach(chart: Chart, place: int) -> tuple[float, float]:
    """Return how far a bar extends left and right of its centre."""
    sums = {
        side: sum(one.values[place] or 0.0 for one in chart.series if one.side == side)
        for side in ("lower", "middle", "higher")
    }
    return sums["lower"] + sums["middle"] / 2, sums["higher"] + sums["middle"] / 2


def _bar_names(chart: Chart) -> list[str]:
    """Name each bar by its group, with the question before the first."""
    found = []
    for place, item in enumerate(chart.items):
        same = bool(chart.groups[place]) and place > 0 and chart.items[place - 1] == item
        found.append((chart.groups[place] if same else chart.label(place)).replace("\n", " "))
    return found


def _bar_series(drawn: Any, series: Series, chart: Chart) -> None:
    drawn.invert_if_negative = False
    labels = drawn.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, _percent_format(), False
    labels.font.size = Pt(9)
    labels._element.find(f"{{{_C}}}txPr")[0].set("wrap", "none")  # "33%" is not broken on a short bar
    if series.side == "total":
        drawn.format.fill.background()
        labels.font.bold, labels.position = True, XL_LABEL_POSITION.INSIDE_BASE
        return
    drawn.format.fill.solid()
    drawn.format.fill.fore_color.rgb = rgb(series.colour)
    labels.font.color.rgb = rgb(ink_on(series.colour))
    labels.position = XL_LABEL_POSITION.CENTER
    for place, value in enumerate(series.values):
        number = chart.number(series, place)
        if value is None or number is None:
            continue
        if not number.exact:
            _hatched(drawn.points[place].format.fill, series.colour)
            _label(drawn.points[place], chart.words(series, place), XL_LABEL_POSITION.INSIDE_BASE)
        elif value < _LEAST:
            _unlabelled(drawn.points[place])


def _hatched(fill: Any, colour: str) -> None:
    """Hatch a bar that ends at a bound instead of a share."""
    fill.patterned()
    fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
    fill.fore_color.rgb = rgb(colour)
    fill.back_color.rgb = rgb("#FFFFFF")


def _unlabelled(point: Any) -> None:
    """Remove the data label of a part that is too narrow for it."""
    label = point.data_label._get_or_add_dLbl()
    for child in list(label):
        if not child.tag.endswith("}idx"):
            label.remove(child)
    label.append(parse_xml(f'<c:delete xmlns:c="{_C}" val="1"/>'))


def _percent_format() -> str:
    """Return the number format of percentages in the current language."""
    return "0" + number_marks().percent.replace("\u00a0", '"\u00a0"')


def _label(point: Any, words: str, position: Any, colour: str = _INK, *, size: float = 9) -> None:
    """Format a data label."""
    frame = point.data_label.text_frame
    frame.word_wrap = False
    first, *others = words.split("\n")
    frame.text = first
    for line in others:
        frame.add_paragraph().text = line
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = Pt(size)
            run.font.color.rgb = rgb(colour)
    point.data_label.position = position


# Dots


def _dots(slide: Any, chart: Chart, box: Sequence[int], alt: str) -> None:
    rows = len(chart.categories)
    points = [list(_points(chart, one, place)) for place, one in enumerate(chart.series)]
    data: Any = _DotData(number_format="0%")
    names = data.add_series(_("Rows"))
    for place in range(rows):
        names.add_data_point(0.0, rows - place - 0.5)
    labels = [chart.label(place).replace("\n", " ") for place in range(rows)]
    for one, own in zip(chart.series, points, strict=True):
        made = data.add_series(one.name)
        for place, y in own:
            made.add_data_point(_scaled(one.values[place], chart), y)
    data.names = [labels, *([labels[place] for place, _ in own] for own in points)]
    data.arms = [(), *(_arms(chart, one, own) for one, own in zip(chart.series, points, strict=True))]
    left, top, wide, high = box
    high = min(high, _LEGEND + rows * _ROW)  # a dot on a whole slide is lost
    drawn = _frame(slide, XL_CHART_TYPE.XY_SCATTER, data, (left, top, wide, high), alt).chart
    drawn.font.size = Pt(10)
    drawn.has_legend = True
    drawn.legend.position = XL_LEGEND_POSITION.TOP
    drawn.legend.include_in_layout = False
    drawn.legend.font.size = Pt(11)
    names_entry = f'<c:legendEntry xmlns:c="{_C}"><c:idx val="0"/><c:delete val="1"/></c:legendEntry>'
    drawn.legend._element.find(f"{{{_C}}}legendPos").addnext(parse_xml(names_entry))
    _dot_axes(drawn, chart, rows)
    _lay_out(drawn, _NAMES, 420000 / high, 0.98 - _NAMES, 1 - 750000 / high)
    first, *others = drawn.plots[0].series
    _no_line(first)
    first.marker.style = XL_MARKER_STYLE.NONE
    for place in range(rows):
        lines = textwrap.wrap(chart.categories[place], _LETTERS) or [""]
        group = chart.groups[place] if chart.groups else ""
        _label(
            first.points[place],
            "\n".join([*lines, *([group] if group else [])]),
            XL_LABEL_POSITION.LEFT,
            size=10,
        )
    for made, one, own, series, arms in zip(
        others, chart.series, points, data[1:], data.arms[1:], strict=True
    ):
        _dot_series(made, one, own, chart)
        if any(map(any, arms)):
            first_row = data._workbook_writer.series_table_row_offset(series) + 2
            _error_bars(made, arms, one.colour, first_row)


def _scaled(value: float | None, chart: Chart) -> float:
    return round((value or 0.0) * _SCALE[chart.unit], 4)


def _points(chart: Chart, series: Series, place: int) -> Iterator[tuple[int, float]]:
    """Return (row, height) of each dot; the dots of a row are stacked unless they are joined."""
    rows = len(chart.categories)
    for row, value in enumerate(series.values):
        if value is None:
            continue
        present = [at for at, one in enumerate(chart.series) if one.values[row] is not None]
        lane = 0.0 if chart.joined else present.index(place) - (len(present) - 1) / 2
        step = min(0.28, 0.8 / max(1, len(present)))
        yield row, round(rows - row - (0.5 if chart.joined else 0.56) - lane * step, 4)


def _dot_axes(drawn: Any, chart: Chart, rows: int) -> None:
    shares, heights = drawn.category_axis, drawn.value_axis
    scale = _SCALE[chart.unit]
    shares.minimum_scale, shares.maximum_scale, shares.major_unit = 0.0, 1.0 * scale, 0.25 * scale
    shares.has_major_gridlines = True
    shares.tick_labels.number_format = _percent_format() if chart.unit == "percent" else "0"
    shares.tick_labels.number_format_is_linked = False
    heights.minimum_scale, heights.maximum_scale, heights.major_unit = 0.0, float(rows), 1.0
    heights.has_major_gridlines = True
    heights.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    for axis in (shares, heights):
        axis.major_tick_mark = XL_TICK_MARK.NONE
        axis.format.line.color.rgb = rgb(_RULE)
        axis.major_gridlines.format.line.color.rgb = rgb(_RULE)


def _no_line(series: Any) -> None:
    series.format.line.fill.background()


def _dot_series(drawn: Any, series: Series, own: Sequence[tuple[int, float]], chart: Chart) -> None:
    _no_line(drawn)
    drawn.marker.style = _MARKERS.get(series.marker, XL_MARKER_STYLE.CIRCLE)
    drawn.marker.size = 9
    _filled(drawn.marker.format, series.colour, hollow=series.hollow)
    for at, (place, *__) in enumerate(own):
        point = drawn.points[at]
        number = chart.number(series, place)
        if number is not None and not number.exact:
            point.marker.style = drawn.marker.style
            point.marker.size = 9
            _filled(point.marker.format, series.colour, hollow=True)
        _label(point, chart.words(series, place), _beside(chart, series, place), series.colour)


def _filled(form: Any, colour: str, *, hollow: bool) -> None:
    form.fill.solid()
    form.fill.fore_color.rgb = rgb(_pale(colour) if hollow else colour)
    form.line.color.rgb = rgb(colour)
    form.line.width = Pt(1.5)


def _pale(colour: str) -> str:
    """Return a tint of a colour: some programs draw no outline, so that white is invisible."""
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(0.35 * part + 0.65 * 255):02X}" for part in parts)


def _beside(chart: Chart, series: Series, place: int) -> Any:
    """Return the position of a dot's label: above it, or away from the other dot of its line."""
    if not chart.joined:
        return XL_LABEL_POSITION.ABOVE
    value = series.values[place]
    others = [one.values[place] for one in chart.series if one is not series]
    other = next((one for one in others if one is not None), None)
    if value is None or other is None or value > other or (value == other and not series.hollow):
        return XL_LABEL_POSITION.RIGHT
    return XL_LABEL_POSITION.LEFT


def _arms(chart: Chart, series: Series, own: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Return the lengths of each dot's error bars; for joined dots, of the line between them."""
    found: list[tuple[float, float]] = []
    for place, *__ in own:
        value = series.values[place] or 0.0
        low, high = series.low[place], series.high[place]
        if chart.joined and not series.hollow:
            others = [one.values[place] for one in chart.series if one.hollow]
            low = high = next((one for one in others if one is not None), None)
        if low is None or high is None:
            found.append((0.0, 0.0))
        else:
            found.append((_scaled(max(0.0, high - value), chart), _scaled(max(0.0, value - low), chart)))
    return found


def _error_bars(drawn: Any, arms: Sequence[tuple[float, float]], colour: str, row: int) -> None:
    parts = {}
    for name, column, values in zip(("plus", "minus"), "DE", zip(*arms, strict=True), strict=True):
        points = "".join(f'<c:pt idx="{at}"><c:v>{value:g}</c:v></c:pt>' for at, value in enumerate(values))
        parts[name] = (
            f"<c:{name}><c:numRef><c:f>Sheet1!${column}${row}:${column}${row + len(arms) - 1}</c:f>"
            f'<c:numCache><c:formatCode>General</c:formatCode><c:ptCount val="{len(arms)}"/>{points}'
            f"</c:numCache></c:numRef></c:{name}>"
        )
    shares = drawn._element.find(f"{{{_C}}}xVal")
    shares.addprevious(parse_xml(_ERRORS.format(colour=colour.lstrip("#"), **parts)))
