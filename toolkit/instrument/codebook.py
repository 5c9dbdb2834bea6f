"""Codebooks: every column of a coded frame, in the words each audience read."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Source, Variable
from toolkit.instrument.routing import parse
from toolkit.locale import translated

__all__ = ["CODEBOOK_COLUMNS", "base_of", "cited", "codebook"]

CODEBOOK_COLUMNS = (
    "variable",
    "item",
    "audience",
    "wording",
    "code",
    "label",
    "base",
    "theme",
    "favourable",
    "source",
)


def codebook(instrument: Instrument, language: str = "en") -> pd.DataFrame:
    """List every column of a coded frame with its words, answers and base.

    Parameters
    ----------
    instrument
        The instrument.
    language
        One of its languages.

    Returns
    -------
    pandas.DataFrame
        One row a variable, audience and answer, in questionnaire order: variable, item, audience, wording,
        code, label, base (who was asked, in words), theme, favourable, source. The don't-knows offered
        are listed with their analysis codes; numbers and open text have one row with code and label NA.

    Raises
    ------
    InvalidInput
        A language the instrument is not written in.

    Examples
    --------
    >>> codebook(instrument).query("variable == 'burnout'")  # doctest: +SKIP
    """
    if language not in instrument.languages:
        raise InvalidInput(
            instrument.id,
            [
                Problem(
                    "unknown-language",
                    "language",
                    f"it is not written in '{language}'",
                    near_names(language, instrument.languages),
                )
            ],
        )
    rows = [row for variable in instrument.variables for row in _rows(variable, instrument, language)]
    return pd.DataFrame(rows, columns=list(CODEBOOK_COLUMNS)).astype("str")


def _rows(variable: Variable, instrument: Instrument, language: str) -> Iterator[dict[str, str | None]]:
    offered = [(missing.becomes, missing.label[language]) for missing in instrument.missing_of(variable)]
    answers: list[tuple[str | None, str | None]] = [*variable.code_labels(language).items(), *offered]
    for audience in variable.audiences:
        for code, label in answers or [(None, None)]:
            yield {
                "variable": variable.name,
                "item": variable.item.id,
                "audience": audience,
                "wording": variable.wording(audience, language),
                "code": code,
                "label": label,
                "base": base_of(variable, audience, instrument, language),
                "theme": instrument.themes[variable.theme][language],
                "favourable": variable.favourable,
                "source": cited(variable.source),
            }


def base_of(variable: Variable, audience: str, instrument: Instrument, language: str) -> str:
    """Describe who of one audience is asked."""
    everyone = f"{translated(language, 'all')} {instrument.audiences[audience].plural[language].lower()}"
    if variable.item.ask_if is None:
        return everyone
    condition = parse(variable.item.ask_if).in_words(instrument, language)
    return f"{everyone} {translated(language, 'for whom')} {condition}"


def cited(source: Source) -> str:
    """Cite the source of an item's words in one line."""
    own = "own wording" if source.origin == "own" else "published wording"
    said = f"{own}, after {source.after}" if source.after else own
    return "; ".join(part for part in (said, source.note, source.licence, source.status) if part)
