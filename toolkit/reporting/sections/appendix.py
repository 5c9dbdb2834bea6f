"""Section: every question, gap and change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Heading, Several
from toolkit.reporting.sections import notice, section
from toolkit.reporting.sections.gaps import PRINTED, gap_table

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=46)
def appendix(report: OrganisationReport) -> Block:
    """Show every question's wording, base and distribution, every gap and every change."""
    from toolkit.presentation import distribution_table, trend_table

    if report.withheld:
        return notice(report)
    answers = distribution_table(report.released, report.instrument)
    parts: list[Block] = [Heading(_("Answers")), answers]
    if "gaps" in report.released:
        parts += [Heading(_("Gaps")), gap_table(report)]
    if report.previous_wave:
        waves = (report.previous_wave, report.wave)
        changes = trend_table(report.released, report.instrument, waves=waves, level=report.level)
        parts += [Heading(_("Changes")), replace(changes, paper=PRINTED)]
    return Several(tuple(parts))
