"""Answers as coded frames: decoded, and gathered over files and waves."""

from toolkit.responses.decoding import Coded, decode
from toolkit.responses.frames import coded, plain, reasons

__all__ = ["Coded", "coded", "decode", "plain", "reasons"]
