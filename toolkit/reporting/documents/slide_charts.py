"""Charts of PowerPoint's own: their workbooks hold the numbers that are printed, rounded as printed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import xlsxwriter
from pptx.chart.data import CategoryChartData
from pptx.chart.xlsx import CategoryWorkbookWriter
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_PATTERN
from pptx.oxml import parse_xml
from pptx.util import Pt

from toolkit.presentation.charts import Chart, Series
from toolkit.presentation.theme import ink_on
from toolkit.reporting.documents.office import described, rgb

__all__ = ["add_chart"]

_CATEGORY_DATA: Any = CategoryChartData  # python-pptx is not annotated
_WORKBOOK_WRITER: Any = CategoryWorkbookWriter
_LEAST = 0.07
"""A bar shorter than this has no room for its number."""

_LEGEND, _BAR = 1200000, 560000
"""English metric units (914,400 an inch) a chart's legend takes, and each of its bars at most."""

_ERRORS = (
    '<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>{plus}{minus}'
    '<c:spPr><a:ln w="12700"><a:solidFill><a:srgbClr val="1F2933"/></a:solidFill></a:ln></c:spPr></c:errBars>'
)


class _TextWorkbook(_WORKBOOK_WRITER):  # type: ignore[misc]
    """The workbook in a chart, in which a label that begins with = is a text and an address is no link."""

    @contextmanager
    def _open_worksheet(self, xlsx_file: io.BytesIO) -> Iterator[tuple[Any, Any]]:
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(xlsx_file, options) as book:
            yield book, book.add_worksheet()


class _ChartData(_CATEGORY_DATA):  # type: ignore[misc]
    @property
    def _workbook_writer(self) -> _TextWorkbook:
        return _TextWorkbook(self)


def add_chart(slide: Any, chart: Chart, box: tuple[float, float, float, float], *, alt: str) -> None:
    """Put a chart on a slide: bars side by side with intervals, or bars of answers that add up.

    Parameters
    ----------
    slide
        Of python-pptx.
    chart
        The rows; their words are printed where they say more than the number, as a bound does.
    box
        Left, top, width, height.
    alt
        The same rows in words.
    """
    data: Any = _ChartData(number_format="0%")
    data.categories = [name.replace("\n", " ") for name in chart.categories]
    for one in chart.series:
        data.add_series(one.name, one.values)
    kind = XL_CHART_TYPE.BAR_STACKED if chart.kind == "stack" else XL_CHART_TYPE.BAR_CLUSTERED
    frame = slide.shapes.add_chart(kind, *(int(one) for one in box), data)
    described(frame._element.nvGraphicFramePr.cNvPr, alt)
    frame.height = min(frame.height, _height(chart))
    _axes(frame.chart, chart)
    for drawn, one in zip(frame.chart.plots[0].series, chart.series, strict=True):
        _series(drawn, one, chart.kind)


def _height(chart: Chart) -> int:
    """What its bars ask for: two bars over a whole slide are as thick as a hand."""
    bars = len(chart.categories) * (1 if chart.kind == "stack" else len(chart.series))
    return _LEGEND + bars * _BAR


def _axes(drawn: Any, chart: Chart) -> None:
    drawn.font.size = Pt(11)
    drawn.has_title = False
    drawn.has_legend = True
    drawn.legend.position = XL_LEGEND_POSITION.TOP
    drawn.legend.include_in_layout = False
    drawn.category_axis.reverse_order = True
    drawn.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    drawn.category_axis.format.line.color.rgb = rgb("#9AA5B1")
    drawn.value_axis.maximum_scale, drawn.value_axis.minimum_scale = 1.0, 0.0
    drawn.value_axis.visible = False
    drawn.value_axis.has_major_gridlines = False
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap = (35, 100) if chart.kind == "stack" else (45, 0)


def _series(drawn: Any, series: Series, kind: str) -> None:
    drawn.format.fill.solid()
    drawn.format.fill.fore_color.rgb = rgb(series.colour)
    drawn.invert_if_negative = False
    labels = drawn.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, '0"\u00a0"%', False
    labels.font.size = Pt(9)
    labels.font.color.rgb = rgb(ink_on(series.colour))
    labels.position = XL_LABEL_POSITION.CENTER if kind == "stack" else XL_LABEL_POSITION.INSIDE_BASE
    for place, (value, words) in enumerate(zip(series.values, series.words, strict=True)):
        if value is None:
            continue
        told = bool(words) and not words.replace("\u00a0", "").replace("%", "").isdigit()
        if told and words[0] in "≥≤":
            _hatched(drawn.points[place].format.fill, series.colour)
        if told or value < _LEAST:
            _label(drawn.points[place].data_label, words, kind)
    if kind == "dots":
        _intervals(drawn, series)


def _hatched(fill: Any, colour: str) -> None:
    """A bar that ends at a bound, not at a share."""
    fill.patterned()
    fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
    fill.fore_color.rgb = rgb(colour)
    fill.back_color.rgb = rgb("#FFFFFF")


def _label(label: Any, words: str, kind: str) -> None:
    """A label of its own for a point, beside its bar: a bound, or a number the bar is too short for."""
    frame = label.text_frame
    frame.text = words
    run = frame.paragraphs[0].runs[0]
    run.font.size = Pt(9)
    run.font.color.rgb = rgb("#1F2933")
    if kind == "dots":
        label.position = XL_LABEL_POSITION.OUTSIDE_END
    elif not words.removesuffix("%").strip().isdigit():
        label.position = XL_LABEL_POSITION.INSIDE_BASE  # a sentence centred on a short bar runs into its name


def _intervals(drawn: Any, series: Series) -> None:
    """Error bars from the printed ends."""
    ends: list[tuple[float, float]] = []
    for value, low, high in zip(series.values, series.low, series.high, strict=True):
        known = value is not None and low is not None and high is not None
        ends.append((max(0.0, high - value), max(0.0, value - low)) if known else (0.0, 0.0))  # type: ignore[operator]
    if not any(plus or minus for plus, minus in ends):
        return
    parts = {
        name: f"<c:{name}><c:numLit><c:formatCode>General</c:formatCode>"
        f'<c:ptCount val="{len(ends)}"/>'
        + "".join(
            f'<c:pt idx="{place}"><c:v>{pair[side]:.4g}</c:v></c:pt>' for place, pair in enumerate(ends)
        )
        + f"</c:numLit></c:{name}>"
        for side, name in enumerate(("plus", "minus"))
    }
    category = drawn._element.find("{*}cat")
    category.addprevious(parse_xml(_ERRORS.format(**parts)))
