"""One entry of a study file's `answers`: which file, from which platform, and what its columns are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from toolkit.instrument.fields import Strict, Truth
from toolkit.responses.files.sheet import Opening
from toolkit.responses.mapping import Mapping
from toolkit.responses.naming import FolderName

__all__ = ["BLANKS", "AnswersFile", "PlatformName", "Shape"]

PlatformName = Literal[
    "limesurvey", "qualtrics", "surveymonkey", "googleforms", "microsoftforms", "odk", "redcap", "spss",
    "stata", "surveyjs", "preview", "table",
]  # fmt: skip

BLANKS = ("-3", "-4", "-5", "-6")
"""What `missing` may say of a value that is no answer; which of the four, routing and audience decide."""

_EXPORTS_ONLY = (
    "audiences", "audience_column", "organisation_column", "ignore_columns", "columns", "missing", "manifest",
    "out_of_range",
)  # fmt: skip
_MAPPED_ONLY = ("table", "surveymonkey", "googleforms", "microsoftforms")


class Shape(Strict):
    """What a published file looks like: another number of rows or columns is noted.

    `one_of_columns` names columns that other years' files have not; a file with none of them is refused.
    """

    rows: int | None = Field(default=None, ge=1)
    columns: int | None = Field(default=None, ge=1)
    one_of_columns: tuple[str, ...] = ()


class AnswersFile(Strict):
    """One file of answers.

    Parameters
    ----------
    wave
        The wave it belongs to.
    platform
        Who wrote the file; `table` is any table, with a `mapping`. Platforms without codes of their own
        (surveymonkey, googleforms, microsoftforms) need a `mapping` too, the others may have one.
    file
        Its path, relative to the study file.
    audience
        The one audience it holds; where left out, the audience column says it for each row.
    audiences
        The audiences it may hold; where left out, any of the instrument.
    audience_column, organisation_column
        Headings of the columns that say them; `organisation_column: null` where nothing does.
    organisation
        The one organisation it holds, instead of a column.
    ignore_columns
        Headings that stay unread; an item's heading too, if the item is listed under `absent`.
    columns
        Heading → item or variable, where a heading is not the item's id. Several headings may lead to one
        variable (one column an audience); a respondent may have answered in one of them only.
    absent
        Items or variables this file does not hold although its audiences could have been asked.
    missing
        Value in the file that is no answer → -1 (don't know), -2 (refused), or -3 to -6 (nothing was given).
    manifest
        The manifest written beside the questionnaire when it was exported; columns are then matched by it.
    encoding
        Of a text file, where it is not UTF-8 and what is found out by itself is wrong.
    sheet
        The sheet of a workbook that holds the answers, where several are filled.
    recodes
        Whether Qualtrics' recode values were set, where a manifest is named and the file cannot tell.
    out_of_range
        What becomes of a number outside the bounds of its question in a submitted row: "refuse" (the default)
        or "blank". An unfinished row with one is set aside.
    keep_tests
        Keep previews and tests, which are set aside otherwise.
    mapping
        How the columns become answers.
    expect
        The rows and columns of the file as it was published; another shape is noted.
    """

    wave: FolderName
    platform: PlatformName
    file: str
    audience: str | None = None
    audiences: tuple[str, ...] = ()
    audience_column: str = "audience"
    organisation: str | None = None
    organisation_column: str | None = "organisation"
    ignore_columns: tuple[str, ...] = ()
    columns: dict[str, str] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    missing: dict[str, Literal["-1", "-2", "-3", "-4", "-5", "-6"]] = Field(default_factory=dict)
    manifest: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    recodes: Literal["set", "unset"] | None = None
    out_of_range: Literal["refuse", "blank"] = "refuse"
    keep_tests: Truth = False
    mapping: Mapping | None = None
    expect: Shape | None = None

    @property
    def opening(self) -> Opening:
        """How the file is opened."""
        return Opening(self.encoding, self.sheet)

    @model_validator(mode="after")
    def _fits_platform(self) -> AnswersFile:
        if self.platform in _MAPPED_ONLY and self.mapping is None:
            raise ValueError(
                f"platform {self.platform} has no codes to go by; add a mapping that says what columns are"
            )
        unread = [key for key in _EXPORTS_ONLY if key in self.model_fields_set]
        if self.mapping is not None and unread:
            raise ValueError(
                f"{', '.join(unread)} would not be read, because a mapping says it; take them out"
            )
        if self.expect is not None and self.mapping is None:
            raise ValueError("expect is read of mapped tables alone; take it out")
        if self.recodes is not None and (self.platform != "qualtrics" or self.manifest is None):
            raise ValueError("recodes is read of Qualtrics' files with a manifest alone; take it out")
        if self.audience and self.audiences:
            raise ValueError(
                "audience and audiences are both given; write audience (one) or audiences (several)"
            )
        return self
