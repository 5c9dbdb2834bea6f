"""Estimated length of a questionnaire in minutes, from its questions alone."""

from __future__ import annotations

import pandas as pd

from toolkit.instrument.model import Instrument, Item, Row

__all__ = ["LONGEST", "minutes"]

QUESTION, ROW, OPEN = 15 * 60 / 85, 6.0, 60.0
"""Seconds for a single question, a row of a matrix, and an open answer."""
WORDS_A_MINUTE = 238.0
"""Silent reading of English prose."""
LONGEST = 20.0
"""Minutes above which lint warns."""


def minutes(instrument: Instrument, *, language: str | None = None) -> pd.DataFrame:
    """Estimate the minutes each audience needs, from no follow-up questions to all of them.

    Parameters
    ----------
    instrument
        The questionnaire.
    language
        Whose words are counted; None for its first.

    Returns
    -------
    pandas.DataFrame
        A row an audience: audience, questions (rows of a matrix counted each), shortest, longest (minutes).

    Notes
    -----
    A single question takes 10.6 seconds: Pew Research Center (2022) allows 85 such in 15 minutes.
    A row of a matrix takes 6 (ten a minute) and an answer in words 60, rules of thumb of Amplitude Research.
    A text that takes longer to read, at 238 words a minute (Brysbaert 2019), takes that long. Where only one
    of several branches can be taken, the longest is too long. It is a forecast: time a pilot.
    Lint warns above 20 minutes, the longest that people called acceptable (Revilla and Ochoa 2017).

    Examples
    --------
    >>> minutes(load_instrument("instruments/employee.yaml"))  # doctest: +SKIP
    """
    language = language or instrument.languages[0]
    rows = []
    for audience in instrument.audiences:
        asked = [item for item in instrument.items if (item.audiences is None or audience in item.audiences)]
        seconds = {item.id: _seconds(item, instrument, audience, language) for item in asked}
        always = sum(seconds[item.id] for item in asked if item.ask_if is None)
        questions = sum(len(_rows(item, audience)) if item.type == "matrix" else 1 for item in asked)
        rows.append((audience, questions, always / 60, sum(seconds.values()) / 60))
    return pd.DataFrame(rows, columns=["audience", "questions", "shortest", "longest"])


def _rows(item: Item, audience: str) -> tuple[Row, ...]:
    return tuple(row for row in item.rows if row.audiences is None or audience in row.audiences)


def _seconds(item: Item, instrument: Instrument, audience: str, language: str) -> float:
    rows = _rows(item, audience)
    texts = [
        (text.get(audience) or text.get("all") or {}) for text in (item.text, *(row.text for row in rows))
    ]
    scale = instrument.scales.get(item.scale) if item.scale else None
    labels = [option.label for option in (scale.options if scale else item.options)]
    words = sum(len(one.get(language, "").split()) for one in (*texts, *labels))
    answering = {"matrix": ROW * len(rows), "ranking": ROW * len(item.options), "text": OPEN}.get(
        item.type, QUESTION
    )
    return max(answering, 60 * words / WORDS_A_MINUTE)
