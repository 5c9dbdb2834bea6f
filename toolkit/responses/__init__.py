"""Answers: export files in, one coded and checked frame out."""

from toolkit.responses.answers import AnswersFile
from toolkit.responses.decoding import Coded, decode
from toolkit.responses.export import Export
from toolkit.responses.readers import read_limesurvey, read_qualtrics, read_table
from toolkit.responses.simulation import simulate, simulate_study

__all__ = [
    "AnswersFile",
    "Coded",
    "Export",
    "decode",
    "read_limesurvey",
    "read_qualtrics",
    "read_table",
    "simulate",
    "simulate_study",
]
