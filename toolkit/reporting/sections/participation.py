"""Section: participation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Table
from toolkit.reporting.sections import section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=2)
def participation_table(report: OrganisationReport) -> Table:
    """Tabulate invited and answered per audience, with the margin of error."""
    from toolkit.presentation import participation_table

    return participation_table(
        report.participation,
        report.instrument,
        policy=report.policy,
        level=report.level,
        below=report.below,
    )
