"""Notices, headings and computed AAPOR items of a report."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from toolkit.locale import _, using_language
from toolkit.presentation import computed_methods
from toolkit.presentation.rows import quoted

if TYPE_CHECKING:
    from toolkit.instrument.model import Instrument
    from toolkit.reporting.gathering import ReportData
    from toolkit.study import Study

__all__ = ["computed_statements"]


def computed_statements(
    study: Study, gathered: ReportData, wave: str, instrument: Instrument | None = None
) -> dict[str, dict[str, str]]:
    """Write what the report itself knows of each audience: sizes, dates, questionnaire, processing.

    `instrument` is the study's with words in the report's language, where its own has not all of them.
    """
    with using_language(study.language):
        return _statements(study, gathered, instrument or study.instrument, wave)


def _statements(
    study: Study, gathered: ReportData, instrument: Instrument, wave: str
) -> dict[str, dict[str, str]]:
    import toolkit

    found, version = {}, toolkit.__version__
    for audience in instrument.audiences:
        items = computed_methods(
            gathered.participation,
            instrument,
            audience=audience,
            policy=study.policy,
            level=study.level,
            dates=study.field_dates(wave),
        )
        made = (
            items["processing_and_quality"],
            _analysis(study, instrument),
            _(
                "The answers were read and analysed, and this report was written, with "
                "survey-research-toolkit {version}.",
                version=version,
            ),
        )
        items["processing_and_quality"] = " ".join(made)
        if not gathered.audiences:  # a notice has no appendix to point at
            title = quoted(instrument.title[study.language])
            items["instrument"] = _("{title}, version {version}.", title=title, version=instrument.version)
        found[audience] = items
    return found


def _analysis(study: Study, instrument: Instrument) -> str:
    declared = [instrument[name] for name in study.primary]
    names = [
        one.label(study.language)
        for one in declared
        if any(one.comparable(*pair) != "different" for pair in combinations(one.audiences, 2))
    ]
    counted = _("1 question") if len(names) == 1 else _("{count} questions", count=len(names))
    adjusted = (
        _(
            "Comparisons on {counted} were declared in advance, and their p values "
            "adjusted together (Holm): {names}; all others are exploratory "
            "(Benjamini–Hochberg).",
            counted=counted,
            names=", ".join(names),
        )
        if names
        else _("The p values of all comparisons were adjusted together (Holm).")
    )
    return _(
        "A share counts those who were asked and answered. Where the number of people "
        "is known and everyone of an audience was asked, its interval is exact for "
        "that number (hypergeometric); otherwise it is Wilson's. Gaps carry "
        "Newcombe's interval and are tested by Fisher's exact test where counts are "
        "small, else by the pooled z test. {declared}",
        declared=adjusted,
    )
