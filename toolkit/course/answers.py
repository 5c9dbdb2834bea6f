"""Checks of a student's answer that explain what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from toolkit.arguments import typed
from toolkit.course.topics import NEEDS, Checked, Exercise
from toolkit.errors import InvalidInput, Problem, near_names

_NOISE = 1e-9
_ASKED_FOR = {
    "fraction": "a fraction such as 0.25",
    "number": "a number",
    "count": "a whole number",
    "ends": "two fractions, the lower end first, such as (0.2, 0.3)",
    "name": "one name in quotes",
    "names": 'names in a list, such as ["dates", "mode"]',
    "texts": "a dictionary: the name of each element and your text",
}


def exercises() -> dict[str, Exercise]:
    """Return all exercises of the course by id, in the order of the notebooks.

    Examples
    --------
    >>> exercises()["interval-2"].kind
    'fraction'
    """
    from toolkit.course import statements, topics

    every = (*topics.FIGURES, *topics.EXERCISES, *topics.NEWS, *statements.EXERCISES, *topics.WRITING)
    return {one.id: one for one in every}


def exercise(name: str) -> Exercise:
    """Return one exercise.

    Raises
    ------
    InvalidInput
        No exercise has this id; near ones are named.
    """
    known = exercises()
    if not isinstance(name, str) or name not in known:
        problem = Problem(
            "unknown-name", f"exercise {name}", "is not in the course", near_names(str(name), known)
        )
        raise InvalidInput("check_answer", [problem])
    return known[name]


@typed
def check_answer(name: str, answer: Any, given: Any = None, *, show: bool = False) -> Checked:
    """Check an answer to an exercise of the course.

    Parameters
    ----------
    name
        Id of the exercise: "interval-1".
    answer
        The answer; None if there is none yet. Shares are fractions; rounding is tolerated.
    given
        The register or study the exercise is about, where it is about one: the right answer is computed
        from it, never stored.
    show
        Give the right answer, and the way to it.

    Returns
    -------
    Checked
        True where the answer is right. A wrong one is explained: its unit, its sign, a mistake
        that many make, or whether it is too high or too low; never the answer, unless `show`.

    Raises
    ------
    InvalidInput
        No such exercise, or not what it is about.

    Examples
    --------
    >>> check_answer("ratio-2", 56.4)
    ratio-2: not yet
      This reads as a percentage. Shares are fractions here: 0.25 for 25%.
      Times as likely means: multiply.
    >>> bool(check_answer("ratio-2", 0.56))
    True
    """
    one = exercise(name)
    _refuse_wrong_subject(one, given)
    if show:
        right = () if one.kind == "texts" else (f"The answer: {_told(one, one.right(given))}.",)
        return Checked(one.id, "right" if _is_right(one, answer, given) else "open", (*right, one.way))
    if answer is None:
        return Checked(one.id, "open", (one.asks, f"Put {_ASKED_FOR[one.kind]} in the place of None."))
    if one.judge is not None:
        missing = one.judge(answer, given)
        return _not_yet(one, missing) if missing else Checked(one.id, "right", (one.way,))
    read = _read(one, answer)
    if read is None:
        return _not_yet(one, [f"The answer should be {_ASKED_FOR[one.kind]}."])
    right = one.right(given)
    if _agrees(one, read, right):
        return Checked(one.id, "right", (one.way,))
    return _not_yet(one, _what_is_wrong(one, read, right, given))


def _is_right(one: Exercise, answer: Any, given: Any) -> bool:
    if answer is None:
        return False
    if one.judge is not None:
        return not one.judge(answer, given)
    read = _read(one, answer)
    return read is not None and _agrees(one, read, one.right(given))


def _not_yet(one: Exercise, text: list[str]) -> Checked:
    return Checked(one.id, "not yet", (*text, one.hint))


def _refuse_wrong_subject(one: Exercise, given: Any) -> None:
    if not one.about:
        return
    fits = {"register": hasattr(given, "claims"), "study": hasattr(given, "responses")}[one.about]
    if not fits:
        what = f"is about a {one.about}, and {'none' if given is None else type(given).__name__} was given"
        hint = f'load it ({NEEDS[one.about]}) and call check_answer("{one.id}", answer, {one.about})'
        raise InvalidInput("check_answer", [Problem("wrong-type", f"exercise {one.id}", what, hint)])


def _read(one: Exercise, answer: Any) -> Any:
    """Parse the answer as numbers or names; None if it is neither."""
    if one.kind == "name":
        return answer.strip().casefold() if isinstance(answer, str) else None
    if one.kind == "names":
        several = isinstance(answer, Iterable) and not isinstance(answer, (str, Mapping))
        found = list(answer) if several else []
        named = found and all(isinstance(name, str) for name in found)
        return frozenset(name.strip().casefold() for name in found) if named else None
    numbers = _numbers(answer)
    wanted = 2 if one.kind == "ends" else 1
    return numbers if numbers is not None and len(numbers) == wanted else None


def _numbers(answer: Any) -> tuple[float, ...] | None:
    if isinstance(answer, (str, bytes, bool, np.bool_, Mapping)):
        return None
    try:
        found = np.asarray(answer, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError):
        return None
    return tuple(float(x) for x in found) if np.isfinite(found).all() else None


def _agrees(one: Exercise, read: Any, right: Any) -> bool:
    if one.kind == "name":
        return bool(read == str(right).casefold())
    if one.kind == "names":
        return bool(read == frozenset(str(name).casefold() for name in right))
    wanted = _numbers(right)
    if wanted is None:
        raise InvalidInput(
            "check_answer", [Problem("no-answers", one.id, "has no answer here", "check what you loaded")]
        )
    reach = (0.0 if one.kind == "count" else one.tolerance) + _NOISE
    return all(abs(a - b) <= reach for a, b in zip(read, wanted, strict=True))


def _what_is_wrong(one: Exercise, read: Any, right: Any, given: Any) -> list[str]:
    if one.kind == "name":
        return _mistaken(one, read, right, given) or ["That is not the one."]
    if one.kind == "names":
        return _names_wrong(read, frozenset(str(name).casefold() for name in right))
    known = _mistaken(one, read, right, given)
    if known:
        return known
    if one.kind in ("fraction", "ends") and max(abs(x) for x in read) > 1:
        return ["This reads as a percentage. Shares are fractions here: 0.25 for 25%."]
    if _agrees(one, tuple(-x for x in read), right):
        return ["The size is right, the direction is not: who comes first?"]
    if one.kind == "ends" and read[0] > read[1]:
        return ["The lower end comes first."]
    return _too_high_or_low(one, read, _numbers(right) or ())


def _mistaken(one: Exercise, read: Any, right: Any, given: Any) -> list[str]:
    """Find the known mistake an answer matches, unless the answer is as close to the right one."""
    for mistake in one.mistakes:
        value = mistake.value(given)
        same = _agrees(one, _read(one, right), value) if one.kind != "name" else value == right
        if not same and _agrees(one, read, value):
            return [mistake.says]
    return []


def _names_wrong(read: frozenset[str], right: frozenset[str]) -> list[str]:
    extra, lacking = len(read - right), len(right - read)
    text = [f"{len(read & right)} of your {len(read)} belong there."]
    text += [f"{extra} do not." if extra > 1 else "1 does not."] if extra else []
    text += [f"{lacking} more are needed." if lacking > 1 else "1 more is needed."] if lacking else []
    return text


def _too_high_or_low(one: Exercise, read: tuple[float, ...], right: tuple[float, ...]) -> list[str]:
    names = ("The lower end", "The upper end") if one.kind == "ends" else ("It",)
    reach = one.tolerance + _NOISE if one.kind != "count" else _NOISE
    words = {True: "is too high.", False: "is too low."}
    return [
        f"{name} {words[a > b]}"
        for name, a, b in zip(names, read, right, strict=True)
        if abs(a - b) > reach or math.isnan(b)
    ]


def _told(one: Exercise, right: Any) -> str:
    if one.kind == "name":
        return str(right)
    if one.kind == "names":
        return ", ".join(sorted(str(name) for name in right))
    numbers = _numbers(right) or ()
    return " to ".join(f"{x:.0f}" if one.kind == "count" else f"{x:.3g}" for x in numbers)
