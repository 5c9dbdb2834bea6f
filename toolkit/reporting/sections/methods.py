"""Section: how the survey was done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several, Terms
from toolkit.reporting.sections import section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=45)
def methods(report: OrganisationReport) -> Block:
    """Show the eleven disclosure items of the AAPOR code per audience; what holds for all of them once."""
    from toolkit.presentation import methods_statement

    statements = [
        methods_statement(
            report.written.get(audience, {}), computed, audience=audience, instrument=report.instrument
        )
        for audience, computed in report.computed.items()
    ]
    if len(statements) == 1:
        return statements[0]
    first, *others = (
        [pair for part in one.parts if isinstance(part, Terms) for pair in part.pairs] for one in statements
    )
    common = [pair for pair in first if all(pair in other for other in others)]
    own = [
        replace(one, parts=(Terms(tuple(pair for pair in pairs if pair not in common)),))
        for one, pairs in zip(statements, (first, *others), strict=True)
    ]
    return Several((replace(statements[0], title=_("All audiences"), parts=(Terms(tuple(common)),)), *own))
