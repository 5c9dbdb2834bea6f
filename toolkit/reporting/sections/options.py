"""Section: multi-selects and rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several
from toolkit.presentation.rows import joined
from toolkit.reporting.sections import given, nothing, notice, passage, said_once, section
from toolkit.reporting.sections.chapters import claimed

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=6)
def option_pictures(report: OrganisationReport, *, every: bool = False) -> Block:
    """Draw multi-selects and rankings, the most chosen option first.

    Questions that a chapter of the report draws are left to it, unless every question is asked for.
    """
    from toolkit.presentation import as_picture, ranked_options, shares_table

    if report.withheld:
        return notice(report)
    shares = report.released["shares"]
    asked, shown = set(shares["item"]), set(shares.loc[shares["shown"].astype(bool), "item"])
    parts: list[Block] = []
    hidden = []
    elsewhere = frozenset() if every else claimed(report)
    for item in report.instrument.items:
        names = {variable.name for variable in report.instrument.of_item(item.id)}
        if item.type != "multi" or not names & asked or item.id in elsewhere:
            continue
        if not names & shown:
            hidden.append(item.short.get(report.language) or item.id)
            continue
        picture = as_picture(
            ranked_options, report.released, report.instrument, item=item.id, level=report.level
        )
        parts += given(picture)
    parts = said_once(parts)
    for item in report.instrument.items:
        ranked = [variable.name for variable in report.instrument.of_item(item.id)]
        if item.type == "ranking" and asked & set(ranked):
            title = item.short.get(report.language) or item.text[next(iter(item.text))][report.language]
            parts.append(
                shares_table(
                    report.released,
                    report.instrument,
                    items=ranked,
                    level=report.level,
                    title=title,
                )
            )
    if hidden:
        parts.append(passage(_("No share may be shown of: {names}.", names=joined(hidden))))
    if parts or elsewhere:
        return Several(tuple(parts))
    return nothing(_("No question here allowed several answers."))
