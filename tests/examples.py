"""How many examples Hypothesis draws: all under the profile `full` (`make test-slow`), else a tenth."""

from __future__ import annotations

from hypothesis import settings

FAST = 10
"""Examples in the fast suite of a test that draws 100."""


def examples(full: int, *, least: int = 5) -> int:
    """Return how many examples to draw now where the full profile draws so many."""
    return max(min(full, least), full * settings.default.max_examples // 100)
