"""The methodology statement: the eleven disclosure items of the AAPOR code, once for each audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from toolkit.errors import ToolkitError, near_names
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Prose, Terms
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import audience_name, known
from toolkit.study import AAPOR_ITEMS

__all__ = ["AAPOR_HEADINGS", "computed_methods", "methods_statement"]

AAPOR_HEADINGS: Mapping[str, str] = {
    "data_collection_strategy": "How the answers were collected",
    "sponsor_and_conductor": "Who paid for the survey and who carried it out",
    "instrument": "Questions asked",
    "population": "Whom the survey is about",
    "sampling": "How people were chosen",
    "mode": "How and in which language people answered",
    "dates": "When people answered",
    "sample_sizes_and_precision": "How many answered, and how precise that is",
    "weighting": "Weighting",
    "processing_and_quality": "How the answers were checked and processed",
    "limitations": "Limits",
}
"""Item → the words it is printed under, in the order of the code."""


def methods_statement(
    methods: Mapping[str, str],
    computed: Mapping[str, str],
    *,
    audience: str,
    instrument: Instrument | None = None,
    language: str = "en",
) -> Prose:
    """The eleven items for one audience.

    Parameters
    ----------
    methods
        Item → text, as the study file has it for this audience.
    computed
        Item → text made by the report (see `computed_methods`); what both have is printed together.
    audience
        Whom it is about.
    instrument, language
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
            f"methodology statement, {audience}: '{unknown[0]}' is no disclosure item; "
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
    title = audience_name(instrument, audience, start=True, language=language) if instrument else audience
    return Prose(
        title, (Terms(tuple((AAPOR_HEADINGS[name], texts[name]) for name in AAPOR_ITEMS)),), "methods"
    )


def computed_methods(
    participation: pd.DataFrame,
    instrument: Instrument,
    *,
    audience: str,
    policy: Any,
    level: float = 0.95,
    by: str = "audience",
    language: str = "en",
) -> dict[str, str]:
    """The three items a report can say by itself: sizes and precision, the instrument, processing.

    Parameters
    ----------
    participation
        `Admitted.participation`.
    instrument
        The questionnaire.
    audience
        Whom it is about.
    policy
        The disclosure policy; its `text()` is printed.
    level
        Of the intervals.
    by, language
        The group column of `participation`; the language of the names.

    Raises
    ------
    ToolkitError
        The audience is not in `participation`.
    """
    rows = [row for row in participation.to_dict("records") if str(row[by]) == audience]
    if not rows:
        raise ToolkitError(f"participation says nothing of '{audience}'")
    asked = sum(audience in variable.audiences for variable in instrument.variables)
    questions = sum(
        any(audience in variable.audiences for variable in instrument.of_item(item.id))
        for item in instrument.items
    )
    title = instrument.title.get(language, instrument.id)
    return {
        "sample_sizes_and_precision": _sizes(rows[0], instrument, audience, level, language),
        "instrument": (
            f"“{title}”, version {instrument.version}: {questions} questions ({asked} answers to record) "
            "for this audience. The appendix prints every question as it was worded, who was asked and "
            "how the answers spread."
        ),
        "processing_and_quality": (
            "Every answer was checked against the questionnaire's codes and routing; what did not fit was "
            "set aside by stated rules and counted, nothing was guessed. Answers of “don't know” and "
            f"blanks are not part of any base. {policy.text()}"
        ),
    }


def _sizes(row: Mapping[str, Any], instrument: Instrument, audience: str, level: float, language: str) -> str:
    name = audience_name(instrument, audience, language=language)
    if not is_known(row["answered"]):
        few = str(known(row["answered_shown"], "Too few"))
        if few == "0":
            return f"No {name} were invited."
        few = few.replace("<", "Fewer than ")
        return f"{few} {name} answered; their answers are not part of any number here."
    invited = (
        f" of {base(row['invited'])} invited ({percent(row['response_rate'])})"
        if is_known(row["invited"])
        else ""
    )
    text = f"{base(row['answered'])} {name} answered{invited}."
    if is_known(row["margin"]):
        return (
            f"{text} A share near 50 % has a margin of error of ± {points(row['margin'])} points at "
            f"{percent(level)}, the size of the audience taken into account; it allows for chance only, "
            "not for those who did not answer."
        )
    return f"{text} Each share carries its own {percent(level)} interval; how many were invited is not known."
