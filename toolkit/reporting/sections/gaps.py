"""Section: gaps between respondent groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import NOTHING, Block, Several
from toolkit.reporting.sections import given, nothing_to_compare, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


DRAWN = 12
"""Questions in the picture of gaps."""

PRINTED = 20
"""Rows of a long table on paper, about a page: the widest gaps, or the largest changes."""


@section(order=3)
def gap_picture(report: OrganisationReport) -> Block:
    """Draw the shares and intervals of the items with the largest gaps."""
    from toolkit.presentation import as_picture, gap_dumbbell

    if "gaps" not in report.released.tables:
        # the summary and the limits of the survey say so
        return Several(tuple(replace(one, kind=NOTHING) for one in nothing_to_compare(report)))
    picture = as_picture(gap_dumbbell, report.released, report.instrument, most=DRAWN, level=report.level)
    return Several(tuple(given(picture)))


@section(order=4)
def gap_table(report: OrganisationReport, *, most: int | None = None) -> Block:
    """Tabulate gaps with intervals and verdicts, the largest first, optionally only the first few."""
    from toolkit.presentation import gap_table

    if "gaps" not in report.released.tables:
        return Several(())
    title = _("The {most} largest gaps between audiences", most=most) if most else None
    table = gap_table(report.released, report.instrument, most=most, level=report.level, title=title)
    return replace(table, paper=PRINTED)
