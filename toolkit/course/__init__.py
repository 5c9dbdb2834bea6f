"""Exercises of the course."""

from __future__ import annotations

from toolkit.course.answers import check_answer, exercise, exercises
from toolkit.course.topics import Checked, Exercise, Mistake, false_alarms, random_halves

__all__ = [
    "Checked",
    "Exercise",
    "Mistake",
    "check_answer",
    "exercise",
    "exercises",
    "false_alarms",
    "random_halves",
]
