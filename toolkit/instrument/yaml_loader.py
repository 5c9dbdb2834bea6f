"""Strict reading of hand-written YAML: every scalar as written, every problem with its line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.inputs import DEEPEST, LARGEST_SETTINGS, is_folder, read_bytes

# Strict YAML: every scalar stays text; aliases, merge keys and duplicate keys are refused.


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML (and so Word, Excel or DDI files) cannot contain, and others that print nothing."""

_PLAIN_TAGS = frozenset({None, "!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))})
_FastLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser, twelve times as fast, where PyYAML was built with it."""
_EMPTY = frozenset({"", "~", "null"})
_TOO_DEEP = f"it is nested deeper than {DEEPEST} levels"
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """A problem at a path of names, such as items → burnout → scale; its line is still unknown."""

    code: ProblemCode
    path: tuple[str, ...]
    what: str
    hint: str

    def problem(self) -> Problem:
        """Return the problem without a file and a line."""
        return Problem(self.code, " → ".join(self.path), self.what, self.hint)


@dataclass(frozen=True)
class Document:
    """A YAML file as plain dicts, lists, strings and None, with the line of each value."""

    path: Path
    data: Any
    lines: Mapping[Location, int]

    @cached_property
    def places(self) -> Mapping[tuple[str, ...], Location]:
        """Path of names → location; the first if two entries share a name."""
        return {self.named(location): location for location in reversed(list(self.lines))}

    def line(self, location: Location) -> int:
        """Return the line of a value, or of the nearest enclosing one."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def named(self, location: Location) -> tuple[str, ...]:
        """Name a location: an entry of a list by its id or code, otherwise by its number."""
        words: list[str] = []
        here = self.data
        for step in location:
            here = _step(here, step)
            words.append(_name(here, step) if isinstance(step, int) else step)
        return tuple(words)

    def where(self, location: Location) -> str:
        """Describe a place for the file's owner: file, line and path."""
        path = " → ".join(self.named(location))
        return f"{self.path.name}, line {self.line(location)}" + (f": {path}" if path else "")


def read_yaml(path: str | Path) -> Any:
    """Read a YAML file into dicts, lists, strings and None.

    Parameters
    ----------
    path
        A UTF-8 file.

    Returns
    -------
    Any
        Every scalar as it is written ("yes", "010", "1:30", "2026.10" stay text). A plain value that is
        empty, ``~`` or ``null`` is None; keys are always text.

    Raises
    ------
    InvalidInput
        A missing or unreadable file, one of more than 4 MiB, text that is not UTF-8 or not YAML (with line
        and column) or nested deeper than 50 levels, a key given twice, and aliases, merge keys and tags,
        which this project's files do not use.

    Examples
    --------
    >>> read_yaml("data_samples/ai_at_work/study.yaml")["id"]
    'ai_at_work'
    """
    return read_document(path).data


def read_document(path: str | Path) -> Document:
    """Read a YAML file with the line of every value; see `read_yaml`."""
    path = Path(path)
    text = _text(path)
    try:
        try:  # libyaml lets tabs pass that PyYAML refuses
            builder = _Builder(text, yaml.BaseLoader if "\t" in text else _FastLoader)
        except (yaml.YAMLError, ValueError, OverflowError):
            builder = _Builder(text, yaml.BaseLoader)  # PyYAML's own parser names the mistake better
    except yaml.YAMLError as error:
        raise InvalidInput(path, [_syntax(error)]) from None
    except (ValueError, OverflowError):  # PyYAML takes any digits for a character or a version
        digits = Problem("syntax", "the file", "this is not valid YAML (a number is too large)", "correct it")
        raise InvalidInput(path, [digits]) from None
    if builder.problems:
        raise InvalidInput(path, builder.problems)
    return Document(path, builder.data, builder.lines)


class _TooDeep(Exception):
    """Ends the reading of a file that is nested too deeply."""


class _Builder:
    """Converts the parser's events of one file to plain values, collecting problems and lines.

    Events and not nodes: the C parser composes nodes by recursion that a deeply nested file would overflow.
    """

    def __init__(self, text: str, loader: Any) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[Location, int] = {}
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.data: Any = None
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            self.problems.append(
                Problem("empty", "line 1", "the file is empty", "write the file's keys into it")
            )
            return
        try:
            self.data = self.value(next(self.events), ())
        except _TooDeep:  # the parser's time grows with the square of the depth
            return
        next(self.events)
        other: Any = next(self.events)
        if not isinstance(other, yaml.StreamEndEvent):
            mark: Any = other.start_mark
            raise yaml.MarkedYAMLError(None, None, "but found another document", mark)

    def value(self, event: Any, at: Location) -> Any:
        self.lines[at] = event.start_mark.line + 1
        if len(at) > DEEPEST:
            self._refuse("too-large", event, _TOO_DEEP, "write it with fewer levels")
            raise _TooDeep
        if isinstance(event, yaml.AliasEvent):
            self._refuse(
                "syntax",
                event,
                "an alias (*name) repeats another part of the file",
                "write the part out in full",
            )
            return None
        if event.tag not in _PLAIN_TAGS:
            self._refuse(
                "syntax", event, "a tag (!name) is not allowed", "leave the tag out; all values are text"
            )
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at)
        if isinstance(event, yaml.SequenceStartEvent):
            found: list[Any] = []
            while not isinstance(entry := next(self.events), yaml.SequenceEndEvent):
                found.append(self.value(entry, (*at, len(found))))
            return found
        return None if not event.style and event.value in _EMPTY else self._text(event, event.value)

    def _skip(self, event: Any) -> None:
        """Read past the value that begins with an event."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if not depth:
                return
            event = next(self.events)

    def _mapping(self, at: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first: dict[str, int] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                self._refuse(
                    "syntax", key, "a key must be a single word or text", "give the key a plain name"
                )
                self._skip(key)
                self._skip(next(self.events))
                continue
            name, mark, event = key.value, cast(Any, key.start_mark), next(self.events)
            if name == "<<" and not key.style:
                self._refuse("syntax", key, "merge keys (<<) are not allowed", "write the keys out in full")
            elif name in first:
                self._refuse(
                    "duplicate",
                    key,
                    f"this key is given twice, first on line {first[name]}",
                    "keep one of them",
                )
            else:
                first[name] = mark.line + 1
                found[self._text(key, name)] = self.value(event, (*at, name))
                continue
            self._skip(event)
        return found

    def _text(self, event: Any, text: str) -> str:
        """Return the text with surrogate pairs, as JSON escapes write them, joined."""
        try:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(
                "invalid-character",
                event,
                "an escape (\\u…) is half a character",
                "write the character itself",
            )
            return ""
        found = CONTROL.search(text)
        if found:
            what = f"contains the control character U+{ord(found[0]):04X}, which documents cannot contain"
            self._refuse("invalid-character", event, what, "delete it")
        return text

    def _refuse(self, code: ProblemCode, event: Any, what: str, hint: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(code, f"line {mark.line + 1}, column {mark.column + 1}", what, hint))


def _text(path: Path) -> str:
    try:
        raw = read_bytes(path, most=LARGEST_SETTINGS)
    except FileNotFoundError:
        near = ", ".join(_neighbours(path)) or "none there"
        raise InvalidInput(
            path,
            [
                Problem(
                    "file-not-found",
                    "the file",
                    "it does not exist",
                    f"check the name; YAML files beside it: {near}",
                )
            ],
        ) from None
    except IsADirectoryError:
        inside = ", ".join(sorted(found.name for found in path.glob("*.y*ml"))[:10]) or "none"
        folder = Problem(
            "wrong-path", "the file", "it is a folder", f"name a file in it; YAML files in it: {inside}"
        )
        raise InvalidInput(path, [folder]) from None
    except OSError as error:
        what = f"it cannot be read ({error.strerror or type(error).__name__})"
        raise InvalidInput(path, [Problem("unreadable-file", "the file", what, "check it")]) from None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InvalidInput(
            path, [Problem("wrong-encoding", "the file", "it is UTF-16, not UTF-8", "save it again as UTF-8")]
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
        raise InvalidInput(
            path, [Problem("wrong-encoding", f"line {line}", byte, "save the file again as UTF-8")]
        ) from None


def _neighbours(path: Path) -> Iterator[str]:
    if is_folder(path.parent):
        yield from sorted(found.name for found in path.parent.glob("*.y*ml"))[:10]


def _syntax(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
    text = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    if "'\\t'" in text:
        return Problem(
            "syntax", where, "the line is indented with a tab", "indent with blanks, never with tabs"
        )
    return Problem(
        "syntax",
        where,
        f"this is not valid YAML ({_QUOTED.sub('…', text)})",  # what another kind of file holds is not shown
        "correct the line or the one before; put text with ': ' or '?' in quotes",
    )


def _step(here: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return here[step] if isinstance(here, list) and step < len(here) else None
    return here.get(step) if isinstance(here, dict) else None


def _name(entry: Any, place: int) -> str:
    if isinstance(entry, dict):
        for key in ("id", "code"):
            if isinstance(entry.get(key), str):
                return str(entry[key])
    return entry if isinstance(entry, str) else f"entry {place + 1}"


# Field types of hand-written files: ids, codes, booleans, texts, and models that refuse unknown keys.


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


def _of_everyone(value: object) -> object:
    """Convert one text per language to the text of every audience."""
    one_text = isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values())
    return {"all": value} if one_text else value


_WORDS_SCHEMA = {"type": "object", "additionalProperties": {"type": "string"}}
_REFERENTS = ["self", "team", "organisation", "employees", "general"]
WordingOrParallel = Annotated[
    ParallelWording,
    BeforeValidator(_of_everyone),
    WithJsonSchema({"anyOf": [_WORDS_SCHEMA, {"type": "object", "additionalProperties": _WORDS_SCHEMA}]}),
]
"""One text per language, or one per audience and language."""
Referents = Annotated[
    dict[str, Literal["self", "team", "organisation", "employees", "general"]],
    BeforeValidator(lambda value: {"all": value} if isinstance(value, str) else value),
    WithJsonSchema(
        {"anyOf": [{"enum": _REFERENTS}, {"type": "object", "additionalProperties": {"enum": _REFERENTS}}]}
    ),
]
"""Subject of a question: one word, or one per audience."""
TimeFrame = Literal[
    "now",
    "past_week",
    "past_2_weeks",
    "past_4_weeks",
    "past_3_months",
    "past_6_months",
    "past_12_months",
    "next_6_months",
    "next_12_months",
    "none",
]


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Pydantic's errors as problems: place in the file, fault and hint.


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
    what = f"it is not the kind of file expected here: it has none of its keys ({listed})"
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
    code, what, hint = _explain(detail, location, model)
    return Problem(code, document.where(location), what, hint)


def _explain(
    detail: dict[str, Any], location: Location, model: type[BaseModel]
) -> tuple[ProblemCode, str, str]:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return ("unknown-key", "unknown key", near_names(str(location[-1]), _keys(model, location[:-1])))
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
