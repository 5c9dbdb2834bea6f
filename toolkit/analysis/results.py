"""What a single test or interval gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Interval", "Test"]


@dataclass(frozen=True)
class Interval:
    """An estimate between its limits; numbers, or arrays of one entry a comparison."""

    estimate: Any
    conf_low: Any
    conf_high: Any
    std_error: Any = None


@dataclass(frozen=True)
class Test:
    """A test: its statistic, its p value, and the estimate with limits where it has one."""

    statistic: Any
    p_value: Any
    method: str
    df: Any = None
    estimate: Any = None
    conf_low: Any = None
    conf_high: Any = None
