"""Pictures of the course say what they show."""

from __future__ import annotations

from pathlib import Path

from toolkit.claims import load_register
from toolkit.course.pictures import design_effect_picture


def test_intervals_at_design_effects_are_not_called_those_of_a_simple_sample(root: Path) -> None:
    register = load_register(root / "data_samples" / "published").of("upwork-2024")
    picture = design_effect_picture(register, "flexible", (2, 5))
    assert "divided by the design effect" in picture.caption
    assert "for a simple random sample" not in picture.caption
