"""A questionnaire's words in the report's language, and what is said where it has none in it."""

from __future__ import annotations

from toolkit.instrument.model import Instrument
from toolkit.instrument.translation import plain, wordings
from toolkit.locale import _, language_name, localized
from toolkit.presentation.blocks import Paragraph, Prose

__all__ = ["in_language", "untranslated_notice"]


def in_language(instrument: Instrument, language: str) -> tuple[Instrument, int, int]:
    """The instrument with words in a language, and how many of its texts had none.

    Parameters
    ----------
    instrument
        As it is written.
    language
        The report's. A text without words in it keeps those of the instrument's first language.

    Returns
    -------
    tuple
        The same instrument where nothing lacks; texts without words in the language; all texts.
    """
    data = plain(instrument)
    texts = [words for *_, words in wordings(data)]
    lacking = [words for words in texts if language not in words]
    if not lacking:
        return instrument, 0, len(texts)
    for words in lacking:
        words[language] = words[instrument.languages[0]]
    data["languages"] = list(dict.fromkeys((*instrument.languages, language)))
    return Instrument.model_validate(data), len(lacking), len(texts)


@localized
def untranslated_notice(lacking: int, texts: int, source: str, *, language: str = "en") -> Prose:
    """What a report says first where the questionnaire is not in its language; empty where it is.

    Parameters
    ----------
    lacking, texts
        How many texts have no words in the language, of how many.
    source
        The language they stand in.
    """
    if not lacking:
        return Prose("", (), "notice")
    if lacking == texts:
        said = _(
            "The questionnaire is not available in English: its questions, answers and "
            "audience names are printed in {source}. Nothing was machine-translated.",
            source=language_name(source),
        )
    else:
        said = _(
            "{lacking} of the {all} texts of the questionnaire are not available in "
            "English and are printed in {source}. Nothing was machine-translated.",
            lacking=lacking,
            all=texts,
            source=language_name(source),
        )
    return Prose("", (Paragraph(said),), "notice language")
