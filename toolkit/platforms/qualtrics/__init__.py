"""Qualtrics: questionnaires and exports of answers."""

from toolkit.platforms import Platform, register
from toolkit.platforms.qualtrics.reading import QUALTRICS
from toolkit.platforms.qualtrics.writing import files_of


def _recognises(kind: str, head: bytes, headings: tuple[str, ...]) -> bool:
    return bool({"ResponseId", "ResponseID"} & set(headings)) or headings[:3] == ("V1", "V2", "V3")


register(
    Platform(
        "qualtrics",
        "Qualtrics",
        files_of,
        layouts=("audience", "qsf"),
        dialect=QUALTRICS,
        recognises=_recognises,
        order=20,
        fielding=True,
    )
)
