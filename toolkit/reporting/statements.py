"""The disclosure items of the AAPOR code that follow from the study and its report, for each audience."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.presentation import computed_methods

if TYPE_CHECKING:
    from toolkit.reporting.gathering import Gathered
    from toolkit.study import Study

__all__ = ["computed_statements"]


def computed_statements(study: Study, gathered: Gathered) -> dict[str, dict[str, str]]:
    """Say for each audience what the report itself knows: sizes, questionnaire, processing, analysis."""
    found = {}
    for audience in study.instrument.audiences:
        told = computed_methods(
            gathered.participation,
            study.instrument,
            audience=audience,
            policy=study.policy,
            level=study.level,
            language=study.language,
        )
        told["processing_and_quality"] = f"{told['processing_and_quality']} {_analysis(study)}"
        if not gathered.audiences:  # a notice has no appendix to point at
            told["instrument"] = (
                f"“{study.instrument.title[study.language]}”, version {study.instrument.version}."
            )
        found[audience] = told
    return found


def _analysis(study: Study) -> str:
    names = [study.instrument[name].label(study.language) for name in study.primary]
    counted = "1 question" if len(names) == 1 else f"{len(names)} questions"
    declared = (
        f"Comparisons on {counted} were declared before the answers were looked at, and "
        f"their p values adjusted together (Holm): {', '.join(names)}; "
        "all others are exploratory (Benjamini–Hochberg)."
        if names
        else "The p values of all comparisons were adjusted together (Holm)."
    )
    return (
        "A share counts those who were asked and answered. Where the number of people is known and everyone "
        "of an audience was asked, its interval is exact for that number (hypergeometric); otherwise it is "
        "Wilson's. Gaps carry Newcombe's interval and are tested by Fisher's exact test where counts are "
        f"small, else by the pooled z test. {declared}"
    )
