"""Drawing on matplotlib Axes: layout in inches, batched labels, titles and alt texts."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Annotated, Any, Concatenate, Literal, ParamSpec, TypeAlias
from weakref import WeakKeyDictionary

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, is_color_like, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform

from toolkit.arguments import Check, typed
from toolkit.disclosure import Released
from toolkit.errors import DisclosureError, InvalidInput, Problem, near_names
from toolkit.locale import _
from toolkit.presentation.blocks import Picture
from toolkit.presentation.charts import Chart
from toolkit.presentation.theme import AUDIENCE_COLOURS, AUDIENCE_MARKERS, INK, RULE

P = ParamSpec("P")
Slant = Literal["normal", "italic"]

WIDTH = 7.2
"""Inches at the house's type size: the text width of a printed A4 page."""

TALLEST = 9.2
"""Inches a drawing in a report may be high, so that it fits a printed page with its title and caption."""

_BASE_SIZE = 8.5
_TICK_SIZE = 0.88
_FONTS = ["Segoe UI", "Roboto", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif"]


@dataclass(frozen=True)
class Description:
    """Description of a figure in words, and the numbers drawn, rounded as printed.

    Parameters
    ----------
    title
        The finding in one line.
    caption
        Sentences on how to read the figure.
    alt
        The rows in words, for readers who do not see the figure.
    charts
        The rows as numbers, from which presentation and spreadsheet programs draw charts of their own.
    focus
        The row the title is about, as `Chart.items` names it; "" where it is about none or many.
    cuts
        Points from the top at which the drawing may be cut on paper (see `cuts_of`).
    """

    title: str
    caption: tuple[str, ...] = ()
    alt: str = ""
    charts: tuple[Chart, ...] = ()
    focus: str = ""
    cuts: tuple[float, ...] = ()


Colour: TypeAlias = Annotated[Any, Check(is_color_like, "a colour of matplotlib")]
ColourMap: TypeAlias = Annotated[
    Any,
    Check(
        lambda value: isinstance(value, Colormap) or (isinstance(value, str) and value in mpl.colormaps),
        "a colour map of matplotlib",
    ),
]
_DESCRIPTIONS: WeakKeyDictionary[Figure, Description] = WeakKeyDictionary()


@dataclass
class _Offscreen:
    """The figures of one picture of a report, drawn without pyplot."""

    figures: list[Figure] = field(default_factory=list)


_OFFSCREEN: ContextVar[_Offscreen | None] = ContextVar("offscreen", default=None)


def describe(
    target: Axes | Figure,
    description: Description,
) -> None:
    """Attach a description to a figure and, outside reports, print its title above the Axes."""
    figure = target if isinstance(target, Figure) else _figure_of(target)
    _DESCRIPTIONS[figure] = description
    if _OFFSCREEN.get() is not None:
        return
    characters = int(figure.get_figwidth() * 72 / (0.52 * _size_of(mpl.rcParams["axes.titlesize"])))
    title = textwrap.fill(description.title, max(characters, 20))
    if isinstance(target, Figure):
        target.suptitle(title, size=mpl.rcParams["axes.titlesize"])
    else:
        alone = len(figure.axes) == 1
        target.set_title(title, x=_middle_of_figure(target) if alone else 0.5, pad=_pad_of(target))


@typed
def description_of(target: Axes | Figure) -> Description:
    """Return the title, caption, alt text and chart data of a figure drawn by this package.

    Raises
    ------
    InvalidInput
        The figure was not drawn by this package.

    Examples
    --------
    >>> ax = tk.gap_dumbbell(released, instrument)
    >>> description_of(ax).title
    'Employees and freelancers clearly differ on burnout: 73% against 33%'
    """
    figure = target if isinstance(target, Figure) else _figure_of(target)
    if figure not in _DESCRIPTIONS:
        raise InvalidInput(
            "description_of",
            [Problem("wrong-type", "target", "has no description", "give a figure of this package")],
        )
    return _DESCRIPTIONS[figure]


def as_picture(
    draw: Callable[Concatenate[Released, P], Axes | Figure | None],
    released: Released,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Picture | None:
    """Draw released results for a report: SVG with text as text, the title and alt text beside it.

    Parameters
    ----------
    draw
        A figure function of this package.
    released
        Results returned by `toolkit.disclosure.release`; a report takes nothing else.
    *args, **kwargs
        Passed to the figure function.

    Returns
    -------
    Picture or None
        None where the figure function had nothing to draw.

    Raises
    ------
    DisclosureError
        The results have not passed the gate.
    """
    if not isinstance(released, Released):
        raise DisclosureError(
            f"{type(released).__name__} has not passed the gate; give what toolkit.disclosure.release "
            "returned"
        )
    return picture_of(lambda: draw(released, *args, **kwargs))


def picture_of(draw: Callable[[], Axes | Figure | None]) -> Picture | None:
    """Run a drawing function in the house style and keep the result as a Picture."""
    room = _Offscreen()
    token = _OFFSCREEN.set(room)
    try:
        with house_style():
            drawn = draw()
            if drawn is None:
                return None
            sheets_drawn = [(_svg_of(figure), _DESCRIPTIONS[figure]) for figure in room.figures]
    finally:
        _OFFSCREEN.reset(token)
    pictures = [
        Picture(
            text.title if not place else _("{title} (continued)", title=text.title),
            text.alt,
            " ".join(text.caption) if not place else "",
            svg,
            charts=text.charts,
            focus=text.focus,
            cuts=text.cuts,
        )
        for place, (svg, text) in enumerate(sheets_drawn)
    ]
    first, *others = pictures
    return replace(first, more=tuple(others), sentences=sheets_drawn[0][1].caption)


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the rcParams of a report: text as text, no spines, no parsing of dollar signs."""
    with mpl.rc_context(
        {
            "font.family": "sans-serif",
            "font.sans-serif": _FONTS,
            "font.size": _BASE_SIZE,
            "text.color": INK,
            "text.parse_math": False,
            "axes.facecolor": "white",
            "figure.facecolor": "white",
            "svg.fonttype": "none",
            "svg.hashsalt": "survey-toolkit",
            "path.simplify": False,
        }
    ):
        yield


def _svg_of(figure: Figure) -> str:
    written = io.StringIO()
    blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(written, format="svg", metadata=blank)
    text = written.getvalue()
    return text[text.index("<svg") :]


def unit() -> float:
    """Return the scale of the layout, which grows with `rcParams["font.size"]`."""
    return float(mpl.rcParams["font.size"]) / _BASE_SIZE


def new_axes(
    ax: Axes | None,
    height: float,
    *,
    left: float,
    right: float,
    top: float,
    bottom: float,
    width: float = WIDTH,
) -> Axes:
    """Return the Axes to draw on: the one given, or one in a new figure of the right size.

    Parameters
    ----------
    ax
        None for a new figure. In a notebook it belongs to pyplot, so that it is displayed.
    height
        Inches of the plot area, at a type size of 8.5.
    left, right, top, bottom
        Inches around it.
    width
        Inches of the whole figure.
    """
    given: Any = ax
    if ax is not None:
        if not isinstance(given, Axes):
            what, hint = f"is a {type(ax).__name__}", "give one Axes, such as axes[0, 1] of plt.subplots"
            raise InvalidInput("figure", [Problem("wrong-type", "ax", what, hint)])
        return ax
    size = ((width) * unit(), (height + top + bottom) * unit())
    return add_axes(
        new_figure(size),
        (
            left / width,
            bottom / (height + top + bottom),
            (width - left - right) / width,
            height / (height + top + bottom),
        ),
    )


class _Bare:
    """Axis that makes ticks when they are drawn: a tick takes a millisecond, and most drawings have none."""

    def reset_ticks(self) -> None:
        self.majorTicks: list[Any] = []
        self.minorTicks: list[Any] = []


class _BareX(_Bare, XAxis):
    pass


class _BareY(_Bare, YAxis):
    pass


class _BareAxes(Axes):
    """Axes of a report, which begin without ticks."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _BareX(self, clear=False), _BareY(self, clear=False)
        for side, axis in zip(_SIDES, (self.xaxis, self.xaxis, self.yaxis, self.yaxis), strict=True):
            self.spines[side].register_axis(axis)


_SIDES = ("bottom", "top", "left", "right")


def add_axes(figure: Figure, place: tuple[float, float, float, float]) -> Axes:
    """Add Axes to a figure: left, bottom, width and height as parts of it."""
    return figure.add_axes(place, axes_class=Axes if _OFFSCREEN.get() is None else _BareAxes)


def new_figure(size: tuple[float, float]) -> Figure:
    """Return an empty figure: of pyplot, or for a report without it."""
    room = _OFFSCREEN.get()
    if room is not None:
        figure = Figure(figsize=size)
        room.figures.append(figure)
        return figure
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=size)
    assert isinstance(figure, Figure)  # noqa: S101 - what pyplot makes by default
    return figure


def sheets(heights: Sequence[float]) -> list[slice]:
    """Split rows over as few sheets as fit a page, about equally high; one sheet outside reports."""
    if _OFFSCREEN.get() is None or sum(heights) <= TALLEST:
        return [slice(0, len(heights))]
    equal = sum(heights) / math.ceil(sum(heights) / TALLEST)
    found, start, high = [], 0, 0.0
    for place, height in enumerate(heights):
        if place > start and (high + height > TALLEST or high + height / 2 > equal):
            found.append(slice(start, place))
            start, high = place, 0.0
        high += height
    return [*found, slice(start, len(heights))]


def cuts_of(top: float, heights: Iterable[float]) -> tuple[float, ...]:
    """Return where rows end, in points from the top of a figure; the first is the end of its heading.

    Parameters
    ----------
    top
        Inches of the heading.
    heights
        Inches of each row.
    """
    return tuple(round(72 * unit() * end, 2) for end in accumulate(heights, initial=top))


def quiet() -> str:
    """Return the colour of secondary text: the text colour, nearer to the background."""
    return _mixed(0.28)


def rule() -> str:
    """Return the colour of lines between rows and of grids."""
    return RULE if _is_white() else _mixed(0.82)


def band() -> str:
    """Return the colour of an area behind marks."""
    return _mixed(0.9)


def paper() -> str:
    """Return the colour of the background, for open markers."""
    return to_hex(mpl.rcParams["axes.facecolor"])


def ink() -> str:
    """Return the colour of text."""
    return to_hex(mpl.rcParams["text.color"])


def _is_white() -> bool:
    return paper() == "#ffffff"


def _mixed(part: float) -> str:
    pairs = zip(to_rgb(mpl.rcParams["text.color"]), to_rgb(mpl.rcParams["axes.facecolor"]), strict=True)
    return to_hex(tuple((1 - part) * front + part * back for front, back in pairs))


def group_colours(
    names: Sequence[str], known: Iterable[str], palette: Any
) -> tuple[dict[str, str], dict[str, str]]:
    """Return a colour and a marker per group.

    Parameters
    ----------
    names
        The groups drawn.
    known
        Groups in the instrument's order, which fixes their colours whichever of them are drawn.
    palette
        None for the house's colours, group → colour, a sequence of colours, or the name of a palette that
        seaborn knows.

    Raises
    ------
    InvalidInput
        Fewer colours than groups, an unknown palette, or a value that is not a colour.
    """
    order = list(dict.fromkeys([*known, *names]))
    markers = {name: AUDIENCE_MARKERS[place % len(AUDIENCE_MARKERS)] for place, name in enumerate(order)}
    if palette is None:
        return {
            name: AUDIENCE_COLOURS[place % len(AUDIENCE_COLOURS)] for place, name in enumerate(order)
        }, markers
    if isinstance(palette, str):
        import seaborn as sns

        try:
            palette = sns.color_palette(palette, len(order))
        except ValueError as error:
            hint = 'name one such as "colorblind", or give colours'
            raise InvalidInput(
                "palette", [Problem("unknown-option", "palette", f"unknown palette '{palette}'", hint)]
            ) from error
    if not isinstance(palette, Iterable):
        what, hint = f"is {palette!r}", "give colours, or the name of a palette"
        raise InvalidInput("palette", [Problem("wrong-type", "palette", what, hint)])
    if not isinstance(palette, Mapping):
        given = list(palette)
        named = names if len(given) < len(order) else order
        if len(given) < len(named):
            what = f"has {len(given)} colours for {len(named)} groups"
            raise InvalidInput(
                "palette", [Problem("unequal-length", "palette", what, "give one colour per group")]
            )
        palette = dict(zip(named, given, strict=False))
    problems = [
        Problem(
            "missing-value" if name not in palette else "malformed",
            "palette",
            f"has no colour for '{name}'" if name not in palette else f"{palette[name]!r} is not a colour",
            f"give one; {near_names(name, palette)}" if name not in palette else 'write it as "#RRGGBB"',
        )
        for name in names
        if name not in palette or not is_color_like(palette[name])
    ]
    if problems:
        raise InvalidInput("palette", problems)
    return {name: to_hex(palette[name]) for name in names}, markers


def wrapped(words: str, width: int, *, most: int = 3) -> list[str]:
    """Break words into lines of at most the given length; "…" ends the last where they do not fit."""
    return textwrap.wrap(words, width, max_lines=most, placeholder=" …") or [""]


@dataclass(frozen=True)
class _Label:
    x: float
    y: float
    words: str
    ha: Literal["left", "center", "right"]
    where: str
    dx: float
    dy: float
    style: tuple[float, str, str, Slant]


@dataclass(frozen=True)
class _Mark:
    x: float
    y: float
    where: str
    dx: float
    dy: float
    marker: str
    size: float
    edge: str
    face: str


@dataclass(frozen=True)
class _Rule:
    y: float
    left: float
    right: float
    color: str
    width: float


_ANCHORS = {"left": "", "center": "text-anchor: middle", "right": "text-anchor: end"}


class Labels(Artist):
    """Many short texts, markers and lines beside the plot area as one artist.

    A Text of its own for each would be most of a figure's cost. Places are worked out when it is drawn, so
    that it follows the Axes wherever a layout engine puts them.
    """

    axes: Axes  # never None: `labels_on` sets it

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[_Label] = []
        self._marks: list[_Mark] = []
        self._rules: list[_Rule] = []
        self._fonts: dict[tuple[float, str, Slant], FontProperties] = {}
        self._widths: dict[tuple[str, float, str, str], float] = {}
        self._proxy = Text(transform=IdentityTransform())
        self.set_zorder(6)

    def add(
        self,
        x: float,
        y: float,
        words: str,
        *,
        ha: Literal["left", "center", "right"] = "left",
        where: Literal["data", "left", "right"] = "data",
        dx: float = 0.0,
        dy: float = 0.0,
        size: float = 1.0,
        color: str | None = None,
        weight: str = "normal",
        slant: Slant = "normal",
    ) -> None:
        """Add one text, vertically centred.

        Parameters
        ----------
        x, y
            Data coordinates; with `where` "left" or "right", x is in inches from that edge of the Axes.
        dx, dy
            A shift in inches, upwards positive.
        size
            Relative to `rcParams["font.size"]`.
        """
        style = (size * float(mpl.rcParams["font.size"]), color or ink(), weight, slant)
        scale = unit()
        moved = x * scale if where != "data" else x
        self._labels.append(_Label(moved, y, words, ha, where, dx * scale, dy * scale, style))

    def mark(
        self,
        x: float,
        y: float,
        marker: str,
        color: str,
        *,
        where: Literal["data", "left", "right"] = "data",
        dx: float = 0.0,
        dy: float = 0.0,
        size: float = 5.6,
        face: str | None = None,
    ) -> None:
        """Add one marker, placed as `add` places a text; `size` in points."""
        scale = unit()
        at = x * scale if where != "data" else x
        self._marks.append(
            _Mark(at, y, where, dx * scale, dy * scale, marker, size * scale, color, face or color)
        )

    def rule(self, y: float, left: float, right: float, *, color: str, width: float = 0.6) -> None:
        """Add a horizontal line from the given inches left of the Axes to those right of it."""
        scale = unit()
        self._rules.append(_Rule(y, left * scale, right * scale, color, width * scale))

    @property
    def texts(self) -> list[str]:
        """Return the texts, in the order they were added."""
        return [label.words for label in self._labels]

    def _font(self, style: tuple[float, str, str, Slant]) -> FontProperties:
        key = (style[0], style[2], style[3])
        if key not in self._fonts:
            self._fonts[key] = FontProperties(size=style[0], weight=style[2], style=style[3])
        return self._fonts[key]

    def _places(self) -> Iterator[tuple[_Label, float, float]]:
        ax, dpi = self.axes, _figure_of(self.axes).dpi
        edges = {"left": ax.bbox.x0, "right": ax.bbox.x1}
        points = [(label.x if label.where == "data" else 0.0, label.y) for label in self._labels]
        if not points:
            return
        for label, (x, y) in zip(self._labels, ax.transData.transform(points), strict=True):
            across = x if label.where == "data" else edges[label.where] + label.x * dpi
            size = label.style[0] * dpi / 72
            yield label, across + label.dx * dpi, y + label.dy * dpi - 0.36 * size

    def _width(self, renderer: Any, label: _Label) -> float:
        key = (label.words, label.style[0], label.style[2], label.style[3])
        if key not in self._widths:
            font = self._font(label.style)
            self._widths[key] = renderer.get_text_width_height_descent(label.words, font, False)[0]
        return self._widths[key]

    def draw(self, renderer: Any) -> None:
        """Draw every text."""
        if not self.get_visible():
            return
        renderer.open_group("labels", gid=self.get_gid())
        gc = renderer.new_gc()
        self._draw_rules(renderer, gc)
        self._draw_marks(renderer, gc)
        if _OFFSCREEN.get() is None:
            self._draw_texts(renderer, gc)
        else:
            self._write_texts(renderer.writer, renderer.height)
        gc.restore()
        renderer.close_group("labels")
        self.stale = False

    def _draw_texts(self, renderer: Any, gc: Any) -> None:
        for label, x, y in self._places():
            gc.set_foreground(label.style[1])
            start = x
            if label.ha != "left":
                start -= self._width(renderer, label) * (1.0 if label.ha == "right" else 0.5)
            self._proxy.set_position((x, y))
            self._proxy.set_horizontalalignment(label.ha)
            height = renderer.height if renderer.flipy() and hasattr(renderer, "height") else None
            down = height - y if height is not None else y
            renderer.draw_text(gc, start, down, label.words, self._font(label.style), 0, False, self._proxy)

    def _write_texts(self, writer: Any, height: float) -> None:
        """Write the texts of a report's SVG, where matplotlib would find out the fonts of each again."""
        names = [one if one == "sans-serif" else repr(one) for one in mpl.rcParams["font.sans-serif"]]
        writer.start("g", style=f"font-family: {', '.join(names)}")
        for label, x, y in self._places():
            size, color, weight, slant = label.style
            style = [f"font-size: {size:g}px", f"fill: {color}", _ANCHORS[label.ha]]
            style += ["font-weight: 700"] if weight == "bold" else []
            style += ["font-style: italic"] if slant == "italic" else []
            place = {"x": f"{x:.2f}", "y": f"{height - y:.2f}"}
            writer.element("text", label.words, attrib={"style": "; ".join(filter(None, style)), **place})
        writer.end("g")

    def _draw_rules(self, renderer: Any, gc: Any) -> None:
        ax, dpi = self.axes, _figure_of(self.axes).dpi
        alike: dict[tuple[str, float], list[tuple[float, float]]] = {}
        for line in self._rules:
            y = ax.transData.transform((0.0, line.y))[1]
            ends = [(ax.bbox.x0 - line.left * dpi, y), (ax.bbox.x1 + line.right * dpi, y)]
            alike.setdefault((line.color, line.width), []).extend(ends)
        for (color, width), points in alike.items():
            gc.set_foreground(color)
            gc.set_linewidth(renderer.points_to_pixels(width))
            steps = [Path.MOVETO, Path.LINETO] * (len(points) // 2)
            renderer.draw_path(gc, Path(points, steps), IdentityTransform())

    def _draw_marks(self, renderer: Any, gc: Any) -> None:
        ax, dpi = self.axes, _figure_of(self.axes).dpi
        edges = {"left": ax.bbox.x0, "right": ax.bbox.x1}
        gc.set_linewidth(renderer.points_to_pixels(unit()))
        alike: dict[tuple[str, float, str, str], list[tuple[float, float]]] = {}
        for one in self._marks:
            x, y = ax.transData.transform((one.x if one.where == "data" else 0.0, one.y))
            across = x if one.where == "data" else edges[one.where] + one.x * dpi
            key = (one.marker, one.size, one.edge, one.face)
            alike.setdefault(key, []).append((across + one.dx * dpi, y + one.dy * dpi))
        for (marker, points, edge, face), places in alike.items():
            style = MarkerStyle(marker)
            size = Affine2D().scale(renderer.points_to_pixels(points))
            gc.set_foreground(edge)
            renderer.draw_markers(
                gc,
                style.get_path(),
                style.get_transform() + size,
                Path(places),
                IdentityTransform(),
                (*to_rgb(face), 1.0),
            )

    def extents(self, renderer: Any = None) -> list[tuple[str, Bbox]]:
        """Return each text with the box around it, in pixels."""
        figure = _figure_of(self.axes)
        renderer = renderer or figure._get_renderer()  # type: ignore[attr-defined]
        found = []
        for label, x, y in self._places():
            wide = self._width(renderer, label)
            left = x - wide * {"left": 0.0, "center": 0.5, "right": 1.0}[label.ha]
            size = label.style[0] * figure.dpi / 72
            found.append(
                (label.words, Bbox.from_extents(left, y - 0.25 * size, left + wide, y + 0.75 * size))
            )
        return found

    def get_window_extent(self, renderer: Any = None) -> Bbox:
        """Return the box around every text, in pixels."""
        boxes = [box for _, box in self.extents(renderer)]
        return Bbox.union(boxes) if boxes else Bbox.null()

    def get_tightbbox(self, renderer: Any = None) -> Bbox:
        """Return the same box; layout engines make room for it."""
        return self.get_window_extent(renderer)


def labels_on(ax: Axes) -> Labels:
    """Add an empty set of labels to an Axes; it may reach beyond the plot area."""
    found = Labels()
    found.axes = ax
    found.set_figure(_figure_of(ax))
    found.set_clip_on(False)
    ax.add_artist(found)
    return found


def bare(ax: Axes) -> None:
    """Remove the frame and the tick marks of an Axes."""
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=quiet(), labelsize=_TICK_SIZE * float(mpl.rcParams["font.size"]))


def row_names(
    ax: Axes,
    labels: Labels,
    places: Sequence[float],
    names: Sequence[str],
    *,
    pad: float,
    color: str,
    size: float = 1.0,
    ha: Literal["left", "right"] = "right",
    line: float = 0.145,
) -> None:
    """Name rows at the left of the Axes: as tick labels, in a report as texts at the same places.

    Parameters
    ----------
    pad
        Inches from the plot area to the names' edge.
    size
        Relative to `rcParams["font.size"]`.
    line
        Inches from one line of a name to the next, in a report.

    Notes
    -----
    A tick costs two milliseconds, most of them for lines and a second label that are not drawn.
    """
    if _OFFSCREEN.get() is None:
        ax.set_yticks(list(places), list(names))
        ax.tick_params(
            axis="y", pad=pad * 72 * unit(), labelcolor=color, labelsize=size * mpl.rcParams["font.size"]
        )
        for label in ax.get_yticklabels() if ha == "left" else ():
            label.set(horizontalalignment="left", verticalalignment="center")
            label.set_linespacing(1.05)
        return
    ax.yaxis.set_visible(False)
    for place, name in zip(places, names, strict=True):
        lines = name.split("\n")
        for number, words in enumerate(lines):
            up = ((len(lines) - 1) / 2 - number) * line
            if words.strip():
                labels.add(-pad, float(place), words, where="left", ha=ha, dy=up, size=size, color=color)


def share_axis(
    ax: Axes, labels: Labels, places: Sequence[float], words: Sequence[str], *, grid: bool = True
) -> None:
    """Print values below the Axes and draw a grid line at each, as `row_names` does."""
    width = 0.6 * unit()
    ax.set_axisbelow(True)
    if _OFFSCREEN.get() is None:
        ax.set_xticks(list(places), list(words))
        if grid:
            ax.grid(visible=True, axis="x", color=rule(), linewidth=width)
        return
    ax.xaxis.set_visible(False)
    bottom, top = ax.get_ylim()
    if grid:
        lines_on(ax, [((x, bottom), (x, top)) for x in places], color=rule(), linewidth=width, zorder=0.5)
    for place, text in zip(places, words, strict=True):
        labels.add(place, bottom, text, ha="center", dy=-0.105, size=_TICK_SIZE, color=quiet())


def lines_on(ax: Axes, ends: Sequence[tuple[tuple[float, float], tuple[float, float]]], **style: Any) -> None:
    """Draw lines between pairs of points as one artist; the limits of the Axes stay as they are."""
    ax.add_collection(LineCollection(ends, **style), autolim=False)


def _figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None  # noqa: S101 - an Axes always belongs to a figure
    return figure


def _middle_of_figure(ax: Axes) -> float:
    """Return the middle of the figure as a fraction of the Axes."""
    box = ax.get_position()
    return float((0.5 - box.x0) / box.width)


def _pad_of(ax: Axes) -> float:
    """Return the points between the Axes and its title: room for a heading or for keys above the Axes."""
    pad = float(getattr(ax, "_heading_points", mpl.rcParams["axes.titlepad"]))
    keys = ax.get_legend()
    above = keys is not None and keys.get_bbox_to_anchor().y0 >= ax.bbox.y1 - 1
    return max(pad, 2.4 * _size_of(mpl.rcParams["legend.fontsize"])) if above else pad


def _size_of(size: Any) -> float:
    return float(FontProperties(size=size).get_size_in_points())
