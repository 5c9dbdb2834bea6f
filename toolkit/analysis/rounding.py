"""One way to round, wherever a number becomes words."""

from __future__ import annotations

import math

__all__ = ["rounded"]


def rounded(value: float, digits: int = 0) -> float:
    """Round half away from zero, as people do on paper.

    Noise of binary fractions is removed first (0.285 × 100 is 28.499…, and is meant as 28.5).

    Examples
    --------
    >>> rounded(28.499999999999996), rounded(-2.5), rounded(0.125, 2)
    (29.0, -3.0, 0.13)
    """
    scaled = round(abs(float(value)) * 10**digits, 9)
    whole = math.floor(scaled + 0.5)
    result = math.copysign(whole / 10**digits, value)
    return result + 0.0 if result else 0.0
