"""Section: the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import nothing_to_compare, notice, notices, section
from toolkit.reporting.sections.benchmarks import peers_in_short

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=1)
def summary(report: OrganisationReport) -> Block:
    """Summarise on one page: clear gaps, what is in favour, what changed, what to discuss, who answered."""
    from toolkit.presentation import shares_summary, summary

    if report.withheld:
        return Several((*notices(report), notice(report)))
    waves = (report.previous_wave, report.wave) if report.previous_wave else None
    found = {"participation": report.participation, "waves": waves}
    if "gaps" not in report.released.tables:
        prose = shares_summary(report.released, report.instrument, **found)
        return Several((*notices(report), *nothing_to_compare(report), *peers_in_short(report), prose))
    return Several((*notices(report), summary(report.released, report.instrument, **found)))
