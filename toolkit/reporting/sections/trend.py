"""Section: change since the previous wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several
from toolkit.reporting.gathering import describe_changed
from toolkit.reporting.sections import given, passage, section
from toolkit.reporting.sections.chapters import claimed

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=41)
def trend(report: OrganisationReport, *, every: bool = False) -> Block:
    """Show what changed since the previous wave.

    Questions that a chapter shows before and after are left to it, unless every question is asked for.
    """
    from toolkit.presentation import as_picture, wave_change

    sentences = [describe_changed(*report.changed, report.instrument)] if report.changed[0] else []
    if not report.previous_wave:
        return passage(*(sentences or [_("There is no earlier wave to compare with.")]))
    waves = (report.previous_wave, report.wave)
    elsewhere = frozenset() if every else claimed(report, "change")
    names = [v.name for v in report.instrument.variables if v.option is None and v.item.id not in elsewhere]
    picture = as_picture(
        wave_change,
        report.released,
        report.instrument,
        waves=waves,
        items=names if elsewhere else None,
        level=report.level,
    )
    if any(row["verdict_code"] == "at_most" for row in report.released.rows("trend")):
        sentences.append(
            _(
                "Some changes may be due to fewer than {k} people who came or went; the appendix shows them "
                "within limits.",
                k=report.released.policy.threshold,
            )
        )
    elif picture is None:
        sentences.insert(
            0,
            _("No change from {first} to {last} may be shown.", first=report.previous_wave, last=report.wave),
        )
    return Several((*given(picture), *([passage(*sentences)] if sentences else [])))
