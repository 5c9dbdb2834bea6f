"""Exercises of the course."""

from __future__ import annotations

from toolkit.course.answers import check_answer, exercise, exercises
from toolkit.course.topics import Checked, Exercise, Mistake, as_printed, false_alarms, random_halves, refusal

__all__ = [
    "Checked",
    "Exercise",
    "Mistake",
    "as_printed",
    "check_answer",
    "exercise",
    "exercises",
    "false_alarms",
    "random_halves",
    "refusal",
]
