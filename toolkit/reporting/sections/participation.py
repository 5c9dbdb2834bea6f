"""Sections: participation, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several, Table, table_of
from toolkit.presentation.numbers import Number, count, share_number
from toolkit.presentation.rows import audience_name
from toolkit.records import records
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


@section(order=2)
def weights_table(report: OrganisationReport) -> Block:
    """Show what weighting costs: effective numbers of answers, design effects; never a weight itself."""
    if report.weights is None or report.weights.empty:
        return Several(())
    rows = [
        {
            _("Audience"): audience_name(report.instrument, row["audience"], start=True),
            _("Answered"): count(row["answered"]),
            _("Effective number"): count(round(row["effective_n"])),
            _("Design effect"): Number(round(row["design_effect"], 2), "decimal", 2),
            _("Efficiency"): share_number(row["efficiency"]),
        }
        for row in records(report.weights)
    ]
    notes = [
        _(
            "Answers are weighted, so that groups who answered less often count as much as they should. "
            "The price is precision: the answers are as precise as the effective number of equal ones. "
            "The design effect is the one number divided by the other, the efficiency its inverse."
        ),
        _(
            "Numbers of answers elsewhere in this report are counted without weights; "
            "shares and gaps are weighted."
        ),
    ]
    return table_of(
        rows, list(rows[0]), title=_("Weights"), kind="weights", notes=notes, numeric=list(rows[0])[1:]
    )
