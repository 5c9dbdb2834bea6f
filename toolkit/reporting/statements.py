"""Notices, headings and computed AAPOR items of a report."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from toolkit.locale import _, using_language
from toolkit.presentation import computed_methods
from toolkit.presentation.numbers import base, decimal, percent
from toolkit.presentation.rows import listed, quoted
from toolkit.records import records
from toolkit.study.weighting import margins_of

if TYPE_CHECKING:
    from toolkit.instrument.model import Instrument
    from toolkit.reporting.gathering import ReportData
    from toolkit.study import Study


def computed_statements(
    study: Study, gathered: ReportData, wave: str, instrument: Instrument | None = None
) -> dict[str, dict[str, str]]:
    """Write the facts the report derives for each audience: sizes, dates, questionnaire, processing.

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
        participation = gathered.participation
        if study.design is not None:  # the margin of error printed beside it is not one of a whole audience
            participation = participation.assign(margin=pd.NA)
        items = computed_methods(
            participation,
            instrument,
            audience=audience,
            policy=study.policy,
            level=study.level,
            dates=study.field_dates(wave),
        )
        made = (
            items["processing_and_quality"],
            _analysis(study, instrument),
            *_registered(study, wave),
            _(
                "The answers were read and analysed, and this report was written, with "
                "survey-research-toolkit {version}.",
                version=version,
            ),
        )
        if audience in gathered.late:
            waits = _(
                "Answers of fewer than {k} people that came or changed after an earlier report was released "
                "are not counted: comparing the two reports would show them.",
                k=study.policy.threshold,
            )
            made = (*made, waits)
        items["processing_and_quality"] = " ".join(made)
        if study.design is not None and audience in gathered.audiences:
            items["weighting"] = _weighting(study, gathered, instrument, audience)
        if not gathered.audiences:  # a notice has no appendix to point at
            title = quoted(instrument.title[study.language])
            items["instrument"] = _("{title}, version {version}.", title=title, version=instrument.version)
        found[audience] = items
    return found


def _weighting(study: Study, gathered: ReportData, instrument: Instrument, audience: str) -> str:
    """Describe how one audience was weighted or drawn, and what that costs."""
    given, sample = study.weighting, study.sample
    rows = [] if gathered.weights is None else records(gathered.weights)
    own = next((row for row in rows if row["audience"] == audience), None)
    parts = []
    if given is not None and given.audiences and audience not in given.audiences:
        parts.append(_("Answers of this audience are not weighted."))
    elif given is not None:
        columns = margins_of(study.margins, audience)
        names = listed([_margin_name(study, instrument, name) for name in columns])
        if not names:
            parts.append(_("Answers are weighted by a column of the data."))
        elif given.post_stratify is not None:
            parts.append(
                _("Answers are weighted to the known totals of {names} (post-stratified).", names=names)
            )
        else:
            parts.append(_("Answers are weighted to the known totals of {names} (raked).", names=names))
        if names and given.column is not None:
            parts.append(_("The weights start from a column of the data."))
        if given.trim is not None and own is not None:
            trimmed = _(
                "Weights were limited to between {low} and {high} times their average; "
                "{share} of them are at a limit.",
                low=decimal(given.trim.lower, 1),
                high=_limit(given.trim.upper),
                share=percent(own["trimmed"]),
            )
            parts.append(trimmed)
    elif gathered.weights is not None:
        parts.append(_("Answers are weighted by a column of the data."))
    if sample is not None:
        drawn = {
            _("strata"): sample.strata, _("clusters"): sample.clusters,
            _("finite populations"): sample.fpc, _("replicate weights"): sample.replicates,
        }  # fmt: skip
        parts.append(
            _(
                "How respondents were drawn is taken into account: {what}.",
                what=listed([n for n, v in drawn.items() if v]),
            )
        )
    if own is not None and own["design_effect"] > 1 + 1e-9:
        cost = _(
            "Unequal weights make the {answered} answers count as {effective} "
            "(design effect {effect}, efficiency {share}).",
            answered=base(own["answered"]),
            effective=base(round(own["effective_n"])),
            effect=decimal(own["design_effect"], 2),
            share=percent(own["efficiency"]),
        )
        parts.append(cost)
    parts.append(_("Numbers of answers, and the smallest group that is shown, are counted without weights."))
    return " ".join(parts)


def _margin_name(study: Study, instrument: Instrument, column: str) -> str:
    parts = [instrument[n].label(study.language) if n in instrument else n for n in column.split(" * ")]
    return quoted(" × ".join(parts))


def _limit(value: float) -> str:
    return "∞" if math.isinf(value) else decimal(value, 1)


def _registered(study: Study, wave: str) -> tuple[str, ...]:
    found = study.registration
    if found is None or found.wave != wave:
        return ()
    return (
        _(
            "The declared comparisons, the margin and the level were registered on {day} (SHA-256 {digest}).",
            day=found.registered,
            digest=found.sha256,
        ),
    )


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
    if study.design is not None:
        return _(
            "A share counts those who were asked and answered, by their weights. Its interval is a "
            "logit interval with the standard error of the design, or Korn and Graubard's at shares of "
            "0 and 1; gaps are tested by t with that error. What raking or post-stratification explains "
            "does not count as error where weights were made within the organisation and not limited. "
            "{declared}",
            declared=adjusted,
        )
    return _(
        "A share counts those who were asked and answered. Where the number of people "
        "is known and everyone in an audience was asked, its interval is exact for "
        "that number (hypergeometric); otherwise it is Wilson's. Gaps carry "
        "Newcombe's interval and are tested by Fisher's exact test where counts are "
        "small, else by the pooled z test. {declared}",
        declared=adjusted,
    )
