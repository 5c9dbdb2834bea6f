"""Arguments of the wrong kind are told by name, every one at once, before anything is computed."""

from __future__ import annotations

import functools
import inspect
import numbers
import threading
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from toolkit.errors import InvalidInput, Problem

__all__ = ["typed"]


class _Call(threading.local):
    """Whether this thread is inside a checked function."""

    within = False


_CALL = _Call()
P = ParamSpec("P")
R = TypeVar("R")
_WORDS = {
    "DataFrame": "a DataFrame, one row a respondent",
    "Design": 'a Design, such as Design(weights="weight")',
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "True or False",
}


def typed(function: Callable[P, R]) -> Callable[P, R]:
    """Check a public function's arguments against its annotations.

    Only what annotations plainly say is checked: frames, designs, numbers, texts, mappings, lists, and that
    values given as numbers are numbers. What a number may be is for the function itself.

    Parameters
    ----------
    function
        A public function, fully annotated.

    Raises
    ------
    InvalidInput
        By the function that is given back: one problem an argument.

    Examples
    --------
    >>> @typed
    ... def half(x: float) -> float:
    ...     return x / 2
    >>> half(3)
    1.5
    """
    signature = inspect.signature(function)

    @functools.cache
    def hints() -> Mapping[str, Any]:
        return typing.get_type_hints(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if _CALL.within:  # called by a public function whose own arguments were checked
            return function(*args, **kwargs)
        problems = []
        for name, value in zip(signature.parameters, args, strict=False):
            problems += _problem(name, value, signature.parameters[name], hints)
        for name, value in kwargs.items():
            if name in signature.parameters:
                problems += _problem(name, value, signature.parameters[name], hints)
        if problems:
            raise InvalidInput(function.__name__, problems)
        _CALL.within = True
        try:
            return function(*args, **kwargs)
        finally:
            _CALL.within = False

    return checked


def _problem(
    name: str, value: Any, parameter: inspect.Parameter, hints: Callable[[], Mapping[str, Any]]
) -> list[Problem]:
    if value is parameter.default:
        return []
    hint, said = hints().get(name, Any), str(parameter.annotation)
    if _means_numbers(name, said):
        allowed = (value is None and "None" in said) or (isinstance(value, str) and "str" in said)
        if allowed or _numeric(value) or _is_one_of(value, hint):
            return []
        return [Problem(name, f"is {_shown(value)}", "give a number, or numbers of one length a row")]
    if _fits(value, hint):
        return []
    wanted = "column names, variables or an instrument" if said == "Items" else _wanted(hint)
    return [Problem(name, f"is {_shown(value)}", f"give {wanted}")]


def _means_numbers(name: str, said: str) -> bool:
    """Whether an annotation asks for numbers; groups are array-like too, and may be words."""
    numbers_wanted = "ArrayLike" in said or said == "Number"
    return numbers_wanted and name != "by" and "Sequence" not in said and "Mapping" not in said


def _is_one_of(value: Any, hint: Any) -> bool:
    """Whether a class of ours stands beside the numbers and this is one."""
    classes = [one for one in typing.get_args(hint) if isinstance(one, type)]
    return any(isinstance(value, one) for one in classes if one.__module__.startswith("toolkit"))


def _numeric(value: Any) -> bool:
    """Whether numpy can read it as numbers; columns of a frame are left to the function."""
    if hasattr(value, "dtype") and not hasattr(value, "shape"):
        return True
    if type(value).__module__.startswith("pandas"):
        return True
    import numpy as np

    if isinstance(value, str):
        return False
    try:
        np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        # lists of unequal length are for the function to tell
        return isinstance(value, list | tuple) and any(isinstance(one, list | tuple) for one in value)
    return value is not None


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is what a hint says; True where the hint is beyond telling."""
    if hint is Any:
        return True
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(hint))
    if origin is typing.Literal:
        return isinstance(value, str | bool | int | float) or value is None
    if origin is not None and isinstance(origin, type):
        if issubclass(origin, Mapping):
            return isinstance(value, Mapping) or hasattr(value, "items")
        if issubclass(origin, Iterable) and origin is not tuple:
            return isinstance(value, Iterable)
        return True
    if hint is float:
        return isinstance(value, numbers.Real)
    if hint is int:
        return isinstance(value, numbers.Integral) or (isinstance(value, numbers.Real) and value % 1 == 0)
    if hint is bool:
        return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")
    if isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        return isinstance(value, hint)
    return True


def _wanted(hint: Any) -> str:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_wanted(one) for one in typing.get_args(hint)))
    if hint is type(None):
        return "None"
    origin = typing.get_origin(hint)
    if isinstance(origin, type):
        return "a mapping" if issubclass(origin, Mapping) else "a list"
    name = getattr(hint, "__name__", str(hint))
    return _WORDS.get(name, f"a {name}")


def _shown(value: Any) -> str:
    text = repr(value)
    kind = type(value).__name__
    return f"{text} ({kind})" if len(text) <= 40 else f"a {kind}"
