"""Section: this organisation beside published statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.sections import given, passage, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=40)
def benchmarks(report: OrganisationReport) -> Block:
    """Compare the organisation with published statistics, or say why they do not compare."""
    from toolkit.presentation import as_picture, benchmark_dots, benchmark_table

    if "benchmarks" not in report.released.tables:
        return passage(_("The study names no published figures to compare with."))
    picture = as_picture(benchmark_dots, report.released, report.instrument, level=report.level)
    table = benchmark_table(report.released, report.instrument)
    return Several((*given(picture), table))
