"""Check a public function's arguments against its annotations, with pydantic and without converting any."""

from __future__ import annotations

import functools
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem, ProblemCode

if typing.TYPE_CHECKING:
    from pydantic import TypeAdapter

P = ParamSpec("P")
R = TypeVar("R")


class Check:
    """A custom check for an annotation, as in `Annotated[Any, Check(is_it, "a fitted model")]`."""

    def __init__(self, passes: Callable[[Any], bool], words: str) -> None:
        self.passes, self.words = passes, words

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import PydanticCustomError, core_schema

        def check(value: Any) -> Any:
            if not self.passes(value):
                raise PydanticCustomError("wrong_kind", "Input should be {words}", {"words": self.words})
            return value

        return core_schema.no_info_plain_validator_function(check)


class _Plain:
    """Wrapper that shows pydantic a short list or tuple as a tuple, with Python's own numbers."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        def plain(value: Any) -> Any:
            return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value

        return core_schema.no_info_before_validator_function(plain, handler(source))


def _are_numbers(value: Any) -> bool:
    """Return whether numpy can read a value as numbers; pandas objects are left to the function."""
    if hasattr(value, "dtype") and type(value).__module__.startswith("pandas"):
        return not pd.api.types.is_string_dtype(value.dtype) or value.dtype == object
    if hasattr(value, "columns") or (hasattr(value, "dtype") and not hasattr(value, "shape")):
        return True
    if value is None or value is pd.NaT or value is pd.NA or isinstance(value, str | bool):
        return False
    try:
        np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        # lists of unequal length are for the function to report
        return isinstance(value, list | tuple) and any(isinstance(one, list | tuple) for one in value)
    return True


Numbers: TypeAlias = Annotated[npt.ArrayLike, Check(_are_numbers, "a number, or numbers of one length")]
"""A number or an array of numbers; plain `ArrayLike`, as of labels of groups, is not looked into."""


def typed(function: Callable[P, R]) -> Callable[P, R]:
    """Check a public function's arguments against its annotations before it runs.

    Pydantic checks them strictly: "5" is not 5 and True is not 1, numbers of numpy are numbers and 5.0 is
    an integer. Arguments are passed on unchanged. Elements of lists, sets and dictionaries are checked
    where they are text, pairs or mappings. What a number may be is for the function itself.

    Parameters
    ----------
    function
        A public function, fully annotated.

    Raises
    ------
    InvalidInput
        By the function that is returned: one problem per argument.

    Examples
    --------
    >>> @typed
    ... def half(x: float) -> float:
    ...     return x / 2
    >>> half(3)
    1.5
    >>> half("3")
    Traceback (most recent call last):
    toolkit.errors.InvalidInput: half: 1 problem(s)
      x: is '3' (str); must be a valid number
    """
    signature = inspect.signature(function)

    @functools.cache
    def adapters() -> dict[str, TypeAdapter[Any]]:
        hints = typing.get_type_hints(function, include_extras=True)
        return {name: _adapter(hints.get(name, Any)) for name in signature.parameters}

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        given = {**dict(zip(signature.parameters, args, strict=False)), **kwargs}
        problems = [
            problem
            for name, value in given.items()
            if name in signature.parameters and value is not signature.parameters[name].default
            for problem in _problems(adapters()[name], name, value)
        ]
        if problems:
            raise InvalidInput(function.__name__, problems)
        return function(*args, **kwargs)

    return checked


@functools.cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(_checked(hint), config=ConfigDict(strict=True, arbitrary_types_allowed=True))


def _problems(adapter: TypeAdapter[Any], name: str, value: Any) -> list[Problem]:
    """Describe what the value must be; return nothing if it is valid."""
    from pydantic import ValidationError

    try:
        adapter.validate_python(_plain(value))
    except ValidationError as fault:
        wanted = dict.fromkeys(one["msg"].removeprefix("Input should be ") for one in fault.errors())
        listed = any(one["type"] == "literal_error" for one in fault.errors())
        code: ProblemCode = "unknown-option" if listed else "wrong-type"
        return [Problem(code, name, f"is {_shown(value)}", "must be " + " or ".join(wanted))]
    return []


def _plain(value: Any) -> Any:
    """Return a number as Python's own, whole where it is whole."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float | numbers.Rational) and not isinstance(value, int):
        number = float(value)
        return int(number) if number.is_integer() else number
    return value


def _checked(hint: Any) -> Any:
    """Turn an annotation into what pydantic checks without reading, copying or converting the value."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(map(_checked, typing.get_args(hint)))]  # noqa: UP007 - made at run time
    if origin in (Annotated, typing.Literal) or hint in (str, int, float, bool, type(None)):
        return hint
    if origin is tuple:
        return Annotated[hint, _Plain()]
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return Annotated[Any, Check(lambda value: _fits(value, hint), _words(hint))]
    if origin is Callable:
        return Annotated[Any, Check(callable, "a function")]
    if isinstance(hint, type) and hint is not Any and not getattr(hint, "_is_protocol", False):
        return Annotated[Any, Check(lambda value: isinstance(value, hint), f"of type {hint.__name__}")]
    return Any


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a container is of its kind, and its elements where these are text or containers."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is str:
        return isinstance(value, str)
    if origin is tuple:
        return hasattr(value, "__len__")  # its length is for the function to judge
    if isinstance(hint, type) and hint not in (Any, int, float, bool, object):
        return isinstance(value, hint)
    if not isinstance(origin, type) or not issubclass(origin, Iterable):
        return True
    if issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(one, inner[1]) for one in value.values())
    if not isinstance(value, Iterable):
        return False
    if str in inner:  # text, tables and mappings yield strings, but only the keys of a registry are meant so
        names = origin is Iterable and isinstance(value, Mapping)
        if not names and (isinstance(value, str | bytes | Mapping) or hasattr(value, "columns")):
            return False
    if not hasattr(value, "__len__"):  # an iterator would be used up
        return origin is Iterable
    return all(_fits(one, inner[0]) for one in value)


def _words(hint: Any) -> str:
    """Return what a container must be."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if issubclass(origin, Mapping):
        if isinstance(inner[1], type) and inner[1] not in (Any, int, float, str):
            return f"a mapping to {inner[1].__name__}s"
        return "a mapping to lists" if typing.get_origin(inner[1]) is Sequence else "a mapping"
    if inner[:1] == (str,):
        return "a list of strings"
    return "a list of pairs" if typing.get_origin(inner[0]) is tuple else "a list"


def _shown(value: Any) -> str:
    text, kind = repr(value), type(value).__name__
    short = len(text) <= 40 and "\n" not in text
    return f"{text} ({kind})" if short else f"a {kind}"
