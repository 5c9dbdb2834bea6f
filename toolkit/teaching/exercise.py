"""Exercises: the question, a function that computes the answer, and known mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

__all__ = ["NEEDS", "Checked", "Exercise", "Kind", "Mistake"]

Kind = Literal["fraction", "number", "count", "ends", "name", "names", "texts"]
"""What an answer is; a count is a whole number, ends are those of an interval."""

NEEDS: dict[str, str] = {"register": "load_register", "study": "tk.load_study"}
"""What an exercise may be about, and the call that gives it."""


@dataclass(frozen=True)
class Mistake:
    """A common wrong answer, computed like the right one, with its explanation."""

    value: Callable[[Any], Any]
    says: str


@dataclass(frozen=True)
class Exercise:
    """One exercise of the course.

    Parameters
    ----------
    id
        The notebook's topic and a number: "interval-1".
    asks
        The question in a sentence.
    kind
        What the answer is.
    right
        Computes the right answer from what the exercise is about (None where it needs nothing).
    way
        How the answer comes about, shown with it.
    hint
        Where to look, said beside every wrong answer.
    about
        "register", "study", or "" where the question holds all its figures.
    tolerance
        How far an answer may be from the right one; half a percentage point for fractions.
    mistakes
        Known wrong answers.
    judge
        For texts: what is missing in them, a sentence each.
    """

    id: str
    asks: str
    kind: Kind
    right: Callable[[Any], Any]
    way: str
    hint: str
    about: Literal["", "register", "study"] = ""
    tolerance: float = 0.005
    mistakes: tuple[Mistake, ...] = ()
    judge: Callable[[Any, Any], list[str]] | None = None


@dataclass(frozen=True)
class Checked:
    """The result of checking an answer.

    Parameters
    ----------
    id
        The exercise.
    state
        "right", "not yet", or "open" where nothing was answered.
    says
        Sentences: what is asked, or what is wrong, or why it is right.
    """

    id: str
    state: Literal["right", "not yet", "open"]
    says: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.state == "right"

    def __str__(self) -> str:
        return "\n  ".join([f"{self.id}: {self.state}", *self.says])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = {"right": "#1b6e3c", "not yet": "#a33b00", "open": "#44546a"}[self.state]
        said = "".join(f"<p style='margin:0.2em 0'>{escape(one)}</p>" for one in self.says)
        return (
            f"<div style='border-left:4px solid {colour};padding:0.2em 0.8em'>"
            f"<p style='margin:0.2em 0;color:{colour}'><strong>{escape(self.id)}: {self.state}</strong></p>"
            f"{said}</div>"
        )
