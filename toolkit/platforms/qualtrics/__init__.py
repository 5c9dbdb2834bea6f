"""Qualtrics: questionnaires and answers."""
