"""Coded frames out: files of answers that other programs read, and that are read back to the same codes."""

from toolkit.responses.writers.answers import ANSWERS_TO, write_answers
from toolkit.responses.writers.coded import checked_frame, read_coded

__all__ = ["ANSWERS_TO", "checked_frame", "read_coded", "write_answers"]
