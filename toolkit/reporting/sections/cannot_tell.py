"""Section: what the survey cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import given, nothing_to_compare, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=44)
def cannot_tell(report: OrganisationReport) -> Block:
    """Show how large a gap must be to be found, and what is withheld."""
    from toolkit.presentation import as_picture, cannot_tell, visible_gap_strip

    if report.withheld:
        return Several(nothing_to_compare(report))
    prose = cannot_tell(report.released, report.instrument, participation=report.participation)
    if "gaps" not in report.released.tables:
        return Several((*nothing_to_compare(report), prose))
    strip = as_picture(visible_gap_strip, report.released, report.instrument, color=report.theme.colour)
    return Several((*given(strip), prose))
