"""Chart data: the numbers behind a figure, rounded as printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from toolkit.locale import current_language, using_language
from toolkit.presentation.numbers import Number, as_printed, bound_sign, share_as_printed

Side = Literal["", "lower", "middle", "higher", "total"]


@dataclass(frozen=True)
class Point:
    """One share of a chart: a fraction, the ends of its interval, and "<=" or ">=" where it is a bound."""

    value: float
    low: float | None = None
    high: float | None = None
    bound: str = ""


@dataclass(frozen=True)
class Series:
    """One colour of a chart: per category a value, its interval, and whether it is a bound.

    Parameters
    ----------
    name, colour
        Colour in the legend, "#rrggbb".
    values
        Fractions rounded as they are printed; None where nothing may be shown or nothing was asked.
    low, high
        Ends of the intervals, rounded as they are printed; None where there are none.
    bounds
        "<=" or ">=" where only a bound may be shown, "" where the value is the share itself.
    marker, hollow
        Of a series of dots, as matplotlib names it.
    side
        Of a series of answers: on which side of the middle of the scale they are; "total" for the sum of the
        higher answers, which is printed at the end of a bar.
    """

    name: str
    colour: str
    values: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    bounds: tuple[str, ...] = ()
    marker: str = "o"
    hollow: bool = False
    side: Side = ""

    def bound(self, place: int) -> str:
        """Return the kind of bound of a value: "<=", ">=" or ""."""
        return self.bounds[place] if self.bounds else ""


@dataclass(frozen=True)
class Chart:
    """The rows of a drawing.

    Parameters
    ----------
    kind
        "dots" (shares side by side) or "stack" (answers of one bar).
    categories
        What each row is called.
    series
        The colours, each with a value per row.
    items
        The question, or option, that each row is about; rows of one question are kept together.
    groups
        Whose answers each row holds, where its name is the question's; else "".
    joined
        Whether the dots of a row are on one line.
    unit
        "percent" for shares, "points" for differences of shares.
    language
        What its numbers are printed in.
    """

    kind: Literal["dots", "stack"]
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    items: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    joined: bool = False
    unit: Literal["percent", "points"] = "percent"
    language: str = "en"

    def number(self, one: Series, place: int) -> Number | None:
        """Return a value of a series with its format, or None."""
        value = one.values[place]
        return None if value is None else Number(value, self.unit, sign=bound_sign(one.bound(place)))

    def words(self, one: Series, place: int) -> str:
        """Format a value of a series: "57%", "≥90%", or ""."""
        with using_language(self.language):
            return str(self.number(one, place) or "")

    def label(self, place: int) -> str:
        """Return the full name of a row, with its group."""
        group = self.groups[place] if self.groups else ""
        return f"{self.categories[place]} · {group}" if group else self.categories[place]

    def rows(self, places: Iterable[int]) -> Chart:
        """Return a chart of these rows, without empty series."""
        places = list(places)

        def at(cells: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(cells[place] for place in places) if cells else ()

        series = tuple(
            replace(one, values=at(one.values), low=at(one.low), high=at(one.high), bounds=at(one.bounds))
            for one in self.series
        )
        kept = tuple(one for one in series if any(value is not None for value in one.values))
        return replace(
            self, categories=at(self.categories), series=kept, items=at(self.items), groups=at(self.groups)
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to dictionaries, lists, text and numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Chart:
        """Restore what `to_dict` returned."""
        series = tuple(Series(**_tuples(one)) for one in data["series"])
        return cls(**{**_tuples(data), "series": series})


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def chart_of(
    kind: Literal["dots", "stack"],
    rows: Iterable[tuple[str, str, str, Mapping[str, Point]]],
    series: Iterable[Series],
    *,
    joined: bool = False,
    unit: Literal["percent", "points"] = "percent",
) -> Chart:
    """Build a chart from rows of points.

    Parameters
    ----------
    kind
        "dots" or "stack".
    rows
        (item, what the row is called, whose answers or "", series → point), from the top.
    series
        Names, colours and looks, without values; series without a point are left out.
    joined, unit
        See `Chart`.
    """
    rows = list(rows)
    made = []
    for one in series:
        points = [found.get(one.name) for *_, found in rows]
        ends = [as_printed(point.low, point.high) if point else (None, None) for point in points]
        made.append(
            replace(
                one,
                values=tuple(share_as_printed(point.value) if point else None for point in points),
                low=tuple(end[0] for end in ends),
                high=tuple(end[1] for end in ends),
                bounds=tuple(point.bound if point else "" for point in points),
            )
        )
    kept = tuple(one for one in made if any(value is not None for value in one.values))
    return Chart(
        kind,
        tuple(label for _, label, _, _ in rows),
        kept,
        tuple(item for item, _, _, _ in rows),
        tuple(group for _, _, group, _ in rows),
        joined,
        unit,
        current_language(),
    )
