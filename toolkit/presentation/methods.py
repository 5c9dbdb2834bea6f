"""The methodology statement: the eleven disclosure items of the AAPOR code, once for each audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from toolkit.errors import ToolkitError, near_names
from toolkit.instrument.model import Instrument
from toolkit.locale import N_, _, current_language
from toolkit.presentation.blocks import Prose, Terms
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import audience_name
from toolkit.records import records
from toolkit.responses.gather import FieldDates
from toolkit.study import AAPOR_ITEMS

AAPOR_HEADINGS: Mapping[str, str] = {
    "data_collection_strategy": N_("How the answers were collected"),
    "sponsor_and_conductor": N_("Who paid for the survey and who carried it out"),
    "instrument": N_("Questions asked"),
    "population": N_("Whom the survey is about"),
    "sampling": N_("How people were chosen"),
    "mode": N_("How and in which language people answered"),
    "dates": N_("When people answered"),
    "sample_sizes_and_precision": N_("How many answered, and how precise that is"),
    "weighting": N_("Weighting"),
    "processing_and_quality": N_("How the answers were checked and processed"),
    "limitations": N_("Limits"),
}
"""Item → the English words it is printed under, in the order of the code."""


def methods_statement(
    methods: Mapping[str, str],
    computed: Mapping[str, str],
    *,
    audience: str,
    instrument: Instrument | None = None,
) -> Prose:
    """Write the eleven items for one audience.

    Parameters
    ----------
    methods
        Item → text, as the study file has it for this audience.
    computed
        Item → text made by the report (see `computed_methods`); what both have is printed together.
    audience
        Whom it is about.
    instrument
        For the audience's name in the heading.

    Returns
    -------
    All eleven items in the order of the code.

    Raises
    ------
    ToolkitError
        An item is blank or unknown: a statement with a hole is not printed.
    """
    unknown = sorted((set(methods) | set(computed)) - set(AAPOR_ITEMS))
    if unknown:
        raise ToolkitError(
            f"methodology statement, {audience}: '{unknown[0]}' is not a disclosure item; "
            f"{near_names(unknown[0], AAPOR_ITEMS)}"
        )
    texts = {
        name: " ".join(
            part.strip() for part in (methods.get(name, ""), computed.get(name, "")) if part and part.strip()
        )
        for name in AAPOR_ITEMS
    }
    blank = [name for name, text in texts.items() if not text]
    if blank:
        raise ToolkitError(
            f"methodology statement, {audience}: blank item(s) {', '.join(blank)}; write them in the study "
            f"file under methods → common or methods → {audience}"
        )
    title = audience_name(instrument, audience, start=True) if instrument else audience
    return Prose(
        title, (Terms(tuple((_(AAPOR_HEADINGS[name]), texts[name]) for name in AAPOR_ITEMS)),), "methods"
    )


def computed_methods(
    participation: pd.DataFrame,
    instrument: Instrument,
    *,
    audience: str,
    policy: Any,
    level: float = 0.95,
    by: str = "audience",
    dates: FieldDates | None = None,
) -> dict[str, str]:
    """Compute the facts a report can derive: instrument, dates, sizes and precision, weighting, processing.

    Parameters
    ----------
    participation
        `Admitted.participation`.
    instrument
        The questionnaire.
    audience
        Whom it is about.
    policy
        The disclosure policy, whose `text()` is printed; None where the numbers have not passed it.
    level
        Of the intervals.
    by
        The group column of `participation`.
    dates
        The first and last day of the wave (`Study.field_dates`); None where the files have none.

    Raises
    ------
    ToolkitError
        The audience is not in `participation`.
    """
    rows = [row for row in records(participation) if str(row[by]) == audience]
    if not rows:
        raise ToolkitError(f"participation has no row for '{audience}'")
    asked = sum(audience in variable.audiences for variable in instrument.variables)
    questions = sum(
        any(audience in variable.audiences for variable in instrument.of_item(item.id))
        for item in instrument.items
    )
    title = instrument.title.get(current_language(), instrument.id)
    return {
        "sample_sizes_and_precision": _sizes(rows[0], instrument, audience, level),
        "instrument": _(
            "“{title}”, version {version}: {questions} questions ({asked} answers to "
            "record) for this audience. The appendix prints the wording of every "
            "question, who was asked and how the answers are distributed.",
            title=title,
            version=instrument.version,
            questions=questions,
            asked=asked,
        ),
        "dates": _dates(dates),
        "weighting": _("The figures are not weighted: every respondent counts once."),
        "processing_and_quality": _(
            "Every answer was checked against the questionnaire's codes and routing; "
            "answers that did not fit were set aside by stated rules and counted, and "
            "nothing was imputed. Answers of “don't know” and blanks are not part of any "
            "base. {policy}",
            policy="" if policy is None else policy.text(),
        ).rstrip(),
    }


def _dates(found: FieldDates | None) -> str:
    from babel.dates import format_date

    if found is None:
        return _("The answer files do not record when people answered.")
    first, last = (
        format_date(day, "d MMMM y", locale=current_language()) for day in (found.first, found.last)
    )
    text = (
        _("By the dates in the answer files, people in the whole study answered on {day}.", day=first)
        if first == last
        else _(
            "By the dates in the answer files, people in the whole study answered from {first} to {last}.",
            first=first,
            last=last,
        )
    )
    return text if found.complete else f"{text} {_('For some of the answers, no date is known.')}"


def _sizes(row: Mapping[str, Any], instrument: Instrument, audience: str, level: float) -> str:
    name = audience_name(instrument, audience)
    if not is_known(row["answered"]):
        return _(
            "{few} {name} answered; their answers are not included in any figure.",
            few=_("Fewer than {k}", k=row["threshold"]),
            name=name,
        )
    if row["answered"] == 0:  # no one was invited
        return _("No {name} were invited.", name=name)
    invited = (
        _(" of {invited} invited ({rate})", invited=base(row["invited"]), rate=percent(row["response_rate"]))
        if is_known(row["invited"])
        else ""
    )
    text = _("{count} {name} answered{invited}.", count=base(row["answered"]), name=name, invited=invited)
    if is_known(row["margin"]):
        return _(
            "{text} A share near 50% has a margin of error of ± {margin} points at "
            "{level}, the size of the audience taken into account; it allows for chance "
            "only, not for those who did not answer.",
            text=text,
            margin=points(row["margin"]),
            level=percent(level),
        )
    if is_known(row["invited"]):
        return _("{text} Each share carries its own {level} interval.", text=text, level=percent(level))
    return _(
        "{text} Each share carries its own {level} interval; how many were invited is unknown.",
        text=text,
        level=percent(level),
    )
