"""One module a platform: its export file in, one `Export` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.instrument.model import Instrument
from toolkit.responses.answers import AnswersFile, PlatformName
from toolkit.responses.export import Export
from toolkit.responses.readers.forms import read_google_forms, read_microsoft_forms, read_surveymonkey
from toolkit.responses.readers.limesurvey import read_limesurvey
from toolkit.responses.readers.odk import read_odk
from toolkit.responses.readers.qualtrics import read_qualtrics
from toolkit.responses.readers.redcap import read_redcap
from toolkit.responses.readers.statistics import read_spss, read_stata
from toolkit.responses.readers.surveyjs import read_preview, read_surveyjs
from toolkit.responses.readers.table import read_table

__all__ = [
    "READERS",
    "read_answers",
    "read_google_forms",
    "read_limesurvey",
    "read_microsoft_forms",
    "read_odk",
    "read_preview",
    "read_qualtrics",
    "read_redcap",
    "read_spss",
    "read_stata",
    "read_surveyjs",
    "read_surveymonkey",
    "read_table",
]

READERS: Mapping[PlatformName, Callable[..., Export]] = {
    "limesurvey": read_limesurvey,
    "qualtrics": read_qualtrics,
    "surveymonkey": read_surveymonkey,
    "googleforms": read_google_forms,
    "microsoftforms": read_microsoft_forms,
    "odk": read_odk,
    "redcap": read_redcap,
    "spss": read_spss,
    "stata": read_stata,
    "surveyjs": read_surveyjs,
    "preview": read_preview,
    "table": read_table,
}
"""Platform, as a study file names it → its reader."""


def read_answers(
    entry: AnswersFile, path: str | Path, instrument: Instrument, *, strict: bool = True
) -> Export:
    """Read one file with its platform's reader.

    Parameters
    ----------
    strict
        Raise for every problem found; otherwise they stand in the export's `problems`.

    Raises
    ------
    InvalidInput
        With every problem of the file.
    """
    return READERS[entry.platform](Path(path), instrument, entry=entry, strict=strict)
