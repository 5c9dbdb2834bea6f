"""Field types of hand-written files: ids, codes, booleans, texts, and models that refuse unknown keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

__all__ = [
    "CODE_PATTERN",
    "ID_PATTERN",
    "AsWritten",
    "Box",
    "Code",
    "Id",
    "ParallelWording",
    "Strict",
    "Truth",
    "Wording",
]

ID_PATTERN = r"^[a-z][a-z0-9]{0,19}$"
CODE_PATTERN = r"^[A-Za-z0-9]{1,5}$"


def _as_written(value: object) -> object:
    return str(value) if type(value) is int else value


def _truth(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise ValueError(f"{value!r} must be true or false; write true or false in lower case")
    return value == "true"


AsWritten = BeforeValidator(_as_written)
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Code = Annotated[
    str,
    AsWritten,
    StringConstraints(pattern=CODE_PATTERN),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": CODE_PATTERN}]}
    ),
]
Truth = Annotated[bool, BeforeValidator(_truth), WithJsonSchema({"enum": [True, False, "true", "false"]})]
"""A bool that files write as true or false; "yes", "on" and "1" are refused."""
Wording = dict[str, str]
"""Language → words."""
ParallelWording = dict[str, Wording]
"""Audience (or "all") → language → words."""
Box = Literal["top", "bottom", "none"]


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
