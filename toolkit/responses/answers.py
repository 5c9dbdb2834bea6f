"""One entry of a study file's `answers`: which file, from which platform, and what its columns are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from toolkit.instrument.fields import Strict
from toolkit.responses.mapping import Mapping
from toolkit.responses.naming import FolderName

__all__ = ["AnswersFile"]


_EXPORTS_ONLY = ("audiences", "audience_column", "organisation_column", "ignore_columns", "columns")


class AnswersFile(Strict):
    """One file of answers.

    Parameters
    ----------
    wave
        The wave it belongs to.
    platform
        Who wrote the file: limesurvey, qualtrics, or table (any CSV, with a `mapping`).
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
    mapping
        For platform table: how the columns become answers.
    """

    wave: FolderName
    platform: Literal["limesurvey", "qualtrics", "table"]
    file: str
    audience: str | None = None
    audiences: tuple[str, ...] = ()
    audience_column: str = "audience"
    organisation: str | None = None
    organisation_column: str | None = "organisation"
    ignore_columns: tuple[str, ...] = ()
    columns: dict[str, str] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    mapping: Mapping | None = None

    @model_validator(mode="after")
    def _fits_platform(self) -> AnswersFile:
        if (self.platform == "table") != (self.mapping is not None):
            raise ValueError("a mapping belongs to platform table, and only there; add it or take it out")
        unread = [key for key in _EXPORTS_ONLY if key in self.model_fields_set]
        if self.platform == "table" and unread:
            raise ValueError(
                f"{', '.join(unread)} would not be read, because a mapping says it; take them out"
            )
        if self.audience and self.audiences:
            raise ValueError(
                "audience and audiences are both given; write audience (one) or audiences (several)"
            )
        return self
