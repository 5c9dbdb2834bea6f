"""The rules behind lint's warnings, and the author's reasons for suppressing one."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from toolkit.instrument.yaml_loader import Strict

__all__ = ["ALLOWABLE", "RULES", "Lint"]

RULES: Mapping[str, str] = {
    "double-barrelled": "two things are asked in one",
    "leading": "the words suggest an answer",
    "reading-grade": "the text is hard to read",
    "unbalanced-scale": "one side of the scale has more answers than the other",
    "numeric-routing": "the code of a don't-know is compared as if it were a number",
    "length": "the questionnaire is long",
}
"""Name of a rule → what it is about."""

ALLOWABLE = tuple(rule for rule in RULES if rule != "length")
"""Rules that an item or a scale may suppress; length belongs to neither."""


class Lint(Strict):
    """Warnings that are suppressed for an item or a scale: rule → reason."""

    allow: dict[str, str] = Field(default_factory=dict)
