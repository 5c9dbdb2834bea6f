"""Section: every question, gap and change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Heading, Several
from toolkit.reporting.sections import notice, section
from toolkit.reporting.sections.gaps import gap_table

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


_PRINTED = 20
"""Rows of the long tables on paper, about two pages: the widest gaps and the largest changes."""


@section(order=46)
def appendix(report: OrganisationReport) -> Block:
    """Show every question's wording, base and distribution, every gap and every change."""
    from toolkit.presentation import distribution_table, trend_table

    if report.withheld:
        return notice(report)
    answers = distribution_table(report.released, report.instrument)
    parts: list[Block] = [Heading(_("Answers")), answers]
    if "gaps" in report.released:
        parts += [Heading(_("Gaps")), replace(gap_table(report), paper=_PRINTED)]
    if report.previous_wave:
        waves = (report.previous_wave, report.wave)
        changes = trend_table(report.released, report.instrument, waves=waves, level=report.level)
        parts += [Heading(_("Changes")), replace(changes, paper=_PRINTED)]
    return Several(tuple(parts))
