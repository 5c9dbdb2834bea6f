"""The one place where numbers are rounded and turned into text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from toolkit.analysis.gap_rows import rounded
from toolkit.locale import _, number_marks

__all__ = [
    "NOT_SHOWN",
    "Number",
    "as_printed",
    "base",
    "between",
    "change",
    "count",
    "decimal",
    "ends",
    "interval",
    "is_known",
    "p_number",
    "p_value",
    "percent",
    "point_number",
    "points",
    "rounded",
    "scale_figure",
    "share_as_printed",
    "share_number",
    "shortest",
]

NOT_SHOWN = "–"
"""Printed in place of a missing number; a note beside it states why."""


_MINUS = "\u2212"
_SIGNS = {">=": "≥", "<=": "≤", "": ""}


@dataclass(frozen=True)
class Number:
    """A number as it is printed: rounded, with its format.

    Parameters
    ----------
    value
        Rounded as it is printed; a share, and a difference of shares, as a fraction.
    format
        "percent" (57%), "points" (a difference in percentage points), "count" (1,250) or "decimal" (0.032).
    digits
        Decimals that are printed.
    sign
        What precedes it: "+" before a rise; "≥", "≤" or "<" before a bound.

    Examples
    --------
    >>> print(Number(0.57, "percent").figure(), Number(1250, "count"), Number(0.001, "decimal", 3, "<"))
    57 1,250 <0.001
    """

    value: float
    format: Literal["percent", "points", "count", "decimal"]
    digits: int = 0
    sign: str = ""

    @property
    def exact(self) -> bool:
        """Whether it is the number itself, not a bound."""
        return self.sign in ("", "+")

    def figure(self) -> str:
        """Format the number without its unit, in the current language."""
        if self.format == "count":
            return self.sign + f"{int(self.value):,}".replace(",", number_marks().thousands)
        scale = 100 if self.format in ("percent", "points") else 1
        return self.sign + _figure(scale * self.value, self.digits)

    def __str__(self) -> str:
        return f"{self.figure()}{number_marks().percent}" if self.format == "percent" else self.figure()


def share_number(value: Any, bound: Any = "") -> Number | None:
    """Round a share as `percent` prints it; None where there is none."""
    return Number(_rounded(value, 0), "percent", 0, bound_sign(bound)) if is_known(value) else None


def point_number(value: Any, *, signed: bool = False) -> Number | None:
    """Round a difference of two shares as `points` prints it; None where there is none."""
    if not is_known(value):
        return None
    found = _rounded(value, 0)
    return Number(found, "points", 0, "+" if signed and found > 0 else "")


def ends(
    low: Any, high: Any, form: Literal["percent", "points"]
) -> tuple[Number, Number] | tuple[None, None]:
    """Round both ends of an interval as `interval` prints them; None where there is none."""
    if not (is_known(low) and is_known(high)):
        return None, None
    digits = _digits(low, high), _digits(high, low)
    return (
        Number(_rounded(low, digits[0]), form, digits[0]),
        Number(_rounded(high, digits[1]), form, digits[1]),
    )


def count(value: Any, shown: Any = None) -> Number | str:
    """Return a number of answers, or the gate's text ("<5") where the number may not be shown."""
    return Number(float(rounded(float(value))), "count") if is_known(value) else base(None, shown)


def p_number(value: Any) -> Number | None:
    """Round a p value as `p_value` prints it; None where there is none."""
    if not is_known(value):
        return None
    found = float(rounded(float(value), 3))
    return Number(found, "decimal", 3) if found else Number(0.001, "decimal", 3, "<")


def _rounded(value: Any, digits: int) -> float:
    """Round a fraction to the given decimals of a percentage."""
    return round(float(rounded(100 * float(value), digits)) / 100, digits + 2)


def is_known(value: Any) -> bool:
    """Return whether a cell holds a value: not NA, not NaN, not None."""
    return value is not None and not bool(pd.isna(value))


def _figure(value: float, digits: int) -> str:
    text = f"{rounded(value, digits):.{digits}f}".replace("-", _MINUS)
    return text.replace(".", number_marks().decimal)


def decimal(value: float, digits: int | None = None) -> str:
    """Format a plain number with the given decimals, or with as many as it needs.

    Examples
    --------
    >>> decimal(1.38, 1), decimal(0.25)
    ('1.4', '0.25')
    """
    return (f"{value:g}" if digits is None else f"{value:.{digits}f}").replace(".", number_marks().decimal)


def percent(value: Any, *, bound: str = "", digits: int = 0) -> str:
    """Format a share as a percentage.

    Parameters
    ----------
    value
        A fraction between 0 and 1, or NA.
    bound
        "" for the share itself; ">=" or "<=" where the gate lets only a bound be shown.
    digits
        Decimals.

    Returns
    -------
    "57%", "≥90%", or "–" where there is no number.

    Examples
    --------
    >>> percent(0.574), percent(0.9, bound=">=")
    ('57%', '≥90%')
    """
    if not is_known(value):
        return NOT_SHOWN
    return f"{bound_sign(bound)}{_figure(100 * float(value), digits)}{number_marks().percent}"


def points(value: Any, *, signed: bool = False, digits: int = 0) -> str:
    """Format a difference of two shares in percentage points, without the word.

    Examples
    --------
    >>> points(-0.238), points(0.238, signed=True), points(None)
    ('−24', '+24', '–')
    """
    if not is_known(value):
        return NOT_SHOWN
    text = _figure(100 * float(value), digits)
    return f"+{text}" if signed and rounded(100 * float(value), digits) > 0 else text


def scale_figure(value: Any) -> str:
    """Format a difference on a scale of answers, with two decimals.

    Examples
    --------
    >>> scale_figure(-0.238)
    '−0.24'
    """
    return _figure(float(value), 2) if is_known(value) else NOT_SHOWN


def shortest(value: float) -> str:
    """Format a number with as many decimals as it needs, four significant figures at most.

    Examples
    --------
    >>> shortest(10.0), shortest(12.5)
    ('10', '12.5')
    """
    return f"{value:.4g}".replace(".", number_marks().decimal)


def interval(low: Any, high: Any, *, scale: bool = False) -> str:
    """Format an interval of shares or of gaps: "45 to 68"; "" where there is none.

    An end that would round to 0 keeps a decimal where the interval excludes 0.

    Examples
    --------
    >>> interval(0.451, 0.684), interval(0.003, 0.17)
    ('45 to 68', '0.3 to 17')
    """
    if not (is_known(low) and is_known(high)):
        return ""
    if scale:
        return between(scale_figure(low), scale_figure(high))
    return between(_end(low, high), _end(high, low))


def between(low: str, high: str) -> str:
    """Format two ends in words: "45 to 68"."""
    return _("{low} to {high}", low=low, high=high)


def _end(value: float, other: float) -> str:
    return points(value, digits=_digits(value, other))


def _digits(value: float, other: float) -> int:
    """Return the decimals of one end: more where it would round to 0 and the interval excludes 0."""
    if value * other > 0:
        return next((digits for digits in range(4) if rounded(100 * value, digits)), 3)
    return 0


def as_printed(low: Any, high: Any) -> tuple[float | None, float | None]:
    """Round both ends of an interval, as fractions, as `interval` prints them; None where there is none.

    Examples
    --------
    >>> as_printed(0.451, 0.684), as_printed(0.003, 0.17)
    ((0.45, 0.68), (0.003, 0.17))
    """
    if not (is_known(low) and is_known(high)):
        return None, None
    return _rounded(low, _digits(low, high)), _rounded(high, _digits(high, low))


def share_as_printed(value: Any) -> float | None:
    """Return a share as the fraction that `percent` prints; None where there is none.

    Examples
    --------
    >>> share_as_printed(0.574)
    0.57
    """
    return _rounded(value, 0) if is_known(value) else None


def share(value: Any, low: Any = None, high: Any = None, *, bound: str = "") -> str:
    """Format a share with its interval: "57% (45 to 68)".

    Examples
    --------
    >>> share(0.574, 0.451, 0.684)
    '57% (45 to 68)'
    """
    ends = interval(low, high)
    return f"{percent(value, bound=bound)} ({ends})" if ends and not bound else percent(value, bound=bound)


def change(value: Any, low: Any = None, high: Any = None) -> str:
    """Format a signed difference in points with its interval: "+8 (−3 to 19)"."""
    ends = interval(low, high)
    return f"{points(value, signed=True)} ({ends})" if ends else points(value, signed=True)


def p_value(value: Any) -> str:
    """Format a p value with three decimals, or "<0.001".

    Examples
    --------
    >>> p_value(0.00002), p_value(0.0321)
    ('<0.001', '0.032')
    """
    if not is_known(value):
        return NOT_SHOWN
    return _figure(float(value), 3) if rounded(float(value), 3) else f"<{_figure(0.001, 3)}"


def base(value: Any, shown: Any = None) -> str:
    """Format a number of answers, or return the gate's text ("<5") where it may not be shown.

    Examples
    --------
    >>> base(1250), base(None, "<5")
    ('1,250', '<5')
    """
    if is_known(value):
        return f"{int(rounded(float(value))):,}".replace(",", number_marks().thousands)
    text = str(shown) if is_known(shown) and str(shown) else NOT_SHOWN
    return _("not shown") if text == "not shown" else text


def bound_sign(bound: Any) -> str:
    """Return the sign printed before a bound: "≥", "≤", or "" for the number itself."""
    return _SIGNS[str(bound)] if is_known(bound) else ""
