"""Course exercises: answers are computed, checked, and common mistakes explained."""

from toolkit.teaching.answers import check_answer, exercise, exercises
from toolkit.teaching.exercise import Checked, Exercise, Mistake
from toolkit.teaching.samples import false_alarms, random_halves

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
