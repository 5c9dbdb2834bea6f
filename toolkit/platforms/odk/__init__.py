"""ODK, KoboToolbox and every other engine of XLSForm: forms and exports of submissions."""

from toolkit.platforms import Platform, register
from toolkit.platforms.odk.reading import ODK
from toolkit.platforms.odk.writing import files_of

_KEYS = {"KEY", "_uuid", "meta/instanceID", "meta-instanceID", "_submission_time"}


def _recognises(kind: str, head: bytes, headings: tuple[str, ...]) -> bool:
    return kind == "markup" or bool(_KEYS & set(headings))


register(
    Platform(
        "odk",
        "ODK and KoboToolbox (XLSForm)",
        files_of,
        layouts=("audience", "one"),
        dialect=ODK,
        recognises=_recognises,
        aliases=("xlsform", "kobo"),
        order=30,
        fielding=True,
    )
)
