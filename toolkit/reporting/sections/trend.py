"""What changed since the wave before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation.blocks import Block, Several
from toolkit.presentation.language import Words
from toolkit.reporting.gathering import describe_changed
from toolkit.reporting.sections import given, passage, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport

_WORDS = Words(
    {
        "no wave": (
            "There is no earlier wave that this one could be compared with.",
            "Il n’y a pas de vague antérieure avec laquelle comparer celle-ci.",
        ),
        "no change": (
            "No change from {first} to {last} may be shown.",
            "Aucun changement de {first} à {last} ne peut être affiché.",
        ),
    }
)


@section(order=8)
def trend(report: OrganisationReport) -> Block:
    """What changed since the wave before."""
    from toolkit.presentation import as_picture, wave_change

    said = (
        [describe_changed(*report.changed, report.instrument, report.language)] if report.changed[0] else []
    )
    if not report.previous_wave:
        return passage(*(said or [_WORDS("no wave")]))
    waves = (report.previous_wave, report.wave)
    picture = as_picture(
        wave_change,
        report.released,
        report.instrument,
        waves=waves,
        level=report.level,
    )
    if picture is None:
        said.insert(0, _WORDS("no change", first=report.previous_wave, last=report.wave))
    return Several((*given(picture), *([passage(*said)] if said else [])))
