"""Section: answers on scales, theme by theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import given, nothing, notice, said_once, section
from toolkit.reporting.sections.chapters import claimed
from toolkit.reporting.sections.gaps import DRAWN

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=5)
def theme_pictures(report: OrganisationReport, *, every: bool = False) -> Block:
    """Draw the distributions of each theme's scale questions by audience.

    Questions that a chapter of the report draws are left to it, unless every question is asked for.
    """
    from toolkit.presentation import as_picture, diverging_bars, numbers_table, theme_multiples

    if report.withheld:
        return notice(report)
    elsewhere = frozenset() if every else claimed(report)
    names = {v.name for v in report.instrument.variables if v.option is None and v.item.id not in elsewhere}
    parts: list[Block] = []
    for theme in report.instrument.themes:
        picture = as_picture(diverging_bars, report.released, report.instrument, theme=theme, items=names)
        if picture:
            parts.append(picture)
    gaps = report.released.rows("gaps") if "gaps" in report.released else ()
    drawn = len({row["item"] for row in gaps if row["shown"]})
    # the picture of gaps, which comes before, has few questions all together
    few = 0 < drawn <= DRAWN
    glance = None if few else as_picture(theme_multiples, report.released, report.instrument, items=names)
    numbers = numbers_table(report.released, report.instrument, level=report.level)
    parts = said_once([*given(glance), *parts, *given(numbers)])
    if parts or elsewhere:
        return Several(tuple(parts))
    return nothing(_("No question of this survey is on such a scale."))
