"""Section: how the survey was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=45)
def methods(report: OrganisationReport) -> Block:
    """Show the eleven disclosure items of the AAPOR code per audience."""
    from toolkit.presentation import methods_statement

    return Several(
        tuple(
            methods_statement(
                report.written.get(audience, {}),
                computed,
                audience=audience,
                instrument=report.instrument,
            )
            for audience, computed in report.computed.items()
        )
    )
