"""Pydantic's errors as problems: place in the file, fault and hint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.fields import CODE_PATTERN, ID_PATTERN
from toolkit.instrument.yaml_loader import Document, Location

__all__ = ["checked", "of_another_kind", "problems_of"]

Model = TypeVar("Model", bound=BaseModel)

_PATTERNS = {
    CODE_PATTERN: (
        "is not a valid code: codes are 1–5 letters or digits, because LimeSurvey silently drops others",
        "shorten it and leave out punctuation and spaces",
    ),
    ID_PATTERN: (
        "is not a valid id: ids are a lower-case letter and up to 19 lower-case letters or digits",
        "write it like 'burnout' or 'aiuse2'",
    ),
}


_PLAIN_NUMBER = "write a plain number with a decimal point, without comma, unit or percent sign"
_WHOLE_NUMBER = "write a whole number, such as 5"
_NUMBERS: dict[str, tuple[ProblemCode, str, str]] = {
    "float_parsing": ("not-a-number", "must be a number", _PLAIN_NUMBER),
    "float_type": ("not-a-number", "must be a number", _PLAIN_NUMBER),
    "int_parsing": ("not-whole", "must be a whole number", _WHOLE_NUMBER),
    "int_type": ("not-whole", "must be a whole number", _WHOLE_NUMBER),
    "int_from_float": ("not-whole", "must be a whole number", _WHOLE_NUMBER),
}
_LIMITS = {
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
}


def checked(model: type[Model], document: Document) -> Model:
    """Validate a YAML document as a model.

    Raises
    ------
    InvalidInput
        Everything the model refuses, each with its line, its path in the file and how to fix it.
    """
    other = of_another_kind(model, document)
    if other is not None:
        raise InvalidInput(document.path, [other])
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise InvalidInput(document.path, problems_of(error, model, document)) from None


def of_another_kind(model: type[BaseModel], document: Document) -> Problem | None:
    """Detect a file that has nothing in common with the model; its content is never quoted."""
    keys = _keys(model, ())
    if isinstance(document.data, dict) and document.data.keys() & set(keys):
        return None
    listed = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
    what = f"it is not the kind of file wanted here: it has none of its keys ({listed})"
    return Problem("wrong-file", "the file", what, "check the path")


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Convert pydantic's errors on a document to problems."""
    details = [dict(detail) for detail in error.errors()]
    found = (_problem(detail, model, document) for detail in details if not _only_follows(detail))
    return list(dict.fromkeys(found))


def _only_follows(detail: dict[str, Any]) -> bool:
    """Return whether pydantic calls a list too short only because it skipped faulty entries."""
    given = detail["input"]
    long_enough = isinstance(given, list | tuple) and len(given) >= detail.get("ctx", {}).get("min_length", 0)
    return detail["type"] == "too_short" and long_enough


def _problem(detail: dict[str, Any], model: type[BaseModel], document: Document) -> Problem:
    renamed = {"wave_column": "wave"}  # written as `wave: {column: …}`
    location: Location = tuple(renamed.get(str(step), step) for step in detail["loc"] if step != "[key]")
    code, what, hint = _said(detail, location, model)
    return Problem(code, document.where(location), what, hint)


def _said(detail: dict[str, Any], location: Location, model: type[BaseModel]) -> tuple[ProblemCode, str, str]:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return (
            "unknown-key",
            "unknown key",
            near_names(str(location[-1]), _keys(model, location[:-1])),
        )
    if kind == "missing":
        return "missing-key", "required key is missing", "add it"
    if kind == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        what, hint = _PATTERNS[context["pattern"]]
        return "invalid-name", f"{given!r} {what}", hint
    if kind == "literal_error":
        return "unknown-option", f"{_shown(given)} is not one of {context['expected']}", "write one of these"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return (
            "wrong-type",
            f"must have keys, not {_shown(given)}",
            "write 'key: value' lines, indented below it",
        )
    if kind in ("tuple_type", "list_type"):
        return (
            "wrong-type",
            f"must be a list, not {_shown(given)}",
            "write it as [a, b] or as lines that begin with '- '",
        )
    if kind == "too_short":
        least = context["min_length"]
        return (
            "too-few",
            f"must have at least {least} entries, not {context['actual_length']}",
            "add the missing ones",
        )
    if kind == "string_type":
        return "wrong-type", f"must be text, not {_shown(given)}", "write a text"
    if kind in _NUMBERS:
        code, what, hint = _NUMBERS[kind]
        return code, f"{what}, not {_shown(given)}", hint
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return (
            "out-of-range",
            f"{_shown(given)} is not {words} {context[name]:g}",
            _within(context[name], kind),
        )
    if kind == "string_too_short":
        return "missing-value", "is blank", "write a text"
    if kind == "value_error":
        what, _, hint = str(context["error"]).partition("; ")
        return "malformed", what, hint or "correct the value"
    return (
        "malformed",
        f"{detail['msg'][:1].lower()}{detail['msg'][1:]} (found {_shown(given)})",
        "correct the value",
    )


def _within(limit: float, kind: str) -> str:
    percent = limit == 1 and kind in ("less_than", "less_than_equal")
    return "write a share, 0.95 and not 95 or 95 %" if percent else "write a number that is"


def _shown(given: object) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, dict):
        return "a group of keys"
    if isinstance(given, str) and len(given) > 60:
        return f"{given[:60]!r} …"
    return "a list" if isinstance(given, list | tuple) else repr(given)


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys allowed at a place of a model."""
    here: Any = model
    for step in location:
        fields = here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}
        inside = fields[step].annotation if step in fields else here
        here = next(_models(inside), here) if step in fields else here
    return [field.alias or name for name, field in here.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
