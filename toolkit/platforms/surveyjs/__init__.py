"""SurveyJS: surveys and saved answers."""

from toolkit.platforms import Platform, register
from toolkit.platforms.surveyjs.reading import SURVEYJS
from toolkit.platforms.surveyjs.writing import files_of

register(
    Platform(
        "surveyjs",
        "SurveyJS",
        files_of,
        layouts=("one", "audience"),
        dialect=SURVEYJS,
        recognises=lambda kind, head, headings: kind == "json",
        order=40,
        fielding=True,
    )
)
