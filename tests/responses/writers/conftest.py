"""The small questionnaire of the instrument's tests."""

from tests.instrument.conftest import load, whole

__all__ = ["load", "whole"]
