"""One published share, and what its interval would be for each base it might have had."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import DotRow, Group, chart_of_dots, draw_dots
from toolkit.presentation.figures.gaps import dot_of
from toolkit.presentation.figures.page import as_svg
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, interval, percent
from toolkit.presentation.rows import released_table, shown_rows
from toolkit.presentation.theme import Theme
from toolkit.records import records

__all__ = ["base_dots"]

_WORDS = Words(
    {
        "share": (
            "The published share, with its interval",
            "La part publiée, avec son intervalle",
        ),
        "row": ("If {n} were asked", "Si {n} personnes étaient interrogées"),
        "alt": ("{label}: {side}.", "{label} : {side}."),
        "caption": (
            "The dot is the share as published; lines are {level} intervals for a simple random sample "
            "(Wilson).",
            "Le point est la part telle que publiée ; les traits sont les intervalles à {level} d’un "
            "échantillon aléatoire simple (Wilson).",
        ),
        "side": ("Interval", "Intervalle"),
        "none": ("No interval may be shown", "Aucun intervalle ne peut être affiché"),
        "title": (
            "{share} could stand for {wide} of people with a base of {least}, for {narrow} with {most}",
            "{share} pourrait valoir pour {wide} des gens avec une base de {least}, pour {narrow} avec "
            "{most}",
        ),
    }
)


@spoken
def base_dots(
    released: Any,
    *,
    table: str = "results",
    level: float = 0.95,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw one share with the interval it would have for each base.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` made of `toolkit.reporting.intervals_by_base`.
    table
        The name of the table in it.
    level
        Of the intervals in the table, for the words.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.

    Examples
    --------
    >>> base_dots(tk.release(intervals_by_base(0.77, [100, 625]), tk.Policy()))   # doctest: +SKIP
    """
    rows = shown_rows(released_table(released, table, columns=("n", "estimate", "conf_low", "conf_high")))
    rows = rows.sort_values("n", kind="stable")
    colour = (look or Theme.of()).colour_of("published")
    group = Group("share", _WORDS("share"), colour, "o")
    drawn = [
        DotRow(
            name=str(row["n"]),
            label=_WORDS("row", n=base(row["n"])),
            hint="",
            dots=(dot_of(row, "share"),),
            side=_ends(row),
        )
        for row in records(rows)
    ]
    return Picture(
        title or _title(rows),
        " ".join(_WORDS("alt", label=row.label, side=row.side) for row in drawn),
        _WORDS("caption", level=percent(level)),
        as_svg(lambda: draw_dots(drawn, [group], side_title=_WORDS("side"))),
        charts=(chart_of_dots(drawn, [group]),),
    )


def _ends(row: dict[str, Any]) -> str:
    return f"{interval(row['conf_low'], row['conf_high'])} %"


def _title(rows: pd.DataFrame) -> str:
    if rows.empty:
        return _WORDS("none")
    least, most = rows.iloc[0], rows.iloc[-1]
    return _WORDS(
        "title",
        share=percent(least["estimate"]),
        wide=_ends(dict(least)),
        least=base(least["n"]),
        narrow=_ends(dict(most)),
        most=base(most["n"]),
    )
