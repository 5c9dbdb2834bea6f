"""Every question, gap and change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Heading, Several
from toolkit.presentation.language import Words
from toolkit.reporting.sections import notice, section
from toolkit.reporting.sections.gaps import gap_table

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport

_WORDS = Words(
    {
        "answers": ("Answers", "Réponses"),
        "gaps": ("Gaps", "Écarts"),
        "changes": ("Changes", "Changements"),
    }
)


@section(order=11)
def appendix(report: OrganisationReport) -> Block:
    """Every question's wording, base and distribution, every gap and every change."""
    from toolkit.presentation import distribution_table, trend_table

    if report.withheld:
        return notice(report)
    answers = distribution_table(report.released, report.instrument, language=report.language)
    parts: list[Block] = [Heading(_WORDS("answers")), answers]
    if "gaps" in report.released:
        parts += [Heading(_WORDS("gaps")), gap_table(report)]
    if report.previous_wave:
        waves = (report.previous_wave, report.wave)
        changes = trend_table(
            report.released, report.instrument, waves=waves, level=report.level, language=report.language
        )
        parts += [Heading(_WORDS("changes")), changes]
    return Several(tuple(parts))
