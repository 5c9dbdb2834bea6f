"""Which platform wrote a file, told by what only that platform writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.platforms.answers import PlatformName
from toolkit.platforms.files.opening import kind_of, read_cells, unpacked
from toolkit.platforms.limesurvey.reading import LIMESURVEY

__all__ = ["platform_of"]

_Headings = tuple[str, ...]
_BY_KIND: Mapping[str, PlatformName] = {"spss": "spss", "stata": "stata", "markup": "odk"}


def _any(*names: str) -> Callable[[_Headings], bool]:
    return lambda headings: bool(set(names) & set(headings))


def _all(*names: str) -> Callable[[_Headings], bool]:
    return lambda headings: set(names) <= set(headings)


_SIGNS: tuple[tuple[PlatformName, Callable[[_Headings], bool]], ...] = (
    ("preview", _all("preview", "submitted", "instrument")),
    ("limesurvey", _all("Response ID", "Date submitted")),
    ("limesurvey", _all("ID de la réponse", "Date de soumission")),
    ("limesurvey", _all("Antwort ID", "Datum Abgeschickt")),
    ("qualtrics", _any("ResponseId", "ResponseID")),
    ("qualtrics", lambda headings: headings[:3] == ("V1", "V2", "V3")),
    ("surveymonkey", _any("Respondent ID", "RespondentID", "Collector ID", "CollectorID")),
    ("microsoftforms", _all("Start time", "Completion time")),
    ("odk", _any("KEY", "_uuid", "meta/instanceID", "meta-instanceID", "_submission_time")),
    ("redcap", _any("redcap_event_name", "redcap_survey_identifier", "redcap_repeat_instrument")),
    ("redcap", lambda headings: any(re.fullmatch(r"[a-z0-9_]+_complete", name) for name in headings)),
    (
        "googleforms",
        lambda headings: headings[0] in ("Timestamp", "Horodateur", "Zeitstempel", "Marca temporal"),
    ),
)


def platform_of(path: str | Path) -> PlatformName:
    """The platform that wrote a file.

    Raises
    ------
    InvalidInput
        Where the file cannot be opened, or nothing in it tells.

    Examples
    --------
    >>> platform_of("data_samples/ai_at_work/answers/2026_freelancers_qualtrics.csv")
    'qualtrics'
    """
    path = Path(path)
    data, _ = unpacked(path, path.name)
    kind = kind_of(data)
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    if kind == "json":
        return "limesurvey" if b'"responses"' in data[:200] else "surveyjs"
    headings = read_cells(path, source=path.name).names
    if {"id", "submitdate"} <= {LIMESURVEY.spellings(name)[0] for name in headings}:
        return "limesurvey"  # headings "code. text" among them
    for platform, told in _SIGNS:
        if told(headings):
            return platform
    what = f"do not tell which platform wrote them (columns: {len(headings):,})"
    raise InvalidInput(
        path.name, [Problem("ambiguous", "headings", what, "say it: platform, or table with a mapping")]
    )
