"""Preview of a questionnaire: one HTML page, and the answers it saves."""

from toolkit.platforms import Platform, register
from toolkit.platforms.preview.writing import files_of
from toolkit.platforms.surveyjs.reading import PREVIEW

register(
    Platform(
        "preview",
        "HTML preview",
        files_of,
        dialect=PREVIEW,
        recognises=lambda kind, head, headings: {"preview", "submitted", "instrument"} <= set(headings),
        order=50,
    )
)
