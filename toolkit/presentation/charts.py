"""The numbers behind a drawing, rounded as they are printed: what an editable chart is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from toolkit.presentation.numbers import as_printed, share_as_printed

__all__ = ["Chart", "Series", "bar_chart", "dot_chart"]


@dataclass(frozen=True)
class Series:
    """One colour of a chart; a value, the words printed for it and its interval a category.

    Parameters
    ----------
    name, colour
        What the legend says, "#rrggbb".
    values
        Fractions rounded as they are printed; None where nothing may be shown or nothing was asked.
    words
        What is printed: "57 %", "≥90 %", or "".
    low, high
        Ends of the intervals, rounded as they are printed; None where there are none.
    """

    name: str
    colour: str
    values: tuple[float | None, ...]
    words: tuple[str, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Chart:
    """The rows of a drawing: `kind` "dots" (shares side by side) or "stack" (answers of one bar)."""

    kind: Literal["dots", "stack"]
    categories: tuple[str, ...]
    series: tuple[Series, ...]

    def to_dict(self) -> dict[str, Any]:
        """Write it as dictionaries, lists, text and numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Chart:
        """Read back what `to_dict` wrote."""
        series = (
            Series(
                one["name"], one["colour"], *(tuple(one[name]) for name in ("values", "words", "low", "high"))
            )
            for one in data["series"]
        )
        return cls(data["kind"], tuple(data["categories"]), tuple(series))


def dot_chart(
    rows: Iterable[tuple[str, Mapping[str, tuple[float, float | None, float | None, str]]]],
    groups: Sequence[tuple[str, str]],
) -> Chart:
    """Make a chart of rows of dots.

    Parameters
    ----------
    rows
        (label, series → (estimate, low, high, words)), from the top.
    groups
        (name, colour) of each series.
    """
    rows = list(rows)
    series = []
    for name, colour in groups:
        dots = [found.get(name) for _, found in rows]
        ends = [as_printed(dot[1], dot[2]) if dot else (None, None) for dot in dots]
        series.append(
            Series(
                name,
                colour,
                tuple(share_as_printed(dot[0]) if dot else None for dot in dots),
                tuple(dot[3] if dot else "" for dot in dots),
                tuple(end[0] for end in ends),
                tuple(end[1] for end in ends),
            )
        )
    kept = tuple(one for one in series if any(value is not None for value in one.values))
    return Chart("dots", tuple(label for label, _ in rows), kept)


def bar_chart(
    rows: Sequence[tuple[str, Mapping[str, tuple[float, str]]]], names: Sequence[tuple[str, str]]
) -> Chart:
    """Make a chart of bars of answers.

    Parameters
    ----------
    rows
        (label, answer → (share, words)), from the top; an answer that may not be shown has no entry.
    names
        (answer, colour) in the order of the scale.
    """
    return Chart(
        "stack",
        tuple(label for label, _ in rows),
        tuple(
            Series(
                name,
                colour,
                tuple(share_as_printed(told[name][0]) if name in told else None for _, told in rows),
                tuple(told[name][1] if name in told else "" for _, told in rows),
            )
            for name, colour in names
        ),
    )
