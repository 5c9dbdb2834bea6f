"""LimeSurvey: questionnaires, exports of answers, and answers fetched from a server."""

from toolkit.platforms import Platform, register
from toolkit.platforms.limesurvey.reading import LIMESURVEY
from toolkit.platforms.limesurvey.writing import Quota, files_of

__all__ = ["Quota"]

_HEADINGS = (
    {"Response ID", "Date submitted"},
    {"ID de la réponse", "Date de soumission"},
    {"Antwort ID", "Datum Abgeschickt"},
)


def _recognises(kind: str, head: bytes, headings: tuple[str, ...]) -> bool:
    if kind == "json":
        return b'"responses"' in head
    codes = {LIMESURVEY.spellings(name)[0] for name in headings}  # headings "code. text" among them
    return {"id", "submitdate"} <= codes or any(own <= set(headings) for own in _HEADINGS)


register(
    Platform(
        "limesurvey",
        "LimeSurvey",
        files_of,
        layouts=("one", "language", "audience"),
        dialect=LIMESURVEY,
        recognises=_recognises,
        order=10,
        fielding=True,
    )
)
