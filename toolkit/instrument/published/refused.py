"""Published questionnaires that are refused, with reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["REFUSED", "Refused", "refused_name"]


@dataclass(frozen=True)
class Refused:
    """A refused questionnaire: its full name, the reason, and alternatives."""

    name: str
    reason: str
    instead: str
    pattern: str


REFUSED: Mapping[str, Refused] = {
    "mbi": Refused(
        "Maslach Burnout Inventory",
        "its words and its scoring key are sold per use by their publisher and may not be reproduced",
        "ask the single burnout question of the bank, or borrow 'cbi' or 'olbi'",
        r"\bmbi\b|maslach",
    ),
    "bat": Refused(
        "Burnout Assessment Tool",
        "it is free for research that earns nothing only; work for clients needs a licence of its authors",
        "ask the single burnout question of the bank, or borrow 'cbi' or 'olbi'",
        r"\bbat(-?\d+)?\b|burnout assessment tool",
    ),
    "q12": Refused(
        "Gallup Q12",
        "its statements are proprietary to Gallup and may not be reproduced or fielded without its consent",
        "ask the bank's own items on support, trust and direction, or borrow 'uwes3'",
        r"\bq12\b|\bq\^12\b|gallup",
    ),
    "tri": Refused(
        "Technology Readiness Index",
        "its statements are copyrighted, and its authors give written permission study by study",
        "ask the bank's own readiness items, or AIAS-4, which may be shipped",
        r"\btri(\s?2\.0)?\b|technology readiness index",
    ),
}
"""Short name → what is refused."""


def refused_name(text: str) -> Refused | None:
    """Find the refused questionnaire that a name or citation refers to, if any.

    Examples
    --------
    >>> refused_name("Maslach Burnout Inventory, item 8").name
    'Maslach Burnout Inventory'
    """
    plain = text.casefold().replace("²", "2")
    for refused in REFUSED.values():
        if re.search(refused.pattern, plain):
            return refused
    return None
