"""All themes on one page: a small panel each, a row an item, a dot an audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import DotRow, Group, bound_arrow, chart_of_dots
from toolkit.presentation.figures.gaps import bound_note, groups_of, item_rows, single_items
from toolkit.presentation.figures.page import WIDTH, Page, as_svg, wrapped
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import is_known
from toolkit.presentation.rows import audience_name, item_name, joined, released_rows, shown
from toolkit.presentation.sentences import is_certain, share_of
from toolkit.presentation.theme import QUIET, RULE, WHITE, Theme
from toolkit.records import by_item

__all__ = ["theme_multiples"]

_WORDS = Words(
    {
        "caption": (
            "Each dot is the share of an audience; all panels have the same scale, from 0 to 100 %.",
            "Chaque point est la part d’un public ; tous les cadres ont la même échelle, de 0 à 100 %.",
        ),
        "glance": ("Every question at a glance", "Toutes les questions d’un coup d’œil"),
        "title": (
            "On {clear} of {all} questions a gap between audiences is clear of chance",
            "Sur {clear} questions sur {all}, un écart entre publics se distingue du hasard",
        ),
        "alt": ("Small dot plots, one a theme.", "Petits graphiques à points, un par thème."),
        "row": ("{label}: {shares}", "{label} : {shares}"),
    }
)
COLUMNS, LABEL, LABEL_CHARACTERS = 2, 2.0, 33
LINE, FURTHER, HEAD, FOOT = 0.2, 0.115, 0.28, 0.22
"""Inches a row of one line takes, what another line of its label adds, and what stands above and below."""


@dataclass(frozen=True)
class _Panel:
    """A theme and its rows."""

    name: str
    rows: tuple[DotRow, ...]

    @property
    def height(self) -> float:
        return HEAD + sum(_height(row) for row in self.rows) + FOOT


@spoken
def theme_multiples(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "shares",
    gaps: str = "gaps",
    by: str = "audience",
    measure: str = "top",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw every item's share by audience, a panel a theme, all on the same scale.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For themes, names and colours.
    table, by, measure
        The released shares, their group column, and which share is drawn.
    gaps
        Released gaps, for the title; a name that was not released for none.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Returns
    -------
    None where no share may be shown.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    told = released_rows(released, table, columns=("item", "measure", by, "estimate"))
    found = [row for row in told if row["measure"] == measure]
    names = [
        name for name in single_items([row["item"] for row in found], instrument, None) if name in instrument
    ]
    found = [row for row in found if row["item"] in set(names)]
    if not shown(found):
        return None
    look = look or Theme.of(audiences=instrument.audiences)
    groups = groups_of(found, instrument, look, by=by, language=language)
    shares_of = by_item(found)
    panels = []
    for theme, words in instrument.themes.items():
        rows = []
        for name in (one for one in names if instrument[one].theme == theme):
            dots, _ = item_rows(shares_of.get(name, ()), groups, by=by)
            if dots:
                rows.append(DotRow(name, item_name(instrument, name, language=language), "", tuple(dots)))
        if rows:
            panels.append(_Panel(words.get(language, theme), tuple(rows)))
    drawn = [row for panel in panels for row in panel.rows]
    said = _WORDS("caption")
    bounds = any(dot.bound for row in drawn for dot in row.dots)
    return Picture(
        title or _title(released, gaps, measure, instrument),
        _alt(panels, shares_of, instrument, by, language),
        f"{said} {bound_note()}" if bounds else said,
        as_svg(lambda: _draw(panels, groups)),
        charts=(chart_of_dots(drawn, groups),),
    )


def _title(released: Any, gaps: str, measure: str, instrument: Instrument) -> str:
    """On how many questions two audiences differ beyond chance, of those that may be compared."""
    if gaps not in released:
        return _WORDS("glance")
    rows = [row for row in shown(released_rows(released, gaps)) if row["measure"] == measure]
    rows = [row for row in rows if is_known(row["gap"])]
    names = set(single_items([row["item"] for row in rows], instrument, None))
    clear = {row["item"] for row in rows if row["item"] in names and is_certain(row)}
    return _WORDS("title", clear=len(clear), all=len(names))


def _alt(
    panels: list[_Panel],
    shares_of: Mapping[str, Sequence[Mapping[str, Any]]],
    instrument: Instrument,
    by: str,
    language: str,
) -> str:
    said = [_WORDS("alt")]
    for panel in panels:
        rows = [
            _WORDS(
                "row",
                label=row.label,
                shares=", ".join(
                    f"{audience_name(instrument, one[by], language=language)} {share_of(one)}"
                    for one in shares_of.get(row.name, ())
                ),
            )
            for row in panel.rows
        ]
        said.append(f"{panel.name}. {joined(rows)}.")
    return " ".join(said)


def _draw(panels: list[_Panel], groups: list[Group]) -> Page:
    wide = WIDTH / COLUMNS
    columns: list[list[_Panel]] = [[] for _ in range(COLUMNS)]
    for panel in panels:
        min(columns, key=lambda one: sum(found.height for found in one)).append(panel)
    top = 0.06 + 0.21 * Page.legend_rows([group.label for group in groups]) + 0.1
    page = Page(top + max(sum(panel.height for panel in one) for one in columns) + 0.05)
    page.legend([(group.label, _key(page, group)) for group in groups], 0.14)
    by_name = {group.name: group for group in groups}
    for place, column in enumerate(columns):
        y = top
        for panel in column:
            _panel(page, panel, by_name, place * wide, y)
            y += panel.height
    return page


def _key(page: Page, group: Group) -> Any:
    def draw(x: float, y: float) -> None:
        page.mark(x, y, marker=group.marker, colour=group.colour)

    return draw


def _label(row: DotRow) -> list[str]:
    return wrapped(row.label, LABEL_CHARACTERS, most=2)


def _height(row: DotRow) -> float:
    return LINE + FURTHER * (len(_label(row)) - 1)


def _panel(page: Page, panel: _Panel, groups: dict[str, Group], left: float, y: float) -> None:
    start, end = left + LABEL, left + WIDTH / COLUMNS - 0.2
    page.text(left + 0.08, y + 0.14, wrapped(panel.name, 46, most=1)[0], fontweight="bold")
    bottom = y + panel.height - FOOT
    for share in (0, 0.5, 1):
        x = start + share * (end - start)
        page.line((x, x), (y + HEAD - 0.04, bottom), color=RULE, linewidth=0.6)
        page.text(x, bottom + 0.09, f"{share * 100:.0f}\u00a0%", color=QUIET, fontsize=6.5, ha="center")
    y += HEAD
    for row in panel.rows:
        _row(page, row, groups, (left, start, end), y + _height(row) / 2)
        y += _height(row)


def _row(
    page: Page, row: DotRow, groups: dict[str, Group], across: tuple[float, float, float], middle: float
) -> None:
    left, start, end = across
    lines = _label(row)
    for place, words in enumerate(lines):
        y = middle + (place - (len(lines) - 1) / 2) * FURTHER
        page.text(left + 0.08, y, words, fontsize=7, gid=f"label:{row.name}:{place}")
    page.line((start, end), (middle, middle), linewidth=0.5)
    for dot in row.dots:
        group = groups[dot.group]
        x = start + dot.estimate * (end - start)
        if dot.bound:
            bound_arrow(page, dot.bound, x, middle, group.colour, reach=0.13)
        page.mark(
            x,
            middle,
            marker=group.marker,
            colour=group.colour,
            gid=f"dot:{row.name}:{dot.group}",
            markersize=4.6,
            markerfacecolor=WHITE if dot.bound else group.colour,
        )
