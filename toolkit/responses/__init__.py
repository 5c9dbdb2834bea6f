"""Answers: export files in, one coded and checked frame out."""

from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.exports import Export
from toolkit.platforms.reading import (
    divided,
    read_answers,
    read_google_forms,
    read_limesurvey,
    read_microsoft_forms,
    read_odk,
    read_preview,
    read_qualtrics,
    read_redcap,
    read_spss,
    read_stata,
    read_surveyjs,
    read_surveymonkey,
    read_table,
)
from toolkit.responses.decoding import Coded, decode
from toolkit.responses.frames import coded, plain, reasons
from toolkit.responses.simulation import simulate, simulate_study

__all__ = [
    "AnswersFile",
    "Coded",
    "Export",
    "coded",
    "decode",
    "divided",
    "plain",
    "read_answers",
    "read_google_forms",
    "read_limesurvey",
    "read_microsoft_forms",
    "read_odk",
    "read_preview",
    "read_qualtrics",
    "read_redcap",
    "read_spss",
    "read_stata",
    "read_surveyjs",
    "read_surveymonkey",
    "read_table",
    "reasons",
    "simulate",
    "simulate_study",
]
