"""Section: the summary."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several
from toolkit.presentation.words import leading_gaps
from toolkit.reporting.sections import given, nothing_to_compare, notice, notices, section
from toolkit.reporting.sections.benchmarks import peers_in_short
from toolkit.reporting.sections.overall import organisations_in_short

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=1)
def summary(report: OrganisationReport) -> Block:
    """Summarise on one page: clear gaps, what is in favour, what changed, what to discuss, who answered."""
    from toolkit.presentation import as_picture, gap_dumbbell, shares_summary, summary

    if report.withheld:
        return Several((*notices(report), notice(report)))
    waves = (report.previous_wave, report.wave) if report.previous_wave else None
    found = {"participation": report.participation, "waves": waves}
    before, beside = (*notices(report), *organisations_in_short(report)), peers_in_short(report)
    if "gaps" not in report.released.tables:
        prose = shares_summary(report.released, report.instrument, **found)
        return Several((*before, *nothing_to_compare(report), *beside, prose))
    overall = report.clients is not None
    prose = summary(report.released, report.instrument, overall=overall, **found)
    picture = as_picture(
        gap_dumbbell,
        report.released,
        report.instrument,
        items=[row["item"] for row in leading_gaps(report.released)],
        title=_("The gaps in the summary, with every audience that was asked"),
        level=report.level,
    )
    # the next chapter explains how such a picture is read
    picture = picture and replace(picture, caption=" ".join(picture.sentences[:1]))
    return Several((*before, prose, *beside, *given(picture)))
