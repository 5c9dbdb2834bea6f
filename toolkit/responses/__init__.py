"""Answers as coded frames: decoded, gathered over files and waves, or simulated."""

from toolkit.responses.decoding import Coded, decode
from toolkit.responses.frames import coded, plain, reasons
from toolkit.responses.simulation import simulate, simulate_study

__all__ = ["Coded", "coded", "decode", "plain", "reasons", "simulate", "simulate_study"]
