"""What a notebook's "parameters" cell takes, and whether what is given fits, by name and type."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.reporting.execute import notebook_parameters

__all__ = ["Parameter", "check_values", "from_text", "taken"]

_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


@dataclass(frozen=True)
class Parameter:
    """One name a notebook takes.

    Parameters
    ----------
    kind
        "str", "int", "float", "bool", "list" or "dict", as declared (`n: int = 3`, or Papermill's
        `# type: int`) or as its default is; "" where neither says.
    optional
        Whether None will do.
    default
        As written.
    """

    name: str
    kind: str
    optional: bool
    default: str

    def takes(self, value: object) -> bool:
        """Whether a value is of the parameter's type; a whole number will do for a number."""
        if value is None:
            return self.optional or not self.kind
        if not self.kind:
            return True
        if isinstance(value, bool) or self.kind == "bool":
            return isinstance(value, bool) and self.kind == "bool"
        return isinstance(value, (int, float) if self.kind == "float" else _KINDS[self.kind])


def taken(notebook: str | Path) -> dict[str, Parameter]:
    """The parameters of a notebook, as Papermill finds them in its cell tagged "parameters".

    Raises
    ------
    InvalidInput
        No notebook, or one without such a cell.
    """
    import papermill

    defaults = notebook_parameters(notebook)
    if not defaults:
        mend = "tag the cell that gives names their defaults with 'parameters'"
        raise InvalidInput(Path(notebook).name, [Problem("notebook", "it takes no parameters", mend)])
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of cells it cannot read whole; what it misses is taken from defaults
        found = papermill.inspect_notebook(str(notebook))
    return {
        name: _parameter(name, default, str(found.get(name, {}).get("inferred_type_name", "None")))
        for name, default in defaults.items()
    }


def _parameter(name: str, default: str, declared: str) -> Parameter:
    optional = default == "None" or "Optional[" in declared or "| None" in declared
    kind = declared.replace("Optional[", "").replace("| None", "").strip(" ]").partition("[")[0]
    if kind not in _KINDS:
        try:
            kind = type(ast.literal_eval(default)).__name__
        except ValueError:
            kind = ""
    return Parameter(name, kind if kind in _KINDS else "", optional, default)


def from_text(parameter: Parameter, text: str) -> object:
    """A value as it is typed on a command line, in the parameter's type.

    Raises
    ------
    ValueError
        It is no such value.
    """
    if text == "None" and (parameter.optional or not parameter.kind):
        return None
    readers: dict[str, Callable[[str], object]] = {
        "str": str,
        "int": int,
        "float": float,
        "bool": _truth,
        "list": json.loads,
        "dict": json.loads,
        "": _guessed,
    }
    value = readers[parameter.kind](text)
    if not parameter.takes(value):
        raise ValueError(text)
    return value


def check_values(notebook: str | Path, given: Mapping[str, object], *, texts: bool = False) -> dict[str, Any]:
    """Refuse unknown names and values of another type; the values, read from text where they are typed.

    Raises
    ------
    InvalidInput
        Every problem, with near names.
    """
    known, problems, values = taken(notebook), list[Problem](), dict[str, Any]()
    for name, value in given.items():
        if name not in known:
            what = "the notebook's parameters cell does not have it"
            problems.append(Problem(f"parameter {name}", what, near_names(name, known)))
            continue
        try:
            values[name] = from_text(known[name], value) if texts and isinstance(value, str) else value
        except ValueError:
            problems.append(_unfit(known[name], value))
            continue
        if not known[name].takes(values[name]) or not _plain(values[name]):
            problems.append(_unfit(known[name], value))
    if problems:
        raise InvalidInput(Path(notebook).name, problems)
    return values


def _plain(value: object) -> bool:
    """Whether a value can be handed to another process and shown in a manifest."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _unfit(parameter: Parameter, value: object) -> Problem:
    mend = f"give it as {_EXAMPLES[parameter.kind]}, like its default {parameter.default}"
    return Problem(f"parameter {parameter.name}", f"{value!r} is no {parameter.kind or 'plain value'}", mend)


_EXAMPLES = {
    "": "a value",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a JSON list as [1, 2]",
    "dict": 'a JSON object as {"a": 1}',
}


def _truth(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise ValueError(text)
    return text.casefold() == "true"


def _guessed(text: str) -> object:
    """A value for a parameter that does not say its type: a number or truth where it looks like one."""
    for reader in (int, float, _truth):
        try:
            return reader(text)
        except ValueError:
            continue
    return text
