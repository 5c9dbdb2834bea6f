"""Answers as coded frames: decoded, gathered over files and waves, or simulated."""

from toolkit.responses.decoding import Coded, decode
from toolkit.responses.simulation import simulate, simulate_study

__all__ = ["Coded", "decode", "simulate", "simulate_study"]
