"""The page on published scales says what the code does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toolkit.instrument import Instrument, read_yaml
from toolkit.instrument.published import REFUSED, adapter_names, load_adapter

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "scales_and_licences.md").read_text(encoding="utf-8")


def test_the_example_loads_into_a_questionnaire(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "borrowed.yaml"
    path.write_text(example, encoding="utf-8")
    whole["themes"]["food"] = {"en": "Food"}
    whole["sections"].append({"id": "more", "title": {"en": "More"}, "items": ["uwes3q"]})
    made = load(whole | read_yaml(path))
    assert made["uwes3q_u1"].codes == tuple("0123456")
    assert set(made.scores) == {"uwes3"}


def test_every_scale_that_is_lent_or_refused_is_on_the_page() -> None:
    for name in (*adapter_names(), *REFUSED):
        assert f"| `{name}` |" in PAGE, name
    for name in adapter_names():
        for score in load_adapter(name).scores:
            assert f"`{score}`" in PAGE, score
