"""Base, interval and verdict of a published claim in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.presentation.numbers import base, interval, is_known, percent

__all__ = [
    "FROM_SUMMARIES",
    "base_words",
    "claim_words",
    "conditional_words",
    "interval_words",
    "verdict_words",
]

FROM_SUMMARIES = (
    "Everything here is computed from published summaries only: percentages, and the sizes of audiences. "
    "Nobody’s answers were at hand. An interval allows for chance in who was asked and for nothing else: not "
    "for who takes part in a survey, not for how a question was put."
)

_STATUS = {
    "known": "printed with the figure",
    "assumed": "the size of the audience; how many answered was not published",
}


def claim_words(row: Mapping[str, Any]) -> str:
    """Describe who made which claim."""
    return f"{row['audience']}: {row['item']}"


def base_words(row: Mapping[str, Any]) -> str:
    """Describe the base: which respondents, how many, and how certain that number is."""
    if is_known(row["n"]):
        return f"{row['base']}; n = {base(row['n'])}, {_STATUS[row['n_status']]}"
    most = f"; {base(row['n_most'])} at most" if is_known(row["n_most"]) else ""
    return f"{row['base']}; n was not published{most}"


def interval_words(row: Mapping[str, Any]) -> str:
    """Describe the interval or the possible intervals; "" if none can be computed."""
    if is_known(row["conf_low"]):
        plain = _span(row["conf_low"], row["conf_high"])
        return f"{plain}; with rounding {_span(row['widest_low'], row['widest_high'], digits=1)}"
    return conditional_words(row)


def conditional_words(row: Mapping[str, Any]) -> str:
    """Describe the interval at the smallest and at the largest base."""
    if not is_known(row["least_low"]):
        return ""
    said = f"{_span(row['least_low'], row['least_high'])} if {base(row['least_base'])} answered"
    if is_known(row["most_low"]):
        said += f", {_span(row['most_low'], row['most_high'])} if {base(row['n_most'])} did"
    return said


def verdict_words(row: Mapping[str, Any]) -> str:
    """Describe the verdict and its reason."""
    return f"{row['verdict']}. {row['reason']}"


def _span(low: float, high: float, *, digits: int = 0) -> str:
    if digits:
        return f"{percent(low, digits=digits).removesuffix(chr(160) + '%')} to {percent(high, digits=digits)}"
    return f"{interval(low, high)}\u00a0%"
