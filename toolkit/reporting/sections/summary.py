"""Section: the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import nothing_to_compare, notice, notices, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=1)
def summary(report: OrganisationReport) -> Block:
    """Summarise on one page: participation, the largest gaps, their verdicts."""
    from toolkit.presentation import shares_summary, summary

    if report.withheld:
        return Several((*notices(report), notice(report)))
    if "gaps" not in report.released.tables:
        waves = (report.previous_wave, report.wave) if report.previous_wave else None
        prose = shares_summary(
            report.released,
            report.instrument,
            participation=report.participation,
            waves=waves,
        )
        return Several((*notices(report), *nothing_to_compare(report), prose))
    prose = summary(report.released, report.instrument, participation=report.participation)
    return Several((*notices(report), prose))
